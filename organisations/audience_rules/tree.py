"""The rule of an audience as a tree, and whether a person is in (spec/compulsory 3.1 to 3.3)."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, ClassVar, Self, TypeAlias

from organisations.audience_rules.facts import AudienceCandidate
from organisations.audience_rules.faults import FaultCollector
from organisations.audience_rules.leaf_fields import LeafFields

MOST_LEVELS = 5
"""Of a rule: a leaf alone is one level."""
MOST_LEAVES = 50

PlainValue: TypeAlias = Any
"""A value of JSON or YAML: texts, numbers, truth values, lists and mappings."""
LeafNames: TypeAlias = Callable[[str, str], str]
"""Give the name of what a leaf refers to, by the leaf's kind and the key."""


@dataclass(frozen=True, slots=True)
class LeafFinding:
    """The answer of a leaf about a person: true or false, by which fact, and since which day that is so."""

    holds: bool
    is_missing: bool = False
    """There is no value; a missing value is not the value."""
    fact: str = ""
    """A key, a day or a number, as the leaf names its own."""
    since: date | None = None


class AudienceLeaf(ABC):
    """A condition of a rule that asks for one fact. Each kind is a frozen dataclass, equal where it asks for the same."""

    __slots__ = ()
    kind: ClassVar[str]

    @classmethod
    @abstractmethod
    def read(cls, value: PlainValue, faults: FaultCollector) -> Self | None:
        """Read what stands behind the kind's word; None, and a fault, where it cannot be understood."""

    @abstractmethod
    def write(self) -> PlainValue:
        """Return the plain value that `read` understands."""

    def fields(self) -> LeafFields:
        """Return the condition as a form asks for it."""
        return LeafFields(tuple(self.write()))

    @classmethod
    def plain_of(cls, fields: LeafFields) -> PlainValue:
        """Return the plain value of what a form was filled with; `read` says what is wrong with it."""
        return list(fields.values)

    @abstractmethod
    def find(self, person: AudienceCandidate, day: date) -> LeafFinding:
        """Ask the facts of a person on a day."""

    @abstractmethod
    def describe(self, names: LeafNames, *, negated: bool) -> str:
        """Return the leaf as a part of the rule's sentence, in the reader's language."""

    def next_change(self, person: AudienceCandidate, day: date) -> date | None:
        """Return the next day on which the calendar alone changes what the leaf says of a person."""
        return None

    def references(self) -> tuple[str, ...]:
        """Return the keys of what the leaf names: these may not be deleted while it does."""
        return ()


@dataclass(frozen=True, slots=True)
class AllOf:
    """True where every part is."""

    parts: tuple["RuleNode", ...]


@dataclass(frozen=True, slots=True)
class AnyOf:
    """True where at least one part is."""

    parts: tuple["RuleNode", ...]


@dataclass(frozen=True, slots=True)
class Negation:
    """True where its part is not."""

    part: "RuleNode"


RuleNode: TypeAlias = AllOf | AnyOf | Negation | AudienceLeaf
LeafClasses: TypeAlias = Mapping[str, type[AudienceLeaf]]
"""The kinds of leaves of the application, by the word that names each in a rule."""


def leaves(rule: RuleNode) -> Iterator[AudienceLeaf]:
    """Yield the leaves of a rule in the order in which it is read."""
    for leaf, _negated in signed_leaves(rule):
        yield leaf


def signed_leaves(rule: RuleNode, *, negated: bool = False) -> Iterator[tuple[AudienceLeaf, bool]]:
    """Yield the leaves of a rule, each with whether an odd number of *not* stands above it."""
    if isinstance(rule, AllOf | AnyOf):
        for part in rule.parts:
            yield from signed_leaves(part, negated=negated)
    elif isinstance(rule, Negation):
        yield from signed_leaves(rule.part, negated=not negated)
    else:
        yield rule, negated


def replace_leaves(rule: RuleNode, change: Callable[[AudienceLeaf], AudienceLeaf]) -> RuleNode:
    """Return a rule of the same shape with each leaf as `change` gives it."""
    if isinstance(rule, AllOf | AnyOf):
        return type(rule)(tuple(replace_leaves(part, change) for part in rule.parts))
    return Negation(replace_leaves(rule.part, change)) if isinstance(rule, Negation) else change(rule)


def count_levels(rule: RuleNode) -> int:
    """Count the levels of a rule; a leaf alone is one."""
    if isinstance(rule, AllOf | AnyOf):
        return 1 + max((count_levels(part) for part in rule.parts), default=0)
    return 1 + count_levels(rule.part) if isinstance(rule, Negation) else 1


def references(rule: RuleNode) -> frozenset[tuple[str, str]]:
    """Return what a rule names, as pairs of a leaf's kind and a key."""
    return frozenset((leaf.kind, key) for leaf in leaves(rule) for key in leaf.references())


def is_in(rule: RuleNode, person: AudienceCandidate, day: date) -> bool:
    """Say whether a person is in the audience on a day: by the rule, and only while employed and the account open (spec/compulsory 3.2)."""
    return may_be_in(person, day) and holds(rule, person, day)


def may_be_in(person: AudienceCandidate, day: date) -> bool:
    """Say whether a person can be in any audience of the institution on a day: employed there, and the account not closed."""
    is_open = person.account_closed_on is None or day < person.account_closed_on
    return is_open and bool(person.employments_on(day))


def holds(rule: RuleNode, person: AudienceCandidate, day: date) -> bool:
    """Say whether the rule alone is true of a person on a day."""
    if isinstance(rule, AllOf):
        return all(holds(part, person, day) for part in rule.parts)
    if isinstance(rule, AnyOf):
        return any(holds(part, person, day) for part in rule.parts)
    return not holds(rule.part, person, day) if isinstance(rule, Negation) else rule.find(person, day).holds


@dataclass(frozen=True, slots=True)
class RuleExplanation:
    """Why a person is in an audience or not: the node, whether it is true, what its leaf found, and its parts."""

    node: RuleNode
    holds: bool
    finding: LeafFinding | None = None
    parts: tuple["RuleExplanation", ...] = ()


def explain(rule: RuleNode, person: AudienceCandidate, day: date) -> RuleExplanation:
    """Mark every node of a rule true or false of a person on a day, with the fact of each leaf (spec/compulsory 3.4)."""
    if isinstance(rule, AllOf | AnyOf):
        parts = tuple(explain(part, person, day) for part in rule.parts)
        return RuleExplanation(rule, (all if isinstance(rule, AllOf) else any)(part.holds for part in parts), parts=parts)
    if isinstance(rule, Negation):
        part = explain(rule.part, person, day)
        return RuleExplanation(rule, not part.holds, parts=(part,))
    finding = rule.find(person, day)
    return RuleExplanation(rule, finding.holds, finding)


def next_change(rule: RuleNode, person: AudienceCandidate, day: date) -> date | None:
    """Return the next day on which the calendar alone may let a person in or out (spec/compulsory 3.7).

    That is a day on which a leaf changes, or a fact begins or ends to be so; whether the whole rule then changes is asked on that day.
    """
    days = [changed for leaf in leaves(rule) if (changed := leaf.next_change(person, day)) is not None]
    spans = [(employment.entered_on, employment.left_on) for employment in person.employments]
    spans += [(unit.since, unit.until) for unit in person.places]
    spans += [(listed.since, listed.until) for listed in person.lists]
    for first, last in spans:
        days += [first] if first is not None else []
        days += [last + timedelta(days=1)] if last is not None else []
    days += [person.account_closed_on] if person.account_closed_on is not None else []
    return min((changed for changed in days if changed > day), default=None)


@dataclass(frozen=True, slots=True)
class RuleInForce:
    """A version of a rule, in force from a day on until the next one is."""

    effective_on: date
    rule: RuleNode


@dataclass(frozen=True, slots=True)
class StayDays:
    """The days that a person is in an audience without a gap; open while they still are."""

    since_on: date
    until_on: date | None = None
    """The last day."""


def find_stays(versions: Sequence[RuleInForce], person: AudienceCandidate, today: date) -> list[StayDays]:
    """Return the stays of a person up to a day, by the versions in their order of effect (spec/compulsory 3.7).

    Of two versions with one effective day the later one holds. Nothing is said of days to come.
    """
    starts = {version.effective_on: version.rule for version in versions if version.effective_on <= today}
    stays, since = list[StayDays](), None
    for number, start in enumerate(days := sorted(starts)):
        end = days[number + 1] if number + 1 < len(days) else today + timedelta(days=1)
        day: date | None = start
        while day is not None and day < end:
            inside = is_in(starts[start], person, day)
            if inside and since is None:
                since = day
            elif not inside and since is not None:
                stays.append(StayDays(since, day - timedelta(days=1)))
                since = None
            day = next_change(starts[start], person, day)
    return stays if since is None else [*stays, StayDays(since)]
