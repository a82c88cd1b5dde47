"""Records of compulsory training drawn by chance, for the properties that hold of all of them."""

from datetime import date, datetime, timedelta

from hypothesis import strategies as st

from compliance.rules.record import AchievedCourse, CourseStart, RecordedSpan, TrainingRecord, WaivedSpan
from tests.support.training_cases import COURSE, QUITO, RULES, in_days

FIRST = date(2026, 1, 1)


def at_hour(day: date, hour: int = 12) -> datetime:
    """Return an hour of a day in Quito."""
    return datetime(day.year, day.month, day.day, hour, tzinfo=QUITO)


days = st.integers(0, 500).map(lambda count: in_days(FIRST, count))
moments = st.builds(at_hour, days, st.integers(0, 23))


@st.composite
def spans(draw: st.DrawFn) -> tuple[date, date | None]:
    """Draw a first day and a last one, or none."""
    first = draw(days)
    return first, draw(st.none() | st.integers(0, 90).map(lambda count: in_days(first, count)))


@st.composite
def records(draw: st.DrawFn) -> TrainingRecord:
    """Draw a record of stays, waivers, closed accounts, completions, beginnings."""

    def recorded(day: date) -> datetime:
        return at_hour(in_days(day, draw(st.integers(0, 20))), 0)

    completions = []
    for moment in draw(st.lists(moments, max_size=3)):
        known = moment + timedelta(days=draw(st.integers(0, 20)))
        retracted = known + timedelta(days=draw(st.integers(1, 40))) if draw(st.booleans()) else None
        completions.append(AchievedCourse(COURSE, moment, draw(st.sampled_from([None, 1, 2, 3])), known, retracted))
    return TrainingRecord(
        QUITO,
        stays=[RecordedSpan(*span, recorded(span[0])) for span in draw(st.lists(spans(), min_size=1, max_size=3))],
        waivers=[WaivedSpan(*span, recorded(span[0])) for span in draw(st.lists(spans(), max_size=2))],
        closures=[RecordedSpan(*span, recorded(span[0])) for span in draw(st.lists(spans(), max_size=2))],
        completions=completions,
        starts=[CourseStart(COURSE, moment) for moment in draw(st.lists(moments, max_size=2))],
        enrolled_at=draw(st.lists(moments, max_size=2)),
    )


rules = st.sampled_from(sorted(RULES))
