"""Pages of sign-in by institutions: the way in and back, one's own links, and the providers as administrators set them up."""

import re
from collections.abc import Callable, Mapping
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, after_this_request, flash, g, request, url_for
from sqlalchemy.orm import Session
from wtforms import BooleanField, PasswordField, SelectField, StringField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, ValidationError
from wtforms.widgets import TextArea

from accounts import second_factor, signin
from accounts.entering import after_entry, open_device, second_step_page, take_proof
from accounts.entry import SignInMethod, has_password
from accounts.forms import PasswordConfirmationForm, SecondFactorCodeForm
from accounts.people import get_person
from accounts.rules import safe_next
from federation import discovery, links, mapping, notices, providers, relying_party, sessions
from federation.access import FederationAction, LinkContext
from federation.claims import USUAL_CLAIMS, ClaimField, ProvenIdentity, read_claims
from federation.discovery import ClocksDiffer, ProviderBusy, ProviderRefusedSite
from federation.links import (
    AddressDenied,
    AddressNotProven,
    Contradiction,
    IdentityRefused,
    LinkVerb,
    OtherPerson,
    OutsideOwnDomains,
    OwnProofNeeded,
    PasswordFirst,
    SeveralPeople,
    UnknownPerson,
)
from federation.models import ExternalIdentity, IdentityProvider
from federation.providers import find_provider, get_provider, get_provider_that_is_on, list_buttons, list_providers, return_address
from federation.relying_party import FLOW_SECONDS, FRESH_SECONDS, Flow, Purpose, SecretUnreadable
from kernel import audit, clock
from kernel.crypto import seal, unseal
from kernel.errors import N_, Conflict, Invalid, SignInNeeded, require_found
from kernel.i18n import LANGUAGES, _, choose, lazy_
from kernel.jose import TokenFault, TokenRefused
from kernel.outgoing import OutgoingReach
from kernel.permissions import Actor
from kernel.web.forms import Form, line, whole_number
from kernel.web.headers import hide_address
from kernel.web.request import (
    Answer,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    is_read_only_request,
    page,
    public,
    release_connection,
    request_services,
    requires,
    secrets_of_app,
    see_other,
    see_page,
)
from kernel.web.table import requested_words
from organisations.institutions import list_institutions

bp = Blueprint("federation", __name__)
links_bp = Blueprint("federation_links", __name__, url_prefix="/profile/institutions")
providers_bp = Blueprint("federation_providers", __name__, url_prefix="/administration/providers")

COOKIE = "__Host-federation"
TROUBLES = {TokenFault.TIME, TokenFault.UNKNOWN_KEY, TokenFault.ISSUER, TokenFault.SIGNATURE, TokenFault.AUDIENCE}
"""Faults of tokens that say something is set up wrongly: administrators are notified once a day."""


def methods(session: Session, target: str) -> list[SignInMethod]:
    """Return the buttons of the sign-in page."""
    return [_button(row.key, choose(row.names), target) for row in list_buttons(session)]


def _button(key: str, name: str, target: str, purpose: Purpose | None = None) -> SignInMethod:
    address = url_for("federation.begin", key=key, next=target or None, purpose=purpose and purpose.value)
    return SignInMethod(_("Sign in with %(institution)s", institution=name), address)


def proof_methods(session: Session, person_id: int, target: str) -> list[SignInMethod]:
    """Return the buttons by which a person proves anew at their institution who they are."""
    linked = [row.IdentityProvider for row in links.list_links(session, person_id)]
    return [_button(row.key, notices.name_of(row), target, Purpose.PROVE) for row in linked if row.is_on]


def leave_methods(session: Session, device_id: int) -> list[SignInMethod]:
    """Return the link to the provider's own sign-out, for a session that it began (RP-Initiated Logout, without an ID token)."""
    provider = sessions.find_provider_of(session, device_id)
    address = discovery.endpoint_of(provider, "end_session_endpoint") if provider else ""
    if provider is None or not address:
        return []
    query = urlencode({"client_id": provider.client_id, "post_logout_redirect_uri": f"{current_settings().public_url}/"})
    label = _("Sign out of %(institution)s too", institution=notices.name_of(provider))
    return [SignInMethod(label, f"{address}{'&' if '?' in address else '?'}{query}")]


def _flows() -> list[Flow]:
    packed = unseal(secrets_of_app(), "federation", request.cookies.get(COOKIE, ""), seconds=FLOW_SECONDS)
    return relying_party.unpack(packed, clock.now())


def _keep_flows(flows: list[Flow]) -> None:
    value = seal(secrets_of_app(), "federation", relying_party.pack(flows))

    @after_this_request
    def keep(response: Response) -> Response:
        response.set_cookie(COOKIE, value, max_age=FLOW_SECONDS if flows else 0, secure=True, httponly=True, samesite="Lax")
        return response


def _refresh(provider: IdentityProvider) -> None:
    discovery.refresh(request_services().database, provider, OutgoingReach.of(current_settings()))


@bp.get("/sign-in/<key>")
@public("the way in by an institution")
def begin(key: str) -> Answer:
    """Send the browser to the provider."""
    provider, target = get_provider_that_is_on(current_session(), key), safe_next(request.args.get("next")) or ""
    purpose, actor = Purpose(request.args["purpose"]) if request.args.get("purpose") in list(Purpose) else Purpose.ENTER, current_actor()
    if purpose is Purpose.ENTER and not actor.is_anonymous:
        return after_entry("", target)
    if purpose is not Purpose.ENTER and actor.is_anonymous:
        raise SignInNeeded
    if not providers.has_readable_secret(provider, secrets_of_app()):
        return _site_refused(provider, SecretUnreadable())
    release_connection()
    now = clock.now()
    try:
        discovery.reach_provider(request_services().database, provider, OutgoingReach.of(current_settings()), now)
    except Invalid as away:
        return _away(provider, away)
    flow = relying_party.new_flow(provider, target, purpose, actor.person_id, now)
    _keep_flows([*_flows(), flow])
    signin.expect_return()
    return see_other(relying_party.address_of(provider, flow, return_address(current_settings(), provider.key)))


def _away(provider: IdentityProvider, fault: Invalid) -> Answer:
    """Show that the provider does not answer: people with a password come in by it meanwhile."""
    busy = _("Many people are signing in at this moment. Try again in a moment.")
    away = _("The institution’s server cannot be reached at this moment. Sessions that are open go on.")
    title = _("%(institution)s does not answer", institution=notices.name_of(provider))
    return _stopped(provider, busy if isinstance(fault, ProviderBusy) else away, status=503, title=title)


def _stopped(provider: IdentityProvider | None, *texts: str, status: int = 403, title: str = "", target: str = "") -> Answer:
    """Show why somebody does not come in; the password is offered beside the institution, and alone where a `target` comes first."""
    retry = url_for("federation.begin", key=provider.key) if provider else url_for("accounts.sign_in")
    usual = _("You could not sign in") if current_actor().is_anonymous else _("Your account was not linked")
    facts = {"title": title or usual, "texts": texts, "reference": g.get("request_id", "") if status == 403 else ""}
    password = url_for("accounts.sign_in", password=1, next=target or None)
    name = notices.name_of(provider) if provider and not target else ""
    return page("federation/stopped.html", whole_path=retry, name=name, retry=retry, password=password, **facts), status


@bp.get("/sign-in/<key>/return")
@public("the way in by an institution", reads_first=True)
def come_back(key: str) -> Answer:
    """Take the answer of the provider, once."""
    hide_address()
    provider, flows = find_provider(current_session(), key), _flows()
    flow = next((flow for flow in flows if provider and flow.provider == key and flow.state == request.args.get("state")), None)
    if flow is None or provider is None or not provider.is_on:
        return _ended(flows)
    _keep_flows([other for other in flows if other is not flow])
    if fault := discovery.word_of(request.args.get("error")):
        return _stopped(provider, _("Your institution answered: %(code)s.", code=fault))
    if request.args.get("iss", provider.issuer) != provider.issuer or not request.args.get("code"):
        return _stopped(provider, _("The answer does not come from your institution."))
    release_connection()
    try:
        proven = _prove(provider, flow, request.args["code"])
    except ProviderRefusedSite as refused:
        return _ended([]) if refused.facts["error"] == "invalid_grant" else _site_refused(provider, refused)
    except SecretUnreadable as lost:
        return _site_refused(provider, lost)
    except Invalid as away:
        return _away(provider, away)
    except (TokenRefused, ValueError) as wrong:
        return _not_believed(provider, wrong)
    if flow.person_id != (current_actor().person_id or 0) and flow.needs_fresh_proof:
        return _ended([])
    acts = {Purpose.ENTER.value: _enter, Purpose.LINK.value: _link_own, Purpose.PROVE.value: _prove_anew}
    try:
        return acts[flow.purpose](provider, flow, proven)
    except IdentityRefused as refused:
        return _not_let_in(provider, refused)


def _ended(flows: list[Flow]) -> Answer:
    """Send the page of a way in that ended or expired, or that another browser began."""
    if not current_actor().is_anonymous:
        return see_other(next((flow.target for flow in flows if flow.target), "") or url_for("lms.home"))
    return _stopped(None, _("This sign-in has ended or expired. Begin again."), status=400)


def _prove(provider: IdentityProvider, flow: Flow, code: str) -> ProvenIdentity:
    """Change the code for a token, and return whom it describes; with a key that is not known the keys are fetched once more."""
    now, settings = clock.now(), current_settings()
    reach = OutgoingReach.of(settings)
    tokens = relying_party.exchange(provider, flow, code, return_address(settings, provider.key), reach, secrets_of_app(), now)
    claims = _with_known_key(provider, lambda: relying_party.read_id_token(provider, flow, tokens, now=now))
    return read_claims(provider, relying_party.with_userinfo(provider, claims, tokens, reach))


def _with_known_key(provider: IdentityProvider, read: Callable[[], relying_party.Claims]) -> relying_party.Claims:
    """Read a token; where its key is not known, or is another than before (a token may name none), fetch the keys and read it once more."""
    try:
        return read()
    except TokenRefused as refused:
        if refused.fault not in (TokenFault.UNKNOWN_KEY, TokenFault.SIGNATURE) or not discovery.is_due(f"keys {provider.id}", clock.now()):
            raise
    _refresh(provider)
    return read()


def _record_refusal(
    provider: IdentityProvider, refusal: str, what: str, text: Callable[[Session], str] | None, person: object = None
) -> None:
    """Record that somebody was refused, and where `text` is given let administrators know of it once a day."""
    release_connection()
    with request_services().database.unit_of_work() as session:
        audit.record(session, current_actor(), LinkVerb.REFUSED, provider, now=clock.now(), refusal=refusal, person=person)
        if text is not None:
            notices.notify_administrators(session, provider, what, lambda: _with_reference(text(session)), now=clock.now())


def _with_reference(text: str) -> str:
    """Return a text with the reference that the person reads."""
    return f"{text} {_('Reference: %(reference)s', reference=g.get('request_id', ''))}"


def _site_refused(provider: IdentityProvider, refused: ProviderRefusedSite | SecretUnreadable) -> Answer:
    """Refuse where the site cannot prove who it is: the provider knows another one or another secret; administrators learn it."""
    _record_refusal(provider, refused.reason, refused.reason, lambda _session: _(refused.text, **refused.facts))
    if isinstance(refused, SecretUnreadable):
        first = _("This site cannot reach your institution until its connection is set up again.")
        return _stopped(provider, first, _("Tell an administrator this reference."))
    return _stopped(provider, _("Your institution did not accept this site. Tell an administrator this reference."))


def _not_believed(provider: IdentityProvider, wrong: TokenRefused | ValueError) -> Answer:
    """Refuse a token; where something is set up wrongly, administrators learn it."""
    fault, seconds = (wrong.fault, wrong.seconds) if isinstance(wrong, TokenRefused) else (TokenFault.SUBJECT, 0)

    def trouble(_session: Session) -> str:
        if fault is TokenFault.TIME:
            return _("The clocks differ: that of the institution is %(minutes)s min from ours.", minutes=f"{seconds / 60:+.0f}")
        return _("A token was refused (%(fault)s). Check the connection.", fault=fault.value)

    _record_refusal(provider, fault.value, fault.value, trouble if fault in TROUBLES else None)
    return _stopped(provider, _("What your institution sent could not be believed. Tell an administrator this reference."))


IS_ANOTHER = N_(
    "Someone with the address or number of %(name)s was refused: what the institution says contradicts the account (%(what)s). If they are "
    "the same person, correct what is wrong, there or here; if not, have the address or number corrected there."
)
CONTRADICTION_TEXTS = {
    Contradiction.NAME: IS_ANOTHER,
    Contradiction.NATIONAL_ID: IS_ANOTHER,
    Contradiction.STAFF_NUMBER: N_(
        "Someone with the address or number of %(name)s was refused: what the institution says contradicts the account (%(what)s). If they "
        "are the same person, they sign in with their password and link; if the address passed on, have it corrected there."
    ),
    Contradiction.LEFT: N_(
        "Someone with the address of %(name)s was refused, whose employment has ended by the list of people. If it goes on, correct the "
        "list, or they sign in with their password and link; if the address passed on, have it corrected there."
    ),
}
"""What administrators read of somebody whom something contradicts: a name and an identity number contradict a link from inside too."""


def _text_of_refusal(session: Session, refused: IdentityRefused) -> str:
    """Return the text of a refusal for administrators: what they have to look into, at the institution first."""
    if isinstance(refused, SeveralPeople):
        names = ", ".join(get_person(session, number).full_name for number in refused.people)
        if links.may_be_one_person(session, refused.people):
            text = N_(
                "What the institution says of one person belongs to several accounts: %(names)s. Ask there who it is: merge the accounts "
                "only if they are one person’s; if not, have it corrected there."
            )
        else:
            text = N_(
                "What the institution says of one person belongs to accounts of different people: %(names)s. Have it corrected there."
            )
        return _(text, names=names)
    if isinstance(refused, OtherPerson):
        facts = {"name": get_person(session, refused.person).full_name, "what": _(refused.what.value)}
        return _(CONTRADICTION_TEXTS[refused.what], **facts)
    if isinstance(refused, OutsideOwnDomains):
        return _(
            "People were refused because the site has several institutions, and their addresses are not of its own domains. Enter these."
        )
    if isinstance(refused, AddressDenied):
        return _(
            "People were refused because it says that their addresses are not verified (email_verified is false), which its own domains do "
            "not outweigh. Let it verify them."
        )
    return _("People were refused because it does not confirm their addresses. Enter its own domains, or let it send email_verified.")


def _not_let_in(provider: IdentityProvider, refused: IdentityRefused) -> Answer:
    """Refuse somebody; nothing of them is stored, and administrators learn of what they have to look into."""
    concerns = refused.people[:1] if isinstance(refused, SeveralPeople) else refused.facts.get("person")
    is_told = isinstance(refused, SeveralPeople | OtherPerson | AddressNotProven | OutsideOwnDomains)
    text = (lambda session: _text_of_refusal(session, refused)) if is_told else None
    _record_refusal(provider, refused.reason, f"{refused.reason}:{concerns}", text, refused.facts.get("person"))
    name = notices.name_of(provider)
    if isinstance(refused, UnknownPerson):
        first = _("%(institution)s confirmed who you are, but no account here could be recognised as yours.", institution=name)
        then = _(
            "What it said of you was not stored. Ask the training department of your institution for an account, and give them this "
            "reference; if you have one, sign in with its password and link it."
        )
        return _stopped(provider, first, then, title=_("Your account is not on this site"))
    if isinstance(refused, OwnProofNeeded):
        return _stopped(provider, _(refused.text), title=_("Link your account"), target=url_for("federation_links.own"))
    return _stopped(provider, _(refused.text))


def _enter(provider: IdentityProvider, flow: Flow, proven: ProvenIdentity) -> Answer:
    """Sign in whom the provider vouches for; without a second step there, that of this site comes first for whom it is required."""
    with request_services().database.unit_of_work() as session:  # the provider leads back by GET
        link, person = links.enter(session, current_actor(), provider, proven, now=clock.now())
        mapping.FollowedSignIn(session, current_actor(), provider, link, person, proven=proven, now=clock.now()).follow()
        origin, has_factor = (link.id, proven.sid), second_factor.has_factor(session, person.id)
        is_in = proven.has_factor or not (has_factor or signin.second_step_required(session, person.id))
        if is_in:
            open_device(session, person.id, person.password_hash, factor=proven.has_factor, origin=origin)
        else:
            signin.prove(person.id, person.password_hash, flow.target, origin=origin)
    if is_in:
        signin.know_browser(person.email)
        return after_entry("", flow.target, person.id)
    if has_factor:
        return second_step_page(SecondFactorCodeForm(formdata=None), person.id, "")
    return see_other(url_for("accounts_second.overview"))


def _link_own(provider: IdentityProvider, flow: Flow, proven: ProvenIdentity) -> Answer:
    """Link an account at the institution with that of who is signed in, and has proved here who they are a moment ago."""
    actor = current_actor()
    if not signin.has_proven(actor):
        return see_page("federation_links.own", flash=_("It took too long, and nothing was linked: enter your password again."))
    with request_services().database.unit_of_work() as session:
        links.link_own(session, actor, provider, proven, get_person(session, actor.person_id or 0), now=clock.now())
    flash(_("Your account is linked with %(institution)s", institution=notices.name_of(provider)), "ok")
    return see_other(flow.target or url_for("federation_links.own"))


def _prove_anew(provider: IdentityProvider, flow: Flow, proven: ProvenIdentity) -> Answer:
    """Note that who is signed in has proved at their institution who they are."""
    session, actor = current_session(), current_actor()
    link = links.find_identity(session, provider, proven.subject)
    age = clock.now().timestamp() - proven.authenticated_at
    if link is None or link.person_id != actor.person_id or not -FRESH_SECONDS <= age <= FRESH_SECONDS:
        return _stopped(provider, _("Your institution did not ask you anew, or someone else signed in there. Try again."))
    person = get_person(session, link.person_id)
    signin.prove(person.id, person.password_hash, flow.target)
    return see_other(flow.target or url_for("lms.home"))


@bp.post("/sign-in/<key>/logout")
@public("the signature of the provider decides (OpenID Connect Back-Channel Logout)", reads_first=True, body_limit=40_000)
def log_out(key: str) -> Answer:
    """End the sessions that a provider ends."""
    provider, now = find_provider(current_session(), key), clock.now()
    if provider is None or is_read_only_request():
        return _logged_out(400)
    release_connection()
    token = request.form.get("logout_token", "")
    try:
        claims = _with_known_key(provider, lambda: relying_party.read_logout_token(provider, token, now=now))
        is_new = sessions.log_out(begin_writing(), current_actor(), provider, claims, now=now)
    except (TokenRefused, ValueError, Invalid):
        return _logged_out(400)
    return _logged_out(200 if is_new else 400)


def _logged_out(status: int) -> Answer:
    response = Response(status=status)
    response.headers["Cache-Control"] = "no-store"
    return response


@links_bp.get("")
@requires(FederationAction.VIEW_OWN)
def own() -> Answer:
    """List the reader's links, and the institutions with which they may link their account."""
    return _own_page(PasswordConfirmationForm(formdata=None))


def _own_page(form: PasswordConfirmationForm) -> Response:
    session, actor = current_session(), current_actor()
    rows, person = links.list_links(session, actor.person_id or 0), get_person(session, actor.person_id or 0)
    linked = {row.IdentityProvider.id for row in rows}
    return page(
        "federation/own_links.html",
        form=form,
        rows=[(row.ExternalIdentity, notices.name_of(row.IdentityProvider)) for row in rows],
        offered=[(row.key, notices.name_of(row)) for row in list_providers(session, only_on=True) if row.id not in linked],
        is_fresh=signin.has_proven(actor),
        has_password=has_password(person),
    )


def _offered(session: Session, _actor: Actor, key: str) -> IdentityProvider:
    return get_provider_that_is_on(session, key)


@links_bp.post("/<key>")
@requires(FederationAction.ADD_OWN, _offered, reads_first=True)
def add_link(provider: IdentityProvider) -> Answer:
    """Take the password again: then the page leads to the institution, which says by whom the account is linked."""
    form, person = PasswordConfirmationForm(), get_person(current_session(), current_actor().person_id or 0)
    if not take_proof(form, person.id, person.password_hash):
        return _own_page(form)
    return see_page("federation_links.own", flash=_("Now continue at %(institution)s.", institution=notices.name_of(provider)))


def _own_link(session: Session, _actor: Actor, number: int) -> LinkContext:
    link = require_found(session.get(ExternalIdentity, number))
    return LinkContext(link, session.get_one(IdentityProvider, link.provider_id), links.holder_of(session, link))


@links_bp.post("/<int:number>/removal")
@requires(FederationAction.REMOVE_OWN, _own_link)
def remove_own_link(subject: LinkContext) -> Answer:
    """Remove a link of one's own; the sessions that it began end, this one too."""
    try:
        links.unlink(current_session(), current_actor(), subject.link, now=clock.now())
    except PasswordFirst as refused:
        return see_page("federation_links.own", flash=_(refused.text))
    return see_page("federation_links.own", flash=_("The link was removed."))


AUTHENTICATIONS = {
    "client_secret_basic": lazy_("Client secret (usual)"),
    "client_secret_post": lazy_("Client secret in the form"),
    "private_key_jwt": lazy_("Private key"),
}
CLAIM_LABELS = {
    ClaimField.GIVEN_NAMES: lazy_("Given names"),
    ClaimField.SURNAMES: lazy_("Surnames"),
    ClaimField.EMAIL: lazy_("Email address"),
    ClaimField.LANGUAGE: lazy_("Language"),
    ClaimField.STAFF_NUMBER: lazy_("Staff number"),
    ClaimField.NATIONAL_ID: lazy_("Identity number"),
    ClaimField.UNIT: lazy_("Code of the unit"),
    ClaimField.POST: lazy_("Post"),
    ClaimField.GROUPS: lazy_("Groups"),
}
KEY = re.compile(r"[a-z][a-z0-9-]{1,39}")
LONGEST_LIST = 8_000


class LinesField(StringField):
    """Texts, one a line, each once; of at most LONGEST_LIST characters."""

    widget = TextArea()

    data: Any

    def process_data(self, value: Any) -> None:
        """Take the texts of a column."""
        self.data = tuple(value or ())

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the lines that say something."""
        self.data = tuple(dict.fromkeys(text for part in str(valuelist[0]).splitlines() if (text := part.strip()))) if valuelist else ()

    def _value(self) -> str:
        return "\n".join(self.data or ())

    def pre_validate(self, form: BaseForm) -> None:
        """Bound what is kept."""
        if len(self._value()) > LONGEST_LIST:
            raise ValidationError(_("Use at most %(max)d characters.", max=LONGEST_LIST))


class ProviderForm(Form):
    """All that is set of a provider, each field named as its column; names, claims and sources have one for each language or value."""

    key = line(lazy_("Key in addresses"), most=40)
    institution_id = SelectField(lazy_("Institution"), coerce=int)
    name_es = line(lazy_("Name on the button, in Spanish"), most=60, required=lazy_("Give it a name."))
    name_en = line(lazy_("Name on the button, in English"), most=60)
    issuer = line(lazy_("Issuer"), most=500, required=lazy_("Copy the issuer from the provider."))
    client_id = line(lazy_("Client ID"), most=300, required=lazy_("Copy the client ID from the provider."))
    new_secret = PasswordField(lazy_("Client secret"))
    authentication = SelectField(
        lazy_("How this site proves who it is"), choices=[SelectChoice(name, text) for name, text in AUTHENTICATIONS.items()]
    )
    scopes = LinesField(lazy_("Scopes"), default=("profile", "email"))  # type: ignore[arg-type]  # its stubs know texts alone
    domains = LinesField(lazy_("The institution’s own domains, one a line"))
    factor_values = LinesField(lazy_("Values of amr or acr that stand for a second step, one a line"))
    instructor_groups = LinesField(lazy_("Ids of groups whose people are instructors, one a line"))
    uses_object_id = BooleanField(lazy_("Microsoft Entra: know people by tenant and object"))
    uses_userinfo = BooleanField(lazy_("Ask the provider for more about the person (userinfo)"))
    creates = BooleanField(lazy_("Who is not known gets an account"))
    local_password = BooleanField(lazy_("Who came in so may also choose a password here"))
    follows_names = BooleanField(lazy_("Names"))
    follows_email = BooleanField(lazy_("Email address"))
    follows_language = BooleanField(lazy_("Language"))
    row_version = line("", most=19)

    def validate_key(self, field: Any) -> None:
        """Refuse what no address holds."""
        if field.data and not KEY.fullmatch(field.data):
            raise ValidationError(_("Use small letters, digits and hyphens, beginning with a letter."))

    def validate_issuer(self, field: Any) -> None:
        """Refuse an address that is not encrypted."""
        schemes = ("https://",) if current_settings().is_reachable else ("https://", "http://")
        if not field.data.startswith(schemes):
            raise ValidationError(_("The issuer begins with https://."))

    def columns(self) -> dict[str, Any]:
        """Return the typed values, by column."""
        plain = (field for field in self if field.name in IdentityProvider.__table__.columns)
        return {
            **{field.name: field.data for field in plain if field.name not in ("key", "row_version")},
            "names": self._by_prefix("name_"),
            "claims": self._by_prefix("claim_"),
            "sources": tuple(self._by_prefix("follows_")),
            "scopes": tuple(dict.fromkeys(" ".join(self.scopes.data).split())),
            "domains": tuple(domain.lower().removeprefix("@") for domain in self.domains.data or ()),
        }

    def _by_prefix(self, prefix: str) -> dict[str, Any]:
        return {field.name.removeprefix(prefix): field.data for field in self if field.name.startswith(prefix) and field.data}


for _field, _label in CLAIM_LABELS.items():
    setattr(ProviderForm, f"claim_{_field.value}", line(_label, most=100))


def _form(provider: IdentityProvider | None, **options: Any) -> ProviderForm:
    """Return the form of a provider, or of a new one; its secret is shown to nobody."""
    known: dict[str, Any] = {}
    if provider is not None:
        known = {f"name_{tongue}": provider.names.get(tongue, "") for tongue in LANGUAGES}
        known |= {f"claim_{name}": claim for name, claim in provider.claims.items()}
        known |= {f"follows_{name}": True for name in provider.sources}
    form = ProviderForm(obj=provider, data=known, **options)
    form.institution_id.choices = [(row.id, row.name) for row in list_institutions(current_session())]
    return form


@providers_bp.get("")
@requires(FederationAction.VIEW)
def overview() -> Answer:
    """List the providers."""
    linked = links.count_links(current_session())
    rows = [(row, notices.name_of(row), linked.get(row.id, 0)) for row in list_providers(current_session())]
    return page("federation/providers.html", rows=rows)


@providers_bp.route("/new", methods=["GET", "POST"])
@requires(FederationAction.EDIT, reads_first=True)
def new() -> Answer:
    """Add a provider."""
    form, proof = _form(None), _proof()
    form.key.validators = [DataRequired(_("Give it a key, for example institute: it stands in addresses and never changes."))]
    if not form.validate_on_submit() or proof is not None:
        return _edit_page(None, form, proof)
    session, values = begin_writing(), {**form.columns(), "key": form.key.data}
    with form.refusals(form.key, providers.ProviderKeyTaken):
        row = providers.add_provider(session, current_actor(), values, _secret(form), secrets_of_app(), now=clock.now())
        return see_page("federation_providers.edit", key=row.key, flash=_("Saved. Now check the connection."))
    return _edit_page(None, form, proof)


def _secret(form: ProviderForm) -> str:
    return (form.new_secret.data or "").strip()


def _proof() -> PasswordConfirmationForm | None:
    """Take the password again before a provider is changed; None where that was done a moment ago."""
    if signin.has_proven(current_actor()):
        return None
    if is_read_only_request():
        return PasswordConfirmationForm(formdata=None)
    form, person = PasswordConfirmationForm(), get_person(current_session(), current_actor().person_id or 0)
    return None if take_proof(form, person.id, person.password_hash) else form


def _edit_page(provider: IdentityProvider | None, form: ProviderForm, proof: PasswordConfirmationForm | None) -> Response:
    session, settings, query = current_session(), current_settings(), requested_words()
    if form.new_secret.data:
        form.refuse(form.new_secret, _("Type it again: it is not kept while something else has to be corrected."))
    key = provider.key if provider else "KEY"
    of_provider: Mapping[str, Any] = {"name": "", "linked": 0, "unknown_units": [], "people": [], "has_secret": True}
    if provider is not None:
        of_provider = {
            "name": notices.name_of(provider),
            "linked": links.count_links(session).get(provider.id, 0),
            "unknown_units": mapping.list_unknown_units(session, provider),
            "people": links.list_people(session, provider, query),
            "has_secret": providers.has_readable_secret(provider, secrets_of_app()),
        }
    addresses = {"return_address": return_address(settings, key), "logout_address": providers.logout_address(settings, key)}
    claims = [(field, form[f"claim_{field.value}"]) for field in ClaimField]
    facts = {"usual": USUAL_CLAIMS, "claims": claims, "query": query, "hours": settings.session_hours}
    return page("federation/provider.html", form=form, proof=proof, provider=provider, **facts, **of_provider, **addresses)


@providers_bp.route("/<key>", methods=["GET", "POST"])
@requires(FederationAction.EDIT, get_provider, reads_first=True)
def edit(subject: IdentityProvider) -> Answer:
    """Show how a provider is set up, and change it."""
    form, proof = _form(subject), _proof()
    if not form.validate_on_submit() or proof is not None:
        return _edit_page(subject, form, proof)
    session, values, seen = begin_writing(), form.columns(), whole_number(form.row_version.data or "")
    with form.refusals(None, Conflict), form.refusals(form.issuer, providers.IssuerStays):
        changed = providers.change_provider(
            session, current_actor(), subject, values, _secret(form), secrets_of_app(), version=seen, now=clock.now()
        )
        return see_page("federation_providers.edit", key=subject.key, flash=_("Saved.") if changed else _("There was nothing to change."))
    return _edit_page(subject, form, proof)


@providers_bp.post("/<key>/check")
@requires(FederationAction.EDIT, get_provider, reads_first=True)
def check(subject: IdentityProvider) -> Answer:
    """Fetch what the provider publishes, and say what does not fit."""
    release_connection()
    columns, fault = providers.check(subject, current_settings())
    session = begin_writing()
    row = session.get_one(IdentityProvider, subject.id)
    for name, value in columns.items():
        setattr(row, name, value)
    audit.record(session, current_actor(), providers.ProviderVerb.CHECKED, row, now=clock.now(), fault=fault.reason if fault else "")
    if fault is None:
        return _answered(subject, _("It answers, and publishes all that is needed."), "ok")
    return _answered(subject, _(fault.text, **fault.facts), "warn" if isinstance(fault, ClocksDiffer) else "bad")


def _answered(subject: IdentityProvider, text: str, kind: str) -> Answer:
    flash(text, kind)
    return see_page("federation_providers.edit", key=subject.key)


@providers_bp.post("/<key>/switch")
@requires(FederationAction.EDIT, get_provider, reads_first=True)
def switch(subject: IdentityProvider) -> Answer:
    """Let people come in by a provider, or no longer."""
    proof, is_on, form = _proof(), request.form.get("on") == "yes", _form(subject)
    if "row_version" in request.form and (_secret(form) or providers.differs(subject, form.columns())):
        form.form_errors.append(_("Save first what you have changed below."))
        return _edit_page(subject, form, proof)
    if proof is not None:
        return _edit_page(subject, _form(subject, formdata=None), proof)
    try:
        providers.switch(begin_writing(), current_actor(), current_settings(), subject, is_on=is_on, now=clock.now())
    except Conflict as refused:
        return _answered(subject, _(refused.text), "bad")
    return _answered(subject, _("People come in by it from now on.") if is_on else _("It is off: its sessions have ended."), "ok")


def _get_link(session: Session, _actor: Actor, key: str, number: int) -> LinkContext:
    provider, link = get_provider(session, _actor, key), require_found(session.get(ExternalIdentity, number))
    return LinkContext(require_found(link if link.provider_id == provider.id else None), provider, links.holder_of(session, link))


@providers_bp.post("/<key>/links/<int:number>/removal")
@requires(FederationAction.REMOVE_LINK, _get_link)
def remove_link(subject: LinkContext) -> Answer:
    """Remove the link of a person, with a reason."""
    reason = " ".join(request.form.get("reason", "").split())[:500]
    if not reason:
        return _answered(subject.provider, _("Nothing was removed: say why."), "bad")
    links.unlink(current_session(), current_actor(), subject.link, reason=reason, now=clock.now())
    text = _("The link was removed. The person comes in anew by what the institution says of them.")
    return _answered(subject.provider, text, "ok")
