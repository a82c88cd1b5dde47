"""Moodle's texts in several languages become those of the course; texts in others are counted (spec/content-format 4)."""

from collections import Counter

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from kernel.markup.foreign import LANGUAGES, pasted
from questions.rules.definitions import QuestionState, ShortAnswerBody, SingleChoiceBody
from standards.importing import import_file
from standards.model import ImportedQuestions
from standards.texts import OTHER_LANGUAGES


def read(inside: str, *further: str, kind: str = "essay", more: str = "") -> ImportedQuestions:
    """Read a question of Moodle in Spanish and further languages of its course."""
    text = f'<questiontext format="html"><text><![CDATA[{inside}]]></text></questiontext>'
    content = f'<quiz><question type="{kind}"><name><text>Una</text></name>{text}{more}</question></quiz>'
    return import_file("una.xml", content.encode(), "moodle-xml", "es", further=further).imported


def counted(found: ImportedQuestions) -> list[tuple[str, str]]:
    return [(remark.facts["number"], remark.facts["examples"]) for remark in found.remarks if remark.facts.get("thing") == OTHER_LANGUAGES]


SPANS = '<span lang="es" class="multilang">¿Qué?</span> <span class="multilang" lang="en">What?</span>'
MARKS = "{mlang es_mx}¿Qué?{mlang}{mlang en, fr}What?{mlang}"


@pytest.mark.parametrize("text", [SPANS, MARKS])
def test_both_languages_of_a_course_are_read(text: str) -> None:
    found = read(f"<p>{text}</p>", "en")

    assert [question.text for question in found.questions] == [{"es": "¿Qué?", "en": "What?"}]
    assert found.remarks == ()


@pytest.mark.parametrize("text", [SPANS, MARKS])
def test_a_language_that_the_course_lacks_is_counted(text: str) -> None:
    found = read(f"<p>{text}</p>")

    assert [question.text for question in found.questions] == [{"es": "¿Qué?"}]
    assert counted(found) == [("1", "en: What?")]


def test_answers_and_options_have_both_languages_and_the_keys_of_the_first() -> None:
    texts = ((100, "Sí", "Yes"), (0, "No sé", "Maybe"))
    marks = ((share, f"{{mlang es}}{es}{{mlang}}{{mlang en}}{en}{{mlang}}") for share, es, en in texts)
    options = "".join(f'<answer fraction="{share}"><text>{mark}</text></answer>' for share, mark in marks)
    (choice,) = read(MARKS, "en", kind="multichoice", more=f"<single>true</single>{options}").questions
    (short,) = read(MARKS, "en", kind="shortanswer", more='<answer fraction="100"><text>Quito</text></answer>').questions

    assert isinstance(choice.body, SingleChoiceBody)
    assert [(one.key, one.text) for one in choice.body.options] == [
        ("si", {"es": "Sí", "en": "Yes"}),
        ("no-se", {"es": "No sé", "en": "Maybe"}),
    ]
    assert isinstance(short.body, ShortAnswerBody)
    assert short.body.answers[0].patterns == {"es": "Quito", "en": "Quito"}


def test_a_question_in_one_language_stays_so_beside_others() -> None:
    assert [question.text for question in read("¿Cuánto?", "en").questions] == [{"es": "¿Cuánto?"}]
    both = read(f"{MARKS}]]></text></questiontext></question><question type='essay'><questiontext><text><![CDATA[¿Cuánto?", "en")
    assert [question.text for question in both.questions] == [{"es": "¿Qué?", "en": "What?"}, {"es": "¿Cuánto?"}]


def test_marks_of_gift_are_read_as_it_escapes_them() -> None:
    text = r"\{mlang es\}¿Qué?\{mlang\}\{mlang en\}What?\{mlang\} {}"
    found = import_file("una.gift", text.encode(), "gift", "es", further=("en",)).imported

    assert [question.text for question in found.questions] == [{"es": "¿Qué?", "en": "What?"}]


def test_a_formula_that_is_lost_in_one_language_makes_a_draft() -> None:
    (question,) = read("{mlang es}¿Qué?{mlang}{mlang en}What <math><maction>x</maction></math>?{mlang}", "en").questions

    assert question.state is QuestionState.DRAFT


def test_texts_that_stand_together_are_counted_where_no_language_is_chosen() -> None:
    found = pasted(SPANS)

    assert [(one.kind, one.count) for one in found.left_out] == [(LANGUAGES, 2)]


ROWS = st.lists(st.lists(st.sampled_from(["es", "en", "fr", "qu"]), unique=True, max_size=4), min_size=1, max_size=4)


@settings(max_examples=30, deadline=None)
@given(ROWS, st.booleans())
def test_every_word_is_in_its_language_or_counted(rows: list[list[str]], spans: bool) -> None:
    """Words outside the marks are in each language; a row without a text in one language has its first one there, as in Moodle."""
    pattern = '<span lang="{0}" class="multilang">{1}</span>' if spans else "{{mlang {0}}}{1}{{mlang}}"
    text = " ".join(f"w{at} " + "".join(pattern.format(code, f"{code}{at}") for code in row) for at, row in enumerate(rows))
    found = read(text, "en")
    (question,) = found.questions
    shown = " ".join(question.text.values()).split()

    assert Counter(question.text["es"].split()) == Counter(
        word for at, row in enumerate(rows) for word in (f"w{at}", *([f"{'es' if 'es' in row else row[0]}{at}"] if row else []))
    )
    written = [(code, f"{code}{at}") for at, row in enumerate(rows) for code in row]
    foreign = [word for code, word in written if code not in ("es", "en")]
    assert sum(int(number) for number, _examples in counted(found)) == len(foreign)
    assert {word for code, word in written if code in ("es", "en")} <= set(shown)
