"""Near words where nothing is found: the same on both databases, and only such as the reader finds."""

from dataclasses import replace

import pytest
from sqlalchemy import literal, select

from kernel.db import Database
from kernel.search import index
from kernel.search.index import Passage, SearchScope, entry
from kernel.search.results import near_questions
from lms.instance import Instance

OPEN, CLOSED = 1, 2
SAID = {
    OPEN: "La pensión de vejez se paga cada mes. Las pensiones de vejez suben. La cotización de cada afiliado, según Bismarck. "
    "Una mesa, una masa, una misa.",
    CLOSED: "El guayacán florece. La pensionista espera.",
}
SCOPE = SearchScope(shown=frozenset({1}), whole=frozenset(), parts=frozenset({OPEN}))


@pytest.fixture
def database(instance: Instance) -> Database:
    """Return a database with an open and a closed part of a version, and another version."""
    with instance.database.unit_of_work() as session:
        for part, said in SAID.items():
            passages = [Passage(f"#p-{number}", words) for number, words in enumerate(said.split(". "))]
            index.write(session, 1, part, [entry("lesson", "es", f"Lección {part}", passages, readers=("es",))])
        index.write(session, 2, 3, [entry("lesson", "es", "Otra", [Passage("", "Una palmera.")], readers=("es",))])
    return instance.database


def near(database: Database, typed: str, scope: SearchScope = SCOPE, reader: str = "es") -> list[str]:
    with database.unit_of_work(write=False) as session:
        return near_questions(session, typed, reader, scope)


@pytest.mark.parametrize(
    ("typed", "meant"),
    [
        ("pensones", ["pensiones"]),
        ("penzión", ["pensión"]),
        ("cotizasion", ["cotización"]),
        ("vejes", ["vejez"]),
        ("bismark", ["Bismarck"]),
        ("pnesiones de vejes", ["pensiones de vejez"]),
        ('"pensones de vejez"', ['"pensiones de vejez"']),
        ("pensones -bismarck", ["pensiones"]),
        ("musa", ["masa", "mesa", "misa"]),
        ("mees", []),
        ("xyzzyx", []),
        ("", []),
        ("🙂 ((( \0", []),
    ],
)
def test_a_question_that_finds_nothing_is_mended_by_what_would(database: Database, typed: str, meant: list[str]) -> None:
    assert near(database, typed) == meant


@pytest.mark.parametrize("typed", ["guayacam", "palmara", "pensionizta"])
def test_no_word_comes_from_what_the_reader_may_not_see(database: Database, typed: str) -> None:
    """Not of a closed part, nor of a version of another course, although the words are kept for all of a version."""
    everything = SearchScope(shown=frozenset({1, 2}), whole=frozenset({1, 2}), parts=frozenset())

    assert near(database, typed) == []
    assert near(database, typed, SearchScope(frozenset(), frozenset(), frozenset())) == []
    assert near(database, typed, everything, reader="en") == []
    assert len(near(database, typed, everything)) == 1


def test_words_of_a_board_are_meant_for_who_may_read_it(database: Database) -> None:
    with database.unit_of_work() as session:
        made = entry("post", "es", "Mensaje", [Passage("", "El jacarandá florece.")], readers=("es",))
        index.write(session, 1, OPEN, [made], collection="board")

    assert near(database, "jacarandu") == []
    assert near(database, "jacarandu", replace(SCOPE, readable={"board": select(literal(2))})) == []
    assert near(database, "jacarandu", replace(SCOPE, readable={"board": select(literal(1))})) == ["jacarandá"]
