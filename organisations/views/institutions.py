"""Institutions as those that issue certificates: the list, and for each its names, look, signatories and administrators."""

from uuid import UUID

from flask import Blueprint, Response, flash
from sqlalchemy.orm import Session

from accounts.people import find_person_by_email, get_person_by_uuid
from kernel import clock
from kernel.errors import Conflict, Invalid
from kernel.i18n import _, local
from kernel.permissions import Actor
from kernel.pictures import cleaned_logo
from kernel.site_profile import PresentSettings, SiteProfile, in_force
from kernel.web.instance_keys import current_keys, current_seal_keys
from kernel.web.request import (
    Answer,
    allows,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    page,
    release_connection,
    requires,
    see_page,
)
from organisations import institutions as organisations_institutions
from organisations import profile
from organisations.access import InstitutionAction, InstitutionAdministratorContext, InstitutionContext
from organisations.institutions import get_institution, get_institutions
from organisations.models import Organisation
from organisations.views.site_settings import (
    BODY_LIMIT,
    USUAL,
    ColoursForm,
    InstitutionFactsForm,
    LogoForm,
    NewInstitutionForm,
    SignatoryForm,
    keep_signatory,
    known_colours,
    upload,
)
from organisations.views.tree import MemberForm

bp = Blueprint("organisations_institutions", __name__, url_prefix="/administration/institutions")


@bp.get("")
@requires(InstitutionAction.LIST, get_institutions)
def institutions(context: InstitutionContext) -> Answer:
    """List the institutions that the reader administers."""
    return _list_page(context, NewInstitutionForm(formdata=None))


def _list_page(context: InstitutionContext, form: NewInstitutionForm) -> Response:
    rows = organisations_institutions.list_institutions(current_session(), context.scope)
    return page("organisations/institutions.html", rows=rows, form=form, may_add=allows(InstitutionAction.ADD, context))


@bp.post("")
@requires(InstitutionAction.ADD, get_institutions)
def add(context: InstitutionContext) -> Answer:
    """Add an institution."""
    form = NewInstitutionForm()
    if not form.validate_on_submit():
        return _list_page(context, form)
    name, key = form.name.data or "", form.key.data or ""
    try:
        made = profile.add_institution(current_session(), current_actor(), current_settings(), name, key, now=clock.now())
    except profile.InstitutionKeyTaken as taken:
        form.refuse(form.key, _(taken.text))
        return _list_page(context, form)
    except Conflict as refused:
        form.refuse(form.name, _(refused.text, **refused.facts))
        return _list_page(context, form)
    return see_page("organisations_institutions.institution", institution=made.uuid, flash=_("“%(name)s” was added.", name=name))


def _of(context: InstitutionContext) -> Organisation:
    assert context.institution is not None
    return context.institution


def _settings_of(context: InstitutionContext) -> PresentSettings:
    """Return the settings in force: the environment decides on the first institution alone."""
    return current_settings() if context.is_first else in_force(PresentSettings.model_construct(set()), SiteProfile())


def _back(context: InstitutionContext, message: str) -> Response:
    return see_page("organisations_institutions.institution", institution=_of(context).uuid, flash=message)


@bp.get("/<uuid:institution>")
@requires(InstitutionAction.EDIT, get_institution)
def institution(context: InstitutionContext) -> Answer:
    """Show one institution with everything that its certificates take from it."""
    return _page(context)


def _page(
    context: InstitutionContext,
    *,
    facts: InstitutionFactsForm | None = None,
    logo: LogoForm | None = None,
    colours: ColoursForm | None = None,
    signatory: SignatoryForm | None = None,
    member: MemberForm | None = None,
) -> Response:
    session, subject, today = current_session(), _of(context), local(clock.now()).date()
    row = profile.find_profile(session, subject.id)
    signatories = profile.list_signatories(session, subject.id)
    by_environment = context.is_first and bool(current_settings().signatories)
    return page(
        "organisations/institution.html",
        place=subject,
        row=row,
        is_first=context.is_first,
        facts=facts or InstitutionFactsForm(_settings_of(context), row, is_sent=False),
        logo_form=logo or LogoForm(formdata=None),
        colours=colours or ColoursForm(formdata=None, data=known_colours(row)),
        signatories=signatories,
        nobody_signs=not (by_environment or profile.list_signatories_on(session, today, subject.id)),
        is_full=len(signatories) >= profile.MOST_SIGNATORIES,
        form=signatory or SignatoryForm(formdata=None),
        administrators=organisations_institutions.list_administrators(session, subject.id),
        member=member or MemberForm(formdata=None, prefix="member-"),
        may_name=allows(InstitutionAction.ADD, context),
        fingerprints=_fingerprints(),
    )


def _present_state(context: InstitutionContext) -> Answer:
    """Show an institution as it is now to who sends a form that others changed meanwhile (spec/certificates 11)."""
    flash(_(Conflict.message), "warn")
    return _page(context), 409


def _fingerprints() -> list[tuple[str, str]]:
    """Return the keys that sign and seal now: what each does, and its fingerprint (spec/certificates K2)."""
    keys = {_("Signs certificates"): current_keys().trusted[0], _("Seals PDF files"): current_seal_keys().trusted[0]}
    return [(label, key.printed_fingerprint) for label, key in keys.items()]


@bp.post("/<uuid:institution>/names")
@requires(InstitutionAction.EDIT, get_institution)
def set_names(context: InstitutionContext) -> Answer:
    """Give an institution the names that its certificates print from now on."""
    settings = _settings_of(context)
    form = InstitutionFactsForm(settings, profile.find_profile(current_session(), _of(context).id))
    if form.is_stale:
        return _present_state(context)
    if not form.validate_on_submit():
        return _page(context, facts=form)
    profile.change_profile(current_session(), current_actor(), settings, form.changes(), institution=_of(context), now=clock.now())
    return _back(context, _("Saved. Certificates that were issued before keep what they say."))


@bp.post("/<uuid:institution>/logo")
@requires(InstitutionAction.EDIT, get_institution, reads_first=True, body_limit=BODY_LIMIT)
def set_logo(context: InstitutionContext) -> Answer:
    """Take a picture as an institution's logo."""
    form = LogoForm()
    release_connection()
    try:
        picture, media_type = cleaned_logo(upload("file") or b"")
    except Invalid as refused:
        form.refuse(form.file, _(refused.text, **refused.facts))
        return _page(context, logo=form)
    profile.set_logo(begin_writing(), current_actor(), current_settings(), picture, media_type, institution=_of(context), now=clock.now())
    return _back(context, _("Saved. Certificates that were issued before keep what they say."))


@bp.post("/<uuid:institution>/logo/removal")
@requires(InstitutionAction.EDIT, get_institution)
def remove_logo(context: InstitutionContext) -> Answer:
    """Let certificates of an institution print no logo."""
    profile.remove_logo(current_session(), current_actor(), current_settings(), institution=_of(context), now=clock.now())
    return _back(context, _("The logo was removed."))


@bp.post("/<uuid:institution>/colours")
@requires(InstitutionAction.EDIT, get_institution)
def set_colours(context: InstitutionContext) -> Answer:
    """Take an institution's two colours, where they can be read."""
    form = ColoursForm(data=known_colours(profile.find_profile(current_session(), _of(context).id)))
    if form.is_stale:
        return _present_state(context)
    if not form.validate_on_submit():
        return _page(context, colours=form)
    chosen = (str(form.brand_colour.data), str(form.accent_colour.data))
    brand, accent = ("", "") if chosen == USUAL else chosen
    values = {"brand_colour": brand, "accent_colour": accent}
    profile.change_profile(current_session(), current_actor(), current_settings(), values, institution=_of(context), now=clock.now())
    return _back(context, _("Saved. Certificates that were issued before keep what they say."))


@bp.post("/<uuid:institution>/signatories")
@requires(InstitutionAction.SIGNATORIES, get_institution, reads_first=True, body_limit=BODY_LIMIT)
def add_signatory(context: InstitutionContext) -> Answer:
    """Name somebody to sign an institution's certificates."""
    form = SignatoryForm()

    def keep(session: Session, picture: bytes | None) -> None:
        values, subject = form.values(picture), session.get_one(Organisation, _of(context).id)
        profile.add_signatory(session, current_actor(), current_settings(), values, institution=subject, now=clock.now())

    if not keep_signatory(form, keep):
        return _page(context, signatory=form), 422
    return _back(context, _("%(name)s signs the certificates issued on those days.", name=form.name.data))


@bp.post("/<uuid:institution>/administrators")
@requires(InstitutionAction.ADD, get_institution)
def name_administrator(context: InstitutionContext) -> Answer:
    """Let a person administer an institution."""
    form = MemberForm(prefix="member-")
    if not form.validate_on_submit():
        return _page(context, member=form)
    person = find_person_by_email(current_session(), form.email.data or "")
    if person is None:
        form.refuse(form.email, _("There is no account with this email address."))
        return _page(context, member=form)
    organisations_institutions.name_administrator(current_session(), current_actor(), _of(context), person, now=clock.now())
    return _back(context, _("%(name)s now administers this institution.", name=person.full_name))


def _administrator(session: Session, actor: Actor, institution: UUID, person: UUID) -> InstitutionAdministratorContext:
    institution_context = get_institution(session, actor, institution)
    return InstitutionAdministratorContext(
        institution_context.institution, institution_context.scope, institution_context.is_first, get_person_by_uuid(session, person)
    )


@bp.post("/<uuid:institution>/administrators/<uuid:person>/ending")
@requires(InstitutionAction.ADD, _administrator)
def end_administrator(context: InstitutionAdministratorContext) -> Answer:
    """Let a person no longer administer an institution."""
    person = context.person
    assert person is not None
    organisations_institutions.end_administrator(current_session(), current_actor(), _of(context), person, now=clock.now())
    return _back(context, _("%(name)s no longer administers this institution.", name=person.full_name))
