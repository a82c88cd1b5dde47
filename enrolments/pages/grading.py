"""The parts of a course grade, as pages show it: their weights, and what each thing in them is worth of the whole."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from courses.rules import Outline
from enrolments.models import ManualGradeItem
from enrolments.pages.gradebook import share
from enrolments.pages.outline import rounded
from enrolments.rules import GradedCompletionRule, GradeItemWeight, grade_parts
from kernel.errors import N_
from kernel.i18n import _, choose, language, number

RULES: Mapping[str, str] = {
    GradedCompletionRule.PASSED: N_("completed by passing"),
    GradedCompletionRule.GRADED: N_("completed by getting a result"),
    GradedCompletionRule.PASSED_OR_USED: N_("completed by passing, or by using up the attempts"),
    GradedCompletionRule.VIEWED: N_("completed by opening it"),
    GradedCompletionRule.ATTEMPTED: N_("completed by attempting it"),
}


@dataclass(frozen=True, slots=True)
class GradedItemView:
    """An activity or an item marked by hand: its weight in its part, its share of the course grade, and how it is completed."""

    key: str
    title: str
    weight: str
    share: str
    rule: str
    pass_mark: str
    item: UUID | None = None
    maximum: str = ""
    due_at: datetime | None = None
    marked: str = ""


@dataclass(frozen=True, slots=True)
class GradeCategoryView:
    """A part of the course grade; `outside`: what names no part of the published version, and so counts nothing."""

    title: str
    weight: str
    share: str
    drop_lowest: int
    lines: tuple[GradedItemView, ...]
    outside: bool = False


def counted_items(items: Sequence[ManualGradeItem]) -> dict[str, GradeItemWeight]:
    """Return how items count, by key."""
    return {item.key: GradeItemWeight(item.category, Fraction(item.weight)) for item in items}


def part_lines(
    outline: Outline, items: Sequence[ManualGradeItem], pass_marks: Mapping[str, Fraction | None], marked: Mapping[int, int]
) -> list[GradeCategoryView]:
    """Return the parts of the grade with everything in them."""
    titles = {part.key: choose(part.title) for part in outline.categories}
    parts = grade_parts(outline, counted_items(items))
    shares = {key: own for part in parts for key, own in part.shares.items()}
    views = []
    for part in parts:
        lines = _lines(outline, items, pass_marks, marked, shares, part.key if outline.categories else None)
        views.append(
            GradeCategoryView(
                titles.get(part.key, _("All weighted activities")), _words(part.weight), share(part.share), part.drop_lowest, lines
            )
        )
    lost = _lines(outline, [item for item in items if item.category not in titles], pass_marks, marked, shares, "") if titles else ()
    return views if not lost else [*views, GradeCategoryView(_("Not in any part"), "", share(Fraction(0)), 0, lost, outside=True)]


def _lines(
    outline: Outline,
    items: Sequence[ManualGradeItem],
    pass_marks: Mapping[str, Fraction | None],
    marked: Mapping[int, int],
    shares: Mapping[str, Fraction],
    category: str | None,
) -> tuple[GradedItemView, ...]:
    """Return what stands in one category (None: everything; "": what stands in none)."""
    known = {part.key for part in outline.categories}

    def belongs(own: str) -> bool:
        return category is None or own == category or (not category and own not in known)

    activities = [
        GradedItemView(
            activity.key,
            choose(activity.title),
            _words(activity.weight),
            share(shares.get(activity.key, Fraction(0))),
            _(RULES[activity.completion_rule]) if activity.completion_rule in RULES else "",
            share(pass_marks[activity.key]) if pass_marks.get(activity.key) is not None else "",
        )
        for activity in outline.activities()
        if activity.gives_marks and belongs(activity.category)
    ]
    by_hand = [
        GradedItemView(
            item.key,
            item.title,
            _words(Fraction(item.weight)),
            share(shares.get(item.key, Fraction(0))),
            "",
            "",
            item.uuid,
            _words(Fraction(item.maximum)),
            item.due_at,
            number(marked.get(item.id, 0)),
        )
        for item in items
        if belongs(item.category)
    ]
    return (*activities, *by_hand)


def _words(value: Fraction) -> str:
    return number(rounded(value) or 0)


def completion_words(outline: Outline) -> list[str]:
    """Say what completes the course."""
    modules = [choose(outline.module_by_key[key].title) for key in outline.completion_modules if key in outline.module_by_key]
    sentences = [_("The modules %(titles)s are completed.", titles=", ".join(modules)) if modules else _("All modules are completed.")]
    if outline.completion_grade is not None:
        sentences.append(_("The course grade is at least %(share)s.", share=share(outline.completion_grade)))
    return sentences


@dataclass(frozen=True, slots=True)
class GradeEntryRow:
    """A learner on the page where marks are entered: what was typed or stands there, and what is wrong with it."""

    uuid: UUID
    name: str
    points: str
    comment: str
    seen: int
    own: bool
    fault: str = ""
    comment_fault: str = ""


def points_words(points: Decimal | None) -> str:
    """Write points as a field takes them: no zeros at the end, no signs between thousands, the reader's decimal sign."""
    return "" if points is None else f"{points.normalize():f}".replace(".", "," if language() == "es" else ".")
