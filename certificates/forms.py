"""Forms of credentials."""

from wtforms.validators import InputRequired, Length

from kernel.i18n import lazy_
from kernel.web.forms import Form, LineField


class RevocationForm(Form):
    """Why a credential is revoked."""

    reason = LineField(
        lazy_("Reason"),
        [
            InputRequired(lazy_("Give a reason. The certificate holder will see it.")),
            Length(max=500, message=lazy_("Use at most %(max)d characters.")),
        ],
    )
