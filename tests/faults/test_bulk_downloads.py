"""The process that draws certificates in bulk is killed (SIGKILL) in each portion, and started again (spec/certificates R3)."""

import csv
import signal
from io import StringIO
from multiprocessing import get_context
from pathlib import Path
from uuid import uuid4
from zipfile import ZipFile

from sqlalchemy import select

from certificates import bulk
from certificates.models import BulkFile, Credential
from kernel import clock
from kernel.files import FolderStore
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.builders import a_course
from tests.support.dying_worker import A_FILE, write_and_die
from tests.support.registers import fill_register

COUNT = 22


def test_killed_in_each_portion_it_goes_on_and_holds_each_certificate_once(instance: Instance, tmp_path: Path) -> None:
    """Killed once in every portion, and before and after each file is kept: complete, none twice, no file that nobody names."""
    fill_register(instance, a_course(instance, modules=1), COUNT)
    with instance.database.unit_of_work() as session:
        ids = list(session.scalars(select(Credential.id).order_by(Credential.id)))
        download = bulk.request_download(session, SYSTEM, None, ids, uuid4(), now=clock.now()).id
    folder, url = tmp_path / "kept", instance.settings.database
    deaths = [("draw", number) for number in range(1, A_FILE + 1)] + [(f"{when} keeping", 1) for when in ("before", "after")]
    killed = 0
    for death in (*deaths, *deaths, *deaths, ("never", 0)):
        process = get_context("spawn").Process(target=write_and_die, args=(url, folder, download, death))
        process.start()
        process.join(60)
        killed += process.exitcode == -signal.SIGKILL
        assert process.exitcode in (0, -signal.SIGKILL)

    with instance.database.unit_of_work(write=False) as session:
        files = list(session.scalars(select(BulkFile).order_by(BulkFile.number)))
    codes = [code for file in files for code in held(FolderStore(folder).path(str(file.sha256)))]
    assert killed > len(deaths)
    assert [(file.number, file.first, file.total) for file in files] == [(1, 0, 8), (2, 8, 8), (3, 16, 6)]
    assert len(codes) == len(set(codes)) == COUNT
    assert sorted(FolderStore(folder).names()) == sorted(str(file.sha256) for file in files)


def held(path: Path) -> list[str]:
    """Return the codes whose files an archive holds, as its index names them."""
    with ZipFile(path) as archive:
        lines = list(csv.DictReader(StringIO(archive.read("index.csv").decode("utf-8-sig")), delimiter=";"))
        assert {line["Archivo"] for line in lines} | {"index.csv"} == set(archive.namelist())
        return [line["Código"] for line in lines]


def test_two_processes_at_one_download_keep_each_file_once(instance: Instance, tmp_path: Path) -> None:
    """A job that is taken again while the first process still works: who is second adds nothing."""
    fill_register(instance, a_course(instance, modules=1), COUNT)
    with instance.database.unit_of_work() as session:
        ids = list(session.scalars(select(Credential.id).order_by(Credential.id)))
        download = bulk.request_download(session, SYSTEM, None, ids, uuid4(), now=clock.now()).id
    folder, url = tmp_path / "kept", instance.settings.database
    both = [get_context("spawn").Process(target=write_and_die, args=(url, folder, download, ("never", 0))) for _each in range(2)]
    for process in both:
        process.start()
    for process in both:
        process.join(60)
    last = get_context("spawn").Process(target=write_and_die, args=(url, folder, download, ("never", 0)))
    last.start()
    last.join(60)

    with instance.database.unit_of_work(write=False) as session:
        files = list(session.scalars(select(BulkFile).order_by(BulkFile.number)))
    assert [process.exitcode for process in both] == [0, 0]
    assert [(file.number, file.first, file.total) for file in files] == [(1, 0, 8), (2, 8, 8), (3, 16, 6)]
    assert all(FolderStore(folder).holds(str(file.sha256)) for file in files)
