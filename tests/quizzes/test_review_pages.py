"""No key before its time under every flag, layouts drawn again from their seed, and reviews of choices.

spec/quiz-engine 5.9, 5.14.7, 5.14.6, 5.14.8; spec/security 5.1; spec/selection 1.23.
"""

import json
import re
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import select, update

from accounts.models import Person
from courses.content.reader import read_folder
from courses.models import StaffRole
from kernel import clock
from kernel.permissions import Actor
from lms.course_commands import course_kinds
from lms.instance import Instance
from questions.content.banks import questions_of
from questions.rules.definitions import SingleChoiceBody
from quizzes import attempts
from quizzes.draws import recreate_layout
from quizzes.models import Attempt, MarkEvent
from standards.bank.read import read
from standards.bank.write import write
from standards.importing import FORMATS
from tests.support.answers import open_attempt, right_fields
from tests.support.attempts import QUIZ, begin, stored, without_chance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_person, a_teacher, publish, sign_in
from tests.support.calculated_choices import CHOICE, a_folder_with_a_choice
from tests.support.folders import findings
from tests.support.kinds import ALWAYS_SECRET, MARKED, SIGNS, SLOTS, WRONG, bank
from tests.support.learning import At, a_batch, a_learner, attempt_row, fail_quiz, pass_quiz, save, send_script, sitting_of, start, submit
from tests.support.overrides import Office
from tests.support.questions import NUMBERS, a_question
from tests.support.questions import calculated_options as options
from tests.support.quizzes import NOON, NUMBER, a_quiz_asking, a_secret_quiz, one_more_number, set_review
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


def test_a_review_says_that_right_answers_are_never_shown(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, a_quiz_asking(instance, bank(), SETTINGS.replace("2026", "2099"), SLOTS))
    path = hand_in(browser)
    sentence = in_spanish("This quiz does not show the right answers.")
    never, always, marks = (["attempt", "correctness"], ["attempt", "right_answer"], ["marks"])

    shown = []
    for flags in (never, always, marks):
        set_review(instance, dict.fromkeys(("after", "closed"), flags))
        shown.append(sentence in browser.get(f"{path}/review").text)

    assert shown == [True, False, False]


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


ASKED = re.compile(r'<fieldset class="q".*?</fieldset>|<section class="q".*?</section>', re.S)


def asked(html: str) -> list[str]:
    """Return every question of a page as it was sent."""
    return ASKED.findall(html)


def every_page(browser: Browser, path: str, pages: int) -> list[str]:
    """Return every question of an open attempt, page by page."""
    return [question for page in range(1, pages + 1) for question in asked(browser.get(f"{path}?page={page}").html)]


@pytest.mark.parametrize("behaviour", ["deferred", "immediate", "certainty"])
def test_the_paper_is_drawn_again_byte_for_byte(browser: Browser, instance: Instance, behaviour: str) -> None:
    """spec/quiz-engine 5.14.7: every kind, mixed options, several pages, with answers and a check;
    also in another language than the teacher's.
    """
    shuffled = re.sub(r" *shuffle: false\n", "", bank())
    course = a_quiz_asking(instance, shuffled, f"attempts: 0\nweight: 0\nper_page: 4\nbehaviour: {behaviour}\n", SLOTS)
    a_learner_in(browser, course)
    path = begin(browser)
    loaded, questions = open_attempt(browser)
    for page in range(1, loaded.pages + 1):
        browser.get(f"{path}?page={page}")
        names = {name for name, _value in browser.page.form("/answers").fields}
        fields = {name: value for name, value in right_fields(loaded, questions).items() if name.partition("-")[0] + "-seq" in names}
        browser.submit("/answers", fields, button=("check", "1") if page == 1 else ("go", "save"))
    seen = every_page(browser, path, loaded.pages)
    a_teacher(instance, course)
    teacher = sign_in(browser.another(), "profe@example.org")

    page = teacher.get(f"{path}/paper")

    assert len(seen) == len(SLOTS) - 1
    assert asked(page.html) == seen
    assert "es el mismo que se guardó" in page.text


@pytest.mark.slow
def test_the_questions_stay_in_the_learners_language_and_the_page_in_the_teachers(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.14.7: the team's own words are in the language of who reads them."""
    course = a_course(instance, modules=1)
    a_learner_in(browser, course)
    path = begin(browser)
    seen = every_page(browser, path, 1)
    a_teacher(instance, course)
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.email == "profe@example.org").values(language="en"))
    teacher = sign_in(browser.another(), "profe@example.org")

    page = teacher.get(f"{path}/paper")

    assert "As the learner saw it" in page.text
    assert asked(page.html) == seen


def test_draws_are_repeated_with_what_the_learner_had_seen_then(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.2.4 and 5.2.5: the second paper avoids what the first one asked;
    later attempts change nothing in what is drawn again.
    """
    course = a_course(instance, modules=1, settings="attempts: 0\n", draw=3)
    a_learner_in(browser, course)
    paths = []
    for _attempt in range(3):
        paths.append(begin(browser))
        browser.get(f"{paths[-1]}/summary")
        browser.submit("/submission")
    a_teacher(instance, course)
    teacher = sign_in(browser.another(), "profe@example.org")

    told = ["es el mismo que se guardó" in teacher.get(f"{path}/paper").text for path in paths]

    assert told == [True, True, True]


def test_an_attempt_that_builds_on_the_last_is_drawn_again_too(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.2.3."""
    course = a_course(instance, modules=1, settings="attempts: 0\nbuild_on_last: true\n", draw=3)
    a_learner_in(browser, course)
    for _attempt in range(2):
        path = begin(browser)
        browser.get(f"{path}/summary")
        browser.submit("/submission")
    a_teacher(instance, course)

    assert "es el mismo que se guardó" in sign_in(browser.another(), "profe@example.org").get(f"{path}/paper").text


def test_a_paper_that_its_seed_does_not_give_is_told(browser: Browser, instance: Instance) -> None:
    """The check can fail: with another seed the kept paper is shown, and the page says so."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    a_learner_in(browser, course)
    path = begin(browser)
    seen = asked(browser.page.html)
    with instance.database.unit_of_work() as session:
        session.execute(update(Attempt).values(seed=Attempt.seed + 1))
    with instance.database.unit_of_work(write=False) as session:
        assert recreate_layout(session, attempts.load_attempt(session, 1)) is None
    a_teacher(instance, course)

    page = sign_in(browser.another(), "profe@example.org").get(f"{path}/paper")

    assert (
        in_spanish(
            "This is the stored attempt layout. Its seed no longer recreates it, because another version of the program created it"
            " or something has changed since."
        )
        in page.text
    )
    assert asked(page.html) == seen


@pytest.mark.slow
def test_only_the_team_of_the_course_sees_a_learners_paper(browser: Browser, instance: Instance) -> None:
    """Access matrix, attempt.view: of another learner for graders and instructors of this course; for others it is not there."""
    course = a_course(instance, modules=1)
    a_learner_in(browser, course)
    path = begin(browser)
    a_teacher(instance, course, "grader@example.org", StaffRole.GRADER)
    a_teacher(instance, a_course(instance, "otro", modules=1), "stranger@example.org")
    a_person(instance, "eva@example.org")
    found = {}
    for who in ("grader", "stranger", "eva"):
        found[who] = sign_in(browser.another(), f"{who}@example.org")._request("GET", f"{path}/paper").status_code
    own = browser._request("GET", f"{path}/paper").status_code

    assert found == {"grader": 200, "stranger": 404, "eva": 404}
    assert own == 404


@pytest.mark.slow
def test_the_review_leads_the_team_to_the_paper(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_learner_in(browser, course)
    path = begin(browser)
    browser.get(f"{path}/summary")
    own = [href for href, _words in browser.submit("/submission").links]
    a_teacher(instance, course)
    staff = [href for href, _words in sign_in(browser.another(), "profe@example.org").get(f"{path}/review").links]

    assert (f"{path}/paper" in own, f"{path}/paper" in staff) == (False, True)


RULES = ("all_or_nothing", "fractions", "right_minus_wrong", "proportional", "right_only", "halves")
OPTIONS = (("right", "A"), ("right", "B"), ("right", "C"), ("wrong", "D"), ("wrong", "E"))
SELECTIONS = {
    "ABC": ("1", "1", "1", "1", "1", "1"),
    "AB": ("0", "2/3", "2/3", "4/5", "2/3", "1/2"),
    "ABD": ("0", "5/12", "1/3", "3/5", "0", "1/4"),
    "ABCD": ("0", "3/4", "2/3", "4/5", "0", "1/2"),
    "DE": ("0", "0", "0", "0", "0", "0"),
    "ABCDE": ("0", "1/2", "1/3", "3/5", "0", "1/4"),
    "": ("0", "0", "0", "0", "0", "0"),
}
"""By selection, the share of the mark under each rule: three right options, two wrong ones worth −1/4 where credits count.

spec/quiz-engine 5.7.
"""


def _question_by_rule(rule: str) -> str:
    lines = [
        f"  - key: {rule.replace('_', '-')}",
        "    kind: multiple",
        "    text: Elija.",
        f"    rule: {rule}",
        "    shuffle: false",
        "    options:",
    ]
    for right, letter in OPTIONS:
        credit = {"right": "1/3", "wrong": "-1/4"}[right]
        lines += [f"      - {right}: {letter}", *([f"        credit: {credit}"] if rule == "fractions" else []), "        why: Porque sí."]
    return "\n".join(lines) + "\n"


@pytest.mark.parametrize("selection", SELECTIONS)
def test_six_rules_mark_the_same_selection_as_documented(browser: Browser, instance: Instance, selection: str) -> None:
    """spec/quiz-engine 5.14.6: one quiz with the six rules, the same ticks in each."""
    bank = "questions:\n" + "".join(_question_by_rule(rule) for rule in RULES)
    a_learner_in(browser, a_quiz_asking(instance, bank, "attempts: 0\n", tuple(rule.replace("_", "-") for rule in RULES)))
    begin(browser)
    ticks = ["ABCDE".index(letter) + 1 for letter in selection]
    browser.submit("/answers", {f"p{place}": ticks for place in range(1, 7)}, button=("go", "review"))
    browser.submit("/submission")

    with instance.database.unit_of_work(write=False) as session:
        given = list(session.scalars(select(MarkEvent.fraction).order_by(MarkEvent.item_id)))
        total = session.scalars(select(Attempt.raw)).one()
    expected = [_seven(share) for share in SELECTIONS[selection]]
    assert given == expected
    assert total == pytest.approx(sum(expected), abs=Decimal("0.000001"))


def _seven(share: str) -> Decimal:
    above, _slash, below = share.partition("/")
    return (Decimal(above) / Decimal(below or 1)).quantize(Decimal("0.0000001"))


SEQUENTIAL = "attempts: 0\nnavigation: sequential\nper_page: 1\n"
KEYS = ("mitad-1", "otra-1", "ultima-1")


def _places(browser: Browser) -> list[str]:
    return re.findall(r'data-item="(\d+)"', browser.page.html)


def test_going_forward_only_never_ends_in_an_error_nor_loses_an_answer(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.14.8: back button, second tab, old bookmark, a page sent again, odd page numbers:
    one is always led to where one is.
    """
    bank = NUMBER + one_more_number("otra-1") + one_more_number("ultima-1")
    a_learner_in(browser, a_quiz_asking(instance, bank, SEQUENTIAL, KEYS))
    path = begin(browser)
    first_page = browser.page.form("/answers")
    browser.submit("/answers", {"p1": "1"}, button=("go", "next"))
    second_tab = browser.page.form("/answers")
    browser.submit("/answers", {"p2": "2,5"}, button=("go", "next"))
    at_third = _places(browser)

    # the old tab is on the second page still: it goes on from there and lands on the third
    browser.submit("", {"p2": "2,5"}, form=second_tab, button=("go", "next"))
    from_tab = _places(browser)
    # «Back» to the first page, another answer, and on: the answer is kept, one lands on the third page
    browser.submit("", {"p1": "2,5"}, form=first_page, button=("go", "next"))
    from_back = _places(browser)
    for bookmark in ("?page=1", "?page=2", "", "?page=99", "?page=0", "?page=abc", "?page=-1"):
        browser.get(f"{path}{bookmark}")
        assert _places(browser) == ["3"], bookmark
    browser.submit("/answers", {"p3": "2,5"}, button=("go", "previous"))
    back_by_form = _places(browser)
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")

    assert (at_third, from_tab, from_back, back_by_form) == (["3"], ["3"], ["3"], ["3"])
    assert [payload for _kind, payload in stored(instance)] == [
        {"answer": ["1"]},
        {"answer": ["2,5"]},
        {"answer": ["2,5"]},
        {"answer": ["2,5"]},
    ]
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Attempt.percent)).one() == 100


@pytest.mark.parametrize(
    ("bank", "code", "count"),
    [
        (CHOICE, "C408", 0),
        (CHOICE, "C406", 0),
        (CHOICE.replace("salario * tasa/100", "salario * tipo"), "C406", 1),
        (CHOICE.replace("salario * tasa/100", "salario *"), "C408", 1),
        (CHOICE.replace("salario * tasa/100", "salario / tasa"), "C408", 1),
        (CHOICE.replace("[salario > 400]", "[salario > 4000]"), "C408", 1),
        (CHOICE.replace("{= ", "").replace("{=", "").replace(" =}", ""), "C408", 1),
        (
            re.sub(r"    variables:.*?    options", "    options", CHOICE, flags=re.DOTALL)
            .replace("{salario}", "x")
            .replace("{tasa}", "y"),
            "C408",
            1,
        ),
        (CHOICE.replace("tasa: {values: [5, 10, 20]}", "otra: {values: [5]}"), "C406", 4),
    ],
    ids=["fine", "names", "unknown", "syntax", "equal", "condition", "none", "without variables", "text"],
)
def test_what_the_check_says_of_calculated_options(bank: str, code: str, count: int) -> None:
    """spec/selection 1.23, spec/content-format C406, C408."""
    assert len(findings(a_folder_with_a_choice(bank), code)) == count


def shown_options(browser: Browser) -> list[Fraction]:
    """Return the numbers of the options on the present page."""
    return [Fraction(found.replace(",", ".")) for found in re.findall(r"(\d+,\d\d) dólares", browser.page.html)]


def test_learners_choose_among_their_own_numbers(browser: Browser, instance: Instance) -> None:
    """spec/selection 1.23: numbers in text, options and review are those of the attempt; the right option is the right number."""
    course = publish(instance, a_folder_with_a_choice())[0]
    a_learner_in(browser, course)
    browser.get("/courses/prueba/quizzes/cuestionario-1")

    browser.submit("/courses/prueba/quizzes/cuestionario-1/attempts")

    found = re.search(r"El salario es (\d+) y la tasa (\d+)", browser.page.text)
    assert found is not None
    salary, rate = int(found[1]), int(found[2])
    shown = shown_options(browser)
    assert sorted(shown) == sorted({Fraction(salary * rate, 100), Fraction(salary * rate, 10), Fraction(round(salary * 100 / rate), 100)})
    assert "{=" not in browser.page.html
    path = next(form.action for form in browser.page.forms if form.action.endswith("/answers")).removesuffix("/answers")
    assert f"El salario es {salary} y la tasa {rate}" in browser.get(f"{path}/summary").text


def test_an_attempt_with_calculated_options_is_marked_and_drawn_again(instance: Instance) -> None:
    learner = a_learner(instance, publish(instance, a_folder_with_a_choice())[0])
    attempt = pass_quiz(instance, learner, "prueba")

    with sitting_of(instance, learner, attempt) as (session, loaded):
        assert loaded.row.passed
        assert recreate_layout(session, loaded) == loaded
        assert set(loaded.items[0].layout.variables) == {"salario", "tasa"}


def test_statistics_show_the_formulas(browser: Browser, instance: Instance) -> None:
    """What everybody chose has no number in common: the option is named by its formula."""
    course = publish(instance, a_folder_with_a_choice())[0]
    pass_quiz(instance, a_learner(instance, course), "prueba")

    a_teacher(instance, course)
    page = sign_in(browser, "profe@example.org").get("/courses/prueba/quizzes/cuestionario-1/statistics/questions/cuota")

    assert "{= salario*tasa/10 =} dólares" in page.text


def test_the_bank_keeps_what_is_calculated() -> None:
    """A question that goes through the bank's own format stays what it was."""

    course = read_folder(a_folder_with_a_choice(), *course_kinds(), today=clock.now().date()).course
    assert course is not None
    question = questions_of(course)["cuota"]

    assert list(read(write([question], "es").content, "es").questions) == [question]


@pytest.mark.parametrize("name", ["gift", "aiken", "moodle-xml", "csv", "qti", "qti-canvas"])
def test_other_formats_refuse_what_they_cannot_write(name: str) -> None:
    """Never as a choice between formulas."""
    question = a_question(SingleChoiceBody(options("{= a + b =}", "{= a * b =}"), numbers=NUMBERS))

    write = FORMATS[name].write
    assert write is not None

    found = write([question], "es")

    assert found.count == 0
    assert "A choice whose options are calculated cannot be exported." in {one.what for one in found.remarks}
