"""Pages on which a course is taken again, and of everything behind one status today or on a past day (spec/compulsory 6.2 and 11.2)."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy import Row
from sqlalchemy.orm import Session

from accounts.privacy import AccessPurpose, record_access
from compliance import learner
from compliance.access import RenewalAction, RenewalContext, TrainingAction
from compliance.enrolment import get_renewal
from compliance.learner import AssignmentContext, RecordBehind, RequiredOfPerson, TakenCourse, get_assignment, name_leaves
from compliance.learner_page import StatusView, foreign_zone, status_view, until_words
from compliance.models import AssignmentState, Reminder, Waiver
from compliance.rules.history import HistoryRow, timeline
from compliance.rules.planned_changes import PastMoments, PastRefusal, first_day, first_known_on, past_moments, why_refused
from compliance.rules.record import AchievedCourse, is_known
from compliance.rules.reminders import SuppressionReason
from compliance.rules.states import NEEDED, TrainingCase, TrainingStatus, explain_last_day, status_of, training_case
from compliance.rules.terms import (
    AllRequirement,
    AnyRequirement,
    DeadlineAnchor,
    ExistingCompletions,
    LastDayReason,
    LastDayTerm,
    ObligationTerms,
    courses_of,
)
from compliance.views.claims import reason_words
from courses.models import Course
from courses.rules import printed_time
from courses.versions import list_outlines
from enrolments import takes
from enrolments.dates import list_dated_enrolments
from enrolments.models import TakeCause
from enrolments.takes import REFUSALS, TakeNotAllowed
from kernel import clock
from kernel.errors import N_
from kernel.i18n import _, choose, format_date, format_datetime, language, ngettext
from kernel.own_records import is_own
from kernel.permissions import Actor
from kernel.tables import Cell
from kernel.web import after_response
from kernel.web.forms import as_day
from kernel.web.request import Answer, allows, current_actor, current_session, is_read_only_request, page, requires, see_other
from kernel.web.table import send_sheets
from organisations.audience_preview import explanation_lines
from organisations.audiences import read_stored
from organisations.rules.audiences import explain, write_sentence

PAST_DAY_REFUSALS: Mapping[PastRefusal, str] = {
    PastRefusal.FUTURE: N_("That day is still to come."),
    PastRefusal.BEFORE_RECORD: N_("There is no record of that day: the first is of %(day)s."),
    PastRefusal.KNOWN_EARLIER: N_("What was known on a day says nothing of later ones: choose the same day or a later one."),
}
_ANCHORS: Mapping[DeadlineAnchor, str] = {
    DeadlineAnchor.ENTRY: N_("Deadline counted from the entry into the institution, %(first)s"),
    DeadlineAnchor.JOIN: N_("Deadline counted from joining the audience, %(first)s"),
    DeadlineAnchor.ENROL: N_("Deadline counted from the enrolment, %(first)s"),
}
_REMINDERS: Mapping[str, str] = {
    "assigned": N_("Notice of the assignment"),
    "renewal_opens": N_("Renewal opens"),
    "overdue": N_("Overdue"),
    "waiver_ends": N_("End of the waiver"),
    "version": N_("A newer version is asked"),
    "asked": N_("Sent by a head or an officer"),
}
_SUPPRESSED: Mapping[str, str] = {
    SuppressionReason.DONE: N_("it was done"),
    SuppressionReason.WAIVED: N_("there was a waiver"),
    SuppressionReason.NOT_REQUIRED: N_("it was not required"),
    SuppressionReason.BEFORE_JOINING: N_("its day was before joining the audience"),
    SuppressionReason.RECENT: N_("one had been sent within seven days"),
    SuppressionReason.CAP: N_("there had been a message that day; it was put off to the next working day"),
    SuppressionReason.SWITCHED_OFF: N_("mail is switched off in the profile"),
    SuppressionReason.NO_ADDRESS: N_("the address was never confirmed"),
    SuppressionReason.TOO_LATE: N_("it came too late"),
    SuppressionReason.ENDED: N_("the compulsory training had ended"),
}


def _term_words(term: LastDayTerm) -> str:
    first, last = format_date(term.first), format_date(term.last)
    if term.anchor is not None:
        return _(_ANCHORS[term.anchor], first=first)
    if term.reason is LastDayReason.DEADLINE:
        return _("Deadline of the rules")
    if term.reason is LastDayReason.VERSION:
        return _("Deadline of the rules from %(first)s on", first=first)
    if term.reason is LastDayReason.VALIDITY:
        return _("What was done is valid until then")
    return _floor_words(term, first, last)


def _floor_words(term: LastDayTerm, first: str, last: str) -> str:
    """Describe why nobody gets less than some days, or how many days of grace there are."""
    days = term.days
    match term.reason:
        case LastDayReason.JOINED:
            sentence = ngettext(
                "Joined the audience on %(first)s: %(count)s day at least",
                "Joined the audience on %(first)s: %(count)s days at least",
                days,
                first=first,
            )
        case LastDayReason.RECORDED:
            sentence = ngettext(
                "On record since %(first)s: %(count)s day at least from then on",
                "On record since %(first)s: %(count)s days at least from then on",
                days,
                first=first,
            )
        case LastDayReason.CHANGED:
            sentence = ngettext(
                "Brought forward on %(first)s: %(count)s day at least after that",
                "Brought forward on %(first)s: %(count)s days at least after that",
                days,
                first=first,
            )
        case LastDayReason.GAP:
            sentence = ngettext(
                "Outside the audience from %(first)s to %(last)s: %(count)s day at least afterwards",
                "Outside the audience from %(first)s to %(last)s: %(count)s days at least afterwards",
                days,
                first=first,
                last=last,
            )
        case LastDayReason.ACCOUNT:
            sentence = ngettext(
                "Account closed from %(first)s to %(last)s: %(count)s day at least afterwards",
                "Account closed from %(first)s to %(last)s: %(count)s days at least afterwards",
                days,
                first=first,
                last=last,
            )
        case LastDayReason.WAIVER:
            sentence = ngettext(
                "Waiver from %(first)s to %(last)s: %(count)s day at least afterwards",
                "Waiver from %(first)s to %(last)s: %(count)s days at least afterwards",
                days,
                first=first,
                last=last,
            )
        case _:
            sentence = ngettext("%(count)s day of grace", "%(count)s days of grace", days)
    return sentence


def requirement_words(terms: ObligationTerms) -> str:
    """Describe how many of the courses are asked; nothing where there is one."""
    if isinstance(terms.requirement, AnyRequirement):
        return _("Any one of these courses is enough.")
    return _("All of these courses are asked.") if isinstance(terms.requirement, AllRequirement) else ""


def version_lines(terms: ObligationTerms, titles: Mapping[str, str]) -> Iterator[str]:
    """Describe of each course which versions count, and from when on what was done counts."""
    for course in dict.fromkeys(courses_of(terms.requirement)):
        lowest, title = terms.lowest_versions.get(course, 0), titles.get(course, course)
        if not lowest:
            yield _("“%(title)s”: every version counts.", title=title)
        elif terms.existing is ExistingCompletions.KEEP:
            yield _(
                "“%(title)s”: version %(number)s or a newer one; older ones completed before keep counting.", title=title, number=lowest
            )
        else:
            yield _("“%(title)s”: version %(number)s or a newer one, asked again of who did an older one.", title=title, number=lowest)
    if terms.counts_from is not None:
        yield _("What was done before %(day)s does not count.", day=format_date(terms.counts_from))


def done_views(
    completions: Sequence[AchievedCourse], titles: Mapping[str, str], reconstructed: frozenset[tuple[str, datetime]], known: datetime
) -> list[tuple[AchievedCourse, str, str, str]]:
    """Return the records of what was done at a moment, the oldest first, each with the title, what it is, and a remark.

    What was taken back by then is said to be.
    """
    rows = sorted((done for done in completions if done.recorded_at <= known), key=lambda done: (done.achieved_at, done.recorded_at))
    return [
        (
            done,
            titles.get(done.course, done.course),
            _("Recognition") if done.version is None else _("Version %(number)s", number=done.version),
            _done_remark(done, known, is_older=(done.course, done.achieved_at) in reconstructed),
        )
        for done in rows
    ]


def _done_remark(done: AchievedCourse, known: datetime, *, is_older: bool) -> str:
    if not is_known(done, known) and done.retracted_at is not None:
        return _("taken back on %(day)s", day=format_date(done.retracted_at))
    return _("from records older than the register") if is_older else ""


def waiver_views(rows: Iterable[Waiver], known: datetime, *, shows_medical: bool) -> list[tuple[Waiver, str, str]]:
    """Return the waivers of a person, each with its reason and a remark.

    Of medical reasons only who may see them reads more than that there are grounds (spec/compulsory 4.10).
    """
    return [
        (
            row,
            reason_words(row, sees_medical=shows_medical),
            _("revoked on %(day)s", day=format_date(row.revoked_at)) if row.revoked_at is not None and row.revoked_at <= known else "",
        )
        for row in rows
    ]


def reminder_views(rows: Iterable[Reminder], last_on: date | None) -> list[tuple[Reminder, str, str, bool]]:
    """Return decisions on reminders: which reminder, what came of it, and whether it named another last day than is computed now."""
    return [
        (
            row,
            _reminder_words(row),
            _("Sent") if not row.reason else _("Not sent: %(reason)s", reason=_(_SUPPRESSED.get(row.reason, row.reason))),
            row.last_on is not None and last_on is not None and row.last_on != last_on,
        )
        for row in rows
    ]


def _reminder_words(row: Reminder) -> str:
    if row.kind == "step":
        return ngettext("%(count)s day before the last day", "%(count)s days before the last day", row.step)
    return _(_REMINDERS.get(row.kind, row.kind))


def timeline_views(case: TrainingCase, until: datetime) -> list[tuple[StatusView, HistoryRow, date | None]]:
    """Return the states of a person one after the other, each with the day since which it is on record if that is after it began."""
    return [(status_view(row.state, row.flags), row, _recorded_on(case, row.valid_from)) for row in timeline(case, until)]


def _recorded_on(case: TrainingCase, since: datetime) -> date | None:
    """Return the day on which the register first had a person in the audience for a day; None where it was not a later one."""
    day = since.astimezone(case.record.zone).date()
    days = [span.on for span in case.recorded if span.first <= day and (span.last is None or day <= span.last)]
    return min(days) if days and min(days) > day else None


def course_titles(rows: Iterable[TakenCourse]) -> dict[str, str]:
    """Return the titles of courses by their slugs."""
    return {row.slug: choose(row.title) for row in rows}


renewals_bp = Blueprint("compliance_renewals", __name__)


@renewals_bp.route("/courses/<slug>/renewal", methods=["GET", "POST"])
@requires(RenewalAction.RENEW, get_renewal)
def renew(subject: RenewalContext) -> Answer:
    """Let the reader take a course again that they have to renew; sent twice, it has one effect."""
    session, present = current_session(), subject.present
    if present is None or subject.is_under_way:
        return see_other(url_for("enrolments.course", slug=subject.slug))
    if is_read_only_request():
        refusal = takes.find_refusal(session, present, TakeCause.SELF, subject.window, now=clock.now())
        return _renewal_page(subject, _(REFUSALS[refusal]) if refusal else "")
    try:
        takes.begin_take(session, current_actor(), present, TakeCause.SELF, window=subject.window, now=clock.now())
    except TakeNotAllowed as refused:
        return _renewal_page(subject, _(refused.text)), 409
    flash(_("You take the course again from the beginning. Your earlier results and certificates are kept."), "ok")
    return see_other(url_for("enrolments.course", slug=subject.slug))


def _renewal_page(subject: RenewalContext, refusal: str) -> Response:
    course = {"slug": subject.slug, "title": choose(current_session().get_one(Course, subject.course_id).title)}
    return page("compliance/renewal.html", course=course, refusal=refusal)


learner_bp = Blueprint("compliance_learner", __name__)


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


@learner_bp.get("/training/<uuid:assignment>")
@requires(TrainingAction.WHY, get_assignment)
def why(subject: AssignmentContext) -> Answer:
    """Show everything behind the status of today."""
    return _why_page(subject, "", "")


def _get_assignment_then(session: Session, actor: Actor, assignment: UUID) -> AssignmentContext:
    day, known = (as_day(request.args.get(name, "").strip()[:20]) for name in ("day", "known"))
    return learner.get_assignment_then(session, actor, assignment, day, known, now=clock.now())


@learner_bp.get("/training/<uuid:assignment>/past")
@requires(TrainingAction.AS_KNOWN, _get_assignment_then)
def past(subject: AssignmentContext) -> Answer:
    """Show everything behind the status of a day as it was known on another."""
    return _why_page(subject, request.args.get("day", ""), request.args.get("known", ""))


@learner_bp.get("/training/<uuid:assignment>/record.csv")
@requires(TrainingAction.AS_KNOWN, _get_assignment_then)
def record(subject: AssignmentContext) -> Response:
    """Send the page's content as a table: one line for each fact, decision and state."""
    loaded, now = learner.load_behind(current_session(), subject.required), clock.now()
    query = _past_query(subject.required, loaded, request.args.get("day", ""), request.args.get("known", ""), now)
    moments = query.moments or _past_query(subject.required, loaded, "", "", now).moments
    assert moments is not None
    _note_access(subject, AccessPurpose.COPY, now)
    rows = list(_rows(_behind(subject.required, loaded, moments)))
    headings = [_("Part"), _("From"), _("Until"), _("On record since"), _("What")]
    name = _("why") + f"-{moments.day.isoformat()}-{moments.known_on.isoformat()}.csv"
    return send_sheets(name, [("", headings, rows)])


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
        _(PAST_DAY_REFUSALS[reason], day=format_date(begins))
        if reason is PastRefusal.BEFORE_RECORD
        else _(PAST_DAY_REFUSALS[reason])
        if reason
        else ""
        for reason, begins in zip(why_refused(chosen, known, today, first, first_known), (first, first_known), strict=True)
    )
    moments = None if of_day or of_known else past_moments(chosen, known, zone, now)
    return _PastQuery(day or chosen.isoformat(), known_on or known.isoformat(), of_day, of_known, moments)


def _read(text: str, default: date) -> tuple[date | None, str]:
    day = as_day(text.strip()[:20]) if text else default
    return day, "" if day is not None else _("Give a date.")


def _behind(required: RequiredOfPerson, loaded: RecordBehind, moments: PastMoments) -> _Behind:
    case = training_case([text.terms for text in required.versions], loaded.record, moments.known)
    return _Behind(required, loaded, moments, case, status_of(case, moments.at))


def _why_page(subject: AssignmentContext, day: str, known_on: str) -> Answer:
    session, now, required = current_session(), clock.now(), subject.required
    acts, loaded = learner.list_acts(session, required.assignment_id), learner.load_behind(session, required)
    query = _past_query(required, loaded, day, known_on, now)
    _note_access(subject, AccessPurpose.PROGRESS, now)
    own = is_own(current_actor(), subject.person_id)
    shown = {
        "assignment": required.uuid,
        "title": choose(required.text_now(now).title),
        "person": "" if own else acts[0].Person.full_name,
        "asked": query,
        "back": url_for("lms_training.duties") if own else "",
    }
    if query.moments is None:
        return page("compliance/why.html", **shown, answer=None), 422
    behind = _behind(required, loaded, query.moments)
    return page("compliance/why.html", **shown, answer=_answer(subject, acts, behind, own=own))


def _answer(subject: AssignmentContext, acts: Sequence[Row[*tuple[Any, ...]]], looked_at: _Behind, *, own: bool) -> dict[str, object]:
    session, required, status, moments = current_session(), looked_at.required, looked_at.status, looked_at.moments
    text = required.text_on(moments.day)
    taken = learner.list_taken_courses(session, subject.person_id, required.courses_on(moments.day))
    titles = course_titles(taken)
    known = [act for act in acts if act.ObligationVersion.recorded_at <= moments.known]
    held = [act for act in known if act.ObligationVersion.effective_on <= moments.day]
    version = next((act for act in held if act.ObligationVersion.number == text.number), held[-1] if held else None)
    view = status_view(status.state, status.flags)
    is_past = min(moments.day, moments.known_on) < clock.now().astimezone(required.status.zone).date()
    return {
        "is_past": is_past,
        "sees_today": not is_past or allows(TrainingAction.WHY, get_assignment(session, current_actor(), required.uuid)),
        "known": moments.known,
        "day": moments.day,
        "known_on": moments.known_on,
        "status": view,
        "advice": view.advice if own else "",
        "caution": _caution(looked_at, taken) if own and not is_past else "",
        "until": until_words(status, text.terms.grace, moments.day),
        "zone": foreign_zone(status, moments.day),
        **_audience(looked_at),
        "version": version,
        "law": choose(version.ObligationVersion.legal_base) if version and version.ObligationVersion.legal_base else "",
        "activated_at": acts[0].activated_at,
        "activated_by": acts[0].activator.full_name if acts[0].activator else "",
        "sum": [(_term_words(term), term.last_on) for term in explain_last_day(looked_at.case, moments.at)],
        "requirement": requirement_words(text.terms),
        "versions": list(version_lines(text.terms, titles)),
        "times": _times(taken),
        "taken": taken,
        "titles": titles,
        "done": done_views(looked_at.behind.record.completions, titles, looked_at.behind.reconstructed, moments.known),
        "waivers": waiver_views(_waivers(looked_at), moments.known, shows_medical=allows(TrainingAction.EVIDENCE, subject)),
        "reminders": reminder_views(_reminders(looked_at), status.last_on if status.state in NEEDED else None),
        "timeline": timeline_views(looked_at.case, moments.at),
        "before": _former_states(looked_at),
    }


def _times(taken: Sequence[TakenCourse]) -> dict[str, str]:
    """Return how long courses take as they are given at present, in words by slug."""
    versions = {row.slug: row.published_version_id for row in taken if row.published_version_id is not None}
    outlines = list_outlines(current_session(), versions.values())
    return {slug: printed_time(outlines[version].announced_time, language()) for slug, version in versions.items()}


def _caution(looked_at: _Behind, taken: Sequence[TakenCourse]) -> str:
    """Warn that the reader cannot finish by the last day, and whom to tell; their enrolments are read where they take a course of it."""
    session, row, now = current_session(), replace(looked_at.required, status=looked_at.status), clock.now()
    is_taken = any(take.enrolled_at is not None and take.left_at is None for take in taken)
    enrolments = list_dated_enrolments(session, [row.person_id]) if is_taken else ()
    return learner.list_cautions(session, [row], enrolments, now=now).get(row.assignment_id, "")


def _waivers(looked_at: _Behind) -> Sequence[Waiver]:
    if not looked_at.behind.record.waivers:
        return ()
    return learner.list_waivers(current_session(), looked_at.required, looked_at.moments.known)


def _reminders(looked_at: _Behind) -> Sequence[Reminder]:
    return learner.list_reminders(current_session(), looked_at.required.assignment_id, looked_at.moments.known)


def _audience(looked_at: _Behind) -> dict[str, object]:
    """Return why the person is in the audience: its sentence, and each condition with its fact."""
    session, moments = current_session(), looked_at.moments
    act, former = learner.find_known_rules(session, looked_at.required.audience_id, moments.day, moments.known)
    if act is None:
        return {"sentence": "", "conditions": [], "rule": None, "former": ""}
    rule = read_stored(session, act.AudienceVersion.rule)
    before = read_stored(session, former.AudienceVersion.rule) if former is not None else None
    names = name_leaves(session, [rule, *([before] if before is not None else [])], looked_at.behind.history.units.values())
    conditions = explanation_lines(explain(rule, looked_at.behind.candidate, moments.day), names)
    former_sentence = write_sentence(before, names) if before is not None else ""
    return {"sentence": write_sentence(rule, names), "conditions": list(conditions), "rule": act, "former": former_sentence}


def _former_states(looked_at: _Behind) -> list[tuple[StatusView, AssignmentState]]:
    """Return the recorded states of the moment before something else was recorded."""
    moments = looked_at.moments
    rows = learner.list_former_states(current_session(), looked_at.required.assignment_id, moments.at, moments.known)
    return [(status_view(row.state, row.flags.split()), row) for row in rows]


def _rows(looked_at: _Behind) -> Iterator[Sequence[Cell]]:
    """Yield the lines of the table: status, sum, facts, takes, reminders, timeline."""
    session, required, moments = current_session(), looked_at.required, looked_at.moments
    last_on, view = looked_at.status.last_on, status_view(looked_at.status.state, looked_at.status.flags)
    yield _("Status"), moments.day.isoformat(), "", moments.known_on.isoformat(), ", ".join(filter(None, (view.word, view.remark)))
    for term in explain_last_day(looked_at.case, moments.at):
        yield _("Last day"), "", term.last_on.isoformat(), "", _term_words(term)
    taken = learner.list_taken_courses(session, required.person_id, required.courses_on(moments.day))
    done_rows = done_views(looked_at.behind.record.completions, course_titles(taken), looked_at.behind.reconstructed, moments.known)
    for done, *words in done_rows:
        moment, recorded = format_datetime(done.achieved_at, "short"), format_datetime(done.recorded_at, "short")
        yield _("Done"), moment, "", recorded, " · ".join(filter(None, words))
    for reminder, label, outcome, _differs in reminder_views(_reminders(looked_at), last_on):
        sent = reminder.last_on.isoformat() if reminder.last_on else ""
        yield _("Reminder"), reminder.due_on.isoformat(), sent, format_datetime(reminder.at, "short"), f"{label} · {outcome}"
    for status, span, recorded_on in timeline_views(looked_at.case, moments.at):
        until = "" if span.valid_to is None else format_datetime(span.valid_to, "short")
        label = ", ".join(filter(None, (status.word, status.remark)))
        recorded = recorded_on.isoformat() if recorded_on is not None else ""
        yield _("Timeline"), format_datetime(span.valid_from, "short"), until, recorded, label
    for status, former in _former_states(looked_at):
        label = ", ".join(filter(None, (status.word, status.remark)))
        known = format_datetime(former.known_from, "short"), format_datetime(former.known_to, "short")
        yield _("Said before"), format_datetime(former.valid_from, "short"), "", " – ".join(known), label
