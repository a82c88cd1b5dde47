"""Read the correction log of a question, record that a version changed only its wording, and compare the questions of two folders."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from itertools import pairwise
from typing import Any, TypeAlias

from sqlalchemy import Row, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from accounts.models import Person
from courses import catalogue
from courses.content.differences import DifferenceKind, PartDifference, PartKind, SettingChange
from courses.content.model import CourseFolder
from courses.log import LogEntry, LogPart
from courses.models import CourseVersion
from kernel import audit
from kernel.db import HookList
from kernel.errors import N_, Conflict, NotFound, require_found
from kernel.i18n import _, choose, number, shortened
from kernel.permissions import Actor
from kernel.tables import Cell
from questions.bank_page import change_lines
from questions.content.banks import banks_of
from questions.models import Question, QuestionVersion
from questions.question_bank import get_questions
from questions.question_page import MISSING
from questions.rules.definitions import QuestionDefinition, QuestionState, without_notes
from questions.rules.encoding import is_judged_otherwise
from quizzes import teaching
from quizzes.access import ItemHistoryContext
from quizzes.models import Attempt, AttemptItem, MarkEvent, Regrade, RegradeDryRunMark, WordingOnly

MOST_LOGGED = 200


@dataclass(frozen=True, slots=True)
class VersionRow:
    """A version of a question: who published it, '' where nobody did yet or the system did, and what it asks."""

    id: int
    at: datetime
    number: int
    person: str
    is_published: bool
    """False where it was made to mark by, and no quiz asks it yet."""
    question: QuestionDefinition


def list_question_versions(session: Session, *question_ids: int) -> list[VersionRow]:
    """List the newest versions of a question, and of what it was under other keys, the oldest of them first, with who published them."""
    statement = (
        select(QuestionVersion.id, QuestionVersion.number, QuestionVersion.created_at, CourseVersion.id.label("published"), Person)
        .join(Question, Question.id == QuestionVersion.question_id)
        .outerjoin(
            CourseVersion,
            and_(CourseVersion.course_id == Question.course_id, CourseVersion.published_at == QuestionVersion.created_at),
        )
        .outerjoin(Person, Person.id == CourseVersion.published_by)
        .where(QuestionVersion.question_id.in_(question_ids))
        .order_by(QuestionVersion.id.desc())
        .limit(MOST_LOGGED)
    )
    rows = session.execute(statement).all()
    questions = get_questions(session, [row.id for row in rows])
    return [
        VersionRow(
            row.id,
            row.created_at,
            row.number,
            person=row.Person.full_name if row.Person else "",
            is_published=row.published is not None,
            question=questions[row.id],
        )
        for row in reversed(rows)
    ]


def list_question_regrades(session: Session, course_id: int, question_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the committed regrades and annulments of a question, and those of whole quizzes that changed a mark of it, the newest first.

    Each row also has in how many `attempts` it changed a mark, the number of the `target` version by which answers were judged where that
    was another one, who committed it and its `undoer`.
    """
    touched = (
        select(RegradeDryRunMark.regrade_id, func.count(RegradeDryRunMark.attempt_id.distinct()).label("attempts"))
        .join(AttemptItem, AttemptItem.id == RegradeDryRunMark.item_id)
        .join(QuestionVersion, QuestionVersion.id == AttemptItem.question_version_id)
        .where(QuestionVersion.question_id == question_id)
        .group_by(RegradeDryRunMark.regrade_id)
        .subquery()
    )
    undoer, target = aliased(Person, name="undoer"), aliased(QuestionVersion)
    statement = (
        select(Regrade, func.coalesce(touched.c.attempts, 0).label("attempts"), target.number.label("target"), Person, undoer)
        .outerjoin(touched, touched.c.regrade_id == Regrade.id)
        .outerjoin(target, target.id == Regrade.target_id)
        .outerjoin(Person, Person.id == Regrade.committed_by)
        .outerjoin(undoer, undoer.id == Regrade.undone_by)
        .where(Regrade.course_id == course_id, Regrade.committed_at.is_not(None))
        .where(or_(Regrade.question_id == question_id, and_(Regrade.question_id.is_(None), touched.c.attempts > 0)))
        .order_by(Regrade.id.desc())
        .limit(MOST_LOGGED)
    )
    return session.execute(statement).all()


def list_hand_marks(session: Session, question_id: int) -> Sequence[Row[datetime, int, Person, int]]:
    """List by whom marks of a version of a question were replaced by hand, the newest first; a first mark by hand corrects nothing.

    A row has when the person did so last, the number of the version, the person, and in how many attempts.
    """
    earlier = aliased(MarkEvent)
    replaced = exists().where(earlier.item_id == MarkEvent.item_id, earlier.id < MarkEvent.id, earlier.fraction.is_not(None))
    last = func.max(MarkEvent.marked_at)
    statement = (
        select(last, QuestionVersion.number, Person, func.count(AttemptItem.attempt_id.distinct()))
        .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(QuestionVersion, QuestionVersion.id == AttemptItem.question_version_id)
        .join(Person, Person.id == MarkEvent.marked_by)
        .where(QuestionVersion.question_id == question_id, MarkEvent.origin == "manual", ~Attempt.preview, replaced)
        .group_by(QuestionVersion.number, Person.id)
        .order_by(last.desc(), Person.id)
        .limit(MOST_LOGGED)
    )
    return session.execute(statement).all()


class WordingVerb(audit.Verb):
    """The audit verbs of saying what a version changed."""

    SAID = "wording.said", N_("Said that a version of a question changed only the wording")
    WITHDRAWN = "wording.withdrawn", N_("Took back that a version of a question changed only the wording")


class WordingRefused(Conflict):
    """A version whose figures cannot go on from those of the one before."""

    message = N_("Version %(number)s changed the key or the parts of the question, not only its wording. Its figures begin anew.")


class WordingChanged(Conflict):
    """The word of an editor on a version, given or taken back by another one meanwhile."""

    message = N_("Someone else has said or taken this back in the meantime.")


def mark_wording_only(
    session: Session, actor: Actor, subject: ItemHistoryContext, versions: Sequence[VersionRow], version_id: int, *, now: datetime
) -> None:
    """Let the figures of a version go on from those of the one before it, among the versions of a question, the oldest first.

    Raise NotFound for one that is none of them or the first, WordingRefused where the key changed, WordingChanged where it was said.
    """
    assert actor.person_id is not None
    course = catalogue.lock_course(session, subject.id)
    index = next((index for index, candidate in enumerate(versions) if candidate.id == version_id), 0)
    if not index:
        raise NotFound
    version = versions[index]
    if is_judged_otherwise(versions[index - 1].question, version.question):
        raise WordingRefused(number=version.number)
    if _in_force(session, version_id) is not None:
        raise WordingChanged
    session.add(WordingOnly(question_version_id=version_id, created_at=now, created_by=actor.person_id))
    audit.record(session, actor, WordingVerb.SAID, course, now=now, question=version.question.key, version=version.number)


def withdraw_wording_only(
    session: Session, actor: Actor, subject: ItemHistoryContext, versions: Sequence[VersionRow], version_id: int, *, now: datetime
) -> None:
    """Let a version begin a segment again; raise NotFound for one of another question, WordingChanged where nothing was said of it."""
    course = catalogue.lock_course(session, subject.id)
    version = require_found(next((candidate for candidate in versions if candidate.id == version_id), None))
    row = _in_force(session, version_id)
    if row is None:
        raise WordingChanged
    row.ended_at, row.ended_by = now, actor.person_id
    audit.record(session, actor, WordingVerb.WITHDRAWN, course, now=now, question=version.question.key, version=version.number)


def _in_force(session: Session, version_id: int) -> WordingOnly | None:
    statement = select(WordingOnly).where(WordingOnly.question_version_id == version_id, WordingOnly.ended_at.is_(None))
    return session.scalars(statement).one_or_none()


def _which(entry: LogEntry) -> dict[str, object]:
    return {"version": entry.facts.get("version") or "", "question": entry.facts.get("question") or ""}


LOG = LogPart(
    lambda _course_id: (),
    {
        WordingVerb.SAID: lambda entry: _("Said that version %(version)s of “%(question)s” changed only the wording", **_which(entry)),
        WordingVerb.WITHDRAWN: lambda entry: _(
            "Took back that version %(version)s of “%(question)s” changed only the wording", **_which(entry)
        ),
    },
)
"""Sentences for the log of a course; its entries are about the course itself."""


MOST_LINES = 300


@dataclass(frozen=True, slots=True)
class CorrectionView:
    """A line of the correction log: when, what happened, why, who acted, and how many attempts it touched."""

    at: datetime
    words: str
    people: tuple[str, ...]
    attempts: int | None
    """None where it touched no earlier attempt by its nature."""
    reason: str = ""

    @property
    def who(self) -> str:
        """Return who acted, in order."""
        return ", ".join(dict.fromkeys(name for name in self.people if name)) or MISSING

    @property
    def touched(self) -> str:
        """Return how many attempts it touched, as a page shows it."""
        return MISSING if self.attempts is None else number(self.attempts)


CorrectionSource: TypeAlias = Callable[[Session, int], Sequence[CorrectionView]]
"""Tells what other packages know of a question, by its number; those who mark again for objections tell it themselves."""

CORRECTIONS = HookList[CorrectionSource]("corrections")
"""Gives what corrected a question."""


def correction_log(session: Session, course_id: int, question_id: int, versions: Sequence[VersionRow]) -> tuple[CorrectionView, ...]:
    """Return the whole log of a question with these versions, the newest first: two statements, one more for each other source."""
    lines = [
        *_version_lines(versions),
        *(line for row in list_question_regrades(session, course_id, question_id) for line in _regrade_lines(row)),
        *(
            CorrectionView(
                at, _("Marks of version %(number)s were changed by hand.", number=number(version)), (person.full_name,), attempts
            )
            for at, version, person, attempts in list_hand_marks(session, question_id)
        ),
    ]
    for source in CORRECTIONS.of(session):
        lines += source(session, question_id)
    return tuple(sorted(lines, key=lambda line: line.at, reverse=True)[:MOST_LINES])


def _version_lines(rows: Sequence[VersionRow]) -> Iterator[CorrectionView]:
    for before, row in pairwise((None, *rows)):
        assert row is not None
        yield CorrectionView(row.at, _version_words(row, before), (row.person,), None)


def _version_words(row: VersionRow, before: VersionRow | None) -> str:
    if not row.is_published:
        return _("Version %(number)s was made, to mark answers by.", number=number(row.number))
    if before is None:
        return _("Version %(number)s was published.", number=number(row.number))
    if is_judged_otherwise(before.question, row.question):
        return _("Version %(number)s was published: its key or marks changed.", number=number(row.number))
    return _("Version %(number)s was published: only words changed, not its key.", number=number(row.number))


def _regrade_lines(row: Row[*tuple[Any, ...]]) -> Iterator[CorrectionView]:
    """Yield a regrade and its undoing; one for objections stands in the log as their outcome."""
    regrade, sentence = row.Regrade, _regrade_words(row)
    if not regrade.for_objection:
        by = (row.Person.full_name,) if row.Person else ()
        yield CorrectionView(regrade.committed_at, sentence, by, row.attempts, regrade.reason)
    if regrade.undone_at is not None:
        by = (row.undoer.full_name,) if row.undoer else ()
        yield CorrectionView(regrade.undone_at, _("Undone: %(what)s", what=sentence), by, row.attempts)


def _regrade_words(row: Row[*tuple[Any, ...]]) -> str:
    if row.Regrade.question_id is None:
        return _("The whole quiz was marked again.")
    return {
        "same": _("It was marked again."),
        "other": _("It was marked again by version %(number)s.", number=number(row.target or 0)),
        "full_credit": _("Everyone got full marks for it."),
        "removed": _("It was left out of the total for everyone."),
        "void_unless_lower": _("It was left out of the total wherever that lowers no mark."),
    }[row.Regrade.kind]


HEADINGS = ("at", "what", "who", "attempts", "reason")


def log_rows(log: Sequence[CorrectionView]) -> list[list[Cell]]:
    """Return the log as rows of a file, below HEADINGS."""
    return [[line.at.isoformat(timespec="seconds"), line.words, line.who, line.attempts, line.reason] for line in log]


LONGEST_TITLE = 100


def list_regraded(session: Session, course_id: int, since: datetime) -> set[tuple[str, str | None]]:
    """Return which questions of which quizzes were regraded since a moment, by their keys; None: every question of a quiz."""
    statement = (
        select(Regrade.activity_key, Question.key)
        .outerjoin(Question, Question.id == Regrade.question_id)
        .where(Regrade.course_id == course_id, Regrade.state == "committed", Regrade.committed_at > since)
    )
    return {(quiz, question) for quiz, question in session.execute(statement)}


def compare_questions(session: Session, course_id: int, before: CourseFolder, after: CourseFolder) -> Iterator[PartDifference]:
    """Yield questions added, removed, reworded or with another right answer; for earlier ones, how many attempts asked them."""
    old, new = _questions(before), _questions(after)
    parts = [part for key in dict.fromkeys((*new, *old)) if (part := _part(key, old.get(key), new.get(key))) is not None]
    there = [part.key for part in parts if DifferenceKind.ADDED not in part.marks]
    attempts_by_question = teaching.count_attempts_by_question(session, course_id, there)
    yield from (replace(part, asked_in=attempts_by_question.get(part.key, ())) for part in parts)


def _questions(course: CourseFolder) -> dict[str, tuple[QuestionDefinition, str]]:
    return {
        question.key: (question, bank.path)
        for bank in banks_of(course)
        for question in bank.questions
        if question.state is not QuestionState.DRAFT
    }


def _part(key: str, before: tuple[QuestionDefinition, str] | None, after: tuple[QuestionDefinition, str] | None) -> PartDifference | None:
    question, path = after or before or (None, "")
    assert question is not None
    part = PartDifference(PartKind.QUESTION, key, shortened(" ".join(choose(question.text).split()), LONGEST_TITLE), (), path=path)
    if before is None or after is None:
        return replace(part, marks=(DifferenceKind.ADDED if before is None else DifferenceKind.REMOVED,))
    lines = change_lines(without_notes(before[0]), without_notes(after[0]))
    if not lines:
        return None
    changes = tuple(SettingChange(line.label, line.before, line.after, line.pieces) for line in lines)
    return replace(part, marks=(DifferenceKind.KEY if is_judged_otherwise(before[0], after[0]) else DifferenceKind.TEXT,), settings=changes)
