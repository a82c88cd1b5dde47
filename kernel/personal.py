"""A person's rows: in the copy of their data, when they are forgotten, when two accounts become one, and after years.

A column that says whose a row is is `personal(…)`, and what it says happens by itself. What is more than a row that goes or moves, a
package gives by the hooks.
"""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any

from sqlalchemy import ForeignKey, Select, delete, exists, select, update
from sqlalchemy.orm import InstrumentedAttribute, MappedColumn, Mapper, Session, mapped_column

from kernel.db import Base, HookList
from kernel.settings import Settings


class Erase(Enum):
    """The fate of a row when its person is forgotten."""

    KEEP = "keep"
    """It stays: its person has no name any more."""
    DELETE = "delete"


@dataclass(frozen=True, slots=True)
class Ask:
    """The fate is what its person answers when they delete their account; the usual one where they say nothing (`ERASURE_QUESTIONS`)."""

    usual: str
    other: str


class Merge(Enum):
    """The fate of a row when its account is closed because it is the same person's as another."""

    STAY = "stay"
    """It stays with the closed account, or a hook decides."""
    MOVE = "move"
    MOVE_WITH_COURSE = "move_with_course"
    """It goes to whoever has the person's history of its course; the table has a column `course_id`."""


@dataclass(frozen=True, slots=True)
class PersonalColumn:
    """The fate of a row, as the column says that refers to its person."""

    erase: Erase | Ask
    merge: Merge


def personal(*, erase: Erase | Ask = Erase.KEEP, merge: Merge = Merge.STAY, **options: Any) -> MappedColumn[Any]:
    """Return a column that refers to the person whom its row is about; `options` are those of `mapped_column`.

    Who did something to it stands in columns named `…_by` and `author_id`, which are ordinary foreign keys.
    """
    return mapped_column(ForeignKey("person.id"), info={PersonalColumn: PersonalColumn(erase, merge)}, **options)


def personal_columns() -> Iterator[tuple[Mapper[Any], str, PersonalColumn]]:
    """Yield the personal columns of every table: its class, the column's name, and what it says."""
    for mapper in sorted(Base.registry.mappers, key=lambda mapper: str(mapper.local_table)):
        for column in mapper.columns:
            if PersonalColumn in column.info:
                yield mapper, column.name, column.info[PersonalColumn]


def erase_rows(session: Session, person_id: int) -> None:
    """Delete the rows of a person whose columns say so."""
    for mapper, name, column in personal_columns():
        if column.erase is Erase.DELETE:
            session.execute(delete(mapper.class_).where(mapper.columns[name] == person_id))


def move_rows(session: Session, giver: int, taker: int, *, course_id: int | None = None) -> None:
    """Give the rows of one person to another: those of a course, or without one those that are of no course."""
    for mapper, name, column in personal_columns():
        mine = mapper.columns[name] == giver
        if course_id is None and column.merge is Merge.MOVE:
            session.execute(update(mapper.class_).where(mine).values({name: taker}))
        elif course_id is not None and column.merge is Merge.MOVE_WITH_COURSE:
            session.execute(update(mapper.class_).where(mine, mapper.columns["course_id"] == course_id).values({name: taker}))


@dataclass(frozen=True, slots=True)
class ErasureQuestion:
    """A question about rows of theirs to somebody who deletes their account, and what an answer does."""

    column: InstrumentedAttribute[Any]
    """A personal column that says `Ask`."""
    label: str
    answers: Mapping[str, str]
    """The words of each answer."""
    follow: Callable[..., None]
    """Does what an answer says, before other rows of the person go: `(session, person_id, answer, now=…)`."""
    shared: str = ""
    """The name of the question of a package below that is asked for this column too: once, in its words."""

    @property
    def of(self) -> str:
        """Return the table and the column of which it asks."""
        return f"{self.column.class_.__tablename__}_{self.column.key}"

    @property
    def name(self) -> str:
        """Return under which name the answer is stored."""
        return self.shared or self.of

    @property
    def ask(self) -> Ask:
        """Return the value of the column."""
        ask: Ask = self.column.property.columns[0].info[PersonalColumn].erase
        return ask


ERASURE_QUESTIONS = HookList[ErasureQuestion]("erasure_questions")
"""Give words and effect of what columns ask."""


def list_erasure_questions(session: Session, people: Collection[int]) -> list[ErasureQuestion]:
    """List the questions about rows that accounts of a person have; what several packages ask, once."""
    questions = ERASURE_QUESTIONS.of(session)
    fitting = (question for question in questions if session.scalar(select(exists().where(question.column.in_(people)))))
    return list({question.name: question for question in fitting}.values())


def follow_answers(session: Session, person_id: int, answers: Mapping[str, str], *, now: datetime) -> None:
    """Do with a person's rows what they answered, and the usual where they were not asked."""
    for question in ERASURE_QUESTIONS.of(session):
        question.follow(session, person_id, answers.get(question.name, question.ask.usual), now=now)


OwnRows = Select[*tuple[Any, ...]]


def of(table: type[Any], names: str = "", **labelled: str) -> tuple[Any, ...]:
    """Return columns of a table by their names, and some under a label: `of(Course, course="slug")`."""
    plain = [getattr(table, name) for name in names.split()]
    return (*plain, *(getattr(table, name).label(label) for label, name in labelled.items()))


def own_rows(start: type[Any], *joined: type[Any], columns: Sequence[Any], mine: Any, outer: Sequence[type[Any]] = ()) -> OwnRows:
    """Return the statement of columns of somebody's rows; each table is joined by the foreign key that leads to it."""
    statement = select(*columns).select_from(start)
    for table in joined:
        statement = statement.join(table, isouter=table in outer)
    return statement.where(mine)


PersonalTables = Mapping[str, OwnRows]
"""Statements of what is kept of a person, by the name of the table that the copy of their data has."""
OWN_DATA = HookList[Callable[[int], PersonalTables]]("own_data")
"""Give what the copy of a person's data has, by their number: a statement for each of its tables. Secrets stay behind."""
OWN_RESULTS = HookList[Callable[..., Mapping[str, list[dict[str, Any]]]]]("own_results")
"""Give the tables of that copy that have to be worked out: `(session, person_id, now=…)`."""
OWN_FILES = HookList[Callable[[Session, int], Sequence[tuple[str, str]]]]("own_files")
"""Give the files of that copy, by a person's number: the path of each in it, and the SHA-256 of its content."""
ERASURES = HookList[Callable[..., None]]("erasures")
"""Take away what says who somebody was, while their address is still there: `(session, person, now=…)`."""
TRANSFERS = HookList[Callable[[Session, int, int], None]]("transfers")
"""Give what is a person's, and of no one course, to another: `(session, giver, taker)`."""
COURSE_TRANSFERS = HookList[Callable[[Session, int, int, int], None]]("course_transfers")
"""Give what is a person's in a course to another: `(session, course_id, giver, taker)`."""
MERGERS = HookList[Callable[..., None]]("mergers")
"""Do what more belongs to closing an account into another, each act recorded: `(session, actor, closed, remaining, now=…)`."""


@dataclass(frozen=True, slots=True)
class RetentionRule:
    """A kind of data with the setting of its days, its name for people, and how rows from before a moment go; it returns how many went.

    Without `forget` they go by a job of their own, in portions.
    """

    setting: str
    label: str
    forget: Callable[[Session, datetime], int] | None
    applies: Callable[[Settings], bool] = lambda _settings: True

    def days(self, settings: Settings) -> int:
        """Return how many days this kind is kept."""
        return int(getattr(settings, self.setting))


RETENTION = HookList[RetentionRule]("retention")
"""Gives what is kept for a time; one daily job applies it, and the privacy page says it."""
FORGET_LINKS = HookList[Callable[[Session, datetime], int]]("forget_links")
"""Delete the links of a package that were mailed and ended before a moment; return how many went."""
