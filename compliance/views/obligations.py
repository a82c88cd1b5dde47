"""Pages of obligations for officers, and of the agreement of a course's team (spec/compulsory 4.9a)."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import cast
from uuid import UUID

from flask import Blueprint, Response, flash, request
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import access_log
from accounts.models import Person
from accounts.privacy import AccessPurpose
from accounts.rules import fold
from compliance import obligations as compliance_obligations
from compliance import planned_changes
from compliance.access import ObligationAction, ObligationContext
from compliance.agreements import MissingAgreement, answer_agreement, list_agreements, list_deciders, list_missing, lock_agreement
from compliance.assignments import count_by_state
from compliance.enrolment import list_hindered, list_obstacles
from compliance.models import CourseAgreement, Obligation
from compliance.obligations import EndsBeforeToday, ObligationChanged, ObligationKeyTaken, ObligationValues
from compliance.planned_changes import CourseObstacle, DraftFaulty
from compliance.rules.claims import ClaimState
from compliance.rules.terms import courses_of
from compliance.team_digests import hindered_words, list_stopped, list_waiting_changes
from compliance.views import obligation_pages
from compliance.views.claims import ClaimDecisionForm, state_view
from compliance.views.obligation_forms import (
    FormOffer,
    NewObligationForm,
    ObligationEndForm,
    ObligationForm,
    ObligationOwnerForm,
    ObligationVersionForm,
    form_data,
    lowest_version_fields,
    lowest_versions,
)
from courses.versions import list_published_times
from enrolments.access import LearnerContext, LearningAction
from enrolments.course_context import course_name
from enrolments.learners import get_learner_context
from enrolments.models import Edition
from kernel import clock
from kernel.errors import Conflict
from kernel.i18n import _, choose, enumeration, format_date, site_locale
from kernel.web.forms import as_uuid, whole_number
from kernel.web.request import Answer, allows, current_actor, current_session, page, requires, see_page
from organisations import audiences
from organisations.access import TrainingScope
from organisations.audiences import ReasonRequired, today_of
from organisations.models import Audience
from organisations.rules.audiences import write_sentence
from organisations.training_scope import get_training_scope

agreements_bp = Blueprint("compliance_agreements", __name__)

STATES = {None: ClaimState.PROPOSED, True: ClaimState.APPROVED, False: ClaimState.REFUSED}


@agreements_bp.get("/teaching/<slug>/agreements")
@requires(LearningAction.ENROL_OTHERS, get_learner_context)
def agreements(context: LearnerContext) -> Answer:
    """Show the obligations that need the agreement of the course's team."""
    return _page(context)


@agreements_bp.post("/teaching/<slug>/agreements")
@requires(LearningAction.ENROL_OTHERS, get_learner_context)
def answer(context: LearnerContext) -> Answer:
    """Agree that an obligation enrols people in the course, do not, or take it back."""
    session, obligation = current_session(), as_uuid(request.form.get("obligation", ""))
    row, form = lock_agreement(session, context.course_id, obligation), ClaimDecisionForm(prefix=f"answer-{obligation}")
    if not form.validate_on_submit():
        return _page(context, obligation, form)
    if answer_agreement(session, current_actor(), row, form.words.data or "", agrees=form.approves, now=clock.now()):
        flash(_("Your answer was saved. Those who look after the training are notified."), "ok")
    return see_page("compliance_agreements.agreements", slug=context.slug)


def _page(context: LearnerContext, answered: UUID | None = None, refused: ClaimDecisionForm | None = None) -> Response:
    session = current_session()
    rows = list_agreements(session, context.course_id)
    people = {person for agreement, row, *_rest in rows for person in (agreement.asked_by, agreement.decided_by, row.owner_id)}
    forms = {row.Obligation.uuid: ClaimDecisionForm(formdata=None, prefix=f"answer-{row.Obligation.uuid}") for row in rows}
    return page(
        "compliance/agreements.html",
        course=course_name(context),
        rows=[
            (
                row,
                state_view(STATES[row.CourseAgreement.agreed]),
                refused if row.Obligation.uuid == answered else forms[row.Obligation.uuid],
            )
            for row in rows
        ],
        members=audiences.count_members(session),
        people=audiences.people_names(session, people),
        refused=refused,
    )


def missing_lines(missing: Sequence[MissingAgreement], deciders: Mapping[int, Sequence[Person]]) -> list[str]:
    """Describe of each course whose agreement is missing who was asked since when, or why its team does not agree."""
    return [
        _missing_line(choose(course.title), agreement, [person.full_name for person in deciders.get(course.id, ())])
        for course, agreement in missing
    ]


def _missing_line(course: str, agreement: CourseAgreement | None, names: Sequence[str]) -> str:
    if agreement is None:
        return _("No one can enrol in “%(course)s” by themselves, and its team was not asked yet.", course=course)
    if agreement.decided_at is None:
        return _(
            "No one can enrol in “%(course)s” by themselves. Since %(day)s its team is asked to agree: %(people)s.",
            course=course,
            day=format_date(agreement.asked_at),
            people=enumeration(names) or _("the administrators"),
        )
    return _(
        "The team of “%(course)s” does not agree, since %(day)s: “%(reason)s”. To ask again, save it again.",
        course=course,
        day=format_date(agreement.decided_at),
        reason=agreement.reason,
    )


obligations_bp = Blueprint("compliance_obligations", __name__, url_prefix="/compulsory-training/obligations")

KEY_LENGTH = 60
MOST_STOPPED = 100
"""Names of people who turned off the mails of an obligation."""


@obligations_bp.get("")
@requires(ObligationAction.LIST, get_training_scope)
def obligations(scope: TrainingScope) -> Answer:
    """List the obligations of one's institutions with how many have done each."""
    session = current_session()
    rows = compliance_obligations.list_obligations(session, scope, now=clock.now())
    values = [compliance_obligations.values_of(row.version) for row in rows]
    titles = _titles(session, *values)
    may_write = allows(ObligationAction.EDIT, compliance_obligations.get_new_context(session, current_actor()))
    titles_of = {row.obligation.id: choose(row.version.title) for row in rows}
    waiting = list_waiting_changes(session, scope) if scope.everywhere or scope.officer else []
    people = audiences.people_names(session, {change.created_by for change, _audience in waiting})
    return page(
        "compliance/obligations.html",
        rows=[
            (row, obligation_pages.requirement_in_words(each.terms.requirement, titles), obligation_pages.deadline_in_words(each.terms))
            for row, each in zip(rows, values, strict=True)
        ],
        states=obligation_pages.STATES,
        may_write=may_write,
        waiting=[obligation_pages.waiting_view(change, audience, titles_of) for change, audience in waiting],
        people=people,
        change_names=obligation_pages.CHANGES,
    )


@obligations_bp.get("/<uuid:obligation>")
@requires(ObligationAction.VIEW, compliance_obligations.get_context)
def obligation(subject: ObligationContext) -> Answer:
    """Show an obligation: its audience, its counts by state, its rules in words, its versions, what stands in its way."""
    session, row = current_session(), _row(subject)
    versions = compliance_obligations.list_versions(session, row.id)
    values = compliance_obligations.values_of(versions[0])
    changes = planned_changes.list_changes(session, row.id) if allows(ObligationAction.EDIT, subject) else []
    people = audiences.people_names(
        session, {row.owner_id, row.created_by, row.activated_by, *(v.author_id for v in versions), *(v.approved_by for v in versions)}
    )
    titles = _titles(session, values)
    stopped = list_stopped(session, row, now=clock.now()) if row.state == "active" else []
    named = stopped[:MOST_STOPPED] if allows(ObligationAction.EDIT, subject) else []
    access_log.record_people_access([person.id for person in named], AccessPurpose.TRAINING)
    return page(
        "compliance/obligation.html",
        obligation=row,
        title=choose(values.title),
        state=obligation_pages.STATES[row.state],
        audience_title=choose(session.get_one(Audience, row.audience_id).title),
        sentence=_audience_sentence(session, row.audience_id),
        counts=obligation_pages.state_counts(count_by_state(session, row, clock.now())),
        facts=[
            *obligation_pages.fact_lines(values, titles, _edition_name(session, values.edition_id)),
            obligation_pages.time_line(values.terms, titles, list_published_times(session, titles.keys())),
        ],
        ends=values.terms.ends,
        versions=versions,
        people=people,
        obstacles=_obstacle_lines(session, row, values),
        hindered=[hindered_words(hindered) for hindered in list_hindered(session, row, now=clock.now())],
        stopped=[person.full_name for person in named],
        stopped_count=len(stopped),
        changes=changes,
        change_names=obligation_pages.CHANGES,
        owner_form=ObligationOwnerForm(formdata=None),
        may_edit=allows(ObligationAction.EDIT, subject),
        may_activate=allows(ObligationAction.ACTIVATE, subject),
    )


def _row(subject: ObligationContext) -> Obligation:
    assert subject.obligation is not None
    return subject.obligation


def _obstacle_lines(session: Session, row: Obligation, values: ObligationValues) -> list[str]:
    """Describe the obstacles between people and courses: of what is in force with how many wait, of a draft which cannot be taken."""
    obstructed = planned_changes.list_obstructed_courses(session, values.terms.requirement)
    agreements = list_missing(session, row.id, courses_of(values.terms.requirement), now=clock.now())
    missing = missing_lines(agreements, list_deciders(session, [course.id for course, _agreement in agreements]))
    if row.state != "active":
        return obligation_pages.obstacle_lines(obstructed) + missing if row.state == "draft" else []
    deleted = [(name, obstacle) for name, obstacle in obstructed if obstacle is CourseObstacle.DELETED]
    return (
        obligation_pages.obstacle_lines(deleted) + missing + obligation_pages.waiting_lines(list_obstacles(session, row, now=clock.now()))
    )


def _audience_sentence(session: Session, audience_id: int) -> str:
    rule = audiences.find_rule_on(session, audience_id, today_of(clock.now()))
    return "" if rule is None else write_sentence(rule, audiences.leaf_names(session, rule))


def _titles(session: Session, *values: ObligationValues) -> Mapping[str, Mapping[str, str]]:
    slugs = {slug for each in values for slug in (*courses_of(each.terms.requirement), *each.terms.lowest_versions)}
    return compliance_obligations.course_titles(session, slugs)


def _edition_name(session: Session, edition_id: int | None) -> str:
    edition = session.get(Edition, edition_id) if edition_id is not None else None
    return edition.name if edition is not None else ""


@obligations_bp.get("/new")
@requires(ObligationAction.EDIT, compliance_obligations.get_new_context)
def new(subject: ObligationContext) -> Answer:
    """Show the form of a new obligation, filled in with what is usual."""
    form = NewObligationForm(formdata=None, data={"starts": today_of(clock.now()), "owner": current_actor().email})
    return _form_page(form, _offer(form, subject), None)


@obligations_bp.post("/new")
@requires(ObligationAction.EDIT, compliance_obligations.get_new_context)
def make(subject: ObligationContext) -> Answer:
    """Keep a new obligation as a draft: it asks nobody for anything yet."""
    form, session, now = NewObligationForm(), current_session(), clock.now()
    offer = _offer(form, subject)
    read = _read_draft(form, offer)
    if read is None:
        return _form_page(form, offer, None), 422
    audience, owner, values = read
    try:
        row = compliance_obligations.make_obligation(session, current_actor(), _key(form), audience, values, now=now)
    except ObligationKeyTaken as refused:
        if form.key.data:
            form.refuse(form.key, _(refused.text))
        else:
            form.refuse(form.title_es, _("Another compulsory training has this title. Change it, or type a key under “Special cases”."))
        return _form_page(form, offer, None)
    compliance_obligations.set_owner(session, current_actor(), row, owner.id, now=now)
    flash(_("The draft was saved. It does not apply to anyone yet."), "ok")
    return see_page("compliance_obligations.obligation", obligation=row.uuid)


def _key(form: NewObligationForm) -> str:
    if form.key.data:
        return form.key.data
    letters = "".join(sign if sign.isalnum() and sign.isascii() else " " for sign in fold(form.title_es.data or ""))
    return "-".join(letters.split())[:KEY_LENGTH].strip("-") or "capacitacion"


def _offer(form: ObligationForm, subject: ObligationContext, present: ObligationValues | None = None) -> FormOffer:
    session = current_session()
    chosen = set(courses_of(present.terms.requirement)) if present is not None else set[str]()
    courses = compliance_obligations.list_offered_courses(session, current_actor(), chosen)
    edition = present.edition_id if present is not None else None
    zones = {
        site_locale().zone.key,
        *compliance_obligations.list_zones(session),
        *([present.zone] if present is not None and present.zone else []),
    }
    offer = FormOffer(
        compliance_obligations.list_audiences_for(session, subject.scope),
        courses,
        compliance_obligations.list_open_editions(session, [course.id for course in courses], edition),
        sorted(zones),
    )
    form.offer(offer)
    return offer


def _find_owner(institution_id: int, query: str, present: int | None = None) -> Person | None:
    """Return who works at the institution, the reader themself, or who is in charge already."""
    session, typed = current_session(), query.strip().lower()
    known = session.scalars(
        select(Person).where(Person.id.in_([person_id for person_id in (present, current_actor().person_id) if person_id is not None]))
    )
    own = next((person for person in known if person.email == typed), None)
    return own or audiences.find_candidate_person(session, institution_id, query)


def _read_draft(
    form: ObligationForm, offer: FormOffer, present_owner: int | None = None
) -> tuple[Audience, Person, ObligationValues] | None:
    """Read the form of a draft; None where a fault stands at a field."""
    values = _read(form, offer)
    audience = next((candidate for candidate in offer.audiences if str(candidate.uuid) == form.audience.data), None)
    if audience is None:
        return None
    owner = _find_owner(audience.institution_id, form.owner.data or "", present_owner)
    if owner is None:
        if not form.owner.errors:
            form.refuse(form.owner, _("There is no one with this staff number or email."))
        return None
    return None if values is None else (audience, owner, values)


def _read(form: ObligationForm, offer: FormOffer) -> ObligationValues | None:
    """Read a form whose every fault then stands at its field; None where there is one."""
    session, now = current_session(), clock.now()
    today = today_of(now)
    is_valid = form.validate_on_submit()
    if not form.check_days(today) or not is_valid:
        return None
    effective = form.effective_on.data if isinstance(form, ObligationVersionForm) else None
    values = form.values(offer, lowest_versions(request.form, offer.courses), today, now, effective_on=effective)
    _refuse_edition(form, offer, values)
    obstacles = planned_changes.list_obstructed_courses(session, values.terms.requirement)
    if obstacles:
        form.refuse(form.courses, " ".join(obligation_pages.obstacle_lines(obstacles)))
    return values if form.refuse_faults(values) else None


def _refuse_edition(form: ObligationForm, offer: FormOffer, values: ObligationValues) -> None:
    required = set(courses_of(values.terms.requirement))
    allowed = {course.id for course in offer.courses if course.slug in required}
    if any(edition.id == values.edition_id and edition.course_id not in allowed for edition in offer.editions):
        form.refuse(form.edition, _("This edition belongs to a course that is not required."))


@obligations_bp.get("/<uuid:obligation>/draft")
@requires(ObligationAction.EDIT, compliance_obligations.get_context)
def draft(subject: ObligationContext) -> Answer:
    """Show the form that changes a draft."""
    row = _draft_row(subject)
    form, offer = _filled(ObligationForm, subject)
    return _form_page(form, offer, row)


def _draft_row(subject: ObligationContext) -> Obligation:
    row = _row(subject)
    if row.state != "draft":
        raise compliance_obligations.WrongObligationState(_("This compulsory training is in force. Add a version instead."))
    return row


def _filled(kind: type[ObligationForm], subject: ObligationContext, **more: object) -> tuple[ObligationForm, FormOffer]:
    """Return a form filled in with the newest version, and what it offers."""
    session, row = current_session(), _row(subject)
    present = compliance_obligations.values_of(compliance_obligations.latest_version(session, row))
    data = {**form_data(present), **_own_data(session, row, present), **more}
    form = kind(formdata=None, data=data)
    return form, _offer(form, subject, present)


def _own_data(session: Session, row: Obligation, present: ObligationValues) -> dict[str, object]:
    owner = session.get(Person, row.owner_id) if row.owner_id is not None else None
    edition = session.get(Edition, present.edition_id) if present.edition_id is not None else None
    return {
        "audience": str(session.get_one(Audience, row.audience_id).uuid),
        "owner": owner.email if owner is not None else current_actor().email,
        "edition": str(edition.uuid) if edition is not None else "",
        "seen": str(row.edited),
    }


@obligations_bp.post("/<uuid:obligation>/draft")
@requires(ObligationAction.EDIT, compliance_obligations.lock_context)
def change_draft(subject: ObligationContext) -> Answer:
    """Save a draft anew; what somebody else saved meanwhile is shown beside it first."""
    row, session, now = _draft_row(subject), current_session(), clock.now()
    present = compliance_obligations.values_of(compliance_obligations.latest_version(session, row))
    form = ObligationForm()
    offer = _offer(form, subject, present)
    read = _read_draft(form, offer, row.owner_id)
    if read is None:
        return _form_page(form, offer, row), 422
    audience, owner, values = read
    try:
        compliance_obligations.change_draft(
            session, current_actor(), row, whole_number(form.seen.data or ""), values, audience=audience, now=now
        )
    except ObligationChanged as refused:
        return _changed_page(form, offer, row, values, refused)
    compliance_obligations.set_owner(session, current_actor(), row, owner.id, now=now)
    flash(_("The draft was saved. It does not apply to anyone yet."), "ok")
    return see_page("compliance_obligations.obligation", obligation=row.uuid)


def _changed_page(form: ObligationForm, offer: FormOffer, row: Obligation, mine: ObligationValues, refused: Conflict) -> Answer:
    """Show what somebody else saved meanwhile beside what was typed; saving again then means it."""
    session = current_session()
    theirs = compliance_obligations.values_of(compliance_obligations.latest_version(session, row))
    titles = _titles(session, mine, theirs)
    differ = obligation_pages.differences(
        *(obligation_pages.fact_lines(values, titles, _edition_name(session, values.edition_id)) for values in (theirs, mine))
    )
    form.form_errors.append(_(refused.text))
    form.seen.data = str(row.edited)
    return _form_page(form, offer, row, differ), 409


def _form_page(
    form: ObligationForm, offer: FormOffer, row: Obligation | None, differ: list[tuple[str, str, str]] | None = None
) -> Response:
    sent = lowest_versions(request.form, offer.courses) if request.method == "POST" else _stored_lowest(row)
    return page(
        "compliance/obligation_form.html",
        form=form,
        obligation=row,
        title=choose(compliance_obligations.latest_version(current_session(), row).title) if row is not None else "",
        is_version=isinstance(form, ObligationVersionForm),
        has_audiences=bool(offer.audiences),
        has_courses=bool(offer.courses),
        lowest=lowest_version_fields(offer.courses, sent),
        differences=differ or [],
    )


def _stored_lowest(row: Obligation | None) -> dict[str, int]:
    if row is None:
        return {}
    return dict(compliance_obligations.values_of(compliance_obligations.latest_version(current_session(), row)).terms.lowest_versions)


@obligations_bp.post("/<uuid:obligation>/deletion")
@requires(ObligationAction.EDIT, compliance_obligations.lock_context)
def delete(subject: ObligationContext) -> Answer:
    """Delete a draft."""
    compliance_obligations.delete_draft(current_session(), current_actor(), _row(subject), now=clock.now())
    return see_page("compliance_obligations.obligations", flash=_("The draft was deleted."))


@obligations_bp.post("/<uuid:obligation>/owner")
@requires(ObligationAction.EDIT, compliance_obligations.lock_context)
def set_owner(subject: ObligationContext) -> Answer:
    """Let another person be in charge."""
    form, session, row = ObligationOwnerForm(), current_session(), _row(subject)
    person = _find_owner(row.institution_id, form.owner.data or "", row.owner_id) if form.validate_on_submit() else None
    if person is None:
        flash(_("There is no one with this staff number or email."), "bad")
    else:
        compliance_obligations.set_owner(session, current_actor(), row, person.id, now=clock.now())
        flash(_("%(name)s is now in charge.", name=person.full_name), "ok")
    return see_page("compliance_obligations.obligation", obligation=row.uuid)


@obligations_bp.post("/<uuid:obligation>/activation")
@requires(ObligationAction.EDIT, compliance_obligations.lock_context)
def try_activation(subject: ObligationContext) -> Answer:
    """Work out what activating a draft would do; another person than its author applies it."""
    try:
        change = planned_changes.plan_activation(current_session(), current_actor(), _row(subject), now=clock.now())
    except DraftFaulty as refused:
        flash(_(refused.text), "bad")
        return see_page("compliance_obligations.obligation", obligation=_row(subject).uuid)
    except ReasonRequired:
        flash(_("It may affect more than 50 people. Change the draft first: give it a legal basis, or a reason."), "bad")
        return see_page("compliance_obligations.obligation", obligation=_row(subject).uuid)
    return see_page("compliance_changes.change", change=change.uuid)


@obligations_bp.get("/<uuid:obligation>/version")
@requires(ObligationAction.EDIT, compliance_obligations.get_context)
def version(subject: ObligationContext) -> Answer:
    """Show the form of a further version; what a planned one said is filled in where the address names it."""
    row, session = _row(subject), current_session()
    today = today_of(clock.now())
    form, offer = _filled(ObligationVersionForm, subject, effective_on=today, is_retroactive=False, reason="")
    planned = as_uuid(request.args.get("from", ""))
    change = planned_changes.find_version_change(session, row.id, planned) if planned is not None else None
    if change is not None:
        values = planned_changes.read_values(change, clock.now())
        form = ObligationVersionForm(
            formdata=None, data={**form_data(values), **_own_data(session, row, values), "effective_on": values.terms.effective_on}
        )
        offer = _offer(form, subject, values)
    return _form_page(form, offer, row)


@obligations_bp.post("/<uuid:obligation>/version")
@requires(ObligationAction.EDIT, compliance_obligations.lock_context)
def try_version(subject: ObligationContext) -> Answer:
    """Work out what a further version would do."""
    row, session, now = _row(subject), current_session(), clock.now()
    present = compliance_obligations.values_of(compliance_obligations.latest_version(session, row))
    form = ObligationVersionForm()
    offer = _offer(form, subject, present)
    values = _read(form, offer)
    if values is None:
        return _form_page(form, offer, row), 422
    try:
        change = planned_changes.plan_version(session, current_actor(), row, whole_number(form.seen.data or ""), values, now=now)
    except ObligationChanged as refused:
        return _changed_page(form, offer, row, values, refused)
    except ReasonRequired as refused:
        form.refuse(form.reason, _(refused.text))
        return _form_page(form, offer, row)
    return see_page("compliance_changes.change", change=change.uuid)


@obligations_bp.get("/<uuid:obligation>/end")
@requires(ObligationAction.EDIT, compliance_obligations.get_context)
def end(subject: ObligationContext) -> Answer:
    """Ask for the last day on which an obligation applies."""
    return _end_page(ObligationEndForm(formdata=None, data={"last_on": today_of(clock.now())}), _row(subject))


@obligations_bp.post("/<uuid:obligation>/end")
@requires(ObligationAction.EDIT, compliance_obligations.lock_context)
def try_end(subject: ObligationContext) -> Answer:
    """Work out what the end of an obligation would do."""
    row, form = _row(subject), ObligationEndForm()
    if form.validate_on_submit():
        last_on, reason = cast("date", form.last_on.data), form.reason.data or ""
        with form.refusals(form.last_on, EndsBeforeToday):
            change = planned_changes.plan_end(current_session(), current_actor(), row, last_on, reason, now=clock.now())
            return see_page("compliance_changes.change", change=change.uuid)
    return _end_page(form, row)


def _end_page(form: ObligationEndForm, row: Obligation) -> Response:
    title = choose(compliance_obligations.latest_version(current_session(), row).title)
    return page("compliance/obligation_end.html", form=form, obligation=row, title=title)
