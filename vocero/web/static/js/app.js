// Starts each behavior where a page uses it; a module is loaded only when its attribute is there.
// Once all that a page came with have started, its html element has data-started.
const behaviors = [
  ["[data-toasts]", () => import("./toast.js")],
  ["[data-undo]", () => import("./undo.js")],
  ["[data-dialog]", () => import("./dialog.js")],
  ["[data-composer]", () => import("./composer.js")],
  ["[data-kept]", () => import("./kept.js")],
  ["[data-autosave]", () => import("./autosave.js")],
  ["[data-grow]", () => import("./grow.js")],
  ["[data-copy]", () => import("./copy.js")],
  ["[data-share]", () => import("./share.js")],
  ["[data-returned]", () => import("./returned.js")],
  ["[data-theme-switch]", () => import("./theme.js")],
  ["[data-filedrop]", () => import("./filedrop.js")],
  ["[data-count-up]", () => import("./count-up.js")],
  ["[data-chart]", () => import("./chart.js")],
  ["[data-bulk]", () => import("./bulk.js")],
  ["[data-submit-on-change]", () => import("./filter.js")],
  ["[data-triage]", () => import("./triage.js")],
  ["[data-tabs]", () => import("./tabs.js")],
  ["[data-menu]", () => import("./menu.js")],
  ["[data-focus]", () => import("./focus.js")],
  ["[data-print]", () => import("./print.js")],
];
const started = new WeakMap();
const starting = [];

function start() {
  for (const [selector, load] of behaviors) {
    for (const element of document.querySelectorAll(selector)) {
      const known = started.get(element) ?? new Set();
      if (known.has(selector)) continue;
      started.set(element, known.add(selector));
      starting.push(load().then((module) => module.start(element)));
    }
  }
}

start();
Promise.allSettled(starting).then(() => document.documentElement.toggleAttribute("data-started", true));
document.addEventListener("htmx:after:swap", start);
document.addEventListener("parts:added", start);
