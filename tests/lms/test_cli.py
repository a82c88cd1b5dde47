"""The command line: what each command does and says, and one clear line with exit code 1 for what it refuses."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import click
import pytest
import structlog

from accounts import people
from courses import catalogue
from courses.drafts import save_files, text_content
from courses.models import CourseStaff, PublicationNature, StaffRole
from kernel import clock, migrations, outbox
from kernel.db import Database
from kernel.i18n import site_day
from kernel.outbox import Job
from kernel.permissions import SYSTEM, SiteRole
from kernel.settings import Settings, load
from lms import cli, course_commands
from lms.backups import MANIFEST, Manifest
from lms.demo import cli as demo_cli
from lms.demo import people as demo_people
from lms.instance import Instance
from scripts.documents import leaves
from tests.support.builders import PASSWORD, a_course, a_person, folder
from tests.support.commands import Command, commands_on, refused

LMS = str(Path(sys.executable).with_name("lms"))
ADMIN = ("--given-names", "Ada", "--surname", "Ministra", "--password", PASSWORD)


@pytest.fixture
def lms(instance: Instance, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Iterator[Command]:
    """Run commands on the instance of this test."""
    yield commands_on(instance.settings, monkeypatch, capsys)
    structlog.reset_defaults()  # `serve` writes its log to the standard error of the moment


@pytest.fixture
def course_folder(tmp_path: Path) -> Path:
    """Return a course's folder on the disk, in which nothing is wrong."""
    return write(tmp_path / "prueba", folder("prueba"))


def write(target: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return target


def every_command() -> list[str]:
    """Return each command and group, `lms` itself too, as words."""
    names = [name for name, _command, _context in leaves(cli.lms, (), click.Context(cli.lms))]
    return sorted({"", *names, *(" ".join(name.split()[:1]) for name in names)})


HELP = """
import json, os, sys, time
from lms.cli import main

start, answers = time.process_time(), {}
for words in [*sys.argv[1:], *sys.argv[1:]]:  # the first time may have to write the byte code
    source, target = os.pipe()
    if not os.fork():
        os.dup2(target, 1)
        sys.argv = ["lms", *words.split(), "--help"]
        main()
    os.close(target)
    text = os.fdopen(source).read()
    _process, code, usage = os.wait3(0)
    answers[words] = start + usage.ru_utime + usage.ru_stime, code, text
print(json.dumps(answers))
"""
"""Asks each command for its help, in a process that imported nothing but the command line; answers seconds of processor, code and text."""


@pytest.fixture(scope="module")
def answers() -> dict[str, tuple[float, int, str]]:
    """Return what each command answers when it is asked for help."""
    environment = {**os.environ, "PYTHONDONTWRITEBYTECODE": ""}
    done = subprocess.run([sys.executable, "-c", HELP, *every_command()], check=True, capture_output=True, env=environment)
    answers: dict[str, tuple[float, int, str]] = json.loads(done.stdout)
    return answers


@pytest.mark.parametrize("words", every_command())
def test_help_answers_at_once(words: str, answers: dict[str, tuple[float, int, str]]) -> None:
    """Commands import what they need when they run. Processor time, since the machine may be busy."""
    seconds, code, text = answers[words]

    assert seconds < 0.5
    assert code == 0
    assert text.startswith(f"Usage: lms {words}".rstrip())


def test_without_a_command_lms_lists_them(lms: Command) -> None:
    said = lms()

    assert said.code == 0
    assert all(f"\n  {name} " in said.out for name in ("accounts", "check", "courses", "db", "jobs", "serve", "settings", "worker"))


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("bogus",), "No such command 'bogus'"),
        (("check", "--bogus"), "No such option"),
        (("courses", "check"), "Missing argument"),
        (("courses", "check", "/no/such/folder"), "does not exist"),
        (("serve", "--port", "70000"), "70000 is not in the range"),
        (("jobs", "retry", "x"), "not a valid integer"),
    ],
)
def test_a_slip_of_the_hand_is_told_in_one_line_with_the_way_to_the_help(lms: Command, words: tuple[str, ...], told: str) -> None:
    refused(lms(*words), told, "--help")


def test_check_tells_that_all_is_well_and_where_mail_goes(lms: Command, instance: Instance) -> None:
    said = lms("check")

    assert said.code == 0
    assert "in order" in said.out
    assert str(instance.settings.data_dir / "mail") in said.out


def test_an_unknown_setting_is_told_with_what_was_probably_meant(lms: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMS_PUBLIC_URI", "x")

    for command in (("check",), ("settings",), ("db", "upgrade")):
        refused(lms(*command), "LMS_PUBLIC_URI", "LMS_PUBLIC_URL")


def test_a_folder_that_cannot_be_written_is_refused(lms: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LMS_DATA_DIR", str(tmp_path / "file" / "instance"))

    refused(lms("check"), "LMS_DATA_DIR", str(tmp_path / "file" / "instance"))


def test_a_database_that_does_not_answer_is_told(lms: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMS_DATABASE_URL", "postgresql+psycopg://nobody:secreto@127.0.0.1:1/none")

    said = lms("check")

    refused(said, "does not answer")
    assert "secreto" not in said.err


def test_settings_prints_every_name_with_its_meaning_and_hides_passwords(lms: Command, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LMS_SMTP_PASSWORD", "secreto-uno")
    monkeypatch.setenv("LMS_DATABASE_URL", "postgresql+psycopg://aulario:secreto-dos@127.0.0.1/aulario")
    monkeypatch.setenv("LMS_THREADS", "7")

    said = lms("settings")

    assert said.code == 0
    assert "LMS_THREADS=7\n" in said.out
    for name, field in Settings.model_fields.items():
        assert f"LMS_{name.upper()}=" in said.out
        assert f"    {field.description}\n" in said.out
    assert "secreto" not in said.out


def test_upgrade_brings_the_schema_up_to_date_and_a_newer_one_is_refused(lms: Command, instance: Instance) -> None:
    from sqlalchemy import text

    assert "up to date" in lms("db", "upgrade").out

    with instance.database.writing.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '2999_01_01_1'"))
    refused(lms("db", "upgrade"), "newer than this program", "2999_01_01_1")


def test_courses_check_ends_badly_where_there_is_an_error(lms: Command, course_folder: Path) -> None:
    assert lms("courses", "check", course_folder).code == 0

    (course_folder / "course.yaml").write_text("format: 1\n")
    said = lms("courses", "check", course_folder)
    assert said.code == 1
    assert "course.yaml:1: C1" in said.out


def test_a_folder_is_imported_published_and_exported_byte_for_byte(
    lms: Command, instance: Instance, course_folder: Path, tmp_path: Path
) -> None:
    """spec/content-format 1: import, publish, export."""
    assert "draft is imported" in lms("courses", "import", course_folder).out
    with instance.database.unit_of_work(write=False) as session:
        course = catalogue.find_course(session, "prueba")
        assert course is not None
        assert course.published_version_id is None

    said = lms("courses", "publish", course_folder, "--note", "Primera").out
    assert "version 1 published" in said
    assert "No one signs the certificates of this course today" in said
    assert "nothing has changed" in lms("courses", "publish", course_folder).out

    target = tmp_path / "out"
    assert "files written" in lms("courses", "export", "prueba", target).out
    written = {path.relative_to(target).as_posix(): path.read_bytes() for path in target.rglob("*") if path.is_file()}
    assert written == folder("prueba")
    lms("courses", "export", "prueba", tmp_path / "copy", "--origins")
    banks = [path.read_text(encoding="utf-8") for path in (tmp_path / "copy").rglob("banco.yaml")]
    assert [bank.count("    origin: ") for bank in banks] == [bank.count("  - key: ") for bank in banks] != []


def test_what_has_errors_is_neither_imported_nor_published(lms: Command, instance: Instance, course_folder: Path) -> None:
    (course_folder / "course.yaml").write_text("format: 1\nkey: prueba\n")

    for command in ("import", "publish"):
        said = lms("courses", command, course_folder)
        refused(said, "Nothing was")
        assert "course.yaml:1: C1" in said.out
    with instance.database.unit_of_work(write=False) as session:
        assert catalogue.find_course(session, "prueba") is None


def test_a_folder_with_links_is_refused(lms: Command, course_folder: Path) -> None:
    """spec/content-format 1.6."""
    (course_folder / "otra.md").symlink_to("/etc/hostname")

    for command in ("check", "import", "publish", "format"):
        refused(lms("courses", command, course_folder))


def test_export_refuses_a_course_that_is_not_there_and_a_folder_that_is_not_empty(
    lms: Command, instance: Instance, course_folder: Path
) -> None:
    a_course(instance)

    refused(lms("courses", "export", "otro", course_folder.parent / "new"), "no course otro")
    refused(lms("courses", "export", "prueba", course_folder), "not empty")
    refused(lms("courses", "export", "prueba", "/proc/nowhere"), "cannot be written")


def test_format_and_stamp_write_into_the_folder(lms: Command, course_folder: Path) -> None:
    """spec/content-format 11 and 4.4."""
    module = course_folder / "01-parte" / "module.yaml"
    lms("courses", "format", course_folder)
    canonical = module.read_bytes()
    module.write_bytes(canonical.replace(b"key: parte-1", b"key:   parte-1"))

    assert lms("courses", "format", course_folder).out == "01-parte/module.yaml\n"
    assert module.read_bytes() == canonical

    translation = course_folder / "01-parte" / "01-leccion.en.md"
    stamp = lms("courses", "stamp", translation).out.strip()
    assert f"translated_from: {stamp}\n" in translation.read_text()
    refused(lms("courses", "stamp", course_folder / "01-parte" / "01-leccion.es.md"))


def test_options_name_what_the_models_know() -> None:
    assert set(course_commands.NATURES) == {nature.value for nature in PublicationNature}
    assert set(course_commands.ROLES) == {role.value for role in StaffRole}
    assert demo_cli.MAX_LEARNERS == demo_people.MAX_LEARNERS


def test_somebody_is_put_into_the_team_of_a_course(lms: Command, instance: Instance) -> None:
    course = a_course(instance)
    person = a_person(instance, "profe@example.org")

    assert lms("courses", "add-staff", "prueba", "--email", " Profe@example.org").code == 0

    with instance.database.unit_of_work(write=False) as session:
        staff = session.query(CourseStaff).one()
        assert (staff.course_id, staff.person_id, staff.role) == (course.id, person.id, "editor")
    refused(lms("courses", "add-staff", "otro", "--email", "profe@example.org"), "no course otro")
    refused(lms("courses", "add-staff", "prueba", "--email", "nadie@example.org"), "nadie@example.org")


def test_an_administrator_is_made(lms: Command, instance: Instance) -> None:
    said = lms("accounts", "create-admin", "--email", "Ada@example.org", *ADMIN)

    assert said.code == 0
    assert PASSWORD not in said.out
    with instance.database.unit_of_work(write=False) as session:
        person = people.find_person_by_email(session, "ada@example.org")
        assert person is not None
        assert people.administrator_exists(session)


def test_an_administrator_with_a_weak_password_or_a_taken_address_is_refused(lms: Command, instance: Instance) -> None:
    a_person(instance, "ana@example.org")

    refused(lms("accounts", "create-admin", "--email", "ada@example.org", *ADMIN[:-1], "password"))
    refused(lms("accounts", "create-admin", "--email", "ana@example.org", *ADMIN), "grant-admin")
    with instance.database.unit_of_work(write=False) as session:
        assert not people.administrator_exists(session)


def test_a_person_is_made_administrator(lms: Command, instance: Instance) -> None:
    a_person(instance, "ana@example.org")
    refused(lms("accounts", "grant-admin", "--email", "nadie@example.org"))

    assert lms("accounts", "grant-admin", "--email", "Ana@example.org").code == 0

    with instance.database.unit_of_work(write=False) as session:
        assert people.administrator_exists(session)
    assert SiteRole.ADMINISTRATOR.value == "administrator"


def failed_job(instance: Instance, kind: str = "lms.apply_retention") -> int:
    """Add a job that was given up."""
    now = clock.now() - timedelta(days=1)
    job = Job(kind=kind, arguments="{}", attempts=6, created_at=now, available_at=now, failed_at=now, last_error="OSError")
    with instance.database.unit_of_work() as session:
        session.add(job)
    return job.id


def test_jobs_that_were_given_up_are_listed_and_tried_again(lms: Command, instance: Instance) -> None:
    assert "No job was given up" in lms("jobs", "list").out
    first, second = failed_job(instance), failed_job(instance)
    listed = lms("jobs", "list").out
    assert f"{first}  lms.apply_retention" in listed
    assert "OSError" in listed

    refused(lms("jobs", "retry", second + 1), f"Job {second + 1} was not given up")
    assert "1 jobs" in lms("jobs", "retry", second).out
    assert outbox.deliver_waiting(instance.worker, now=clock.now()) == 1
    refused(lms("jobs", "retry", second), "was not given up")

    assert "1 jobs" in lms("jobs", "retry").out
    assert outbox.deliver_waiting(instance.worker, now=clock.now()) == 1
    assert "0 jobs" in lms("jobs", "retry").out


def test_serving_a_taken_port_is_refused_before_anything_is_made(lms: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LMS_DATA_DIR", str(tmp_path / "new"))
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]

        refused(lms("serve", "--port", port), f"127.0.0.1:{port}", "make run PORT=")

    assert not (tmp_path / "new").exists()


def test_serving_beyond_this_machine_needs_a_public_address(lms: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("LMS_DATA_DIR", str(tmp_path / "new"))

    refused(lms("serve", "--host", "0.0.0.0", "--port", "8764"), "LMS_PUBLIC_URL")  # noqa: S104 - it is refused


@pytest.mark.slow
def test_a_worker_does_what_waits_and_ends_when_it_is_told(instance: Instance, tmp_path: Path) -> None:
    """`lms worker` beside servers with LMS_WORKER_THREADS=0."""
    with instance.database.unit_of_work() as session:
        outbox.enqueue(session, "lms.apply_retention", {}, now=clock.now())
    environment = {**os.environ, "LMS_DATA_DIR": str(instance.settings.data_dir), "LMS_DATABASE_URL": instance.settings.database_url}
    worker = subprocess.Popen([LMS, "worker", "--threads", "1"], env=environment, cwd=tmp_path, stderr=subprocess.PIPE)
    ends = time.monotonic() + 90
    done = False
    while not done and time.monotonic() < ends:
        time.sleep(0.1)
        with instance.database.unit_of_work(write=False) as session:
            done = all(job.done_at is not None for job in session.query(Job))
    worker.send_signal(signal.SIGTERM)
    _out, err = worker.communicate(timeout=60)

    assert done
    assert worker.returncode == 0, err


def test_the_public_keys_are_printed(lms: Command, instance: Instance) -> None:
    """spec/compulsory 12.4: for whoever verifies what the instance signed."""
    said = lms("secrets", "public-key")

    assert (said.code, said.out) == (0, instance.keys.public_text())
    assert "PRIVATE" not in said.out


def test_the_keys_are_listed_and_the_seal_is_renewed(lms: Command, instance: Instance) -> None:
    """spec/certificates K1: made where they are missing; how long the seal lasts is said here and by `lms check`."""
    before = instance.seal_keys
    renewed = lms("secrets", "rotate-seal", "--authority")
    listed, checked = lms("secrets", "list"), lms("check")

    assert renewed.code == listed.code == 0
    for key in (*instance.keys.trusted, *instance.seal_keys.trusted, *instance.seal_keys.authorities):
        assert f"{key.identifier}  {key.state.value}" in listed.out
        assert key.fingerprint in listed.out
    assert before.authority.identifier in listed.out
    assert "The seal lasts 1824 days more, its authority 7299." in listed.out
    assert "The seal of PDF files lasts 1824 days more." in checked.out


AWAY = "postgresql+psycopg://nobody:clave@127.0.0.1:1/none"


@pytest.mark.parametrize(
    "words",
    [
        ("accounts", "create-admin", "--email", "ada@example.org", *ADMIN),
        ("accounts", "grant-admin", "--email", "ada@example.org"),
        ("accounts", "remove-second-step", "--email", "ada@example.org"),
        ("audit", "export"),
        ("audit", "verify"),
        ("backup",),
        ("check", "--deploy"),
        ("courses", "add-staff", "prueba", "--email", "ada@example.org"),
        ("courses", "export", "prueba", "out"),
        ("courses", "import", "prueba"),
        ("courses", "publish", "prueba"),
        ("db", "copy", "rows.sqlite", AWAY),
        ("db", "copy", AWAY, "new.sqlite"),
        ("db", "upgrade"),
        ("jobs", "list"),
        ("jobs", "retry"),
        ("restore", "b.zip", "--without-keys"),
        ("search", "reindex"),
        ("secrets", "compromised", "0123456789abcdef", "--since", "2026-01-01"),
        ("secrets", "list"),
        ("secrets", "public-key"),
        ("secrets", "rotate"),
        ("secrets", "rotate-seal"),
        ("secrets", "rotate-signing"),
        ("worker",),
    ],
    ids=lambda words: " ".join(words[:2]),
)
def test_a_database_that_is_away_is_told_in_one_line(
    words: tuple[str, ...], course_folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """By every command that needs one; the password of its address is not repeated."""
    monkeypatch.chdir(course_folder.parent)
    if "rows.sqlite" in words:
        rows = Database("sqlite:///rows.sqlite")
        migrations.upgrade(rows)
        rows.dispose()
    with zipfile.ZipFile("b.zip", "w") as archive:
        archive.writestr(MANIFEST, Manifest(1, "0", "", clock.now(), "", "", {}, {}).write())

    said = commands_on(load(data_dir=Path("away"), database_url=AWAY), monkeypatch, capsys)(*words)
    structlog.reset_defaults()  # a worker writes its log to the standard error of the moment

    refused(said, "The database does not answer: ", "refused")
    assert "clave" not in said.err


def test_import_tells_what_changes_and_asks_where_the_draft_was_edited(lms: Command, instance: Instance, course_folder: Path) -> None:
    assert "se escribe" in lms("courses", "import", course_folder, "--dry-run").out
    with instance.database.unit_of_work(write=False) as session:
        assert catalogue.find_course(session, "prueba") is None
    lms("courses", "import", course_folder)
    lesson = "01-parte/01-leccion.es.md"
    text = (course_folder / lesson).read_bytes()
    with instance.database.unit_of_work() as session:
        course = catalogue.find_course(session, "prueba")
        assert course is not None
        edited = text_content(text.decode().replace("dedos", "manos"))
        save_files(session, SYSTEM, course, {lesson: edited}, now=clock.now())
    (course_folder / lesson).write_bytes(text.replace(b"dedos", b"pies"))

    asked = lms("courses", "import", course_folder).err
    assert asked.index("--merge") < asked.index("--base") < asked.index("--replace") < asked.index("la línea de comandos")
    assert f"revisión 2, la línea de comandos, {site_day(clock.now())}: {lesson}" in asked
    for words, code, said in (
        ((), 3, "--merge"),
        (("--merge",), 3, "--prefer"),
        (("--prefer", "draft"), 1, "--merge"),
        (("--replace", "--merge"), 1, "--replace"),
        (("--merge", "--prefer", "folder", "--dry-run"), 0, ""),
    ):
        ended = lms("courses", "import", course_folder, *words)
        assert ended.code == code, ended
        assert said in ended.err
    refused(lms("courses", "publish", course_folder), lesson)
    assert "revision 3" in lms("courses", "import", course_folder, "--merge", "--prefer", "folder").out
    assert "igual" in lms("courses", "import", course_folder).out
    with instance.database.unit_of_work() as session:
        save_files(session, SYSTEM, catalogue.lock_course(session, course.id), {lesson: edited}, now=clock.now())
    replaced = lms("courses", "import", course_folder, "--replace").out
    assert f"revisión 4, la línea de comandos, {site_day(clock.now())}: {lesson}" in replaced
    assert "Sobrescrito" in replaced


def test_lessons_of_another_tool_become_a_draft_and_what_was_not_understood_is_told(
    lms: Command, instance: Instance, tmp_path: Path
) -> None:
    lessons = write(tmp_path / "lecciones", {"1-agua.md": b"# Agua\n\n{% include x %}\n\nTexto.\n", "2-luz.md": b"# Luz\n\nMas.\n"})

    said = lms("courses", "import", lessons, "--from-markdown", "--title", "Agua y luz", "--author", "Ana")

    assert "1-agua.md:3: " in said.out
    assert "the draft is imported (revision 1)" in said.out
    with instance.database.unit_of_work(write=False) as session:
        assert catalogue.find_course(session, "agua-y-luz") is not None
    empty = write(tmp_path / "vacia", {"a.txt": b"x"})
    refused(lms("courses", "import", empty, "--from-markdown"), "Markdown")


def test_an_address_whose_library_is_not_installed_is_refused_in_one_line_by_every_command(
    lms: Command, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    source = tmp_path / "source.sqlite"
    source.write_bytes(b"")
    with monkeypatch.context() as without:
        without.setitem(sys.modules, "psycopg", None)
        refused(lms("db", "copy", source, "postgresql+psycopg://a@127.0.0.1/a"), "psycopg", "pip install 'aulario[postgres]'")
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.setenv("LMS_REDIS_URL", "redis://127.0.0.1:1/0")
    for words in (("serve", "--port", "8765"), ("worker",), ("check", "--deploy"), ("jobs", "list")):
        refused(lms(*words), "LMS_REDIS_URL", "pip install 'aulario[scaled]'")
