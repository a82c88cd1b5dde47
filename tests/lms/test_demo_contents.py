"""The demonstration holds something of everything that staff and learners can see: filled once, looked at in its tables and pages."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest
from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from accounts.models import Notification, Person
from certificates import credentials
from certificates.models import Credential
from certificates.rules.credentials import CredentialState
from compliance.models import Assignment, Obligation, Recognition, Reminder, Waiver
from courses.models import Course, PlannedPublication, PlanState
from enrolments.models import (
    Announcement,
    Completion,
    Edition,
    EditionPlace,
    Enrolment,
    GroupMember,
    LearnerGroup,
    LearnerNote,
    ManualGrade,
    ManualGradeItem,
    MessageRecipient,
    MistakeReport,
    PersonalReminder,
    ResultOverride,
    WaitingPlace,
)
from kernel import clock, migrations
from kernel.db import Base
from kernel.paths import CONTENT
from kernel.settings import load
from lms.app import create_app, open_instance
from lms.demo import filling, samples, welcome_course
from lms.demo.institution import CAPACITY, OVER, RUNNING, UPCOMING
from lms.demo.people import LEARNER, OFFICER, STAFF, ZONE
from lms.demo.teaching import GROUPS, ITEM
from lms.instance import Instance
from notes.models import PersonalNote
from organisations.models import Membership, Organisation, TrainingGrant, UnitManager
from questions.models import QuestionVersion
from quizzes.models import (
    Accommodation,
    Attempt,
    AttemptItem,
    Incident,
    IncidentAttempt,
    MarkEvent,
    QuizOverride,
    Regrade,
    RegradeDryRunRow,
)
from simulators.models import Submission, TaskSave
from tests.support.browser import Browser
from tests.support.builders import sign_in

pytestmark = pytest.mark.slow
Column = InstrumentedAttribute[Any]
LEARNERS = 20
"""With the learner of the role table: enough for each fate, and for more candidates than places."""
COURSE, SECOND = "gobernanza-seguridad-social", "presupuesto-social"


@dataclass(frozen=True, slots=True)
class Filled:
    """A filled demonstration: its instance, when it was filled, and the passwords by address."""

    instance: Instance
    now: datetime
    passwords: dict[str, str]

    @contextmanager
    def session(self) -> Iterator[Session]:
        """Open a transaction that only reads."""
        with self.instance.database.unit_of_work(write=False) as session:
            yield session

    def count(self, table: type[Base], *conditions: ColumnElement[bool]) -> int:
        """Count the rows of a table."""
        with self.session() as session:
            return session.scalar(select(func.count()).select_from(table).where(*conditions)) or 0

    def learner(self, session: Session) -> Person:
        """Return the learner of the role table."""
        return session.scalars(select(Person).where(Person.email == LEARNER.email)).one()


@pytest.fixture(scope="module")
def demonstration(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Filled]:
    """Fill a demonstration with the sample courses, once for all tests of this file; it is in SQLite wherever it runs."""
    folder = tmp_path_factory.mktemp("demo")
    filling.GROUND.clear(folder, fresh=True)
    instance = open_instance(load(data_dir=folder, database_url="", public_url="http://localhost:8000"))
    migrations.upgrade(instance.database)
    now = clock.now()
    lines = filling.prepare(instance, CONTENT, LEARNERS)
    yield Filled(instance, now, dict(re.findall(r"(\S+@example\.org) +(\S+)$", "\n".join(lines), re.MULTILINE)))
    instance.database.dispose()


@pytest.fixture
def visitor(demonstration: Filled) -> Browser:
    """Return a stranger's browser in the demonstration."""
    return Browser(create_app(demonstration.instance), demonstration.instance)


def entered(visitor: Browser, demonstration: Filled, email: str) -> Browser:
    """Sign somebody of the role table in."""
    return sign_in(visitor, email, demonstration.passwords[email])


def test_one_edition_is_over_one_ends_in_three_days_and_one_to_come_has_a_waiting_list(demonstration: Filled) -> None:
    with demonstration.session() as session:
        editions = {edition.name: edition for edition in session.scalars(select(Edition))}
        taken = dict(session.execute(select(EditionPlace.edition_id, func.count()).group_by(EditionPlace.edition_id)).all())
        waiting = set(session.scalars(select(WaitingPlace.edition_id)))
    over, running, upcoming = (editions[name] for name in (OVER, RUNNING, UPCOMING))
    assert over.ends_at is not None
    assert running.ends_at is not None
    assert upcoming.starts_at is not None
    assert over.ends_at < demonstration.now < upcoming.starts_at
    assert (running.ends_at.astimezone(ZONE).date() - demonstration.now.astimezone(ZONE).date()).days == 3
    assert taken[over.id]
    assert taken[running.id] > taken[over.id]
    assert taken[upcoming.id] == upcoming.capacity == CAPACITY
    assert waiting == {upcoming.id}


def test_training_is_compulsory_in_six_provinces(demonstration: Filled) -> None:
    """Fixed, renewed and a choice; people in the usual states; reminders sent and suppressed; waivers, a recognition, a transfer."""
    with demonstration.session() as session:
        obligations = session.scalars(select(Obligation).order_by(Obligation.id)).all()
        states = set(session.scalars(select(Assignment.state)))
        reminders = set(session.scalars(select(Reminder.reason)))
        waivers = set(session.scalars(select(Waiver.state)))
        roles = set(session.scalars(select(TrainingGrant.role)))
    assert [row.state for row in obligations] == ["active"] * 3
    assert demonstration.count(Organisation, Organisation.kind == "province") == 6
    assert {"done", "in_progress", "not_started", "overdue", "waived"} <= states
    assert "" in reminders, "some were sent"
    assert reminders - {""}, "some were suppressed"
    assert waivers == {"approved", "proposed", "refused"}
    assert demonstration.count(Recognition, Recognition.state == "approved") == 1
    assert roles == {"officer", "auditor"}
    assert demonstration.count(Membership, Membership.until.is_not(None)), "somebody moved"


def test_who_looks_after_training_sees_it(demonstration: Filled, visitor: Browser) -> None:
    officer = entered(visitor, demonstration, OFFICER.email)
    for path in ("/training-report", "/compulsory-training/obligations"):
        officer.get(path)
        assert "Gobernanza de la seguridad social" in officer.page.text, path


def test_announcements_and_messages_reached_people(demonstration: Filled) -> None:
    assert demonstration.count(Announcement, ~Announcement.is_message, Announcement.told > 0) >= 2
    assert demonstration.count(Announcement, Announcement.is_message, Announcement.told > 0) >= 2
    with demonstration.session() as session:
        mine = select(func.count()).select_from(MessageRecipient).where(MessageRecipient.person_id == demonstration.learner(session).id)
        assert session.scalar(mine)


def test_the_learner_has_unread_notifications(demonstration: Filled) -> None:
    """Those that another test of this file has opened meanwhile count too."""
    with demonstration.session() as session:
        person = demonstration.learner(session)
        is_unread = or_(Notification.read_at.is_(None), Notification.read_at > demonstration.now)
        unread = select(Notification.kind).where(Notification.person_id == person.id, is_unread)
        kinds = set(session.scalars(unread))
    assert len(kinds) >= 4, kinds


def test_results_and_quizzes_are_overridden(demonstration: Filled) -> None:
    assert demonstration.count(ResultOverride, ResultOverride.score.is_not(None)) == 2
    assert demonstration.count(ResultOverride, ResultOverride.score.is_(None)) == 1, "one was taken back"
    with demonstration.session() as session:
        scopes = set(session.scalars(select(QuizOverride.scope).where(QuizOverride.ended_at.is_(None))))
    assert scopes == {"group", "person"}


def test_the_learner_has_an_accommodation(demonstration: Filled) -> None:
    with demonstration.session() as session:
        in_force = set(session.scalars(select(Accommodation.person_id).where(Accommodation.ended_at.is_(None))))
        assert demonstration.learner(session).id in in_force


def test_an_incident_gave_time_to_open_attempts(demonstration: Filled) -> None:
    assert demonstration.count(Incident) == 1
    assert demonstration.count(IncidentAttempt, IncidentAttempt.applied) >= 1


def test_a_regrade_is_done_and_a_dry_run_waits(demonstration: Filled) -> None:
    with demonstration.session() as session:
        states = sorted(session.scalars(select(Regrade.state)))
    assert states == ["committed", "ready"]
    assert demonstration.count(RegradeDryRunRow) > 0


def test_the_team_keeps_notes_on_learners(demonstration: Filled) -> None:
    assert demonstration.count(LearnerNote) >= 2


def test_mistakes_are_reported_and_some_are_decided_on(demonstration: Filled) -> None:
    with demonstration.session() as session:
        states = sorted(session.scalars(select(MistakeReport.state)))
    assert states == ["accepted", "declined", "open", "open"]


def test_items_marked_by_hand_have_some_marks(demonstration: Filled) -> None:
    with demonstration.session() as session:
        marks = select(ManualGradeItem.title, func.count(ManualGrade.id)).outerjoin(ManualGrade).group_by(ManualGradeItem.id)
        titles = dict(session.execute(marks).all())
        course = session.scalars(select(Course).where(Course.slug == COURSE)).one()
        learners = session.scalar(select(func.count()).select_from(Enrolment).where(Enrolment.course_id == course.id)) or 0
    assert len(titles) == 2
    assert 0 < titles[ITEM] < learners
    assert 0 in titles.values(), "one was not marked yet"


def test_groups_have_members(demonstration: Filled) -> None:
    with demonstration.session() as session:
        names = set(session.scalars(select(LearnerGroup.name).join(GroupMember)))
    assert names == set(GROUPS)


def test_one_publication_waits_for_its_day_and_one_for_approval(demonstration: Filled) -> None:
    with demonstration.session() as session:
        plans = dict(session.execute(select(Course.slug, PlannedPublication).join(Course, Course.id == PlannedPublication.course_id)).all())
    planned, waiting = plans[welcome_course.SLUG], plans[samples.SLUG]
    assert planned.state == PlanState.PLANNED
    assert planned.publish_at > demonstration.now
    assert waiting.state == PlanState.WAITING


def _last(session: Session, person: Column, key: Column, moment: Column) -> dict[tuple[int, str], datetime]:
    """Return when each person last did something with each task."""
    return {(row[0], row[1]): row[2] for row in session.execute(select(person, key, func.max(moment)).group_by(person, key))}


def test_simulator_tasks_are_submitted_and_drafts_wait(demonstration: Filled) -> None:
    with demonstration.session() as session:
        submitted = _last(session, Submission.person_id, Submission.activity_key, Submission.submitted_at)
        saved = _last(session, TaskSave.person_id, TaskSave.activity_key, TaskSave.saved_at)
        assert demonstration.learner(session).id in {person for person, _key in submitted}
        marks = set(session.scalars(select(Submission.passed)))
    assert [task for task, moment in saved.items() if task not in submitted or submitted[task] < moment]
    assert True in marks


def test_essays_wait_and_others_are_marked(demonstration: Filled) -> None:
    with demonstration.session() as session:
        last = select(func.max(MarkEvent.id)).where(MarkEvent.item_id == AttemptItem.id).correlate(AttemptItem).scalar_subquery()
        states = session.execute(
            select(MarkEvent.state, MarkEvent.origin)
            .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
            .join(Attempt, Attempt.id == AttemptItem.attempt_id)
            .join(QuestionVersion, QuestionVersion.id == AttemptItem.question_version_id)
            .where(MarkEvent.id == last, QuestionVersion.kind == "essay", ~Attempt.preview)
        ).all()
    assert any(state == "needs_grading" for state, _origin in states)
    assert any(origin == "manual" for _state, origin in states)


def test_the_learner_has_a_valid_and_an_expired_certificate_and_another_one_is_revoked(demonstration: Filled) -> None:
    with demonstration.session() as session:
        mine = {credentials.state(row) for row in credentials.list_of(session, demonstration.learner(session).id)}
        others = {credentials.state(row) for row in session.scalars(select(Credential))}
        completions = set(session.scalars(select(Completion.enrolment_id)))
        rows = session.scalars(select(Credential)).all()
        awarded = [row.enrolment_id for row in rows if credentials.state(row) is not CredentialState.REPLACED]
    assert mine == {CredentialState.VALID, CredentialState.EXPIRED}
    assert CredentialState.REVOKED in others
    assert sorted(awarded) == sorted(completions), "every completion has one certificate, beside those that a corrected one replaced"


def test_the_learner_wrote_reminders_for_days_to_come(demonstration: Filled) -> None:
    assert demonstration.count(PersonalReminder, PersonalReminder.at > demonstration.now) == 3


def test_the_learner_keeps_notes_of_their_own(demonstration: Filled) -> None:
    assert demonstration.count(PersonalNote, PersonalNote.written_at < demonstration.now) >= 2


def test_units_have_a_manager(demonstration: Filled) -> None:
    assert demonstration.count(UnitManager) >= 2


def test_nothing_happens_after_the_present_moment(demonstration: Filled) -> None:
    with demonstration.session() as session:
        moments = [
            *session.scalars(select(Announcement.sent_at)),
            *session.scalars(select(Submission.submitted_at)),
            *session.scalars(select(Credential.issued_at)),
            *session.scalars(select(LearnerNote.written_at)),
            *session.scalars(select(Incident.created_at)),
        ]
    assert demonstration.now - filling.BEFORE <= min(moments)
    assert max(moments) <= datetime.now(UTC)


LEARNER_PAGES = {
    "/learning": ("Conceptos y gobernanza", "Muestra: bienvenida"),
    "/learning/notes": ("Conceptos y gobernanza", "empezar por el ejemplo"),
    "/calendar": ("Termina: ", "Repasar los apuntes"),
    "/notices": ("La edición termina", "Su informe"),
    "/certificates": ("Presupuesto social", "Muestra: bienvenida"),
    f"/courses/{COURSE}": ("La edición termina",),
    f"/courses/{COURSE}/results": (ITEM,),
    f"/courses/{SECOND}/simulators/tarea-camino-gradual": ("Sus intentos", "Aprobado"),
}
OWNER_PAGES = {
    "/teaching": ("Conceptos y gobernanza", "Presupuesto social"),
    f"/teaching/{COURSE}/editions": (OVER, RUNNING, UPCOMING),
    f"/teaching/{COURSE}/announcements": ("Bienvenida al curso", "La edición termina"),
    f"/teaching/{COURSE}/gradebook": (ITEM, LEARNER.first_surname),
    f"/courses/{COURSE}/groups": GROUPS,
    f"/courses/{COURSE}/quizzes/cuestionario-1/overrides": (GROUPS[1],),
    f"/courses/{COURSE}/quizzes/cuestionario-2/overrides": (LEARNER.first_surname,),
    f"/courses/{COURSE}/quizzes/prueba-inicial-del-curso/regrades": ("motivo inventado",),
    f"/courses/{COURSE}/quizzes/cuestionario-1/regrades": ("motivo inventado",),
    f"/courses/{welcome_course.SLUG}/quizzes/{welcome_course.SURVEY}/surveys": ("El texto se entiende.", "Muy de acuerdo"),
    f"/teaching/{welcome_course.SLUG}/publishing": ("Un párrafo más en la lección.",),
    f"/teaching/{samples.SLUG}/publishing": ("Un párrafo más en la lección.",),
}
ADMINISTRATOR_PAGES = {
    "/administration": ("certificad",),
    "/administration/accommodations": (LEARNER.first_surname,),
    "/administration/people?q=Quilumba": (LEARNER.first_surname,),
    "/administration/audit": ("Teodoro",),
    "/administration/organisations": ("Pichincha", "Galápagos"),
}


def shows(visitor: Browser, pages: dict[str, tuple[str, ...]]) -> list[tuple[str, str]]:
    """Return which words pages do not show, each with its page."""
    texts = {path: visitor.get(path).text for path in pages}
    return [(path, words) for path, expected in pages.items() for words in expected if words not in texts[path]]


def test_the_learner_sees_it(demonstration: Filled, visitor: Browser) -> None:
    assert not shows(entered(visitor, demonstration, LEARNER.email), LEARNER_PAGES)


def test_the_owner_sees_it(demonstration: Filled, visitor: Browser) -> None:
    owner = entered(visitor, demonstration, next(iter(STAFF.values())).email)
    assert not shows(owner, OWNER_PAGES)


def test_the_administrator_sees_it(demonstration: Filled, visitor: Browser) -> None:
    assert not shows(entered(visitor, demonstration, "administracion@example.org"), ADMINISTRATOR_PAGES)
