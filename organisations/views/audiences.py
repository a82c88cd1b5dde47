"""Audiences for administrators, training officers and auditors: rules with a preview, their versions, and why somebody is in one."""

from hashlib import sha256

from flask import Blueprint, Response, flash, render_template, request

from accounts import access_log
from accounts.services import PeopleListKind
from kernel import clock
from kernel.i18n import _, choose
from kernel.web.forms import as_uuid, clean_text, whole_number
from kernel.web.request import allows, current_actor, current_session, requires, see_page
from organisations.audience_rules.reading import read_yaml
from organisations.audience_rules.sentences import write_sentence
from organisations.audience_rules.tree import RuleNode, explain, is_in, may_be_in, references
from organisations.audience_rules.yaml_text import write_yaml
from organisations.forms.audiences import AudienceForm, AudienceListForm, AudienceRuleForm
from organisations.models import Audience, Organisation
from organisations.pages.audiences import explanation_lines, missing_lines
from organisations.permissions import AudienceAction, AudienceContext
from organisations.queries import audiences as queries
from organisations.queries import tree
from organisations.queries.audience_access import (
    edited_institutions,
    get_audience_context,
    get_audiences_context,
    seen_institutions,
)
from organisations.queries.audience_kinds import AudienceScope, kinds_of, leaf_classes
from organisations.queries.audience_preview import AudiencePreview, preview
from organisations.rules import UnitPath, in_order
from organisations.services import audiences as services
from organisations.services.audiences import AudienceEditConflict, AudienceKeyConflict, AudienceRuleValues

bp = Blueprint("organisations_audiences", __name__, url_prefix="/administration/audiences")

Answer = str | Response | tuple[str, int]


@bp.get("")
@requires(AudienceAction.VIEW, get_audiences_context)
def audiences(subject: AudienceContext) -> Answer:
    """List the audiences with how many people are in each."""
    session = current_session()
    counts = queries.count_members(session)
    found = queries.list_audiences(session, seen_institutions(subject))
    rows = [(row, choose(row.title), counts.get(row.id, 0)) for row in found]
    return render_template("organisations/audiences.html", rows=rows, may_edit=allows(AudienceAction.EDIT, subject))


@bp.get("/new")
@requires(AudienceAction.EDIT, get_audiences_context)
def new(subject: AudienceContext) -> Answer:
    """Show the form of a new audience."""
    form = AudienceForm(formdata=None, data={"rule": "unit: ", "effective_on": services.today_of(clock.now())})
    form.offer(offered_institutions(subject))
    return _form_page(form, None, None)


def offered_institutions(subject: AudienceContext) -> list[UnitPath]:
    """Return the institutions for which the actor may make audiences and lists."""
    own = edited_institutions(subject.scope, subject.places)
    return [one for one in in_order(tree.list_tree(current_session())) if one.place.id in own]


@bp.post("/new")
@requires(AudienceAction.EDIT, get_audiences_context)
def make(subject: AudienceContext) -> Answer:
    """Show what a new audience would hold, or add it once that was seen."""
    form, session = AudienceForm(), current_session()
    form.offer(offered_institutions(subject))
    if not form.validate_on_post():
        return _form_page(form, None, None), 422
    institution = chosen_institution(form)
    rule = _read(form)
    if rule is None:
        return _form_page(form, None, None), 422
    shown = preview(session, rule, None, AudienceScope(institution.id, services.today_of(clock.now())))
    if not _is_agreed(form, rule, shown):
        return _form_page(form, None, (rule, shown)), 422
    try:
        row = services.make_audience(
            session, current_actor(), institution, form.key.data or "", form.titles(), _values(form, rule), now=clock.now()
        )
    except AudienceKeyConflict as refused:
        form.refuse(form.key, _(refused.text))
        return _form_page(form, None, (rule, shown)), 422
    flash(_("“%(name)s” was added.", name=choose(row.title)), "ok")
    return see_page("organisations_audiences.audience", audience=row.uuid)


def chosen_institution(form: AudienceForm | AudienceListForm) -> Organisation:
    """Return the institution that a valid form names: one of those that were offered."""
    chosen = as_uuid(form.institution.data or "")
    assert chosen is not None
    return tree.get_organisation(current_session(), current_actor(), chosen)


@bp.get("/<uuid:audience>")
@requires(AudienceAction.VIEW, get_audience_context)
def audience(context: AudienceContext) -> Answer:
    """Show an audience: its sentence, how many are in it, and every version of its rule."""
    session, subject = current_session(), _audience_of(context)
    versions = [
        (row, write_sentence(rule := queries.read_stored(session, row.rule), queries.leaf_names(session, rule)))
        for row in reversed(queries.list_versions(session, subject.id))
    ]
    return render_template(
        "organisations/audience.html",
        audience=subject,
        title=choose(subject.title),
        members=queries.count_members(session).get(subject.id, 0),
        versions=versions,
        may_edit=allows(AudienceAction.EDIT, context),
    )


def _audience_of(context: AudienceContext) -> Audience:
    assert context.audience is not None
    return context.audience


@bp.get("/<uuid:audience>/rule")
@requires(AudienceAction.EDIT, get_audience_context)
def rule(context: AudienceContext) -> Answer:
    """Show the form that changes a rule."""
    subject = _audience_of(context)
    newest = queries.list_versions(current_session(), subject.id)[-1]
    today = services.today_of(clock.now())
    form = AudienceRuleForm(
        formdata=None, data={"rule": newest.rule, "effective_on": max(today, newest.effective_on), "seen": subject.latest}
    )
    return _form_page(form, subject, None)


@bp.post("/<uuid:audience>/rule")
@requires(AudienceAction.EDIT, get_audience_context)
def change(context: AudienceContext) -> Answer:
    """Show whom a changed rule would let in and out, or save it once that was seen."""
    subject = _audience_of(context)
    form, session, today = AudienceRuleForm(), current_session(), services.today_of(clock.now())
    if not form.validate_on_post():
        return _form_page(form, subject, None), 422
    read = _read(form)
    if read is None:
        return _form_page(form, subject, None), 422
    before = queries.find_rule_on(session, subject.id, today)
    shown = preview(session, read, before, AudienceScope(subject.institution_id, today))
    if not _is_agreed(form, read, shown):
        return _form_page(form, subject, (read, shown)), 422
    try:
        services.change_rule(session, current_actor(), subject, _values(form, read), now=clock.now())
    except AudienceEditConflict as refused:
        form.refuse(form.rule, _(refused.text))
        newest = queries.list_versions(session, subject.id)[-1]
        form.seen.data = str(newest.number)
        return _form_page(form, subject, (read, shown), others=newest.rule), 409
    flash(_("The rule was saved."), "ok")
    return see_page("organisations_audiences.audience", audience=subject.uuid)


def _read(form: AudienceRuleForm) -> RuleNode | None:
    """Read the rule; its mistakes, and names that nothing has, stand beside the field."""
    session = current_session()
    found = read_yaml(clean_text(form.rule.data or "", lines=True), leaf_classes(kinds_of(session)))
    if found.rule is None:
        form.refuse(form.rule, " · ".join(str(fault) for fault in found.faults))
        return None
    known = queries.name_references(session, found.rule)
    unknown = sorted(key for kind, key in references(found.rule) if (kind, key) not in known)
    if unknown:
        form.refuse(form.rule, _("There is nothing with these names or codes: %(names)s.", names=", ".join(unknown)))
        return None
    return found.rule


def _mark(rule: RuleNode) -> str:
    return sha256(write_yaml(rule).encode()).hexdigest()[:16]


def _is_agreed(form: AudienceRuleForm, rule: RuleNode, shown: AudiencePreview) -> bool:
    """Say whether the preview of this rule was seen and, where nobody or everybody is in, the number was typed (spec/compulsory 18)."""
    was_seen = form.previewed.data == _mark(rule) and request.form.get("step") == "save"
    if was_seen and shown.is_extreme and whole_number(form.number.data or "", -1) != shown.total:
        form.refuse(form.number, _("Type the number of people to confirm."))
        return False
    return was_seen


def _values(form: AudienceRuleForm, rule: RuleNode) -> AudienceRuleValues:
    assert form.effective_on.data is not None
    return AudienceRuleValues(rule, form.effective_on.data, form.reason.data or "", whole_number(form.seen.data or ""))


def _form_page(form: AudienceRuleForm, subject: Audience | None, checked: tuple[RuleNode, AudiencePreview] | None, others: str = "") -> str:
    session = current_session()
    sentence, missing = "", list[str]()
    if checked is not None:
        names = queries.leaf_names(session, checked[0])
        sentence, missing = write_sentence(checked[0], names), missing_lines(checked[1].missing, names)
        form.previewed.data = _mark(checked[0])
        access_log.record_list_access(PeopleListKind.PEOPLE, Audience, subject.id if subject is not None else None)
    return render_template(
        "organisations/audience_form.html",
        form=form,
        audience=subject,
        title=choose(subject.title) if subject is not None else _("New audience"),
        preview=checked[1] if checked is not None else None,
        sentence=sentence,
        missing=missing,
        others=others,
    )


@bp.get("/<uuid:audience>/why")
@requires(AudienceAction.VIEW, get_audience_context)
def why(context: AudienceContext) -> Answer:
    """Show whether a person is in an audience today, and what each condition finds."""
    subject = _audience_of(context)
    session, today = current_session(), services.today_of(clock.now())
    words = " ".join(request.args.get("who", "").split())[:254]
    person = queries.find_candidate_person(session, subject.institution_id, words) if words else None
    rule = queries.find_rule_on(session, subject.id, today)
    lines, inside, may = list[object](), False, False
    if person is not None and rule is not None:
        access_log.record_list_access(PeopleListKind.PEOPLE, Audience, subject.id)
        candidate = queries.load_candidates(session, subject.institution_id, [person.id])[person.id]
        inside, may = is_in(rule, candidate, today), may_be_in(candidate, today)
        lines = list(explanation_lines(explain(rule, candidate, today), queries.leaf_names(session, rule)))
    return render_template(
        "organisations/audience_why.html",
        audience=subject,
        title=choose(subject.title),
        words=words,
        person=person,
        in_force=rule is not None,
        inside=inside,
        may=may,
        lines=lines,
    )
