"""Reading a course's bank of questions: what its draft holds, what of it is published, where it is used."""

from collections import Counter
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from sqlalchemy import ColumnElement, Select, String, func, select, type_coerce
from sqlalchemy.orm import Session

from courses import catalogue, drafts
from courses.models import Course
from kernel.errors import NotFound
from kernel.markup.model import fold
from kernel.permissions import Actor
from quizzes.content.banks import claims
from quizzes.content.drafts import digest_of
from quizzes.content.published import key_lists
from quizzes.draft_models import DraftBank, DraftQuestion
from quizzes.models import Question, QuestionVersion
from quizzes.permissions import BankQuestionContext
from quizzes.queries import attempts

MAXIMUM_SHOWN = 5_000


@dataclass(frozen=True, slots=True)
class BankRow:
    """A bank of a draft and how many questions it has."""

    id: int
    key: str
    path: str
    title: Mapping[str, str]
    questions: int


@dataclass(frozen=True, slots=True)
class DraftQuestionRow:
    """A question of a draft, as a list shows it."""

    key: str
    kind: str
    state: str
    difficulty: str
    mark: Decimal
    tags: tuple[str, ...]
    title: Mapping[str, str]
    bank: str
    path: str
    bank_title: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class QuestionFilter:
    """The filter of a list of questions; empty fields narrow nothing. `text` is searched word by word."""

    text: str = ""
    bank: str = ""
    kind: str = ""
    state: str = ""
    difficulty: str = ""
    tag: str = ""


def is_up_to_date(session: Session, course_id: int) -> bool:
    """Say whether the rows of a course's draft banks are those of its text; a copy from before there were rows is not."""
    checksums = drafts.list_draft_checksums(session, course_id)
    digests = {path: digest_of(path, checksums) for path in checksums if claims(path)}
    rows = session.execute(select(DraftBank.path, DraftBank.source).where(DraftBank.course_id == course_id))
    return dict(rows.all()) == digests


def list_banks(session: Session, course_id: int) -> list[BankRow]:
    """List the banks of a course's draft in the order of its folder."""
    counts = select(func.count()).where(DraftQuestion.bank_id == DraftBank.id).correlate(DraftBank).scalar_subquery()
    statement = (
        select(DraftBank.id, DraftBank.key, DraftBank.path, DraftBank.title, counts.label("questions"))
        .where(DraftBank.course_id == course_id)
        .order_by(DraftBank.path)
        .limit(MAXIMUM_SHOWN)
    )
    return [BankRow(*row) for row in session.execute(statement)]


_ROWS = select(
    DraftQuestion.key,
    DraftQuestion.kind,
    DraftQuestion.state,
    DraftQuestion.difficulty,
    DraftQuestion.mark,
    DraftQuestion.tags,
    DraftQuestion.title,
    DraftBank.key.label("bank"),
    DraftBank.path,
    DraftBank.title.label("bank_title"),
).join(DraftBank, DraftBank.id == DraftQuestion.bank_id)


def _narrowed(course_id: int, filters: QuestionFilter) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [DraftBank.course_id == course_id]
    conditions += [DraftQuestion.words.contains(word, autoescape=True) for word in fold(filters.text).split()[:20]]
    for column, value in (
        (DraftBank.key, filters.bank),
        (DraftQuestion.kind, filters.kind),
        (DraftQuestion.state, filters.state),
        (DraftQuestion.difficulty, filters.difficulty),
    ):
        if value:
            conditions.append(column == value)
    if filters.tag:
        conditions.append(type_coerce(DraftQuestion.tags, String).contains(f'"{filters.tag}"', autoescape=True))
    return conditions


def search_questions(session: Session, course_id: int, filters: QuestionFilter, *, offset: int, limit: int) -> list[DraftQuestionRow]:
    """List the draft's questions that a search finds, in the order of the folder."""
    statement = _ordered(_ROWS.where(*_narrowed(course_id, filters))).offset(offset).limit(limit)
    return [DraftQuestionRow(*row) for row in session.execute(statement)]


def _ordered(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    return statement.order_by(DraftBank.path, DraftQuestion.position)


def count_questions(session: Session, course_id: int, filters: QuestionFilter) -> int:
    """Count the draft's questions that a search finds."""
    counted = select(func.count()).select_from(DraftQuestion).join(DraftBank, DraftBank.id == DraftQuestion.bank_id)
    return session.scalar(counted.where(*_narrowed(course_id, filters))) or 0


def list_tags(session: Session, course_id: int) -> list[str]:
    """List the tags of a course's draft questions, sorted."""
    statement = select(DraftQuestion.tags).join(DraftBank, DraftBank.id == DraftQuestion.bank_id).where(DraftBank.course_id == course_id)
    return sorted({tag for tags in session.scalars(statement.distinct().limit(MAXIMUM_SHOWN)) for tag in tags})


def list_keys(session: Session, course_id: int) -> list[str]:
    """List the keys of a course's draft questions, sorted."""
    statement = select(DraftQuestion.key).join(DraftBank, DraftBank.id == DraftQuestion.bank_id).where(DraftBank.course_id == course_id)
    return list(session.scalars(statement.order_by(DraftQuestion.key).limit(MAXIMUM_SHOWN)))


def find_questions(session: Session, course_id: int, keys: Sequence[str]) -> list[DraftQuestionRow]:
    """Return the draft's questions with some keys, in the order of the folder; those that are not there are left out."""
    return [
        DraftQuestionRow(*row)
        for row in session.execute(_ordered(_ROWS.where(DraftBank.course_id == course_id, DraftQuestion.key.in_(keys))))
    ]


@dataclass(frozen=True, slots=True)
class QuestionUsage:
    """A published quiz that gives a question: fixed, or one of several it draws from."""

    key: str
    title: Mapping[str, str]
    draws: int
    candidates: int


@dataclass(frozen=True, slots=True)
class QuestionUses:
    """Where questions are used, as a package above reads it: published quizzes that give one, and attempts that had each of several."""

    list_quizzes: Callable[[Session, Course, str], Sequence[QuestionUsage]]
    count_attempts: Callable[[Session, int, Sequence[str]], Mapping[str, int]]


def _sources(session: Session) -> tuple[QuestionUses, ...]:
    sources: tuple[QuestionUses, ...] = session.info["question_uses"]
    return sources


def list_uses(session: Session, course: Course, key: str) -> list[QuestionUsage]:
    """List the quizzes of the published version that give a question."""
    return [use for source in _sources(session) for use in source.list_quizzes(session, course, key)]


def count_attempts_of_questions(session: Session, course_id: int, keys: Sequence[str]) -> Mapping[str, int]:
    """Count the attempts that had each question, in any version, without previews."""
    counts = Counter[str]()
    for source in _sources(session):
        counts.update(source.count_attempts(session, course_id, keys))
    return counts


@dataclass(frozen=True, slots=True)
class QuestionVersionRow:
    """A published wording of a question."""

    id: int
    number: int
    created_at: datetime


def list_versions(session: Session, course_id: int, key: str) -> list[QuestionVersionRow]:
    """List the published wordings of a question, the newest first."""
    statement = (
        select(QuestionVersion.id, QuestionVersion.number, QuestionVersion.created_at)
        .join(Question, Question.id == QuestionVersion.question_id)
        .where(Question.course_id == course_id, Question.key == key)
        .order_by(QuestionVersion.number.desc())
        .limit(200)
    )
    return [QuestionVersionRow(*row) for row in session.execute(statement)]


def find_newest_numbers(session: Session, course_id: int, keys: Collection[str]) -> dict[str, int]:
    """Return the number of the newest published wording of questions, by key."""
    statement = (
        select(Question.key, func.max(QuestionVersion.number))
        .join(QuestionVersion, QuestionVersion.question_id == Question.id)
        .where(Question.course_id == course_id, Question.key.in_(keys))
        .group_by(Question.key)
    )
    return dict(session.execute(statement).all())


def published_keys(session: Session, course_id: int, names: Sequence[str]) -> dict[str, frozenset[str]]:
    """Return the keys of options, pairs, rows… of a question as it was published last, by the list in which they stand.

    `names` are the keys that the question has and had: the first under which it was published counts.
    """
    for name in names:
        versions = list_versions(session, course_id, name)
        if versions:
            published = attempts.get_questions(session, [versions[0].id])[versions[0].id]
            return {part: frozenset(keys) for part, keys in key_lists(published)}
    return {}


def get_taught_question(session: Session, actor: Actor, slug: str, key: str) -> BankQuestionContext:
    """Return a question of a course's draft with what the actor is in the course; raise NotFound, or SignInNeeded as for any key."""
    course = catalogue.get_taught_course(session, actor, slug)
    rows = find_questions(session, course.id, [key])
    if not rows:
        raise NotFound
    return BankQuestionContext(course.id, course.slug, course.staff_role, key, rows[0].path)
