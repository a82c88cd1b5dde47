"""Forms of credentials."""

from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, Length

from certificates.rules.credentials import ReplacementReason, RevocationReason
from kernel.i18n import lazy_
from kernel.web.forms import Form, LineField

CHOOSE = lazy_("Choose one.")
TOO_LONG = lazy_("Use at most %(max)d characters.")
REVOKED_FOR = {
    RevocationReason.ISSUED_BY_MISTAKE: lazy_("It was issued by mistake"),
    RevocationReason.CONDITIONS_NOT_MET: lazy_("The course's requirements were not met"),
    RevocationReason.IRREGULARITY: lazy_("Irregularity in the course or the assessment"),
    RevocationReason.ON_REQUEST: lazy_("At the holder's request"),
}
"""Why a certificate was revoked, as everybody reads it."""
REPLACED_FOR = {
    ReplacementReason.NAME: lazy_("The person's name was corrected"),
    ReplacementReason.DATA: lazy_("Another detail was wrong"),
    ReplacementReason.TEMPLATE: lazy_("The design of the certificate was corrected"),
    ReplacementReason.MERGED: lazy_("The person's accounts were merged"),
}


class RevocationForm(Form):
    """Why a credential is revoked: the class for everybody, the words for its holder."""

    reason_class = RadioField(
        lazy_("Why it is revoked"),
        [InputRequired(CHOOSE)],
        choices=[SelectChoice(value=reason.value, label=label) for reason, label in REVOKED_FOR.items()],
    )
    reason = LineField(
        lazy_("Reason"),
        [DataRequired(lazy_("Give a reason. The certificate holder will see it.")), Length(max=500, message=TOO_LONG)],
    )


class ReplacementForm(Form):
    """Why another credential is issued instead of a sound one."""

    reason_class = RadioField(
        lazy_("What is corrected"),
        [InputRequired(CHOOSE)],
        choices=[SelectChoice(value=reason.value, label=label) for reason, label in REPLACED_FOR.items()],
    )
    reason = LineField(
        lazy_("Explanation"),
        [DataRequired(lazy_("Say what was wrong. The certificate holder will see it.")), Length(max=500, message=TOO_LONG)],
    )
