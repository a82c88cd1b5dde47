"""Judging one's own text by its rubric after submission (spec/selection 8.6): it is kept, and changes no mark, grade or completion."""

import json
from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from sqlalchemy.orm import Session

from kernel import audit
from kernel.errors import N_, Invalid
from kernel.permissions import Actor
from quizzes.queries.self_assessments import SelfReviewedItem
from quizzes.selection_models import SelfAssessment


class SelfAssessmentVerb(StrEnum):
    """The audit verbs of self-assessments."""

    ASSESSED = "attempt.self_assessed"


class NoLevelChosen(Invalid):
    """A self-assessment without a level for any criterion."""

    code = "no_level_chosen"
    message = N_("Choose a level for at least one criterion.")


def assess_own_text(session: Session, actor: Actor, subject: SelfReviewedItem, levels: Mapping[str, int], *, now: datetime) -> None:
    """Keep the levels that a writer chose for their text, in place of earlier ones; raise NoLevelChosen, and nothing changes."""
    if not levels:
        raise NoLevelChosen
    row = session.get(SelfAssessment, subject.item.id)
    if row is None:
        row = SelfAssessment(item_id=subject.item.id, levels="", assessed_at=now)
        session.add(row)
    row.levels, row.assessed_at = json.dumps(dict(levels), sort_keys=True), now
    audit.record(session, actor, SelfAssessmentVerb.ASSESSED, subject.loaded.row, now=now, place=subject.item.position)
