"""The history of drafts: every change is kept with who and when, autosaves within some minutes are one, every state can be restored."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from alembic import command
from sqlalchemy import func, select, text, update
from sqlalchemy.orm import Session

from courses import authoring, catalogue, drafts, history
from courses.drafts import text_content
from courses.history import FileContent
from courses.models import Course, DraftFileVersion, DraftRevision, RevisionOrigin
from kernel import clock, migrations
from kernel.audit import AuditEntry
from kernel.db import Database
from kernel.errors import NotFound
from kernel.permissions import SYSTEM, Actor
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, folder, publish, sign_in
from tests.support.drafts import draft_texts
from tests.support.learning import actor_of

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
LESSON = "01-parte/01-leccion.es.md"
VIDEO = "01-parte/02-video.recording.yaml"
PICTURE = "01-parte/media/foto.png"
PNG = b"\x89PNG\r\n\x1a\n"


def the_course(session: Session) -> Course:
    """Return the only course."""
    return session.execute(select(Course)).scalar_one()


def save(
    instance: Instance, contents: dict[str, FileContent], *, removed: tuple[str, ...] = (), actor: Actor = SYSTEM, minutes: int = 0
) -> int:
    """Save some files of the only course; return the draft's revision."""
    with instance.database.unit_of_work() as session:
        course = catalogue.lock_course(session, the_course(session).id)
        drafts.save_files(session, actor, course, contents, removed=removed, now=NOON + timedelta(minutes=minutes))
        return course.draft_revision


def a_picture(instance: Instance, content: bytes) -> FileContent:
    """Keep a picture's bytes."""
    return drafts.keep_contents(instance.files, {PICTURE: content}, {PICTURE: "image/png"})[PICTURE]


def test_each_change_is_kept_with_who_when_and_which_files(instance: Instance) -> None:
    a_course(instance, modules=1)
    person = a_person(instance)
    ana = Actor(person_id=person.id)
    save(instance, {LESSON: text_content("uno\n")}, actor=ana, minutes=1)
    save(instance, {LESSON: text_content("dos\n")}, removed=(VIDEO, "no/hay.md"), minutes=2)
    same = save(instance, {LESSON: text_content("dos\n")}, removed=(VIDEO,), minutes=3)

    assert same == 3
    with instance.database.unit_of_work(write=False) as session:
        course = the_course(session)
        third, second, first = history.list_revisions(session, course.id)
        assert (third.written, third.removed, third.by) == ((LESSON,), (VIDEO,), "")
        assert (second.written, second.by, second.changed_by) == ((LESSON,), "Ana Quinde", person.id)
        assert second.changed_at == NOON + timedelta(minutes=1)
        assert (first.origin, second.origin) == (RevisionOrigin.IMPORTED, RevisionOrigin.EDITED)
        assert set(first.written) == set(folder(modules=1))
        assert [entry.number for entry in history.list_revisions(session, course.id, before=3, limit=1)] == [2]
        changes = history.list_file_changes(session, course.id, VIDEO)
        assert [(change.number, change.removed, change.written) for change in changes] == [(3, (VIDEO,), ()), (1, (), (VIDEO,))]
        assert [change.by for change in history.list_file_changes(session, course.id, LESSON)] == ["", "Ana Quinde", ""]


def test_a_file_is_read_as_it_was(instance: Instance) -> None:
    a_course(instance, modules=1)
    save(instance, {LESSON: text_content("uno\n"), PICTURE: a_picture(instance, PNG)})
    save(instance, {LESSON: text_content("dos\n")}, removed=(VIDEO,))

    with instance.database.unit_of_work(write=False) as session:
        course = the_course(session)
        assert history.get_file_at(session, course.id, LESSON, 2).text == "uno\n"
        assert history.find_text_at(session, course.id, LESSON, 3) == "dos\n"
        picture = history.get_file_at(session, course.id, PICTURE, 3)
        assert (picture.text, picture.media_type, instance.files.read(picture.sha256)) == (None, "image/png", PNG)
        assert history.find_text_at(session, course.id, PICTURE, 3) is None
        assert history.find_text_at(session, course.id, PICTURE, 1) is None
        assert VIDEO in {file.path for file in history.list_files_at(session, course.id, 2)}
        assert VIDEO not in {file.path for file in history.list_files_at(session, course.id, 3)}
        for path, revision in ((VIDEO, 3), (PICTURE, 1), (LESSON, 4), (LESSON, 0)):
            with pytest.raises(NotFound):
                history.get_file_at(session, course.id, path, revision)
        with pytest.raises(NotFound):
            history.list_files_at(session, course.id, 9)


def test_one_file_comes_back_and_the_others_stay(instance: Instance) -> None:
    a_course(instance, modules=1)
    before = folder(modules=1)
    save(instance, {LESSON: text_content("uno\n"), PICTURE: a_picture(instance, PNG)})
    save(instance, {"README.md": text_content("otro\n")}, removed=(VIDEO, PICTURE))

    with instance.database.unit_of_work() as session:
        course = catalogue.lock_course(session, the_course(session).id)
        assert drafts.restore_file(session, SYSTEM, course, VIDEO, 1, now=NOON)
        assert drafts.restore_file(session, SYSTEM, course, PICTURE, 2, now=NOON)
        assert not drafts.restore_file(session, SYSTEM, course, LESSON, 2, now=NOON)
        with pytest.raises(NotFound):
            drafts.restore_file(session, SYSTEM, course, PICTURE, 1, now=NOON)

    with instance.database.unit_of_work(write=False) as session:
        course = the_course(session)
        expected = {**before, LESSON: b"uno\n", PICTURE: PNG, "README.md": b"otro\n"}
        assert drafts.draft_files(session, instance.files, course.id) == expected
        newest = history.list_revisions(session, course.id, limit=2)
        assert [(entry.origin, entry.restored) for entry in newest] == [(RevisionOrigin.RESTORED, 2), (RevisionOrigin.RESTORED, 1)]
        said = session.scalars(select(AuditEntry.facts).where(AuditEntry.verb == "course.draft_saved").order_by(AuditEntry.id)).all()
        assert [json.loads(facts)["origin"] for facts in said] == ["imported", "edited", "edited", "restored", "restored"]


def test_any_state_of_a_random_history_can_be_read_and_brought_back(instance: Instance) -> None:
    """And bringing one back loses nothing: all states before it can still be read."""
    a_course(instance, modules=1)
    chance = random.Random(20261120)  # noqa: S311 - a history to try, no secret
    paths = [LESSON, VIDEO, "README.md", "scripts/a.py", PICTURE]
    states = [folder(modules=1)]
    for step in range(25):
        now = states[-1]
        written = {path: f"{step} {chance.random()}\n".encode() for path in chance.sample(paths, chance.randint(1, 2))}
        removed = tuple(path for path in paths if chance.random() < 0.2 and path in now and path not in written)
        kept = drafts.keep_contents(instance.files, written, {PICTURE: "image/png"})
        if chance.random() < 0.25:
            revision = chance.randint(1, len(states))
            with instance.database.unit_of_work() as session:
                course = catalogue.lock_course(session, the_course(session).id)
                if drafts.restore_draft(session, SYSTEM, course, revision, now=NOON):
                    states.append(states[revision - 1])
        else:
            save(instance, kept, removed=removed, minutes=step)
            states.append({path: content for path, content in {**now, **written}.items() if path not in removed})

    with instance.database.unit_of_work(write=False) as session:
        course = the_course(session)
        assert course.draft_revision == len(states)
        assert drafts.draft_files(session, instance.files, course.id) == states[-1]
        for revision, state in enumerate(states, start=1):
            found = history.list_contents_at(session, course.id, paths, revision)
            read = {path: file.read(instance.files) for path, file in found.items()}
            assert read == {path: content for path, content in state.items() if path in paths}
            assert {file.path for file in history.list_files_at(session, course.id, revision)} == set(state)
        found_origins = {entry.origin for entry in history.list_revisions(session, course.id)}
        assert found_origins == {RevisionOrigin.IMPORTED, RevisionOrigin.EDITED, RevisionOrigin.RESTORED}


@pytest.mark.slow
def test_drafts_of_older_versions_begin_their_history_with_what_is_there(empty_database: Database) -> None:
    """The migration: the files as they are, under the revisions that wrote them, and the newest one even where it only removed."""
    with empty_database.writing.begin() as connection:
        command.upgrade(migrations._config(connection), "2026_11_20_1")  # where the history did not exist yet
        connection.execute(
            text(
                "INSERT INTO course (id, uuid, slug, title, draft_revision, created_at) "
                "VALUES (1, '00000000000000000000000000000001', 'agua', '{}', 3, '2026-06-01 12:00:00')"
            )
        )
        for path, revision in (("course.yaml", 1), ("01-a/module.yaml", 1), ("01-a/01-b.es.md", 2)):
            connection.execute(
                text(
                    "INSERT INTO draft_file (course_id, path, body, sha256, revision, changed_at) "
                    "VALUES (1, :path, 'x', :sha256, :revision, '2026-06-01 12:00:00')"
                ),
                {"path": path, "sha256": "a" * 64, "revision": revision},
            )

    assert migrations.upgrade(empty_database)

    with Session(empty_database.writing) as session:
        assert list(session.scalars(select(DraftRevision.number).order_by(DraftRevision.number))) == [1, 2, 3]
        assert [file.revision for file in history.list_files_at(session, 1, 3)] == [2, 1, 1]
        assert session.scalar(select(func.count()).select_from(DraftFileVersion)) == 3


@pytest.mark.parametrize("origin", list(RevisionOrigin))
def test_the_page_of_the_history_has_words_for_every_origin(browser: Browser, instance: Instance, origin: RevisionOrigin) -> None:
    a_teacher(instance, a_course(instance, modules=1))
    with instance.database.unit_of_work() as session:
        number = 1 if origin is RevisionOrigin.RESTORED else None
        session.execute(update(DraftRevision).values(origin=origin, restored=number))

    sign_in(browser, "profe@example.org").get("/teaching/prueba/history")

    assert browser.response.status_code == 200


PATH = "01-parte/01-leccion.es.md"
NOW = clock.now()


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a published course."""
    return a_course(instance, modules=1)


@pytest.fixture
def author(instance: Instance, course: Course) -> Actor:
    """Return somebody who edits it."""
    return actor_of(a_teacher(instance, course))


def save_words(instance: Instance, author: Actor, words: str, *, minutes: float = 0, automatic: bool = True, path: str = PATH) -> int:
    """Save the text of a lesson; return its revision."""
    with instance.database.unit_of_work() as session:
        course = catalogue.lock_course(session, session.scalars(select(Course.id)).one())
        present = session.execute(select(func.max(DraftFileVersion.revision)).where(DraftFileVersion.path == path)).scalar_one()
        key = "key: leccion-1\n" if path == PATH else ""
        text = f"---\n{key}title: Contar 1\n---\n{words}\n"
        now = NOW + timedelta(minutes=minutes)
        return authoring.save_text(session, author, course, path, text, base_revision=present, automatic=automatic, now=now)


def changes(instance: Instance) -> list[int]:
    """Return the numbers of the changes that the history knows."""
    with instance.database.unit_of_work(write=False) as session:
        numbers = list(session.scalars(select(DraftRevision.number).order_by(DraftRevision.number)))
        files = set(session.scalars(select(DraftFileVersion.revision)))
    assert files <= set(numbers)
    return numbers


def test_savings_of_a_page_within_ten_minutes_are_one_change(instance: Instance, author: Actor) -> None:
    numbers = [save_words(instance, author, f"Texto {minute}.", minutes=minute) for minute in (0, 3, 6, 9)]

    assert numbers == [2, 3, 4, 5]
    assert changes(instance) == [1, 5]
    assert "Texto 9." in draft_texts(instance)[PATH]
    save_words(instance, author, "Más tarde.", minutes=11)
    assert changes(instance) == [1, 5, 6]
    with instance.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course.id)).one()
        assert "Texto 9." in (history.find_text_at(session, course, PATH, 5) or "")
        assert "dedos" in (history.find_text_at(session, course, PATH, 4) or "")


def test_what_somebody_saved_stays_also_where_it_was_saved_as_it_stood(instance: Instance, author: Actor) -> None:
    save_words(instance, author, "Uno.")
    save_words(instance, author, "Dos.", minutes=1, automatic=False)
    save_words(instance, author, "Tres.", minutes=2)
    save_words(instance, author, "Tres.", minutes=3, automatic=False)
    save_words(instance, author, "Cuatro.", minutes=4)

    assert changes(instance) == [1, 2, 3, 4, 5]


def test_another_person_another_file_and_a_publication_keep_a_change(instance: Instance, author: Actor, course: Course) -> None:
    other = actor_of(a_teacher(instance, course, "otra@example.org"))
    save_words(instance, author, "Uno.")
    save_words(instance, other, "Dos.", minutes=1)
    save_words(instance, other, "Tres.", minutes=1, path="01-parte/01-leccion.en.md")
    assert changes(instance) == [1, 2, 3, 4]

    save_words(instance, other, "One counts.", minutes=2, path="01-parte/01-leccion.en.md")
    assert changes(instance) == [1, 2, 3, 5]
    before = draft_texts(instance)
    publish(instance, {path: text.encode() for path, text in before.items()})
    save_words(instance, other, "Después.", minutes=3, path="01-parte/01-leccion.en.md")
    assert changes(instance) == [1, 2, 3, 5, 6]
