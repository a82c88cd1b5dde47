"""GIFT as people write it: the grammar's corners, and where a question breaks it."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from questions.rules.definitions import (
    EssayBody,
    GapsBody,
    MatchingBody,
    MultipleChoiceBody,
    MultipleRule,
    NumericalBody,
    QuestionDefinition,
    ShortAnswerBody,
    SingleChoiceBody,
    TrueFalseBody,
)
from standards.gift.read import escape, read, unescape
from standards.gift.write import write
from standards.model import RemarkSeverity
from tests.support.questions import a_matrix, a_question, dragged_gaps, es, f, some_gaps


def one(text: str) -> QuestionDefinition:
    found = read(text.encode())
    assert len(found.questions) == 1, [remark.message for remark in found.remarks]
    return found.questions[0]


def test_words_after_the_braces_make_a_gap() -> None:
    question = one("Grant está {~enterrado =sepultado} en su tumba.")

    assert question.text == es("Grant está {gap} en su tumba.")
    assert isinstance(question.body, GapsBody)
    assert isinstance(question.body.gaps[0].body, SingleChoiceBody)


def test_gap_of_several_options_keeps_a_line_to_write_on() -> None:
    question = one("Son {~%50%uno ~%50%dos ~tres} los pilares.")

    assert question.text == es("Son \\_\\_\\_\\_\\_ los pilares.")
    assert isinstance(question.body, MultipleChoiceBody)


@pytest.mark.parametrize(
    ("braces", "options"),
    [
        (
            "~go to starbucks -> order a coffee =get coffee powder -> add water",
            ["go to starbucks -> order a coffee", "get coffee powder -> add water"],
        ),
        ("=%100%Archivo->Guardar->Como#Archivo -> así ~[plain]Ver->x", ["Archivo->Guardar->Como", "Ver->x"]),
        ("a -> b ~c =->d", ["a -> b", "c", "->d"]),
    ],
)
def test_an_arrow_beside_a_tilde_belongs_to_a_choice(braces: str, options: list[str]) -> None:
    """A way through menus is an answer: as the format's own importer, `~` is looked for before `->`."""
    body = one(f"¿Cómo?{{{braces}}}").body

    assert isinstance(body, SingleChoiceBody)
    assert [option.text["es"] for option in body.options] == options
    assert sum(option.right for option in body.options) >= 1


def test_arrows_without_a_tilde_make_a_matching_and_without_a_sign_of_equality_words() -> None:
    """A tilde behind a backslash is a letter."""
    pairs, escaped, words = (
        one("¿Qué?{=a -> 1 =b -> 2}").body,
        one("¿Qué?{=a\\~ -> 1 =b -> 2}").body,
        one("¿Dónde?{Archivo -> Guardar}").body,
    )

    assert isinstance(pairs, MatchingBody)
    assert isinstance(escaped, MatchingBody)
    assert [(pair.item["es"], pair.match["es"]) for pair in (*pairs.pairs, *escaped.pairs)] == [
        ("a", "1"),
        ("b", "2"),
        ("a~", "1"),
        ("b", "2"),
    ]
    assert isinstance(words, ShortAnswerBody)
    assert words.answers[0].patterns == es("Archivo -> Guardar")


def test_signs_after_a_finished_sentence_are_told_and_dropped() -> None:
    found = read(b"Verdad?{T}.")

    assert found.questions[0].text == es("Verdad?")
    assert [note.facts for note in found.of_severity(RemarkSeverity.NOTE)] == [{"text": "."}]


@pytest.mark.parametrize(
    ("written", "value", "amount"), [("3", "3", "0"), ("3:0.5", "3", "0.5"), ("1..4", "2.5", "1.5"), ("-2..-1", "-1.5", "0.5")]
)
def test_numbers_with_tolerances_and_ranges(written: str, value: str, amount: str) -> None:
    body = one(f"¿Cuánto?{{#{written}}}").body

    assert isinstance(body, NumericalBody)
    assert (body.answers[0].value, body.tolerance.amount) == (f(value), f(amount))


def test_numbers_with_part_credit_and_feedback_for_the_rest() -> None:
    body = one("¿Cuánto?{#=10:0#bien =%50%10.5:1#casi ~#no}").body

    assert isinstance(body, NumericalBody)
    assert [(answer.value, answer.credit, answer.why) for answer in body.answers] == [
        (10, 1, es("bien")),
        (f("10.5"), f("1/2"), es("casi")),
        (None, 0, es("no")),
    ]
    assert [answer.tolerance and answer.tolerance.amount for answer in body.answers] == [0, 1, None]


def test_formats_of_texts_are_told_apart() -> None:
    html, markdown, plain = (one(f"[{form}]Es <b>a</b> y **b**{{T}}").text["es"] for form in ("html", "markdown", "plain"))

    assert html == "Es **a** y \\*\\*b\\*\\*"
    assert markdown == "Es <b>a</b> y **b**"
    assert plain == "Es \\<b>a\\</b> y \\*\\*b\\*\\*"


def test_escaped_signs_are_themselves() -> None:
    body = one("¿Cuál? {=\\= 2 \\{x\\}\\: ~no\\~}").body

    assert isinstance(body, SingleChoiceBody)
    assert [option.text["es"] for option in body.options] == ["= 2 \\{x}:", "no~"]


@pytest.mark.parametrize("words", ["a~b=c#d{e}f:g", "\\", "\\n", "\\\\~", "a\nb", ":: ->"])
def test_escaping_is_undone(words: str) -> None:
    assert unescape(escape(words)) == words


def test_short_words_and_truth_are_told_apart() -> None:
    assert one("¿Sol?{T}").body == TrueFalseBody(answer=True)
    assert one("¿Sol?{false}").body == TrueFalseBody(answer=False)
    assert isinstance(one("¿Sol?{Tarde}").body, ShortAnswerBody)
    assert one("¿Sol?{}").body == EssayBody()


def test_broken_question_is_told_with_its_line_and_the_others_come_in() -> None:
    found = read(b"::a::Uno{T}\n\n// x\n::b::Dos{\n=a\n~b\n\n::c::Tres}\n\n::d::Cuatro{=a{b}}\n\n::e::Cinco{F}")

    assert [question.key for question in found.questions] == ["a", "e"]
    assert [(problem.line, problem.question) for problem in found.of_severity(RemarkSeverity.PROBLEM)] == [(6, "b"), (8, "c"), (10, "d")]


@pytest.mark.parametrize("numbers", ["#1,5", "#x", "#1e400", "#=%200%3"])
def test_number_that_is_none_keeps_the_question_out(numbers: str) -> None:
    found = read(f"¿Cuánto?{{{numbers}}}".encode())

    assert not found.questions
    assert len(found.of_severity(RemarkSeverity.PROBLEM)) == 1


def test_question_that_starts_like_a_comment_or_a_format_survives() -> None:
    body = one("::x::¿Qué?{=\\[html] ~no}").body
    written = write([QuestionDefinition("x", es("// no es un comentario"), body)]).content

    assert read(written).questions == (QuestionDefinition("x", es("// no es un comentario"), body),)


def test_kinds_that_gift_lacks_are_told_and_the_rest_is_written() -> None:
    out = write([a_question(a_matrix()), a_question(some_gaps()), a_question(dragged_gaps()), a_question(TrueFalseBody(answer=True))])

    assert out.count == 1
    assert len(out.of_severity(RemarkSeverity.PROBLEM)) == 3


def test_gap_at_the_end_is_told_to_become_a_question_below() -> None:
    question = one("Grant está {~enterrado =sepultado} hoy.")
    body = question.body
    out = write([QuestionDefinition("q", es("Escriba la capital: {gap}"), body)])

    assert [loss.what for loss in out.of_severity(RemarkSeverity.LOSS)] == ["The gap at the end of the text becomes a question below it."]
    assert isinstance(read(out.content).questions[0].body, SingleChoiceBody)


def test_other_languages_are_told_to_stay_behind() -> None:
    question = QuestionDefinition("q", {"es": "¿Sí?", "en": "Yes?"}, TrueFalseBody(answer=True))

    spanish, english = write([question], "es"), write([question], "en")

    assert b"Yes" not in spanish.content
    assert b"Yes?" in english.content
    assert [loss.facts["others"] for loss in spanish.of_severity(RemarkSeverity.LOSS)] == ["inglés"]


def test_rule_right_only_goes_out_as_weights_and_comes_back() -> None:
    body = one("¿Cuáles?{~%50%a ~%50%b ~%-100%c}").body

    assert isinstance(body, MultipleChoiceBody)
    assert body.rule is MultipleRule.RIGHT_ONLY
    assert b"~%-100%c" in write([a_question(body)]).content


PIECES = st.sampled_from(
    ["%s", "<b>%s</b>", "<x-y>%s</x-y>", "<math><mi>%s</mi></math>", "<select><option>%s</option></select>", '<abbr title\\="%s">q</abbr>']
)


@settings(max_examples=30, deadline=None)
@given(st.lists(PIECES, min_size=1, max_size=3), st.lists(PIECES, min_size=2, max_size=3), st.sampled_from(["[html]", ""]), st.booleans())
def test_every_word_of_a_question_is_read_or_named(stem: list[str], options: list[str], form: str, gives_feedback: bool) -> None:
    """Of a question that is refused the refusal is named."""
    words = (f"w{at}w" for at in range(100))
    answers = [form + piece % next(words) + (f"#{next(words)}" if gives_feedback else "") for piece in options]
    text = f"::N::{form}{' '.join(piece % next(words) for piece in stem)} {{={' ~'.join(answers)}}}"
    found = read(text.encode())

    known = str(found.questions) + str([(remark.what, remark.facts) for remark in found.remarks])
    assert not found.questions or [word for word in re.findall(r"w\d+w", text) if word not in known] == []
