"""Tables of the tests' own, for what no table of the product does yet; they stand in no schema of the product."""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import MetaData
from sqlalchemy.orm import Mapped, mapped_column, registry

from accounts.models import Broadcast, LinkInvitation, Person
from kernel.db import NAMING, Key, Moment
from kernel.personal import Ask, personal
from lms.instance import Instance

OWN = registry(metadata=MetaData(naming_convention=NAMING))
Person.__table__.to_metadata(OWN.metadata)  # type: ignore[attr-defined]  # a table, as every mapped class has


@OWN.mapped
class Bulletin(Broadcast):
    """Something for everybody with an account."""

    __tablename__ = "bulletin_of_tests"

    words: Mapped[str] = mapped_column()


@OWN.mapped
class Ticket(LinkInvitation):
    """An invitation to something."""

    __tablename__ = "ticket_of_tests"

    taken_at: Mapped[Moment | None]


@OWN.mapped
class Letter:
    """Something that a person wrote for others, of which they are asked when they delete their account."""

    __tablename__ = "letter_of_tests"

    id: Mapped[Key]
    person_id: Mapped[int] = personal(erase=Ask("keep", "withdraw"))
    words: Mapped[str] = mapped_column()


@contextmanager
def with_table(instance: Instance, name: str) -> Iterator[None]:
    """Have one of these tables in the database of a test."""
    table = OWN.metadata.tables[name]
    with instance.database.unit_of_work() as session:
        table.create(session.connection())
    try:
        yield
    finally:
        with instance.database.unit_of_work() as session:
            table.drop(session.connection())
