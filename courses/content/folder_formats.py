"""Formats of folders that are not course folders: what becomes of one, and the report of what could not be kept.

Packages above bring them (`kernel.feature.Feature.folder_formats`).
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from courses.content.model import Finding
from kernel.db import HookList
from kernel.errors import N_
from kernel.i18n import _


class RemarkKind(StrEnum):
    """The kind of a conversion remark; the first ones report a loss, and are listed in this order."""

    LESSON = "lesson"
    IMAGE = "image"
    COMMAND = "command"
    PLAYER = "player"
    LINK = "link"
    FIELD = "field"
    FILE = "file"
    BOX = "box"
    FORM = "form"
    CHECK = "check"
    """Nothing happened: somebody has to look."""


LOSSES = (
    RemarkKind.LESSON,
    RemarkKind.IMAGE,
    RemarkKind.COMMAND,
    RemarkKind.PLAYER,
    RemarkKind.LINK,
    RemarkKind.FIELD,
    RemarkKind.FILE,
)
TITLES = {
    RemarkKind.LESSON: N_("Lessons left out"),
    RemarkKind.IMAGE: N_("Images left out (at most, their description is kept)"),
    RemarkKind.COMMAND: N_("Commands for other tools, left out"),
    RemarkKind.PLAYER: N_("Videos and other embeds left out (at most, a link is kept)"),
    RemarkKind.LINK: N_("Broken links, kept as text"),
    RemarkKind.FIELD: N_("Front matter fields with no equivalent here"),
    RemarkKind.FILE: N_("Files left out"),
    RemarkKind.BOX: N_("Boxes from another tool, now quotations"),
    RemarkKind.FORM: N_("Reformatted, with no text lost"),
    RemarkKind.CHECK: N_("To review"),
}


@dataclass(frozen=True, slots=True)
class ConversionRemark:
    """Something that was not understood or could not be kept, with its place in the folder that came."""

    kind: RemarkKind
    file: str
    line: int
    template: str
    facts: tuple[tuple[str, str], ...] = ()

    @property
    def message(self) -> str:
        """Return it in the reader's language."""
        return _(self.template, **dict(self.facts))


@dataclass(frozen=True, slots=True)
class RemarkGroup:
    """All remarks of a kind."""

    kind: RemarkKind
    remarks: tuple[ConversionRemark, ...]

    @property
    def title(self) -> str:
        """Return the common title, in the reader's language."""
        return _(TITLES[self.kind])

    @property
    def is_loss(self) -> bool:
        """Return whether something is not in the course."""
        return self.kind in LOSSES


def group_remarks(remarks: Iterable[ConversionRemark]) -> list[RemarkGroup]:
    """Return remarks by kind, what was lost first."""
    by_kind: dict[RemarkKind, list[ConversionRemark]] = {kind: [] for kind in RemarkKind}
    for remark in remarks:
        by_kind[remark.kind].append(remark)
    return [RemarkGroup(kind, tuple(listed)) for kind, listed in by_kind.items() if listed]


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a text of the course comes from: the file of its author, and the line there of each of its lines."""

    file: str
    lines: tuple[int, ...]

    def line(self, number: int) -> int:
        """Return the author's line for a line of the text, both from 1 on; 0 if it has none."""
        return self.lines[number - 1] if 0 < number <= len(self.lines) else 0


@dataclass(frozen=True, slots=True)
class ConvertedFolder:
    """A course folder, and everything that was not understood or not taken along.

    `attributes` counts those that mean nothing here, `origins` leads from the texts of the folder, by path, to those of their author.
    """

    files: Mapping[str, bytes]
    remarks: tuple[ConversionRemark, ...]
    attributes: Mapping[str, int] = field(default_factory=dict)
    origins: Mapping[str, Origin] = field(default_factory=dict)


def in_source(findings: Iterable[Finding], origins: Mapping[str, Origin]) -> tuple[Finding, ...]:
    """Return findings on a converted folder with the files and lines of its author, where they have one."""
    return tuple(
        replace(finding, file=origins[finding.file].file, line=origins[finding.file].line(finding.line), column=0)
        if finding.file in origins
        else finding
        for finding in findings
    )


@dataclass(frozen=True, slots=True)
class ConversionOptions:
    """The address, title, language, author and licence of a course made from a folder; empty: as the folder says."""

    key: str = ""
    title: str = ""
    language: str = "es"
    author: str = ""
    licence: str = "CC-BY-4.0"
    name: str = ""
    """Of the folder."""


@dataclass(frozen=True, slots=True)
class FolderFormat:
    """A format of packed folders from which a course can be made."""

    hint: str
    """What the page on which a course is begun from a folder says of it (a message)."""
    convert: Callable[[bytes, ConversionOptions], ConvertedFolder]
    """Return the course made from an archive; raise Invalid if it holds no such folder. A function of a module: it runs in the sandbox."""


FOLDER_FORMATS = HookList[FolderFormat]("folder_formats")
"""Gives the formats of folders of other tools."""
