"""Files of a community: for members unless it is said otherwise, replaced, deleted, restored, let go (spec/communities C7, C31)."""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from communities import files
from communities.models import CommunityFile, CommunityFileVersion, CommunityLevel
from kernel import clock
from kernel.files import StoredFile, files_of
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.communities import a_community, a_member, send_file
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"
FILES = f"{PAGE}/files"
CSV, OTHER = b"edad;tasa\n60;0,012\n", b"edad;tasa\n60;0,013\n"


def rows(instance: Instance) -> list[CommunityFile]:
    return read(instance, lambda session: list(session.scalars(select(CommunityFile).order_by(CommunityFile.id))))


def content_at(visitor: Browser, file: CommunityFile, number: int = 1) -> bytes:
    visitor._request("GET", f"{FILES}/{file.uuid}/{number}")
    return visitor.response.get_data()


def test_a_file_is_for_members_unless_its_uploader_chooses_otherwise(browser: Browser, instance: Instance) -> None:
    """spec/communities C7: for others who read the rest it does not exist, in no list and at no address."""
    row = a_community(instance, a_person(instance), level=CommunityLevel.OPEN)
    a_member(instance, row, a_person(instance, "eva@example.org"))
    eva, stranger = sign_in(browser.another(), "eva@example.org"), browser.another()
    send_file(eva, f"{FILES}/new", CSV, title="Tabla cerrada", members_only="y")
    send_file(eva, f"{FILES}/new", OTHER, title="Tabla libre")
    closed, open_one = rows(instance)

    page = stranger.get(FILES).text
    assert "Tabla libre" in page
    assert "Tabla cerrada" not in page
    stranger.get(f"{FILES}/{open_one.uuid}")
    assert content_at(stranger, open_one) == OTHER
    stranger.checks = False
    for address in (f"{FILES}/{closed.uuid}", f"{FILES}/{closed.uuid}/1"):
        stranger.get(address, status=404)
    assert "Tabla cerrada" in eva.get(FILES).text
    assert content_at(eva, closed) == CSV
    assert eva.response.headers["Cache-Control"] == "private, no-store"
    assert eva.response.headers["X-Content-Type-Options"] == "nosniff"


def test_a_replaced_file_keeps_its_former_content_and_others_cannot_change_it(browser: Browser, instance: Instance) -> None:
    row = a_community(instance, a_person(instance))
    for name in ("eva", "luis"):
        a_member(instance, row, a_person(instance, f"{name}@example.org"))
    eva, luis, ana = sign_in(browser.another(), "eva@example.org"), sign_in(browser.another(), "luis@example.org"), sign_in(browser)
    send_file(eva, f"{FILES}/new", CSV, members_only="y")
    (file,) = rows(instance)
    luis.checks = False
    luis.get(f"{FILES}/{file.uuid}/edit", status=403)
    luis.post(f"{FILES}/{file.uuid}/deletion", {"act": "delete"}, status=403)
    send_file(eva, f"{FILES}/{file.uuid}/edit", OTHER, title="Tablas de 2027", members_only="y")

    luis.checks = True
    assert "Tablas de 2027" in luis.get(FILES).text
    assert [content_at(luis, file, number) for number in (1, 2)] == [CSV, OTHER]
    assert in_spanish("replaced") in luis.get(f"{FILES}/{file.uuid}").text
    ana.get(f"{FILES}/{file.uuid}/edit")


def test_a_deleted_file_is_restored_within_thirty_days_and_goes_after_them(browser: Browser, instance: Instance) -> None:
    row = a_community(instance, a_person(instance))
    a_member(instance, row, a_person(instance, "eva@example.org"))
    eva, ana = sign_in(browser.another(), "eva@example.org"), sign_in(browser)
    send_file(ana, f"{FILES}/new", CSV, members_only="y")
    (file,) = rows(instance)
    for act, status in (("delete", 404), ("restore", 200), ("delete", 404)):
        ana.get(f"{FILES}/{file.uuid}")
        ana.submit(f"{FILES}/{file.uuid}/deletion", button=("act", act))
        eva.checks = status == 200
        eva.get(f"{FILES}/{file.uuid}", status=status)
    assert ana.get(FILES).has_link(f"{FILES}/{file.uuid}"), "among those that can be restored"
    eva.checks = True
    assert not eva.get(FILES).has_link(f"{FILES}/{file.uuid}")
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityFile).values(deleted_at=clock.now() - timedelta(days=31)))
        sha256 = session.scalars(select(StoredFile.sha256)).one()
        files.let_go(session, now=clock.now())
    ana.deliver_jobs()

    assert not rows(instance)
    assert not read(instance, lambda session: session.scalars(select(CommunityFileVersion)).all())
    assert not files_of(instance.settings).holds(sha256)


@pytest.mark.parametrize(
    ("name", "content"), [("vacío.csv", b""), ("programa.exe", b"MZ"), ("foto.png", b"no es una foto"), ("../../a.svg", b"<svg/>")]
)
def test_what_is_no_document_is_refused_and_what_was_typed_stays(browser: Browser, instance: Instance, name: str, content: bytes) -> None:
    a_community(instance, a_person(instance))
    ana = sign_in(browser)
    send_file(ana, f"{FILES}/new", content, name, 422, title="Lo escrito")

    assert "Lo escrito" in ana.page.html
    assert not rows(instance)


def test_a_full_community_takes_no_more(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    a_community(instance, a_person(instance))
    ana = sign_in(browser)
    send_file(ana, f"{FILES}/new", CSV)
    monkeypatch.setattr("communities.files.QUOTA", len(CSV) + 1)
    send_file(ana, f"{FILES}/new", OTHER, status=409, title="De más")

    assert in_spanish("The files of this community take 2 GB. Delete some first.") in ana.page.text
    assert [row.title for row in rows(instance)] == ["Tablas"]


def test_of_two_who_change_a_file_at_once_the_second_one_is_refused(browser: Browser, instance: Instance) -> None:
    a_community(instance, a_person(instance))
    ana, second = sign_in(browser), sign_in(browser.another(), "ana@example.org")
    send_file(ana, f"{FILES}/new", CSV, members_only="y")
    address = f"{FILES}/{rows(instance)[0].uuid}/edit"
    ana.get(address)
    second.get(address)
    ana.submit(address, {"title": "El primer título", "file": None})
    second.submit(address, {"title": "El segundo título", "file": None}, status=409)

    assert "El segundo título" in second.page.html
    assert rows(instance)[0].title == "El primer título"
