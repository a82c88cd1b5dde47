"""Mappings inside files, and lists that are mappings: changed as lines, everything else to the letter."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from courses.content.editing import EditRefused, read_fields, write_field
from courses.content.nested_mappings import add_keyed, find_nested, keys_of, replace_nested, with_named, without_keyed
from courses.content.uses import media_uses, uses_of
from kernel.markup.source import normalise

GLOSSARY = (
    "# arriba\nbrecha:\n    term: {es: Brecha, en: Gap}   # a mano\n    x-mio:  [a,  b]\n    definition: |\n      Lo que\n\n      falta.\n"
    "# sobre el piso\npiso:\n  term: Piso\n  definition: 'Lo: básico.'\n# abajo\n"
)
KEYS = st.from_regex(r"[a-z][a-z0-9]{0,8}", fullmatch=True)
WORDS = st.text(st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp"), exclude_characters="\x85\ufeff"), min_size=1).map(
    lambda words: normalise(words).strip()
)
ENTRIES = st.dictionaries(KEYS, st.dictionaries(KEYS, WORDS.filter(bool), min_size=1, max_size=3), max_size=5)


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
