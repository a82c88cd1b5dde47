"""Every lesson of both courses against the guide's checklist (GUIA-DE-REDACCION.md, 3, 4, 8 and 14): what a machine can see of it."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import pytest

from courses.content.model import LessonSettings, LessonSource
from kernel.markup.render import count_words
from tests.support.courses import BUDGET, CONTENT, COURSES, GOVERNANCE, activities_of, course_of

CALLOUT = re.compile(r"^> \[!(\w+)\] ?(.*)\n((?:>.*\n?)*)", re.MULTILINE)
FIGURE = re.compile(r"^!\[(.+)\]\((media/[^)]+\.svg)\)(?:\{#.*\})?\n\n: (.+)$", re.MULTILINE)
HEADING = re.compile(r"^#{2,3} .*$", re.MULTILINE)
SENTENCE_END = re.compile(r"(?<=[.!?…])[»”)]?\s+(?=[A-ZÁÉÍÓÚÑ¿«“(—$0-9])")
WORDY = r"actualmente|hoy en día|en la actualidad|cabe señalar|cabe destacar|a efectos de|en el marco de|como es sabido|como es obvio"
DOUBLED = (
    r"(?:los y las|las y los|todos y todas|todas y todos|trabajadores y (?:las )?trabajadoras|afiliados y (?:las )?afiliadas)\b|\w@s?\b"
)
MARKS = re.compile(r"\[(?:seed|calc:|source:|general knowledge|verify)|\bpor confirmar con el cliente\b", re.IGNORECASE)
IMAGINARY = {"la-reserva-en-movimiento"}
"""Lessons that rest on a fictional scheme alone and have no source to cite."""


@dataclass(frozen=True, slots=True)
class Lesson:
    """One lesson in one language."""

    course: str
    key: str
    source: LessonSource
    place: int

    @property
    def name(self) -> str:
        """Return what its tests are called by."""
        return f"{self.key}.{self.source.language}"

    @property
    def callouts(self) -> list[tuple[str, str, str]]:
        """Return name, title and text of each callout."""
        return CALLOUT.findall(self.source.body + "\n")

    @property
    def prose(self) -> str:
        """Return what is read: no tables, captions, figures, formulas, marks of citations and links."""
        text = re.sub(r"<!--.*?-->|\$\$.*?\$\$|^\|.*$|^: .*$|^!\[.*$|\{#[^}]*\}| ?\[@[^\]]*\]", "", self.source.body, flags=re.M | re.S)
        text = re.sub(r"\[\[(?:[^\]|]*\|)?([^\]]*)\]\]", r"\1", text)
        text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", text)
        return re.sub(r"[*`]|\{\{.*?\}\}", "", text)

    @property
    def sentences(self) -> Iterator[str]:
        """Yield each sentence of the prose."""
        for line in self.prose.split("\n"):
            words = re.sub(r"^(?:>|#+|-|\d+\.)?\s*(?:- |\d+\. )?(?:\[!\w+\])?\s*", "", line.strip())
            yield from (sentence for sentence in SENTENCE_END.split(words) if sentence.strip())


@cache
def lessons() -> list[Lesson]:
    """Return every required lesson of both courses, in each language."""
    found = []
    for course in COURSES:
        required = [activity for activity in activities_of(course, "page") if activity.required]
        for place, activity in enumerate(required):
            assert isinstance(activity.settings, LessonSettings)
            found += [Lesson(course, activity.key, source, place) for source in activity.settings.lessons]
    return found


def _names() -> list[str]:
    """List the lessons by key and language: what names the tests is had without reading the courses."""
    found = []
    for path in (path for course in COURSES for path in sorted((CONTENT / course).glob("[0-9]*/*.es.md"))):
        key = re.search(r"^key: (\S+)", path.read_text("utf-8"), re.MULTILINE)
        languages = [one for one in ("es", "en") if path.with_name(path.name.replace(".es.md", f".{one}.md")).exists()]
        found += [f"{key[1]}.{language}" for language in languages if key]
    return found


NAMES = _names()
each = pytest.mark.parametrize("lesson", NAMES, indirect=True)
each_spanish = pytest.mark.parametrize(
    "lesson", [pytest.param(name, id=name.removesuffix(".es")) for name in NAMES if name.endswith(".es")], indirect=True
)


@pytest.fixture
def lesson(request: pytest.FixtureRequest) -> Lesson:
    """Return the lesson that a test is about."""
    return next(one for one in lessons() if one.name == request.param)


def words_of(sentence: str) -> int:
    """Count words; a sum's numbers and signs count as what is written between its spaces that are not joined."""
    return len(re.findall(r"[^\W\d_]+|(?<![\w,.])\d[\d.,\u00a0\u202f]*", sentence))


def test_every_suggested_lesson_is_there() -> None:
    assert sorted(lesson.name for lesson in lessons()) == sorted(NAMES)
    spanish = [one.course for one in lessons() if one.source.language == "es"]
    assert {course: spanish.count(course) for course in COURSES} == {GOVERNANCE: 40, BUDGET: 35}


@each
def test_it_opens_with_what_one_will_be_able_to_do(lesson: Lesson) -> None:
    """Checklist 1: an observable goal; the infinitive of a list entry ends in -ar, -er or -ir."""
    opening, _heading, _rest = lesson.source.body.partition("\n## ")
    goals = re.findall(r"^- (\w+)", opening, re.MULTILINE)

    assert re.match(r"Al terminar esta lección,? usted podrá|By the end of this lesson,? you will be able to", opening.strip())
    if lesson.source.language == "es":
        assert all(goal.endswith(("ar", "er", "ir")) for goal in goals)
        assert not {"conocer", "comprender", "entender", "saber"} & set(goals)


@each
def test_parts_stand_in_it(lesson: Lesson) -> None:
    """Checklist 14, 16 and 17: recall, the mistaken idea, two checks with an answer, a summary of three lines."""
    names = [name for name, _title, _text in lesson.callouts]
    checks = [(title, text) for name, title, text in lesson.callouts if name == "CHECK"]
    recalls = [title for title, _text in checks if title.startswith(("Recuerde", "Recap"))]
    summary = next(text for name, _title, text in lesson.callouts if name == "SUMMARY")

    assert len(recalls) == (1 if lesson.place else 0)
    assert len(checks) - len(recalls) >= 2
    assert all(len(text.split()) >= 15 for _title, text in checks), "an answer says why"
    assert "WARNING" in names
    assert len(re.findall(r"^> - ", summary, re.MULTILINE)) == 3


@each
def test_it_is_as_long_as_a_lesson_may_be(lesson: Lesson) -> None:
    """Checklist 3: 600 to 1,100 words; no section above 250, tables aside."""
    body = re.sub(r"^\|.*$|^: .*$", "", lesson.source.body, flags=re.MULTILINE)

    assert 600 <= count_words(lesson.source.body) <= 1100
    assert [len(part.split()) for part in HEADING.split(body) if count_words(part) > 250] == []


@each_spanish
def test_sentences_are_short(lesson: Lesson) -> None:
    """Checklist 4: none of more than 25 words, 18 on average."""
    lengths = [words_of(sentence) for sentence in lesson.sentences]

    assert [sentence for sentence in lesson.sentences if words_of(sentence) > 25] == []
    assert sum(lengths) / len(lengths) <= 18


@each_spanish
def test_words_are_plain_and_leave_nobody_out(lesson: Lesson) -> None:
    """Checklist 8, 11 and 12: no doubled genders, nothing that expires unsaid, no internal marks."""
    assert re.findall(rf"\b(?:{WORDY})\b", lesson.prose, re.IGNORECASE) == []
    assert re.findall(DOUBLED, lesson.prose, re.IGNORECASE) == []
    assert MARKS.findall(lesson.source.body) == []


@each_spanish
def test_numbers_are_written_as_in_spanish(lesson: Lesson) -> None:
    """Checklist 9: decimal comma, a space before %, thousands apart from five digits."""
    prose = re.sub(r"\]\([^)]*\)|\{#[^}]*\}", "]", lesson.source.body)
    plain = re.sub(r"\$[^$\n]+\$", "", prose)

    assert re.findall(r"\d%", plain) == []
    assert re.findall(r"(?<![\d,.\u202f\u00a0])\d{5,}", plain) == []
    assert re.findall(r"(?<![\d.,])\d+\.\d+(?![\d.])", re.sub(r"\[@[^\]]*\]", "", plain)) == []


@each
def test_figures_tell_what_they_show(lesson: Lesson) -> None:
    """Checklist 15: one or two, an alternative of at most 150 characters, a caption with credit; a chart has its numbers as a table."""
    found = FIGURE.findall(lesson.source.body)
    files = {file.path: file.content.decode() for file in course_of(lesson.course).media if file.path.endswith(".svg")}
    folder = lesson.source.path.rpartition("/")[0]

    assert 1 <= len(found) <= 2
    for alternative, path, caption in found:
        svg = files[f"{folder}/{path}"]
        assert 20 <= len(alternative) <= 150
        assert " | " in caption
        assert 'class="chart fit"' in svg
        assert len(re.search(r"<desc>(.*?)</desc>", svg).group(1)) > 60  # type: ignore[union-attr]  # a figure without it is refused
        assert path.endswith(".en.svg") == (lesson.source.language == "en")


@each
def test_facts_have_their_source(lesson: Lesson) -> None:
    """Checklist 18: citations stand beside facts; the platform lists them with title and host."""
    known = {resource.key: resource for resource in course_of(lesson.course).resources}
    cited = {key for group in re.findall(r"\[((?:@[^\]]+))\]", lesson.source.body) for key in re.findall(r"@([a-z0-9-]+)", group)}

    assert bool(cited) != (lesson.key in IMAGINARY)
    assert all(known[key].title["es"] and known[key].host["es"] for key in cited)
