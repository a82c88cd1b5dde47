"""Files of questions as text: a guessed encoding is reported in the remarks."""

from kernel import tables
from kernel.errors import N_
from kernel.tables import DecodedText
from standards.model import FileRefused, TransferRemarkCollector


def decode(content: bytes, remarks: TransferRemarkCollector) -> DecodedText:
    """Return the text of a file, telling where its encoding is a guess; raise FileRefused where it is no text."""
    try:
        decoded = tables.decode(content)
    except tables.Undecodable as refused:
        raise FileRefused(refused.text, code=None, **refused.facts) from refused
    remark_guessed_encoding(decoded.encoding_guessed_from, remarks)
    return decoded


def remark_guessed_encoding(line: int | None, remarks: TransferRemarkCollector) -> None:
    """Note from which line on the encoding of a file is a guess, where it is."""
    if line is not None:
        remarks.note(
            N_("The file was read as Windows-1252."),
            N_("It is not UTF-8 from line %(at)s onwards. Check the accented letters."),
            line=line,
            at=line,
        )
