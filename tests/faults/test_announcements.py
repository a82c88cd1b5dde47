"""The worker is killed (SIGKILL) while an announcement goes to all members of a community (spec/communities C30, B4)."""

import threading
from collections import Counter
from collections.abc import Callable
from datetime import datetime

import pytest
from sqlalchemy import insert, select, update

from accounts.computed_notices import ComputedNotice, list_computed_notices
from accounts.models import Notification, NotificationPreference, Person
from communities.models import Community, CommunityMember
from discussions import drafts, jobs
from discussions.drafts import DraftSlot, DraftText
from discussions.models import Board, Level, PostDraft, Subscription
from kernel import clock
from kernel.outbox import Job
from lms.instance import Instance
from tests.support.boards import a_thread
from tests.support.builders import a_person
from tests.support.communities import a_community, actor_of
from tests.support.crowds import add_members
from tests.support.killed_workers import BETWEEN, Death, is_killed, work_and_die
from tests.support.sizes import ANNOUNCED
from tests.support.takes import read

KINDS = ("discussions.follow_post", jobs.ANNOUNCE, "accounts.send_notices")
pytestmark = pytest.mark.fresh


class Saves:
    """Somebody who saves a draft again and again while the others are notified."""

    def __init__(self, instance: Instance, person: Person, board: Board) -> None:
        self.instance, self.person, self.board, self.count = instance, person, board, 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._save)

    def _save(self) -> None:
        while not self._over.wait(0.02):
            with self.instance.database.unit_of_work() as session:
                slot = DraftSlot(session.get_one(Board, self.board.id))
                drafts.keep_draft(session, actor_of(self.person), slot, DraftText(f"Texto {self.count + 1}."), now=clock.now())
            self.count += 1

    def __enter__(self) -> "Saves":
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._over.set()
        self._thread.join()


def want_at_once(instance: Instance, people: list[int]) -> None:
    """Let some people choose the mails of announcements at once, which in a community of this size are daily.

    None leaves: their addresses are not confirmed.
    """
    choice = {"kind": "community_announce", "in_bell": True, "mail": "at_once"}
    with instance.database.unit_of_work() as session:
        session.execute(insert(NotificationPreference), [{**choice, "person_id": number} for number in people])
        session.execute(update(Person).where(Person.id >= min(people)).values(email_confirmed_at=None))


def set_aside(instance: Instance, row: Community, people: list[int]) -> dict[str, set[int]]:
    """Mute, silence, suspend and remove some members; return them by what became of them."""
    left_out = {what: set(people[at::101]) for at, what in enumerate(("muted", "silent", "suspended", "removed"))}
    with instance.database.unit_of_work() as session:
        levels = {"muted": Level.MUTED, "silent": Level.SILENT}
        chosen = [{"person_id": number, "level": level.value} for what, level in levels.items() for number in left_out[what]]
        session.execute(insert(Subscription), [{**choice, "board_id": row.board_id, "read_number": 0} for choice in chosen])
        session.execute(update(Person).where(Person.id.in_(left_out["suspended"])).values(suspended_at=clock.now()))
    remove(instance, left_out["removed"])
    return left_out


def remove(instance: Instance, people: set[int]) -> None:
    """End the memberships of some people."""
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityMember).where(CommunityMember.person_id.in_(people)).values(until=clock.now(), ended_how="removed"))


def reached(instance: Instance) -> Counter[int]:
    """Count the mails of the announcement by person."""
    of_kind = select(Notification.person_id).where(Notification.kind == "community_announce")
    return Counter(read(instance, lambda session: session.scalars(of_kind).all()))


def work(instance: Instance, moment: datetime, death: Death | None) -> bool:
    """Let a worker do what waits at a moment; return whether it was killed."""
    return is_killed(work_and_die, instance.settings.data_dir, instance.settings.database, moment, death, "discussions")


def test_killed_twice_while_an_announcement_goes_to_all_members(instance: Instance, say: Callable[[str], None]) -> None:
    ana, like = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana)
    people = add_members(instance, row, like, ANNOUNCED)
    want_at_once(instance, people)
    left_out = set_aside(instance, row, people)
    board = read(instance, lambda session: session.get_one(Board, row.board_id))
    a_thread(instance, board, ana, "Reunión del mes", "Nos vemos el jueves.", kind="announcement", now=clock.now())
    portions, moment = ANNOUNCED // jobs.PORTION, clock.now()

    seen = list[int]()
    with Saves(instance, ana, board) as saves:
        for when in ("before", "after"):
            assert work(instance, moment, Death(frozenset({Notification.__tablename__}), when, portions // 3))
            seen.append(len(reached(instance)))
            moment += BETWEEN
        late = set(people[-50:]) - set().union(*left_out.values())
        remove(instance, late)
        while not work_is_done(instance):
            assert not work(instance, moment, None)
            moment += BETWEEN

    given, due = reached(instance), set(people) - late - set().union(*left_out.values())
    say(
        f"announcement to {ANNOUNCED} members: worker killed 2 times at {seen} mails; twice {sum(given.values()) - len(given)}, "
        f"missing {len(due - given.keys())}, to who was removed, suspended or had muted {len(given.keys() - due)}; {saves.count} saves"
    )
    assert 0 < seen[0] < seen[1] < len(due)
    assert set(given) == due
    assert set(given.values()) == {1}
    assert saves.count > 0
    assert read(instance, lambda session: session.scalars(select(PostDraft.source)).all()) == [f"Texto {saves.count}."]
    reader = min(due)
    assert [line.path for line in shown(instance, reader)] == [f"/discussions/boards/{board.key}?only=announcements"]
    remove(instance, {reader})
    assert shown(instance, reader) == []


def work_is_done(instance: Instance) -> bool:
    """Return whether no job of the announcement waits."""
    return read(instance, lambda session: session.scalar(select(Job.id).where(Job.kind.in_(KINDS), Job.done_at.is_(None)).limit(1))) is None


def shown(instance: Instance, number: int) -> list[ComputedNotice]:
    """Return what somebody has in their bell."""
    person = read(instance, lambda session: session.get_one(Person, number))
    return read(instance, lambda session: list_computed_notices(session, actor_of(person)))
