"""The page of a question: where it is asked, who was shown it, how thirds answered, what item analysis finds (spec/selection 2.7)."""

import csv
import io
from datetime import timedelta

import pytest
from sqlalchemy import update

from analysis.item_history import ExposureRow, list_exposure, list_uses
from analysis.views.item_history import exposure_sentence
from courses.models import Course
from kernel import clock, outbox
from lms.instance import Instance
from lms.worker import add_periodic
from quizzes import jobs
from quizzes.models import Attempt
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_teacher, publish, sign_in
from tests.support.classes import a_class_with_a_wrong_key, a_fixed_course
from tests.support.editions import a_learner_of, an_edition
from tests.support.learning import a_learner, start
from tests.support.regrading import question_id
from tests.support.selection_folders import a_balanced_folder
from tests.support.statements import cost
from tests.support.wording import in_spanish

PAGE = "/teaching/prueba/questions/suma-1/history"
DRAW_ONE = "slots:\n  - draw: 1\n"


def exposure_of(instance: Instance, course: Course, key: str) -> list[ExposureRow]:
    with instance.database.unit_of_work(write=False) as session:
        question = question_id(instance, key)
        versions = [one for use in list_uses(session, course.id, question) for one in use.quiz_version_ids]
        return list_exposure(session, course.id, question, versions, now=clock.now())


def analyse(instance: Instance) -> None:
    """Let the night compute the statistics."""
    add_periodic(instance.worker, "quizzes.plan_analyses", jobs.PLAN_EVERY, clock.now())
    outbox.deliver_waiting(instance.worker, now=clock.now())


def taken(browser: Browser, table: str) -> list[list[str]]:
    browser.get(f"{PAGE}.csv?table={table}")
    return list(csv.reader(io.StringIO(browser.response.get_data().decode("utf-8-sig"))))


def test_people_shown_a_question_are_counted_once_by_course_and_edition(instance: Instance) -> None:
    """spec/selection 2.13: people shown it of those who began a question set that may have it, in the last 365 days."""
    course = publish(instance, a_balanced_folder(DRAW_ONE))[0]
    march, may = an_edition(instance, course), an_edition(instance, course, "Mayo")
    people = [a_learner_of(instance, course, edition, f"p{at}@example.org") for at, edition in enumerate([march, march, march, may])]
    people.append(a_learner(instance, course, "sola@example.org"))
    for learner in people:
        start(instance, learner, "prueba")

    found = {key: exposure_of(instance, course, key) for key in "abcd"}

    for rows in found.values():
        assert [(row.edition, row.started) for row in rows] == [(None, 5), ("", 1), ("Marzo", 3), ("Mayo", 1)]
    assert [sum(rows[at].shown for rows in found.values()) for at in range(4)] == [5, 1, 3, 1]
    with instance.database.unit_of_work() as session:
        long_ago = clock.now() - timedelta(days=366)
        session.execute(update(Attempt).where(Attempt.person_id == people[0].person_id).values(started_at=long_ago))
    assert [row.started for row in exposure_of(instance, course, "a")] == [4, 1, 2, 1]


def test_a_question_that_nobody_met_says_so(instance: Instance) -> None:
    """spec/selection 2.7: what the data cannot show is said."""
    course = a_fixed_course(instance)

    rows = exposure_of(instance, course, "suma-1")

    assert [(row.shown, row.started) for row in rows] == [(0, 0)]
    assert exposure_sentence(rows) == in_spanish("In the last 365 days no one began a quiz that may ask it.")


def test_the_uses_of_a_question_tell_fixed_from_drawn_and_present_from_past(instance: Instance) -> None:
    """spec/selection 2.7: all quizzes that use it, also those that no longer do."""
    course = publish(instance, a_balanced_folder("slots:\n  - question: a\n  - draw: 1\n"))[0]
    publish(instance, a_balanced_folder("slots:\n  - draw: 1\n", b=50, c=60))
    with instance.database.unit_of_work(write=False) as session:
        found = {key: list_uses(session, course.id, question_id(instance, key)) for key in "ab"}

    assert [(use.key, use.is_current, use.is_drawn, len(use.quiz_version_ids)) for use in found["a"]] == [
        ("cuestionario-1", False, False, 1)
    ]
    assert [(use.key, use.is_current, use.is_drawn, len(use.quiz_version_ids)) for use in found["b"]] == [("cuestionario-1", True, True, 2)]


@pytest.mark.slow
def test_the_page_has_answers_by_third_and_the_findings(browser: Browser, instance: Instance) -> None:
    """spec/selection 2.7: how each third answered, what item analysis found, with sentences, and the same as a file."""
    course = a_class_with_a_wrong_key(instance)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    assert in_spanish("Best third") not in browser.get(PAGE).text
    analyse(instance)

    page = browser.get(PAGE)

    found = in_spanish(
        "The best learners choose “%(answer)s” more often than the answer marked as right: the wrong one may be marked.", answer="cinco"
    )
    for words in (found, in_spanish("Best third"), in_spanish("Asks everyone")):
        assert words in page.text
    assert page.has_link("/courses/prueba/quizzes/cuestionario-1/statistics")
    head, *rows = taken(browser, "answers")
    assert head[:5] == ["quiz", "version", "part", "answer", "right"]
    counts = {row[3]: [int(value) for value in row[5:]] for row in rows}
    sizes = next(iter(counts.values()))[3:]
    assert sum(sizes) == 36
    assert counts["cinco"][0] == sizes[0]  # all of the best
    assert [sum(one[at] for one in counts.values()) for at in range(3)] == sizes
    assert taken(browser, "exposure")[1] == [in_spanish("The whole course"), "36", "36"]


@pytest.mark.slow
def test_the_page_keeps_to_twelve_statements(browser: Browser, instance: Instance) -> None:
    """spec/selection 12: the bars; whatever was analysed and corrected."""
    course = a_class_with_a_wrong_key(instance, 12)
    analyse(instance)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    browser.checks = False
    counter = every_statement(instance.database)
    cost(browser, counter, PAGE)

    assert cost(browser, counter, PAGE).statements <= 12
