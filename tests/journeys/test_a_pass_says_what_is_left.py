"""What the page of a passed quiz says of its module is so, and its button leads to the first activity that is not done."""

import re

import pytest

from courses.models import Course
from lms.instance import Instance
from tests.support.answers import answer_right
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, folder, publish
from tests.support.wording import in_spanish

LESSON, ACTIVITY = "You still have %(count)s lesson to do in this module.", "You still have %(count)s activity to do in this module."
MODULE, COURSE = "You have completed this module.", "You have completed the course."


def a_longer_course(instance: Instance, second: str) -> Course:
    """Publish two modules; the first one has a second lesson or a second quiz."""
    files = folder()
    if second == "lesson":
        files["01-parte/04-otra.es.md"] = b"---\nkey: otra-1\ntitle: Otra 1\n---\n## Dos\n\nSe cuenta.\n"
        files["01-parte/04-otra.en.md"] = b"---\ntitle: Another 1\n---\n## Two\n\nOne counts.\n"
    else:
        files["01-parte/91-otro.quiz.yaml"] = b"key: otra-1\ntitle: {es: Otro 1, en: Another 1}\nslots:\n  - draw: 2\nattempts: 3\n"
    return publish(instance, files)[0]


def next_address(browser: Browser) -> str:
    """Return where the button of the result leads."""
    named = re.search(r'<a class="btn main" href="([^"]+)"', browser.page.html)
    assert named is not None
    return named[1]


@pytest.mark.parametrize(("second", "sentence"), [("lesson", LESSON), ("quiz", ACTIVITY)])
def test_lessons_that_were_not_read_are_counted_and_come_next(browser: Browser, instance: Instance, second: str, sentence: str) -> None:
    a_learner_in(browser, a_longer_course(instance, second))

    answer_right(browser, "/courses/prueba/quizzes/cuestionario-1")

    assert in_spanish(sentence, count=2) in browser.page.text
    assert next_address(browser).endswith("/leccion-1")


def test_the_sentence_follows_what_is_done(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, a_course(instance, modules=2))
    answer_right(browser, "/courses/prueba/quizzes/cuestionario-1")
    result = browser.path
    unread = browser.page.text

    browser.get("/courses/prueba/activities/leccion-1")
    browser.submit("/leccion-1/done")
    read = browser.get(result).text
    onward = next_address(browser)
    browser.get("/courses/prueba/activities/leccion-2")
    browser.submit("/leccion-2/done")
    answer_right(browser, "/courses/prueba/quizzes/cuestionario-2")
    last = browser.page.text

    assert in_spanish(LESSON, count=1) in unread
    assert in_spanish(MODULE) in read
    assert onward.endswith("/leccion-2")
    assert in_spanish(COURSE) in last
