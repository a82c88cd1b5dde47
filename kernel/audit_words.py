"""Words of the audit log: acts that no package says in a sentence of its own, what they are about, and their facts."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from functools import cache, lru_cache

from kernel.audit import Fact, Verb, labels
from kernel.codes import printed_code
from kernel.db import Base
from kernel.errors import N_
from kernel.i18n import _, choose, format_date, format_datetime, number, trimmed


@cache
def acts() -> Mapping[str, str]:
    """Return the words of acts by verb, of those whose package says no sentence of its own; not yet translated."""
    former = {verb: label for kind in Verb.__subclasses__() for verb, label in kind.former.items()}
    return {**former, **labels()}


def act_words(verb: str) -> str:
    """Return an act in words, '' of one that is not listed."""
    return _(acts()[verb]) if verb in acts() else ""


@cache
def nouns() -> Mapping[str, str]:
    """Return the names of the rows that acts are about, by table; not yet translated."""
    models = (mapper.class_ for mapper in Base.registry.mappers)
    return {model.__tablename__: model.noun for model in models if model.noun}


COMMON: Mapping[str, str | Fact] = {
    "activity": N_("Activity"),
    "added": N_("Added"),
    "after": N_("Value"),
    "attempts": N_("Attempts"),
    "author": Fact(N_("Author"), table="person"),
    "before": N_("Before"),
    "board": N_("Board"),
    "category": N_("Category"),
    "cause": N_("Cause"),
    "changed": Fact(
        N_("Changed"),
        values={
            "given_names": N_("Given names"),
            "first_surname": N_("First surname"),
            "second_surname": N_("Second surname"),
            "language": N_("Language"),
            "zone": N_("Time zone"),
            "theme": N_("Theme"),
            "national_id": N_("Identity number"),
        },
    ),
    "closed": Fact(N_("Closed account"), table="person"),
    "closes_at": N_("Closes"),
    "code": N_("Code"),
    "count": N_("How many"),
    "course": Fact(N_("Course"), table="course"),
    "courses": N_("Courses"),
    "days": N_("Days"),
    "deadline": N_("Deadline"),
    "edition": Fact(N_("Edition"), table="edition"),
    "ends_at": N_("Ends"),
    "files": N_("Files"),
    "former": N_("Before"),
    "former_organisation_id": Fact(table="organisation"),
    "from": N_("From"),
    "grade": N_("Grade"),
    "group": Fact(N_("Group"), table="learner_group"),
    "invitation": N_("Invitation"),
    "kept": Fact(N_("Account that stays"), table="person"),
    "key": N_("Key"),
    "kind": Fact(
        N_("Kind"),
        values={
            "same": N_("Regraded with the same version"),
            "other": N_("Regraded with another version"),
            "full_credit": N_("Voided: full marks for everyone"),
            "removed": N_("Voided: left out of the total"),
            "void_unless_lower": N_("Voided: left out only where that lowers no mark"),
            "people": N_("People"),
            "units": N_("Units"),
        },
    ),
    "language": N_("Language"),
    "line": N_("Line"),
    "lines": N_("Lines"),
    "list": N_("List"),
    "made": N_("New"),
    "message": N_("By email"),
    "minutes": N_("Minutes"),
    "name": N_("Name"),
    "next": N_("Next"),
    "notifies": N_("Notified"),
    "number": N_("Number"),
    "old_parent": Fact(table="organisation"),
    "opens_at": N_("Opens"),
    "organisation": Fact(N_("Institution or unit"), table="organisation"),
    "outcome": N_("Outcome"),
    "own": N_("Own result"),
    "people": N_("People"),
    "person": Fact(N_("Person"), table="person"),
    "place": N_("Question"),
    "preview": N_("Preview"),
    "provider": Fact(N_("Identity provider"), table="identity_provider"),
    "question": N_("Question"),
    "questions": N_("Questions"),
    "reason": N_("Reason"),
    "removed": N_("Removed"),
    "revoked": N_("Revoked at"),
    "role": N_("Role"),
    "rule": N_("Rule"),
    "rules": N_("Rules"),
    "selection": Fact(N_("Selection"), table="selection"),
    "sha256": N_("Digest (SHA-256)"),
    "since": N_("From"),
    "size": N_("Size, bytes"),
    "starts_at": N_("Begins"),
    "thread": N_("Thread"),
    "title": N_("Title"),
    "unit": Fact(N_("Unit"), table="organisation"),
    "until": N_("Until"),
    "version": N_("Version"),
    "what": N_("What"),
    "zone": N_("Time zone"),
}
"""The facts that verbs of several classes have, by their keys."""


@cache
def facts() -> Mapping[str, Fact]:
    """Return how facts are said, by their keys and by verbs with a key: what the verbs of all packages carry, and what is common."""
    known: dict[str, Fact] = {}
    for given in (COMMON, *(kind.facts for kind in Verb.__subclasses__())):
        for key, value in given.items():
            fact, present = value if isinstance(value, Fact) else Fact(value), known.get(key, Fact())
            known[key] = Fact(present.label or fact.label, {**present.values, **fact.values}, present.table or fact.table)
    return known


@lru_cache(4_096)
def _fact(verb: str, key: str) -> Fact:
    """Return how a fact of an entry is said: by its verb, where that says something else than the key alone does."""
    own, general = facts().get(f"{verb} {key}", Fact()), facts().get(key, Fact())
    return Fact(own.label or general.label, {**general.values, **own.values}, own.table or general.table)


@cache
def _pairs_of() -> frozenset[str]:
    return frozenset[str]().union(*(kind.pairs for kind in Verb.__subclasses__()))


CHANGES = (
    *(("before", "after"), ("old", "new"), ("old_name", "name"), ("former_name", "name"), ("old_code", "code")),
    *(("old_zone", "zone"), ("old_parent", "parent"), ("old", "organisation"), ("was", "rule"), ("was", "rules"), ("former", "role")),
    *((f"former_{name}", name) for name in ("topic", "language", "reach", "level", "organisation_id", "slug")),
)
"""Keys of what was, and of what it is now."""
PEOPLE_LISTS = frozenset({"added", "removed", "people", "marks"})
"""Facts that list people by number, some with what was and what is; a number alone says how many they are."""
CHANNELS: Mapping[str, str] = {"web": N_("on the site"), "cli": N_("on the command line"), "job": N_("by a background job")}
_MOMENT = re.compile(r"\d{4}-\d\d-\d\d[T ]\d\d:\d\d.*")
_DAY = re.compile(r"\d{4}-\d\d-\d\d")
_DECIMAL = re.compile(r"-?\d{1,12}(\.\d{1,12}|E[-+]\d+)")


def channel_words(via: str) -> str:
    """Return through what somebody acted."""
    return _(CHANNELS[via]) if via in CHANNELS else via


def plain(value: object) -> str:
    """Return the name of a row by the value of a column: a text by language, a code, a number, or nothing."""
    if isinstance(value, Mapping):
        return choose(value)
    text = "" if value is None else str(value)
    return printed_code(text) if len(text) == 16 and text.isalnum() and text.isupper() else text


def named_in(verb: str, facts: Mapping[str, object]) -> Iterator[tuple[str, int]]:
    """Yield the rows that the facts of an entry name, by their tables and numbers."""
    for key, value in facts.items():
        kind = _fact(verb, key).table
        if kind and isinstance(value, int):
            yield kind, value
        elif isinstance(value, list) and (kind or key in PEOPLE_LISTS):
            rows = (each[0] if isinstance(each, list) and each else each for each in value)
            yield from ((kind or "person", row) for row in rows if isinstance(row, int))


@dataclass(frozen=True, slots=True)
class FactWriter:
    """Writes the facts of entries in words, with the names of rows and the titles of activities that a page of the log has."""

    name_of: Callable[[str, int], str]
    """By table and number; '' of a row that is gone."""
    activities: Mapping[str, str]

    def lines(self, verb: str, facts: Mapping[str, object]) -> list[tuple[str, str]]:
        """Return the lines of an entry below its sentence: label and text of each fact, the former and present value in one line.

        What is empty, or is not so, is left out.
        """
        left: dict[str, object] = dict(facts)
        changes: list[tuple[str, str]] = []
        if verb in _pairs_of():
            return [(_label(verb, key), " → ".join(self.text(verb, key, each) or "–" for each in pair)) for key, pair in _pairs(left)]
        for before, after in CHANGES:
            if before in left and after in left:
                changes += self._change(verb, before, left.pop(before), after, left.pop(after))
        rest = ((key, value) for key, value in left.items() if value not in (None, False, "", [], {}))
        return [*changes, *((_label(verb, key), self.text(verb, key, value)) for key, value in rest)]

    def _change(self, verb: str, before: str, old: object, after: str, new: object) -> Iterator[tuple[str, str]]:
        if isinstance(old, dict) and isinstance(new, dict):
            for key in new:
                yield from self._change(verb, key, old.get(key), key, new[key])
        elif old != new:
            yield _label(verb, after), f"{self.text(verb, before, old)} → {self.text(verb, after, new)}"

    def text(self, verb: str, key: str, value: object) -> str:
        """Return a fact in words: rows by name, days and numbers as people write them, choices from a list as their pages say them."""
        if value is None or value == "None":
            return "–"
        if isinstance(value, bool):
            return _("Yes") if value else _("No")
        if isinstance(value, dict):
            return "; ".join(f"{_label(verb, part)}: {self.text(verb, part, each)}" for part, each in value.items())
        if isinstance(value, list):
            is_of_people = key in PEOPLE_LISTS and not _fact(verb, key).table
            return ", ".join(self._person(verb, each) if is_of_people else self.text(verb, key, each) for each in value)
        if isinstance(value, int):
            kind = _fact(verb, key).table
            return (kind and self.name_of(kind, value)) or number(value)
        if key == "fields" and str(value) in facts():
            return _label(verb, str(value))
        choice = _fact(verb, "role" if key == "former" else key.removeprefix("former_")).values.get(str(value), "")
        return _(choice) if choice else self.activities.get(str(value)) or _localised(str(value))

    def _person(self, verb: str, each: object) -> str:
        """Return an item of a list of people: the name, and of marks what it was and what it is."""
        person, *marks = each if isinstance(each, list) else [each]
        name = (isinstance(person, int) and self.name_of("person", person)) or str(person)
        return f"{name}: {' → '.join(self.text(verb, '', mark) for mark in marks)}" if marks else name


def _pairs(facts: Mapping[str, object]) -> Iterator[tuple[str, list[object]]]:
    """Yield facts that are pairs, one that is none beside nothing."""
    for key, value in facts.items():
        yield key, value if isinstance(value, list) and len(value) == 2 else [value]


def _label(verb: str, key: str) -> str:
    label = _fact(verb, key).label
    return _(label) if label else key


def _localised(value: str) -> str:
    """Return a text with its day, moment or decimal number as readers write it."""
    try:
        if _MOMENT.fullmatch(value):
            return format_datetime(datetime.fromisoformat(value), "short")
        if _DAY.fullmatch(value):
            return format_date(date.fromisoformat(value), "short")
        return number(trimmed(Decimal(value))) if _DECIMAL.fullmatch(value) else value
    except ValueError:
        return value
