"""What erasure asks: of whom, and that it follows the answer."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import pytest
import time_machine
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.models import AccountMerge, DeletionRequest, Person
from kernel import clock
from kernel.permissions import SYSTEM
from kernel.personal import ERASURE_QUESTIONS, Ask, ErasureQuestion, PersonalColumn, personal_columns
from lms import app, erasure, own_data
from lms.instance import Instance
from lms.worker import add_periodic
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person, sign_in
from tests.support.own_tables import OWN, Letter, with_table

PAGE = "/profile/data/deletion"
WITHDRAWN, KEPT = "", "Queridos todos"


def follow(session: Session, person_id: int, answer: str, *, now: datetime) -> None:
    assert now.tzinfo is not None
    if answer == "withdraw":
        session.execute(update(Letter).where(Letter.person_id == person_id).values(words=WITHDRAWN))


LETTERS = ErasureQuestion(
    Letter.person_id,  # type: ignore[arg-type]  # a column, as every mapped class has
    "Sus cartas",
    {"keep": "Conservarlas sin su nombre", "withdraw": "Retirarlas todas"},
    follow,
)


def without_question(columns: Iterable[tuple[str, str, PersonalColumn]], questions: Iterable[ErasureQuestion]) -> list[str]:
    """Return the columns that ask without a question, or with one that lacks words for an answer."""
    worded = {question.of: question.answers.keys() for question in questions}
    asking = [(f"{table}_{name}", column.erase) for table, name, column in columns if isinstance(column.erase, Ask)]
    return [name for name, ask in asking if worded.get(name) != {ask.usual, ask.other}]


def test_every_column_that_asks_has_a_question_in_words() -> None:
    product = [(str(mapper.local_table), name, column) for mapper, name, column in personal_columns()]
    table = OWN.metadata.tables["letter_of_tests"]
    own = (table.name, "person_id", table.c.person_id.info[PersonalColumn])

    assert without_question(product, ERASURE_QUESTIONS.given_in(app.GIVEN)) == []
    assert without_question([own], []) == ["letter_of_tests_person_id"]
    assert without_question([own], [LETTERS]) == []


@pytest.fixture
def letters(instance: Instance) -> Iterator[None]:
    """Have letters that their writers are asked about."""
    with instance.database.unit_of_work(write=False) as session:
        known = dict(session.info)
    instance.database.configure({**known, ERASURE_QUESTIONS: (LETTERS,)})
    with with_table(instance, "letter_of_tests"):
        yield
    instance.database.configure(known)


def write(instance: Instance, person: Person) -> None:
    with instance.database.unit_of_work() as session:
        session.add(Letter(person_id=person.id, words=KEPT))


def texts(instance: Instance) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Letter.words).order_by(Letter.id)))


def delete_accounts(browser: Browser, instance: Instance) -> None:
    with time_machine.travel(clock.now() + timedelta(days=8)):
        add_periodic(instance.worker, "lms.delete_accounts", own_data.DELETIONS_EVERY, clock.now())
        browser.deliver_jobs()


@pytest.mark.parametrize(("answer", "left"), [(None, KEPT), ("keep", KEPT), ("withdraw", WITHDRAWN)])
def test_the_answer_is_stored_with_the_request_and_followed(
    letters: None, browser: Browser, instance: Instance, answer: str | None, left: str
) -> None:
    ana, blas = a_person(instance), a_person(instance, "blas@example.org")
    for person in (ana, blas):
        write(instance, person)
    page = sign_in(browser).get(PAGE)
    assert "Sus cartas" in page.text
    fields = {} if answer is None else {"letter_of_tests_person_id": answer}
    wrong = browser.submit(PAGE, {**fields, "current_password": "no es esta"}, status=422)
    assert dict(wrong.form(PAGE).fields)["letter_of_tests_person_id"] == (answer or "keep")
    browser.submit(PAGE, {"current_password": PASSWORD})
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(DeletionRequest.answers)).all() == [{"letter_of_tests_person_id": answer or "keep"}]

    delete_accounts(browser, instance)

    assert texts(instance) == [left, KEPT]


def test_without_such_rows_there_is_no_question(letters: None, browser: Browser, instance: Instance) -> None:
    a_person(instance)
    write(instance, a_person(instance, "blas@example.org"))

    assert "Sus cartas" not in sign_in(browser).get(PAGE).text
    browser.submit(PAGE, {"current_password": PASSWORD})

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(DeletionRequest.answers)).all() == [{}]


def test_an_answer_that_there_is_not_is_refused(letters: None, browser: Browser, instance: Instance) -> None:
    write(instance, a_person(instance))
    sign_in(browser).get(PAGE)

    browser.post(PAGE, {"letter_of_tests_person_id": "sell", "current_password": PASSWORD}, status=422)

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(DeletionRequest.id)).all() == []


def test_another_answer_while_the_request_waits_is_the_one_that_counts(letters: None, browser: Browser, instance: Instance) -> None:
    write(instance, a_person(instance))
    sign_in(browser)
    for answer in ("keep", "withdraw"):
        browser.get(PAGE)
        browser.submit(PAGE, {"letter_of_tests_person_id": answer, "current_password": PASSWORD})

    delete_accounts(browser, instance)

    assert texts(instance) == [WITHDRAWN]


def test_questions_cover_rows_of_a_merged_account_and_these_follow(letters: None, browser: Browser, instance: Instance) -> None:
    ana, former = a_person(instance), a_person(instance, "antes@example.org")
    write(instance, former)
    with instance.database.unit_of_work() as session:
        session.add(AccountMerge(closed_id=former.id, kept_id=ana.id, merged_at=clock.now()))
    assert "Sus cartas" in sign_in(browser).get(PAGE).text
    browser.submit(PAGE, {"letter_of_tests_person_id": "withdraw", "current_password": PASSWORD})

    delete_accounts(browser, instance)

    assert texts(instance) == [WITHDRAWN]


def test_an_erasure_without_an_answer_does_the_usual(letters: None, instance: Instance) -> None:
    ana = a_person(instance)
    write(instance, ana)

    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, ana.id), now=clock.now())

    assert texts(instance) == [KEPT]
