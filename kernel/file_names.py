"""Names that people's devices give to files: as they may be shown and sent, and their extensions."""

import re
import unicodedata

NAME_LENGTH = 120
_UNPRINTABLE = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def extension_of(name: str) -> str:
    """Return what stands after the last point of a file's name, in lower case; empty where there is none."""
    return name.rpartition(".")[2].lower() if "." in name else ""


def shown_name(name: str) -> str:
    """Return a file's name as it may be shown and sent: no folders, nothing unprintable, NFC, its extension kept (spec/security 4.2)."""
    last = re.split(r"[/\\]", unicodedata.normalize("NFC", name))[-1]
    clean = " ".join("".join(sign for sign in last if unicodedata.category(sign) not in _UNPRINTABLE).split()).strip(". ")
    if len(clean) <= NAME_LENGTH:
        return clean or "archivo"
    extension = f".{extension_of(clean)[:10]}".rstrip(".")
    return clean[: NAME_LENGTH - len(extension)] + extension
