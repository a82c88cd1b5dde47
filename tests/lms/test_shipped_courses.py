"""The courses that come with the program: the first start serves at once, and jobs publish them."""

import os
import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import structlog
from click.testing import CliRunner
from sqlalchemy import func, select

from courses import catalogue
from courses.catalogue import PUBLISH, shipped_courses
from courses.models import CourseVersion
from kernel import clock, outbox
from kernel.outbox import DeliveryOutcome, Job
from kernel.paths import CONTENT
from lms import shipped_courses as jobs
from lms.cli import lms
from lms.instance import Instance
from lms.shipped_courses import plan_shipped_courses
from tests.support.browser import Browser
from tests.support.builders import a_course
from tests.support.folders import FOLDERS
from tests.support.server import opened_database, serving
from tests.support.soon import until
from tests.support.wording import in_spanish

KEY = "agua-en-casa"
TITLE = "El agua en casa"
PAGES = ("/", "/courses")


@pytest.fixture
def content(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Lend the program one small course to come with."""
    folder = tmp_path / "content"
    shutil.copytree(FOLDERS / "agua", folder / KEY)
    for module in (jobs, catalogue):
        monkeypatch.setattr(module, "CONTENT", folder)
    return folder


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Publish without starting a process, which takes seconds: one test has it started."""

    def run(*arguments: str, environment: dict[str, str], **_options: object) -> str:
        with monkeypatch.context() as given:
            for name in environment.keys() - os.environ.keys():
                given.setenv(name, environment[name])
            return CliRunner().invoke(lms, arguments, catch_exceptions=False).stdout

    monkeypatch.setattr(jobs, "run_command", run)
    yield
    structlog.reset_defaults()  # the publication sets up the log of its process


def planned(instance: Instance) -> list[Job]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Job).where(Job.kind == PUBLISH).order_by(Job.id)))


def deliver(instance: Instance) -> DeliveryOutcome:
    return outbox.deliver(instance.worker, planned(instance)[0].id, now=clock.now())


def versions(instance: Instance) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalar(select(func.count()).select_from(CourseVersion)) or 0


def test_a_folder_of_the_content_is_named_as_its_course() -> None:
    """The job of a course is known by it."""
    assert all(f"\nkey: {key}\n" in (CONTENT / key / "course.yaml").read_text("utf-8") for key in shipped_courses(CONTENT))
    assert len(shipped_courses(CONTENT)) == 2


def test_the_first_start_plans_each_course_once(instance: Instance) -> None:
    said = plan_shipped_courses(instance, CONTENT)

    assert said == ["Publishing 2 courses in the background: gobernanza-seguridad-social, presupuesto-social"]
    assert len(planned(instance)) == 2
    plan_shipped_courses(instance, CONTENT)  # a start that was broken off before any course was there
    assert len(planned(instance)) == 2


def test_a_database_with_a_course_gets_none(instance: Instance, content: Path) -> None:
    a_course(instance)

    assert plan_shipped_courses(instance, content) == []
    assert planned(instance) == []


@pytest.mark.slow
def test_a_job_publishes_a_course_once(instance: Instance, content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan_shipped_courses(instance, content)

    assert deliver(instance) is DeliveryOutcome.DONE
    assert f"Course published: {KEY} (" in capsys.readouterr().out
    assert versions(instance) == 1


def test_a_job_whose_course_is_there_does_nothing(instance: Instance, content: Path) -> None:
    """One that was killed after its course was published."""
    plan_shipped_courses(instance, content)
    a_course(instance, KEY)

    assert deliver(instance) is DeliveryOutcome.DONE
    assert versions(instance) == 1


@pytest.mark.usefixtures("in_this_process")
def test_a_course_with_a_finding_waits_with_the_reason(instance: Instance, content: Path, capsys: pytest.CaptureFixture[str]) -> None:
    plan_shipped_courses(instance, content)
    (content / KEY / "01-contar" / "module.yaml").write_text("title: [", "utf-8")

    assert deliver(instance) is DeliveryOutcome.WAITS
    assert "C102" in planned(instance)[0].last_error
    assert "was not published: C102" in capsys.readouterr().out
    assert versions(instance) == 0


@pytest.mark.parametrize("page", PAGES)
def test_a_page_names_what_is_being_prepared_until_it_is_there(browser: Browser, instance: Instance, content: Path, page: str) -> None:
    plan_shipped_courses(instance, content)
    promised = in_spanish("This course is being prepared: %(titles)s.", 1, titles=TITLE)

    assert promised in browser.get(page).text
    assert in_spanish("There are no open courses yet") not in browser.get(page).text
    a_course(instance, KEY)
    assert promised not in browser.get(page).text


@pytest.mark.usefixtures("in_this_process")
def test_a_page_promises_nothing_that_failed(browser: Browser, instance: Instance, content: Path) -> None:
    plan_shipped_courses(instance, content)
    shutil.rmtree(content / KEY / "01-contar")
    deliver(instance)

    assert TITLE not in browser.get("/courses").text
    assert in_spanish("There are no open courses yet") in browser.get("/courses").text


@pytest.mark.slow
def test_the_first_start_serves_before_it_publishes(tmp_path: Path, migrated: str, database_kind: str) -> None:
    if database_kind != "sqlite":
        pytest.skip("the server as a process is tried on SQLite")
    (tmp_path / "aulario.sqlite").write_bytes(Path(migrated).read_bytes())
    with serving(tmp_path) as server:
        page = server.get("/courses")
        assert page.status == 200
        assert in_spanish("Load the page again to see what is ready") in server.body
        assert server.lines[0].startswith("Publishing 2 courses in the background")
        until(lambda: server.get("/courses/presupuesto-social").status == 200, seconds=300)
        server.end()

    with closing(opened_database(tmp_path)) as database, database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(CourseVersion))
