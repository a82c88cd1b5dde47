"""A register of 36,000 certificates: page 700 costs what the first one does, and no count looks twice at one (spec/certificates 12)."""

from collections.abc import Callable
from sqlite3 import Connection
from typing import cast

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from certificates import register
from certificates.register import RegisterFilter, RegisterOrder, RegisterSort
from certificates.rules.credentials import CredentialState
from kernel import clock
from kernel.db import KeysetPage, PageDirection
from lms.instance import Instance
from tests.support.builders import a_course
from tests.support.registers import fill_register

MANY, ROWS, PAGE = 36_000, 50, 700
COUNTED = 100
"""Instructions of SQLite's machine after which it is asked whether to go on: they are counted in hundreds."""
MOST_FOR_A_PAGE, MOST_FOR_A_COUNT = 100 * MANY, 40 * MANY
"""Instructions: a page in any order, and a count; a second of processor carries out some forty million."""


def instructions(session: Session, act: Callable[[], object]) -> int:
    """Return how many instructions SQLite's machine carries out for an act: as many on every machine, however busy."""
    connection, passed = cast(Connection, session.connection().connection.driver_connection), [0]

    def count() -> int:
        passed[0] += COUNTED
        return 0

    connection.set_progress_handler(count, COUNTED)
    act()
    connection.set_progress_handler(None, COUNTED)
    return passed[0]


@pytest.mark.slow
def test_page_700_of_a_register_of_36000_costs_what_the_first_does(instance: Instance, say: Callable[[str], None]) -> None:
    """spec/certificates 12: list of 36,000 with filters, page 700: as the other long lists; a count looks at each certificate once."""
    if not instance.database.is_sqlite:
        pytest.skip("PostgreSQL does not say how many instructions a statement took; make bench times its register")
    fill_register(instance, a_course(instance, modules=1), MANY)
    with instance.database.unit_of_work() as session:
        session.execute(text("ANALYZE"))
    today, wanted = clock.now().date(), RegisterFilter(state=CredentialState.VALID, template="constancia")
    with instance.database.unit_of_work(write=False) as session:
        pages = {}
        for order in RegisterOrder:
            sort = RegisterSort(order)
            far = register.list_register(session, wanted, sort, KeysetPage(), today=today, limit=ROWS * (PAGE - 1)).rows[-1].uuid
            pages[order] = [
                instructions(session, lambda: register.list_register(session, wanted, sort, page, today=today, limit=ROWS))  # noqa: B023 - used at once
                for page in (KeysetPage(), KeysetPage(PageDirection.AFTER, far))
            ]
        filters = (RegisterFilter(), wanted, RegisterFilter(words="persona 0001"), RegisterFilter(code="0"))
        counts = [instructions(session, lambda: register.count_register(session, one, today=today)) for one in filters]  # noqa: B023 - used at once
    say(f"instructions: first page and page {PAGE} {list(pages.values())}; counts {counts}")

    for order in (RegisterOrder.ISSUED, RegisterOrder.NAME):
        first, last = pages[order]
        assert last <= 1.5 * first, order
    assert max(max(page) for page in pages.values()) < MOST_FOR_A_PAGE
    assert max(counts) < MOST_FOR_A_COUNT
