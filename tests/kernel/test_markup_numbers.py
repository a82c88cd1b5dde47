"""Numbers, words and lines: the small rules around the renderer."""

from decimal import Decimal

import pytest

from kernel.markup.model import (
    Parameter,
    RenderedText,
    SafeHtml,
    fold,
    format_number,
    format_parameter,
    format_size,
    join_dashes,
    join_numbers,
)
from kernel.markup.render import count_words, render_lesson
from kernel.markup.source import Addresses, Finder, mask, normalise, slug, strip_comments
from tests.support.markup import a_context

NBSP = "\u00a0"


@pytest.mark.parametrize(
    ("value", "decimals", "spanish", "english"),
    [
        ("34.8", None, "34,8", "34.8"),
        ("56.70", None, "56,70", "56.70"),
        ("2585", None, "2585", "2,585"),
        ("36214", None, f"36{NBSP}214", "36,214"),
        ("1679.46", None, "1679,46", "1,679.46"),
        ("1108800.5", 0, f"1{NBSP}108{NBSP}801", "1,108,801"),
        ("9.445", 2, "9,45", "9.45"),
        ("-0.5", None, "−0,5", "−0.5"),
        ("0", 2, "0,00", "0.00"),
        ("1E+3", None, "1000", "1,000"),
    ],
)
def test_numbers_are_written_the_way_of_the_language(value: str, decimals: int | None, spanish: str, english: str) -> None:
    """36 214, none in 2585, 34,8 %, USD 1679,46; English 36,214 and 34.8%."""
    assert format_number(Decimal(value), "es", decimals) == spanish
    assert format_number(Decimal(value), "en", decimals) == english


def test_a_parameter_without_unit_is_its_number() -> None:
    assert format_parameter(Parameter(Decimal(5), "none", "2020"), "es") == "5"


@pytest.mark.parametrize(
    ("size", "text"),
    [(10, "1 kB"), (1_499, "1 kB"), (84_000, "84 kB"), (1_240_000, "1,2 MB"), (38_000_000, "38 MB"), (2_500_000_000, "2,5 GB")],
)
def test_sizes_of_files_are_short(size: int, text: str) -> None:
    assert format_size(size, "es") == text.replace(" ", NBSP)


@pytest.mark.parametrize(
    ("written", "joined"),
    [
        ("se emitieron 1 486 294 certificados", "se emitieron 1~486~294 certificados"),
        ("USD 36 214,50 y 34 %", "USD~36~214,50 y 34~%"),
        ("en 2017 486 personas, 12 34 y 5 6789", "en 2017 486 personas, 12 34 y 5 6789"),
        ("3,5 400 y 1.5 400", "3,5 400 y 1.5 400"),
    ],
)
def test_the_digits_of_one_number_stay_on_one_line(written: str, joined: str) -> None:
    assert join_numbers(written) == joined.replace("~", NBSP)


@pytest.mark.parametrize(
    ("written", "joined"),
    [
        ("—¿Y los otros? —pregunta.", "—~¿Y los otros? —~pregunta."),
        ("—No sé —dice Ana—. Veré.", "—~No sé —~dice Ana~—. Veré."),
        ("Su hija —la mayor— vino", "Su hija —~la mayor~— vino"),
        ("«—Sí», dijo", "«—~Sí», dijo"),
        ("one—two, 3 — 4 – 5", "one—two, 3 — 4 – 5"),
    ],
)
def test_a_dash_stays_on_the_line_of_its_word(written: str, joined: str) -> None:
    """A line that ends with an opening dash, or begins with a closing one, reads badly on a phone."""
    assert join_dashes(written) == joined.replace("~", "\u2060")


def test_dashes_are_joined_in_lessons_but_not_in_code() -> None:
    rendered = render_lesson("—No —dice.\n\n`a —b`\n", a_context())

    assert "—\u2060No —\u2060dice." in rendered.html
    assert "a —b" in rendered.html


def test_forms_of_a_term_fold_without_case_accents_and_hyphens() -> None:
    """spec/content-format 7, Term."""
    assert fold("Piso de  Protección-social") == fold("piso-de-proteccion-social") == "piso de proteccion social"


def test_addresses_are_slugs_and_never_twice() -> None:
    addresses = Addresses()

    assert slug("¿Qué año, Ñandú?") == "que-ano-nandu"
    assert [addresses.claim("a"), addresses.claim("a"), addresses.claim("a-2"), addresses.claim("a"), addresses.claim("")] == [
        "a",
        "a-2",
        "a-2-2",
        "a-3",
        "parte",
    ]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Uno dos, tres.", 3),
        ("## Medir la brecha {#x}", 3),
        ("9,45 % de USD 600", 4),
        ("{{ sbu }} al mes", 3),
        ("la [[piso-social|el piso]] y [[subsidiariedad]]", 5),
        ("a [@ley-ss, art. 1] b[^1]\n\n[^1]: nota breve", 4),
        ("[la guía](media/guia-larga.pdf) y <https://x.y>", 3),
        ("a $B = 1 - c$ b\n\n$$\nB = \\text{palabra}\n$$", 2),
        ("> [!CHECK] ¿Cuánto es?\n> Son dos.", 4),
        ("> [!DEFINITION]\n> a b", 2),
        ("![alternativa larga](media/x.svg)\n\n: pie corto | crédito", 3),
        ("| a | b |\n|---|---|\n| c | d |\n\n: título de tabla\n\nfin", 1),
        ("```\ncódigo aquí\n```\n\nfin `x y`", 1),
        ("<!-- nota para nadie -->\nfin", 1),
        ("**negrita** *cursiva*, snake-case", 3),
        ("- uno\n- dos\n\n1. tres", 4),
    ],
)
def test_words_are_counted_as_they_are_read(text: str, words: int) -> None:
    """spec/content-format C316: folded answers count; tables with their titles, formulas, code and marks do not."""
    assert count_words(text) == words


def test_the_number_of_a_list_item_is_no_word_but_any_other_number_is() -> None:
    assert count_words("1. uno\n2. dos") == 4


@pytest.mark.parametrize(
    ("words", "figures", "formulas", "checks", "minutes"),
    [(0, 0, 0, 0, 0), (1, 0, 0, 0, 1), (200, 0, 0, 0, 1), (201, 0, 0, 0, 2), (924, 2, 1, 3, 11)],
)
def test_the_reading_time_is_rounded_up(words: int, figures: int, formulas: int, checks: int, minutes: int) -> None:
    """spec/content-format 6: words ÷ 200 + 1 a figure, formula or check."""
    figure = render_lesson("![a](media/brecha.svg)\n\n: b | c", a_context()).figures
    rendered = RenderedText(SafeHtml(), words=words, figures=figure * figures, formulas=formulas, checks=checks)

    assert rendered.minutes == minutes


def test_masked_text_has_the_same_length_and_no_code_or_comment() -> None:
    text = "a `b` c\n```\nd\n```\n> ```\n> e\n> ```\nf ``g`h`` i <!-- j\nk --> l \\`m \\\\`n\\`"
    masked = mask(text)

    assert len(masked) == len(text)
    assert masked.count("\n") == text.count("\n")
    assert set("abcdefghijklmn") - set(masked) == set("bdeghjkn")


def test_an_unclosed_backtick_or_comment_hides_nothing() -> None:
    assert mask("a `b <!-- c") == "a `b <!-- c"


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("a<!-- x -->b", "ab"),
        ("a\n<!-- x\ny -->\nb", "a\nb"),
        ("<!-- x -->", ""),
        ("`<!-- x -->`", "`<!-- x -->`"),
        ("<!-- x --><!-- y -->z", "z"),
        ("a <!-- b", "a <!-- b"),
    ],
)
def test_comments_are_cut_out_and_code_is_not(text: str, left: str) -> None:
    assert strip_comments(text) == left


def test_lines_are_found_further_down_each_time() -> None:
    finder = Finder("a\nb\na\n")

    assert Finder("a\n\\\\b\n[c](\\{{ d }}\n").line("({{ d }}") == 3
    assert [finder.line("a"), finder.line("a"), finder.line("a"), finder.line("b"), finder.line("z"), finder.line("")] == [1, 3, 1, 2, 0, 0]


def test_text_is_composed_and_its_line_ends_are_one_kind() -> None:
    assert normalise("e\u0301\r\nb\rc") == "é\nb\nc"


def test_breaks_of_other_programs_part_words_and_halves_of_signs_go() -> None:
    assert normalise("a\x0bb\x0cc\x85d\ud800e") == "a b c de"
