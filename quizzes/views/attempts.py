"""Pages of a quiz for its learners: before an attempt, the attempt, its summary, its review, and a mistake report of a question."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from flask import Blueprint, Response, flash, jsonify, request, url_for
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField

from accounts import privacy
from accounts.people import get_person
from accounts.privacy import AccessPurpose
from courses import versions
from enrolments import learners
from enrolments.access import ActivityContext, MistakeAction, is_staff
from enrolments.awards import find_award
from enrolments.course_context import activity_header, course_view, mistake_page
from enrolments.course_view import ActivityLink, CourseView, share
from enrolments.mistakes import MistakePlace
from enrolments.models import ActivityResult
from enrolments.results import find_result
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, choose, format_time, language, lazy_, ngettext, reading
from kernel.web import after_response
from kernel.web.errors import wants_json
from kernel.web.forms import Form, LineField, whole_number
from kernel.web.limits import limit, limiter
from kernel.web.request import Answer, allows, current_actor, current_session, page, requires, secrets_of_app, see_page
from questions.answer_fields import form_parts
from questions.question_page import QuestionMessage, html, short_title
from questions.rules.feedback import ReviewFlag
from quizzes import answering, attempts, board_guard, quiz_page, saves
from quizzes.access import QuizAction, reader_of
from quizzes.answering import CheckOutcome, SaveReceipt, check_answer, get_checks
from quizzes.attempt_page import (
    AttemptView,
    attempt_page,
    flags_in_term,
    flags_of,
    new_page_epoch,
    open_attempt,
    record_of,
    review_page,
    summary_page,
)
from quizzes.draws import recreate_layout
from quizzes.effective_settings import outline_of_activity
from quizzes.files import receive_files
from quizzes.hand_acts import hand_words, list_hand_acts
from quizzes.jury import list_counted
from quizzes.marking import is_reopenable
from quizzes.publication import withheld_marks
from quizzes.rules.settings import Navigation, Reader, may_download_answers
from quizzes.rules.states import OPEN_STATES, AttemptRefusalReason, AttemptState, rule_on_time, seconds_left
from quizzes.saves import PageNotes, SaveRequest, record_save, record_with
from quizzes.views import answers


class StartForm(Form):
    """The form before an attempt: the quiz password, where there is one, and a yes to the time limit that begins."""

    quiz_password = LineField(lazy_("Quiz password"))
    confirmed = HiddenField()
    declared = BooleanField(lazy_("I accept this declaration"))


attempts_bp = Blueprint("quizzes", __name__)

FIELD_LIMIT = 20_000
"""Of a page of an attempt, on which a whole quiz may stand: five hundred questions of thirty rows, with what is sent beside each."""
PASSWORD_TRIES = limit("quiz password", "20 per 10 minutes")


@attempts_bp.get("/courses/<slug>/quizzes/<key>")
@requires(QuizAction.VIEW_INTRO, learners.get_activity_context)
def quiz(subject: ActivityContext) -> Answer:
    """Show a quiz before an attempt: its rules, the attempts so far, and whether one can start now."""
    session, actor, now = current_session(), current_actor(), clock.now()
    if subject.activity.kind != "quiz":
        raise NotFound
    start = answering.load_start(session, actor, subject)
    snapshot, setting_sources, history = start.snapshot, start.setting_sources, start.history
    ruling = start.ruling(answering.ASKED_NOTHING, now=now)
    decided_by = quiz_page.deciding_snapshot(session, history, snapshot)
    best, passed = quiz_page.best_and_passed(history, decided_by, setting_sources, now=now)
    result = _result_of(subject)
    deadline = quiz_page.quiz_deadline(subject, setting_sources, result, now=now)
    access = quiz_page.access_for(subject, setting_sources)
    open_one = next((row for row in history if row.number == ruling.open_number), None)
    return page(
        "quizzes/quiz.html",
        **activity_header(subject.outline, subject.activity.key),
        instructions=html(snapshot.instructions),
        icons=(),
        rules=quiz_page.rules_of(snapshot, access),
        result_use=quiz_page.result_use(snapshot, access),
        deadline=deadline,
        attempts_left=ruling.attempts_left,
        best=best,
        counted=list_counted(session, actor.person_id, subject.context.course_id, subject.activity.key) if snapshot.selection else [],
        passed=passed,
        former_pass_mark=decided_by.settings.pass_mark if decided_by.settings.pass_mark != snapshot.settings.pass_mark else None,
        set_by_team=_set_by_team(subject, result),
        open_attempt=open_one,
        seconds_left=None if open_one is None else answering.time_left(open_one, setting_sources, now=now),
        attempts=quiz_page.attempt_lines(history, snapshot, setting_sources, now=now),
        refusals=quiz_page.refusal_words(ruling),
        may_start=ruling.allowed and allows(QuizAction.START, subject),
        asks_first=ruling.needs_confirmation or ruling.needs_password or (subject.context.is_learner and snapshot.integrity.honour),
        recorded=quiz_page.recorded_lines(snapshot, setting_sources),
        is_preview=not subject.context.is_learner,
        may_manage=is_staff(current_actor(), subject.context),
    )


def _result_of(subject: ActivityContext) -> ActivityResult | None:
    enrolment_id = subject.context.enrolment_id
    return None if enrolment_id is None else find_result(current_session(), enrolment_id, subject.activity.key)


def _set_by_team(subject: ActivityContext, result: ActivityResult | None) -> str:
    """Return the result that the course's team has set for the reader, once marks are shown; nothing where it has not."""
    session, enrolment_id, activity = current_session(), subject.context.enrolment_id, subject.activity
    if enrolment_id is None or result is None or result.overridden_at is None or result.score is None:
        return ""
    return "" if withheld_marks(session, enrolment_id, [activity], subject.context.now) else share(Fraction(result.score))


@attempts_bp.post("/courses/<slug>/quizzes/<key>/attempts")
@requires(QuizAction.START, learners.get_activity_context, optimistic=lambda: not request.form.get("quiz_password"))
def start(subject: ActivityContext) -> Answer:
    """Start an attempt, or go back to the open one; where there is something to ask first, ask."""
    form = StartForm()
    entry = answering.StartRequest(form.quiz_password.data or "", confirmed=form.confirmed.data == "yes", declared=bool(form.declared.data))
    if entry.password:
        limiter().use(PASSWORD_TRIES, f"{current_actor().person_id} {subject.activity.id}")
    try:
        attempt = answering.start_attempt(current_session(), current_actor(), subject, language(), entry, now=clock.now())
    except answering.NotConfirmed:
        return see_page("quizzes.begin", slug=subject.outline.slug, key=subject.activity.key)
    except answering.NotDeclared:
        return _ask_again(subject, form, "declared", _("Accept the declaration to begin. No attempt has been used."))
    except answering.AttemptNotAllowed as refusal:
        if refusal.facts["reasons"] == [AttemptRefusalReason.PASSWORD.value]:
            return _ask_again(subject, form, "quiz_password", _("That password is incorrect. Ask the course team for it."))
        flash(_("This quiz cannot be started now."), "warn")
        return see_page("quizzes.quiz", slug=subject.outline.slug, key=subject.activity.key)
    return see_page("quizzes.attempt", attempt=attempt.uuid)


def _ask_again(subject: ActivityContext, form: StartForm, field: str, message: str) -> Answer:
    """Show the page before a start with what is wrong; whoever was not there yet is asked there first."""
    if not form.confirmed.data:
        return see_page("quizzes.begin", slug=subject.outline.slug, key=subject.activity.key)
    form.refuse(form[field], message)
    return _begin_page(subject, form, status=422)


@attempts_bp.get("/courses/<slug>/quizzes/<key>/start")
@requires(QuizAction.START, learners.get_activity_context)
def begin(subject: ActivityContext) -> Answer:
    """Ask before a start: for the word, and whether time shall begin to run (spec/quiz-engine 5.2.2)."""
    return _begin_page(subject, StartForm())


def _begin_page(subject: ActivityContext, form: StartForm, *, status: int = 200) -> Answer:
    session, actor, slug, key = current_session(), current_actor(), subject.outline.slug, subject.activity.key
    if subject.activity.kind != "quiz":
        raise NotFound
    start = answering.load_start(session, actor, subject)
    snapshot, setting_sources, ruling = start.snapshot, start.setting_sources, start.ruling(answering.ASKED_NOTHING, now=clock.now())
    if not ruling.allowed:
        return see_page("quizzes.quiz", slug=slug, key=key)
    html = page(
        "quizzes/start.html",
        **activity_header(subject.outline, key),
        rules=quiz_page.rules_of(snapshot, quiz_page.access_for(subject, setting_sources)),
        deadline=quiz_page.quiz_deadline(subject, setting_sources, None, now=clock.now()),
        attempts_left=ruling.attempts_left,
        needs_password=ruling.needs_password,
        declaration=quiz_page.declaration_of(snapshot),
        contact=choose(snapshot.selection.contact) if snapshot.selection is not None else "",
        recorded=quiz_page.recorded_lines(snapshot, setting_sources),
        form=form,
    )
    return html, status


@attempts_bp.get("/attempts/<uuid:attempt>")
@requires(QuizAction.ANSWER, attempts.get_answerable_attempt)
def attempt(subject: attempts.LoadedAttempt) -> Answer:
    """Show one page of an attempt; an ended one leads to its review, one whose time is up to handing it in."""
    if subject.state not in OPEN_STATES:
        return see_page("quizzes.review", attempt=subject.uuid)
    now = clock.now()
    if not rule_on_time(subject.clock, now=now).may_answer or seconds_left(subject.clock, now=now) == 0:
        return see_page("quizzes.summary", attempt=subject.uuid)  # the network's minute is for what is on its way
    page_number = whole_number(request.args.get("page", "1"))
    if subject.snapshot.settings.navigation is Navigation.SEQUENTIAL and page_number != subject.row.page_reached:
        return see_page("quizzes.attempt", attempt=subject.uuid, page=subject.row.page_reached)
    if not 1 <= page_number <= subject.pages:
        raise NotFound
    position, _dash, message = request.args.get("said", "").partition("-")
    shown = attempt_page(
        open_attempt(current_session(), subject), page_number, now=now, message=QuestionMessage(whole_number(position), message)
    )
    return page("quizzes/attempt.html", icons=(), token=saves.offline_token(secrets_of_app(), subject, now=now), **shown)


@attempts_bp.post("/attempts/<uuid:attempt>/answers")
@requires(
    QuizAction.ANSWER,
    answers.attempt_to_save,
    reads_first=answers.brings_files,
    optimistic=True,
    body_limit=answers.BODY_LIMIT,
    field_limit=FIELD_LIMIT,
)
def save(subject: attempts.LoadedAttempt) -> Answer:
    """Keep answers: from the page's script, whose `Accept` asks for JSON back, or from the plain form, which goes where it is asked to."""
    now, form = clock.now(), request.form.to_dict(flat=False)
    page = whole_number(answers.first(form, "page"), otherwise=1)
    at, removed = answers.removed_file(form)
    subject, uploads = answers.store_received_files(subject, page, removed=removed, now=now)
    if wants_json():
        return _save_from_script(subject, form, now)
    session = current_session()
    record_save(subject, current_actor(), _notes_of(form), now=now)
    closed = get_checks(session, subject).closed
    added, refused = receive_files(session, subject, uploads, removed=(removed,), now=now)
    compared_payloads = attempts.read_payloads(session, subject.answers, answers.answers_compared(form, subject))
    batch = answers.form_batch(form, subject, page, compared_payloads, closed, answers.FileChanges(added, frozenset({removed})))
    done = answering.save_answers(session, subject, [batch], now=now)
    for position, flagged in answers.changed_flags(form, subject, page).items():
        answering.set_flag(session, subject, position, flagged=flagged)
    if done.newer_answers:
        flash(_changed_elsewhere(subject, sorted(done.newer_answers)), "warn")
    for position, refusal in refused.items():
        return _stay(subject, page, position, refusal.value)
    if at or (at := whole_number(answers.first(form, "at"))):
        return _stay(subject, page, at)
    if position := whole_number(answers.first(form, "check")):
        return _check(subject, position, page, now)
    return _go_on(subject, page, now)


def _save_from_script(subject: attempts.LoadedAttempt, form: dict[str, list[str]], now: datetime) -> Response:
    """Keep what a page's script sends, and tell it what is kept; the answer is made before others have to wait for SQLite's lock.

    A page shown a newer answer gets a newer epoch: a change after seeing it counts (spec/quiz-engine 5.4.3).
    """
    session, batches = current_session(), answers.script_batches(form, "autosave")
    planned = answering.plan_save(session, subject, batches, _offline_in_time(subject, batches, now), now=now)
    done = planned[1]
    record, receipt = record_with(subject, current_actor(), _notes_of(form), now=now), _acknowledgement(subject, done, now)
    answer = jsonify(receipt)
    answering.write_save(session, subject, planned, record, now=now)
    return jsonify(**receipt, lease=new_page_epoch(subject, now)) if done.newer_answers else answer


def _notes_of(form: dict[str, list[str]]) -> PageNotes:
    return whole_number(answers.first(form, "lease")), answers.first(form, "noted")


def _stay(loaded: attempts.LoadedAttempt, page: int, position: int, message: str = "") -> Response:
    """Show the page again at one of its questions, with what is to be said there."""
    arguments = {"said": f"{position}-{message}"} if message else {}
    return see_page("quizzes.attempt", attempt=loaded.uuid, page=min(page, loaded.pages), **arguments, _anchor=f"p{position}")


def _check(loaded: attempts.LoadedAttempt, position: int, page: int, now: datetime) -> Response:
    """Check one answer of the page that was just saved, and show the page again at its question."""
    checked = check_answer(current_session(), loaded, position, form_parts(request.form.to_dict(flat=False), position), now=now)
    if checked is CheckOutcome.CHANGED:
        flash(_("This question was changed elsewhere. Look at the answer that counts, then check it."), "warn")
    return _stay(loaded, page, position, "nothing" if checked is CheckOutcome.NOTHING else "")


def _changed_elsewhere(loaded: attempts.LoadedAttempt, places: Sequence[int]) -> str:
    numbers = ", ".join(str(loaded.items[position - 1].number) for position in places)
    return ngettext(
        "Question %(numbers)s was changed elsewhere: the newer answer counts.",
        "Questions %(numbers)s were changed elsewhere: the newer answers count.",
        len(places),
        numbers=numbers,
    )


def _offline_in_time(subject: attempts.LoadedAttempt, batches: Sequence[SaveRequest], now: datetime) -> list[SaveRequest]:
    return saves.select_written_in_time(secrets_of_app(), subject, batches, now=now)


def _acknowledgement(subject: attempts.LoadedAttempt, done: SaveReceipt, now: datetime) -> dict[str, object]:
    """Return the acknowledgement of a save to the script."""
    return {
        "acknowledged": {str(item): seq for item, seq in done.acknowledged.items()},
        "seconds_left": done.seconds_left,
        "state": done.state.value,
        "newer": {str(item): payload for item, payload in done.newer_answers.items()},
        "closed": sorted(done.closed),
        "at": format_time(now),
        "token": saves.offline_token(secrets_of_app(), subject, now=now),
    }


def _go_on(loaded: attempts.LoadedAttempt, page: int, now: datetime) -> Response:
    target = request.form.get("go", "save")
    if target == "review":
        return see_page("quizzes.summary", attempt=loaded.uuid)
    if target == "exit":
        flash(_("Your answers are saved. You can continue whenever you like."), "ok")
        slug = outline_of_activity(current_session(), loaded.snapshot.activity_id).slug
        return see_page("quizzes.quiz", slug=slug, key=loaded.row.activity_key)
    steps = {"next": page + 1, "previous": page - 1, "save": page}
    target_page = steps.get(target, whole_number(target, otherwise=page))
    if target_page == page:
        return see_page("quizzes.attempt", attempt=loaded.uuid, page=min(page, loaded.pages))
    shown = answering.resume_attempt(current_session(), current_actor(), loaded, target_page, now=now)
    if shown is None:
        return see_page("quizzes.review", attempt=loaded.uuid)
    return see_page("quizzes.attempt", attempt=loaded.uuid, page=shown)


@attempts_bp.get("/attempts/<uuid:attempt>/summary")
@requires(QuizAction.ANSWER, attempts.get_answerable_attempt)
def summary(subject: attempts.LoadedAttempt) -> Answer:
    """Show what was answered, and ask once before handing it in."""
    if subject.state not in OPEN_STATES:
        return see_page("quizzes.review", attempt=subject.uuid)
    now = clock.now()
    token = saves.offline_token(secrets_of_app(), subject, now=now)
    return page(
        "quizzes/summary.html",
        token=token,
        declaration=quiz_page.declaration_of(subject.snapshot),
        declared_at=subject.row.declared_at,
        **summary_page(open_attempt(current_session(), subject), now=now),
    )


@attempts_bp.post("/attempts/<uuid:attempt>/submission")
@requires(QuizAction.SUBMIT, attempts.lock_answerable_attempt, optimistic=True)
def submit(subject: attempts.LoadedAttempt) -> Answer:
    """Hand the attempt in, with whatever the device still held."""
    form, now = request.form.to_dict(flat=False), clock.now()
    batches = answers.script_batches(form, "submit")
    record_save(subject, current_actor(), _notes_of(form), now=now)
    answering.submit_attempt(current_session(), current_actor(), subject, batches, _offline_in_time(subject, batches, now), now=now)
    return see_page("quizzes.review", attempt=subject.uuid)


def _askable(opened: AttemptView, flags: frozenset[ReviewFlag]) -> dict[int, str]:
    """Return by their places the keys of the questions about which a learner can ask; no statement where no right answer is shown."""
    if ReviewFlag.RIGHT_ANSWER not in flags or opened.loaded.has_left:
        return {}
    keys = {item.position: opened.questions[item.question_version_id].key for item in opened.loaded.items}
    askable = board_guard.list_askable(current_session(), opened.loaded.row, keys.values())
    return {position: key for position, key in keys.items() if key in askable}


@attempts_bp.get("/attempts/<uuid:attempt>/review")
@requires(QuizAction.REVIEW, attempts.get_attempt)
def review(subject: attempts.LoadedAttempt) -> Answer:
    """Show what came of an attempt, as far as its moment allows."""
    session, actor, now = current_session(), current_actor(), clock.now()
    opened = open_attempt(session, subject)
    history = attempts.history_of(session, subject)
    reader = reader_of(actor, subject)
    flags = flags_of(subject, reader, history, now=now)
    if reader is Reader.LEARNER:
        flags = flags_in_term(session, subject, flags, now=now)
    owner = subject.person_id
    if owner != actor.person_id:
        after_response.leave_record(lambda session: privacy.record_access(session, actor, owner, AccessPurpose.ANSWERS, now=now))
    goes_on = subject.person_id == actor.person_id and not subject.is_superseded
    steps = _steps_after(opened, history, now) if goes_on else StepsAfter()
    return page(
        "quizzes/review.html",
        **review_page(session, opened, flags, history, now=now),
        may_download=may_download_answers(flags),
        may_prove=allows(QuizAction.PROOF, subject),
        own_record=quiz_page.own_record(subject) if owner == actor.person_id else None,
        compares=goes_on and subject.snapshot.pair is not None and ReviewFlag.MARKS in flags,
        icons=(),
        void_effects={item.position: item.void_effect for item in subject.items if item.void_effect},
        may_object=owner == actor.person_id and attempts.takes_objections(subject),
        may_report=owner == actor.person_id and not attempts.has_open(history),
        askable=_askable(opened, flags) if goes_on else {},
        may_mark=subject.state is AttemptState.FINISHED and allows(QuizAction.REOPEN, subject),
        may_reopen=is_reopenable(subject) and allows(QuizAction.REOPEN, subject),
        whose="" if subject.person_id == actor.person_id else get_person(session, subject.person_id).full_name,
        rules=quiz_page.rules_of(subject.snapshot, subject.access),
        attempts=quiz_page.attempt_lines(history, subject.snapshot, subject.setting_sources, now=now),
        steps=steps,
        counted=list_counted(session, owner, subject.row.course_id, subject.row.activity_key) if subject.snapshot.selection else [],
        by_hand=_acts_by_hand(session, subject),
    )


def _acts_by_hand(session: Session, subject: attempts.LoadedAttempt) -> list[str]:
    """Describe the acts by hand on an attempt whose result decides, by whom and why."""
    row = subject.row
    acts = list_hand_acts(session, row.course_id, row.activity_key, [row.id]) if subject.snapshot.selection else []
    return [hand_words(act.question, act.people, act.reason) for act in acts]


@dataclass(frozen=True, slots=True)
class StepsAfter:
    """The steps that a learner can take after an attempt: the first activity left to do, another attempt, the certificate."""

    next: ActivityLink | None = None
    standing: str = ""
    """What is left of the module after a pass, or that the module or the course is completed."""
    may_retry: bool = False
    has_completed: bool = False
    """The course is completed."""
    certificate_url: str = ""


def _steps_after(opened: AttemptView, history: list[attempts.AttemptRow], now: datetime) -> StepsAfter:
    """Return the next steps, all of them in the version that the learner follows now."""
    session, key = current_session(), opened.loaded.row.activity_key
    context = learners.get_learner_context(session, current_actor(), opened.outline.slug)
    outline = opened.outline if context.version_id is None else versions.get_outline(session, context.version_id)
    if key not in outline.by_key:
        return StepsAfter()
    subject = learners.activity_context(session, context, outline, key)
    start = answering.AttemptStart(current_actor(), subject, opened.loaded.snapshot, opened.loaded.setting_sources, history)
    ruling = start.ruling(answering.ASKED_NOTHING, now=now)
    view = course_view(context, outline)
    if context.enrolment_id is None:
        return StepsAfter(view.next_activity, may_retry=ruling.allowed)
    has_completed = view.progress.completed
    award = find_award(session, context.enrolment_id) if has_completed else None
    return StepsAfter(
        view.next_activity,
        _standing(view, key),
        ruling.allowed,
        has_completed=has_completed,
        certificate_url=url_for("certificates.certificate", credential=award.uuid) if award and award.in_force else "",
    )


def _standing(view: CourseView, key: str) -> str:
    """Return in words what is left of the module of a passed quiz, or that the module or the course is completed."""
    module = view.outline.module_by_key[view.outline.by_key[key].module]
    progress = view.progress.module(module.key)
    if view.progress.completed:
        return _("You have completed the course.")
    if module.number is None or not module.required:
        return ""
    if progress.completed:
        return _("You have completed this module.")
    left = progress.needed - progress.done
    if all(activity.kind == "page" for activity in module.required if not view.is_done(activity.key)):
        return ngettext(
            "You still have %(count)s lesson to do in this module.",
            "You still have %(count)s lessons to do in this module.",
            left,
        )
    return ngettext(
        "You still have %(count)s activity to do in this module.",
        "You still have %(count)s activities to do in this module.",
        left,
    )


@attempts_bp.get("/attempts/<uuid:attempt>/record.json")
@requires(QuizAction.REVIEW, attempts.get_attempt)
def record(subject: attempts.LoadedAttempt) -> Response:
    """Give the learner the record of an attempt: answers in words, times, state, and marks once they may be seen."""
    history = attempts.history_of(current_session(), subject)
    flags = flags_of(subject, reader_of(current_actor(), subject), history, now=clock.now())
    if not may_download_answers(flags):
        raise NotFound
    with reading(subject.row.language):
        response = jsonify(record_of(current_session(), open_attempt(current_session(), subject), flags))
    response.headers["Content-Disposition"] = f'attachment; filename="attempt-{subject.row.number}-{subject.row.activity_key}.json"'
    return response


@attempts_bp.get("/attempts/<uuid:attempt>/paper")
@requires(QuizAction.SHOW_PAPER, attempts.get_attempt)
def attempt_as_shown(subject: attempts.LoadedAttempt) -> Answer:
    """Show every page of an attempt as its learner saw it, in their language, drawn again from the attempt's seed.

    spec/quiz-engine 5.14.7.
    """
    session, now = current_session(), clock.now()
    again = recreate_layout(session, subject)
    opened = open_attempt(session, again or subject)
    with reading(subject.row.language):
        pages = [attempt_page(opened, page_number, now=now) for page_number in range(1, opened.loaded.pages + 1)]
    return page(
        "quizzes/attempt_as_shown.html",
        **opened.activity_header,
        attempt=pages[0]["attempt"],
        pages=pages,
        language=subject.row.language,
        drawn=again is not None,
        whose=get_person(session, subject.person_id).full_name,
    )


mistakes_bp = Blueprint("quizzes_mistakes", __name__)


@mistakes_bp.route("/attempts/<uuid:attempt>/questions/<int:position>/mistake-report", methods=["GET", "POST"])
@requires(MistakeAction.REPORT, attempts.get_reported_question, reads_first=True)
def report(subject: attempts.ReportedQuestion) -> Answer:
    """Report a mistake in a question of one's own attempt."""
    opened = open_attempt(current_session(), subject.loaded)
    outline, item = opened.outline, subject.item
    mistake_place = MistakePlace(
        outline.course_id,
        outline.version_id,
        subject.loaded.snapshot.activity_key,
        title=short_title(opened.questions[item.question_version_id]),
        language=subject.loaded.row.language,
        question_key=subject.question_key,
        question_number=subject.question_number,
    )
    back = url_for("quizzes.review", attempt=subject.loaded.uuid, _anchor=f"p{item.position}")
    return mistake_page({"slug": outline.slug, "title": choose(outline.title)}, mistake_place, back, marked=True)
