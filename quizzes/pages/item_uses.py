"""Where a question is asked, in words: its quizzes, who was shown it, answers by third, findings (spec/selection 2.7)."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from kernel.i18n import _, choose, ngettext, number
from kernel.tables import Cell
from quizzes.pages.class_answers import class_name, part_name, parts_of
from quizzes.pages.figures import MISSING, percentage
from quizzes.pages.item_findings import FindingView, finding_view
from quizzes.queries.correction_log import VersionRow
from quizzes.queries.item_uses import CachedAnalysisRow, ExposureRow, ItemUseRow
from quizzes.rules.analysis import ResponseClass
from quizzes.rules.answer_thirds import AnswerThirds, Thirds
from quizzes.rules.definitions import QuestionDefinition, QuestionKind, SingleChoiceBody
from quizzes.rules.quiz_analysis import QuestionAnalysis, expected_by_chance, findings_in_order
from quizzes.rules.results import MarkState

FEW = 30
"""Attempts below which shares of thirds are first impressions."""
BY_PERSON = (QuestionKind.ESSAY, QuestionKind.FILE, QuestionKind.DESCRIPTION)
NONE_OF_THEM: Thirds = (0, 0, 0)


@dataclass(frozen=True, slots=True)
class ExposureView:
    """A population of the last year: who began a quiz that may ask the question, and how many of them were shown it."""

    name: str
    shown: str
    started: str
    share: str


def exposure_views(rows: Sequence[ExposureRow]) -> list[ExposureView]:
    """Return who was shown a question, the whole course first; of editions nothing where nobody is in one."""
    shown = rows if any(row.edition for row in rows) else rows[:1]
    return [ExposureView(_population(row), number(row.shown), number(row.started), _share(row.shown, row.started)) for row in shown]


def _population(row: ExposureRow) -> str:
    if row.edition is None:
        return _("The whole course")
    return row.edition or _("In no edition")


def _share(part: int, whole: int) -> str:
    return percentage(Fraction(100 * part, whole), 1) if whole else MISSING


def exposure_sentence(rows: Sequence[ExposureRow]) -> str:
    """Say how many people of the course were shown a question in the last year."""
    whole = rows[0] if rows else ExposureRow(None, 0, 0)
    if not whole.started:
        return _("In the last 365 days no one began a quiz that may ask it.")
    return _(
        "People who began a quiz that may ask it in the last 365 days: %(started)s. "
        "People who were shown it: %(shown)s, that is %(share)s.",
        shown=number(whole.shown),
        started=number(whole.started),
        share=_share(whole.shown, whole.started),
    )


@dataclass(frozen=True, slots=True)
class ThirdView:
    """The share of a third of the attempts that gave an answer: in % as a number, in words, and the count."""

    share: float
    words: str
    count: int


@dataclass(frozen=True, slots=True)
class AnswerThirdsRow:
    """An answer in the table of thirds: the part it is of, its name, whether it is right, and its share in each third."""

    part: str
    answer: str
    right: bool
    thirds: tuple[ThirdView, ...]


@dataclass(frozen=True, slots=True)
class ThirdsView:
    """The answers of the thirds of the attempts at a quiz to a version of the question, with what that says."""

    version: int
    said: tuple[str, ...]
    sizes: Thirds
    rows: tuple[AnswerThirdsRow, ...]


@dataclass(frozen=True, slots=True)
class ItemUseView:
    """A quiz that may ask the question: how, and what its item analysis says of it; `computed_at` None without one."""

    key: str
    title: str
    how: str
    computed_at: datetime | None
    tables: tuple[ThirdsView, ...]
    findings: tuple[FindingView, ...]
    signs: tuple[FindingView, ...]
    tests: int
    expected: int


def use_views(uses: Sequence[ItemUseRow], cached: Sequence[CachedAnalysisRow], versions: Sequence[VersionRow]) -> list[ItemUseView]:
    """Return the quizzes of a question with what was computed last of each."""
    by_key, by_id = {analysis.key: analysis for analysis in cached}, {version.id: version for version in versions}
    return [_use(use, by_key.get(use.key), by_id) for use in uses]


def _use(use: ItemUseRow, cached: CachedAnalysisRow | None, versions: Mapping[int, VersionRow]) -> ItemUseView:
    title, how = choose(use.title), _how(use)
    if cached is None:
        return ItemUseView(use.key, title, how, None, (), (), (), 0, 0)
    findings = list(_findings(cached, versions))
    return ItemUseView(
        key=use.key,
        title=title,
        how=how,
        computed_at=cached.computed_at,
        tables=tuple(
            _thirds_view(analysed, analysed.thirds, versions[analysed.version])
            for analysed in cached.analysis.questions
            if analysed.thirds is not None and versions[analysed.version].question.kind not in BY_PERSON
        ),
        findings=tuple(finding for finding in findings if finding.is_open),
        signs=tuple(finding for finding in findings if not finding.is_open),
        tests=cached.analysis.tests,
        expected=expected_by_chance(cached.analysis),
    )


def _how(use: ItemUseRow) -> str:
    if not use.is_current:
        return _("No longer asks it")
    return _("May draw it") if use.is_drawn else _("Asks everyone")


def _findings(cached: CachedAnalysisRow, versions: Mapping[int, VersionRow]) -> Iterator[FindingView]:
    for version, finding, leads in findings_in_order(cached.analysis):
        if version is not None:
            row = versions[version]
            yield finding_view(finding, row.question.key, _("Version %(number)s", number=number(row.number)), row.question, leads=leads)


def _thirds_view(analysed: QuestionAnalysis, thirds: AnswerThirds, version: VersionRow) -> ThirdsView:
    return ThirdsView(
        version.number, tuple(_third_sentences(analysed, thirds)), thirds.sizes, tuple(_rows(analysed, thirds, version.question))
    )


def _third_sentences(analysed: QuestionAnalysis, thirds: AnswerThirds) -> Iterator[str]:
    whole = sum(thirds.sizes)
    if whole < FEW:
        yield ngettext(
            "Only %(count)s attempt was analysed: read these shares as a first impression.",
            "Only %(count)s attempts were analysed: read these shares as a first impression.",
            whole,
        )
    right = [
        counts
        for answer_class, counts in zip(analysed.classes, thirds.counts, strict=True)
        if not answer_class.part and answer_class.state is MarkState.RIGHT
    ]
    best, last = thirds.sizes[0], thirds.sizes[2]
    if not right or not best or not last:
        return
    facts = {"best": _share(sum(counts[0] for counts in right), best), "last": _share(sum(counts[2] for counts in right), last)}
    better = sum(counts[0] for counts in right) * last > sum(counts[2] for counts in right) * best
    if better:
        yield _("Of the best third %(best)s got it right, of the last third %(last)s, as it should be.", **facts)
    else:
        yield _("Of the best third %(best)s got it right, of the last third %(last)s: the best do not do better here.", **facts)


def _rows(analysed: QuestionAnalysis, thirds: AnswerThirds, question: QuestionDefinition) -> Iterator[AnswerThirdsRow]:
    several = question.kind is QuestionKind.MULTIPLE
    places = {part: at for at, part in enumerate(parts_of(question))}
    pairs = sorted(zip(analysed.classes, thirds.counts, strict=True), key=lambda pair: -1 if several else places.get(pair[0].part, -1))
    for response_class, counts in [*pairs, *_untaken(analysed, question)]:
        yield AnswerThirdsRow(
            part=part_name(question, response_class.part) if response_class.part and not several else "",
            answer=class_name(question, response_class),
            right=response_class.state is MarkState.RIGHT,
            thirds=tuple(_third(count, size) for count, size in zip(counts, thirds.sizes, strict=True)),
        )


def _untaken(analysed: QuestionAnalysis, question: QuestionDefinition) -> Iterator[tuple[ResponseClass, Thirds]]:
    """Yield the options of a single choice that nobody chose."""
    if isinstance(question.body, SingleChoiceBody):
        taken = {response_class.matched for response_class in analysed.classes}
        for option in question.body.options:
            if option.key not in taken:
                state = MarkState.RIGHT if option.credit >= 1 else MarkState.WRONG
                yield ResponseClass("", option.key, state, option.credit, 0, Fraction(0), Fraction(0)), NONE_OF_THEM


def _third(count: int, size: int) -> ThirdView:
    return ThirdView(100 * count / size if size else 0.0, _share(count, size), count)


EXPOSURE_HEADINGS = ("edition", "shown", "started")
THIRDS_HEADINGS = ("quiz", "version", "part", "answer", "right", "best", "middle", "last", "of_best", "of_middle", "of_last")


def exposure_rows(rows: Sequence[ExposureRow]) -> list[list[Cell]]:
    """Return who was shown the question as rows of a file, below EXPOSURE_HEADINGS."""
    return [[_population(row), row.shown, row.started] for row in rows]


def thirds_rows(uses: Sequence[ItemUseView]) -> list[list[Cell]]:
    """Return the answers by third as rows of a file, below THIRDS_HEADINGS."""
    return [
        [use.key, table.version, row.part, row.answer, int(row.right), *(third.count for third in row.thirds), *table.sizes]
        for use in uses
        for table in use.tables
        for row in table.rows
    ]
