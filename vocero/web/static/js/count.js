// Counts a text as a network does; the same rules as the server's, which decides.
const LIGHT = [[0, 4351], [8192, 8205], [8208, 8223], [8242, 8247]];
const LINK = /https?:\/\/[^\s<>"“”„«»]+/giu;
const CLOSING = { ")": "(", "]": "[", "}": "{" };
const JOINERS = /[\u200d\ufe0f\u20e3]/u;
const segmenter = globalThis.Intl?.Segmenter ? new Intl.Segmenter(undefined, { granularity: "grapheme" }) : null;

const graphemes = (text) => (segmenter ? Array.from(segmenter.segment(text), (one) => one.segment) : Array.from(text));

function isEmoji(cluster) {
  const first = cluster.codePointAt(0);
  const many = Array.from(cluster).length > 1;
  return (first >= 0x1f1e6 && first <= 0x1f1ff) || first >= 0x1f300 || (many && JOINERS.test(cluster));
}

function weighted(text) {
  let sum = 0;
  for (const cluster of graphemes(text.normalize("NFC"))) {
    if (isEmoji(cluster)) sum += 2;
    else for (const letter of cluster) sum += LIGHT.some(([low, high]) => letter.codePointAt(0) >= low && letter.codePointAt(0) <= high) ? 1 : 2;
  }
  return sum;
}

function plain(text, counting) {
  if (counting === "graphemes") return graphemes(text).length;
  return counting === "weighted" ? weighted(text) : Array.from(text).length;
}

// an address without the punctuation that closes the sentence around it
function endOf(address) {
  let end = address.length;
  const surplus = (letter) => letter in CLOSING && address.slice(0, end).split(letter).length > address.slice(0, end).split(CLOSING[letter]).length;
  while (end && (".,;:!?'’…*_~".includes(address[end - 1]) || surplus(address[end - 1]))) end -= 1;
  return end;
}

export function count(text, counting, linkLength) {
  if (!linkLength) return plain(text, counting);
  let sum = 0;
  let done = 0;
  for (const match of text.matchAll(LINK)) {
    const end = endOf(match[0]);
    if (end <= "https://".length) continue;
    sum += plain(text.slice(done, match.index), counting) + linkLength;
    done = match.index + end;
  }
  return sum + plain(text.slice(done), counting);
}
