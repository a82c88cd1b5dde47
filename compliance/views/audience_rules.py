"""Another rule of an audience, tried before it holds: whose status it changes, and applying it by its number (spec/compulsory 4.8)."""

import json

from flask import Blueprint, Response, flash

from compliance import obligations, planned_changes
from compliance.access import PlannedRuleContext
from compliance.free_days import SecondPersonRequired
from compliance.planned_changes import NumberToType, get_rule_context, lock_rule_context
from compliance.rules.planned_changes import read_outcome
from compliance.team_digests import list_second_persons
from compliance.views import obligation_pages
from compliance.views.obligation_forms import PlannedChangeForm
from kernel import clock
from kernel.i18n import _, choose
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_page
from organisations import audiences
from organisations.access import AudienceAction
from organisations.audiences import AudienceEditConflict
from organisations.models import Audience
from organisations.rules.audiences import write_sentence

bp = Blueprint("compliance_audience_rules", __name__, url_prefix="/compulsory-training/audience-rules")


@bp.get("/<uuid:change>")
@requires(AudienceAction.EDIT, get_rule_context)
def change(subject: PlannedRuleContext) -> Answer:
    """Show whose status another rule would change, how far its dry run is, or that it was applied."""
    return _page(subject, PlannedChangeForm(formdata=None))


def _audience(subject: PlannedRuleContext) -> Audience:
    assert subject.audience is not None
    return subject.audience


def _page(subject: PlannedRuleContext, form: PlannedChangeForm) -> Response:
    session, row = current_session(), subject.change
    outcome, planned = read_outcome(json.loads(row.outcome)), planned_changes.rule_planned(session, row, row.computed_at)
    before, institution = audiences.find_rule_on(session, _audience(subject).id, planned.effective_on), _audience(subject).institution_id
    why = planned_changes.why_second(row, outcome) if row.state == "ready" else None
    may_apply = why is None or row.created_by != current_actor().person_id
    titles = {
        obligation.id: choose(obligations.latest_version(session, obligation).title)
        for obligation in planned_changes.list_obligations_of(session, row)
    }
    return page(
        "compliance/planned_rule.html",
        change=row,
        audience=_audience(subject),
        title=choose(_audience(subject).title),
        sentence=write_sentence(planned.rule, audiences.leaf_names(session, planned.rule)),
        former=write_sentence(before, audiences.leaf_names(session, before)) if before is not None else "",
        effective_on=planned.effective_on,
        outcome=obligation_pages.outcome_view(
            outcome, titles, planned_changes.unit_names(session, [unit for unit, _people in outcome.most_affected])
        ),
        form=form,
        may_apply=may_apply,
        why=why or "",
        seconds=[] if may_apply else list_second_persons(session, institution, {row.created_by}),
        is_used=bool(titles),
        needs_number=row.state == "ready" and planned_changes.needs_number(session, row, outcome),
        is_present=row.state in ("applied", "discarded") or planned_changes.is_present(session, row),
        people=audiences.people_names(session, {row.created_by, row.applied_by}),
    )


@bp.post("/<uuid:change>/application")
@requires(AudienceAction.EDIT, lock_rule_context)
def apply(subject: PlannedRuleContext) -> Answer:
    """Let the rule hold."""
    form, row = PlannedChangeForm(), subject.change
    try:
        planned_changes.apply_change(current_session(), current_actor(), row, form.confirmed, now=clock.now())
    except NumberToType as refused:
        form.refuse(form.number, _(refused.text))
        return _page(subject, form)
    except (AudienceEditConflict, SecondPersonRequired) as refused:
        form.form_errors.append(_(refused.text))
        return _page(subject, form), 409
    if row.state == "applied":
        flash(_("The rule was saved. The statuses follow within minutes."), "ok")
        return see_page("organisations_audiences.audience", audience=_audience(subject).uuid)
    return see_page("compliance_audience_rules.change", change=row.uuid)


@bp.post("/<uuid:change>/renewal")
@requires(AudienceAction.EDIT, lock_rule_context)
def renew(subject: PlannedRuleContext) -> Answer:
    """Make the dry run again."""
    planned_changes.renew_change(current_session(), current_actor(), subject.change, now=clock.now())
    return see_page("compliance_audience_rules.change", change=subject.change.uuid)


@bp.post("/<uuid:change>/discard")
@requires(AudienceAction.EDIT, lock_rule_context)
def discard(subject: PlannedRuleContext) -> Answer:
    """Discard a rule that was tried."""
    planned_changes.discard_change(current_session(), current_actor(), subject.change, now=clock.now())
    return see_page("organisations_audiences.audience", audience=_audience(subject).uuid, flash=_("Discarded. Nothing has changed."))
