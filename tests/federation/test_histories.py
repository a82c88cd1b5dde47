"""Random histories of links (spec/identity 13): never two people for one subject, nor one sign-in that two people have."""

from __future__ import annotations

from contextlib import suppress
from datetime import UTC, datetime, timedelta
from itertools import count
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts import accounts, addresses, people
from accounts.access import MergePair
from accounts.models import AccountMerge, Person
from federation import links, mapping, providers
from federation.claims import ClaimField, ProvenIdentity
from federation.links import AccountClosed, IdentityRefused
from federation.models import ExternalIdentity, IdentityProvider, ProviderRole
from federation.providers import add_provider
from kernel.errors import Conflict, NotFound
from kernel.permissions import SYSTEM, Actor, SiteRole
from kernel.settings import secret_keys
from lms import erasure
from lms.instance import Instance
from organisations.models import Organisation
from tests.support.builders import a_person, an_administrator
from tests.support.fake_provider import CLIENT_ID, CLIENT_SECRET

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HISTORIES = count(1)
PEOPLE = 3
few, chance = st.integers(0, PEOPLE - 1), st.booleans()
either = st.integers(0, 1)


class Histories(RuleBasedStateMachine):
    """Three people, three subjects at each of two providers, and four addresses; the links as they must be."""

    instance: Instance
    providers: tuple[int, int]
    boss: Actor

    def __init__(self) -> None:
        super().__init__()
        self.prefix, self.now = f"h{next(HISTORIES)}", NOON
        self.people: list[int] = []
        self.linked: dict[tuple[int, str], int] = {}
        self.merged: set[int] = set()
        """Accounts that were merged into others."""
        self.taken: set[int] = set()
        """Links by which a role was given that a person took away, and no person gave again."""

    @initialize(linked=st.integers(0, PEOPLE))
    def begin(self, linked: int) -> None:
        """Three accounts with an address each; both providers are on, and some people have come in by the first one."""
        self.people = [a_person(self.instance, self.mail(number), given=f"P{number}").id for number in range(PEOPLE)]
        for place in (0, 1):
            self.switch(place, is_on=True)
        for number in range(linked):
            self._come_in(0, f"{self.prefix}-s{number}", number, is_proven=True, in_group=False)

    def mail(self, number: int) -> str:
        """Return an address of this history."""
        return f"{self.prefix}-{number}@example.org"

    def tick(self) -> datetime:
        """Return the next minute."""
        self.now += timedelta(minutes=1)
        return self.now

    def person(self, session: Session, number: int) -> Person:
        """Return the row of a person."""
        return session.get_one(Person, self.people[number])

    @rule(place=either, subject=few, mail=st.integers(0, PEOPLE), is_proven=chance, in_group=chance)
    def sign_in(self, place: int, subject: int, mail: int, *, is_proven: bool, in_group: bool) -> None:
        """Come in at a provider with whatever address it has now; the address is followed."""
        self._come_in(place, f"{self.prefix}-s{subject}", mail, is_proven=is_proven, in_group=in_group)

    @precondition(lambda self: self.linked)
    @rule(number=st.integers(0, 5), mail=st.integers(0, PEOPLE), in_group=chance)
    def sign_in_again(self, number: int, mail: int, *, in_group: bool) -> None:
        """Come in by a link, first of all by that of an account that was merged: of random subjects few are linked."""
        merged = [key for key, owner in sorted(self.linked.items()) if owner in self.merged]
        provider, name = (merged or sorted(self.linked))[number % len(merged or self.linked)]
        self._come_in(self.providers.index(provider), name, mail, is_proven=True, in_group=in_group)

    def _come_in(self, place: int, name: str, mail: int, *, is_proven: bool, in_group: bool) -> None:
        address = self.mail(mail)
        groups = frozenset({"g-1"} if in_group else ())
        proven = ProvenIdentity(name, "Ana", "Quinde", email=address, email_is_proven=is_proven, groups=groups)
        known = self.linked.get((self.providers[place], name))
        with self.instance.database.unit_of_work(write=False) as session:
            owner = session.scalar(select(Person.id).where(Person.email == address))
            stays = self._open(session, known or owner) if known or owner else None
            is_on = session.get_one(IdentityProvider, self.providers[place]).is_on
        entered = self._enter(self.providers[place], proven)
        if isinstance(entered, Exception):
            assert known is None or not is_on or isinstance(entered, AccountClosed)
            assert known is None or not is_on or stays is None
            return
        link, person = entered
        assert is_on
        if known is not None:
            assert person == stays, "who is linked, or the account into which theirs was merged"
            return
        assert is_proven
        assert person == stays if owner else person not in self.people
        self.linked[self.providers[place], name] = link
        if person not in self.people:
            self.people.append(person)

    def _enter(self, number: int, proven: ProvenIdentity) -> tuple[int, int] | Exception:
        try:
            with self.instance.database.unit_of_work() as session:
                key = session.get_one(IdentityProvider, number).key
                row = providers.get_provider_that_is_on(session, key)
                link, person = links.enter(session, SYSTEM, row, proven, now=self.tick())
                mapping.FollowedSignIn(session, SYSTEM, row, link, person, proven=proven, now=self.tick()).follow()
                return link.person_id, person.id
        except (IdentityRefused, NotFound) as refused:
            return refused

    def _open(self, session: Session, number: int | None) -> int | None:
        """Return the account that somebody enters, by the rows themselves; None where it is closed."""
        while merge := session.get(AccountMerge, number):
            number = merge.kept_id
        person = session.get_one(Person, number)
        return person.id if person.suspended_at is None else None

    @rule(place=either, subject=few)
    def unlink(self, place: int, subject: int) -> None:
        """An administrator removes a link."""
        key = (self.providers[place], f"{self.prefix}-s{subject}")
        if key in self.linked:
            with self.instance.database.unit_of_work() as session:
                row = session.scalars(select(ExternalIdentity).filter_by(provider_id=key[0], subject=key[1])).one()
                self.taken.discard(row.id)
                links.unlink(session, self.boss, row, reason="Una prueba.", now=self.tick())
            del self.linked[key]

    @rule(one=few, other=few)
    def merge(self, one: int, other: int) -> None:
        """Two accounts become one: the links stay with the closed one."""
        if one != other:
            with suppress(Conflict), self.instance.database.unit_of_work() as session:
                erasure.merge(session, self.boss, MergePair(self.person(session, one), self.person(session, other)), "x", now=self.tick())
                self.merged.add(self.people[other])

    @rule(number=few)
    def erase(self, number: int) -> None:
        """An account is forgotten, with those that were merged into it."""
        with self.instance.database.unit_of_work() as session:
            person = self.person(session, number)
            if people.find_merge(session, person.id) is not None:
                return
            gone = {account.id for account in people.accounts_of(session, person)}
            erasure.erase_person(session, self.boss, person, now=self.tick())
        self.linked = {key: owner for key, owner in self.linked.items() if owner not in gone}

    @rule(number=few, is_closed=chance)
    def close(self, number: int, *, is_closed: bool) -> None:
        """An account is suspended, or restored."""
        with suppress(Conflict), self.instance.database.unit_of_work() as session:
            act = accounts.suspend if is_closed else accounts.restore
            act(session, self.boss, self.person(session, number), "x", now=self.tick())

    @rule(number=few, mail=st.integers(0, PEOPLE))
    def change_mail(self, number: int, mail: int) -> None:
        """A person changes their address here to one that nobody has."""
        with self.instance.database.unit_of_work() as session:
            person = self.person(session, number)
            if people.find_person_by_email(session, self.mail(mail)) is None and person.suspended_at is None:
                addresses.replace_address(session, Actor(person_id=person.id), person, self.mail(mail), now=self.tick())

    @rule(number=few, is_given=chance)
    def change_role(self, number: int, *, is_given: bool) -> None:
        """A person gives or takes the role of instructor; an account that is closed for good gets none."""
        with suppress(Conflict), self.instance.database.unit_of_work() as session:
            person = self.person(session, number)
            given = select(ProviderRole.identity_id).join(ExternalIdentity, ExternalIdentity.id == ProviderRole.identity_id)
            mine = [account.id for account in people.accounts_of(session, person)]
            rows = set(session.scalars(given.where(ExternalIdentity.person_id.in_(mine))))
            had = people.list_roles(session, person.id)
            change = accounts.grant_role if is_given else accounts.revoke_role
            change(session, self.boss, person, SiteRole.INSTRUCTOR, now=self.tick())
            self.taken = self.taken - rows if is_given else self.taken | (rows if had else set())

    @rule(place=either, is_on=st.sampled_from((True, True, False)))
    def switch(self, place: int, *, is_on: bool) -> None:
        """A provider goes off or on."""
        with self.instance.database.unit_of_work() as session:
            row = session.get_one(IdentityProvider, self.providers[place])
            providers.switch(session, self.boss, self.instance.settings, row, is_on=is_on, now=self.tick())

    @invariant()
    def each_sign_in_is_one_person(self) -> None:
        """The links are those that were made and not removed: each subject once, each person once for a provider."""
        with self.instance.database.unit_of_work(write=False) as session:
            mine = select(ExternalIdentity).where(ExternalIdentity.subject.startswith(f"{self.prefix}-"))
            rows = session.scalars(mine).all()
            assert {(row.provider_id, row.subject): row.person_id for row in rows} == self.linked
            assert (
                len(rows)
                == len({(row.provider_id, row.subject) for row in rows})
                == len({(row.provider_id, row.person_id) for row in rows})
            )
            for row in rows:
                if row.id in self.taken and (stays := self._open(session, row.person_id)):
                    grants: list[Any] = people.list_roles(session, stays)
                    others = [other.id for other in rows if self._open(session, other.person_id) == stays and other.id not in self.taken]
                    assert not grants or others, "a role that a person took away stays away"


@pytest.mark.slow
def test_random_histories_give_each_sign_in_one_person(instance: Instance, institution: Organisation) -> None:
    """spec/identity 13."""

    class Here(Histories):
        pass

    numbers = []
    for key in ("una", "otra"):
        columns = {
            "institution_id": institution.id,
            "names": {"es": key},
            "issuer": f"https://{key}.example.org",
            "client_id": CLIENT_ID,
            "key_set": "{}",
            "claims": {ClaimField.GROUPS.value: "groups"},
            "instructor_groups": ("g-1",),
            "sources": ("email",) if key == "una" else (),
            "creates": key == "otra",
        }
        with instance.database.unit_of_work() as session:
            row = add_provider(session, SYSTEM, {"key": key, **columns}, CLIENT_SECRET, secret_keys(instance.settings), now=NOON)
            numbers.append(row.id)
    Here.instance, Here.providers, Here.boss = instance, (numbers[0], numbers[1]), Actor(person_id=an_administrator(instance).id)

    run_state_machine_as_test(
        Here,
        settings=settings(
            max_examples=40, stateful_step_count=30, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True, database=None
        ),
    )
