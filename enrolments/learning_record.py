"""A person's learning record, as the administration looks at it."""

from collections.abc import Mapping
from dataclasses import dataclass

from accounts.models import Person
from courses.rules import Outline
from enrolments.models import ActivityResult, Completion, Enrolment


@dataclass(frozen=True, slots=True)
class LearningRecord:
    """A person's learning record in one course, as administrators look at it."""

    person: Person
    enrolment: Enrolment
    outline: Outline
    completion: Completion | None
    results: Mapping[str, ActivityResult]

    @property
    def completed_keys(self) -> frozenset[str]:
        """Return the activities whose completion can be taken back."""
        return frozenset(key for key, row in self.results.items() if row.completed_at is not None)
