"""What may be done with accounts."""

from collections.abc import Mapping
from enum import StrEnum

from kernel.permissions import Predicate, signed_in


class AccountAction(StrEnum):
    """Acts on one's own account."""

    EDIT_PROFILE = "profile:edit"
    END_DEVICE = "device:end"


PERMISSIONS: Mapping[StrEnum, Predicate] = {
    AccountAction.EDIT_PROFILE: signed_in,
    AccountAction.END_DEVICE: signed_in,
}
