"""Search: the same questions find the same, in the same order, on SQLite and PostgreSQL, whatever is typed."""

import sqlite3
import threading
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import literal, select, text, union_all

from kernel.db import Database
from kernel.search import index
from kernel.search.index import (
    STOP_WORDS,
    MatchTier,
    Passage,
    SearchDocument,
    SearchEntry,
    SearchScope,
    entry,
    facet,
    fold,
    for_fts5,
    for_postgresql,
    read_question,
    stems_of,
    token,
    words_of,
)
from kernel.search.results import ResultPaging, SearchHit, SearchResults, find, marked, snippet
from lms.instance import Instance

BOTH = ("es", "en")
TEXTS: tuple[tuple[int, str, str, str, str], ...] = (
    (1, "lesson", "es", "Pensiones de vejez", "La pensión se calcula con el promedio de los mejores años. Quien cotizó más recibe más."),
    (1, "lesson", "es", "La fórmula", "Para cotizar hacen falta aportes. Las pensiones mínimas dependen de los años."),
    (2, "lesson", "es", "Seguridad social", "Un piso nacional de protección social. La seguridad de la persona afiliada."),
    (2, "lesson", "es", "Los pisos", "La protección nacional tiene un piso, y lo tenían otros países del mundo."),
    (3, "lesson", "es", "Números de 2026", "El aporte es del 20,60 % y el sueldo básico de 482 dólares en 2026."),
    (4, "recording", "es", "", "Entonces la jubilación llega cuando se jubilan los trabajadores del campo."),
    (4, "recording", "es", "", "El espacio fiscal quiere decir de dónde sale el dinero."),
    (5, "lesson", "en", "Old-age pensions", "A pension is paid from the contributions of every worker. Running costs are low."),
    (6, "lesson", "es", "Σύνταξη и пенсия", "Una lección con palabras griegas y rusas: σύνταξη, пенсия, 年金 y naïve façade."),
    (7, "lesson", "es", "Sintaxis", "Los operadores AND OR NOT NEAR y los signos * ^ : ( ) { } se escriben entre comillas. O'Brien."),
)
TERMS = (("Espacio fiscal", "Margen de un presupuesto público.", ("fiscal space",)), ("Montepío", "Pensión de viudez u orfandad.", ()))
ASKED = {
    "pensiones": [0, 1, "Montepío"],
    "pension": [0, 1, "Montepío"],
    "PENSIÓN": [0, 1, "Montepío"],
    "pensión vejez": [0],
    "la pensión de la vejez": [0],
    "cotizó": [0, 1],
    "cotizar": [0, 1],
    "cotizamos": [0, 1],
    "jubilarse": [0, 5],
    "jubilado": [0, 5],
    "tener": [3],
    "tenian": [3],
    "tenía": [3],
    "piso nacional": [2, 3],
    '"piso nacional"': [2],
    "«piso nacional»": [2],
    '"nacional piso"': [],
    '"piso de protección"': [],
    "pisos -mundo": [2],
    '-piso "protección social"': [],
    "-piso": [],
    "segur": [2],
    "protecc": [2, 3],
    "traba": [5],
    "pe": [],
    "espacio fiscal": [6, "Espacio fiscal"],
    "fiscal space": ["Espacio fiscal"],
    "2026": [4],
    "20,60": [4],
    "de la": [2, 0, 1],
    "el": [0, 4, 6],
    "naive facade": [8],
    "ΣΎΝΤΑΞΗ": [8],
    "пенс": [8],
    "o'brien": [9],
    "no existe nada": [],
}
"""Question -> places in TEXTS, or terms, that a reader of Spanish finds, in their order by kind: lessons, recordings, terms."""
HOSTILE = (
    "",
    " ",
    '"',
    '""',
    '"""',
    "*",
    "pens*",
    "-",
    "--",
    "- pension",
    '-"',
    "AND",
    "pensión AND",
    "NOT NEAR(pensión, 2)",
    "title:pensión",
    "words : pensión",
    "{words}: x",
    "^pensión",
    "pensión & vejez | !x <-> y:*",
    "'; DROP TABLE search_entry; --",
    "%' OR 1=1",
    "\0",
    "pensión\0vejez",
    "\ud800",
    "\u202e\u200b",
    "\u0301\u0301",
    "((((((((((",
    "a" * 10_000,
    "pensión " * 500,
    '"' * 1000,
    "-a " * 400,
    "ẞ ﬁ ½ Ⅳ ㎏ ª ⅷ",
    "😀 👩‍👩‍👧",
    "\\ \\' \\\" ::text @@ $$ :*",
)


def entries() -> list[tuple[int | None, SearchDocument]]:
    """Return the samples as entries, each with its part."""
    made: list[tuple[int | None, SearchDocument]] = []
    for number, (part, kind, language, title, said) in enumerate(TEXTS):
        passages = [Passage(f"#p-{number}-{line}", words) for line, words in enumerate(said.split(". "))]
        made.append((part, entry(kind, language, title, passages, readers=(language,), anchor=f"#{number}")))
    for name, meaning, other in TERMS:
        made.append((None, entry("term", "es", name, [Passage("", meaning)], readers=BOTH, anchor=f"#{name}", names=other)))
    return made


ALL = SearchScope(shown=frozenset({1}), whole=frozenset({1}), parts=frozenset())


@pytest.fixture
def database(instance: Instance) -> Database:
    """Return a database in which the samples can be found."""
    with instance.database.unit_of_work() as session:
        for part, made in entries():
            index.write(session, 1, part, [made])
    return instance.database


def ask(database: Database, typed: str, reader: str = "es", scope: SearchScope = ALL, wanted: ResultPaging | None = None) -> SearchResults:
    with database.unit_of_work(write=False) as session:
        return find(session, read_question(typed), reader, scope, wanted or ResultPaging())


def places(found: SearchResults) -> list[int | str]:
    """Return which samples were found, in the order in which they are shown."""
    listed = [hit.place[1:] for kind in ("lesson", "recording", "term") for group in found.of(kind) for hit in group.hits]
    return [int(place) if place.isdigit() else place for place in listed]


def test_each_question_finds_the_same_in_the_same_order_on_both_databases(database: Database) -> None:
    """The suite runs on SQLite and on PostgreSQL: the expected lists are one."""
    assert {typed: places(ask(database, typed)) for typed in ASKED} == ASKED


def test_no_question_is_read_as_syntax_of_a_database(database: Database) -> None:
    for typed in HOSTILE:
        found = ask(database, typed)

        assert len(found.groups) <= len(TEXTS) + len(TERMS), typed
    assert places(ask(database, "pensión & vejez | !x <-> y:*")) == []
    assert places(ask(database, "pensión\0vejez")) == [0]
    assert places(ask(database, "pens*")) == [0, 1, "Montepío"]


@given(typed=st.text(max_size=80))
@settings(max_examples=60, deadline=None)
def test_whatever_is_typed_becomes_an_expression_of_our_tokens(typed: str) -> None:
    question = read_question(typed)
    expressions = [made for make in (index.begun, index.whole, index.titled, index.adjacent) if (made := make(question, "es")) is not None]

    for expression in expressions:
        for written in (for_fts5(expression), for_postgresql(expression)):
            assert written.isascii()
    if not question.is_empty:
        connection = sqlite3.connect(":memory:")
        connection.execute("CREATE VIRTUAL TABLE t USING fts5(words, tokenize='ascii')")
        for expression in expressions:
            connection.execute("SELECT rowid FROM t WHERE t MATCH ?", [for_fts5(expression)]).fetchall()
        connection.close()


def test_readers_get_their_language_and_what_stands_in_for_it(database: Database) -> None:
    assert places(ask(database, "pension", "en")) == [7, "Montepío"]
    assert places(ask(database, "pensions", "en")) == [7]
    assert places(ask(database, "pensión", "fr")) == []


def test_only_what_is_open_is_found_and_counted(database: Database) -> None:
    def found_with(scope: SearchScope) -> list[int | str]:
        return places(ask(database, "pensión", scope=scope))

    nothing = frozenset[int]()
    assert found_with(SearchScope(nothing, nothing, nothing)) == []
    assert found_with(SearchScope(frozenset({1}), nothing, nothing)) == ["Montepío"]
    assert found_with(SearchScope(nothing, nothing, frozenset({1}))) == [0, 1]
    assert found_with(SearchScope(nothing, nothing, frozenset({2, 3}))) == []
    assert found_with(SearchScope(frozenset({2}), frozenset({2}), nothing)) == []
    assert ask(database, "pensión", scope=SearchScope(frozenset({1}), nothing, nothing)).totals == {"term": 1}


def test_groups_are_paged_and_every_kind_is_counted(database: Database) -> None:
    first, last = (ask(database, "de", wanted=ResultPaging("lesson", offset, 2)) for offset in (0, 2))

    assert first.totals == last.totals == ask(database, "de").totals == {"lesson": 3, "recording": 1, "term": 2}
    assert [(group.kind, group.part, group.count) for group in first.groups] == [("lesson", 1, 2), ("lesson", 3, 1)]
    assert [(group.kind, group.part, group.count) for group in last.groups] == [("lesson", 2, 1)]
    assert len(ask(database, "de", wanted=ResultPaging(limit=1)).groups) == 3


def test_tiers_say_why_an_entry_comes_first(database: Database) -> None:
    tiers = {hit.place: hit.tier for group in ask(database, "pisos").groups for hit in group.hits}

    assert tiers == {"#3": MatchTier.TITLE, "#2": MatchTier.WHOLE}
    assert [hit.tier for hit in ask(database, "piso nacional").groups[0].hits] == [MatchTier.ADJACENT, MatchTier.WHOLE]
    assert [hit.tier for hit in ask(database, "traba").groups[0].hits] == [MatchTier.BEGUN]
    assert {hit.tier for group in ask(database, "jubilación").groups for hit in group.hits} == {MatchTier.SYNONYM, MatchTier.WHOLE}


def test_what_is_forgotten_is_found_no_more_and_can_be_written_again(database: Database) -> None:
    with database.unit_of_work() as session:
        index.write(session, 2, 90, [made for _part, made in entries()[:1]])
        assert index.list_versions(session) == {1, 2}
        index.forget(session, {1})
        assert index.list_versions(session) == {2}
    other = SearchScope(frozenset({1, 2}), frozenset({1, 2}), frozenset())

    assert places(ask(database, "pensión", scope=other)) == [0]
    with database.unit_of_work() as session:
        index.forget(session, {2})
        index.write(session, 1, 1, [made for _part, made in entries()[:1]])
    assert places(ask(database, "vejez", scope=other)) == [0]


def test_what_is_rolled_back_is_not_found(database: Database) -> None:
    session = database.begin(write=True)
    index.write(session, 1, 1, [entry("lesson", "es", "Efímera", [], readers=BOTH)])
    database.finish(session, commit=False)

    assert places(ask(database, "efímera")) == []


def test_each_database_answers_from_its_index(database: Database) -> None:
    with database.unit_of_work(write=False) as session:
        if not database.is_sqlite:
            session.execute(text("SET LOCAL enable_seqscan = off"))
        statement = select(SearchEntry.id).where(index.fits(session, read_question("pensión vejez"), "es"))
        compiled = statement.compile(session.get_bind(), compile_kwargs={"literal_binds": True})
        way = session.connection().exec_driver_sql(f"EXPLAIN {'QUERY PLAN' if database.is_sqlite else ''} {compiled}".replace("%", "%%"))
        plan = " ".join(str(column) for row in way for column in row)

    assert ("search_index VIRTUAL TABLE INDEX" if database.is_sqlite else "ix_search_entry_words") in plan


# ---- words ----


def test_a_word_is_compared_without_case_accents_and_hidden_signs() -> None:
    assert [word.bare for word in words_of("Pensión, PENSIO\u0301N pen\u00adsión ½ Ⅳ ﬁn 2.ª")] == [
        "pension",
        "pension",
        "pension",
        "12",
        "iv",
        "fin",
        "2",
        "a",
    ]
    assert fold("a" * 100) == "a" * 40


def test_tokens_are_ascii_and_keep_beginnings() -> None:
    assert token("pension") == "pension"
    assert token("пенсия").startswith(token("пенс"))
    assert token("пенсия").isascii()
    assert token("пенсия").isalnum()


def test_a_stem_is_the_same_with_and_without_accents() -> None:
    def shared(one: str, other: str) -> bool:
        first, second = (next(words_of(word)) for word in (one, other))
        return bool(stems_of(first, "es") & stems_of(second, "es"))

    assert all(shared(*pair.split()) for pair in ("tenían tenian", "pensión pensiones", "cotizó cotizar", "jubilación jubilados"))
    assert not shared("salud", "sal")
    assert all(word == fold(word) for words in STOP_WORDS.values() for word in words)


def test_stems_are_cut_by_several_threads_at_once() -> None:
    """The library's stemmers keep the word at hand in themselves."""
    words = [
        next(words_of(f"{root}{end}")) for root in ("cotiz", "jubil", "trabaj", "afili") for end in ("aciones", "amos", "arían", "ado")
    ]
    alone = [stems_of(word, "es") for word in words]
    wrong: list[str] = []

    def look() -> None:
        wrong.extend(word.bare for word, stems in zip(words, alone, strict=True) if stems_of(word, "es") != stems)

    threads = [threading.Thread(target=look) for _turn in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert wrong == []


# ---- snippets ----


def test_a_snippet_shows_the_passage_that_fits_best_and_marks_its_words(database: Database) -> None:
    question = read_question("más cotizar")
    shown = snippet(ask(database, "más cotizar").groups[0].hits[0], question)

    assert shown.place == "#p-0-1"
    assert shown.text == "Quien cotizó más recibe más."
    assert [piece.text for piece in shown.pieces if piece.marked] == ["cotizó"]


def test_a_long_passage_is_cut_around_the_first_word_that_fits() -> None:
    long = " ".join([*(f"antes{n}" for n in range(30)), "pensión", *(f"después{n}" for n in range(40))])
    made = entry("lesson", "es", "", [Passage("#p", "Otra cosa."), Passage("#q", long)], readers=BOTH)
    shown = snippet(_hit(made), read_question("pensiones"))

    assert shown.place == "#q"
    assert shown.text.startswith("…antes22 ")
    assert shown.text.endswith(" después20…")
    assert [piece.text for piece in shown.pieces if piece.marked] == ["pensión"]


def test_where_only_the_title_fits_its_beginning_is_shown() -> None:
    made = entry("lesson", "es", "Pensiones", [Passage("#p", "Otra cosa.")], readers=BOTH, anchor="#s")
    shown = snippet(_hit(made), read_question("pensión"))

    assert (shown.place, shown.text) == ("#s", "Otra cosa.")
    assert [piece.text for piece in marked("Las pensiones", read_question("pensión"), "es") if piece.marked] == ["pensiones"]
    assert snippet(_hit(entry("lesson", "es", "Pensiones", [], readers=BOTH)), read_question("pensión")).text == ""


def test_the_words_of_a_phrase_are_marked_but_not_its_small_ones() -> None:
    pieces = marked("El piso de la casa", read_question('"piso de la"'), "es")

    assert [piece.text for piece in pieces if piece.marked] == ["piso"]
    assert [piece.text for piece in marked("De la casa", read_question('"de la"'), "es") if piece.marked] == ["De", "la"]


def _hit(made: SearchDocument) -> SearchHit:
    return SearchHit(1, MatchTier.WHOLE, made.language, made.place, made.title, made.passages)


def in_a_board(database: Database, number: int, part: int, said: str, *facets: str) -> None:
    """Write an entry of another collection than a version, with the numbers that entries of versions have too."""
    made = entry("lesson", "es", "Un mensaje", [Passage("", said)], readers=("es",), anchor=f"#b{number}-{part}", facets=facets)
    with database.unit_of_work() as session:
        index.write(session, number, part, [made], collection="board")


def reading_boards(*numbers: int) -> SearchScope:
    """Return the scope of who may look into version 1 and some boards, as a condition in SQL."""
    numbered = union_all(*(select(literal(number).label("number")) for number in (0, *numbers))).subquery()
    return replace(ALL, readable={"board": select(numbered.c.number)})


def test_a_collection_is_found_by_who_may_read_it_and_never_by_its_number_alone(database: Database) -> None:
    before = places(ask(database, "pensión"))
    in_a_board(database, 1, 1, "La pensión secreta.")
    in_a_board(database, 2, 2, "Otra pensión secreta.")

    assert places(ask(database, "pensión")) == before
    assert places(ask(database, "secreta")) == []
    assert places(ask(database, "secreta", scope=reading_boards())) == []
    assert places(ask(database, "secreta", scope=reading_boards(1))) == ["b1-1"]
    assert places(ask(database, "secreta", scope=reading_boards(1, 2))) == ["b1-1", "b2-2"]
    nothing = frozenset[int]()
    assert places(ask(database, "pensión", scope=replace(reading_boards(2), shown=nothing, whole=nothing))) == ["b2-2"]


def test_groups_with_one_number_in_two_collections_have_their_own_hits(database: Database) -> None:
    in_a_board(database, 1, 1, "La pensión de un foro.")
    groups = ask(database, "pensión", scope=reading_boards(1)).groups

    mine = {(group.collection, group.part): [hit.place for hit in group.hits] for group in groups if group.part == 1}
    assert mine == {("version", 1): ["#0", "#1"], ("board", 1): ["#b1-1"]}


def test_what_is_forgotten_of_one_kind_of_collection_stays_of_another(database: Database) -> None:
    before = places(ask(database, "pensión"))
    in_a_board(database, 1, 1, "La pensión secreta.")
    in_a_board(database, 1, 2, "Otra pensión secreta.")
    with database.unit_of_work() as session:
        assert (index.list_versions(session), index.list_versions(session, "board")) == ({1}, {1})
        index.forget_entry(session, 1, 1, "#b1-1", collection="board")
    assert places(ask(database, "secreta", scope=reading_boards(1))) == ["b1-2"]
    with database.unit_of_work() as session:
        index.forget(session, {1}, collection="board")

    assert places(ask(database, "pensión", scope=reading_boards(1))) == before


def test_a_query_can_demand_facets(database: Database) -> None:
    question, pensions = facet("kind", "question"), facet("subject", "pensions")
    in_a_board(database, 1, 1, "Sobre el montepío.", question, pensions)
    in_a_board(database, 1, 2, "Sobre el montepío.", question)
    in_a_board(database, 1, 3, "Sobre el montepío y la palabra question.")

    def found(typed: str, *facets: str) -> list[int | str]:
        with database.unit_of_work(write=False) as session:
            return places(find(session, read_question(typed, facets), "es", reading_boards(1), ResultPaging()))

    assert found("montepío", question) == ["b1-1", "b1-2"]
    assert found("montepío", question, pensions) == ["b1-1"]
    assert found("", pensions) == ["b1-1"]
    assert found("-montepío", question) == []
    assert found("vejez", question) == []
    assert found("kind question") == []
    assert found(question) == []
