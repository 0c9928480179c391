"""Text as people see it: characters counted, words found, HTML and Markdown made safe."""

import html
import unicodedata
from collections.abc import Iterator
from functools import lru_cache

import nh3
import regex
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

_GRAPHEME = regex.compile(r"\X")
_WORD = regex.compile(r"[\p{L}\p{N}]+(?:['’\-][\p{L}\p{N}]+)*")
_WORD_CHARACTER = regex.compile(r"[\p{L}\p{N}\p{M}_]")
_URL = regex.compile(r"https?://[^\s<>\"“”„«»]+", regex.IGNORECASE)
_PUNCTUATION = frozenset(".,;:!?'’…*_~")
_BLOCK = regex.compile(r"(?i)</?(?:br|p|div|li|ul|ol|h[1-6]|tr|table|blockquote|section|article|hr|pre)\b[^<>]*>")
_CLOSING = {")": "(", "]": "[", "}": "{"}

_TAGS = {
    "a", "abbr", "b", "blockquote", "br", "code", "del", "em", "h1", "h2", "h3", "h4", "hr", "i", "li", "ol", "p", "pre",
    "s", "strong", "table", "tbody", "td", "th", "thead", "tr", "ul",
}  # fmt: skip


def graphemes(text: str) -> list[str]:
    """Split a text into what people call characters (Unicode extended grapheme clusters, UAX 29)."""
    return list(_GRAPHEME.findall(text))


def count_graphemes(text: str) -> int:
    """Count what people call characters: a family emoji is one, `e` with an accent is one."""
    return sum(1 for _ in _GRAPHEME.finditer(text))


def truncate(text: str, most: int) -> str:
    """Shorten a text to at most `most` characters as people count, at a word's end where one is near, with an ellipsis."""
    parts = graphemes(text)
    if len(parts) <= most:
        return text
    if most <= 0:
        return ""
    kept = "".join(parts[: most - 1])
    cut = kept.rfind(" ")
    if cut > len(kept) * 2 // 3:
        kept = kept[:cut]
    return kept.rstrip(" ,;:.-–—") + "…"


def one_line(text: str) -> str:
    """Give the text on one line: every run of white space is one space, control characters are gone."""
    return " ".join(without_controls(text).split())


def tidy(text: str) -> str:
    """Give a text as it was meant: composed (NFC), line ends as `\\n`, no spaces at line ends, at most one empty line."""
    text = without_controls(unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))
    lines = [line.rstrip() for line in text.split("\n")]
    return regex.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()


def without_controls(text: str) -> str:
    """Drop control characters other than tab and line ends; NUL among them would break the database."""
    return regex.sub(r"[\p{Cc}\p{Cs}--\t\n\r]", "", text, flags=regex.VERSION1)


def words(text: str) -> list[str]:
    """Give the words of a text in their order: runs of letters and digits, apostrophes and hyphens inside."""
    return list(_WORD.findall(text))


def is_whole_word(text: str, start: int, end: int) -> bool:
    """Say whether text[start:end] is bounded by something that is no letter, mark, digit or underscore."""
    before, after = text[start - 1 : start] if start else "", text[end : end + 1]
    return not (_WORD_CHARACTER.match(before) or _WORD_CHARACTER.match(after))


def folded(text: str) -> str:
    """Give the text for comparing: compatible forms joined (NFKC) and case folded; its length may change."""
    return unicodedata.normalize("NFKC", text).casefold()


def urls(text: str) -> Iterator[tuple[int, int, str]]:
    """Find the web addresses of a text: start, end and address, without the punctuation that closes a sentence."""
    for match in _URL.finditer(text):
        end = _end_of_url(match[0])
        if end > len("https://"):
            yield match.start(), match.start() + end, match[0][:end]


def _end_of_url(url: str) -> int:
    surplus = {closing: url.count(closing) - url.count(opening) for closing, opening in _CLOSING.items()}
    end = len(url)
    while end and (url[end - 1] in _PUNCTUATION or surplus.get(url[end - 1], 0) > 0):
        if url[end - 1] in surplus:
            surplus[url[end - 1]] -= 1
        end -= 1
    return end


def strip_html(markup: str) -> str:
    """Give the text of an HTML fragment: no tags, no scripts, entities resolved, paragraphs and breaks as line ends."""
    spaced = _BLOCK.sub("\n\\g<0>", markup)
    return tidy(html.unescape(nh3.clean(spaced, tags=set())))


def safe_html(markup: str) -> SafeString:
    """Give an HTML fragment with a short list of tags and absolute http(s) or mail links only, safe to show."""
    cleaned = nh3.clean(
        markup,
        tags=_TAGS,
        attributes={"a": {"href", "title"}, "abbr": {"title"}, "ol": {"start"}},
        url_schemes={"http", "https", "mailto"},
        url_relative="deny",
        link_rel="noopener noreferrer nofollow",
        strip_comments=True,
    )
    return mark_safe(cleaned)  # noqa: S308  it has just been cleaned


def render_markdown(source: str) -> SafeString:
    """Render Markdown (CommonMark with tables and strikethrough, no raw HTML) to HTML that is safe to show."""
    return safe_html(_markdown().render(source))


@lru_cache(maxsize=1)
def _markdown() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable(["table", "strikethrough"])
