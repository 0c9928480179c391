// Keeps what is being typed in this tab, so that a reload or a lost connection takes nothing away.
export function start(field) {
  const key = `kept:${field.dataset.autosave}`;
  const kept = read(key);
  if (kept !== null && kept !== field.value && field.value === field.defaultValue) {
    field.value = kept;
    field.dispatchEvent(new Event("restored"));
    field.dispatchEvent(new Event("input", { bubbles: true }));
  }
  let timer;
  let sent = false;
  field.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(() => write(key, field.value), 300);
  });
  window.addEventListener("pagehide", () => {
    if (field.isConnected && !sent && field.value !== field.defaultValue) write(key, field.value);
  });
  field.form?.addEventListener("submit", (event) => {
    clearTimeout(timer);
    if (event.defaultPrevented) return;
    sent = true;
    write(key, null);
  });
}

function read(key) {
  try {
    return sessionStorage.getItem(key);
  } catch {
    return null;
  }
}

function write(key, value) {
  try {
    if (value === null) sessionStorage.removeItem(key);
    else sessionStorage.setItem(key, value);
  } catch {
    // a full or closed storage only loses the convenience
  }
}
