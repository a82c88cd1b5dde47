"""Taking part: enrolling, results and completion in one transaction, following versions and renamed keys."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from fractions import Fraction

import pytest
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.models import Course, PublicationNature
from enrolments import enrolment as enrolments
from enrolments import jobs, learners
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.enrolment import ActivityOutcome
from enrolments.models import ActivityResult, Completion, Enrolment
from enrolments.progress import LockedEnrolment, lock_enrolment
from kernel.audit import AuditEntry
from kernel.errors import Conflict
from kernel.outbox import Delivery, Job
from kernel.permissions import SYSTEM, Actor, SiteRole
from lms.instance import Instance
from quizzes.models import Attempt
from tests.support.builders import a_course, a_person, folder, publish
from tests.support.learning import a_learner, actor_of, all_at_once, enrolment_of, fail_quiz, mark_done, pass_quiz, start
from webinars.models import WatchedSpan

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def counted(instance: Instance, model: type) -> int:
    """Count the rows of a table."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def enrol(instance: Instance, actor: Actor, slug: str = "prueba", *, now: datetime = NOON) -> int:
    """Enrol through the service and return the enrolment's id."""
    with instance.database.unit_of_work() as session:
        return enrolments.enrol(session, actor, learners.get_learner_context(session, actor, slug), now=now).id


def results(instance: Instance) -> dict[str, ActivityResult]:
    """Return all results by key."""
    with instance.database.unit_of_work(write=False) as session:
        return {row.activity_key: row for row in session.scalars(select(ActivityResult))}


def test_enrolling_twice_is_harmless(instance: Instance) -> None:
    """The matrix: enrolling twice changes nothing."""
    a_course(instance, modules=2)
    actor = actor_of(a_person(instance))

    first, second = enrol(instance, actor), enrol(instance, actor, now=NOON + timedelta(days=1))

    assert first == second
    with instance.database.unit_of_work(write=False) as session:
        row = session.execute(select(Enrolment)).scalar_one()
        assert (row.done, row.total, row.enrolled_at) == (0, 4, NOON)
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "enrolment.started")) == 1


def test_eight_enrolments_at_once_are_one(instance: Instance) -> None:
    """spec/security 1.6, on both databases."""
    a_course(instance, modules=1)
    actor = actor_of(a_person(instance))

    found = all_at_once(8, lambda _place: enrol(instance, actor))

    assert len(set(found)) == 1, found
    assert counted(instance, Enrolment) == 1


def test_progress_and_completion_are_kept_up_with_each_result(instance: Instance) -> None:
    """Nothing is summed on page views; the last result completes the course and asks for the certificate in its own transaction."""
    course = a_course(instance, modules=1)
    actor = a_learner(instance, course, now=NOON)

    mark_done(instance, actor, "prueba", "leccion-1", now=NOON)
    half = enrolment_of(instance, actor, course)
    pass_quiz(instance, actor, "prueba", now=NOON + timedelta(minutes=1))
    whole = enrolment_of(instance, actor, course)

    assert [(row.done, row.total) for row in (half, whole)] == [(1, 2), (2, 2)]
    with instance.database.unit_of_work(write=False) as session:
        completion = session.execute(select(Completion)).scalar_one()
        assert (completion.completed_at, completion.grade) == (NOON + timedelta(minutes=1), Decimal(100))
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == "certificates.issue")) == 1


def test_a_failing_transaction_leaves_neither_result_nor_completion(instance: Instance) -> None:
    """Atomic by construction."""
    course = a_course(instance, modules=1)
    actor = a_learner(instance, course)
    pass_quiz(instance, actor, "prueba")

    def complete_and_fail() -> None:
        with instance.database.unit_of_work() as session:
            enrolment_id = session.execute(select(Enrolment.id)).scalar_one()
            progress = enrolments.record_result(session, actor, enrolment_id, "leccion-1", ActivityOutcome(completed=True), now=NOON)
            assert progress.completed
            raise Conflict

    with pytest.raises(Conflict):
        complete_and_fail()

    assert (counted(instance, Completion), enrolment_of(instance, actor, course).done) == (0, 1)


def test_a_completed_activity_keeps_its_first_moment_and_version(instance: Instance) -> None:
    """spec/quiz-engine 5.13."""
    course = a_course(instance, modules=1)
    actor = a_learner(instance, course)

    for hours in (0, 5):
        mark_done(instance, actor, "prueba", "leccion-1", now=NOON + timedelta(hours=hours))

    row = results(instance)["leccion-1"]
    assert (row.completed_at, row.completed_version_id) == (NOON, course.published_version_id)


def test_the_learners_mark_can_be_taken_back_but_not_a_quizs_and_not_a_completion(instance: Instance) -> None:
    """A course once completed stays completed."""
    course = a_course(instance, modules=1)
    actor = a_learner(instance, course)
    mark_done(instance, actor, "prueba", "leccion-1")
    pass_quiz(instance, actor, "prueba")

    with instance.database.unit_of_work() as session:
        enrolments.unmark_done(session, actor, learners.get_activity_context(session, actor, "prueba", "leccion-1"), now=NOON)
    with instance.database.unit_of_work() as session, pytest.raises(Conflict):
        enrolments.unmark_done(session, actor, learners.get_activity_context(session, actor, "prueba", "cuestionario-1"), now=NOON)
    with instance.database.unit_of_work() as session, pytest.raises(Conflict):
        enrolments.mark_done(session, actor, learners.get_activity_context(session, actor, "prueba", "cuestionario-1"), now=NOON)

    assert enrolment_of(instance, actor, course).done == 1
    assert results(instance)["leccion-1"].completed_at is None
    assert counted(instance, Completion) == 1


def take_back(instance: Instance, enrolment: int, key: str, *, now: datetime = NOON) -> bool:
    """Take a completion back as an administrator."""
    with instance.database.unit_of_work() as session:
        return enrolments.revoke_completion(
            session, Actor(roles=frozenset({SiteRole.ADMINISTRATOR})), enrolment, key, "Copió las respuestas", now=now
        )


def told(instance: Instance, verb: EnrolmentVerb) -> list[dict[str, object]]:
    """Return what the audit log says under a verb."""
    with instance.database.unit_of_work(write=False) as session:
        return [json.loads(facts) for facts in session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == verb.value))]


def test_an_administrator_takes_the_completion_of_an_activity_and_so_of_the_course_back(instance: Instance) -> None:
    """spec/quiz-engine 5.13 un-completing: by an explicit act with a reason; scores stay, the log keeps what was,
    and doing it again completes again.
    """
    course = a_course(instance, modules=1)
    actor = a_learner(instance, course, now=NOON)
    mark_done(instance, actor, "prueba", "leccion-1", now=NOON)
    pass_quiz(instance, actor, "prueba", now=NOON)
    enrolment = enrolment_of(instance, actor, course)

    course_too = take_back(instance, enrolment.id, "cuestionario-1", now=NOON + timedelta(hours=1))

    row = results(instance)["cuestionario-1"]
    assert course_too
    assert (row.completed_at, row.completed_version_id, row.score, row.passed) == (None, None, 100, True)
    assert enrolment_of(instance, actor, course).done == 1
    assert counted(instance, Completion) == 0
    common = {"activity": "cuestionario-1", "reason": "Copió las respuestas", "was": NOON.isoformat()}
    assert told(instance, EnrolmentVerb.ACTIVITY_TAKEN_BACK) == [common]
    assert told(instance, EnrolmentVerb.TAKEN_BACK) == [common | {"grade": "100.0000000"}]

    with pytest.raises(Conflict, match="not completed"):
        take_back(instance, enrolment.id, "cuestionario-1")
    pass_quiz(instance, actor, "prueba", now=NOON + timedelta(hours=2))
    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(Completion.completed_at)).scalar_one() == NOON + timedelta(hours=2)


def test_a_course_that_is_complete_all_the_same_stays_completed(instance: Instance) -> None:
    """spec/quiz-engine 5.13 un-completing: what the course does not ask for, or was not completed,
    changes nothing of the course's completion.
    """
    files = folder(modules=1)
    files["01-parte/01-leccion.es.md"] = files["01-parte/01-leccion.es.md"].replace(
        b"title: Contar 1\n", b"title: Contar 1\nrequired: false\n"
    )
    course, _version = publish(instance, files)
    actor = a_learner(instance, course, now=NOON)
    mark_done(instance, actor, "prueba", "leccion-1", now=NOON)
    pass_quiz(instance, actor, "prueba", now=NOON)
    enrolment = enrolment_of(instance, actor, course)

    assert not take_back(instance, enrolment.id, "leccion-1")
    assert counted(instance, Completion) == 1
    assert told(instance, EnrolmentVerb.TAKEN_BACK) == []
    for key in ("leccion-1", "no-hay"):
        with pytest.raises(Conflict, match="not completed"):
            take_back(instance, enrolment.id, key)
    assert len(told(instance, EnrolmentVerb.ACTIVITY_TAKEN_BACK)) == 1


def test_results_at_once_are_all_counted(instance: Instance) -> None:
    """Two devices finish something at the same moment: the totals miss nothing, on both databases."""
    course = a_course(instance, modules=4)
    actor = a_learner(instance, course)

    all_at_once(4, lambda place: mark_done(instance, actor, "prueba", f"leccion-{place + 1}"))

    assert enrolment_of(instance, actor, course).done == 4


def test_a_visit_keeps_the_place_and_the_first_view(instance: Instance) -> None:
    """Resume on any device."""
    course = a_course(instance, modules=1)
    actor = a_learner(instance, course)
    enrolment_id = enrolment_of(instance, actor, course).id

    for minutes, key in ((0, "leccion-1"), (1, "video-1"), (2, "leccion-1")):
        with instance.database.unit_of_work() as session:
            enrolments.record_visit(session, enrolment_id, key, now=NOON + timedelta(minutes=minutes))

    row = enrolment_of(instance, actor, course)
    assert (row.last_activity_key, row.last_visited_at) == ("leccion-1", NOON + timedelta(minutes=2))
    assert results(instance)["leccion-1"].viewed_at == NOON


def follow(instance: Instance, course: Course) -> None:
    """Run the job that follows a publication, twice."""
    for _time in range(2):
        jobs.follow_correction(Delivery(instance.database, instance.settings, 1, {"subject": course.id}, NOON))


def corrected(files: dict[str, bytes], word: str) -> dict[str, bytes]:
    """Return the folder with another word in its first lesson."""
    name = "01-parte/01-leccion.es.md"
    return {**files, name: files[name].replace(b"dedos", word.encode())}


def test_a_correction_moves_everybody_with_their_progress_and_an_improvement_moves_nobody(instance: Instance) -> None:
    files = folder(modules=1)
    course, first = publish(instance, files)
    actor = a_learner(instance, course)
    pass_quiz(instance, actor, "prueba")

    _course, improved = publish(instance, corrected(files, "manos"), nature=PublicationNature.IMPROVEMENT)
    follow(instance, course)
    stays = enrolment_of(instance, actor, course).course_version_id
    newcomer = a_learner(instance, course, "eva@example.org")
    _course, right = publish(instance, corrected(files, "ojos"), nature=PublicationNature.CORRECTION)
    follow(instance, course)

    moved = enrolment_of(instance, actor, course)
    assert stays == first.id
    assert enrolment_of(instance, newcomer, course).course_version_id == right.id != improved.id
    assert (moved.course_version_id, moved.done, moved.total) == (right.id, 1, 2)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "enrolment.moved")) == 2


def test_an_improvement_published_before_the_job_ran_does_not_swallow_the_correction(instance: Instance) -> None:
    """Learners move to the correction, not further."""
    files = folder(modules=1)
    course, _first = publish(instance, files)
    actor = a_learner(instance, course)
    _course, right = publish(instance, corrected(files, "manos"), nature=PublicationNature.CORRECTION)
    publish(instance, corrected(files, "ojos"), nature=PublicationNature.IMPROVEMENT)

    follow(instance, course)

    assert enrolment_of(instance, actor, course).course_version_id == right.id


def behind_and_newer(instance: Instance) -> tuple[Course, list[int], list[int]]:
    """Let two people learn by a first version of a course that was corrected and then improved; return enrolments and versions."""
    files = folder(modules=1)
    course, first = publish(instance, files)
    people = [a_learner(instance, course), a_learner(instance, course, "eva@example.org")]
    right = publish(instance, corrected(files, "manos"), nature=PublicationNature.CORRECTION)[1]
    later = publish(instance, corrected(files, "ojos"), nature=PublicationNature.IMPROVEMENT)[1]
    return course, [enrolment_of(instance, actor, course).id for actor in people], [first.id, right.id, later.id]


def followed(instance: Instance, enrolment_ids: list[int]) -> list[int]:
    """Return the versions that learners follow."""
    with instance.database.unit_of_work(write=False) as session:
        return [session.get_one(Enrolment, enrolment_id).course_version_id for enrolment_id in enrolment_ids]


def test_a_job_that_takes_long_moves_nobody_back(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """Who was behind when it began may follow a newer version by their turn: moved by another worker, or by their own choice."""
    course, people, (_first, right, later) = behind_and_newer(instance)

    def moving(session: Session, actor: Actor, enrolment_id: int, version_id: int, *, now: datetime) -> None:
        enrolments.follow_version(session, actor, enrolment_id, version_id, now=now)
        if enrolment_id == people[0]:
            session.get_one(Enrolment, people[1]).course_version_id = later

    monkeypatch.setattr(jobs, "STEP", 1)
    monkeypatch.setattr(jobs, "follow_version", moving)
    jobs.follow_correction(Delivery(instance.database, instance.settings, 1, {"subject": course.id}, NOON))

    assert followed(instance, people) == [right, later]


def test_who_was_moved_while_one_waited_for_them_is_not_moved_back(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    _course, people, (first, right, later) = behind_and_newer(instance)

    def after_another(session: Session, enrolment_id: int) -> LockedEnrolment:
        session.execute(update(Enrolment).where(Enrolment.id == enrolment_id).values(course_version_id=later))
        return lock_enrolment(session, enrolment_id)

    monkeypatch.setattr(enrolments, "lock_enrolment", after_another)
    with pytest.raises(Conflict), instance.database.unit_of_work() as session:
        enrolments.follow_version(session, Actor(), people[0], right, now=NOON)

    assert followed(instance, people) == [first, first]


def renamed(files: dict[str, bytes]) -> dict[str, bytes]:
    """Return the folder with new keys for its first lesson, quiz and recording, each saying what it was."""
    changed = dict(files)
    for name, key in (("01-leccion.es.md", "leccion"), ("03-cuestionario.quiz.yaml", "cuestionario"), ("02-video.recording.yaml", "video")):
        path = f"01-parte/{name}"
        text = changed[path].decode()
        changed[path] = text.replace(f"key: {key}-1\n", f"key: nueva-{key}\nformer_keys: [{key}-1]\n").encode()
    return changed


def test_what_was_recorded_follows_a_renamed_key_when_a_learner_moves(instance: Instance) -> None:
    """Results, attempts, what was watched and the place to go on: everything hangs on activity keys."""
    files = folder(modules=1, settings="attempts: 2\n")
    course, _first = publish(instance, files)
    actor, other = a_learner(instance, course), a_learner(instance, course, "eva@example.org")
    pass_quiz(instance, actor, "prueba")
    mark_done(instance, actor, "prueba", "leccion-1")
    enrolment_id = enrolment_of(instance, actor, course).id
    with instance.database.unit_of_work() as session:
        enrolments.record_visit(session, enrolment_id, "leccion-1", now=NOON)
        session.add(WatchedSpan(enrolment_id=enrolment_id, activity_key="video-1", start=0, finish=9, at=NOON))
    fail_quiz(instance, other, "prueba")

    publish(instance, renamed(files), nature=PublicationNature.CORRECTION)
    follow(instance, course)

    row = enrolment_of(instance, actor, course)
    assert (row.done, row.total, row.last_activity_key) == (2, 2, "nueva-leccion")
    with instance.database.unit_of_work(write=False) as session:
        assert set(session.scalars(select(ActivityResult.activity_key))) == {"nueva-leccion", "nueva-cuestionario"}
        assert set(session.scalars(select(Attempt.activity_key))) == {"nueva-cuestionario"}
        assert set(session.scalars(select(WatchedSpan.activity_key))) == {"nueva-video"}
    fail_quiz(instance, other, "prueba", "nueva-cuestionario")
    with instance.database.unit_of_work(write=False) as session:
        numbers = session.scalars(select(Attempt.number).where(Attempt.person_id == other.person_id).order_by(Attempt.number))
        assert list(numbers) == [1, 2]


def test_who_keeps_an_earlier_version_keeps_its_keys(instance: Instance) -> None:
    """An improvement renames for newcomers only: nobody's results disappear from the version they follow."""
    files = folder(modules=1)
    course, _first = publish(instance, files)
    actor = a_learner(instance, course)
    mark_done(instance, actor, "prueba", "leccion-1")

    publish(instance, renamed(files), nature=PublicationNature.IMPROVEMENT)
    follow(instance, course)
    pass_quiz(instance, actor, "prueba", "cuestionario-1")

    assert enrolment_of(instance, actor, course).done == 2
    assert set(results(instance)) == {"leccion-1", "cuestionario-1"}


def test_an_open_attempt_is_handed_in_under_the_renamed_key(instance: Instance) -> None:
    """Somebody is in the middle of a quiz while it is renamed."""
    files = folder(modules=1, settings="attempts: 0\n")
    course, _first = publish(instance, files)
    actor = a_learner(instance, course)
    attempt = start(instance, actor, "prueba")
    publish(instance, renamed(files), nature=PublicationNature.CORRECTION)
    follow(instance, course)

    assert start(instance, actor, "prueba", "nueva-cuestionario") == attempt
    pass_quiz(instance, actor, "prueba", "nueva-cuestionario")

    assert results(instance)["nueva-cuestionario"].completed_at is not None


def test_leaving_and_coming_back_finds_everything_as_it_was(instance: Instance) -> None:
    """The row stays; coming back only opens it again."""
    course = a_course(instance, modules=1)
    actor = a_learner(instance, course)
    mark_done(instance, actor, "prueba", "leccion-1")
    with instance.database.unit_of_work() as session:
        session.execute(select(Enrolment)).scalar_one().left_at = NOON

    with instance.database.unit_of_work(write=False) as session:
        assert not learners.get_learner_context(session, actor, "prueba").is_learner
    enrol(instance, actor)

    assert enrolment_of(instance, actor, course).done == 1
    with instance.database.unit_of_work(write=False) as session:
        assert learners.get_learner_context(session, actor, "prueba").is_learner


def test_what_was_done_while_out_of_a_course_completes_it_on_coming_back(instance: Instance) -> None:
    """spec/security 1.4: what was handed in is marked while its learner is out,
    and nothing comes of it before they take the course again.
    """
    course = a_course(instance, modules=1)
    actor = a_learner(instance, course)
    mark_done(instance, actor, "prueba", "leccion-1")
    with instance.database.unit_of_work() as session:
        row = session.execute(select(Enrolment)).scalar_one()
        row.left_at = NOON
    with instance.database.unit_of_work() as session:
        enrolments.record_result(
            session, SYSTEM, row.id, "cuestionario-1", ActivityOutcome(completed=True, score=Fraction(90), passed=True), now=NOON
        )
    outside = counted(instance, Completion)
    enrol(instance, actor)

    assert (outside, counted(instance, Completion)) == (0, 1)
    assert results(instance)["cuestionario-1"].score == 90


def test_scores_are_kept_with_seven_decimals(instance: Instance) -> None:
    """spec/quiz-engine 5.1.5: a third is 33.3333333 percent."""
    course = a_course(instance, modules=1)
    actor = a_learner(instance, course)
    outcome = ActivityOutcome(completed=False, score=Fraction(100, 3), passed=False)

    with instance.database.unit_of_work() as session:
        enrolments.record_result(session, actor, session.execute(select(Enrolment.id)).scalar_one(), "cuestionario-1", outcome, now=NOON)

    row = results(instance)["cuestionario-1"]
    assert (row.score, row.passed, row.completed_at) == (Decimal("33.3333333"), False, None)


def test_the_own_courses_are_those_of_the_actor_the_last_visited_first(instance: Instance) -> None:
    """The twin of being enrolled."""
    first, second = a_course(instance, "uno", modules=1), a_course(instance, "dos", modules=1)
    actor = a_learner(instance, first, now=NOON)
    enrol(instance, actor, "dos")
    a_learner(instance, second, "eva@example.org")
    with instance.database.unit_of_work() as session:
        enrolments.record_visit(session, session.scalars(select(Enrolment.id).order_by(Enrolment.id)).first() or 0, "leccion-1", now=NOON)

    with instance.database.unit_of_work(write=False) as session:
        own = learners.list_own_courses(session, actor)
        assert session.scalar(select(func.count()).select_from(Person)) == 2

    assert [course.slug for course in own] == ["uno", "dos"]
