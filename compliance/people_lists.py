"""Lists of recognitions as offices send them: read with their lines, judged against what is known (spec/compulsory 4.11)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy.orm import Session

from accounts.rules import fold
from compliance.queries.claims import list_entries, list_repeated
from compliance.queries.course_choices import list_known_courses, required_in
from compliance.rules.claims import achievement_fault
from compliance.services.recognitions import RecognitionValues
from kernel.errors import N_
from kernel.left_out import LeftOut
from kernel.permissions import Actor
from kernel.tables import Undecodable, read_table
from organisations.access import TrainingScope
from organisations.list_checking import RowRefused, match_people
from organisations.list_reading import (
    PEOPLE_COLUMNS,
    WHO,
    Cell,
    DayReader,
    DayRefused,
    InvalidRow,
    PersonListRow,
    UnitListFault,
    find_columns,
    list_lines,
    read_address,
    read_identity_number,
    read_staff_number,
)
from organisations.training_scope import list_training_places

MOST_LINES = 5_000
LONGEST_ISSUER, LONGEST_DOCUMENT = 200, 100
COLUMNS: Mapping[str, frozenset[str]] = {
    **{name: PEOPLE_COLUMNS[name] for name in WHO},
    "course": frozenset({"curso", "codigo de curso", "clave del curso", "course", "course key"}),
    "achieved_on": frozenset({"fecha", "fecha de aprobacion", "aprobado el", "completado el", "date", "completed on", "day"}),
    "issuer": frozenset({"institucion", "emisor", "otorgado por", "certificado por", "issuer", "institution", "certified by"}),
    "document": frozenset({"documento", "numero de documento", "certificado", "numero de certificado", "document", "certificate"}),
}


@dataclass(frozen=True, slots=True)
class RecognitionListEntry:
    """A line of a list: whom it is about, as which course it counts, the day, who certifies it, the number of its document."""

    written: str
    person: PersonListRow
    course: str
    achieved_on: date
    issuer: str
    document: str


@dataclass(frozen=True, slots=True)
class RecognitionListRows:
    """The entries of a list, the faults that need no looking up, and from which line on its encoding is a guess."""

    entries: tuple[RecognitionListEntry, ...]
    faults: tuple[UnitListFault, ...]
    encoding_guessed_from: int | None
    left_out: tuple[LeftOut, ...]
    mixed: tuple[int, int] | None = None
    """The first line with the year first, and the first with the day first, where days are written in both ways."""

    @property
    def total(self) -> int:
        """Return how many lines have something in them."""
        return len(self.entries) + len(self.faults)


def read_recognitions(content: bytes, today: date) -> RecognitionListRows:
    """Return the recognitions of a CSV or XLSX file; raise Undecodable where it is no list of recognitions."""
    table = read_table(content, rows=MOST_LINES + 1)
    if len(table.rows) > MOST_LINES + 1:
        raise Undecodable(N_("The list has %(count)s rows; the limit is %(limit)s."), count=len(table.rows) - 1, limit=MOST_LINES)
    columns = find_columns(table, COLUMNS, WHO, N_("There is no column called “email” or “correo”."))
    for name, message in REQUIRED.items():
        if name not in columns:
            raise table.refusal(message)
    entries, faults, days = [], [], DayReader(today)
    for line, cell, written in list_lines(table, columns):
        try:
            entries.append(_entry(line, cell, written, days, today))
        except (InvalidRow, DayRefused) as unfit:
            faults.append(UnitListFault(line, written, unfit.message, unfit.facts))
    left_out, mixed = table.left_out(columns.values()), days.mixed().get("achieved_on")
    return RecognitionListRows(tuple(entries), tuple(faults), table.encoding_guessed_from, left_out, mixed)


REQUIRED: Mapping[str, str] = {
    "course": N_("There is no column called “curso” or “course”."),
    "achieved_on": N_("There is no column called “fecha” or “date”."),
}


def _entry(line: int, cell: Cell, written: str, days: DayReader, today: date) -> RecognitionListEntry:
    number, identity = read_staff_number(cell("staff_number")), read_identity_number(cell("national_id"))
    address = "" if (number or identity) and not cell("email") else read_address(cell("email"))
    achieved_on = days.read("achieved_on", cell("achieved_on"), line)
    if achieved_on is None:
        raise InvalidRow(N_("The day is missing."))
    if achievement_fault(achieved_on, today) is not None:
        raise InvalidRow(N_("The day cannot be in the future or before 1950."))
    course, issuer, document = cell("course"), cell("issuer"), cell("document")
    if not issuer or not document:
        raise InvalidRow(N_("The institution that certifies it or the number of the document is missing."))
    if len(issuer) > LONGEST_ISSUER or len(document) > LONGEST_DOCUMENT:
        raise InvalidRow(N_("The institution or the number of the document is too long."))
    person = PersonListRow(line, address, national_id=identity, staff_number=number)
    return RecognitionListEntry(written, person, course, achieved_on, issuer, document)


@dataclass(frozen=True, slots=True)
class RecognitionListCheck:
    """The proposals of a list: person and values of each new line, how many are known, how many are of before entry, faults."""

    new: tuple[tuple[int, RecognitionValues], ...]
    same: int
    early: int
    faults: tuple[UnitListFault, ...]


def judge_recognitions(
    session: Session, actor: Actor, rows: RecognitionListRows, scope: TrainingScope, *, now: datetime
) -> RecognitionListCheck:
    """Return what a list would propose for people of a scope: a fixed number of statements for some thousands.

    Whoever is outside the scope is unknown here: the answer to a line never says whether somebody else has an account.
    """
    matches, faults = _find(session, actor, rows.entries, scope)
    people = sorted({person for person, _course, _entry in matches})
    courses = sorted({course for _person, course, _entry in matches})
    known, entered = list_repeated(session, people, courses), list_entries(session, people)
    new, seen, same, early = [], dict[tuple[int, int, date], int](), 0, 0
    for person, course, entry in matches:
        key = person, course, entry.achieved_on
        first = seen.setdefault(key, entry.person.line)
        if first != entry.person.line:
            message = N_("The same recognition is already on line %(first)s.")
            faults.append(UnitListFault(entry.person.line, entry.written, message, {"first": first}))
        elif key in known:
            same += 1
        else:
            new.append((person, RecognitionValues(course, entry.achieved_on, entry.issuer, entry.document)))
            early += person in entered and entry.achieved_on < entered[person]
    return RecognitionListCheck(tuple(new), same, early, tuple(sorted((*rows.faults, *faults), key=lambda fault: fault.line)))


def _find(
    session: Session, actor: Actor, entries: Sequence[RecognitionListEntry], scope: TrainingScope
) -> tuple[list[tuple[int, int, RecognitionListEntry]], list[UnitListFault]]:
    """Return the person of the scope and the course that each line means, and the lines that mean none."""
    match, courses = match_people(session, [entry.person for entry in entries]), _courses(session, actor, scope)
    if not scope.everywhere:
        places = list_training_places(session, match.people)
        match = match.among({person for person, theirs in places.items() if scope.officer_of(theirs)})
    matches, faults = [], []
    for entry in entries:
        try:
            person, course = match.find(entry.person, None), courses.get(fold(entry.course))
        except RowRefused as refused:
            faults.append(UnitListFault(entry.person.line, entry.written, refused.message, refused.facts))
            continue
        if person is None:
            faults.append(UnitListFault(entry.person.line, entry.written, N_("No one in your units has this address or number.")))
        elif course is None:
            faults.append(UnitListFault(entry.person.line, entry.written, N_("There is no published course with this key or title.")))
        else:
            matches.append((person.person_id, course, entry))
    return matches, faults


def _courses(session: Session, actor: Actor, scope: TrainingScope) -> dict[str, int]:
    """Return the published courses that an actor knows of by key, and by their titles where no other has the same."""
    course_ids, doubtful = dict[str, int](), set[str]()
    courses = list_known_courses(session, actor, required_in(session, scope))
    for course in courses:
        for title in {fold(title) for title in course.title.values()}:
            doubtful |= {title} if course_ids.setdefault(title, course.id) != course.id else set()
    titles = {title: number for title, number in course_ids.items() if title not in doubtful}
    return titles | {fold(course.slug): course.id for course in courses}
