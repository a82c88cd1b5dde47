"""The rule of an audience: its nodes, its mistakes, whether and why it holds of a person on a day, its stays and its sentence."""

from abc import ABC, abstractmethod
from calendar import monthrange
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from difflib import get_close_matches
from functools import reduce
from typing import Any, ClassVar, Self, TypeAlias

from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.errors import N_
from kernel.i18n import _
from organisations.rules.units import DAY, OrganisationKind, TreeHistory, is_within


@dataclass(frozen=True, slots=True)
class RuleFault:
    """One mistake of a rule: where it stands (`all › 2 › post`), and what is wrong, to be translated when shown."""

    place: str
    template: str
    facts: Mapping[str, object]

    @property
    def sentence(self) -> str:
        """Return the fault alone, for a form that shows it where it is."""
        return _(self.template, **self.facts)

    def __str__(self) -> str:
        return _("%(place)s: %(fault)s", place=self.place, fault=self.sentence) if self.place else self.sentence


@dataclass(slots=True)
class FaultCollector:
    """The mistakes found so far, and where the reader is."""

    faults: list[RuleFault] = field(default_factory=list)
    path: list[str] = field(default_factory=list)

    @contextmanager
    def within(self, step: str) -> Iterator[None]:
        """Read what stands behind a word or at a number."""
        self.path.append(step)
        yield
        self.path.pop()

    def add(self, template: str, **facts: object) -> None:
        """Note a mistake here."""
        self.faults.append(RuleFault(" › ".join(self.path), template, facts))

    def add_unknown(self, word: str, known: Iterable[str]) -> None:
        """Note a word that is not known here, with the nearest that is."""
        known_words = sorted(known)
        near = get_close_matches(word, known_words, 1)
        if near:
            self.add(N_("“%(word)s” is not known here. Did you mean “%(near)s”?"), word=word, near=near[0])
        else:
            self.add(N_("“%(word)s” is not known here. Write one of: %(words)s."), word=word, words=", ".join(known_words))


@dataclass(frozen=True, slots=True)
class EmploymentFact:
    """A person's employment in the audience's institution; without a day where the lists never gave one."""

    staff_number: str = ""
    entered_on: date | None = None
    left_on: date | None = None
    """The last day."""

    def holds_on(self, day: date) -> bool:
        """Return whether the person is employed on a day."""
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


def place_facts(history: TreeHistory, unit: int, posts: tuple[str, ...], since: date | None, until: date | None) -> Iterator[PlaceFact]:
    """Yield a place to which a person belongs or belonged, with what stood above it: one fact for each time that it stood elsewhere."""
    for span in history.lines(unit, since, until):
        provinces = [above.name for above in span.line if above.kind is OrganisationKind.PROVINCE]
        codes = tuple(above.code for above in span.line)
        yield PlaceFact(codes, provinces[-1] if provinces else "", posts, span.since_on, span.until_on)


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

    def since_when(self, present: PlaceFact, holds: Callable[[PlaceFact], bool]) -> date | None:
        """Return since when something is so of a place, also where that stood elsewhere before."""
        first = present.since
        for fact in sorted(self.places, key=lambda fact: fact.since or date.min, reverse=True):
            is_before = first is not None and fact.until == first - DAY
            if is_before and (fact.codes[:1], fact.posts) == (present.codes[:1], present.posts) and holds(fact):
                first = fact.since
        return first


def add_months(day: date, months: int) -> date:
    """Return the day some months later; clamped to the end of a shorter month (31 January and one month is 28 February)."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, monthrange(year, month + 1)[1]))


def first_within(day: date, months: int) -> date:
    """Return the first day from which `day` is less than some months later: whoever entered then or since is within them."""
    first = add_months(day, -months)
    while add_months(first, months) <= day:
        first += timedelta(days=1)
    return first


@dataclass(frozen=True, slots=True)
class LeafFields:
    """A condition as a form shows it; each kind uses those of the fields that it needs."""

    values: tuple[str, ...] = ()
    """Codes, names or keys."""
    flag: bool = True
    word: str = ""
    """Which of several questions is asked."""
    day: str = ""
    count: str = ""


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
    """Return the references of a rule, as pairs of a leaf's kind and a key."""
    return frozenset((leaf.kind, key) for leaf in leaves(rule) for key in leaf.references())


def is_in(rule: RuleNode, person: AudienceCandidate, day: date) -> bool:
    """Return whether a person is in the audience on a day: by the rule, and while employed and the account open (spec/compulsory 3.2)."""
    return may_be_in(person, day) and holds(rule, person, day)


def may_be_in(person: AudienceCandidate, day: date) -> bool:
    """Return whether a person can be in any audience of the institution on a day: employed there, and the account not closed."""
    is_open = person.account_closed_on is None or day < person.account_closed_on
    return is_open and bool(person.employments_on(day))


def holds(rule: RuleNode, person: AudienceCandidate, day: date) -> bool:
    """Return whether the rule alone is true of a person on a day."""
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


def write_sentence(rule: RuleNode, names: LeafNames) -> str:
    """Return the rule as a sentence: «De Guayas o Los Ríos, con el puesto inspector»."""
    text = _phrase(rule, names, negated=False)
    return text[:1].upper() + text[1:]


def _phrase(rule: RuleNode, names: LeafNames, *, negated: bool) -> str:
    if isinstance(rule, Negation):
        return _phrase(rule.part, names, negated=not negated)
    if not isinstance(rule, AllOf | AnyOf):
        return rule.describe(names, negated=negated)
    joins_all = isinstance(rule, AllOf) is not negated  # not (a and b) is (not a) or (not b)
    parts = [_part(part, names, negated=negated, within_all=joins_all) for part in rule.parts]
    if joins_all:
        return ", ".join(parts)
    return reduce(lambda before, part: _("%(before)s, or %(part)s", before=before, part=part), parts)


def _part(rule: RuleNode, names: LeafNames, *, negated: bool, within_all: bool) -> str:
    """Return a part of a joint, in brackets where it is a joint of the other kind with several parts."""
    inner, sign = rule, negated
    while isinstance(inner, Negation):
        inner, sign = inner.part, not sign
    text = _phrase(rule, names, negated=negated)
    if not isinstance(inner, AllOf | AnyOf) or len(inner.parts) == 1:
        return text
    return text if (isinstance(inner, AllOf) is not sign) is within_all else f"({text})"


MOST_VALUES = 200
LONGEST_VALUE = 150
_TRUTHS = {"true": True, "false": False}


def read_word(value: PlainValue, faults: FaultCollector) -> str | None:
    """Read one text of one line."""
    text = " ".join(str(value).split()) if isinstance(value, str | int) and not isinstance(value, bool) else ""
    if not text:
        faults.add(N_("A name or code is missing here."))
        return None
    if not text.isprintable():
        faults.add(N_("“%(text)s” contains a character that cannot be seen."), text=text[:30])
        return None
    if len(text) > LONGEST_VALUE:
        faults.add(N_("“%(text)s…” is too long."), text=text[:30])
        return None
    return text


def read_words(value: PlainValue, faults: FaultCollector) -> tuple[str, ...] | None:
    """Read one text or a list of several, each once."""
    values = list(value) if isinstance(value, list | tuple) else [value]
    if not values:
        faults.add(N_("This list is empty. Write at least one value."))
        return None
    if len(values) > MOST_VALUES:
        faults.add(N_("This list has more than %(most)s entries. Upload a list of people instead."), most=MOST_VALUES)
        return None
    texts = [read_word(item, faults) for item in values]
    return None if None in texts else tuple(dict.fromkeys(word for word in texts if word is not None))


def read_day(value: PlainValue, faults: FaultCollector) -> date | None:
    """Read a day as 2026-07-01."""
    day = value if type(value) is date else None
    if isinstance(value, str) and len(value) == len("2026-07-01"):
        try:
            day = date.fromisoformat(value)
        except ValueError:
            day = None
    if day is None or not FIRST_DAY <= day <= LAST_DAY:
        faults.add(N_("“%(text)s” is not a day. Write it as 2026-07-01.") if value else N_("Give a date."), text=value)
        return None
    return day


def read_whole(value: PlainValue, most: int, faults: FaultCollector) -> int | None:
    """Read a whole number from 1 to `most`."""
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most):
        refusal = N_("“%(text)s” is not a whole number from 1 to %(most)s.") if value != "" else N_("Enter a number from 1 to %(most)s.")
        faults.add(refusal, text=value, most=most)
        return None
    return int(text)


def read_truth(value: PlainValue, faults: FaultCollector) -> bool | None:
    """Read true or false."""
    truth = value if isinstance(value, bool) else _TRUTHS.get(str(value))
    if truth is None:
        faults.add(N_("Write true or false instead of “%(text)s”."), text=value)
    return truth


def check_words(value: dict[str, PlainValue], known: Collection[str], faults: FaultCollector) -> bool:
    """Return whether a mapping has only known words; note those that are not."""
    unknown = [str(word) for word in value if word not in known]
    for word in unknown:
        faults.add_unknown(word, known)
    return not unknown
