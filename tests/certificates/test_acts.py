"""Acts on certificates that are refused: forged forms, one's own, a foreign course, stale forms (spec/certificates 10 and 11)."""

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.models import Person, RoleGrant
from certificates.models import Credential, CredentialReview, Transcript, ValidityChange
from kernel.permissions import SiteRole
from lms.instance import Instance
from tests.support.browser import Browser, Form
from tests.support.builders import a_course, a_teacher, an_administrator, sign_in
from tests.support.certificate_acts import ACTS, NO_ACTS, OTHER_CHAPTERS, CertificateAct, CertificateSituation
from tests.support.certificates import NOON, complete, issue
from tests.support.scenes import scene
from tests.support.walking import changing_routes
from tests.support.wording import in_spanish

OTHERS, HOLDER = ("admin@example.org", "olga@example.org"), "ana@example.org"
each_act = pytest.mark.parametrize("act", ACTS, ids=[act.endpoint for act in ACTS])


@pytest.fixture
@scene
def situation(instance: Instance) -> CertificateSituation:
    """Return what Ana holds; there are an administrator and an instructor of another course."""
    holder = complete(instance, a_course(instance, modules=1))
    row = issue(instance)
    an_administrator(instance)
    a_teacher(instance, a_course(instance, "otro", modules=1), "olga@example.org")
    assert holder.person_uuid is not None
    return CertificateSituation(instance, holder.person_uuid, row.uuid)


def register(instance: Instance) -> list[object]:
    """Return what the acts change."""
    with instance.database.unit_of_work(write=False) as session:
        found: list[object] = [
            (row.id, row.revoked_at, row.replaced_at, row.replaced_by_id, row.expires_on, row.prints_identity)
            for row in session.scalars(select(Credential).order_by(Credential.id))
        ]
        found += [(row.id, row.settled_at) for row in session.scalars(select(CredentialReview).order_by(CredentialReview.id))]
        found += [session.scalars(select(model.id).order_by(model.id)).all() for model in (ValidityChange, Transcript)]
    return found


def open_form(browser: Browser, act: CertificateAct, situation: CertificateSituation) -> Form:
    """Open the page of an act and return its form."""
    return browser.get(act.page.format(credential=situation.credential, person=situation.person)).form(act.action)


def fields_of(form: Form, act: CertificateAct) -> dict[str, list[str]]:
    """Return what a form sends, its token apart."""
    fields: dict[str, list[str]] = {}
    for name, value in form.fields:
        if name not in ("csrf_token", *act.values):
            fields.setdefault(name, []).append(value)
    return {**fields, **{name: [value] for name, value in (*act.values.items(), *((act.button,) if act.button else ()))}}


def test_every_act_on_certificates_is_walked(app: Flask) -> None:
    """A new form about certificates stands among the acts, or its blueprint among those of other chapters."""
    routes = {name for name in changing_routes(app) if name.startswith("certificates") and name.split(".")[0] not in OTHER_CHAPTERS}

    assert {act.endpoint for act in ACTS} == routes - NO_ACTS


@each_act
def test_a_forged_form_and_one_of_another_person_change_nothing(
    browser: Browser, instance: Instance, situation: CertificateSituation, act: CertificateAct
) -> None:
    """Attack 15: no token, a page of another site, one's own certificate, a foreign course; the same form then has its effect."""
    act.before(situation)
    entitled = sign_in(browser, HOLDER if act.by_holder else OTHERS[0])
    form = open_form(entitled, act, situation)
    fields, token = fields_of(form, act), dict(form.fields)["csrf_token"]
    before, wrong = register(instance), []

    for expected, sent in (
        (400, {"data": fields}),
        (400, {"data": {**fields, "csrf_token": "falso"}}),
        (403, {"data": {**fields, "csrf_token": token}, "headers": {"Origin": "https://evil.example"}}),
        (403, {"data": {**fields, "csrf_token": token}, "headers": {"Sec-Fetch-Site": "cross-site"}}),
    ):
        status = entitled._request("POST", form.action, **sent).status_code
        wrong += [(expected, status)] if status != expected or register(instance) != before else []
    with instance.database.unit_of_work() as session:
        holder = session.scalars(select(Person).where(Person.email == HOLDER)).one()
        session.add(RoleGrant(person_id=holder.id, role=SiteRole.ADMINISTRATOR.value, granted_at=NOON))
    for other in OTHERS if act.by_holder else (OTHERS[1], HOLDER):
        visitor = sign_in(browser.another(), other)
        visitor.checks = False
        visitor.get("/help")
        visitor._request("POST", form.action, data={**fields, "csrf_token": dict(visitor.page.form("/language").fields)["csrf_token"]})
        status = visitor.response.status_code
        wrong += [(other, status)] if status not in (403, 404, 409) or register(instance) != before else []

    assert wrong == []
    entitled.submit(act.action, {**act.values}, button=act.button, form=form)
    assert register(instance) != before


@each_act
def test_a_stale_form_is_answered_with_the_present_state(
    browser: Browser, instance: Instance, situation: CertificateSituation, act: CertificateAct
) -> None:
    """spec/certificates 11 and attack 15: changed between page and post it is a conflict, for whoever may act, and has no effect."""
    act.before(situation)
    entitled = sign_in(browser, HOLDER if act.by_holder else OTHERS[0])
    form = open_form(entitled, act, situation)
    if act.is_repeatable:
        entitled.submit(act.action, {**act.values}, form=form)
    else:
        act.meanwhile(situation)
    before = register(instance)

    page = entitled.submit(act.action, {**act.values}, button=act.button, form=form, status=200 if act.is_repeatable else 409)

    assert register(instance) == before
    assert act.is_repeatable or page.headings[0] == in_spanish(act.present_page)
