"""Item analysis (spec/quiz-engine 5.12) at its thresholds, of what is typed: nearly right numbers, slips, words one letter away,
other answers.
"""

from dataclasses import replace

import pytest

from analysis.rules.findings import FindingKind, FindingStrength, ItemFinding, is_near
from analysis.rules.item_evidence import ItemResponses
from analysis.rules.significance import Scale
from questions.rules.answers import GapsAnswer, TextAnswer
from questions.rules.definitions import Body, Gap, GapsBody, ShortAnswerBody
from tests.support.questions import (
    a_numerical,
    a_short,
    f,
    marked,
)
from tests.support.typed_answers import found_typed, typed, wrong

HUNDRED = Scale(100, f("100"), f("200"))
"""A hundred attempts whose rests have the mean 1 and the variance 1."""


NUMBER = a_numerical(("100", "1"), ("50", "0"), ("*", "0"))


@pytest.mark.parametrize(
    ("number", "ailment"),
    [
        ("105", FindingKind.NARROW_TOLERANCE),
        ("95", FindingKind.NARROW_TOLERANCE),
        ("105.1", None),
        ("51", None),
        ("1010", FindingKind.SLIPPED_NUMBER),
        ("1011", None),
        ("0.101", FindingKind.SLIPPED_NUMBER),
        ("-100", FindingKind.SLIPPED_NUMBER),
        ("-200", None),
        ("0", None),
        ("500", None),
    ],
)
def test_a_number_is_nearly_right_within_a_twentieth_and_slipped_within_a_hundredth(number: str, ailment: FindingKind | None) -> None:
    """spec/quiz-engine 5.12: only numbers that have credit count as right; six of a hundred are seldom where two in a hundred mistype:
    1.55 %.
    """
    found = found_typed(NUMBER, typed((number, 6, 6)), HUNDRED)

    assert found == ([] if ailment is None else [ItemFinding(ailment, FindingStrength.SIGN, 100, "", number, 6, share=f("3/50"))])


def test_what_is_typed_is_told_from_five_on_and_above_what_single_people_mistype() -> None:
    """By a test against two in a hundred; the most frequent text stands for its group."""
    many = Scale(250, f("250"), f("500"))

    fewer = Scale(90, f("90"), f("180"))

    assert [one.count for one in found_typed(NUMBER, typed(("105", 5, 5)), fewer)] == [5]
    assert found_typed(NUMBER, typed(("105", 5, 5)), HUNDRED) == []
    assert found_typed(NUMBER, typed(("105", 4, 4)), HUNDRED) == []
    assert found_typed(NUMBER, typed(("105", 8, 8)), many) == []
    (found,) = found_typed(NUMBER, typed(("105", 2, 2), ("104", 4, 4), ("96", 3, 3)), HUNDRED)
    assert (found.answer, found.count, found.strength) == ("104", 9, FindingStrength.CLEAR)


def test_nearly_right_answers_of_those_who_know_less_are_not_told_but_slips_are() -> None:
    """Rests far below the mean."""
    assert found_typed(NUMBER, typed(("105", 8, 0)), HUNDRED) == []
    assert [one.ailment for one in found_typed(NUMBER, typed(("1000", 8, 0)), HUNDRED)] == [FindingKind.SLIPPED_NUMBER]


@pytest.mark.parametrize("part", ["", "nombre"])
def test_another_answer_is_told_where_its_authors_know_more_than_the_others_who_failed(part: str) -> None:
    """spec/quiz-engine 5.12: of what nobody expected the best one, against those who got nothing for this part."""
    short = a_short(("sol", "1"))
    body: Body = short if not part else GapsBody((Gap(part, short),))
    failed = [wrong(part, 3, 10), wrong(part, 0, 30), ItemResponses(marked(short, TextAnswer("sol")), f("3"), 60), wrong("otra", 9, 50)]
    said = typed(("marte", 10, 30), ("venus", 20, 0), ("x", 4, 12), part=part)

    found = found_typed(body, said, Scale(100, f("210"), f("630")), failed)

    assert found == [ItemFinding(FindingKind.OTHER_ANSWER, FindingStrength.CLEAR, 100, part, "marte", 10)]
    assert found_typed(body, typed(("marte", 4, 12), part=part), Scale(100, f("210"), f("630")), failed) == []
    assert found_typed(body, typed(("marte", 10, 30), part=part), Scale(501, f("210"), f("630")), failed) == []


def test_who_left_a_gap_blank_is_not_among_those_whose_answer_to_it_failed() -> None:
    """Beside many blanks of those who know least, any answer would look like knowing."""
    short = a_short(("sol", "1"))
    body = GapsBody((Gap("uno", short), Gap("dos", short)))
    blank = ItemResponses(marked(body, GapsAnswer({"dos": "sol"})), f("0"), 40)
    failed = [wrong("uno", 3, 30), ItemResponses(marked(body, GapsAnswer({"uno": "sol", "dos": "sol"})), f("3"), 30)]
    said = typed(("marte", 9, 27), part="uno")

    assert found_typed(body, said, Scale(100, f("180"), f("540")), [*failed, blank]) == []


def test_a_common_answer_that_does_not_fall_as_knowing_rises_is_told_sooner() -> None:
    """At one per cent instead of one per mille, from one attempt in ten on."""
    failed = [wrong("", 2, 10), wrong("", 1, 18), wrong("", 2, 22)]
    body, said = a_short(("sol", "1")), typed(("marte", 10, 20))

    assert [one.strength for one in found_typed(body, said, Scale(100, f("150"), f("300")), failed)] == [FindingStrength.LIKELY]
    assert found_typed(body, said, Scale(101, f("150"), f("300")), failed) == []
    assert found_typed(body, said, Scale(100, f("250"), f("900")), failed) == []


def test_words_are_near_whatever_their_points_accents_and_spaces() -> None:
    """Several accepted words, in every language; patterns with a star accept more than words and are left out."""
    body = ShortAnswerBody(
        (
            *a_short(("Seguro-social", "1"), ("nada", "0"), ("pens*", "1"), ("*", "0"), ("\\*asterisco", "1")).answers,
            replace(a_short(("x", "1/2")).answers[0], patterns={"es": "retiro", "en": "retirement"}),
        )
    )

    def near(text: str) -> bool:
        return [one.ailment for one in found_typed(body, typed((text, 6, 6)), HUNDRED)] == [FindingKind.SPELLING]

    assert [near(text) for text in ("seguro sosial", "s.e.g.u.r.o social!", "retirment", "retíros", "*asterisko")] == [True] * 5
    assert [near(text) for text in ("nadas", "pensas", "-", "x")] == [False] * 4


@pytest.mark.parametrize(
    ("word", "right", "near"),
    [
        ("brechaa", "brecha", True),
        ("rbecha", "brecha", True),
        ("brehca", "brecha", True),
        ("brxyha", "brecha", False),
        ("bear", "brea", False),
        ("sola", "sol", True),
        ("salo", "sol", False),
        ("ley", "le", False),
        ("salo", "sala", True),
        ("sabo", "sala", False),
        ("pension", "pensión", True),
        ("pemsiom", "pension", False),
        ("pemsione", "pensione", True),
        ("pemziome", "pensione", False),
        ("pensioneses", "pensione", False),
        ("abcdefghij", "badcefghij", True),
        ("abcdefghij", "badcfeghij", False),
    ],
)
def test_one_letter_counts_from_three_on_and_two_from_eight_on(word: str, right: str, near: bool) -> None:
    """Damerau 1964: too many, too few, another, or two exchanged, at the beginning and at the end too."""
    assert is_near(word, right) is near


@pytest.mark.parametrize(
    ("accepted", "typed_", "near"),
    [
        ("RUC", "RCU", True),
        ("RUC", "R.U.K.", True),
        ("SRI", "SRII", True),
        ("OIT", "OTI", True),
        ("IESS", "IES", True),
        ("IESS", "Instituto Ecuatoriano de Seguridad Social", True),
        ("SRI", "Servicio de Rentas Internas", True),
        ("IESS", "Instituto Ecuatoriano de Seguridad Sosial", True),
        ("Organización Internacional del Trabajo", "OIT", True),
        ("OIT", "ILO", True),
        ("OIT", "OIM", False),
        ("IESS", "BIESS", False),
        ("OIT", "ONU", False),
        ("SRI", "RUC", False),
        ("RUC", "CUR", False),
        ("RUC", "R", False),
    ],
)
def test_acronyms_of_three_letters_are_spelled_wrongly_too_and_one_is_no_misspelling_of_another(
    accepted: str, typed_: str, near: bool
) -> None:
    """Their own names written out are near; another institution is another answer."""
    found = found_typed(a_short((accepted, "1")), typed((typed_, 8, 8)), HUNDRED)

    assert [one.ailment for one in found] == ([FindingKind.SPELLING] if near else [])


def test_accepted_words_are_compared_in_small_letters_and_patterns_not_at_all() -> None:
    body = a_short(("IESS", "1"), ("pens*", "1"))

    assert [one.ailment for one in found_typed(body, typed(("ies", 6, 6)), HUNDRED)] == [FindingKind.SPELLING]
    assert found_typed(body, typed(("penso", 6, 6)), HUNDRED) == []
    assert is_near("pemsiome", "pensione")
    assert not is_near("pemsiom", "pension")
