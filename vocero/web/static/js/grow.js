// A textarea that grows with its words, where the browser does not do it by itself.
export function start(field) {
  if (CSS.supports("field-sizing", "content")) return;
  const fit = () => {
    field.rows = 1;
    field.rows = Math.max(5, Math.ceil((field.scrollHeight - 24) / parseFloat(getComputedStyle(field).lineHeight)));
  };
  field.addEventListener("input", fit);
  fit();
}
