// A place to drop files around a plain file input; names and sizes are shown before anything is sent.
export function start(zone) {
  const input = zone.querySelector("input[type=file]");
  const output = zone.querySelector("output");
  zone.querySelector("[data-hint]")?.removeAttribute("hidden");
  const over = (event) => {
    event.preventDefault();
    zone.classList.add("over");
  };
  const out = () => zone.classList.remove("over");
  zone.addEventListener("dragenter", over);
  zone.addEventListener("dragover", over);
  zone.addEventListener("dragleave", (event) => zone.contains(event.relatedTarget) || out());
  zone.addEventListener("drop", (event) => {
    event.preventDefault();
    out();
    const given = new DataTransfer();
    const room = input.multiple ? Infinity : 1;
    for (const file of Array.from(event.dataTransfer.files).slice(0, room)) given.items.add(file);
    input.files = given.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
  });
  input.addEventListener("change", () => {
    const format = new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: "kilobyte", maximumFractionDigits: 0 });
    output.textContent = Array.from(input.files, (file) => `${file.name} (${format.format(Math.max(1, file.size / 1024))})`).join(", ");
  });
}
