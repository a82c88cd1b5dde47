"""Questions as values: texts mapped, documents that come back equal, checksums, and what differs between two wordings.

spec/quiz-engine 5.1.1.
"""

import json
import sqlite3
from collections.abc import Callable
from contextlib import closing
from dataclasses import replace
from fractions import Fraction
from pathlib import Path

import pytest

from questions.rules.definitions import (
    Body,
    DescriptionBody,
    Difficulty,
    EssayBody,
    GapsBody,
    MultipleChoiceBody,
    OrderingBody,
    QuestionDefinition,
    QuestionKind,
    QuestionSelection,
    QuestionState,
    QuestionVariable,
    ReviewReference,
    RubricCriterion,
    RubricLevel,
    ShortAnswerBody,
    TextShape,
    WordLimits,
    is_marked,
    map_texts,
    without_notes,
)
from questions.rules.encoding import (
    EncodingError,
    ValueChange,
    canonical,
    checksum,
    decode,
    differences,
    encode,
    from_document,
    is_judged_otherwise,
    to_document,
)
from questions.rules.feedback import ReviewFlag
from quizzes.rules.settings import FeedbackBand, QuizSettings, ReviewMoment, ReviewOptions
from tests.support.former_versions import DUMPS, restore
from tests.support.questions import a_calculated, a_matrix, a_question, a_single, an_option, an_ordering, es, every_body, f, some_gaps


def test_every_kind_of_question_says_which_it_is() -> None:
    kinds = {a_question(body).kind for body in every_body()} | {a_question(DescriptionBody()).kind}

    assert kinds == set(QuestionKind)


def test_every_markdown_text_is_mapped_with_its_language_and_shape_and_nothing_else() -> None:
    rubric = (RubricCriterion("c", es("criterio"), (RubricLevel(f("1"), es("nivel")),)),)
    question = replace(
        a_question(EssayBody(template=es("plantilla"), model=es("modelo"), rubric=rubric)),
        text={"es": "hola", "en": "hello"},
        hints=(es("pista"),),
        explanation=es("porqué"),
        note="para colegas",
    )
    seen: list[tuple[str, str, TextShape]] = []

    def shout(text: str, language: str, shape: TextShape) -> str:
        seen.append((text, language, shape))
        return text.upper()

    mapped = map_texts(question, shout)

    assert mapped.text == {"es": "HOLA", "en": "HELLO"}
    assert mapped.note == "para colegas"
    assert isinstance(mapped.body, EssayBody)
    assert mapped.body.rubric[0].levels[0].text == es("NIVEL")
    assert set(seen) == {
        ("hola", "es", TextShape.MARKDOWN),
        ("hello", "en", TextShape.MARKDOWN),
        ("pista", "es", TextShape.INLINE),
        ("porqué", "es", TextShape.MARKDOWN),
        ("plantilla", "es", TextShape.MARKDOWN),
        ("modelo", "es", TextShape.MARKDOWN),
        ("criterio", "es", TextShape.INLINE),
        ("nivel", "es", TextShape.INLINE),
    }


def test_criteria_of_a_self_check_are_mapped_one_by_one() -> None:
    question = a_question(ShortAnswerBody(model=es("m"), criteria=(es("a"), es("b"))), mark=f("0"))

    mapped = map_texts(question, lambda text, language, shape: f"<{text}>")

    assert isinstance(mapped.body, ShortAnswerBody)
    assert mapped.body.criteria == (es("<a>"), es("<b>"))


def test_units_patterns_and_expressions_are_left_alone() -> None:
    for body in (a_calculated(), some_gaps()):
        mapped = map_texts(a_question(body), lambda text, language, shape: text)

        assert mapped == a_question(body)


@pytest.mark.parametrize("body", [*every_body(), DescriptionBody()], ids=lambda body: type(body).__name__)
def test_a_document_gives_the_question_back(body: Body) -> None:
    question = a_question(
        body,
        difficulty=Difficulty.HARD,
        tags=("uno", "dos"),
        see=(ReviewReference("leccion", second=12),),
        penalty=f("1/3"),
    )

    assert from_document(to_document(question)) == question


def test_a_field_that_was_added_later_stands_only_in_documents_that_use_it() -> None:
    """Versions of essays from before it keep their content and their checksum."""
    before, self_reviewed = a_question(EssayBody()), a_question(EssayBody(self_review=True))

    assert "self_review" not in to_document(before)["body"]
    assert from_document(to_document(self_reviewed)) == self_reviewed
    assert checksum(before) != checksum(self_reviewed)


@pytest.mark.parametrize("dump", DUMPS, ids=lambda dump: dump.parent.name)
def test_questions_that_a_former_version_stored_are_read_and_written_as_they_were(dump: Path, tmp_path: Path) -> None:
    """Attempts of then are opened by their documents; another document would be another version."""
    restore(dump, tmp_path / "former.sqlite")
    with closing(sqlite3.connect(tmp_path / "former.sqlite")) as rows:
        documents = [json.loads(document) for (document,) in rows.execute("SELECT document FROM question_version")]

    assert documents
    assert [to_document(from_document(document)) for document in documents] == documents


def test_fractions_are_written_as_strings() -> None:
    assert to_document(a_question(DescriptionBody(), penalty=f("1/3"), mark=f("-2")))["penalty"] == "1/3"


def test_a_list_of_values_and_a_range_are_told_apart() -> None:
    body = replace(a_calculated(), variables=(QuestionVariable("x", (f("1"), f("2.5")), 1), a_calculated().variables[0]))

    assert from_document(to_document(a_question(body))).body == body


def test_settings_are_documents_too() -> None:
    settings = QuizSettings(
        limit=1200,
        feedback=(FeedbackBand(f("0"), es("Vuelva.")),),
        review=ReviewOptions(overrides={ReviewMoment.CLOSED: (ReviewFlag.ATTEMPT,)}),
        pass_mark=None,
    )

    assert decode(QuizSettings, encode(settings)) == settings


def test_a_quiz_of_no_weight_is_not_graded() -> None:
    assert QuizSettings().is_graded
    assert not QuizSettings(weight=f("0")).is_graded


def _without(name: str) -> Callable[[dict[str, object]], object]:
    return lambda document: {key: value for key, value in document.items() if key != name}


def _with(**changes: object) -> Callable[[dict[str, object]], object]:
    return lambda document: {**document, **changes}


@pytest.mark.parametrize(
    "spoil",
    [
        _without("mark"),
        _with(mark="a lot"),
        _with(mark="1/0"),
        _with(mark=1),
        _with(state="half"),
        _with(text=["es"]),
        _with(tags="uno"),
        _with(unverified="no"),
        _with(see=[{"activity": "a", "heading": "", "second": True}]),
        _with(body={"kind": "riddle"}),
        _with(body={"kind": []}),
        _with(body=None),
        _with(difficulty={}),
        lambda document: [document],
    ],
)
def test_a_document_that_is_not_a_question_is_refused_with_its_place(spoil: Callable[[dict[str, object]], object]) -> None:
    document = to_document(a_question(a_single()))

    with pytest.raises(EncodingError, match="Question"):
        decode(QuestionDefinition, spoil(document))


def test_a_gap_takes_only_what_a_gap_may_be() -> None:
    document = to_document(a_question(some_gaps()))
    document["body"]["gaps"][0]["body"] = encode(a_matrix())

    with pytest.raises(EncodingError, match="matrix may not stand here"):
        from_document(document)


def test_only_dataclasses_are_encoded() -> None:
    with pytest.raises(EncodingError):
        encode("text")
    with pytest.raises(EncodingError):
        encode(QuestionDefinition)


def test_the_checksum_changes_with_content_alone() -> None:
    """spec/quiz-engine 5.1.1: a version is made of content; state, note and former keys are not content."""
    question = a_question(a_single())
    same = replace(question, note="mirar", former_keys=("antigua",), state=QuestionState.HIDDEN)
    other = replace(question, mark=f("2"))

    assert checksum(question) == checksum(same)
    assert checksum(question) != checksum(other)
    assert len(checksum(question)) == 64


def test_the_canonical_form_does_not_depend_on_the_order_of_languages() -> None:
    one = a_question(DescriptionBody())
    left, right = replace(one, text={"es": "a", "en": "b"}), replace(one, text={"en": "b", "es": "a"})

    assert canonical(left) == canonical(right)
    assert b'"text":{"en":"b","es":"a"}' in canonical(left)


def test_what_is_published_has_neither_note_nor_former_keys() -> None:
    published = without_notes(a_question(a_single(), note="x", former_keys=("y",)))

    assert (published.note, published.former_keys) == ("", ())


def test_a_document_keeps_the_name_that_a_field_had_when_it_was_written() -> None:
    question = a_question(a_single(), former_keys=("y",))
    document = to_document(question)

    assert document["was"] == ["y"]
    assert "former_keys" not in document
    assert from_document(document) == question


@pytest.mark.parametrize(
    ("body", "mark", "expected"),
    [
        (a_single(), "1", True),
        (a_single(), "0", False),
        (a_matrix(survey=True), "1", False),
        (a_matrix(), "1", True),
        (DescriptionBody(), "1", False),
        (EssayBody(words=WordLimits(10, 20)), "6", True),
    ],
)
def test_only_questions_with_a_mark_can_be_marked(body: Body, mark: str, *, expected: bool) -> None:
    assert is_marked(a_question(body, mark=Fraction(mark))) is expected


@pytest.mark.parametrize("body", every_body(), ids=lambda body: body.kind.value)
def test_a_question_differs_in_nothing_from_itself(body: Body) -> None:
    assert differences(a_question(body), a_question(body)) == ()


def test_each_field_that_differs_is_told_with_both_values() -> None:
    before = a_question(a_single())
    after = replace(before, text=es("¿Cuál?"), mark=Fraction(3, 2), difficulty=Difficulty.HARD, tags=("x",))

    assert differences(before, after) == (
        ValueChange(("text", "es"), "¿Qué?", "¿Cuál?"),
        ValueChange(("tags", "1"), None, "x"),
        ValueChange(("difficulty",), None, "hard"),
        ValueChange(("mark",), "1", "3/2"),
    )


def test_options_are_met_by_key_so_that_moving_one_changes_nothing() -> None:
    before, moved = a_single(an_option("a", "1"), an_option("b")), a_single(an_option("b"), an_option("a", "1"))

    assert differences(a_question(before), a_question(moved)) == ()


def test_an_option_that_comes_goes_or_changes_sides_is_told() -> None:
    before, after = a_single(an_option("a", "1"), an_option("b")), a_single(an_option("a"), an_option("c", "1"))

    found = {change.path: (change.before, change.after) for change in differences(a_question(before), a_question(after))}

    assert found["options", "a", "right"] == ("true", "false")
    assert found["options", "a", "credit"] == ("1", "0")
    assert found["options", "b", "text", "es"] == ("B", None)
    assert found["options", "c", "text", "es"] == (None, "C")


def test_the_order_of_an_ordering_is_its_key() -> None:
    body = an_ordering(3)
    turned = OrderingBody(tuple(reversed(body.items)), body.rule)

    assert differences(a_question(body), a_question(turned)) == (ValueChange(("order",), "i0, i1, i2", "i2, i1, i0"),)


def test_another_kind_is_the_first_thing_told() -> None:
    before = a_single()

    assert differences(a_question(before), a_question(MultipleChoiceBody(before.options)))[0] == ValueChange(
        ("kind",), "single", "multiple"
    )


def test_gaps_and_variables_are_met_by_name() -> None:
    """Gaps and variables that change places differ in nothing; one that changes is told under its name."""
    gaps, sum_of_two = (
        some_gaps(),
        replace(a_calculated(), variables=(QuestionVariable("meses", (f("1"),)), QuestionVariable("dias", (f("2"),)))),
    )
    heavier = GapsBody((gaps.gaps[2], replace(gaps.gaps[0], weight=f("3")), gaps.gaps[1]))

    assert differences(a_question(gaps), a_question(GapsBody(gaps.gaps[::-1]))) == ()
    assert differences(a_question(sum_of_two), a_question(replace(sum_of_two, variables=sum_of_two.variables[::-1]))) == ()
    assert differences(a_question(gaps), a_question(heavier)) == (ValueChange(("gaps", "anio", "weight"), "1", "3"),)


def test_what_is_new_stands_after_what_stood_before_it() -> None:
    before, after = a_single(an_option("a", "1"), an_option("b")), a_single(an_option("a", "1"), an_option("n"), an_option("b"))
    paths = [change.path for change in differences(replace(a_question(before), tags=("x",)), replace(a_question(after), tags=("y", "z")))]

    assert {path[:2] for path in paths[:-2]} == {("options", "n")}
    assert paths[-2:] == [("tags", "1"), ("tags", "2")]


def test_state_and_former_keys_are_no_part_of_a_wording() -> None:
    before: QuestionDefinition = a_question(a_single())

    assert differences(before, replace(before, former_keys=("vieja",))) == ()


def test_a_reserved_question_is_for_its_quizzes_alone() -> None:
    """spec/selection 1.6."""
    reserved = QuestionSelection(only=("final", "prueba"))

    assert reserved.is_reserved_from("otro")
    assert not reserved.is_reserved_from("prueba")
    assert not QuestionSelection().is_reserved_from("otro")


JUDGED = replace(a_question(a_single()), mark=f("2"), explanation=es("porqué"))


@pytest.mark.parametrize(
    ("after", "is_otherwise"),
    [
        (replace(JUDGED, text=es("¿Cuál?"), explanation=es("otro porqué"), mark=f("3"), tags=("ética",)), False),
        (replace(JUDGED, body=a_single(replace(an_option("a", "1"), text=es("Otra")), an_option("b"), an_option("c"))), False),
        (replace(JUDGED, explanation={}, hints=(es("pista"),)), False),
        (replace(JUDGED, body=a_single(an_option("a"), an_option("b", "1"), an_option("c"))), True),
        (replace(JUDGED, body=a_single(an_option("a", "1"), an_option("b"))), True),
        (replace(JUDGED, body=a_single(an_option("a", "1"), an_option("b", "0.5", right=False), an_option("c"))), True),
    ],
)
def test_other_words_are_judged_as_before_and_another_key_is_not(after: QuestionDefinition, is_otherwise: bool) -> None:
    assert is_judged_otherwise(JUDGED, after) is is_otherwise
