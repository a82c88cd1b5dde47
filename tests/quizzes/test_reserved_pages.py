"""Reserved questions on the pages of the team: who saw them already, how they are marked, and their quizzes with another key."""

import pytest

from courses.content.applying import with_key
from courses.models import Course
from lms.instance import Instance
from quizzes.teaching import count_seen_elsewhere
from tests.support import folders
from tests.support.browser import Browser
from tests.support.builders import a_teacher, folder, publish, sign_in
from tests.support.learning import a_learner, start
from tests.support.lessons import write
from tests.support.selection_folders import BANK, FILE, HEAD, PAGE, questions
from tests.support.wording import in_spanish

OTHER = "01-parte/04-examen.quiz.yaml"
EXAM = "key: examen\ntitle: {es: Examen, en: Exam}\nslots:\n  - question: c\nattempts: 3\n"
RESERVED = questions(a="only: [examen]", b="only: [examen]", c="")


@pytest.fixture
def course(browser: Browser, instance: Instance) -> Course:
    """Return a course whose practice gave question «a» to two people and a preview, and which now reserves it for the exam."""
    files = folder(modules=1)
    files[BANK] = questions(a="", b="", c="").encode()
    files[FILE] = f"{HEAD}slots:\n  - question: a\nattempts: 3\n".encode()
    files[OTHER] = EXAM.encode()
    made = publish(instance, files)[0]
    for email in ("ana@example.org", "luis@example.org"):
        start(instance, a_learner(instance, made, email), "prueba")
    a_teacher(instance, made)
    sign_in(browser, "profe@example.org")
    write(
        instance,
        made,
        {
            BANK: RESERVED,
            FILE: f"{HEAD}slots:\n  - question: c\nattempts: 3\n",
            OTHER: EXAM.replace("  - question: c\n", "  - question: a\n  - question: b\n  - question: c\n"),
        },
    )
    return made


def test_a_question_that_was_seen_elsewhere_does_not_count_as_reserved(browser: Browser, course: Course) -> None:
    """spec/selection 1.6 and 1.4: of two reserved questions one is left."""
    page = browser.get(PAGE.replace("cuestionario-1", "examen"))

    assert in_spanish("%(key)s: already seen by %(count)s person.", 2, key="a") in page.text
    assert f'data-label="{in_spanish("Reserved")}">1</td>' in page.html
    assert in_spanish("Reserved questions that were seen elsewhere") in page.text


def test_a_quiz_without_reserved_questions_lists_none(browser: Browser, course: Course) -> None:
    page = browser.get(PAGE)

    assert f'data-label="{in_spanish("Reserved")}">0</td>' in page.html
    assert in_spanish("Reserved questions that were seen elsewhere") not in page.text


def test_attempts_under_a_former_key_of_its_quiz_are_its_own(instance: Instance, course: Course) -> None:
    """spec/selection 1.6: a quiz that was given another key is still the same quiz."""
    files = folder(modules=1)
    files[BANK] = questions(a="only: [nuevo]").encode()
    files[FILE] = b"key: nuevo\nformer_keys: [cuestionario-1]\ntitle: {es: Nuevo, en: New}\nslots:\n  - question: a\nattempts: 3\n"

    with instance.database.unit_of_work(write=False) as session:
        assert count_seen_elsewhere(session, course.id, folders.course(files)) == {}
        files[BANK] = questions(a="only: [examen]").encode()
        files[OTHER] = EXAM.replace("question: c", "question: a").encode()
        files[FILE] = HEAD.encode() + b"slots:\n  - draw: 1\nattempts: 3\n"
        assert count_seen_elsewhere(session, course.id, folders.reading(files).course) == {"a": 2}  # type: ignore[arg-type]  # it is read


@pytest.mark.slow
def test_the_preview_of_a_reserved_question_is_marked(browser: Browser, course: Course) -> None:
    """spec/selection 1.6: who tries one out knows for which quizzes it is kept."""
    words = in_spanish("Reserved: learners see this question only in %(quizzes)s. Do not show or print it elsewhere.", quizzes="Examen")

    assert words in browser.get("/teaching/prueba/questions/a/preview").text
    assert words not in browser.get("/teaching/prueba/questions/c/preview").text


def test_another_key_of_a_quiz_is_written_into_its_reserved_questions() -> None:
    change = with_key({BANK: RESERVED, OTHER: EXAM}, OTHER, "examen", "final")

    assert change.written[BANK] == RESERVED.replace("examen", "final")
