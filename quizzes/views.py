"""Pages of quizzes: before an attempt, the attempt, its summary and its review. Everything works as plain forms."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from math import ceil
from typing import Any, cast
from uuid import UUID

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for

from courses import queries as course_queries
from courses.rules import Outline
from enrolments import queries as enrolment_queries
from enrolments.opening import course_view
from enrolments.permissions import ActivitySeat
from kernel import clock
from kernel.errors import N_, Invalid, NotFound
from kernel.i18n import _, choose, format_datetime, language, reading
from kernel.markup.model import SafeHtml
from kernel.web.errors import wants_json
from kernel.web.request import current_actor, current_session, requires
from quizzes import queries, services
from quizzes.pages import QuestionView, html, points, short_title, view_question
from quizzes.permissions import AttemptSeat, QuizAction
from quizzes.queries import AttemptRow, Paper, Sitting, StoredAnswer
from quizzes.reviewing import review_items
from quizzes.rules import saving
from quizzes.rules.attempts import ENDED_STATES, OPEN_STATES, AttemptState, Reason, StartRuling, rule_on_time, seconds_left
from quizzes.rules.grades import AttemptGrade, band_for, over_attempts
from quizzes.rules.layout import SlotEntry
from quizzes.rules.numbers import Convention, convention_for
from quizzes.rules.responses import Parts, answer_state, clean_parts
from quizzes.rules.review import flags_for, may_download_answers, moment_of
from quizzes.rules.settings import Behaviour, Flag, Moment, Navigation
from quizzes.services import Acknowledgement, Batch

bp = Blueprint("quizzes", __name__)

Answer = str | Response
MAX_LEASE = 2**62
FLAG = "flag"


def see_other(endpoint: str, **values: Any) -> Response:
    """Answer a POST with the page to look at next."""
    return cast("Response", redirect(url_for(endpoint, **values), code=303))


@dataclass(frozen=True, slots=True)
class Rules:
    """What is said of a quiz before it starts."""

    questions: int
    pages: int
    points: Decimal | None
    limit_minutes: int | None
    attempts: int
    pass_percent: Decimal | None
    grading: str
    sequential: bool
    opens_at: datetime | None
    closes_at: datetime | None
    feedback_now: bool


def rules_of(paper: Paper) -> Rules:
    """Return what is said of a quiz before it starts."""
    settings = paper.settings
    slots = [entry for entry in paper.entries if isinstance(entry, SlotEntry)]
    questions = sum(slot.count for slot in slots if slot.pool[0].numbered)
    return Rules(
        questions=questions,
        pages=ceil(questions / settings.per_page) if settings.per_page else 1,
        points=None,
        limit_minutes=None if settings.limit is None else ceil(settings.limit / 60),
        attempts=settings.attempts,
        pass_percent=None if settings.pass_mark is None else points(settings.pass_mark),
        grading=settings.grading.value,
        sequential=settings.navigation is Navigation.SEQUENTIAL,
        opens_at=paper.opens_at,
        closes_at=paper.closes_at,
        feedback_now=settings.behaviour is not Behaviour.DEFERRED,
    )


@dataclass(frozen=True, slots=True)
class AttemptLine:
    """One attempt in the list beside a quiz."""

    uuid: UUID
    number: int
    state: str
    preview: bool
    started_at: datetime
    submitted_at: datetime | None
    minutes: int | None
    percent: Decimal | None
    passed: bool | None
    reviewable: bool


def attempt_lines(rows: list[AttemptRow], paper: Paper, *, now: datetime) -> list[AttemptLine]:
    """Return the attempts, newest first, with only what their moment lets a learner see."""
    return [_line(row, paper, now=now) for row in reversed(rows)]


def _line(row: AttemptRow, paper: Paper, *, now: datetime) -> AttemptLine:
    flags = flags_for(paper.settings.review, moment_of(row.submitted_at, paper.closes_at, now=now), paper.settings.behaviour)
    shown = row.state in ENDED_STATES and Flag.MARKS in flags
    minutes = None if row.submitted_at is None else ceil((row.submitted_at - row.started_at).total_seconds() / 60)
    return AttemptLine(
        uuid=row.uuid,
        number=row.number,
        state=row.state.value,
        preview=row.preview,
        started_at=row.started_at,
        submitted_at=row.submitted_at,
        minutes=minutes,
        percent=points(row.percent) if shown and row.percent is not None else None,
        passed=row.passed if shown else None,
        reviewable=row.state in ENDED_STATES,
    )


def _refusal_words(ruling: StartRuling) -> list[str]:
    words = {
        Reason.NOT_OPEN_YET: N_("It opens on %(moment)s."),
        Reason.CLOSED: N_("It is closed: no new attempt can be started."),
        Reason.NO_ATTEMPTS_LEFT: N_("You have used all your attempts."),
        Reason.PAUSE: N_("You can try again from %(moment)s. Use the time to read again what failed."),
        Reason.PASSWORD: N_("A password is needed to start."),
        Reason.NETWORK: N_("It can only be taken from certain networks."),
        Reason.PREREQUISITES: N_("Complete first what it asks for."),
    }
    return [_(words[refusal.reason], moment=format_datetime(refusal.until)) for refusal in ruling.refusals]


def _place(outline: Outline, key: str) -> dict[str, object]:
    """Return course, module and activity for the head of a page."""
    activity = outline.by_key[key]
    module = outline.module_by_key[activity.module]
    return {
        "course": {"slug": outline.slug, "title": choose(outline.title)},
        "module": {"number": module.number, "title": choose(module.title)},
        "activity": {"key": key, "title": choose(activity.title)},
    }


@bp.get("/courses/<slug>/quizzes/<key>")
@requires(QuizAction.VIEW_INTRO, enrolment_queries.get_activity_seat)
def quiz(subject: ActivitySeat) -> Answer:
    """Show a quiz before an attempt: its rules, the attempts so far, and whether one can start now."""
    session, actor, now = current_session(), current_actor(), clock.now()
    if subject.activity.kind != "quiz":
        raise NotFound
    paper = queries.get_paper_of_activity(session, subject.activity.id)
    history = queries.list_attempts(session, actor.person_id or 0, subject.seat.course_id, subject.activity.key)
    preview = not subject.seat.is_learner
    ruling = services.start_ruling(subject, paper, history, preview=preview, now=now)
    counted = [row for row in history if row.state in ENDED_STATES and not row.preview]
    best = over_attempts(paper.settings.grading, [AttemptGrade(row.number, row.percent) for row in counted])
    lines = attempt_lines(history, paper, now=now)
    visible = any(line.percent is not None for line in lines)
    open_one = next((row for row in history if row.number == ruling.open_number), None)
    return render_template(
        "quizzes/quiz.html",
        **_place(subject.outline, subject.activity.key),
        instructions=html(paper.instructions),
        icons=(),
        rules=rules_of(paper),
        attempts_left=ruling.attempts_left,
        best=points(best) if best is not None and visible else None,
        passed=visible and any(row.passed for row in counted),
        open_attempt=None if open_one is None else {"uuid": open_one.uuid, "number": open_one.number, "seconds_left": None},
        attempts=lines,
        refusals=_refusal_words(ruling),
        may_start=ruling.allowed,
        is_preview=preview,
    )


@bp.post("/courses/<slug>/quizzes/<key>/attempts")
@requires(QuizAction.START, enrolment_queries.get_activity_seat)
def start(subject: ActivitySeat) -> Answer:
    """Start an attempt, or go back to the open one."""
    try:
        attempt = services.start_attempt(current_session(), current_actor(), subject, language(), now=clock.now())
    except services.CannotStart:
        flash(_("This quiz cannot be started now."), "warn")
        return see_other("quizzes.quiz", slug=subject.outline.slug, key=subject.activity.key)
    return see_other("quizzes.attempt", attempt=attempt.uuid)


def new_lease(sitting: Sitting, now: datetime) -> int:
    """Give a page that opens the attempt a number above every earlier page's, whatever the clock does."""
    elapsed = int((now - sitting.row.started_at).total_seconds() * 1000)
    return (max(sitting.row.lease // 1000, elapsed) + 1) * 1000 + secrets.randbelow(1000)


@dataclass(frozen=True, slots=True)
class AttemptFacts:
    """What the pages of an attempt say of it."""

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
    saved_at: datetime | None
    points: Decimal
    pass_percent: Decimal | None
    grading: str
    attempts_left_after: int | None


def _facts(sitting: Sitting, page: int, *, answered: bool, now: datetime) -> AttemptFacts:
    row, settings = sitting.row, sitting.paper.settings
    left = None if not settings.attempts else max(0, settings.attempts - row.number)
    return AttemptFacts(
        uuid=row.uuid,
        number=row.number,
        page=page,
        pages=sitting.pages,
        lease=new_lease(sitting, now),
        attempts_allowed=settings.attempts,
        sequential=settings.navigation is Navigation.SEQUENTIAL,
        preview=row.preview,
        state=row.state,
        seconds_left=seconds_left(sitting.clock, now=now),
        ends_at=sitting.end,
        saved_at=row.saved_at if answered else None,
        points=points(sum((item.maximum for item in sitting.items), Fraction(0))),
        pass_percent=None if settings.pass_mark is None else points(settings.pass_mark),
        grading=settings.grading.value,
        attempts_left_after=left,
    )


@dataclass(frozen=True)
class OpenedAttempt:
    """An attempt with everything its pages need."""

    sitting: Sitting
    outline: Outline
    answers: Mapping[int, StoredAnswer]
    questions: Mapping[int, Any]

    def parts(self, item_id: int) -> Parts | None:
        """Return the current response of an item."""
        answer = self.answers.get(item_id)
        return None if answer is None else clean_parts(answer.payload)


def _open(subject: AttemptSeat) -> OpenedAttempt:
    session = current_session()
    sitting = queries.get_sitting(session, subject.id)
    version_id = queries.version_of(session, sitting.paper.activity_id)
    return OpenedAttempt(
        sitting=sitting,
        outline=course_queries.get_outline(session, version_id),
        answers=queries.current_answers(session, [item.id for item in sitting.items]),
        questions=queries.get_questions(session, [item.question_version_id for item in sitting.items]),
    )


def _asked_page(sitting: Sitting) -> int:
    text = request.args.get("page", "1")
    page = int(text[:4]) if text.isascii() and text.isdigit() else 0
    if not 1 <= page <= sitting.pages:
        raise NotFound
    return page


@bp.get("/attempts/<uuid:attempt>")
@requires(QuizAction.ANSWER, queries.get_attempt)
def attempt(subject: AttemptSeat) -> Answer:
    """Show one page of an attempt; an ended one leads to its review, one whose time is up to handing it in."""
    if subject.state not in OPEN_STATES:
        return see_other("quizzes.review", attempt=subject.uuid)
    opened, now = _open(subject), clock.now()
    sitting = opened.sitting
    if not rule_on_time(sitting.clock, now=now).may_answer:
        return see_other("quizzes.summary", attempt=subject.uuid)
    page = _asked_page(sitting)
    convention = convention_for(sitting.row.language)
    states = _states(opened)
    return render_template(
        "quizzes/attempt.html",
        **_place(opened.outline, sitting.row.activity_key),
        icons=(),
        attempt=_facts(sitting, page, answered=bool(opened.answers), now=now),
        answered=sum(state not in ("unanswered", "invalid") for state in states.values()),
        flagged=sum(item.flagged for item in sitting.items),
        total=sum(item.number is not None for item in sitting.items),
        places=[
            {
                "place": item.position,
                "number": item.number,
                "page": item.page,
                "answered": states.get(item.position, "unanswered") not in ("unanswered", "invalid"),
                "flagged": item.flagged,
            }
            for item in sitting.items
        ],
        section=_section(sitting, page),
        questions=_questions(opened, page, convention),
    )


def _states(opened: OpenedAttempt) -> dict[int, str]:
    return {
        item.position: answer_state(opened.questions[item.question_version_id], item.layout, opened.parts(item.id))
        for item in opened.sitting.items
        if item.number is not None
    }


def _section(sitting: Sitting, page: int) -> dict[str, object] | None:
    """Return the title and words that stand at the head of a page."""
    found = [entry for entry in json.loads(sitting.row.interludes) if entry["page"] == page]
    if not found:
        return None
    title = next((choose(entry["title"]) for entry in found if entry["title"]), "")
    text = SafeHtml.stored("".join(choose(entry["text"]) for entry in found if entry["text"]))
    return {"title": title, "text": text}


def _questions(opened: OpenedAttempt, page: int, convention: Convention) -> list[QuestionView]:
    return [
        view_question(
            item,
            opened.questions[item.question_version_id],
            opened.parts(item.id),
            opened.answers[item.id].id if item.id in opened.answers else 0,
            convention,
        )
        for item in opened.sitting.items
        if item.page == page
    ]


def _lease_of_form() -> int:
    text = request.form.get("lease", "")
    if not (text.isascii() and text.isdigit()) or not 0 < int(text[:20]) < MAX_LEASE:
        raise Invalid(N_("The page is not complete. Reload it: what was saved is there."))
    return int(text[:20])


def form_parts(place: int) -> dict[str, list[str]]:
    """Return what the page's form holds for the question in a place."""
    prefix = f"p{place}"
    parts = {"answer": request.form.getlist(prefix)} if prefix in request.form else {}
    for name in request.form:
        if name.startswith(f"{prefix}-") and not name.endswith(("-seq", "-flag")):
            parts[name.removeprefix(f"{prefix}-")] = request.form.getlist(name)
    return clean_parts(parts)


def form_batch(sitting: Sitting, stored: Sequence[StoredAnswer], page: int) -> Batch:
    """Return the answers of a page sent as a plain form: those that were changed since the page was shown.

    `pN-seq` names the response that the page showed. What is as it was shown was not touched, and says nothing against what another
    page has saved meanwhile; what was changed gets the next number under this page's lease, also when the page came back by «Back».
    """
    lease = _lease_of_form()
    shown = {answer.id: clean_parts(answer.payload) for answer in stored}
    last = {answer.item_id: answer.seq for answer in stored if answer.lease == lease}
    events = []
    for item in sitting.items:
        if item.page != page or item.number is None:
            continue
        parts = form_parts(item.position)
        before = shown.get(_whole_number(request.form.get(f"p{item.position}-seq", "")), {})
        if _filled(parts) != _filled(before):
            events.append(saving.AnswerEvent(item.position, saving.Place(lease, last.get(item.id, 0) + 1), parts))
    return Batch(lease, tuple(events), "save")


def _filled(parts: Parts) -> dict[str, list[str]]:
    return {name: [value for value in values if value] for name, values in parts.items() if any(values)}


def _whole_number(text: str, otherwise: int = 0) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else otherwise


def script_batches(kind: str) -> list[Batch]:
    """Return the answers that the page's script sends: its own and those of earlier pages that the device still held."""
    try:
        sent = json.loads(request.form.get("events") or "[]")
    except (ValueError, RecursionError):
        raise Invalid(N_("The page is not complete. Reload it: what was saved is there.")) from None
    by_lease: dict[int, list[Any]] = {}
    for entry in sent if isinstance(sent, list) else []:
        lease = entry.get("lease") if isinstance(entry, dict) else None
        valid = isinstance(lease, int) and not isinstance(lease, bool) and 0 < lease < MAX_LEASE
        by_lease.setdefault(lease if valid else _lease_of_form(), []).append(entry)
    return [_script_batch(lease, entries, kind) for lease, entries in by_lease.items()]


def _script_batch(lease: int, entries: list[Any], kind: str) -> Batch:
    events = tuple(
        saving.AnswerEvent(event.item, event.sequence, clean_parts(event.payload)) for event in saving.read_events(lease, entries)
    )
    times = [str(entry.get("client_time", "")) for entry in entries if isinstance(entry, dict)]
    return Batch(lease, events, kind, max(times, default=""))


@bp.post("/attempts/<uuid:attempt>/answers")
@requires(QuizAction.ANSWER, queries.lock_attempt)
def save(subject: AttemptSeat) -> Answer:
    """Keep answers: from the page's script (JSON in, JSON out) or as a plain form that then goes where it is asked to."""
    session, now = current_session(), clock.now()
    sitting = queries.get_sitting(session, subject.id)
    if wants_json():
        return _acknowledge(services.save_answers(session, sitting, script_batches("autosave"), now=now), now)
    page = _whole_number(request.form.get("page", ""), otherwise=1)
    stored = queries.list_answers(session, [item.id for item in sitting.items])
    services.save_answers(session, sitting, [form_batch(sitting, stored, page)], now=now)
    for item in sitting.items:
        if item.page == page and item.number is not None:
            flagged = f"p{item.position}-{FLAG}" in request.form
            if flagged != item.flagged:
                services.set_flag(session, sitting, item.position, flagged=flagged)
    return _go_on(sitting, page)


def _acknowledge(done: Acknowledgement, now: datetime) -> Response:
    return jsonify(
        acknowledged={str(item): seq for item, seq in done.acknowledged.items()},
        seconds_left=done.seconds_left,
        state=done.state.value,
        newer={str(item): payload for item, payload in done.elsewhere.items()},
        saved_at=now.isoformat(),
    )


def _go_on(sitting: Sitting, page: int) -> Response:
    target = request.form.get("go", "save")
    if target == "review":
        return see_other("quizzes.summary", attempt=sitting.row.uuid)
    if target == "exit":
        flash(_("Your answers are saved. You can go on whenever you like."), "ok")
        return see_other("quizzes.quiz", slug=_slug_of(sitting), key=sitting.row.activity_key)
    steps = {"next": page + 1, "previous": page - 1, "save": page}
    wanted = steps.get(target, int(target) if target.isascii() and target.isdigit() and len(target) < 4 else page)
    return see_other("quizzes.attempt", attempt=sitting.row.uuid, page=min(max(wanted, 1), sitting.pages))


def _slug_of(sitting: Sitting) -> str:
    session = current_session()
    return course_queries.get_outline(session, queries.version_of(session, sitting.paper.activity_id)).slug


@bp.get("/attempts/<uuid:attempt>/summary")
@requires(QuizAction.ANSWER, queries.get_attempt)
def summary(subject: AttemptSeat) -> Answer:
    """Show what was answered, and ask once before handing it in."""
    if subject.state not in OPEN_STATES:
        return see_other("quizzes.review", attempt=subject.uuid)
    opened, now = _open(subject), clock.now()
    sitting = opened.sitting
    states = _states(opened)
    convention = convention_for(sitting.row.language)
    items = [
        {
            "place": item.position,
            "number": item.number,
            "page": item.page,
            "title": short_title(opened.questions[item.question_version_id]),
            "state": states[item.position],
            "flagged": item.flagged,
            "reachable": rule_on_time(sitting.clock, now=now).may_answer,
            "note": view_question(item, opened.questions[item.question_version_id], opened.parts(item.id), 1, convention).note,
        }
        for item in sitting.items
        if item.number is not None
    ]
    return render_template(
        "quizzes/summary.html",
        **_place(opened.outline, sitting.row.activity_key),
        attempt=_facts(sitting, 1, answered=bool(opened.answers), now=now),
        items=items,
        unanswered=sum(state in ("unanswered", "invalid") for state in states.values()),
        flagged=sum(item.flagged for item in sitting.items),
    )


@bp.post("/attempts/<uuid:attempt>/submission")
@requires(QuizAction.SUBMIT, queries.lock_attempt)
def submit(subject: AttemptSeat) -> Answer:
    """Hand the attempt in, with whatever the device still held."""
    session, now = current_session(), clock.now()
    sitting = queries.get_sitting(session, subject.id)
    batches = script_batches("submit") if request.form.get("events") else []
    services.submit_attempt(session, current_actor(), sitting, batches, now=now)
    return see_other("quizzes.review", attempt=subject.uuid)


@bp.get("/attempts/<uuid:attempt>/review")
@requires(QuizAction.REVIEW, queries.get_attempt)
def review(subject: AttemptSeat) -> Answer:
    """Show what came of an attempt, as far as its moment allows."""
    opened, now, actor = _open(subject), clock.now(), current_actor()
    sitting, settings = opened.sitting, opened.sitting.paper.settings
    own = subject.person_id == actor.person_id
    staff = not own or subject.staff_role is not None or actor.is_administrator
    flags = flags_for(settings.review, moment_of(sitting.row.submitted_at, sitting.paper.closes_at, now=now), settings.behaviour, staff=staff)
    history = queries.list_attempts(current_session(), subject.person_id, subject.course_id, sitting.row.activity_key)
    place = _place(opened.outline, sitting.row.activity_key)
    following, retry = _after_review(opened, history, now=now) if own else (None, False)
    return render_template(
        "quizzes/review.html",
        **place,
        icons=(),
        attempt=_verdict(sitting, flags),
        overall=_overall(sitting, flags),
        shown_later=_shown_later(sitting, flags, now=now),
        rules=rules_of(sitting.paper),
        attempts=attempt_lines(history, sitting.paper, now=now),
        next=following,
        may_retry=retry,
        items=review_items(current_session(), opened, flags) if Flag.ATTEMPT in flags else [],
    )


def _after_review(opened: OpenedAttempt, history: list[AttemptRow], *, now: datetime) -> tuple[object, bool]:
    """Return where to go on after a pass, and whether another attempt can be made."""
    key = opened.sitting.row.activity_key
    subject = enrolment_queries.get_activity_seat(current_session(), current_actor(), opened.outline.slug, key)
    if key not in subject.outline.by_key:
        return None, False
    _before, after = subject.outline.neighbours(key)
    step = course_view(subject.seat, subject.outline).step(after)
    ruling = services.start_ruling(subject, opened.sitting.paper, history, preview=not subject.seat.is_learner, now=now)
    return step, ruling.allowed


def _verdict(sitting: Sitting, flags: frozenset[Flag]) -> dict[str, object]:
    row, settings = sitting.row, sitting.paper.settings
    marks = Flag.MARKS in flags
    waits = row.state == AttemptState.FINISHED and row.raw is None
    return {
        "uuid": row.uuid,
        "number": row.number,
        "state": row.state,
        "preview": row.preview,
        "percent": points(Fraction(row.percent)) if marks and row.percent is not None else None,
        "raw": points(Fraction(row.raw)) if marks and row.raw is not None else None,
        "maximum": points(Fraction(row.maximum)) if Flag.MAX_MARKS in flags else None,
        "passed": row.passed if marks else None,
        "pass_percent": None if settings.pass_mark is None else points(settings.pass_mark),
        "late": row.due_at is not None and row.submitted_at == sitting.end,
        "waits": waits,
    }


def _overall(sitting: Sitting, flags: frozenset[Flag]) -> SafeHtml | str:
    if Flag.OVERALL not in flags or sitting.row.percent is None:
        return ""
    band = band_for(Fraction(sitting.row.percent), sitting.paper.settings.feedback)
    return html(band.text) if band else ""


def _shown_later(sitting: Sitting, flags: frozenset[Flag], *, now: datetime) -> str:
    """Say when more will be shown, where that is so."""
    closes, settings = sitting.paper.closes_at, sitting.paper.settings
    if closes is None or now >= closes or flags == flags_for(settings.review, Moment.CLOSED, settings.behaviour):
        return ""
    return _("More will be shown when the quiz closes, on %(moment)s.", moment=format_datetime(closes))


@bp.get("/attempts/<uuid:attempt>/record.json")
@requires(QuizAction.REVIEW, queries.get_attempt)
def record(subject: AttemptSeat) -> Response:
    """Give the learner the record of an attempt: answers as stored, times, state, and marks once they may be seen."""
    opened, now, actor = _open(subject), clock.now(), current_actor()
    row, settings = opened.sitting.row, opened.sitting.paper.settings
    staff = subject.staff_role is not None or actor.is_administrator
    flags = flags_for(settings.review, moment_of(row.submitted_at, opened.sitting.paper.closes_at, now=now), settings.behaviour, staff=staff)
    if not may_download_answers(flags):
        raise NotFound
    answers = {item.position: opened.answers.get(item.id) for item in opened.sitting.items}
    with reading(row.language):
        questions = [
            {
                "place": item.position,
                "number": item.number,
                "question": short_title(opened.questions[item.question_version_id]),
                "answer": answer.payload if (answer := answers[item.position]) else None,
                "saved_at": answer.server_time.isoformat() if answer else None,
            }
            for item in opened.sitting.items
        ]
    marks = {"percent": str(row.percent), "passed": row.passed} if Flag.MARKS in flags and row.percent is not None else {}
    response = jsonify(
        attempt=str(row.uuid),
        course=opened.outline.slug,
        quiz=row.activity_key,
        number=row.number,
        state=row.state,
        started_at=row.started_at.isoformat(),
        submitted_at=row.submitted_at.isoformat() if row.submitted_at else None,
        questions=questions,
        **marks,
    )
    response.headers["Content-Disposition"] = f'attachment; filename="attempt-{row.number}-{row.activity_key}.json"'
    return response


