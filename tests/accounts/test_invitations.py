"""A package that knows accounts alone invites addresses by links: open or not, secrets, renewing, withdrawing, forgetting, erasing."""

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts import invitations
from accounts.invitations import InvitationKind
from accounts.people import hash_of
from kernel import clock
from lms.instance import Instance
from tests.support.builders import a_person
from tests.support.own_tables import Ticket, with_table

NOW, DAY = clock.now(), timedelta(days=1)
TICKETS = InvitationKind(Ticket, Ticket.taken_at, 30 * DAY)  # type: ignore[arg-type]  # a column, as every mapped class has


@pytest.fixture
def ticket(instance: Instance) -> Iterator[int]:
    """Have an invitation that ends in a day."""
    with with_table(instance, "ticket_of_tests"):
        with instance.database.unit_of_work() as session:
            row = Ticket(email="ana@example.org", language="es", invited_at=NOW - 29 * DAY, expires_at=NOW + DAY)
            session.add(row)
            session.flush()
            number = row.id
        yield number


def open_ones(instance: Instance, days: int) -> list[int]:
    """Return which are open after some days, as both ways to ask say."""
    now = NOW + days * DAY
    with instance.database.unit_of_work(write=False) as session:
        listed = list(session.scalars(select(Ticket.id).where(*TICKETS.open_at(now))))
        assert listed == [row.id for row in session.scalars(select(Ticket)) if TICKETS.is_open(row, now)]
    return listed


def test_one_is_open_until_it_ends_and_its_whole_time_again_when_renewed(instance: Instance, ticket: int) -> None:
    assert (open_ones(instance, 0), open_ones(instance, 1)) == ([ticket], [])

    with instance.database.unit_of_work() as session:
        invitations.renew(TICKETS, session.get_one(Ticket, ticket), now=NOW)

    assert (open_ones(instance, 29), open_ones(instance, 30)) == ([ticket], [])


def test_only_the_hash_of_the_last_secret_is_kept(instance: Instance, ticket: int) -> None:
    with instance.database.unit_of_work() as session:
        first, last = (invitations.make_secret(session.get_one(Ticket, ticket)) for _time in range(2))
    with instance.database.unit_of_work(write=False) as session:
        reached = [session.scalars(select(Ticket.id).where(TICKETS.has_secret(secret))).all() for secret in (first, last)]
        assert session.get_one(Ticket, ticket).secret_hash == hash_of(last)

    assert reached == [[], [ticket]]


def test_one_is_withdrawn_once_and_none_that_was_accepted(instance: Instance, ticket: int) -> None:
    with instance.database.unit_of_work() as session:
        taken = Ticket(email="x@example.org", language="es", invited_at=NOW, expires_at=NOW + DAY, taken_at=NOW)
        session.add(taken)
    with instance.database.unit_of_work() as session:
        assert [invitations.withdraw(session, TICKETS, Ticket.language == "es", now=NOW) for _time in range(2)] == [1, 0]

    assert open_ones(instance, 0) == []
    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Ticket, taken.id).withdrawn_at is None


def test_what_ended_is_forgotten(instance: Instance, ticket: int) -> None:
    with instance.database.unit_of_work() as session:
        assert invitations.forget_before(session, TICKETS, NOW) == 0
        assert invitations.forget_before(session, TICKETS, NOW + 2 * DAY) == 1


def test_an_address_goes_with_its_person(instance: Instance, ticket: int) -> None:
    ana = a_person(instance)
    with instance.database.unit_of_work() as session:
        invitations.erase(session, TICKETS, ana, now=NOW)

    assert open_ones(instance, 0) == []
    with instance.database.unit_of_work(write=False) as session:
        assert "ana" not in session.get_one(Ticket, ticket).email
