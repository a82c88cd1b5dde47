"""Pages of sign-in by institutions: the way in and back, one's own links, and the providers as administrators set them up."""

import re
from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import partial
from typing import Any
from urllib.parse import urlencode

from flask import Blueprint, Response, after_this_request, flash, g, request, url_for
from sqlalchemy.orm import Session
from wtforms import BooleanField, PasswordField, SelectField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import ValidationError

from accounts import people, second_factor, signin
from accounts.entering import after_entry, open_device, second_step_page, take_proof
from accounts.entry import SignInMethod, has_password
from accounts.forms import PasswordConfirmationForm, SecondFactorCodeForm
from accounts.models import Person
from accounts.people import get_person
from accounts.rules import safe_next
from federation import discovery, links, mapping, providers, relying_party, sessions
from federation.access import FederationAction, LinkContext
from federation.claims import USUAL_CLAIMS, ClaimField, ProvenIdentity, read_claims
from federation.discovery import TooManyCalls
from federation.links import IdentityRefused, LinkVerb, OwnProofNeeded, PasswordFirst, SeveralPeople
from federation.models import ExternalIdentity, IdentityProvider
from federation.providers import (
    NoLocalAdministrator,
    NoPublicAddress,
    NotChecked,
    ProviderKeyTaken,
    ProviderValues,
    find_provider,
    get_provider,
    get_provider_that_is_on,
    list_providers,
    return_address,
)
from federation.relying_party import FLOW_SECONDS, FRESH_SECONDS, Flow, Purpose
from kernel import audit, clock
from kernel.crypto import seal, unseal
from kernel.errors import N_, Conflict, DomainError, Invalid, SignInNeeded, require_found
from kernel.i18n import LANGUAGES, _, lazy_
from kernel.jose import TokenFault, TokenRefused
from kernel.outgoing import OutgoingError, OutgoingReach
from kernel.permissions import Actor
from kernel.web.forms import Form, area, line, whole_number
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
from organisations.institutions import list_institutions

bp = Blueprint("federation", __name__)
links_bp = Blueprint("federation_links", __name__, url_prefix="/profile/institutions")
providers_bp = Blueprint("federation_providers", __name__, url_prefix="/administration/providers")

COOKIE = "__Host-federation"
STAFF_SECONDS = 600
NEEDS_SECOND_STEP = N_(
    "Your account here has a second step. Sign in with your password and that step, then link your institution under “My account”, "
    "“Sign-in by my institution”."
)
TROUBLES = {TokenFault.TIME, TokenFault.UNKNOWN_KEY, TokenFault.ISSUER, TokenFault.SIGNATURE, TokenFault.AUDIENCE}
"""Faults of tokens that say something is set up wrongly: administrators are notified once a day."""


def methods(session: Session, target: str) -> list[SignInMethod]:
    """Return the buttons of the sign-in page, by name."""
    return [_button(provider, target) for provider in list_providers(session, only_on=True)]


def _button(provider: IdentityProvider, target: str, purpose: Purpose = Purpose.ENTER) -> SignInMethod:
    label = _("Sign in with %(institution)s", institution=mapping.name_of(provider))
    why = None if purpose is Purpose.ENTER else purpose.value
    return SignInMethod(label, url_for("federation.begin", key=provider.key, next=target or None, purpose=why))


def proof_methods(session: Session, person_id: int, target: str) -> list[SignInMethod]:
    """Return the buttons by which a person proves anew at their institution who they are."""
    linked = [row.IdentityProvider for row in links.list_links(session, person_id)]
    return [_button(provider, target, Purpose.PROVE) for provider in linked if provider.is_on]


def leave_methods(session: Session, device_id: int) -> list[SignInMethod]:
    """Return the link to the provider's own sign-out, for a session that it began (RP-Initiated Logout, without an ID token)."""
    provider = sessions.find_provider_of(session, device_id)
    address = discovery.endpoints_of(provider).end_session if provider and provider.discovery else ""
    if provider is None or not address:
        return []
    query = urlencode({"client_id": provider.client_id, "post_logout_redirect_uri": f"{current_settings().public_url}/"})
    label = _("Sign out of %(institution)s too", institution=mapping.name_of(provider))
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


def _reach() -> OutgoingReach:
    return OutgoingReach.of(current_settings())


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
    release_connection()
    now = clock.now()
    try:
        if discovery.is_stale(provider, now):
            discovery.refresh(request_services().database, provider, _reach())
    except (OutgoingError, TooManyCalls, Invalid) as away:
        return _away(provider, away)
    flow = relying_party.new_flow(provider, target, purpose, actor.person_id, now)
    _keep_flows([*_flows(), flow])
    return see_other(relying_party.address_of(provider, flow, return_address(current_settings(), provider)))


def _away(provider: IdentityProvider, fault: Exception) -> Answer:
    """Say that the provider does not answer: people with a password come in by it meanwhile."""
    retry = url_for("federation.begin", key=provider.key)
    return page(
        "federation/away.html", whole_path=retry, name=mapping.name_of(provider), retry=retry, is_busy=isinstance(fault, TooManyCalls)
    ), 503


def _refused(provider: IdentityProvider | None, message: str, status: int = 403) -> Answer:
    retry = url_for("federation.begin", key=provider.key) if provider else url_for("accounts.sign_in")
    name = mapping.name_of(provider) if provider else ""
    return page(
        "federation/refused.html", whole_path=retry, name=name, message=message, retry=retry, reference=g.get("request_id", "")
    ), status


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
    if fault := "".join(sign for sign in request.args.get("error", "") if sign.isascii() and (sign.isalnum() or sign == "_"))[:40]:
        return _refused(provider, _("Your institution answered: %(code)s.", code=fault))
    if request.args.get("iss", provider.issuer) != provider.issuer or not request.args.get("code"):
        return _refused(provider, _("The answer does not come from your institution."))
    release_connection()
    try:
        proven = _prove(provider, flow, request.args["code"])
    except (OutgoingError, TooManyCalls, Invalid) as away:
        return _away(provider, away)
    except (TokenRefused, ValueError) as wrong:
        return _not_believed(provider, wrong)
    if flow.person_id != (current_actor().person_id or 0) and flow.needs_fresh_proof:
        return _ended([])
    acts = {Purpose.ENTER.value: _enter, Purpose.LINK.value: _link_own, Purpose.PROVE.value: _prove_anew}
    return acts[flow.purpose](provider, flow, proven)


def _ended(flows: list[Flow]) -> Answer:
    """Answer a way in that ended or expired, or that another browser began."""
    if not current_actor().is_anonymous:
        return see_other(next((flow.target for flow in flows if flow.target), "") or url_for("lms.home"))
    return _refused(None, _("This sign-in has ended or expired. Begin again."), 400)


def _prove(provider: IdentityProvider, flow: Flow, code: str) -> ProvenIdentity:
    """Change the code for a token, and return whom it describes; with a key that is not known the keys are fetched once more."""
    now, settings = clock.now(), current_settings()
    tokens = relying_party.exchange(provider, flow, code, return_address(settings, provider), _reach(), secrets_of_app(), now)
    claims = _with_known_key(provider, lambda: relying_party.read_id_token(provider, flow, tokens, now=now))
    return read_claims(provider, relying_party.with_userinfo(provider, claims, tokens, _reach()))


def _with_known_key(provider: IdentityProvider, read: Callable[[], relying_party.Claims]) -> relying_party.Claims:
    """Read a token; where its key is not known, fetch the keys and read it once more."""
    try:
        return read()
    except TokenRefused as refused:
        if refused.fault is not TokenFault.UNKNOWN_KEY or not discovery.may_fetch_again(provider, clock.now()):
            raise
    discovery.refresh(request_services().database, provider, _reach())
    return read()


def _not_believed(provider: IdentityProvider, wrong: Exception) -> Answer:
    """Refuse a token; where something is set up wrongly, administrators learn it once a day."""
    fault = wrong.fault if isinstance(wrong, TokenRefused) else TokenFault.SUBJECT
    seconds = wrong.seconds if isinstance(wrong, TokenRefused) else 0
    with request_services().database.unit_of_work() as session:
        audit.record(session, current_actor(), LinkVerb.REFUSED, provider, now=clock.now(), fault=fault.value)
        if fault in TROUBLES:
            mapping.notify_administrators(session, provider, fault.value, partial(_trouble, fault, seconds), now=clock.now())
    return _refused(provider, _("What your institution sent could not be believed. Tell an administrator this reference."))


def _trouble(fault: TokenFault, seconds: int) -> str:
    if fault is TokenFault.TIME:
        return _("The clocks differ: that of the institution is %(minutes)s min from ours.", minutes=f"{seconds / 60:+.0f}")
    return _("A token was refused: %(fault)s.", fault=fault.value)


def _enter(provider: IdentityProvider, flow: Flow, proven: ProvenIdentity) -> Answer:
    """Sign in whom the provider vouches for; staff who come so for the first time type their password once."""
    try:
        with request_services().database.unit_of_work() as session:  # the provider leads back by GET
            link, person = links.enter(session, current_actor(), provider, proven, now=clock.now())
            is_in = _open(session, provider, link, person, proven, flow.target)
    except OwnProofNeeded as needed:
        if second_factor.has_factor(current_session(), needed.person.id):  # a password alone links nobody who has one
            return _refused(provider, _(NEEDS_SECOND_STEP))
        return _staff_page(provider, PasswordConfirmationForm(formdata=None), _sealed(provider, flow, proven, needed.person))
    except IdentityRefused as refused:
        return _not_let_in(provider, refused)
    return _go_on(person, flow.target, is_in=is_in)


def _not_let_in(provider: IdentityProvider, refused: IdentityRefused) -> Answer:
    """Refuse somebody; nothing is stored but the entry of the log, and where two accounts have to be joined a notification."""
    release_connection()
    with request_services().database.unit_of_work() as session:
        audit.record(session, current_actor(), LinkVerb.REFUSED, provider, now=clock.now(), reason=refused.reason)
        if isinstance(refused, SeveralPeople):
            names = ", ".join(people.get_person(session, number).full_name for number in refused.people)
            mapping.notify_administrators(
                session,
                provider,
                f"several:{refused.people[0]}",
                lambda: _("What the institution says belongs to several accounts: %(names)s. Merge them.", names=names),
                now=clock.now(),
            )
    if isinstance(refused, links.UnknownPerson):
        return page(
            "federation/unknown.html",
            whole_path=url_for("federation.begin", key=provider.key),
            name=mapping.name_of(provider),
            reference=g.get("request_id", ""),
        ), 403
    return _refused(provider, _(refused.text))


def _open(
    session: Session, provider: IdentityProvider, link: ExternalIdentity, person: Person, proven: ProvenIdentity, target: str
) -> bool:
    """Take what comes with a sign-in, and open the session; return False where the second step of this site comes first."""
    mapping.follow(session, current_actor(), provider, link, person, proven, now=clock.now())
    session.flush()
    origin = (link.id, proven.sid)
    if proven.has_factor or not (second_factor.has_factor(session, person.id) or signin.second_step_required(session, person.id)):
        open_device(session, person.id, person.password_hash, factor=proven.has_factor, origin=origin)
        return True
    signin.prove(person.id, person.password_hash, target, origin=origin)
    return False


def _go_on(person: Person, target: str, *, is_in: bool) -> Answer:
    if is_in:
        signin.know_browser(person.email)
        return after_entry("", target, person.id)
    if second_factor.has_factor(current_session(), person.id):
        return second_step_page(SecondFactorCodeForm(formdata=None), person.id, "")
    return see_other(url_for("accounts_second.overview"))


def _sealed(provider: IdentityProvider, flow: Flow, proven: ProvenIdentity, person: Person) -> str:
    groups = None if proven.groups is None else sorted(proven.groups)
    return seal(secrets_of_app(), "proven", [provider.key, flow.target, person.id, {**asdict(proven), "groups": groups}])


def _staff_page(provider: IdentityProvider, form: PasswordConfirmationForm, proof: str) -> Response:
    return page(
        "federation/staff.html",
        whole_path=url_for("federation.begin", key=provider.key),
        form=form,
        name=mapping.name_of(provider),
        key=provider.key,
        proof=proof,
    )


@bp.post("/sign-in/<key>/password")
@public("the sealed answer of the provider decides, with the password of the account", reads_first=True)
def prove_own(key: str) -> Answer:
    """Take the password of somebody with a role over others, before an account elsewhere is linked with theirs."""
    provider, form, proof = get_provider_that_is_on(current_session(), key), PasswordConfirmationForm(), request.form.get("proof", "")
    given = unseal(secrets_of_app(), "proven", proof, seconds=STAFF_SECONDS)
    if given is None or given[0] != key:
        return _ended([])
    groups = given[3]["groups"]
    target, proven = given[1], ProvenIdentity(**{**given[3], "groups": None if groups is None else frozenset(groups)})
    person = people.get_person(current_session(), given[2])
    valid = form.validate_on_submit()
    release_connection()
    with form.keeping(_staff_page, provider, form, proof):
        if valid and not signin.knows_password(person.email, person.password_hash, form.current_password.data or ""):
            form.refuse(form.current_password, _("This is not the password of that account."))
            valid = False
    if not valid:
        return _staff_page(provider, form, proof)
    try:
        with request_services().database.unit_of_work() as session:
            owner = links.open_account_of(session, people.get_person(session, person.id))
            link = links.find_identity(session, provider, proven.subject)
            if link is None or link.person_id != owner.id:  # the form may be sent twice
                link = links.link(session, current_actor(), provider, proven, owner, by=owner.id, now=clock.now())
            is_in = _open(session, provider, link, owner, proven, target)
    except DomainError as refused:
        return _refused(provider, _(refused.text))
    return _go_on(owner, target, is_in=is_in)


def _link_own(provider: IdentityProvider, flow: Flow, proven: ProvenIdentity) -> Answer:
    """Link an account at the institution with that of who is signed in, and has proved here who they are a moment ago."""
    actor = current_actor()
    if not signin.has_proven(actor):
        return see_other(url_for("federation_links.own"))
    try:
        with request_services().database.unit_of_work() as session:
            person = people.get_person(session, actor.person_id or 0)
            links.link(session, actor, provider, proven, person, by=actor.person_id, now=clock.now())
    except IdentityRefused as refused:
        return _refused(provider, _(refused.text))
    return see_other(flow.target or url_for("federation_links.own"))


def _prove_anew(provider: IdentityProvider, flow: Flow, proven: ProvenIdentity) -> Answer:
    """Note that who is signed in has proved at their institution who they are."""
    session, actor = current_session(), current_actor()
    link = links.find_identity(session, provider, proven.subject)
    age = clock.now().timestamp() - proven.authenticated_at
    if link is None or link.person_id != actor.person_id or not -FRESH_SECONDS <= age <= FRESH_SECONDS:
        return _refused(provider, _("Your institution did not ask you anew, or someone else signed in there. Try again."))
    person = people.get_person(session, link.person_id)
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
    except (TokenRefused, ValueError, OutgoingError, TooManyCalls, Invalid):
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
        rows=[(row.ExternalIdentity, mapping.name_of(row.IdentityProvider)) for row in rows],
        offered=[(row.key, mapping.name_of(row)) for row in list_providers(session, only_on=True) if row.id not in linked],
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
    return see_page("federation_links.own", flash=_("Now continue at %(institution)s.", institution=mapping.name_of(provider)))


def _own_link(session: Session, _actor: Actor, number: int) -> LinkContext:
    link = require_found(session.get(ExternalIdentity, number))
    return LinkContext(link, session.get_one(IdentityProvider, link.provider_id))


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


def _lines(text: str | None) -> tuple[str, ...]:
    return tuple(dict.fromkeys(part for line_ in (text or "").splitlines() if (part := line_.strip())))


class ProviderForm(Form):
    """All that is set of a provider, with the claims by their names."""

    key = line(lazy_("Key in addresses"), most=40)
    institution = SelectField(lazy_("Institution"), coerce=int)
    name_es = line(lazy_("Name on the button, in Spanish"), most=60, required=lazy_("Give it a name."))
    name_en = line(lazy_("Name on the button, in English"), most=60)
    issuer = line(lazy_("Issuer"), most=500, required=lazy_("Copy the issuer from the provider."))
    client_id = line(lazy_("Client ID"), most=300, required=lazy_("Copy the client ID from the provider."))
    secret = PasswordField(lazy_("Client secret"))
    authentication = SelectField(
        lazy_("How this site proves who it is"), choices=[SelectChoice(name, text) for name, text in AUTHENTICATIONS.items()]
    )
    scopes = line(lazy_("Scopes"), most=300, default="profile email")
    domains = area(lazy_("The institution’s own domains, one a line"), most=2_000)
    factor_values = area(lazy_("Values of amr or acr that stand for a second step, one a line"), most=2_000)
    instructor_groups = area(lazy_("Ids of groups whose people are instructors, one a line"), most=8_000)
    uses_object_id = BooleanField(lazy_("Microsoft Entra: know people by tenant and object"))
    uses_userinfo = BooleanField(lazy_("Ask the provider for more about the person (userinfo)"))
    creates = BooleanField(lazy_("Who is not known gets an account"))
    local_password = BooleanField(lazy_("Who came in so may also choose a password here"))
    follows_names = BooleanField(lazy_("Names"))
    follows_email = BooleanField(lazy_("Email address"))
    follows_language = BooleanField(lazy_("Language"))
    seen = line("", most=19)

    def validate_key(self, field: Any) -> None:
        """Refuse what no address holds."""
        if field.data and not KEY.fullmatch(field.data):
            raise ValidationError(_("Use small letters, digits and hyphens, beginning with a letter."))

    def validate_issuer(self, field: Any) -> None:
        """Refuse an address that is not encrypted."""
        if (
            field.data
            and not field.data.startswith("https://")
            and (current_settings().is_reachable or not field.data.startswith("http://"))
        ):
            raise ValidationError(_("The issuer begins with https://."))

    def values(self) -> ProviderValues:
        """Return what was typed."""
        names = {"es": self.name_es.data or ""} | ({"en": self.name_en.data} if self.name_en.data else {})
        claims = {field.value: typed for field in ClaimField if (typed := self[f"claim_{field.value}"].data)}
        sources = tuple(name for name in mapping.SOURCES if self[f"follows_{name}"].data)
        columns: dict[str, Any] = {
            "institution_id": self.institution.data,
            "names": names,
            "issuer": self.issuer.data,
            "client_id": self.client_id.data,
            "authentication": self.authentication.data,
            "scopes": tuple(dict.fromkeys((self.scopes.data or "").split())),
            "claims": claims,
            "domains": tuple(domain.lower().removeprefix("@") for domain in _lines(self.domains.data)),
            "factor_values": _lines(self.factor_values.data),
            "instructor_groups": _lines(self.instructor_groups.data),
            "sources": sources,
        }
        switches = ("uses_object_id", "uses_userinfo", "creates", "local_password")
        return ProviderValues(columns | {name: bool(self[name].data) for name in switches}, (self.secret.data or "").strip())


for _field, _label in CLAIM_LABELS.items():
    setattr(ProviderForm, f"claim_{_field.value}", line(_label, most=100))


def _form(provider: IdentityProvider | None) -> ProviderForm:
    form = ProviderForm() if provider is None or not is_read_only_request() else ProviderForm(formdata=None, data=_known(provider))
    rows = list_institutions(current_session())
    form.institution.choices = [(row.id, row.name) for row in rows]
    return form


def _known(provider: IdentityProvider) -> Mapping[str, Any]:
    """Return what the form shows of a provider; its secret is shown to nobody."""
    plain = ("key", "issuer", "client_id", "authentication", "uses_object_id", "uses_userinfo", "creates", "local_password")
    return {
        **{name: getattr(provider, name) for name in plain},
        **{name: "\n".join(getattr(provider, name)) for name in ("domains", "factor_values", "instructor_groups")},
        **{f"name_{tongue}": provider.names.get(tongue, "") for tongue in LANGUAGES},
        **{f"claim_{field.value}": provider.claims.get(field, "") for field in ClaimField},
        **{f"follows_{name}": name in provider.sources for name in mapping.SOURCES},
        "institution": provider.institution_id,
        "scopes": " ".join(provider.scopes),
        "seen": str(provider.row_version),
    }


@providers_bp.get("")
@requires(FederationAction.VIEW)
def overview() -> Answer:
    """List the providers."""
    session = current_session()
    rows = [(row, mapping.name_of(row), links.count_links(session, row)) for row in providers.list_providers(session)]
    return page("federation/providers.html", rows=rows)


@providers_bp.route("/new", methods=["GET", "POST"])
@requires(FederationAction.EDIT, reads_first=True)
def new() -> Answer:
    """Add a provider."""
    form, proof = _form(None), _proof()
    valid = form.validate_on_submit() and proof is None
    if valid and not form.key.data:
        form.refuse(form.key, _("Give it a key, for example institute: it stands in addresses and never changes."))
        valid = False
    if not valid:
        return _edit_page(None, form, proof)
    session = begin_writing()
    with form.refusals(form.key, ProviderKeyTaken):
        row = providers.add_provider(session, current_actor(), form.key.data or "", form.values(), secrets_of_app(), now=clock.now())
        return see_page("federation_providers.edit", key=row.key, flash=_("Saved. Now check the connection."))
    return _edit_page(None, form, proof)


def _proof() -> PasswordConfirmationForm | None:
    """Take the password again before a provider is changed; None where that was done a moment ago."""
    if signin.has_proven(current_actor()):
        return None
    if is_read_only_request():
        return PasswordConfirmationForm(formdata=None)
    form, person = PasswordConfirmationForm(), get_person(current_session(), current_actor().person_id or 0)
    return None if take_proof(form, person.id, person.password_hash) else form


def _edit_page(provider: IdentityProvider | None, form: ProviderForm, proof: PasswordConfirmationForm | None) -> Response:
    session, settings = current_session(), current_settings()
    people = [] if provider is None else links.list_people(session, provider, request.args.get("q", "")[:100])
    return page(
        "federation/provider.html",
        form=form,
        proof=proof,
        provider=provider,
        name=mapping.name_of(provider) if provider else "",
        usual=USUAL_CLAIMS,
        claims=[(field, form[f"claim_{field.value}"]) for field in ClaimField],
        return_address=providers.return_address(settings, provider) if provider else "",
        logout_address=providers.logout_address(settings, provider) if provider else "",
        linked=links.count_links(session, provider) if provider else 0,
        unknown_units=mapping.list_unknown_units(session, provider) if provider else [],
        people=people,
        query=request.args.get("q", "")[:100],
        hours=settings.session_hours,
    )


@providers_bp.route("/<key>", methods=["GET", "POST"])
@requires(FederationAction.EDIT, get_provider, reads_first=True)
def edit(subject: IdentityProvider) -> Answer:
    """Show how a provider is set up, and change it."""
    form, proof = _form(subject), _proof()
    if not form.validate_on_submit() or proof is not None:
        return _edit_page(subject, form, proof)
    seen = whole_number(form.seen.data or "")
    try:
        changed = providers.change_provider(
            begin_writing(), current_actor(), subject, form.values(), secrets_of_app(), version=seen, now=clock.now()
        )
    except Conflict as refused:
        form.form_errors.append(_(refused.text))
        return _edit_page(subject, form, proof)
    return see_page("federation_providers.edit", key=subject.key, flash=_("Saved.") if changed else _("There was nothing to change."))


@providers_bp.post("/<key>/check")
@requires(FederationAction.EDIT, get_provider, reads_first=True)
def check(subject: IdentityProvider) -> Answer:
    """Fetch what the provider publishes, and say what does not fit."""
    release_connection()
    try:
        published = discovery.fetch_published(subject.issuer, OutgoingReach.of(current_settings()))
    except Invalid as wrong:
        return _checked(subject, _(wrong.text, **wrong.facts), "bad")
    except (OutgoingError, TooManyCalls) as away:
        return _checked(subject, _("The provider does not answer: %(fault)s.", fault=str(away) or "busy"), "bad")
    session = begin_writing()
    for name, value in published.columns.items():
        setattr(session.get_one(IdentityProvider, subject.id), name, value)
    if published.clock_ahead is not None and abs(published.clock_ahead) >= discovery.CLOCKS_DIFFER:
        return _checked(subject, _("It answers, but the clocks differ by %(seconds)s s.", seconds=f"{published.clock_ahead:+.0f}"), "warn")
    return _checked(subject, _("It answers, and publishes all that is needed."), "ok")


def _checked(subject: IdentityProvider, text: str, kind: str) -> Answer:
    flash(text, kind)
    return see_page("federation_providers.edit", key=subject.key)


@providers_bp.post("/<key>/switch")
@requires(FederationAction.EDIT, get_provider, reads_first=True)
def switch(subject: IdentityProvider) -> Answer:
    """Let people come in by a provider, or no longer."""
    proof, is_on, form = _proof(), request.form.get("on") == "yes", _form(subject)
    if form.seen.data and providers.differs(subject, form.values()):
        form.form_errors.append(_("Save first what you have changed below."))
        return _edit_page(subject, form, proof)
    if proof is not None:
        return _edit_page(subject, ProviderForm(formdata=None, data=_known(subject)), proof)
    try:
        providers.switch(begin_writing(), current_actor(), current_settings(), subject, is_on=is_on, now=clock.now())
    except (NoPublicAddress, NoLocalAdministrator, NotChecked) as refused:
        return _checked(subject, _(refused.text), "bad")
    message = _("People come in by it from now on.") if is_on else _("It is off: its sessions have ended.")
    return _checked(subject, message, "ok")


def _get_link(session: Session, _actor: Actor, key: str, number: int) -> LinkContext:
    provider, link = get_provider(session, _actor, key), require_found(session.get(ExternalIdentity, number))
    return LinkContext(require_found(link if link.provider_id == provider.id else None), provider)


@providers_bp.post("/<key>/links/<int:number>/removal")
@requires(FederationAction.REMOVE_LINK, _get_link)
def remove_link(subject: LinkContext) -> Answer:
    """Remove the link of a person, with a reason."""
    reason = " ".join(request.form.get("reason", "").split())[:500]
    if not reason:
        return _checked(subject.provider, _("Nothing was removed: say why."), "bad")
    links.unlink(current_session(), current_actor(), subject.link, reason=reason, now=clock.now())
    return _checked(subject.provider, _("The link was removed. The person comes in anew by what the institution says of them."), "ok")
