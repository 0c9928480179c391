// Shows how many seconds are left to take something back. At the end it fires `undo:passed`; a toast then goes away.
import { leave } from "./toast.js";

export function start(element) {
  const end = performance.now() + Number(element.dataset.undo) * 1000;
  const shown = element.querySelector("[data-seconds]");
  const bar = element.querySelector("progress");
  const timer = setInterval(() => {
    const left = Math.max(0, (end - performance.now()) / 1000);
    if (shown) shown.textContent = String(Math.ceil(left));
    if (bar) bar.value = left;
    if (left > 0 && element.isConnected) return;
    clearInterval(timer);
    if (!element.isConnected) return;
    element.dispatchEvent(new CustomEvent("undo:passed", { bubbles: true }));
    if (element.hasAttribute("data-toast")) leave(element);
  }, 250);
  element.addEventListener("submit", () => clearInterval(timer));
}
