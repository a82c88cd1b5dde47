"""Facts of a person on a day, as far as rules of audiences ask for them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class EmploymentFact:
    """A person's employment in the audience's institution; without a day where the lists never gave one."""

    staff_number: str = ""
    entered_on: date | None = None
    left_on: date | None = None
    """The last day."""

    def holds_on(self, day: date) -> bool:
        """Say whether the person is employed on a day."""
        return (self.entered_on is None or self.entered_on <= day) and (self.left_on is None or day <= self.left_on)


@dataclass(frozen=True, slots=True)
class PlaceFact:
    """A place to which a person belongs on the day, the main one or a further one."""

    codes: tuple[str, ...]
    """The codes of the place itself and of what stands above it, upwards; '' where one has none."""
    province: str = ""
    """The name of the province that it is or in which it stands."""
    post: str = ""
    """The key of the post that the person has there."""
    since: date | None = None


@dataclass(frozen=True, slots=True)
class HeldFact:
    """A course that a person completed: when, and the last day on which that is valid."""

    course: str
    done_on: date
    valid_until: date | None = None


@dataclass(frozen=True, slots=True)
class AudienceCandidate:
    """A person as the rule of an audience sees them: employment, places, lists and completions."""

    employments: tuple[EmploymentFact, ...] = ()
    account_closed: bool = False
    places: tuple[PlaceFact, ...] = ()
    lists: Mapping[str, date | None] = field(default_factory=dict)
    """The uploaded lists in which the person stands, each with the day since when."""
    held: tuple[HeldFact, ...] = ()

    def employment_on(self, day: date) -> EmploymentFact | None:
        """Return the employment that holds on a day."""
        return next((employment for employment in self.employments if employment.holds_on(day)), None)
