// Turns blocks that stand one under the other into tabs. A tab's name follows the choices made in its block.
let count = 0;

export function start(box) {
  const panels = Array.from(box.querySelectorAll(":scope > [data-tab]"));
  if (panels.length < 2) return;
  const list = document.createElement("div");
  list.className = "tabs";
  list.setAttribute("role", "tablist");
  list.setAttribute("aria-label", box.dataset.tabsLabel);
  const tabs = panels.map((panel) => {
    const tab = document.createElement("button");
    tab.type = "button";
    tab.id = `tab-${(count += 1)}`;
    tab.textContent = panel.dataset.tab;
    tab.setAttribute("role", "tab");
    panel.id ||= `${tab.id}-panel`;
    tab.setAttribute("aria-controls", panel.id);
    panel.setAttribute("role", "tabpanel");
    panel.setAttribute("aria-labelledby", tab.id);
    list.append(tab);
    return tab;
  });
  const show = (index, focus) => {
    tabs.forEach((tab, place) => {
      tab.setAttribute("aria-selected", String(place === index));
      tab.tabIndex = place === index ? 0 : -1;
      panels[place].hidden = place !== index;
    });
    if (focus) tabs[index].focus();
  };
  list.addEventListener("click", (event) => {
    const index = tabs.indexOf(event.target);
    if (index >= 0) show(index);
  });
  list.addEventListener("keydown", (event) => {
    const here = tabs.indexOf(event.target);
    const next = { ArrowRight: here + 1, ArrowLeft: here - 1, Home: 0, End: tabs.length - 1 }[event.key];
    if (next === undefined) return;
    event.preventDefault();
    show((next + tabs.length) % tabs.length, true);
  });
  panels.forEach((panel, index) => {
    const name = () => {
      const words = Array.from(panel.querySelectorAll("select"), (select) => (select.value ? select.selectedOptions[0]?.text : ""));
      const empty = panel.hasAttribute("data-tab-new") && !panel.querySelector("textarea")?.value.trim();
      tabs[index].textContent = empty ? panel.dataset.tab : words.filter(Boolean).join(" · ") || panel.dataset.tab;
    };
    panel.addEventListener("input", name);
  });
  box.prepend(list);
  show(Math.max(0, panels.findIndex((panel) => panel.hasAttribute("data-tab-open"))));
}
