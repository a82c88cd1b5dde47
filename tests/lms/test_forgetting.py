"""Who is forgotten is forgotten everywhere (spec/security 7.3): no text of any table says their name, their address or what ails them."""

from collections.abc import Iterator
from uuid import uuid4

import pytest
from sqlalchemy import String, Text, func, select
from sqlalchemy.types import TypeEngine

from accounts import accounts, addresses, privacy
from accounts.models import Device, NationalIdentity, Person
from accounts.privacy import PrivacyVerb
from courses import team
from courses.models import Course, CourseInvitation, StaffRole
from enrolments import enrolment, learners
from enrolments.models import (
    Announcement,
    CompletionReview,
    LearnerNote,
    ManualGrade,
    ManualGradeItem,
    MessageRecipient,
    MistakeReport,
    ResultOverride,
    WaitingPlace,
)
from kernel import clock
from kernel.audit import AuditEntry
from kernel.db import Base
from kernel.errors import Conflict
from kernel.files import note_stored
from kernel.permissions import SYSTEM, Actor
from lms import erasure
from lms.instance import Instance
from organisations.models import Membership, UnitManager
from quizzes.models import Accommodation, AnswerFile, Attempt, AttemptItem, QuizOverride
from tests.support.builders import a_course, a_person, an_administrator
from tests.support.editions import an_edition, enrolment_of, join, line_of
from tests.support.learning import actor_of, start
from tests.support.places import a_place, manage, put

TELLING = ("zoraida", "quishpe", "zori@", "migraña")
KEPT = {"audit_entry": "numbers and what was done", "credential": "the name that is printed on it: others verify it"}


def texts(instance: Instance) -> Iterator[tuple[str, str]]:
    """Yield every text of every table that may name nobody who is forgotten."""
    with instance.database.unit_of_work(write=False) as session:
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.columns if _holds_words(column.type)]
            for row in session.execute(select(*columns)) if columns and table.name not in KEPT else ():
                yield from ((table.name, str(cell).lower()) for cell in row if cell)


def _holds_words(kind: TypeEngine[object]) -> bool:
    return isinstance(kind, String | Text) or kind.python_type in (str, dict)


def telling(instance: Instance) -> set[tuple[str, str]]:
    return {(table, word) for table, text in texts(instance) for word in TELLING if word in text}


def zoraida(instance: Instance, course: Course) -> Actor:
    """Add somebody whose name stands nowhere else, and enrol them."""
    actor = actor_of(a_person(instance, "zori@example.org", given="Zoraida", surname="Quishpe"))
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, actor, learners.get_learner_context(session, actor, course.slug), now=clock.now())
    return actor


def left_everywhere(instance: Instance, course: Course, learner: Actor) -> None:
    """Let a person leave a trace in each place that names them or their health."""
    now, attempt = clock.now(), start(instance, learner, course.slug)
    edition = an_edition(instance, course, capacity=1)
    by = an_administrator(instance, "jefa@example.org").id
    assert learner.person_id is not None
    with instance.database.unit_of_work() as session:
        person = session.get_one(Person, learner.person_id)
        row = session.scalars(select(Attempt).where(Attempt.uuid == attempt)).one()
        item = session.scalars(select(AttemptItem.id).where(AttemptItem.attempt_id == row.id)).first()
        common = {"person_id": person.id, "reason": "Migraña", "created_at": now, "created_by": by}
        oral = ManualGradeItem(
            uuid=uuid4(), course_id=course.id, key="item:oral", title="Oral", maximum=10, weight=1, category="", made_at=now
        )
        session.add(oral)
        session.flush()
        mark = {"enrolment_id": row.enrolment_id, "points": 9, "author_id": by, "marked_at": now}
        session.add(ManualGrade(item_id=oral.id, comment="Bien, Zoraida.", **mark))
        message = Announcement(
            uuid=uuid4(),
            course_id=course.id,
            author_id=by,
            title="Aviso",
            words="Venga.",
            only_open=False,
            is_message=True,
            name_words="Quishpe",
            sent_at=now,
        )
        session.add_all(
            [
                Accommodation(factor=2, extra_attempts=0, break_seconds=0, **common),
                QuizOverride(course_id=course.id, activity_key="cuestionario-1", scope="person", attempts=9, **common),
                MistakeReport(
                    course_id=course.id,
                    version_id=course.published_version_id,
                    activity_key="leccion-1",
                    title="Contar",
                    language="es",
                    kind="typing",
                    words="Zoraida Quishpe lo vio.",
                    person_id=person.id,
                    reported_at=now,
                ),
                LearnerNote(uuid=uuid4(), enrolment_id=row.enrolment_id, author_id=by, words="Zoraida llamó.", written_at=now),
                ResultOverride(
                    uuid=uuid4(),
                    enrolment_id=row.enrolment_id,
                    activity_key="cuestionario-1",
                    score=80,
                    reason="Zoraida tuvo migraña.",
                    author_id=by,
                    made_at=now,
                ),
                CompletionReview(enrolment_id=row.enrolment_id, achieved_at=now, noticed_at=now, reason="Lo pidió Zoraida."),
                WaitingPlace(edition_id=edition.id, person_id=person.id, since=now),
                NationalIdentity(person_id=person.id, number="1710034065"),
                message,
            ]
        )
        stored = note_stored(session, "0" * 64, size=1, media_type="application/pdf", now=now)
        session.flush()
        session.add(AnswerFile(uuid=uuid4(), item_id=item, stored_file_id=stored.id, name="Zoraida Quishpe.pdf", uploaded_at=now))
        session.add(MessageRecipient(announcement_id=message.id, person_id=person.id))
        addresses.ask_address_change(session, learner, person, "otra.zori@example.org", now=now)
        session.add(
            CourseInvitation(
                course_id=course.id, email=person.email, role="grader", language="es", invited_by=by, invited_at=now, expires_at=now
            )
        )
        team.add_or_invite(session, SYSTEM, course, "nadie@example.org", StaffRole.GRADER, language="es", now=now)
    place = a_place(instance, "Seguro Campesino")
    put(instance, person, place)
    manage(instance, person, place)


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a course that can be taken."""
    return a_course(instance, modules=1)


def forget(instance: Instance, actor: Actor) -> None:
    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, actor.person_id), now=clock.now())


def test_no_text_names_who_is_forgotten(instance: Instance, course: Course) -> None:
    learner = zoraida(instance, course)
    left_everywhere(instance, course, learner)
    before = {table for table, _word in telling(instance)}
    forget(instance, learner)

    assert before == {
        "accommodation",
        "announcement",
        "answer_file",
        "completion_review",
        "course_invitation",
        "job",
        "learner_note",
        "manual_mark",
        "mistake_report",
        "person",
        "person_name",
        "quiz_override",
        "result_override",
    }
    assert telling(instance) == set()
    with instance.database.unit_of_work(write=False) as session:
        for table in (Accommodation, LearnerNote, Membership, MistakeReport, NationalIdentity, UnitManager, WaitingPlace):
            assert not session.scalar(select(func.count()).select_from(table))
        assert session.scalars(select(AnswerFile.name)).one().endswith(".pdf")
        assert session.scalar(select(func.count()).select_from(Attempt)) == 1
        assert {row.withdrawn_at is None for row in session.scalars(select(CourseInvitation))} == {True, False}


def test_accounts_that_were_merged_are_forgotten_too(instance: Instance, course: Course) -> None:
    """Decision 28: the closed account keeps what is its own, and nobody can sign in to ask for its deletion."""
    kept = actor_of(a_person(instance, "ana@example.org"))
    closed = zoraida(instance, course)
    an_administrator(instance)
    with instance.database.unit_of_work() as session:
        pair = erasure.get_pair(session, SYSTEM, *(session.get_one(Person, one.person_id).uuid for one in (kept, closed)))
        erasure.merge(session, SYSTEM, pair, "La misma persona", now=clock.now())
        person_id = closed.person_id
        session.add(
            QuizOverride(
                course_id=course.id,
                activity_key="cuestionario-1",
                scope="person",
                person_id=person_id,
                attempts=9,
                reason="Migraña",
                created_at=clock.now(),
                created_by=kept.person_id,
            )
        )
    assert telling(instance)
    forget(instance, kept)

    assert telling(instance) == set()
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == PrivacyVerb.DELETED.value)) == 2


def test_who_is_forgotten_takes_no_course_and_keeps_no_place(instance: Instance, course: Course) -> None:
    edition = an_edition(instance, course, capacity=1)
    learner, other = (actor_of(a_person(instance, email)) for email in ("zori@example.org", "espera@example.org"))
    for who in (learner, other):
        join(instance, who, course, edition)

    forget(instance, learner)

    ended, entered = (enrolment_of(instance, who, course) for who in (learner, other))
    assert ended is not None
    assert ended.left_at is not None
    assert entered is not None
    assert (line_of(instance, edition).taken, line_of(instance, edition).waiting) == (1, 0)


def test_anonymising_follows_merges_by_itself(instance: Instance) -> None:
    kept, closed = a_person(instance), a_person(instance, "zori@example.org", given="Zoraida", surname="Quishpe")
    with instance.database.unit_of_work() as session:
        accounts.close_after_merge(session, SYSTEM, session.merge(closed), session.merge(kept), "", [], now=clock.now())
        privacy.anonymise(session, SYSTEM, session.get_one(Person, kept.id), now=clock.now())

    assert telling(instance) == set()


def test_nothing_is_taken_from_the_only_administrator(instance: Instance) -> None:
    boss = an_administrator(instance)
    put(instance, boss, a_place(instance, "Seguro Campesino"))
    with pytest.raises(Conflict), instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, boss.id), now=clock.now())

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Membership)) == 1
        assert session.get_one(Person, boss.id).email == "admin@example.org"
        assert not session.scalar(select(func.count()).select_from(Device))
