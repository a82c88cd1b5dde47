"""Keep the catalogue: collect every message of the code and templates, and say which lack their Spanish.

python scripts/translations.py update    write new messages into translations/es/LC_MESSAGES/messages.po
python scripts/translations.py check     exit with 1 where the catalogue is not complete and in step
"""

import re
import sys
from collections.abc import Iterable
from io import BytesIO
from pathlib import Path
from typing import Any, BinaryIO

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir, extract_python
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from scripts.packages import read_packages  # noqa: E402 - after the path is set

HEADER = "# Spanish of the pages, mails and commands of Aulario."
WHO = "CONTRIBUTING.md"
CATALOGUE = ROOT / "translations" / "es" / "LC_MESSAGES" / "messages.po"
KEYWORDS = {"_": None, "N_": None, "lazy_": None, "gettext": None, "ngettext": (1, 2)}
CALLS = re.compile(rb"\b(?:%s)\s*\(" % "|".join(KEYWORDS).encode())


def extract_calls(file: BinaryIO, keywords: Any, comment_tags: Any, options: Any) -> Iterable[Any]:
    """Return the messages of a module; most modules call none of the keywords and are not read token by token."""
    code = file.read()
    return extract_python(BytesIO(code), keywords, comment_tags, options) if CALLS.search(code) else ()


METHODS: list[tuple[str, Any]] = [("**.py", extract_calls), ("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.svg", "jinja2")]
OPTIONS = {"jinja2": {"trimmed": "true"}}


def collect() -> Catalog:
    """Return every message that the code and the templates name."""
    found = Catalog(header_comment=HEADER, project="Aulario", version="of this checkout", msgid_bugs_address=WHO)
    found.last_translator = found.language_team = WHO
    for package in (*read_packages(), "templates"):
        for name, _line, message, comments, context in extract_from_dir(
            str(ROOT / package), METHODS, {"**.html": {}, "**.py": {}}, KEYWORDS, comment_tags=("NOTE:",)
        ):
            place = (f"{package}/{name}", None)  # without its line, so that only words make differences
            found.add(message, None, [place], auto_comments=comments, context=context)  # type: ignore[list-item]  # Babel takes places without a line
    return found


def read() -> Catalog:
    """Return the Spanish catalogue as it stands."""
    if not CATALOGUE.exists():
        return Catalog(locale="es", project="Aulario")
    with CATALOGUE.open("rb") as source:
        return read_po(source, locale="es")


def problems(collected: Catalog, present: Catalog) -> list[str]:
    """List the messages that are missing, unsure, unused or have other placeholders."""
    said = []
    for message in collected:
        if not message.id:
            continue
        held = present.get(message.id, message.context)
        words = held.string if held else ""
        if held is None or not (all(words) if isinstance(words, tuple) else words):
            said.append(f"missing: {message.id!r}")
        elif held.fuzzy:
            said.append(f"fuzzy: {message.id!r}")
        else:
            said += [f"{error}: {message.id!r}" for error in held.check(present)]
    ids = {message.id for message in collected}
    said += [f"unused: {message.id!r}" for message in present if message.id and message.id not in ids]
    return said


def update() -> None:
    """Write new messages into the catalogue; take out what nobody says any more."""
    collected, present = collect(), read()
    for message in collected:
        held = present.get(message.id, message.context) if message.id else None
        if held is not None:
            message.string = held.string
            message.flags |= {flag for flag in held.flags if flag != "fuzzy"}
    collected.locale, collected.creation_date, collected.revision_date = present.locale, present.creation_date, present.creation_date
    collected.fuzzy = False
    CATALOGUE.parent.mkdir(parents=True, exist_ok=True)
    with CATALOGUE.open("wb") as target:
        write_po(target, collected, width=120, sort_output=True, omit_header=False, include_lineno=False, ignore_obsolete=True)


def main() -> int:
    """Run the command."""
    if sys.argv[1:] == ["update"]:
        update()
        return 0
    said = problems(collect(), read())
    for line in said:
        print(line)
    return bool(said)


if __name__ == "__main__":
    sys.exit(main())
