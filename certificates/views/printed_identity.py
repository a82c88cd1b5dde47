"""The identity number on certificates: its holder has it printed, and whoever holds the paper compares it (spec/certificates P7)."""

from flask import Blueprint, flash, request

from certificates.forms.verification import IdentityNumberForm
from certificates.permissions import CertificateAction, CredentialContext
from certificates.queries.credentials import find_by_code, get_credential
from certificates.queries.printed_identity import find_printed_number
from certificates.rules.credentials import CODE_LENGTH
from certificates.services import printed_identity as services
from certificates.services.credentials import AlreadyReplaced
from certificates.views.credentials import LOOK_UPS, IdentityComparison, code_page, present_state
from kernel import clock
from kernel.codes import read_code
from kernel.errors import NotFound
from kernel.i18n import _
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import Answer, current_actor, current_session, requires, see_page

bp = Blueprint("certificates_identity", __name__)

COMPARISONS = limit("compare_identity", "5 per hour")


@bp.post("/certificates/<uuid:credential>/identity-number")
@requires(CertificateAction.PRINT_IDENTITY, get_credential)
def choose(subject: CredentialContext) -> Answer:
    """Have one's identity number printed on the PDF of a certificate, or no longer."""
    session, actor, row = current_session(), current_actor(), subject.row
    is_wanted = request.form.get("printed") == "yes"
    try:
        (services.print_identity if is_wanted else services.withhold_identity)(session, actor, row, now=clock.now())
    except (AlreadyReplaced, services.NothingToPrint) as refused:
        return present_state(subject, refused)
    message = (
        _("The PDF of this certificate now prints your identity number.") if is_wanted else _("Your identity number is no longer printed.")
    )
    flash(message, "ok")
    return see_page("certificates.certificate", credential=row.uuid)


@bp.post("/verify/<code>")
@requires(CertificateAction.VERIFY, reads_first=True)
def compare(code: str) -> Answer:
    """Say whether a number is the one that a certificate's holder has printed on it; five tries an hour for each code."""
    limiter().use(LOOK_UPS, client_key())
    stored = read_code(code, CODE_LENGTH)
    row = find_by_code(current_session(), stored) if stored else None
    if row is None:
        raise NotFound
    printed, form = find_printed_number(current_session(), row), IdentityNumberForm()
    if not printed:
        return code_page(code, comparison=IdentityComparison.CLOSED, status=409)
    if not form.validate_on_post():
        return code_page(code, form, status=422)
    limiter().use(COMPARISONS, row.code)
    return code_page(code, form, IdentityComparison.MATCHES if form.matches(printed) else IdentityComparison.DIFFERS)
