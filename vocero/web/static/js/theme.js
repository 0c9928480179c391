// Light, dark or as the device. A cookie tells the server, so that the next page is right before it is drawn.
export function start(group) {
  group.addEventListener("click", (event) => {
    const value = event.target.closest("[data-value]")?.dataset.value;
    if (value === undefined) return;
    document.cookie = `theme=${value}; path=/; max-age=${value ? 31536000 : 0}; samesite=lax`;
    if (value) document.documentElement.dataset.theme = value;
    else delete document.documentElement.dataset.theme;
    for (const button of document.querySelectorAll("[data-theme-switch] [data-value]")) {
      button.setAttribute("aria-pressed", String(button.dataset.value === value));
    }
  });
}
