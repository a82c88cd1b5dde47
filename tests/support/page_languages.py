"""The words of a page that are in its own language: what is marked with another one is left out."""

from html.parser import HTMLParser

_VOID = frozenset({"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "track", "wbr"})
_SILENT = frozenset({"script", "style"})
_NAMES = ("alt", "aria-label", "title", "placeholder")
"""Attributes that are read out."""


class _WordReader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.language = ""
        self.words: list[str] = []
        self._open: list[tuple[str, str]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note an element's language, and its attributes that are read out."""
        found = dict(attrs)
        inherited = self._open[-1][1] if self._open else ""
        language = found.get("lang") or inherited
        self.language = self.language or language
        if language == self.language:
            self.words += [value for name in _NAMES if (value := found.get(name))]
        if tag not in _VOID:
            self._open.append((tag, language))

    def handle_endtag(self, tag: str) -> None:
        """Leave the element."""
        while self._open and self._open.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        """Take what stands in the page's own language."""
        if self._open and self._open[-1][1] == self.language and self._open[-1][0] not in _SILENT:
            self.words.append(data)


def own_words(html: str) -> str:
    """Return the words of a page that are not marked with another language than the page's."""
    reader = _WordReader()
    reader.feed(html)
    reader.close()
    return " ".join(reader.words)
