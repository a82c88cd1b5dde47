"""The review of an attempt: each question as far as the review flags of its moment allow (spec/quiz-engine 5.9)."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import cast

from sqlalchemy.orm import Session

from courses import versions
from courses.rules import Outline, activity_url
from enrolments.rules import GradingMethod
from kernel.i18n import _, choose, format_datetime
from kernel.markup.model import ID_PREFIX, SafeHtml
from quizzes.pages.attempt import AttemptView
from quizzes.pages.checks import checked_lines
from quizzes.pages.introduction import best_and_passed
from quizzes.pages.question import html, points, short_title
from quizzes.pages.question_review import MarkingResult, QuestionReview, ReviewLink, answered_question, response_lines
from quizzes.queries.attempts import AttemptRow, LoadedAttempt, LoadedItem
from quizzes.queries.marks import MarkRecord, current_events
from quizzes.queries.open_attempts import has_open, takes_objections
from quizzes.queries.regrading import find_marking_versions
from quizzes.queries.self_assessments import find_self_assessments
from quizzes.rules.attempts import AttemptState
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.grades import ItemResult, band_for, section_totals
from quizzes.rules.manual_marking import is_self_reviewed
from quizzes.rules.numbers import convention_for
from quizzes.rules.question_marker import asks_certainty, certainty_of
from quizzes.rules.review import EXPLAINING, Reader, flags_for, moment_of
from quizzes.rules.settings import ReviewFlag, ReviewMoment
from quizzes.services.marks import as_decimal


@dataclass(frozen=True, slots=True)
class SectionMarkView:
    """The marks of a section's questions together, and their maximum."""

    title: str
    mark: Decimal
    maximum: Decimal


def review_items(
    session: Session, opened: AttemptView, flags: frozenset[ReviewFlag], known: Mapping[int, MarkRecord] | None = None
) -> list[QuestionReview]:
    """Return every question of an attempt with what the flags let through; `known` are the marks where they were read already."""
    marks: Mapping[int, MarkRecord] = {}
    if flags & {ReviewFlag.MARKS, ReviewFlag.CORRECTNESS, ReviewFlag.SPECIFIC}:
        marks = current_events(session, [item.id for item in opened.loaded.items]) if known is None else known
    sources = _sources(session, opened) if ReviewFlag.SOURCE in flags else {}
    own_levels = find_self_assessments(session, _self_reviewed_items(opened))
    judges = find_marking_versions(session, [mark.regrade_id for mark in marks.values() if mark.regrade_id is not None])
    return [
        _review_item(
            opened,
            item,
            flags,
            mark := marks.get(item.id),
            sources,
            judges.get(mark.regrade_id or 0) if mark else None,
            own_levels.get(item.id),
        )
        for item in opened.loaded.items
    ]


def _self_reviewed_items(opened: AttemptView) -> list[int]:
    return [item.id for item in opened.loaded.items if is_self_reviewed(opened.questions[item.question_version_id])]


def section_lines(
    session: Session, opened: AttemptView, flags: frozenset[ReviewFlag], known: Mapping[int, MarkRecord] | None = None
) -> list[SectionMarkView]:
    """Return the totals by section (spec/quiz-engine 5.8), where there are at least two with marks, all are given,
    and the flags let them through.
    """
    row = opened.loaded.row
    titles = [entry["title"] for entry in json.loads(row.interludes) if entry["title"]]
    if not flags >= {ReviewFlag.ATTEMPT, ReviewFlag.MARKS, ReviewFlag.MAX_MARKS} or row.raw is None or not titles:
        return []
    marks = current_events(session, [item.id for item in opened.loaded.items]) if known is None else known
    results = [
        ItemResult(mark.fraction, item.maximum, mark.state, item.section) for item in opened.loaded.items if (mark := marks.get(item.id))
    ]
    totals = {section: total for section, total in section_totals(results).items() if total[1]}
    names = {0: _("Before the first section"), **{at: choose(title) for at, title in enumerate(titles, 1)}}
    lines = [SectionMarkView(names[section], points(mark), points(maximum)) for section, (mark, maximum) in sorted(totals.items())]
    return lines if len(lines) > 1 else []


def _sources(session: Session, opened: AttemptView) -> dict[str, ReviewLink]:
    cited = {cite.key for question in opened.questions.values() for cite in question.source}
    rows = versions.list_resources(session, opened.outline.version_id, cited) if cited else []
    return {row.key: ReviewLink(choose(row.title), row.url, "outside") for row in rows if row.url}


def _review_item(
    opened: AttemptView,
    item: LoadedItem,
    flags: frozenset[ReviewFlag],
    mark: MarkRecord | None,
    sources: Mapping[str, ReviewLink],
    judge: QuestionDefinition | None,
    own_levels: Mapping[str, int] | None,
) -> QuestionReview:
    question, parts = opened.questions[item.question_version_id], opened.responses.get(item.id, {})
    outcome = MarkingResult(
        fraction=mark.fraction if mark else None,
        state=mark.state if mark else None,
        comment=mark.comment if mark and ReviewFlag.SPECIFIC in flags else "",
        links=_links(opened.outline, question, sources) if ReviewFlag.SOURCE in flags else (),
        certainty=certainty_of(parts) if asks_certainty(opened.loaded.snapshot.settings.behaviour, question) else None,
        tries=checked_lines(opened.loaded, item, question, flags),
        files=tuple(opened.files_of(item)),
        own_levels=own_levels,
        judge=judge,
    )
    return answered_question(item, question, parts, flags, convention_for(opened.loaded.row.language), outcome)


def _links(outline: Outline, question: QuestionDefinition, sources: Mapping[str, ReviewLink]) -> tuple[ReviewLink, ...]:
    links = []
    for see in question.see:
        activity = outline.by_key.get(see.activity)
        if activity is None:
            continue
        address = activity_url(outline.slug, activity.kind, activity.key)
        anchor = f"?t={see.second}#player" if see.second is not None else f"#{ID_PREFIX}{see.heading}" if see.heading else ""
        links.append(ReviewLink(choose(activity.title), address + anchor, "recording" if activity.kind == "recording" else "page"))
    return tuple(links) + tuple(sources[cite.key] for cite in question.source if cite.key in sources)


def flags_of(loaded: LoadedAttempt, reader: Reader, history: Sequence[AttemptRow], *, now: datetime) -> frozenset[ReviewFlag]:
    """Return what may be shown of an attempt now; the history says whether its learner still answers in another one."""
    settings = loaded.snapshot.settings
    if reader is Reader.LEARNER and loaded.setting_sources.is_held(now):
        return frozenset()
    moment = moment_of(
        loaded.row.finished_at, loaded.setting_sources.review_closes(loaded.row.started_at), another_open=has_open(history), now=now
    )
    return flags_for(settings.review, moment, settings.behaviour, reader)


ObjectionCheck = Callable[[Session, LoadedAttempt, datetime], bool]
"""Tells whether the questions of an attempt may still be objected to, or will be."""


def flags_in_term(session: Session, loaded: LoadedAttempt, flags: frozenset[ReviewFlag], *, now: datetime) -> frozenset[ReviewFlag]:
    """Return what its learner may see of an attempt: no right answers and explanations while questions may be objected to.

    spec/selection 0.2; without such flags there is no statement.
    """
    if not flags & EXPLAINING or not takes_objections(loaded):
        return flags
    checks = cast("tuple[ObjectionCheck, ...]", session.info["objection_checks"])
    return flags - EXPLAINING if any(check(session, loaded, now) for check in checks) else flags


def review_page(
    session: Session, opened: AttemptView, flags: frozenset[ReviewFlag], history: Sequence[AttemptRow], *, now: datetime
) -> dict[str, object]:
    """Return what a review shows of an attempt: its result and its questions, as far as the flags go."""
    return {
        **opened.activity_header,
        "attempt": _verdict(opened.loaded, flags) | _counted_so_far(opened.loaded, flags, history, now),
        "overall": _overall(opened.loaded, flags),
        "shown_later": _shown_later(opened.loaded, flags, history, now),
        "sections": section_lines(session, opened, flags),
        "items": review_items(session, opened, flags) if ReviewFlag.ATTEMPT in flags else [],
    }


def _verdict(loaded: LoadedAttempt, flags: frozenset[ReviewFlag]) -> dict[str, object]:
    row, settings = loaded.row, loaded.snapshot.settings
    marks = ReviewFlag.MARKS in flags
    return {
        "uuid": row.uuid,
        "number": row.number,
        "form": row.form,
        "state": row.state,
        "preview": row.preview,
        "percent": points(Fraction(row.percent)) if marks and row.percent is not None else None,
        "raw": points(Fraction(row.raw)) if marks and row.raw is not None else None,
        "maximum": points(Fraction(row.maximum)) if ReviewFlag.MAX_MARKS in flags else None,
        "passed": row.passed if marks else None,
        "pass_percent": None if settings.pass_mark is None else points(settings.pass_mark),
        "late": loaded.end is not None and row.submitted_at == loaded.end,
        "waits": row.state == AttemptState.FINISHED and row.raw is None,
    }


def _counted_so_far(loaded: LoadedAttempt, flags: frozenset[ReviewFlag], history: Sequence[AttemptRow], now: datetime) -> dict[str, object]:
    """Return what the attempts until this one mean together, where the mean or the first counts: it passes, not this one alone."""
    until = [row for row in history if row.number <= loaded.row.number and not row.preview]
    counts_own = loaded.snapshot.settings.grading in (GradingMethod.HIGHEST, GradingMethod.LAST)
    if loaded.row.preview or counts_own or len(until) < 2 or ReviewFlag.MARKS not in flags:
        return {"counted": None}
    counted, passed = best_and_passed(until, loaded.snapshot, loaded.setting_sources, now=now)
    return {"counted": counted, "passed": passed}


def _overall(loaded: LoadedAttempt, flags: frozenset[ReviewFlag]) -> SafeHtml | str:
    if ReviewFlag.OVERALL not in flags or loaded.row.percent is None:
        return ""
    band = band_for(Fraction(loaded.row.percent), loaded.snapshot.settings.feedback)
    return html(band.text) if band else ""


def _shown_later(loaded: LoadedAttempt, flags: frozenset[ReviewFlag], history: Sequence[AttemptRow], now: datetime) -> str:
    """Say when more will be shown, where that is so."""
    if loaded.setting_sources.is_held(now):
        return _("Done. You will see this result beside that of the final test, once that is marked.")
    closes, settings = loaded.setting_sources.review_closes(loaded.row.started_at), loaded.snapshot.settings
    if closes is None or flags >= flags_for(settings.review, ReviewMoment.CLOSED, settings.behaviour):
        return ""
    if now >= closes:
        if has_open(history):
            return _("More will be shown when the open attempt has ended.")
        return _("More will be shown when no question can be objected to any more.") if takes_objections(loaded) else ""
    return _("More will be shown when the quiz closes, on %(moment)s.", moment=format_datetime(closes))


def record_of(session: Session, opened: AttemptView, flags: frozenset[ReviewFlag]) -> dict[str, object]:
    """Return the record of an attempt that its learner takes along: what was answered and when, and marks where they may be seen.

    An answer stands in words and as it is stored: `{part: [text, …]}`, choices by their place on the page. Marks are decimal strings.
    """
    row, loaded = opened.loaded.row, opened.loaded
    marks = current_events(session, [item.id for item in loaded.items]) if ReviewFlag.MARKS in flags else {}
    questions = [
        _recorded(opened, item, shown, marks.get(item.id), flags)
        for item, shown in zip(loaded.items, review_items(session, opened, frozenset()), strict=True)
        if item.number is not None
    ]
    totals = {
        "raw": _exact(row.raw),
        "maximum": _exact(row.maximum),
        "percent": _exact(row.percent),
        "passed": row.passed,
    }
    return {
        "attempt": str(row.uuid),
        "course": opened.outline.slug,
        "quiz": row.activity_key,
        "number": row.number,
        "form": row.form or None,
        "state": row.state,
        "language": row.language,
        "started_at": row.started_at.isoformat(),
        "submitted_at": row.submitted_at.isoformat() if row.submitted_at else None,
        "finished_at": row.finished_at.isoformat() if row.finished_at else None,
        "questions": questions,
        **(totals if ReviewFlag.MARKS in flags else {}),
    }


def _recorded(
    opened: AttemptView, item: LoadedItem, shown: QuestionReview, mark: MarkRecord | None, flags: frozenset[ReviewFlag]
) -> dict[str, object]:
    saved = [answer for answer in opened.loaded.answers if answer.item_id == item.id]
    share = None if mark is None or mark.fraction is None else as_decimal(mark.fraction)
    judged = {"share": _exact(share), "mark_state": mark.state.value} if mark else {}
    return {
        "number": item.number,
        "question": short_title(opened.questions[item.question_version_id]),
        "answer": list(response_lines(shown)),
        "response": saved[-1].payload if saved else None,
        "saved_at": saved[-1].server_time.isoformat() if saved else None,
        "times_saved": len(saved),
        "written_offline_before_the_end": bool(saved) and saved[-1].offline_in_time,
        **({"points": _exact(as_decimal(item.maximum))} if ReviewFlag.MAX_MARKS in flags else {}),
        **judged,
    }


def _exact(value: Decimal | None) -> str | None:
    return None if value is None else f"{value:f}"
