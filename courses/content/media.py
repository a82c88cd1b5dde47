"""Check the files of media/ (spec/content-format 12, C6xx): kind by extension, content by its first bytes, size, figures in SVG."""

import hashlib

from courses.content.filetypes import KINDS, MEGABYTE, kind_of
from courses.content.model import MediaFile
from courses.content.read_collector import SourceLocation
from courses.content.reading_session import ReadingSession
from kernel.errors import N_
from kernel.markup.sanitise import clean_svg
from kernel.pictures import FORMATS, MOST_PIXELS, points

_SVG_PREFIX = "check-"


def read_media(session: ReadingSession, paths: list[str]) -> tuple[MediaFile, ...]:
    """Return the media that match their extension and size; the others are reported."""
    return tuple(medium for medium in (_media(session, path) for path in paths) if medium is not None)


def _media(session: ReadingSession, path: str) -> MediaFile | None:
    content = session.files[path]
    location = SourceLocation(path)
    kind = kind_of(path)
    if kind is None:
        kinds = ", ".join(sorted(KINDS))
        session.report(location, "C603", N_("Files of this kind are not accepted."), N_("Accepted types: %(words)s."), words=kinds)
        return None
    if not kind.fits(content):
        session.report(
            location,
            "C603",
            N_("The content does not match the file's extension (%(type)s)."),
            N_("Save it again in that format."),
            type=kind.media_type,
        )
        return None
    if len(content) > kind.limit:
        facts = {"size": str(len(content) // MEGABYTE), "limit": str(kind.limit // MEGABYTE)}
        session.report(location, "C604", N_("The file is %(size)s MB; the limit is %(limit)s MB."), "", **facts)
    ending = path.rpartition(".")[2].lower()
    if ending in FORMATS and points(content, ending) > MOST_PIXELS:
        limit = str(MOST_PIXELS // 1_000_000)
        session.report(location, "C604", N_("The picture has more than %(limit)s million pixels."), N_("Make it smaller."), limit=limit)
    if kind.media_type == "image/svg+xml":
        _check_svg(session, path, content)
    return MediaFile(path, kind.media_type, len(content), hashlib.sha256(content).hexdigest(), content)


def _check_svg(session: ReadingSession, path: str, content: bytes) -> None:
    for problem in clean_svg(content, _SVG_PREFIX, "")[1]:
        session.report(SourceLocation(path, problem.line), problem.code, problem.text, problem.fix, **problem.facts)


def check_unused(session: ReadingSession, paths: list[str]) -> None:
    """Report media that nothing uses (spec/content-format C602)."""
    for path in paths:
        if path not in session.used_files:
            session.report_file(path, "C602", N_("Nothing in the folder uses this file."))
