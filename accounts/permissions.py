"""What may be done with accounts."""

from collections.abc import Mapping
from enum import StrEnum

from kernel.permissions import Predicate, administrator, signed_in


class AccountAction(StrEnum):
    """Acts on one's own account, and on others'."""

    EDIT_PROFILE = "profile:edit"
    END_DEVICE = "device:end"
    ADMINISTER = "site:administer"


PERMISSIONS: Mapping[StrEnum, Predicate] = {
    AccountAction.EDIT_PROFILE: signed_in,
    AccountAction.END_DEVICE: signed_in,
    AccountAction.ADMINISTER: administrator,
}
