"""Forms of the tree: places, who belongs to them and who manages them."""

from collections.abc import Sequence

from wtforms import BooleanField, HiddenField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from accounts.forms import EmailField, zones_by_name
from kernel.errors import N_
from kernel.i18n import _, language, lazy_, zone_name
from kernel.i18n import number as format_number
from kernel.web.forms import Form, LineField, WholeField
from organisations.rules import NUMBER_ABOVE, TRAINING_ROLES, OrganisationKind, TrainingRole, UnitPath, indented
from organisations.services.tree import UnitValues

KINDS = {
    OrganisationKind.INSTITUTION: N_("Organisation"),
    OrganisationKind.PROVINCE: N_("Province"),
    OrganisationKind.UNIT: N_("Unit"),
}


class UnitForm(Form):
    """Name and code of a place."""

    name = LineField(
        lazy_("Name"), [InputRequired(lazy_("Give it a name.")), Length(max=150, message=lazy_("Use at most %(max)d characters."))]
    )
    code = LineField(lazy_("Code"), [Length(max=40, message=lazy_("Use at most %(max)d characters."))])

    def command(self) -> UnitValues:
        """Return what the place is to be called."""
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
        """Return what the place is to be called, and by which clock its days end."""
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

    def offer(self, places: Sequence[UnitPath], none: str = "") -> None:
        """Let these places be chosen, and nothing where there are words for it."""
        empty = [SelectChoice(value="", label=none)] if none else []
        self.place.choices = [*empty, *(SelectChoice(value=str(unit_path.place.uuid), label=indented(unit_path)) for unit_path in places)]


class UnitMoveForm(UnitChoiceForm):
    """The place under which a unit is to stand; confirmed where that changes who was obliged on days before today."""

    place = SelectField(lazy_("Parent unit"), choices=[], default="")
    seen = HiddenField()
    """The place and the number of people that were shown."""
    number = WholeField(lazy_("Number of people concerned"), [Optional()], most=999_999)

    def is_confirmed(self, people: int) -> bool:
        """Return whether the people whom a move concerns were shown, and their number typed where they are many; else show them."""
        mark = f"{self.place.data}:{people}"
        was_seen, self.seen.data = self.seen.data == mark, mark
        if was_seen and people > NUMBER_ABOVE and self.number.number != people:
            self.refuse(self.number, _("Type the number %(number)s to confirm.", number=format_number(people)))
            return False
        return was_seen


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
