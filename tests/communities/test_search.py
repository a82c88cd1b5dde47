"""Names, files and pages of communities in the search: for those who read them now (spec/communities C7, C10, D39, D40)."""

from collections.abc import Sequence

import pytest
from sqlalchemy import delete, func, insert, select, update

from accounts.models import Person
from communities import communities, files, life, members, pages, search
from communities.models import Community, CommunityLevel, CommunityMember, CommunityReach, CommunityState
from discussions.models import Board
from kernel import clock
from kernel.search.index import SearchEntry
from lms import search as search_indexing
from lms.instance import Instance
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.communities import a_community, a_member, actor_of, bring_file, write_page
from tests.support.places import a_place, put
from tests.support.takes import read

TEXT = "## Zaguanes\n\nEl zaguán tiene una puerta de guayacán."


def visitor(browser: Browser, person: Person) -> Browser:
    """Return the browser of a person."""
    return sign_in(browser.another(), person.email)


def found(reader: Browser, typed: str) -> set[str]:
    """Return the addresses in communities to which a search leads."""
    reader.get(f"/search?q={typed}")
    return {address for address, _text in reader.page.links if address.startswith("/communities/") and address != "/communities/new"}


def entries(instance: Instance) -> Sequence[object]:
    of_kind = SearchEntry.collection == search.COLLECTION
    columns = (SearchEntry.number, SearchEntry.kind, SearchEntry.place, SearchEntry.title, SearchEntry.body)
    return read(instance, lambda session: sorted(map(tuple, session.execute(select(*columns).where(of_kind)))))


def test_names_and_topics_are_found_by_those_who_may_know_of_them(browser: Browser, instance: Instance) -> None:
    """spec/communities C10: drafts, hidden communities, those of an institution and working groups by fewer; archived ones go on."""
    ana, eva, luis = (a_person(instance, f"{name}@example.org") for name in ("ana", "eva", "luis"))
    place = a_place(instance)
    put(instance, eva, place)
    rows = {
        "borrador": a_community(instance, ana, "Guayacanes en borrador", state=CommunityState.DRAFT),
        "oculta": a_community(instance, ana, "Guayacanes ocultos", reach=CommunityReach.HIDDEN, level=CommunityLevel.PRIVATE),
        "del-iess": a_community(instance, ana, "Guayacanes del IESS", reach=CommunityReach.INSTITUTION, organisation_id=place.id),
        "archivada": a_community(instance, ana, "Guayacanes archivados", level=CommunityLevel.PRIVATE, state=CommunityState.ARCHIVED),
        "por-tema": a_community(instance, ana, "Otro nombre"),
    }
    with instance.database.unit_of_work() as session:
        row = session.get_one(Community, rows["por-tema"].id)
        row.topic = "Guayacanes"
        search.note_changed(session, row, clock.now())
    browser.deliver_jobs()

    def names(reader: Browser) -> set[str]:
        shown = found(reader, "guayacanes")
        return {name for name, row in rows.items() if f"/communities/{row.slug}" in shown}

    assert names(browser.another()) == {"archivada", "por-tema"}
    assert names(visitor(browser, luis)) == {"archivada", "por-tema"}
    assert names(visitor(browser, eva)) == {"archivada", "por-tema", "del-iess"}
    assert names(visitor(browser, ana)) == {"archivada", "por-tema", "borrador", "oculta"}
    assert names(visitor(browser, an_administrator(instance))) == set(rows)


def test_what_says_nothing_of_how_it_is_found_leaves_it_in_the_search(browser: Browser, instance: Instance) -> None:
    """No job was delivered since: an archived community, one with other texts and a page at another place are found without a gap."""
    ana = a_person(instance)
    row = a_community(instance, ana, "Guayacanes de la costa")
    page = write_page(instance, row, ana, "Puertas", TEXT)
    browser.deliver_jobs()
    reader = visitor(browser, ana)
    shown = [found(reader, word) for word in ("guayacanes", "zaguán")]
    actor, now = actor_of(ana), clock.now()
    with instance.database.unit_of_work() as session:
        seen = str(session.get_one(Community, row.id).row_version)
        pages.change_texts(session, actor, row, {"purpose": "Otro propósito, más largo."}, seen=seen, now=now)
        context = pages.get_page(session, actor, row.slug, page.slug)
        moved = pages.PageValues(page.title, TEXT, position=7)
        assert pages.change_page(session, actor, context, moved, "", seen=str(context.row.row_version), now=now)
        assert life.archive(session, actor, row, "Terminó.", now=now)

    assert all(shown)
    assert [found(reader, word) for word in ("guayacanes", "zaguán")] == shown


def test_joining_and_leaving_change_what_is_found_at_once(browser: Browser, instance: Instance) -> None:
    """spec/communities D40: names of files and pages, and words that are suggested; nothing of it is in the index."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=CommunityLevel.PUBLIC)
    file = bring_file(instance, row, ana, "Tablas de guayacán")
    page = write_page(instance, row, ana, "Puertas", TEXT)
    browser.deliver_jobs()
    reader, stranger = visitor(browser, eva), browser.another()
    inside = {f"/communities/{row.slug}/files/{file.uuid}", f"/communities/{row.slug}/pages/{page.slug}#s-zaguanes"}
    assert found(reader, "guayacán") == set()
    assert "guayacán" not in reader.get("/search?q=guayacun").text

    reader.get(f"/communities/{row.slug}")
    reader.submit(f"/communities/{row.slug}/joining")
    assert found(reader, "guayacan") == inside
    assert "guayacán" in reader.get("/search?q=guayacun").text
    assert reader.get("/search?q=guayacan&kind=com_file").text.count("Tablas de guayacán") == 1
    assert found(stranger, "guayacán") == set()
    with instance.database.unit_of_work() as session:
        members.leave(session, actor_of(eva), communities.get_community(session, actor_of(eva), row.slug), now=clock.now())
    assert found(reader, "guayacán") == set()
    assert "guayacán" not in reader.get("/search?q=guayacun").text


def test_what_is_for_members_alone_is_found_by_them_alone(browser: Browser, instance: Instance) -> None:
    """spec/communities C7: of an open community; whoever changes it takes it from others in the same moment."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=CommunityLevel.OPEN)
    a_member(instance, row, eva)
    file = bring_file(instance, row, ana, "Guayacán para todos", members_only=False, category="Maderas")
    write_page(instance, row, ana, "Guayacán para miembros", members_only=True)
    browser.deliver_jobs()
    member, stranger = visitor(browser, eva), browser.another()
    address = f"/communities/{row.slug}/files/{file.uuid}"
    assert found(stranger, "guayacán") == {address}
    assert found(stranger, "maderas") == {address}
    assert found(member, "guayacán") == {address, f"/communities/{row.slug}/pages/guayacan-para-miembros"}

    values = files.FileValues("Guayacán reservado", "", "", "es", "internal", members_only=True)
    with instance.database.unit_of_work() as session:
        context = files.get_file(session, actor_of(ana), row.slug, file.uuid)
        files.change_file(session, actor_of(ana), context, values, None, seen=str(context.row.row_version), now=clock.now())
    assert found(stranger, "guayacán") == set()
    browser.deliver_jobs()
    assert found(stranger, "guayacán") == set()
    assert address in found(member, "reservado")


@pytest.mark.parametrize("kind", ["file", "page"])
def test_what_is_deleted_is_never_found_and_comes_back_restored(browser: Browser, instance: Instance, kind: str) -> None:
    """In the transaction that deletes, also for members; an archived community goes on being searched."""
    ana = a_person(instance)
    row = a_community(instance, ana)
    if kind == "file":
        address = f"/communities/{row.slug}/files/{bring_file(instance, row, ana, 'Guayacán').uuid}"
    else:
        address = f"/communities/{row.slug}/pages/{write_page(instance, row, ana, 'Guayacán').slug}"
    browser.deliver_jobs()
    reader = visitor(browser, ana)
    assert found(reader, "guayacán") == {address}

    reader.get(address)
    reader.submit(f"{address}/deletion")
    assert found(reader, "guayacán") == set()
    browser.deliver_jobs()
    assert found(reader, "guayacán") == set()
    reader.get(address)
    reader.submit(f"{address}/deletion", button=("act", "restore"))
    browser.deliver_jobs()
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).values(state="archived"))
    assert found(reader, "guayacán") == {address}


def test_a_page_is_found_by_its_present_text(browser: Browser, instance: Instance) -> None:
    ana = a_person(instance)
    row = a_community(instance, ana)
    page = write_page(instance, row, ana, "Puertas", TEXT)
    browser.deliver_jobs()
    with instance.database.unit_of_work() as session:
        context = pages.get_page(session, actor_of(ana), row.slug, page.slug)
        values = pages.PageValues("Puertas", "De laurel.")
        pages.change_page(session, actor_of(ana), context, values, "<p>De laurel.</p>", seen="1", now=clock.now())
    reader = visitor(browser, ana)

    assert found(reader, "guayacán") == set()
    browser.deliver_jobs()
    assert found(reader, "guayacán") == set()
    assert found(reader, "laurel") == {f"/communities/{row.slug}/pages/{page.slug}"}


def test_the_entries_of_something_changed_meanwhile_are_left_to_the_job_of_that_change(instance: Instance) -> None:
    ana = a_person(instance)
    row = a_community(instance, ana)
    file = bring_file(instance, row, ana)
    made = read(instance, lambda session: search.make_entries(session, "file", file.id))
    assert made is not None
    with instance.database.unit_of_work() as session:
        context = files.get_file(session, actor_of(ana), row.slug, file.uuid)
        files.set_deleted(session, actor_of(ana), context, is_deleted=True, now=clock.now())
    with instance.database.unit_of_work() as session:
        search.write_entries(session, *made)

    assert not entries(instance)


def test_the_index_is_made_anew_as_jobs_wrote_it_and_a_deleted_draft_leaves_nothing(browser: Browser, instance: Instance) -> None:
    ana = a_person(instance)
    row = a_community(instance, ana, state=CommunityState.DRAFT)
    bring_file(instance, row, ana)
    bring_file(instance, row, ana, "Otras", members_only=False)
    write_page(instance, row, ana, "Puertas", TEXT)
    browser.deliver_jobs()
    written = entries(instance)
    assert len(written) == 4
    with instance.database.unit_of_work() as session:
        session.execute(delete(SearchEntry))
    search_indexing.reindex(instance.database)
    assert entries(instance) == written

    reader = visitor(browser, ana)
    reader.get(f"/communities/{row.slug}/manage/deletion")
    reader.submit("/manage/deletion")
    browser.deliver_jobs()
    assert not entries(instance)


def test_no_letter_of_a_question_breaks_a_page(browser: Browser, instance: Instance) -> None:
    """A NUL is no text for PostgreSQL."""
    row = a_community(instance, a_person(instance), level=CommunityLevel.OPEN)
    browser.deliver_jobs()
    sign_in(browser)

    assert found(browser, "actuarial%00") == {"/communities/estadistica-actuarial"}
    assert "Estadística actuarial" in browser.get("/communities?q=%00actuarial").text
    browser.get(f"/communities/{row.slug}/files?category=a%00b")
    browser.get("/directory?name=%00&subject=a%00b")


@pytest.mark.slow
def test_a_search_costs_the_same_statements_with_three_hundred_communities_as_with_three(browser: Browser, instance: Instance) -> None:
    """spec/communities B4: what a reader may find is one statement whatever there is."""
    ana = a_person(instance)
    for number in range(3):
        a_community(instance, ana, f"Guayacanes {number}", level=CommunityLevel.OPEN)
    browser.deliver_jobs()
    reader = visitor(browser, ana)
    counter = every_statement(instance.database)

    def count(typed: str) -> int:
        reader.get(f"/search?q={typed}")
        counter.reset()
        reader.get(f"/search?q={typed}")
        return len(counter.statements)

    few = [count(typed) for typed in ("guayacanes", "guayacun")]
    _found_many(instance, 297, ana)
    search_indexing.reindex(instance.database)

    assert [count(typed) for typed in ("guayacanes", "guayacun")] == few
    assert read(instance, lambda session: session.scalar(select(func.count()).select_from(Community))) == 300
    assert "300" in reader.get("/search?q=guayacanes").text


def _found_many(instance: Instance, count: int, founder: Person) -> None:
    """Add communities by rows alone, each with its founder."""
    now, numbers = clock.now(), range(count)
    with instance.database.unit_of_work() as session:
        board = {"owner": "community", "state": "open", "first_posts": "none", "mail_text": False, "categories": (), "created_at": now}
        boards = session.scalars(insert(Board).returning(Board.id), [{**board, "key": f"tablero{number}"} for number in numbers]).all()
        common = {"name": "Guayacanes", "name_key": "guayacanes", "language": "es", "reach": "everyone", "level": "open", "state": "active"}
        common |= {"texts": {}, "html": {}, "created_at": now, "changed_at": now, "reason": "", "row_version": 1}
        rows = [{**common, "slug": f"guayacanes-mas-{number}", "board_id": boards[number]} for number in numbers]
        made = session.scalars(insert(Community).returning(Community.id), rows).all()
        member = {
            "role": "administrator",
            "how": "founded",
            "since": now,
            "external": False,
            "ended_how": "",
            "reason": "",
            "row_version": 1,
        }
        mine = [{**member, "community_id": number, "person_id": founder.id} for number in made]
        session.execute(insert(CommunityMember), mine)
