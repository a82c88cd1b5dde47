"""Views of the pages on the pass mark of a quiz: its records, one of them with its judges, and a judge's sheet (spec/selection 3.10)."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from courses.content.model import CourseFolder
from courses.rendering import Renderer
from kernel.i18n import _, choose, ngettext, shortened
from kernel.markup.model import SafeHtml
from kernel.markup.passages import plain_text
from quizzes.content.selecting import list_questions
from quizzes.pages.blueprint import find_quiz
from quizzes.pages.figures import figure, percentage
from quizzes.publication import embed_question
from quizzes.queries.pass_marks import (
    JudgedItem,
    JudgingRound,
    SignedRecord,
    items_of,
    known_facilities,
    list_sheets,
    ratings_of,
    second_ratings,
)
from quizzes.rules.balanced_draw import FrozenBalance
from quizzes.rules.definitions import is_marked
from quizzes.rules.pass_marks import ADVISED_JUDGES, LEAST_JUDGES, RATINGS, JudgedCut, cut_of
from quizzes.selection_models import JudgeSheet, PassMarkRecord

LONGEST_WORDS = 80
_FIRST_BLOCK = re.compile(r"</p>|<(?:ul|ol|table|figure|details)\b")


@dataclass(frozen=True, slots=True)
class JudgeRow:
    """A judge of an open record: the name, how far their sheet is, and whether the reader may fill it."""

    uuid: UUID
    name: str
    done: int
    own: bool


@dataclass(frozen=True, slots=True)
class CutView:
    """The cut of judges in words: sentences, formulas, and the cut without each of them as (name, mean, cut)."""

    said: str
    advice: str
    formulas: tuple[str, ...]
    judges: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True, slots=True)
class RecordView:
    """An open record before whoever leads it."""

    uuid: UUID
    form: str
    state: str
    questions: int
    judges: tuple[JudgeRow, ...]
    complete: int
    missing: str
    """How many complete sheets are still needed, as a sentence."""
    has_own: bool
    cut: CutView | None
    """Once the second round may be signed."""


@dataclass(frozen=True, slots=True)
class SignedRecordView:
    """A signed record: what was chosen, by whom and when, and what the judges said."""

    uuid: UUID
    form: str
    pass_mark: str
    reason: str
    signed_by: str
    signed_at: datetime
    questions: int
    cut: CutView
    rows: tuple["JudgedQuestionRow", ...]
    shows_facilities: bool


@dataclass(frozen=True, slots=True)
class JudgedQuestionRow:
    """A question of a signed record: its first words, its key, and what each judge said of it in both rounds."""

    words: str
    key: str
    ratings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SheetItem:
    """A question on a judge's sheet: its place, its HTML, the rating so far, and what is told of the others and of answers."""

    place: int
    html: SafeHtml
    rating: int | None
    others: str
    facility: str


def judged_items(
    session: Session, course_id: int, folder: CourseFolder, key: str, renderer: Renderer, only: Sequence[str] | None = None
) -> list[JudgedItem]:
    """Return the marked questions that a quiz of the draft can give, as judges see them; with `only` those of a form."""
    located = find_quiz(folder, key)
    if located is None:
        return []
    module, _activity, quiz = located
    keys = [
        question.key
        for question in list_questions(folder, module.key, quiz)
        if is_marked(question) and (only is None or question.key in only)
    ]
    facilities = known_facilities(session, course_id, keys)
    return [
        JudgedItem(
            question_key,
            {language: str(embed_question(folder, question_key, renderer, language) or "") for language in folder.languages},
            facilities.get(question_key),
        )
        for question_key in keys
    ]


def form_keys(balance: FrozenBalance | None, name: str) -> list[str] | None:
    """Return the keys of a parallel form's questions; None where there is no such form."""
    form = next((candidate for candidate in balance.forms if candidate.name == name), None) if balance is not None else None
    return [key for cell in form.cells for key in cell] if form is not None else None


def record_view(session: Session, record: PassMarkRecord, person_id: int | None) -> RecordView:
    """Return an open record; what judges said of single questions stays with them."""
    number, sheets = len(items_of(record)), list_sheets(session, record.id)
    first = record.state == JudgingRound.FIRST.value
    ratings_by_sheet = {sheet.id: ratings_of(sheet.first if first else sheet.second, number) for sheet in sheets}
    done = {sheet.id: sum(rating is not None for rating in ratings_by_sheet[sheet.id]) for sheet in sheets}
    complete = [sheet for sheet in sheets if done[sheet.id] == number]
    lacking = max(0, LEAST_JUDGES - len(complete))
    cut = None
    if not first and not lacking:
        ratings = [[rating for rating in ratings_by_sheet[sheet.id] if rating is not None] for sheet in complete]
        cut = cut_view(cut_of(ratings), [sheet.name for sheet in complete])
    return RecordView(
        uuid=record.uuid,
        form=record.form,
        state=record.state,
        questions=number,
        judges=tuple(JudgeRow(sheet.uuid, sheet.name, done[sheet.id], sheet.entered_by == person_id) for sheet in sheets),
        complete=len(complete),
        missing=ngettext(
            "One more complete sheet is needed.", "%(count)s more complete sheets are needed.", lacking, advised=ADVISED_JUDGES
        )
        if lacking
        else "",
        has_own=any(sheet.own and sheet.entered_by == person_id for sheet in sheets),
        cut=cut,
    )


def cut_view(judged: JudgedCut, names: Sequence[str], *, open_to_choice: bool = True) -> CutView:
    """Say what judges say together, and how much it hangs on each of them; until it is signed, also what may be chosen."""
    error, cut = _digits(judged.error), percentage(judged.cut, 1)
    return CutView(
        said=_(
            "The judges expect a person who just deserves to pass to reach %(cut)s. "
            "Other judges of the same kind would probably say between %(low)s and %(high)s.",
            cut=cut,
            low=percentage(_bounded(judged, -2), 1),
            high=percentage(_bounded(judged, 2), 1),
        ),
        advice=" ".join(
            [
                *([_("Choose a pass mark in that range. For one outside it, write down why.")] if open_to_choice else []),
                _("Three judges are enough; with five the range would be narrower.")
                if len(names) < ADVISED_JUDGES
                else _("The table shows how much one judge moves it."),
            ]
        ),
        formulas=(
            _("Angoff: each judge says of each question how many of 100 people who just deserve to pass answer it rightly."),
            _("Cut = mean of the judges' means = %(cut)s%%.", cut=figure(judged.cut, 6)),
            _("Standard error = standard deviation of the judges' means ÷ √%(judges)s = %(error)s.", judges=len(names), error=error),
        ),
        judges=tuple(
            (name, percentage(mean, 2), percentage(without, 2))
            for name, mean, without in zip(names, judged.means, judged.without, strict=True)
        ),
    )


def _bounded(judged: JudgedCut, errors: int) -> Fraction:
    return max(Fraction(0), min(Fraction(100), judged.cut + errors * Fraction(judged.error).limit_denominator(10**9)))


def _digits(value: float) -> str:
    return figure(Fraction(value).limit_denominator(10**9), 6)


def signed_view(signed: SignedRecord) -> SignedRecordView:
    """Return a signed record as it was frozen."""
    return SignedRecordView(
        uuid=signed.uuid,
        form=signed.form,
        pass_mark=percentage(signed.pass_mark, 2),
        reason=signed.reason,
        signed_by=signed.signed_by,
        signed_at=signed.signed_at,
        questions=len(signed.questions),
        cut=cut_view(signed.cut, [judge.name for judge in signed.judges], open_to_choice=False),
        rows=tuple(
            JudgedQuestionRow(
                _first_words(choose(html)), key, tuple(f"{judge.first[index]} → {judge.second[index]}" for judge in signed.judges)
            )
            for index, (key, html) in enumerate(zip(signed.questions, signed.texts, strict=True))
        ),
        shows_facilities=signed.shows_facilities,
    )


def _first_words(html: str) -> str:
    """Return the beginning of what a question asks, from its HTML."""
    return shortened(plain_text(_FIRST_BLOCK.split(html, maxsplit=1)[0]), LONGEST_WORDS)


def sheet_items(session: Session, record: PassMarkRecord, sheet: JudgeSheet) -> list[SheetItem]:
    """Return the questions of a judge's sheet; in the second round with what all judges said in the first, without names."""
    items, second = items_of(record), record.state == JudgingRound.SECOND.value
    own = second_ratings(sheet, len(items)) if second else ratings_of(sheet.first, len(items))
    all_ratings = [ratings_of(judge_sheet.first, len(items)) for judge_sheet in list_sheets(session, record.id)] if second else []
    return [
        SheetItem(
            place=index,
            html=SafeHtml.stored(choose(item.html)),
            rating=own[index],
            others=_others([ratings[index] for ratings in all_ratings]),
            facility=_facility_words(item.facility) if second and record.shows_facilities else "",
        )
        for index, item in enumerate(items)
    ]


def _others(ratings: Sequence[int | None]) -> str:
    known = [rating for rating in ratings if rating is not None]
    if not known:
        return ""
    mean = percentage(Fraction(sum(known), len(known)), 0)
    return _("First round: from %(low)s to %(high)s, mean %(mean)s.", low=min(known), high=max(known), mean=mean)


def _facility_words(facility: int | None) -> str:
    if facility is None:
        return _("Too few answers so far to say how hard it was.")
    return _("So far, learners got %(share)s of its mark on average.", share=percentage(Fraction(facility), 0))


def rating_choices() -> list[tuple[str, str]]:
    """Return what a judge may say, with nothing first."""
    return [("", _("Choose")), *((str(rating), str(rating)) for rating in RATINGS)]
