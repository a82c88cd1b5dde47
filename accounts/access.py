"""The permissions of accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from accounts.models import Person, SecondFactor
from kernel.own_records import changes_record, is_own
from kernel.permissions import Actor, Predicate, Verdict, administrator, allow_if, open_to_strangers, signed_in


class AccountAction(StrEnum):
    """Acts on one's own account, and those of administrators on anybody's."""

    EDIT_PROFILE = "profile:edit"
    END_DEVICE = "device:end"
    READ_NOTICES = "notice:read"
    SECOND_STEP = "second_step:manage"
    """See and change one's own second factors, and set the first one up between password and entry."""
    MANAGE_PEOPLE = "user:manage"
    """See the list of people and each one's record, suspend, restore, send a reset link."""
    SET_ROLE = "user:set_role"
    CORRECT_NAME = "user:correct_name"
    """Decide on the name of another person: correct it, or decline what they ask for."""
    MERGE = "user:merge"
    """Close one account into another of the same person."""


@dataclass(frozen=True, slots=True)
class MergePair:
    """Two accounts of one person: the one that stays and the one that is closed."""

    kept: Person
    closed: Person


@dataclass(frozen=True, slots=True)
class Owner:
    """The owner of second factors, and whether they typed their password in the last minutes."""

    person: Person
    factors: Sequence[SecondFactor]
    fresh: bool
    chosen: SecondFactor | None = None
    """The one that is acted on."""


@open_to_strangers
def _second_step(actor: Actor, subject: Owner) -> Verdict:
    """One's own; before one is signed in, only with the password just typed and as long as there is no factor at all."""
    if actor.is_anonymous:
        return allow_if(subject.fresh and not subject.factors)
    return allow_if(is_own(actor, subject.person.id))


PERMISSIONS: Mapping[StrEnum, Predicate] = {
    AccountAction.EDIT_PROFILE: signed_in,
    AccountAction.END_DEVICE: signed_in,
    AccountAction.READ_NOTICES: signed_in,
    AccountAction.SECOND_STEP: _second_step,
    AccountAction.MANAGE_PEOPLE: administrator,
    AccountAction.SET_ROLE: changes_record(administrator, lambda person: (person.id,)),
    AccountAction.CORRECT_NAME: changes_record(administrator, lambda person: (person.id,)),
    AccountAction.MERGE: changes_record(administrator, lambda pair: (pair.kept.id, pair.closed.id)),
}
