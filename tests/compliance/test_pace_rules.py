"""Whether a course can be finished by a last day, and what of several courses keeps somebody from it (spec/compulsory 11.7)."""

from dataclasses import replace
from datetime import datetime, timedelta

import pytest

from compliance.rules.pace import CourseTake, Hindrance, find_hindrance, hindrance_under
from compliance.rules.terms import AllRequirement, AnyRequirement, CourseRequirement
from courses.models import Course
from courses.rules import Outline
from courses.versions import get_outline
from lms.instance import Instance
from tests.support.builders import a_course
from tests.support.training_cases import QUITO

NOW = datetime(2026, 11, 22, 12, tzinfo=QUITO)
LAST = datetime(2026, 12, 16, tzinfo=QUITO)
DAY = timedelta(days=1)


@pytest.fixture
def outline(instance: Instance) -> Outline:
    """Return a course of one module: a lesson and a quiz, both required."""
    course: Course = a_course(instance, modules=1)
    with instance.database.unit_of_work(write=False) as session:
        return get_outline(session, course.published_version_id or 0)


def closing(outline: Outline, closes: datetime, *, opens: datetime | None = None) -> Outline:
    """Return the course with days for its quiz."""
    [module] = outline.modules
    activities = tuple(
        replace(activity, opens_at=opens, closes_at=closes) if activity.gives_marks else activity for activity in module.activities
    )
    return replace(outline, modules=(replace(module, activities=activities),))


def quiz_of(outline: Outline) -> str:
    return next(activity.key for activity in outline.activities() if activity.gives_marks)


@pytest.mark.parametrize(
    ("starts", "ends", "end"),
    [
        (None, None, LAST),
        (None, LAST, LAST),
        (None, LAST + DAY, LAST),
        (None, LAST - DAY, LAST - DAY),
        (None, NOW, None),
        (LAST, None, None),
        (LAST - timedelta(seconds=1), LAST + DAY, None),
        (LAST - 3 * DAY, None, LAST),
    ],
)
def test_an_edition_is_enough_if_it_leaves_time_before_the_last_day_is_over(
    outline: Outline, starts: datetime | None, ends: datetime | None, end: datetime | None
) -> None:
    assert CourseTake(outline, (), starts, ends).find_end(LAST, NOW) == end


def test_an_edition_that_expects_over_four_hours_a_day_is_none_but_who_is_in_it_may_try(outline: Outline) -> None:
    [module] = outline.modules
    long = replace(outline, modules=(replace(module, activities=tuple(replace(activity, minutes=400) for activity in module.activities)),))
    days = sum(activity.required for activity in module.activities) * 400 * DAY / 240

    assert CourseTake(long, (), LAST - days).find_end(LAST, NOW) == LAST
    assert CourseTake(long, (), LAST - days + DAY / 2).find_end(LAST, NOW) is None
    assert CourseTake(long, (), LAST - days + DAY / 2, is_taken=True).find_end(LAST, NOW) == LAST


@pytest.mark.parametrize(
    ("closes", "end"), [(NOW, None), (NOW + DAY, NOW + DAY), (LAST - DAY / 24, LAST - DAY / 24), (LAST, LAST), (LAST + DAY, LAST)]
)
def test_a_required_quiz_that_closes_counts_as_the_end_until_it_is_done(outline: Outline, closes: datetime, end: datetime | None) -> None:
    dated = closing(outline, closes)

    assert CourseTake(dated, is_taken=True).find_end(LAST, NOW) == end
    assert CourseTake(dated, {quiz_of(dated)}, is_taken=True).find_end(LAST, NOW) == LAST


def test_what_opens_after_the_last_day_cannot_be_done_by_it(outline: Outline) -> None:
    assert CourseTake(closing(outline, LAST + 9 * DAY, opens=LAST)).find_end(LAST, NOW) is None
    assert CourseTake(closing(outline, LAST + 9 * DAY, opens=LAST - DAY)).find_end(LAST, NOW) == LAST


def test_a_module_that_needs_less_than_all_is_completed_without_the_closed_quiz(outline: Outline) -> None:
    dated = closing(outline, NOW)
    easy = replace(dated, modules=(replace(dated.modules[0], needed=1),))

    assert CourseTake(easy).find_end(LAST, NOW) == LAST


def test_the_best_of_several_editions_decides(outline: Outline) -> None:
    over, short, enough = CourseTake(outline, (), None, NOW), CourseTake(outline, (), None, LAST - DAY), CourseTake(outline, (), LAST - DAY)

    assert find_hindrance("a", [], LAST, NOW) == Hindrance("a", is_taken=False, ends=None)
    assert find_hindrance("a", [over], LAST, NOW) == Hindrance("a", is_taken=False, ends=None)
    assert find_hindrance("a", [over, short], LAST, NOW) == Hindrance("a", is_taken=False, ends=LAST - DAY)
    assert find_hindrance("a", [over, short, enough], LAST, NOW) is None


def test_any_one_is_enough_and_all_are_needed() -> None:
    a, b, c = (CourseRequirement(slug) for slug in "abc")
    hindrances = {"a": Hindrance("a", is_taken=False, ends=None), "b": Hindrance("b", is_taken=True, ends=LAST - DAY)}

    assert hindrance_under(AnyRequirement((a, c)), hindrances.get) is None
    assert hindrance_under(AnyRequirement((a, b)), hindrances.get) == hindrances["b"]
    assert hindrance_under(AllRequirement((b, a, c)), hindrances.get) == hindrances["a"]
    assert hindrance_under(AllRequirement((c, AnyRequirement((a, c)))), hindrances.get) is None


def test_a_course_that_requires_nothing_is_never_closed(outline: Outline) -> None:
    [module] = outline.modules
    optional = tuple(replace(activity, required=False) for activity in module.activities)

    take = CourseTake(replace(outline, modules=(replace(module, activities=optional),)), (), None, NOW)

    assert take.find_end(LAST, NOW) == LAST


def test_lessons_alone_need_an_edition_that_people_still_get_into(outline: Outline) -> None:
    """Who takes the course reads on after its edition; who does not is no longer let in."""
    [module] = outline.modules
    lessons = replace(outline, modules=(replace(module, activities=[each for each in module.activities if not each.gives_marks]),))
    ended = LAST - DAY

    assert CourseTake(lessons, (), None, ended).find_end(LAST, NOW) == ended
    assert CourseTake(lessons, (), None, NOW).find_end(LAST, NOW) is None
    assert CourseTake(lessons, (), None, ended, is_taken=True).find_end(LAST, NOW) == LAST
