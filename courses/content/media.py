"""Files of a course folder: which are there, which are used, and those that are uploaded."""

import hashlib
import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, replace
from posixpath import dirname, join, normpath

from courses.content import layout
from courses.content.changes import free_path
from courses.content.editing import EditRefused, read_fields
from courses.content.mapping_cursor import ReadingSession, SourceLocation
from courses.content.model import MediaFile
from kernel.errors import N_, Invalid
from kernel.filetypes import KINDS, MAXIMUM_DOCUMENT, MEGABYTE, kind_of
from kernel.markup.model import fold
from kernel.markup.sanitise import clean_svg
from kernel.markup.source import slug
from kernel.pictures import FORMATS, MOST_PIXELS, cleaned, points

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


LONGEST = 60


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way into a folder of media, and the Markdown that shows it."""

    path: str
    content: bytes
    media_type: str
    markdown: str = ""


def prepared(name: str, content: bytes, *, folder: str, taken: Collection[str], alternative: str, caption: str) -> Upload:
    """Return a file that a lesson shows and that may go into `folder`; raises Invalid with what to do where it may not."""
    upload = accepted(name, content, folder=folder, taken=taken)
    is_picture = upload.media_type.startswith("image/")
    if is_picture and not alternative:
        raise Invalid(N_("Describe what someone who cannot see the picture needs to know."))
    return replace(upload, markdown=_markdown(upload.path, name, is_picture, alternative, caption))


def accepted(name: str, content: bytes, *, folder: str, taken: Collection[str]) -> Upload:
    """Return a file that may go into `folder`, without words that show it; raises Invalid with what to do where it may not."""
    stem, _dot, ending = name.rpartition(".")
    ending = ending.lower()
    kind = kind_of(f"x.{ending}")
    if kind is None or not stem:
        raise Invalid(N_("Files of this kind are not accepted. Accepted types: %(words)s."), words=", ".join(sorted(KINDS)))
    limit = min(kind.limit, MAXIMUM_DOCUMENT)
    if len(content) > limit:
        size, most = -(-len(content) // MEGABYTE), limit // MEGABYTE
        raise Invalid(N_("The file is %(size)s MB; the limit is %(limit)s MB. Make it smaller or share a link."), size=size, limit=most)
    if not kind.fits(content):
        raise Invalid(N_("The content does not match the file's extension. Save it again in that format."))
    if ending in FORMATS:
        content = cleaned(content, ending)
    elif ending == "svg":
        _check_drawing(content)
    path = free_path(f"{folder}/{slug(stem)[:LONGEST].strip('-') or 'archivo'}.{ending}", set(taken))
    return Upload(path, content, kind.media_type)


def _check_drawing(content: bytes) -> None:
    problems = clean_svg(content, "check-", "")[1]
    if problems:
        raise Invalid(N_("The drawing cannot be accepted: it contains more than shapes and text, or has no title. Upload it as PNG."))


def _markdown(path: str, name: str, is_picture: bool, alternative: str, caption: str) -> str:
    address = f"media/{path.rpartition('/')[2]}"
    if not is_picture:
        return f"[{_plain(alternative or name)}]({address})"
    return f"![{_plain(alternative)}]({address})\n\n: {' '.join((caption or alternative).split())}\n"


def _plain(text: str) -> str:
    return " ".join(text.replace("[", "(").replace("]", ")").split())


_TERM = re.compile(r"\[\[([^\]|\\]+)")
_MEDIA = re.compile(r"(?<![\w./-])(?:\.\./)*media/[A-Za-z0-9.-]+")


def uses_of(texts: Mapping[str, str], path: str, key: str) -> tuple[str, ...]:
    """Return the files that name an entry of one of the lists (by its file), in order.

    The entry's own file is left aside where it only defines it.
    """
    if path == layout.GLOSSARY:
        forms = _forms(texts.get(path, ""), key)
        return tuple(
            sorted(file for file, text in texts.items() if file != path and any(fold(term) in forms for term in _TERM.findall(text)))
        )
    named = re.compile(r"\{\{\s*" + re.escape(key) + r"(?:\.\w+)?\s*\}\}") if path == layout.PARAMETERS else _cited(key)
    in_formulas = re.compile(rf"(?<![\w.]){re.escape(key)}(?![\w.])") if path == layout.PARAMETERS else None
    return tuple(
        sorted(
            file
            for file, text in texts.items()
            if file != path and (named.search(text) or (in_formulas and file.endswith(".yaml") and in_formulas.search(text)))
        )
    )


def _cited(key: str) -> re.Pattern[str]:
    """Match a citation, a link, and the fields that name documents."""
    word = rf"(?<![\w-]){re.escape(key)}(?![\w-])"
    return re.compile(rf"[@:]{word}|^\s*(?:- )?(?:source|resource)\s*:.*{word}|^\s*- ['\"]?{word}(?:,|['\"]?\s*$)", re.MULTILINE)


def _forms(glossary: str, key: str) -> frozenset[str]:
    try:
        entry = read_fields(glossary).get(key)
    except EditRefused:
        entry = None
    return frozenset(fold(form) for form in (key, *_words(entry if isinstance(entry, dict) else {})))


def _words(entry: Mapping[str, object]) -> Iterator[str]:
    """Yield the forms of a term: its own in every language, and the others."""
    for name in ("term", "also"):
        value = entry.get(name)
        for held in value.values() if isinstance(value, dict) else (value,):
            yield from (form for form in (held if isinstance(held, list) else [held]) if isinstance(form, str))


def media_uses(texts: Mapping[str, str], media: Collection[str]) -> dict[str, tuple[str, ...]]:
    """Return for each media file the texts that name it, none where nothing does."""
    uses: dict[str, set[str]] = {path: set() for path in media}
    for file, text in texts.items():
        for named in _MEDIA.findall(text):
            full = normpath(join(dirname(file), named))
            if full in uses and full != file:
                uses[full].add(file)
    return {path: tuple(sorted(files)) for path, files in uses.items()}
