"""Forms of posts: another name, and the post that one is merged into."""

from wtforms.validators import InputRequired, Length

from kernel.i18n import lazy_
from kernel.web.forms import Form, LineField


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
