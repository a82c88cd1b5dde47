"""Communities that are deleted: confirmed, found by nobody from then on, gone in portions (spec/communities C15, C37)."""

from collections.abc import Set as AbstractSet
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from accounts import notices
from accounts.models import Notification, Person
from accounts.notices import Message
from communities import communities, copies, files, groups, jobs, life, pages
from communities import models as tables
from communities.communities import COMMUNITY_NOTICE, CommunityValues, own_key
from communities.models import Community, CommunityLevel, CommunityLink, CommunityMember, CommunityReach, CommunityState, PlanEntry
from discussions import deletion
from discussions import models as board_tables
from discussions.drafts import DraftSlot, DraftText, keep_draft
from discussions.models import Board, BoardRead, PostFile, PostReport, PostRevision, Subscription, Thread
from kernel import clock
from kernel.audit import AuditEntry
from kernel.files import StoredFile, files_of, note_stored
from kernel.i18n import site_day
from kernel.outbox import Delivery
from kernel.search.index import SearchEntry
from lms.instance import Instance
from tests.support.boards import a_thread, an_answer
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.communities import a_community, a_member, actor_of, an_invitation, write_thread
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"
DELETION = f"{PAGE}/manage/deletion"
LONG_AGO = timedelta(days=31)


def archived(instance: Instance, row: Community, *, ago: timedelta = LONG_AGO) -> None:
    """Let a community have been archived some time ago."""
    with instance.database.unit_of_work() as session:
        values = {"state": CommunityState.ARCHIVED.value, "archived_at": clock.now() - ago}
        session.execute(update(Community).where(Community.id == row.id).values(**values))


def left(instance: Instance, *, but: AbstractSet[str] = frozenset()) -> dict[str, int]:
    """Return how many rows the tables of communities and boards have, but for some tables and those without any."""
    own = [table for module in (tables, board_tables) for table in vars(module).values() if is_table(table)]
    counts = read(instance, lambda session: {table.__tablename__: len(session.execute(select(table)).all()) for table in own})
    return {name: count for name, count in counts.items() if count and name not in but}


def is_table(value: object) -> bool:
    return isinstance(value, type) and hasattr(value, "__tablename__") and value.__module__ in (tables.__name__, board_tables.__name__)


def store(instance: Instance, content: bytes) -> StoredFile:
    sha256 = files_of(instance.settings).put(content)
    with instance.database.unit_of_work() as session:
        return note_stored(session, sha256, size=len(content), media_type="text/plain", now=clock.now())


def fill(instance: Instance, row: Community, ana: Person, eva: Person) -> str:
    """Let a community have something of every kind; return the key of a thread."""
    now, today = clock.now(), site_day(clock.now())
    board = read(instance, lambda session: session.get_one(Board, row.board_id))
    first = a_thread(instance, board, ana, "Un tema de la casa", "El texto.", kind="discussion")
    answers = [an_answer(instance, first, ana, f"Respuesta {number}.") for number in range(3)]
    attached, picture = store(instance, b"Adjunto."), store(instance, b"Imagen.")
    values = files.FileValues("Tablas", "", "Datos", "es", "internal", members_only=True)
    contents = [files.store_content(files_of(instance.settings), "tablas.csv", f"edad;tasa\n60;{number}\n".encode()) for number in range(3)]
    an_invitation(instance, row, ana, "invitada@example.org")
    values_of_group = CommunityValues("Grupo oculto", "es", CommunityReach.HIDDEN, CommunityLevel.PRIVATE)
    with instance.database.unit_of_work() as session:
        actor = actor_of(ana)
        context = communities.get_community(session, actor, row.slug)
        for content in contents:
            files.add_file(session, actor, context, values, content, now=now)
        pages.add_page(session, actor, context, pages.PageValues("Fuentes", "Las de antes."), "<p>Las de antes.</p>", now=now)
        session.add(PlanEntry(community_id=row.id, starts_on=today, ends_on=today, title="Reunión", kind="meeting", responsible=""))
        session.add(CommunityLink(community_id=row.id, kind="supporter", title="Instituto", picture_id=picture.id))
        session.add(PostFile(post_id=first.id, number=1, stored_file_id=attached.id, name="a.txt", alternative=""))
        session.add(PostRevision(post_id=first.id, number=1, source="Antes.", at=now))
        session.add(PostReport(post_id=first.id, person_id=eva.id, report_class="other", note="", at=now))
        session.add(BoardRead(person_id=eva.id, board_id=board.id, visited_at=now, read_until=now))
        session.add(Subscription(person_id=eva.id, board_id=board.id, level="every"))
        slot = DraftSlot(session.get_one(Board, board.id), session.get_one(Thread, first.thread_id), answers[0])
        keep_draft(session, actor_of(eva), slot, DraftText("Borrador."), now=now)
        group = groups.found_group(session, actor, context, values_of_group, now=now)
        copies.request_export(session, actor, session.get_one(Community, row.id), uuid4(), now=now)
    write_thread(instance, group, "Solo del grupo")
    with instance.database.unit_of_work() as session:
        key = own_key(row.id, "role:1")
        text = {"es": "Estadística actuarial", "en": "Estadística actuarial"}
        notices.notify(session, Message(COMMUNITY_NOTICE, key, text, text, PAGE, about_id=row.id), [eva.id], now=now)
    return read(instance, lambda session: session.get_one(Thread, first.thread_id).key)


@pytest.fixture
def row(instance: Instance) -> Community:
    community = a_community(instance, a_person(instance))
    with instance.database.unit_of_work() as session:
        session.get_one(Board, community.board_id).first_posts = "none"
    return community


def person(instance: Instance, email: str) -> Person:
    return read(instance, lambda session: session.scalars(select(Person).where(Person.email == email)).one())


def delete(instance: Instance) -> None:
    """Run the job that takes away what was deleted."""
    jobs.delete_portion(Delivery(instance.database, instance.settings, 0, {"community": 1}, clock.now()))


def the_file(instance: Instance) -> str:
    return str(read(instance, lambda session: session.scalars(select(tables.CommunityFile.uuid)).first()))


@pytest.mark.slow
def test_once_its_name_is_typed_nobody_finds_it(browser: Browser, instance: Instance, row: Community) -> None:
    """spec/communities C15: at none of its addresses, in no list, search, bell or own page; those who administer the site neither."""
    ana, eva = person(instance, "ana@example.org"), a_person(instance, "eva@example.org", given="Eva")
    a_member(instance, row, eva)
    thread = fill(instance, row, ana, eva)
    archived(instance, row)
    boss, member, head = (browser.another() for _visitor in range(3))
    for visitor, email in ((boss, an_administrator(instance).email), (member, eva.email), (head, ana.email)):
        sign_in(visitor, email)
    boss.deliver_jobs()
    board = read(instance, lambda session: session.get_one(Board, row.board_id).key)
    doors = (PAGE, f"{PAGE}/members", f"{PAGE}/files/{the_file(instance)}", f"{PAGE}/pages/fuentes", f"/discussions/{thread}")
    doors = (*doors, f"/discussions/boards/{board}", f"{PAGE}/manage/export")
    lists = ("/communities", "/learning/communities", "/notices", "/search?q=tema", "/learning/discussions", "/learning/drafts")
    for door in doors:
        head.get(door)
    shown = {path for path in lists if row.name in member.get(path).text}
    assert shown >= {"/communities", "/learning/communities", "/notices", "/search?q=tema"}

    counts = boss.get(DELETION).text
    assert in_spanish("%(count)s file with its former contents", 3) in counts
    assert in_spanish("%(count)s working group, which is counted here too", 1) in counts
    boss.submit(DELETION, {"name": "Otra"}, status=422)
    assert in_spanish("Type the name of the community as it stands above.") in boss.page.text
    boss.submit(DELETION, {"name": f" {row.name} "})

    for visitor in (boss, member, head):
        visitor.checks = False
        for door in doors:
            visitor.get(door, status=404)
        for path in lists:
            visitor._request("GET", path)
            assert row.name not in visitor.response.get_data(as_text=True), path
    stranger = browser.another()
    stranger.checks = False
    for door in doors:
        unknown = door.replace("estadistica", "otra").replace(thread, "a" * 12).replace(board, "a" * 12)
        assert status_of(stranger, door) == status_of(stranger, unknown), door


def status_of(visitor: Browser, path: str) -> int:
    visitor._request("GET", path)
    return visitor.response.status_code


def test_it_goes_in_portions_and_the_audit_log_keeps_its_name(
    browser: Browser, instance: Instance, row: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/communities C15, C37: killed in the middle the next try goes on; nothing of it is left, its working groups neither."""
    ana, eva = person(instance, "ana@example.org"), a_person(instance, "eva@example.org", given="Eva")
    a_member(instance, row, eva)
    other = a_community(instance, eva, "La que queda")
    fill(instance, row, ana, eva)
    with instance.database.unit_of_work() as session:
        session.add(CommunityLink(community_id=other.id, kind="related", other_id=row.id))
    browser.deliver_jobs()
    archived(instance, row)
    for module, size in ((life, 1), (files, 1), (deletion, 2)):
        monkeypatch.setattr(module, "PORTION", size)
    with instance.database.unit_of_work() as session:
        life.delete_community(session, actor_of(ana), row, row.name, now=clock.now())
    calls, portion = [], life.delete_portion

    def dying(*values: object, **named: object) -> bool:
        calls.append(1)
        if len(calls) == 9:
            raise KeyboardInterrupt
        return portion(*values, **named)  # type: ignore[arg-type]  # handed on as they are

    monkeypatch.setattr(life, "delete_portion", dying)
    with pytest.raises(KeyboardInterrupt):
        delete(instance)
    delete(instance)
    delete(instance)

    assert len(calls) > 20
    assert left(instance) == dict.fromkeys(("community", "board", "community_member", "community_page", "community_page_version"), 1)
    browser.deliver_jobs()
    assert not list(files_of(instance.settings).names())
    assert not read(instance, lambda session: session.scalars(select(StoredFile.id)).all())
    assert not read(instance, lambda session: session.scalars(select(SearchEntry.id).where(SearchEntry.collection == "board")).all())
    assert not read(instance, lambda session: session.scalars(select(Notification.id).where(Notification.about_id == row.id)).all())
    facts = read(instance, lambda session: session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "community.deleted")).all())
    assert len(facts) == 2
    assert f'"{row.name}"' in facts[0]


def test_contents_that_others_have_too_stay(browser: Browser, instance: Instance, row: Community) -> None:
    ana = person(instance, "ana@example.org")
    other = a_community(instance, ana, "La que queda")
    content = files.store_content(files_of(instance.settings), "tablas.csv", b"edad;tasa\n60;1\n")
    values = files.FileValues("Tablas", "", "Datos", "es", "internal", members_only=True)
    for community in (row, other):
        with instance.database.unit_of_work() as session:
            context = communities.get_community(session, actor_of(ana), community.slug)
            files.add_file(session, actor_of(ana), context, values, content, now=clock.now())
    archived(instance, row)
    with instance.database.unit_of_work() as session:
        life.delete_community(session, actor_of(ana), row, row.name, now=clock.now())
    browser.deliver_jobs()
    assert list(files_of(instance.settings).names()) == [content.sha256]


def test_its_address_leads_to_no_other_one_for_180_days_and_its_log_to_nobody(
    browser: Browser, instance: Instance, row: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/communities 11: the next one with its name has another address, and, whatever its number is, a log of its own."""
    ana = person(instance, "ana@example.org")
    archived(instance, row)
    with instance.database.unit_of_work() as session:
        life.delete_community(session, actor_of(ana), row, row.name, now=clock.now())
    browser.deliver_jobs()
    second = a_community(instance, ana)
    assert second.slug.startswith("estadistica-actuarial-")
    log = sign_in(browser).get(f"/communities/{second.slug}/manage/log").text
    assert in_spanish("Deleted a community") not in log
    later = clock.now() + timedelta(days=181)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert a_community(instance, ana).slug == "estadistica-actuarial"


def test_what_was_reactivated_meanwhile_is_not_deleted(browser: Browser, instance: Instance, row: Community) -> None:
    archived(instance, row)
    boss = sign_in(browser, an_administrator(instance).email)
    form = boss.get(DELETION).form(DELETION)
    archived(instance, row, ago=timedelta(days=29))
    boss.submit("", {"name": row.name}, form=form, status=403)
    with instance.database.unit_of_work() as session, pytest.raises(life.NotDeletable):
        life.delete_community(session, actor_of(person(instance, "ana@example.org")), row, row.name, now=clock.now())


def test_a_draft_asks_for_its_name_once_others_uploaded_in_it(browser: Browser, instance: Instance) -> None:
    """spec/communities C15: its administrators delete a draft on a page that says what goes; what others brought is confirmed by name."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org", given="Eva")
    row = a_community(instance, ana, state=CommunityState.DRAFT)
    visitor = sign_in(browser)
    assert "name" not in dict(visitor.get(DELETION).form(DELETION).fields)
    a_member(instance, row, eva, tables.CommunityRole.ADMINISTRATOR)
    content = files.store_content(files_of(instance.settings), "tablas.csv", b"edad;tasa\n60;1\n")
    values = files.FileValues("Tablas", "", "Datos", "es", "internal", members_only=True)
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(eva), row.slug)
        files.add_file(session, actor_of(eva), context, values, content, now=clock.now())
    visitor.submit(DELETION, status=422)
    visitor.submit(DELETION, {"name": row.name})
    visitor.deliver_jobs()
    assert left(instance) == {}
    assert not list(files_of(instance.settings).names())


def test_a_draft_that_nobody_changed_for_long_leaves_nothing(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/communities C11: the same function ends it, with files, links and copies."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org", given="Eva")
    row = a_community(instance, ana)
    with instance.database.unit_of_work() as session:
        session.get_one(Board, row.board_id).first_posts = "none"
    fill(instance, row, ana, eva)
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).values(state="draft", parent_id=None))
    browser.deliver_jobs()
    for days in (170, 185):
        later = clock.now() + timedelta(days=days)
        monkeypatch.setattr(clock, "now", lambda later=later: later)
        jobs.care(Delivery(instance.database, instance.settings, 0, {}, later))
        browser.deliver_jobs()
    assert left(instance, but={"board_read"}) == {}
    assert not list(files_of(instance.settings).names())
    assert not read(instance, lambda session: session.scalars(select(CommunityMember.id)).all())
