"""What waits for a decision about certificates, and whoever may not decide (spec/certificates E6, E8, E9 and E10)."""

from uuid import UUID

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from accounts.people import AccountVerb
from certificates import credentials
from certificates.models import Credential, CredentialReview, CredentialSignatory
from certificates.reviews import open_review
from certificates.rules.credentials import ReviewCause, ReviewDecision, RevocationReason
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.models import Completion, Enrolment
from kernel import audit, clock
from kernel.codes import printed_code
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations.models import InstitutionSignatory
from organisations.profile import SignatoryValues, add_signatory
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, an_administrator, sign_in
from tests.support.certificates import a_certificate, complete, complete_again, issue
from tests.support.learning import a_learner, actor_of, mark_done, pass_quiz
from tests.support.wording import in_spanish

GENUINE_REPLACED = in_spanish("Genuine, replaced by %(code)s", code="|").partition("|")[0]

WORDS = {"words": "Mi apellido lleva tilde."}


def _credentials(instance: Instance) -> list[Credential]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Credential).order_by(Credential.id)))


def _reviews(instance: Instance) -> list[CredentialReview]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(CredentialReview).order_by(CredentialReview.id)))


def _rename(instance: Instance, person_id: int | None, surname: str) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.id == person_id).values(first_surname=surname))


def test_a_correction_is_asked_for_and_decided_with_one_press(browser: Browser, instance: Instance) -> None:
    """spec/certificates E6: from the certificate's page; a request in the team's list; the holder is told and the old code leads on."""
    course = a_course(instance, modules=1)
    learner = complete(instance, course)
    row = issue(instance)
    sign_in(browser)
    correction = f"/certificates/{row.uuid}/correction"
    assert browser.get(f"/certificates/{row.uuid}").has_link(correction)
    browser.get(correction)
    browser.submit(correction, WORDS)
    assert not browser.page.has_link(correction)
    _rename(instance, learner.person_id, "Quindé")
    boss = browser.another()
    an_administrator(instance)
    sign_in(boss, "admin@example.org")

    assert boss.get(f"/certificates/{row.uuid}").has_link("/administration/certificates/reviews")
    page = boss.get("/administration/certificates/reviews")
    assert WORDS["words"] in page.text
    assert in_spanish("Name: %(old)s → %(new)s", old="Ana Quinde", new="Ana Quindé") in " ".join(page.text.split())
    (review,) = _reviews(instance)
    boss.submit(f"/certificates/reviews/{review.uuid}/decision", button=("decision", "replace"))

    old, new = _credentials(instance)
    assert (old.replaced_by_id, old.replaced_class, old.replaced_reason, new.person_name) == (new.id, "name", WORDS["words"], "Ana Quindé")
    (review,) = _reviews(instance)
    assert (review.decision, review.settled_by is not None) == ("replace", True)


def test_a_certificate_stays_where_it_is_decided_so(browser: Browser, instance: Instance) -> None:
    """spec/certificates E10: keep, with an explanation; a second decision comes too late."""
    row = a_certificate(instance)
    with instance.database.unit_of_work() as session:
        open_review(session, SYSTEM, session.get_one(Credential, row.id), ReviewCause.COMPLETION_WITHDRAWN, now=clock.now())
    (review,) = _reviews(instance)
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    decision = f"/certificates/reviews/{review.uuid}/decision"

    browser.get("/administration/certificates/reviews")
    browser.submit(decision, {"note": "   "}, button=("decision", "keep"), status=422)
    browser.submit(decision, {"note": "El error fue nuestro."}, button=("decision", "keep"))

    assert [one.replaced_by_id for one in _credentials(instance)] == [None]
    (review,) = _reviews(instance)
    assert (review.decision, review.note) == ("keep", "El error fue nuestro.")
    assert outcome(browser, decision, "POST", {"decision": "keep", "note": "Otra vez."}) == "deny"
    assert browser.response.status_code == 409


@pytest.mark.parametrize("cause", [ReviewCause.COMPLETION_WITHDRAWN, ReviewCause.REGRADED])
@pytest.mark.parametrize("decision", ["replace", "revoke", "undone", ""])
def test_a_decision_that_is_not_offered_is_refused(browser: Browser, instance: Instance, cause: ReviewCause, decision: str) -> None:
    """spec/certificates E10, chapter 11: sent by hand; a certificate whose course is not completed any more is not issued again."""
    row = a_certificate(instance)
    with instance.database.unit_of_work() as session:
        open_review(session, SYSTEM, session.get_one(Credential, row.id), cause, now=clock.now())
    (review,) = _reviews(instance)
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    page = browser.get("/administration/certificates/reviews")
    assert (f'value="{ReviewDecision.REPLACE}"' in page.html) is False

    sent = {"note": "Se corrige.", "decision": decision}
    page = browser.post(f"/certificates/reviews/{review.uuid}/decision", sent, status=409)

    assert in_spanish("This certificate cannot be issued again here: leave it as it is, or revoke it.") in page.text
    assert printed_code(row.code) in page.text
    assert [(one.replaced_by_id, one.revoked_at) for one in _credentials(instance)] == [(None, None)]
    assert [one.settled_at for one in _reviews(instance)] == [None]


def test_a_withdrawn_completion_makes_an_entry_and_changes_no_certificate(instance: Instance) -> None:
    """spec/certificates E10: what completed the course was taken back."""
    row = a_certificate(instance)
    with instance.database.unit_of_work() as session:
        enrolment = session.get_one(Enrolment, row.enrolment_id)
        session.delete(session.scalars(select(Completion).where(Completion.enrolment_id == enrolment.id)).one())
        audit.record(session, SYSTEM, EnrolmentVerb.TAKEN_BACK, enrolment, now=clock.now())
    deliver_waiting(instance.worker, now=clock.now())

    assert [(one.credential_id, one.cause) for one in _reviews(instance)] == [(row.id, "completion_withdrawn")]
    assert [(one.revoked_at, one.replaced_by_id) for one in _credentials(instance)] == [(None, None)]


def test_a_merged_account_makes_an_entry_where_the_name_is_another(instance: Instance) -> None:
    """spec/certificates E10."""
    learner = complete(instance, a_course(instance, modules=1))
    row = issue(instance)
    for surname, entries in (("Quinde", []), ("Quindé", [(row.id, "accounts_merged")])):
        _rename(instance, learner.person_id, surname)
        with instance.database.unit_of_work() as session:
            audit.record(session, SYSTEM, AccountVerb.MERGED, session.get_one(Person, learner.person_id), now=clock.now())
        deliver_waiting(instance.worker, now=clock.now())
        assert [(one.credential_id, one.cause) for one in _reviews(instance)] == entries


def test_revoking_settles_what_waits(instance: Instance) -> None:
    """spec/certificates E10: wherever it is revoked."""
    row = a_certificate(instance)
    with instance.database.unit_of_work() as session:
        found = session.get_one(Credential, row.id)
        open_review(session, SYSTEM, found, ReviewCause.COMPLETION_WITHDRAWN, now=clock.now())
        credentials.revoke_credential(session, SYSTEM, found, RevocationReason.CONDITIONS_NOT_MET, "Ya no aprueba.", now=clock.now())

    assert [one.decision for one in _reviews(instance)] == ["revoke"]


def test_all_certificates_of_a_person_are_corrected_at_once(browser: Browser, instance: Instance) -> None:
    """spec/certificates E6: offered on the person's page, where an administrator corrects the name."""
    learner = complete(instance, a_course(instance, modules=1))
    issue(instance)
    course = a_course(instance, key="segundo", modules=1)
    complete_again(instance, learner, course.slug)
    an_administrator(instance)
    sign_in(browser, "admin@example.org")
    person = f"/administration/people/{learner.person_uuid}"
    assert not browser.get(person).has_link(f"{person}/certificate-names")
    _rename(instance, learner.person_id, "Quindé")

    assert browser.get(person).has_link(f"{person}/certificate-names")
    browser.get(f"{person}/certificate-names")
    browser.submit(f"{person}/certificate-names", {"reason": "La tilde."})

    names = [(one.person_name, one.replaced_by_id is None) for one in _credentials(instance)]
    assert names == [("Ana Quinde", False)] * 2 + [("Ana Quindé", True)] * 2


def test_who_signed_a_certificate_does_not_act_on_it(browser: Browser, instance: Instance) -> None:
    """spec/certificates E8: a signatory by the account that the settings name, whatever their roles."""
    boss = an_administrator(instance)
    with instance.database.unit_of_work() as session:
        values = SignatoryValues("Rosa Vélez", {"es": "Dirección"}, None, None, email="admin@example.org")
        add_signatory(session, SYSTEM, instance.settings, values, now=clock.now())
        assert session.scalars(select(InstitutionSignatory.email)).all() == ["admin@example.org"]
    row = a_certificate(instance)
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(CredentialSignatory.person_id)).all() == [boss.id]
    sign_in(browser, "admin@example.org")
    browser.checks = False
    reason = {"reason_class": "data", "reason": "Por error."}

    assert outcome(browser, f"/certificates/{row.uuid}/replacement", "POST", reason) == "deny"
    assert outcome(browser, f"/certificates/{row.uuid}/revocation", "POST", reason | {"reason_class": "on_request"}) == "deny"
    assert not browser.get(f"/certificates/{row.uuid}").has_link(f"/certificates/{row.uuid}/replacement")


def test_every_cell_of_decisions(browser: Browser, instance: Instance) -> None:
    """spec/certificates 11: certificate.ask_correction and review.decide, each role."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    for learner in (actor_of(cast.people["E"]), a_learner(instance, course, "otra@example.org")):
        mark_done(instance, learner, "prueba", "leccion-1")
        pass_quiz(instance, learner, "prueba")
    browser.deliver_jobs()
    mine, other = _credentials(instance)
    correction = f"/certificates/{mine.uuid}/correction"

    wrong = cast.check(
        "certificate.ask_correction", "own_valid", {who: outcome(cast.browsers[who], correction, "POST", WORDS) for who in "ALEGOXIWS"}
    )
    wrong += cast.check("certificate.list_reviews", "own_course", cast.outcomes("/teaching/prueba/certificates/reviews"))
    wrong += cast.check("certificate.list_reviews", "any", cast.outcomes("/administration/certificates/reviews"))
    wrong += cast.check(
        "certificate.correct_name", "any", cast.outcomes(f"/administration/people/{cast.people['L'].uuid}/certificate-names")
    )
    decided = {
        who: outcome(
            cast.browsers[who], f"/certificates/reviews/{_opened(instance, other)}/decision", "POST", {"decision": "keep", "note": "Queda."}
        )
        for who in "ALEGOXIWS"
    }
    wrong += cast.check("certificate.decide", "open", decided)

    assert wrong == []


def test_what_was_revoked_for_a_name_reads_as_replaced_where_an_administrator_says_so(browser: Browser, instance: Instance) -> None:
    """spec/certificates M4: listed, decided one by one; the signature holds as before."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    learner = a_learner(instance, course, "otra@example.org")
    mark_done(instance, learner, "prueba", "leccion-1")
    pass_quiz(instance, learner, "prueba")
    browser.deliver_jobs()
    (row,) = _credentials(instance)
    boss, reason = cast.browsers["S"], {"reason_class": "issued_by_mistake", "reason": "Le falta la tilde."}
    assert outcome(boss, f"/certificates/{row.uuid}/revocation", "POST", reason) == "allow"
    state = f"/certificates/{row.uuid}/replaced-state"
    assert outcome(boss, state, "POST") == "deny", "nothing was issued instead of it"
    _rename(instance, learner.person_id, "Quindé")
    assert outcome(boss, f"/certificates/{row.uuid}/renewal", "POST", reason) == "allow"
    assert "Le falta la tilde." in boss.get("/administration/certificates/reviews").text

    called = {who: outcome(cast.browsers[who], state, "POST") for who in "ALEGOXIWS"}

    assert cast.check("certificate.call_replaced", "revoked_for_a_name", called) == []
    old, new = _credentials(instance)
    assert (old.revoked_at, old.revoked_reason, old.replaced_by_id) == (None, "", new.id)
    assert (old.replaced_class, old.replaced_reason, old.signature) == ("name", "Le falta la tilde.", row.signature)
    assert GENUINE_REPLACED in browser.get(f"/verify/{printed_code(row.code)}").text


def _opened(instance: Instance, row: Credential) -> UUID:
    with instance.database.unit_of_work() as session:
        open_review(session, SYSTEM, session.get_one(Credential, row.id), ReviewCause.COMPLETION_WITHDRAWN, now=clock.now())
        open_one = CredentialReview.settled_at.is_(None), CredentialReview.credential_id == row.id
        return session.scalars(select(CredentialReview.uuid).where(*open_one)).one()
