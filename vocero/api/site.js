/* Vocero: tells which click led to a purchase, a lead or an application. No cookie; nothing is kept without consent. */
(() => {
  const script = document.currentScript;
  const key = script.dataset.key;
  const home = new URL(script.src).origin;
  const PLACE = "vocero-click";
  const DAYS = 30;

  const fromAddress = new URLSearchParams(location.search).get("vclick") || "";

  const kept = () => {
    try {
      const [click, since] = JSON.parse(localStorage.getItem(PLACE) || "[]");
      return Date.now() - since < DAYS * 86400000 ? click : "";
    } catch {
      return "";
    }
  };

  const send = (conversion) => {
    const click = conversion.test ? "" : fromAddress || kept();
    if (!click && !conversion.test) return;
    fetch(`${home}/api/v1/sites/${key}/conversions`, {
      method: "POST",
      mode: "cors",
      credentials: "omit",
      keepalive: true,
      headers: { "Content-Type": "text/plain" },
      body: JSON.stringify({ ...conversion, click }),
    }).catch(() => {});
  };

  /* The site's own consent tool calls this: true keeps the click for 30 days in this browser, false forgets it. */
  const consent = (given) => {
    try {
      if (!given) localStorage.removeItem(PLACE);
      else if (fromAddress && fromAddress !== "test") localStorage.setItem(PLACE, JSON.stringify([fromAddress, Date.now()]));
    } catch {
      /* a browser that keeps nothing */
    }
  };

  const early = Array.isArray(window.vocero) ? window.vocero : [];
  window.vocero = { push: send, consent };
  early.forEach((one) => (one.consent === undefined ? send(one) : consent(one.consent)));

  if (fromAddress === "test") send({ id: `test-${crypto.getRandomValues(new Uint32Array(2)).join("-")}`, kind: "other", test: true });
})();
