"""Certificates in bulk: frozen when requested, each in one file, paused, cancelled, ended (spec/certificates R3)."""

import csv
import errno
import hashlib
from contextlib import nullcontext
from datetime import timedelta
from io import BytesIO, StringIO
from typing import Any
from uuid import uuid4
from zipfile import ZipFile

import pypdfium2
import pytest
from sqlalchemy import func, select, update

from accounts.models import Person
from certificates import bulk, jobs, pdf
from certificates.models import BulkDownload, Credential
from certificates.rules.credentials import archive_name
from courses.models import Course, CourseStaff, StaffRole
from kernel import clock
from kernel.audit import AuditEntry
from kernel.child_process import child_process
from kernel.codes import printed_code
from kernel.files import FolderStore
from kernel.outbox import Job, deliver_waiting
from kernel.permissions import SYSTEM
from lms.erasure import erase_person
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, an_administrator, sign_in
from tests.support.registers import fill_register
from tests.support.wording import in_spanish

OWN = "/teaching/prueba/certificates"


@pytest.fixture
def codes(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Return the codes of eleven certificates; files hold four, portions two. They are drawn in the process of the test."""
    monkeypatch.setattr(jobs, "child_process", lambda _make: nullcontext(_draw_here))
    monkeypatch.setattr(bulk, "MOST_CERTIFICATES", 4)
    monkeypatch.setattr(bulk, "PORTION", 2)
    return fill_register(instance, a_course(instance, modules=1), 11)


def _draw_here(*given: Any) -> bytes:
    return pdf.render(*given)  # as it is by then


def requested(browser: Browser, address: str = OWN) -> str:
    """Request the certificates of a list; return where the download is."""
    browser.get(address)
    browser.submit("/downloads", {})
    return str(browser.response.request.path)


def files_of(browser: Browser, address: str) -> list[ZipFile]:
    """Take every file of a download."""
    found, number = [], 1
    while True:
        browser._request("GET", f"{address}/files/{number}")
        if browser.response.status_code != 200:
            return found
        found.append(ZipFile(BytesIO(browser.response.get_data())))
        number += 1


def index_of(file: ZipFile) -> list[dict[str, str]]:
    """Read the index of a file, by English names and with bare codes."""
    lines = csv.reader(StringIO(file.read("index.csv").decode("utf-8-sig")), delimiter=";")
    assert next(lines) == [in_spanish(heading) for heading in bulk.COLUMNS]
    fields = ("file", "sha256", "code", "person", "course", "version", "issued_on", "expires_on", "state")
    return [dict(zip(fields, line, strict=True), code=line[2].replace("-", "")) for line in lines]


def test_every_certificate_is_in_one_file_with_its_checksum(browser: Browser, instance: Instance, codes: list[str]) -> None:
    """spec/certificates R3: bounded files, an index, SHA-256 of each, ASCII names, a notice, each download in the log."""
    named = {"person_name": "Ñusta İnti Chú Ñañez", "surnames": "Chú Ñañez"}
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).where(Credential.code == codes[0]).values(**named))
        session.execute(update(Credential).where(Credential.code == codes[1]).values(revoked_at=clock.now(), revoked_reason="Por error."))
    owner = sign_in(browser, a_teacher(instance, _course(instance), "duena@example.org", role=StaffRole.OWNER).email)
    address = requested(owner)
    deliver_waiting(instance.worker, now=clock.now())
    files = files_of(owner, address)

    assert [len(index_of(file)) for file in files] == [4, 4, 3]
    lines = [line for file in files for line in index_of(file)]
    assert [line["code"] for line in lines] == codes[::-1]
    for file in files:
        for line in (one for one in index_of(file) if one["file"]):
            assert hashlib.sha256(file.read(line["file"])).hexdigest() == line["sha256"]
        assert sorted([line["file"] for line in index_of(file) if line["file"]] + ["index.csv"]) == sorted(file.namelist())
    assert lines[-1]["file"] == f"chu-nanez-nusta-inti-{codes[0]}.pdf"
    assert [(line["file"], line["sha256"], line["state"]) for line in lines if line["code"] == codes[1]] == [
        ("", "", in_spanish("Revoked"))
    ]
    text = pypdfium2.PdfDocument(files[0].read(lines[0]["file"]))[0].get_textpage().get_text_bounded()
    assert "Persona 00010" in text
    assert in_spanish("The certificates that you requested are ready") in owner.get("/notices").text
    with instance.database.unit_of_work(write=False) as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.subject_kind == "bulk_download").order_by(AuditEntry.id)).all()
    assert verbs == ["bulk_download.requested", *["bulk_download.downloaded"] * 3]


def test_the_index_is_in_the_language_of_its_reader(browser: Browser, instance: Instance, codes: list[str]) -> None:
    """spec/certificates R3: titles and states in words, codes as sheets print them."""
    sign_in(browser, an_administrator(instance).email)
    address = requested(browser, "/administration/certificates")

    deliver_waiting(instance.worker, now=clock.now())

    text = files_of(browser, address)[0].read("index.csv").decode("utf-8-sig")
    assert printed_code(codes[-1]) in text
    assert {line["state"] for line in index_of(files_of(browser, address)[0])} == {in_spanish("Valid")}
    assert "prueba" not in {line["course"] for line in index_of(files_of(browser, address)[0])}


@pytest.mark.slow
def test_drawn_in_a_process_of_its_own_they_are_those_of_their_holders(
    browser: Browser, instance: Instance, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/certificates 12 and P8: whoever draws, equal requests give equal bytes."""
    sign_in(browser, an_administrator(instance).email)
    here = requested(browser, "/administration/certificates")
    deliver_waiting(instance.worker, now=clock.now())
    monkeypatch.setattr(jobs, "child_process", child_process)
    elsewhere = requested(browser, "/administration/certificates")
    deliver_waiting(instance.worker, now=clock.now())

    assert elsewhere != here
    both = [[(line["code"], line["sha256"]) for file in files_of(browser, one) for line in index_of(file)] for one in (here, elsewhere)]
    assert both[0] == both[1]


def _course(instance: Instance) -> Course:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Course).where(Course.slug == "prueba")).one()


def test_the_list_is_frozen_when_it_is_requested(browser: Browser, instance: Instance, codes: list[str]) -> None:
    """spec/certificates R3: the filter as it stood; a second click has no second effect."""
    sign_in(browser, an_administrator(instance).email)
    browser.get("/administration/certificates?take=1")
    form = browser.page.form("/downloads")
    fields = dict(form.fields)
    browser.post(form.action, fields)
    address = browser.response.request.path
    browser.post(form.action, fields)
    assert browser.response.request.path == address
    with instance.database.unit_of_work() as session:
        session.execute(update(Credential).where(Credential.code == codes[3]).values(take=2))
    deliver_waiting(instance.worker, now=clock.now())

    assert [line["code"] for file in files_of(browser, address) for line in index_of(file)] == codes[::-1]
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(BulkDownload)) == 1


def test_paused_it_rests_and_goes_on_where_it_was(
    browser: Browser, instance: Instance, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/certificates R3: pause between two portions, then go on; no certificate twice."""
    sign_in(browser, an_administrator(instance).email)
    address = requested(browser, "/administration/certificates")
    whole, drawn = pdf.render, []

    def render(sheet: object, *given: object) -> bytes:
        drawn.append(sheet)
        if len(drawn) == 7:
            browser.post(f"{address}/pause")
        return whole(sheet, *given)  # type: ignore[arg-type]  # what a sheet is drawn from

    monkeypatch.setattr(pdf, "render", render)
    deliver_waiting(instance.worker, now=clock.now())
    assert in_spanish("Paused") in browser.get(address).text
    assert len(files_of(browser, address)) == 1
    deliver_waiting(instance.worker, now=clock.now())
    assert len(drawn) == 8
    browser.post(f"{address}/resumption")
    deliver_waiting(instance.worker, now=clock.now())

    assert [line["code"] for file in files_of(browser, address) for line in index_of(file)] == codes[::-1]


def test_cancelled_it_leaves_no_file(browser: Browser, instance: Instance, codes: list[str]) -> None:
    """spec/certificates R3."""
    sign_in(browser, an_administrator(instance).email)
    address = requested(browser, "/administration/certificates")
    deliver_waiting(instance.worker, now=clock.now())
    assert len(list(instance.files.names())) == 3
    browser.post(f"{address}/cancellation")
    assert files_of(browser, address) == []
    deliver_waiting(instance.worker, now=clock.now())

    assert list(instance.files.names()) == []


def test_files_are_gone_after_seven_days(browser: Browser, instance: Instance, codes: list[str]) -> None:
    """spec/certificates R3."""
    sign_in(browser, an_administrator(instance).email)
    address = requested(browser, "/administration/certificates")
    now = clock.now()
    deliver_waiting(instance.worker, now=now)
    for days, left in ((6, 3), (8, 0)):
        with instance.database.unit_of_work() as session:
            session.add(Job(kind="certificates.end_files", arguments="{}", created_at=now, available_at=now))
        deliver_waiting(instance.worker, now=now + timedelta(days=days))
        assert len(list(instance.files.names())) == left

    assert files_of(browser, address) == []


def test_a_person_deleted_in_the_middle_is_in_no_file(
    browser: Browser, instance: Instance, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/certificates 15 and R8: deleted before their file is kept they are left out; deleted later their file ends."""
    sign_in(browser, an_administrator(instance).email)
    address = requested(browser, "/administration/certificates")
    whole, drawn = pdf.render, []

    def render(sheet: object, *given: object) -> bytes:
        drawn.append(sheet)
        if len(drawn) == 6:
            _erase(instance, codes[6])
        return whole(sheet, *given)  # type: ignore[arg-type]  # what a sheet is drawn from

    monkeypatch.setattr(pdf, "render", render)
    deliver_waiting(instance.worker, now=clock.now())
    lines = [line for file in files_of(browser, address) for line in index_of(file)]
    assert [line["code"] for line in lines] == codes[::-1]
    assert [(line["file"], line["person"], line["state"]) for line in lines if line["code"] == codes[6]] == [
        ("", "", in_spanish(bulk.DELETED))
    ]

    _erase(instance, codes[0])
    assert len(files_of(browser, address)) == 2
    deliver_waiting(instance.worker, now=clock.now())
    assert len(list(instance.files.names())) == 2


def _erase(instance: Instance, code: str) -> None:
    with instance.database.unit_of_work() as session:
        person = session.scalars(select(Person).join(Credential, Credential.person_id == Person.id).where(Credential.code == code)).one()
        erase_person(session, SYSTEM, person, now=clock.now())


def test_a_full_disk_lets_it_wait_and_says_so(
    browser: Browser, instance: Instance, codes: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/certificates 15: the job waits, uses up no try, and goes on when there is room."""
    sign_in(browser, an_administrator(instance).email)
    address = requested(browser, "/administration/certificates")
    is_full = [True]
    keep = FolderStore.keep

    def keep_where_there_is_room(store: FolderStore, sha256: str, source: BytesIO) -> None:
        if is_full[0]:
            raise OSError(errno.ENOSPC, "No space left on device")
        keep(store, sha256, source)

    monkeypatch.setattr(FolderStore, "keep", keep_where_there_is_room)
    now = clock.now()
    deliver_waiting(instance.worker, now=now)
    assert in_spanish("The server's disk is full.") in browser.get(address).text
    is_full[0] = False
    deliver_waiting(instance.worker, now=now + timedelta(hours=2))

    assert [line["code"] for file in files_of(browser, address) for line in index_of(file)] == codes[::-1]
    assert in_spanish("All files are ready.") in browser.get(address).text


def test_every_cell_of_bulk_downloads(browser: Browser, instance: Instance) -> None:
    """spec/certificates 11: certificate.bulk_zip: own course, institution, another's file."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    fill_register(instance, course, 2)
    wrong = cast.check("certificate.bulk_zip", "own_course", cast.outcomes(f"{OWN}/downloads", "POST"))
    site = cast.outcomes("/administration/certificates/downloads", "POST")
    wrong += cast.check("certificate.list", "any", site)
    with instance.database.unit_of_work() as session:
        number = uuid4()
        bulk.request_download(session, SYSTEM, course.id, [], number, now=clock.now())
    address = f"/certificate-downloads/{number}"
    wrong += cast.check("certificate.open_bulk_zip", "of_another", cast.outcomes(address))
    for act in ("pause", "resumption", "cancellation"):
        wrong += cast.check("certificate.open_bulk_zip", "of_another", cast.outcomes(f"{address}/{act}", "POST"))

    assert wrong == []


def test_whoever_left_the_team_opens_their_download_no_more(browser: Browser, instance: Instance, codes: list[str]) -> None:
    """spec/security 1.4."""
    owner = sign_in(browser, a_teacher(instance, _course(instance), "duena@example.org", role=StaffRole.OWNER).email)
    address = requested(owner)
    deliver_waiting(instance.worker, now=clock.now())
    with instance.database.unit_of_work() as session:
        session.execute(update(CourseStaff).values(role=StaffRole.GRADER.value))

    owner.get(address, status=404)
    owner.get(f"{address}/files/1", status=404)


@pytest.mark.parametrize(
    ("surnames", "given", "name"),
    [
        ("Quinde Ñauta", "María José", "quinde-nauta-maria-jose-7K.pdf"),
        ("", "Ana", "ana-7K.pdf"),
        ("李", "明", "7K.pdf"),
        ("../..", "a/b\\c", "a-b-c-7K.pdf"),
        ("x" * 300, "ß", f"{'x' * 40}-ss-7K.pdf"),
    ],
)
def test_names_of_files_are_plain(surnames: str, given: str, name: str) -> None:
    """spec/certificates R3: `surname-given-CODE.pdf`, ASCII."""
    assert archive_name(surnames, given, "7K") == name
