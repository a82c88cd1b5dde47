"""Who may see, download and revoke a certificate, and that everybody may verify one, cell by cell (spec/security 9)."""

from io import BytesIO
from uuid import UUID

from sqlalchemy import select

from certificates.models import Credential
from kernel.codes import printed_code
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.badges import vector
from tests.support.browser import Browser
from tests.support.builders import a_course
from tests.support.certificates import issue
from tests.support.learning import a_learner, actor_of, mark_done, pass_quiz
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
