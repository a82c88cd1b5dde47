"""What a player tells of watching: kept, joined, believed within bounds, and enough of it completes."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction

from sqlalchemy import select

from courses.models import Course, PublicationNature
from enrolments import enrolment, learners
from enrolments.models import ActivityResult
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from tests.support.browser import Counter
from tests.support.builders import folder, publish
from tests.support.folders import a_folder
from tests.support.learning import a_learner, all_at_once, enrolment_of
from webinars import recordings

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)
LENGTH = 100
FILM = "01-contar/02-charla.recording.yaml"


def a_film(instance: Instance, extra: str = "") -> tuple[Course, Actor]:
    """Publish the sample with a recording of ours that counts as watched from 80 % on, and a learner who opened it at noon."""
    files = a_folder()
    files[FILM] = files[FILM].decode().replace("duration: 0:10\n", f"duration: 1:40\n{extra}").encode()
    course, _version = publish(instance, files, now=NOON - timedelta(days=1))
    actor = a_learner(instance, course, now=NOON)
    with instance.database.unit_of_work() as session:
        enrolment.record_visit(session, enrolment_of(instance, actor, course).id, "charla", now=NOON)
    return course, actor


def watch(instance: Instance, actor: Actor, spans: list[tuple[int, int]], *, minutes: float = 60) -> Fraction:
    """Tell what was seen."""
    with instance.database.unit_of_work() as session:
        subject = learners.get_activity_context(session, actor, "agua-en-casa", "charla")
        return recordings.record_watched(session, actor, subject, spans, LENGTH, now=NOON + timedelta(minutes=minutes))


def completed(instance: Instance) -> bool:
    """Return whether the recording counts as done."""
    with instance.database.unit_of_work(write=False) as session:
        row = session.execute(select(ActivityResult).where(ActivityResult.activity_key == "charla")).scalar_one()
        return row.completed_at is not None


def spans_of(instance: Instance, actor: Actor, course: Course) -> list[tuple[int, int]]:
    """Return what is kept."""
    with instance.database.unit_of_work(write=False) as session:
        return sorted(
            (start, finish) for start, finish in recordings.list_spans(session, enrolment_of(instance, actor, course).id, "charla")
        )


def test_enough_of_it_completes_and_what_was_seen_twice_counts_once(instance: Instance) -> None:
    course, actor = a_film(instance)

    shares = [watch(instance, actor, spans) for spans in ([(0, 40)], [(20, 60)], [(0, 60)], [(55, 79)])]
    before = completed(instance)
    shares.append(watch(instance, actor, [(90, 91)]))

    assert shares == [Fraction(share, 100) for share in (40, 60, 60, 79, 80)]
    assert (before, completed(instance)) == (False, True)
    assert spans_of(instance, actor, course) == [(0, 79), (90, 91)]


def test_what_was_seen_completes_when_a_correction_asks_for_less(instance: Instance) -> None:
    course, actor = a_film(instance, "completion: {watched: 90}\n")
    watch(instance, actor, [(0, 85)])
    before = completed(instance)
    files = a_folder()
    files[FILM] = files[FILM].decode().replace("duration: 0:10\n", "duration: 1:40\ncompletion: {watched: 80}\n").encode()
    _course, version = publish(instance, files, nature=PublicationNature.CORRECTION, now=NOON)
    with instance.database.unit_of_work() as session:
        enrolment.follow_version(session, SYSTEM, enrolment_of(instance, actor, course).id, version.id, now=NOON)

    share = watch(instance, actor, [(70, 85)])

    assert (before, share, completed(instance)) == (False, Fraction(85, 100), True)


def test_seeing_it_again_completes_again_what_was_taken_back(instance: Instance) -> None:
    course, actor = a_film(instance)
    watch(instance, actor, [(0, 100)])
    with instance.database.unit_of_work() as session:
        enrolment.revoke_completion(session, SYSTEM, enrolment_of(instance, actor, course).id, "charla", "No lo vio.", now=NOON)
    before = completed(instance)

    watch(instance, actor, [(0, 100)])

    assert (before, completed(instance)) == (False, True)


def test_what_is_seen_after_it_was_completed_writes_no_result(instance: Instance) -> None:
    """A player tells every fifteen seconds."""
    _course, actor = a_film(instance)
    watch(instance, actor, [(0, 90)])
    counter = Counter(instance.database.writing)
    for seen in ((0, 90), (0, 91)):
        watch(instance, actor, [seen])

    written = [statement.split()[:3] for statement in counter.statements if not statement.startswith(("SELECT", "WITH"))]
    assert written == [["DELETE", "FROM", "watched_span"], ["INSERT", "INTO", "watched_span"]]


def test_more_than_can_have_been_seen_is_not_kept(instance: Instance) -> None:
    """A script that tells everything was watched a second after the page was opened."""
    course, actor = a_film(instance)

    lie = watch(instance, actor, [(0, 100)], minutes=1 / 60)
    truth = watch(instance, actor, [(0, 30)], minutes=1 / 60)
    later = watch(instance, actor, [(0, 100)], minutes=0.6)

    assert (lie, truth, later) == (0, Fraction(30, 100), 1)
    assert spans_of(instance, actor, course) == [(0, 100)]
    assert completed(instance)


def test_who_never_opened_it_is_believed_half_a_minute(instance: Instance) -> None:
    """The note of the visit may have been lost; nothing is promised to who never loaded the page."""
    _course, actor = a_film(instance)
    with instance.database.unit_of_work() as session:
        session.delete(session.execute(select(ActivityResult)).scalar_one())

    assert watch(instance, actor, [(0, 31)]) == 0
    assert watch(instance, actor, [(0, 30)]) == Fraction(30, 100)


def test_two_players_at_once_lose_nothing(instance: Instance) -> None:
    """The film in two windows, on both databases."""
    course, actor = a_film(instance)

    found = all_at_once(4, lambda place: watch(instance, actor, [(place * 20, place * 20 + 10)]))

    assert all(isinstance(share, Fraction) for share in found), found
    assert spans_of(instance, actor, course) == [(0, 10), (20, 30), (40, 50), (60, 70)]


def test_a_page_of_another_site_is_not_counted_in_seconds(instance: Instance) -> None:
    """It has no length; its learner says when it was seen."""
    course, _version = publish(instance, folder(modules=1))
    actor = a_learner(instance, course)

    with instance.database.unit_of_work() as session:
        subject = learners.get_activity_context(session, actor, "prueba", "video-1")
        assert recordings.record_watched(session, actor, subject, [(0, 30)], 0, now=NOON) == 0
        enrolment.mark_done(session, actor, subject, now=NOON)

    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(ActivityResult.completed_at)).scalar_one() == NOON
