"""What may be done with accounts."""

from collections.abc import Mapping
from enum import StrEnum

from accounts.models import Person
from kernel.permissions import Actor, Predicate, Verdict, administrator, allow_if, signed_in


class AccountAction(StrEnum):
    """Acts on one's own account, and those of administrators on anybody's."""

    EDIT_PROFILE = "profile:edit"
    END_DEVICE = "device:end"
    MANAGE_PEOPLE = "user:manage"
    """See the list of people and each one's record, suspend, restore, send a reset link."""
    SET_ROLE = "user:set_role"


def _set_role(actor: Actor, subject: object) -> Verdict:
    """Administrators change the roles of others, nobody their own."""
    assert isinstance(subject, Person)
    return allow_if(actor.is_administrator and subject.id != actor.person_id)


PERMISSIONS: Mapping[StrEnum, Predicate] = {
    AccountAction.EDIT_PROFILE: signed_in,
    AccountAction.END_DEVICE: signed_in,
    AccountAction.MANAGE_PEOPLE: administrator,
    AccountAction.SET_ROLE: _set_role,
}
