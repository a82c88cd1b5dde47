"""Acceptance scenarios through the pages: the six rules of multiple choice, and forward-only navigation.

spec/quiz-engine 5.14.6, 5.14.8.
"""

import re
from decimal import Decimal

import pytest
from sqlalchemy import select

from lms.instance import Instance
from quizzes.models import Attempt, MarkEvent
from tests.support.attempts import begin, stored
from tests.support.browser import Browser
from tests.support.builders import a_learner_in
from tests.support.quizzes import NUMBER, a_quiz_asking, one_more_number

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


def _question(rule: str) -> str:
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
    bank = "questions:\n" + "".join(_question(rule) for rule in RULES)
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
