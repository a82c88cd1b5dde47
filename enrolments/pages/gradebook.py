"""The gradebook of a course: the request of its address, its columns, its rows, and the same for a spreadsheet."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from courses.rules import Outline, OutlineActivity
from enrolments.models import ManualGradeItem
from enrolments.pages.outline import rounded
from enrolments.queries.gradebook import GradebookFilter, GradebookOrder, GradebookRow, GradebookSort, GradebookState
from kernel.errors import N_
from kernel.i18n import _, choose, local, ngettext, number
from kernel.i18n import percent as percent_words
from kernel.tables import Cell
from kernel.web.forms import as_uuid

LONGEST_SEARCH = 100
IDLE = (7, 14, 30, 60, 90)
"""Days without a visit that may be asked for."""
MISSING = "–"
STATES: Mapping[GradebookState, str] = {GradebookState.OPEN: N_("Have not completed it"), GradebookState.COMPLETED: N_("Have completed it")}
BEFORE: Sequence[tuple[str, str]] = (
    (N_("Name"), N_("Given names and surnames.")),
    (N_("Email address"), N_("Email address used to sign in.")),
    (N_("Edition"), N_("Edition the learner is enrolled in; empty if none.")),
    (N_("Enrolled"), N_("Date and time in ISO 8601, in the time zone of the person downloading.")),
    (N_("Last visit"), N_("Same format; empty if there has been no visit yet.")),
    (N_("Activities completed"), N_("Required activities completed.")),
    (N_("Activities required"), N_("Required activities in the learner's course version.")),
    (N_("Completed"), N_("When the course was completed; empty if it has not been.")),
    (
        N_("Course grade"),
        N_("Percentage, using the weights, categories and dropped lowest results of the learner's version; empty if there are no results."),
    ),
)
"""Heading of each column of the download before those of the activities, and what it holds."""


@dataclass(frozen=True, slots=True)
class GradebookQuery:
    """The request of a gradebook's address; unknown values are left out."""

    wanted: GradebookFilter
    order: GradebookOrder

    @property
    def filters(self) -> bool:
        """Say whether not everybody is wanted."""
        return self.wanted != GradebookFilter()

    @property
    def sort(self) -> str:
        """Return what it is sorted by, as the address says it."""
        return f"activity:{self.order.activity}" if self.order.activity else self.order.by.value

    def query(self, **changes: object) -> dict[str, str]:
        """Return the fields of an address that asks for the same, with some of them changed."""
        fields: dict[str, object] = {
            "q": self.wanted.words,
            "edition": self.wanted.edition,
            "group": self.wanted.group,
            "unit": self.wanted.unit,
            "state": self.wanted.state,
            "next": self.wanted.next_key,
            "idle": self.wanted.idle_days,
            "sort": self.sort,
            "direction": "down" if self.order.descending else "",
        }
        return {name: str(value) for name, value in (fields | changes).items() if value}

    def sorted_by(self, sort: str) -> dict[str, str]:
        """Return the fields that sort by a column, or turn its direction round."""
        turned = self.sort == sort and not self.order.descending
        return self.query(sort=sort, direction="down" if turned else "")

    def direction(self, sort: str) -> str:
        """Return what a heading says of its column: `ascending`, `descending`, or nothing."""
        if self.sort != sort:
            return ""
        return "descending" if self.order.descending else "ascending"


def gradebook_query(
    arguments: Mapping[str, str], outline: Outline, items: Sequence[ManualGradeItem] = (), *, by_address: bool
) -> GradebookQuery:
    """Read the fields of an address; `by_address` for those who see the addresses of learners."""
    sort = arguments.get("sort", "")
    activity = sort.removeprefix("activity:")
    known = sort.startswith("activity:") and (activity in outline.by_key or any(item.key == activity for item in items))
    order = GradebookOrder(
        next((order for order in GradebookSort if order.value == sort), GradebookSort.NAME),
        activity if known else "",
        tuple(old for old, new in outline.renames.items() if known and new == activity),
        arguments.get("direction") == "down",
    )
    return GradebookQuery(filter_of(arguments, by_address=by_address), order)


def filter_of(arguments: Mapping[str, str], *, by_address: bool = False) -> GradebookFilter:
    """Read which learners the fields of an address or form want."""
    return GradebookFilter(
        words=" ".join(arguments.get("q", "").split())[:LONGEST_SEARCH],
        by_address=by_address,
        edition=as_uuid(arguments.get("edition", "")),
        group=as_uuid(arguments.get("group", "")),
        unit=as_uuid(arguments.get("unit", "")),
        state=next((state for state in GradebookState if state.value == arguments.get("state")), None),
        next_key=arguments.get("next", "")[:64],
        idle_days=next((days for days in IDLE if str(days) == arguments.get("idle")), 0),
    )


def filter_words(
    filters: GradebookFilter, editions: Mapping[UUID, str], groups: Mapping[UUID, str], units: Mapping[UUID, str], outline: Outline
) -> list[tuple[str, str]]:
    """Say in words which learners are wanted: what is asked, and how."""
    activity = outline.by_key.get(filters.next_key)
    parts = [
        (_("Name"), filters.words),
        (_("Edition"), "" if filters.edition is None else editions.get(filters.edition, MISSING)),
        (_("Group"), "" if filters.group is None else groups.get(filters.group, MISSING)),
        (_("Unit"), "" if filters.unit is None else units.get(filters.unit, MISSING)),
        (_("State"), _(STATES[filters.state]) if filters.state else ""),
        (_("Next activity"), choose(activity.title) if activity else filters.next_key),
        (_("Not visited for"), ngettext("%(count)s day", "%(count)s days", filters.idle_days) if filters.idle_days else ""),
    ]
    return [(name, value) for name, value in parts if value]


def graded(outline: Outline) -> list[OutlineActivity]:
    """Return the activities that count for the course grade, in order."""
    return [activity for activity in outline.activities() if activity.weight > 0]


@dataclass(frozen=True, slots=True)
class Column:
    """A graded activity or a manual grade item as a heading: its title, its part of the grade and its weight in it.

    `name` distinguishes it in a download from others of its title.
    """

    key: str
    title: str
    part: str
    name: str
    item: UUID | None = None


def columns_of(outline: Outline, items: Sequence[ManualGradeItem] = ()) -> list[Column]:
    """Return the headings of the graded activities, and of the items marked by hand after them."""
    parts = {category.key: choose(category.title) for category in outline.categories}

    def part(category: str, weight: Fraction) -> str:
        label = _("weight %(weight)s", weight=number(rounded(weight) or 0))
        return " · ".join(filter(None, (parts.get(category, ""), label)))

    columns = [
        Column(
            activity.key,
            choose(activity.title),
            part(activity.category, activity.weight),
            f"{choose(activity.title)} [{activity.key}]",
        )
        for activity in graded(outline)
    ]
    return columns + [
        Column(item.key, item.title, part(item.category, Fraction(item.weight)), f"{item.title} [{item.uuid.hex[:8]}]", item.uuid)
        for item in items
    ]


@dataclass(frozen=True, slots=True)
class GradebookRowView:
    """A learner as the page shows them."""

    uuid: UUID
    name: str
    email: str
    edition: str
    visited_at: datetime | None
    done: int
    total: int
    completed: bool
    grade: str
    scores: tuple[tuple[str, bool], ...]
    """Results by column, and whether the team set it."""


def lines_of(rows: Iterable[GradebookRow], columns: Sequence[Column]) -> list[GradebookRowView]:
    """Return what the page shows of learners."""
    return [
        GradebookRowView(
            row.uuid,
            row.name,
            row.email,
            row.edition,
            row.visited_at,
            row.done,
            row.total,
            row.completed_at is not None,
            share(row.grade),
            tuple((share(row.scores.get(column.key)), column.key in row.overridden) for column in columns),
        )
        for row in rows
    ]


def share(percent: Fraction | None) -> str:
    """Write a percentage with at most two decimals, or a dash where there is none."""
    exact = rounded(percent)
    return MISSING if exact is None else percent_words(exact, max(0, -int(exact.as_tuple().exponent)))


def dictionary(columns: Sequence[Column]) -> list[tuple[str, str]]:
    """Return the heading of every column of the download with what it holds."""
    entries = [(_(name), _(meaning)) for name, meaning in BEFORE]
    meanings = [
        _("Percentage of the maximum for this grade item, from 0 to 100 (%(part)s); empty if there is no mark.", part=column.part)
        if column.item
        else _("Percentage that counts for this activity, from 0 to 100 (%(part)s); empty if there is no result.", part=column.part)
        for column in columns
    ]
    return entries + [(column.name, meaning) for column, meaning in zip(columns, meanings, strict=True)]


def download_rows(rows: Iterable[GradebookRow], columns: Sequence[Column]) -> Iterator[Sequence[Cell]]:
    """Yield the rows of the download as they come."""
    keys = [column.key for column in columns]
    for row in rows:
        yield (
            row.name,
            row.email,
            row.edition,
            moment_cell(row.enrolled_at),
            moment_cell(row.visited_at),
            row.done,
            row.total,
            moment_cell(row.completed_at),
            _cell(row.grade),
            *(_cell(row.scores.get(key)) for key in keys),
        )


def moment_cell(value: datetime | None) -> str:
    """Write a moment for a table, in the reader's zone; empty where there is none."""
    return "" if value is None else local(value).isoformat(timespec="seconds")


def _cell(percent: Fraction | None) -> Decimal | None:
    exact = rounded(percent)
    return None if exact is None else exact.quantize(Decimal("0.01"))
