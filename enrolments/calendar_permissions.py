"""Permissions of a person's own calendar."""

from collections.abc import Mapping
from enum import StrEnum

from kernel.permissions import Predicate, signed_in


class CalendarAction(StrEnum):
    """Acts on one's own calendar."""

    USE = "calendar:use"
    """See one's own dates, write oneself reminders, and have them in another calendar."""


CALENDAR_PERMISSIONS: Mapping[StrEnum, Predicate] = {CalendarAction.USE: signed_in}
