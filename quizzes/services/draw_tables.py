"""Making the draw table of a night: the facilities that the answers so far give, put in use where they allow a draw.

spec/selection 1.10 and 1.16.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from quizzes.models import QuizVersion
from quizzes.queries import draw_tables as queries
from quizzes.queries.attempts import get_snapshot
from quizzes.queries.facilities import allows_a_draw, count_answers_by_variant, known_facilities
from quizzes.rules.balanced_draw import facility_key
from quizzes.rules.layout import SlotEntry
from quizzes.selection_models import DrawTable


@dataclass(frozen=True, slots=True)
class NewTable:
    """A draw table that is to be kept: its number and facilities, and whether it allows a draw."""

    quiz_version_id: int
    number: int
    facilities: Mapping[str, int]
    allows_a_draw: bool


def compute_table(session: Session, quiz_version_id: int) -> NewTable | None:
    """Return the draw table that the answers so far give; None where the newest one has the same facilities.

    A quiz version from before the judgement of its authors was kept goes on with the table of its publication.
    """
    snapshot, newest = get_snapshot(session, quiz_version_id), queries.find_newest_table(session, quiz_version_id)
    if snapshot.balance is None or snapshot.balance.priors is None:
        return None
    entries = [entry for entry in snapshot.entries if isinstance(entry, SlotEntry)]
    versions = {candidate.version: candidate.question for entry in entries for candidate in entry.pool}
    counted = count_answers_by_variant(session, list(versions)).items()
    answers = {facility_key(versions[version], variant): first_answers for (version, variant), first_answers in counted}
    facilities = known_facilities(snapshot.balance.priors, answers)
    if facilities == (snapshot.balance.facilities if newest is None else newest.facilities):
        return None
    allowed = allows_a_draw(entries, facilities, snapshot.balance.balance)
    return NewTable(quiz_version_id, 1 + (1 if newest is None else newest.number), facilities, allowed)


def keep_table(session: Session, table: NewTable, night: date, *, now: datetime) -> bool:
    """Keep a draw table, once a night; return False where another worker has made one meanwhile."""
    mine = DrawTable.quiz_version_id == table.quiz_version_id
    quiz = select(QuizVersion.id).where(QuizVersion.id == table.quiz_version_id)
    session.execute(quiz.with_for_update(key_share=True))  # one worker after the other
    if session.scalar(select(DrawTable.number).where(mine, (DrawTable.night >= night) | (DrawTable.number >= table.number)).limit(1)):
        return False
    session.add(
        DrawTable(
            quiz_version_id=table.quiz_version_id,
            number=table.number,
            night=night,
            facilities=json.dumps(dict(table.facilities), ensure_ascii=False, sort_keys=True),
            in_use=table.allows_a_draw,
            made_at=now,
        )
    )
    return True
