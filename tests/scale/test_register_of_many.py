"""A register of 36,000 certificates: any page costs what the first one does, and no count takes long (spec/certificates 12)."""

from collections.abc import Callable
from statistics import median
from time import process_time

import pytest
from sqlalchemy import text

from accounts.queries import PageDirection
from certificates.queries import register as queries
from certificates.queries.register import RegisterFilter, RegisterOrder, RegisterPage, RegisterSort
from certificates.rules.credentials import CredentialState
from kernel import clock
from lms.instance import Instance
from tests.support.builders import a_course
from tests.support.registers import fill_register

MANY, ROWS, PAGE = 36_000, 50, 700
LONGEST_COUNT = 0.1


def seconds(act: Callable[[], object]) -> float:
    """Return the processor time of an act, the median of some."""
    spent = []
    for _time in range(7):
        began = process_time()
        act()
        spent.append(process_time() - began)
    return median(spent)


@pytest.mark.slow
def test_page_700_of_a_register_of_36000_costs_what_the_first_does(instance: Instance, say: Callable[[str], None]) -> None:
    """spec/certificates 12: list of 36,000 with filters, page 700: as the other long lists; no count over 100 ms."""
    fill_register(instance, a_course(instance, modules=1), MANY)
    with instance.database.unit_of_work() as session:
        session.execute(text("ANALYZE"))
    today, wanted = clock.now().date(), RegisterFilter(state=CredentialState.VALID, template="constancia")
    with instance.database.unit_of_work(write=False) as session:
        ratios = {}
        for order in RegisterOrder:
            sort, page = RegisterSort(order), RegisterPage()
            far = queries.list_register(session, wanted, sort, page, today=today, limit=ROWS * (PAGE - 1)).rows[-1].uuid
            there = RegisterPage(PageDirection.AFTER, far)
            first, last = (
                seconds(lambda: queries.list_register(session, wanted, sort, one, today=today, limit=ROWS))  # noqa: B023 - used at once
                for one in (page, there)
            )
            ratios[order.value] = last / first
        filters = (RegisterFilter(), wanted, RegisterFilter(words="persona 0001"), RegisterFilter(code="0"))
        counts = [seconds(lambda: queries.count_register(session, one, today=today)) for one in filters]  # noqa: B023 - used at once
    say(f"page {PAGE} against the first: {ratios}; counts {[round(one * 1000) for one in counts]} ms")

    assert max(ratios.values()) <= 1.5
    assert max(counts) < LONGEST_COUNT
