"""What can be found follows what is published and what learners follow."""

import gzip
import sqlite3
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from courses import publishing
from courses.models import Course
from enrolments.models import Enrolment
from kernel import clock, migrations, outbox
from kernel.outbox import Delivery
from kernel.search import index
from kernel.search.index import SearchEntry, SearchWord
from kernel.settings import load
from lms import search as search_indexing
from lms.app import open_instance
from lms.feature import FEATURE
from lms.instance import Instance
from lms.search_commands import search
from lms.worker import add_periodic
from tests.support.builders import a_course, folder, publish
from tests.support.folders import a_folder
from tests.support.learning import a_learner, enrolment_of
from tests.support.project import ROOT

LESSON = b"---\nkey: leccion-1\ntitle: Contar 1\n---\n## Uno 1\n\nSe cuenta de otro modo.\n"

Line = tuple[str, str, str, str, str, tuple[str, ...], int | None, str]


def lines(session: Session, version: int) -> list[Line]:
    """Return all that is kept of a version's entries, whatever their numbers."""
    rows = session.scalars(select(SearchEntry).where(SearchEntry.number == version))
    return sorted((row.kind, row.language, row.place, row.title, row.body, row.places, row.part, row.words) for row in rows)


def tend(instance: Instance) -> None:
    effect = search_indexing.refresh_index(Delivery(instance.database, instance.settings, 1, {}, clock.now()))
    with instance.database.unit_of_work() as session:
        effect(session)


def test_an_index_that_is_made_anew_is_what_publishing_wrote(instance: Instance) -> None:
    version = publish(instance, a_folder())[1].id
    with instance.database.unit_of_work() as session:
        written = lines(session, version)
        index.forget(session, [version])

    assert {line[0] for line in written} == {"course", "lesson", "module", "quiz", "recording", "resource", "term"}
    assert search_indexing.reindex(instance.database) == (1, len(written))
    with instance.database.unit_of_work(write=False) as session:
        assert lines(session, version) == written


def versions(instance: Instance) -> set[int]:
    with instance.database.unit_of_work(write=False) as session:
        return index.list_versions(session)


def test_versions_of_before_the_upgrade_are_indexed_by_the_job_and_twice_is_once(instance: Instance) -> None:
    version = a_course(instance).published_version_id
    assert version is not None
    with instance.database.unit_of_work() as session:
        written = lines(session, version)
        session.execute(delete(SearchEntry))

    tend(instance)
    tend(instance)

    with instance.database.unit_of_work(write=False) as session:
        assert lines(session, version) == written


def test_a_version_is_let_go_when_nobody_follows_it_any_more(instance: Instance) -> None:
    course, first = publish(instance, folder())
    learner = a_learner(instance, course)
    _course, second = publish(instance, {**folder(), "01-parte/01-leccion.es.md": LESSON})
    _course, third = publish(instance, {**folder(), "01-parte/01-leccion.es.md": LESSON + b"\nOtra vez.\n"})

    assert versions(instance) == {first.id, second.id, third.id}
    tend(instance)
    assert versions(instance) == {first.id, third.id}
    with instance.database.unit_of_work() as session:
        session.get_one(Enrolment, enrolment_of(instance, learner, course).id).left_at = clock.now()
    tend(instance)
    assert versions(instance) == {third.id}


def test_the_published_version_is_indexed_again_when_the_course_goes_back_to_it(instance: Instance) -> None:
    """However the pointer moves: the job looks at what is published."""
    course, first = publish(instance, folder())
    publish(instance, {**folder(), "01-parte/01-leccion.es.md": LESSON})
    tend(instance)
    with instance.database.unit_of_work() as session:
        session.get_one(Course, course.id).published_version_id = first.id
    tend(instance)

    assert versions(instance) == {first.id}


def test_an_older_text_that_is_published_again_is_found_again(instance: Instance) -> None:
    course, first = publish(instance, folder())
    publish(instance, {**folder(), "01-parte/01-leccion.es.md": LESSON})
    _course, again = publish(instance, folder())
    tend(instance)

    assert again.id != first.id
    with instance.database.unit_of_work(write=False) as session:
        assert any("Se cuenta con los dedos." in line[4] for line in lines(session, again.id))
        assert session.get_one(Course, course.id).published_version_id == again.id


def test_a_publication_that_fails_leaves_nothing_to_be_found(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """The index is written in the transaction of the version."""

    def fail(*_arguments: object, **_facts: object) -> None:
        raise RuntimeError

    monkeypatch.setattr(publishing.audit, "record", fail)
    with pytest.raises(RuntimeError):
        publish(instance, folder())

    assert versions(instance) == set()


def test_a_search_command_makes_the_index_anew(instance: Instance) -> None:
    course = a_course(instance)
    with instance.database.unit_of_work() as session:
        session.execute(delete(SearchEntry))
        index.write(session, 999, 1, [index.entry("lesson", "es", "De nadie", [], readers=("es",))])

    said = CliRunner().invoke(search, ["reindex"], obj=instance)

    assert said.exit_code == 0, said.output
    assert "passages of 1 versions can be found" in said.output
    assert versions(instance) == {course.published_version_id}


@pytest.mark.slow
def test_a_database_of_the_first_release_can_be_searched_after_its_upgrade(tmp_path: Path) -> None:
    script = gzip.decompress((ROOT / "tests" / "samples" / "schemas" / "0.1.0" / "dump.sql.gz").read_bytes()).decode()
    connection = sqlite3.connect(tmp_path / "aulario.sqlite")
    connection.executescript(script)
    connection.close()
    old = open_instance(load(data_dir=tmp_path, database_url=f"sqlite:///{tmp_path}/aulario.sqlite"))
    migrations.upgrade(old.database)
    assert versions(old) == set()

    add_periodic(old.worker, "lms.tend_search", FEATURE.periodic["lms.tend_search"], clock.now())
    with old.database.unit_of_work(write=False) as session:
        number = session.scalar(select(outbox.Job.id).where(outbox.Job.kind == "lms.tend_search"))
        assert number is not None
    assert outbox.deliver(old.worker, number, now=clock.now()) is outbox.DeliveryOutcome.DONE

    with old.database.unit_of_work(write=False) as session:
        found = search_indexing.needed_versions(session)
        assert found
        assert index.list_versions(session) == found
        kinds = set(session.scalars(select(SearchEntry.kind).distinct()))
    assert kinds == {"course", "lesson", "module", "quiz", "recording", "resource", "term"}
    old.database.dispose()


def words(instance: Instance, version: int) -> dict[str, int]:
    """Return the words of a version that may be suggested."""
    with instance.database.unit_of_work(write=False) as session:
        count = func.sum(SearchWord.entries)
        statement = select(SearchWord.word, count).where(SearchWord.number == version).group_by(SearchWord.word)
        return {word: int(entries) for word, entries in session.execute(statement)}


def test_what_an_earlier_program_indexed_is_indexed_again_and_found_meanwhile(instance: Instance) -> None:
    """It kept no words, and knew neither chapters nor quizzes."""
    version = publish(instance, a_folder())[1].id
    with instance.database.unit_of_work() as session:
        written, kept = lines(session, version), words(instance, version)
        session.execute(delete(SearchWord))
        session.execute(delete(SearchEntry).where(SearchEntry.kind.in_(("quiz", "resource"))))

    tend(instance)

    assert kept
    with instance.database.unit_of_work(write=False) as session:
        assert lines(session, version) == written
    assert words(instance, version) == kept
    with instance.database.unit_of_work() as session:
        session.execute(delete(SearchWord))
        session.execute(update(Course).values(published_version_id=None))
    tend(instance)
    assert versions(instance) == set()
