"""Numbers as typed, tolerances, rounding, units."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from questions.rules.definitions import Tolerance, ToleranceKind
from questions.rules.numbers import (
    ENGLISH,
    SPANISH,
    Convention,
    ParsedNumber,
    convention_for,
    ends_of,
    is_within,
    read_number,
    round_half_up,
    split_unit,
    two_readings,
    write_number,
)
from tests.support.questions import f


@pytest.mark.parametrize(
    ("typed", "value"),
    [
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1234,56", "1234.56"),
        ("1234.56", "1234.56"),
        ("1 234,56", "1234.56"),
        ("1\u00a0234,56", "1234.56"),
        ("1\u202f234\u202f567", "1234567"),
        ("1'234.567", "1234.567"),
        ("−5", "-5"),
        ("–5", "-5"),
        ("- 5", "-5"),
        ("+5", "5"),
        ("5 %", "5"),
        ("1,2e3", "1200"),
        ("1.5E-2", "0.015"),
        ("  65,2\n", "65.2"),
        (".5", "0.5"),
        (",5", "0.5"),
        ("5.", "5"),
        ("0.123", "0.123"),
        ("0,123", "0.123"),
        ("1.234.567", "1234567"),
        ("1,234,567", "1234567"),
        ("1.234.567,8", "1234567.8"),
        ("1,234.", "1234"),
        ("1234.567", "1234.567"),
        ("00012", "12"),
        ("1e30", "1e30"),
        ("1e-30", "1e-30"),
        ("9" * 40, "9" * 40),
    ],
)
@pytest.mark.parametrize("convention", [SPANISH, ENGLISH])
def test_what_can_be_read_in_one_way_is_read_so_in_every_language(typed: str, value: str, convention: Convention) -> None:
    """spec/quiz-engine 5.7 Numerical, decimals."""
    assert read_number(typed, convention) == ParsedNumber(f(value))


@pytest.mark.parametrize(
    ("typed", "spanish", "english"),
    [("1.234", "1234", "1.234"), ("1,234", "1.234", "1234"), ("12.345", "12345", "12.345"), ("-1.234", "-1234", "-1.234")],
)
def test_what_can_be_read_in_two_ways_follows_the_language_and_is_told(typed: str, spanish: str, english: str) -> None:
    """spec/quiz-engine 5.7 Numerical, decimals: ambiguous ones are shown back as "interpreted as"."""
    assert read_number(typed, SPANISH) == ParsedNumber(f(spanish), ambiguous=True)
    assert read_number(typed, ENGLISH) == ParsedNumber(f(english), ambiguous=True)


@pytest.mark.parametrize(
    "typed",
    [
        *("", " ", "abc", ".", ",,", "−", "--5", "1,23,456", "12 34", "1.2.3", "1.234,5,6", "1.23,456.7", "12.34,5", "5 %%"),
        *("1e", "e5", "1e999", "1e31", "1e5000000000", "0x10", "1_000", "½", "١٢", "²", "1" * 41, "5 km", "nan", "inf", "1/3"),
        *("\x00", "1\n2"),
    ],
)
def test_what_is_not_a_number_is_none(typed: str) -> None:
    assert read_number(typed, SPANISH) is None
    assert read_number(typed, ENGLISH) is None


@given(st.text(max_size=60))
def test_no_text_makes_the_reader_stumble(typed: str) -> None:
    read_number(typed, SPANISH)


@given(st.text(alphabet="0123456789.,-−e% '", max_size=20))
def test_both_languages_agree_where_nothing_is_ambiguous(typed: str) -> None:
    spanish, english = read_number(typed, SPANISH), read_number(typed, ENGLISH)

    assert (spanish is None) == (english is None)
    if spanish and english and not spanish.ambiguous:
        assert spanish == english


@given(st.fractions(min_value=-(10**9), max_value=10**9), st.integers(0, 7), st.booleans(), st.sampled_from([SPANISH, ENGLISH]))
def test_a_written_number_is_read_again(value: Fraction, decimals: int, keep: bool, convention: Convention) -> None:
    written = write_number(value, convention, decimals, keep_zeros=keep)

    reading = read_number(written, convention)
    assert reading is not None
    assert reading.value == round_half_up(value, decimals)


def test_a_number_is_written_with_the_sign_of_its_language() -> None:
    assert write_number(f("-1234.5"), SPANISH, 2, keep_zeros=True) == "−1234,50"
    assert write_number(f("1234.5"), ENGLISH, 2, keep_zeros=False) == "1234.5"
    assert write_number(f("-0.001"), SPANISH, 2, keep_zeros=False) == "0"
    assert write_number(f("0.05"), SPANISH, 2, keep_zeros=False) == "0,05"


@pytest.mark.parametrize(
    ("language", "convention"),
    [("es", SPANISH), ("es-EC", SPANISH), ("en", ENGLISH), ("en-GB", ENGLISH), ("EN_us", ENGLISH), ("", SPANISH)],
)
def test_the_language_decides_the_convention(language: str, convention: Convention) -> None:
    assert convention_for(language) is convention


@pytest.mark.parametrize(
    ("kind", "expected", "amount", "inside", "outside"),
    [
        (ToleranceKind.NOMINAL, "65.2", "0.05", ["65.15", "65.25"], ["65.149", "65.251"]),
        (ToleranceKind.NOMINAL, "5", "0", ["5", "5.000000000000049"], ["5.0001", "-5"]),
        (ToleranceKind.NOMINAL, "0", "0", ["0", "0.00000000000001"], ["0.000000000001"]),
        (ToleranceKind.RELATIVE, "200", "0.01", ["198", "202"], ["197.99", "202.01"]),
        (ToleranceKind.RELATIVE, "-200", "0.01", ["-198", "-202"], ["-197.99", "-202.01", "200"]),
        (ToleranceKind.GEOMETRIC, "100", "0.25", ["80", "125"], ["79.9", "125.1"]),
        (ToleranceKind.GEOMETRIC, "-100", "0.25", ["-80", "-125"], ["-79.9", "-125.1"]),
    ],
)
def test_tolerance_includes_both_ends(kind: ToleranceKind, expected: str, amount: str, inside: list[str], outside: list[str]) -> None:
    """spec/quiz-engine 5.7 Numerical: nominal |v−a| ≤ t + ε·max(1,|a|); relative |a|·t; geometric a/(1+t) ≤ v ≤ a(1+t)."""
    tolerance = Tolerance(kind, f(amount))

    assert [is_within(f(value), f(expected), tolerance) for value in inside] == [True] * len(inside)
    assert [is_within(f(value), f(expected), tolerance) for value in outside] == [False] * len(outside)


@pytest.mark.parametrize(
    ("value", "decimals", "rounded"),
    [("2.5", 0, "3"), ("-2.5", 0, "-3"), ("1.005", 2, "1.01"), ("1.0049999", 2, "1"), ("2/3", 2, "0.67"), ("0", 3, "0")],
)
def test_rounding_is_half_up_in_decimal_arithmetic(value: str, decimals: int, rounded: str) -> None:
    """spec/quiz-engine 5.1.5: half-up, not binary float."""
    assert round_half_up(f(value), decimals) == f(rounded)


@pytest.mark.parametrize(
    ("typed", "units", "expected"),
    [
        ("5 km", ("m", "km"), ("5", "km")),
        ("5m", ("m", "km"), ("5", "m")),
        ("USD 5", ("USD",), ("5", "USD")),
        ("5 usd", ("USD",), ("5", "USD")),
        ("USD", ("USD",), ("USD", "")),
        ("5", ("",), ("5", "")),
        (" 5 ", (), ("5", "")),
    ],
)
def test_a_unit_is_parted_from_its_number(typed: str, units: tuple[str, ...], expected: tuple[str, str]) -> None:
    assert split_unit(typed, units) == expected


@pytest.mark.parametrize(
    ("value", "kind", "amount", "low", "high"),
    [
        ("-20", ToleranceKind.NOMINAL, "5", "-25", "-15"),
        ("20", ToleranceKind.RELATIVE, "0.25", "15", "25"),
        ("-20", ToleranceKind.RELATIVE, "0.25", "-25", "-15"),
        ("20", ToleranceKind.GEOMETRIC, "0.25", "16", "25"),
        ("-20", ToleranceKind.GEOMETRIC, "0.25", "-25", "-16"),
    ],
)
def test_both_ends_of_a_tolerance_are_within_it(value: str, kind: ToleranceKind, amount: str, low: str, high: str) -> None:
    """spec/quiz-engine 5.7 Numerical."""
    tolerance = Tolerance(kind, f(amount))

    assert ends_of(f(value), tolerance) == (f(low), f(high))
    assert is_within(f(low), f(value), tolerance)
    assert not is_within(f(low) - f("0.001"), f(value), tolerance)


@pytest.mark.parametrize(
    ("typed", "readings"),
    [
        ("1.234.50", (Fraction(123450, 100), Fraction(123450))),
        (" 12,345,6 ", (Fraction(123456, 10), Fraction(123456))),
        ("1.234.567", None),
        ("1.234,50", None),
        ("0.234.5", None),
        ("mucho", None),
    ],
)
def test_signs_that_may_mean_two_numbers_are_no_number_and_both_are_told(typed: str, readings: tuple[Fraction, Fraction] | None) -> None:
    assert two_readings(typed) == readings
    if readings is not None:
        assert read_number(typed, SPANISH) is None
        assert read_number(typed, ENGLISH) is None
