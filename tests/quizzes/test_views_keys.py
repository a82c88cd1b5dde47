"""No key before its time: every kind of question, at every moment, under every flag, in every response.

spec/quiz-engine 5.9, spec/security 5.1.
"""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from uuid import UUID

import pytest

from kernel.permissions import Actor
from lms.instance import Instance
from tests.support.answers import open_attempt
from tests.support.attempts import QUIZ, begin, without_chance
from tests.support.browser import Browser
from tests.support.builders import a_learner_in, sign_in
from tests.support.kinds import ALWAYS_SECRET, MARKED, SIGNS, SLOTS, WRONG, bank
from tests.support.learning import (
    At,
    a_batch,
    a_learner,
    attempt_row,
    fail_quiz,
    pass_quiz,
    save,
    send_script,
    start,
    submit,
)
from tests.support.overrides import Office
from tests.support.quizzes import NOON, a_quiz_asking, a_secret_quiz, set_review
from tests.support.wording import in_spanish

FLAGS = ("correctness", "max_marks", "marks", "specific", "general", "right_answer", "overall", "source")
SETTINGS = "attempts: 0\nweight: 0\nshuffle_options: false\ncloses: 2026-06-03 12:00\nfeedback:\n  - {from: 0, text: BANDA}\n"
SIGNS_OF_FLAGS = {
    **SIGNS,
    "marks": re.compile(r"\d de \d+ puntos?|Obtuvo"),
    "overall": re.compile("BANDA"),
}
BY_RULE = SLOTS[: len(MARKED)]
IMPLIED = {"right_answer": {"correctness"}}
"""Who sees what is right sees whether it was given."""
MOMENTS = {"after": timedelta(0), "later": timedelta(minutes=30), "closed": timedelta(days=3)}
RIGHT, MORE_LATER = "Respuesta correcta", re.compile("Se mostrará más|More will be shown")
PASSED = re.compile(r"Aprobó|Aprobado|Nota del curso hasta ahora\s*100")


def found_in(text: str) -> set[str]:
    """Return the flags whose signs are in a response."""
    return {flag for flag, sign in SIGNS_OF_FLAGS.items() if sign.search(text)}


def hand_in(browser: Browser) -> str:
    """Answer every question wrongly and hand in; return the attempt's path."""
    path = begin(browser)
    browser.submit("/answers", WRONG, button=("go", "review"))
    browser.submit("/submission")
    return path


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_review_of_every_kind_shows_what_each_flag_lets_through(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch, moment: str
) -> None:
    """spec/quiz-engine 5.14.9: for each moment and flag the page and the record are scanned; a flag that is off leaves nothing,
    one that is on shows.
    """
    time = At(monkeypatch, NOON)
    a_learner_in(browser, a_quiz_asking(instance, bank(), SETTINGS, BY_RULE))
    path = hand_in(browser)
    time.pass_(seconds=MOMENTS[moment].total_seconds())
    if moment == "closed":  # the session has ended meanwhile
        sign_in(browser)
    told = {}
    for flag in (None, *FLAGS):
        beside = ["max_marks"] if flag == "marks" else []
        set_review(instance, {moment: ["attempt", *beside, *([flag] if flag else [])]})
        page = browser.get(f"{path}/review").html
        record = browser._request("GET", f"{path}/record.json").get_data(as_text=True)
        assert not ALWAYS_SECRET.search(page + record), flag
        assert found_in(record) <= {flag or ""} & {"marks"}, flag
        told[flag] = found_in(page)
    set_review(instance, {moment: []})
    nothing = browser.get(f"{path}/review").html

    shown = {flag for flag in FLAGS if told[flag] != told[None]}
    assert told[None] == set()
    assert {flag: told[flag] for flag in FLAGS if told[flag] - {flag} - IMPLIED.get(flag, set())} == {}
    assert shown == {"correctness", "marks", "specific", "general", "right_answer", "overall"}
    assert found_in(nothing) == set()
    assert "Alfa" not in nothing


@pytest.mark.parametrize("kind", MARKED)
def test_what_each_kind_may_say_after_its_answer_is_shown_with_its_flag(browser: Browser, instance: Instance, kind: str) -> None:
    """spec/quiz-engine 5.9: the test above scans all kinds together; here each shows its own explanation,
    and its key only with `right_answer`.
    """
    place = MARKED.index(kind) + 1
    a_learner_in(browser, a_quiz_asking(instance, bank(), SETTINGS.replace("2026", "2099"), SLOTS))
    path = hand_in(browser)
    parts = []
    for flags in (["attempt"], ["attempt", "general"], ["attempt", "right_answer"]):
        set_review(instance, {"after": flags})
        parts.append(_section(browser.get(f"{path}/review").html, place))

    explained = f"EXPLICA-{kind.replace('_', '')}"
    assert [explained in part for part in parts] == [False, True, False]
    assert "Respuesta correcta" in parts[2] or in_spanish("Should have been selected") in parts[2]
    assert "Respuesta correcta" not in parts[0] + parts[1]


def test_the_model_of_a_text_is_shown_with_the_right_answers_alone(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.9: what a person marks has a model, which is a key like the others."""
    a_learner_in(browser, a_quiz_asking(instance, bank(), SETTINGS.replace("2026", "2099"), ("essay", "file")))
    path = begin(browser)
    browser.submit("/answers", {"p1": "Un ensayo."}, button=("go", "review"))
    browser.submit("/submission")
    told = []
    for flag in FLAGS:
        set_review(instance, {"after": ["attempt", flag]})
        told += [flag] if "MODELO" in browser.get(f"{path}/review").html else []

    assert told == ["right_answer"]


def before_closing(instance: Instance, at: At, review: str, take: Callable[..., UUID]) -> tuple[Actor, UUID, UUID]:
    """Return a learner, an attempt that they handed in and one that goes on, a minute before the quiz closes, ten more for it."""
    course = a_secret_quiz(instance, f"attempts: 2\nreview: {review}\ncloses: 2026-06-01 13:00\n")
    learner = a_learner(instance, course)
    handed_in, running = take(instance, learner, "prueba"), start(instance, learner, "prueba")
    Office(instance, course).give(10, now=at.pass_(minutes=59))
    return learner, handed_in, running


def test_after_closing_the_key_waits_for_the_end_of_another_attempt_of_the_same_learner(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/quiz-engine 5.9: answers are taken for a minute after the close date (spec/quiz-engine 5.3.4),
    and for as long as an incident gives (spec/quiz-engine 5.10.4).
    """
    at = At(monkeypatch, NOON)
    learner, handed_in, running = before_closing(instance, at, "learning", fail_quiz)
    sign_in(browser)
    said = []
    for minutes in (0, 2):
        at.pass_(minutes=minutes)
        text = browser.get(f"/attempts/{handed_in}/review").text
        said.append((RIGHT in text, bool(MORE_LATER.search(text))))
    save(instance, learner, running, a_batch({1: ["1"]}, lease=2000))
    submit(instance, learner, running)
    ended = browser.get(f"/attempts/{handed_in}/review").text

    assert said == [(False, True), (False, True)]
    assert (RIGHT in ended, bool(MORE_LATER.search(ended))) == (True, False)


def test_after_closing_marks_too_wait_for_the_end_of_another_attempt_of_the_same_learner(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/quiz-engine 5.9: on the learner's page of results, with the grade of the course, as on the pages of the quiz."""
    at = At(monkeypatch, NOON)
    learner, handed_in, running = before_closing(instance, at, "hidden", pass_quiz)
    sign_in(browser)
    pages = (QUIZ, f"/attempts/{handed_in}/review", "/courses/prueba", "/courses/prueba/results")
    said = []
    for minutes in (0, 2):
        at.pass_(minutes=minutes)
        said.append([bool(PASSED.search(browser.get(page).text)) for page in pages])
    submit(instance, learner, running)
    ended = [bool(PASSED.search(browser.get(page).text)) for page in pages]

    assert said == [[False] * 4] * 2
    assert ended == [True] * 4


def test_what_was_abandoned_is_reviewed_as_what_was_handed_in(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/quiz-engine 5.9: checks of single questions show what is theirs during the attempt alone; its end is where the moments begin."""
    at = At(monkeypatch, NOON)
    settings = "attempts: 2\nbehaviour: immediate\nlimit: 10 min\nat_end: abandon\n"
    learner = a_learner(instance, a_secret_quiz(instance, settings))
    sign_in(browser)
    attempt = start(instance, learner, "prueba")
    at.pass_(minutes=20)
    submit(instance, learner, attempt)
    found = []
    for moment in ("during", "after", "later"):
        set_review(instance, {moment: ["attempt", "right_answer"]})
        found.append(RIGHT in browser.get(f"/attempts/{attempt}/review").text)

    assert attempt_row(instance, attempt).state == "abandoned"
    assert found == [False, False, True]


def _section(html: str, place: int) -> str:
    found = re.search(rf'<section class="q" id="p{place}".*?</section>', html, re.S)
    assert found
    return found[0]


def test_nothing_of_a_key_is_in_any_response_of_an_open_attempt(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.9 and spec/security 5.1, for every kind: the page before, the pages, their files, saving, the summary,
    the course.
    """
    a_learner_in(browser, a_quiz_asking(instance, bank(), SETTINGS.replace("2026", "2099"), SLOTS))
    told = [browser.get(QUIZ).html]
    path = begin(browser)
    events = [{"item": place, "seq": 1, "response": {"answer": ["1"]}} for place in range(1, 15)]
    told += [browser.page.html, json.dumps(send_script(browser, path.rsplit("/", 1)[1], events, lease=5000))]
    told.append(browser.submit("/answers", WRONG, button=("go", "review")).html)
    told += [browser.get(path).html, browser.get("/courses/prueba").html]

    assert [(ALWAYS_SECRET.findall(text), found_in(text)) for text in told] == [([], set())] * len(told)
    assert "Alfa" in told[1]


@pytest.mark.parametrize("behaviour", ["immediate", "interactive", "adaptive"])
def test_a_check_shows_its_flags_of_its_question_alone(browser: Browser, instance: Instance, behaviour: str) -> None:
    """spec/quiz-engine 5.9 during: before a check nothing; after it what the moment allows, of the checked question;
    solutions only where it is locked.
    """
    a_learner_in(browser, a_quiz_asking(instance, bank(), SETTINGS.replace("2026", "2099") + f"behaviour: {behaviour}\n", SLOTS))
    everything = ["attempt", *FLAGS]
    set_review(instance, {"during": everything})
    path = begin(browser)
    before = found_in(browser.page.html)
    after = browser.submit("/answers", WRONG, button=("check", "1")).html
    rest = after.replace(_question(after, 1), "")
    set_review(instance, {"during": ["attempt"]})
    hidden = found_in(browser.get(path).html)

    of_first = found_in(_question(after, 1))
    assert before == set()
    assert {"correctness", "specific", "marks"} <= of_first
    assert ({"general", "right_answer"} & of_first != set()) is (behaviour in ("immediate", "interactive"))
    assert found_in(rest) == set()
    assert hidden == set()


def _question(html: str, place: int) -> str:
    found = re.search(rf'<(fieldset|section) class="q" id="p{place}".*?</\1>', html, re.S)
    assert found
    return found[0]


@pytest.mark.parametrize("behaviour", ["deferred", "immediate", "certainty"])
def test_two_quizzes_that_differ_only_in_the_key_give_equal_pages(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch, behaviour: str
) -> None:
    """spec/security 5.1: every kind, with the same seed, byte for byte: orders do not follow from what is right either."""
    At(monkeypatch, NOON)
    monkeypatch.setattr("secrets.randbits", lambda _bits: 20_261_120)
    settings = f"attempts: 0\nweight: 0\nbehaviour: {behaviour}\n"
    a_learner_in(browser, a_quiz_asking(instance, bank(), settings, SLOTS))
    pages = [_pages(browser)]
    browser.submit("/submission")
    a_quiz_asking(instance, bank(turned=True), settings, SLOTS)
    browser.deliver_jobs()
    pages.append(_pages(browser))
    _sitting, questions = open_attempt(browser)

    assert pages[0] == pages[1]
    assert {question.kind for question in questions.values()} >= {"matching", "ordering", "gaps"}


def _pages(browser: Browser) -> list[str]:
    path = begin(browser)
    return [without_chance(browser.page.html), without_chance(browser.get(f"{path}/summary").html)]
