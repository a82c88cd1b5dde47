"""Why something is asked of a person, until when, and since when that is known: the page behind every status (spec/compulsory 11.2)."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from flask import Blueprint, Response, render_template, request, url_for

from accounts.privacy import AccessPurpose, record_access
from compliance.models import Reminder
from compliance.pages import why as pages
from compliance.pages.learner import foreign_zone, until_words
from compliance.pages.status_words import status_view
from compliance.permissions import TrainingAction
from compliance.queries import why as queries
from compliance.queries.learner import RequiredOfPerson, name_leaves
from compliance.queries.why import AssignmentContext, RecordBehind, get_assignment
from compliance.rules.history import timeline
from compliance.rules.past import PastMoments, PastRefusal, first_day, first_known_on, past_moments, why_refused
from compliance.rules.states import NEEDED, TrainingStatus
from compliance.rules.status import TrainingCase, explain_last_day, status_of, training_case
from kernel import clock
from kernel.i18n import _, choose, format_date, format_datetime
from kernel.own_records import is_own
from kernel.tables import Cell, on_disk, type_of, write_csv
from kernel.web import after_response
from kernel.web.file_responses import send_generated
from kernel.web.request import Answer, allows, current_actor, current_session, requires
from organisations.audience_preview import explanation_lines
from organisations.rules.audiences import explain, write_sentence

bp = Blueprint("compliance_learner", __name__)


@dataclass(frozen=True, slots=True)
class _PastQuery:
    """The two days of the address: what they are, or why there is no answer for them."""

    day: str
    known_on: str
    day_error: str = ""
    known_error: str = ""
    moments: PastMoments | None = None


@dataclass(frozen=True, slots=True)
class _Behind:
    """A status with all that made it, at a moment as known at another."""

    required: RequiredOfPerson
    behind: RecordBehind
    moments: PastMoments
    case: TrainingCase
    status: TrainingStatus


@bp.get("/training/<uuid:assignment>")
@requires(TrainingAction.WHY, get_assignment)
def why(subject: AssignmentContext) -> Answer:
    """Show everything behind the status of today."""
    return _page(subject, "", "")


@bp.get("/training/<uuid:assignment>/past")
@requires(TrainingAction.AS_KNOWN, get_assignment)
def past(subject: AssignmentContext) -> Answer:
    """Show everything behind the status of a day as it was known on another."""
    return _page(subject, request.args.get("day", ""), request.args.get("known", ""))


@bp.get("/training/<uuid:assignment>/record.csv")
@requires(TrainingAction.AS_KNOWN, get_assignment)
def record(subject: AssignmentContext) -> Response:
    """Answer with what the page shows as a table: one line for each fact, decision and state."""
    loaded, now = queries.load_behind(current_session(), subject.required), clock.now()
    query = _past_query(subject.required, loaded, request.args.get("day", ""), request.args.get("known", ""), now)
    moments = query.moments or _past_query(subject.required, loaded, "", "", now).moments
    assert moments is not None
    _note_access(subject, AccessPurpose.COPY, now)
    rows = list(_rows(_behind(subject.required, loaded, moments)))
    headings = [_("Part"), _("From"), _("Until"), _("On record since"), _("What")]
    name = f"{_('why')}-{moments.day.isoformat()}-{moments.known_on.isoformat()}.csv"
    return send_generated(on_disk(lambda file: write_csv(file, headings, rows)), type_of(name), name)


def _note_access(subject: AssignmentContext, purpose: AccessPurpose, now: datetime) -> None:
    actor, person_id = current_actor(), subject.person_id
    if not is_own(actor, person_id):
        after_response.leave_record(lambda session: record_access(session, actor, person_id, purpose, now=now))


def _past_query(required: RequiredOfPerson, loaded: RecordBehind, day: str, known_on: str, now: datetime) -> _PastQuery:
    """Read the two days; a day in the future or before the first record is refused in words (spec/compulsory 18)."""
    zone = required.status.zone
    today, versions = now.astimezone(zone).date(), [text.terms for text in required.versions]
    known, of_known = _read(known_on, today)
    chosen, of_day = _read(day, min(known or today, today))
    if chosen is None or known is None:
        return _PastQuery(day, known_on, of_day, of_known)
    first, first_known = first_day(versions, loaded.record), first_known_on(versions, loaded.record, zone)
    of_day, of_known = (
        _(pages.REFUSALS[reason], day=format_date(begins))
        if reason is PastRefusal.BEFORE_RECORD
        else _(pages.REFUSALS[reason])
        if reason
        else ""
        for reason, begins in zip(why_refused(chosen, known, today, first, first_known), (first, first_known), strict=True)
    )
    moments = None if of_day or of_known else past_moments(chosen, known, zone, now)
    return _PastQuery(day or chosen.isoformat(), known_on or known.isoformat(), of_day, of_known, moments)


def _read(text: str, default: date) -> tuple[date | None, str]:
    try:
        return (date.fromisoformat(text) if text else default), ""
    except ValueError:
        return None, _("Give a date.")


def _behind(required: RequiredOfPerson, loaded: RecordBehind, moments: PastMoments) -> _Behind:
    case = training_case([text.terms for text in required.versions], loaded.record, moments.known)
    return _Behind(required, loaded, moments, case, status_of(case, moments.at))


def _page(subject: AssignmentContext, day: str, known_on: str) -> Answer:
    session, now, required = current_session(), clock.now(), subject.required
    acts, loaded = queries.load_acts(session, required.assignment_id), queries.load_behind(session, required)
    query = _past_query(required, loaded, day, known_on, now)
    _note_access(subject, AccessPurpose.PROGRESS, now)
    own = is_own(current_actor(), subject.person_id)
    shown = {
        "assignment": required.uuid,
        "title": choose(required.text_on(now.astimezone(required.status.zone).date()).title),
        "person": "" if own else acts.person,
        "asked": query,
        "back": url_for("lms_training.duties") if own else "",
    }
    if query.moments is None:
        return render_template("compliance/why.html", **shown, answer=None), 422
    behind = _behind(required, loaded, query.moments)
    return render_template("compliance/why.html", **shown, answer=_answer(subject, acts, behind, own=own))


def _answer(subject: AssignmentContext, acts: queries.ObligationActs, looked_at: _Behind, *, own: bool) -> dict[str, object]:
    session, required, status, moments = current_session(), looked_at.required, looked_at.status, looked_at.moments
    text = required.text_on(moments.day)
    taken = queries.list_taken_courses(session, subject.person_id, required.courses_on(moments.day))
    titles = pages.course_titles(taken)
    held = [version for version in acts.versions if version.recorded_at <= moments.known and version.effective_on <= moments.day]
    version = next((version for version in held if version.number == text.number), held[-1] if held else None)
    view = status_view(status.state, status.flags)
    return {
        "is_past": min(moments.day, moments.known_on) < clock.now().astimezone(required.status.zone).date(),
        "day": moments.day,
        "known_on": moments.known_on,
        "status": view,
        "advice": view.advice if own else "",
        "until": until_words(status, text.terms.grace, moments.day),
        "zone": foreign_zone(status, moments.day),
        **_audience(looked_at),
        "version": version,
        "law": choose(version.legal_base) if version and version.legal_base else "",
        "activated_at": acts.activated_at,
        "activated_by": acts.activated_by,
        "sum": pages.sum_terms(explain_last_day(looked_at.case, moments.at)),
        "requirement": pages.requirement_words(text.terms),
        "versions": list(pages.version_lines(text.terms, titles)),
        "taken": taken,
        "titles": titles,
        "done": pages.done_views(looked_at.behind.record.completions, titles, looked_at.behind.reconstructed, moments.known),
        "waivers": pages.waiver_views(
            queries.list_waivers(session, required, moments.known), moments.known, shows_medical=_sees_medical(subject)
        ),
        "reminders": pages.reminder_views(_reminders(looked_at), status.last_on if status.state in NEEDED else None),
        "timeline": pages.timeline_views(timeline(looked_at.case, moments.at)),
        "before": _former_states(looked_at),
    }


def _reminders(looked_at: _Behind) -> Sequence[Reminder]:
    return queries.list_reminders(current_session(), looked_at.required.assignment_id, looked_at.moments.known)


def _sees_medical(subject: AssignmentContext) -> bool:
    return allows(TrainingAction.EVIDENCE, subject)


def _audience(looked_at: _Behind) -> dict[str, object]:
    """Return why the person is in the audience: its sentence, and each condition with its fact."""
    session, moments = current_session(), looked_at.moments
    act, former = queries.find_known_rules(session, looked_at.required.audience_id, moments.day, moments.known)
    if act is None:
        return {"sentence": "", "conditions": [], "rule": None, "former": ""}
    names = name_leaves(session, [act.rule, *([former.rule] if former is not None else [])], looked_at.behind.places)
    conditions = explanation_lines(explain(act.rule, looked_at.behind.candidate, moments.day), names)
    before = write_sentence(former.rule, names) if former is not None else ""
    return {"sentence": write_sentence(act.rule, names), "conditions": list(conditions), "rule": act, "former": before}


def _former_states(looked_at: _Behind) -> list[pages.FormerStateView]:
    """Return what the record said of the moment before something else was recorded."""
    moments = looked_at.moments
    return pages.former_state_views(
        queries.list_former_states(current_session(), looked_at.required.assignment_id, moments.at, moments.known)
    )


def _rows(looked_at: _Behind) -> Iterator[Sequence[Cell]]:
    """Yield the lines of the table: status, sum, facts, takes, reminders, timeline."""
    session, required, moments = current_session(), looked_at.required, looked_at.moments
    last_on, view = looked_at.status.last_on, status_view(looked_at.status.state, looked_at.status.flags)
    yield _("Status"), moments.day.isoformat(), "", moments.known_on.isoformat(), ", ".join(filter(None, (view.word, view.remark)))
    for term in explain_last_day(looked_at.case, moments.at):
        [shown] = pages.sum_terms([term])
        yield _("Last day"), "", term.last_on.isoformat(), "", shown.words
    taken = queries.list_taken_courses(session, required.person_id, required.courses_on(moments.day))
    for done in pages.done_views(
        looked_at.behind.record.completions, pages.course_titles(taken), looked_at.behind.reconstructed, moments.known
    ):
        label = " · ".join(filter(None, (done.title, done.what, done.remark)))
        yield _("Done"), format_datetime(done.at, "short"), "", format_datetime(done.recorded_at, "short"), label
    for reminder in pages.reminder_views(_reminders(looked_at), last_on):
        sent = reminder.told.isoformat() if reminder.told else ""
        yield _("Reminder"), reminder.day.isoformat(), sent, format_datetime(reminder.at, "short"), f"{reminder.words} · {reminder.outcome}"
    for row in pages.timeline_views(timeline(looked_at.case, moments.at)):
        until = "" if row.until is None else format_datetime(row.until, "short")
        label = ", ".join(filter(None, (row.status.word, row.status.remark)))
        yield _("Timeline"), format_datetime(row.since, "short"), until, "", label
    for former in _former_states(looked_at):
        label = ", ".join(filter(None, (former.status.word, former.status.remark)))
        known = format_datetime(former.known_from, "short"), format_datetime(former.known_to, "short")
        yield _("Said before"), format_datetime(former.since, "short"), "", " – ".join(known), label
