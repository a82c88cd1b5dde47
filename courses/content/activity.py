"""Read the fields that modules and activities share, and an activity of any kind (spec/content-format 5)."""

from dataclasses import dataclass
from datetime import datetime

from courses.content import scalars
from courses.content.kinds import ActivityKind
from courses.content.mapping_cursor import FORMER_KEYS, MappingCursor
from courses.content.model import ActivitySource, LocalisedText, SourceState
from courses.content.read_collector import MarkupLevel
from courses.content.reading_session import ReadingSession
from kernel.errors import N_

OUTLINE = "outline"


@dataclass(frozen=True, slots=True)
class CommonFields:
    """The fields that modules and activities share."""

    key: str
    former_keys: tuple[str, ...]
    title: LocalisedText
    summary: LocalisedText


@dataclass(frozen=True, slots=True)
class Conditions:
    """State, what comes first, and when it is open."""

    state: SourceState
    requires: tuple[str, ...]
    opens: datetime | None
    closes: datetime | None


def read_head(session: ReadingSession, table: MappingCursor, summary: MarkupLevel, *, in_files: bool = False) -> CommonFields:
    """Read key, former keys, title and summary, and claim the key in the outline; `in_files`: other languages have their own file."""
    key = table.value("key", scalars.key, required=True) or ""
    if key:
        session.claim(OUTLINE, key, table.place_at("key"))
        session.outline.setdefault(key, table)
    former_keys = table.former_keys()
    for former in former_keys:
        session.leave(OUTLINE, former, table.place_at(FORMER_KEYS))
    title = table.text("title", required=True) if in_files else table.title()
    return CommonFields(key, former_keys, title, table.text("summary", summary))


def read_conditions(table: MappingCursor) -> Conditions:
    """Read state, requires, opens and closes."""
    state = table.choice("state", SourceState, SourceState.READY)
    requires = table.keys("requires")
    opens, closes = table.moment("opens"), table.moment("closes", end=True)
    if opens and closes and opens >= closes:
        table.report("C208", N_("The closing date is before the opening date."), at="closes")
    return Conditions(state, requires, opens, closes)


def read_activity(session: ReadingSession, table: MappingCursor, kind: ActivityKind) -> ActivitySource | None:
    """Read the fields of every activity and then those of its kind."""
    head = read_head(session, table, MarkupLevel(kind.summary_form), in_files=kind.suffix == ".md")
    conditions = read_conditions(table)
    required, preview = table.flag("required", True), table.flag("preview", False)
    settings = kind.read(table, session)
    if settings is None:
        return None
    return ActivitySource(
        head.key,
        kind.name,
        head.title,
        table.file,
        settings.value,
        settings.completion,
        former_keys=head.former_keys,
        summary=head.summary,
        state=conditions.state,
        required=required,
        preview=preview,
        requires=conditions.requires,
        opens=conditions.opens,
        closes=conditions.closes,
        minutes=settings.minutes,
        weight=settings.weight,
    )
