"""What may be done on the roof's own pages."""

from collections.abc import Mapping
from enum import StrEnum

from kernel.permissions import Predicate, administrator, signed_in


class RoofAction(StrEnum):
    """Acts on pages that look at more than one domain."""

    LEARN = "home:view"
    TEACH = "teaching:list"
    ADMINISTER = "administration:view"


PERMISSIONS: Mapping[StrEnum, Predicate] = {RoofAction.LEARN: signed_in, RoofAction.TEACH: signed_in, RoofAction.ADMINISTER: administrator}
