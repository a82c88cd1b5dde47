"""The correction log of a question: its versions, regrades, annulments, marks by hand and objections in words (spec/selection 2.6)."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise
from typing import TypeAlias, cast

from sqlalchemy.orm import Session

from kernel.i18n import _, number
from kernel.tables import Cell
from quizzes.pages.figures import MISSING
from quizzes.queries.correction_log import (
    HandMarkRow,
    RegradeRow,
    VersionRow,
    list_hand_marks,
    list_question_regrades,
)
from quizzes.rules.question_diff import is_judged_otherwise

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


def correction_log(session: Session, course_id: int, question_id: int, versions: Sequence[VersionRow]) -> tuple[CorrectionView, ...]:
    """Return the whole log of a question with these versions, the newest first: two statements, one more for each other source."""
    lines = [
        *_version_lines(versions),
        *(line for row in list_question_regrades(session, course_id, question_id) for line in _regrade_lines(row)),
        *(_hand_line(row) for row in list_hand_marks(session, question_id)),
    ]
    for source in cast("tuple[CorrectionSource, ...]", session.info["corrections"]):
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


def _regrade_lines(row: RegradeRow) -> Iterator[CorrectionView]:
    """Yield a regrade and its undoing; one for objections stands in the log as their outcome."""
    sentence = _regrade_words(row)
    if not row.for_objection:
        yield CorrectionView(row.at, sentence, (row.person,), row.attempts, row.reason)
    if row.undone_at is not None:
        yield CorrectionView(row.undone_at, _("Undone: %(what)s", what=sentence), (row.undone_by,), row.attempts)


def _regrade_words(row: RegradeRow) -> str:
    if row.whole_quiz:
        return _("The whole quiz was marked again.")
    return {
        "same": _("It was marked again."),
        "other": _("It was marked again by version %(number)s.", number=number(row.target or 0)),
        "full_credit": _("Everyone got full marks for it."),
        "removed": _("It was left out of the total for everyone."),
        "void_unless_lower": _("It was left out of the total wherever that lowers no mark."),
    }[row.kind]


def _hand_line(row: HandMarkRow) -> CorrectionView:
    sentence = _("Marks of version %(number)s were changed by hand.", number=number(row.version))
    return CorrectionView(row.last_at, sentence, (row.person,), row.attempts)


HEADINGS = ("at", "what", "who", "attempts", "reason")


def log_rows(log: Sequence[CorrectionView]) -> list[list[Cell]]:
    """Return the log as rows of a file, below HEADINGS."""
    return [[line.at.isoformat(timespec="seconds"), line.words, line.who, line.attempts, line.reason] for line in log]
