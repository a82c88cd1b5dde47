"""Administration of people: who is found, what is told of one person, and what an administrator may do with an account."""

import json
import re
from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import func, select

from accounts import accounts, people
from accounts.models import Device, Person, RoleGrant
from accounts.passwords import NOBODYS
from kernel import clock
from kernel.audit import AuditEntry
from kernel.errors import Conflict
from kernel.outbox import Job
from kernel.permissions import SYSTEM, SiteRole
from lms import erasure
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, Page, every_statement
from tests.support.builders import a_course, a_person, an_administrator, sign_in
from tests.support.learning import a_learner, mark_done, pass_quiz
from tests.support.people import PEOPLE, page_of_person, person_row
from tests.support.wording import in_spanish


@pytest.fixture
def boss(browser: Browser, instance: Instance) -> Browser:
    """Return a browser in which an administrator is signed in."""
    an_administrator(instance)
    return sign_in(browser, "admin@example.org")


def verbs(instance: Instance) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(AuditEntry.verb).where(AuditEntry.subject_kind == "person").order_by(AuditEntry.id)))


def names(browser: Browser, query: str) -> list[str]:
    return listed(browser.get(f"{PEOPLE}?{query}"))


def listed(page: Page) -> list[str]:
    return [words for href, words in page.links if re.fullmatch(rf"{PEOPLE}/[0-9a-f-]{{36}}", href)]


def test_people_are_found_whatever_the_case_and_the_accents_and_stand_by_surname(boss: Browser, instance: Instance) -> None:
    """Names of two surnames, with accents: searched and sorted as people read them."""
    a_person(instance, "zoe@example.org", given="Zoé", surname="Álvarez")
    a_person(instance, "maria@example.org", given="María José", surname="Ñacato")
    a_person(instance, "luis@example.org", given="Luis", surname="Zambrano", confirmed=False)

    assert names(boss, "q=ALVAREZ") == ["Zoé Álvarez"]
    assert names(boss, "q=jose+nac") == ["María José Ñacato"]
    assert names(boss, "q=luis%40example") == ["Luis Zambrano"]
    assert names(boss, "q=100%25") == []
    assert names(boss, "state=unconfirmed") == ["Luis Zambrano"]
    assert names(boss, "") == ["Zoé Álvarez", "Ada Ministra", "María José Ñacato", "Luis Zambrano"]


@pytest.mark.slow
def test_a_changed_name_is_found_and_the_old_one_is_not(boss: Browser, browser: Browser, instance: Instance) -> None:
    boss.get("/profile")
    boss.submit("/profile", {"given_names": "Íngrid", "first_surname": "Yépez", "second_surname": ""})

    assert names(boss, "q=ingrid+yepez") == ["Íngrid Yépez"]
    assert names(boss, "q=admin%40") == ["Íngrid Yépez"]


@pytest.mark.slow
def test_the_list_costs_the_same_for_many_people(boss: Browser, instance: Instance) -> None:
    """spec/performance P6: pages of fifty, and a fixed number of statements."""
    counter = every_statement(instance.database)
    boss.get(PEOPLE)  # the first look leaves a note
    counter.reset()
    boss.get(PEOPLE)
    few = len(counter.statements)
    for number in range(60):
        a_person(instance, f"p{number}@example.org", surname=f"Apellido {number:02}")
    counter.reset()
    page = boss.get(PEOPLE)

    assert len(listed(page)) == 50
    assert len(counter.statements) == few
    seen = listed(page)
    rest = listed(boss.get(address_of(page, "after=")))
    assert len(rest) == 11
    assert listed(boss.get(f"{PEOPLE}?last=1")) == (seen + rest)[-50:]
    assert listed(boss.get(address_of(boss.page, "before="))) == seen[:11]
    assert listed(boss.get(f"{PEOPLE}?after=nobody")) == seen


def address_of(page: Page, part: str) -> str:
    return next(href for href, _words in page.links if part in href)


def test_the_record_tells_courses_certificates_and_what_happened(boss: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    pass_quiz(instance, a_learner(instance, course), "prueba")

    page = boss.get(page_of_person(instance))

    assert "Curso de prueba" in page.text
    assert in_spanish("Account created") in page.text
    boss.get(PEOPLE)
    assert verbs(instance).count("account.looked_at") == 1, "who looked at a record is written down"


def test_a_suspended_person_is_out_at_once_and_back_when_restored(boss: Browser, app: Flask, instance: Instance) -> None:
    """spec/security 1.4: suspension works on the next request."""
    a_person(instance)
    ana = sign_in(Browser(app, instance))
    address = page_of_person(instance)

    boss.get(address)
    page = boss.submit(f"{address}/suspension", {"reason": ""}, status=422)
    assert "Diga por qué" in page.text
    assert person_row(instance, "ana@example.org").suspended_at is None
    boss.submit(f"{address}/suspension", {"reason": "Cuenta compartida"})

    ana.get("/profile")
    assert ana.path.startswith("/sign-in")
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Device).where(Device.ended_at.is_(None))) == 1
        assert "Cuenta compartida" in session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "account.suspended")).one()

    boss.get(address)
    boss.submit(f"{address}/restoration", {"reason": "Aclarado"})
    assert person_row(instance, "ana@example.org").suspended_at is None
    sign_in(ana)


def test_a_deleted_account_is_restored_by_nobody(boss: Browser, instance: Instance) -> None:
    """Of the person nothing is left: the page that stood open beside it does not open an account without a name."""
    person = a_person(instance)
    address = page_of_person(instance)
    with instance.database.unit_of_work() as session:
        accounts.suspend(session, SYSTEM, session.merge(person), "Motivo", now=clock.now())
    boss.get(address)
    form = boss.page.form(f"{address}/restoration")
    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, person.id), now=clock.now())
    boss.submit(f"{address}/restoration", {"reason": "Aclarado"}, form=form, status=409)

    boss.get(address)
    assert not [form.action for form in boss.page.forms if form.action.endswith(("/restoration", "/role"))]
    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Person, person.id).suspended_at is not None


def test_the_role_of_administrator_is_given_and_taken_by_another(boss: Browser, instance: Instance) -> None:
    a_person(instance)
    address = page_of_person(instance)

    boss.get(address)
    boss.submit(f"{address}/role")
    assert len(_administrators(instance)) == 2
    boss.get(address)
    boss.submit(f"{address}/role")

    assert verbs(instance)[-3:].count("account.role_taken") == 1
    own = boss.get(page_of_person(instance, "admin@example.org"))
    assert "/role" not in own.text
    assert "/suspension" not in own.text


def test_the_last_administrator_who_can_sign_in_stays(boss: Browser, instance: Instance) -> None:
    """Of two administrators the one acts on the other; where the first was suspended meanwhile, the second stays."""
    an_administrator(instance, "otra@example.org")
    address = page_of_person(instance, "otra@example.org")
    boss.get(address)
    token = dict(boss.page.form(f"{address}/role").fields)["csrf_token"]
    with instance.database.unit_of_work() as session:
        boss_row = session.scalars(select(Person).where(Person.email == "admin@example.org")).one()
        for grant in session.scalars(select(RoleGrant).where(RoleGrant.person_id == boss_row.id)):
            session.delete(grant)

    boss.post(f"{address}/role", {"csrf_token": token, "role": ""}, status=403)

    assert [person_row(instance, "otra@example.org").id] == _administrators(instance)


def able(person: Person) -> None:
    """Leave somebody as they are."""


def unconfirmed(person: Person) -> None:
    person.email_confirmed_at = None


def invited(person: Person) -> None:
    person.password_hash = NOBODYS


def suspended(person: Person) -> None:
    person.suspended_at = clock.now()


@pytest.mark.settings(smtp_host="mail.example.org")
@pytest.mark.parametrize("other", [unconfirmed, invited, suspended])
def test_an_administrator_who_cannot_sign_in_is_no_other_one(instance: Instance, other: Callable[[Person], None]) -> None:
    """Whoever asks for the deletion of their own account leaves nobody outside; the one who cannot may go."""
    _two_administrators(instance, other)

    with pytest.raises(Conflict), instance.database.unit_of_work() as session:
        accounts.require_remaining_administrator(session, person_row(instance, "admin@example.org"))
    with instance.database.unit_of_work() as session:
        accounts.revoke_role(session, SYSTEM, person_row(instance, "otra@example.org"), SiteRole.ADMINISTRATOR, now=clock.now())


@pytest.mark.parametrize("other", [able, unconfirmed])
def test_an_administrator_who_can_sign_in_is_another_one(instance: Instance, other: Callable[[Person], None]) -> None:
    """While no mail is sent, an account is used without a confirmed address."""
    _two_administrators(instance, other)

    with instance.database.unit_of_work() as session:
        accounts.revoke_role(session, SYSTEM, person_row(instance, "admin@example.org"), SiteRole.ADMINISTRATOR, now=clock.now())
    with pytest.raises(Conflict), instance.database.unit_of_work() as session:
        accounts.suspend(session, SYSTEM, session.merge(person_row(instance, "otra@example.org")), "Motivo", now=clock.now())


def _two_administrators(instance: Instance, other: Callable[[Person], None]) -> None:
    an_administrator(instance)
    person = an_administrator(instance, "otra@example.org")
    with instance.database.unit_of_work() as session:
        other(session.get_one(Person, person.id))


def _administrators(instance: Instance) -> list[int]:
    with instance.database.unit_of_work() as session:
        return people.lock_administrators(session)


def test_a_link_for_a_new_password_is_sent_and_nobody_sees_it(boss: Browser, instance: Instance) -> None:
    """The matrix, user.reset_password (ASVS V6.4.6)."""
    a_person(instance)
    address = page_of_person(instance)

    boss.get(address)
    page = boss.submit(f"{address}/reset")

    assert "ana@example.org" in page.text
    assert "/password/reset/" not in page.text
    with instance.database.unit_of_work(write=False) as session:
        assert list(session.scalars(select(Job.kind).where(Job.kind == "accounts.send_reset"))) == ["accounts.send_reset"]


@pytest.mark.parametrize("path", ["reset", "invitation"])
def test_nothing_is_said_to_be_on_its_way_to_a_suspended_account(boss: Browser, instance: Instance, path: str) -> None:
    """The page was open when somebody else suspended the account."""
    person = a_person(instance, confirmed=False)
    address = page_of_person(instance)
    boss.get(address)
    form = next(form for form in boss.page.forms if form.action == f"{address}/{path}")
    with instance.database.unit_of_work() as session:
        session.get_one(Person, person.id).suspended_at = clock.now()
    page = boss.submit(f"{address}/{path}", form=form)

    assert in_spanish("being sent") not in page.text
    assert "la cuenta está suspendida" in page.text
    with instance.database.unit_of_work(write=False) as session:
        assert not list(session.scalars(select(Job.kind).where(Job.kind.in_(("accounts.send_reset", "accounts.send_invitations")))))


def test_a_completion_is_taken_back_on_the_learners_page_with_a_reason(boss: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.13 un-completing: the page tells what was completed; without a reason or a choice nothing happens."""
    course = a_course(instance, modules=1)
    learner = a_learner(instance, course)
    mark_done(instance, learner, "prueba", "leccion-1")
    pass_quiz(instance, learner, "prueba")
    boss.get(page_of_person(instance))
    address = f"{page_of_person(instance)}/courses/prueba"
    assert boss.page.has_link(address)

    page = boss.get(address)
    assert "2 de 2" in page.text
    refused = boss.submit("/revocation", {"activity": "", "reason": ""}, status=422)
    assert "Elija una actividad" in refused.text
    assert "Diga por qué" in refused.text
    boss.submit("/revocation", {"activity": "leccion-1", "reason": "No asistió"})

    assert boss.path == address
    assert in_spanish("The activity and the course are no longer marked as completed.") in boss.page.text
    assert "1 de 2" in boss.page.text
    assert "leccion-1" not in boss.page.html
    boss.post(f"{address}/revocation", {"activity": "leccion-1", "reason": "Otra vez"}, status=422)
    with instance.database.unit_of_work(write=False) as session:
        facts = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb.in_(("activity.taken_back", "enrolment.taken_back")))).all()
    assert len(facts) == 2
    assert all("No asistió" in json.loads(one)["reason"] for one in facts)
    boss.get(f"{page_of_person(instance)}/courses/otro", status=404)


def test_only_administrators_take_a_completion_back(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.13 un-completing: not the course's own team either; nobody else finds out what a learner has completed."""
    cast = a_cast(browser, instance)
    mark_done(instance, a_learner(instance, a_course(instance, "otro", modules=1), "otra@example.org"), "otro", "leccion-1")
    address = f"{page_of_person(instance, 'otra@example.org')}/courses/otro"
    act = {"activity": "leccion-1", "reason": "Prueba"}

    wrong = cast.check("completion.take_back", "of_another_learner", cast.outcomes(address))
    wrong += cast.check("completion.take_back", "of_another_learner", cast.outcomes(f"{address}/revocation", "POST", act))

    assert wrong == []


def test_every_cell_of_the_matrix_on_other_peoples_accounts(browser: Browser, instance: Instance) -> None:
    """spec/security 9: user.*."""
    cast = a_cast(browser, instance)
    a_person(instance, "otra@example.org")
    address = page_of_person(instance, "otra@example.org")
    own = page_of_person(instance, cast.people["S"].email)

    wrong = cast.check("user.view_email", "of_another_learner", cast.outcomes(address))
    wrong += cast.check("user.set_role", "of_another", cast.outcomes(f"{address}/role", "POST", {"role": "administrator"}))
    wrong += cast.check("user.reset_password", "of_another", cast.outcomes(f"{address}/reset", "POST"))
    wrong += cast.check("user.set_role", "own_to_higher", cast.outcomes(f"{own}/role", "POST", {"role": "administrator"}))

    assert wrong == []


def test_an_administrator_lets_somebody_make_courses_and_ends_it(browser: Browser, instance: Instance) -> None:
    an_administrator(instance, "jefa@example.org")
    person = a_person(instance, "ines@example.org", given="Inés", surname="Ruiz")
    boss, other = sign_in(browser, "jefa@example.org"), sign_in(browser.another(), "ines@example.org")
    other.get("/teaching/new-course", status=403)

    boss.get(f"/administration/people/{person.uuid}")
    instructor = next(form for form in boss.page.forms if ("role", "instructor") in form.fields)
    told = boss.submit("/role", form=instructor).text
    other.get("/teaching/new-course")
    ending = next(form for form in boss.page.forms if ("role", "no-instructor") in form.fields)
    ended = boss.submit("/role", form=ending).text

    assert in_spanish("%(name)s can now create courses.", name="Inés Ruiz") in told
    assert in_spanish("Became instructor") in told
    assert in_spanish("No longer instructor") in ended
    other.get("/teaching/new-course", status=403)
