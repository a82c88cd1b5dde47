"""Rules of objections: term, reason, independence, figures, and who wrote a question (spec/selection 5)."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from quizzes.rules.result_use import ObjectionRules
from selections.rules.objections import (
    DeciderHindrances,
    ObjectionOutcome,
    ObjectionRecord,
    ObjectionState,
    ObjectionTerm,
    day_that_ends,
    figures_of,
    find_block,
    midnight_after,
    next_due,
    term_of,
    words_in,
)

GUAYAQUIL = ZoneInfo("America/Guayaquil")
NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
"""Noon of 1 June in Guayaquil."""
RULES = ObjectionRules(5, 10)


def test_the_term_ends_at_24_00_of_its_last_day_in_the_zone_of_the_course() -> None:
    """spec/selection 5.1: days of the calendar; the day on which it begins is not counted."""
    term = term_of(NOON, NOON - timedelta(days=3), RULES, GUAYAQUIL)

    assert term == ObjectionTerm(
        NOON, datetime(2026, 6, 7, 5, tzinfo=UTC), datetime(2026, 6, 17, 5, tzinfo=UTC), date(2026, 6, 6), date(2026, 6, 16)
    )


@pytest.mark.parametrize(
    ("seconds", "runs"), [(-1, False), (0, True), (5 * 86_400, True), (475_199, True), (475_200, False), (475_201, False)]
)
def test_at_24_00_00_it_is_over(seconds: int, runs: bool) -> None:
    """spec/selection 5.1 and 12: from its beginning on, up to the last second of the last day."""
    term = term_of(NOON, NOON, RULES, GUAYAQUIL)

    assert term.is_running(NOON + timedelta(seconds=seconds)) is runs


def test_it_begins_with_the_later_of_acta_and_marks() -> None:
    """spec/selection 5.1."""
    later = NOON + timedelta(days=2)

    assert term_of(NOON, later, RULES, GUAYAQUIL) == term_of(later, NOON, RULES, GUAYAQUIL)
    assert term_of(NOON, later, RULES, GUAYAQUIL).begins_at == later


def test_days_are_those_of_the_calendar_where_the_clock_is_changed() -> None:
    """spec/selection 5.1: in a zone with daylight saving a day may have 23 hours."""
    madrid = ZoneInfo("Europe/Madrid")
    term = term_of(datetime(2026, 3, 27, 12, tzinfo=UTC), datetime(2026, 3, 27, 12, tzinfo=UTC), ObjectionRules(3, 1), madrid)

    assert term.ends_at == datetime(2026, 3, 30, 22, tzinfo=UTC)
    assert term.last_day == date(2026, 3, 30)
    assert day_that_ends(midnight_after(date(2026, 10, 25), madrid), madrid) == date(2026, 10, 25)


def test_what_is_late_gets_as_many_days_again() -> None:
    """spec/selection 5.9."""
    assert next_due(NOON, RULES, GUAYAQUIL) == midnight_after(date(2026, 6, 11), GUAYAQUIL)


@pytest.mark.parametrize(
    ("reason", "length"),
    [
        ("", 0),
        ("   ", 0),
        ("Diecinueve letras.", 18),
        ("<script>alert('veinte letras y más')</script>", 28),
        ("<b></b><i class='x'></i>", 0),
        ("<script", 0),
        ("3 < 4 y 5 > 4: es verdad", 24),
    ],
)
def test_markup_says_nothing(reason: str, length: int) -> None:
    """spec/selection 5.3 and 12: with a script."""
    assert words_in(reason) == length


@pytest.mark.parametrize(
    ("facts", "proposes", "decides"),
    [
        (DeciderHindrances(), True, True),
        (DeciderHindrances(takes_part=True), False, False),
        (DeciderHindrances(is_author=True), False, False),
        (DeciderHindrances(marked_by_hand=True), False, False),
        (DeciderHindrances(proposed=True), True, False),
    ],
)
def test_who_may_propose_and_decide(facts: DeciderHindrances, proposes: bool, decides: bool) -> None:
    """spec/selection 5.4: neither the learner, the author, nor who marked by hand; never both."""
    assert (facts.is_independent, facts.may_decide) == (proposes, decides)


def test_all_outcomes_but_one_are_regrades() -> None:
    """spec/selection 5.6."""
    kinds = {outcome.value: outcome.regrade_kind.value if outcome.regrade_kind else None for outcome in ObjectionOutcome}

    assert kinds == {
        "uphold": None,
        "rescore": "other",
        "full_credit": "full_credit",
        "void": "void_unless_lower",
        "removed": "removed",
        "reopen": None,
    }
    assert [state.value for state in ObjectionState if state.is_undecided] == ["open", "proposed"]


def test_the_figures_of_objections() -> None:
    """spec/selection 5.12: for a thousand answers, share with effect, days to decision."""
    days = [ObjectionRecord(NOON, NOON + timedelta(days=count), has_effect=count > 2) for count in (1, 2, 6)]
    figures = figures_of([*days, ObjectionRecord(NOON)], 1600)

    assert (figures.objections, figures.decided, figures.per_thousand, figures.days) == (4, 3, 2.5, 3.0)
    assert figures.share_with_effect == pytest.approx(1 / 3)
    nothing = figures_of([], 0)
    assert (nothing.per_thousand, nothing.share_with_effect, nothing.days) == (None, None, None)


BANK = """questions:
  - key: suma-1
    text: ¿Cuánto?

    options:
      - right: cuatro
  - key: suma-10
    text: Otra.
  - {key: suma-2, text: Corta}
  - kind: short
"""


@pytest.mark.parametrize(
    ("key", "block"),
    [
        ("suma-1", "  - key: suma-1\n    text: ¿Cuánto?\n\n    options:\n      - right: cuatro"),
        ("suma-10", "  - key: suma-10\n    text: Otra."),
        ("suma-2", "  - {key: suma-2, text: Corta}"),
        ("suma", ""),
        ("nada", ""),
    ],
)
def test_the_text_of_a_question_is_found_in_its_bank(key: str, block: str) -> None:
    assert find_block(BANK, key) == block
