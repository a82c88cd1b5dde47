"""Start, time and states of attempts, and the merge of saved answers (spec/quiz-engine 5.2 to 5.4).

spec/quiz-engine 5.2, 5.3, 5.10, 5.4.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from quizzes.rules.settings import (
    AccommodationValues,
    AtEnd,
    AttemptPause,
    EffectiveSettings,
    OverridableSetting,
    OverriddenSettings,
    SettingSources,
    effective,
    is_within,
)
from quizzes.rules.states import (
    TRANSITIONS,
    AnswerSave,
    AnswerSequence,
    AttemptClock,
    AttemptEvent,
    AttemptRefusal,
    AttemptRefusalReason,
    AttemptState,
    AttemptSummary,
    SaveOutcome,
    StartConditions,
    StartRuling,
    TimeRuling,
    TransitionError,
    accepts_evidence,
    acknowledged,
    advance,
    current_answers,
    end_of,
    finishes_on_page_change,
    may_start,
    merge,
    pause_ends,
    read_events,
    reopened,
    rule_on_time,
    seconds_left,
)

S, E = AttemptState, AttemptEvent
NOON = datetime(2026, 12, 1, 12, 0, tzinfo=UTC)


def at(minutes: float = 0, seconds: float = 0) -> datetime:
    """Return so long after noon."""
    return NOON + timedelta(minutes=minutes, seconds=seconds)


def an_attempt(
    number: int = 1, state: AttemptState = S.FINISHED, start: float = -60, finish: float | None = -50, **fields: object
) -> AttemptSummary:
    return AttemptSummary(number, state, at(start), None if finish is None else at(finish), **fields)  # type: ignore[arg-type]  # fields by name


def starting(access: EffectiveSettings, history: Sequence[AttemptSummary] = (), now: datetime = NOON, **found: bool) -> StartRuling:
    return may_start(access, history, StartConditions(**found), now=now)


def reasons(ruling: StartRuling) -> list[AttemptRefusalReason]:
    return [refusal.reason for refusal in ruling.refusals]


def test_the_table_has_these_transitions_and_no_other() -> None:
    """spec/quiz-engine 5.3: every pair of state and event, exhaustively."""
    allowed = {
        (S.NOT_STARTED, E.START): S.IN_PROGRESS,
        (S.IN_PROGRESS, E.RUN_OUT): S.OVERDUE,
        (S.IN_PROGRESS, E.SUBMIT): S.SUBMITTED,
        (S.IN_PROGRESS, E.ABANDON): S.ABANDONED,
        (S.OVERDUE, E.EXTEND): S.IN_PROGRESS,
        (S.OVERDUE, E.SUBMIT): S.SUBMITTED,
        (S.OVERDUE, E.ABANDON): S.ABANDONED,
        (S.SUBMITTED, E.FINISH): S.FINISHED,
        (S.ABANDONED, E.REOPEN): S.IN_PROGRESS,
        (S.FINISHED, E.REOPEN): S.IN_PROGRESS,
    }

    assert allowed == TRANSITIONS
    for state, event in product(S, E):
        if (state, event) in allowed:
            assert advance(state, event) is allowed[state, event]
        else:
            with pytest.raises(TransitionError, match=state.value):
                advance(state, event)


def test_a_first_attempt_starts_where_nothing_forbids_it() -> None:
    """spec/quiz-engine 5.2.1."""
    ruling = starting(EffectiveSettings(attempts=3))

    assert ruling == StartRuling(1, None, (), 3, needs_confirmation=False)
    assert ruling.allowed


def test_finished_and_abandoned_attempts_count_against_the_number_allowed() -> None:
    """spec/quiz-engine 5.2.1, 5.3.8: finished + abandoned < N; 0 = unlimited."""
    history = [an_attempt(1), an_attempt(2, S.ABANDONED), an_attempt(3, S.SUBMITTED)]

    assert reasons(starting(EffectiveSettings(attempts=3), history)) == [AttemptRefusalReason.NO_ATTEMPTS_LEFT]
    assert starting(EffectiveSettings(attempts=4), history) == StartRuling(4, None, (), 1, needs_confirmation=False)
    assert starting(EffectiveSettings(attempts=0), history).attempts_left is None
    assert starting(EffectiveSettings(attempts=2), history).attempts_left == 0


@pytest.mark.parametrize("state", [S.IN_PROGRESS, S.OVERDUE])
def test_start_returns_to_the_open_attempt(state: AttemptState) -> None:
    """spec/quiz-engine 5.2.1: "start" when one is open returns that one."""
    ruling = starting(EffectiveSettings(attempts=1, closes=at(-1)), [an_attempt(1, state, finish=None)])

    assert (ruling.open_number, ruling.refusals, ruling.allowed) == (1, (), False)


@pytest.mark.parametrize("state", [S.IN_PROGRESS, S.OVERDUE])
def test_an_open_attempt_is_none_of_those_left(state: AttemptState) -> None:
    history = [an_attempt(1), an_attempt(2, state, finish=None)]

    assert starting(EffectiveSettings(attempts=4), history).attempts_left == 2


def test_all_reasons_are_told_together() -> None:
    """spec/quiz-engine 5.2.2: all reported together with reasons."""
    access = EffectiveSettings(opens=at(1), closes=at(-1), attempts=1, passwords=frozenset({"x"}), pause=AttemptPause(3600, 0))

    ruling = starting(access, [an_attempt()], password_fits=False, network_fits=False, prerequisites_met=False)

    assert reasons(ruling) == [
        AttemptRefusalReason.NOT_OPEN_YET,
        AttemptRefusalReason.CLOSED,
        AttemptRefusalReason.NO_ATTEMPTS_LEFT,
        AttemptRefusalReason.PAUSE,
        AttemptRefusalReason.PASSWORD,
        AttemptRefusalReason.NETWORK,
        AttemptRefusalReason.PREREQUISITES,
    ]
    assert ruling.refusals[0] == AttemptRefusal(AttemptRefusalReason.NOT_OPEN_YET, at(1))
    assert ruling.refusals[3] == AttemptRefusal(AttemptRefusalReason.PAUSE, at(10))


@pytest.mark.parametrize(
    ("access", "expected"),
    [
        (EffectiveSettings(opens=NOON), []),
        (EffectiveSettings(opens=at(seconds=1)), [AttemptRefusalReason.NOT_OPEN_YET]),
        (EffectiveSettings(closes=at(seconds=1)), []),
        (EffectiveSettings(closes=NOON), [AttemptRefusalReason.CLOSED]),
        (EffectiveSettings(passwords=frozenset()), []),
    ],
)
def test_dates_include_the_opening_and_exclude_the_closing(access: EffectiveSettings, expected: list[AttemptRefusalReason]) -> None:
    """spec/quiz-engine 5.2.2; a password is asked for only where one is set."""
    assert reasons(starting(access, password_fits=False)) == expected


PAUSE = EffectiveSettings(pause=AttemptPause(first=1800, later=86400))


@pytest.mark.parametrize(
    ("history", "until"),
    [
        ([], None),
        ([an_attempt(1)], at(-20)),
        ([an_attempt(2), an_attempt(1)], at(-50) + timedelta(days=1)),
        ([an_attempt(1, limit=300)], at(-25)),
        ([an_attempt(1, limit=3600)], at(-20)),
        ([an_attempt(1, S.ABANDONED, finish=None)], at(-30)),
        ([an_attempt(1), an_attempt(2, S.IN_PROGRESS, finish=None)], at(-20)),
    ],
)
def test_the_pause_counts_from_the_finish_or_from_the_end_of_the_limit(history: list[AttemptSummary], until: datetime | None) -> None:
    """spec/quiz-engine 5.2.2: delay between attempt 1→2 and later; from start + limit if the attempt timed out while away."""
    assert pause_ends(PAUSE, history) == until


def test_a_pause_is_over_on_the_second() -> None:
    assert reasons(starting(PAUSE, [an_attempt()], at(-20, -1))) == [AttemptRefusalReason.PAUSE]
    assert reasons(starting(PAUSE, [an_attempt()], at(-20))) == []
    assert pause_ends(EffectiveSettings(), [an_attempt()]) is None


def test_a_time_limit_asks_for_confirmation() -> None:
    """spec/quiz-engine 5.2.2: confirmation page if there is a time limit."""
    assert starting(EffectiveSettings(limit=600)).needs_confirmation
    assert not starting(EffectiveSettings(limit=600), preview=True).needs_confirmation


def test_previews_know_no_limits_and_live_apart() -> None:
    """spec/quiz-engine 5.2.7: preview attempts are exempt from dates and limits and do not count."""
    access = EffectiveSettings(opens=at(1), attempts=1)
    preview = an_attempt(1, preview=True)

    assert starting(access, [an_attempt()], preview=True).allowed
    assert starting(EffectiveSettings(attempts=1), [preview]) == StartRuling(2, None, (), 1, needs_confirmation=False)
    assert starting(access, [replace(preview, state=S.IN_PROGRESS)], preview=True).open_number == 1
    assert starting(access, [an_attempt()], preview=True).attempts_left is None


@pytest.mark.parametrize(
    ("access", "end"),
    [
        (EffectiveSettings(), None),
        (EffectiveSettings(limit=600), at(10)),
        (EffectiveSettings(closes=at(6)), at(6)),
        (EffectiveSettings(limit=600, closes=at(6)), at(6)),
        (EffectiveSettings(limit=300, closes=at(6)), at(5)),
    ],
)
def test_the_end_is_the_earlier_of_limit_and_close_date(access: EffectiveSettings, end: datetime | None) -> None:
    """spec/quiz-engine 5.3.1, 5.14.2; exempt persons never expire (spec/quiz-engine 5.3.6)."""
    assert end_of(access, NOON) == end
    assert end_of(access, NOON, exempt=True) is None


ALL = TimeRuling(may_answer=True, may_submit=True)
NONE = TimeRuling(may_answer=False, may_submit=False)


@pytest.mark.parametrize(
    ("at_end", "state", "seconds", "ruling"),
    [
        (AtEnd.SUBMIT, S.IN_PROGRESS, 0, ALL),
        (AtEnd.SUBMIT, S.IN_PROGRESS, 60, ALL),
        (AtEnd.SUBMIT, S.IN_PROGRESS, 61, replace(NONE, event=E.SUBMIT, finished_at=NOON)),
        (AtEnd.ABANDON, S.IN_PROGRESS, 60, ALL),
        (AtEnd.ABANDON, S.IN_PROGRESS, 61, replace(NONE, event=E.ABANDON, finished_at=NOON)),
        (AtEnd.GRACE, S.IN_PROGRESS, 60, ALL),
        (AtEnd.GRACE, S.IN_PROGRESS, 61, TimeRuling(may_answer=False, may_submit=True, event=E.RUN_OUT)),
        (AtEnd.GRACE, S.IN_PROGRESS, 3661, replace(NONE, event=E.ABANDON, finished_at=at(60))),
        (AtEnd.GRACE, S.OVERDUE, 30, TimeRuling(may_answer=False, may_submit=True)),
        (AtEnd.GRACE, S.OVERDUE, 3660, TimeRuling(may_answer=False, may_submit=True)),
        (AtEnd.GRACE, S.OVERDUE, 3661, replace(NONE, event=E.ABANDON, finished_at=at(60))),
        (AtEnd.GRACE, S.OVERDUE, -1, replace(ALL, event=E.EXTEND)),
        (AtEnd.GRACE, S.OVERDUE, 0, replace(ALL, event=E.EXTEND)),
        (AtEnd.SUBMIT, S.OVERDUE, 30, replace(NONE, event=E.SUBMIT, finished_at=NOON)),
        (AtEnd.SUBMIT, S.FINISHED, -30, NONE),
        (AtEnd.SUBMIT, S.ABANDONED, -30, NONE),
        (AtEnd.SUBMIT, S.NOT_STARTED, -30, NONE),
    ],
)
def test_the_server_rules_on_every_moment(at_end: AtEnd, state: AttemptState, seconds: int, ruling: TimeRuling) -> None:
    """spec/quiz-engine 5.3.3 (autosubmit, grace, abandon), spec/quiz-engine 5.3.4 (tolerance of 60 s), spec/quiz-engine 5.3.6, 5.14.3;
    the end is noon, the grace an hour.
    """
    clock = AttemptClock(state, NOON, at_end, grace=3600)

    assert rule_on_time(clock, now=at(seconds=seconds)) == ruling


def test_an_attempt_without_an_end_stays_open() -> None:
    clock = AttemptClock(S.IN_PROGRESS, None)

    assert rule_on_time(clock, now=at(10**6)) == ALL
    assert rule_on_time(replace(clock, state=S.OVERDUE), now=NOON).event is E.EXTEND
    assert seconds_left(clock, now=NOON) is None
    assert not finishes_on_page_change(clock, now=NOON)


@given(st.sampled_from(S), st.sampled_from(AtEnd), st.integers(-10_000, 10_000), st.integers(0, 5000))
def test_every_ruling_is_a_transition_of_the_table(state: AttemptState, at_end: AtEnd, seconds: int, grace: int) -> None:
    ruling = rule_on_time(AttemptClock(state, NOON, at_end, grace), now=at(seconds=seconds))

    if ruling.event is not None:
        advance(state, ruling.event)
    if ruling.may_answer:
        assert ruling.may_submit
    if ruling.may_answer:
        assert seconds <= 60


def test_the_browser_is_told_the_seconds_left() -> None:
    """spec/quiz-engine 5.3.2."""
    clock = AttemptClock(S.IN_PROGRESS, NOON)

    assert [seconds_left(clock, now=at(seconds=second)) for second in (-90.5, -1, 0, 30)] == [90, 1, 0, 0]


def test_a_page_change_at_the_very_end_finishes() -> None:
    """spec/quiz-engine 5.3.5: less than 2 s remain."""
    clock = AttemptClock(S.IN_PROGRESS, NOON)

    assert [finishes_on_page_change(clock, now=at(seconds=second)) for second in (-2, -1.9, 5)] == [False, True, True]


def test_reopening_past_the_end_submits_at_once() -> None:
    """spec/quiz-engine 5.3.7."""
    clock = AttemptClock(S.ABANDONED, NOON)

    assert reopened(clock, now=at(-1)) == (E.REOPEN,)
    assert reopened(clock, now=NOON) == (E.REOPEN, E.SUBMIT)
    assert reopened(replace(clock, end=None), now=NOON) == (E.REOPEN,)
    for events in (reopened(clock, now=NOON), reopened(clock, now=at(-1))):
        state = S.ABANDONED
        for event in events:
            state = advance(state, event)


@pytest.mark.parametrize(
    ("end", "offline_window_seconds", "token", "now", "accepted"),
    [
        (NOON, 600, at(0), at(10), True),
        (NOON, 600, at(0), at(10, 1), False),
        (NOON, 600, at(0, 1), at(5), False),
        (NOON, 1, at(0), at(0, 1), True),
        (NOON, 0, at(-5), at(0), False),
        (None, 600, at(-5), at(0), False),
    ],
)
def test_a_device_may_prove_that_it_wrote_in_time(
    end: datetime | None, offline_window_seconds: int, token: datetime, now: datetime, *, accepted: bool
) -> None:
    """spec/quiz-engine 5.3.9: offline evidence window."""
    assert accepts_evidence(end, offline_window_seconds, token_time=token, now=now) is accepted


QUIZ = EffectiveSettings(opens=at(0), closes=at(60), limit=600, attempts=2, passwords=frozenset({"quiz"}))


def override(**fields: object) -> OverriddenSettings:
    names = {OverridableSetting("password" if name == "passwords" else name) for name in fields}
    return OverriddenSettings(frozenset(names), **fields)  # type: ignore[arg-type]  # fields by name


def test_without_overrides_the_quiz_holds() -> None:
    assert effective(QUIZ) == QUIZ
    assert effective(QUIZ, accommodation=AccommodationValues(), started_at=at(1)) == QUIZ
    assert starting(EffectiveSettings(), [an_attempt(1), an_attempt(2)]).allowed


def test_groups_give_the_kindest_setting() -> None:
    """spec/quiz-engine 5.10.1: open = min; close, limit, attempts = max; passwords: all accepted."""
    groups = [
        override(opens=at(-5), closes=at(70), limit=900, attempts=3, passwords=frozenset({"a"})),
        override(opens=at(5), closes=at(65), limit=700, attempts=4, passwords=frozenset({"b"})),
    ]

    assert effective(QUIZ, groups=groups) == EffectiveSettings(at(-5), at(70), 900, 4, frozenset({"a", "b"}))


def test_no_limit_wins_among_groups() -> None:
    """spec/quiz-engine 5.10.1: 0 (= none/unlimited) wins."""
    groups = [override(opens=None, closes=None, limit=0, attempts=0), override(opens=at(5), closes=at(65), limit=700, attempts=4)]

    assert effective(QUIZ, groups=groups) == replace(QUIZ, opens=None, closes=None, limit=None, attempts=0)
    assert effective(QUIZ, own=override(limit=None)).limit is None


def test_a_persons_own_override_beats_the_groups_setting_by_setting() -> None:
    """spec/quiz-engine 5.10.1: user override beats group override, setting by setting."""
    settings = effective(QUIZ, own=override(limit=300), groups=[override(limit=900, attempts=5)])

    assert settings == replace(QUIZ, limit=300, attempts=5)


PROFILE = AccommodationValues(Fraction(3, 2), extra_attempts=1, breaks=60)


def test_a_profile_lengthens_limit_and_attempts() -> None:
    """spec/quiz-engine 5.10.3: limit × factor (and breaks), extra attempts."""
    assert effective(QUIZ, accommodation=PROFILE) == replace(QUIZ, limit=960, attempts=3)
    assert effective(replace(QUIZ, attempts=0, limit=None), accommodation=PROFILE) == replace(QUIZ, attempts=0, limit=None)
    assert effective(replace(QUIZ, limit=601), accommodation=AccommodationValues(Fraction(5, 4))).limit == 752


@pytest.mark.parametrize(("started", "closes"), [(at(59), at(66)), (at(60), at(60)), (None, at(60))])
def test_the_close_date_moves_only_for_attempts_that_began_before_it(started: datetime | None, closes: datetime) -> None:
    """spec/quiz-engine 5.10.3: the close date is extended by the same extra minutes only if the attempt started before it."""
    assert effective(QUIZ, accommodation=PROFILE, started_at=started).closes == closes


def test_a_quiz_without_a_close_date_gets_none_from_a_profile() -> None:
    assert effective(replace(QUIZ, closes=None), accommodation=PROFILE, started_at=at(1)).closes is None


def test_what_is_set_for_the_person_replaces_the_profile_and_for_a_group_is_added_to() -> None:
    """spec/quiz-engine 5.10.3, 5.14.5: profile ×1.5 plus group plus own override."""
    groups, later = [override(limit=900)], at(60) + timedelta(seconds=510)

    assert effective(QUIZ, accommodation=PROFILE, groups=groups, started_at=at(1)) == replace(QUIZ, limit=1410, attempts=3, closes=later)
    assert effective(QUIZ, accommodation=PROFILE, groups=groups, own=override(limit=1200, attempts=1)) == replace(
        QUIZ, limit=1200, attempts=1
    )
    assert effective(QUIZ, accommodation=PROFILE, own=override(closes=at(90)), started_at=at(1)).closes == at(90)


def test_extending_helps_a_person_inside_the_quiz() -> None:
    """spec/quiz-engine 5.3.1, 5.14.2: recomputed at every request from current settings and overrides."""
    before, after = effective(QUIZ), effective(QUIZ, own=override(limit=1200))
    clock = AttemptClock(S.OVERDUE, end_of(before, NOON), AtEnd.GRACE, grace=600)

    assert not rule_on_time(clock, now=at(11, 30)).may_answer
    assert rule_on_time(replace(clock, end=end_of(after, NOON)), now=at(11, 30)).may_answer


@pytest.mark.parametrize(
    ("at_end", "seconds", "ruling"),
    [
        (AtEnd.SUBMIT, 60, TimeRuling(may_answer=True, may_submit=True)),
        (AtEnd.SUBMIT, 61, TimeRuling(may_answer=False, may_submit=True, finished_at=NOON, may_accept_offline=True)),
        (AtEnd.SUBMIT, 600, TimeRuling(may_answer=False, may_submit=True, finished_at=NOON, may_accept_offline=True)),
        (AtEnd.SUBMIT, 601, TimeRuling(may_answer=False, may_submit=False, event=AttemptEvent.SUBMIT, finished_at=NOON)),
        (AtEnd.ABANDON, 61, TimeRuling(may_answer=False, may_submit=False, event=AttemptEvent.ABANDON, finished_at=NOON)),
        (AtEnd.GRACE, 61, TimeRuling(may_answer=False, may_submit=True, event=AttemptEvent.RUN_OUT, may_accept_offline=True)),
        (AtEnd.GRACE, 601, TimeRuling(may_answer=False, may_submit=False, event=AttemptEvent.ABANDON, finished_at=NOON)),
    ],
)
def test_a_window_for_proofs_keeps_an_attempt_open_after_its_end(at_end: AtEnd, seconds: int, ruling: TimeRuling) -> None:
    """spec/quiz-engine 5.3.9: W = 10 min, grace 5 min: what a device proves may come until E + W, and the attempt is handed in then,
    finished at E.
    """
    clock = AttemptClock(S.IN_PROGRESS, NOON, at_end, grace=300, offline_window_seconds=600)
    if ruling.event is AttemptEvent.ABANDON and at_end is AtEnd.GRACE:
        ruling = replace(ruling, finished_at=NOON + timedelta(seconds=300))

    assert rule_on_time(clock, now=NOON + timedelta(seconds=seconds)) == ruling


def test_a_window_of_a_second_is_one() -> None:
    """spec/quiz-engine 5.3.9: of an attempt whose grace has begun."""
    clock = AttemptClock(S.OVERDUE, NOON, AtEnd.GRACE, grace=300, offline_window_seconds=1)

    assert [rule_on_time(clock, now=at(seconds=seconds)).may_accept_offline for seconds in (1, 2)] == [True, False]


def test_a_quiz_without_a_window_takes_no_proof() -> None:
    """spec/quiz-engine 5.3.9: default off."""
    assert not rule_on_time(AttemptClock(S.IN_PROGRESS, NOON), now=NOON + timedelta(seconds=61)).may_accept_offline


def test_what_holds_for_everybody_is_the_quiz_for_groups_persons_and_profiles() -> None:
    """spec/quiz-engine 5.10.1 and 5.10.3."""
    setting_sources = SettingSources(
        QUIZ, everyone=override(limit=1200), groups=(override(attempts=5),), accommodation=AccommodationValues(Fraction(3, 2))
    )

    assert setting_sources.effective_settings() == replace(QUIZ, limit=1800, attempts=5)
    assert replace(setting_sources, own=override(limit=60)).effective_settings().limit == 60
    assert (setting_sources.sets_opening, replace(setting_sources, own=override(opens=None)).sets_opening) == (False, True)


def test_time_that_incidents_gave_moves_the_end_whatever_it_follows_from() -> None:
    """spec/quiz-engine 5.10.4."""
    assert end_of(EffectiveSettings(limit=600), NOON, extra=300) == at(15)
    assert end_of(EffectiveSettings(limit=600, closes=at(5)), NOON, extra=300) == at(10)
    assert end_of(EffectiveSettings(), NOON, extra=300) is None
    assert end_of(EffectiveSettings(limit=600), NOON, exempt=True, extra=300) is None


@pytest.mark.parametrize(
    ("networks", "address", "within"),
    [
        ((), "203.0.113.5", True),
        ((), "", True),
        (("10.20.0.0/16",), "10.20.255.1", True),
        (("10.20.0.0/16",), "10.21.0.1", False),
        (("10.20.0.1/16",), "10.20.9.9", True),
        (("10.20.0.0/16",), "::ffff:10.20.0.1", True),
        (("2001:db8::/32",), "2001:db8::1%eth0", True),
        (("2001:db8::/32", "192.0.2.7"), "192.0.2.7", True),
        (("2001:db8::/32", "192.0.2.7"), "192.0.2.8", False),
        (("10.20.0.0/16",), "", False),
        (("10.20.0.0/16",), "casa", False),
    ],
)
def test_networks_are_told_by_the_address(networks: tuple[str, ...], address: str, within: bool) -> None:
    """spec/quiz-engine 5.2.2: IPv4, IPv6, and IPv4 written as IPv6."""
    assert is_within(frozenset(networks), address) is within


def test_networks_and_passwords_of_several_groups_are_all_accepted_and_none_wins() -> None:
    """spec/quiz-engine 5.10.1: all accepted, where 0 (= none) wins."""
    one, two = (override(networks=frozenset({name}), passwords=frozenset({name})) for name in ("10.0.0.0/8", "192.0.2.7"))
    free = override(networks=frozenset(), passwords=frozenset())

    assert effective(QUIZ, groups=[one, two]).networks == {"10.0.0.0/8", "192.0.2.7"}
    assert effective(QUIZ, groups=[one, two]).passwords == {"10.0.0.0/8", "192.0.2.7"}
    assert (effective(QUIZ, groups=[one, free]).networks, effective(QUIZ, groups=[one, free]).passwords) == (frozenset(), frozenset())


def test_a_password_is_asked_for_but_not_of_previews() -> None:
    """spec/quiz-engine 5.2.2 and 5.2.7."""
    assert starting(QUIZ, now=at(1)).needs_password
    assert not starting(QUIZ, now=at(1), preview=True).needs_password
    assert not starting(EffectiveSettings()).needs_password


def event(item: int, lease: int, local: int, text: str = "") -> AnswerSave:
    return AnswerSave(item, AnswerSequence(lease, local), {"text": text or f"{item}.{lease}.{local}"})


EVENTS = st.builds(event, st.integers(1, 3), st.integers(1, 3), st.integers(1, 5))
JOURNALS = st.lists(EVENTS, max_size=12)


def test_the_highest_sequence_is_current() -> None:
    """spec/quiz-engine 5.1.4, 5.4.1, 5.4.3: lease first, then the device's own count."""
    stored = [event(1, 1, 9), event(1, 2, 1), event(2, 1, 2), event(2, 1, 1)]

    assert current_answers(stored) == {1: event(1, 2, 1), 2: event(2, 1, 2)}


def test_what_arrives_twice_has_no_effect() -> None:
    """spec/quiz-engine 5.4.1: idempotent."""
    stored = [event(1, 1, 1)]

    result = merge(stored, [event(1, 1, 1, "otra"), event(1, 1, 2), event(1, 1, 2)])

    assert result.added == (event(1, 1, 2),)
    assert [arrival.outcome for arrival in result.arrivals] == [SaveOutcome.KNOWN, SaveOutcome.CURRENT, SaveOutcome.KNOWN]
    assert [arrival.event.sequence.counter for arrival in result.arrivals] == [1, 2, 2]
    assert result.current == {1: event(1, 1, 2)}


def test_of_two_answers_under_one_sequence_the_first_stays() -> None:
    """spec/quiz-engine 5.4.1: idempotent."""
    assert current_answers([event(1, 1, 1, "una"), event(1, 1, 1, "otra")]) == {1: event(1, 1, 1, "una")}


def test_a_lower_sequence_becomes_history() -> None:
    """spec/quiz-engine 5.4.1: lower seq than stored is kept as history but does not become current."""
    result = merge([event(1, 1, 5)], [event(1, 1, 3)])

    assert result.added == (event(1, 1, 3),)
    assert result.arrivals[0].outcome is SaveOutcome.HISTORY
    assert result.current == {1: event(1, 1, 5)}


def test_the_older_tab_is_told_that_the_question_was_changed_elsewhere() -> None:
    """spec/quiz-engine 5.4.3."""
    result = merge([event(1, 2, 1)], [event(1, 1, 7), event(2, 1, 8)])

    assert [arrival.outcome for arrival in result.arrivals] == [SaveOutcome.OVERTAKEN, SaveOutcome.CURRENT]
    assert result.current[1].payload == {"text": "1.2.1"}


def test_the_acknowledgement_is_the_highest_contiguous_count() -> None:
    """spec/quiz-engine 5.4.1: ack = highest contiguous seq per item."""
    stored = [event(1, 1, 1), event(1, 1, 2), event(1, 1, 4), event(1, 2, 1), event(2, 1, 2), event(3, 2, 1)]

    assert acknowledged(stored, 1) == {1: 2, 2: 0}
    assert acknowledged(stored, 2) == {1: 1, 3: 1}


@given(JOURNALS, JOURNALS)
def test_two_journals_merge_to_the_same_in_any_order(one: list[AnswerSave], other: list[AnswerSave]) -> None:
    """spec/quiz-engine 5.14.11: two devices offline; two journals merge."""
    left = merge(merge([], one).added, other)
    right = merge(merge([], other).added, one)

    assert left.current == right.current
    assert merge([], [*one, *other]).current == left.current


@given(JOURNALS)
def test_merging_again_changes_nothing(journal: list[AnswerSave]) -> None:
    once = merge([], journal)
    again = merge(once.added, journal)

    assert again.added == ()
    assert again.current == once.current
    assert {arrival.outcome for arrival in again.arrivals} <= {SaveOutcome.KNOWN, SaveOutcome.OVERTAKEN}


@given(JOURNALS)
def test_nothing_that_arrived_is_lost(journal: list[AnswerSave]) -> None:
    assert set(map(repr, merge([], journal).added)) == set(map(repr, journal))


def test_a_batch_is_read_with_the_lease_of_its_tab() -> None:
    batch = [{"item": 1, "seq": 2, "response": {"text": "a"}, "attempt": "x"}]

    assert read_events(4, batch) == (AnswerSave(1, AnswerSequence(4, 2), {"text": "a"}),)


@pytest.mark.parametrize(
    "entry",
    [
        *(None, 5, "x", [], {}, {"item": 1, "seq": 1}, {"item": 1, "seq": 1, "response": "x"}, {"item": 1, "response": {}}),
        *({"item": value, "seq": 1, "response": {}} for value in ("1", 0, -1, True, 1.0, 2**31, None)),
    ],
)
def test_what_is_no_event_is_left_out(entry: object) -> None:
    good = {"item": 1, "seq": 1, "response": {}}

    assert read_events(1, [entry, good]) == (AnswerSave(1, AnswerSequence(1, 1), {}),)


def test_counts_may_be_as_large_as_a_database_holds() -> None:
    largest = 2**31 - 1

    assert read_events(1, [{"item": 1, "seq": largest, "response": {}}]) == (AnswerSave(1, AnswerSequence(1, largest), {}),)


@pytest.mark.parametrize("batch", [None, "[]", b"[]", 5, {"item": 1}])
def test_what_is_no_batch_is_empty(batch: object) -> None:
    assert read_events(1, batch) == ()
