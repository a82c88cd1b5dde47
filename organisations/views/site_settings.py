"""Site settings on the web: name and look of the institution, its mail, who may come in, who signs certificates."""

from collections.abc import Callable
from datetime import date
from typing import cast

from flask import Blueprint, Response, current_app, flash, make_response, render_template, request
from sqlalchemy.orm import Session

from kernel import clock, mail
from kernel.errors import Conflict, Invalid, NotFound
from kernel.i18n import _, local
from kernel.permissions import Actor
from kernel.pictures import LARGEST_LOGO, cleaned_logo, cleaned_signature
from kernel.site_profile import PresentSettings, SiteProfiles
from kernel.web.assets import FOR_EVER
from kernel.web.limits import limit, limiter
from kernel.web.request import (
    Answer,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    is_read_only_request,
    public,
    release_connection,
    requires,
    secrets_of_app,
    see_other,
    see_page,
)
from organisations.forms.site_settings import (
    USUAL,
    AccessForm,
    ColoursForm,
    InstitutionNamesForm,
    LogoForm,
    MailForm,
    PersonalDataForm,
    SignatoryForm,
    SiteForm,
)
from organisations.models import InstitutionProfile, InstitutionSignatory
from organisations.pages.site_style import style_sheet
from organisations.permissions import InstitutionAction, OrganisationAction, SignatoryContext
from organisations.queries import profile as queries
from organisations.queries.institutions import get_signatory
from organisations.services import profile as services

bp = Blueprint("organisations_site", __name__)

BODY_LIMIT = LARGEST_LOGO + 100_000
MAIL_TESTS = limit("mail-test", "10 per hour")
PATIENCE = 8.0
"""Seconds that the mail server of a test may take for each of its answers: somebody waits before the page."""


def _fresh_settings() -> PresentSettings:
    """Return the settings as they are in the database now, also where another process has changed them this second."""
    cast("SiteProfiles", current_app.extensions["present"]).forget()
    return current_settings()


@bp.get("/administration/site")
@requires(OrganisationAction.MANAGE_SITE)
def overview() -> Answer:
    """Show what is set, and where each thing is changed."""
    session, settings = current_session(), _fresh_settings()
    fixed = [f"LMS_{name.upper()}" for name in sorted(settings.model_fields_set) if name in queries.ON_THE_WEB]
    return render_template(
        "organisations/site/overview.html",
        settings=settings,
        fixed=fixed,
        signatories=[row.name for row in queries.list_signatories_on(session, _today())],
        signs_by_setting=bool(settings.signatories),
    )


def _today() -> date:
    return local(clock.now()).date()


def _section(kind: type[SiteForm], template: str, done: str) -> Answer:
    """Show a part of the settings as a form, or take it."""
    settings, row = _fresh_settings(), queries.find_profile(current_session())
    form = kind(settings, row)
    if is_read_only_request():
        return render_template(template, form=form)
    if form.is_stale:
        flash(_(Conflict.message), "warn")
        return render_template(template, form=kind(settings, row, is_sent=False)), 409
    if not form.validate_on_post():
        return render_template(template, form=form), 422
    services.change_profile(current_session(), current_actor(), settings, form.changes(), secrets_of_app(), now=clock.now())
    flash(done, "ok")
    return see_other(request.path)


@bp.route("/administration/site/names", methods=["GET", "POST"])
@requires(OrganisationAction.MANAGE_SITE)
def names() -> Answer:
    """Say what the institution is called, and where its people ask for help."""
    return _section(InstitutionNamesForm, "organisations/site/names.html", _("Saved. Every page shows it within a few seconds."))


@bp.route("/administration/site/personal-data", methods=["GET", "POST"])
@requires(OrganisationAction.MANAGE_SITE)
def personal_data() -> Answer:
    """Say who answers for personal data, and where they are kept."""
    return _section(
        PersonalDataForm, "organisations/site/personal_data.html", _("Saved. The notice on personal data shows it within a few seconds.")
    )


@bp.route("/administration/site/access", methods=["GET", "POST"])
@requires(OrganisationAction.MANAGE_SITE)
def access() -> Answer:
    """Say where the site is reached, in which languages, and who may create an account."""
    return _section(AccessForm, "organisations/site/access.html", _("Saved. Every page shows it within a few seconds."))


@bp.route("/administration/site/mail", methods=["GET", "POST"])
@requires(OrganisationAction.MANAGE_SITE)
def mail_server() -> Answer:
    """Say by which server mail is sent."""
    return _section(MailForm, "organisations/site/mail_server.html", _("Saved. Now send yourself a test message."))


@bp.post("/administration/site/mail/test")
@requires(OrganisationAction.MANAGE_SITE, reads_first=True)
def test_mail() -> Answer:
    """Send a test message to the administrator's own address, and say what the server answered."""
    actor, settings = current_actor(), _fresh_settings()
    if not settings.sends_mail:
        raise Conflict
    limiter().use(MAIL_TESTS, str(actor.person_id))
    release_connection()
    problem = mail.try_server(settings, _test_message(settings, actor), patience=PATIENCE)
    services.note_mail_test(begin_writing(), actor, settings, reached=not problem, now=clock.now())
    if problem:
        flash(problem, "bad")
    else:
        message = _("%(server)s accepted the message. Look for it in the inbox of %(address)s, also among spam.")
        flash(message % {"server": settings.mail_server, "address": actor.email}, "ok")
    return see_page("organisations_site.mail_server")


def _test_message(settings: PresentSettings, actor: Actor) -> mail.Mail:
    key = f"prueba-{actor.person_id}-{int(clock.now().timestamp())}"
    return mail.write(
        settings, actor.email, "test_message", actor.language, key=key, path="/administration/site/mail", name=actor.given_names
    )


@bp.get("/administration/site/appearance")
@requires(OrganisationAction.MANAGE_SITE)
def appearance() -> Answer:
    """Show the logo and the two colours."""
    return _appearance_page()


def _appearance_page(logo: LogoForm | None = None, colours: ColoursForm | None = None) -> str:
    row = queries.find_profile(current_session())
    return render_template(
        "organisations/site/appearance.html",
        logo_form=logo or LogoForm(formdata=None),
        form=colours or ColoursForm(formdata=None, data=known_colours(row)),
        logo_digest=row.logo_digest if row else "",
        logo_is_drawing=bool(row and row.logo_digest and row.logo_type != "image/png"),
        has_colours=bool(row and row.brand_colour),
        usual=USUAL,
    )


def known_colours(row: InstitutionProfile | None) -> dict[str, str]:
    """Return the colours that hold now, as the form shows them."""
    stored = ("", "") if row is None else (row.brand_colour, row.accent_colour)
    return {"brand_colour": stored[0] or USUAL[0], "accent_colour": stored[1] or USUAL[1]}


@bp.post("/administration/site/logo")
@requires(OrganisationAction.MANAGE_SITE, reads_first=True, body_limit=BODY_LIMIT)
def set_logo() -> Answer:
    """Take a picture as the institution's logo."""
    form = LogoForm()
    release_connection()
    try:
        picture, media_type = cleaned_logo(upload("file") or b"")
    except Invalid as refused:
        form.refuse(form.file, _(refused.text, **refused.facts))
        return _appearance_page(logo=form), 422
    services.set_logo(begin_writing(), current_actor(), current_settings(), picture, media_type, now=clock.now())
    flash(_("The logo is saved. Every page shows it within a few seconds."), "ok")
    return see_page("organisations_site.appearance")


def upload(name: str) -> bytes | None:
    """Return the file that came in a field, nothing where none was chosen."""
    file = request.files.get(name)
    if file is None or not file.filename:
        return None
    content: bytes = file.read()
    file.close()
    return content


@bp.post("/administration/site/logo/removal")
@requires(OrganisationAction.MANAGE_SITE)
def remove_logo() -> Answer:
    """Show the site's own sign again."""
    services.remove_logo(current_session(), current_actor(), current_settings(), now=clock.now())
    flash(_("The logo was removed."), "ok")
    return see_page("organisations_site.appearance")


@bp.post("/administration/site/colours")
@requires(OrganisationAction.MANAGE_SITE)
def set_colours() -> Answer:
    """Take the institution's two colours, where they can be read."""
    form = ColoursForm(data=known_colours(queries.find_profile(current_session())))
    if form.is_stale:
        flash(_(Conflict.message), "warn")
        return _appearance_page(), 409
    if not form.validate_on_post():
        return _appearance_page(colours=form), 422
    chosen = (str(form.brand_colour.data), str(form.accent_colour.data))
    brand, accent = ("", "") if chosen == USUAL else chosen
    values = {"brand_colour": brand, "accent_colour": accent}
    services.change_profile(current_session(), current_actor(), current_settings(), values, now=clock.now())
    flash(_("The colours are saved. Every page shows them within a few seconds."), "ok")
    return see_page("organisations_site.appearance")


@bp.route("/administration/site/signatories", methods=["GET", "POST"])
@requires(OrganisationAction.MANAGE_SITE, reads_first=True, body_limit=BODY_LIMIT)
def signatories() -> Answer:
    """List who signs certificates, and add somebody."""
    form = SignatoryForm()
    if is_read_only_request():
        return _signatories_page(form)

    def add(session: Session, picture: bytes | None) -> None:
        services.add_signatory(session, current_actor(), current_settings(), form.values(picture), now=clock.now())

    if not keep_signatory(form, add):
        return _signatories_page(form), 422
    flash(_("%(name)s signs the certificates issued on those days.", name=form.name.data), "ok")
    return see_page("organisations_site.signatories")


def _signatories_page(form: SignatoryForm) -> str:
    today, rows = _today(), queries.list_signatories(current_session())
    return render_template(
        "organisations/site/signatories.html",
        form=form,
        signatories=rows,
        today=today,
        nobody_signs=bool(rows) and not queries.list_signatories_on(current_session(), today),
        fixed="LMS_SIGNATORY_1" if current_settings().signatories else "",
        is_full=len(rows) >= queries.MOST_SIGNATORIES,
    )


def keep_signatory(form: SignatoryForm, keep: Callable[[Session, bytes | None], None]) -> bool:
    """Check who signs and clean the picture, then write; what is refused stands in the form."""
    if not form.validate_on_post():
        return False
    release_connection()
    try:
        content = upload("picture")
        keep_picture = None if content is None else cleaned_signature(content)
        keep(begin_writing(), keep_picture)
    except Invalid as refused:
        form.refuse(form.picture, _(refused.text, **refused.facts))
        return False
    except Conflict as refused:
        form.refuse(form.name, _(refused.text))
        return False
    return True


@bp.route("/administration/site/signatories/<uuid:signatory>", methods=["GET", "POST"])
@requires(InstitutionAction.SIGNATORIES, get_signatory, reads_first=True, body_limit=BODY_LIMIT)
def signatory(subject: SignatoryContext) -> Answer:
    """Change who signs."""
    row = _row_of(subject)
    form = SignatoryForm(data=SignatoryForm.known(row))
    if is_read_only_request():
        return _signatory_page(subject, form)

    def change(session: Session, picture: bytes | None) -> None:
        services.change_signatory(session, current_actor(), row, form.values(picture), now=clock.now())

    if form.is_stale:
        flash(_(Conflict.message), "warn")
        return _signatory_page(subject, SignatoryForm(formdata=None, data=SignatoryForm.known(row))), 409
    if not keep_signatory(form, change):
        return _signatory_page(subject, form), 422
    flash(_("Saved. Certificates that were issued before keep what they say."), "ok")
    return _to_signatories(subject)


def _row_of(subject: SignatoryContext) -> InstitutionSignatory:
    assert subject.row is not None
    return subject.row


def _is_of_site(subject: SignatoryContext) -> bool:
    """Say whether the reader comes from the site settings: there stand those of the first institution, for administrators of the site."""
    return subject.is_first and current_actor().is_administrator


def _signatory_page(subject: SignatoryContext, form: SignatoryForm) -> str:
    of_site = _is_of_site(subject)
    return render_template(
        "organisations/site/signatory.html", form=form, signatory=subject.row, institution=None if of_site else subject.institution
    )


def _to_signatories(subject: SignatoryContext) -> Response:
    assert subject.institution is not None
    if _is_of_site(subject):
        return see_page("organisations_site.signatories")
    return see_page("organisations_institutions.institution", institution=subject.institution.uuid)


@bp.get("/administration/site/signatories/<uuid:signatory>/picture")
@requires(InstitutionAction.SIGNATORIES, get_signatory)
def signature(subject: SignatoryContext) -> Answer:
    """Show the picture of a signature, to administrators of the institution alone."""
    picture = _row_of(subject).picture
    if picture is None:
        raise NotFound
    return _file(picture, "image/png" if picture.startswith(b"\x89PNG") else "image/jpeg", cached=False)


@bp.post("/administration/site/signatories/<uuid:signatory>/removal")
@requires(InstitutionAction.SIGNATORIES, get_signatory)
def remove_signatory(subject: SignatoryContext) -> Answer:
    """Let somebody sign no more."""
    row = _row_of(subject)
    services.remove_signatory(current_session(), current_actor(), row, now=clock.now())
    flash(_("%(name)s signs no more certificates.", name=row.name), "ok")
    return _to_signatories(subject)


@bp.post("/administration/site/hint")
@requires(OrganisationAction.MANAGE_SITE)
def dismiss_hint() -> Answer:
    """Propose no more that the institution should be named."""
    services.dismiss_hint(current_session(), current_actor(), current_settings(), now=clock.now())
    return see_page("lms.administration")


@bp.get("/site/logo/<digest>")
@public
def logo(digest: str) -> Answer:
    """Show the institution's logo; its address changes with it."""
    row = queries.get_logo(current_session(), current_actor(), digest)
    assert row.logo is not None
    return _file(row.logo, row.logo_type, cached=True)


@bp.get("/site.css")
@public
def style() -> Answer:
    """Give the institution's colours as a style sheet; its address changes with them."""
    profile = current_settings().profile
    response = _file(style_sheet(profile.brand_colour, profile.accent_colour).encode(), "text/css; charset=utf-8", cached=False)
    if request.args.get("v") == profile.style:  # another process may know newer colours than this one
        response.headers["Cache-Control"] = FOR_EVER
    return response


def _file(content: bytes, media_type: str, *, cached: bool) -> Response:
    """Answer with a file that no browser runs, whatever it holds."""
    response = make_response(content)
    response.content_type = media_type
    response.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
    if cached:
        response.headers["Cache-Control"] = FOR_EVER
    return response
