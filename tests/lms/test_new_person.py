"""One person whom an administrator adds with a form: invited by mail, or by a link that is handed over."""

import re

import pytest
from sqlalchemy import select

from accounts.models import NationalIdentity, Person
from accounts.passwords import NOBODYS
from kernel.audit import AuditEntry
from kernel.outbox import Job
from lms.instance import Instance
from organisations.tree import list_memberships
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.places import a_place
from tests.support.wording import in_spanish

PAGE = "/administration/new-person"
NEW = {"given_names": "Inés", "first_surname": "Ruiz", "email": "Ines@Example.org", "national_id": "1710034065", "language": "en"}


@pytest.fixture
def boss(browser: Browser, instance: Instance) -> Browser:
    """Return a browser in which an administrator is signed in."""
    an_administrator(instance)
    return sign_in(browser, "admin@example.org")


def added(instance: Instance) -> Person | None:
    """Return the account of the new person."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == "ines@example.org")).one_or_none()


def test_every_cell_of_the_matrix_on_adding_a_person(browser: Browser, instance: Instance) -> None:
    """spec/security 9, user.add: administrators alone."""
    cast = a_cast(browser, instance)

    wrong = cast.check("user.add", "new", cast.outcomes(PAGE))
    wrong += cast.check("user.add", "new", cast.outcomes(PAGE, "POST", {**NEW, "email": "nadie-mas@example.org", "unit": ""}))

    assert wrong == []


@pytest.mark.settings(smtp_host="mail.example.org")
def test_a_person_is_added_and_invited_by_mail(boss: Browser, instance: Instance) -> None:
    boss.get("/administration/people")
    boss.get(PAGE)

    told = boss.submit("/new-person", NEW).text

    person = added(instance)
    assert person is not None
    assert (person.full_name, person.language, person.password_hash, person.email_confirmed_at) == ("Inés Ruiz", "en", NOBODYS, None)
    assert in_spanish("The invitation is on its way to %(address)s.", address="ines@example.org") in told
    assert boss.path.endswith(str(person.uuid))
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(NationalIdentity.number).where(NationalIdentity.person_id == person.id)).all() == ["1710034065"]
        assert session.scalars(select(AuditEntry.subject_id).where(AuditEntry.verb == "account.invited")).all() == [person.id]
        assert "accounts.send_invitations" in session.scalars(select(Job.kind)).all()


@pytest.mark.slow
def test_without_mail_the_link_is_shown_once_and_opens_the_account(boss: Browser, instance: Instance) -> None:
    boss.get(PAGE)

    shown = boss.submit("/new-person", NEW)

    link = re.search(r'value="(https?://[^"]+/invitation/[^"]+)"', shown.html)
    assert link
    owner = boss.another()
    owner.get("/invitation/" + link[1].rpartition("/")[2])
    owner.submit("/invitation/" + link[1].rpartition("/")[2], {"password": "cuatro palabras nada obvias", "consent": "y"})
    assert in_spanish("Your account is ready.") in owner.page.text
    assert "Inés" in owner.get("/profile").html, "whoever chose the password need not type it again"
    assert "Inés" in sign_in(boss.another(), "ines@example.org", "cuatro palabras nada obvias").get("/profile").html
    with instance.database.unit_of_work(write=False) as session:
        assert "accounts.send_invitations" not in session.scalars(select(Job.kind)).all(), "a second link would end the first"
        facts = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "account.invited")).one()
    assert "handed_over" in facts


def test_the_unit_is_chosen_with_the_rest(boss: Browser, instance: Instance) -> None:
    a_place(instance)
    boss.get(PAGE)
    chosen = next(value for value in re.findall(r'<option value="([0-9a-f-]{36})"', boss.page.html))

    boss.submit("/new-person", {**NEW, "unit": chosen})

    person = added(instance)
    assert person is not None
    with instance.database.unit_of_work(write=False) as session:
        assert len(list_memberships(session, person.id)) == 1


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ({"email": "ana@example.org"}, "ya tiene una cuenta"),
        ({"email": "nada"}, "nombre@example.org"),
        ({"given_names": " "}, "Escriba los nombres."),
        ({"national_id": "1710034066"}, "Uno de sus dígitos"),
        ({"national_id": "0926687856"}, "Esta cédula pertenece a otra cuenta."),
    ],
)
def test_what_does_not_fit_is_told_beside_its_field(boss: Browser, instance: Instance, sent: dict[str, str], told: str) -> None:
    ana = a_person(instance, "ana@example.org")
    with instance.database.unit_of_work() as session:
        session.add(NationalIdentity(person_id=ana.id, number="0926687856"))
    boss.get(PAGE)

    page = boss.submit("/new-person", {**NEW, **sent}, status=422)

    assert told in page.text
    assert added(instance) is None
