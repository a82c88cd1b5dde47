"""One learner's results on pages: to the learner, what counts and what the team set; to the team, its own words on them."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction

from courses.kinds import SubmittedWork
from courses.rules import Outline, activity_url
from enrolments.pages.gradebook import MISSING, share
from enrolments.pages.outline import foreign, rounded
from enrolments.queries.results import GradeItemMark, ResultOverrideRow
from enrolments.rules import NO_RESULT, GradeItemWeight, Results, grade_parts
from kernel.i18n import _, choose, number


@dataclass(frozen=True, slots=True)
class ResultRowView:
    """One of the learner's results: what it is of, what it counts, and what the team said to it."""

    title: str
    url: str
    part: str
    share: str
    due_at: datetime | None
    result: str
    words: str
    """Points of the maximum, or that it does not show yet."""
    passed: bool | None
    comment: str
    reason: str
    """Why the team set it; empty where they did not."""
    title_language: str = ""
    """Empty where it is the reader's, and for what is graded by hand alone, whose titles name none."""
    key: str = ""
    """The activity's; empty for what is graded by hand alone."""
    submitted: Sequence[SubmittedWork] = ()
    """What is reviewed from here alone: the page of the activity is of the present take."""


def result_lines(
    outline: Outline,
    results: Results,
    withheld: Iterable[str],
    marks: Sequence[GradeItemMark],
    overrides: Sequence[ResultOverrideRow],
    ungraded: Collection[str] = (),
) -> list[ResultRowView]:
    """Return everything of a course that gives marks, with what a learner has; `ungraded` are the keys of what waits for a grader."""
    hidden, reasons = frozenset(withheld), reasons_of(outline, overrides)
    shares, parts = _shares(outline, marks), {category.key: choose(category.title) for category in outline.categories}
    activities = []
    for activity in outline.activities():
        if not activity.gives_marks:
            continue
        result, hides = results.get(activity.key, NO_RESULT), activity.key in hidden
        waits = activity.key in ungraded and result.score is None
        activities.append(
            ResultRowView(
                choose(activity.title),
                activity_url(outline.slug, activity.kind, activity.key),
                parts.get(activity.category, ""),
                share(shares.get(activity.key)),
                activity.closes_at,
                MISSING if hides else share(result.score),
                _("Not shown yet") if hides else _("Submitted: not yet graded") if waits else "",
                None if hides else result.passed,
                "",
                reasons.get(activity.key, "") if result.overridden else "",
                foreign(activity.title),
                activity.key,
            )
        )
    return activities + item_lines(outline, marks)


def of_earlier_take(lines: Iterable[ResultRowView], submitted: Mapping[str, Sequence[SubmittedWork]]) -> list[ResultRowView]:
    """Return lines of a take before the present one: what was submitted is reviewed from them, the pages of activities are not theirs."""
    return [replace(line, url="", submitted=submitted.get(line.key, ())) for line in lines]


def _shares(outline: Outline, marks: Sequence[GradeItemMark]) -> dict[str, Fraction]:
    counted = {mark.key: GradeItemWeight(mark.category, mark.weight) for mark in marks}
    return {key: own for part in grade_parts(outline, counted) for key, own in part.shares.items()}


def item_lines(outline: Outline, marks: Sequence[GradeItemMark]) -> list[ResultRowView]:
    """Return what is marked by hand alone, with a learner's marks."""
    shares, parts = _shares(outline, marks), {category.key: choose(category.title) for category in outline.categories}
    return [_item_line(mark, parts, shares) for mark in marks]


def _item_line(mark: GradeItemMark, parts: Mapping[str, str], shares: Mapping[str, Fraction]) -> ResultRowView:
    points = None if mark.points is None else rounded(mark.points) or 0
    return ResultRowView(
        mark.title,
        "",
        parts.get(mark.category, ""),
        share(shares.get(mark.key)),
        mark.due_at,
        share(None if mark.points is None else mark.points * 100 / mark.maximum),
        "" if points is None else _("%(points)s of %(maximum)s", points=number(points), maximum=number(rounded(mark.maximum) or 0)),
        None,
        mark.comment,
        "",
    )


def reasons_of(outline: Outline, overrides: Sequence[ResultOverrideRow]) -> dict[str, str]:
    """Return the reason of the last word on each activity, of several that became one the last word that counts; the newest come first."""
    last: dict[str, ResultOverrideRow] = {}
    for line in overrides:
        last.setdefault(line.activity_key, line)
    reasons: dict[str, str] = {}
    for key, line in last.items():
        if line.score is not None:
            reasons.setdefault(outline.renames.get(key, key), line.reason)
    return reasons


@dataclass(frozen=True, slots=True)
class ResultOverrideView:
    """A word of the team on a result, as the team sees it."""

    title: str
    before: str
    after: str
    """Empty: what was earned counts again."""
    reason: str
    author: str
    made_at: datetime


def override_rows(outline: Outline, overrides: Sequence[ResultOverrideRow], key: str = "") -> list[ResultOverrideView]:
    """Return what the team set, of one activity or of all."""
    views = []
    for line in overrides:
        present = outline.renames.get(line.activity_key, line.activity_key)
        if key in ("", present):
            activity = outline.by_key.get(present)
            views.append(
                ResultOverrideView(
                    choose(activity.title) if activity else present,
                    share(line.before),
                    "" if line.score is None else share(line.score),
                    line.reason,
                    line.author,
                    line.made_at,
                )
            )
    return views
