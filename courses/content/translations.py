"""Stamps of translated texts, and the share of a course that each language has."""

import hashlib
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from fractions import Fraction
from pathlib import Path

from courses.content.model import CourseFolder, LessonSource, LocalisedText, SourceState
from kernel import yaml_tree
from kernel.errors import N_, Invalid
from kernel.i18n import _
from kernel.markup.render import count_words
from kernel.yaml_tree import YamlMapping, YamlScalar

LENGTH = 12
FENCE = "---"
_TWIN = re.compile(r"(.+)\.[a-z]{2}\.md\Z")
_LINE = re.compile(r"translated_from:.*")
_STAMP = re.compile(rf"[0-9a-f]{{{LENGTH}}}")


def stamp(title: str, summary: str, body: str) -> str:
    """Return the stamp of a source text: the first 12 hexadecimal digits of SHA-256 over its normal form."""
    text = "\n".join((_normal(title), _normal(summary), _normal(body)))
    return hashlib.sha256(text.encode()).hexdigest()[:LENGTH]


def _normal(text: str) -> str:
    """Return NFC with LF, line ends stripped and blank lines at both ends dropped."""
    lines = unicodedata.normalize("NFC", text).replace("\r\n", "\n").split("\n")
    return "\n".join(line.rstrip() for line in lines).strip("\n")


def split(text: str) -> tuple[list[str], str] | None:
    """Return the lines of a lesson's front matter and its body, None where it has no front matter."""
    lines = text.split("\n")
    end = next((number for number, line in enumerate(lines[1:], start=1) if line.rstrip() == FENCE), 0)
    if lines[0].rstrip() != FENCE or not end:
        return None
    return lines[1:end], "\n".join(lines[end + 1 :])


def stamp_of(text: str, language: str) -> str:
    """Return the stamp of a lesson's whole file; '' where it has no front matter that can be read."""
    parts = split(text.removeprefix("\ufeff").replace("\r\n", "\n"))
    root = yaml_tree.parse("\n".join(parts[0]) + "\n").root if parts else None
    if parts is None or not isinstance(root, YamlMapping):
        return ""
    return stamp(_field(root, "title", language), _field(root, "summary", language), parts[1])


def _field(root: YamlMapping, name: str, language: str) -> str:
    value = root.entries[name].value if name in root.entries else None
    if isinstance(value, YamlMapping):
        value = value.entries[language].value if language in value.entries else None
    return value.text.strip("\n") if isinstance(value, YamlScalar) else ""


def is_stamp(text: str) -> bool:
    """Return whether a text may be a stamp."""
    return _STAMP.fullmatch(text) is not None


def with_stamp(text: str, stamp: str) -> str:
    """Return a translated lesson with this stamp in its front matter; everything else stays as it is."""
    parts = split(text)
    if parts is None:
        raise Invalid(N_("The file has no front matter."))
    fields, body = parts
    line = f"translated_from: {stamp}"
    places = [number for number, field in enumerate(fields) if _LINE.match(field)]
    if places:
        fields[places[0]] = line
    else:
        fields.append(line)
    return "\n".join((FENCE, *fields, FENCE, body))


def write_stamp(file: Path) -> str:
    """Write the stamp of the source lesson into a translated file and return it; raises Invalid where there is no source.

    The course's own language is the one of the neighbouring file that names no `translated_from`.
    """
    match = _TWIN.match(file.name)
    for source in sorted(file.parent.glob(f"{match[1]}.??.md")) if match else ():
        text = source.read_text(encoding="utf-8")
        parts = split(text)
        if source != file and parts and not any(_LINE.match(line) for line in parts[0]):
            present = stamp_of(text, source.name.split(".")[-2])
            file.write_text(with_stamp(file.read_text(encoding="utf-8"), present), encoding="utf-8")
            return present
    raise Invalid(N_("There is no lesson in the course's main language next to this file."))


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
        """Return whether some words are not written in it."""
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
