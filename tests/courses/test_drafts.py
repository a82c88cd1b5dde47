"""Texts that a page saved by itself: marked before publishing with who typed them, and published only where that is ticked."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from courses import drafts, team, versions
from courses.drafts import AutosavedText
from courses.models import Course, CourseVersion, StaffRole
from kernel import clock, outbox
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.drafts import OUTLINE, draft_texts, plan_of, tomorrow
from tests.support.lessons import EDITOR, PATH, ask, write
from tests.support.wording import in_spanish

PUBLISHING = "/teaching/prueba/publishing"
HALF = "Una frase a me"
TWIN = PATH.replace(".es.", ".en.")


@pytest.fixture
def typed(editor: Browser, instance: Instance) -> Browser:
    """Return somebody else of the team, after the editor's page has saved half a sentence by itself."""
    body = draft_texts(instance)[PATH].split("---\n", 2)[2]
    ask(editor, "autosave", {"body": f"{body}\n{HALF}\n"})
    return editor


@pytest.fixture
def colleague(browser: Browser, typed: Browser, instance: Instance, course: Course) -> Browser:
    """Return a colleague of who typed, before the page that publishes."""
    person = a_person(instance, "colega@example.org", given="Rosa", surname="Colega")
    with instance.database.unit_of_work() as session:
        team.add_staff(session, SYSTEM, session.get_one(Course, course.id), person.id, StaffRole.OWNER, now=clock.now())
    other = sign_in(browser.another(), "colega@example.org")
    other.get(PUBLISHING)
    return other


def published(instance: Instance, number: int) -> str:
    """Return the lesson's text as a version published it."""
    with instance.database.unit_of_work(write=False) as session:
        version = session.execute(select(CourseVersion).where(CourseVersion.number == number)).scalar_one()
        return versions.version_files(session, instance.files, version)[PATH].decode()


def save_another(instance: Instance, course: Course, word: str = "manos") -> None:
    """Save another text of the course, as a colleague does with a form."""
    path = "course.yaml"
    write(instance, course, {path: f"{draft_texts(instance)[path]}# {word}\n"})


def newest(instance: Instance) -> int:
    """Return the number of the newest version."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(CourseVersion.number).order_by(CourseVersion.number.desc())).first() or 0


@pytest.mark.slow
def test_what_was_only_saved_by_itself_is_told_with_who_typed_it_and_stays_behind(
    colleague: Browser, instance: Instance, course: Course
) -> None:
    save_another(instance, course)

    page = colleague.get(PUBLISHING)
    told = page.text
    done = colleague.submit("/publishing", {"nature": "correction", "note": "Otro"}).text

    assert in_spanish("Autosaved only") in told
    assert "Escrito por Pilar Maestra" in told
    assert HALF in told
    assert (HALF in published(instance, 2), HALF in draft_texts(instance)[PATH]) == (False, True)
    assert in_spanish("%(count)s text that was only autosaved was not published; it stays in the draft.", 1) in done


@pytest.mark.slow
def test_nothing_else_changed_is_no_new_version(colleague: Browser, instance: Instance) -> None:
    page = colleague.get(PUBLISHING).text
    colleague.submit("/publishing", {"nature": "correction", "note": ""})

    assert "Nada ha cambiado desde la versión 1" in page
    assert newest(instance) == 1


def boxes(browser: Browser) -> list[str]:
    """Return the texts that may be ticked on the page that publishes."""
    return re.findall(r'name="autosaved" value="(\d+)"', browser.get(PUBLISHING).html)


def test_it_goes_out_where_the_publisher_ticks_it(colleague: Browser, instance: Instance) -> None:
    colleague.submit("/publishing", {"nature": "correction", "note": "", "autosaved": boxes(colleague)})

    assert HALF in published(instance, 2)
    assert boxes(colleague) == []


@pytest.mark.slow
def test_what_somebody_saves_goes_out_without_asking(typed: Browser, instance: Instance) -> None:
    typed.get(EDITOR)
    typed.submit("/lessons/leccion-1", button=("do", "save"))
    offered = boxes(typed)

    typed.submit("/publishing", {"nature": "correction", "note": ""})

    assert offered == []
    assert HALF in published(instance, 2)


@pytest.mark.slow
def test_who_typed_goes_on_typing_after_the_publication(colleague: Browser, typed: Browser, instance: Instance, course: Course) -> None:
    save_another(instance, course)
    colleague.get(PUBLISHING)
    colleague.submit("/publishing", {"nature": "correction", "note": ""})

    answer = ask(typed, "autosave", {"body": f"{HALF}dias.\n", "seen": str(typed_at(instance).revision)})
    found = typed_at(instance)

    assert answer["state"] == "saved"
    assert f"{HALF}dias." in found.text
    assert found.name == "Pilar Maestra"


def typed_at(instance: Instance) -> AutosavedText:
    """Return the only text that was saved by itself."""
    with instance.database.unit_of_work(write=False) as session:
        (found,) = drafts.list_autosaved(session, session.scalars(select(Course.id)).one())
        return found


@pytest.mark.slow
def test_typing_meanwhile_does_not_keep_others_from_publishing_what_was_saved(
    colleague: Browser, typed: Browser, instance: Instance, course: Course
) -> None:
    save_another(instance, course)
    (box,) = boxes(colleague)
    ask(typed, "autosave", {"body": f"{HALF}dias.\n", "seen": str(typed_at(instance).revision)})

    refused = colleague.submit("/publishing", {"nature": "correction", "note": "", "autosaved": [box]}, status=409).text
    colleague.get(PUBLISHING)
    ask(typed, "autosave", {"body": f"{HALF}dias hoy.\n", "seen": str(typed_at(instance).revision)})
    colleague.submit("/publishing", {"nature": "correction", "note": ""})

    assert in_spanish("Someone saved changes to this course in the meantime. Review the draft check again before publishing.") in refused
    assert newest(instance) == 2
    assert HALF not in published(instance, 2)


def test_what_was_saved_after_the_publisher_looked_is_not_published_unseen(colleague: Browser, typed: Browser, instance: Instance) -> None:
    typed.get(EDITOR)
    typed.submit("/lessons/leccion-1", button=("do", "save"))

    colleague.submit("/publishing", {"nature": "correction", "note": ""}, status=409)

    assert newest(instance) == 1


@pytest.mark.slow
def test_a_text_that_nobody_ever_saved_stays_behind_whole(editor: Browser, instance: Instance, course: Course) -> None:
    editor.get(f"{EDITOR}/removal?language=en")
    editor.submit("/removal")
    editor.get(f"{EDITOR}?language=en")
    ask(editor, "autosave", {"title": "Counting", "body": "Half a sent\n", "language": "en"})

    page = editor.get(PUBLISHING).text
    editor.submit("/publishing", {"nature": "correction", "note": ""})

    with instance.database.unit_of_work(write=False) as session:
        version = session.execute(select(CourseVersion).where(CourseVersion.number == 2)).scalar_one()
        assert TWIN not in versions.version_files(session, instance.files, version)
    assert "en inglés" in page
    assert "Half a sent" in draft_texts(instance)[TWIN]


@pytest.mark.slow
def test_moving_a_lesson_does_not_save_what_was_typed_in_it(colleague: Browser, instance: Instance) -> None:
    colleague.get(OUTLINE)
    colleague.submit("/outline", button=("do", "down leccion-1"))
    found = typed_at(instance)
    colleague.get(PUBLISHING)
    colleague.submit("/publishing", {"nature": "correction", "note": ""})

    assert found.path != PATH
    assert (HALF in found.text, HALF in (found.saved_text or "")) == (True, False)
    assert HALF not in whole(instance, 2)


def whole(instance: Instance, number: int) -> str:
    """Return all the texts of a version."""
    with instance.database.unit_of_work(write=False) as session:
        version = session.execute(select(CourseVersion).where(CourseVersion.number == number)).scalar_one()
        return "".join(text.decode(errors="replace") for text in versions.version_files(session, instance.files, version).values())


@pytest.mark.slow
def test_the_form_of_a_lesson_does_not_save_what_was_typed_in_its_text(colleague: Browser, instance: Instance) -> None:
    colleague.get("/teaching/prueba/parts/leccion-1")
    colleague.submit("/parts/leccion-1", {"minutes": "7"})
    colleague.get(PUBLISHING)
    colleague.submit("/publishing", {"nature": "correction", "note": ""})

    assert "minutes: 7" in published(instance, 2)
    assert HALF not in published(instance, 2)
    assert "minutes: 7" in typed_at(instance).text
    assert HALF in typed_at(instance).text


@pytest.mark.slow
def test_a_plan_is_of_what_was_saved_and_typing_does_not_void_it(
    colleague: Browser, typed: Browser, instance: Instance, course: Course
) -> None:
    save_another(instance, course)
    colleague.get(PUBLISHING)
    colleague.submit("/publishing", {"nature": "correction", "note": "", "when": f"{tomorrow():%Y-%m-%dT08:00}"})
    ask(typed, "autosave", {"body": f"{HALF}dias.\n", "seen": str(typed_at(instance).revision)})
    page = colleague.get(PUBLISHING).text

    outbox.deliver_waiting(instance.worker, now=tomorrow() + timedelta(minutes=1))

    assert "El borrador cambió desde entonces" not in page
    assert (plan_of(instance).state, newest(instance)) == ("published", 2)
    assert HALF not in published(instance, 2)


@pytest.mark.slow
def test_who_approves_sees_and_publishes_what_was_asked_with_the_ticked_text(
    colleague: Browser, typed: Browser, instance: Instance
) -> None:
    colleague.get("/teaching/prueba/team")
    colleague.submit("/team/approval")
    colleague.submit("/publishing", {"nature": "correction", "note": "", "autosaved": boxes(colleague)})
    page = typed.get(PUBLISHING).text
    typed.submit("/approval", {"remark": ""})

    assert "1 cambio desde la versión 1" in page
    assert HALF in published(instance, 2)
