"""Institutions, provinces and units for tests."""

from __future__ import annotations

from datetime import date

from accounts.models import Person
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import tree, units
from organisations.employment import EmploymentValues, record_employments
from organisations.models import Organisation
from organisations.posts import find_or_make_posts
from organisations.rules.units import EmploymentDays, OrganisationKind, TrainingRole, institution_of
from organisations.training_scope import give_training_role
from organisations.units import MembershipValues, UnitValues
from tests.support.scenes import scene


@scene
def a_place(
    instance: Instance, name: str = "IESS", parent: Organisation | None = None, *, code: str = "", kind: OrganisationKind | None = None
) -> Organisation:
    """Add a place to the tree: an institution, or a unit under another place."""
    chosen = kind or (OrganisationKind.INSTITUTION if parent is None else OrganisationKind.UNIT)
    with instance.database.unit_of_work() as session:
        return units.make(session, SYSTEM, parent, chosen, UnitValues(name, code), now=clock.now())


@scene
def put(instance: Instance, person: Person, place: Organisation) -> None:
    """Let somebody belong to a place."""
    with instance.database.unit_of_work() as session:
        units.assign_member(session, SYSTEM, person, place, now=clock.now())


@scene
def employ(instance: Instance, person: Person, place: Organisation, number: str, *, post: str = "", left_on: date | None = None) -> None:
    """Let a person work at a place's institution with a staff number, and a post, as a list of people says it."""
    now = clock.now()
    with instance.database.unit_of_work() as session:
        institution = institution_of({unit.id: unit for unit in tree.list_tree(session)}, place.id)
        values = EmploymentValues(institution, EmploymentDays(number, date(2020, 1, 1), left_on))
        record_employments(session, SYSTEM, {person.id: values}, now.date(), now=now)
        if left_on is None:
            posts = find_or_make_posts(session, SYSTEM, institution, [post] if post else [], now=now)
            units.assign_members(session, SYSTEM, {person.id: MembershipValues(place.id, next(iter(posts.values()), None))}, now=now)


def manage(instance: Instance, person: Person, place: Organisation) -> None:
    """Let somebody follow the people of a place."""
    with instance.database.unit_of_work() as session:
        units.name_manager(session, SYSTEM, place, person, now=clock.now())


@scene
def give_training(instance: Instance, person: Person, place: Organisation, role: TrainingRole) -> None:
    """Let somebody look after or audit the compulsory training of a place."""
    with instance.database.unit_of_work() as session:
        give_training_role(session, SYSTEM, place, person, role, now=clock.now())
