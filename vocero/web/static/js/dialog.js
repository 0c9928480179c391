// Dialogs open by `commandfor`/`command` in the browser itself; this serves older browsers and closes on a click beside it.
const isNative = "command" in HTMLButtonElement.prototype;

export function start(dialog) {
  dialog.addEventListener("click", (event) => {
    const aside = event.target === dialog && event.detail > 0;
    if (aside || event.target.closest("[data-close]")) {
      if (event.target.closest("[data-close]")) event.preventDefault();
      dialog.close();
    }
  });
  if (dialog.hasAttribute("data-open")) dialog.showModal();
}

if (!isNative) {
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button[commandfor]");
    const dialog = button && document.getElementById(button.getAttribute("commandfor"));
    if (!(dialog instanceof HTMLDialogElement)) return;
    if (button.getAttribute("command") === "show-modal") dialog.showModal();
    else if (button.getAttribute("command") === "close") dialog.close();
  });
}
