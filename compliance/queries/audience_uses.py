"""The obligations that name an audience."""

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from compliance.models import Obligation, ObligationVersion
from kernel.i18n import choose
from organisations.models import Audience
from organisations.queries.audience_uses import AudienceUse

MOST_NAMED = 100


def list_obligations_of_audience(session: Session, audience: Audience) -> list[AudienceUse]:
    """List the obligations of an audience, in whatever state, by key."""
    newest = and_(ObligationVersion.obligation_id == Obligation.id, ObligationVersion.number == Obligation.latest)
    statement = select(ObligationVersion.title).join(Obligation, newest).where(Obligation.audience_id == audience.id)
    return [AudienceUse(choose(title)) for title in session.scalars(statement.order_by(Obligation.key).limit(MOST_NAMED))]
