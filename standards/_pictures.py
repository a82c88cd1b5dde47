"""Pictures of outside files on their way into a bank's media: told by their content, named by it, put where a text shows them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from hashlib import sha256
from html import unescape
from pathlib import PurePosixPath
from urllib.parse import unquote

from courses.content.derived import slug
from courses.content.filetypes import KINDS, MAXIMUM_IMAGE
from kernel.errors import N_
from standards.model import Notebook, Weight

PREFIX = "traida-"
"""Begins the name of every picture that came with an import."""
SIGN = "\ue001"
RASTER = ("png", "jpg", "gif", "webp")
MOST = 40_000_000
"""Bytes of all pictures of one file."""
_TAG = re.compile(r"<img\b([^<>]*)>", re.IGNORECASE)
_SOURCE = re.compile(r"\bsrc\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_ALTERNATIVE = re.compile(r"\balt\s*=\s*(?:\"([^\"]*)\"|'([^']*)')", re.IGNORECASE)
_HOSTS = ("@@PLUGINFILE@@/", "$IMS-CC-FILEBASE$/", "$IMS-CC-FILEBASE$", "%24IMS-CC-FILEBASE%24/")
_PLACE = re.compile(f" *{SIGN}([0-9]+){SIGN} *")
_INSIDE = re.compile(r"\s*(?:[-*+>|]|[0-9]+[.)])\s?|\s{2,}")


@dataclass(frozen=True, slots=True)
class Picture:
    """A picture that a text shows: its name in media/ and what the source says in its stead."""

    name: str
    alternative: str


def named(content: bytes, given: str) -> str:
    """Return the name of a picture in media/, '' for what is no raster image within the limits (security 4.3)."""
    kind = next((ending for ending in RASTER if KINDS[ending].fits(content)), "")
    if not kind or len(content) > MAXIMUM_IMAGE:
        return ""
    stem = slug(PurePosixPath(given).stem)[:30]
    return f"{PREFIX}{stem + '-' if stem else ''}{sha256(content).hexdigest()[:12]}.{kind}"


def found_in(offered: Mapping[str, bytes], address: str) -> tuple[str, bytes] | None:
    """Return the file that an address in a text means, by its path or by the end of it."""
    wanted = unescape(address)
    for host in _HOSTS:
        wanted = wanted.removeprefix(host)
    wanted = unquote(wanted.partition("?")[0]).lstrip("./")
    if not wanted:
        return None
    if wanted in offered:
        return wanted, offered[wanted]
    return next(((path, content) for path, content in offered.items() if path.endswith(f"/{wanted}")), None)


def taken_out(source: str, notebook: Notebook) -> tuple[str, list[Picture]]:
    """Return HTML with a sign in the place of each picture whose file came along, and those pictures; the others stay to be told."""
    pictures: list[Picture] = []

    def replaced(match: re.Match[str]) -> str:
        picture = _taken(match[1], notebook)
        if picture is None:
            return match[0]
        pictures.append(picture)
        return f"{SIGN}{len(pictures) - 1}{SIGN}"

    return _TAG.sub(replaced, source.replace(SIGN, "")), pictures


def _taken(attributes: str, notebook: Notebook) -> Picture | None:
    source, said = _SOURCE.search(attributes), _ALTERNATIVE.search(attributes)
    found = found_in(notebook.offered, next((part for part in source.groups() if part), "")) if source else None
    name = named(found[1], found[0]) if found is not None else ""
    if found is None or not name or sum(map(len, notebook.media.values())) + len(found[1]) > MOST:
        return None
    notebook.media[name] = found[1]
    return Picture(name, " ".join(unescape(said[1] or said[2] or "").split()) if said else "")


def put_back(markdown: str, pictures: list[Picture], notebook: Notebook) -> str:
    """Return a text with its pictures as figures of their own; those inside a list or table stand after it."""
    lines: list[str] = []
    waiting: list[Picture] = []
    for line in markdown.split("\n"):
        if _INSIDE.match(line):
            waiting += [pictures[int(match[1])] for match in _PLACE.finditer(line)]
            lines.append(_PLACE.sub("", line))
            continue
        if line:
            lines += _after(waiting, notebook)
            waiting = []
        lines.append(_PLACE.sub(lambda match: _figure(pictures[int(match[1])], notebook), line))
    lines += _after(waiting, notebook)
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip("\n")


def _after(waiting: list[Picture], notebook: Notebook) -> list[str]:
    for picture in waiting:
        notebook.note(N_("The picture “%(name)s” stood inside a list or a table: it comes after it."), name=picture.name)
    return [_figure(picture, notebook) for picture in waiting]


def _figure(picture: Picture, notebook: Notebook) -> str:
    alternative = re.sub(r"[\[\]\\]", "", picture.alternative)
    if not alternative:
        notebook.add(
            Weight.MEND,
            N_("The picture “%(name)s” says nothing to who cannot see it."),
            N_("Write what it shows between the brackets."),
            name=picture.name,
        )
    return f"\n\n![{alternative}](media/{picture.name})\n\n: {alternative or picture.name}\n\n"
