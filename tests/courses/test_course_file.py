"""The canonical form and changes of YAML files as lines: what is beside a change stays to the byte (spec/content-format 11 and 13).

decision 14.
"""

import difflib
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from courses.content.editing import (
    EditRefused,
    Written,
    add_entries,
    add_keyed,
    find_entry,
    find_nested,
    in_brackets,
    keys_of,
    list_entries,
    read_fields,
    replace_entry,
    replace_nested,
    set_field,
    tidy,
    with_entry_moved,
    with_named,
    without_entries,
    without_keyed,
    write_field,
)
from courses.content.media import media_uses, uses_of
from courses.content.patching import ListEdit, Wanted, patched, plain
from courses.content.reader import format_folder
from kernel import yaml_tree
from kernel.markup.source import normalise
from tests.support import folders
from tests.support.folders import (
    BANK,
    COURSE,
    FOLDERS,
    KINDS,
    LESSON,
    MODULE,
    OTHER_LESSON,
    OTHER_MODULE,
    PARAMETERS,
    PARTS,
    QUIZ_FILE,
    TODAY,
    Files,
)


def formatted(files: Files) -> Files:
    """Return the folder in canonical form."""
    return {**files, **format_folder(files, KINDS, PARTS, today=TODAY)}


FORMS = [
    (MODULE, "es: Contar\n  en: Counting", "en: Counting\n  es: Contar"),
    (MODULE, "title:\n  es: Contar\n  en: Counting", "title: {es: Contar, en: Counting}"),
    (MODULE, "key: contar\ntitle:\n  es: Contar\n  en: Counting\n", "title:\n  es: Contar\n  en: Counting\nkey: contar\n"),
    (MODULE, "objectives:\n  - es: Sumar los litros de un día.\n    en:", "objectives:\n- es: Sumar los litros de un día.\n  en:"),
    (MODULE, "es: Contar", "es: 'Contar'"),
    (MODULE, "es: Contar", 'es: "Contar"'),
    (MODULE, "es: De gotas a litros.", "es: De gotas\n    a litros."),
    (MODULE, "es: De gotas a litros.", "es: >\n    De gotas\n    a litros."),
    (MODULE, "key: contar\n", "key: contar\n\n\n"),
    (MODULE, "key: contar\n", "key: contar\nnumbered: true\nrequires:\n"),
    (COURSE, "languages: [es, en]", "languages:\n  - es\n  - en"),
    (COURSE, "# Un curso breve que usa el formato entero.\n", "---\n# Un curso breve que usa el formato entero.\n"),
    (COURSE, "completion: {modules: [contar], grade: 60}", "completion:\n  modules:\n    - contar\n  grade: 60"),
    (PARAMETERS, "value: 9.50  # por minuto", "value:   9.50 # por minuto"),
    (QUIZ_FILE, "pause: {first: 30 min, later: 24 h}", "pause:\n  first: 30 min\n  later: 24 h"),
    (QUIZ_FILE, "attempts: 3\n", "attempts: 3\npass_mark: 70\n"),
    (BANK, "  - key: usos-que-suman\n", "  -\n    key: usos-que-suman\n"),
    (BANK, "\n  - key: usos-que-suman", "  - key: usos-que-suman"),
    (BANK, "source: ['manual, p. 3']", "source: [ 'manual, p. 3' ]"),
    (COURSE, "words: {min: 20, max: 400}", "words:\n  min: 20\n  max: 400"),
    (COURSE, "languages: [es, en]\n", "languages: [es, en]\ntimezone: America/Guayaquil\n"),
    (COURSE, "    weight: 100\n", "    weight: 100\n    drop_lowest: 0\n"),
    (OTHER_LESSON, "completion: viewed\n", "completion: 'viewed'\n"),
]


@pytest.mark.parametrize(("path", "canonical", "other"), FORMS)
def test_other_forms_are_told_and_brought_into_canonical_form(path: str, canonical: str, other: str) -> None:
    """spec/content-format 11.1 to 11.3: accepted, told once a file (spec/content-format C114), and written as the sample is."""
    files = folders.changed(path, canonical, other)

    assert [(finding.file, finding.code) for finding in folders.findings(files)] == [(path, "C114")]
    assert formatted(files)[path].decode() == folders.a_folder()[path].decode()


@pytest.mark.parametrize(
    ("path", "key", "gap"), [(COURSE, "key: agua-en-casa\n", ""), (MODULE, "key: contar\n", ""), (BANK, "  - key: unidad\n", "    ")]
)
def test_the_former_name_of_former_keys_is_reported_and_not_written_again(path: str, key: str, gap: str) -> None:
    """spec/content-format 3.2, C116: folders of 0.1 call the field `was`."""
    files = folders.changed(path, key, f"{key}{gap}was: [antes]\n")

    assert {(finding.file, finding.code) for finding in folders.findings(files)} == {(path, "C116"), (path, "C114")}
    assert formatted(files) == folders.changed(path, key, f"{key}{gap}former_keys: [antes]\n")


def test_both_names_of_former_keys_in_one_file_are_read_together() -> None:
    files = folders.changed(OTHER_MODULE, "former_keys: [guardar]", "was: [cuido]\nformer_keys: [guardar]")
    course = folders.reading(files).course

    assert course is not None
    assert course.modules[1].former_keys == ("guardar", "cuido")


def test_the_canonical_form_does_not_change_again() -> None:
    """The sample is canonical and stays so."""
    assert format_folder(folders.a_folder(), KINDS, PARTS, today=TODAY) == {}


def test_comments_move_with_what_they_stand_at() -> None:
    """spec/content-format 11.3: a comment above an entry belongs to it, one beside too."""
    files = folders.changed(
        MODULE,
        "key: contar\ntitle:\n  es: Contar\n",
        "# El título.\ntitle:\n  # Castellano.\n  es: Contar  # corto\nkey: contar # la clave\n# Resumen.\n",
    )
    files[MODULE] = files[MODULE].replace(
        b"key: contar # la clave\n# Resumen.\n  en: Counting\n", b"  en: Counting\nkey: contar # la clave\n# Resumen.\n"
    )

    written = formatted(files)[MODULE].decode()

    assert written.startswith(
        "key: contar  # la clave\n# El título.\ntitle:\n  # Castellano.\n  es: Contar  # corto\n  en: Counting\n# Resumen.\nsummary:\n"
    )


def test_own_and_unknown_fields_stay_and_stand_last() -> None:
    """spec/content-format 1.5 and 11.1."""
    files = folders.changed(MODULE, "key: contar\n", "x-nota: a\nkey: contar\ncolour: blue\n")

    assert formatted(files)[MODULE].decode().endswith("x-nota: a\ncolour: blue\n")


def test_texts_are_quoted_only_where_reading_needs_it() -> None:
    """spec/content-format 1.4 and 11.2."""
    for text, written in [
        ("'a: b'", "'a: b'"),
        ("'¿a?'", "¿a?"),
        ("'-5'", "-5"),
        ("'- a'", "'- a'"),
        ("'it''s'", "it's"),
        ("'a #b'", "'a #b'"),
        ("'[a]'", "'[a]'"),
        ("'a, [b]'", "a, [b]"),
    ]:
        lines = formatted(folders.changed(MODULE, "es: Contar", f"es: {text}"))[MODULE].decode().split("\n")
        assert lines[2] == f"  es: {written}"


def test_lessons_keep_their_body_byte_for_byte() -> None:
    """spec/content-format 11.4."""
    files = folders.changed(LESSON, "title: Los litros de un día", "title: 'Los litros de un día'")
    body = files[LESSON].split(b"---\n", 2)[2]

    assert formatted(files)[LESSON] == folders.a_folder()[LESSON]
    assert formatted(files)[LESSON].endswith(body)


def test_files_with_errors_stay_as_they_are() -> None:
    """What cannot be read is not rewritten."""
    files = folders.changed(MODULE, "key: contar", "key: &a 'contar'")

    assert formatted(files)[MODULE] == files[MODULE]


def test_the_fields_of_draws_are_kept_in_canonical_form() -> None:
    """spec/selection 1, spec/content-format 11: a folder that is exported and imported again has them as they were written."""
    own = ("level: apply", "family: usos", "enemies: [repaso]", "only: [cuestionario-contar]", "expected: 62.5")
    lines = "  - {weight: 100, difficulty: easy, tolerance: 100}\n"
    files = folders.changed(BANK, "    kind: multiple\n", "".join(f"    {line}\n" for line in ("kind: multiple", *own)))
    files = folders.changed(QUIZ_FILE, "pause:", f"blueprint:\n{lines}balance: {{within: 2, target: 60}}\npause:", files)
    before, after = folders.reading(files).course, folders.reading(formatted(files)).course

    assert before is not None
    assert after is not None
    assert [one.settings for one in after.activities()] == [one.settings for one in before.activities()]
    assert after.parts == before.parts
    assert "".join(f"    {line}\n" for line in own) in formatted(files)[BANK].decode()
    assert "balance: {within: 2, target: 60}" in formatted(files)[QUIZ_FILE].decode()


ROOT = Path(__file__).resolve().parents[2]
BANKS = [*sorted((ROOT / "content").glob("*/*/banco.yaml")), *sorted(FOLDERS.glob("*/*/banco.yaml"))]
ORDER = ("key", "kind", "state", "tags", "text")
QUESTION_BANK = """\
# Banco del módulo
title: Banco  # con un comentario

questions:
  # La primera
  # en dos líneas
  - key: una
    kind: essay  # a mano
    text: |
      Uno.

      # no es un comentario

  - key: dos
    # dentro
    kind: essay
    tags: [a, b]
    x-mio: 1

    text: Dos.
  # La tercera
  - key: tres
    kind: essay
    text: >
      Tres
      líneas

# al final
"""


def changed_lines(before: str, after: str) -> list[str]:
    """Return the lines that a difference names."""
    return [line for line in difflib.ndiff(before.split("\n"), after.split("\n")) if line[0] in "+-"]


def test_entries_are_told_apart_with_the_comments_above_them() -> None:
    entries = list_entries(QUESTION_BANK, "questions")

    assert [(entry.key, entry.first, entry.last) for entry in entries] == [("una", 5, 12), ("dos", 14, 20), ("tres", 21, 26)]
    assert entries[0].text.startswith("# La primera\n# en dos líneas\nkey: una\n")
    assert entries[1].text == "key: dos\n# dentro\nkind: essay\ntags: [a, b]\nx-mio: 1\n\ntext: Dos.\n"
    assert find_entry(entries, "tres") == 2
    assert find_entry(entries, "nadie") is None


@pytest.mark.parametrize("path", BANKS, ids=[f"{path.parts[-3]}/{path.parts[-2]}" for path in BANKS])
def test_every_bank_of_ours_comes_back_to_the_byte(path: Path) -> None:
    """spec/content-format 13.2: an entry taken out and put back changes nothing."""
    text = path.read_text()
    entries = list_entries(text, "questions")

    places = {0, len(entries) // 2, len(entries) - 1}
    assert all(replace_entry(text, "questions", place, entries[place].text) == text for place in places)


def test_a_replaced_entry_is_the_only_difference() -> None:
    entry = list_entries(QUESTION_BANK, "questions")[1].text

    after = replace_entry(QUESTION_BANK, "questions", 1, entry.replace("Dos.", "Segunda."))

    assert changed_lines(QUESTION_BANK, after) == ["-     text: Dos.", "+     text: Segunda."]


def test_an_entry_is_added_at_the_end_before_the_comments_below_the_list() -> None:
    after = add_entries(QUESTION_BANK, "questions", ["# Nueva\nkey: cuatro\nkind: essay\ntext: Cuatro.\n"])

    added = {"+ ", "+   # Nueva", "+   - key: cuatro", "+     kind: essay", "+     text: Cuatro."}
    assert set(changed_lines(QUESTION_BANK, after)) == added
    assert after.endswith("\n# al final\n")


def test_two_spaces_at_a_line_end_are_a_line_break_and_stay() -> None:
    entry = "key: cuatro\nkind: essay\ntext: |\n  Uno  \n  dos\n"

    after = add_entries(QUESTION_BANK, "questions", [entry])

    assert list_entries(after, "questions")[-1].text == entry
    assert replace_entry(after, "questions", 3, entry) == after


@pytest.mark.parametrize("empty", ["", "questions:\n", "questions: []\n", "questions: []  # nada\n", "title: Banco\n"])
def test_a_list_is_made_where_there_is_none(empty: str) -> None:
    after = add_entries(empty, "questions", ["key: a\nkind: essay\n", "key: b\nkind: essay\n"])

    assert [entry.key for entry in list_entries(after, "questions")] == ["a", "b"]
    assert "title" in after or "title" not in empty


def test_entries_go_with_the_comments_above_them() -> None:
    middle = without_entries(QUESTION_BANK, "questions", [1])
    outer = without_entries(QUESTION_BANK, "questions", [0, 2])
    none = without_entries(QUESTION_BANK, "questions", [0, 1, 2])

    assert [entry.key for entry in list_entries(middle, "questions")] == ["una", "tres"]
    assert all(line.startswith("- ") for line in changed_lines(QUESTION_BANK, middle))
    assert [entry.key for entry in list_entries(outer, "questions")] == ["dos"]
    assert "La primera" not in outer
    assert "# al final" in outer
    assert list_entries(none, "questions") == ()
    assert yaml_tree.parse(none).troubles == ()


def test_a_field_is_set_in_its_place_and_the_rest_of_the_entry_stays() -> None:
    entry = list_entries(QUESTION_BANK, "questions")[1].text

    assert changed_lines(entry, set_field(entry, "state", "hidden", ORDER)) == ["+ state: hidden"]
    assert set_field(entry, "state", "hidden", ORDER).index("state") > entry.index("kind: essay")
    assert changed_lines(entry, set_field(entry, "tags", ["c"], ORDER)) == ["- tags: [a, b]", "+ tags: [c]"]
    assert changed_lines(entry, set_field(entry, "tags", None, ORDER)) == ["- tags: [a, b]"]
    assert set_field(entry, "state", None, ORDER) == entry


def test_the_comment_beside_a_field_stays_beside_it() -> None:
    entry = list_entries(QUESTION_BANK, "questions")[0].text

    assert "kind: file  # a mano\n" in set_field(entry, "kind", "file", ORDER)


def test_a_value_that_needs_quotes_gets_them() -> None:
    assert set_field("key: a\n", "text", "uno: dos #tres", ORDER) == "key: a\ntext: 'uno: dos #tres'\n"


@pytest.mark.parametrize(
    "text",
    [
        "questions: [{key: a}]\n",
        "questions:\n  -\n    key: a\n",
        "- a\n",
        "questions: nada\n",
        "questions: [\n",
    ],
)
def test_a_form_without_lines_of_its_own_is_refused(text: str) -> None:
    with pytest.raises(EditRefused):
        list_entries(text, "questions")


BRACES = "questions:\n  - {key: a,  mark: 2}  # una\n  # otra\n  - {key: b, tags: [x,y], x-mia: sí,\n     mark: 1}\n  - key: c\n"


def test_entries_in_braces_are_told_apart_moved_and_taken_out() -> None:
    entries = list_entries(BRACES, "questions")

    assert [(entry.key, entry.first, entry.last) for entry in entries] == [("a", 2, 2), ("b", 3, 5), ("c", 6, 6)]
    assert entries[0].text == "{key: a,  mark: 2}  # una\n"
    assert without_entries(BRACES, "questions", [1]) == "questions:\n  - {key: a,  mark: 2}  # una\n  - key: c\n"
    moved = with_entry_moved(BRACES, "questions", 0, 2)
    assert moved.endswith("  - key: c\n  - {key: a,  mark: 2}  # una\n")


@pytest.mark.parametrize(
    ("entry", "name", "value", "after"),
    [
        ("{key: a,  mark: 2}  # una\n", "mark", "3", "{key: a,  mark: 3}  # una\n"),
        ("{key: a,  mark: 2}\n", "mark", None, "{key: a}\n"),
        ("{key: a,  mark: 2}\n", "key", None, "{mark: 2}\n"),
        ("{mark: 2}\n", "mark", None, "{}\n"),
        ("{}\n", "mark", "2", "{mark: 2}\n"),
        ("{mark: 2 }\n", "key", "a", "{key: a, mark: 2 }\n"),
        ("# nota\n{key: a, x-mia: [b,c]}\n", "tags", ["d", "e"], "# nota\n{key: a, tags: [d, e], x-mia: [b,c]}\n"),
        ("{key: a,\n  mark: 2}\n", "mark", "3", "{key: a,\n  mark: 3}\n"),
        ("# nota\n{key: a, tags: [b]} # al lado\n", "text", "Uno\ndos", "# nota\n# al lado\nkey: a\ntext: |\n  Uno\n  dos\ntags: [b]\n"),
        ("{key: a}\n", "text", "largo " * 20 + "fin", "key: a\ntext: " + "largo " * 20 + "fin\n"),
        ("{key: a}\n", "text", "a, b: {c}", "{key: a, text: 'a, b: {c}'}\n"),
    ],
)
def test_a_field_in_braces_changes_alone(entry: str, name: str, value: Written, after: str) -> None:
    assert write_field(entry, name, value, ["key", "text", "tags", "mark"]) == after


@given(
    st.dictionaries(st.sampled_from("abcd"), st.sampled_from(["1", "dos", "a, b", "x: y", "[z]"])),
    st.sampled_from("abcd"),
    st.text(max_size=120),
)
def test_whatever_is_written_between_braces_reads_back_or_is_refused(held: dict[str, Written], name: str, value: str) -> None:
    written = value.strip("\n") or None
    try:
        after = write_field(f"{in_brackets(held)}\n", name, written, list("abcd"))
    except EditRefused:
        return

    expected = {other: one for other, one in held.items() if other != name} | ({} if written is None else {name: written})
    assert read_fields(after) == expected


@pytest.mark.parametrize("entry", ["key: x\n- key: y\n", "[1, 2]\n", "key: [\n", ""])
def test_an_entry_that_would_break_the_file_is_refused(entry: str) -> None:
    with pytest.raises(EditRefused):
        replace_entry(QUESTION_BANK, "questions", 1, entry)


def test_typed_lines_are_tidied() -> None:
    assert tidy("\r\nkey: a  \r\n   \r\n  text: o\u0301\r\n\r\n") == "key: a  \n\n  text: ó\n"


@given(st.text(max_size=60))
def test_whatever_is_typed_changes_one_entry_or_nothing(typed: str) -> None:
    """spec/content-format 13: nothing half-written."""
    try:
        after = replace_entry(QUESTION_BANK, "questions", 1, tidy(typed))
    except EditRefused:
        return

    before, now = list_entries(QUESTION_BANK, "questions"), list_entries(after, "questions")
    assert [entry.text for entry in (now[0], now[2])] == [before[0].text, before[2].text]
    assert len(now) == 3


GLOSSARY = (
    "# arriba\nbrecha:\n    term: {es: Brecha, en: Gap}   # a mano\n    x-mio:  [a,  b]\n    definition: |\n      Lo que\n\n      falta.\n"
    "# sobre el piso\npiso:\n  term: Piso\n  definition: 'Lo: básico.'\n# abajo\n"
)
KEYS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
ANY_WORDS = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\x85\ufeff"), min_size=1
).map(lambda words: normalise(words).strip())
ENTRIES = st.dictionaries(KEYS, st.dictionaries(KEYS, ANY_WORDS.filter(bool), min_size=1, max_size=3), max_size=5)


def written(entries: dict[str, dict[str, str]]) -> str:
    """Write entries one after the other, a comment above each."""
    text = ""
    for key, fields in entries.items():
        inner = ""
        for name, words in fields.items():
            inner = write_field(inner, name, words, ())
        text = add_keyed(f"{text}# {key}\n", key, inner)
    return text


@pytest.mark.parametrize("words", ["a\u2066b", "\U000e0000", "a\U000e0041b"])
def test_words_with_signs_that_reading_takes_out_are_refused_and_not_shortened(words: str) -> None:
    """spec/security 4.2: forms take such signs out before; whoever writes a field with them must not lose them unseen."""
    with pytest.raises(EditRefused):
        write_field("", "a", words, ())


@pytest.mark.slow
@given(ENTRIES, st.data())
def test_a_change_of_one_entry_leaves_the_others_to_the_letter(entries: dict[str, dict[str, str]], data: st.DataObject) -> None:
    text = written(entries)
    assert keys_of(text) == entries
    if not entries:
        return
    key = data.draw(st.sampled_from(sorted(entries)))
    inner = find_nested(text, key)
    assert inner is not None
    assert replace_nested(text, key, inner) == text

    changed = replace_nested(text, key, write_field(inner, "otro", "palabras", ()))
    assert keys_of(changed) == {**entries, key: {**entries[key], "otro": "palabras"}}
    assert [line for line in changed.split("\n") if line != "  otro: palabras"] == text.split("\n") or "otro" in entries[key]
    gone = without_keyed(text, key)
    assert keys_of(gone) == {other: fields for other, fields in entries.items() if other != key}
    assert set(gone.split("\n")) <= set(text.split("\n"))


def test_an_entry_comes_out_and_goes_back_with_its_own_indents() -> None:
    inner = find_nested(GLOSSARY, "brecha")

    assert inner == "term: {es: Brecha, en: Gap}   # a mano\nx-mio:  [a,  b]\ndefinition: |\n  Lo que\n\n  falta.\n"
    after = replace_nested(GLOSSARY, "brecha", inner.replace("Gap", "The gap"))
    assert after == GLOSSARY.replace("Gap", "The gap")


def test_comments_go_with_the_entry_below_them_but_those_of_the_head_stay() -> None:
    assert without_keyed(GLOSSARY, "piso") == GLOSSARY[: GLOSSARY.index("# sobre")] + "# abajo\n"
    assert without_keyed(GLOSSARY, "brecha").startswith("# arriba\n# sobre el piso\npiso:")
    assert keys_of(without_keyed("# solo\na:\n  b: c\n", "a")) == {}


@pytest.mark.parametrize("text", ["a: {b: c}\n", "a: b\n", "a:\n", "- a\n"])
def test_what_has_no_lines_of_its_own_is_not_parted(text: str) -> None:
    assert find_nested(text, "a") is None
    with pytest.raises(EditRefused):
        replace_nested(text, "a", "b: d\n")


def test_names_that_keep_their_value_keep_their_lines() -> None:
    text = "start:\n  # primero\n  vejez.admin:   0.05  # cinco\n  vejez.captacion: 1\neditable: all\n"

    after = with_named(text, "start", {"vejez.admin": "0.05", "vejez.meses": "12"}, ("start", "editable"))

    assert after == "start:\n  # primero\n  vejez.admin:   0.05  # cinco\n  vejez.meses: 12\neditable: all\n"
    assert with_named(after, "start", {}, ("start",)) == "editable: all\n"
    assert read_fields(with_named("a: b\n", "start", {"x": "1"}, ("a", "start"))) == {"a": "b", "start": {"x": "1"}}


# --- Where something is used -------------------------------------------------------------------------------------------------------------


def test_where_a_term_a_figure_and_a_document_are_used() -> None:
    texts = {
        "glosario.yaml": "brecha:\n  term: {es: Brecha, en: Gap}\n  also:\n    es: [brechas]\n  definition: x\n",
        "01-a/01-x.es.md": "Las [[Brechas]] y [[piso|los pisos]]; {{ sbu.year }}; [@ley-ss, art. 1].\n",
        "01-a/01-x.en.md": "The [[gap]].\n",
        "01-a/banco.yaml": "questions:\n  - key: q\n    answers:\n      - right: sbu * 2\n    source: [ley-ss]\n",
        "01-a/02-v.recording.yaml": "documents:\n  - kind: slides\n    resource: ley-ss\n",
        "02-b/01-y.es.md": "[La ley](resource:ley-ss-2) y {{ sbus }} [[otro]].\n",
    }

    assert uses_of(texts, "glosario.yaml", "brecha") == ("01-a/01-x.en.md", "01-a/01-x.es.md")
    assert uses_of(texts, "glosario.yaml", "piso") == ("01-a/01-x.es.md",)
    assert uses_of(texts, "parametros.yaml", "sbu") == ("01-a/01-x.es.md", "01-a/banco.yaml")
    assert uses_of(texts, "recursos.yaml", "ley-ss") == ("01-a/01-x.es.md", "01-a/02-v.recording.yaml", "01-a/banco.yaml")
    assert uses_of(texts, "recursos.yaml", "ley-ss-2") == ("02-b/01-y.es.md",)


def test_media_are_found_by_the_path_from_the_text_that_names_them() -> None:
    texts = {
        "01-a/01-x.es.md": "![Foto](media/foto.png){#f} y ![Otra](../media/foto.png)\n",
        "course.yaml": "image: media/portada.png\n",
        "01-a/banco/uno.yaml": "text: ![Foto](../media/banco.png)\n",
    }

    found = media_uses(texts, ["01-a/media/foto.png", "media/foto.png", "media/portada.png", "01-a/media/banco.png", "media/sola.pdf"])

    assert found == {
        "01-a/media/foto.png": ("01-a/01-x.es.md",),
        "media/foto.png": ("01-a/01-x.es.md",),
        "media/portada.png": ("course.yaml",),
        "01-a/media/banco.png": ("01-a/banco/uno.yaml",),
        "media/sola.pdf": (),
    }


TEXT = """key: a  # la clave
gaps:
  # el primero
  uno:   # hueco
    answers:
      # la buena
      - right: A  # alta
        why: W

      - wrong: B
    tolerance: {relative:  0.1}
items:
  - Uno # u
  - {text: Dos, key: d}  # dd
  - text: Tres
    # dentro
    key: t
  - |
    largo
    mucho
x-mia: sí
"""


def test_each_change_touches_its_own_lines() -> None:
    wanted = read_fields(TEXT)
    assert patched(TEXT, wanted) == TEXT
    cases: list[tuple[dict[str, Wanted], tuple[str, str]]] = [
        ({"key": "b"}, ("key: a  #", "key: b  #")),
        ({"items": ["Uno!", {"text": "Dos", "key": "d"}, {"text": "Tres", "key": "t"}, "largo\nmucho"]}, ("- Uno # u", "- Uno! # u")),
        ({"items": ["Uno", {"text": "Dos", "key": "e"}, {"text": "Tres", "key": "t"}, "largo\nmucho"]}, ("key: d}", "key: e}")),
        ({"items": ["Uno", {"text": "Dos", "key": "d"}, {"text": "Tres", "key": "v"}, "largo\nmucho"]}, ("    key: t", "    key: v")),
        ({"items": ["Uno", {"text": "Dos", "key": "d"}, "largo\nmucho"]}, ("  - text: Tres\n    # dentro\n    key: t\n", "")),
        (
            {"gaps": {"uno": {"answers": [{"wrong": "A", "why": "W"}, {"wrong": "B"}], "tolerance": {"relative": "0.1"}}}},
            ("right: A", "wrong: A"),
        ),
        (
            {"gaps": {"dos": {"answers": [{"right": "A", "why": "W"}, {"wrong": "B"}], "tolerance": {"relative": "0.1"}}}},
            ("  uno:   #", "  dos:   #"),
        ),
        (
            {"gaps": {"uno": {"answers": [{"right": "A", "why": "W"}, {"wrong": "B"}], "tolerance": {"relative": "0.2"}}}},
            ("{relative:  0.1}", "{relative: 0.2}"),
        ),
    ]
    for changed, (old, new) in cases:
        assert patched(TEXT, {**wanted, **changed}, {"tolerance"}) == TEXT.replace(old, new), new


def test_entries_move_with_their_comments_and_new_ones_look_like_the_others() -> None:
    wanted: dict[str, Wanted] = dict(read_fields(TEXT))
    wanted["gaps"] = {"uno": {"answers": ListEdit(((1, {"wrong": "B"}), (0, {"right": "A", "why": "W"}), (None, {"right": "N: x"})))}}

    after = patched(TEXT, wanted)

    assert after == TEXT.replace(
        "      # la buena\n      - right: A  # alta\n        why: W\n\n      - wrong: B\n    tolerance: {relative:  0.1}\n",
        "      - wrong: B\n\n      # la buena\n      - right: A  # alta\n        why: W\n\n      - right: 'N: x'\n",
    )


def test_a_bare_text_becomes_a_mapping_and_keeps_what_stands_beside_it() -> None:
    assert patched("a:\n  - Uno # u\n", {"a": [{"text": "Uno", "key": "x"}]}) == "a:\n  - text: Uno # u\n    key: x\n"


def test_what_cannot_be_parted_by_lines_is_refused_and_stays_where_it_does_not_change() -> None:
    text = "a:\n  -\n    b: c\nd: e\n"
    assert patched(text, {"a": [{"b": "c"}], "d": "f"}) == text.replace("d: e", "d: f")
    with pytest.raises(EditRefused):
        patched(text, {"a": [{"b": "d"}], "d": "e"})


def test_a_text_that_begins_with_a_sign_of_yaml_stands_in_quotes_between_brackets() -> None:
    assert patched("a: [x]\n", {"a": [":0"]}) == "a: [':0']\n"


WORDS = (
    st.text(alphabet="aé ñ:#'\"-?|>{}[]\n0x", min_size=1, max_size=8)
    .map(lambda text: text.strip("\n ") or "w")
    .filter(lambda text: all(line == line.strip() for line in text.split("\n")))
)
NAMES = st.sampled_from(["a", "b", "uno", "why"])
VALUES = st.recursive(
    WORDS,
    lambda inner: (
        st.lists(WORDS | st.dictionaries(NAMES, inner, min_size=1, max_size=3), max_size=4)
        | st.dictionaries(NAMES, inner, min_size=1, max_size=3)
    ),
    max_leaves=12,
)
MAPPINGS = st.dictionaries(NAMES, VALUES, min_size=1, max_size=4)


@settings(deadline=None, max_examples=60)
@given(before=MAPPINGS, after=MAPPINGS, places=st.lists(st.none() | st.integers(0, 4), max_size=5))
@pytest.mark.slow
def test_whatever_is_written_is_read_back(before: dict[str, Written], after: dict[str, Written], places: list[int | None]) -> None:
    """Over any two mappings: the text of the first, patched, says the second; also where lists say what their entries were."""
    text = ""
    for name, value in before.items():
        text = write_field(text, name, value, list(before))
    text = "# arriba\n" + text.replace("\n", "  \n", 1) if text.count("|") == 0 else text
    wanted: dict[str, Wanted] = {
        name: ListEdit(tuple(zip((places + [None] * len(value))[: len(value)], value, strict=True))) if isinstance(value, list) else value
        for name, value in after.items()
    }

    assert read_fields(patched(text, wanted)) == {name: plain(value) for name, value in wanted.items()}
    assert patched(text, before) == text
