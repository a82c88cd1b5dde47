"""Facts of a person on a day, as far as rules of audiences ask for them."""

from dataclasses import dataclass
from datetime import date


def is_within(day: date, first: date | None, last: date | None) -> bool:
    """Say whether a day is from a first to a last one; None: open."""
    return (first is None or first <= day) and (last is None or day <= last)


@dataclass(frozen=True, slots=True)
class EmploymentFact:
    """A person's employment in the audience's institution; without a day where the lists never gave one."""

    staff_number: str = ""
    entered_on: date | None = None
    left_on: date | None = None
    """The last day."""

    def holds_on(self, day: date) -> bool:
        """Say whether the person is employed on a day."""
        return is_within(day, self.entered_on, self.left_on)


@dataclass(frozen=True, slots=True)
class PlaceFact:
    """A place to which a person belongs or belonged, as the main one or a further one."""

    codes: tuple[str, ...]
    """The codes of the place itself and of what stands above it, upwards; '' where one has none."""
    province: str = ""
    """The name of the province that it is or in which it stands."""
    posts: tuple[str, ...] = ()
    """The key of the post that the person has there, and the keys of its other spellings; none without a post."""
    since: date | None = None
    until: date | None = None
    """The last day."""


@dataclass(frozen=True, slots=True)
class ListFact:
    """An uploaded list in which a person stands or stood."""

    key: str
    since: date | None = None
    until: date | None = None
    """The last day."""


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
    account_closed_on: date | None = None
    places: tuple[PlaceFact, ...] = ()
    lists: tuple[ListFact, ...] = ()
    held: tuple[HeldFact, ...] = ()

    def employments_on(self, day: date) -> list[EmploymentFact]:
        """Return the employments that hold on a day: one, but where the lists overlap."""
        return [employment for employment in self.employments if employment.holds_on(day)]

    def places_on(self, day: date) -> list[PlaceFact]:
        """Return the places to which the person belongs on a day."""
        return [fact for fact in self.places if is_within(day, fact.since, fact.until)]
