"""Marks of manual grade items from a file: the sheet to fill in, reading it, checking it against the marks of now, and writing it down."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from hashlib import sha256

from sqlalchemy import Row, select
from sqlalchemy.orm import Session, aliased

from accounts.models import AccountMerge, Person
from accounts.people import by_name
from accounts.rules import ADDRESS_HEADINGS, fold
from accounts.uploads import UploadedList, discard_pending_upload, store_pending_upload
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.grade_items import PORTION, GradeEntry, GradeEntryResult, MarkKey, mark_items, present_marks
from enrolments.gradebook import GradebookFilter, conditions_of
from enrolments.models import Completion, Edition, EditionPlace, Enrolment, ManualGrade, ManualGradeItem, PendingMarkFile
from enrolments.rules import read_decimal
from kernel import audit
from kernel.errors import N_, Conflict
from kernel.i18n import number, trimmed
from kernel.left_out import LineFault, LineRefused, ReadList
from kernel.own_records import is_own
from kernel.permissions import Actor
from kernel.tables import Cell, ReadTable, Undecodable, read_table
from organisations.list_reading import Cell as CellReader
from organisations.list_reading import ListColumns, list_lines

MOST_LINES = 40_000
MOST_CHANGES = 2_000
"""Marks that one file changes: they are written in one transaction."""
SEEN = N_("Control (do not change)")
"""Heading of the number of the newest mark that the sheet shows of a learner."""
SEEN_HEADINGS = frozenset({"control (no cambiar)", "control (do not change)", "control"})
_NAMES = frozenset({"nombre", "nombres", "nombres y apellidos", "name"})
LISTED = ListColumns(
    {"email": ADDRESS_HEADINGS, "seen": SEEN_HEADINGS, "name": _NAMES, "edition": frozenset({"edicion", "edition"})},
    ((("email",), N_("There is no column called “email” or “correo”.")),),
    MOST_LINES,
)
_OF_ITEM = re.compile(r"(?:/ ?([0-9.,]+) )?\[([0-9a-f]{8})\]$")
"""The end of an item's heading: its maximum mark, as the sheet has it and the gradebook's percentages do not, and whose it is."""
NO_ITEM = N_("No column has marks of a grade item of this course. Download the sheet and fill it in.")
OTHER_MAXIMUM = N_("The column “%(column)s” is of another maximum mark than the item has now. Download the sheet again.")
RETIRED = N_("The item of the column “%(column)s” was retired, so it takes no marks.")


def heading_of(item: ManualGradeItem) -> str:
    """Return the heading of an item's column: its title, its maximum mark, and what tells it from others of its title."""
    return f"{item.title} / {trimmed(item.maximum)} [{item.uuid.hex[:8]}]"


def list_marked(
    session: Session, course_id: int, items: Sequence[ManualGradeItem], filters: GradebookFilter, *, now: datetime
) -> Iterator[Sequence[Cell]]:
    """Yield the rows of the sheet: name, address and edition of a learner, the marks they have, and the number of the newest of them."""
    statement = (
        select(Enrolment.id, Person, Edition.name)
        .join(Person, Person.id == Enrolment.person_id)
        .outerjoin(Completion, Completion.enrolment_id == Enrolment.id)
        .outerjoin(EditionPlace, EditionPlace.enrolment_id == Enrolment.id)
        .outerjoin(Edition, Edition.id == EditionPlace.edition_id)
        .where(*conditions_of(course_id, filters, now))
        .order_by(*by_name(), Enrolment.id)
    )
    present = present_marks(session, [item.id for item in items])
    for enrolment_id, person, edition in session.execute(statement):
        marks = [present.get((item.id, enrolment_id)) for item in items]
        newest = max((mark.id for mark in marks if mark), default=0)
        yield (person.full_name, person.email, edition or "", *(_points(mark) for mark in marks), newest)


def _points(mark: ManualGrade | None) -> Decimal | None:
    return None if mark is None or mark.points is None else trimmed(mark.points)


@dataclass(frozen=True, slots=True)
class ListedMarks:
    """A line of a file of marks: an address, what stands in the cells of items, and the newest mark that the sheet had shown."""

    line: int
    address: str
    cells: Mapping[int, str]
    """By the item's number; empty cells too."""
    seen: int | None
    """None where the file does not say."""


def read_marks(content: bytes, items: Sequence[ManualGradeItem], retired: Sequence[ManualGradeItem]) -> ReadList[ListedMarks]:
    """Return the lines of a CSV or XLSX file of marks; raise Undecodable where it is none of these items as they are now."""
    table = read_table(content, rows=MOST_LINES + 1)
    columns = LISTED.find(table)
    places = _item_columns(table, items, retired)
    columns = {**columns, **{f"item:{item.id}": at for at, item in places.items()}}
    entries, faults, lines = [], [], dict[str, int]()
    for line, cell, written in list_lines(table, columns):
        try:
            entries.append(_read_line(line, cell, places.values(), lines))
        except LineRefused as unfit:
            faults.append(unfit.fault(line, written))
    return ReadList(tuple(entries), tuple(faults), table.encoding_guessed_from, table.left_out(columns.values()))


def _read_line(line: int, cell: CellReader, items: Iterable[ManualGradeItem], lines: dict[str, int]) -> ListedMarks:
    """Read a line; `lines` are those of the addresses that came before. Raise LineRefused."""
    address, seen = cell("email").lower(), cell("seen").removesuffix(".0")
    if not address:
        raise LineRefused(N_("The line has no address."))
    if lines.setdefault(address, line) != line:
        raise LineRefused(N_("This address is already on line %(first)s."), first=lines[address])
    if seen and not (seen.isascii() and seen.isdigit() and len(seen) < 19):
        raise LineRefused(N_("The last column, “Control”, was changed. Download the sheet again."))
    return ListedMarks(line, address, {item.id: cell(f"item:{item.id}") for item in items}, int(seen) if seen else None)


def _item_columns(table: ReadTable, items: Sequence[ManualGradeItem], retired: Sequence[ManualGradeItem]) -> dict[int, ManualGradeItem]:
    """Return the items by the place of their column: found by the end of its heading, or by a title that only one has."""
    titles = [fold(item.title) for item in items]
    columns = dict[int, ManualGradeItem]()
    for at, heading in enumerate(cell.strip() for cell in table.rows[0][1]):
        ending = _OF_ITEM.search(heading)
        if ending and ending[1]:
            item = next((item for item in (*items, *retired) if item.uuid.hex.startswith(ending[2])), None)
            if item is not None and item.retired_at is not None:
                raise Undecodable(RETIRED, column=heading[:60])
            if item is not None and read_decimal(ending[1]) != item.maximum:
                raise Undecodable(OTHER_MAXIMUM, column=heading[:60])
        else:
            item = items[titles.index(fold(heading))] if titles.count(fold(heading)) == 1 else None
        if item is not None and item not in columns.values():
            columns[at] = item
    if not columns:
        raise table.refusal(NO_ITEM)
    return columns


@dataclass(frozen=True, slots=True)
class MarkChange:
    """A mark that a file changes: of whom, for which item, from what to what, and the number of the mark that is replaced."""

    line: int
    name: str
    enrolment_id: int
    item: ManualGradeItem
    before: Decimal | None
    after: Decimal
    seen: int


@dataclass(slots=True)
class MarksCheck:
    """The review of a file of marks as it stands now: the changes, the cells that do nothing and why, and how many are left alone."""

    changes: list[MarkChange] = field(default_factory=list)
    faults: list[LineFault] = field(default_factory=list)
    unchanged: int = 0
    emptied: int = 0
    """Empty cells of learners who have a mark: it stays."""

    @property
    def digest(self) -> str:
        """Return a digest that changes where a change does: who confirms sends it, so that what is written is what was shown."""
        rows = [(row.enrolment_id, row.item.id, str(trimmed(row.item.maximum)), str(row.after), row.seen) for row in self.changes]
        return sha256(repr(rows).encode()).hexdigest()


UNKNOWN = N_("No learner of this course has this address.")
OWN = N_("You can't mark your own work.")
TWICE = N_("This person is already on line %(first)s.")
MEANWHILE = N_("Someone entered %(points)s in the meantime.")
NO_MARK = N_("Enter a number from 0 to %(most)s.")


def check_marks(
    session: Session, actor: Actor, course_id: int, items: Sequence[ManualGradeItem], entries: Sequence[ListedMarks]
) -> MarksCheck:
    """Compare a file with the marks of now; nothing is written.

    A cell that says what the sheet had shown, or what stands there by now, changes nothing, and neither does an empty one. Of the lines
    of one learner, whose accounts were merged, the first one holds.
    """
    checked, learners = MarksCheck(), _learners(session, course_id)
    present, by_id = present_marks(session, [item.id for item in items]), {item.id: item for item in items}
    listed, lines = list[tuple[ListedMarks, Row[Enrolment, Person]]](), dict[int, int]()
    for entry in entries:
        learner = learners.get(entry.address)
        if learner is None or is_own(actor, learner.Person.id):
            checked.faults.append(LineFault(entry.line, entry.address, OWN if learner else UNKNOWN))
        elif (first := lines.setdefault(learner.Enrolment.id, entry.line)) != entry.line:
            checked.faults.append(LineFault(entry.line, entry.address, TWICE, {"first": first}))
        else:
            listed.append((entry, learner))
    shown = _shown_marks(session, present, {learner.Enrolment.id: entry.seen for entry, learner in listed if entry.seen is not None})
    for entry, learner in listed:
        for item_id, text in entry.cells.items():
            mark = present.get((item_id, learner.Enrolment.id))
            _check_cell(checked, entry, learner, by_id[item_id], text, mark, shown.get((item_id, learner.Enrolment.id), mark))
    return checked


def _check_cell(
    checked: MarksCheck,
    entry: ListedMarks,
    learner: Row[Enrolment, Person],
    item: ManualGradeItem,
    text: str,
    mark: ManualGrade | None,
    shown: ManualGrade | None,
) -> None:
    before, after = mark.points if mark else None, read_decimal(text)
    if not text:
        checked.emptied += before is not None
    elif after is None or after > item.maximum:
        checked.faults.append(_fault(entry, item, text, NO_MARK, most=number(item.maximum)))
    elif after in (before, shown.points if shown else None):
        checked.unchanged += 1
    elif mark is not shown:
        checked.faults.append(_fault(entry, item, text, MEANWHILE, points="–" if before is None else number(before)))
    else:
        name, seen = learner.Person.full_name, mark.id if mark else 0
        checked.changes.append(MarkChange(entry.line, name, learner.Enrolment.id, item, before=before, after=after, seen=seen))


def _fault(entry: ListedMarks, item: ManualGradeItem, text: str, message: str, **facts: str) -> LineFault:
    return LineFault(entry.line, f"{entry.address} · {item.title}: {text}", message, facts)


def _learners(session: Session, course_id: int) -> Mapping[str, Row[Enrolment, Person]]:
    """Return the learners of a course by their address, and by those of accounts that became theirs."""
    closed = aliased(Person)
    takes = (Enrolment.course_id == course_id, Enrolment.left_at.is_(None))
    mine = select(Enrolment, Person).join(Person, Person.id == Enrolment.person_id).where(*takes)
    merged = (
        mine.add_columns(closed.email)
        .join(AccountMerge, AccountMerge.kept_id == Person.id)
        .join(closed, closed.id == AccountMerge.closed_id)
    )
    return {row[2].lower(): row for row in session.execute(merged)} | {row.Person.email.lower(): row for row in session.execute(mine)}


def _shown_marks(session: Session, present: Mapping[MarkKey, ManualGrade], stamps: Mapping[int, int]) -> dict[MarkKey, ManualGrade | None]:
    """Return the values that sheets had shown of marks that were written since; `stamps` are their newest marks, by enrolment."""
    since = [key for key, mark in present.items() if mark.id > stamps.get(key[1], mark.id)]
    shown, learners = dict[MarkKey, ManualGrade | None](dict.fromkeys(since)), sorted({enrolment_id for _item, enrolment_id in since})
    for begin in range(0, len(learners), PORTION):
        history = select(ManualGrade).where(ManualGrade.enrolment_id.in_(learners[begin : begin + PORTION])).order_by(ManualGrade.id)
        for mark in session.scalars(history):
            if (mark.item_id, mark.enrolment_id) in shown and mark.id <= stamps[mark.enrolment_id]:
                shown[mark.item_id, mark.enrolment_id] = mark
    return shown


def receive_marks(session: Session, actor: Actor, course_id: int, sent: UploadedList, *, now: datetime) -> PendingMarkFile:
    """Keep a file of marks until it is confirmed; of earlier ones of the same person for the same course the newest stay."""
    row = PendingMarkFile(course_id=course_id, name=sent.name, content=sent.content, total=sent.total)
    earlier = PendingMarkFile.course_id == course_id, PendingMarkFile.confirmed_at.is_(None)
    return store_pending_upload(session, actor, EnrolmentVerb.MARKS_RECEIVED, row, *earlier, now=now, course=course_id, size=sent.total)


class TooManyMarks(Conflict):
    """The file changes more marks than are written in one transaction."""

    message = N_("One file can change %(limit)s marks at most. Download the sheet of one edition or group at a time.")


def confirm_marks(
    session: Session, actor: Actor, pending: PendingMarkFile, changes: Sequence[MarkChange], *, now: datetime
) -> GradeEntryResult:
    """Write down the marks that a file changes, all of them or none, as if they had been typed; a second time nothing.

    Raise MaximumChanged and TooManyMarks.
    """
    row = session.get_one(PendingMarkFile, pending.id, with_for_update=True)
    if row.confirmed_at is not None:
        return GradeEntryResult(row.marked, {})
    if len(changes) > MOST_CHANGES:
        raise TooManyMarks(limit=number(MOST_CHANGES))
    items = {change.item.id: change.item for change in changes}
    entries = {(change.item.id, change.enrolment_id): GradeEntry(change.after, None, change.seen) for change in changes}
    result = mark_items(session, actor, list(items.values()), entries, row.uuid, now=now)
    if not result.conflicts:
        row.confirmed_at, row.marked = now, result.count
        audit.record(session, actor, EnrolmentVerb.MARKS_CONFIRMED, row, now=now, course=row.course_id, marks=result.count)
    return result


def discard_marks(session: Session, actor: Actor, pending: PendingMarkFile, *, now: datetime) -> None:
    """Delete a file of marks that was not confirmed."""
    if pending.confirmed_at is None:
        discard_pending_upload(session, actor, EnrolmentVerb.MARKS_DISCARDED, pending, now=now, course=pending.course_id)
