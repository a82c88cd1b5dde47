"""An initial and a final test as two forms of one, from their files to what learners see of both (spec/selection 7.1 and 7.2)."""

from collections import Counter
from datetime import UTC, datetime

import pytest

from courses.content.model import Severity
from lms.instance import Instance
from questions.question_bank import get_questions
from quizzes.attempts import LoadedAttempt
from quizzes.draws import form_of_attempt, recreate_layout
from tests.support import folders
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.learning import At, a_learner, pass_quiz, sitting_of, start
from tests.support.paired_tests import DRAWS, FINAL, FIRST, INITIAL, SECOND, a_paired_course, a_paired_folder, take
from tests.support.takes import retake
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
HELD = "Done. You will see this result beside that of the final test, once that is marked."
REVIEWED = "/courses/prueba/quizzes/inicial"


def faults(first: str = FIRST, second: str = SECOND) -> list[str]:
    """Return what the check says of a pair of tests, without the places."""
    files = a_paired_folder(first=first, second=second)
    return [finding.message.partition(": ")[2] for finding in folders.findings(files, "C518")]


def test_two_tests_with_the_same_draws_and_forms_are_accepted() -> None:
    """spec/selection 7.1."""
    assert not [one for one in folders.findings(a_paired_folder()) if one.severity is Severity.ERROR]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("forms: 2\n", ""),
        ("forms: 2\n", "forms: 3\n"),
        ("  - draw: 2\n", "  - draw: 1\n"),
        ("balance: {within: 10}", "balance: {within: 11}"),
        ("required: false\n", ""),
        ("weight: 0\n", ""),
        ("pass_mark: none\n", ""),
        ("completion: viewed\n", "completion: viewed\nbehaviour: immediate\n"),
        ("slots:\n", "slots:\n  - question: contar-0\n"),
    ],
)
def test_an_initial_test_that_is_no_form_of_the_final_one_is_refused(old: str, new: str) -> None:
    """spec/selection 7.1 and 7.2, spec/content-format C518: other draws, other forms; one that counts, blocks or tells early."""
    assert old in FIRST

    assert len(faults(FIRST.replace(old, new, 1))) >= 1


def test_a_question_that_every_attempt_has_is_refused() -> None:
    """spec/selection 7.1: it would come in both tests."""
    own = DRAWS.replace("slots:\n", "slots:\n  - question: medir-0\n")

    assert len(faults(FIRST.replace(DRAWS, own), SECOND.replace(DRAWS, own))) == 1


@pytest.mark.parametrize(
    ("reserved", "found"), [("[inicial, cuestionario-1]", 0), ("[cuestionario-1, inicial]", 0), ("[inicial, cuestionario-1, otro]", 1)]
)
def test_questions_that_other_quizzes_may_give_are_refused(reserved: str, found: int) -> None:
    """spec/selection 7.1: none comes in a quiz between the two."""
    files = a_paired_folder()
    bank = "01-parte/banco.yaml"
    files[bank] = files[bank].replace(b"only: [inicial, cuestionario-1]", f"only: {reserved}".encode())

    assert len(folders.findings(files, "C518")) == found


@pytest.mark.parametrize(("pairs_with", "code"), [("no-hay", "C203"), ("cuestionario-1", "C518"), ("leccion-1", "C203"), ("a b", "C201")])
def test_a_test_that_is_not_there_or_not_before_is_refused(pairs_with: str, code: str) -> None:
    """spec/selection 7.1 and 12."""
    assert folders.findings(a_paired_folder(second=SECOND.replace("pairs_with: inicial", f"pairs_with: {pairs_with}")), code)


def test_right_answers_of_the_initial_test_wait_where_the_final_one_can_be_taken_again() -> None:
    """spec/selection 7.2: its questions come again in a later attempt."""
    several, hidden = SECOND.replace("attempts: 1", "attempts: 3"), f"{FIRST}review: hidden\n"

    assert len(faults(FIRST, several)) == 1
    assert not faults(hidden, several)


def letter(instance: Instance, learner: object, attempt: object) -> str:
    with sitting_of(instance, learner, attempt) as (session, loaded):  # type: ignore[arg-type]  # an actor and its attempt
        form = form_of_attempt(loaded)
        assert recreate_layout(session, loaded) == loaded
    return form.name if form is not None else ""


def test_half_take_form_a_first_and_all_get_the_other_one_afterwards(instance: Instance) -> None:
    """spec/selection 7.1: no question of the own initial test comes in the final one."""
    course = a_paired_course(instance, now=NOON)
    ways = Counter[str]()
    for number in range(24):
        learner = a_learner(instance, course, f"persona{number}@example.org", now=NOON)
        asked = []
        for key in (INITIAL, FINAL):
            with sitting_of(instance, learner, attempt := pass_quiz(instance, learner, "prueba", key, now=NOON)) as (session, loaded):
                asked.append({question.key for question in get_questions(session, versions(loaded)).values()})
            ways[f"{key} {letter(instance, learner, attempt)}"] += 1
        assert len(asked[0]) == len(asked[1]) == 6
        assert not asked[0] & asked[1]

    assert ways[f"{INITIAL} A"] == ways[f"{FINAL} B"]
    assert ways[f"{INITIAL} B"] == ways[f"{FINAL} A"]
    assert ways[f"{INITIAL} A"] + ways[f"{INITIAL} B"] == 24
    assert min(ways.values()) >= 3  # of 24 by the toss of a coin: wrong once in ten thousand


def versions(loaded: LoadedAttempt) -> list[int]:
    return [item.question_version_id for item in loaded.items]


def test_later_attempts_at_the_final_test_go_on_with_the_other_form_then_draw(instance: Instance) -> None:
    """spec/selection 1.21 and 7.1; a second attempt at the initial test, given by an override, has the same form."""
    first, second = (text.replace("attempts: 1", "attempts: 4") for text in (f"{FIRST}review: hidden\n", SECOND))
    course = a_paired_course(instance, now=NOON, first=first, second=second)
    learner = a_learner(instance, course, now=NOON)

    initial = [letter(instance, learner, pass_quiz(instance, learner, "prueba", INITIAL, now=NOON)) for _attempt in range(2)]
    final = [letter(instance, learner, pass_quiz(instance, learner, "prueba", FINAL, now=NOON)) for _attempt in range(3)]

    assert initial[0] == initial[1] != ""
    assert sorted(final[:2]) == ["A", "B"]
    assert final == [final[0], initial[0], ""]


def test_a_further_take_asks_in_the_final_test_what_its_initial_one_did_not(instance: Instance) -> None:
    """spec/selection 7.1: where both forms were seen, both tests are drawn, the second from the rest."""
    course = a_paired_course(instance, now=NOON)
    learner = a_learner(instance, course, now=NOON)
    for key in (INITIAL, FINAL):
        pass_quiz(instance, learner, "prueba", key, now=NOON)
    retake(instance, learner, course, now=NOON)

    asked = []
    for key in (INITIAL, FINAL):
        attempt = pass_quiz(instance, learner, "prueba", key, now=NOON)
        assert letter(instance, learner, attempt) == ""
        with sitting_of(instance, learner, attempt) as (_session, loaded):
            asked.append(set(versions(loaded)))
    assert not asked[0] & asked[1]


def test_whoever_skips_the_initial_test_gets_either_form(instance: Instance) -> None:
    """spec/selection 7.2: it never blocks."""
    course = a_paired_course(instance, now=NOON)
    letters = {
        letter(
            instance,
            learner := a_learner(instance, course, f"persona{number}@example.org", now=NOON),
            start(instance, learner, "prueba", FINAL, now=NOON),
        )
        for number in range(14)
    }

    assert letters == {"A", "B"}


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


@pytest.mark.parametrize("review", ["learning", "practice", "hidden"])
def test_nothing_of_the_initial_test_is_shown_before_the_final_one_is_marked(
    browser: Browser, instance: Instance, at: At, review: str
) -> None:
    """spec/selection 7.2: neither marks nor questions nor answers, on no page and in no file."""
    course = a_paired_course(instance, now=NOON, first=f"{FIRST}review: {review}\n")
    learner = a_learner(instance, course, now=NOON)
    attempt = take(instance, learner, INITIAL, 3, now=NOON)
    sign_in(browser)
    at.pass_(minutes=20)

    page = browser.get(f"/attempts/{attempt}/review")
    assert in_spanish(HELD) in page.text
    pages = [page, browser.get(REVIEWED), browser.get("/courses/prueba/results"), browser.get("/courses/prueba")]
    assert [one for one in pages if "50" in one.text.replace("50 %", "50\xa0%") and "50\xa0%" in one.text] == []
    assert "Pregunta" not in page.text.replace("Preguntas", "")
    browser.get(f"/attempts/{attempt}/record.json", status=404)

    take(instance, learner, FINAL, 6, now=at.moment)

    assert "50\xa0%" in browser.get(f"/attempts/{attempt}/review").text
    assert in_spanish(HELD) not in browser.page.text
    assert "50\xa0%" in browser.get(REVIEWED).text


def test_it_is_shown_when_the_course_closes_for_the_person(browser: Browser, instance: Instance, at: At) -> None:
    """spec/selection 7.2."""
    course = a_paired_course(instance, now=NOON)
    learner = a_learner(instance, course, now=NOON)
    attempt = take(instance, learner, INITIAL, 3, now=NOON)
    sign_in(browser)
    before = browser.get(f"/attempts/{attempt}/review").text

    retake(instance, learner, course, now=at.pass_(minutes=5))

    assert "50\xa0%" not in before
    assert "50\xa0%" in browser.get(f"/attempts/{attempt}/review").text
