"""Working groups of a community: founded by one of its members, listed for those who find them."""

from datetime import datetime
from functools import cache
from typing import Any

from sqlalchemy import Integer, Row, Select, bindparam
from sqlalchemy.orm import Session

from communities import acts, communities, models, search, space
from communities.communities import CommunityValues, CommunityVerb
from communities.space import CommunityAction, CommunityContext
from kernel.db import require_room
from kernel.permissions import Actor

MOST_GROUPS = 100


def found_group(session: Session, actor: Actor, context: CommunityContext, values: CommunityValues, *, now: datetime) -> models.Community:
    """Add a working group, which its founder administers as a member of the community above. Raise NoRoom, NoLongerAllowed."""
    act = acts.begin(session, actor, context, CommunityAction.FOUND_GROUP, now=now)
    parent = act.row
    require_room(session, MOST_GROUPS, models.Community, models.Community.parent_id == parent.id)
    row = communities.add_community(session, actor, values, parent, now=now)
    search.note_changed(session, row, now)
    act.note(CommunityVerb.GROUP_FOUNDED, community=row.id)
    return row


@cache
def _groups() -> Select[*tuple[Any, ...]]:
    """Build once the list of the working groups of a community."""
    statement, mine = communities.select_counted()
    is_archived = models.Community.state == models.CommunityState.ARCHIVED.value
    of_it = (
        models.Community.parent_id == bindparam("community", type_=Integer()),
        space.FINDS.condition(bindparam("person", type_=Integer())),
    )
    return statement.where(*of_it).order_by(is_archived, mine.desc(), models.Community.name_key, models.Community.id)


def list_groups(session: Session, actor: Actor, community_id: int) -> list[Row[*tuple[Any, ...]]]:
    """List the working groups of a community that an actor sees with their numbers of members: their own first, archived ones last."""
    return list(session.execute(_groups(), {"person": actor.person_id or 0, "community": community_id}))
