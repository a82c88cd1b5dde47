"""Acts on a community and on what hangs in it: the community locked after the one above it, and decided again as things are now."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from communities.access import PERMISSIONS
from communities.communities import NoLongerAllowed, get_community, within
from communities.models import Community
from communities.space import CommunityAction, CommunityContext, RowContext
from kernel.errors import require_found
from kernel.permissions import Actor, Verdict
from spaces.acts import SpaceAct, lock_row

Row = TypeVar("Row")


def loader(kind: type[Row], column: Any, *which: ColumnElement[bool]) -> Callable[..., RowContext[Row]]:
    """Return the loader of a community's row by the last part of its address, for `requires`; it raises NotFound."""

    def load(session: Session, actor: Actor, slug: str, *key: Any, **named: Any) -> RowContext[Row]:
        context = get_community(session, actor, slug)
        of_it = (kind.community_id == context.community.id, column == (key or tuple(named.values()))[0])  # type: ignore[attr-defined]  # every kind has it
        row = require_found(session.scalar(select(kind).where(*of_it, *which)))
        is_private = getattr(row, "members_only", False) or getattr(row, "deleted_at", None) is not None
        return RowContext(**within(context) | {"is_private_item": is_private}, row=row)

    return load


def lock_community(session: Session, community: Community) -> Community:
    """Return a community, locked, as it is now: joining, leaving, deciding and archiving wait for one another.

    That of which it is a working group is locked before it, so that nobody is left in the group alone. Raise NotFound where it was deleted
    meanwhile.
    """
    if community.parent_id is not None:
        lock_row(session, Community, community.parent_id)
    row = lock_row(session, Community, community.id)
    return require_found(row if row.deleted_at is None else None)


def require_still(session: Session, actor: Actor, context: CommunityContext, action: CommunityAction) -> None:
    """Decide once more on an act in a locked community, as things are now: others acted since its page was asked for.

    Raise NoLongerAllowed.
    """
    present = within(get_community(session, actor, context.community.slug, is_locked=True))
    present["is_private_item"] = context.is_private_item
    if PERMISSIONS[action](actor, replace(context, **present)) is not Verdict.ALLOW:
        raise NoLongerAllowed


def begin(
    session: Session, actor: Actor, context: CommunityContext | Community, action: CommunityAction | None = None, seen: str | None = None,
    *, now: datetime,
) -> SpaceAct[Any]:  # fmt: skip
    """Begin an act on a community, or on the row of a context in it: locked, as they are now, and still allowed where an action is given.

    Raise NotFound, NoLongerAllowed, RowWasChanged.
    """
    row: Any = lock_community(session, context if isinstance(context, Community) else context.community)
    act: SpaceAct[Any] = SpaceAct(session, actor, now, row, row)
    if action is not None and isinstance(context, CommunityContext):
        require_still(session, actor, context, action)
    if isinstance(context, RowContext):
        act = replace(act, row=session.get(type(context.row), context.row.id, populate_existing=True))
    act.require_version(seen)
    return act
