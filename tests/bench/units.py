"""The page of an institution with many units, against the statements that it needs (spec/performance P14)."""

import time
from itertools import cycle
from statistics import median

from sqlalchemy import insert, select

from accounts.models import Person
from enrolments.progress_report import count_courses, tallies_statement
from kernel import clock
from kernel.db import Database
from organisations.models import Membership, Organisation
from organisations.rules.units import OrganisationKind
from organisations.tree import add_standing
from tests.bench.table import Row
from tests.bench.visitor import Visitor

PROVINCES, UNITS = 24, 275
ROUNDS, TIMES = 4, 5


def fill(database: Database) -> str:
    """Make an institution of 300 places and put everybody into one of its units; return its address."""
    now = clock.now()

    def place(kind: OrganisationKind, name: str, parent: int | None) -> Organisation:
        return Organisation(kind=kind.value, name=name, name_key=name.lower(), parent_id=parent, created_at=now)

    with database.unit_of_work() as session:
        institution = place(OrganisationKind.INSTITUTION, "Instituto de prueba", None)
        session.add(institution)
        session.flush()
        provinces = [place(OrganisationKind.PROVINCE, f"Provincia {number}", institution.id) for number in range(PROVINCES)]
        session.add_all(provinces)
        session.flush()
        units = [place(OrganisationKind.UNIT, f"Unidad {number}", provinces[number % PROVINCES].id) for number in range(UNITS)]
        session.add_all(units)
        session.flush()
        for row in (institution, *provinces, *units):
            add_standing(session, row.id, row.parent_id, now=now)
        people = zip(session.scalars(select(Person.id)), cycle(unit.id for unit in units), strict=False)
        session.execute(insert(Membership), [{"person_id": person, "organisation_id": unit, "since": now} for person, unit in people])
        return f"/units/{institution.uuid}"


def dashboard(database: Database, administrator: Visitor, address: str) -> list[Row]:
    """spec/performance P14: time of the page with the totals of 300 places and of the courses,
    against the bare statements that count both.
    """
    pairs = []
    for round_ in range(ROUNDS + 1):
        spent = {}
        for side in (0, 1) if round_ % 2 else (1, 0):
            began = time.perf_counter()
            for _time in range(TIMES):
                if side:
                    _count(database)
                else:
                    administrator.sees(address, "Unidad 274")
            spent[side] = (time.perf_counter() - began) / TIMES
        pairs.append((spent[0], spent[1]))
    value = median(ours / bare for ours, bare in pairs[1:])
    ours, bare = (median(pair[side] for pair in pairs[1:]) * 1000 for side in (0, 1))
    what = f"page over {1 + PROVINCES + UNITS} places against bare SQL"
    return [Row("P14", what, value, 2, 0.1, f"{ours:.0f} ms against {bare:.0f} ms")]


def _count(database: Database) -> None:
    roots = select(Organisation.id).where(Organisation.parent_id.is_(None))
    with database.unit_of_work(write=False) as session:
        session.connection().execute(tallies_statement(roots, None)).all()
        count_courses(session, roots)
