"""Copies of a community for its administrators: what is in them and what is not, who takes them, when they end (spec/communities C41)."""

import io
import json
from collections.abc import Callable, Mapping
from datetime import timedelta
from posixpath import dirname, join, normpath
from urllib.parse import unquote
from uuid import uuid4

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.models import Notification, Person
from accounts.names import GONE
from communities import communities, copies, files, groups, jobs, pages
from communities.communities import CommunityValues
from communities.copies import LEFT_OUT, CopySource
from communities.models import (
    Community,
    CommunityExport,
    CommunityFile,
    CommunityLevel,
    CommunityLink,
    CommunityMember,
    CommunityPage,
    CommunityReach,
    CommunityRequest,
    PlanEntry,
)
from discussions.drafts import DraftSlot, DraftText, keep_draft
from discussions.models import Board, PostFile, PostReport, PostRevision, Thread, ThreadPost
from kernel import audit, clock
from kernel.archives import read_archive
from kernel.audit import AuditEntry
from kernel.files import files_of, note_stored
from kernel.i18n import site_day
from kernel.outbox import Delivery
from kernel.permissions import SYSTEM
from lms import erasure
from lms.instance import Instance
from tests.support.boards import a_thread, an_answer
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, an_administrator, sign_in
from tests.support.communities import a_community, a_member, actor_of, an_invitation, write_thread
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"
EXPORT = f"{PAGE}/manage/export"
READY = "The copy of your community is ready: %(name)s"
SECRET = "xyzzy"
"""Stands in everything that a copy must not have."""


def board_of(instance: Instance, row: Community) -> Board:
    return read(instance, lambda session: session.get_one(Board, row.board_id))


def attach(session: Session, instance: Instance, post: int, name: str, content: bytes) -> None:
    """Attach a file to a post."""
    sha256 = files_of(instance.settings).put(content)
    stored = note_stored(session, sha256, size=len(content), media_type="text/plain", now=clock.now())
    number = len(session.scalars(select(PostFile.id).where(PostFile.post_id == post)).all()) + 1
    session.add(PostFile(post_id=post, number=number, stored_file_id=stored.id, name=name, alternative=""))


def add_file(instance: Instance, row: Community, person: Person, title: str, content: bytes) -> CommunityFile:
    stored = files.store_content(files_of(instance.settings), f"{title}.csv", content)
    values = files.FileValues(title, "", "Datos", "es", "internal", members_only=True)
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(person), row.slug)
        return files.add_file(session, actor_of(person), context, values, stored, now=clock.now())


def add_page(instance: Instance, row: Community, person: Person, title: str, source: str) -> CommunityPage:
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(person), row.slug)
        html = pages.render_page(source, "es").html
        return pages.add_page(session, actor_of(person), context, pages.PageValues(title, source), html, now=clock.now())


class Plants:
    """Puts the secret into each thing that a copy leaves out, by the sentence that says so."""

    def __init__(self, instance: Instance, row: Community, ana: Person, eva: Person) -> None:
        self.instance, self.row, self.ana, self.eva = instance, row, ana, eva
        self.board = board_of(instance, row)
        self.first = a_thread(instance, self.board, eva, "Tablas de mortalidad", "¿Cuáles usan?", kind="discussion")

    def posts(self) -> None:
        for state in ("withdrawn", "hidden", "waiting"):
            post = an_answer(self.instance, self.first, self.eva, f"{SECRET} {state}")
            alone = a_thread(self.instance, self.board, self.eva, f"{SECRET} {state}", f"{SECRET} solo {state}", kind="discussion")
            with self.instance.database.unit_of_work() as session:
                for number in (post.id, alone.id):
                    attach(session, self.instance, number, f"{SECRET}-{state}.txt", f"{SECRET} {state}".encode())
                session.execute(update(ThreadPost).where(ThreadPost.id.in_([post.id, alone.id])).values(state=state, reason=SECRET))
                session.execute(update(Thread).where(Thread.id == alone.thread_id).values(state=state))

    def reports(self) -> None:
        reporter = a_person(self.instance, "denuncia@example.org", given=SECRET)
        with self.instance.database.unit_of_work() as session:
            values = {"post_id": self.first.id, "person_id": reporter.id, "report_class": "other", "note": SECRET}
            session.add(PostReport(**values, at=clock.now()))

    def drafts(self) -> None:
        with self.instance.database.unit_of_work() as session:
            slot = DraftSlot(session.get_one(Board, self.board.id))
            keep_draft(session, actor_of(self.eva), slot, DraftText(SECRET, SECRET), now=clock.now())
            session.add(PostRevision(post_id=self.first.id, number=1, source=SECRET, at=clock.now()))

    def deleted(self) -> None:
        page = add_page(self.instance, self.row, self.ana, SECRET, SECRET)
        file = add_file(self.instance, self.row, self.ana, SECRET, SECRET.encode())
        with self.instance.database.unit_of_work() as session:
            for table, number in ((CommunityPage, page.id), (CommunityFile, file.id)):
                session.execute(update(table).where(table.id == number).values(deleted_at=clock.now()))

    def groups(self) -> None:
        values = CommunityValues(f"Grupo {SECRET}", "es", CommunityReach.PARENT, CommunityLevel.PRIVATE)
        with self.instance.database.unit_of_work() as session:
            context = communities.get_community(session, actor_of(self.ana), self.row.slug)
            group = groups.found_group(session, actor_of(self.ana), context, values, now=clock.now())
        write_thread(self.instance, group, SECRET)

    def addresses(self) -> None:
        a_member(self.instance, self.row, a_person(self.instance, f"{SECRET}@example.org"))
        an_invitation(self.instance, self.row, self.ana, f"{SECRET}.invitada@example.org")
        with self.instance.database.unit_of_work() as session:
            asks = {"community_id": self.row.id, "person_id": self.eva.id, "text": SECRET, "state": "ended"}
            session.add(CommunityRequest(**asks, sent_at=clock.now()))

    def former(self) -> None:
        number = a_member(self.instance, self.row, a_person(self.instance, "antes@example.org", given=SECRET))
        with self.instance.database.unit_of_work() as session:
            gone = {"until": clock.now(), "ended_how": "removed", "reason": SECRET}
            session.execute(update(CommunityMember).where(CommunityMember.id == number).values(**gone))

    def log(self) -> None:
        with self.instance.database.unit_of_work() as session:
            row = session.get_one(Community, self.row.id)
            audit.record(session, SYSTEM, communities.CommunityVerb.CHANGED, row, now=clock.now(), name=SECRET)

    def links(self) -> None:
        other = a_community(self.instance, self.ana, f"Otra {SECRET}", reach=CommunityReach.HIDDEN)
        course = a_course(self.instance, f"curso-{SECRET}", visibility="staff")
        with self.instance.database.unit_of_work() as session:
            session.add(CommunityLink(community_id=self.row.id, kind="related", other_id=other.id))
            session.add(CommunityLink(community_id=self.row.id, kind="course", course_id=course.id))

    def erased(self) -> None:
        person = a_person(self.instance, "borrada@example.org", given=SECRET, surname=SECRET)
        a_member(self.instance, self.row, person)
        an_answer(self.instance, self.first, person, "Las de 2020.")
        with self.instance.database.unit_of_work() as session:
            erasure.erase_person(session, SYSTEM, session.get_one(Person, person.id), now=clock.now())


PLANTED: Mapping[str, Callable[[Plants], None]] = {
    "Posts that their authors withdrew": Plants.posts,
    "Reports of posts": Plants.reports,
    "Drafts of posts": Plants.drafts,
    "Deleted pages and files": Plants.deleted,
    "Working groups": Plants.groups,
    "Email addresses": Plants.addresses,
    "Former members": Plants.former,
    "What each person follows": Plants.log,
    "Related communities and courses": Plants.links,
    "Names of people who deleted": Plants.erased,
}


def copy_of(instance: Instance, row: Community) -> Mapping[str, bytes]:
    """Return the files of a copy."""
    target = io.BytesIO()
    source = CopySource(instance.database, files_of(instance.settings), "https://ejemplo.ec")
    copies.write_copy(target, source, row.id, clock.now())
    return read_archive(target.getvalue())


@pytest.fixture
def small_portions(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(copies, "PORTION", 2)


@pytest.fixture
def row(instance: Instance) -> Community:
    community = a_community(instance, a_person(instance))
    with instance.database.unit_of_work() as session:
        session.get_one(Board, community.board_id).first_posts = "none"
    return community


def ana_of(instance: Instance) -> Person:
    return read(instance, lambda session: session.scalars(select(Person).where(Person.email == "ana@example.org")).one())


def test_each_sentence_of_what_a_copy_has_not_is_true(instance: Instance, row: Community) -> None:
    """spec/communities C41: what is planted in each thing left out stands in no byte of the archive, and its first page says so."""
    eva = a_person(instance, "eva@example.org", given="Eva")
    a_member(instance, row, eva)
    plants = Plants(instance, row, ana_of(instance), eva)
    for plant in PLANTED.values():
        plant(plants)

    entries = copy_of(instance, row)
    assert not [path for path, content in entries.items() if SECRET in path or SECRET.encode() in content]
    readme = entries["LEEME.html"].decode()
    assert all(any(sentence.startswith(begin) for begin in PLANTED) for sentence in LEFT_OUT)
    assert len(PLANTED) == len(LEFT_OUT)
    assert not [sentence for sentence in LEFT_OUT if in_spanish(sentence) not in readme]
    assert " ".join(GONE) in entries["datos/threads.json"].decode()


@pytest.mark.usefixtures("small_portions")
def test_a_copy_has_everything_else_twice_as_pages_and_as_data(instance: Instance, row: Community) -> None:
    """spec/communities C41: read in portions smaller than what there is."""
    ana = ana_of(instance)
    eva = a_person(instance, "eva@example.org", given="Eva")
    a_member(instance, row, eva)
    first = a_thread(instance, board_of(instance, row), eva, "Tablas: ¿cuáles?", "Vea [la página](/communities/x).", kind="question")
    last = [an_answer(instance, first, ana, f"Respuesta {number}.") for number in range(5)][-1]
    for number in range(3):
        page = add_page(instance, row, ana, f"Fuentes {number}", f"## Encuestas\n\nTexto {number}.")
        add_file(instance, row, eva, f"Datos {number}", f"edad;tasa\n60;{number}\n".encode())
    with instance.database.unit_of_work() as session:
        session.execute(update(Thread).where(Thread.id == first.thread_id).values(accepted=2, summary=6))
    today, other = site_day(clock.now()), a_community(instance, ana, "Otra")
    with instance.database.unit_of_work() as session:
        attach(session, instance, last.id, "cuadro: final.txt", b"El cuadro.")
        line = {"community_id": row.id, "starts_on": today, "ends_on": today, "title": "Seminario", "kind": "webinar", "responsible": "Eva"}
        session.add(PlanEntry(**line))
        session.add(CommunityLink(community_id=row.id, kind="tool", title="Calculadora", address="https://ejemplo.ec/calcular"))
        session.add(CommunityLink(community_id=row.id, kind="related", other_id=other.id))
        context = pages.get_page(session, actor_of(ana), row.slug, page.slug)
        values = pages.PageValues("Fuentes 2", "Otro texto.")
        pages.change_page(session, actor_of(ana), context, values, "<p>Otro texto.</p>", seen=str(page.row_version), now=clock.now())

    entries = {path: content.decode() for path, content in copy_of(instance, row).items()}
    data = {path.split("/")[1]: json.loads(text) for path, text in entries.items() if path.endswith(".json")}
    assert [post["text"] for post in data["threads.json"][0]["posts"]][-1] == "Respuesta 4."
    assert data["threads.json"][0]["posts"][0]["author"] == "Eva Quinde"
    assert entries[data["threads.json"][0]["posts"][-1]["files"][0]["path"]] == "El cuadro."
    assert [version["text"] for version in data["pages.json"][2]["versions"]] == ["## Encuestas\n\nTexto 2.", "Otro texto."]
    assert [entries[file["versions"][0]["path"]][-2] for file in data["files.json"]] == ["0", "1", "2"]
    assert [(member["name"], member["role"]) for member in data["members.json"]] == [
        ("Ana Quinde", "administrator"),
        ("Eva Quinde", "member"),
    ]
    assert {link["title"] for link in data["links.json"]} == {"Calculadora", "Otra"}
    assert data["plan.json"][0]["starts_on"] == str(today)
    assert data["community.json"]["texts"]["purpose"]
    assert len(data["community.json"]["history"]) == 1

    thread = next(text for path, text in entries.items() if path.startswith("debates/") and "tablas-cuales" in path)
    assert "Respuesta 4." in thread
    assert thread.count(in_spanish("Accepted answer")) == thread.count(in_spanish("Summary of the thread")) == 1
    assert 'href="https://ejemplo.ec/communities/x"' in thread
    assert "Otro texto." in entries["paginas/fuentes-2.html"]
    for path, text in entries.items():
        links = [part.split('"')[0] for part in text.split('href="')[1:]] if path.endswith(".html") else []
        broken = [link for link in links if "://" not in link and not leads_somewhere(path, link, entries)]
        assert not broken, path


def leads_somewhere(path: str, link: str, entries: Mapping[str, str]) -> bool:
    """Return whether a link of a page in the archive leads to another file of it."""
    return normpath(join(dirname(path), unquote(link))) in entries


def the_export(instance: Instance) -> CommunityExport:
    return read(instance, lambda session: session.scalars(select(CommunityExport)).one())


def acts(instance: Instance) -> list[str]:
    entry = AuditEntry
    known = entry.verb.in_([verb.value for verb in copies.CommunityExportVerb])
    return read(instance, lambda session: list(session.scalars(select(entry.verb).where(known).order_by(entry.id))))


def subjects(instance: Instance, email: str) -> list[str]:
    statement = select(Notification.subject).join(Person, Person.id == Notification.person_id).where(Person.email == email)
    return read(instance, lambda session: [row["es"] for row in session.scalars(statement.order_by(Notification.id))])


def test_an_administrator_asks_once_is_notified_and_downloads_for_seven_days(
    browser: Browser, instance: Instance, row: Community, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/communities C41: the form pressed twice has one effect; each download is recorded; after seven days the content is gone."""
    ana = sign_in(browser)
    assert ana.get(f"{PAGE}/manage").has_link(EXPORT)
    form = ana.get(EXPORT).form(EXPORT)
    ana.submit("", form=form)
    ana.submit("", form=form)
    assert acts(instance) == ["community.exported"]
    ana.deliver_jobs()
    assert subjects(instance, "ana@example.org") == [in_spanish(READY, name="Estadística actuarial")]

    export = the_export(instance)
    assert ana.get("/notices").has_link(EXPORT)
    ana._request("GET", f"{EXPORT}/{export.uuid}")
    assert "LEEME.html" in read_archive(ana.response.get_data())
    assert acts(instance) == ["community.exported", "community.export_downloaded"]

    later = clock.now() + timedelta(days=7, minutes=1)
    jobs.end_exports(Delivery(instance.database, instance.settings, 0, {}, later))
    assert the_export(instance).sha256 is None
    assert not list(files_of(instance.settings).names())
    ana.checks = False
    ana.get(f"{EXPORT}/{export.uuid}", status=404)


def test_who_no_longer_administers_takes_nothing_and_is_not_shown_the_notice(browser: Browser, instance: Instance, row: Community) -> None:
    """spec/communities C41, D35: asked when it is downloaded, and when the bell is shown; the site's administrators may ask too."""
    ana, boss = sign_in(browser), sign_in(browser.another(), an_administrator(instance).email)
    ana.get(EXPORT)
    ana.submit(EXPORT)
    boss.get(EXPORT)
    boss.submit(EXPORT)
    ana.deliver_jobs()
    ready = in_spanish(READY, name="Estadística actuarial")
    assert ready in ana.get("/notices").text
    assert ready in boss.get("/notices").text
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityMember).values(role="member"))
    number = read(instance, lambda session: session.scalars(select(CommunityExport.uuid).order_by(CommunityExport.id)).first())
    ana.checks = False
    ana.get(f"{EXPORT}/{number}", status=403)
    assert ready not in ana.get("/notices").text
    boss._request("GET", f"{EXPORT}/{number}")
    assert boss.response.status_code == 200


def test_the_fourth_copy_at_a_time_is_refused(browser: Browser, instance: Instance, row: Community) -> None:
    ana = sign_in(browser)
    for _copy in range(3):
        ana.get(EXPORT)
        ana.submit(EXPORT)
    ana.get(EXPORT)
    ana.submit(EXPORT, status=409)
    assert in_spanish(copies.TooManyCopies.message) in ana.page.text


def test_a_copy_that_is_packed_twice_is_one_and_one_of_what_was_deleted_ends_at_once(instance: Instance, row: Community) -> None:
    """spec/communities C41: killed in the middle it begins anew; nothing is left of a copy whose community was deleted meanwhile."""
    ana, store = ana_of(instance), files_of(instance.settings)
    source = CopySource(instance.database, store, "https://ejemplo.ec")
    with instance.database.unit_of_work() as session:
        done = copies.request_export(session, actor_of(ana), row, uuid4(), now=clock.now())
        ended = copies.request_export(session, actor_of(ana), row, uuid4(), now=clock.now())
    for _try in range(2):
        copies.pack(source, done.id, now=clock.now())
    assert len(list(store.names())) == 1
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).values(deleted_at=clock.now()))
    copies.pack(source, ended.id, now=clock.now())
    assert len(list(store.names())) == 1
    assert len(subjects(instance, "ana@example.org")) == 1
