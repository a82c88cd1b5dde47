"""What holds of every status, whatever the record: the properties of spec/compulsory 9.1."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from random import Random
from typing import TypeVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from compliance.rules.history import timeline
from compliance.rules.record import AchievedCourse, RecordedSpan, TrainingRecord, UnitZone, is_known
from compliance.rules.states import TrainingState, case_under, known_terms, next_change, status_of, training_case
from tests.support.drawn_records import FIRST, at_hour, days, moments, records, rules
from tests.support.training_cases import COURSE, LONG_AGO, RULES, ZONES, A, in_days, training_status

Value = TypeVar("Value")
FIXED = {name: RULES[name] for name in ("A", "Ag", "L", "S", "N", "M")}
BETTER = {
    TrainingState.DONE: 0,
    TrainingState.RENEWAL_DUE: 1,
    TrainingState.WAIVED: 1,
    TrainingState.IN_PROGRESS: 2,
    TrainingState.NOT_STARTED: 3,
    TrainingState.OVERDUE: 4,
    TrainingState.EXPIRED: 4,
}


@given(rules, records(), moments, moments, st.randoms(use_true_random=False))
@pytest.mark.slow
def test_the_order_of_what_is_on_record_does_not_matter(
    rule: str, record: TrainingRecord, at: datetime, known: datetime, chance: Random
) -> None:
    def shuffled(values: Sequence[Value]) -> list[Value]:
        return chance.sample(values, len(values))

    other = replace(
        record,
        stays=shuffled(record.stays),
        waivers=shuffled(record.waivers),
        closures=shuffled(record.closures),
        completions=shuffled(record.completions),
        starts=shuffled(record.starts),
        enrolled_at=shuffled(record.enrolled_at),
    )

    assert training_status(shuffled(RULES[rule]), other, at, known) == training_status(RULES[rule], record, at, known)


@given(rules, records(), moments, moments)
def test_what_was_recorded_later_changes_nothing(rule: str, record: TrainingRecord, at: datetime, known: datetime) -> None:
    earlier = replace(
        record,
        stays=[stay for stay in record.stays if stay.recorded_at <= known],
        waivers=[waiver for waiver in record.waivers if waiver.recorded_at <= known],
        closures=[closure for closure in record.closures if closure.recorded_at <= known],
        completions=[done for done in record.completions if is_known(done, known)],
    )
    versions = [terms for terms in RULES[rule] if terms.recorded_at <= known]

    assert training_status(versions, earlier, at, known) == training_status(RULES[rule], record, at, known)


@given(rules, records(), st.lists(records(), min_size=1, max_size=4), moments, moments)
@pytest.mark.slow
def test_judging_people_together_gives_what_judging_each_alone_gives(
    rule: str, first: TrainingRecord, others: Sequence[TrainingRecord], at: datetime, known: datetime
) -> None:
    """People who were in the audience on the same days share what is found of moments before they did anything."""
    alike = [replace(other, stays=first.stays, waivers=(), closures=()) for other in others]
    together = known_terms(RULES[rule], known)

    for record in (first, *others, *alike, replace(first, waivers=(), closures=(), completions=(), starts=())):
        case, alone = case_under(together, record), training_case(RULES[rule], record, known)
        for moment in (at, known):
            assert status_of(case, moment) == status_of(alone, moment)
            assert next_change(case, moment) == next_change(alone, moment)
        assert timeline(case, known) == timeline(alone, known)


@settings(max_examples=60)
@given(rules, records(), moments)
@pytest.mark.slow
def test_the_clock_changes_a_status_only_when_it_was_foreseen(rule: str, record: TrainingRecord, known: datetime) -> None:
    case = training_case(RULES[rule], record, known)
    moment = at_hour(FIRST, 0)
    ahead = next_change(case, moment)
    before = training_status(RULES[rule], record, moment, known)
    for hours in range(0, 24 * 620, 24):
        at = moment + timedelta(hours=hours)
        if ahead is not None and at >= ahead.at:
            assert ahead.at == at
            before, ahead = ahead.status, next_change(case, at)
        now = training_status(RULES[rule], record, at, known)
        has_acted = any(
            moment < act <= at
            for act in (*(start.at for start in record.starts), *(done.achieved_at for done in record.completions), *record.enrolled_at)
        )
        if has_acted:
            before, ahead = now, next_change(case, at)
        assert (now.state, now.flags) == (before.state, before.flags)


zones = st.lists(st.builds(UnitZone, days, st.sampled_from(sorted(ZONES.values(), key=str)), st.just(LONG_AGO)), min_size=1, max_size=3)


@settings(max_examples=100)
@given(rules, records(), zones, moments, moments)
@pytest.mark.slow
def test_the_clock_goes_on_wherever_people_move(
    rule: str, record: TrainingRecord, places: list[UnitZone], moment: datetime, known: datetime
) -> None:
    """Each change by the clock is later than the one before, also where midnights of two zones differ, and there is a last one."""
    case = training_case(RULES[rule], replace(record, zones=places), known)
    for _number in range(200):
        ahead = next_change(case, moment)
        if ahead is None:
            break
        assert ahead.at > moment
        assert status_of(case, ahead.at) == ahead.status
        moment = ahead.at
    assert next_change(case, moment) is None


def test_a_person_of_another_zone_has_a_history() -> None:
    """Whose audience begins on the day on which the obligation does, and whose midnight is an hour later, is computed."""
    joined = RecordedSpan(date(2026, 1, 1), None, LONG_AGO)
    record = TrainingRecord(ZONES["G"], stays=[joined], zones=[UnitZone(date(2020, 1, 1), ZONES["P"], LONG_AGO)])

    rows = timeline(training_case(RULES["A"], record, at_hour(date(2027, 1, 1))), at_hour(date(2027, 1, 1)))

    assert [(row.state.value, row.valid_from.astimezone(ZONES["P"]).isoformat()[:16]) for row in rows][-2:] == [
        ("not_started", "2026-01-01T00:00"),
        ("overdue", "2026-12-16T00:00"),
    ]


@given(st.sampled_from(sorted(FIXED)), records(), moments)
@pytest.mark.slow
def test_nobody_is_overdue_within_the_notice(rule: str, record: TrainingRecord, at: datetime) -> None:
    """spec/compulsory 4.4: of joining, of a return from a span that counts, of the record of a change that brought the day forward."""
    known = at_hour(in_days(FIRST, 2000))
    if training_status(FIXED[rule], record, at, known).state is not TrainingState.OVERDUE:
        return

    case = training_case(FIXED[rule], record, known)
    joined = [span.first for span in case.stays if span.first <= at.date()]
    latest = next(span for span in reversed(case.stays) if span.first == joined[-1])
    before = [span for span in case.stays if span.last is not None and span.last < latest.first]
    if not before or (latest.first - before[-1].last).days - 1 > A.gap:  # type: ignore[operator]  # these have a last day
        assert (at.date() - latest.first).days >= A.notice
    assert rule != "S" or at.date() > in_days(date(2026, 6, 1), A.notice)


@given(rules, records(), moments, st.sampled_from([1, 2, 3]))
@pytest.mark.slow
def test_doing_it_never_makes_a_status_worse(rule: str, record: TrainingRecord, at: datetime, version: int) -> None:
    before = training_status(RULES[rule], record, at, at)
    record = replace(record, completions=[*record.completions, AchievedCourse(COURSE, at, version, at)])
    after = training_status(RULES[rule], record, at, at)

    if before.state is TrainingState.NOT_REQUIRED:
        assert after.state is TrainingState.NOT_REQUIRED
    else:
        assert BETTER[after.state] <= BETTER[before.state]
