"""The page of a quiz's surveys: each row along its scale, in figures and as bars, and as a table to export."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from kernel.errors import N_
from kernel.i18n import _
from kernel.markup.model import SafeHtml
from kernel.tables import Cell
from quizzes.pages.class_answers import question_text
from quizzes.pages.figures import decimal, percentage
from quizzes.pages.question import plain, short_title
from quizzes.queries.surveys import Survey
from quizzes.rules.definitions import MatrixBody
from quizzes.rules.surveys import RowCounts

HEADINGS = (
    (N_("Question"), N_("Key of the question in the course folder.")),
    (N_("Version"), N_("Version number of the question, from 1.")),
    (N_("Row"), N_("Text of the row.")),
    (N_("Answer given"), N_("The column of the scale.")),
    (N_("Count"), N_("How many people chose it.")),
    (N_("Share %"), N_("The same as a share of those who answered the row.")),
    (N_("Answers"), N_("How many people answered the row.")),
    (N_("Median"), N_("1: the column is the median answer, or one of the two median answers; 0: it is not.")),
)


@dataclass(frozen=True, slots=True)
class Segment:
    """A column in a row: how often, its share in words and as a number in %, and where it begins in the bar."""

    count: int
    share: str
    width: float
    start: float
    middle: bool


@dataclass(frozen=True, slots=True)
class SurveyRowView:
    """A row of a survey: its words, its columns, how many answered it, and the median in words."""

    text: str
    segments: tuple[Segment, ...]
    answers: int
    median: str


@dataclass(frozen=True, slots=True)
class SurveyView:
    """A survey question of a quiz."""

    id: str
    title: str
    number: int
    text: SafeHtml | str
    """What is asked, where the title does not say all of it."""
    columns: tuple[str, ...]
    rows: tuple[SurveyRowView, ...]
    attempts: int


def survey_views(surveys: Sequence[Survey]) -> list[SurveyView]:
    """Return surveys as their page shows them."""
    return [_view(survey, at) for at, survey in enumerate(surveys, 1)]


def _view(survey: Survey, at: int) -> SurveyView:
    body = survey.question.body
    assert isinstance(body, MatrixBody)
    columns = tuple(plain(column.text) for column in body.columns)
    rows = tuple(_row(plain(row.text), counts, columns) for row, counts in zip(body.rows, survey.rows, strict=True))
    title = short_title(survey.question)
    text = "" if plain(survey.question.text) == title else question_text(survey.question)
    return SurveyView(f"s{at}", title, survey.number, text, columns, rows, survey.attempts)


def _row(text: str, counts: RowCounts, columns: Sequence[str]) -> SurveyRowView:
    middle, start, segments = counts.median(), 0.0, []
    for index, count in enumerate(counts.counts):
        width = float(counts.share(index) * 100)
        shown = percentage(counts.share(index) * 100, 0) if counts.answers else ""
        segments.append(Segment(count, shown, width, start, middle is not None and index in middle))
        start += width
    return SurveyRowView(text, tuple(segments), counts.answers, _median_words(middle, columns))


def _median_words(middle: tuple[int, int] | None, columns: Sequence[str]) -> str:
    if middle is None:
        return ""
    low, high = (columns[index] for index in middle)
    return low if low == high else _("between “%(low)s” and “%(high)s”", low=low, high=high)


def survey_rows(surveys: Sequence[Survey]) -> Iterator[Sequence[Cell]]:
    """Yield a line for each column of each row of each survey."""
    for survey in surveys:
        body = survey.question.body
        assert isinstance(body, MatrixBody)
        for row, counts in zip(body.rows, survey.rows, strict=True):
            middle = counts.median() or ()
            for index, column in enumerate(body.columns):
                share = decimal(counts.share(index) * 100, 6) if counts.answers else None
                cells = plain(row.text), plain(column.text), counts.counts[index], share, counts.answers
                yield survey.key, survey.number, *cells, int(index in middle)
