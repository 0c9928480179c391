// Copies a text. Without a secure context it uses the old way, and if that fails too it selects the text and says so.
import { show } from "./toast.js";

export function start(button) {
  button.addEventListener("click", async () => {
    const source = document.querySelector(button.dataset.copy);
    const text = source.value ?? source.textContent;
    const isCopied = (await modern(text)) || classic(source);
    if (!isCopied) select(source);
    const words = document.documentElement.dataset;
    show(isCopied ? (button.dataset.copied ?? words.copied) : words.copyByHand, isCopied ? "success" : "warning");
    if (isCopied) button.dispatchEvent(new CustomEvent("copied", { bubbles: true }));
  });
}

async function modern(text) {
  if (!window.isSecureContext || !navigator.clipboard) return false;
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    return false;
  }
}

function classic(source) {
  select(source);
  try {
    return document.execCommand("copy");
  } catch {
    return false;
  }
}

function select(source) {
  if (source.select) {
    source.focus();
    source.select();
    return;
  }
  const range = document.createRange();
  range.selectNodeContents(source);
  getSelection().removeAllRanges();
  getSelection().addRange(range);
}
