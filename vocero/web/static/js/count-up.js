// Counts a number up once when it comes into view. The written number stays the truth and comes back at the end.
export function start(element) {
  const target = Number(element.dataset.countUp);
  if (!Number.isFinite(target) || target < 2 || matchMedia("(prefers-reduced-motion: reduce)").matches) return;
  const written = element.textContent;
  const format = new Intl.NumberFormat(document.documentElement.lang, { maximumFractionDigits: 0 });
  new IntersectionObserver((entries, observer) => {
    if (!entries.some((entry) => entry.isIntersecting)) return;
    observer.disconnect();
    const begin = performance.now();
    const step = (now) => {
      const part = Math.min(1, (now - begin) / 700);
      element.textContent = part < 1 ? format.format(Math.round(target * (1 - (1 - part) ** 3))) : written;
      if (part < 1) requestAnimationFrame(step);
    };
    requestAnimationFrame(step);
  }).observe(element);
}
