"""Numbers as people type them into a simulator."""

from decimal import Decimal

import pytest

from simulators.rules.scenario import read_typed


@pytest.mark.parametrize(
    ("typed", "spanish", "english"),
    [
        ("64,44", "64.44", "64.44"),
        ("64.44", "64.44", "64.44"),
        (" 64,44 % ", "64.44", "64.44"),
        ("1 850 000", "1850000", "1850000"),
        ("1\u00a0850\u00a0000", "1850000", "1850000"),
        ("1.850.000", "1850000", "1850000"),
        ("1,850,000", "1850000", "1850000"),
        ("1.850.000,5", "1850000.5", "1850000.5"),
        ("1,850,000.5", "1850000.5", "1850000.5"),
        ("1 850,5", "1850.5", "1850.5"),
        ("1.234", "1234", "1.234"),
        ("1,234", "1.234", "1234"),
        ("0.234", "0.234", "0.234"),
        ("−5", "-5", "-5"),
        ("118000000000", "118000000000", "118000000000"),
    ],
)
def test_comma_and_point_are_both_understood(typed: str, spanish: str, english: str) -> None:
    """Design: «Puede usar coma o punto.»"""
    assert read_typed(typed, "es") == Decimal(spanish)
    assert read_typed(typed, "en") == Decimal(english)


@pytest.mark.parametrize(
    "typed", ["", "mucho", "1,2,3", "1.2.3,4", "12 34", "1e5", "nan", "∞", "٣", "--1", "1,", ".5", "1" * 41, "1.850,000.5"]
)
def test_what_is_no_number_is_none(typed: str) -> None:
    assert read_typed(typed, "es") is None
    assert read_typed(typed, "en") is None
