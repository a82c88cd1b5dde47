"""What a review shows of each question, and nothing beyond the flags of its moment (quiz engine 5.9)."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any

from sqlalchemy.orm import Session

from courses import queries as course_queries
from courses.rules import Outline, activity_url
from kernel.i18n import _, choose, format_datetime, language
from kernel.markup.model import ID_PREFIX, SafeHtml
from quizzes.pages.attempt import OpenedAttempt
from quizzes.pages.question import MARKERS, OptionView, PieceView, QuestionView, html, points, short_title, view_question, words_of
from quizzes.queries import sittings as queries
from quizzes.queries.sittings import Item, Sitting
from quizzes.rules.attempts import AttemptState
from quizzes.rules.definitions import Question, QuestionKind
from quizzes.rules.feedback import right_answer, why
from quizzes.rules.grades import band_for
from quizzes.rules.marking import mark_answer
from quizzes.rules.numbers import Convention, convention_for
from quizzes.rules.places import answer_from_page, page_from_answer
from quizzes.rules.responses import Parts, payload_of
from quizzes.rules.results import Marking, MarkState, PartMark
from quizzes.rules.review import flags_for, moment_of
from quizzes.rules.settings import Flag, Moment

_STATES = {
    MarkState.RIGHT: "right",
    MarkState.PARTIAL: "partial",
    MarkState.WRONG: "wrong",
    MarkState.INVALID: "wrong",
    MarkState.NOT_ANSWERED: "unanswered",
    MarkState.NEEDS_GRADING: "waiting",
    MarkState.NOT_MARKED: "",
}
NO_HTML = SafeHtml("")


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """One option, pair, gap or the answer as a whole."""

    text: SafeHtml | str
    label: SafeHtml | str = ""
    verdict: str = ""
    mine: bool = False
    right: bool = False
    why: SafeHtml | str = ""


@dataclass(frozen=True, slots=True)
class ReviewLink:
    """Where to read or listen again, or a source."""

    text: str
    url: str
    kind: str


@dataclass(frozen=True, slots=True)
class ReviewItem:
    """One question of a review."""

    place: int
    number: int | None
    text: SafeHtml
    language: str
    kind: str
    maximum: Decimal | None
    mark: Decimal | None
    state: str
    rows: tuple[ReviewRow, ...]
    general: SafeHtml | str
    comment: str
    links: tuple[ReviewLink, ...]


@dataclass(frozen=True)
class _Case:
    """Everything about one question that its rows are made from; what the flags hide is absent already."""

    question: Question
    item: Item
    view: QuestionView
    parts: Parts
    marks: Mapping[str, PartMark]
    whole: PartMark | None
    right: Mapping[str, Any]
    """The right answer in places of the page; empty where it may not be shown."""
    correctness: bool
    specific: bool

    def verdict(self, part: PartMark | None) -> str:
        """Say whether a part is right, where that may be shown."""
        if not self.correctness or part is None or part.state in (MarkState.NOT_ANSWERED, MarkState.NOT_MARKED):
            return ""
        return "ok" if part.state is MarkState.RIGHT else "bad"

    def why(self, part: PartMark | None) -> SafeHtml:
        """Return the author's words for what decided a part, where they may be shown."""
        return html(why(self.question, part)) if self.specific and part is not None else NO_HTML


def review_items(session: Session, opened: OpenedAttempt, flags: frozenset[Flag]) -> list[ReviewItem]:
    """Return every question of an attempt with what the flags let through."""
    convention = convention_for(opened.sitting.row.language)
    marks = queries.current_marks(session, [item.id for item in opened.sitting.items]) if Flag.MARKS in flags else {}
    sources = _sources(session, opened.outline) if Flag.SOURCE in flags else {}
    return [_review_item(opened, item, flags, marks.get(item.id), sources, convention) for item in opened.sitting.items]


def _sources(session: Session, outline: Outline) -> dict[str, ReviewLink]:
    rows = course_queries.list_resources(session, outline.version_id)
    return {row.key: ReviewLink(choose(row.title), row.url, "outside") for row in rows if row.url}


def _review_item(
    opened: OpenedAttempt,
    item: Item,
    flags: frozenset[Flag],
    mark: Fraction | None,
    sources: Mapping[str, ReviewLink],
    convention: Convention,
) -> ReviewItem:
    question = opened.questions[item.question_version_id]
    parts = opened.responses.get(item.id, {})
    view = view_question(item, question, parts, 1, convention)
    marking = mark_answer(question, answer_from_page(question, item.layout, payload_of(question, parts)), item.layout, convention)
    case = _case(question, item, view, parts, marking, flags, convention)
    return ReviewItem(
        place=item.position,
        number=item.number,
        text=_asked(question, view, case),
        language=view.language,
        kind=view.kind,
        maximum=points(item.maximum) if Flag.MAX_MARKS in flags and item.number else None,
        mark=None if mark is None or Flag.MARKS not in flags else points(mark * item.maximum),
        state=_STATES[marking.state] if Flag.CORRECTNESS in flags else "",
        rows=tuple(_rows(case)),
        general=html(question.explanation) if Flag.GENERAL in flags and question.explanation else "",
        comment="",
        links=_links(opened.outline, question, sources) if Flag.SOURCE in flags else (),
    )


def _case(
    question: Question, item: Item, view: QuestionView, parts: Parts, marking: Marking, flags: frozenset[Flag], convention: Convention
) -> _Case:
    right = right_answer(question, item.layout, language(), convention) if Flag.RIGHT_ANSWER in flags else None
    return _Case(
        question=question,
        item=item,
        view=view,
        parts=parts,
        marks={part.part: part for part in marking.parts},
        whole=marking.parts[0] if len(marking.parts) == 1 else None,
        right=page_from_answer(question, item.layout, right) if right is not None else {},
        correctness=Flag.CORRECTNESS in flags,
        specific=Flag.SPECIFIC in flags,
    )


def _asked(question: Question, view: QuestionView, case: _Case) -> SafeHtml:
    """Return what was asked, gaps as numbered blanks."""
    if question.kind is not QuestionKind.GAPS:
        return view.text
    numbers = iter(range(1, len(case.view.pieces) + 1))
    return SafeHtml.stored(MARKERS.sub(lambda _found: f"<strong>[{next(numbers)}]</strong>", str(view.text)))


def _rows(case: _Case) -> list[ReviewRow]:
    match case.question.kind:
        case QuestionKind.SINGLE | QuestionKind.MULTIPLE | QuestionKind.TRUE_FALSE:
            return [_option_row(case, option) for option in case.view.options]
        case QuestionKind.MATCHING | QuestionKind.MATRIX:
            return _matched_rows(case)
        case QuestionKind.ORDERING:
            return _ordered_rows(case)
        case QuestionKind.GAPS:
            return [row for at, piece in enumerate(case.view.pieces) if piece.gap for row in _gap_rows(case, piece, at)]
        case QuestionKind.DESCRIPTION:
            return []
        case _:
            return _written_rows(case)


def _right_places(case: _Case) -> frozenset[str]:
    right = case.right.get("choices") or [case.right.get("choice", "")]
    if "value" in case.right:
        right = ["true" if case.right["value"] in (True, "true") else "false"]
    return frozenset(str(place) for place in right)


def _option_row(case: _Case, option: OptionView) -> ReviewRow:
    keys = case.item.layout.orders.get("options", ())
    key = keys[int(option.value) - 1] if option.value.isdigit() else ""
    part = case.marks.get(key) if case.question.kind is QuestionKind.MULTIPLE else case.whole
    decided = part if option.checked else None
    right = option.value in _right_places(case) if case.right else option.checked and case.verdict(decided) == "ok"
    verdict = case.verdict(decided) or ("ok" if right and case.right else "")
    return ReviewRow(option.html, verdict=verdict, mine=option.checked, right=right, why=case.why(decided))


def _matched_rows(case: _Case) -> list[ReviewRow]:
    matrix = case.question.kind is QuestionKind.MATRIX
    offered = {option.value: option.html for option in (case.view.columns if matrix else case.view.choices)}
    keys = [row.key for row in case.question.body.rows] if matrix else list(case.item.layout.orders["items"])  # type: ignore[union-attr]
    right: Mapping[str, str] = case.right.get("rows" if matrix else "matches", {})
    rows = []
    for row, key in zip(case.view.rows, keys, strict=True):
        part = case.marks.get(key)
        mine = offered.get(row.selected, "")
        rows.append(
            ReviewRow(mine, label=row.html, verdict=case.verdict(part), mine=True, right=case.verdict(part) == "ok", why=case.why(part))
        )
        if row.part in right and right[row.part] != row.selected:
            rows.append(ReviewRow(offered.get(right[row.part], ""), label=row.html, right=True))
    return rows


def _ordered_rows(case: _Case) -> list[ReviewRow]:
    by_position = sorted(case.view.rows, key=lambda row: int(row.position) if row.position.isdigit() else 99)
    right: Sequence[str] = case.right.get("order", ())
    rows = [
        ReviewRow(
            row.html,
            label=f"{at}",
            mine=True,
            verdict=("ok" if right[at - 1] == row.part else "bad") if right else "",
            right=bool(right) and right[at - 1] == row.part,
        )
        for at, row in enumerate(by_position, 1)
        if row.position
    ]
    texts = {row.part: row.html for row in case.view.rows}
    return rows + [ReviewRow(texts[part], label=f"{at}", right=True) for at, part in enumerate(right, 1)]


def _gap_rows(case: _Case, piece: PieceView, at: int) -> list[ReviewRow]:
    assert piece.gap is not None
    names = [gap.name for gap in case.question.body.gaps]  # type: ignore[union-attr]  # only gaps come here
    part = case.marks.get(names[int(piece.gap.part) - 1])
    offered: dict[str, Any] = {choice.value: choice.html for choice in piece.gap.choices}
    mine = offered.get(piece.gap.value, piece.gap.value)
    rows = [
        ReviewRow(mine, label=f"[{at + 1}]", verdict=case.verdict(part), mine=True, right=case.verdict(part) == "ok", why=case.why(part))
    ]
    right = case.right.get("values", {}).get(piece.gap.part)
    if right is not None and case.verdict(part) != "ok":
        rows.append(ReviewRow(offered.get(right, right), label=f"[{at + 1}]", right=True))
    return rows


def _written_rows(case: _Case) -> list[ReviewRow]:
    typed = " ".join(part for part in (case.view.value, case.view.unit_value or case.view.unit) if case.view.value and part)
    verdict = case.verdict(case.whole)
    rows = [ReviewRow(typed, mine=True, verdict=verdict, right=verdict == "ok", why=case.why(case.whole))]
    right = str(case.right.get("text", ""))
    if right and verdict != "ok":
        rows.append(ReviewRow(f"{right} {case.view.unit}".strip(), right=True))
    return rows


def _links(outline: Outline, question: Question, sources: Mapping[str, ReviewLink]) -> tuple[ReviewLink, ...]:
    found = []
    for see in question.see:
        activity = outline.by_key.get(see.activity)
        if activity is None:
            continue
        address = activity_url(outline.slug, activity.kind, activity.key)
        place = f"?t={see.second}#player" if see.second is not None else f"#{ID_PREFIX}{see.heading}" if see.heading else ""
        found.append(ReviewLink(choose(activity.title), address + place, "recording" if activity.kind == "recording" else "page"))
    return tuple(found) + tuple(sources[cite.key] for cite in question.source if cite.key in sources)


def flags_of(sitting: Sitting, *, sees_keys: bool, now: datetime) -> frozenset[Flag]:
    """Return what may be shown of an attempt now."""
    settings = sitting.paper.settings
    return flags_for(
        settings.review, moment_of(sitting.row.submitted_at, sitting.paper.closes_at, now=now), settings.behaviour, staff=sees_keys
    )


def review_page(session: Session, opened: OpenedAttempt, flags: frozenset[Flag], *, now: datetime) -> dict[str, object]:
    """Return what a review shows of an attempt: its result and its questions, as far as the flags go."""
    return {
        **opened.place,
        "attempt": _verdict(opened.sitting, flags),
        "overall": _overall(opened.sitting, flags),
        "shown_later": _shown_later(opened.sitting, flags, now),
        "items": review_items(session, opened, flags) if Flag.ATTEMPT in flags else [],
    }


def _verdict(sitting: Sitting, flags: frozenset[Flag]) -> dict[str, object]:
    row, settings = sitting.row, sitting.paper.settings
    marks = Flag.MARKS in flags
    return {
        "uuid": row.uuid,
        "number": row.number,
        "state": row.state,
        "preview": row.preview,
        "percent": points(Fraction(row.percent)) if marks and row.percent is not None else None,
        "raw": points(Fraction(row.raw)) if marks and row.raw is not None else None,
        "maximum": points(Fraction(row.maximum)) if Flag.MAX_MARKS in flags else None,
        "passed": row.passed if marks else None,
        "pass_percent": None if settings.pass_mark is None else points(settings.pass_mark),
        "late": sitting.end is not None and row.submitted_at == sitting.end,
        "waits": row.state == AttemptState.FINISHED and row.raw is None,
    }


def _overall(sitting: Sitting, flags: frozenset[Flag]) -> SafeHtml | str:
    if Flag.OVERALL not in flags or sitting.row.percent is None:
        return ""
    band = band_for(Fraction(sitting.row.percent), sitting.paper.settings.feedback)
    return html(band.text) if band else ""


def _shown_later(sitting: Sitting, flags: frozenset[Flag], now: datetime) -> str:
    """Say when more will be shown, where that is so."""
    closes, settings = sitting.paper.closes_at, sitting.paper.settings
    if closes is None or now >= closes or flags >= flags_for(settings.review, Moment.CLOSED, settings.behaviour):
        return ""
    return _("More will be shown when the quiz closes, on %(moment)s.", moment=format_datetime(closes))


def record_of(session: Session, opened: OpenedAttempt, flags: frozenset[Flag]) -> dict[str, object]:
    """Return the record of an attempt that its learner takes along: what was answered and when, and marks where they may be seen."""
    row = opened.sitting.row
    saved = {item_id: answer.server_time for item_id, answer in opened.sitting.responses.items()}
    questions = [
        {
            "number": item.number,
            "question": short_title(opened.questions[item.question_version_id]),
            "answer": [_said(answer) for answer in shown.rows if answer.mine and answer.text],
            "saved_at": saved[item.id].isoformat() if item.id in saved else None,
        }
        for item, shown in zip(opened.sitting.items, review_items(session, opened, frozenset()), strict=True)
        if item.number is not None
    ]
    marks = {"percent": f"{row.percent:f}", "passed": row.passed} if Flag.MARKS in flags and row.percent is not None else {}
    return {
        "attempt": str(row.uuid),
        "course": opened.outline.slug,
        "quiz": row.activity_key,
        "number": row.number,
        "state": row.state,
        "started_at": row.started_at.isoformat(),
        "submitted_at": row.submitted_at.isoformat() if row.submitted_at else None,
        "questions": questions,
        **marks,
    }


def _said(row: ReviewRow) -> str:
    label, text = words_of(str(row.label)), words_of(str(row.text)) if isinstance(row.text, SafeHtml) else row.text
    return f"{label}: {text}" if label else text
