"""Pages of the tree: places, who belongs to them and who manages them."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date
from operator import add
from uuid import UUID

from flask import Blueprint, Response, flash, request
from sqlalchemy.orm import Session
from wtforms import BooleanField, DateField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional

from accounts import access_log
from accounts.forms import EmailField, zones_by_name
from accounts.models import Person
from accounts.people import find_person_by_email, get_person_by_uuid
from accounts.privacy import PeopleListKind
from kernel import clock
from kernel.clock import FIRST_DAY
from kernel.errors import N_, Conflict
from kernel.i18n import _, format_date, language, lazy_, zone_name
from kernel.permissions import Actor
from kernel.web.forms import DAYS, Form, as_day, as_uuid, line
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_page
from kernel.web.table import requested_page, requested_words
from organisations import audience_preview, move_previews, training_scope, tree
from organisations import units as members
from organisations.access import OrganisationAction
from organisations.audiences import ReasonRequired, today_of
from organisations.list_reading import AHEAD
from organisations.models import Organisation
from organisations.move_previews import MovePreview, preview_move
from organisations.rules.units import (
    TRAINING_ROLES,
    OrganisationKind,
    TrainingRole,
    UnitPath,
    in_order,
    indented,
    inherited_zone,
    lineage,
    may_stand_under,
    rolled_up,
)
from organisations.training_scope import list_training_grants
from organisations.tree import get_organisation
from organisations.units import UnitCodeConflict, UnitMove, UnitValues

KINDS = {
    OrganisationKind.INSTITUTION: N_("Organisation"),
    OrganisationKind.PROVINCE: N_("Province"),
    OrganisationKind.UNIT: N_("Unit"),
}


class UnitForm(Form):
    """Name and code of a place."""

    name = line(lazy_("Name"), most=150, required=lazy_("Give it a name."))
    code = line(lazy_("Code"), most=40)

    def command(self) -> UnitValues:
        """Return the names of the place."""
        return UnitValues(self.name.data or "", self.code.data or "")


class UnitChangeForm(UnitForm):
    """Name, code and time zone of a place that there is."""

    zone = SelectField(lazy_("Time zone"), choices=[], default="")

    def offer_zones(self, inherited: str, own: str, *, is_below: bool) -> None:
        """Let the zone of what stands above be followed, or another one be chosen."""
        zones = zones_by_name(language()) | ({zone_name(own): own} if own else {})
        name = zone_name(inherited)
        follows = SelectChoice(
            value="", label=_("Like the unit above: %(zone)s", zone=name) if is_below else _("The usual one: %(zone)s", zone=name)
        )
        self.zone.choices = [follows, *(SelectChoice(value=zone, label=name) for name, zone in zones.items())]

    def command(self) -> UnitValues:
        """Return the names of the place, and the clock by which its days end."""
        return UnitValues(self.name.data or "", self.code.data or "", self.zone.data or "")


class NewUnitForm(UnitForm):
    """A place to add below another."""

    kind = SelectField(lazy_("Kind"), choices=[])

    def offer(self, kinds: Sequence[OrganisationKind]) -> None:
        """Let these kinds be chosen."""
        self.kind.choices = [SelectChoice(value=kind.value, label=_(KINDS[kind])) for kind in kinds]


class UnitChoiceForm(Form):
    """One place of the tree, or none."""

    place = SelectField(lazy_("Place"), choices=[], default="")
    seen = HiddenField()
    """The place, and the numbers of people that were shown with it."""

    def was_shown(self, *shown: object) -> bool:
        """Return whether these numbers of people were shown for this place; else they are shown now."""
        mark = ":".join(map(str, (self.place.data, *shown)))
        was_seen, self.seen.data = self.seen.data == mark, mark
        return was_seen

    def offer(self, places: Sequence[UnitPath], none: str = "") -> None:
        """Let these places be chosen, and nothing where there are words for it."""
        empty = [SelectChoice(value="", label=none)] if none else []
        self.place.choices = [*empty, *(SelectChoice(value=str(unit_path.place.uuid), label=indented(unit_path)) for unit_path in places)]


class UnitMoveForm(UnitChoiceForm):
    """The place under which a unit is to stand, from which day on, and why; sent again once those whom it concerns were shown."""

    place = SelectField(lazy_("Parent unit"), [InputRequired(lazy_("Choose the unit under which it will stand."))], choices=[], default="")
    since_on = DateField(lazy_("From which day on"), [Optional()], format=DAYS)
    reason = line(lazy_("Reason"), most=1000)
    """Given of a day before today, and of many people."""

    def day(self, today: date) -> date | None:
        """Return the day from which it stands there; None, with the fault in the form, where it is too far away."""
        day: date = self.since_on.data or today
        if not FIRST_DAY <= day <= today + AHEAD:
            self.refuse(self.since_on, _("Choose a day that is at most a year ahead."))
            return None
        return day


class MemberForm(Form):
    """A person with an account, by their address."""

    email = EmailField(lazy_("Email"), [InputRequired(lazy_("Enter an email address."))])


class UnitManagerForm(MemberForm):
    """A person who is to follow the people of a place, as its head where that is ticked."""

    is_head = BooleanField(lazy_("Heads the unit"))


class TrainingGrantForm(MemberForm):
    """A person who is to look after or audit compulsory training, by their address."""

    role = SelectField(
        lazy_("Role"),
        choices=[SelectChoice(value=role.value, label=lazy_(label)) for role, label in TRAINING_ROLES.items()],
    )

    def chosen_role(self) -> TrainingRole:
        """Return the role of a valid form."""
        return TrainingRole(self.role.data)


bp = Blueprint("organisations", __name__, url_prefix="/administration/organisations")

ROWS = 50


@bp.get("")
@requires(OrganisationAction.MANAGE)
def organisations() -> Answer:
    """Show the whole tree with how many belong to each place."""
    return _tree_page(UnitForm())


def _tree_page(form: UnitForm) -> Response:
    session = current_session()
    standings, own = in_order(tree.list_tree(session)), tree.count_members(session)
    parents = {unit_path.place.id: unit_path.place.parent_id for unit_path in standings}
    return page(
        "organisations/organisations.html",
        form=form,
        rows=[(unit_path, own.get(unit_path.place.id, 0)) for unit_path in standings],
        totals=rolled_up(parents, own, add, 0),
        waiting={each.unit_id: each for each in members.list_waiting_moves(session)},
        kinds=_kinds(),
    )


def _kinds() -> dict[str, str]:
    return {kind.value: _(label) for kind, label in KINDS.items()}


@bp.post("")
@requires(OrganisationAction.MANAGE)
def make_institution() -> Answer:
    """Add an institution."""
    form = UnitForm()
    made = _try(form, lambda: members.make(*_who(), None, OrganisationKind.INSTITUTION, form.command(), now=clock.now()))
    if not made:
        return _tree_page(form), 422
    return see_page("organisations.organisations", flash=_("“%(name)s” was added.", name=form.name.data))


def _who() -> tuple[Session, Actor]:
    return current_session(), current_actor()


def _try(form: Form, act: Callable[[], object]) -> bool:
    """Act if the form is valid; a refusal of the service is shown beside its field."""
    if not form.validate_on_submit():
        return False
    try:
        act()
    except UnitCodeConflict as refused:
        form.refuse(form["code"], _(refused.text))
        return False
    except Conflict as refused:
        form.refuse(next(iter(form)), _(refused.text, **refused.facts))
        return False
    return True


@bp.get("/<uuid:organisation>")
@requires(OrganisationAction.MANAGE, get_organisation)
def organisation(subject: Organisation) -> Answer:
    """Show one place: what stands around it, who belongs to it and who manages it."""
    access_log.record_list_access(PeopleListKind.UNIT, Organisation, subject.id)
    return _page(subject)


def _page(  # one page with seven forms
    subject: Organisation,
    refused: Form | None = None,
    moved: MovePreview | None = None,
    effects: Sequence[audience_preview.TrainingEffect] = (),
    most_tried: int = 0,
) -> Response:
    session, requested = current_session(), requested_page(ROWS)
    query = requested_words()
    standings = in_order(tree.list_tree(session))
    rows = tree.list_members(session, subject.id, query, offset=requested.offset, limit=ROWS + 1)
    forms: dict[str, Form] = {
        "change": _change_form(subject, standings, formdata=None, data=_present_values(subject)),
        "child": _child_form(subject, formdata=None),
        "move": _move_form(subject, standings, formdata=None),
        "close": _place_form(_open(standings, subject), "close-", _("Move its people to"), _("do not move them"), formdata=None),
        "member": MemberForm(formdata=None, prefix="member-"),
        "manager": UnitManagerForm(formdata=None, prefix="manager-"),
        "training": TrainingGrantForm(formdata=None, prefix="training-"),
    }
    if refused is not None:
        forms[refused._prefix.removesuffix("-")] = refused
    counts = tree.count_members(session)
    return page(
        "organisations/organisation.html",
        place=subject,
        path=tree.list_path(session, subject.id),
        kinds=_kinds(),
        forms_of=forms,
        refused=refused,
        moved=moved,
        stood=_former_parents(subject),
        waiting=[each for each in members.list_waiting_moves(session) if each.unit_id == subject.id],
        names={unit_path.place.id: unit_path.place.name for unit_path in standings},
        today=today_of(clock.now()),
        effects=effects,
        most_tried=most_tried,
        children=[(unit_path, counts.get(unit_path.place.id, 0)) for unit_path in standings if unit_path.place.parent_id == subject.id],
        members=counts.get(subject.id, 0),
        page=requested.of(rows),
        words=query,
        managers=tree.list_managers(session, subject.id),
        training=list_training_grants(session, subject.id),
        training_roles={role: _(label) for role, label in TRAINING_ROLES.items()},
        may_delete=not tree.had_people(session, subject.id),
    )


def _former_parents(subject: Organisation) -> list[tuple[str, date | None, date | None]]:
    """Return a place's former and coming parents, from which to which day, where that is not always the same."""
    history = tree.load_history(current_session())
    spans = history.spans.get(subject.id, ())
    return [(history.units[span.parent].name, span.since_on, span.until_on) for span in spans] if len(spans) > 1 else []


def _present_values(subject: Organisation) -> dict[str, str]:
    return {"name": subject.name, "code": subject.code or "", "zone": subject.zone}


def _change_form(subject: Organisation, standings: list[UnitPath], **options: object) -> UnitChangeForm:
    form = UnitChangeForm(prefix="change-", **options)
    form.offer_zones(
        inherited_zone({unit_path.place.id: unit_path.place for unit_path in standings}, subject.id),
        subject.zone,
        is_below=subject.parent_id is not None,
    )
    return form


def _child_form(subject: Organisation, **options: object) -> NewUnitForm:
    form = NewUnitForm(prefix="child-", **options)
    kind = OrganisationKind(subject.kind)
    form.offer([below for below in reversed(OrganisationKind) if may_stand_under(below, kind)])
    return form


def _move_form(subject: Organisation, standings: list[UnitPath], **options: object) -> UnitMoveForm:
    form = UnitMoveForm(prefix="move-", **options)
    form.offer(_targets(subject, standings), _("Choose where it moves to"))
    return form


def _place_form(places: list[UnitPath], prefix: str, label: str, none: str = "", **options: object) -> UnitChoiceForm:
    form = UnitChoiceForm(prefix=prefix, **options)
    form.place.label.text = label
    form.offer(places, none)
    return form


def _open(standings: list[UnitPath], subject: Organisation) -> list[UnitPath]:
    return [unit_path for unit_path in standings if not unit_path.place.closed and unit_path.place.id != subject.id]


def _targets(subject: Organisation, standings: list[UnitPath]) -> list[UnitPath]:
    """Return the places under which one may stand, none of those that stand below it; its present one where it is to move."""
    parents = {unit_path.place.id: unit_path.place.parent_id for unit_path in standings}
    kind = OrganisationKind(subject.kind)
    is_to_move = tree.find_last_parent(current_session(), subject.id) not in (None, subject.parent_id)
    return [
        unit_path
        for unit_path in _open(standings, subject)
        if subject.id not in lineage(parents, unit_path.place.id)
        and may_stand_under(kind, unit_path.place.kind)
        and (is_to_move or unit_path.place.id != subject.parent_id)
    ]


def _back(subject: Organisation, message: str = "") -> Response:
    if message:
        flash(message, "ok")
    return see_page("organisations.organisation", organisation=subject.uuid)


def _chosen(form: UnitChoiceForm) -> Organisation | None:
    chosen = as_uuid(form.place.data or "")
    return None if chosen is None else get_organisation(current_session(), current_actor(), chosen)


@bp.post("/<uuid:organisation>/change")
@requires(OrganisationAction.MANAGE, get_organisation)
def change(subject: Organisation) -> Answer:
    """Give a place another name, code or time zone."""
    form = _change_form(subject, in_order(tree.list_tree(current_session())))
    if not _try(form, lambda: members.change(*_who(), subject, form.command(), now=clock.now())):
        return _page(subject, form), 422
    return _back(subject, _("The changes are saved."))


@bp.post("/<uuid:organisation>/places")
@requires(OrganisationAction.MANAGE, get_organisation)
def add_place(subject: Organisation) -> Answer:
    """Add a place below this one."""
    form = _child_form(subject)
    if not _try(form, lambda: members.make(*_who(), subject, OrganisationKind(form.kind.data), form.command(), now=clock.now())):
        return _page(subject, form), 422
    return _back(subject, _("“%(name)s” was added.", name=form.name.data))


@bp.post("/<uuid:organisation>/move")
@requires(OrganisationAction.MANAGE, get_organisation)
def move(subject: Organisation) -> Answer:
    """Put a place, with everything below it, under another one; what is not one person's waits for a second one."""
    session, actor = _who()
    form, now = _move_form(subject, in_order(tree.list_tree(session))), clock.now()
    today, previews = today_of(now), list[MovePreview]()
    target, day = (_chosen(form), form.day(today)) if form.validate_on_submit() else (None, None)
    if target is None or day is None:
        return _page(subject, form), 422
    if not _try(form, lambda: previews.append(preview_move(session, subject, target, day, now=now))):
        return _page(subject, form), 422
    (moved,) = previews
    is_shown = not any((*moved.numbers, moved.needs_second)) or form.was_shown(day, *moved.numbers)
    if moved.needs_second and not form.reason.data:
        form.refuse(form.reason, _(ReasonRequired.message))
    if not is_shown or form.errors:
        return _page(subject, form, moved), 422
    planned = list[UUID]()

    def act() -> None:
        if moved.needs_second:
            values = UnitMove(subject.id, target.id, day, form.reason.data or "")
            planned.append(members.plan_move(session, actor, values, now=now))
        else:
            members.move(session, actor, subject, target, now=now, since_on=day, rewritten=len(moved.rewritten))

    if not _try(form, act):
        return _page(subject, form), 422
    if planned:
        return see_page("compliance_unit_moves.change", change=planned[0])
    if day > today:
        return _back(subject, _("It will be under “%(name)s” from %(day)s on.", name=target.name, day=format_date(day)))
    return _back(subject, _("It is now under “%(name)s”.", name=target.name))


@bp.post("/<uuid:organisation>/move/cancellation")
@requires(OrganisationAction.MANAGE, get_organisation)
def cancel_move(subject: Organisation) -> Answer:
    """Let a place stay where it would have stood without its last move that is still to come."""
    try:
        members.cancel_move(*_who(), subject, as_day(request.form.get("since_on", "")), now=clock.now())
    except Conflict as refused:
        flash(_(refused.text, **refused.facts), "bad")
        return _back(subject)
    return _back(subject, _("The planned move was cancelled."))


@bp.post("/<uuid:organisation>/closing")
@requires(OrganisationAction.MANAGE, get_organisation)
def close(subject: Organisation) -> Answer:
    """Let a place take nobody in any more; its people stay or move to another."""
    standings, now = in_order(tree.list_tree(current_session())), clock.now()
    form = _place_form(_open(standings, subject), "close-", _("Move its people to"), _("do not move them"))
    history = tree.load_history(current_session())
    closed = replace(history, units={**history.units, subject.id: replace(history.units[subject.id], closed=True)})
    people = audience_preview.list_people_of_changed(current_session(), closed)
    effects = list[audience_preview.TrainingEffect]()

    def rehearse() -> None:
        session = current_session()
        effects.extend(move_previews.rehearse(session, people, lambda: members.close(*_who(), subject, _chosen(form), now=now), now))

    if not _try(form, rehearse):
        return _page(subject, form), 422
    if effects and not form.was_shown(sum(effect.people for effect in effects)):
        most_tried = move_previews.MOST_TRIED if len(people) > move_previews.MOST_TRIED else 0
        return _page(subject, form, effects=effects, most_tried=most_tried), 422
    if not _try(form, lambda: members.close(*_who(), subject, _chosen(form), now=now)):
        return _page(subject, form), 422
    return _back(subject, _("The unit was closed."))


@bp.post("/<uuid:organisation>/opening")
@requires(OrganisationAction.MANAGE, get_organisation)
def reopen(subject: Organisation) -> Answer:
    """Let a closed place take people in again."""
    try:
        members.reopen(*_who(), subject, now=clock.now())
    except Conflict as refused:
        flash(_(refused.text), "bad")
        return _back(subject)
    return _back(subject, _("The unit was reopened."))


@bp.post("/<uuid:organisation>/deletion")
@requires(OrganisationAction.MANAGE, get_organisation)
def delete(subject: Organisation) -> Answer:
    """Delete a place to which nobody ever belonged."""
    try:
        members.remove(*_who(), subject, now=clock.now())
    except Conflict as refused:
        flash(_(refused.text), "bad")
        return _back(subject)
    return see_page("organisations.organisations", flash=_("“%(name)s” was deleted.", name=subject.name))


def _known(form: MemberForm) -> Person | None:
    """Return the person who has the address of a form; where nobody has, show that beside it."""
    if not form.validate_on_submit():
        return None
    person = find_person_by_email(current_session(), form.email.data or "")
    if person is None:
        form.refuse(form.email, _("There is no account with this email address."))
    return person


@bp.post("/<uuid:organisation>/people")
@requires(OrganisationAction.MANAGE, get_organisation)
def add_member(subject: Organisation) -> Answer:
    """Make a person a member of a unit; they leave the one they belonged to before."""
    form = MemberForm(prefix="member-")
    person = _known(form)
    if person is None or not _try(form, lambda: members.assign_member(*_who(), person, subject, now=clock.now())):
        return _page(subject, form), 422
    return _back(subject, _("%(name)s was added to this unit.", name=person.full_name))


def _member(session: Session, actor: Actor, organisation: UUID, person: UUID) -> tuple[Organisation, Person]:
    return get_organisation(session, actor, organisation), get_person_by_uuid(session, person)


@bp.post("/<uuid:organisation>/people/<uuid:person>/removal")
@requires(OrganisationAction.MANAGE, _member)
def remove_member(subject: tuple[Organisation, Person]) -> Answer:
    """End a person's membership of this unit."""
    unit, person = subject
    members.remove_member(*_who(), person, now=clock.now(), organisation=unit)
    return _back(unit, _("%(name)s no longer belongs to this unit.", name=person.full_name))


@bp.post("/<uuid:organisation>/managers")
@requires(OrganisationAction.MANAGE, get_organisation)
def add_manager(subject: Organisation) -> Answer:
    """Make a person manager of a unit: they follow its members and those of the units below it."""
    form = UnitManagerForm(prefix="manager-")
    person = _known(form)
    if person is None:
        return _page(subject, form), 422
    members.name_manager(*_who(), subject, person, now=clock.now(), is_head=bool(form.is_head.data))
    if form.is_head.data:
        return _back(subject, _("%(name)s now heads this unit.", name=person.full_name))
    return _back(subject, _("%(name)s can now follow the progress of this unit.", name=person.full_name))


@bp.post("/<uuid:organisation>/managers/<uuid:person>/ending")
@requires(OrganisationAction.MANAGE, _member)
def end_manager(subject: tuple[Organisation, Person]) -> Answer:
    """End a person's role as manager of a unit."""
    unit, person = subject
    members.end_manager(*_who(), unit, person, now=clock.now())
    return _back(unit, _("%(name)s can no longer follow the progress of this unit.", name=person.full_name))


@bp.post("/<uuid:organisation>/training")
@requires(OrganisationAction.MANAGE, get_organisation)
def add_training_role(subject: Organisation) -> Answer:
    """Make a person training officer or auditor of a place and of what stands below it."""
    form = TrainingGrantForm(prefix="training-")
    person = _known(form)
    if person is None:
        return _page(subject, form), 422
    training_scope.give_training_role(*_who(), subject, person, form.chosen_role(), now=clock.now())
    if form.chosen_role() is TrainingRole.OFFICER:
        return _back(subject, _("%(name)s is now training officer here.", name=person.full_name))
    return _back(subject, _("%(name)s is now auditor here.", name=person.full_name))


def _training_grant(
    session: Session, actor: Actor, organisation: UUID, role: str, person: UUID
) -> tuple[Organisation, Person, TrainingRole]:
    return *_member(session, actor, organisation, person), TrainingRole(role)


@bp.post("/<uuid:organisation>/training/<any(officer,auditor):role>/<uuid:person>/ending")
@requires(OrganisationAction.MANAGE, _training_grant)
def end_training_role(subject: tuple[Organisation, Person, TrainingRole]) -> Answer:
    """End a person's grant over the compulsory training of a place."""
    unit, person, role = subject
    training_scope.end_training_role(*_who(), unit, person, role, now=clock.now())
    if role is TrainingRole.OFFICER:
        return _back(unit, _("%(name)s is no longer training officer here.", name=person.full_name))
    return _back(unit, _("%(name)s is no longer auditor here.", name=person.full_name))
