"""Words of the statistics: every finding in both languages, names of answers of every kind, numbers without nan (spec/quiz-engine 5.12)."""

from dataclasses import replace
from fractions import Fraction

import pytest

from analysis.rules.findings import FindingKind, FindingStrength, ItemFinding
from analysis.rules.item_evidence import ClassTally, ItemResponses, MarkedResponse, response_analysis
from analysis.rules.quiz_analysis import QuizAnalysis, examination_of
from analysis.rules.significance import POWER
from analysis.rules.statistics import CountedAttempts
from analysis.views.findings import (
    ADVICE,
    NUMBERS,
    SAID,
    answer_name,
    certainties,
    class_name,
    finding_view,
    part_name,
    question_text,
    reach_of,
)
from analysis.views.statistics_page import QuestionNames, answer_lines, numbers_in_words, quiz_figures, warnings_of
from kernel.i18n import reading
from questions.question_bank import QuestionName
from questions.question_page import MISSING, decimal, figure, percentage
from questions.rules.answers import (
    Answer,
    GapsAnswer,
    MatchingAnswer,
    MatrixAnswer,
    MultipleChoiceAnswer,
    NumberAnswer,
    OrderingAnswer,
    SingleChoiceAnswer,
    TextAnswer,
    TrueFalseAnswer,
)
from questions.rules.definitions import Body, MultipleRule, TrueFalseBody
from quizzes.rules.layout import Candidate, SlotEntry, composition_of
from tests.support.questions import (
    a_matching,
    a_matrix,
    a_multiple,
    a_numerical,
    a_question,
    a_short,
    a_single,
    an_ordering,
    dragged_gaps,
    es,
    f,
    marked,
    some_gaps,
)


@pytest.mark.parametrize("ailment", list(FindingKind))
def test_every_finding_has_words_numbers_and_advice_in_both_languages(ailment: FindingKind) -> None:
    """Findings in plain Spanish and English, with the number of answers behind each and what to do."""
    finding = ItemFinding(ailment, FindingStrength.LIKELY, 200, "", "b", 41, 66, 30, 12, f("0.123"))
    said = {}
    for language in ("es", "en"):
        with reading(language):
            view = finding_view(finding, "q", "¿Qué?", a_question(a_single()))
            said[language] = (view.said, view.numbers, view.advice, view.strength)
            assert not any("%(" in words or "%%" in words for words in said[language])
    assert all(one != other for one, other in zip(said["es"], said["en"], strict=True))
    assert "200" in said["es"][1]
    assert {ailment} <= SAID.keys() & NUMBERS.keys() & ADVICE.keys()


def test_guessing_is_told_with_its_numbers() -> None:
    """9 of the best 18; guessing gives 9."""
    finding = ItemFinding(FindingKind.CHANCE, FindingStrength.LIKELY, 48, "", "true", 26, 18, 9, 9, f("1/2"))
    with reading("es"):
        spanish = finding_view(finding, "q", "", a_question(TrueFalseBody(answer=True)))
    with reading("en"):
        english = finding_view(finding, "q", "", a_question(TrueFalseBody(answer=True)))
        odd = finding_view(replace(finding, top=19, share=f("1/4")), "q", "", a_question(TrueFalseBody(answer=True)))

    assert spanish.numbers == "Acertaron 9 de los 18 mejores; al azar se aciertan 9. 48 respuestas."
    assert english.numbers == "9 of the top 18 learners answered it correctly; guessing would give 9. 48 answers."
    assert "guessing would give 4.8." in odd.numbers


def test_what_a_class_can_find_is_said_for_its_size_beside_the_others() -> None:
    with reading("en"):
        reach = reach_of(50)
        assert reach_of(29) is None

    assert reach is not None
    (own,) = (one for one in POWER if one.answers == 48)
    assert reach.said.startswith("With 50 answers, this analysis misses about ")
    assert f"{round((1000 - own.wrong_key.sign) / 10)}%" in reach.said
    assert [(answers, here) for answers, _shares, here in reach.lines] == [(str(one.answers), one is own) for one in POWER]
    assert all(len(shares) == len(reach.headings) == 5 for _answers, shares, _here in reach.lines)


def test_a_finding_about_a_part_or_a_statement_names_it() -> None:
    with reading("es"):
        part = finding_view(ItemFinding(FindingKind.WRONG_KEY, FindingStrength.CLEAR, 50, "two", "y"), "q", "", a_question(a_matching()))
        statement = finding_view(
            ItemFinding(FindingKind.WRONG_KEY, FindingStrength.SIGN, 50), "q", "", a_question(TrueFalseBody(answer=True))
        )
        several = a_question(a_multiple(MultipleRule.HALVES, 2, 2))
        ticked = finding_view(
            ItemFinding(FindingKind.WRONG_KEY, FindingStrength.SIGN, 50, answer="w1", top=9, top_answer=7), "q", "", several
        )
        earlier = finding_view(ItemFinding(FindingKind.PLACE, FindingStrength.SIGN, 50, share=f("-0.2")), "q", "", a_question(a_single()))
        assert len(certainties()) == 3

    assert part.said.startswith("two: ")
    assert "«Falso»" in statement.said
    assert ticked.said == "Los mejores marcan «W1», que cuenta como incorrecta: quizá es correcta."
    assert ticked.numbers == "De los 9 mejores, 7 la marcaron; en total, 0 de 50."
    assert "segunda mitad del cuestionario que en la primera" in earlier.said
    assert "20 %" in earlier.numbers.replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("body", "answer", "names"),
    [
        (a_single(), SingleChoiceAnswer("b"), ["B"]),
        (a_single(), SingleChoiceAnswer(""), ["(sin respuesta)"]),
        (TrueFalseBody(answer=False), TrueFalseAnswer(value=True), ["Verdadero"]),
        (TrueFalseBody(answer=False), TrueFalseAnswer(value=False), ["Falso"]),
        (a_multiple(MultipleRule.HALVES, 2, 2), MultipleChoiceAnswer(("r1", "w2")), ["R1", "W2"]),
        (a_short(("brecha", "1"), ("*", "0")), TextAnswer("otra"), ["*"]),
        (a_short(("brecha", "1")), TextAnswer("otra"), ["(otras respuestas)"]),
        (a_numerical(("2.5", "1"), ("*", "0")), NumberAnswer("2,5"), ["2,5"]),
        (a_numerical(("2.5", "1"), ("*", "0")), NumberAnswer("7"), ["cualquier otro número"]),
        (a_numerical(("2.5", "1")), NumberAnswer("x"), ["(no se puede leer)"]),
        (a_matching(), MatchingAnswer({"one": "z"}), ["Z", "(sin respuesta)", "(sin respuesta)"]),
        (a_matrix(), MatrixAnswer({"salud": "no", "prestamo": "no", "vejez": "si"}), ["No", "No", "Sí"]),
        (
            an_ordering(3),
            OrderingAnswer(("i0", "i2", "i1"), confirmed=True),
            ["en su lugar", "en parte en su lugar", "en parte en su lugar"],
        ),
        (some_gaps(), GapsAnswer({"anio": "c", "cubierta": "34,8", "nombre": "x"}), ["C", "34,8", "(otras respuestas)"]),
        (dragged_gaps(), GapsAnswer({"uno": "luna", "dos": "luna"}), ["luna", "luna"]),
    ],
)
def test_answers_have_the_names_that_people_read(body: Body, answer: Answer, names: list[str]) -> None:
    """spec/quiz-engine 5.12, response analysis: per part, the response class in words."""
    question = a_question(body)
    with reading("es"):
        found = [class_name(question, one) for one in response_analysis([ItemResponses(marked(body, answer), f("1"))])]

    assert sorted(found) == sorted(names) or body == dragged_gaps()
    if body == dragged_gaps():
        assert answer_name(question, "uno", "luna") == "luna"


def test_parts_are_named_and_gaps_numbered_in_what_is_asked() -> None:
    gaps = replace(a_question(some_gaps()), text=es("<p>En <!--gap:anio--> y <!--gap:nombre-->.</p>"))
    with reading("es"):
        assert part_name(gaps, "cubierta") == "Hueco 2"
        assert part_name(a_question(a_matching()), "three") == "three"
        assert part_name(a_question(a_single()), "") == ""
        assert str(question_text(gaps)) == "<p>En <strong>[1]</strong> y <strong>[3]</strong>.</p>"
        assert answer_name(gaps, "cubierta", "174/5") == "34,8"
        assert answer_name(gaps, "nada", "x") == "x"
        assert answer_name(a_question(a_numerical(("1", "1"))), "", "doce") == "doce"


def examined(*rows: str) -> QuizAnalysis:
    """Examine attempts at a single choice and a second question; a row has a mark of each."""
    composition = composition_of([SlotEntry((Candidate("a", 1),)), SlotEntry((Candidate("b", 2),))])
    tally = ClassTally(2)
    for row in rows:
        answers = [(f(mark), marked(a_single(), SingleChoiceAnswer("a" if mark == "1" else "b"))) for mark in row.split()]
        tally.add([MarkedResponse(at, at + 1, mark, f("1"), marking) for at, (mark, marking) in enumerate(answers)])
    return examination_of(tally, composition, {1: a_question(a_single()), 2: a_question(a_single())}, CountedAttempts.FIRST)


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        (["1 0"], ["Con un solo intento no se puede comparar nada"]),
        (["1 0", "0 0", "1 1"], ["Con menos de cuatro intentos"]),
        (["1 1"] * 4, ["Todos los intentos tienen los mismos puntos"]),
        (["1 0", "0 1", "1 0", "0 1", "1 1"], ["La consistencia es menor que 0"]),
    ],
)
def test_what_cannot_be_computed_is_said_in_words(rows: list[str], words: list[str]) -> None:
    """spec/quiz-engine 5.12, degenerate cases: S = 1, 3; all equal marks; a negative consistency."""
    with reading("es"):
        examination = examined(*rows)
        said = " ".join(warnings_of(examination))
        shown = [value for _name, value, _meaning in quiz_figures(examination)]

    assert all(word in said for word in words)
    assert not any("nan" in value.lower() or "none" in value.lower() for value in shown)
    assert (MISSING in shown) == (len(rows) < 4 or len(set(rows)) == 1)


def test_options_that_nobody_chose_stand_in_the_table_too() -> None:
    examination = examined("1 0", "0 0")
    with reading("es"):
        lines = answer_lines(examination.questions[0], a_question(a_single()))

    assert [(line.answer, line.count) for line in lines] == [("A", "1"), ("B", "1"), ("C", "0")]


def test_labels_tell_the_version_from_the_second_on() -> None:
    names = QuestionNames({1: a_question(a_single()), 2: a_question(a_single())}, {1: QuestionName("a", 1), 2: QuestionName("a", 2)})
    with reading("es"):
        assert names.label(1) == "¿Qué?"
        assert names.label(2) == "¿Qué? (versión 2)"
        assert [numbers_in_words(numbers) for numbers in ((), (1,), (1, 2, 5))] == ["", "1", "1, 2 y 5"]


def test_figures_are_rounded_once_half_up() -> None:
    """spec/quiz-engine 5.1.5: rounding half up, in decimal arithmetic, at output only."""
    with reading("es"):
        assert [figure(f(value)) for value in ("0.125", "-0.125", "2", "1/3", "1000")] == ["0,13", "-0,13", "2", "0,33", "1000"]
        assert figure(None) == percentage(None) == MISSING
        assert percentage(f("12.34")).replace("\u00a0", " ") == "12,3 %"
    assert [str(decimal(f(value), 2)) for value in ("100", "0.005", "1/3")] == ["100", "0.01", "0.33"]
    assert decimal(None) is None
    assert decimal(Fraction(10**9)) == 10**9
