"""Plain documents: the terms of an obligation as stored, the digest of an acta, the files of a bundle and states computed from them."""

import base64
import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any, NamedTuple
from uuid import UUID

from accounts.rules import fold
from compliance.rules.history import REQUIRED, TrainingTally, begins_at, has_news, tally_sum
from compliance.rules.record import FactKind, PersonFact, RecordScope, record_under
from compliance.rules.states import TrainingCase, TrainingState, TrainingStatus, status_of, training_case
from compliance.rules.terms import (
    AllRequirement,
    AnyRequirement,
    CourseRequirement,
    DeadlineAnchor,
    ExistingCompletions,
    ObligationTerms,
    RelativeDeadline,
    Requirement,
    YearDay,
    courses_of,
)
from kernel.durations import Duration, RenewalBasis
from organisations.rules.units import OrganisationKind, ParentSpan, TreeHistory, UnitSummary, lineage

_SEVERAL: Mapping[str, type[AnyRequirement] | type[AllRequirement]] = {"any": AnyRequirement, "all": AllRequirement}
Document = Mapping[str, Any]
"""Strings, integers, lists and mappings of them."""


def terms_document(terms: ObligationTerms) -> dict[str, Any]:
    """Return the terms without the moment and the day of their version, which the version itself has."""
    return {
        "starts": terms.starts.isoformat(),
        "deadline": _deadline_document(terms.deadline),
        "requirement": _requirement_document(terms.requirement),
        "ends": _day_document(terms.ends),
        "counts_from": _day_document(terms.counts_from),
        "validity": None if terms.validity is None else _duration_document(terms.validity),
        "basis": f"{terms.basis.month:02}-{terms.basis.day:02}" if isinstance(terms.basis, YearDay) else terms.basis.value,
        "minimum": _duration_document(terms.minimum),
        "window": terms.window,
        "grace": terms.grace,
        "notice": terms.notice,
        "gap": terms.gap,
        "lowest_versions": dict(terms.lowest_versions),
        "existing": terms.existing.value,
        "transition": terms.transition,
    }


def read_terms(document: Document, recorded_at: datetime, effective_on: date) -> ObligationTerms:
    """Return the terms of a stored version; raise KeyError or ValueError where the document is not one of `terms_document`."""
    return ObligationTerms(
        recorded_at,
        effective_on,
        date.fromisoformat(document["starts"]),
        _read_deadline(document["deadline"]),
        _read_requirement(document["requirement"]),
        ends=_read_day(document["ends"]),
        counts_from=_read_day(document["counts_from"]),
        validity=None if document["validity"] is None else _read_duration(document["validity"]),
        basis=_read_basis(document["basis"]),
        minimum=_read_duration(document["minimum"]),
        window=document["window"],
        grace=document["grace"],
        notice=document["notice"],
        gap=document["gap"],
        lowest_versions=document["lowest_versions"],
        existing=ExistingCompletions(document["existing"]),
        transition=document["transition"],
    )


def read_requirement(document: Document) -> Requirement:
    """Return the requirement of a stored version alone."""
    return _read_requirement(document["requirement"])


def _day_document(day: date | None) -> str | None:
    return None if day is None else day.isoformat()


def _read_day(text: str | None) -> date | None:
    return None if text is None else date.fromisoformat(text)


def _duration_document(duration: Duration) -> dict[str, int]:
    return {"days": duration.days, "months": duration.months}


def _read_duration(document: Mapping[str, int]) -> Duration:
    return Duration(document["days"], document["months"])


def _deadline_document(deadline: date | RelativeDeadline) -> dict[str, Any]:
    if isinstance(deadline, RelativeDeadline):
        return {"from": deadline.anchor.value, **_duration_document(deadline.duration)}
    return {"on": deadline.isoformat()}


def _read_deadline(document: Document) -> date | RelativeDeadline:
    if "on" in document:
        return date.fromisoformat(document["on"])
    return RelativeDeadline(_read_duration(document), DeadlineAnchor(document["from"]))


def _read_basis(text: str) -> RenewalBasis | YearDay:
    if text[:1].isdigit():
        month, day = map(int, text.split("-"))
        return YearDay(month, day)
    return RenewalBasis(text)


def _requirement_document(requirement: Requirement) -> dict[str, Any]:
    if isinstance(requirement, CourseRequirement):
        return {"course": requirement.course}
    parts = [_requirement_document(part) for part in requirement.parts]
    return {"any" if isinstance(requirement, AnyRequirement) else "all": parts}


def _read_requirement(document: Document) -> Requirement:
    if "course" in document:
        return CourseRequirement(document["course"])
    [(kind, parts)] = document.items()
    read = tuple(_read_requirement(part) for part in parts)
    return _SEVERAL[kind](read)


CODE_LENGTH = 16
PRINTED = (*REQUIRED, TrainingState.WAIVED)
"""The states whose numbers an acta prints."""


@dataclass(frozen=True, slots=True)
class ActaCount:
    """The people of one province or unit by state; of no place: those who are in none of the institution."""

    place_id: int | None
    tally: TrainingTally

    @property
    def is_printed(self) -> bool:
        """Return whether any number of it is not nought: people of whom nothing is required stand in no acta."""
        return bool(self.tally.count(PRINTED))


def acta_counts(
    counted: Iterable[tuple[int | None, TrainingTally]], parents: Mapping[int, int | None], scope: int, parts: Collection[int]
) -> list[ActaCount]:
    """Return a line for each part with people, one for those of the scope in no part, one for those outside the scope."""
    by_part = defaultdict[int | None, list[TrainingTally]](list)
    for unit_id, tally in counted:
        by_part[_part(parents, scope, parts, unit_id)].append(tally)
    return [ActaCount(part, tally_sum(tallies)) for part, tallies in by_part.items()]


def _part(parents: Mapping[int, int | None], scope: int, parts: Collection[int], unit_id: int | None) -> int | None:
    path = [] if unit_id is None else lineage(parents, unit_id)
    if scope not in path:
        return None
    return next((unit for unit in path if unit in parts), scope)


def acta_digest(lines: Iterable[ActaCount], states: Collection[TrainingState] = PRINTED) -> str:
    """Return the SHA-256 of the numbers of some states, in whatever order they come; a line of noughts changes nothing in it."""
    rows = sorted(
        [line.place_id or 0, pairs]
        for line in lines
        if (pairs := sorted([state.value, count] for state in states if (count := line.tally.count((state,)))))
    )
    return hashlib.sha256(json.dumps(rows, separators=(",", ":")).encode()).hexdigest()


class ActaVerdict(StrEnum):
    """The verdicts of the register of today on the numbers of an acta."""

    SAME = "same"
    CORRECTED = "corrected"
    """They are what was on record when the acta was made; of the same moment something was recorded since."""
    OUTDATED = "outdated"
    """They are what was known at their moment; when the acta was made, the register already said other numbers."""
    TREE = "tree"
    """They are what was known; by where places are on record to have stood since, and by nothing else, they are others."""
    DIFFERENT = "different"
    DELETED = "deleted"
    """The records of the obligation are no longer kept."""


@dataclass(frozen=True, slots=True)
class ActaNumbers:
    """The numbers of an acta as the register has them: known then, when it was made, and today; None: no records are kept."""

    as_known: Sequence[ActaCount] | None
    when_made: Sequence[ActaCount] | None
    today: Sequence[ActaCount] | None
    today_by_tree_then: Sequence[ActaCount] | None = None
    """What is on record today, with the places where they stood by what was known then."""
    by_tree_when_made: Sequence[ActaCount] | None = None
    """What was known then, with the places where they stood when it was made: so earlier versions counted."""

    def printed(self, digest: str) -> Sequence[ActaCount] | None:
        """Return the numbers that have the digest of the acta; None where the register has none of them."""
        every = (self.as_known, self.by_tree_when_made)
        return next((lines for lines in every if lines is not None and digest in _digests(lines)), None)


def _digests(lines: Sequence[ActaCount]) -> tuple[str, str]:
    return acta_digest(lines), acta_digest(lines, tuple(TrainingState))  # one made by an earlier version is of all states


def acta_verdict(digest: str, numbers: ActaNumbers) -> ActaVerdict:
    """Compare the digest of an acta with the numbers that the register has."""
    if numbers.as_known is None or numbers.when_made is None or numbers.today is None:
        return ActaVerdict.DELETED
    lines = numbers.printed(digest)
    if lines is None:
        return ActaVerdict.DIFFERENT
    printed, by_tree_then = acta_digest(lines), numbers.today_by_tree_then
    if acta_digest(numbers.today) == printed:
        return ActaVerdict.SAME
    if lines is not numbers.as_known or (by_tree_then is not None and acta_digest(by_tree_then) == printed):
        return ActaVerdict.TREE
    return ActaVerdict.CORRECTED if acta_digest(numbers.when_made) == printed else ActaVerdict.OUTDATED


FORMAT = "aulario evidence 1"
MANIFEST, SIGNATURE = "manifest.json", "manifest.sig"
OBLIGATIONS, AUDIENCES, PEOPLE, FACTS, STATES = "obligations.json", "audiences.json", "people.csv", "facts.csv", "states.csv"
REMINDERS, WAIVERS, AUDIT, DICTIONARY, README = "reminders.csv", "waivers.csv", "audit.jsonl", "dictionary.csv", "README.txt"
PROOFS = "evidence/"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    PEOPLE: ("person", "uuid", "name", "staff_number", "unit", "unit_name", "merged_later"),
    FACTS: ("person", "kind", "first_on", "last_on", "recorded_at", "ended_at", "at", "about", "version", "course"),
    STATES: ("person", "obligation", "state", "remarks", "unit"),
    REMINDERS: ("person", "obligation", "cycle", "kind", "step", "due_on", "last_on", "at", "not_sent_because", "mailed_at"),
    WAIVERS: (
        *("claim", "number", "person", "obligation", "course", "kind", "first_on", "last_on", "issuer", "document", "evidence_sha256"),
        *("state", "proposed_at", "proposed_by", "decided_at", "decided_by", "revoked_at", "revoked_by"),
    ),
}
"""The columns of each table, in their order."""
UNDER_WAY = timedelta(hours=1)
"""What was recorded so lately may wait for the job that follows it."""


def proof_path(sha256: str, name: str) -> str:
    """Return where a file that proves something lies in a bundle: by its checksum, with the ending of its name."""
    return f"{PROOFS}{sha256}{PurePosixPath(name).suffix.lower()}"


class FileEvidence(NamedTuple):
    """A file of a bundle: its SHA-256, and its size in bytes."""

    sha256: str
    size: int


@dataclass(frozen=True, slots=True)
class BundleManifest:
    """The content of `manifest.json`: of what, of when, as known when, by which program; and the checksum of every file."""

    scope: Mapping[str, Any]
    at: datetime
    known: datetime
    program: str
    files: Mapping[str, FileEvidence]

    def text(self) -> bytes:
        """Return it as it is signed."""
        return canonical_json(
            {
                "format": FORMAT,
                "program": self.program,
                "scope": self.scope,
                "at": self.at.isoformat(),
                "known": self.known.isoformat(),
                "files": {name: {"sha256": file.sha256, "size": file.size} for name, file in self.files.items()},
            }
        )


def canonical_json(document: object) -> bytes:
    """Return a document as the one text that it has: keys in order, UTF-8, a line feed at the end."""
    return (json.dumps(document, ensure_ascii=False, sort_keys=True, indent=1) + "\n").encode()


def read_manifest(text: bytes) -> BundleManifest:
    """Return a signed manifest; raise ValueError, KeyError or TypeError where this program does not know its format."""
    fields = json.loads(text)
    if fields["format"] != FORMAT:
        raise ValueError(fields["format"])
    files = {name: FileEvidence(file["sha256"], file["size"]) for name, file in fields["files"].items()}
    at, known = datetime.fromisoformat(fields["at"]), datetime.fromisoformat(fields["known"])
    return BundleManifest(fields["scope"], at, known, fields["program"], files)


@dataclass(frozen=True, slots=True)
class BundleSignature:
    """The content of `manifest.sig`: a signature, the identifier of its key, and that key's public half as PEM."""

    key_id: str
    signature: str
    public_key: str

    def text(self) -> bytes:
        """Return it as it is written."""
        fields = {"algorithm": "Ed25519", "key_id": self.key_id, "public_key": self.public_key, "signature": self.signature}
        return canonical_json(fields)


def read_signature(text: bytes) -> BundleSignature | None:
    """Return a signature; None where a byte of it is not as it is written."""
    try:
        fields = json.loads(text)
        read = BundleSignature(fields["key_id"], fields["signature"], fields["public_key"])
        is_exact = base64.urlsafe_b64encode(base64.urlsafe_b64decode(read.signature)).decode() == read.signature
        return read if is_exact and read.text() == text else None
    except (ValueError, KeyError, TypeError, AttributeError):
        return None


def unit_document(unit: UnitSummary, spans: Sequence[ParentSpan]) -> dict[str, Any]:
    """Return a place of the tree as `audiences.json` holds it, with what it stood under on which days."""
    return {
        "number": unit.id,
        "uuid": str(unit.uuid),
        "parent": unit.parent_id,
        "kind": unit.kind.value,
        "name": unit.name,
        "code": unit.code,
        "zone": unit.zone,
        "stood": [
            {
                "parent": span.parent,
                "since_on": _day_document(span.since_on),
                "until_on": _day_document(span.until_on),
                "recorded_at": span.recorded_at.isoformat() if span.recorded_at is not None else None,
                "assumed": span.is_assumed,
            }
            for span in spans
        ],
    }


def _read_history(documents: Sequence[Mapping[str, Any]]) -> TreeHistory:
    """Return the places of a bundle; one that an earlier version made says of each where it stood at the end alone."""
    spans = {
        unit["number"]: [
            ParentSpan(
                span["parent"],
                _read_day(span["since_on"]),
                _read_day(span["until_on"]),
                datetime.fromisoformat(span["recorded_at"]) if span["recorded_at"] else None,
                is_assumed=span["assumed"],
            )
            for span in unit["stood"]
        ]
        for unit in documents
        if unit.get("stood")
    }
    return TreeHistory({unit["number"]: _read_unit(unit) for unit in documents}, spans)


def _read_unit(document: Mapping[str, Any]) -> UnitSummary:
    kind, name = OrganisationKind(document["kind"]), document["name"]
    number, above = document["number"], document["parent"]
    return UnitSummary(
        number,
        UUID(document["uuid"]),
        above,
        kind=kind,
        name=name,
        name_key=fold(name),
        code=document["code"],
        closed=False,
        zone=document["zone"],
    )


def fact_cells(person: int, kind: FactKind, fact: PersonFact) -> list[str]:
    """Return a fact as a line of `facts.csv`."""
    return [str(person), kind.value, *(_cell(value) for value in fact)]


def _cell(value: object) -> str:
    return "" if value is None else value.isoformat() if hasattr(value, "isoformat") else str(value)


def read_fact(cells: Sequence[str]) -> tuple[FactKind, PersonFact]:
    """Return the fact of a line of `facts.csv`; raise ValueError where it is none."""
    _person, kind, first_on, last_on, recorded_at, ended_at, at, about, version, course = cells
    days: list[Any] = [_day(text) for text in (first_on, last_on)]
    moments: list[Any] = [datetime.fromisoformat(text) if text else None for text in (recorded_at, ended_at, at)]
    numbers = [int(text) if text else None for text in (about, version)]
    return FactKind(kind), PersonFact._make([*days, *moments, *numbers, course])


def _day(text: str) -> Any:
    return datetime.fromisoformat(text).date() if text else None


@dataclass(frozen=True, slots=True)
class BundledObligation:
    """An obligation as a bundle tells it: its key, its terms, and the part of a person's facts that it asks for."""

    key: str
    terms: tuple[ObligationTerms, ...]
    scope: RecordScope


def read_obligations(obligations: bytes, audiences: bytes) -> dict[int, BundledObligation]:
    """Return the obligations of a bundle by their number; raise ValueError, KeyError or TypeError where they are not as it writes them."""
    history = _read_history(json.loads(audiences)["units"])
    by_number = {}
    for obligation in json.loads(obligations)["obligations"]:
        terms = tuple(
            read_terms(version["terms"], datetime.fromisoformat(version["recorded_at"]), _day(version["effective_on"]))
            for version in obligation["versions"]
        )
        courses = {course for each in terms for course in courses_of(each.requirement)}
        scope = RecordScope(
            obligation["number"],
            obligation["audience"],
            obligation["institution"],
            courses=courses,
            zone=obligation["zone"],
            history=history,
        )
        by_number[obligation["number"]] = BundledObligation(obligation["key"], terms, scope)
    return by_number


def status_words(status: TrainingStatus) -> str:
    """Return a state with its flags, as the columns `state` and `remarks` hold them."""
    return " ".join((status.state, *status.flags))


@dataclass(frozen=True, slots=True)
class ReplayedState:
    """A state of a bundle that is not the one that its facts give; empty where there is none."""

    person: int
    obligation: str
    stored: str
    computed: str


def replay_person(
    person: int,
    facts: Mapping[FactKind, list[PersonFact]],
    states: Mapping[int, str],
    obligations: Mapping[int, BundledObligation],
    manifest: BundleManifest,
) -> list[ReplayedState] | None:
    """Compare the states of a person with those that their facts give; None where a job had yet to follow what was recorded."""
    replayed = [ReplayedState(person, str(number), stored, "") for number, stored in states.items() if number not in obligations]
    for number, obligation in obligations.items():
        record = record_under(facts, obligation.scope)
        lately = manifest.known - UNDER_WAY
        if has_news(record, lately, manifest.known) or any(terms.recorded_at > lately for terms in obligation.terms):
            return None
        case = training_case(obligation.terms, record, manifest.known)
        computed = _other_than(states.get(number), case, manifest.at)
        if computed is not None:
            replayed.append(ReplayedState(person, obligation.key, states.get(number, ""), computed))
    return replayed


def _other_than(stored: str | None, case: TrainingCase, at: datetime) -> str | None:
    """Return the computed value where another one is stored; what the clock changed within the hour may not be written yet."""
    computed, since = status_words(status_of(case, at)), begins_at(case)
    if stored is None:
        return None if since is None or at - UNDER_WAY < since else computed
    return None if stored in (computed, status_words(status_of(case, at - UNDER_WAY))) else computed
