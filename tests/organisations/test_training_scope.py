"""Grants over compulsory training: what they reach, how they end, and that signing in needs no further statement for them."""

import json
from dataclasses import replace

import pytest
from sqlalchemy import func, select

from accounts.models import Person
from kernel import clock
from kernel.audit import AuditEntry
from kernel.permissions import SYSTEM, Actor, SiteRole
from lms import erasure
from lms.instance import Instance
from organisations import units
from organisations.access import TrainingScope
from organisations.models import Organisation, TrainingGrant
from organisations.rules.units import TrainingRole
from organisations.training_scope import (
    end_training_role,
    get_training_scope,
    give_training_role,
    list_training_grants,
    list_training_places,
)
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person, an_administrator, sign_in, sign_in_through_pages
from tests.support.learning import a_learner, actor_of
from tests.support.places import a_place, give_training, manage, put

OFFICER, AUDITOR = TrainingRole.OFFICER, TrainingRole.AUDITOR


@pytest.fixture
def root(instance: Instance) -> Organisation:
    return a_place(instance, "IESS")


@pytest.fixture
def guayas(instance: Instance, root: Organisation) -> Organisation:
    return a_place(instance, "Guayas", root)


@pytest.fixture
def unit(instance: Instance, guayas: Organisation) -> Organisation:
    return a_place(instance, "Dirección", guayas)


def scope_of(instance: Instance, actor: Actor) -> TrainingScope:
    with instance.database.unit_of_work(write=False) as session:
        return get_training_scope(session, actor)


def with_grants(person: Person, **grants: bool) -> Actor:
    return replace(actor_of(person), **grants)  # type: ignore[arg-type]  # fields by name


def entries(instance: Instance, verb: str) -> list[dict[str, object]]:
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == verb).order_by(AuditEntry.id))
        return [json.loads(row) for row in rows]


def grants(instance: Instance) -> list[tuple[int, str, int]]:
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(TrainingGrant).order_by(TrainingGrant.person_id, TrainingGrant.role, TrainingGrant.organisation_id))
        return [(row.person_id, row.role, row.organisation_id) for row in rows]


def test_a_grant_reaches_what_stands_below_its_place(
    instance: Instance, root: Organisation, guayas: Organisation, unit: Organisation
) -> None:
    """spec/compulsory 16: three standings in one statement; what is above is known, and not looked after."""
    person, other = a_person(instance), a_place(instance, "Azuay", root)
    give_training(instance, person, guayas, OFFICER)
    give_training(instance, person, other, AUDITOR)
    manage(instance, person, unit)
    actor = with_grants(person, is_training_officer=True, is_auditor=True, manages_units=True)
    counted = every_statement(instance.database)
    scope = scope_of(instance, actor)

    below = frozenset({guayas.id, unit.id})
    assert scope == TrainingScope(
        heads=frozenset({unit.id}),
        officer=below,
        auditor=frozenset({other.id}),
        above=frozenset({root.id, guayas.id, unit.id, other.id}),
    )
    assert len(counted.statements) == 1
    assert scope.officer_of({unit.id, other.id})
    assert not scope.officer_of({root.id})
    assert scope.auditor_of({other.id})
    assert scope.heads_any({unit.id})
    assert not scope.heads_any({guayas.id})
    assert [scope.sees_any({one.id}) for one in (root, guayas, other)] == [False, True, True]
    assert [scope.stands_in({one.id}) for one in (root, guayas)] == [True, True]


def test_the_scope_of_learners_and_strangers_costs_nothing(instance: Instance, root: Organisation) -> None:
    person = a_person(instance)
    counted = every_statement(instance.database)
    scopes = [scope_of(instance, actor) for actor in (Actor(), actor_of(person))]
    administrator = scope_of(instance, replace(actor_of(person), roles=frozenset({SiteRole.ADMINISTRATOR})))

    assert scopes == [TrainingScope()] * 2
    assert administrator == TrainingScope(everywhere=True)
    assert administrator.sees_any({root.id})
    assert not administrator.officer_of({root.id})
    assert not counted.statements


def test_an_actor_of_a_job_has_the_grants_of_its_person(instance: Instance, root: Organisation) -> None:
    """Whose report is made by night is no signed-in reader: what they may see then is looked for."""
    person = a_person(instance)
    give_training(instance, person, root, AUDITOR)

    assert scope_of(instance, replace(actor_of(person), via=SYSTEM.via)).auditor == {root.id}


def test_giving_and_ending_are_written_down_once(instance: Instance, root: Organisation) -> None:
    person = a_person(instance)
    with instance.database.unit_of_work() as session:
        for _time in range(2):
            give_training_role(session, SYSTEM, root, person, OFFICER, now=clock.now())
        give_training_role(session, SYSTEM, root, person, AUDITOR, now=clock.now())
        names = [(row.Person.full_name, row.role) for row in list_training_grants(session, root.id)]
        for _time in range(2):
            end_training_role(session, SYSTEM, root, person, OFFICER, now=clock.now())

    named = {"organisation": root.id, "name": "IESS"}
    assert entries(instance, "training_grant.given") == [{**named, "role": "officer"}, {**named, "role": "auditor"}]
    assert entries(instance, "training_grant.ended") == [{**named, "role": "officer"}]
    assert names == [(person.full_name, OFFICER), (person.full_name, AUDITOR)]
    assert grants(instance) == [(person.id, "auditor", root.id)]


def test_the_signed_in_statement_brings_the_grants(instance: Instance, root: Organisation, browser: Browser) -> None:
    """spec/performance P8: who has grants is loaded with the session, in the statement that every request has."""
    person = a_person(instance)
    sign_in(browser, person.email)
    browser.get("/profile")  # what is looked at every few seconds is kept from here on
    counted = every_statement(instance.database)
    browser.get("/profile")
    before = list(counted.statements)
    give_training(instance, person, root, OFFICER)
    counted.reset()
    browser.get("/profile")

    assert counted.statements == before


def test_who_leaves_the_institution_looks_after_nothing_there(instance: Instance, root: Organisation, unit: Organisation) -> None:
    """spec/compulsory 13.4: as the management of units."""
    person, elsewhere = a_person(instance), a_place(instance, "BIESS")
    put(instance, person, unit)
    give_training(instance, person, unit, OFFICER)
    give_training(instance, person, elsewhere, AUDITOR)
    with instance.database.unit_of_work() as session:
        day = clock.now().date()
        units.leave(session, SYSTEM, [person.id], root.id, day, now=clock.now())

    assert grants(instance) == [(person.id, "auditor", elsewhere.id)]
    assert [entry["organisation"] for entry in entries(instance, "training_grant.ended")] == [unit.id]


def test_a_merge_hands_grants_over_and_erasure_forgets_them(instance: Instance, root: Organisation, unit: Organisation) -> None:
    kept, closed = a_person(instance), a_person(instance, "luis@example.org")
    an_administrator(instance)
    give_training(instance, closed, root, OFFICER)
    give_training(instance, closed, unit, AUDITOR)
    give_training(instance, kept, unit, AUDITOR)
    with instance.database.unit_of_work() as session:
        pair = erasure.get_pair(session, SYSTEM, kept.uuid, closed.uuid)
        erasure.merge(session, SYSTEM, pair, "", now=clock.now())
    merged = grants(instance)
    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, kept.id), now=clock.now())

    assert merged == [(kept.id, "auditor", unit.id), (kept.id, "officer", root.id)]
    assert grants(instance) == []


def test_a_place_made_by_mistake_goes_with_its_grants(instance: Instance, unit: Organisation) -> None:
    give_training(instance, a_person(instance), unit, OFFICER)
    with instance.database.unit_of_work() as session:
        units.remove(session, SYSTEM, session.get_one(Organisation, unit.id), now=clock.now())
        assert not session.scalar(select(func.count()).select_from(TrainingGrant))


def test_the_places_of_people_are_their_present_ones_else_where_they_worked(
    instance: Instance, root: Organisation, guayas: Organisation, unit: Organisation
) -> None:
    """Who has left is seen by officers of the whole institution, by heads of units no longer."""
    ana, luis, nobody = (a_person(instance, f"{name}@example.org") for name in ("ana", "luis", "nadie"))
    for person in (ana, luis):
        put(instance, person, unit)
    with instance.database.unit_of_work() as session:
        units.assign_members(session, SYSTEM, {ana.id: units.MembershipValues(further=frozenset({guayas.id}))}, now=clock.now())
        units.leave(session, SYSTEM, [luis.id], root.id, clock.now().date(), now=clock.now())
        found = list_training_places(session, [ana.id, luis.id, nobody.id])

    assert found == {ana.id: {unit.id, guayas.id}, luis.id: {root.id}, nobody.id: frozenset()}


@pytest.mark.parametrize(
    ("role", "learns", "leads"),
    [(OFFICER, False, "/training-report"), (AUDITOR, False, "/training-report"), (AUDITOR, True, "/learning"), (None, False, "/learning")],
)
def test_signing_in_leads_to_what_somebody_is_here_for(
    instance: Instance, root: Organisation, browser: Browser, role: TrainingRole | None, learns: bool, leads: str
) -> None:
    """Who looks after or audits compulsory training and takes no course begins at its report."""
    course = a_course(instance, modules=1)
    number = a_learner(instance, course).person_id if learns else a_person(instance).id
    with instance.database.unit_of_work() as session:
        person = session.get_one(Person, number)
        if role is not None:
            give_training_role(session, SYSTEM, root, person, role, now=clock.now())

    sign_in_through_pages(browser, person.email)

    assert browser.path.startswith(leads)
