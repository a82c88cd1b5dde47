"""The one source of dates: editions, modules and activities of one person and of many (spec/performance P7)."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest

from enrolments.dates import DatedItem, DateKind, DateRequest, collect_dates, list_dated_enrolments
from kernel.i18n import reading
from lms.instance import Instance
from tests.support.browser import every_statement
from tests.support.builders import a_course, folder, publish
from tests.support.dates import dates_of, moments_of
from tests.support.editions import a_learner_of, an_edition, enrol, take_out
from tests.support.learning import a_learner, mark_done, start

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
DAY = timedelta(days=1)


def test_an_edition_is_named_in_the_language_of_its_reader_with_the_zone_of_its_course(instance: Instance) -> None:
    course = a_course(instance)
    learner = a_learner_of(instance, course, an_edition(instance, course, starts_at=NOON + DAY, ends_at=NOON + 3 * DAY))

    begins, ends = dates_of(instance, learner, now=NOON)

    assert (begins.kind, begins.key, begins.at) == (DateKind.EDITION_BEGINS, "edition:prueba:begins", NOON + DAY)
    assert (ends.kind, ends.key, ends.at) == (DateKind.EDITION_ENDS, "edition:prueba:ends", NOON + 3 * DAY)
    assert (ends.course_id, ends.slug, ends.path, ends.zone) == (course.id, "prueba", "/courses/prueba", "America/Guayaquil")
    assert ends.course_title == "Curso de prueba prueba"
    with reading("en"):
        assert ends.course_title == "Test course prueba"


def test_modules_and_lessons_have_their_own_dates_alone(instance: Instance) -> None:
    files = folder(modules=2)
    files["01-parte/module.yaml"] += b"opens: 2026-06-05\ncloses: 2026-06-10\n"
    lesson = files["02-parte/01-leccion.es.md"].replace(b"title: Contar 2", b"title: Contar 2\nopens: 2026-06-06\ncloses: 2026-06-08")
    course, _version = publish(instance, {**files, "02-parte/01-leccion.es.md": lesson}, now=NOON)
    learner = a_learner(instance, course, now=NOON)

    found = moments_of(instance, learner, now=NOON)

    assert found == {
        "module:prueba:parte-1:opens": datetime(2026, 6, 5, 5, tzinfo=UTC),
        "page:prueba:leccion-2:opens": datetime(2026, 6, 6, 5, tzinfo=UTC),
        "page:prueba:leccion-2:closes": datetime(2026, 6, 9, 5, tzinfo=UTC),
        "quiz:prueba:cuestionario-1:closes": datetime(2026, 6, 11, 5, tzinfo=UTC),
    }


def test_the_end_of_an_edition_stands_once_and_not_at_what_closes_later(instance: Instance) -> None:
    course = a_course(instance, modules=1, settings="attempts: 0\ncloses: 2026-06-20\n")
    learner = a_learner_of(instance, course, an_edition(instance, course, ends_at=NOON + 3 * DAY))

    assert list(moments_of(instance, learner, now=NOON)) == ["edition:prueba:ends"]


def test_what_is_done_says_so(instance: Instance) -> None:
    files = folder(modules=1)
    lesson = files["01-parte/01-leccion.es.md"].replace(b"title: Contar 1", b"title: Contar 1\ncloses: 2026-06-08")
    course, _version = publish(instance, {**files, "01-parte/01-leccion.es.md": lesson}, now=NOON)
    learner = a_learner(instance, course, now=NOON)
    (before,) = dates_of(instance, learner, now=NOON)

    mark_done(instance, learner, "prueba", "leccion-1", now=NOON)

    (after,) = dates_of(instance, learner, now=NOON)
    assert (before.done, after.done) == (False, True)


def test_dates_are_in_order_between_two_moments_and_within_the_limit(instance: Instance) -> None:
    courses = [
        a_course(instance, key, modules=1, settings=f"attempts: 0\ncloses: 2026-06-0{day}\n") for key, day in (("uno", 7), ("dos", 4))
    ]
    learner = a_learner(instance, courses[0], now=NOON)
    enrol(instance, courses[1], [learner])

    slugs = [item.slug for item in dates_of(instance, learner, now=NOON)]

    assert slugs == ["dos", "uno"]
    assert [item.slug for item in dates_of(instance, learner, now=NOON, limit=1)] == ["dos"]
    late = datetime(2026, 6, 5, 5, tzinfo=UTC)
    assert [item.slug for item in dates_of(instance, learner, now=NOON, since=late + DAY)] == ["uno"]
    assert [item.slug for item in dates_of(instance, learner, now=NOON, since=late, until=late + DAY)] == ["dos"]


def test_whoever_left_a_course_has_no_dates_of_it(instance: Instance) -> None:
    course = a_course(instance, modules=1, settings="attempts: 0\ncloses: 2026-06-20\n")
    learner = a_learner(instance, course, now=NOON)
    before = len(dates_of(instance, learner, now=NOON))

    take_out(instance, course, learner)

    assert (before, len(dates_of(instance, learner, now=NOON))) == (1, 0)


def test_an_archived_course_has_no_dates(instance: Instance) -> None:
    course = a_course(instance, modules=1, settings="attempts: 0\ncloses: 2026-06-20\n")
    learner = a_learner(instance, course, now=NOON)
    with instance.database.unit_of_work() as session:
        session.merge(course).archived_at = NOON

    assert dates_of(instance, learner, now=NOON) == []


def test_many_people_in_many_courses_cost_the_statements_of_one(instance: Instance) -> None:
    """spec/performance P7: a reminder for some hundreds of people asks once."""
    settings = "attempts: 0\ncloses: 2026-06-20\n"
    first = a_course(instance, "curso-0", modules=1, settings=settings)
    learner = a_learner(instance, first, now=NOON)
    start(instance, learner, "curso-0", now=NOON)
    dates_of(instance, learner, now=NOON)
    counter = every_statement(instance.database)
    dates_of(instance, learner, now=NOON)
    one = len(counter.statements)
    others = [a_course(instance, f"curso-{number}", modules=3, settings=settings) for number in range(1, 5)]
    people = [learner, *(a_learner(instance, first, f"p{number}@example.org", now=NOON) for number in range(5))]
    for course in others:
        enrol(instance, course, people)
    for person in people:
        start(instance, person, "curso-1", now=NOON)
    dates_of(instance, *people, now=NOON)  # what is published is kept in memory

    counter.reset()
    found = dates_of(instance, *people, now=NOON)

    assert len(counter.statements) == one
    assert {item.person_id for item in found} == {person.person_id for person in people}
    assert one <= 6


def test_a_source_gets_every_requested_person_also_those_without_a_course(instance: Instance) -> None:
    """A reminder of one's own needs no course."""
    learner = a_learner(instance, a_course(instance), now=NOON)
    asked = []
    with instance.database.unit_of_work(write=False) as session:
        wanted = DateRequest(list_dated_enrolments(session, [learner.person_id or 0]), [learner.person_id or 0, 4711], NOON)
        collect_dates(session, wanted, [lambda _session, request: asked.append(request.person_ids) or ()])

    assert asked == [[learner.person_id, 4711]]


@pytest.mark.parametrize(
    ("zone", "day"), [("America/Santiago", date(2027, 9, 4)), ("America/Havana", date(2027, 3, 13)), ("UTC", date(2027, 9, 4))]
)
def test_what_closes_with_a_day_is_shown_on_it_also_where_no_clock_shows_midnight(zone: str, day: date) -> None:
    here = ZoneInfo(zone)
    end = datetime.combine(day + timedelta(days=1), time(), here).astimezone(UTC)
    item = DatedItem("x", DateKind.ACTIVITY_CLOSES, end, 1, "/", {"es": "Prueba"})

    assert item.by_calendar(here).date() == day
    assert replace(item, kind=DateKind.MODULE_OPENS).by_calendar(here).date() == day + timedelta(days=1)
