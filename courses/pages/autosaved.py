"""View models of texts that were only autosaved: whose they are, since when, and how they differ from the saved ones."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from courses.content.editing import EditRefused
from courses.content.lesson_text import lesson_text_of
from courses.content.text_diff import DiffParagraph, compared_text
from courses.queries.autosaved import AutosavedText
from kernel.i18n import _


@dataclass(frozen=True, slots=True)
class AutosavedDraftView:
    """A text that was only saved by itself; `blocks` compare it with what was saved."""

    revision: int
    place: str
    language: str
    name: str
    typed_at: datetime
    blocks: tuple[DiffParagraph, ...]
    chosen: bool


def autosaved_lines(texts: Sequence[AutosavedText], places: Mapping[str, str], chosen: Collection[int]) -> list[AutosavedDraftView]:
    """Return texts as the page shows them that publishes; `places` are titles by file, without its ending too."""
    return [_line(text, places, chosen) for text in texts]


def _line(text: AutosavedText, places: Mapping[str, str], chosen: Collection[int]) -> AutosavedDraftView:
    stem, _dot, language = text.path.removesuffix(".md").rpartition(".")
    title = _("%(title)s, in %(language)s", title=places.get(stem) or text.path, language=_in_words(language))
    saved = "" if text.saved_text is None else _words(text.saved_text, text.path, language)
    blocks = compared_text(saved, _words(text.text, text.path, language))
    return AutosavedDraftView(text.revision, title, language, text.name or _("the system"), text.typed_at, blocks, text.revision in chosen)


def _words(text: str, path: str, language: str) -> str:
    try:
        lesson_text = lesson_text_of(text, path, language)
    except EditRefused:  # its fields cannot be read: the text as it stands
        return text
    return "\n\n".join(part for part in (lesson_text.title, lesson_text.summary, lesson_text.body) if part)


def _in_words(language: str) -> str:
    return {"es": _("Spanish"), "en": _("English")}.get(language, language)
