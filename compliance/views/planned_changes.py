"""Changes of obligations that are tried: whose status they change, and applying them by their number (spec/compulsory 4.8)."""

import json
from collections.abc import Collection
from uuid import UUID

from flask import Blueprint, Response, flash
from sqlalchemy.orm import Session

from compliance import obligations, planned_changes
from compliance.access import ObligationAction, PlannedChangeContext
from compliance.agreements import AgreementMissing, list_deciders
from compliance.enrolment import list_hindered_by
from compliance.free_days import SecondPersonRequired
from compliance.models import Obligation, PlannedChange
from compliance.obligations import ObligationChanged
from compliance.planned_changes import DraftFaulty, NumberToType, PlannedKind, get_change_context, lock_change_context
from compliance.rules.planned_changes import read_outcome
from compliance.rules.terms import courses_of
from compliance.team_digests import hindered_words, list_second_persons
from compliance.views import obligation_pages
from compliance.views.obligation_forms import PlannedChangeForm
from compliance.views.obligations import missing_lines
from enrolments.models import Edition
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, choose
from kernel.permissions import Actor
from kernel.web.request import Answer, allows, current_actor, current_session, page, requires, see_page
from organisations import audiences

bp = Blueprint("compliance_changes", __name__, url_prefix="/compulsory-training/obligations/changes")


def lock_activation(session: Session, actor: Actor, change: UUID) -> PlannedChangeContext:
    """Return a planned activation, locked; raise NotFound where it is something else."""
    return _require_endpoint("compliance_changes.activate", lock_change_context(session, actor, change))


def lock_correction(session: Session, actor: Actor, change: UUID) -> PlannedChangeContext:
    """Return a planned version or end that needs a second person, locked; raise NotFound where it is something else."""
    return _require_endpoint("compliance_changes.correct", lock_change_context(session, actor, change))


def lock_application(session: Session, actor: Actor, change: UUID) -> PlannedChangeContext:
    """Return a planned version or end that its author may apply, locked; raise NotFound where it is something else."""
    return _require_endpoint("compliance_changes.apply", lock_change_context(session, actor, change))


def _require_endpoint(endpoint: str, subject: PlannedChangeContext) -> PlannedChangeContext:
    if _action(subject.change)[0] != endpoint:
        raise NotFound
    return subject


@bp.get("/<uuid:change>")
@requires(ObligationAction.VIEW, get_change_context)
def change(subject: PlannedChangeContext) -> Answer:
    """Show what a change would do, how far its dry run is, or that it was applied."""
    return _page(subject, PlannedChangeForm(formdata=None))


def _action(row: PlannedChange) -> tuple[str, ObligationAction]:
    """Return the address to which a change is sent to be applied, and who may."""
    if row.kind == PlannedKind.ACTIVATE:
        return "compliance_changes.activate", ObligationAction.ACTIVATE
    if planned_changes.why_second(row, read_outcome(json.loads(row.outcome))) is not None:
        return "compliance_changes.correct", ObligationAction.CHANGE_PAST
    return "compliance_changes.apply", ObligationAction.EDIT


def _page(subject: PlannedChangeContext, form: PlannedChangeForm) -> Response:
    session, row = current_session(), subject.change
    obligation = session.get_one(Obligation, row.obligation_id)
    newest = obligations.values_of(obligations.latest_version(session, obligation))
    outcome = read_outcome(json.loads(row.outcome))
    endpoint, action = _action(row)
    title = choose(newest.title)
    units = planned_changes.unit_names(session, [unit for unit, _people in outcome.most_affected])
    is_open = row.state in ("planning", "ready", "applying")
    may_apply = allows(action, subject) and not (action is ObligationAction.CHANGE_PAST and row.created_by == current_actor().person_id)
    return page(
        "compliance/planned_change.html",
        change=row,
        kind=obligation_pages.CHANGES[row.kind],
        obligation=obligation,
        title=title,
        outcome=obligation_pages.outcome_view(outcome, {obligation.id: title}, units),
        differences=_differences(session, row, newest) if is_open else [],
        hindered=_hindered_lines(session, row, obligation, newest) if is_open else [],
        form=form,
        endpoint=endpoint,
        needs_number=row.state == "ready" and planned_changes.needs_number(session, row, outcome),
        is_extreme=row.state == "ready" and planned_changes.is_extreme(session, row, outcome),
        is_present=not is_open or planned_changes.is_present(session, row),
        may_apply=may_apply,
        seconds=list_second_persons(session, obligation.institution_id, _authors(subject)) if is_open and not may_apply else [],
        may_edit=allows(ObligationAction.EDIT, subject),
        people=audiences.people_names(session, {row.created_by, row.applied_by}),
    )


def _authors(subject: PlannedChangeContext) -> Collection[int | None]:
    """Return who cannot apply a change themself: of a draft whoever wrote it, else whoever planned the change."""
    return subject.author_ids if subject.change.kind == PlannedKind.ACTIVATE else {subject.change.created_by}


def _differences(session: Session, row: PlannedChange, newest: obligations.ObligationValues) -> list[tuple[str, str, str]]:
    """Return the differences of a planned version or end from the newest version."""
    if row.kind == PlannedKind.ACTIVATE:
        return []
    planned = planned_changes.values_planned(row, newest)
    titles = obligations.course_titles(
        session,
        {slug for version in (newest, planned) for slug in (*courses_of(version.terms.requirement), *version.terms.lowest_versions)},
    )
    editions = [session.get(Edition, version.edition_id) if version.edition_id is not None else None for version in (newest, planned)]
    names = [edition.name if edition is not None else "" for edition in editions]
    return obligation_pages.differences(
        *(obligation_pages.fact_lines(version, titles, name) for version, name in zip((newest, planned), names, strict=True))
    )


def _hindered_lines(session: Session, row: PlannedChange, obligation: Obligation, newest: obligations.ObligationValues) -> list[str]:
    """Describe who could not finish in time under a draft or a planned version (spec/compulsory 11.7)."""
    if row.kind == PlannedKind.END:
        return []
    values = newest if row.kind == PlannedKind.ACTIVATE else planned_changes.values_planned(row, newest)
    is_automatic = values.enrolment is obligations.EnrolmentMode.AUTOMATIC
    hindered = list_hindered_by(
        session, obligation, values.terms, values.edition_id, is_automatic=is_automatic, is_planned=True, now=clock.now()
    )
    return [hindered_words(people) for people in hindered]


@bp.post("/<uuid:change>/activation")
@requires(ObligationAction.ACTIVATE, lock_activation)
def activate(subject: PlannedChangeContext) -> Answer:
    """Put a draft in force that another person wrote."""
    return _apply(subject)


@bp.post("/<uuid:change>/correction")
@requires(ObligationAction.CHANGE_PAST, lock_correction)
def correct(subject: PlannedChangeContext) -> Answer:
    """Put in force what another person wants to apply from a day before, or what changes many."""
    return _apply(subject)


@bp.post("/<uuid:change>/application")
@requires(ObligationAction.EDIT, lock_application)
def apply(subject: PlannedChangeContext) -> Answer:
    """Put a further version or an end in force."""
    return _apply(subject)


def _apply(subject: PlannedChangeContext) -> Answer:
    form, row = PlannedChangeForm(), subject.change
    try:
        planned_changes.apply_change(current_session(), current_actor(), row, form.confirmed, now=clock.now())
    except NumberToType as refused:
        form.refuse(form.number, _(refused.text))
        return _page(subject, form)
    except DraftFaulty as refused:
        flash(_(refused.text), "bad")
        return see_page("compliance_changes.change", change=row.uuid)
    except AgreementMissing as refused:
        lines = missing_lines(refused.missing, list_deciders(current_session(), [course.id for course, _agreement in refused.missing]))
        flash(" ".join([_("It cannot be applied."), *lines]), "bad")
        return see_page("compliance_changes.change", change=row.uuid)
    except (ObligationChanged, SecondPersonRequired) as refused:
        form.form_errors.append(_(refused.text))
        return _page(subject, form), 409
    if row.state == "applied":
        flash(_("Done. The statuses follow within minutes."), "ok")
    elif row.is_outdated:
        flash(_("Nothing was applied: the numbers have changed. Check the new ones."), "warn")
    return see_page("compliance_changes.change", change=row.uuid)


@bp.post("/<uuid:change>/renewal")
@requires(ObligationAction.EDIT, lock_change_context)
def renew(subject: PlannedChangeContext) -> Answer:
    """Make the dry run again."""
    planned_changes.renew_change(current_session(), current_actor(), subject.change, now=clock.now())
    return see_page("compliance_changes.change", change=subject.change.uuid)


@bp.post("/<uuid:change>/discard")
@requires(ObligationAction.EDIT, lock_change_context)
def discard(subject: PlannedChangeContext) -> Answer:
    """Discard a change that was tried."""
    planned_changes.discard_change(current_session(), current_actor(), subject.change, now=clock.now())
    flash(_("Discarded. Nothing has changed."), "ok")
    assert subject.obligation is not None
    return see_page("compliance_obligations.obligation", obligation=subject.obligation.uuid)
