"""Pages of a course as a whole: who begins, changes, archives and restores it, what a move leaves, and what is refused."""

import re
from datetime import timedelta

import pytest
from sqlalchemy import select

from accounts import accounts
from accounts.models import Person
from courses import authoring, catalogue, drafts, team
from courses.access import CourseArchived
from courses.content.writing import NewCourse
from courses.models import Course, StaffRole
from enrolments import editions
from kernel import clock, outbox
from kernel.errors import Conflict
from kernel.permissions import SYSTEM, SiteRole
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.drafts import OUTLINE, draft_saying, draft_texts, plan_of, press_in_outline, publication_verbs
from tests.support.learning import actor_of
from tests.support.wording import in_spanish

NEW = {"title": "Seguridad social: lo básico", "module": "Módulo 1", "lesson": "Introducción"}


def an_instructor(browser: Browser, instance: Instance, email: str = "ines@example.org") -> Browser:
    """Sign in somebody who has the role of instructor and no course."""
    person = a_person(instance, email, given="Inés", surname="Ruiz")
    with instance.database.unit_of_work() as session:
        accounts.grant_role(session, SYSTEM, session.get_one(Person, person.id), SiteRole.INSTRUCTOR, now=clock.now())
    return sign_in(browser, email)


def an_editor(browser: Browser, instance: Instance, modules: int = 2) -> Browser:
    """Sign in an editor of a course of some modules."""
    a_teacher(instance, a_course(instance, modules=modules))
    return sign_in(browser, "profe@example.org")


def test_every_cell_of_creating_a_course(browser: Browser, instance: Instance) -> None:
    """spec/security 9, course.create: instructors and administrators."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    got = {
        letter: outcome(one, "/teaching/new-course", "POST", {**NEW, "key": f"nuevo-{letter.lower()}", "language": "es"})
        for letter, one in cast.browsers.items()
    }
    wrong = cast.check("course.create", "any", got)

    assert wrong == []


def test_every_cell_of_editing_a_course(browser: Browser, instance: Instance) -> None:
    """spec/security 9, course.edit: its editors and administrators; nothing changes for the others."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=2))
    before = draft_texts(instance)

    looked = cast.check("course.edit", "own_course", cast.outcomes(OUTLINE))
    sent = cast.outcomes(OUTLINE, "POST", {"do": "up leccion-1"})

    assert looked == []
    assert cast.check("course.edit", "own_course", sent) == []
    assert draft_texts(instance) == before


def test_an_instructor_without_courses_begins_one_and_owns_it(browser: Browser, instance: Instance) -> None:
    an_instructor(browser, instance)
    browser.get("/learning")
    assert browser.page.has_link("/teaching")
    browser.get("/teaching")

    browser.get("/teaching/new-course")
    browser.submit("/new-course", {**NEW, "key": ""})

    assert browser.path == "/teaching/seguridad-social-lo-basico/outline"
    files = draft_texts(instance, "seguridad-social-lo-basico")
    assert sorted(files) == ["01-modulo-1/01-introduccion.es.md", "01-modulo-1/module.yaml", "course.yaml"]
    assert "title: 'Seguridad social: lo básico'" in files["course.yaml"]
    assert "Inés Ruiz" in files["course.yaml"]
    assert in_spanish("Owner") in browser.get("/teaching").text


def test_a_course_without_a_title_or_with_a_taken_address_is_asked_for_again(browser: Browser, instance: Instance) -> None:
    a_course(instance, modules=1)
    an_instructor(browser, instance)
    browser.get("/teaching/new-course")

    untitled = browser.submit("/new-course", {**NEW, "title": ""}, status=422).text
    browser.get("/teaching/new-course")
    taken = browser.submit("/new-course", {**NEW, "key": "prueba"}, status=409).text
    browser.get("/teaching/new-course")
    crooked = browser.submit("/new-course", {**NEW, "key": "Curso Ñ"}, status=422).text

    assert in_spanish("Write a title.") in untitled
    assert in_spanish("Another course already has this address. Choose a different one.") in taken
    assert "minúsculas sin tildes" in crooked
    assert dict(browser.page.form("/new-course").fields)["title"] == NEW["title"]


def test_a_move_renames_files_and_changes_no_text(browser: Browser, instance: Instance) -> None:
    """spec/content-format 2 and 3: order is the number of the name, identity the key."""
    an_editor(browser, instance)
    before = draft_texts(instance)

    press_in_outline(browser, "down leccion-1")

    after = draft_texts(instance)
    assert sorted(after.values()) == sorted(before.values())
    assert after["01-parte/02-leccion.es.md"] == before["01-parte/01-leccion.es.md"]
    assert after["01-parte/02-leccion.en.md"] == before["01-parte/01-leccion.en.md"]
    assert after["01-parte/01-video.recording.yaml"] == before["01-parte/02-video.recording.yaml"]
    assert after["01-parte/03-cuestionario.quiz.yaml"] == before["01-parte/03-cuestionario.quiz.yaml"]


def test_a_module_moves_with_everything_in_it_and_the_move_can_be_undone(browser: Browser, instance: Instance) -> None:
    an_editor(browser, instance)
    before = draft_texts(instance)

    press_in_outline(browser, "up parte-2")
    moved = draft_texts(instance)
    browser.submit("/undo")

    assert moved["02-parte/module.yaml"] == before["02-parte/module.yaml"]
    assert {f"01-{path[3:]}": body for path, body in moved.items() if path.startswith("03-")} == {
        path: body for path, body in before.items() if path.startswith("01-")
    }
    assert not [path for path in moved if path.startswith("01-")]
    assert draft_texts(instance) == before
    assert in_spanish("The change has been undone.") in browser.page.text


@pytest.mark.slow
def test_undoing_after_somebody_elses_change_is_a_conflict(browser: Browser, instance: Instance) -> None:
    an_editor(browser, instance)
    press_in_outline(browser, "up parte-2")
    form = browser.page.form("/undo")
    press_in_outline(browser, "down leccion-1")
    after = draft_texts(instance)

    browser.submit("/undo", form=form, status=409)

    assert draft_texts(instance) == after


def test_an_activity_goes_to_another_module_with_what_it_shows(browser: Browser, instance: Instance) -> None:
    """Paths of media are relative: a figure that only this lesson shows moves along, one that another shows too is copied."""
    course = a_course(instance, modules=2)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>T</title><desc>D</desc></svg>'
    with instance.database.unit_of_work() as session:
        row = catalogue.lock_course(session, course.id)
        present = drafts.draft_bodies(session, course.id, ["01-parte/01-leccion.es.md"])
        shown = "\n![Uno](media/uno.svg)\n\n: Pie. | Crédito\n\n![Dos](media/dos.svg)\n\n: Pie. | Crédito\n"
        written = {
            "01-parte/01-leccion.es.md": present["01-parte/01-leccion.es.md"] + shown,
            "01-parte/media/uno.svg": drawing,
            "01-parte/media/dos.svg": drawing + "\n",
            "01-parte/04-otra.es.md": "---\nkey: otra\ntitle: Otra\n---\n![Dos](media/dos.svg)\n\n: Pie. | Crédito\n",
            "02-parte/media/uno.svg": drawing + "\n\n",
        }
        drafts.save_files(session, SYSTEM, row, {path: drafts.text_content(text) for path, text in written.items()}, now=clock.now())

    press_in_outline(browser, "place leccion-1 parte-2 1")

    after = draft_texts(instance)
    assert "02-parte/02-leccion.es.md" in after
    assert "02-parte/02-leccion.en.md" in after
    assert "01-parte/01-leccion.es.md" not in after
    assert after["02-parte/media/uno-2.svg"] == drawing
    assert "(media/uno-2.svg)" in after["02-parte/02-leccion.es.md"]
    assert "01-parte/media/uno.svg" not in after
    assert after["01-parte/media/dos.svg"] == after["02-parte/media/dos.svg"]


def test_pictures_that_take_other_names_take_no_name_of_one_another(browser: Browser, instance: Instance) -> None:
    """A second picture of a name is called `uno-2`: in a module that has a `uno` both need a name of their own."""
    course = a_course(instance, modules=2)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>%s</title><desc>D</desc></svg>'
    with instance.database.unit_of_work() as session:
        row = catalogue.lock_course(session, course.id)
        present = drafts.draft_bodies(session, course.id, ["01-parte/01-leccion.es.md"])
        written = {
            "01-parte/01-leccion.es.md": present["01-parte/01-leccion.es.md"]
            + "\n![Uno](media/uno.svg)\n\n: Pie. | Crédito\n\n![Dos](media/uno-2.svg)\n\n: Pie. | Crédito\n",
            "01-parte/media/uno.svg": drawing % "primero",
            "01-parte/media/uno-2.svg": drawing % "segundo",
            "02-parte/media/Uno.svg": drawing % "ajeno",
        }
        drafts.save_files(session, SYSTEM, row, {path: drafts.text_content(text) for path, text in written.items()}, now=clock.now())

    press_in_outline(browser, "place leccion-1 parte-2 1")

    after = draft_texts(instance)
    shown = re.findall(r"!\[(\w+)\]\((media/[\w.-]+)\)", after["02-parte/02-leccion.es.md"])
    assert [(words, after[f"02-parte/{name}"]) for words, name in shown] == [("Uno", drawing % "primero"), ("Dos", drawing % "segundo")]


def test_a_picture_that_questions_show_too_is_copied(browser: Browser, instance: Instance) -> None:
    """The banks of a module, in one file or in a folder, are read where an activity that shows media leaves it."""
    course = a_course(instance, modules=2)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>T</title><desc>D</desc></svg>'
    question = "questions:\n  - key: %s\n    kind: essay\n    text: |\n      Mire.\n\n      ![Dibujo](%s)\n\n      : Pie. | Crédito\n"
    shown = "\n![Uno](media/uno.svg)\n\n: Pie. | Crédito\n"
    with instance.database.unit_of_work() as session:
        row = catalogue.lock_course(session, course.id)
        present = drafts.draft_bodies(session, course.id, ["01-parte/01-leccion.es.md", "02-parte/01-leccion.es.md"])
        written = {
            **{path: text + shown for path, text in present.items()},
            "01-parte/media/uno.svg": drawing,
            "02-parte/media/uno.svg": drawing + "\n",
            "01-parte/banco.yaml": question % ("una", "media/uno.svg"),
            "02-parte/banco/figuras.yaml": question % ("dos", "../media/uno.svg"),
        }
        contents = {path: drafts.text_content(text) for path, text in written.items()}
        drafts.save_files(session, SYSTEM, row, contents, removed=["02-parte/banco.yaml"], now=clock.now())

    press_in_outline(browser, "place leccion-1 parte-2 1")
    press_in_outline(browser, "place leccion-2 parte-1 1")

    after = draft_texts(instance)
    assert after["01-parte/media/uno.svg"] == after["02-parte/media/uno-2.svg"] == drawing
    assert after["02-parte/media/uno.svg"] == after["01-parte/media/uno-2.svg"] == drawing + "\n"


def test_a_quiz_whose_picture_takes_another_name_still_says_where_it_draws_from(browser: Browser, instance: Instance) -> None:
    """spec/content-format 9: a draw without `from` is from the own module, whatever else the move writes anew."""
    course = a_course(instance, modules=2)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    drawing = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 1 1"><title>T</title><desc>D</desc></svg>'
    quiz = "01-parte/03-cuestionario.quiz.yaml"
    with instance.database.unit_of_work() as session:
        row = catalogue.lock_course(session, course.id)
        shown = "instructions: |\n  ![Uno](media/uno.svg)\n\n  : Pie. | Crédito\n"
        written = {
            quiz: drafts.draft_bodies(session, course.id, [quiz])[quiz] + shown,
            "01-parte/media/uno.svg": drawing,
            "02-parte/media/uno.svg": drawing + "\n",
        }
        drafts.save_files(session, SYSTEM, row, {path: drafts.text_content(text) for path, text in written.items()}, now=clock.now())

    press_in_outline(browser, "place cuestionario-1 parte-2 1")

    after = draft_texts(instance)
    moved = after["02-parte/02-cuestionario.quiz.yaml"]
    assert "from: [parte-1]" in moved
    assert "(media/uno-2.svg)" in moved
    assert quiz not in after


def test_hiding_writes_the_state_and_nothing_else(browser: Browser, instance: Instance) -> None:
    an_editor(browser, instance)
    before = draft_texts(instance)

    press_in_outline(browser, "hide video-1")
    hidden = draft_texts(instance)
    press_in_outline(browser, "show video-1")

    assert hidden["01-parte/02-video.recording.yaml"] == before["01-parte/02-video.recording.yaml"].replace(
        "required: false\n", "state: draft\nrequired: false\n"
    )
    assert draft_texts(instance) == before


def test_what_would_break_the_draft_is_refused_and_says_why(browser: Browser, instance: Instance) -> None:
    """spec/content-format C206 and C203: a module without activities, a requirement that is gone."""
    an_editor(browser, instance, modules=1)
    before = draft_texts(instance)

    press_in_outline(browser, "hide leccion-1")
    press_in_outline(browser, "hide video-1")
    press_in_outline(browser, "hide cuestionario-1", status=422)

    assert "El módulo no tiene actividades" in browser.page.text
    assert "state: draft" not in draft_texts(instance)["01-parte/03-cuestionario.quiz.yaml"]
    assert draft_texts(instance).keys() == before.keys()


@pytest.mark.slow
def test_parts_are_added_and_taken_out_with_a_question_first(browser: Browser, instance: Instance) -> None:
    an_editor(browser, instance, modules=1)

    browser.get("/teaching/prueba/new-module")
    message = "The module “%(title)s” is in the draft. Write its lesson “%(lesson)s”: the course is not published while it is blank."
    added_module = browser.submit("/new-module", {"title": "Brechas", "lesson": "Medir"}).text
    assert in_spanish(message, title="Brechas", lesson="Medir") in added_module
    assert in_spanish("The lesson is empty: its page would be blank.") in browser.get("/teaching/prueba/publishing").text
    browser.get("/teaching/prueba/new-activity?module=brechas")
    browser.submit("/new-activity", {"kind": "quiz", "title": "Compruebe"})
    added = draft_texts(instance)
    browser.get("/teaching/prueba/parts/compruebe/removal")
    kept = draft_texts(instance)
    browser.submit("/removal")
    gone = draft_texts(instance)
    browser.submit("/undo")

    assert added["02-brechas/module.yaml"] == "key: brechas\ntitle: Brechas\n"
    assert added["02-brechas/01-medir.es.md"].startswith("---\nkey: medir\ntitle: Medir\n---\n")
    assert added["02-brechas/02-compruebe.quiz.yaml"].startswith("key: compruebe\ntitle: Compruebe\n")
    assert added["02-brechas/banco.yaml"] == "questions: []\n"
    assert kept == added
    assert set(added) - set(gone) == {"02-brechas/02-compruebe.quiz.yaml"}
    assert draft_texts(instance) == added


def test_a_new_module_opens_its_first_lesson(browser: Browser, instance: Instance) -> None:
    an_editor(browser, instance, modules=1)
    browser.get("/teaching/prueba/new-module")

    browser.submit("/new-module", {"title": "Brechas", "lesson": "Medir"})

    assert browser.path == "/teaching/prueba/lessons/medir"


@pytest.mark.parametrize(
    ("kind", "editor"),
    [
        ("page", "/lessons/compruebe"),
        ("quiz", "/parts/compruebe/questions"),
        ("recording", "/parts/compruebe"),
        ("simulator", "/parts/compruebe"),
    ],
)
def test_a_new_activity_opens_where_it_is_written(browser: Browser, instance: Instance, kind: str, editor: str) -> None:
    an_editor(browser, instance, modules=1)
    browser.get("/teaching/prueba/new-activity")

    browser.submit("/new-activity", {"kind": kind, "title": "Compruebe"})

    assert browser.path.partition("#")[0] == f"/teaching/prueba{editor}"


def test_a_new_quiz_is_an_empty_draft_that_is_not_published(browser: Browser, instance: Instance) -> None:
    """spec/content-format 9, C523: it opens on its questions, has none, and the check says what to do."""
    an_editor(browser, instance, modules=1)
    browser.get("/teaching/prueba/new-activity")
    browser.submit("/new-activity", {"kind": "quiz", "title": "Compruebe"})
    assert in_spanish("The quiz has no questions yet.") in browser.page.text
    assert draft_texts(instance)["01-parte/04-compruebe.quiz.yaml"] == "key: compruebe\ntitle: Compruebe\nslots: []\n"

    told = browser.get("/teaching/prueba/publishing").text

    assert in_spanish("The quiz has no questions.") in told
    assert in_spanish("Add one, or hide the quiz.") in told
    browser.get("/teaching/prueba/outline")
    press_in_outline(browser, "hide compruebe")
    assert in_spanish("The quiz has no questions.") not in browser.get("/teaching/prueba/publishing").text


def test_titles_that_say_nothing_and_places_that_are_not_are_refused(browser: Browser, instance: Instance) -> None:
    an_editor(browser, instance, modules=1)
    before = draft_texts(instance)

    browser.get("/teaching/prueba/new-activity")
    browser.submit("/new-activity", {"title": ""}, status=422)
    browser.get("/teaching/prueba/new-module")
    browser.submit("/new-module", {"title": ""}, status=422)
    browser.get(OUTLINE)
    browser.submit("/outline", button=("do", "up nadie"), status=404)
    browser.get(OUTLINE)
    browser.submit("/outline", button=("do", "place leccion-1 nadie 0"), status=404)
    browser.get("/teaching/prueba/parts/nadie/removal", status=404)

    assert draft_texts(instance) == before


def test_the_outline_costs_the_same_whatever_the_course_has(browser: Browser, instance: Instance) -> None:
    """Performance: statements per page do not grow with modules."""
    a_teacher(instance, a_course(instance, modules=1))
    course = a_course(instance, "grande", modules=6)
    with instance.database.unit_of_work() as session:
        person = session.scalars(select(Person).where(Person.email == "profe@example.org")).one()
        team.add_staff(session, SYSTEM, session.get_one(Course, course.id), person.id, StaffRole.EDITOR, now=clock.now())
    sign_in(browser, "profe@example.org")
    counter = every_statement(instance.database)

    counts = []
    for slug in ("prueba", "grande"):
        counter.reset()
        browser.get(f"/teaching/{slug}/outline")
        counts.append(len(counter.statements))

    assert counts[0] == counts[1] <= 8


def test_every_cell_of_deleting_a_course(browser: Browser, instance: Instance) -> None:
    """spec/security 9, course.delete: a draft that was never published, by its editors and administrators; a published one by nobody."""
    cast = a_cast(browser, instance)
    published = a_course(instance, modules=1)
    cast.join(published)
    wrong = cast.check("course.delete", "with_certificates_issued", cast.outcomes("/teaching/prueba/deletion", "POST"))
    for letter, one in cast.browsers.items():
        with instance.database.unit_of_work() as session:
            new = NewCourse(f"nuevo-{letter.lower()}", "Nuevo", ("es",), "Ana", "Uno", "Dos")
            course = authoring.create_course(session, actor_of(cast.people["S"]), new, now=clock.now())
            for who, role in (("I", StaffRole.EDITOR), ("W", StaffRole.OWNER)):
                team.add_staff(session, SYSTEM, course, cast.people[who].id, role, now=clock.now())
        wrong += cast.check("course.delete", "draft_without_attempts", {letter: outcome(one, f"/teaching/{new.key}/deletion", "POST")})
        assert bool(draft_texts(instance, new.key)) == (letter not in "ISW")

    assert wrong == []
    assert draft_texts(instance)


@pytest.mark.slow
def test_a_course_that_was_published_says_why_it_stays(browser: Browser, instance: Instance) -> None:
    an_editor(browser, instance, modules=1)
    assert not browser.get(OUTLINE).has_link("/teaching/prueba/deletion")
    browser.get("/teaching/prueba/deletion")

    page = browser.submit("/deletion", status=409)

    assert "se publicó" in page.text
    assert draft_texts(instance)


def test_a_deleted_course_leaves_nothing_of_its_questions(browser: Browser, instance: Instance) -> None:
    an_instructor(browser, instance)
    browser.get("/teaching/new-course")
    browser.submit("/new-course", {**NEW, "key": "nuevo"})
    browser.get("/teaching/nuevo/new-activity")
    browser.submit("/new-activity", {"kind": "quiz", "title": "Compruebe"})
    browser.get("/teaching/nuevo/deletion")

    told = browser.submit("/deletion").text

    assert in_spanish("The course has been deleted.") in told
    assert draft_texts(instance, "nuevo") == {}
    browser.get("/teaching/nuevo/outline", status=404)


@pytest.mark.slow
def test_an_activity_goes_to_another_module_without_a_script_and_a_quiz_keeps_its_bank(browser: Browser, instance: Instance) -> None:
    """spec/content-format 9: a draw without `from` is from the own module, so a quiz that leaves says which."""
    an_editor(browser, instance)
    browser.get("/teaching/prueba/parts/cuestionario-1")

    browser.submit("/outline", {"module": "parte-2"}, button=("do", "move cuestionario-1"))

    after = draft_texts(instance)
    assert "01-parte/03-cuestionario.quiz.yaml" not in after
    assert "slots:\n  - draw: 7\n    from: [parte-1]\n" in after["02-parte/04-cuestionario.quiz.yaml"]
    assert [path for path in after if path.startswith("02-parte/03")] == ["02-parte/03-cuestionario.quiz.yaml"]


PAGE = "/teaching/prueba/archive"


@pytest.fixture
def owner(browser: Browser, instance: Instance) -> Browser:
    """Return the browser of the owner of a published course."""
    a_teacher(instance, a_course(instance, modules=1), role=StaffRole.OWNER)
    return sign_in(browser, "profe@example.org")


def archived_at(instance: Instance) -> object:
    """Return when the course was put away."""
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Course.archived_at).where(Course.slug == "prueba")).one()


def test_every_cell_of_putting_a_course_away(browser: Browser, instance: Instance) -> None:
    """Owners and administrators only, as with the team."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))

    wrong = cast.check("course.archive", "published", cast.outcomes(PAGE))
    refused = {letter: found for letter, found in cast.outcomes(PAGE, "POST").items() if letter not in "SW"}
    wrong += cast.check("course.archive", "published", refused)

    assert wrong == []
    assert archived_at(instance) is None


def test_a_course_is_put_away_with_a_reason_and_brought_back(owner: Browser, instance: Instance) -> None:
    a_person(instance, "ana@example.org")
    owner.get("/teaching/prueba/outline")
    owner.get(PAGE)
    assert 'id="reason-error"' in owner.submit("/archive", {"reason": " "}, status=422).html
    assert archived_at(instance) is None

    owner.submit("/archive", {"reason": "Hay un curso nuevo."})

    assert archived_at(instance) is not None
    assert "Hay un curso nuevo." in owner.page.text
    assert in_spanish("Archived the course: %(reason)s", reason="Hay un curso nuevo.") in owner.get("/teaching/prueba/log").text
    assert in_spanish("Archived course.") in owner.get("/teaching/prueba/outline").text
    assert "nadie puede inscribirse" in owner.get("/teaching/prueba/learners").text
    other = sign_in(owner.another(), "ana@example.org")
    other.get("/courses/prueba", status=403)
    assert "Curso de prueba" not in other.get("/courses").text

    owner.get(PAGE)
    owner.submit("/archive", {"reason": "Hace falta todavía."})
    assert archived_at(instance) is None
    assert "Hace falta todavía." in owner.get("/teaching/prueba/log").text
    other.get("/courses/prueba")
    assert any(form.action.endswith("/enrolment") for form in other.page.forms)


def test_nobody_comes_into_an_archived_course_by_hand(owner: Browser, instance: Instance) -> None:
    owner.get(PAGE)
    owner.submit("/archive", {"reason": "Terminó."})
    person = a_person(instance, "ana@example.org")

    with instance.database.unit_of_work() as session:
        course = session.scalars(select(Course)).one()
        with pytest.raises(Conflict):
            editions.enrol_others(session, SYSTEM, course.id, None, [person.id], now=clock.now())


@pytest.mark.slow
def test_what_was_never_published_is_not_put_away(browser: Browser, instance: Instance) -> None:
    an_administrator(instance)
    sign_in(browser, "admin@example.org").get("/teaching/new-course")
    browser.submit("/new-course", {"title": "Prueba", "module": "Uno", "lesson": "Dos"})
    browser.get(PAGE)

    assert "nunca se publicó" in browser.submit("/archive", {"reason": "x"}, status=409).text
    assert archived_at(instance) is None


def put_away(instance: Instance) -> None:
    """Archive the course while somebody has its pages open."""
    with instance.database.unit_of_work() as session:
        authoring.archive(session, SYSTEM, catalogue.lock_course(session, session.scalars(select(Course.id)).one()), "Fin", now=clock.now())


def test_the_pages_of_its_draft_are_closed_and_say_why(owner: Browser, instance: Instance) -> None:
    editor = sign_in(owner.another(), a_teacher_of(instance, StaffRole.EDITOR))
    put_away(instance)

    for path in ("outline", "lessons/leccion-1", "parts/leccion-1", "questions", "lists/glossary", "media", "publishing", "history"):
        page = owner.get(f"/teaching/prueba/{path}")
        assert in_spanish("It cannot be changed or published until it is restored.") in page.text, path
        assert "disabled" in page.html or not [form for form in page.forms if "/prueba/" in form.action and form.method == "post"], path
        assert 'href="/teaching/prueba/archive"' in page.html, path
    assert in_spanish("Add a module") not in owner.get("/teaching/prueba/outline").text
    told = editor.get("/teaching/prueba/lessons/leccion-1")
    assert in_spanish("It cannot be changed or published until it is restored.") in told.text
    assert in_spanish("Its owners can restore it.") in told.text
    assert 'href="/teaching/prueba/archive"' not in told.html

    owner.get(PAGE)
    owner.submit("/archive", {"reason": "Hace falta."})
    assert in_spanish("Add a module") in owner.get("/teaching/prueba/outline").text
    assert "<fieldset disabled" not in owner.get("/teaching/prueba/lessons/leccion-1").html


def a_teacher_of(instance: Instance, role: StaffRole) -> str:
    with instance.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course)).one()
    a_teacher(instance, course, "editora@example.org", role)
    return "editora@example.org"


@pytest.mark.parametrize(
    ("path", "form", "values"),
    [
        ("lessons/leccion-1", "/lessons/leccion-1", {"body": "Lo que se escribió."}),
        ("text?path=01-parte/01-leccion.es.md", "/text", {"text": "---\nkey: leccion-1\ntitle: Lo que se escribió.\n---\n\nDedos.\n"}),
        ("parts/leccion-1", "/parts/leccion-1", {"minutes": "77"}),
        ("new-module", "/new-module", {"title": "Lo que se escribió.", "lesson": "Una"}),
        ("publishing", "/publishing", {"note": "Lo que se escribió.", "nature": "correction"}),
    ],
)
def test_what_is_sent_to_an_archived_course_is_refused_and_kept(
    owner: Browser, instance: Instance, path: str, form: str, values: dict[str, str]
) -> None:
    owner.get(f"/teaching/prueba/{path}")
    put_away(instance)
    before = state_of(instance)

    owner.submit(form, values, status=409)

    assert in_spanish("This course is archived, so it cannot be changed or published. Restore it first.") in owner.page.text
    assert next(iter(values.values())).split("\n")[0] in owner.page.html
    assert state_of(instance) == before


def state_of(instance: Instance) -> tuple[int, int | None]:
    """Return the draft's revision and the published version."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.scalars(select(Course)).one()
        return course.draft_revision, course.published_version_id


def test_what_a_page_saves_by_itself_is_refused_with_words(owner: Browser, instance: Instance) -> None:
    owner.get("/teaching/prueba/lessons/leccion-1")
    form = owner.page.form("/lessons/leccion-1")
    put_away(instance)

    owner._request("POST", "/teaching/prueba/lessons/leccion-1/autosave", data=dict(form.fields) | {"body": "Otra cosa."})

    assert owner.response.status_code == 409
    assert owner.response.json is not None
    assert in_spanish("This course is archived, so it cannot be changed or published. Restore it first.") in owner.response.json["message"]


def test_what_was_planned_is_called_off_and_its_author_told(owner: Browser, instance: Instance) -> None:
    draft_saying(instance, "manos")
    moment = clock.now() + timedelta(days=1)
    owner.get("/teaching/prueba/publishing")
    owner.submit("/publishing", {"nature": "correction", "note": "", "when": f"{moment:%Y-%m-%dT%H:%M}"})
    assert plan_of(instance).state == "planned"
    owner.get(PAGE)
    owner.submit("/archive", {"reason": "Terminó."})

    outbox.deliver_waiting(instance.worker, now=moment + timedelta(days=1))

    assert plan_of(instance).state == "void"
    assert state_of(instance)[1] == 1
    assert publication_verbs(instance) == ["planned", "void"]
    assert (
        in_spanish("The course was archived before the scheduled time. Nothing was published, and the planned publication was cancelled.")
        in owner.get("/notices").text
    )
    log = owner.get("/teaching/prueba/log").text
    assert "o se archivó el curso" in log


def test_a_plan_that_was_left_over_is_given_up_at_its_moment(owner: Browser, instance: Instance) -> None:
    """Of an installation whose course was archived before plans were called off."""
    draft_saying(instance, "manos")
    moment = clock.now() + timedelta(days=1)
    owner.get("/teaching/prueba/publishing")
    owner.submit("/publishing", {"nature": "correction", "note": "", "when": f"{moment:%Y-%m-%dT%H:%M}"})
    with instance.database.unit_of_work() as session:
        session.scalars(select(Course)).one().archived_at = clock.now()

    outbox.deliver_waiting(instance.worker, now=moment + timedelta(days=1))

    assert (plan_of(instance).state, state_of(instance)[1]) == ("void", 1)


def test_the_command_line_does_not_publish_an_archived_course(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    put_away(instance)

    with instance.database.unit_of_work() as session, pytest.raises(CourseArchived):
        drafts.save_files(session, SYSTEM, catalogue.lock_course(session, course.id), {}, removed=["course.yaml"], now=clock.now())
