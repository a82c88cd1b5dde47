"""Forms of posts: another name, and the post that one is merged into."""

from wtforms.validators import InputRequired, Length, Optional

from kernel.i18n import lazy_
from kernel.web.forms import Form, LineField, WholeField


class PostNameForm(Form):
    """Name of a post."""

    name = LineField(
        lazy_("Name"), [InputRequired(lazy_("Give it a name.")), Length(max=150, message=lazy_("Use at most %(max)d characters."))]
    )


class PostMergeForm(Form):
    """The post that another one becomes, by its name."""

    into = LineField(
        lazy_("Merge into"),
        [InputRequired(lazy_("Enter the name of another post.")), Length(max=150, message=lazy_("Use at most %(max)d characters."))],
    )


class PostMergeConfirmationForm(Form):
    """The number that confirms a merge which changes what was required of many."""

    number = WholeField(lazy_("Number of people concerned"), [Optional()], most=999_999)
