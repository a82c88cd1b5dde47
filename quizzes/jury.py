"""Acts on an attempt whose result decides about its person: two of a jury decide on them (spec/selection 4.16)."""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, exists, select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import by_name
from courses.models import Course
from enrolments.editions import find_edition_of
from enrolments.models import Enrolment, LearnerGroup
from kernel.db import Hook, HookList
from kernel.errors import N_, Conflict
from kernel.i18n import _, enumeration, format_datetime
from kernel.permissions import Actor
from quizzes.attempts import LoadedAttempt
from quizzes.models import Attempt, QuizOverride
from quizzes.snapshots import find_published_snapshot, selects_people


class JuryAct(StrEnum):
    """The acts of a course team on one attempt that a jury decides on."""

    MARK = "mark"
    REOPENING = "reopening"
    EXCEPTION = "exception"
    """An override for a person who has begun the quiz."""
    ACCOMMODATION = "accommodation"
    """A profile for a person who has begun a quiz that goes on."""


class NeedsJury(Conflict):
    """An act by one person that moves a mark which decides."""

    message = N_("The results of this quiz decide about people. Two of those who sign them decide on this; one person cannot.")


@dataclass(frozen=True, slots=True)
class BegunQuiz:
    """A quiz that a person has begun in a take of its course."""

    person_id: int
    enrolment_id: int
    course_id: int
    key: str


@dataclass(frozen=True, slots=True)
class AttemptAct:
    """An act that a jury is asked about: on whose quiz, attempt and question, with which values; why, or by which reference."""

    act: JuryAct
    quiz: BegunQuiz
    reason: str
    attempt_id: int | None = None
    item_id: int | None = None
    values: Mapping[str, Any] = field(default_factory=dict)


def act_on(
    loaded: LoadedAttempt, act: JuryAct, reason: str, item_id: int | None = None, values: Mapping[str, Any] | None = None
) -> AttemptAct:
    """Return an act on one attempt."""
    row = loaded.row
    quiz = BegunQuiz(row.person_id, row.enrolment_id or 0, row.course_id, row.activity_key)
    return AttemptAct(act, quiz, reason, attempt_id=row.id, item_id=item_id, values=values or {})


HAS_ACTA = Hook[Callable[[Session, int, str], bool]]("has_acta", default=lambda _session, _course_id, _key: False)
"""Says whether an acta is or was in force of a selection that counts what people do in a quiz of a course."""
HAS_JURY = Hook[Callable[[Session, BegunQuiz], bool]]("has_jury", default=lambda _session, _quiz: False)
"""Says whether a selection counts what a person does in a quiz."""
ASK_JURY = Hook[Callable[[Session, Actor, AttemptAct, datetime], None]]("ask_jury")
"""Asks the jury of the selection that counts an attempt; raises Conflict where there is none, or it was asked already."""


@dataclass(frozen=True, slots=True)
class PendingAct:
    """An act that waits for two of a jury: about whom, who asked, and when."""

    person: str
    asker: str
    asked_at: datetime

    @property
    def words(self) -> str:
        """Describe it in the reader's language."""
        facts = {"asker": self.asker, "moment": format_datetime(self.asked_at)}
        return _("Asked for by %(asker)s on %(moment)s: it waits for two of those who sign the results.", **facts)


@dataclass(frozen=True, slots=True)
class PendingActFilter:
    """A choice of acts that wait; None: of any quiz, person, attempt or answer."""

    act: JuryAct
    course_id: int | None = None
    key: str | None = None
    person_id: int | None = None
    attempt_id: int | None = None
    item_id: int | None = None


LIST_PENDING = Hook[Callable[[Session, PendingActFilter], Sequence[PendingAct]]]("list_pending_acts", default=lambda _session, _filter: ())
"""Lists the acts that wait for two of a jury."""
COUNTED = HookList[Callable[[Session, int, int, str], Sequence[str]]]("counted")
"""Tell a person which of their attempts at a quiz of a course a jury lets count: the person, the course, and the quiz's key."""


def list_counted(session: Session, person_id: int | None, course_id: int, key: str) -> list[str]:
    """List what packages above say of which attempts of a person at a quiz that selects count."""
    if person_id is None:
        return []
    return [text for counted in COUNTED.of(session) for text in counted(session, person_id, course_id, key)]


def decides(session: Session, loaded: LoadedAttempt) -> bool:
    """Return whether the result of an attempt may decide about its person."""
    row = loaded.row
    return not row.preview and row.enrolment_id is not None and selects_people(session, row.course_id, row.activity_key)


def list_begun(session: Session, *conditions: ColumnElement[bool]) -> list[BegunQuiz]:
    """List the quizzes that select which people have begun in their present takes; `conditions` are on `attempt`."""
    present = (Enrolment.superseded_at.is_(None), ~Attempt.preview, *conditions)
    columns = (Attempt.person_id, Enrolment.id, Attempt.course_id, Attempt.activity_key)
    statement = select(*columns).join(Enrolment, Enrolment.id == Attempt.enrolment_id).where(*present).distinct().order_by(*columns)
    begun = [BegunQuiz(*row) for row in session.execute(statement)]
    return [quiz for quiz in begun if selects_people(session, quiz.course_id, quiz.key)]


class GroupSettingHolds(NeedsJury):
    """A change of a group by people who have begun a quiz that selects, for which something set for the group holds."""

    message = N_(
        "People who have begun a quiz that decides about them neither join nor leave a group with an exception in it. Set it for each "
        "person: two of those who sign decide. Begun by: %(people)s."
    )


def mind_members(session: Session, group: LearnerGroup, enrolment_ids: Collection[int]) -> None:
    """Refuse to give or take from people what holds for a group, once they have begun a quiz that selects; raise GroupSettingHolds."""
    holds = (QuizOverride.course_id == Attempt.course_id, QuizOverride.activity_key == Attempt.activity_key)
    in_force = exists().where(QuizOverride.group_id == group.id, QuizOverride.ended_at.is_(None), *holds)
    if begun := list_begun(session, Attempt.enrolment_id.in_(enrolment_ids), in_force):
        people = session.scalars(select(Person).where(Person.id.in_({quiz.person_id for quiz in begun})).order_by(*by_name(), Person.id))
        raise GroupSettingHolds(people=enumeration([person.full_name for person in people]))


def goes_on(session: Session, quiz: BegunQuiz, *, now: datetime) -> bool:
    """Return whether a quiz that a person has begun has not ended for everybody."""
    snapshot = find_published_snapshot(session, session.get_one(Course, quiz.course_id), quiz.key)
    edition = find_edition_of(session, quiz.enrolment_id)
    ends = (snapshot.closes_at if snapshot else now, edition.ends_at if edition else None)
    return all(end is None or end > now for end in ends)
