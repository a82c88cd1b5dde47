"""Cases of compulsory training: the rules and facts of the vectors of spec/compulsory 9, read from their short notation."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from compliance.rules.record import AchievedCourse, CourseStart, InstitutionEntry, PersonFact, RecordedSpan, TrainingRecord, WaivedSpan
from compliance.rules.states import TrainingStatus, status_of, training_case
from compliance.rules.terms import CourseRequirement, DeadlineAnchor, ExistingCompletions, ObligationTerms, RelativeDeadline, YearDay
from kernel.durations import Duration, RenewalBasis
from tests.support.project import ROOT

COURSE = "gobernanza"
ZONES = {"G": ZoneInfo("America/Guayaquil"), "P": ZoneInfo("Pacific/Galapagos")}
QUITO = ZONES["G"]
LONG_AGO = datetime(2000, 1, 1, tzinfo=QUITO)

A = ObligationTerms(LONG_AGO, date(2000, 1, 1), date(2026, 1, 1), date(2026, 12, 15), CourseRequirement(COURSE))
V = replace(A, starts=date(2023, 1, 1), deadline=date(2024, 12, 31), validity=Duration(months=12), grace=10)
L = replace(A, deadline=date(2026, 6, 30))
VERSION_3 = replace(
    A,
    recorded_at=datetime(2026, 8, 25, 8, tzinfo=QUITO),
    effective_on=date(2026, 9, 1),
    lowest_versions={COURSE: 3},
    existing=ExistingCompletions.AGAIN,
)


def changed(terms: ObligationTerms, moment: str, effective_on: date, deadline: date) -> ObligationTerms:
    """Return a later version of terms, with another deadline."""
    return replace(terms, recorded_at=datetime.fromisoformat(moment).replace(tzinfo=QUITO), effective_on=effective_on, deadline=deadline)


def a_fact(**fields: object) -> PersonFact:
    """Return a fact of a person that was recorded long ago, with what its kind has."""
    empty = {**dict.fromkeys(PersonFact._fields), "recorded_at": LONG_AGO, "course": ""}
    return PersonFact(**{**empty, **fields})  # type: ignore[arg-type]  # what a kind does not have is None


def training_status(versions: Sequence[ObligationTerms], record: TrainingRecord, at: datetime, known: datetime) -> TrainingStatus:
    """Return the status of a person at a moment, as it was known at another."""
    return status_of(training_case(versions, record, known), at)


RULES: dict[str, tuple[ObligationTerms, ...]] = {
    "A": (A,),
    "Ag": (replace(A, grace=10),),
    "E": (replace(A, deadline=RelativeDeadline(Duration(days=30), DeadlineAnchor.ENTRY)),),
    "J": (replace(A, deadline=RelativeDeadline(Duration(months=1), DeadlineAnchor.JOIN)),),
    "I": (replace(A, deadline=RelativeDeadline(Duration(days=45), DeadlineAnchor.ENROL)),),
    "V": (V,),
    "C": (replace(V, basis=RenewalBasis.COMPLETION, grace=0),),
    "K": (
        replace(
            V,
            starts=date(2020, 1, 1),
            deadline=date(2021, 12, 31),
            basis=YearDay(12, 31),
            minimum=Duration(months=6),
            grace=0,
        ),
    ),
    "L": (L, changed(L, "2026-07-10T09:00", date(2026, 7, 10), date(2026, 9, 30))),
    "S": (A, changed(A, "2026-06-01T08:00", date(2026, 6, 1), date(2026, 6, 5))),
    "B": (L, changed(L, "2026-08-20T08:00", date(2026, 7, 1), date(2026, 9, 30))),
    "N": (A, VERSION_3),
    "M": (A, replace(VERSION_3, existing=ExistingCompletions.KEEP)),
    "F": (replace(A, counts_from=date(2025, 7, 1)),),
    "X": (replace(A, ends=date(2027, 1, 31)),),
}
"""The rules of spec/compulsory 9 by their letter."""


@dataclass(frozen=True, slots=True)
class TrainingVector:
    """One row of the vectors: rule, facts, two moments, and what has to come out."""

    number: int
    rule: str
    record: TrainingRecord
    at: datetime
    known: datetime
    state: str
    flag: str
    last_on: date | None


def moment(text: str, zone: ZoneInfo) -> datetime:
    """Read a local day or moment; a day begins at midnight."""
    return datetime.fromisoformat(text).replace(tzinfo=zone)


def _span(text: str) -> tuple[date, date | None]:
    first, last = text.split("..")
    return date.fromisoformat(first), date.fromisoformat(last) if last else None


def training_record(text: str, zone: ZoneInfo) -> TrainingRecord:
    """Read facts in the notation of spec/compulsory 9, parted by semicolons."""
    record = TrainingRecord(zone)
    for fact in filter(None, (part.strip() for part in text.split(";"))):
        kind, *words = fact.split()
        recorded = next((moment(word[1:], zone) for word in words if word.startswith("!")), None)
        ended = next((moment(word[1:], zone) for word in words if word.startswith("x")), None)
        version = next((int(word[1:]) for word in words if re.fullmatch(r"v\d+", word)), None)
        record = _with(record, kind, words[0], zone, recorded or moment(words[0].split("..")[0], zone), ended, version)
    return record


def _with(
    record: TrainingRecord, kind: str, value: str, zone: ZoneInfo, recorded: datetime, ended: datetime | None, version: int | None
) -> TrainingRecord:
    match kind:
        case "in":
            return replace(record, stays=(*record.stays, RecordedSpan(*_span(value), recorded, ended)))
        case "waive":
            return replace(record, waivers=(*record.waivers, WaivedSpan(*_span(value), recorded, ended)))
        case "off":
            return replace(record, closures=(*record.closures, RecordedSpan(*_span(value), recorded, ended)))
        case "done" | "recog":
            completion = AchievedCourse(COURSE, moment(value, zone), version, recorded, ended)
            return replace(record, completions=(*record.completions, completion))
        case "start":
            return replace(record, starts=(*record.starts, CourseStart(COURSE, moment(value, zone))))
        case "entry":
            return replace(record, entries=(*record.entries, InstitutionEntry(date.fromisoformat(value), recorded, ended)))
        case "enrol":
            return replace(record, enrolled_at=(*record.enrolled_at, moment(value, zone)))
    raise ValueError(kind)


def training_vectors() -> Iterator[TrainingVector]:
    """Yield the rows of `tests/samples/compulsory.csv`."""
    with (ROOT / "tests" / "samples" / "compulsory.csv").open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            zone = ZONES[row["zone"]]
            at = moment(row["at"], zone)
            yield TrainingVector(
                int(row["n"]),
                row["rule"],
                training_record(row["facts"], zone),
                at,
                moment(row["known"], zone) if row["known"] else at,
                row["state"],
                row["flag"],
                date.fromisoformat(row["date"]) if row["date"] else None,
            )


def in_days(day: date, count: int) -> date:
    """Return the day so many days later."""
    return day + timedelta(days=count)
