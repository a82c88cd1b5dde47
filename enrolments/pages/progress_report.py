"""The page of a course's progress: modules and activities with how many learners are where, and the time it took."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal

from courses.rules import Outline
from enrolments.queries.progress_report import ActivityCount, ModuleCount, TimeTaken, WaitingCount
from kernel.i18n import _, choose, ngettext, number, percent


@dataclass(frozen=True, slots=True)
class ModuleProgressRow:
    """A module with how many learners have begun and completed it."""

    title: str
    begun: int
    completed: int
    share: str


def module_lines(outline: Outline, counts: Mapping[str, ModuleCount], learners: int) -> list[ModuleProgressRow]:
    """Return the modules in order."""
    counted = [(module, counts.get(module.key, ModuleCount())) for module in outline.modules if module.required]
    return [
        ModuleProgressRow(choose(module.title), count.begun, count.completed, _share(count.completed, learners))
        for module, count in counted
    ]


def bars(lines: "Sequence[ModuleProgressRow | ActivityProgressRow]") -> list[tuple[str, int, str]]:
    """Return the rows of a chart of those who completed modules or activities."""
    return [(line.title, line.completed, f"{number(line.completed)} ({line.share})") for line in lines]


@dataclass(frozen=True, slots=True)
class ActivityProgressRow:
    """A required activity with how many learners began, completed, stopped at it and stand before it."""

    key: str
    title: str
    begun: int
    completed: int
    share: str
    left_off: int
    waiting: int
    idle: int


def activity_lines(
    outline: Outline,
    counts: Mapping[str, ActivityCount],
    waiting: Mapping[str, WaitingCount],
    left_off: Mapping[str | None, int],
    learners: int,
) -> list[ActivityProgressRow]:
    """Return the required activities in order."""
    lines = []
    for activity in outline.activities():
        if activity.required:
            count, stands = counts.get(activity.key, ActivityCount()), waiting.get(activity.key, WaitingCount())
            share = _share(count.completed, learners)
            lines.append(
                ActivityProgressRow(
                    activity.key,
                    choose(activity.title),
                    count.begun,
                    count.completed,
                    share,
                    left_off.get(activity.key, 0),
                    stands.learners,
                    stands.idle,
                )
            )
    return lines


def _share(part: int, whole: int) -> str:
    return percent(Decimal(part * 100) / whole if whole else Decimal(0))


def times(taken: TimeTaken | None) -> list[tuple[str, str, str]]:
    """Return the figures of the time from enrolling to completing: what, how long, and what it says."""
    if taken is None:
        return []
    return [
        (_("A quarter completed it within"), _long(taken.first), ""),
        (_("Half completed it within"), _long(taken.median), _("the median")),
        (_("Three quarters completed it within"), _long(taken.third), ""),
    ]


def _long(time: timedelta) -> str:
    """Write a time in days, or in hours where it is shorter than two days."""
    hours = round(time.total_seconds() / 3600)
    if hours < 48:
        return ngettext("%(count)s hour", "%(count)s hours", hours)
    return ngettext("%(count)s day", "%(count)s days", round(hours / 24))
