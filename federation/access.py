"""Permissions on identity providers, for site administrators, and on links, for their holders."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from federation.models import ExternalIdentity, IdentityProvider
from kernel.own_records import changes_record, is_own
from kernel.permissions import Actor, Permission, Roles, Verdict, administrator, allow_if, signed_in


class FederationAction(StrEnum):
    """Acts on providers, on links of others, and on links of one's own."""

    VIEW = "provider:view"
    EDIT = "provider:edit"
    REMOVE_LINK = "link:remove"
    VIEW_OWN = "own_link:view"
    ADD_OWN = "own_link:add"
    REMOVE_OWN = "own_link:remove"


@dataclass(frozen=True, slots=True)
class LinkContext:
    """A link and its provider."""

    link: ExternalIdentity
    provider: IdentityProvider
    holder_id: int
    """The person whose link it is: of a merged account the one that stays."""


def _remove_own(actor: Actor, subject: LinkContext) -> Verdict:
    return allow_if(is_own(actor, subject.holder_id), Verdict.HIDE)


SITE = {"any": Roles.ADMINISTRATORS.because("they decide by which server people come in")}
PERMISSIONS: Mapping[StrEnum, Permission] = {
    FederationAction.VIEW: Permission(administrator, SITE),
    FederationAction.EDIT: Permission(administrator, SITE),
    FederationAction.REMOVE_LINK: Permission(
        changes_record(administrator, lambda subject: (subject.holder_id,)),
        {
            "of_another": Roles.ADMINISTRATORS.because("with a reason, where the account at the institution is another's"),
            "own": Roles.NOBODY,
        },
    ),
    FederationAction.VIEW_OWN: Permission(signed_in, {"own": Roles.SIGNED_IN}),
    FederationAction.ADD_OWN: Permission(
        signed_in, {"own": Roles.SIGNED_IN.because("after a fresh proof: a shared computer links nobody")}
    ),
    FederationAction.REMOVE_OWN: Permission(
        _remove_own, {"own": Roles.SIGNED_IN, "of_another": Roles.NOBODY.hidden.because("a link is its holder's")}
    ),
}
