"""Objections in the correction log of a question: how many, and their outcome, also where the marks stand (spec/selection 5.12)."""

from sqlalchemy.orm import Session

from kernel.i18n import _, ngettext, number
from quizzes.corrections import CorrectionView
from selections.queries.objection_log import LoggedObjectionsRow, list_logged_objections
from selections.wording import OUTCOMES


def objections_to_question(session: Session, question_id: int) -> list[CorrectionView]:
    """Return the objections to a question with their outcomes; nobody who objected is named."""
    return [_line(row) for row in list_logged_objections(session, question_id)]


def _line(row: LoggedObjectionsRow) -> CorrectionView:
    objected = ngettext(
        "%(count)s objection to version %(number)s.",
        "%(count)s objections to version %(number)s.",
        row.objections,
        number=number(row.version),
    )
    if row.decided_at is None:
        return CorrectionView(row.opened_at, f"{objected} {_('Not decided yet.')}", (), None)
    outcome = _("Decided: %(outcome)s.", outcome=_(OUTCOMES[row.outcome]))
    return CorrectionView(row.decided_at, f"{objected} {outcome}", (row.proposed_by, row.decided_by), row.attempts, row.ground)
