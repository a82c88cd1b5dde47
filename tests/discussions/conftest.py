"""A board of tests and the people before it: a learner, another one, and a moderator who administers it."""

from collections.abc import Iterator

import pytest

from accounts.models import Person
from discussions.models import Board
from lms.instance import Instance
from tests.support.boards import a_board, shelved
from tests.support.builders import a_person


@pytest.fixture(autouse=True)
def owner(instance: Instance) -> Iterator[None]:
    """Have the owner of these tests among those that packages give."""
    with shelved(instance):
        yield


@pytest.fixture
def board(instance: Instance) -> Board:
    """Return an open board."""
    return a_board(instance)


@pytest.fixture
def ana(instance: Instance) -> Person:
    """Return a reader."""
    return a_person(instance)


@pytest.fixture
def luis(instance: Instance) -> Person:
    """Return another reader."""
    return a_person(instance, "luis@example.org", given="Luis", surname="Toa")


@pytest.fixture
def marta(instance: Instance) -> Person:
    """Return a moderator who administers the board."""
    return a_person(instance, "mod.jefa@example.org", given="Marta", surname="Jefa")
