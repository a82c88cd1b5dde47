"""Checks over HTTP: immediate, interactive, adaptive and certainty-based quizzes; and texts without a translation.

spec/quiz-engine 5.6.
"""

from decimal import Decimal

import pytest
from sqlalchemy import select

from lms.instance import Instance
from quizzes.models import AnswerEvent, Attempt, MarkEvent
from tests.support.answers import open_attempt, right_fields
from tests.support.attempts import begin
from tests.support.browser import Browser
from tests.support.builders import a_learner_in, a_person, sign_in
from tests.support.learning import At, send_script
from tests.support.marking import a_marked_quiz
from tests.support.quizzes import NOON, a_quiz_asking
from tests.support.wording import in_spanish

BANK = """questions:
  - key: letra-1
    kind: single
    text: Elija una letra.
    shuffle: false
    options:
      - right: Alfa
        why: PORQUE-ALFA
      - wrong: Beta
        why: PORQUE-BETA
      - wrong: Gama
        why: PORQUE-GAMA
    hints:
      - PISTA-UNO
      - PISTA-DOS
    explanation: EXPLICACION
  - key: numero-1
    kind: numerical
    text: ¿Cuánto es la mitad de cinco?
    answers:
      - right: 2.5
  - key: parejas-1
    kind: matching
    text: Una.
    shuffle: false
    pairs:
      - {item: Perro, match: Ladra}
      - {item: Gato, match: Maúlla}
    hints:
      - PISTA-TRES
      - PISTA-CUATRO
"""
ESSAY = """  - key: ensayo-1
    kind: essay
    text: Escriba.
"""


def taking(browser: Browser, instance: Instance, behaviour: str, *slots: str, more: str = "", review: str = "") -> str:
    """Publish a quiz with this behaviour and start an attempt; return its path."""
    settings = f"attempts: 0\nbehaviour: {behaviour}\n{review}"
    a_learner_in(browser, a_quiz_asking(instance, BANK + more, settings, slots or ("letra-1", "numero-1", "parejas-1")))
    return begin(browser)


def check(browser: Browser, place: int, **answers: object) -> str:
    """Answer and press «Comprobar» at a question; return the words of the page that follows."""
    page = browser.submit("/answers", answers, button=("check", str(place)))
    return page.text


def marks(instance: Instance) -> list[tuple[Decimal | None, str]]:
    """Return every mark that was given, in order."""
    with instance.database.unit_of_work(write=False) as session:
        return [(row.fraction, row.state) for row in session.execute(select(MarkEvent.fraction, MarkEvent.state).order_by(MarkEvent.id))]


def events(instance: Instance) -> int:
    """Count the saved answers."""
    with instance.database.unit_of_work(write=False) as session:
        return len(list(session.scalars(select(AnswerEvent.id))))


def finish(browser: Browser, instance: Instance, path: str) -> Attempt:
    """Hand the attempt in and return it."""
    browser.get(f"{path}/summary")
    browser.submit("/submission")
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(Attempt).order_by(Attempt.id.desc()).limit(1)).scalar_one()


def test_an_immediate_question_is_checked_once_and_locked_with_its_feedback(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.6 immediate: the first check decides; afterwards there is nothing to change on the page and nothing is taken."""
    path = taking(browser, instance, "immediate")
    before = browser.page.text
    stale = browser.page.form("/answers")
    after = check(browser, 1, p1="2")
    fields = dict(browser.page.form("/answers").fields)

    browser.submit("", {"p1": "1"}, form=stale, button=("check", "1"))

    assert ("PORQUE" in before, "EXPLICACION" in before) == (False, False)
    assert "PORQUE-BETA" in after
    assert "EXPLICACION" in after
    assert ("p1" in fields, "p2" in fields) == (False, True)
    assert marks(instance) == [(Decimal(0), "wrong")]
    assert events(instance) == 1
    assert finish(browser, instance, path).raw == 0


def test_a_check_keeps_everything_that_the_page_holds(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.4: what was typed at other questions is saved on the way."""
    path = taking(browser, instance, "immediate")
    check(browser, 1, p1="1", p2="2,5")

    assert dict(browser.page.form("/answers").fields)["p2"] == "2,5"
    assert finish(browser, instance, path).raw == 2


def test_a_check_that_is_sent_twice_has_the_effect_of_one(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.1: a double click and a request that is sent again; interactive tries are not used up by it."""
    taking(browser, instance, "interactive")
    form = browser.page.form("/answers")
    for _again in range(3):
        browser.submit("", {"p1": "2"}, form=form, button=("check", "1"))

    assert marks(instance) == [(Decimal(0), "wrong")]
    assert events(instance) == 1
    assert in_spanish("%(count)s try left.", 2) in browser.page.text


def test_interactive_tries_have_hints_and_cost_their_penalty(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.6 interactive: hints + 1 tries; right at the third: 1 − 2 × 1/3."""
    path = taking(browser, instance, "interactive")
    first = check(browser, 1, p1="2")
    second = check(browser, 1, p1="3")
    third = check(browser, 1, p1="1")
    attempt = finish(browser, instance, path)

    assert ("PISTA-UNO" in first, "PISTA-DOS" in first) == (True, False)
    assert ("PISTA-DOS" in second, in_spanish("%(count)s try left.", 1) in second) == (True, True)
    assert ("EXPLICACION" in second, "EXPLICACION" in third) == (False, True)
    assert attempt.raw == Decimal("0.3333333")
    assert marks(instance)[:3] == [(Decimal(0), "wrong"), (Decimal(0), "wrong"), (Decimal("0.3333333"), "right")]


def test_interactive_parts_are_counted_back(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.6 countback: the first pair right from the start, the second at the second try: (1 + 2/3) / 2."""
    path = taking(browser, instance, "interactive", "parejas-1")
    loaded, questions = open_attempt(browser)
    right = right_fields(loaded, questions)
    wrong = right | {"p1-2": right["p1-1"]}
    check(browser, 1, **wrong)
    check(browser, 1, **right)

    assert finish(browser, instance, path).raw == Decimal("0.8333333")


def test_adaptive_keeps_the_best_so_far_and_discards_a_repetition(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.6 adaptive: right at the second try 1 − 1/3; the same wrong answer again costs nothing;
    a later wrong one takes nothing away.
    """
    path = taking(browser, instance, "adaptive", review="review: practice\n")
    check(browser, 1, p1="2")
    check(browser, 1, p1="3")
    check(browser, 1, p1="2")
    after = check(browser, 1, p1="1")
    check(browser, 1, p1="3")
    attempt = finish(browser, instance, path)

    assert in_spanish("%(mark)s so far", mark=in_spanish("%(raw)s of %(maximum)s point", 1, raw="0,33", maximum="1")) in after
    assert len(marks(instance)) == 3 + 3
    assert attempt.raw == Decimal("0.3333333")


@pytest.mark.parametrize(
    ("certainty", "given", "raw"),
    [("", "1", 1), ("1", "1", 1), ("2", "1", 2), ("3", "1", 3), ("1", "2", 0), ("2", "2", -2), ("3", "2", -6)],
)
def test_certainty_multiplies(browser: Browser, instance: Instance, certainty: str, given: str, raw: int) -> None:
    """spec/quiz-engine 5.6 certainty: right ×1, ×2, ×3; wrong 0, −2, −6; none chosen counts as 1."""
    path = taking(browser, instance, "certainty", "letra-1", review="allow_negative_total: true\n")
    asked = "¿Qué tan segura" in browser.page.text
    browser.submit("/answers", {"p1": given, "p1-certainty": certainty or None}, button=("go", "review"))

    assert asked
    assert finish(browser, instance, path).raw == raw


def test_a_quiz_with_certainty_ratings_says_how_its_percentage_is_meant(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.6 certainty: a reader of «70 %» has to know that all right and very sure gives 300 %."""
    a_learner_in(browser, a_quiz_asking(instance, BANK, "attempts: 0\nbehaviour: certainty\n", ("letra-1",)))
    rated = browser.get("/courses/prueba/quizzes/cuestionario-1").text
    a_quiz_asking(instance, BANK, "attempts: 0\n", ("letra-1",))
    browser.deliver_jobs()
    plain = browser.get("/courses/prueba/quizzes/cuestionario-1").text

    assert "300 %" in rated
    assert "300 %" not in plain


def test_certainty_alone_is_no_answer(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.6: how sure somebody is of nothing."""
    taking(browser, instance, "certainty", "letra-1")
    browser.submit("/answers", {"p1-certainty": "3"}, button=("go", "review"))

    assert in_spanish("%(count)s question has no complete answer.", 1) in browser.page.text


@pytest.mark.parametrize("typed", ["", "dos y medio"])
def test_blank_and_unreadable_answers_cost_no_try(browser: Browser, instance: Instance, typed: str) -> None:
    """spec/quiz-engine 5.4.5 and 5.6: the page says beside the question that nothing was checked, and keeps what was typed."""
    taking(browser, instance, "immediate")
    said = check(browser, 2, p2=typed)

    assert in_spanish("Nothing was checked. Answer the question first.") in said
    assert dict(browser.page.form("/answers").fields)["p2"] == typed
    assert marks(instance) == []


def test_a_stale_page_checks_nothing_that_it_does_not_show(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4.3: another page has answered meanwhile; its answer is not checked unseen."""
    path = taking(browser, instance, "immediate")
    stale = browser.page.form("/answers")
    browser.get(path)
    browser.submit("/answers", {"p1": "1"}, button=("go", "save"))

    browser.submit("", form=stale, button=("check", "1"))

    assert marks(instance) == []
    assert in_spanish("This question was changed elsewhere. Look at the answer that counts, then check it.") in browser.page.text


def test_an_answer_of_the_script_to_a_locked_question_changes_nothing_and_is_told(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.4 and 5.6: the page in another window still holds its journal."""
    path = taking(browser, instance, "immediate")
    check(browser, 1, p1="2")

    told = send_script(browser, path.rsplit("/", 1)[1], [{"item": 1, "seq": 9, "response": {"answer": ["1"]}}], lease=10**17)

    assert (told["closed"], told["newer"]) == ([1], {"1": {"answer": ["2"]}})
    assert events(instance) == 1


def test_a_question_that_requires_the_one_before_opens_when_that_is_locked(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.5: until then its text is not on the page, and answers to it are not taken."""
    bank = BANK
    settings = "attempts: 0\nbehaviour: immediate\n"
    slots = ("letra-1", "numero-1\n    require_previous: true")
    a_learner_in(browser, a_quiz_asking(instance, bank, settings, slots))
    path = begin(browser)
    closed = browser.page.text
    told = send_script(browser, path.rsplit("/", 1)[1], [{"item": 2, "seq": 1, "response": {"answer": ["2,5"]}}], lease=9000)
    opened = check(browser, 1, p1="1")

    assert ("mitad de cinco" in closed, "mitad de cinco" in opened) == (False, True)
    assert in_spanish("Available when you have finished the previous question.") in closed
    assert told["closed"] == [2]
    assert finish(browser, instance, path).raw == 1


def test_what_a_person_marks_is_not_checked_and_leaves_the_total_open(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.6 manual: needs grading; the total is «not yet graded», never 0."""
    path = taking(browser, instance, "immediate", "letra-1", "ensayo-1", more=ESSAY)
    buttons = browser.page.form("/answers").buttons
    check(browser, 1, p1="1", p2="Un texto.")
    attempt = finish(browser, instance, path)
    review, intro = browser.page.text, browser.get("/courses/prueba/quizzes/cuestionario-1").text

    assert (("check", "1") in buttons, ("check", "2") in buttons) == (True, False)
    assert (attempt.raw, attempt.percent) == (None, None)
    assert in_spanish("Submitted: not yet graded") in review
    assert in_spanish("Not yet graded") in intro


def test_a_check_after_the_end_of_the_time_is_refused(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/quiz-engine 5.3.4: within the network's tolerance it is taken,
    later nothing is marked before the attempt ends with what was saved.
    """
    time = At(monkeypatch, NOON)
    a_learner_in(browser, a_quiz_asking(instance, BANK, "attempts: 0\nbehaviour: immediate\nlimit: 2 min\n", ("letra-1", "numero-1")))
    begin(browser)
    form = browser.page.form("/answers")
    time.pass_(minutes=2, seconds=30)
    browser.submit("", {"p1": "1"}, form=form, button=("check", "1"))
    in_time = marks(instance)
    time.pass_(seconds=60)

    browser.submit("", {"p2": "2,5"}, form=form, button=("check", "2"), status=409)

    assert in_time == [(Decimal(1), "right")]
    assert marks(instance) == in_time


def test_a_review_lists_the_tries(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.1.4 and 5.9: what was checked on the way, where correctness is shown."""
    path = taking(browser, instance, "interactive", "letra-1")
    check(browser, 1, p1="2")
    check(browser, 1, p1="1")
    finish(browser, instance, path)

    assert in_spanish("Answers you checked along the way") in browser.page.text
    assert "Beta · Incorrecta" in browser.page.text


def test_unchecked_answers_count_at_the_end_as_a_last_try(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.6: what stands in the page when the attempt is handed in is judged too, after the tries before it."""
    path = taking(browser, instance, "interactive", "letra-1", "numero-1")
    check(browser, 1, p1="2")
    browser.submit("/answers", {"p1": "1", "p2": "2,5"}, button=("go", "review"))

    assert finish(browser, instance, path).raw == Decimal("1.6666667")


def test_rubric_and_summary_of_an_untranslated_question_are_marked_with_its_language(browser: Browser, instance: Instance) -> None:
    a_marked_quiz(instance)
    a_person(instance, language="en")
    reader = sign_in(browser.another("en"))
    reader.get("/courses/prueba")
    reader.submit("/enrolment")
    reader.get("/courses/prueba/quizzes/cuestionario-1")
    attempt = reader.submit("/attempts").html

    summary = reader.submit("/answers", button=("go", "review")).html

    assert '<th scope="row" lang="es">Claridad</th>' in attempt
    assert '<dd lang="es">Se entiende.</dd>' in attempt
    assert '<span lang="es">Explique qué es una brecha.</span>' in summary
