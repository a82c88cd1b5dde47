"""Pages of a certificate for its holder, for those who revoke or replace it, and for everybody who verifies its code."""

import hashlib
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from fractions import Fraction
from uuid import UUID

from flask import Blueprint, Response, flash, make_response, request, url_for
from wtforms import RadioField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired

from accounts.forms import AccountActionForm
from accounts.models import Person
from accounts.people import find_national_id
from certificates import credentials, public_record, templates
from certificates.access import CertificateAction, CredentialContext, TemplateAction, decides
from certificates.badges import badge_content
from certificates.bulk import DELETED, SheetSealer
from certificates.certificate_page import CertificateSharing, get_sheet, list_history, sharing_of, verify_url, web_certificate
from certificates.credentials import AlreadyReplaced, find_by_code, find_predecessor, get_credential
from certificates.models import Credential
from certificates.public_record import PublicRecord, find_printed_number, find_public_record, has_place_for_identity
from certificates.reviews import find_open_request
from certificates.rules.credentials import CODE_LENGTH, DECLARED, CredentialState, ReplacementReason, RevocationReason, canonical_content
from certificates.sheet import CertificateSheet, printed_grade, result_sentence, sheet_file_name, stated_pass
from certificates.transcripts import find_transcript
from certificates.views.file_verification import REVOKED_FOR, IdentityNumberForm, state_in_words
from certificates.views.transcripts import verification_page
from courses.rules import printed_basis, printed_hours, read_hours
from enrolments.awards import find_own_renewal
from enrolments.course_view import RenewalView, renewal_view
from kernel import clock
from kernel.codes import printed_code, read_code
from kernel.errors import N_, Conflict, Gone, require_found
from kernel.i18n import LANGUAGES, _, choose, format_date, format_datetime, language, lazy_, local
from kernel.own_records import is_own
from kernel.web.forms import Form, line
from kernel.web.instance_keys import current_keys, current_seal_keys
from kernel.web.limits import client_key, limit, limiter
from kernel.web.pages import DrawnPart, drawn_part, framed_page
from kernel.web.request import (
    Answer,
    allows,
    conditional,
    current_actor,
    current_session,
    current_settings,
    page,
    public,
    requires,
    see_page,
    site_address,
)

CHOOSE = lazy_("Choose one.")
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
    reason = line(lazy_("Reason"), most=500, required=lazy_("Give a reason. The certificate holder will see it."))


class ReplacementForm(Form):
    """Why another credential is issued instead of a sound one."""

    reason_class = RadioField(
        lazy_("What is corrected"),
        [InputRequired(CHOOSE)],
        choices=[SelectChoice(value=reason.value, label=label) for reason, label in REPLACED_FOR.items()],
    )
    reason = line(lazy_("Explanation"), most=500, required=lazy_("Say what was wrong. The certificate holder will see it."))


credentials_bp = Blueprint("certificates", __name__)

LOOK_UPS = limit("verify", "60 per minute")


@dataclass(frozen=True, slots=True)
class CredentialPageView:
    """A credential on its pages: exactly what its sheet prints, and its state."""

    uuid: UUID | None
    state: str
    is_deleted: bool
    """The person's data were deleted: the name is not theirs."""
    code: str
    person_name: str
    name_is_declared: bool
    institution: str
    course_title: str
    course_version: int
    modules: int
    result: str
    """What the holder did, as the sheet says it."""
    edition: str
    """With its days; empty where there was none."""
    grade: str
    """In words; empty where it is not printed."""
    length: str
    hours_basis: str
    """In words; empty in certificates that do not say it."""
    issued_on: date
    expires_on: date | None
    signers: tuple[str, ...]
    verify_url: str
    replacement: UUID | None
    replacement_state: str
    """Of what stands in its place today; empty where nothing does."""
    replaced_on: date | None
    replaced_for: str
    """In words; only for its holder and the team, as the reason."""
    replaced_reason: str
    revoked_on: date | None
    revoked_for: str
    """In words that everybody may read; empty where no class was given."""
    revoked_reason: str


def _facts(row: Credential) -> CredentialPageView:
    """Return the facts that its holder and the team read of a credential."""
    session = current_session()
    signers, replacement = credentials.list_signers(session, row), credentials.find_replacement(session, row)
    return _described(PublicRecord(row, signers, credentials.is_holder_deleted(session, row), replacement, ""), private=True)


def _described(record: PublicRecord, *, private: bool) -> CredentialPageView:
    """Return the description of a credential; in public without its address here and without the reason of a revocation."""
    passed = stated_pass(record.row.passed, language(), with_assessment=record.row.with_assessment)
    row, signers, replacement, is_deleted = record.row, record.signers, record.replacement, record.is_holder_deleted
    return CredentialPageView(
        is_deleted=is_deleted,
        uuid=row.uuid if private else None,
        state=credentials.state(row).value,
        code=printed_code(row.code),
        person_name=_(DELETED) if is_deleted else row.person_name,
        name_is_declared=row.name_basis == DECLARED and not is_deleted,
        institution=row.institution,
        course_title=choose(dict(row.course_titles)),
        course_version=row.course_version,
        modules=len(row.module_minutes),
        result=result_sentence(len(row.module_minutes), passed, choose(dict(row.course_titles)), language()),
        edition=_edition_in_words(row),
        grade="" if is_deleted else printed_grade(row.grade, language()),
        length=printed_hours(Fraction(row.hours), language()),
        hours_basis=printed_basis(read_hours(Fraction(row.hours), row.hours_basis, 0), language()) if row.hours_basis else "",
        issued_on=row.issued_on,
        expires_on=row.expires_on,
        signers=tuple(f"{signer.name}, {choose(dict(signer.offices))}" for signer in signers),
        verify_url=verify_url(site_address(), row.code),
        replacement=replacement.uuid if private and replacement else None,
        replacement_state=credentials.state(replacement).value if replacement else "",
        replaced_on=local(row.replaced_at).date() if row.replaced_at else None,
        replaced_for=str(REPLACED_FOR[ReplacementReason(row.replaced_class)]) if private and row.replaced_class else "",
        replaced_reason=row.replaced_reason if private else "",
        revoked_on=local(row.revoked_at).date() if row.revoked_at else None,
        revoked_for=str(REVOKED_FOR[RevocationReason(row.revoked_class)]) if row.revoked_class else "",
        revoked_reason=row.revoked_reason if private else "",
    )


def _edition_in_words(row: Credential) -> str:
    days = " – ".join(format_date(day) for day in (row.edition_from, row.edition_until) if day)
    return f"{row.edition_title} ({days})" if days else row.edition_title


@credentials_bp.get("/certificates")
@requires(CertificateAction.LIST_OWN)
def certificates() -> Answer:
    """List one's own certificates."""
    session, actor = current_session(), current_actor()
    rows = [
        {
            "uuid": row.uuid,
            "title": choose(dict(row.course_titles)),
            "issued_on": row.issued_on,
            "code": printed_code(row.code),
            "state": credentials.state(row).value,
        }
        for row in credentials.list_of(session, actor.person_id)
    ]
    pending = [choose(dict(title)) for title in credentials.list_pending(session, actor)]
    return page("certificates/certificates.html", certificates=rows, pending=pending)


@credentials_bp.get("/certificates/<uuid:credential>")
@requires(CertificateAction.VIEW, credentials.get_credential)
def certificate(subject: CredentialContext) -> Answer:
    """Show one certificate; printed, the page is the sheet. The team sees its history."""
    return _page(subject)


def present_state(subject: CredentialContext, refused: Conflict) -> Answer:
    """Show a certificate as it is now to who acts on one whose state changed since they opened it (spec/certificates 11)."""
    flash(_(refused.message), "warn")
    return _page(credentials.get_credential(current_session(), current_actor(), subject.row.uuid)), 409


def _page(subject: CredentialContext) -> Response:
    session, is_team = current_session(), allows(CertificateAction.VIEW_HISTORY, subject)
    request_open = find_open_request(session, subject.row)
    return page(
        "certificates/certificate.html",
        history=list_history(session, subject.row) if is_team else (),
        template=(_template_name(subject.row), _template_url(subject)) if is_team else None,
        predecessor=find_predecessor(session, subject.row) if is_team else None,
        certificate=_facts(subject.row),
        is_own=is_own(current_actor(), subject.row.person_id),
        sheet=web_certificate(_sheet(subject.row, language())),
        identity=_own_identity(subject),
        sharing=_sharing(subject.row),
        renewal=_own_renewal(subject.row),
        asked_correction=local(request_open.opened_at).date() if request_open else None,
        reviews=_list_of_reviews(subject) if is_team and not is_own(current_actor(), subject.row.person_id) else "",
        transcript_of=_transcript_person(subject),
        may_ask=subject.is_sound and allows(CertificateAction.ASK_CORRECTION, subject),
        may_replace=subject.is_sound and allows(CertificateAction.REPLACE, subject),
        may_revoke=subject.is_sound and allows(CertificateAction.REVOKE, subject),
        may_renew=subject.is_restorable and allows(CertificateAction.RENEW, subject),
        awaits_administrator=is_team and subject.is_restorable and not subject.administers,
    )


def _template_name(row: Credential) -> str:
    """Name the version of the template that draws a certificate by title and key: one of the institution may have the title of ours."""
    title = choose(templates.list_titles(current_session()).get(row.template)) or row.template
    facts = {"template": title, "key": row.template, "number": row.template_version}
    if row.template in templates.BUILT_IN:
        return _("%(template)s (%(key)s, which comes with the program), version %(number)s", **facts)
    return _("%(template)s (%(key)s), version %(number)s", **facts)


def _template_url(subject: CredentialContext) -> str:
    """Return where the reader sees the version of the template that draws a certificate; empty where they may not, or it is built in."""
    session, row = current_session(), subject.row
    stored = templates.find_stored(session, row.template)
    if stored is None or not allows(TemplateAction.VIEW, templates.get_template(session, current_actor(), stored.uuid)):
        return ""
    return url_for("certificates_templates.preview_version", template=stored.uuid, number=row.template_version)


def _list_of_reviews(subject: CredentialContext) -> str:
    """Return where its team decides on a certificate; administrators have one list for all courses."""
    if subject.administers:
        return url_for("certificates_reviews.reviews")
    return url_for("certificates_reviews.course_reviews", slug=subject.slug)


def _transcript_person(subject: CredentialContext) -> UUID | None:
    """Return whose transcript the reader may open because of their institution's certificate."""
    is_own_page = is_own(current_actor(), subject.row.person_id)
    return current_session().get_one(Person, subject.row.person_id).uuid if subject.administers and not is_own_page else None


def _own_renewal(row: Credential) -> RenewalView | None:
    """Return how its holder renews a certificate that ends; nothing where they did, or may not by themselves."""
    if row.expires_on is None or not is_own(current_actor(), row.person_id) or row.revoked_at or row.replaced_by_id:
        return None
    own = find_own_renewal(current_session(), row.person_id, row.course_id)
    return renewal_view(own, clock.now()) if own is not None and own.valid_until == row.expires_on else None


def _sharing(row: Credential) -> CertificateSharing:
    title = choose(dict(row.course_titles), row.language)
    texts = (
        _("Certificate: %(course)s", course=title),
        _("My certificate of the course “%(course)s” can be verified by its code %(code)s:", course=title, code=printed_code(row.code)),
    )
    has_badge = badge_content(row, site_address()) is not None
    return sharing_of(row, verify_url(site_address(), row.code), texts, has_badge=has_badge)


def _own_identity(subject: CredentialContext) -> tuple[bool, bool] | None:
    """Return whether its holder has their identity number printed, and whether their profile has one.

    Nothing for others, and where the design has no place for it.
    """
    session, row = current_session(), subject.row
    if not is_own(current_actor(), row.person_id) or not subject.is_sound or not has_place_for_identity(session, row):
        return None
    return row.prints_identity, bool(find_national_id(session, row.person_id))


def _sheet(row: Credential, language: str) -> CertificateSheet:
    """Return the sheet for its reader: the identity number that its holder has printed is for themself alone."""
    session = current_session()
    number = find_printed_number(session, row) if is_own(current_actor(), row.person_id) else ""
    return get_sheet(session, row, site_address(), language, identity_number=number)


@credentials_bp.get("/certificates/<uuid:credential>.pdf")
@requires(CertificateAction.DOWNLOAD, credentials.get_credential)
def download(subject: CredentialContext) -> Response:
    """Give the sheet as a sealed PDF, drawn from the frozen row; a replaced one is gone, and a revoked one for all but the team."""
    if credentials.is_holder_deleted(current_session(), subject.row):
        raise Gone(N_("The person's data were deleted at their request."))
    if subject.state is CredentialState.REVOKED and not decides(current_actor(), subject):
        raise Gone(N_("This certificate has been revoked and can no longer be downloaded."))
    if subject.state is CredentialState.REPLACED:
        raise Gone(N_("This certificate was replaced by another one, which can be downloaded."))
    row, chosen = subject.row, request.args.get("language", "")
    sheet = _sheet(row, chosen if chosen in LANGUAGES else row.language)
    content = SheetSealer(site_address(), current_keys(), current_seal_keys()).sealed(row, sheet)
    response = make_response(content)
    response.content_type = "application/pdf"
    name = sheet_file_name(sheet.language, row.course_key, row.code)
    response.headers["Content-Disposition"] = f"attachment; filename=\"{name}\"; filename*=UTF-8''{name}"
    response.headers["Cache-Control"] = "private, no-cache"
    response.set_etag(hashlib.sha256(content).hexdigest())
    return conditional(response)


@credentials_bp.get("/verify/<code>")
@public("everybody may check a code: certificate.verify")
def verify(code: str) -> Answer:
    """Show the register's record of a code: everything the sheet prints, and its state; nothing else of the person."""
    limiter().use(LOOK_UPS, client_key())
    return code_page(code)


class IdentityComparison(StrEnum):
    """The answers to whoever compares an identity number."""

    MATCHES = "matches"
    DIFFERS = "differs"
    CLOSED = "closed"
    """The holder has none printed."""


def code_page(
    code: str, form: IdentityNumberForm | None = None, comparison: IdentityComparison | None = None, *, status: int = 200
) -> Answer:
    """Show what the register says of a code; where its holder has their identity number printed, with the form that compares one."""
    stored = read_code(code, CODE_LENGTH)
    record = find_public_record(current_session(), stored) if stored else None
    transcript = find_transcript(current_session(), stored) if stored and record is None else None
    if transcript is not None:
        return verification_page(transcript)
    certificate = _described(record, private=False) if record else None
    page = framed_page(
        "certificates/verify.html",
        code=printed_code(stored) if stored else code[:40],
        preview=drawn_part("certificates/_preview.html", certificate=certificate),
        record=_record_part(record, certificate),
        identity=_identity_part(record, form, comparison),
        moment=format_datetime(clock.now()),
    )
    return page, status if record else 404


def _record_part(record: PublicRecord | None, certificate: CredentialPageView | None) -> DrawnPart:
    return drawn_part(
        "certificates/_record.html",
        certificate=certificate,
        replacement_code=record.replacement.printed_code if record and record.replacement else "",
        renewal_code=printed_code(record.renewal_code) if record and record.row.expires_on and not record.row.revoked_at else "",
        verdict=_verdict(record) if record else None,
        lacks_key=record is not None and record.row.key_id not in current_keys().public,
        own_page=record.row.uuid if record and _may_view(record.row) else None,
    )


def _identity_part(record: PublicRecord | None, form: IdentityNumberForm | None, comparison: IdentityComparison | None) -> DrawnPart:
    """Return the form that compares an identity number, and its answer; nothing where its holder has none printed."""
    is_open = record is not None and bool(find_printed_number(current_session(), record.row))
    if not is_open and comparison is None:
        return DrawnPart("")
    shown = (form or IdentityNumberForm()) if is_open else None
    code = printed_code(record.row.code) if record else ""
    return drawn_part("certificates/_identity.html", code=code, form=shown, comparison=comparison)


def _verdict(record: PublicRecord) -> tuple[str, str, str] | None:
    """Return the kind, the icon and the words of a credential's verdict; None where its signature does not hold."""
    row, keys = record.row, current_keys()
    content = canonical_content(credentials.signed_content(row, record.signers))
    if not (keys.counts(row.key_id) and keys.verifies(row.key_id, content, row.signature)):
        return None
    return state_in_words((row, record.replacement))


def _may_view(row: Credential) -> bool:
    actor = current_actor()
    subject = None if actor.is_anonymous else credentials.find_visible_credential(current_session(), actor, row.uuid)
    return subject is not None and allows(CertificateAction.VIEW, subject)


@credentials_bp.get("/v")
@credentials_bp.get("/v/<code>")
@public("leads to certificates.verify")
def short(code: str = "") -> Answer:
    """Lead from the short address of the sheet to the verification."""
    return see_page("certificates.verify", code=code) if code else see_page("certificates_verification.verify_form")


@credentials_bp.route("/certificates/<uuid:credential>/revocation", methods=["GET", "POST"])
@requires(CertificateAction.REVOKE, credentials.get_credential)
def revoke(subject: CredentialContext) -> Answer:
    """Ask why, then revoke."""
    if not subject.is_sound:
        return present_state(subject, credentials.AlreadyReplaced())
    form, facts = RevocationForm(), _facts(subject.row)
    if not form.validate_on_submit():
        return page("certificates/revocation.html", certificate=facts, form=form)
    reason = RevocationReason(form.reason_class.data)
    session, reason_text, as_administrator = current_session(), form.reason.data or "", subject.administers
    try:
        credentials.revoke_credential(
            session, current_actor(), subject.row, reason, reason_text, as_administrator=as_administrator, now=clock.now()
        )
    except credentials.AlreadyReplaced as refused:
        return present_state(subject, refused)
    return see_page("certificates.certificate", credential=subject.row.uuid, flash=_("The certificate has been revoked."))


@credentials_bp.route("/certificates/<uuid:credential>/replacement", methods=["GET", "POST"])
@requires(CertificateAction.REPLACE, credentials.get_credential)
def replace(subject: CredentialContext) -> Answer:
    """Show the certificate as it is and as it would be, ask why, then issue it again."""
    if not subject.is_sound:
        return present_state(subject, credentials.AlreadyReplaced())
    session, form, facts = current_session(), ReplacementForm(), _facts(subject.row)
    present_name = credentials.get_present_name(session, subject.row)

    def draw() -> Response:
        return page("certificates/replacement.html", certificate=facts, form=form, present_name=present_name)

    if not form.validate_on_submit():
        return draw()
    if request.form.get("present_name", present_name) != present_name:
        flash(_(Conflict.message), "warn")
        return draw(), 409
    settings, keys = current_settings(), current_keys()
    reason = ReplacementReason(form.reason_class.data)
    if reason is ReplacementReason.NAME and present_name == facts.person_name:
        form.refuse(form.reason_class, _("The name would be the same. Correct it first in the person's record."))
        return draw()
    try:
        made = credentials.replace_credential(
            session, current_actor(), subject.row, reason, form.reason.data or "", settings, keys, now=clock.now()
        )
    except credentials.AlreadyReplaced as refused:
        return present_state(subject, refused)
    flash(_("The corrected certificate has been issued, and its holder gets a notification."), "ok")
    return see_page("certificates.certificate", credential=made.uuid)


@credentials_bp.route("/certificates/<uuid:credential>/renewal", methods=["GET", "POST"])
@requires(CertificateAction.RENEW, credentials.get_credential)
def renew(subject: CredentialContext) -> Answer:
    """Ask why, then issue another certificate instead of a revoked one."""
    if not subject.is_restorable:
        return present_state(subject, credentials.NothingToRestore())
    form, facts = AccountActionForm(), _facts(subject.row)
    if not form.validate_on_submit():
        return page("certificates/renewal.html", certificate=facts, form=form)
    settings, keys = current_settings(), current_keys()
    try:
        made = credentials.renew_credential(
            current_session(), current_actor(), subject.row, form.reason.data or "", settings, keys, now=clock.now()
        )
    except credentials.NothingToRestore as refused:
        return present_state(subject, refused)
    except credentials.AwardNotAllowed as refused:
        form.refuse(form.reason, _(refused.message))
        return page("certificates/renewal.html", certificate=facts, form=form)
    return see_page("certificates.certificate", credential=made.uuid, flash=_("The certificate has been issued."))


printed_identity_bp = Blueprint("certificates_identity", __name__)

COMPARISONS = limit("compare_identity", "5 per hour")


@printed_identity_bp.post("/certificates/<uuid:credential>/identity-number")
@requires(CertificateAction.PRINT_IDENTITY, get_credential)
def choose_printed_identity(subject: CredentialContext) -> Answer:
    """Have one's identity number printed on the PDF of a certificate, or no longer."""
    session, actor, row = current_session(), current_actor(), subject.row
    is_wanted = request.form.get("printed") == "yes"
    try:
        (public_record.print_identity if is_wanted else public_record.withhold_identity)(session, actor, row, now=clock.now())
    except (AlreadyReplaced, public_record.NothingToPrint) as refused:
        return present_state(subject, refused)
    message = (
        _("The PDF of this certificate now prints your identity number.") if is_wanted else _("Your identity number is no longer printed.")
    )
    return see_page("certificates.certificate", credential=row.uuid, flash=message)


@printed_identity_bp.post("/verify/<code>")
@requires(CertificateAction.VERIFY, reads_first=True)
def compare(code: str) -> Answer:
    """Return whether a number is the one that a certificate's holder has printed on it; five tries an hour for each code."""
    limiter().use(LOOK_UPS, client_key())
    stored = read_code(code, CODE_LENGTH)
    row = require_found(find_by_code(current_session(), stored) if stored else None)
    printed, form = find_printed_number(current_session(), row), IdentityNumberForm()
    if not printed:
        return code_page(code, comparison=IdentityComparison.CLOSED, status=409)
    if not form.validate_on_submit():
        return code_page(code, form, status=422)
    limiter().use(COMPARISONS, row.code)
    return code_page(code, form, IdentityComparison.MATCHES if form.matches(printed) else IdentityComparison.DIFFERS)
