"""One answered question, with what may be shown of it and nothing beyond: in a review, and after a check (spec/quiz-engine 5.9).

Nothing here knows of an attempt as a whole: a preview of a single question uses the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction
from typing import Any

from kernel.i18n import language
from kernel.markup.model import SafeHtml
from questions.question_page import (
    MARKERS,
    CriterionView,
    OptionView,
    PieceView,
    QuestionView,
    html,
    points,
    rubric_view,
    view_question,
    words_of,
)
from questions.rules.answers import ANSWER, Parts, SubmittedFile, answer_from_page, page_from_answer, payload_of, translated
from questions.rules.definitions import EssayBody, QuestionDefinition, QuestionKind, ShortAnswerBody
from questions.rules.feedback import ReviewFlag, right_answer, why
from questions.rules.item_layout import LoadedItem
from questions.rules.marking import MarkState, PartMark, is_self_check, is_self_reviewed, mark_answer, rubric_of, self_assessed_points
from questions.rules.numbers import Convention

STATES = {
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
class AnswerTryView:
    """One answer that was checked on the way: what was said, and what came of it."""

    number: int
    said: tuple[str, ...]
    state: str
    mark: Decimal | None


@dataclass(frozen=True, slots=True)
class SelfReviewView:
    """A writer's own judgement of a text: points of the chosen levels and the most there are, once each criterion has one."""

    missing: int
    """Criteria without a level."""
    begun: bool
    earned: Decimal | None
    most: Decimal | None


@dataclass(frozen=True, slots=True)
class QuestionReview:
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
    links: tuple[ReviewLink, ...] = ()
    model: SafeHtml | str = ""
    """A model answer, where a text has one and it may be shown; `criteria` to compare one's own with."""
    criteria: tuple[SafeHtml, ...] = ()
    rubric: tuple[CriterionView, ...] = ()
    """The criteria with their levels, where the model answer may be shown; ``self_check``: nobody else judges by them."""
    self_check: bool = False
    self_review: SelfReviewView | None = None
    """How its writer judges the text by these criteria, where nobody else does."""
    certainty: int | None = None
    tries: tuple[AnswerTryView, ...] = ()
    files: tuple[SubmittedFile, ...] = ()
    judged_anew: bool = False
    """Whether a corrected version of the question judged it, so that its key is not the one that was asked with."""


@dataclass(frozen=True)
class _ReviewCase:
    """Everything about one question that its rows are made from; what the flags hide is absent already."""

    question: QuestionDefinition
    item: LoadedItem
    view: QuestionView
    marks: Mapping[str, PartMark]
    whole: PartMark | None
    right: Mapping[str, Any]
    """The right answer in places of the page; empty where it may not be shown."""
    correctness: bool
    specific: bool

    def verdict(self, part: PartMark | None) -> str:
        """Return whether a part is right, where that may be shown."""
        if not self.correctness or part is None or part.state in (MarkState.NOT_ANSWERED, MarkState.NOT_MARKED):
            return ""
        return "ok" if part.state is MarkState.RIGHT else "bad"

    def why(self, part: PartMark | None) -> SafeHtml:
        """Return the author's words for what decided a part, where they may be shown."""
        return html(why(self.question, part)) if self.specific and part is not None else NO_HTML


@dataclass(frozen=True, slots=True)
class MarkingResult:
    """The marking of an answer; None and empty where it is not known or does not concern the page."""

    fraction: Fraction | None = None
    state: MarkState | None = None
    """Where it differs from what marking the answer alone says: after several tries, after marking by hand."""
    comment: str = ""
    links: tuple[ReviewLink, ...] = ()
    certainty: int | None = None
    tries: tuple[AnswerTryView, ...] = ()
    files: tuple[SubmittedFile, ...] = ()
    own_levels: Mapping[str, int] | None = None
    """The levels that its writer chose, where nobody else judges the text."""
    judge: QuestionDefinition | None = None
    """The version that judged it, where it was marked again by another one than was asked."""


def answered_question(
    item: LoadedItem,
    question: QuestionDefinition,
    parts: Parts,
    flags: frozenset[ReviewFlag],
    convention: Convention,
    outcome: MarkingResult,
) -> QuestionReview:
    """Return a question with the answer given, and of what came of it as much as the flags let through."""
    view = view_question(item, question, parts, 1, convention)
    judge = outcome.judge or question
    answer_parts = translated(question, judge, item.layout, parts) if outcome.judge else parts
    marking = mark_answer(judge, answer_from_page(judge, item.layout, payload_of(judge, answer_parts)), item.layout, convention)
    case = _case(judge, item, view, {part.part: part for part in marking.parts}, flags, convention)
    return QuestionReview(
        place=item.position,
        number=item.number,
        text=_question_text(question, view),
        language=view.language,
        kind=view.kind,
        maximum=points(item.maximum) if ReviewFlag.MAX_MARKS in flags and item.number else None,
        mark=None if outcome.fraction is None or ReviewFlag.MARKS not in flags else points(outcome.fraction * item.maximum),
        state=_state(question, answer_parts, outcome.state or marking.state, flags),
        rows=tuple(_rows(case)) if not outcome.files or parts.get(ANSWER) else (),
        general=html(judge.explanation) if ReviewFlag.GENERAL in flags and judge.explanation else "",
        comment=outcome.comment,
        links=outcome.links,
        model=_model(judge) if ReviewFlag.RIGHT_ANSWER in flags else "",
        criteria=_criteria(judge) if ReviewFlag.RIGHT_ANSWER in flags else (),
        rubric=rubric_view(judge, item.maximum, outcome.own_levels) if ReviewFlag.RIGHT_ANSWER in flags or is_self_reviewed(judge) else (),
        self_check=is_self_check(judge),
        self_review=_self_review(judge, outcome.own_levels or {}) if is_self_reviewed(judge) else None,
        certainty=outcome.certainty,
        tries=outcome.tries,
        files=outcome.files,
        judged_anew=outcome.judge is not None,
    )


def _state(question: QuestionDefinition, parts: Parts, state: MarkState, flags: frozenset[ReviewFlag]) -> str:
    """Name what came of an answer, where that may be shown; that nobody marks a text is no secret (spec/selection 8.6)."""
    if is_self_reviewed(question):
        return "done" if any(any(values) for values in parts.values()) else "unanswered"
    return STATES[state] if ReviewFlag.CORRECTNESS in flags else ""


def _self_review(question: QuestionDefinition, levels: Mapping[str, int]) -> SelfReviewView:
    assessed = self_assessed_points(question, levels)
    earned, most = (None, None) if assessed is None else (points(assessed[0]), points(assessed[1]))
    return SelfReviewView(len(rubric_of(question)) - len(levels), bool(levels), earned, most)


def try_line(number: int, shown: QuestionReview) -> AnswerTryView:
    """Return an answered question as one line among several tries."""
    return AnswerTryView(number, response_lines(shown), shown.state, shown.mark)


def response_lines(shown: QuestionReview) -> tuple[str, ...]:
    """Return in words what was answered, a line for each option, row, gap or file."""
    return (*(_row_response(row) for row in shown.rows if row.mine and row.text), *(file.name for file in shown.files))


def _row_response(row: ReviewRow) -> str:
    label, text = words_of(str(row.label)), words_of(str(row.text)) if isinstance(row.text, SafeHtml) else row.text
    return f"{label}: {text}" if label else text


def _model(question: QuestionDefinition) -> SafeHtml | str:
    body = question.body
    return html(body.model) if isinstance(body, EssayBody | ShortAnswerBody) and body.model else ""


def _criteria(question: QuestionDefinition) -> tuple[SafeHtml, ...]:
    return tuple(html(criterion) for criterion in question.body.criteria) if isinstance(question.body, ShortAnswerBody) else ()


def _case(
    question: QuestionDefinition,
    item: LoadedItem,
    view: QuestionView,
    marks: Mapping[str, PartMark],
    flags: frozenset[ReviewFlag],
    convention: Convention,
) -> _ReviewCase:
    right = right_answer(question, item.layout, language(), convention) if ReviewFlag.RIGHT_ANSWER in flags else None
    return _ReviewCase(
        question=question,
        item=item,
        view=view,
        marks=marks,
        whole=next(iter(marks.values())) if len(marks) == 1 else None,
        right=page_from_answer(question, item.layout, right) if right is not None else {},
        correctness=ReviewFlag.CORRECTNESS in flags,
        specific=ReviewFlag.SPECIFIC in flags,
    )


def _question_text(question: QuestionDefinition, view: QuestionView) -> SafeHtml:
    """Return the text of the question, gaps as numbered blanks."""
    if question.kind is not QuestionKind.GAPS:
        return view.text
    numbers = iter(range(1, len(view.pieces) + 1))
    return SafeHtml.stored(MARKERS.sub(lambda _found: f"<strong>[{next(numbers)}]</strong>", str(view.text)))


def _rows(case: _ReviewCase) -> list[ReviewRow]:
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


def _right_places(case: _ReviewCase) -> frozenset[str]:
    right = case.right.get("choices") or [case.right.get("choice", "")]
    if "value" in case.right:
        right = ["true" if case.right["value"] in (True, "true") else "false"]
    return frozenset(str(position) for position in right)


def _option_row(case: _ReviewCase, option: OptionView) -> ReviewRow:
    keys = case.item.layout.orders.get("options", ())
    key = keys[int(option.value) - 1] if option.value.isdigit() else ""
    part = case.marks.get(key) if case.question.kind is QuestionKind.MULTIPLE else case.whole
    decided = part if option.checked else None
    right = option.value in _right_places(case) if case.right else option.checked and case.verdict(decided) == "ok"
    verdict = case.verdict(decided) or ("ok" if right and case.right else "")
    return ReviewRow(option.html, verdict=verdict, mine=option.checked, right=right, why=case.why(decided))


def _matched_rows(case: _ReviewCase) -> list[ReviewRow]:
    matrix = case.question.kind is QuestionKind.MATRIX
    offered = {option.value: option.html for option in (case.view.columns if matrix else case.view.choices)}
    keys = [row.key for row in case.question.body.rows] if matrix else list(case.item.layout.orders["items"])  # type: ignore[union-attr]  # a body with rows
    right: Mapping[str, str] = case.right.get("rows" if matrix else "matches", {})
    rows = []
    for row, key in zip(case.view.rows, keys, strict=True):
        part = case.marks.get(key)
        mine = offered.get(row.selected, "")
        verdict = case.verdict(part)
        # Its words speak of the right pair: beside a wrong one they would tell the key.
        reason = case.why(part) if verdict == "ok" or right else NO_HTML
        rows.append(ReviewRow(mine, label=row.html, verdict=verdict, mine=True, right=verdict == "ok", why=reason))
        if row.part in right and right[row.part] != row.selected:
            rows.append(ReviewRow(offered.get(right[row.part], ""), label=row.html, right=True))
    return rows


def _ordered_rows(case: _ReviewCase) -> list[ReviewRow]:
    """Return the elements in the order of the positions that they were given, each with its own: two may have been given the same."""
    places = {str(at): at for at in range(1, len(case.view.rows) + 1)}
    by_position = sorted((row for row in case.view.rows if row.position), key=lambda row: places.get(row.position, len(places) + 1))
    right: Sequence[str] = case.right.get("order", ())
    unreadable = case.whole is not None and case.whole.state is MarkState.INVALID
    rows = []
    for row in by_position:
        at = places.get(row.position)
        hit = bool(right) and not unreadable and at is not None and right[at - 1] == row.part
        verdict = ("ok" if hit else "bad") if right else ""
        rows.append(ReviewRow(row.html, label=row.position, mine=True, verdict=verdict, right=hit))
    texts = {row.part: row.html for row in case.view.rows}
    return rows + [ReviewRow(texts[part], label=f"{at}", right=True) for at, part in enumerate(right, 1)]


def _gap_rows(case: _ReviewCase, piece: PieceView, at: int) -> list[ReviewRow]:
    assert piece.gap is not None
    names = [gap.name for gap in case.question.body.gaps]  # type: ignore[union-attr]  # only gaps come here
    part = case.marks.get(names[int(piece.gap.part) - 1])
    offered: dict[str, Any] = {choice.value: choice.html for choice in piece.gap.choices}
    mine = offered.get(piece.gap.value, " ".join(word for word in (piece.gap.value, piece.gap.unit_value) if piece.gap.value and word))
    rows = [
        ReviewRow(mine, label=f"[{at + 1}]", verdict=case.verdict(part), mine=True, right=case.verdict(part) == "ok", why=case.why(part))
    ]
    right = case.right.get("values", {}).get(piece.gap.part)
    if right is not None and case.verdict(part) != "ok":
        rows.append(ReviewRow(offered.get(right, right), label=f"[{at + 1}]", right=True))
    return rows


def _written_rows(case: _ReviewCase) -> list[ReviewRow]:
    typed = " ".join(part for part in (case.view.value, case.view.unit_value or case.view.unit) if case.view.value and part)
    verdict = case.verdict(case.whole)
    rows = [ReviewRow(typed, mine=True, verdict=verdict, right=verdict == "ok", why=case.why(case.whole))]
    right = str(case.right.get("text", ""))
    if right and verdict != "ok":
        rows.append(ReviewRow(f"{right} {case.view.unit}".strip(), right=True))
    return rows
