// Choosing rows: all on this page, how many, and the bar with what can be done to them.
export function start(wrap) {
  const all = wrap.querySelector("[data-all]");
  const bar = wrap.parentElement.querySelector("[data-bulk-bar]");
  const boxes = () => Array.from(wrap.querySelectorAll(":is(tbody, li) .pick input"));
  const show = () => {
    const chosen = boxes().filter((box) => box.checked).length;
    all.checked = chosen > 0 && chosen === boxes().length;
    all.indeterminate = chosen > 0 && chosen < boxes().length;
    if (!bar) return;
    bar.classList.toggle("some", chosen > 0);
    const output = bar.querySelector("output");
    output.textContent = output.dataset.chosen.replace("{n}", String(chosen));
  };
  wrap.addEventListener("change", (event) => {
    if (event.target === all) for (const box of boxes()) box.checked = all.checked;
    show();
  });
  show();
}
