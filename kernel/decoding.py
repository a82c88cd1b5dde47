"""Bytes of a text file as text: the encoding is found out, or the file is refused with the place."""

from dataclasses import dataclass

from kernel.errors import N_, Invalid
from kernel.markup.source import normalise

MAXIMUM_TEXT = 20_000_000
"""Bytes of one text file."""
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_UNDEFINED = frozenset(b"\x81\x8d\x8f\x90\x9d")
"""Bytes without a sign in Windows-1252."""
_BINARY = frozenset(range(9)) | frozenset(range(14, 32)) - {26, 27}


class Undecodable(Invalid):
    """A file that is no text known here; `line` in the facts is its place, where known."""

    code = "undecodable"
    message = N_("The file cannot be read.")


@dataclass(frozen=True, slots=True)
class DecodedText:
    """A text with LF, in NFC, without control and direction-override signs."""

    words: str
    encoding: str
    encoding_guessed_from: int | None = None
    """The line from which on it is not UTF-8, where the encoding is a guess."""


def decode(content: bytes) -> DecodedText:
    """Return the text of a file: UTF-8 and UTF-16 with their marks, else UTF-8, else Windows-1252, which is a guess.

    Raise Undecodable for more than MAXIMUM_TEXT bytes, and with the line for bytes that are text in no encoding known here.
    """
    if len(content) > MAXIMUM_TEXT:
        raise Undecodable(
            N_("The file is %(size)s MB; the maximum is %(limit)s MB."), size=len(content) // 10**6, limit=MAXIMUM_TEXT // 10**6
        )
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            return DecodedText(normalise(_as(content[len(mark) :], encoding)), encoding)
    _refuse_binary(content)
    try:
        return DecodedText(normalise(content.decode("utf-8")), "utf-8")
    except UnicodeDecodeError as error:
        return DecodedText(normalise(_as_windows(content)), "windows-1252", line_of(content, error.start))


def line_of(content: bytes, offset: int) -> int:
    """Return the line on which a byte stands, from 1."""
    return content.count(b"\n", 0, offset) + 1


def _as(content: bytes, encoding: str) -> str:
    try:
        return content.decode(encoding)
    except UnicodeDecodeError as error:
        line = line_of(content, error.start)
        raise Undecodable(N_("The file is declared as %(encoding)s, but line %(line)s is not."), encoding=encoding, line=line) from error


def _refuse_binary(content: bytes) -> None:
    offset = next((at for at, byte in enumerate(content[:100_000]) if byte in _BINARY), -1)
    if offset >= 0:
        line = line_of(content, offset)
        raise Undecodable(N_("The file is not text: line %(line)s contains the byte %(byte)s."), byte=f"0x{content[offset]:02x}", line=line)


def _as_windows(content: bytes) -> str:
    offset = next((at for at, byte in enumerate(content) if byte in _UNDEFINED), -1)
    if offset >= 0:
        line = line_of(content, offset)
        raise Undecodable(N_("Line %(line)s is neither UTF-8 nor Windows-1252: save the file as UTF-8."), line=line)
    return content.decode("cp1252")
