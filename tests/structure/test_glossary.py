"""The glossary is well formed, names each term once, and its Spanish is what the interface says."""

import re

from scripts import translations
from tests.support.project import ROOT

GLOSSARY = ROOT / "docs" / "glossary.md"
COLUMNS = ["Term", "Spanish", "Meaning", "Not"]
NONE = "–"


def tables(text: str) -> list[list[list[str]]]:
    """Return the tables of a page: their rows, each as its cells."""
    blocks = re.findall(r"(?:^\|.*\n?)+", text, re.MULTILINE)
    return [[[cell.strip() for cell in line.strip().strip("|").split("|")] for line in block.splitlines()] for block in blocks]


def entries(text: str) -> list[list[str]]:
    """Return the rows of terms of every table, without headings."""
    return [row for table in tables(text) for row in table[2:]]


def terms(cell: str) -> list[str]:
    """Return the terms of a cell, in small letters."""
    return [term.strip().lower() for term in cell.split(" · ")]


def repeated(text: str) -> list[str]:
    """Return the terms that stand in more than one row."""
    names = [term for row in entries(text) for term in terms(row[0])]
    return sorted({name for name in names if names.count(name) > 1})


def unspoken(text: str, catalogue: str) -> list[str]:
    """Return the Spanish terms that no message of the catalogue contains."""
    return [term for row in entries(text) for term in terms(row[1]) if term != NONE and term not in catalogue]


def spanish() -> str:
    """Return every Spanish message, in small letters."""
    messages = (message.string for message in translations.read() if message.id)
    return "\n".join("\n".join(text) if isinstance(text, list | tuple) else text for text in messages).lower()


def test_every_table_of_the_glossary_has_its_four_columns() -> None:
    found = tables(GLOSSARY.read_text("utf-8"))

    assert found
    assert [table[0] for table in found] == [COLUMNS] * len(found)
    assert not [row for table in found for row in table if len(row) != 4 or not all(row)]


def test_every_term_has_a_meaning_that_is_a_sentence_and_as_many_spanish_terms() -> None:
    rows = entries(GLOSSARY.read_text("utf-8"))

    assert len(rows) > 90
    assert not [row[0] for row in rows if not row[2][0].isupper() or not row[2].endswith(".")]
    assert not [row[0] for row in rows if row[1] != NONE and len(terms(row[0])) != len(terms(row[1]))]


def test_no_term_stands_twice_in_the_glossary() -> None:
    assert not repeated(GLOSSARY.read_text("utf-8"))


def test_every_spanish_term_is_on_screen() -> None:
    assert not unspoken(GLOSSARY.read_text("utf-8"), spanish())


def test_the_rules_above_see_what_breaks_them() -> None:
    rows = (
        "| Term | Spanish | Meaning | Not |",
        "|---|---|---|---|",
        "| mark | puntos | Points. | – |",
        "| Mark · grade | nota · – | Mark. | – |",
    )
    text = "\n".join(rows)

    assert repeated(text) == ["mark"]
    assert unspoken(text, "ver los puntos") == ["nota"]


def test_the_front_pages_lead_to_the_glossary() -> None:
    for page in ("README.md", "README.en.md", "CONTRIBUTING.md", "docs/README.md"):
        assert re.search(r"\((docs/)?glossary\.md\)", (ROOT / page).read_text("utf-8")), page
