// The system's share sheet, with a picture where the device takes one. The button appears only where there is a sheet.
export async function start(button) {
  if (!navigator.share) return;
  const { shareText, shareUrl, shareFile, shareFrom } = button.dataset;
  let files = [];
  if (shareFile) {
    files = await picture(shareFile);
    if (files.length === 0 && button.hasAttribute("data-needs-file")) return;
  }
  button.classList.add("can");
  button.addEventListener("click", async () => {
    const words = shareFrom ? document.querySelector(shareFrom).value ?? document.querySelector(shareFrom).textContent : shareText;
    const data = {};
    if (words) data.text = words;
    if (shareUrl) data.url = shareUrl;
    if (files.length && navigator.canShare?.({ ...data, files })) data.files = files;
    try {
      await navigator.share(data);
      button.dispatchEvent(new CustomEvent("shared", { bubbles: true }));
    } catch (error) {
      if (error.name !== "AbortError") throw error;
    }
  });
}

async function picture(address) {
  try {
    const answer = await fetch(address);
    if (!answer.ok) return [];
    const blob = await answer.blob();
    const file = new File([blob], `picture.${blob.type.split("/")[1] ?? "jpg"}`, { type: blob.type });
    return navigator.canShare?.({ files: [file] }) ? [file] : [];
  } catch {
    return [];
  }
}
