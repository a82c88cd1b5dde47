"""Forms of enrolments."""

from wtforms.validators import InputRequired, Length

from kernel.i18n import lazy_
from kernel.web.forms import Form, LineField


class GroupForm(Form):
    """The name of a group."""

    name = LineField(
        lazy_("Name of the group"),
        [InputRequired(lazy_("Give the group a name.")), Length(max=100, message=lazy_("Use at most %(max)d characters."))],
    )
