"""The share of a course that is written in each of its languages, by module and as lines to print. Pure."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction

from courses.content.model import CourseFolder, LessonSource, LocalisedText, SourceState
from kernel.i18n import _
from kernel.markup.render import count_words

WHOLE = 100


@dataclass(frozen=True, slots=True)
class LanguageShare:
    """The words of a module that are written in a language too, and all its words; a lesson counts as its original's words."""

    module: str
    language: str
    written: int
    total: int

    @property
    def percent(self) -> int:
        """Return the share in whole percent, never rounded up to 100."""
        return int(Fraction(self.written * WHOLE, self.total)) if self.total else WHOLE

    @property
    def is_partial(self) -> bool:
        """Say whether some words are not written in it."""
        return self.percent < WHOLE


def language_shares(course: CourseFolder) -> list[LanguageShare]:
    """Return the shares of each language but the course's own: module by module, then '' for glossary and the course's own words."""
    own = course.first_language
    return [
        LanguageShare(key, language, counts[language], counts[own])
        for key, counts in count_written_words(course).items()
        for language in course.languages
        if language != own and counts[own]
    ]


def count_published_words(course: CourseFolder) -> dict[str, dict[str, int]]:
    """Count as `count_written_words` does, without lessons and quizzes that are drafts."""
    modules = [
        replace(module, activities=tuple(activity for activity in module.activities if activity.state is SourceState.READY))
        for module in course.modules
    ]
    return count_written_words(replace(course, modules=tuple(modules)))


def count_written_words(course: CourseFolder) -> dict[str, dict[str, int]]:
    """Count the words written in each language: module by module, then '' for glossary and the course's own words.

    A text without small letters, such as «USD», is the same in all languages.
    """
    pieces: list[tuple[str, object]] = [(module.key, module) for module in course.modules]
    for name, parts in course.parts.items():
        pieces += [(_module_of(course, part), part) for part in parts if name]
    pieces.append(("", (course.title, course.summary, course.objectives, course.terms, course.parameters)))
    own, counts = course.first_language, Counter[tuple[str, str]]()
    for key, piece in pieces:
        for text in texts_of(piece, own):
            count, in_all = count_words(text.get(own, "")), not any(letter.islower() for letter in text.get(own, ""))
            counts.update({(key, language): count for language in (course.languages if in_all else text)})
    modules = [*(module.key for module in course.modules), ""]
    return {key: {language: counts[key, language] for language in course.languages} for key in modules}


def _module_of(course: CourseFolder, part: object) -> str:
    """Return the module in whose folder a part stands, '' for a part of the whole course."""
    path = str(getattr(part, "path", ""))
    return next((module.key for module in course.modules if path.startswith(module.path.rpartition("/")[0] + "/")), "")


def texts_of(piece: object, own: str) -> Iterator[Mapping[str, str]]:
    """Yield every text in several languages of a piece, lessons as one text."""
    if isinstance(piece, LocalisedText):
        if piece:
            yield piece
    elif isinstance(piece, tuple | list):
        if piece and isinstance(piece[0], LessonSource):
            yield {lesson.language: lesson.body for lesson in piece}
            return
        for part in piece:
            yield from texts_of(part, own)
    elif isinstance(piece, Mapping):
        for part in piece.values():
            yield from texts_of(part, own)
    elif is_dataclass(piece) and not isinstance(piece, type):
        for field in fields(piece):
            yield from texts_of(getattr(piece, field.name), own)


def share_lines(course: CourseFolder) -> Iterator[str]:
    """Yield how much of each module is written in each language but the course's own, where it is not all."""
    for share in language_shares(course):
        if share.is_partial:
            yield _(
                "%(module)s: %(percent)s %% is written in “%(language)s”.",
                module=share.module or _("Course and glossary"),
                percent=share.percent,
                language=share.language,
            )
