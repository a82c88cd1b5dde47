"""The files that a folder may hold in media/: media type, greatest size and how their content begins (spec/security 4.3)."""

from collections.abc import Callable
from dataclasses import dataclass

MEGABYTE = 1_000_000
MAXIMUM_IMAGE = 10 * MEGABYTE
MAXIMUM_DOCUMENT = 50 * MEGABYTE
MAXIMUM_RECORDING = 500 * MEGABYTE

Signature = Callable[[bytes], bool]


@dataclass(frozen=True, slots=True)
class FileKind:
    """The media type of a file extension, its greatest size in bytes, and the test whether a content matches it."""

    media_type: str
    limit: int
    fits: Signature


def _starts(*heads: bytes) -> Signature:
    return lambda content: content.startswith(heads)


def _at(offset: int, *marks: bytes) -> Signature:
    return lambda content: content[offset:].startswith(marks)


def _text(content: bytes) -> bool:
    if b"\x00" in content:
        return False
    try:
        content.decode("utf-8")
    except UnicodeDecodeError:
        return False
    return True


def _sound(content: bytes) -> bool:
    """MP3: a tag, or the frame's eleven set bits."""
    return content.startswith(b"ID3") or (len(content) > 1 and content[0] == 0xFF and content[1] & 0xE0 == 0xE0)


def _archive(*marks: bytes) -> Signature:
    """Office files are ZIP archives that name themselves: parts by folder, or a media type stored first."""
    return lambda content: content.startswith(b"PK\x03\x04") and any(mark in content for mark in marks)


def _svg(content: bytes) -> bool:
    return _text(content) and b"<svg" in content[:2000]


def _captions(content: bytes) -> bool:
    return _text(content) and content.removeprefix(b"\xef\xbb\xbf").startswith(b"WEBVTT")


def _image(media_type: str, fits: Signature) -> FileKind:
    return FileKind(media_type, MAXIMUM_IMAGE, fits)


def _document(media_type: str, fits: Signature) -> FileKind:
    return FileKind(media_type, MAXIMUM_DOCUMENT, fits)


def _recording(media_type: str, fits: Signature) -> FileKind:
    return FileKind(media_type, MAXIMUM_RECORDING, fits)


_OFFICE = "application/vnd.openxmlformats-officedocument."
_OPEN = "application/vnd.oasis.opendocument."

KINDS = {
    "svg": _image("image/svg+xml", _svg),
    "png": _image("image/png", _starts(b"\x89PNG\r\n\x1a\n")),
    "jpg": _image("image/jpeg", _starts(b"\xff\xd8\xff")),
    "jpeg": _image("image/jpeg", _starts(b"\xff\xd8\xff")),
    "gif": _image("image/gif", _starts(b"GIF87a", b"GIF89a")),
    "webp": _image("image/webp", lambda content: content.startswith(b"RIFF") and content[8:12] == b"WEBP"),
    "pdf": _document("application/pdf", _starts(b"%PDF-")),
    "txt": _document("text/plain", _text),
    "md": _document("text/markdown", _text),
    "csv": _document("text/csv", _text),
    "docx": _document(_OFFICE + "wordprocessingml.document", _archive(b"word/")),
    "xlsx": _document(_OFFICE + "spreadsheetml.sheet", _archive(b"xl/")),
    "pptx": _document(_OFFICE + "presentationml.presentation", _archive(b"ppt/")),
    "odt": _document(_OPEN + "text", _archive(b"opendocument.text")),
    "ods": _document(_OPEN + "spreadsheet", _archive(b"opendocument.spreadsheet")),
    "odp": _document(_OPEN + "presentation", _archive(b"opendocument.presentation")),
    "vtt": _document("text/vtt", _captions),
    "mp3": _recording("audio/mpeg", _sound),
    "m4a": _recording("audio/mp4", _at(4, b"ftyp")),
    "ogg": _recording("audio/ogg", _starts(b"OggS")),
    "oga": _recording("audio/ogg", _starts(b"OggS")),
    "wav": _recording("audio/wav", lambda content: content.startswith(b"RIFF") and content[8:12] == b"WAVE"),
    "mp4": _recording("video/mp4", _at(4, b"ftyp")),
    "webm": _recording("video/webm", _starts(b"\x1a\x45\xdf\xa3")),
}


def kind_of(path: str) -> FileKind | None:
    """Return the kind of file that the extension of a path stands for, None where such files are not accepted."""
    return KINDS.get(path.rpartition(".")[2].lower())


def media_type(path: str) -> str:
    """Return the media type that the extension of a path stands for, '' for none."""
    kind = kind_of(path)
    return kind.media_type if kind is not None else ""
