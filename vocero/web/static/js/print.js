// A button that opens the print dialog.
export function start(button) {
  button.addEventListener("click", () => window.print());
}
