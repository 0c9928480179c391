// One stop of the tab key per chart; arrows walk along its points.
const STEPS = { ArrowRight: 1, ArrowLeft: -1 };

export function start(frame) {
  const points = Array.from(frame.querySelectorAll(".point"));
  frame.addEventListener("keydown", (event) => {
    const at = points.indexOf(event.target);
    if (at < 0) return;
    const next = event.key === "Home" ? 0 : event.key === "End" ? points.length - 1 : event.key in STEPS ? at + STEPS[event.key] : null;
    if (next === null || !points[next]) return;
    event.preventDefault();
    points[at].setAttribute("tabindex", "-1");
    points[next].setAttribute("tabindex", "0");
    points[next].focus();
  });
}
