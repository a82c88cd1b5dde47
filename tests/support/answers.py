"""Answering quizzes in tests: the right answers, turned into what the page's form sends."""

import re
from collections.abc import Mapping
from uuid import UUID

from sqlalchemy import select

from kernel.permissions import Actor
from lms.instance import Instance
from questions import question_bank
from questions.rules.answers import page_from_answer
from questions.rules.definitions import GapsBody, QuestionDefinition
from questions.rules.feedback import right_answer
from questions.rules.item_layout import LoadedItem
from questions.rules.numbers import convention_for
from quizzes import attempts
from quizzes.attempts import LoadedAttempt
from quizzes.models import Attempt
from tests.support.browser import Browser


def fields_of(item: LoadedItem, question: QuestionDefinition, shown: Mapping[str, object]) -> dict[str, object]:
    """Return the form's fields for an answer in places of the page."""
    name = f"p{item.position}"
    match question.kind.value:
        case "single":
            return {name: shown["choice"]}
        case "multiple":
            return {name: shown["choices"]}
        case "true_false":
            return {name: "true" if shown["value"] in (True, "true") else "false"}
        case "matching":
            return {f"{name}-{row}": place for row, place in dict(shown["matches"]).items()}  # type: ignore[call-overload]  # a mapping as sent
        case "matrix":
            return {f"{name}-{row}": column for row, column in dict(shown["rows"]).items()}  # type: ignore[call-overload]  # a mapping as sent
        case "ordering":
            return {f"{name}-{row}": str(position) for position, row in enumerate(list(shown["order"]), 1)}  # type: ignore[call-overload]  # a mapping as sent
        case "gaps":
            assert isinstance(question.body, GapsBody)
            return {f"{name}-{gap}": value for gap, value in dict(shown["values"]).items()}  # type: ignore[call-overload]  # a mapping as sent
        case _:
            return {name: shown.get("text", "")}


def right_fields(loaded: LoadedAttempt, questions: Mapping[int, QuestionDefinition]) -> dict[str, object]:
    """Return the fields that answer every question of an attempt rightly."""
    fields: dict[str, object] = {}
    for item in loaded.items:
        question = questions[item.question_version_id]
        answer = right_answer(question, item.layout, loaded.row.language, convention_for(loaded.row.language))
        if answer is not None:
            fields |= fields_of(item, question, page_from_answer(question, item.layout, answer))
    return fields


def open_attempt(browser: Browser) -> tuple[LoadedAttempt, dict[int, QuestionDefinition]]:
    """Return the attempt whose page is open."""
    return sitting_of(browser.instance, browser.path)


def sitting_of(instance: Instance, address: str) -> tuple[LoadedAttempt, dict[int, QuestionDefinition]]:
    """Return the attempt that an address names, with its questions."""
    found = re.search(r"/attempts/([0-9a-f-]{36})", address)
    assert found, address
    with instance.database.unit_of_work(write=False) as session:
        context = attempts.get_attempt(session, Actor(person_id=0), UUID(found[1]))
        loaded = attempts.load_attempt(session, context.id)
        return loaded, question_bank.get_questions(session, [item.question_version_id for item in loaded.items])


def answer_right(browser: Browser, quiz: str) -> None:
    """Start a quiz, answer everything rightly, hand it in."""
    browser.get(quiz)
    browser.submit("/attempts")
    loaded, questions = open_attempt(browser)
    browser.submit("/answers", right_fields(loaded, questions), button=("go", "review"))
    browser.submit("/submission")


def attempts_in(browser: Browser) -> list[Attempt]:
    """Return every attempt of the instance."""
    with browser.instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Attempt).order_by(Attempt.id)))
