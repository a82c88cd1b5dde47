"""The kinds of leaves that the tree of places and the staff lists answer: unit, province, post, entry, list, person."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import ClassVar, Self

from accounts.rules import fold
from kernel.errors import N_
from kernel.i18n import _, alternatives, format_date, ngettext
from organisations.rules import audiences
from organisations.rules.units import is_within

MOST_MONTHS = 600


def _named(keys: tuple[str, ...], kind: str, names: audiences.LeafNames) -> str:
    return alternatives([names(kind, key) for key in keys])


@dataclass(frozen=True, slots=True)
class UnitLeaf(audiences.AudienceLeaf):
    """Belongs to a unit by its code, as the main place or a further one; with what stands below it, or to itself alone."""

    kind: ClassVar[str] = "unit"
    codes: tuple[str, ...]
    below: bool = True

    @classmethod
    def read(cls, value: audiences.PlainValue, faults: audiences.FaultCollector) -> Self | None:
        """Read `GYE`, `[GYE, UIO]` or `{code: GYE, below: false}`."""
        below: bool | None = True
        if isinstance(value, dict):
            if not audiences.check_words(value, ("code", "below"), faults):
                return None
            with faults.within("below"):
                below = audiences.read_truth(value.get("below", True), faults)
            value = value.get("code", "")
        codes = audiences.read_words(value, faults)
        return None if codes is None or below is None else cls(codes, below)

    def write(self) -> audiences.PlainValue:
        """Write the short form where what stands below counts too."""
        return list(self.codes) if self.below else {"code": list(self.codes), "below": False}

    def fields(self) -> audiences.LeafFields:
        """Return the codes, and whether what stands below counts too."""
        return audiences.LeafFields(self.codes, flag=self.below)

    @classmethod
    def plain_of(cls, fields: audiences.LeafFields) -> audiences.PlainValue:
        """Return the short form where what stands below counts too."""
        return list(fields.values) if fields.flag else {"code": list(fields.values), "below": False}

    def find(self, person: audiences.AudienceCandidate, day: date) -> audiences.LeafFinding:
        """Look at every present place of the person."""
        places = person.places_on(day)
        for unit in places:
            if codes := self._named_by(unit):
                return audiences.LeafFinding(True, fact=min(codes), since=person.since_when(unit, lambda fact: bool(self._named_by(fact))))
        return _own_place(person, places)

    def _named_by(self, unit: audiences.PlaceFact) -> set[str]:
        return set(self.codes) & set(unit.codes if self.below else unit.codes[:1])

    def describe(self, names: audiences.LeafNames, *, negated: bool) -> str:
        """Name the units."""
        units = _named(self.codes, self.kind, names)
        if self.below:
            return (
                _("not of the unit %(units)s or below it", units=units) if negated else _("of the unit %(units)s or below it", units=units)
            )
        return _("not of the unit %(units)s itself", units=units) if negated else _("of the unit %(units)s itself", units=units)

    def references(self) -> tuple[str, ...]:
        """Name the units."""
        return self.codes


def _own_place(person: audiences.AudienceCandidate, places: list[audiences.PlaceFact]) -> audiences.LeafFinding:
    """Return the finding of a condition that is false by the person's first place, or missing without one."""
    if not places:
        return audiences.LeafFinding(False, is_missing=True)
    code = next((code for code in places[0].codes if code), "")
    return audiences.LeafFinding(False, fact=code, since=person.since_when(places[0], lambda fact: code in fact.codes))


@dataclass(frozen=True, slots=True)
class ProvinceLeaf(audiences.AudienceLeaf):
    """Belongs to one of some provinces, by name without case and accents, or to what stands below one."""

    kind: ClassVar[str] = "province"
    names: tuple[str, ...]

    @classmethod
    def read(cls, value: audiences.PlainValue, faults: audiences.FaultCollector) -> Self | None:
        """Read `Loja` or `[Guayas, Los Ríos]`."""
        names = audiences.read_words(value, faults)
        return None if names is None else cls(names)

    def write(self) -> audiences.PlainValue:
        """Write the names."""
        return list(self.names)

    def find(self, person: audiences.AudienceCandidate, day: date) -> audiences.LeafFinding:
        """Look at the province of every present place."""
        names = {fold(name) for name in self.names}
        known = [unit for unit in person.places_on(day) if unit.province]
        shown = next((unit for unit in known if fold(unit.province) in names), next(iter(known), None))
        if shown is None:
            return audiences.LeafFinding(False, is_missing=True)
        since = person.since_when(shown, lambda fact: fact.province == shown.province)
        return audiences.LeafFinding(fold(shown.province) in names, fact=shown.province, since=since)

    def describe(self, names: audiences.LeafNames, *, negated: bool) -> str:
        """Name the provinces."""
        provinces = _named(self.names, self.kind, names)
        return _("not of %(provinces)s", provinces=provinces) if negated else _("of %(provinces)s", provinces=provinces)

    def references(self) -> tuple[str, ...]:
        """Name the provinces, folded."""
        return tuple(fold(name) for name in self.names)


@dataclass(frozen=True, slots=True)
class PostLeaf(audiences.AudienceLeaf):
    """Has one of some posts at a present place, by key: keys have neither case nor accents."""

    kind: ClassVar[str] = "post"
    keys: tuple[str, ...]

    @classmethod
    def read(cls, value: audiences.PlainValue, faults: audiences.FaultCollector) -> Self | None:
        """Read `inspector` or `[inspector, director]`."""
        keys = audiences.read_words(value, faults)
        return None if keys is None else cls(tuple(dict.fromkeys(fold(key) for key in keys)))

    def write(self) -> audiences.PlainValue:
        """Write the keys."""
        return list(self.keys)

    def find(self, person: audiences.AudienceCandidate, day: date) -> audiences.LeafFinding:
        """Look at the post of every present place."""
        known = [unit for unit in person.places_on(day) if unit.posts]
        shown = next((unit for unit in known if set(unit.posts) & set(self.keys)), next(iter(known), None))
        if shown is None:
            return audiences.LeafFinding(False, is_missing=True)
        since = person.since_when(shown, lambda _fact: True)
        return audiences.LeafFinding(bool(set(shown.posts) & set(self.keys)), fact=shown.posts[0], since=since)

    def describe(self, names: audiences.LeafNames, *, negated: bool) -> str:
        """Name the posts."""
        posts = _named(self.keys, self.kind, names)
        return _("without the post %(posts)s", posts=posts) if negated else _("with the post %(posts)s", posts=posts)

    def references(self) -> tuple[str, ...]:
        """Name the posts."""
        return self.keys


@dataclass(frozen=True, slots=True)
class EnteredLeaf(audiences.AudienceLeaf):
    """Entered before a day, on a day or since, or less than some months ago: exactly one of the three."""

    kind: ClassVar[str] = "entered"
    before: date | None = None
    since: date | None = None
    less_than_months: int | None = None

    @classmethod
    def read(cls, value: audiences.PlainValue, faults: audiences.FaultCollector) -> Self | None:
        """Read `{before: 2026-07-01}`, `{from: 2026-07-01}` or `{months: {less: 3}}`."""
        keys = ("before", "from", "months")
        if not isinstance(value, dict) or len(value) != 1:
            faults.add(N_("Write exactly one of “before”, “from” and “months” here."))
            return None
        if not audiences.check_words(value, keys, faults):
            return None
        ((word, limit),) = value.items()
        with faults.within(word):
            if word == "months":
                months = _read_less(limit, faults)
                return None if months is None else cls(less_than_months=months)
            day = audiences.read_day(limit, faults)
        if day is None:
            return None
        return cls(before=day) if word == "before" else cls(since=day)

    def write(self) -> audiences.PlainValue:
        """Write the one that is asked."""
        if self.less_than_months is not None:
            return {"months": {"less": self.less_than_months}}
        return {"before": self.before.isoformat()} if self.before else {"from": self.since.isoformat() if self.since else ""}

    def fields(self) -> audiences.LeafFields:
        """Return which of the three is asked, with its day or number."""
        if self.less_than_months is not None:
            return audiences.LeafFields(word="months", count=str(self.less_than_months))
        day = self.before or self.since
        return audiences.LeafFields(word="before" if self.before else "from", day=day.isoformat() if day else "")

    @classmethod
    def plain_of(cls, fields: audiences.LeafFields) -> audiences.PlainValue:
        """Return the one that was chosen."""
        if fields.word == "months":
            return {"months": {"less": fields.count}}
        return {fields.word: fields.day} if fields.word else {}

    def find(self, person: audiences.AudienceCandidate, day: date) -> audiences.LeafFinding:
        """Look at the day of entry of the present employment."""
        known = [employment.entered_on for employment in person.employments_on(day) if employment.entered_on is not None]
        if not known:
            return audiences.LeafFinding(False, is_missing=True)
        entered = next((entered for entered in known if self._is_so(entered, day)), known[0])
        return audiences.LeafFinding(self._is_so(entered, day), fact=entered.isoformat(), since=entered)

    def _is_so(self, entered: date, day: date) -> bool:
        if self.less_than_months is not None:
            return day < audiences.add_months(entered, self.less_than_months)
        return (self.before is None or entered < self.before) and (self.since is None or entered >= self.since)

    def describe(self, names: audiences.LeafNames, *, negated: bool) -> str:
        """Describe the days in words; `from` a day is after the day before it."""
        if self.less_than_months is not None:
            return _entered_less_than(self.less_than_months, negated=negated)
        if self.before is not None:
            day = format_date(self.before)
            return _("who did not enter before %(day)s", day=day) if negated else _("who entered before %(day)s", day=day)
        assert self.since is not None
        day = format_date(self.since - timedelta(days=1))
        return _("who did not enter after %(day)s", day=day) if negated else _("who entered after %(day)s", day=day)

    def next_change(self, person: audiences.AudienceCandidate, day: date) -> date | None:
        """Return the day on which the months are over."""
        if self.less_than_months is None:
            return None
        known = [employment.entered_on for employment in person.employments_on(day) if employment.entered_on is not None]
        days = [audiences.add_months(entered, self.less_than_months) for entered in known]
        return min((over for over in days if over > day), default=None)


def _entered_less_than(months: int, *, negated: bool) -> str:
    if negated:
        return ngettext("who did not enter less than %(count)s month ago", "who did not enter less than %(count)s months ago", months)
    return ngettext("who entered less than %(count)s month ago", "who entered less than %(count)s months ago", months)


def _read_less(value: audiences.PlainValue, faults: audiences.FaultCollector) -> int | None:
    if not isinstance(value, dict) or set(value) != {"less"}:
        faults.add(N_("Write “less” and a number of months here, as in {less: 3}."))
        return None
    with faults.within("less"):
        return audiences.read_whole(value["less"], MOST_MONTHS, faults)


@dataclass(frozen=True, slots=True)
class ListLeaf(audiences.AudienceLeaf):
    """Stands in one of some uploaded lists, by their keys."""

    kind: ClassVar[str] = "list"
    keys: tuple[str, ...]

    @classmethod
    def read(cls, value: audiences.PlainValue, faults: audiences.FaultCollector) -> Self | None:
        """Read `brigadistas` or `[brigadistas, suplentes]`."""
        keys = audiences.read_words(value, faults)
        return None if keys is None else cls(keys)

    def write(self) -> audiences.PlainValue:
        """Write the keys."""
        return list(self.keys)

    def find(self, person: audiences.AudienceCandidate, day: date) -> audiences.LeafFinding:
        """Look at the lists in which the person stands."""
        listed = next((fact for fact in person.lists if fact.key in self.keys and is_within(day, fact.since, fact.until)), None)
        return audiences.LeafFinding(False) if listed is None else audiences.LeafFinding(True, fact=listed.key, since=listed.since)

    def describe(self, names: audiences.LeafNames, *, negated: bool) -> str:
        """Name the lists."""
        lists = _named(self.keys, self.kind, names)
        return _("not on the list %(lists)s", lists=lists) if negated else _("on the list %(lists)s", lists=lists)

    def references(self) -> tuple[str, ...]:
        """Name the lists."""
        return self.keys


@dataclass(frozen=True, slots=True)
class PersonLeaf(audiences.AudienceLeaf):
    """Is one of some people, by their staff numbers: these stay when a name or an address changes."""

    kind: ClassVar[str] = "person"
    staff_numbers: tuple[str, ...]

    @classmethod
    def read(cls, value: audiences.PlainValue, faults: audiences.FaultCollector) -> Self | None:
        """Read a staff number or a list of them."""
        numbers = audiences.read_words(value, faults)
        return None if numbers is None else cls(numbers)

    def write(self) -> audiences.PlainValue:
        """Write the staff numbers."""
        return list(self.staff_numbers)

    def find(self, person: audiences.AudienceCandidate, day: date) -> audiences.LeafFinding:
        """Look at the staff number of the present employment."""
        known = [employment for employment in person.employments_on(day) if employment.staff_number]
        if not known:
            return audiences.LeafFinding(False, is_missing=True)
        fact = next((candidate for candidate in known if candidate.staff_number in self.staff_numbers), known[0])
        return audiences.LeafFinding(fact.staff_number in self.staff_numbers, fact=fact.staff_number, since=fact.entered_on)

    def describe(self, names: audiences.LeafNames, *, negated: bool) -> str:
        """Name the people."""
        people = _named(self.staff_numbers, self.kind, names)
        return _("who are not %(people)s", people=people) if negated else _("who are %(people)s", people=people)


OWN_LEAVES: Mapping[str, type[audiences.AudienceLeaf]] = {
    leaf.kind: leaf for leaf in (UnitLeaf, ProvinceLeaf, PostLeaf, EnteredLeaf, ListLeaf, PersonLeaf)
}
"""The kinds of leaves of this package; others are brought by the packages that know the facts."""
