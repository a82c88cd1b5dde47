"""Pages of audiences: their rules, previews and people."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256
from uuid import UUID

from flask import Blueprint, Response, flash, request
from wtforms import DateField, HiddenField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from accounts import access_log
from accounts.privacy import AccessPurpose, PeopleListKind, record_access
from kernel import clock
from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.i18n import _, choose, lazy_, ngettext
from kernel.markup.source import slug
from kernel.web import after_response
from kernel.web.forms import DAYS, Form, LineField, area, as_uuid, clean_text, line, whole_number
from kernel.web.request import Answer, allows, current_actor, current_session, page, requires, see_page
from organisations import audiences as organisations_audiences
from organisations import tree
from organisations.access import AudienceAction, AudienceContext
from organisations.audience_kinds import AudienceScope, ChoiceSearch, kinds_of, leaf_classes
from organisations.audience_preview import AudiencePreview, MissingCount, explanation_lines, preview
from organisations.audiences import (
    AudienceEditConflict,
    AudienceKeyConflict,
    AudienceRuleValues,
    ReasonRequired,
    list_uses,
    list_waiting_rules,
)
from organisations.models import Audience, Organisation
from organisations.rules.audience_drafts import DraftPath, GroupDraft, draft_of, find_excess, plain_of, read_rule, read_yaml, write_yaml
from organisations.rules.audiences import LeafNames, RuleNode, explain, is_in, may_be_in, references, write_sentence
from organisations.rules.units import UnitPath, in_order
from organisations.training_scope import edited_institutions, get_audience_context, get_audiences_context, seen_institutions
from organisations.views.audience_builder import MOST_FIELDS, apply_edit, build_view, find_typed, read_draft

LONGEST_RULE = 20_000
"""Characters of a rule that is typed; a longer text is not even read."""
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")


class AudienceRuleForm(Form):
    """The rule of an audience, from a day on."""

    rule = area(lazy_("Rule"), most=LONGEST_RULE)
    effective_on = DateField(lazy_("In force from"), [InputRequired(lazy_("Give a date."))], format=DAYS)
    reason = line(lazy_("Reason"), most=1000)
    view = HiddenField(default="form")
    """Whether the rule is built by form, or typed as text."""
    seen = HiddenField()
    """The number of the version that was opened."""
    previewed = HiddenField()
    """The mark of the rule whose preview was shown."""
    number = LineField(lazy_("Number of people"))
    """Typed where the rule lets in nobody or everybody."""

    def validate_effective_on(self, field: DateField) -> None:
        """Refuse a day that nobody means."""
        if field.data and not FIRST_DAY <= field.data <= LAST_DAY:
            raise ValidationError(_("Give a date."))


class AudienceForm(AudienceRuleForm):
    """An audience to add."""

    institution = SelectField(lazy_("Institution"), choices=[])
    key = line(lazy_("Key"), most=64)
    title_es = line(lazy_("Title in Spanish"), most=150, required=lazy_("Give it a title."))
    title_en = line(lazy_("Title in English"), most=150)

    def validate_key(self, field: LineField) -> None:
        """Let a key be words of small letters and digits with hyphens."""
        if field.data and not _KEY.match(field.data):
            raise ValidationError(_("Use lower-case letters without accents, digits and hyphens."))

    def chosen_key(self) -> str:
        """Return the key that was typed, or that follows from the title."""
        return self.key.data or slug(self.title_es.data or "")[:64].strip("-") or "publico"

    def offer(self, institutions: Sequence[UnitPath]) -> None:
        """Let these institutions be chosen."""
        self.institution.choices = [
            SelectChoice(value=str(institution_path.place.uuid), label=institution_path.place.name) for institution_path in institutions
        ]

    def titles(self) -> dict[str, str]:
        """Return the titles by language."""
        return {code: text for code, text in (("es", self.title_es.data), ("en", self.title_en.data)) if text}


class AudienceListForm(Form):
    """A list of people for the rules of audiences: one person a line."""

    institution = SelectField(lazy_("Institution"), choices=[])
    title = line(lazy_("Title"), most=150, required=lazy_("Give it a title."))
    key = line(lazy_("Key"), most=64, required=lazy_("Give it a key."))
    people = area(lazy_("People"), most=800000)

    def validate_key(self, field: LineField) -> None:
        """Let a key be words of small letters and digits with hyphens."""
        if not _KEY.match(field.data or ""):
            raise ValidationError(_("Use lower-case letters without accents, digits and hyphens."))

    def offer(self, institutions: Sequence[UnitPath]) -> None:
        """Let these institutions be chosen."""
        self.institution.choices = [
            SelectChoice(value=str(institution_path.place.uuid), label=institution_path.place.name) for institution_path in institutions
        ]

    def lines(self) -> list[str]:
        """Return a line for each person, once each."""
        cleaned = (clean_text(line) for line in (self.people.data or "").splitlines())
        return list(dict.fromkeys(line for line in cleaned if line))


def missing_lines(missing: Sequence[MissingCount], names: LeafNames) -> list[str]:
    """List of each condition how many have no value for it, and how many of these come in all the same (spec/compulsory 3.3)."""
    return [
        ngettext(
            "“%(condition)s”: %(count)s person has no value on record; %(let_in)s of them come in all the same.",
            "“%(condition)s”: %(count)s people have no value on record; %(let_in)s of them come in all the same.",
            count.people,
            condition=count.leaf.describe(names, negated=False),
            let_in=count.let_in,
        )
        for count in missing
    ]


bp = Blueprint("organisations_audiences", __name__, url_prefix="/administration/audiences")

FORM, TEXT = "form", "text"
"""The two views of a rule."""


@bp.get("")
@requires(AudienceAction.VIEW, get_audiences_context)
def audiences(subject: AudienceContext) -> Answer:
    """List the audiences with how many people are in each."""
    session = current_session()
    counts = organisations_audiences.count_members(session)
    listed = organisations_audiences.list_audiences(session, seen_institutions(subject))
    rows = [(row, choose(row.title), counts.get(row.id, 0)) for row in listed]
    return page("organisations/audiences.html", rows=rows, may_edit=allows(AudienceAction.EDIT, subject))


@bp.get("/new")
@requires(AudienceAction.EDIT, get_audiences_context)
def new(subject: AudienceContext) -> Answer:
    """Show the form of a new audience."""
    form = AudienceForm(
        formdata=None, data={"rule": "unit: ", "effective_on": organisations_audiences.today_of(clock.now()), "view": _chosen_view()}
    )
    return _form_page(form, None, SubmittedRule(GroupDraft(), _offer(form, subject)))


def _chosen_view() -> str:
    return TEXT if request.args.get("view") == TEXT else FORM


def _offer(form: AudienceForm, subject: AudienceContext) -> int | None:
    """Let institutions be chosen; return the one that is chosen, or the first, from which conditions offer what there is."""
    offered = offered_institutions(subject)
    form.offer(offered)
    chosen = next((candidate for candidate in offered if str(candidate.place.uuid) == form.institution.data), next(iter(offered), None))
    return chosen.place.id if chosen is not None else None


def offered_institutions(subject: AudienceContext) -> list[UnitPath]:
    """Return the institutions for which the actor may make audiences and lists."""
    own = edited_institutions(subject.scope, subject.places)
    return [institution_path for institution_path in in_order(tree.list_tree(current_session())) if institution_path.place.id in own]


@bp.post("/new")
@requires(AudienceAction.EDIT, get_audiences_context, field_limit=MOST_FIELDS)
def make(subject: AudienceContext) -> Answer:
    """Show what a new audience would hold, or add it once that was seen."""
    form, session = AudienceForm(), current_session()
    read = _read_rule(form, _offer(form, subject))
    if not _is_right(form, read) or read.rule is None:
        return _form_page(form, None, read), 422
    institution = chosen_institution(form)
    checked = _preview(form, read.rule, None, institution.id)
    if not _is_agreed(form, checked):
        return _form_page(form, None, read, checked), 422
    try:
        row, planned = organisations_audiences.propose_audience(
            session, current_actor(), institution, form.chosen_key(), form.titles(), _values(form, read.rule), now=clock.now()
        )
    except (AudienceKeyConflict, ReasonRequired) as refused:
        if isinstance(refused, ReasonRequired) or form.key.data:
            form.refuse(form.reason if isinstance(refused, ReasonRequired) else form.key, _(refused.text))
        else:
            form.refuse(form.title_es, _("Another audience or list has this title. Change it, or type a key of its own."))
        return _form_page(form, None, read, checked)
    if planned is not None:
        flash(_("“%(name)s” was added from today on. The days before need a second person.", name=choose(row.title)), "ok")
        return _see_planned(planned)
    return see_page("organisations_audiences.audience", audience=row.uuid, flash=_("“%(name)s” was added.", name=choose(row.title)))


def _see_planned(planned: UUID) -> Response:
    return see_page("compliance_audience_rules.change", change=planned)


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
        (
            row,
            write_sentence(
                rule := organisations_audiences.read_stored(session, row.rule), organisations_audiences.leaf_names(session, rule)
            ),
        )
        for row in reversed(organisations_audiences.list_versions(session, subject.id))
    ]
    may_edit = allows(AudienceAction.EDIT, context)
    waiting = list_waiting_rules(session, subject) if may_edit else []
    authors = {rule.author_id for rule in waiting}
    people = organisations_audiences.people_names(
        session, authors | {person for row, _sentence in versions for person in (row.author_id, row.approved_by)}
    )
    return page(
        "organisations/audience.html",
        audience=subject,
        title=choose(subject.title),
        members=organisations_audiences.count_members(session).get(subject.id, 0),
        versions=versions,
        people=people,
        may_edit=may_edit,
        waiting=waiting,
        uses=list_uses(session, subject),
    )


@bp.post("/<uuid:audience>/deletion")
@requires(AudienceAction.EDIT, get_audience_context)
def delete(context: AudienceContext) -> Answer:
    """Delete an audience that nothing names."""
    subject = _audience_of(context)
    title = choose(subject.title)
    organisations_audiences.delete_audience(current_session(), current_actor(), subject, now=clock.now())
    return see_page("organisations_audiences.audiences", flash=_("“%(name)s” was deleted.", name=title))


def _audience_of(context: AudienceContext) -> Audience:
    assert context.audience is not None
    return context.audience


@bp.get("/<uuid:audience>/rule")
@requires(AudienceAction.EDIT, get_audience_context)
def rule(context: AudienceContext) -> Answer:
    """Show the form that changes a rule."""
    subject = _audience_of(context)
    session, today = current_session(), organisations_audiences.today_of(clock.now())
    newest = organisations_audiences.list_versions(session, subject.id)[-1]
    shown = {"rule": newest.rule, "effective_on": max(today, newest.effective_on), "seen": subject.latest, "view": _chosen_view()}
    form = AudienceRuleForm(formdata=None, data=shown)
    return _form_page(
        form, subject, SubmittedRule(draft_of(organisations_audiences.read_stored(session, newest.rule)), subject.institution_id)
    )


@bp.post("/<uuid:audience>/rule")
@requires(AudienceAction.EDIT, get_audience_context, field_limit=MOST_FIELDS)
def change(context: AudienceContext) -> Answer:
    """Show whom a changed rule would let in and out, or save it once that was seen."""
    subject = _audience_of(context)
    form, session = AudienceRuleForm(), current_session()
    read = _read_rule(form, subject.institution_id)
    if not _is_right(form, read) or read.rule is None:
        return _form_page(form, subject, read), 422
    checked = _preview(form, read.rule, subject, subject.institution_id)
    if not _is_agreed(form, checked):
        return _form_page(form, subject, read, checked), 422
    try:
        planned = organisations_audiences.plan_rule(session, current_actor(), subject, _values(form, read.rule), now=clock.now())
        if planned is not None:
            return _see_planned(planned)
        organisations_audiences.change_rule(session, current_actor(), subject, _values(form, read.rule), now=clock.now())
    except AudienceEditConflict as refused:
        form.refuse(form.rule, _(refused.text))
        newest = organisations_audiences.list_versions(session, subject.id)[-1]
        form.seen.data = str(newest.number)
        return _form_page(form, subject, read, checked, others=newest.rule), 409
    except ReasonRequired as refused:
        form.refuse(form.reason, _(refused.text))
        return _form_page(form, subject, read, checked)
    return see_page("organisations_audiences.audience", audience=subject.uuid, flash=_("The rule was saved."))


# --- The rule: built by form or typed as text, two views of one thing (spec/compulsory 3.5) -------------------------------------------


@dataclass(frozen=True, slots=True)
class SubmittedRule:
    """The rule of a form as it was sent: as a draft where it is built by form, with what is wrong with it."""

    draft: GroupDraft
    institution: int | None
    rule: RuleNode | None = None
    fault: str = ""
    left: Mapping[DraftPath, ChoiceSearch] = field(default_factory=dict)
    """What was typed to find a value and is not settled."""
    is_edit: bool = False
    """A button added or removed a part, or changed the view: nothing else of the form is judged."""
    judges: bool = False


def _read_rule(form: AudienceRuleForm, institution: int | None) -> SubmittedRule:
    is_text, step = form.view.data == TEXT, request.form.get("step", "")
    reading = _read_text(form, institution) if is_text else _read_draft(form, institution)
    if step == (FORM if is_text else TEXT):
        if reading.rule is not None:
            form.view.data, form.rule.data = step, write_yaml(reading.rule)
        elif not reading.draft.parts and not (is_text and form.rule.data):
            form.view.data, reading = step, replace(reading, fault="", judges=False)
        return replace(reading, is_edit=True)
    return reading


def _read_text(form: AudienceRuleForm, institution: int | None) -> SubmittedRule:
    """Read a rule as it was typed; one that is too long is left to the form to refuse."""
    if len(form.rule.data or "") > LONGEST_RULE:
        return SubmittedRule(GroupDraft(), institution)
    reading = read_yaml(clean_text(form.rule.data or "", lines=True), leaf_classes(kinds_of(current_session())))
    if reading.rule is None:
        return SubmittedRule(GroupDraft(), institution, fault=" · ".join(str(fault) for fault in reading.faults))
    return _known(SubmittedRule(draft_of(reading.rule), institution, reading.rule))


def _read_draft(form: AudienceRuleForm, institution: int | None) -> SubmittedRule:
    """Read a rule as it was built; a part that a button adds beyond the limits is refused in words."""
    session = current_session()
    kinds = kinds_of(session)
    sent = request.form.to_dict(flat=False)
    draft = read_draft(sent, kinds)
    changed = apply_edit(draft, sent, kinds)
    excess = find_excess(changed)
    draft, left = find_typed(session, institution, draft if excess is not None else changed)
    if "edit" in request.form or excess is not None:
        return SubmittedRule(draft, institution, fault=str(excess or ""), left=left, is_edit="edit" in request.form)
    view = build_view(session, institution, draft, left, judges=True)
    reading = read_rule(plain_of(draft, leaf_classes(kinds)), leaf_classes(kinds)) if view.is_complete else None
    if reading is None or reading.rule is None:
        message = _("Complete the conditions that are marked.") if reading is None else " · ".join(str(fault) for fault in reading.faults)
        return SubmittedRule(draft, institution, fault=message, left=left, judges=True)
    return _known(SubmittedRule(draft, institution, reading.rule, left=left, judges=True))


def _known(reading: SubmittedRule) -> SubmittedRule:
    """Refuse a rule with names that nothing has."""
    assert reading.rule is not None
    known = organisations_audiences.name_references(current_session(), reading.rule)
    unknown = sorted(key for kind, key in references(reading.rule) if (kind, key) not in known)
    if not unknown:
        return reading
    return replace(reading, rule=None, fault=_("There is nothing with these names or codes: %(names)s.", names=", ".join(unknown)))


def _is_right(form: AudienceRuleForm, reading: SubmittedRule) -> bool:
    """Return whether a form can be previewed and saved; the mistakes of its rule stand beside those of its fields."""
    is_valid = not reading.is_edit and form.validate_on_submit()
    if reading.fault:
        form.refuse(form.rule, reading.fault)
    return is_valid and reading.rule is not None


@dataclass(frozen=True, slots=True)
class CheckedRule:
    """A rule that can be saved, with its preview as of the day from which it holds, or of today."""

    rule: RuleNode
    shown: AudiencePreview
    later_day: date | None

    @property
    def mark(self) -> str:
        """Return the mark that the form sends back to state that this preview was seen."""
        return sha256(write_yaml(self.rule).encode()).hexdigest()[:16]


def _preview(form: AudienceRuleForm, rule: RuleNode, subject: Audience | None, institution: int) -> CheckedRule:
    """Compare a rule with the one before it, as of its first day where that is still to come, by what is on record today."""
    session, today = current_session(), organisations_audiences.today_of(clock.now())
    assert form.effective_on.data is not None
    day = max(today, form.effective_on.data)
    before = organisations_audiences.find_rule_on(session, subject.id, day) if subject is not None else None
    return CheckedRule(rule, preview(session, rule, before, AudienceScope(institution, day)), day if day > today else None)


def _is_agreed(form: AudienceRuleForm, checked: CheckedRule) -> bool:
    """Return whether the preview of this rule was seen and, where nobody or everybody is in, the number was typed (spec/compulsory 18)."""
    was_seen = form.previewed.data == checked.mark and request.form.get("step") == "save"
    if was_seen and checked.shown.is_extreme and whole_number(form.number.data or "", -1) != checked.shown.total:
        form.refuse(form.number, _("Type the number of people to confirm."))
        return False
    return was_seen


def _values(form: AudienceRuleForm, rule: RuleNode) -> AudienceRuleValues:
    assert form.effective_on.data is not None
    return AudienceRuleValues(rule, form.effective_on.data, form.reason.data or "", whole_number(form.seen.data or ""))


def _form_page(
    form: AudienceRuleForm, subject: Audience | None, reading: SubmittedRule, checked: CheckedRule | None = None, others: str = ""
) -> Response:
    session = current_session()
    sentence, text, missing = "", "", list[str]()
    if checked is not None:
        names = organisations_audiences.leaf_names(session, checked.rule)
        sentence, text, missing = write_sentence(checked.rule, names), write_yaml(checked.rule), missing_lines(checked.shown.missing, names)
        form.previewed.data = checked.mark
        access_log.record_list_access(PeopleListKind.AUDIENCE, Audience, subject.id if subject is not None else None)
    built = None
    if form.view.data != TEXT:
        form.view.data = FORM
        built = build_view(session, reading.institution, reading.draft, reading.left, judges=reading.judges)
    return page(
        "organisations/audience_form.html",
        form=form,
        audience=subject,
        title=choose(subject.title) if subject is not None else _("New audience"),
        built=built,
        preview=checked.shown if checked is not None else None,
        later_day=checked.later_day if checked is not None else None,
        sentence=sentence,
        text=text,
        missing=missing,
        others=others,
    )


def _record_access_of(person_id: int) -> None:
    """Let the person see that somebody looked up their place in an audience."""
    actor, now = current_actor(), clock.now()
    after_response.leave_record(lambda session: record_access(session, actor, person_id, AccessPurpose.TRAINING, now=now))


@bp.get("/<uuid:audience>/why")
@requires(AudienceAction.VIEW, get_audience_context)
def why(context: AudienceContext) -> Answer:
    """Show whether a person is in an audience today, and what each condition finds."""
    subject = _audience_of(context)
    session, today = current_session(), organisations_audiences.today_of(clock.now())
    query = " ".join(request.args.get("who", "").split())[:254]
    person = organisations_audiences.find_candidate_person(session, subject.institution_id, query) if query else None
    rule = organisations_audiences.find_rule_on(session, subject.id, today)
    lines, inside, may = list[tuple[int, str, bool, str]](), False, False
    if person is not None and rule is not None:
        _record_access_of(person.id)
        candidate = organisations_audiences.load_candidates(session, subject.institution_id, [person.id])[person.id]
        inside, may = is_in(rule, candidate, today), may_be_in(candidate, today)
        lines = list(explanation_lines(explain(rule, candidate, today), organisations_audiences.leaf_names(session, rule)))
    return page(
        "organisations/audience_why.html",
        audience=subject,
        title=choose(subject.title),
        words=query,
        person=person,
        in_force=rule is not None,
        inside=inside,
        may=may,
        lines=lines,
    )
