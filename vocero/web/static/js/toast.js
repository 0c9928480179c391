// Toasts leave by themselves, unless they carry an undo, a problem or the focus. `HX-Trigger: {"toast": {"text": "…"}}` makes one.
const QUIET = 6000;

export function start(region) {
  for (const toast of region.children) settle(toast);
  new MutationObserver((changes) => {
    for (const change of changes) for (const node of change.addedNodes) if (node.dataset) settle(node);
    document.dispatchEvent(new Event("parts:added"));
  }).observe(region, { childList: true });
  document.body.addEventListener("toast", (event) => show(event.detail?.text ?? event.detail?.value, event.detail?.kind));
  document.body.addEventListener("htmx:error", failed);
  document.body.addEventListener("htmx:response:error", (event) => {
    if (event.detail?.ctx?.response?.status >= 500) failed();
  });
}

export function show(text, kind = "success") {
  if (!text) return;
  const toast = document.getElementById("toast-template").content.firstElementChild.cloneNode(true);
  toast.classList.add(kind);
  toast.querySelector("p").textContent = text;
  document.getElementById("toasts").append(toast);
}

export function leave(toast) {
  toast.classList.add("leaving");
  setTimeout(() => toast.remove(), 200);
}

function failed() {
  show(document.getElementById("toast-failed").content.textContent, "error");
}

function settle(toast) {
  toast.querySelector("[data-dismiss]")?.addEventListener("click", () => leave(toast));
  if (toast.matches("[data-undo], .error, .warning")) return;
  const go = () => (toast.matches(":hover, :focus-within") ? setTimeout(go, 1000) : leave(toast));
  setTimeout(go, QUIET);
}
