"""The permissions of accounts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from accounts.models import Person, SecondFactor
from kernel.own_records import changes_record, is_own
from kernel.permissions import Actor, Permission, Roles, Verdict, administrator, allow_if, open_to_strangers, signed_in


class AccountAction(StrEnum):
    """Acts on one's own account, and those of administrators on anybody's."""

    EDIT_PROFILE = "profile:edit"
    END_DEVICE = "session:list_and_end"
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


PERMISSIONS: Mapping[StrEnum, Permission] = {
    AccountAction.EDIT_PROFILE: Permission(
        signed_in,
        {"own": Roles.SIGNED_IN, "personal_data.export own": Roles.SIGNED_IN.because("LOPDP art. 13: free, within 15 days; ours at once")},
    ),
    AccountAction.END_DEVICE: Permission(signed_in, {"own": Roles.SIGNED_IN}),
    AccountAction.READ_NOTICES: Permission(signed_in, {"own": Roles.SIGNED_IN}),
    AccountAction.SECOND_STEP: Permission(_second_step, {"own": Roles.SIGNED_IN}),
    AccountAction.MANAGE_PEOPLE: Permission(
        administrator,
        {
            "user.view_email of_another_learner": Roles.ADMINISTRATORS.because("instructors see it only for their own course"),
            "user.reset_password of_another": Roles.ADMINISTRATORS.because(
                "sends a link; the administrator never sets or sees one (ASVS V6.4.6)"
            ),
            "personal_data.export of_another": Roles.ADMINISTRATORS.because("as data-protection officer, logged"),
            "session.list_and_end of_another": Roles.ADMINISTRATORS,
            "user.add new": Roles.ADMINISTRATORS.because("the password is chosen by its owner alone"),
        },
    ),
    AccountAction.SET_ROLE: Permission(
        changes_record(administrator, lambda person: (person.id,)),
        {
            "of_another": Roles.ADMINISTRATORS,
            "own_to_higher": Roles.NOBODY.because("mass assignment: role=admin in the profile form"),
            "first_admin.create an_admin_exists": Roles.NOBODY.hidden.because("the set-up page is gone after the first"),
        },
    ),
    AccountAction.CORRECT_NAME: Permission(
        changes_record(administrator, lambda person: (person.id,)), {"of_another": Roles.ADMINISTRATORS, "own": Roles.NOBODY}
    ),
    AccountAction.MERGE: Permission(
        changes_record(administrator, lambda pair: (pair.kept.id, pair.closed.id)), {"of_others": Roles.ADMINISTRATORS, "own": Roles.NOBODY}
    ),
}
