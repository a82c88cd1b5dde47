"""Pictures of outside files on their way into a bank's media: put where a text shows them, or linked where it is one line."""

import re
from dataclasses import dataclass
from html import escape, unescape
from pathlib import PurePosixPath

from kernel.errors import N_
from standards._files import address_in, bare, import_file, is_with, needs, refuse
from standards.model import RemarkSeverity, TransferRemarkCollector

SIGN = "\ue001"
_TAG = re.compile(r"<img\b([^<>]*)>", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_PLACE = re.compile(f" *{SIGN}([0-9]+){SIGN} *")
_INSIDE = re.compile(r"\s*(?:[-*+>|]|[0-9]+[.)])\s?|\s{2,}")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a text shows: its name in media/ and what the source says in its stead."""

    name: str
    alternative: str


def taken_out(source: str, remarks: TransferRemarkCollector) -> tuple[str, list[Picture]]:
    """Return HTML with a sign for each picture whose file was included, and those pictures; the others stay to be reported."""
    pictures: list[Picture] = []

    def replaced(match: re.Match[str]) -> str:
        picture = _imported_picture(match[1], remarks)
        if picture is None:
            return _left(match, remarks)
        pictures.append(picture)
        return f"{SIGN}{len(pictures) - 1}{SIGN}"

    return _TAG.sub(replaced, source.replace(SIGN, "")), pictures


def as_links(source: str, remarks: TransferRemarkCollector) -> str:
    """Return HTML of one line with a link in the place of each picture whose file came along: options show no figures."""

    def replaced(match: re.Match[str]) -> str:
        picture = _imported_picture(match[1], remarks)
        if picture is None:
            return _left(match, remarks)
        remarks.note(
            N_("The picture “%(name)s” in an option or feedback became a link."),
            N_("Only texts with paragraphs of their own can show pictures."),
            name=picture.name,
        )
        return f'<a href="media/{picture.name}">{escape(picture.alternative or PurePosixPath(bare(address_in(match[1]))).name)}</a>'

    return _TAG.sub(replaced, source)


def _left(match: re.Match[str], remarks: TransferRemarkCollector) -> str:
    """Return the tag of a picture that is not taken, to be reported; '' where the question needs it, which is reported at once."""
    address = address_in(match[1])
    if not needs(address, remarks):
        return match[0]
    refuse(address, remarks)
    return ""


def _imported_picture(attributes: str, remarks: TransferRemarkCollector) -> Picture | None:
    address, match = address_in(attributes), _ALTERNATIVE.search(attributes)
    name = import_file(address, remarks) if is_with(address) else ""
    if not name:
        return None
    return Picture(name, " ".join(unescape(match[1] or match[2] or "").split()) if match else "")


def put_back(markdown: str, pictures: list[Picture], remarks: TransferRemarkCollector) -> str:
    """Return a text with its pictures as figures of their own; those inside a list or table stand after it."""
    lines: list[str] = []
    waiting: list[Picture] = []
    for line in markdown.split("\n"):
        if _INSIDE.match(line):
            waiting += [pictures[int(match[1])] for match in _PLACE.finditer(line)]
            lines.append(_PLACE.sub("", line))
            continue
        if line:
            lines += _after(waiting, remarks)
            waiting = []
        lines.append(_PLACE.sub(lambda match: _figure(pictures[int(match[1])], remarks), line))
    lines += _after(waiting, remarks)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _after(waiting: list[Picture], remarks: TransferRemarkCollector) -> list[str]:
    for picture in waiting:
        remarks.note(N_("The picture “%(name)s” was inside a list or table and is placed after it."), name=picture.name)
    return [_figure(picture, remarks) for picture in waiting]


def _figure(picture: Picture, remarks: TransferRemarkCollector) -> str:
    alternative = re.sub(r"[\[\]\\]", "", picture.alternative)
    if not alternative:
        remarks.add(
            RemarkSeverity.TO_CORRECT,
            N_("The picture “%(name)s” has no description for people who cannot see it."),
            N_("Write what it shows between the brackets."),
            name=picture.name,
        )
    return f"\n\n![{alternative}](media/{picture.name})\n\n: {alternative or picture.name}\n\n"
