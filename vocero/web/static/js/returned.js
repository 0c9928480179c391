// After a handoff the person leaves for another app; when this page is seen again, it asks once how it went.
const KEY = `left:${location.pathname}`;

export function start(question) {
  const ask = () => {
    if (document.visibilityState !== "visible" || sessionStorage.getItem(KEY) === null) return;
    sessionStorage.removeItem(KEY);
    question.classList.add("now");
    question.scrollIntoView({ block: "center" });
    question.querySelector("h2, h3, legend, p")?.setAttribute("tabindex", "-1");
    question.querySelector("h2, h3, legend, p")?.focus({ preventScroll: true });
  };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-handoff]")) sessionStorage.setItem(KEY, "1");
  });
  document.addEventListener("shared", () => sessionStorage.setItem(KEY, "1"));
  document.addEventListener("visibilitychange", ask);
  window.addEventListener("pageshow", ask);
  window.addEventListener("focus", ask);
  ask();
}
