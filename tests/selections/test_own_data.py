"""People who have their data deleted, in actas: no name, the line sealed for a term, then its proof is gone (spec/selection 4.15)."""

import json
from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts.models import Person
from kernel import clock
from kernel.codes import printed_code
from kernel.crypto import signing_keys
from kernel.permissions import SYSTEM
from lms import erasure
from lms.instance import Instance
from selections import own_data
from selections.models import Selection, SelectionActaEntry
from selections.rules.documents import line_hash
from tests.support.browser import Browser
from tests.support.scenes import scene
from tests.support.selections import a_final, a_sat_selection, all_actas, document, sign_by_two, void
from tests.support.wording import in_spanish

BERTA = "Berta Zambrano"


@pytest.fixture
@scene
def selection(instance: Instance) -> Selection:
    """Four people who sat a selecting quiz of five questions, one with a name of her own, and one who did not."""
    found = a_sat_selection(instance)
    with instance.database.unit_of_work() as session:
        berta = session.scalars(select(Person).where(Person.email == "berta@example.org")).one()
        berta.given_names, berta.first_surname = BERTA.split()
        berta.second_surname = ""
    return found


@pytest.fixture
def juror(browser: Browser, instance: Instance, selection: Selection) -> Browser:
    """Return a member of the jury of a selection whose final acta is in force."""
    return a_final(browser, instance, selection)


def forget(instance: Instance) -> int:
    """Delete the data of Berta; return her number."""
    with instance.database.unit_of_work() as session:
        berta = session.scalars(select(Person).where(Person.email == "berta@example.org")).one()
        erasure.erase_person(session, SYSTEM, berta, now=clock.now())
        return berta.id


def lines_of(instance: Instance, person: int) -> list[SelectionActaEntry]:
    with instance.database.unit_of_work(write=False) as session:
        own = SelectionActaEntry.person_id == person
        return list(session.scalars(select(SelectionActaEntry).where(own).order_by(SelectionActaEntry.id)))


def pass_days(instance: Instance, days: int) -> None:
    effect = own_data.RETENTION_RULE.forget
    assert effect is not None
    with instance.database.unit_of_work() as session:
        kept = instance.settings.keep_withdrawn_lines_days
        effect(session, clock.now() + timedelta(days=days) - timedelta(days=kept))


def test_who_is_forgotten_stands_in_the_acta_without_a_name(browser: Browser, juror: Browser, instance: Instance) -> None:
    """spec/selection 4.15: «data deleted» on the page and in files; the signed document is the same and verifies."""
    final = all_actas(instance)[-1]
    before, path = document(instance, final), f"/selections/actas/{final.uuid}"
    assert BERTA in juror.get(path).text

    forget(instance)

    page = juror.get(path)
    assert BERTA not in page.text
    assert in_spanish("Data deleted") in page.text
    juror.get(f"{path}/exports/csv")
    assert BERTA not in juror.response.data.decode()
    assert document(instance, final) == before
    assert in_spanish("The acta is genuine and in force") in browser.another().get(f"/acta/selection/{printed_code(final.code)}").text


def test_the_line_stays_sealed_for_the_term_and_then_its_proof_goes(juror: Browser, instance: Instance) -> None:
    """spec/selection 4.15: line and salt for as long as the site states; afterwards nobody can prove whose it was."""
    person = forget(instance)
    sealed = lines_of(instance, person)
    assert sealed
    assert all(line_hash(line.sealed, line.salt) in line.text for line in sealed)
    pass_days(instance, instance.settings.keep_withdrawn_lines_days - 1)
    assert all(line.salt for line in lines_of(instance, person))

    pass_days(instance, instance.settings.keep_withdrawn_lines_days + 1)

    emptied = lines_of(instance, person)
    assert [(line.sealed, line.salt, line.text) for line in emptied] == [("", "", line.text) for line in sealed]
    final = all_actas(instance)[-1]
    assert in_spanish("Data deleted") in juror.get(f"/selections/actas/{final.uuid}").text
    assert signing_keys(instance.settings.data_dir).verifies(final.key_id, document(instance, final), final.signature)
    with instance.database.unit_of_work(write=False) as session:
        others = session.scalars(select(SelectionActaEntry).where(SelectionActaEntry.person_id != person)).all()
    assert all(line.salt and line.sealed for line in others)


@pytest.mark.slow
def test_an_amendment_has_the_figures_of_who_withdrew_and_no_name(
    browser: Browser, juror: Browser, instance: Instance, selection: Selection
) -> None:
    """spec/selection 4.15 and 4.10: ranks of the others do not move because one person withdrew."""
    person = forget(instance)
    void(instance, "p5")
    juror.deliver_jobs()

    sign_by_two(browser, instance, selection, juror, "La pregunta 5 admitía dos respuestas.")

    found = json.loads(document(instance, all_actas(instance)[-1]))
    assert [line.get("shown") for line in found["lines"]] == ["100.00", "100.00", "100.00", "75.00", None]
    assert BERTA not in lines_of(instance, person)[-1].sealed
