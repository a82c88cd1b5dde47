"""One function decides (spec/security 1.1, 1.3)."""

from dataclasses import dataclass
from enum import StrEnum
from functools import wraps

import pytest

from kernel.errors import Forbidden, NotFound, SignInNeeded
from kernel.own_records import changes_record, changes_records
from kernel.permissions import (
    Actor,
    Permission,
    Policy,
    Predicate,
    Roles,
    SiteRole,
    Verdict,
    administrator,
    allow_if,
    cells_of,
    open_to_strangers,
    roles_tried,
    signed_in,
)

NOBODY, ANA = Actor(), Actor(person_id=1)
ADMIN = Actor(person_id=2, roles=frozenset({SiteRole.ADMINISTRATOR}))


class Act(StrEnum):
    """Acts of this test."""

    OPEN = "test:open"
    OWN = "test:own"
    HIDDEN = "test:hidden"
    UNDECLARED = "test:undeclared"


POLICY = Policy({Act.OPEN: signed_in, Act.OWN: administrator, Act.HIDDEN: lambda actor, _s: allow_if(actor is ADMIN, Verdict.HIDE)})


def test_an_act_that_nobody_declared_is_refused_to_everybody() -> None:
    for actor in (NOBODY, ANA, ADMIN):
        assert not POLICY.allows(actor, Act.UNDECLARED, None)


@pytest.mark.parametrize(
    ("actor", "act", "error"),
    [
        (NOBODY, Act.OPEN, SignInNeeded),
        (NOBODY, Act.OWN, SignInNeeded),
        (ANA, Act.OWN, Forbidden),
        (NOBODY, Act.HIDDEN, NotFound),
        (ANA, Act.HIDDEN, NotFound),
        (ANA, Act.UNDECLARED, Forbidden),
    ],
)
def test_a_refusal_says_no_more_than_it_may(actor: Actor, act: Act, error: type[Exception]) -> None:
    with pytest.raises(error) as refused:
        POLICY.require(actor, act, None)
    assert refused.type is error


def test_before_anything_is_looked_for_strangers_are_asked_to_sign_in_and_others_told_what_never_holds() -> None:
    """Whether there is a subject is said neither to who might be let in after signing in nor to who never is."""
    policy = Policy({**POLICY.predicates, Act.UNDECLARED: open_to_strangers(lambda _actor, _subject: Verdict.HIDE)})
    for act in (Act.OPEN, Act.OWN, Act.HIDDEN):
        with pytest.raises(SignInNeeded):
            policy.require_beforehand(NOBODY, act)
    with pytest.raises(Forbidden):
        policy.require_beforehand(ANA, Act.OWN)

    policy.require_beforehand(NOBODY, Act.UNDECLARED)
    for act in (Act.OPEN, Act.HIDDEN):
        policy.require_beforehand(ANA, act)


def test_who_may_passes() -> None:
    POLICY.require(ANA, Act.OPEN, None)
    POLICY.require(ADMIN, Act.OWN, None)
    POLICY.require(ADMIN, Act.HIDDEN, None)

    assert POLICY.allows(ANA, Act.OPEN, None)
    assert NOBODY.is_anonymous
    assert not ANA.is_administrator


@dataclass(frozen=True)
class Page:
    """A subject of this test."""

    author_id: int = 1


@dataclass(frozen=True)
class Picture:
    """Another subject of this test."""


def _of_page(_actor: Actor, subject: Page) -> Verdict:
    return allow_if(subject.author_id == 1)


def _of_either(_actor: Actor, _subject: Page | Picture) -> Verdict:
    return Verdict.ALLOW


@wraps(_of_page)
def _wrapped(actor: Actor, subject: object) -> Verdict:
    assert isinstance(subject, Page)
    return _of_page(actor, subject)


@pytest.mark.parametrize(
    "predicate",
    [
        _of_page,
        _wrapped,
        changes_record(_of_page, lambda page: (page.author_id,)),
        changes_records(changes_record(_wrapped, lambda page: (page.author_id,))),
    ],
)
def test_a_subject_of_another_type_than_the_predicate_names_is_a_fault(predicate: Predicate) -> None:
    policy = Policy({Act.OPEN: predicate})
    assert policy.allows(ADMIN, Act.OPEN, Page())
    for subject in (Picture(), None):
        with pytest.raises(TypeError, match="test:open"):
            policy.verdict(ADMIN, Act.OPEN, subject)


def test_a_predicate_names_several_types_or_none() -> None:
    policy = Policy({Act.OPEN: _of_either, Act.HIDDEN: lambda _actor, _subject: Verdict.ALLOW})
    for subject in (Page(), Picture()):
        assert policy.allows(ANA, Act.OPEN, subject)
    with pytest.raises(TypeError):
        policy.verdict(ANA, Act.OPEN, None)
    assert policy.allows(ANA, Act.HIDDEN, None)


SEATS = roles_tried("anonymous", "member", "chair", "auditor", why="spec/security 9")
CHAIRS, AUDITORS = SEATS.only("chair"), SEATS.only("auditor")


def test_each_role_of_a_state_expects_something() -> None:
    assert (CHAIRS | AUDITORS).expectations() == {"anonymous": "deny", "auditor": "allow", "chair": "allow", "member": "deny"}
    assert CHAIRS.hidden.expectations() == {"anonymous": "hide", "auditor": "hide", "chair": "allow", "member": "hide"}
    assert (SEATS - AUDITORS).hidden_but(AUDITORS).expectations() == dict.fromkeys(SEATS.roles, "allow") | {"auditor": "deny"}
    assert CHAIRS.untried_by(AUDITORS).expectations().keys() == SEATS.roles - {"auditor"}


def test_a_role_of_every_place_is_tried_where_the_others_are() -> None:
    """Before one course where nothing else is said."""
    assert Roles.NOBODY.expectations() == dict.fromkeys(sorted(Roles.EVERYBODY.among), "deny")
    assert (Roles.ANONYMOUS | CHAIRS).expectations().keys() == Roles.NOBODY.tried_by(CHAIRS).expectations().keys() == SEATS.roles
    assert (Roles.ADMINISTRATORS.tried_by(CHAIRS).why, CHAIRS.because("they chair").why) == ("spec/security 9", "they chair")


def test_a_part_of_an_action_stands_under_the_name_of_the_specification() -> None:
    permission = Permission(signed_in, {"own": CHAIRS, "minutes.sign own": SEATS})

    assert cells_of(Act.OPEN, permission.states) == {("test.open", "own"): CHAIRS, ("minutes.sign", "own"): SEATS}
    assert permission(Actor(1), None) is Verdict.ALLOW
