"""The leaf of audience rules that courses answer: a completion (spec/compulsory 3.1)."""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Self

from kernel.i18n import _
from organisations.rules.audiences import (
    AudienceCandidate,
    AudienceLeaf,
    FaultCollector,
    LeafFields,
    LeafFinding,
    LeafNames,
    PlainValue,
    check_words,
    read_truth,
    read_word,
)


@dataclass(frozen=True, slots=True)
class HoldsLeaf(AudienceLeaf):
    """Completed a course, by its key: ever, or so that it is still valid."""

    kind: ClassVar[str] = "holds"
    course: str
    valid: bool = True

    @classmethod
    def read(cls, value: PlainValue, faults: FaultCollector) -> Self | None:
        """Read `gobernanza` or `{course: gobernanza, valid: false}`."""
        valid: bool | None = True
        if isinstance(value, dict):
            if not check_words(value, ("course", "valid"), faults):
                return None
            with faults.within("valid"):
                valid = read_truth(value.get("valid", True), faults)
            value = value.get("course", "")
        course = read_word(value, faults)
        return None if course is None or valid is None else cls(course, valid)

    def write(self) -> PlainValue:
        """Write the short form where it must be valid."""
        return self.course if self.valid else {"course": self.course, "valid": False}

    def fields(self) -> LeafFields:
        """Return the course, and whether its completion must be valid."""
        return LeafFields((self.course,), flag=self.valid)

    @classmethod
    def plain_of(cls, fields: LeafFields) -> PlainValue:
        """Return the short form where it must be valid."""
        course = next(iter(fields.values), "")
        return course if fields.flag else {"course": course, "valid": False}

    def find(self, person: AudienceCandidate, day: date) -> LeafFinding:
        """Look at what the person completed until the day."""
        done = [held for held in person.held if held.course == self.course and held.done_on <= day]
        valid = [held for held in done if not self.valid or held.valid_until is None or day <= held.valid_until]
        newest = max(valid or done, key=lambda held: held.done_on, default=None)
        if newest is None:
            return LeafFinding(False)
        return LeafFinding(bool(valid), fact=newest.course, since=newest.done_on)

    def describe(self, names: LeafNames, *, negated: bool) -> str:
        """Name the course."""
        course = names(self.kind, self.course)
        if self.valid:
            text = _("without a valid completion of “%(course)s”", course=course)
            return text if negated else _("with a valid completion of “%(course)s”", course=course)
        return _("who never completed “%(course)s”", course=course) if negated else _("who completed “%(course)s”", course=course)

    def next_change(self, person: AudienceCandidate, day: date) -> date | None:
        """Return the day after the next last valid day, or the day of a completion still to come."""
        days = [held.done_on for held in person.held if held.course == self.course]
        if self.valid:
            days += [held.valid_until + timedelta(days=1) for held in person.held if held.course == self.course and held.valid_until]
        return min((changed for changed in days if changed > day), default=None)

    def references(self) -> tuple[str, ...]:
        """Name the course."""
        return (self.course,)
