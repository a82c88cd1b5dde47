"""Values of the pages of an attempt: questions with responses and checks, the summary, the review, and the record to take along."""

import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from courses import versions
from courses.rules import Outline, activity_url
from enrolments.course_context import activity_header
from enrolments.rules import GradingMethod
from kernel.db import HookList
from kernel.i18n import _, choose, format_datetime
from kernel.markup.model import ID_PREFIX, SafeHtml
from questions import question_bank
from questions.question_page import NOTHING_SAID, QuestionMessage, html, note_on, points, short_title, text_language, view_question
from questions.question_review import AnswerTryView, MarkingResult, QuestionReview, ReviewLink, answered_question, response_lines, try_line
from questions.rules.answers import ObjectionNote, Parts, SubmittedFile, clean_parts, objection_in, upload_limits
from questions.rules.definitions import QuestionDefinition
from questions.rules.feedback import ReviewFlag
from questions.rules.item_layout import LoadedItem
from questions.rules.marking import MarkState, is_self_reviewed
from questions.rules.numbers import convention_for
from quizzes.answering import QuestionChecks, checked_parts, checks_of, marker_of
from quizzes.attempts import AttemptRow, LoadedAttempt, has_open, takes_objections
from quizzes.effective_settings import outline_of_activity
from quizzes.files import files_in, list_files
from quizzes.marks import MarkRecord, as_decimal, current_events, find_self_assessments
from quizzes.quiz_page import best_and_passed
from quizzes.regrades import find_marking_versions
from quizzes.rules.grades import AnsweringState, ItemResult, QuestionMarker, asks_certainty, band_for, certainty_of, section_totals
from quizzes.rules.settings import (
    EXPLAINING,
    Behaviour,
    Navigation,
    QuestionProgress,
    Reader,
    ReviewMoment,
    flags_for,
    flags_for_item,
    moment_of,
)
from quizzes.rules.states import AttemptEvent, AttemptState, answer_state, rule_on_time, seconds_left


@dataclass(frozen=True, slots=True)
class CheckView:
    """Everything around one question of an open attempt."""

    can_check: bool = False
    locked: bool = False
    waiting: bool = False
    tries_left: int | None = None
    hint: SafeHtml | str = ""
    checked: QuestionReview | None = None
    """The answer that was checked last, with what may be said of it."""
    penalty: bool = False
    """Whether a wrong try takes something off."""
    last: bool = False
    """Whether the next check closes the question."""
    nothing: bool = False
    """Whether a check was asked for where there was nothing to check."""
    certainty: str | None = None
    """How sure the learner said to be; empty where not said, None where it is not asked."""


def check_views(
    loaded: LoadedAttempt, questions: Mapping[int, QuestionDefinition], checks: QuestionChecks, page: int, message: QuestionMessage
) -> dict[int, CheckView]:
    """Return by place the checks around the questions of a page; `message` is the last request's about one of them."""
    responses = loaded.responses
    views = {}
    for item in loaded.items:
        if item.page == page and item.number is not None:
            question, response = questions[item.question_version_id], responses.get(item.id)
            parts = {} if response is None else clean_parts(response.payload)
            views[item.position] = _view(loaded, item, marker_of(loaded, item, question), parts, checks, message)
    return views


def _view(
    loaded: LoadedAttempt, item: LoadedItem, marker: QuestionMarker, parts: Parts, checks: QuestionChecks, message: QuestionMessage
) -> CheckView:
    position, question = item.position, marker.question
    if position in checks.waiting:
        return CheckView(waiting=True)
    if asks_certainty(marker.behaviour, question):
        return CheckView(certainty=str(certainty_of(parts) or ""))
    if position not in checks.answering_states:
        return CheckView()
    answering, tried = checks.answering_states[position], checked_parts(loaded, item)
    return CheckView(
        can_check=not answering.locked,
        locked=answering.locked,
        tries_left=answering.tries_left,
        hint=_hint(question, answering),
        checked=_checked(loaded, item, marker, tried, answering) if tried else None,
        penalty=marker.behaviour in (Behaviour.INTERACTIVE, Behaviour.ADAPTIVE) and question.penalty > 0,
        last=marker.behaviour is Behaviour.IMMEDIATE or answering.tries_left == 1,
        nothing=message == QuestionMessage(position, "nothing") and not marker.is_readable(parts),
    )


def _hint(question: QuestionDefinition, answering: AnsweringState) -> SafeHtml | str:
    shown = answering.hint is not None and answering.state is not MarkState.RIGHT and answering.hint < len(question.hints)
    return html(question.hints[answering.hint]) if shown and answering.hint is not None else ""


def _checked(
    loaded: LoadedAttempt, item: LoadedItem, marker: QuestionMarker, tried: list[Parts], answering: AnsweringState
) -> QuestionReview:
    flags = during_flags(loaded, QuestionProgress(checked=True, locked=answering.locked))
    outcome = MarkingResult(fraction=answering.fraction, state=answering.state)
    return answered_question(item, marker.question, tried[-1], flags, marker.convention, outcome)


def during_flags(loaded: LoadedAttempt, progress: QuestionProgress) -> frozenset[ReviewFlag]:
    """Return the parts of an open attempt's question that may be shown, by how far its learner is with it."""
    settings = loaded.snapshot.settings
    return flags_for_item(flags_for(settings.review, ReviewMoment.DURING, settings.behaviour), ReviewMoment.DURING, progress)


def checked_lines(
    loaded: LoadedAttempt, item: LoadedItem, question: QuestionDefinition, flags: frozenset[ReviewFlag]
) -> tuple[AnswerTryView, ...]:
    """Return the answers to an item that were checked on the way, as far as the flags let through."""
    marker, tried, lines = marker_of(loaded, item, question), checked_parts(loaded, item), list[AnswerTryView]()
    for number, parts in enumerate(tried, 1):
        answering = marker.after(tried[:number])
        shown = answered_question(
            item, question, parts, flags, marker.convention, MarkingResult(fraction=answering.fraction, state=answering.state)
        )
        lines.append(try_line(number, shown))
    return tuple(lines)


@dataclass(frozen=True)
class AttemptView:
    """An attempt with everything its pages need."""

    loaded: LoadedAttempt
    outline: Outline
    """Of the version of the course that the attempt belongs to."""
    questions: Mapping[int, QuestionDefinition]
    responses: Mapping[int, Parts]
    """By item; items without a response are absent."""
    files: Mapping[str, SubmittedFile]
    """Every file that was sent for its items, by the name that answers give it."""

    @property
    def activity_header(self) -> dict[str, object]:
        """Return course, module and activity for the head of a page."""
        return activity_header(self.outline, self.loaded.snapshot.activity_key, self.loaded.row.activity_key)

    def files_of(self, item: LoadedItem) -> list[SubmittedFile]:
        """Return the files of an item's response."""
        return files_in(self.responses.get(item.id, {}), item.id, self.files)


def open_attempt(session: Session, loaded: LoadedAttempt) -> AttemptView:
    """Read what the pages of an attempt need besides the attempt; it never changes, so it is mostly in memory."""
    questions = question_bank.get_questions(session, [item.question_version_id for item in loaded.items])
    return AttemptView(
        loaded=loaded,
        outline=outline_of_activity(session, loaded.snapshot.activity_id),
        questions=questions,
        responses={item_id: clean_parts(answer.payload) for item_id, answer in loaded.responses.items()},
        files=list_files(session, [item.id for item in loaded.items if upload_limits(questions[item.question_version_id])]),
    )


def new_page_epoch(loaded: LoadedAttempt, now: datetime) -> int:
    """Give a page that opens the attempt a number above every earlier page's, whatever the clock does."""
    elapsed = int((now - loaded.row.started_at).total_seconds() * 1000)
    return (max(loaded.row.lease // 1000, elapsed) + 1) * 1000 + secrets.randbelow(1000)


@dataclass(frozen=True, slots=True)
class AttemptHeader:
    """The header of an attempt on its pages."""

    uuid: UUID
    number: int
    page: int
    pages: int
    lease: int
    attempts_allowed: int
    sequential: bool
    preview: bool
    state: str
    seconds_left: int | None
    ends_at: datetime | None
    at_end: str
    saved_at: datetime | None
    points: Decimal
    pass_percent: Decimal | None
    grading: str
    attempts_left_after: int | None


def _facts(loaded: LoadedAttempt, page: int, *, now: datetime) -> AttemptHeader:
    row, settings = loaded.row, loaded.snapshot.settings
    allowed = loaded.access.attempts
    left = None if not allowed else max(0, allowed - row.number)
    return AttemptHeader(
        uuid=row.uuid,
        number=row.number,
        page=page,
        pages=loaded.pages,
        lease=new_page_epoch(loaded, now),
        attempts_allowed=allowed,
        sequential=settings.navigation is Navigation.SEQUENTIAL,
        preview=row.preview,
        state=_state(loaded, now=now),
        seconds_left=seconds_left(loaded.clock, now=now),
        ends_at=loaded.end,
        at_end=loaded.setting_sources.at_end.value,
        saved_at=row.saved_at if loaded.answers else None,
        points=points(sum((item.maximum for item in loaded.items), Fraction(0))),
        pass_percent=None if settings.pass_mark is None else points(settings.pass_mark),
        grading=settings.grading.value,
        attempts_left_after=left,
    )


def _state(loaded: LoadedAttempt, *, now: datetime) -> str:
    """Return the state as time has it, also where nobody has written that down yet."""
    ruling = rule_on_time(loaded.clock, now=now)
    if ruling.may_answer:
        return loaded.row.state
    return (AttemptState.ABANDONED if ruling.event is AttemptEvent.ABANDON else AttemptState.OVERDUE).value


def _states(opened: AttemptView) -> dict[int, str]:
    convention = convention_for(opened.loaded.row.language)
    return {
        item.position: answer_state(opened.questions[item.question_version_id], item.layout, opened.responses.get(item.id), convention)
        for item in opened.loaded.items
        if item.number is not None
    }


def attempt_page(opened: AttemptView, page: int, *, now: datetime, message: QuestionMessage = NOTHING_SAID) -> dict[str, object]:
    """Return the content of one page of an attempt; `message` is the last request's about one of its questions."""
    loaded, convention = opened.loaded, convention_for(opened.loaded.row.language)
    shown, states = loaded.responses, _states(opened)
    checks = checks_of(loaded, opened.questions)
    answered = {position for position, state in states.items() if state not in ("unanswered", "invalid")}
    return {
        **opened.activity_header,
        "attempt": _facts(loaded, page, now=now),
        "notes_times": loaded.snapshot.integrity.times and not loaded.row.preview,
        "notes_focus": loaded.snapshot.integrity.focus and not loaded.row.preview and loaded.setting_sources.accommodation is None,
        "answered": len(answered),
        "flagged": sum(item.flagged for item in loaded.items),
        "total": len(states),
        "places": [
            {
                "place": item.position,
                "number": item.number,
                "page": item.page,
                "answered": item.position in answered,
                "flagged": item.flagged,
                "waiting": item.position in checks.waiting,
            }
            for item in loaded.items
        ],
        "section": _section(loaded, page),
        "checks": check_views(loaded, opened.questions, checks, page, message),
        "objections": _objections(opened) if takes_objections(loaded) else None,
        "questions": [
            view_question(
                item,
                opened.questions[item.question_version_id],
                opened.responses.get(item.id),
                shown[item.id].id if item.id in shown else 0,
                convention,
                files=opened.files_of(item),
                said=message.word if message.place == item.position else "",
            )
            for item in loaded.items
            if item.page == page
        ],
    }


def _objections(opened: AttemptView) -> dict[int, ObjectionNote]:
    """Return the objections that were noted while answering, by place."""
    notes = {item.position: objection_in(opened.responses.get(item.id, {})) for item in opened.loaded.items}
    return {position: note for position, note in notes.items() if note is not None}


def _section(loaded: LoadedAttempt, page: int) -> dict[str, object] | None:
    """Return the title and words that stand at the head of a page."""
    entries = [entry for entry in json.loads(loaded.row.interludes) if entry["page"] == page]
    if not entries:
        return None
    title = next((choose(entry["title"]) for entry in entries if entry["title"]), "")
    text = SafeHtml.stored("".join(choose(entry["text"]) for entry in entries if entry["text"]))
    return {"title": title, "text": text}


def summary_page(opened: AttemptView, *, now: datetime) -> dict[str, object]:
    """Return the values of the summary before handing in."""
    loaded, convention, states = opened.loaded, convention_for(opened.loaded.row.language), _states(opened)
    open_pages = _open_pages(loaded, now)
    objected = _objections(opened) if takes_objections(loaded) else {}
    items = []
    for item in loaded.items:
        question = opened.questions[item.question_version_id]
        if item.number is not None:
            items.append(
                {
                    "place": item.position,
                    "number": item.number,
                    "page": item.page,
                    "title": short_title(question, item, convention),
                    "language": text_language(question),
                    "state": states[item.position],
                    "flagged": item.flagged,
                    "objected": item.position in objected,
                    "reachable": item.page in open_pages,
                    "note": note_on(item, question, opened.responses.get(item.id, {}), convention),
                }
            )
    return {
        **opened.activity_header,
        "attempt": _facts(loaded, 1, now=now),
        "items": items,
        "unanswered": sum(state != "answered" for state in states.values()),
        "flagged": sum(item.flagged for item in loaded.items),
    }


def _open_pages(loaded: LoadedAttempt, now: datetime) -> range:
    if not rule_on_time(loaded.clock, now=now).may_answer:
        return range(0)
    reached = loaded.row.page_reached
    return range(reached, reached + 1) if loaded.snapshot.settings.navigation is Navigation.SEQUENTIAL else range(1, loaded.pages + 1)


def review_items(
    session: Session, opened: AttemptView, flags: frozenset[ReviewFlag], known: Mapping[int, MarkRecord] | None = None
) -> list[QuestionReview]:
    """Return every question of an attempt with what the flags let through; `known` are the marks where they were read already."""
    marks: Mapping[int, MarkRecord] = {}
    if flags & {ReviewFlag.MARKS, ReviewFlag.CORRECTNESS, ReviewFlag.SPECIFIC}:
        marks = current_events(session, [item.id for item in opened.loaded.items]) if known is None else known
    sources = _sources(session, opened) if ReviewFlag.SOURCE in flags else {}
    self_reviewed = [item.id for item in opened.loaded.items if is_self_reviewed(opened.questions[item.question_version_id])]
    own_levels = find_self_assessments(session, self_reviewed)
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


def section_lines(
    session: Session, opened: AttemptView, flags: frozenset[ReviewFlag], known: Mapping[int, MarkRecord] | None = None
) -> list[tuple[str, Decimal, Decimal]]:
    """Return title, mark and maximum of each section (spec/quiz-engine 5.8), where there are at least two with marks, all are given,
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
    lines = [(names[section], points(mark), points(maximum)) for section, (mark, maximum) in sorted(totals.items())]
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
    """Return the parts of an attempt that may be shown now; the history knows whether its learner still answers in another one."""
    settings = loaded.snapshot.settings
    if reader is Reader.LEARNER and loaded.setting_sources.is_held(now):
        return frozenset()
    moment = moment_of(
        loaded.row.finished_at, loaded.setting_sources.review_closes(loaded.row.started_at), another_open=has_open(history), now=now
    )
    return flags_for(settings.review, moment, settings.behaviour, reader)


ObjectionCheck = Callable[[Session, LoadedAttempt, datetime], bool]
"""Tells whether the questions of an attempt may still be objected to, or will be."""

OBJECTION_CHECKS = HookList[ObjectionCheck]("objection_checks")
"""Gives whether an attempt may be objected to."""


def flags_in_term(session: Session, loaded: LoadedAttempt, flags: frozenset[ReviewFlag], *, now: datetime) -> frozenset[ReviewFlag]:
    """Return the parts of an attempt that its learner may see: no right answers and explanations while questions may be objected to.

    spec/selection 0.2; without such flags there is no statement.
    """
    if not flags & EXPLAINING or not takes_objections(loaded):
        return flags
    checks = OBJECTION_CHECKS.of(session)
    return flags - EXPLAINING if any(check(session, loaded, now) for check in checks) else flags


def review_page(
    session: Session, opened: AttemptView, flags: frozenset[ReviewFlag], history: Sequence[AttemptRow], *, now: datetime
) -> dict[str, object]:
    """Return the values of an attempt's review: its result and its questions, as far as the flags go."""
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
    """Return the result of the attempts until this one, where the mean or the first counts: it passes, not this one alone."""
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
    """Describe when more will be shown, or that what is right never will."""
    if loaded.setting_sources.is_held(now):
        return _("Done. You will see this result beside that of the final test, once that is marked.")
    closes, settings = loaded.setting_sources.review_closes(loaded.row.started_at), loaded.snapshot.settings
    at_the_end = flags_for(settings.review, ReviewMoment.CLOSED, settings.behaviour)
    if closes is None or flags >= at_the_end:
        never = {ReviewFlag.ATTEMPT, ReviewFlag.CORRECTNESS} <= flags and ReviewFlag.RIGHT_ANSWER not in at_the_end | flags
        return _("This quiz does not show the right answers.") if never else ""
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
