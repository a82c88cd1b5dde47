"""The obligations that name an audience, and the rules of it that wait for a second person."""

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from compliance.models import Obligation, ObligationVersion, PlannedChange
from compliance.team_digests import list_waiting_changes
from kernel.i18n import choose
from organisations.access import TrainingScope
from organisations.audiences import MOST_AUDIENCES, AudienceUse, WaitingRule
from organisations.models import Audience

MOST_NAMED = 100


def list_obliging_audiences(session: Session) -> list[Audience]:
    """List the audiences of obligations in force, by their number."""
    in_force = select(Obligation.audience_id).where(Obligation.state == "active")
    return list(session.scalars(select(Audience).where(Audience.id.in_(in_force)).order_by(Audience.id).limit(MOST_AUDIENCES)))


def list_obligations_of_audience(session: Session, audience: Audience) -> list[AudienceUse]:
    """List the obligations of an audience, in whatever state, by key."""
    newest = and_(ObligationVersion.obligation_id == Obligation.id, ObligationVersion.number == Obligation.latest)
    statement = select(ObligationVersion.title).join(Obligation, newest).where(Obligation.audience_id == audience.id)
    return [AudienceUse(choose(title)) for title in session.scalars(statement.order_by(Obligation.key).limit(MOST_NAMED))]


def list_waiting_rules_of_audience(session: Session, audience: Audience) -> list[WaitingRule]:
    """List the planned rules of an audience that wait for a second person, the oldest first."""
    conditions = (PlannedChange.kind == "audience", PlannedChange.audience_id == audience.id)
    changes = list_waiting_changes(session, TrainingScope(everywhere=True), *conditions)
    return [WaitingRule(row.uuid, row.created_by, row.created_at, row.effective_on) for row, _audience in changes]
