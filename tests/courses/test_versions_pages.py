"""Differences on the publishing page, the history of versions, and the way back to any of them."""

import re
from datetime import UTC, datetime

import pytest
from sqlalchemy import func, select, update

from courses import drafts, versions
from courses.models import Course, CourseVersion, DraftFileVersion
from kernel.audit import AuditEntry
from lms.instance import Instance
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, folder, publish, sign_in
from tests.support.drafts import LESSON, PUBLISHING, count_versions, save_draft
from tests.support.learning import a_learner, fail_quiz
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
VERSIONS = "/teaching/prueba/versions"
BANK = "01-parte/banco.yaml"


def edited(files: dict[str, bytes], path: str, old: str, new: str) -> dict[str, bytes]:
    """Replace one text in a file; fails where it is not there."""
    assert old.encode() in files[path]
    return {**files, path: files[path].replace(old.encode(), new.encode(), 1)}


def draft_of(instance: Instance) -> dict[str, bytes]:
    """Read the working copy of the course."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course).where(Course.slug == "prueba")).scalar_one()
        return drafts.draft_files(session, instance.files, course.id)


def text_of(instance: Instance, number: int) -> dict[str, bytes]:
    """Read what a version was made from."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course).where(Course.slug == "prueba")).scalar_one()
        version = versions.get_version(session, course.id, number)
        return versions.version_files(session, instance.files, version)


@pytest.fixture
def teacher(browser: Browser, instance: Instance) -> Browser:
    """An editor of a published course of one module, signed in."""
    a_teacher(instance, a_course(instance, modules=1))
    return sign_in(browser, "profe@example.org")


def test_every_version_can_be_read_again_whatever_the_draft_is_now(instance: Instance) -> None:
    first = folder(modules=1)
    second = edited(first, LESSON, "dedos", "manos")
    publish(instance, first)
    publish(instance, second)
    publish(instance, first)

    assert [text_of(instance, number) for number in (1, 2, 3)] == [first, second, first]
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(DraftFileVersion)) == len(first) + 2


def test_the_page_shows_what_differs_with_words_for_those_who_listen(teacher: Browser, instance: Instance) -> None:
    files = edited(folder(modules=1), LESSON, "los dedos", "las manos")
    save_draft(instance, edited(files, "01-parte/03-cuestionario.quiz.yaml", "attempts: 3", "attempts: 2"))

    page = teacher.get(PUBLISHING)

    assert "2 cambios desde la versión 1" in page.text
    assert '<del><span class="vh">quitado: </span>los dedos.' in page.html
    assert '<ins><span class="vh">agregado: </span>las manos.' in page.html
    assert in_spanish("Attempts (0: no limit)") in page.text


def test_nothing_differs_after_publishing(teacher: Browser, instance: Instance) -> None:
    save_draft(instance, edited(folder(modules=1), LESSON, "dedos", "manos"))
    teacher.get(PUBLISHING)
    teacher.submit("/publishing", {"nature": "correction", "note": ""})

    assert "Nada ha cambiado desde la versión 2" in teacher.get(PUBLISHING).text


def test_files_that_only_look_otherwise_are_told_so(teacher: Browser, instance: Instance) -> None:
    save_draft(instance, edited(folder(modules=1), "01-parte/module.yaml", "key: parte-1", "# orden\nkey: parte-1"))

    assert "Solo cambia la forma de escribir los archivos" in teacher.get(PUBLISHING).text


def test_a_remark_of_the_checks_stands_beside_the_change_it_concerns(teacher: Browser, instance: Instance) -> None:
    files = folder(modules=1)
    save_draft(instance, edited(files, BANK, "      - wrong: tres\n        why: Uno de menos.\n", "      - wrong: tres\n"))

    page = teacher.get(PUBLISHING)

    assert "/teaching/prueba/questions/suma-1" in page.html
    assert 'href="#change-1"' in page.html
    assert "observaciones de las comprobaciones" in page.text


def test_every_remark_that_can_be_mended_on_a_page_leads_there(teacher: Browser, instance: Instance) -> None:
    files = edited(folder(modules=1), "01-parte/03-cuestionario.quiz.yaml", "draw: 7", "draw: 6")
    save_draft(instance, files)

    page = teacher.get(PUBLISHING)
    links = {address for address, words in page.links if words.startswith("Corregirlo")}

    assert "/teaching/prueba/lessons/leccion-1" in links
    for address in links:
        teacher.get(address)


def unfolded(html: str) -> str:
    """Return the words of a page without what is for who edits the text."""
    return re.sub(r"<[^>]+>", " ", re.sub(r'<details class="small">.*?</details>', "", html, flags=re.DOTALL))


def test_a_remark_names_the_field_as_its_form_does_and_leads_to_the_form(teacher: Browser, instance: Instance) -> None:
    module = folder(modules=1)["01-parte/module.yaml"].decode()
    aimless = re.sub(r"objectives:\n(  - .*\n)+", "", module)
    save_draft(instance, {**folder(modules=1), "01-parte/module.yaml": aimless.encode()})

    page = teacher.get(PUBLISHING)
    shown = unfolded(page.html)

    assert aimless != module
    assert in_spanish("The module has no objectives.") in shown
    for private in ("objectives", "module.yaml", "C206"):
        assert private not in shown
    assert "module.yaml" in page.text
    assert "C206" in page.text
    assert page.has_link("/teaching/prueba/parts/parte-1")
    assert page.has_link("/teaching/prueba/text?path=01-parte/module.yaml")


def test_remarks_of_one_kind_are_folded_with_their_number(teacher: Browser, instance: Instance) -> None:
    files = folder(modules=1)
    bank = re.sub(rb"(- wrong: (?:tres|cinco|siete)\n)        why: .*\n", rb"\1", files[BANK])
    save_draft(instance, {**files, BANK: bank})

    page = teacher.get(PUBLISHING)
    more = [int(number) for number in re.findall(r"(\d+) más de este tipo\.", page.text)]

    assert 2 in more
    assert page.html.count("<strong>Revise: ") < page.html.count('id="problem-')


def test_a_reworded_question_is_not_one_with_another_key(teacher: Browser, instance: Instance) -> None:
    """Words, feedback that goes, tags and explanations decide on no mark."""
    files = edited(folder(modules=1), BANK, "      - wrong: tres\n        why: Uno de menos.\n", "      - wrong: tres\n")
    save_draft(instance, edited(files, BANK, "text: El agua moja.", "text: El agua siempre moja."))

    page = teacher.get(PUBLISHING).text

    assert "Pregunta: El agua siempre moja." in page
    assert in_spanish("Right answer") not in page


def test_a_changed_key_leads_to_the_trial_of_marking_again(teacher: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.11: what was answered is counted; the trial and its commit are pages of quizzes."""
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course)).scalar_one()
    fail_quiz(instance, a_learner(instance, course), "prueba")
    bank = edited(folder(modules=1), BANK, "answer: true", "answer: false")
    save_draft(instance, bank)

    before = teacher.get(PUBLISHING).text
    after = teacher.submit("/publishing", {"nature": "correction", "note": ""})

    assert in_spanish("Right answer") in before
    assert in_spanish("%(count)s attempt includes it", 1) in before
    assert in_spanish("Version %(number)s changed right answers", number="2") in after.text
    assert "/courses/prueba/quizzes/cuestionario-1/regrades/new?question=verdad-1" in after.html
    assert teacher.get("/courses/prueba/quizzes/cuestionario-1/regrades/new?question=verdad-1").text


def test_how_many_learners_each_choice_concerns_is_said(teacher: Browser, instance: Instance) -> None:
    with instance.database.unit_of_work(write=False) as session:
        course = session.execute(select(Course)).scalar_one()
    for place in range(3):
        a_learner(instance, course, email=f"l{place}@example.org")

    assert "Abarca a 3 personas" in teacher.get(PUBLISHING).text


def test_the_history_lists_versions_and_each_shows_what_it_changed(teacher: Browser, instance: Instance) -> None:
    publish(instance, edited(folder(modules=1), LESSON, "dedos", "manos"))

    listed = teacher.get(VERSIONS).html
    second, first = teacher.get(f"{VERSIONS}/2").text, teacher.get(f"{VERSIONS}/1").text

    assert f'href="{VERSIONS}/1"' in listed
    assert "manos" in second
    assert in_spanish("It was the first one.") in first
    teacher.get(f"{VERSIONS}/9", status=404)


def test_going_back_publishes_the_old_text_again_and_leaves_the_draft_alone(teacher: Browser, instance: Instance) -> None:
    first = folder(modules=1)
    publish(instance, edited(first, LESSON, "dedos", "manos"))
    draft = edited(first, LESSON, "dedos", "ojos")
    save_draft(instance, draft)
    teacher.get(f"{VERSIONS}/1")

    told = teacher.submit("/versions/1/publishing", {"nature": "correction", "note": "Como antes"}).text

    assert in_spanish("Version %(number)s is published.", number="3") in told
    assert text_of(instance, 3) == first
    assert draft_of(instance) == draft
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(CourseVersion).order_by(CourseVersion.number.desc())).first()
        assert row is not None
        assert (row.number, row.nature, row.note) == (3, "correction", "Como antes")


@pytest.mark.slow
def test_what_is_published_now_is_not_offered_again(teacher: Browser, instance: Instance) -> None:
    page = teacher.get(f"{VERSIONS}/1")
    token = dict(page.form("/language").fields)["csrf_token"]
    teacher._request("POST", f"{VERSIONS}/1/publishing", data={"csrf_token": token, "nature": "correction", "note": ""})

    assert in_spanish("It is what is published now.") in page.text
    assert count_versions(instance) == 1


def test_the_draft_takes_an_old_text_back(teacher: Browser, instance: Instance) -> None:
    first = folder(modules=1)
    save_draft(instance, edited(first, LESSON, "dedos", "ojos"))
    teacher.get(f"{VERSIONS}/1")

    teacher.submit("/versions/1/restoring")

    assert draft_of(instance) == first
    assert count_versions(instance) == 1
    with instance.database.unit_of_work(write=False) as session:
        entry = session.scalars(select(AuditEntry).where(AuditEntry.verb == "course.draft_saved").order_by(AuditEntry.id.desc())).first()
        assert entry is not None
        assert '"origin": "restored"' in entry.facts


def test_a_draft_that_somebody_saved_meanwhile_is_not_replaced(teacher: Browser, instance: Instance) -> None:
    first = folder(modules=1)
    save_draft(instance, edited(first, LESSON, "dedos", "ojos"))
    teacher.get(f"{VERSIONS}/1")
    later = edited(first, LESSON, "dedos", "manos")
    save_draft(instance, later)

    teacher.submit("/versions/1/restoring", status=409)

    assert draft_of(instance) == later


def test_a_version_from_before_texts_were_kept_says_so(teacher: Browser, instance: Instance) -> None:
    with instance.database.unit_of_work() as session:
        session.execute(update(CourseVersion).values(draft_revision=None))
    save_draft(instance, edited(folder(modules=1), LESSON, "dedos", "manos"))

    assert (
        in_spanish("The published version is older than the stored texts, so the differences cannot be shown.")
        in teacher.get(PUBLISHING).text
    )
    assert (
        in_spanish("The text of this version was not kept: it was published before texts were stored.") in teacher.get(f"{VERSIONS}/1").text
    )
    page = teacher.get(PUBLISHING)
    token = dict(page.form("/language").fields)["csrf_token"]
    teacher._request("POST", f"{VERSIONS}/1/restoring", data={"csrf_token": token, "revision": "2"})
    assert teacher.response.status_code == 404


def test_every_cell_of_the_history(browser: Browser, instance: Instance) -> None:
    """spec/security 9: what publishing needs, going back needs."""
    cast = a_cast(browser, instance)
    cast.join(a_course(instance, modules=1))
    publish(instance, edited(folder(modules=1), LESSON, "dedos", "manos"))
    wrong = []

    for path in (VERSIONS, f"{VERSIONS}/1"):
        wrong += cast.check("course.publish", "own_course_complete", cast.outcomes(path))
    for action in ("restoring", "publishing"):
        done = {}
        for letter, one in cast.browsers.items():
            revision = save_draft(instance, edited(folder(modules=1), LESSON, "dedos", f"ojos {action} {letter}"))
            sent = {"revision": str(revision), "nature": "improvement", "note": ""}
            done[letter] = outcome(one, f"{VERSIONS}/1/{action}", "POST", sent)
        wrong += cast.check("course.publish", "own_course_complete", done)

    assert wrong == []
