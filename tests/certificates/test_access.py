"""Who may see, download and revoke a certificate, chapter 11 of spec/certificates cell by cell, and acts that are refused.

Who may is read from the document (`tests/support/certificate_access.py`); each cell is asked as everybody of its letters, and a cell that
nothing here asks fails the first test of chapter 11.

spec/security 9; spec/certificates 10, 11.
"""

from io import BytesIO
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import select

from accounts.models import Person, RoleGrant
from certificates.models import Credential, CredentialReview, Transcript, ValidityChange
from kernel.codes import printed_code
from kernel.permissions import SiteRole
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.badges import vector
from tests.support.browser import Browser, Form
from tests.support.builders import a_course, a_teacher, an_administrator, sign_in
from tests.support.certificate_access import a_certificate_cast, chapter_cells
from tests.support.certificate_acts import ACTS, NO_ACTS, OTHER_CHAPTERS, CertificateAct, CertificateSituation
from tests.support.certificate_list_walks import WALKS
from tests.support.certificates import NOON, complete, issue
from tests.support.learning import a_learner, actor_of, mark_done, pass_quiz
from tests.support.project import ROOT
from tests.support.scenes import scene
from tests.support.walking import changing_routes
from tests.support.wording import in_spanish


def test_every_cell_of_certificates(browser: Browser, instance: Instance) -> None:
    """spec/security 9: certificate.download, revoke, renew, replace and verify, each role before each state."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    others = [a_learner(instance, course, f"{name}@example.org") for name in ("otra", "tercera")]
    for learner in (actor_of(cast.people["E"]), *others):
        mark_done(instance, learner, "prueba", "leccion-1")
        pass_quiz(instance, learner, "prueba")
    browser.deliver_jobs()
    with instance.database.unit_of_work(write=False) as session:
        mine = session.execute(select(Credential).where(Credential.person_id == cast.people["E"].id)).scalar_one()
        row, third = session.scalars(
            select(Credential).where(Credential.person_id != cast.people["E"].id).order_by(Credential.person_id)
        ).all()
    path, code = f"/certificates/{row.uuid}", printed_code(row.code)

    wrong = cast.check("certificate.list_own", "own", cast.outcomes("/certificates"))
    for end in ("", ".pdf"):
        own = cast.own("/certificates", r"/certificates/[0-9a-f-]{36}", end)
        wrong += cast.check("certificate.download", "own_valid", own)
    for address in (path, f"{path}.pdf"):
        wrong += cast.check("certificate.download", "of_another_learner", cast.outcomes(address))
    wrong += cast.check("certificate.verify", "valid_code", cast.outcomes(f"/verify/{code}"))
    for address in ("/.well-known/did.json", "/.well-known/certificate-keys.json", "/verify/keys"):
        wrong += cast.check("keys.read", "published", cast.outcomes(address))
    for address in ("/status/1", "/status/1/replaced"):
        wrong += cast.check("status.read", "published", cast.outcomes(address))
    for form in ("json", "jwt", "png", "svg"):
        wrong += cast.check("certificate.badge", "valid_code", cast.outcomes(f"/v/{code}.{form}"))
    reason = {"reason_class": "issued_by_mistake", "reason": "Por error."}
    revoked = {who: outcome(cast.browsers[who], f"{path}/revocation", "POST", reason) for who in "ALEGOXI"}
    revoked["W"] = outcome(cast.browsers["W"], f"/certificates/{third.uuid}/revocation", "POST", reason)
    revoked["S"] = outcome(cast.browsers["S"], f"/certificates/{mine.uuid}/revocation", "POST", reason)
    wrong += cast.check("certificate.revoke", "valid", revoked)
    wrong += cast.check("certificate.verify", "revoked_code", cast.outcomes(f"/verify/{code}"))
    wrong += cast.check("certificate.badge", "revoked_code", cast.outcomes(f"/v/{code}.json"))
    wrong += cast.check("certificate.download", "revoked", cast.outcomes(f"/certificates/{mine.uuid}.pdf"))
    assert cast.browsers["E"].response.status_code == 410, "its holder reads that it is gone"
    renewed = {who: outcome(cast.browsers[who], f"{path}/renewal", "POST", reason) for who in "ALEGOXI"}
    renewed["W"] = outcome(cast.browsers["W"], f"/certificates/{third.uuid}/renewal", "POST", reason)
    renewed["S"] = outcome(cast.browsers["S"], f"/certificates/{mine.uuid}/renewal", "POST", reason)
    wrong += cast.check("certificate.renew", "revoked", renewed)
    for address in (path, f"/certificates/{third.uuid}"):
        assert outcome(cast.browsers["S"], f"{address}/renewal", "POST", reason) == "allow"
    corrected = {"reason_class": "data", "reason": "Por error."}
    replaced = {
        who: outcome(cast.browsers[who], f"/certificates/{_in_force(instance, row)}/replacement", "POST", corrected) for who in "ALEGOXIWS"
    }
    wrong += cast.check("certificate.replace", "valid", replaced)
    corrected_code = _replaced_code(instance)
    wrong += cast.check("certificate.badge", "replaced_code", cast.outcomes(f"/v/{corrected_code}.json"))

    assert wrong == []


def test_every_cell_of_verifying_by_file(browser: Browser, instance: Instance) -> None:
    """spec/certificates 11: everybody but a session of a suspended account, which is sent to sign in."""
    cast = a_cast(browser, instance)
    judged = {
        who: outcome(one, "/verify", "POST", {"files": (BytesIO(vector("credential.json")), "a.json")})
        for who, one in cast.browsers.items()
    }

    assert cast.check("certificate.verify", "file", judged) == []


def _replaced_code(instance: Instance) -> str:
    """Return the code of a certificate that was corrected."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Credential.code).where(Credential.replaced_at.is_not(None)).limit(1)).one()


def _in_force(instance: Instance, row: Credential) -> UUID:
    """Return which certificate of the same enrolment is in force: each that is corrected makes another."""
    with instance.database.unit_of_work(write=False) as session:
        statement = select(Credential.uuid).where(Credential.enrolment_id == row.enrolment_id)
        return session.scalars(statement.order_by(Credential.id.desc())).first()


def test_what_is_anothers_answers_like_what_never_was(browser: Browser, instance: Instance) -> None:
    """spec/security 1.3."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    learner = actor_of(cast.people["E"])
    mark_done(instance, learner, "prueba", "leccion-1")
    pass_quiz(instance, learner, "prueba")
    row = issue(instance)

    unknown = "00000000-0000-4000-8000-000000000000"
    for end in ("", ".pdf", "/replacement", "/revocation", "/renewal"):
        outcomes = {
            letter: [_status(cast.browsers[letter], f"/certificates/{uuid}{end}") for uuid in (row.uuid, unknown)] for letter in "ALGO"
        }
        assert all(first == second for first, second in outcomes.values()), (end, outcomes)


def _status(browser: Browser, path: str) -> int:
    browser._request("GET", path)
    return browser.response.status_code


def test_only_an_administrator_restores_what_was_revoked(browser: Browser, instance: Instance) -> None:
    """spec/certificates E9: also what the team revoked itself."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    for learner in (actor_of(cast.people["E"]), a_learner(instance, course, "otra@example.org")):
        mark_done(instance, learner, "prueba", "leccion-1")
        pass_quiz(instance, learner, "prueba")
    browser.deliver_jobs()
    with instance.database.unit_of_work(write=False) as session:
        theirs, ours = (f"/certificates/{uuid}" for uuid in session.scalars(select(Credential.uuid).order_by(Credential.id)))
    reason = {"reason_class": "irregularity", "reason": "Copió."}
    assert outcome(cast.browsers["S"], f"{theirs}/revocation", "POST", reason) == "allow"
    assert outcome(cast.browsers["I"], f"{ours}/revocation", "POST", reason) == "allow"

    only = in_spanish("Only an administrator can issue another one in its place.")
    assert {who: only in cast.browsers[who].get(theirs).text for who in "IS"} == {"I": True, "S": False}
    assert not cast.browsers["I"].page.has_link(f"{theirs}/renewal")
    assert only in cast.browsers["I"].get(ours).text
    restored = {who: outcome(cast.browsers[who], f"{theirs}/renewal", "POST", reason) for who in "ALEGOXIWS"}
    assert cast.check("certificate.restore", "revoked_by_administrator", restored) == []
    assert [outcome(cast.browsers[who], f"{ours}/renewal", "POST", reason) for who in "IS"] == ["deny", "allow"]


CELLS = chapter_cells()
_SEVERAL = "test_institutions.py"
ELSEWHERE = {
    "course.set_institution own course": f"{_SEVERAL}::test_whoever_publishes_moves_a_course_within_their_own_institutions",
    "course.set_institution other institution": f"{_SEVERAL}::test_templates_and_reviews_of_one_are_not_seen_by_another",
}
"""Cells that a story of their own walks, and the test that does."""
GROUPS = [
    pytest.param(name, marks=pytest.mark.slow) if name == "certificate" else name
    for name in sorted({cell.action.split(".")[0] for cell in CELLS.values()} - {"course"})
]


def test_every_cell_of_the_chapter_is_covered() -> None:
    """spec/certificates 11."""
    assert set(CELLS) == set(WALKS) | set(ELSEWHERE)
    for test in ELSEWHERE.values():
        module, _colons, name = test.partition("::")
        assert f"def {name}(" in (ROOT / "tests" / "certificates" / module).read_text("utf-8")


@pytest.mark.parametrize("group", GROUPS)
def test_each_cell_is_as_the_chapter_says(browser: Browser, instance: Instance, group: str) -> None:
    """spec/certificates 11."""
    cast = a_certificate_cast(browser, instance)
    wrong: list[str] = []

    for key, cell in CELLS.items():
        if key in WALKS and cell.action.split(".")[0] == group:
            cast.restore()
            wrong += WALKS[key](cast, cell)

    assert wrong == []


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
