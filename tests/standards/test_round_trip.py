"""Export then import gives the same questions, or the loss is named: over generated questions, for every format."""

from dataclasses import replace
from fractions import Fraction

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from questions.rules.definitions import (
    CognitiveLevel,
    DescriptionBody,
    EssayBody,
    MultipleRule,
    QuestionDefinition,
    QuestionSelection,
    RubricCriterion,
    RubricLevel,
    ShortAnswerBody,
    TextPattern,
    TrueFalseBody,
)
from standards.bank import read as bank_read
from standards.bank import write as bank_write
from standards.importing import FORMATS
from standards.model import RemarkSeverity
from tests.standards import generated as make

few = settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
BOTH = {name: form for name, form in FORMATS.items() if form.read is not None and form.write is not None}
SAME_MARKS = (MultipleRule.RIGHT_MINUS_WRONG, MultipleRule.FRACTIONS)

IN_HTML = {"qti", "qti-canvas"}
"""Formats whose texts are HTML: they come back as other Markdown that is shown the same."""
_PLAIN = st.one_of(make.singles(plain=True), st.builds(TrueFalseBody, st.booleans()), st.just(EssayBody()))
SHOWN = {
    "qti": st.one_of(
        make.questions(
            st.one_of(
                _PLAIN,
                make.plainly(make.multiples((*SAME_MARKS, MultipleRule.ALL_OR_NOTHING))),
                make.plainly(make.matchings()),
                make.plainly(make.orderings(MultipleRule.ALL_OR_NOTHING)),
                make.literal_shorts(),
                make.single_numbers(),
            ),
            kept=("mark",),
            rich=False,
            plain=True,
        ),
        make.gapped(3, drag=True),
    ),
    "qti-canvas": make.questions(
        st.one_of(
            _PLAIN,
            make.plainly(make.multiples((MultipleRule.RIGHT_MINUS_WRONG,))).map(make.in_order),
            make.plainly(make.matchings()),
            make.literal_shorts(),
            make.single_numbers(nominal=True),
        ),
        kept=("mark",),
        rich=False,
        plain=True,
    ),
}


def without_model(body: EssayBody) -> EssayBody:
    """Return an essay without its model answer: Moodle's only field for one is for graders alone."""
    return replace(body, model=None)


FAITHFUL = {
    "gift": st.one_of(
        make.questions(
            st.one_of(
                make.singles(),
                make.multiples(SAME_MARKS),
                st.builds(TrueFalseBody, st.booleans()),
                make.shorts(),
                make.numericals(),
                make.matchings(),
                st.just(EssayBody()),
            ),
            kept=("tags", "explanation"),
            rich=False,
        ),
        make.questions(st.just(DescriptionBody()), kept=("tags",), rich=False),
        make.gapped().map(lambda question: replace(question, mark=make.ONE)),
    ),
    "moodle-xml": st.one_of(
        make.questions(
            st.one_of(make.singles(), make.multiples(SAME_MARKS), make.shorts(), make.numericals(), make.matchings(), make.orderings()),
            kept=("tags", "explanation", "mark", "hints", "penalty"),
            rich=False,
        ),
        make.questions(
            st.one_of(make.essays().map(without_model), make.files, st.builds(TrueFalseBody, st.booleans())),
            kept=("tags", "explanation", "mark"),
            rich=False,
        ),
        make.questions(st.just(DescriptionBody()), kept=("tags", "explanation"), rich=False),
        make.gapped(3),
        make.gapped(3, drag=True),
    ),
    "csv": make.questions(
        st.one_of(
            make.singles(),
            make.multiples(),
            st.builds(TrueFalseBody, st.booleans()),
            make.shorts(),
            make.numericals(),
            make.matchings(rich=True),
            make.orderings(),
            st.just(EssayBody()),
            st.just(DescriptionBody()),
        ),
        kept=("tags", "difficulty", "state", "mark", "hints", "penalty", "explanation", "note", "selection"),
        rich=False,
    ),
}
FAITHFUL["xlsx"] = FAITHFUL["csv"]


@pytest.mark.parametrize("name", sorted(FAITHFUL))
@few
@given(data=st.data())
@pytest.mark.slow
def test_what_a_format_holds_comes_back_the_same(name: str, data: st.DataObject) -> None:
    form = BOTH[name]
    assert form.write is not None
    assert form.read is not None

    make.check_same(data.draw(FAITHFUL[name]), form.write, form.read)


@pytest.mark.parametrize("name", sorted(BOTH))
@few
@given(data=st.data())
def test_what_does_not_come_back_the_same_is_told(name: str, data: st.DataObject) -> None:
    form = BOTH[name]
    assert form.write is not None
    assert form.read is not None
    question = data.draw(st.one_of(make.questions(make.rich_bodies()), make.gapped(2), make.gapped(2, drag=True)))

    if name in IN_HTML:
        make.check_kind_or_told(question, form.write, form.read)
    else:
        make.check_same_or_told(question, form.write, form.read)


@pytest.mark.parametrize("name", sorted(IN_HTML))
@few
@given(data=st.data())
def test_what_a_format_in_html_holds_is_shown_the_same(name: str, data: st.DataObject) -> None:
    form = BOTH[name]
    assert form.write is not None
    assert form.read is not None

    make.check_shown_the_same(data.draw(SHOWN[name]), form.write, form.read)


@pytest.mark.parametrize("name", sorted(BOTH.keys() - {"aiken"}))
def test_a_short_answer_that_asks_for_an_asterisk_does_not_take_any_answer(name: str) -> None:
    """Found by the property above: only the star of a pattern stands for everything. Aiken has no short answers."""
    form = BOTH[name]
    answer = TextPattern({"es": "\\*"}, True, Fraction(1))
    question = QuestionDefinition("pregunta", {"es": "¿Qué signo multiplica?"}, ShortAnswerBody((answer,)))
    assert form.write is not None
    assert form.read is not None

    (back,) = form.read(form.write([question], "es").content, "es").questions

    assert isinstance(back.body, ShortAnswerBody)
    assert [dict(pattern.patterns) for pattern in back.body.answers] == [{"es": "\\*"}]


@pytest.mark.parametrize("name", ["gift", "moodle-xml"])
def test_a_family_goes_out_as_a_tag_and_comes_back(name: str) -> None:
    """spec/selection 11.6: told, while the quizzes that a question is reserved for are told as lost."""
    form = BOTH[name]
    selection = QuestionSelection(family="uno", only=("examen",))
    question = QuestionDefinition("pregunta", {"es": "¿Sí?"}, TrueFalseBody(True), tags=("salud",), selection=selection)
    assert form.write is not None
    assert form.read is not None

    out = form.write([question], "es")

    assert out.content.count(b"family:uno") == 1
    assert [remark.facts["family"] for remark in out.of_severity(RemarkSeverity.NOTE)] == ["uno"]
    assert [remark.facts["field"] for remark in out.of_severity(RemarkSeverity.LOSS)] == ["only"]
    back = form.read(out.content, "es").questions[0]
    assert (back.tags, back.selection) == (("salud",), QuestionSelection(family="uno"))


SELF_REVIEWED = QuestionDefinition(
    "caso",
    {"es": "Escriba una carta."},
    EssayBody(rubric=(RubricCriterion("tono", {"es": "Tono"}, (RubricLevel(make.ONE, {"es": "Amable"}),)),), self_review=True),
    mark=Fraction(0),
)


@pytest.mark.parametrize("name", sorted(name for name, form in FORMATS.items() if form.write is not None and name not in ("aiken", "yaml")))
def test_that_learners_judge_a_text_themselves_is_told_as_lost(name: str) -> None:
    """spec/selection 8.6: other formats have no place for it, the bank's own file keeps it."""
    form = FORMATS[name]
    assert form.write is not None

    lost = [remark.facts.get("field") for remark in form.write([SELF_REVIEWED], "es").of_severity(RemarkSeverity.LOSS)]

    assert "review" in lost
    assert bank_read.read(bank_write.write([SELF_REVIEWED], "es").content, "es").questions == (SELF_REVIEWED,)


def test_a_table_takes_words_for_levels_and_makes_keys_of_names() -> None:
    """Columns of a table in Spanish, as people write them."""
    heads = "tipo,texto,correctas,objetivo,nivel,familia,facilidad,reservada"
    table = f'{heads}\nverdadero-falso,¿Sí?,v,La Brecha,aplicar,uno,"62,5",examen; final\n'

    read = FORMATS["csv"].read(table.encode(), "es")  # type: ignore[misc]  # it is read

    assert read.questions[0].selection == QuestionSelection(
        "la-brecha", CognitiveLevel.APPLY, "uno", expected=Fraction(125, 2), only=("examen", "final")
    )
    assert [remark.facts["key"] for remark in read.of_severity(RemarkSeverity.NOTE)] == ["la-brecha"]


@few
@given(question=st.one_of(make.questions(make.rich_bodies()), make.gapped(3), make.gapped(3, drag=True)))
@pytest.mark.slow
def test_our_own_bank_keeps_everything(question: QuestionDefinition) -> None:
    out = bank_write.write([question], "es")

    assert bank_read.read(out.content, "es").questions == (question,)
    assert not out.remarks
