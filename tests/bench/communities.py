"""Communities of many members: the digest of a day, an announcement, the list of members, the search (spec/communities B3, B4)."""

import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path

from flask.testing import FlaskClient
from sqlalchemy import String, cast, func, insert, select, text, update

from accounts import jobs as mail_jobs
from accounts.models import Notification, NotificationPreference, Person
from accounts.rules import digest_until
from communities.models import Community, CommunityLevel, CommunityMember
from discussions.models import Board, Subscription, Thread, ThreadPost
from discussions.notices import NEW_THREAD_NOTICE, REPLY_NOTICE
from kernel import clock, outbox
from kernel.db import Database
from kernel.i18n import find_zone
from kernel.outbox import Delivery, Job
from lms.app import create_app
from lms.instance import Instance
from tests.bench.bare_mails import LINES, compose
from tests.bench.libraries import alternating, seconds
from tests.bench.pages import ROUNDS
from tests.bench.processes import processor_clock
from tests.bench.table import Row, ratio
from tests.support.boards import a_thread
from tests.support.browser import Browser, Counter, every_statement
from tests.support.builders import a_person, sign_in
from tests.support.communities import a_community, a_member
from tests.support.crowds import add_members
from tests.support.sizes import ACCOUNTS
from tests.support.statements import cost

BOARDS, FOLLOWED, FEW = 300, 200, 3
"""Communities that somebody reads, those over which the members are spread, and those that somebody else reads."""
TIMES, PORTION = 10, 1_000
WORD = "cotizaciones"


@dataclass(frozen=True)
class FilledCommunities:
    """Communities with a thread each, and the people of the largest, of whom each is in some others too."""

    communities: Sequence[Community]
    largest: Community
    people: Sequence[int]


def communities(instance: Instance) -> list[Row]:
    """spec/communities B3, B4: an announcement to all members of a community, its list of members, the search, the digest of a day."""
    filled = _fill(instance)
    browser = Browser(create_app(instance), instance)
    browser.checks = False
    return [*_announcement(browser, filled), *_members(browser, filled), *_search(browser, filled), *_digests(instance, filled)]


def _fill(instance: Instance) -> FilledCommunities:
    founder, like = a_person(instance), a_person(instance, "eva@example.org")
    largest = a_community(instance, founder, "La más grande")
    places = [a_community(instance, founder, f"Comunidad {number}", level=CommunityLevel.PRIVATE) for number in range(BOARDS)]
    people = add_members(instance, largest, like, ACCOUNTS)
    with instance.database.unit_of_work(write=False) as session:
        boards = {board.id: board for board in session.scalars(select(Board))}
    for place in places:
        a_thread(instance, boards[place.board_id], founder, f"Hilo de {place.name}", f"Sobre {WORD} y tasas.", kind="discussion")
    _join(instance.database, people, places[:FOLLOWED])
    with instance.database.unit_of_work() as session:
        now = clock.now()
        session.execute(update(Person).where(Person.id >= people[0]).values(name_key=cast(Person.id * 7_919 % 36_007, String)))
        session.execute(update(Board).values(created_at=now - timedelta(days=2)))
        session.execute(update(Thread).values(last_post_at=now))
        session.execute(update(ThreadPost).values(written_at=now))
        session.execute(text("ANALYZE"))
    outbox.deliver_waiting(instance.worker)
    return FilledCommunities(places, largest, people)


def _join(database: Database, people: Sequence[int], places: Sequence[Community]) -> None:
    """Let each of these people be in some communities, want every new thread there, and learn of it once a day."""
    member = {"role": "member", "how": "joined", "since": clock.now(), "row_version": 1}
    daily = {"in_bell": True, "mail": "daily"}
    for begin in range(0, len(people), PORTION):
        portion = people[begin : begin + PORTION]
        steps = range(0, len(places), len(places) // LINES)
        joined = [(person, places[(place + step) % len(places)]) for place, person in enumerate(portion, begin) for step in steps]
        with database.unit_of_work() as session:
            session.execute(insert(CommunityMember), [{**member, "person_id": person, "community_id": row.id} for person, row in joined])
            levels = [{"person_id": person, "board_id": row.board_id, "level": "every", "read_number": 0} for person, row in joined]
            session.execute(insert(Subscription), levels)
            kinds = [kind.value for kind in (NEW_THREAD_NOTICE, REPLY_NOTICE)]
            choices = [{**daily, "person_id": person, "kind": kind} for person in portion for kind in kinds]
            session.execute(insert(NotificationPreference), choices)


def _announcement(browser: Browser, filled: FilledCommunities) -> list[Row]:
    instance = browser.instance
    counter = every_statement(instance.database)
    sign_in(browser)
    for title in ("Primer anuncio", "Segundo anuncio"):  # the first fills the memories
        browser.get(f"/communities/{filled.largest.slug}/announcements/new")
        form = next(form for form in browser.page.forms if form.action.startswith("/discussions/new/"))
        sent = {**dict(form.fields), "title": title, "text": "Nos vemos el jueves.", "act": "publish"}
        published = cost(browser, counter, form.action, sent).statements
        outbox.deliver_waiting(instance.worker)
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalar(select(func.count()).select_from(Notification).where(Notification.in_bell)) or 0
    return [
        Row("B4", f"statements to publish an announcement to {len(filled.people)} members", published, 12, 12),
        Row("B4", "rows of the bell that it writes", rows, 0, 0),
    ]


def _members(browser: Browser, filled: FilledCommunities) -> list[Row]:
    address = f"/communities/{filled.largest.slug}/members"
    pairs = _pairs(browser.instance.database, lambda: _ask(browser.client, f"{address}?last=1"), lambda: _ask(browser.client, address))
    return [ratio("B4", f"list of {len(filled.people)} members: last page against the first", pairs, 1.5, 1.1)]


def _search(browser: Browser, filled: FilledCommunities) -> list[Row]:
    clients = []
    for name, count in (("muchas", BOARDS), ("pocas", FEW)):
        person = a_person(browser.instance, f"{name}@example.org")
        for place in filled.communities[:count]:
            a_member(browser.instance, place, person)
        clients.append(sign_in(Browser(browser.app, browser.instance), person.email).client)
    many, few = (partial(_ask, client, f"/search?q={WORD}", WORD) for client in clients)
    return [ratio("B4", f"search with {BOARDS} readable boards against {FEW}", _pairs(browser.instance.database, many, few), 1.5, 1.2)]


def _pairs(database: Database, ours: Callable[[], None], floor: Callable[[], None]) -> list[tuple[float, float]]:
    return alternating(ours, floor, TIMES, processor_clock(database))


def _ask(client: FlaskClient, address: str, sign: str = "<h1") -> None:
    response = client.get(address, base_url="https://localhost")
    assert response.status_code == 200
    assert sign in response.get_data(as_text=True)


def _digests(instance: Instance, filled: FilledCommunities) -> list[Row]:
    """Send the daily mails of everybody in parts, in turns with as many mails that the libraries alone compose."""
    seven = digest_until(clock.now() + timedelta(days=1), find_zone("America/Guayaquil"))
    mail_jobs.send_digests(Delivery(instance.database, instance.settings, 1, {}, seven))
    with instance.database.unit_of_work(write=False) as session:
        portions = list(session.scalars(select(Job.id).where(Job.kind == "accounts.send_digest").order_by(Job.id)))
    counter, statements, pairs = every_statement(instance.database), list[int](), list[tuple[float, float]]()
    time, folder = processor_clock(instance.database), instance.settings.data_dir / "mail"
    sent = _count(folder)
    with tempfile.TemporaryDirectory() as bare:
        for part in _parts(portions):
            ours = seconds(partial(_deliver, instance, counter, part, seven, statements), clock=time)
            count = _count(folder) - sent
            sent += count
            pairs.append((ours / count, seconds(partial(compose, Path(bare), count), clock=time) / count))
    with instance.database.unit_of_work(write=False) as session:
        reached = session.scalar(select(func.count()).select_from(Person).where(Person.digest_until == seven)) or 0
    assert reached >= len(filled.people)
    return [
        Row("B3", f"statements of a portion of 100 of {len(filled.people)} members over {FOLLOWED} boards", max(statements), 12, 12),
        ratio("B3", "a daily mail against a bare one", pairs[1:], 2, 1.5),
    ]


def _parts(portions: Sequence[int]) -> Iterator[Sequence[int]]:
    """Yield all portions in as many parts as there are rounds, and one that fills the memories."""
    size = max(1, len(portions) // (ROUNDS + 1))
    for begin in range(0, size * (ROUNDS + 1), size):
        yield portions[begin : begin + size if begin < size * ROUNDS else None]


def _deliver(instance: Instance, counter: Counter, portions: Sequence[int], now: datetime, statements: list[int]) -> None:
    for number in portions:
        counter.reset()
        outbox.deliver(instance.worker, number, now=now)
        statements.append(len(counter.statements))


def _count(folder: Path) -> int:
    return sum(1 for _path in folder.glob("digest-*.eml")) if folder.exists() else 0
