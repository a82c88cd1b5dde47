"""What holds for one person, and rules at their edges: networks, passwords, regrades, concerns.

spec/quiz-engine 5.2.2, 5.10, 5.11, 5.12.
"""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

import pytest

from analysis.rules.statistics import covariance
from questions.rules.answers import filled_parts
from questions.rules.definitions import Body, GapsBody, KeyedLabel, OrderingBody
from quizzes.rules.regrade import KeyDifference, RegradePolicy, differences, regraded
from quizzes.rules.settings import (
    AccommodationValues,
    AtEnd,
    EffectiveSettings,
    Navigation,
    OverridableSetting,
    OverriddenSettings,
    SettingSources,
    effective,
    is_kinder,
    is_within,
)
from quizzes.rules.states import (
    AttemptClock,
    AttemptEvent,
    AttemptState,
    StartConditions,
    TimeRuling,
    end_of,
    may_start,
    page_to_show,
    rule_on_time,
)
from tests.support.questions import a_matching, a_matrix, a_question, a_single, an_option, an_ordering, dragged_gaps, es, f

NOON = datetime(2026, 12, 1, 12, tzinfo=UTC)
SOON = NOON + timedelta(hours=1)
HOUR = timedelta(hours=1)


def override(*settings: OverridableSetting, **fields: object) -> OverriddenSettings:
    """Return an override that sets just these."""
    return OverriddenSettings(frozenset(settings), **fields)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("networks", "address", "inside"),
    [
        ((), "203.0.113.9", True),
        ((), "nada", True),
        (("10.0.0.0/8",), "10.1.2.3", True),
        (("10.0.0.0/8",), "11.1.2.3", False),
        (("10.1.2.3/8",), "10.9.9.9", True),
        (("192.0.2.7",), "192.0.2.7", True),
        (("192.0.2.7", "10.0.0.0/8"), "10.0.0.1", True),
        (("10.0.0.0/8",), "::ffff:10.0.0.1", True),
        (("fe80::/10",), "fe80::1%eth0", True),
        (("2001:db8::/32",), "10.0.0.1", False),
        (("10.0.0.0/8",), "nada", False),
        (("10.0.0.0/8",), "", False),
    ],
)
def test_a_network_filter_knows_both_kinds_of_addresses(networks: tuple[str, ...], address: str, *, inside: bool) -> None:
    """spec/quiz-engine 5.2.2: network filter; without one everybody is inside, what is no address is nowhere."""
    assert is_within(frozenset(networks), address) is inside


def test_everybody_stands_before_groups_persons_and_profiles() -> None:
    """spec/quiz-engine 5.10.1, 5.10.3: what is set for everybody replaces the quiz's own; the rest is measured against it."""
    quiz = EffectiveSettings(closes=NOON, limit=600, attempts=1)
    everyone = override(OverridableSetting.CLOSES, closes=NOON + HOUR)

    assert SettingSources(quiz).effective_settings() == quiz
    assert SettingSources(quiz, everyone).effective_settings().closes == NOON + HOUR
    assert SettingSources(quiz, everyone, groups=(override(OverridableSetting.LIMIT, limit=900),)).effective_settings().limit == 900
    assert SettingSources(quiz, everyone, own=override(OverridableSetting.ATTEMPTS, attempts=3)).effective_settings().attempts == 3
    lengthened = SettingSources(quiz, everyone, accommodation=AccommodationValues(Fraction(2))).effective_settings(NOON)
    assert (lengthened.limit, lengthened.closes) == (1200, NOON + HOUR + timedelta(seconds=600))


@pytest.mark.parametrize(
    ("setting_sources", "opens"),
    [
        (SettingSources(EffectiveSettings()), False),
        (SettingSources(EffectiveSettings(), override(OverridableSetting.OPENS)), True),
        (SettingSources(EffectiveSettings(), groups=(override(OverridableSetting.LIMIT), override(OverridableSetting.OPENS))), True),
        (SettingSources(EffectiveSettings(), own=override(OverridableSetting.OPENS)), True),
        (SettingSources(EffectiveSettings(), override(OverridableSetting.CLOSES), own=override(OverridableSetting.LIMIT)), False),
    ],
)
def test_an_override_of_the_opening_is_known(setting_sources: SettingSources, *, opens: bool) -> None:
    """spec/quiz-engine 5.10.1: it decides when one may start, whatever opens the activity otherwise."""
    assert setting_sources.sets_opening is opens


def test_an_own_limit_moves_no_close_date() -> None:
    """spec/quiz-engine 5.10.3: explicit overrides beat the profile:
    its extra minutes are not added beside a limit that somebody has set.
    """
    quiz = EffectiveSettings(closes=NOON, limit=600)

    assert effective(
        quiz, own=override(OverridableSetting.LIMIT, limit=700), accommodation=AccommodationValues(Fraction(2)), started_at=NOON - HOUR
    ) == EffectiveSettings(closes=NOON, limit=700)
    assert effective(quiz, accommodation=AccommodationValues(Fraction(2)), started_at=NOON - HOUR).closes == NOON + timedelta(seconds=600)


@pytest.mark.parametrize(("setting", "field"), [(OverridableSetting.NETWORKS, "networks"), (OverridableSetting.PASSWORD, "passwords")])
def test_passwords_and_networks_of_groups_are_all_accepted_and_none_opens_to_all(setting: OverridableSetting, field: str) -> None:
    """spec/quiz-engine 5.10.1: passwords: all accepted; where one group needs none, nobody of it is asked."""
    quiz = EffectiveSettings(**{field: frozenset({"quiz"})})  # type: ignore[arg-type]  # one of two fields
    one, other, free = (override(setting, **{field: frozenset(names)}) for names in (("a",), ("b",), ()))

    assert getattr(effective(quiz, groups=[one, other]), field) == {"a", "b"}
    assert getattr(effective(quiz, groups=[one, free]), field) == frozenset()
    assert getattr(effective(quiz, own=one, groups=[free]), field) == {"a"}
    assert getattr(effective(quiz), field) == {"quiz"}


def test_a_password_is_asked_of_learners_alone() -> None:
    """spec/quiz-engine 5.2.2, 5.2.7: a preview knows no password."""
    access = EffectiveSettings(passwords=frozenset({"sol"}))

    assert may_start(access, [], StartConditions(), now=NOON).needs_password is True
    assert may_start(access, [], StartConditions(preview=True), now=NOON).needs_password is False
    assert may_start(EffectiveSettings(), [], StartConditions(), now=NOON).needs_password is False


def test_minutes_given_to_an_attempt_come_after_its_end() -> None:
    """spec/quiz-engine 5.3.1: what an incident has given."""
    assert end_of(EffectiveSettings(limit=600), NOON, extra=300) == NOON + timedelta(seconds=900)
    assert end_of(EffectiveSettings(closes=NOON + HOUR), NOON, extra=60) == NOON + HOUR + timedelta(seconds=60)
    assert end_of(EffectiveSettings(), NOON, extra=60) is None


@pytest.mark.parametrize(
    ("body", "part"),
    [
        (a_single(an_option("a", "1"), an_option("z")), "options"),
        (OrderingBody((KeyedLabel("i0", es("I0")), KeyedLabel("z", es("Z")))), "items"),
    ],
)
def test_differences_name_the_list(body: Body, part: str) -> None:
    """spec/quiz-engine 5.11.2: allowed only if structure is compatible; the reason names the list and its keys."""
    before = {"options": a_single(an_option("a", "1"), an_option("b")), "items": an_ordering(2)}[part]
    lacking = {"options": "b", "items": "i1"}[part]

    assert differences(a_question(before), a_question(body)) == (KeyDifference(part, (lacking,), ("z",)),)
    assert differences(a_question(body), a_question(body)) == ()


def test_differences_of_several_lists_are_all_told() -> None:
    """spec/quiz-engine 5.11.2: pairs and matches, columns and rows, gaps and choices by their names."""
    matching, matrix, gaps = a_matching(), a_matrix(), dragged_gaps()
    shorter = type(matching)(matching.pairs[:1], ())
    narrower = type(matrix)(matrix.columns[:1], matrix.rows[:2])
    fewer = GapsBody(gaps.gaps[:1], drag=True, choices=gaps.choices[:2])

    assert [one.part for one in differences(a_question(matching), a_question(shorter))] == ["pairs", "matches"]
    assert [one.part for one in differences(a_question(matrix), a_question(narrower))] == ["columns", "rows"]
    assert {one.part for one in differences(a_question(gaps), a_question(fewer))} >= {"choices"}


def test_an_equal_mark_stays_the_old_one() -> None:
    """spec/quiz-engine 5.11.3: keep best; the very same object, so that nothing is written for it."""
    old, new = f("1/2"), Fraction(2, 4)

    assert regraded(RegradePolicy.KEEP_BEST, old, new) is old
    assert regraded(RegradePolicy.REPLACE, old, new) is new


def test_columns_of_unequal_length_are_refused() -> None:
    """spec/quiz-engine 5.12: a mark without its attempt is a mistake of ours, and not a number."""
    with pytest.raises(ValueError, match="zip"):
        covariance([f("1"), f("2")], [f("1"), f("2"), f("3")])


def test_the_last_page_can_be_reached_where_one_goes_forward_only() -> None:
    """spec/quiz-engine 5.5: the next page, also where it is the last."""
    assert page_to_show(Navigation.SEQUENTIAL, requested=4, current=3, pages=4) == 4
    assert page_to_show(Navigation.SEQUENTIAL, requested=5, current=4, pages=4) == 4


def test_responses_that_show_alike_are_equal() -> None:
    """spec/quiz-engine 5.4.1: empty values and parts say nothing: a form sends them, the page's script does not."""
    assert filled_parts({"answer": ["", "2,5"], "unit": [""], "1": []}) == {"answer": ["2,5"]}
    assert filled_parts({}) == filled_parts({"answer": [""]}) == {}


@pytest.mark.parametrize(
    ("at_end", "offline_window_seconds", "seconds", "expected"),
    [
        (AtEnd.SUBMIT, 120, 61, TimeRuling(may_answer=False, may_submit=True, finished_at=NOON, may_accept_offline=True)),
        (AtEnd.SUBMIT, 120, 120, TimeRuling(may_answer=False, may_submit=True, finished_at=NOON, may_accept_offline=True)),
        (AtEnd.SUBMIT, 120, 121, TimeRuling(may_answer=False, may_submit=False, event=AttemptEvent.SUBMIT, finished_at=NOON)),
        (AtEnd.SUBMIT, 0, 61, TimeRuling(may_answer=False, may_submit=False, event=AttemptEvent.SUBMIT, finished_at=NOON)),
        (AtEnd.ABANDON, 120, 61, TimeRuling(may_answer=False, may_submit=False, event=AttemptEvent.ABANDON, finished_at=NOON)),
        (AtEnd.GRACE, 120, 61, TimeRuling(may_answer=False, may_submit=True, event=AttemptEvent.RUN_OUT, may_accept_offline=True)),
        (AtEnd.GRACE, 0, 61, TimeRuling(may_answer=False, may_submit=True, event=AttemptEvent.RUN_OUT)),
    ],
)
def test_a_window_of_evidence_keeps_an_attempt_open_for_what_was_written_in_time(
    at_end: AtEnd, offline_window_seconds: int, seconds: int, expected: TimeRuling
) -> None:
    """spec/quiz-engine 5.3.9: until E + W, where the quiz has a window; finish = E; what is abandoned at its end stays so."""
    clock = AttemptClock(AttemptState.IN_PROGRESS, NOON, at_end, grace=600, offline_window_seconds=offline_window_seconds)

    assert rule_on_time(clock, now=NOON + timedelta(seconds=seconds)) == expected


@pytest.mark.parametrize(
    ("before", "after", "kinder"),
    [
        (EffectiveSettings(opens=SOON), EffectiveSettings(opens=NOON), True),
        (EffectiveSettings(opens=SOON), EffectiveSettings(), True),
        (EffectiveSettings(opens=NOON), EffectiveSettings(opens=SOON), False),
        (EffectiveSettings(), EffectiveSettings(opens=NOON), False),
        (EffectiveSettings(closes=NOON), EffectiveSettings(closes=SOON), True),
        (EffectiveSettings(closes=NOON), EffectiveSettings(), True),
        (EffectiveSettings(closes=SOON), EffectiveSettings(closes=NOON), False),
        (EffectiveSettings(), EffectiveSettings(closes=NOON), False),
        (EffectiveSettings(limit=60), EffectiveSettings(limit=61), True),
        (EffectiveSettings(limit=60), EffectiveSettings(), True),
        (EffectiveSettings(limit=60), EffectiveSettings(limit=59), False),
        (EffectiveSettings(), EffectiveSettings(limit=60), False),
        (EffectiveSettings(attempts=1), EffectiveSettings(attempts=2), True),
        (EffectiveSettings(attempts=1), EffectiveSettings(attempts=0), True),
        (EffectiveSettings(attempts=2), EffectiveSettings(attempts=1), False),
        (EffectiveSettings(attempts=0), EffectiveSettings(attempts=1), False),
        (
            EffectiveSettings(opens=NOON, closes=SOON, limit=60, attempts=1),
            EffectiveSettings(opens=NOON, closes=SOON, limit=60, attempts=1),
            False,
        ),
        (EffectiveSettings(closes=SOON, attempts=1), EffectiveSettings(closes=NOON, attempts=2), True),
    ],
)
def test_what_is_kinder_is_seen_setting_by_setting(*, before: EffectiveSettings, after: EffectiveSettings, kinder: bool) -> None:
    """spec/quiz-engine 5.10.1: earlier opening, later closing, more time, more attempts; none of them where there was no bound."""
    assert is_kinder(after, before) is kinder
