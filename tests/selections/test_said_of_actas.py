"""What pages and documents say of actas and of what a jury decided: true, the same to all who sign, and naming whom they may."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from kernel import clock
from kernel.codes import printed_code
from kernel.i18n import format_datetime, reading
from lms.erasure import erase_person
from lms.instance import Instance
from lms.own_data import tables_of
from quizzes import marking, marks
from quizzes.marking import ManualMarkValues
from selections.corrections import NothingPending
from selections.jury_decisions import TooLittleReference
from selections.models import JuryDecision
from tests.support.browser import Browser
from tests.support.builders import an_administrator, sign_in
from tests.support.objections import Objecting, a_published_selection, facts
from tests.support.selections import all_actas, an_acta, an_editor, document, sign_by_two
from tests.support.wording import in_spanish

REASON = "La respuesta se acepta según el artículo 12."
DIANA = "diana@example.org"
KEPT = "Your lines in the actas of selections: sealed, and shown without your name. What a jury decided about you stays without its reason."


@pytest.fixture
def objecting(browser: Browser, instance: Instance) -> Objecting:
    return a_published_selection(browser, instance)


def person(instance: Instance, email: str = DIANA) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == email)).one()


def a_request_to_mark(objecting: Objecting) -> str:
    """Let an editor ask for a mark; return the page of the decision."""
    editor = an_editor(objecting.instance)
    with objecting.instance.database.unit_of_work() as session:
        subject = marks.lock_marked_item(session, editor, objecting.attempt(DIANA), 5)
        seen = marks.current_events(session, [subject.item.id])[subject.item.id].id
        marking.ask_to_mark(session, editor, subject, ManualMarkValues(subject.item.maximum, seen, reason=REASON), now=clock.now())
        return f"/selections/decisions/{session.scalars(select(JuryDecision)).one().uuid}"


def let_two_agree(objecting: Objecting, path: str) -> None:
    for juror in (objecting.julia, objecting.hugo):
        juror.get(path)
        juror.submit("/agreement")
    objecting.hugo.deliver_jobs()


def test_the_signed_document_names_who_decided_by_hand_and_no_participant(instance: Instance, objecting: Objecting) -> None:
    """The files to read name both; the page says which does what."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.email == DIANA).values(given_names="Diana", first_surname="Zhindón"))
    let_two_agree(objecting, a_request_to_mark(objecting))
    an_acta(objecting.julia, objecting.selection)
    acta = all_actas(instance)[-1]

    signed = document(instance, acta).decode()
    sentence = (
        "The signed document does not name the participants; it names who decided what was done by hand. Anybody can verify it, also "
        "without this site."
    )
    assert "Hugo Quinde" in signed
    assert "Zhindón" not in signed
    objecting.julia.submit("/signature")
    objecting.hugo.get(f"/selections/actas/{acta.uuid}")
    objecting.hugo.submit("/signature")
    assert in_spanish(sentence) in objecting.hugo.get(f"/selections/actas/{acta.uuid}").text
    table = objecting.hugo.get(f"/selections/actas/{acta.uuid}/exports/csv").text
    assert "Hugo Quinde" in table
    assert "Zhindón" in table


def test_all_who_sign_read_the_same_moment_in_a_zone_that_is_named(instance: Instance, objecting: Objecting) -> None:
    acta = all_actas(instance)[-1]
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.email == "hugo@example.org").values(zone="Asia/Tokyo"))
    assert acta.published_at is not None
    with reading("es", ZoneInfo("America/Guayaquil")):
        moment = format_datetime(acta.published_at)

    for reader in (objecting.julia, objecting.hugo, objecting.julia.another()):
        for path in (f"/selections/actas/{acta.uuid}", f"/acta/selection/{printed_code(acta.code)}"):
            if reader in (objecting.julia, objecting.hugo) or path.startswith("/acta"):
                assert f"{moment}, hora de Quito" in reader.get(path).text


def test_a_provisional_acta_that_the_final_one_follows_is_not_amended(instance: Instance, objecting: Objecting) -> None:
    objecting.julia.colleague = objecting.hugo  # type: ignore[attr-defined]  # the same colleague signs
    sign_by_two(objecting.julia, instance, objecting.selection, objecting.julia)
    provisional, final = all_actas(instance)

    page = objecting.julia.another().get(f"/acta/selection/{printed_code(provisional.code)}").text
    assert in_spanish("Genuine, but followed by another acta") in page
    assert "nmendada" not in page
    assert (
        in_spanish("The acta is genuine and in force") in objecting.julia.another().get(f"/acta/selection/{printed_code(final.code)}").text
    )


def test_the_page_of_an_amendment_says_that_nothing_is_pending(instance: Instance, objecting: Objecting) -> None:
    objecting.julia.get(f"/selections/{objecting.selection.uuid}/amendment", status=409)

    assert in_spanish(NothingPending.message) in objecting.julia.page.text


def test_a_juror_saw_answers_as_a_juror(instance: Instance, objecting: Objecting) -> None:
    objecting.julia.get(a_request_to_mark(objecting))

    seen = [one for one in facts(instance, "account.looked_at") if one["purpose"] == "answers"]
    assert [one["role"] for one in seen] == ["jury"]


def test_the_copy_of_a_person_names_who_decided(instance: Instance, objecting: Objecting) -> None:
    let_two_agree(objecting, a_request_to_mark(objecting))
    with instance.database.unit_of_work(write=False) as session:
        (row,) = tables_of(session, person(instance).id, now=clock.now())["jury_decisions"]

    assert (row["requested_by"], row["agreed_by"], row["closed_by"]) == ("Pilar Maestra", "Julia Quinde", "Hugo Quinde")


def test_a_decision_says_that_its_reason_went_with_the_person(browser: Browser, instance: Instance, objecting: Objecting) -> None:
    """The page before one deletes an account says so."""
    path = a_request_to_mark(objecting)
    before = objecting.learner(DIANA).get("/profile/data/deletion").text
    assert in_spanish(KEPT) in before
    with instance.database.unit_of_work() as session:
        erase_person(session, an_editor(instance), session.get_one(Person, person(instance).id), now=clock.now() + timedelta(days=8))

    assert in_spanish("Deleted with the data of the person") in objecting.julia.get(path).text


def test_the_error_of_a_reference_asks_for_a_reference(browser: Browser, instance: Instance, objecting: Objecting) -> None:
    boss = sign_in(browser.another(), an_administrator(instance, "jefa@example.org").email)
    path = f"/administration/accommodations/{person(instance).uuid}"
    boss.get(path)
    boss.submit(path, {"factor": "1,5", "reason": REASON, "reference": ""}, status=422)

    assert in_spanish(TooLittleReference.message, min=5) in boss.page.text
