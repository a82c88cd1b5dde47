"""Views of mistake reports: states, places with their reports, choices of a decision, a person's own reports."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from courses.models import CourseVersion
from courses.rules import activity_url
from enrolments.models import MistakeKind, MistakeReport, MistakeState
from enrolments.queries.mistakes import MistakeGroup, OwnMistakeRow, ReporterRow
from enrolments.wording import MISTAKE_KINDS, MISTAKE_STATES, MISTAKE_STATES_OF_REPORTER
from kernel.i18n import _, choose, format_date, shortened

LOOKS = {
    MistakeState.OPEN: ("now", "message-circle"),
    MistakeState.ACCEPTED: ("now", "circle-dot"),
    MistakeState.CORRECTED: ("ok", "circle-check"),
    MistakeState.DECLINED: ("", "circle-x"),
}
"""How a state looks: kind and symbol of `macros/ui.html`."""
EXCERPT = 160


@dataclass(frozen=True, slots=True)
class MistakeStateView:
    """The state of a mistake report, for `macros/ui.html`."""

    look: str
    symbol: str
    words: str


def state_view(state: str, *, of_reporter: bool = False) -> MistakeStateView:
    """Return how a state is shown to the course team, or to whoever made the report."""
    labels = MISTAKE_STATES_OF_REPORTER if of_reporter else MISTAKE_STATES
    return MistakeStateView(*LOOKS[MistakeState(state)], _(labels[MistakeState(state)]))


@dataclass(frozen=True, slots=True)
class MistakeGroupView:
    """The reports of one kind and state at a place, as one line of the team's list."""

    uuid: UUID
    kind: str
    words: str
    people: int
    newest_at: datetime
    since: datetime
    version: int
    state: MistakeStateView
    is_changed: bool
    """It was accepted, and the published text of the place is another by now."""


@dataclass(frozen=True, slots=True)
class MistakePlaceView:
    """A place of a course with the lines of its reports."""

    title: str
    is_question: bool
    language: str
    lines: Sequence[MistakeGroupView]


def place_views(groups: Sequence[MistakeGroup], changed: Collection[int]) -> list[MistakePlaceView]:
    """Put the lines of a list together by place, in the order in which they come."""
    places: dict[tuple[str, str | None], list[MistakeGroup]] = {}
    for group in groups:
        places.setdefault((group.newest.activity_key, group.newest.question_key), []).append(group)
    return [
        MistakePlaceView(
            groups_there[0].newest.title,
            question is not None,
            groups_there[0].newest.language,
            [_line(group, changed) for group in groups_there],
        )
        for (_activity, question), groups_there in places.items()
    ]


def _line(group: MistakeGroup, changed: Collection[int]) -> MistakeGroupView:
    row = group.newest
    return MistakeGroupView(
        uuid=row.uuid,
        kind=kind_words(row),
        words=shortened(row.words, EXCERPT),
        people=group.people,
        newest_at=row.extended_at or row.reported_at,
        since=group.since,
        version=group.version,
        state=state_view(row.state),
        is_changed=row.state == MistakeState.ACCEPTED.value and row.id in changed,
    )


def kind_words(row: MistakeReport) -> str:
    """Return the kind of a report in words."""
    return _(MISTAKE_KINDS[MistakeKind(row.kind)])


@dataclass(frozen=True, slots=True)
class SamePlaceView:
    """Another report of the same place, and whether it is of the same kind."""

    uuid: UUID
    name: str
    kind: str
    words: str
    reported_at: datetime
    is_same: bool


def same_place_views(report: MistakeReport, rows: Sequence[ReporterRow]) -> list[SamePlaceView]:
    """Return the other reports of a place."""
    return [
        SamePlaceView(
            row.report.uuid, row.name, kind_words(row.report), row.report.words, row.report.reported_at, row.report.kind == report.kind
        )
        for row in rows
    ]


def version_choices(versions: Sequence[CourseVersion]) -> list[tuple[str, str]]:
    """Return the versions that may have corrected something, as choices of a form."""
    return [
        (str(row.id), _("Version %(number)s, %(day)s", number=row.number, day=format_date(row.published_at, "short"))) for row in versions
    ]


@dataclass(frozen=True, slots=True)
class OwnMistakeView:
    """A mistake report as its reporter sees it."""

    course: str
    slug: str
    title: str
    url: str
    language: str
    kind: str
    words: str
    reported_at: datetime
    state: MistakeStateView
    answer: str
    decided_at: datetime | None
    corrected: int | None


def own_mistake_views(rows: Sequence[OwnMistakeRow]) -> list[OwnMistakeView]:
    """Return a person's reports."""
    return [
        OwnMistakeView(
            course=choose(row.course),
            slug=row.slug,
            title=row.report.title,
            url=activity_url(row.slug, row.kind, row.report.activity_key),
            language=row.report.language,
            kind=kind_words(row.report),
            words=row.report.words,
            reported_at=row.report.reported_at,
            state=state_view(row.report.state, of_reporter=True),
            answer=row.report.answer,
            decided_at=row.report.decided_at,
            corrected=row.corrected,
        )
        for row in rows
    ]
