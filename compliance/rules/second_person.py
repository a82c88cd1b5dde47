"""Changes of who is obliged that are not one person's to make, and why (spec/compulsory 4.5 and 4.8)."""

from enum import StrEnum

from organisations.rules.units import NUMBER_ABOVE


class SecondPersonReason(StrEnum):
    """The reasons why another person than the author of a change has to apply it."""

    PAST = "past"
    """It holds from a day before today."""
    MANY = "many"
    """It gives many people another state or another last day."""


def why_second_person(people: int, *, is_past: bool) -> SecondPersonReason | None:
    """Return why a change that concerns some people needs a second person; None where one person is enough."""
    if is_past:
        return SecondPersonReason.PAST
    return SecondPersonReason.MANY if people > NUMBER_ABOVE else None
