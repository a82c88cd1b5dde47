"""The sample quiz of the demonstration: invented answerers, two planted defects, and a item analysis that finds just these."""

from datetime import UTC, datetime

import pytest
from sqlalchemy import select

from accounts.models import Person
from analysis import statistics
from analysis.rules.findings import FindingKind, FindingStrength
from analysis.rules.statistics import CountedAttempts
from courses import catalogue
from enrolments.models import Enrolment
from lms.demo.people import DOMAIN
from lms.demo.samples import ANSWERERS, NARROW, QUIZ, SLUG, WRONG_KEY, hold_sample_quiz
from lms.instance import Instance
from questions import question_bank
from tests.support.wording import in_spanish

NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)


@pytest.mark.slow
def test_item_analysis_finds_the_two_planted_defects_and_nothing_else_that_is_clear(instance: Instance) -> None:
    """At least thirty answers stand behind every finding."""
    hold_sample_quiz(instance, now=NOW)

    with instance.database.unit_of_work(write=False) as session:
        course = catalogue.find_course(session, SLUG)
        assert course is not None
        quiz = statistics.list_compositions(session, course.id, QUIZ)
        examination = statistics.compute_statistics(session, statistics.attempt_set(session, quiz, CountedAttempts.FIRST, quiz.choices[0]))
        names = question_bank.list_question_names(session, [question.version for question in examination.questions])
    found = {(names[one.version].key, finding.ailment) for one in examination.questions for finding in one.findings}
    clear = {
        names[one.version].key for one in examination.questions for finding in one.findings if finding.strength is FindingStrength.CLEAR
    }
    assert {(WRONG_KEY, FindingKind.WRONG_KEY), (NARROW, FindingKind.NARROW_TOLERANCE)} <= found
    assert clear == {WRONG_KEY, NARROW}
    assert examination.quiz.attempts == ANSWERERS


@pytest.mark.slow
def test_its_answerers_are_invented(instance: Instance) -> None:
    hold_sample_quiz(instance, now=NOW)

    with instance.database.unit_of_work(write=False) as session:
        people = session.scalars(select(Person)).all()
        enrolled = session.scalars(select(Enrolment)).all()
    assert len(people) == len(enrolled) == ANSWERERS
    assert {(person.given_names, person.first_surname) for person in people} == {(in_spanish("Person"), "Inventada")}
    assert all(person.email.startswith("muestra-") and person.email.endswith(f"@{DOMAIN}") for person in people)
