"""Names of the files of certificates in an archive: ASCII, and unique by their code."""

import re
import unicodedata

LONGEST_PART = 40
_OTHERS = re.compile(r"[^a-z0-9]+")


def archive_name(surnames: str, given: str, code: str) -> str:
    """Return the name of a certificate's file: `surname-given-CODE.pdf`, without what no letter of ASCII stands for."""
    parts = [part for part in (_plain(surnames), _plain(given)) if part]
    return "-".join([*parts, f"{code}.pdf"])


def _plain(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return _OTHERS.sub("-", "".join(sign for sign in decomposed if not unicodedata.combining(sign))).strip("-")[:LONGEST_PART].rstrip("-")
