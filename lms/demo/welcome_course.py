"""A course of one lesson, a survey and a letter that graders read; its certificate is valid for thirty days and has expired for most."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path
from random import Random

from accounts import people as account_queries
from certificates import credentials
from courses import catalogue, team, versions
from courses.models import StaffRole
from courses.rules import Outline
from enrolments import enrolment as enrolments
from enrolments import learners, progress
from kernel import outbox
from kernel.crypto import signing_keys
from kernel.permissions import SYSTEM, Actor, ActorChannel
from lms.demo.learning import AttemptTarget, hand_in
from lms.demo.people import STAFF, ZONE, DemoLearner, DemoOutcome, DemoTimeline, activity_context_at, enter
from lms.demo.teaching import essays_waiting, mark_essay
from lms.instance import Instance
from lms.publishing import publish_folder
from quizzes import answering

FOLDER = Path(__file__).resolve().parent / "welcome"
SLUG, LESSON, SURVEY, LETTER = "muestra-bienvenida", "como-mirar", "encuesta-de-bienvenida", "carta-de-bienvenida"
VALID = timedelta(days=30)
VISITORS = 14
UNREAD = 3
"""Letters that no grader has read yet, the newest."""


def hold_welcome(instance: Instance, people: Sequence[DemoLearner], *, before: timedelta, now: datetime) -> None:
    """Publish the course as it was published `before`, give it the team, and let the first people take it, each on the day they came."""
    publish_folder(instance, FOLDER, now=now - before)
    stage = DemoTimeline(instance, now, ())
    with instance.database.unit_of_work() as stage.opened:
        outline = staffed_outline(stage, SLUG, now=now - before)
    for learner in [learner for learner in people if learner.fate is not DemoOutcome.UNCONFIRMED][:VISITORS]:
        with instance.database.unit_of_work() as stage.opened:
            last = _take(stage, outline, learner)
        outbox.deliver_waiting(instance.worker, now=last)  # the certificate is announced on its day
    with instance.database.unit_of_work() as stage.opened:
        _read_letters(stage)


def staffed_outline(stage: DemoTimeline, slug: str, *, now: datetime) -> Outline:
    """Give a course the team of the demonstration, and return the outline of its newest version."""
    session, course = stage.session, catalogue.find_course(stage.session, slug)
    assert course is not None
    for role in (StaffRole.OWNER, StaffRole.EDITOR, StaffRole.GRADER):
        person = account_queries.find_person_by_email(session, STAFF[role].email)
        if person is not None:
            team.add_staff(session, SYSTEM, course, person.id, role, now=now)
    version = versions.latest_version(session, course.id)
    assert version is not None
    return versions.get_outline(session, version.id)


def _take(stage: DemoTimeline, outline: Outline, learner: DemoLearner) -> datetime:
    """Read the lesson, write a letter, answer the survey, and get the certificate; return when."""
    session, person = stage.session, account_queries.find_person_by_email(stage.session, learner.identity.email)
    assert person is not None
    actor, moment = enter(stage, learner.identity, person.id), min(person.created_at + timedelta(hours=2), stage.now - timedelta(hours=2))
    enrolment = enrolments.enrol(session, actor, learners.get_learner_context(session, actor, SLUG), now=moment)
    moment += timedelta(minutes=3)
    enrolments.record_visit(session, enrolment.id, LESSON, now=moment)
    enrolments.mark_done(session, actor, activity_context_at(stage, actor, outline, LESSON, now=moment), now=moment)
    for key, minutes in ((LETTER, 9), (SURVEY, 2)):
        quiz = activity_context_at(stage, actor, outline, key, now=moment)
        attempt = answering.start_attempt(session, actor, quiz, learner.identity.language, now=moment).uuid
        moment += timedelta(minutes=minutes)
        hand_in(stage, actor, attempt, AttemptTarget(1.0), learner.chance(key), now=moment)
    award = credentials.find_award(session, enrolment.id)
    assert award is not None
    settings, last_day = stage.instance.settings, (moment + VALID).astimezone(ZONE).date()
    progress.set_last_day(session, Actor(via=ActorChannel.JOB), enrolment.id, last_day, now=moment)
    keys = signing_keys(settings.data_dir)
    credentials.issue_credential(session, Actor(via=ActorChannel.JOB), award, settings, keys, expires_on=last_day, now=moment)
    return moment


def _read_letters(stage: DemoTimeline) -> None:
    """Let the grader mark the letters three days after they came, all but the newest."""
    person = account_queries.find_person_by_email(stage.session, STAFF[StaffRole.GRADER].email)
    assert person is not None
    grader = enter(stage, STAFF[StaffRole.GRADER], person.id)
    rows = essays_waiting(stage, grader, SLUG, LETTER)
    for row in sorted(rows, key=lambda row: row.submitted_at)[:-UNREAD]:
        read_on = min(row.submitted_at + timedelta(days=3), stage.now - timedelta(hours=1))
        mark_essay(stage, grader, row, Random(str(row.attempt)), now=read_on)  # noqa: S311 - invented
