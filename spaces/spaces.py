"""Spaces: what boards, pages and lists hang in, each kind declared once with the rules of who reads, writes and runs it.

A rule decides on a loaded subject, which pages ask, and is a condition in SQL, which lists, searches, notifications and mails ask.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

from sqlalchemy import ColumnElement, SQLColumnExpression, and_, exists, false, not_, or_, select
from sqlalchemy.orm import InstrumentedAttribute

from accounts.models import RoleGrant
from kernel.db import shared_alias
from kernel.permissions import Actor, SiteRole
from organisations.models import Membership, OrganisationAbove

Number = SQLColumnExpression[int]
"""A column with numbers of people or rows, or one number."""
Subject = TypeVar("Subject")
_ROLE = shared_alias(RoleGrant)


@dataclass(frozen=True, slots=True)
class SpaceRule(Generic[Subject]):
    """A rule of access: `holds` for an actor and a loaded subject, `condition` in SQL for the number of a person, 0 for strangers.

    The condition is on the table of the space, which stands in the statement. Both say the same of the same person. Rules are put together
    by `&`, `|` and `~`.
    """

    holds: Callable[[Actor, Subject], bool]
    condition: Callable[[Number], ColumnElement[bool]]

    def __and__(self, other: "SpaceRule[Subject]") -> "SpaceRule[Subject]":
        """Return the rule that holds where both do."""
        return SpaceRule(
            lambda actor, subject: self.holds(actor, subject) and other.holds(actor, subject),
            lambda person: and_(self.condition(person), other.condition(person)),
        )

    def __or__(self, other: "SpaceRule[Subject]") -> "SpaceRule[Subject]":
        """Return the rule that holds where one of them does."""
        return SpaceRule(
            lambda actor, subject: self.holds(actor, subject) or other.holds(actor, subject),
            lambda person: or_(self.condition(person), other.condition(person)),
        )

    def __invert__(self) -> "SpaceRule[Subject]":
        """Return the rule that holds where this one does not."""
        return SpaceRule(lambda actor, subject: not self.holds(actor, subject), lambda person: not_(self.condition(person)))


def administers_site(person: Number) -> ColumnElement[bool]:
    """Return the condition that a person administers the site."""
    return exists().where(_ROLE.person_id == person, _ROLE.role == SiteRole.ADMINISTRATOR.value).correlate_except(_ROLE)


def belongs(person: Number, organisation: Number | InstrumentedAttribute[int | None]) -> ColumnElement[bool]:
    """Return the condition that a person has a present place at an institution or in a unit below it, however deep."""
    statement = select(Membership.id).join(OrganisationAbove, OrganisationAbove.unit_id == Membership.organisation_id)
    present = (Membership.person_id == person, Membership.until.is_(None), OrganisationAbove.above_id == organisation)
    return statement.where(*present).correlate_except(Membership, OrganisationAbove).exists()


def belongs_anywhere(person: Number) -> ColumnElement[bool]:
    """Return the condition that a person has a present place at some institution."""
    return exists().where(Membership.person_id == person, Membership.until.is_(None)).correlate_except(Membership)


SITE_ADMINISTRATORS: SpaceRule[Any] = SpaceRule(lambda actor, _subject: actor.is_administrator, administers_site)


def column_in(column: InstrumentedAttribute[Any], *values: str, of: Callable[[Subject], object]) -> SpaceRule[Subject]:
    """Return the rule that a column of the space has one of some values; `of` returns the row of a loaded subject."""
    return SpaceRule(lambda _actor, subject: getattr(of(subject), column.key) in values, lambda _person: column.in_(values))


def always(condition: Callable[[], ColumnElement[bool]]) -> SpaceRule[Any]:
    """Return the rule that a condition in SQL adds to: every subject that is loaded fulfils it."""
    return SpaceRule(lambda _actor, _subject: True, lambda _person: condition())


@dataclass(frozen=True, slots=True, kw_only=True)
class Space(Generic[Subject]):
    """A kind of objects in which something hangs, with its table and the rules of who may do what there.

    Its rules hold for anybody who has an account that is not suspended; of strangers `is_public` tells alone.
    """

    kind: str
    """As `board.owner` has it."""
    table: type[Any]
    """Has a row for each space."""
    board: InstrumentedAttribute[int]
    """The column with the number of its board."""
    reads: SpaceRule[Subject]
    writes: SpaceRule[Subject]
    moderates: SpaceRule[Subject]
    administers: SpaceRule[Subject]
    is_public: Callable[[], ColumnElement[bool]] = false
    """The condition on the table that everybody reads it, strangers too."""
    knows: Callable[[Number], ColumnElement[bool]] = lambda _person: false()
    """The condition on people whose first posts need not wait: they belong to an institution, or were let in by somebody."""
    is_closed: Callable[[], ColumnElement[bool]] = false
    """The condition on the table that nothing new is written there: archived, cancelled or closed."""
    is_discreet: Callable[[], ColumnElement[bool]] = false
    """The condition on the table that mails about it carry neither titles nor authors."""

    def of_board(self, board: Number, condition: ColumnElement[bool]) -> ColumnElement[bool]:
        """Return the condition that something holds for the space of a board."""
        return select(self.board).where(self.board == board, condition).correlate_except(self.table).exists()

    def allows(self, name: str, person: Number, board: Number) -> ColumnElement[bool]:
        """Return the condition that a rule, by its name, holds for a person in the space of a board."""
        rule: SpaceRule[Subject] = getattr(self, name)
        return self.of_board(board, rule.condition(person))
