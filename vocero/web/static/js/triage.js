// Going through a list with the keyboard: J and K move, other letters press the row's own controls. Only while a row has the focus.
const KEYS = { o: "[data-do=offer]", d: "[data-do=dismiss]", e: "[data-do=open]", x: ".pick input" };

export function start(list) {
  let place = 0;
  const rows = () => Array.from(list.children);
  const focus = (index) => {
    const all = rows();
    place = Math.max(0, Math.min(index, all.length - 1));
    all[place]?.focus();
  };
  list.firstElementChild?.setAttribute("tabindex", "0");
  list.dataset.ready = "";
  list.addEventListener("focusin", (event) => {
    const row = rows().findIndex((one) => one.contains(event.target));
    if (row >= 0) place = row;
  });
  list.addEventListener("keydown", (event) => {
    if (event.altKey || event.ctrlKey || event.metaKey || event.target.closest("textarea, select, input:not([type=checkbox])")) return;
    const key = event.key.toLowerCase();
    const move = { j: 1, arrowdown: 1, k: -1, arrowup: -1 }[key];
    if (move && !event.target.closest("form")) {
      event.preventDefault();
      focus(place + move);
    } else if (KEYS[key] && !event.target.closest("form")) {
      event.preventDefault();
      rows()[place]?.querySelector(KEYS[key])?.click();
    }
  });
  // a row that went away leaves the focus to the one in its place; a form that came takes it
  new MutationObserver((changes) => {
    const gone = changes.some((change) => change.target === list && change.removedNodes.length);
    const form = changes.flatMap((change) => Array.from(change.addedNodes)).find((node) => node.matches?.("form"));
    if (form) form.querySelector("[tabindex='-1'], textarea, input:not([type=hidden])")?.focus();
    else if (gone && (document.activeElement === document.body || list.contains(document.activeElement))) focus(place);
    else if (changes.some((change) => change.target !== list) && document.activeElement === document.body) focus(place);
  }).observe(list, { childList: true, subtree: true });
}
