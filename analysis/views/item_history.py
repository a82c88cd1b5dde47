"""The page of a question through months, versions, copies and quizzes (spec/selection 2.7)."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from itertools import pairwise
from typing import Any

from flask import Blueprint, Response, request
from sqlalchemy import Row
from sqlalchemy.orm import Session

from accounts.models import Person
from analysis import item_history
from analysis.access import AnalysisAction
from analysis.item_history import (
    ItemHistoryRow,
    find_joined,
    find_present_version,
    list_cached_analyses,
    list_copied_versions,
    list_exposure,
    list_history,
    list_uses,
    list_wordings,
)
from analysis.rules.item_evidence import AnswerThirds, ResponseClass, Thirds
from analysis.rules.quiz_analysis import QuestionAnalysis, QuizAnalysis, expected_by_chance, findings_in_order
from analysis.rules.segments import SegmentVersion, content_digest, segment_numbers, segments_of
from analysis.views.findings import FindingView, certainties, class_name, finding_view, part_name, parts_of
from courses import catalogue
from courses.editor import course_header
from kernel import clock
from kernel.errors import Conflict, NotFound
from kernel.i18n import _, choose, ngettext, number
from kernel.tables import Cell
from kernel.web.forms import whole_number
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_page
from kernel.web.table import send_sheets
from questions.question_page import MISSING, IntervalPoint, percentage
from questions.rules.definitions import QuestionDefinition, QuestionKind, SingleChoiceBody
from questions.rules.encoding import is_judged_otherwise
from questions.rules.marking import MarkState
from quizzes import corrections
from quizzes.access import ItemHistoryContext
from quizzes.corrections import CorrectionView, VersionRow, list_question_versions
from quizzes.models import WordingOnly
from quizzes.rules.item_history import HistorySums, pooled_discrimination, pooled_facility, practice_facility

ExposureRows = Sequence[Row[*tuple[Any, ...]]]
ItemUses = Mapping[str, Sequence[Row[*tuple[Any, ...]]]]
"""As `list_exposure` and `list_uses` return them."""


@dataclass(frozen=True, slots=True)
class HistoryTableRow:
    """A line of a table: what it is of, answers, facility with its interval and discrimination in words, and how often it was shown."""

    name: str
    count: str
    facility: str
    interval: str
    discrimination: str
    practice: str
    """The facility where nothing counts, in so many first attempts."""
    shown: str


def sums_together(rows: Sequence[ItemHistoryRow]) -> HistorySums:
    """Return the sums of all rows."""
    return sum((row.sums for row in rows), HistorySums())


def discrimination_within(rows: Sequence[ItemHistoryRow]) -> float | None:
    """Return the discrimination within quiz versions, so that differences between classes do not count."""
    groups = dict.fromkeys((row.version_id, row.quiz_version_id) for row in rows)
    return pooled_discrimination(sums_together([row for row in rows if (row.version_id, row.quiz_version_id) == group]) for group in groups)


def share_words(value: float) -> str:
    """Return a share from 0 to 1 as a percentage."""
    return percentage(Fraction(value).limit_denominator(10**6) * 100, 0)


def history_lines(rows: Sequence[ItemHistoryRow], name_of: Callable[[ItemHistoryRow], str]) -> tuple[HistoryTableRow, ...]:
    """Return a line for each name, in the order of the names."""
    names = dict.fromkeys(sorted(name_of(row) for row in rows))
    return tuple(history_line(name, [row for row in rows if name_of(row) == name]) for name in names)


def history_line(name: str, rows: Sequence[ItemHistoryRow]) -> HistoryTableRow:
    """Return the line of some rows together."""
    sums, discrimination = sums_together(rows), discrimination_within(rows)
    pooled = pooled_facility(sums)
    return HistoryTableRow(
        name,
        number(sums.count),
        MISSING if pooled is None else percentage(pooled.facility * 100, 1),
        interval=MISSING if pooled is None else _("%(low)s to %(high)s", low=share_words(pooled.low), high=share_words(pooled.high)),
        discrimination=MISSING if discrimination is None else share_words(discrimination),
        practice=_practice_words(sums),
        shown=number(sums.shown),
    )


def _practice_words(sums: HistorySums) -> str:
    share = practice_facility(sums)
    if share is None:
        return MISSING
    shown = percentage(share * 100, 1)
    return ngettext("%(share)s in %(count)s attempt", "%(share)s in %(count)s attempts", sums.practice_count, share=shown)


def month_points(rows: Sequence[ItemHistoryRow]) -> tuple[IntervalPoint, ...]:
    """Return the facility of each month with its interval, for a chart."""
    months = sorted({row.month for row in rows})
    by_month = [(month, pooled_facility(sums_together([row for row in rows if row.month == month]))) for month in months]
    known = [(month, pooled) for month, pooled in by_month if pooled is not None]
    last = max(1, len(known) - 1)
    return tuple(
        IntervalPoint(at / last, float(pooled.facility) * 100, pooled.low * 100, pooled.high * 100, month)
        for at, (month, pooled) in enumerate(known)
    )


FEWEST = 10
"""Answers in other courses below which their figures are not shown (spec/selection 2.1)."""


@dataclass(frozen=True, slots=True)
class JoinedHistory:
    """A question with what it was under other keys, the oldest version first, and with the answers to its copies in other courses."""

    key: str
    versions: tuple[VersionRow, ...]
    segments: tuple[tuple[int, ...], ...]
    """The ids of their versions, those of copies too; the present one last."""
    own: tuple[ItemHistoryRow, ...]
    copies: tuple[ItemHistoryRow, ...]
    wordings: Sequence[Row[WordingOnly, Person, Person | None]] = ()

    @property
    def names(self) -> Mapping[int, str]:
        """Return the name of each version of the course, by its id."""
        return {version.id: self._name(version) for version in self.versions}

    def _name(self, version: VersionRow) -> str:
        if version.question.key == self.key:
            return _("Version %(number)s", number=version.number)
        return _("Version %(number)s of “%(key)s”", number=version.number, key=version.question.key)

    def rows(self, *, together: bool) -> list[ItemHistoryRow]:
        """Return the answers of the present segment in the course; `together`: of all segments, with the copies that are shown."""
        if not together:
            return of_versions(self.own, self.segments[-1] if self.segments else ())
        return [*self.own, *(row for segment in self.segments for row in self.shown_copies(segment))]

    def shown_copies(self, segment: Sequence[int]) -> list[ItemHistoryRow]:
        """Return the answers to copies in a segment; none where they are fewer than may be shown outside of their course."""
        rows = of_versions(self.copies, segment)
        return rows if sums_together(rows).count >= FEWEST else []

    @property
    def is_joined(self) -> bool:
        """Return whether there is more than the answers of one segment in one course."""
        return len(self.segments) > 1 or bool(self.copies)


def of_versions(rows: Sequence[ItemHistoryRow], versions: Sequence[int]) -> list[ItemHistoryRow]:
    """Return the answers to some versions."""
    version_ids = frozenset(versions)
    return [row for row in rows if row.version_id in version_ids]


def load_joined_history(session: Session, subject: ItemHistoryContext, *, with_reserved: bool) -> JoinedHistory:
    """Return the history of a question over keys and courses; of copies that are reserved in their course only `with_reserved`."""
    own_ids, copy_ids = find_joined(session, subject, with_reserved=with_reserved)
    versions = list_question_versions(session, *own_ids)
    several = len(versions) > 1
    wordings = list_wordings(session, own_ids) if several else []
    wording_only = frozenset(wording.question_version_id for wording, _author, _other in wordings if wording.ended_at is None)
    copies = [_without_practice(row) for row in list_history(session, copy_ids)] if copy_ids else []
    copied = list_copied_versions(session, {row.version_id for row in copies}) if copies else []
    own = [SegmentVersion(version.id, content_digest(version.question, subject.slug), version.id in wording_only) for version in versions]
    segments = segments_of(own, copied, find_present_version(session, subject) if several else None)
    return JoinedHistory(
        subject.key, tuple(versions), segments, own=tuple(list_history(session, own_ids)), copies=tuple(copies), wordings=wordings
    )


def _without_practice(row: ItemHistoryRow) -> ItemHistoryRow:
    """Return the answers to a copy without those that do not count: they may be fewer than are shown outside of its course."""
    return replace(row, sums=replace(row.sums, practice_count=0, practice_shares=0))


# --- Segments ----------------------------------------------------------------------------------------------------------------------------


def segment_lines(joined: JoinedHistory) -> Iterator[HistoryTableRow]:
    """Yield the figures of each segment, in the course and in its copies, and of all together; nothing where there is one figure."""
    if not joined.is_joined:
        return
    for segment in joined.segments:
        own, copies = of_versions(joined.own, segment), of_versions(joined.copies, segment)
        name, shown = _segment_name(joined, segment), joined.shown_copies(segment)
        if name:
            yield history_line(name, own)
        name = name or _("Another version")
        if copies:
            line = history_line(_("%(versions)s: copies in other courses", versions=name), copies)
            yield line if shown else _too_few(line, copies)
        if own and shown:
            yield history_line(_("%(versions)s: together", versions=name), [*own, *shown])
    yield history_line(_("All together"), joined.rows(together=True))


def _segment_name(joined: JoinedHistory, segment: Sequence[int]) -> str:
    return ", ".join(joined.names[version_id] for version_id in segment if version_id in joined.names)


def _too_few(line: HistoryTableRow, rows: Sequence[ItemHistoryRow]) -> HistoryTableRow:
    count = sums_together(rows).count
    return HistoryTableRow(line.name, _("< %(few)s", few=number(FEWEST)) if count else number(0), *[MISSING] * 5)


SUMS = ("count", "shares", "shown")
SEGMENT_HEADINGS = ("segment", "versions", "where", *SUMS)


def segment_rows(joined: JoinedHistory) -> list[list[Cell]]:
    """Return the sums of each segment as rows of a file, below SEGMENT_HEADINGS; shares in units of 1e-12, no copies with few answers."""
    listed: list[list[Cell]] = []
    for at, segment in enumerate(joined.segments, start=1):
        versions = _segment_name(joined, segment)
        parts = (("course", of_versions(joined.own, segment)), ("copies", joined.shown_copies(segment)))
        listed += [[at, versions, where, *(getattr(sums_together(rows), name) for name in SUMS)] for where, rows in parts if rows]
    return listed


def present_sentence(joined: JoinedHistory, *, together: bool) -> str:
    """Describe of which segments the figures of the page are; '' where there is one figure."""
    if not joined.is_joined:
        return ""
    if together:
        return _(
            "These figures are of all segments together, with the copies in other courses that have at least %(few)s answers.", few=FEWEST
        )
    return _("These figures are of the present segment in this course: %(versions)s.", versions=_segment_name(joined, joined.segments[-1]))


# --- Wording only ------------------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class VersionChangeView:
    """A version after another one: what is said of the change, and whether an editor may say or take back that it is wording only."""

    version_id: int
    name: str
    words: str
    may_say: bool
    may_withdraw: bool


def change_views(joined: JoinedHistory) -> tuple[VersionChangeView, ...]:
    """Return the versions after the first, the newest first."""
    in_force = {wording.question_version_id: author for wording, author, _other in joined.wordings if wording.ended_at is None}
    return tuple(
        _change(joined.names[version.id], before, version, in_force.get(version.id)) for before, version in pairwise(joined.versions)
    )[::-1]


def _change(name: str, before: VersionRow, version: VersionRow, author: Person | None) -> VersionChangeView:
    """Describe a change, and by whom where an editor stated that it was wording only."""
    if author is not None:
        sentence = _("Only the wording changed, says %(who)s: its figures go on.", who=author.full_name)
        return VersionChangeView(version.id, name, sentence, may_say=False, may_withdraw=True)
    if is_judged_otherwise(before.question, version.question):
        return VersionChangeView(version.id, name, _("Its key or its parts changed: its figures begin anew."), False, False)
    return VersionChangeView(version.id, name, _("Its words changed: its figures begin anew."), True, False)


def wording_corrections(joined: JoinedHistory) -> Iterator[CorrectionView]:
    """Yield the statements of editors on versions, and those taken back, as lines of the correction log."""
    for wording, author, other in joined.wordings:
        name = joined.names.get(wording.question_version_id)
        if name is not None:
            message = _("%(version)s was said to change only the wording.", version=name)
            yield CorrectionView(wording.created_at, message, (author.full_name,), None)
            if wording.ended_at is not None:
                message = _("Taken back: %(version)s changed only the wording.", version=name)
                yield CorrectionView(wording.ended_at, message, (other.full_name,) if other else (), None)


WEAK, EASY, HARD = 0.1, 0.95, 0.3
COLUMNS = ("version", "quiz", "edition", "language", "month")
LAST = ("question", "segment")


def with_wordings(joined: JoinedHistory, log: tuple[CorrectionView, ...]) -> tuple[CorrectionView, ...]:
    """Return the log with what editors said of versions, the newest first."""
    return tuple(sorted((*log, *wording_corrections(joined)), key=lambda line: line.at, reverse=True))


def _sentences(rows: Sequence[ItemHistoryRow]) -> list[str]:
    sums = sums_together(rows)
    pooled, discrimination, practice = pooled_facility(sums), discrimination_within(rows), _practice_sentences(sums)
    if pooled is None:
        return [_("No first attempt in a quiz that counts has answered this question yet."), *practice]
    facility = float(pooled.facility)
    sentences = [
        ngettext(
            "In %(count)s first attempt, learners got %(share)s of its mark on average.",
            "In %(count)s first attempts, learners got %(share)s of its mark on average.",
            pooled.count,
            share=percentage(pooled.facility * 100, 0),
        )
        + " "
        + _(
            "With so many answers, the true share may be from %(low)s to %(high)s.",
            low=share_words(pooled.low),
            high=share_words(pooled.high),
        )
    ]
    if facility >= EASY:
        sentences.append(
            _("Almost everyone gets it right, so it says little about who knows more. Ask for more, or leave it as a warm-up.")
        )
    elif facility <= HARD:
        sentences.append(_("It is very hard. Check its key and whether the course teaches what it asks."))
    if discrimination is None:
        sentences.append(_("It cannot be said yet whether people who do well on the rest also get it right."))
    elif discrimination < WEAK:
        sentences.append(_("People who do well on the rest hardly get it right more often than others. Read it again, and check its key."))
    else:
        sentences.append(_("People who do well on the rest get it right more often, as they should."))
    return [*sentences, *practice]


def _practice_sentences(sums: HistorySums) -> list[str]:
    """Describe how it does where nothing counts, which no other figure of the page takes in (spec/selection 2.3)."""
    share = practice_facility(sums)
    if share is None:
        return []
    return [
        ngettext(
            "In %(count)s first attempt at quizzes that do not count, such as initial tests, learners got %(share)s of its mark.",
            "In %(count)s first attempts at quizzes that do not count, such as initial tests, learners got %(share)s of its mark.",
            sums.practice_count,
            share=percentage(share * 100, 0),
        )
    ]


HEADINGS = (*COLUMNS, *HistorySums.__dataclass_fields__, *LAST)


def table_rows(joined: JoinedHistory) -> list[list[Cell]]:
    """Return the sums of the course as rows of a file, below HEADINGS; sums of shares in units of 1e-12."""
    segments = segment_numbers(joined.segments)
    return [
        [
            *(row.version, row.quiz, row.edition_id or "", row.language, row.month),
            *(getattr(row.sums, name) for name in HistorySums.__dataclass_fields__),
            *(row.key, segments.get(row.version_id)),
        ]
        for row in joined.own
    ]


FEW = 30
"""Attempts below which shares of thirds are first impressions."""
BY_PERSON = (QuestionKind.ESSAY, QuestionKind.FILE, QuestionKind.DESCRIPTION)
NONE_OF_THEM: Thirds = (0, 0, 0)


def exposure_lines(rows: ExposureRows) -> list[tuple[str, Row[*tuple[Any, ...]], str]]:
    """Return the name, the row and the share of each population, the whole course first; of editions nothing where nobody is in one."""
    shown = rows if any(row.edition for row in rows) else rows[:1]
    return [(_population(row.edition), row, _share(row.shown, row.started)) for row in shown]


def _population(edition: str | None) -> str:
    return _("The whole course") if edition is None else edition or _("In no edition")


def _share(part: int, whole: int) -> str:
    return percentage(Fraction(100 * part, whole), 1) if whole else MISSING


def exposure_sentence(rows: ExposureRows) -> str:
    """Describe how many people of the course were shown a question in the last year."""
    whole = rows[0]
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
class AnswerThirdsRow:
    """An answer in the table of thirds: the part it is of, its name, whether it is right, and how many of each third gave it."""

    part: str
    answer: str
    right: bool
    counts: Thirds
    shares: tuple[tuple[float, str], ...]
    """In % as a number, and in words."""


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


def use_views(uses: ItemUses, cached: Mapping[str, tuple[QuizAnalysis, datetime]], versions: Sequence[VersionRow]) -> list[ItemUseView]:
    """Return the quizzes of a question with what was computed last of each."""
    by_id = {version.id: version for version in versions}
    return [_use(rows[0], cached.get(key), by_id) for key, rows in uses.items()]


def _use(use: Row[*tuple[Any, ...]], cached: tuple[QuizAnalysis, datetime] | None, versions: Mapping[int, VersionRow]) -> ItemUseView:
    title, how = choose(use.title), _how(use)
    if cached is None:
        return ItemUseView(use.key, title, how, computed_at=None, tables=(), findings=(), signs=(), tests=0, expected=0)
    analysis, computed_at = cached
    findings = list(_findings(analysis, versions))
    return ItemUseView(
        key=use.key,
        title=title,
        how=how,
        computed_at=computed_at,
        tables=tuple(
            _thirds_view(analysed, analysed.thirds, versions[analysed.version])
            for analysed in analysis.questions
            if analysed.thirds is not None and versions[analysed.version].question.kind not in BY_PERSON
        ),
        findings=tuple(finding for finding in findings if finding.is_open),
        signs=tuple(finding for finding in findings if not finding.is_open),
        tests=analysis.tests,
        expected=expected_by_chance(analysis),
    )


def _how(use: Row[*tuple[Any, ...]]) -> str:
    if not use.is_current:
        return _("No longer asks it")
    return _("May draw it") if use.is_drawn else _("Asks everyone")


def _findings(analysis: QuizAnalysis, versions: Mapping[int, VersionRow]) -> Iterator[FindingView]:
    for version, finding, leads in findings_in_order(analysis):
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
            counts=counts,
            shares=tuple(
                (100 * count / size if size else 0.0, _share(count, size)) for count, size in zip(counts, thirds.sizes, strict=True)
            ),
        )


def _untaken(analysed: QuestionAnalysis, question: QuestionDefinition) -> Iterator[tuple[ResponseClass, Thirds]]:
    """Yield the options of a single choice that nobody chose."""
    if isinstance(question.body, SingleChoiceBody):
        taken = {response_class.matched for response_class in analysed.classes}
        for option in question.body.options:
            if option.key not in taken:
                state = MarkState.RIGHT if option.credit >= 1 else MarkState.WRONG
                yield (
                    ResponseClass("", option.key, state, credit=option.credit, count=0, frequency=Fraction(0), mean_rest=Fraction(0)),
                    NONE_OF_THEM,
                )


EXPOSURE_HEADINGS = ("edition", "shown", "started")
THIRDS_HEADINGS = ("quiz", "version", "part", "answer", "right", "best", "middle", "last", "of_best", "of_middle", "of_last")


def thirds_rows(uses: Sequence[ItemUseView]) -> list[list[Cell]]:
    """Return the answers by third as rows of a file, below THIRDS_HEADINGS."""
    return [
        [use.key, table.version, row.part, row.answer, int(row.right), *row.counts, *table.sizes]
        for use in uses
        for table in use.tables
        for row in table.rows
    ]


bp = Blueprint("analysis_item_history", __name__)

WordingChange = Callable[..., None]
"""Says, or takes back, that a version of a question changed only the wording."""


@bp.get("/teaching/<slug>/questions/<key>/history")
@requires(AnalysisAction.ITEM_HISTORY, item_history.get_question)
def question(subject: ItemHistoryContext) -> Response:
    """Show how a question did through the months, where it is asked, and what was corrected."""
    return _page(subject)


def _page(subject: ItemHistoryContext, refused: str = "") -> Response:
    session, together = current_session(), request.args.get("figures") == "together"
    joined = _joined(session, subject)
    versions = _versions(joined, subject)
    uses = list_uses(session, subject.id, subject.question_id)
    exposure = _exposure(session, subject, uses)
    rows, names = joined.rows(together=together), joined.names
    own = [row for row in rows if row.version_id in names]  # by month and quiz, copies may have fewer answers than are shown elsewhere
    titles = {key: choose(places[0].title) for key, places in uses.items()}
    return page(
        "quizzes/item_history.html",
        course=course_header(catalogue.get_course(session, subject.id)),
        key=subject.key,
        said=_sentences(rows),
        of_which=present_sentence(joined, together=together),
        segments=tuple(segment_lines(joined)),
        changes=change_views(joined),
        points=month_points(own),
        months=history_lines(own, lambda row: row.month),
        quizzes=history_lines(own, lambda row: titles.get(row.quiz, row.quiz)),
        versions=history_lines(joined.own, lambda row: names[row.version_id]),
        log=with_wordings(joined, corrections.correction_log(session, subject.id, subject.question_id, versions)),
        has_practice=any(row.sums.practice_count for row in joined.own),
        together=together,
        refused=refused,
        uses=_uses(session, subject, uses, versions),
        exposure=exposure_lines(exposure),
        exposed=exposure_sentence(exposure),
        certainties=certainties(),
        counting=any(row.is_waiting for row in joined.own),
    )


def _joined(session: Session, subject: ItemHistoryContext) -> JoinedHistory:
    """Return the history with that of the copies; of what is reserved in another course only for administrators (spec/selection 12)."""
    return load_joined_history(session, subject, with_reserved=current_actor().is_administrator)


def _versions(joined: JoinedHistory, subject: ItemHistoryContext) -> list[VersionRow]:
    """Return the versions that the question has under its present key."""
    return [version for version in joined.versions if version.question.key == subject.key]


@bp.post("/teaching/<slug>/questions/<key>/history/wording")
@requires(AnalysisAction.SEGMENT, item_history.get_question)
def mark_wording_only(subject: ItemHistoryContext) -> Answer:
    """Mark a version as one that changed only the wording."""
    return _changed(subject, corrections.mark_wording_only, _("The figures of this version now go on from those of the one before."))


@bp.post("/teaching/<slug>/questions/<key>/history/wording/withdrawal")
@requires(AnalysisAction.SEGMENT, item_history.get_question)
def withdraw_wording_only(subject: ItemHistoryContext) -> Answer:
    """Take back that a version changed only the wording."""
    return _changed(subject, corrections.withdraw_wording_only, _("The figures of this version now begin anew."))


def _changed(subject: ItemHistoryContext, change: WordingChange, done: str) -> Answer:
    session = current_session()
    version = whole_number(request.form.get("version", ""), otherwise=0)
    versions = list_question_versions(session, *find_joined(session, subject, with_reserved=False)[0])
    try:
        change(session, current_actor(), subject, versions, version, now=clock.now())
    except Conflict as refused:
        return _page(subject, _(refused.text, **refused.facts)), 409
    return see_page("analysis_item_history.question", slug=subject.slug, key=subject.key, _anchor="changes-title", flash=done)


def _exposure(session: Session, subject: ItemHistoryContext, uses: ItemUses) -> ExposureRows:
    quiz_versions = {row.quiz_version_id for rows in uses.values() for row in rows}
    return list_exposure(session, subject.id, subject.question_id, quiz_versions, now=clock.now())


def _uses(session: Session, subject: ItemHistoryContext, uses: ItemUses, versions: Sequence[VersionRow]) -> list[ItemUseView]:
    return use_views(uses, list_cached_analyses(session, subject.id, uses, {version.id for version in versions}), versions)


@bp.get("/teaching/<slug>/questions/<key>/history.csv")
@requires(AnalysisAction.ITEM_HISTORY, item_history.get_question)
def table_csv(subject: ItemHistoryContext) -> Response:
    """Take a table of the page out as a file: the sums, or what `table` names."""
    table = request.args.get("table", "")
    headings, rows = _download_table(current_session(), subject, table)
    name = f"{subject.key}-{table or 'history'}.csv"
    return send_sheets(name, [("", headings, rows)])


def _download_table(session: Session, subject: ItemHistoryContext, name: str) -> tuple[Sequence[str], list[list[Cell]]]:
    joined = _joined(session, subject)
    if not name:
        return HEADINGS, table_rows(joined)
    if name == "segments":
        return SEGMENT_HEADINGS, segment_rows(joined)
    versions = _versions(joined, subject)
    if name == "log":
        log = corrections.correction_log(session, subject.id, subject.question_id, versions)
        return corrections.HEADINGS, corrections.log_rows(with_wordings(joined, log))
    uses = list_uses(session, subject.id, subject.question_id)
    if name == "exposure":
        exposure = _exposure(session, subject, uses)
        return EXPOSURE_HEADINGS, [[_population(row.edition), row.shown, row.started] for row in exposure]
    if name == "answers":
        return THIRDS_HEADINGS, thirds_rows(_uses(session, subject, uses, versions))
    raise NotFound
