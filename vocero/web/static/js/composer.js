// The composer: counts as the chosen network counts, shows the words in its preview, asks for the checks again on a change.
import { count } from "./count.js";

export function start(composer) {
  const words = composer.querySelector("textarea");
  const counter = composer.querySelector("[data-counter]");
  const said = composer.querySelector("[data-count-text]");
  const ring = counter.querySelector(".fill");
  const previews = composer.querySelectorAll("[data-preview]");

  const chosen = () => composer.querySelector("[data-network]:checked") ?? composer.querySelector("[data-network]");

  function show() {
    const network = chosen();
    if (!network) return;
    const { most, counting, linkLength, before, after } = network.dataset;
    const used = count(before + words.value.replaceAll("\r\n", "\n") + after, counting, Number(linkLength));
    const left = most ? Number(most) - used : null;
    const format = new Intl.NumberFormat(document.documentElement.lang);
    const pattern = left === null ? said.dataset.free : left < 0 ? said.dataset.over : said.dataset.left;
    said.textContent = pattern.replace("{n}", format.format(left === null ? used : Math.abs(left)));
    const share = left === null ? 0 : Math.min(100, (used / Number(most)) * 100);
    ring.setAttribute("stroke-dasharray", `${share} 100`);
    ring.parentElement.toggleAttribute("hidden", left === null);
    counter.classList.toggle("close", left !== null && left >= 0 && left <= Math.max(10, Number(most) * 0.08));
    counter.classList.toggle("over", left !== null && left < 0);
    for (const preview of previews) {
      preview.removeAttribute("data-later");
      preview.hidden = preview.dataset.preview !== network.dataset.network;
      const text = preview.querySelector("[data-preview-text]");
      if (text) text.textContent = preview.dataset.before + words.value + preview.dataset.after;
    }
  }

  words.addEventListener("input", show);
  words.addEventListener("restored", () => {
    show();
    words.dispatchEvent(new Event("recheck"));
  });
  composer.addEventListener("change", (event) => {
    if (!event.target.matches("[data-network]")) return;
    show();
    words.dispatchEvent(new Event("recheck"));
  });
  show();
}
