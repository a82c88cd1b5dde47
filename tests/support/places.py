"""Institutions, provinces and units for tests."""

from __future__ import annotations

from accounts.models import Person
from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import units
from organisations.models import Organisation
from organisations.rules.units import OrganisationKind, TrainingRole
from organisations.training_scope import give_training_role
from organisations.units import UnitValues
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
def manage(instance: Instance, person: Person, place: Organisation) -> None:
    """Let somebody follow the people of a place."""
    with instance.database.unit_of_work() as session:
        units.name_manager(session, SYSTEM, place, person, now=clock.now())


@scene
def give_training(instance: Instance, person: Person, place: Organisation, role: TrainingRole) -> None:
    """Let somebody look after or audit the compulsory training of a place."""
    with instance.database.unit_of_work() as session:
        give_training_role(session, SYSTEM, place, person, role, now=clock.now())
