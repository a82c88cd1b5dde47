"""Files that came with an outside text: their type is checked by content, they get a name in media/, and who names them names it then."""

import re
from collections.abc import Mapping
from hashlib import sha256
from html import escape, unescape
from pathlib import PurePosixPath
from urllib.parse import unquote

from courses.content.derived_keys import slug
from courses.content.filetypes import KINDS, MAXIMUM_DOCUMENT, MAXIMUM_IMAGE
from kernel.errors import N_
from standards.model import TransferRemarkCollector

PREFIX = "traida-"
"""Begins the name of every file that came with an import."""
RASTER = ("png", "jpg", "gif", "webp")
AUDIO = ("mp3", "m4a", "ogg", "oga", "wav")
DOCUMENTS = ("pdf", "docx", "xlsx", "pptx", "odt", "ods", "odp", "txt", "csv")
SUFFIXES = tuple(f".{ending}" for ending in (*RASTER, "jpeg", *AUDIO, *DOCUMENTS))
"""Endings of the files that are looked at in a package."""
MOST = 40_000_000
"""Bytes of all files of one import."""
_HOSTS = ("@@PLUGINFILE@@/", "$IMS-CC-FILEBASE$/", "$IMS-CC-FILEBASE$", "%24IMS-CC-FILEBASE%24/")
_ELSEWHERE = re.compile(r"[a-z][a-z0-9+.-]*:|//|#", re.IGNORECASE)
_LINK = re.compile(r"<a\b([^<>]*)>", re.IGNORECASE)
_ADDRESS = re.compile(r"\b(?:src|data|href)\s*=\s*(?:\"([^\"]*)\"|'([^']*)'|([^\s>]+))", re.IGNORECASE)
_PLAYER = re.compile(r"<(audio|video|object|embed)\b[^<>]*>", re.IGNORECASE)
_MARKDOWN = re.compile(r"\]\(\s*<?@@PLUGINFILE@@/([^()<>\s]+)>?\s*\)")


def named(content: bytes, given: str) -> str:
    """Return the name of a file in media/, '' for what is no picture, audio or document within the limits (spec/security 4.3)."""
    kind = next((ending for ending in RASTER if KINDS[ending].fits(content)), "") if len(content) <= MAXIMUM_IMAGE else ""
    ending = PurePosixPath(given).suffix.lower().removeprefix(".")
    if not kind and ending in (*AUDIO, *DOCUMENTS) and 0 < len(content) <= MAXIMUM_DOCUMENT and KINDS[ending].fits(content):
        kind = ending
    if not kind:
        return ""
    digest = sha256(content).hexdigest()[:12]
    stem = slug(PurePosixPath(given).stem).removeprefix(PREFIX).removesuffix(digest)[:30].strip("-")
    return f"{PREFIX}{stem + '-' if stem else ''}{digest}.{kind}"


def address_in(attributes: str) -> str:
    """Return the address that the attributes of a tag name, '' for none."""
    match = _ADDRESS.search(attributes)
    return unescape(next((part for part in match.groups() if part), "")) if match else ""


def found_in(offered: Mapping[str, bytes], address: str) -> tuple[str, bytes] | None:
    """Return the file that an address in a text means, by its path or by the end of it."""
    requested = bare(address)
    if not requested:
        return None
    if requested in offered:
        return requested, offered[requested]
    return next(((path, content) for path, content in offered.items() if path.endswith(f"/{requested}")), None)


def bare(address: str) -> str:
    """Return the path that an address means inside what it came with."""
    path = unescape(address)
    for host in _HOSTS:
        path = path.removeprefix(host)
    return unquote(path.partition("?")[0]).lstrip("./")


def is_with(address: str) -> bool:
    """Return whether an address means a file that should be included, not one on another server."""
    return bool(address) and not _ELSEWHERE.match(address)


def import_file(address: str, remarks: TransferRemarkCollector) -> str:
    """Take the file that an address means into the media of the import and return its name there; '' where it is not taken."""
    entry = found_in(remarks.offered, address)
    name = named(entry[1], entry[0]) if entry is not None else ""
    if entry is None or not name:
        return ""
    size = sum(len(content) for known, content in remarks.media.items() if known != name)
    if size + len(entry[1]) > MOST:
        return ""
    remarks.media[name] = entry[1]
    remarks.taken.add(entry[0])
    return name


def needs(address: str, remarks: TransferRemarkCollector) -> bool:
    """Say whether a text is not whole without the file that an address means: of a source that carries its files."""
    return remarks.carries_files and is_with(address)


def refuse(address: str, remarks: TransferRemarkCollector) -> None:
    """Report a file that a text needs and that is not imported; the question is then a draft."""
    entry = found_in(remarks.offered, address)
    why = N_("It is not a picture, audio file or document, or it is too large.") if entry is not None else N_("It was not included.")
    remarks.loss(
        N_("The file “%(name)s”, which the question needs, is left out; the question is imported as a draft."), why, name=bare(address)[:80]
    )
    remarks.lacks_file = True


def with_links(source: str, remarks: TransferRemarkCollector) -> str:
    """Return HTML whose links and players of files that came along lead to media/; those of refused ones are words alone."""
    pieces, at = [], 0
    lower = source.lower()
    while match := _PLAYER.search(source, at):
        close = f"</{match[1].lower()}>"
        end = lower.find(close, match.end())
        whole = source[match.start() : end + len(close)] if end >= 0 else match[0]
        pieces += [source[at : match.start()], _player(whole, remarks)]
        at = match.start() + len(whole)
    return _LINK.sub(lambda match: _link(match, remarks), "".join([*pieces, source[at:]]))


def _player(tag: str, remarks: TransferRemarkCollector) -> str:
    """Return a link to the file that a player plays; the player as it is where that is not taken, so that it is reported."""
    address = address_in(tag)
    name = import_file(address, remarks) if is_with(address) else ""
    if not name and needs(address, remarks):
        refuse(address, remarks)
        return ""
    return f'<a href="media/{name}">{escape(PurePosixPath(bare(address)).name)}</a>' if name else tag


def _link(match: re.Match[str], remarks: TransferRemarkCollector) -> str:
    address = address_in(match[1])
    if address.startswith(f"media/{PREFIX}"):
        return match[0]
    name = import_file(address, remarks) if is_with(address) else ""
    if name:
        return f'<a href="media/{name}">'
    if not address.startswith(_HOSTS):
        return match[0]
    refuse(address, remarks)
    return "<a>"


def in_markdown(text: str, remarks: TransferRemarkCollector) -> str:
    """Return Markdown of Moodle whose files that came along lead to media/; of refused ones the address is taken out."""

    def replaced(match: re.Match[str]) -> str:
        name = import_file(match[1], remarks)
        if name:
            return f"](media/{name})"
        refuse(match[1], remarks)
        return "]"

    return _MARKDOWN.sub(replaced, text)
