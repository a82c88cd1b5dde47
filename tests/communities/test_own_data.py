"""The copy of one's data of communities, and what becomes of files and pages with an account (spec/communities R2, R3)."""

import io
import json
import zipfile
from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts import names as names_of_people
from accounts import privacy
from accounts.models import Person
from communities import communities, files, invitations, pages
from communities.models import (
    Community,
    CommunityFile,
    CommunityFileVersion,
    CommunityInvitation,
    CommunityMember,
    CommunityPage,
    CommunityPageVersion,
    CommunityReach,
    CommunityRole,
)
from kernel import clock
from kernel.files import files_of
from kernel.permissions import SYSTEM
from lms import erasure
from lms.instance import Instance
from organisations.address_lists import ListedAddress
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.communities import a_community, a_member, actor_of, fresh, write_thread
from tests.support.takes import read
from tests.support.wording import in_spanish

SOMEWHERE = "A community that you do not find at present"


def copy_of(visitor: Browser) -> zipfile.ZipFile:
    visitor.get("/profile/data")
    visitor._request("POST", "/profile/data/copy", data={"csrf_token": dict(visitor.page.form("/copy").fields)["csrf_token"]})
    return zipfile.ZipFile(io.BytesIO(visitor.response.get_data()))


def bring(instance: Instance, row: Community, person: Person, content: bytes, file: CommunityFile | None = None) -> CommunityFile:
    """Bring a file in, or another content of one."""
    stored = files.store_content(files_of(instance.settings), "tablas.csv", content)
    values = files.FileValues("Tablas", "", "Datos", "es", "internal", members_only=True)
    with instance.database.unit_of_work() as session:
        actor = actor_of(person)
        if file is None:
            return files.add_file(session, actor, communities.get_community(session, actor, row.slug), values, stored, now=clock.now())
        context = files.get_file(session, actor, row.slug, file.uuid)
        files.change_file(session, actor, context, values, stored, seen=str(context.row.row_version), now=clock.now())
        return context.row


def write(instance: Instance, row: Community, person: Person, title: str, key: str = "") -> str:
    """Write a page, or another text of one; return by what its address names it."""
    values = pages.PageValues(title, f"Un texto de {person.given_names}.")
    with instance.database.unit_of_work() as session:
        actor = actor_of(person)
        if not key:
            context = communities.get_community(session, actor, row.slug)
            return pages.add_page(session, actor, context, values, "<p>Un texto.</p>", now=clock.now()).slug
        page = pages.get_page(session, actor, row.slug, key)
        pages.change_page(session, actor, page, values, "<p>Un texto.</p>", seen=str(page.row.row_version), now=clock.now())
        return key


def test_the_copy_has_the_contents_that_a_person_brought_in_and_no_empty_tables(browser: Browser, instance: Instance) -> None:
    """spec/communities R2: of a file that an administrator replaced, each has their own."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org", given="Eva")
    row = a_community(instance, ana)
    a_member(instance, row, eva)
    file = bring(instance, row, eva, b"edad;tasa\n60;1\n")
    bring(instance, row, ana, b"edad;tasa\n60;2\n", file)

    copy = copy_of(sign_in(browser, "eva@example.org"))
    path = f"files/{file.uuid}/1-tablas.csv"
    assert copy.read(path) == b"edad;tasa\n60;1\n"
    assert [name for name in copy.namelist() if name.startswith("files/")] == [path]
    data = json.loads(copy.read("data.json"))
    assert data["community_files"][0]["uuid"] == str(file.uuid)
    assert [(content["file"], content["number"]) for content in data["community_file_contents"]] == [(str(file.uuid), 1)]
    assert "csv/communities.csv" in copy.namelist()
    assert "csv/community_requests.csv" not in copy.namelist()


def test_the_copy_names_communities_that_the_person_still_finds(browser: Browser, instance: Instance) -> None:
    """spec/communities R2, C40: a hidden one while they are a member or invited, and none that was deleted."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org", given="Eva")
    names = ("Abierta a todos", "Oculta y propia", "Oculta y dejada", "Eliminada")
    rows = [a_community(instance, ana, name) for name in names]
    for row in rows:
        number = a_member(instance, row, eva)
        bring(instance, row, eva, f"edad;tasa\n60;{number}\n".encode())
    invited = a_community(instance, ana, "Oculta con invitación", reach=CommunityReach.HIDDEN)
    over = a_community(instance, ana, "Oculta con invitación vencida", reach=CommunityReach.HIDDEN)
    for row in (invited, over):
        with instance.database.unit_of_work() as session:
            community, listed = session.get_one(Community, row.id), [ListedAddress(1, eva.email)]
            invitations.invite(session, actor_of(ana), community, listed, "", by_mail=False, now=clock.now())
    with instance.database.unit_of_work() as session:
        for row in rows[1:3]:
            session.get_one(Community, row.id).reach = CommunityReach.HIDDEN.value
        session.get_one(Community, rows[3].id).deleted_at = clock.now()
        mine = select(CommunityMember).where(CommunityMember.person_id == eva.id)
        for member in session.scalars(mine.where(CommunityMember.community_id.in_([rows[2].id, rows[3].id]))):
            member.until = clock.now()
        ended = session.scalars(select(CommunityInvitation).where(CommunityInvitation.community_id == over.id)).one()
        ended.expires_at = clock.now() - timedelta(days=1)

    copy = copy_of(sign_in(browser, "eva@example.org"))
    everything = b"".join(copy.read(name) for name in copy.namelist()).decode(errors="replace")
    data, phrase = json.loads(copy.read("data.json")), in_spanish(SOMEWHERE)
    assert [file["community"] for file in data["community_files"]] == ["Abierta a todos", "Oculta y propia", phrase, phrase]
    assert [invitation["community"] for invitation in data["community_invitations"]] == ["Oculta con invitación", phrase]
    assert sorted(member["name"] for member in data["communities"]) == sorted(["Abierta a todos", "Oculta y propia", phrase, phrase])
    assert not [name for name in ("Oculta y dejada", "Eliminada", "Oculta con invitación vencida") if name in everything]


def erase(instance: Instance, person: Person, answer: str) -> None:
    """Delete an account whose person answered so."""
    with instance.database.unit_of_work() as session:
        row = session.get_one(Person, person.id)
        names = {question.name for question in privacy.list_deletion_questions(session, row)}
        privacy.ask_deletion(session, SYSTEM, row, answers=dict.fromkeys(names, answer), now=clock.now())
        erasure.erase_person(session, SYSTEM, row, now=clock.now())


def shared(browser: Browser, instance: Instance) -> tuple[Community, Person, Person]:
    """Return a community in which Eva and Ana wrote and brought files in, alone and both, and the two."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org", given="Eva")
    row = a_community(instance, ana)
    a_member(instance, row, eva, CommunityRole.ADMINISTRATOR)
    bring(instance, row, eva, b"edad;tasa\n60;1\n")
    bring(instance, row, ana, b"edad;tasa\n60;3\n", bring(instance, row, eva, b"edad;tasa\n60;2\n"))
    write(instance, row, eva, "De Eva")
    key = write(instance, row, ana, "De las dos")
    write(instance, row, eva, "De las dos, otra vez", key)
    write_thread(instance, row, "Un tema", eva)
    return row, ana, eva


def test_one_question_covers_posts_pages_and_files(browser: Browser, instance: Instance) -> None:
    """spec/communities R3: asked of who has files alone, too."""
    _row, _ana, eva = shared(browser, instance)
    questions = read(instance, lambda session: privacy.list_deletion_questions(session, session.get_one(Person, eva.id)))
    assert [question.label for question in questions] == ["What should become of the posts, pages and files that you shared with others?"]
    page = sign_in(browser, "eva@example.org").get("/profile/data/deletion").text
    assert page.count(in_spanish(questions[0].label)) == 1


@pytest.mark.parametrize("answer", ["keep", "withdraw"])
def test_files_and_pages_stay_without_a_name_or_go_as_the_person_answered(browser: Browser, instance: Instance, answer: str) -> None:
    """spec/communities R3: what others made of it too keeps what is theirs; the texts of the front page are the community's."""
    row, ana, eva = shared(browser, instance)
    erase(instance, eva, answer)
    browser.deliver_jobs()

    version, page = CommunityFileVersion, CommunityPage
    contents = read(instance, lambda session: list(session.scalars(select(version.added_by).order_by(version.id))))
    titles = read(instance, lambda session: list(session.scalars(select(page.title).where(page.slug != "").order_by(page.id))))
    authors = read(instance, lambda session: set(session.scalars(select(CommunityPageVersion.person_id))))
    if answer == "keep":
        assert contents == [eva.id, eva.id, ana.id]
        assert titles == ["De Eva", "De las dos, otra vez"]
        assert " ".join(names_of_people.GONE) in sign_in(browser).get(f"/communities/{row.slug}/files").text
    else:
        assert contents == [ana.id]
        assert titles == ["De las dos"]
        assert authors == {ana.id}
        assert len(list(files_of(instance.settings).names())) == 1
    assert fresh(instance, row).texts["purpose"]
