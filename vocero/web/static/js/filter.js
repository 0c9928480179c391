// A filter form sends itself when a filter changes; typing in its search box waits a moment.
export function start(form) {
  let timer;
  form.addEventListener("change", (event) => {
    if (event.target.type !== "search") form.requestSubmit();
  });
  form.addEventListener("input", (event) => {
    if (event.target.type !== "search") return;
    clearTimeout(timer);
    if (event.target.value === "") timer = setTimeout(() => form.requestSubmit(), 400);
  });
}
