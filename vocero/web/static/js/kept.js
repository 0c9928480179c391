// Keeps what somebody changes or opens in a form while the server lays it out anew: its answer knows only what was sent to it.
export function start(form) {
  let changed = [];
  let opened = [];
  let place = null;
  document.addEventListener("htmx:before:swap", ({ detail: { ctx } }) => {
    const sent = ctx.request?.body;
    if (!form.contains(ctx.target) || !(sent instanceof URLSearchParams || sent instanceof FormData)) return;
    opened = [...ctx.target.querySelectorAll("details[open][id]")].map((one) => one.id);
    changed = [...form.elements].filter((field) => isTyped(field) && ctx.target.contains(field) && differs(field, sent));
    const active = document.activeElement;
    place = changed.includes(active) && isText(active) ? [active.name, active.selectionStart, active.selectionEnd] : null;
  });
  document.addEventListener("htmx:after:swap", () => {
    for (const id of opened) document.getElementById(id)?.toggleAttribute("open", true);
    opened = [];
    const again = changed;
    changed = [];
    for (const old of again) {
      const field = [...form.elements].find((one) => one.name === old.name && one.type === old.type && (isText(one) || one.value === old.value));
      if (!field || field === old) continue;
      if (isText(field)) field.value = old.value;
      else field.checked = old.checked;
      if (place?.[0] === field.name) {
        field.focus({ preventScroll: true });
        if (place[1] !== null) field.setSelectionRange(place[1], place[2]);
      }
      field.dispatchEvent(new Event("input", { bubbles: true }));
    }
  });
}

const isTyped = (field) => field.name && !["hidden", "radio", "submit", "button", "select-one", "fieldset"].includes(field.type);

const isText = (field) => field.type !== "checkbox";

function differs(field, sent) {
  if (!isText(field)) return sent.getAll(field.name).includes(field.value) !== field.checked;
  return sent.get(field.name)?.replaceAll("\r\n", "\n") !== field.value;
}
