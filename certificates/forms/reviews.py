"""Forms about what waits for a decision: a correction that is asked for, a decision, a person's corrected name."""

from wtforms.validators import DataRequired, Length

from certificates.forms.credentials import TOO_LONG
from kernel.i18n import lazy_
from kernel.web.forms import Form, LineField


class CorrectionForm(Form):
    """A holder's words about what is wrong with a credential."""

    words = LineField(
        lazy_("What is wrong, and how it should read"), [DataRequired(lazy_("Say what is wrong.")), Length(max=500, message=TOO_LONG)]
    )


class ReviewForm(Form):
    """Why a credential stays as it is, or is issued again."""

    note = LineField(
        lazy_("Explanation"),
        [DataRequired(lazy_("Explain the decision. The certificate holder will see it.")), Length(max=500, message=TOO_LONG)],
    )


class NameCorrectionForm(Form):
    """Why all certificates of a person are issued again."""

    reason = LineField(
        lazy_("Explanation"),
        [DataRequired(lazy_("Say what was wrong. The certificate holder will see it.")), Length(max=500, message=TOO_LONG)],
    )
