"""The proof of an attempt: what its review shows its learner at this moment, and how it was laid out (spec/selection 10)."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction

from sqlalchemy.orm import Session

from kernel.i18n import choose
from kernel.markup.model import SafeHtml
from quizzes.attempt_review import review_items, section_lines
from quizzes.pages.attempt import AttemptView
from quizzes.pages.proof import AttemptProofView, GivenTime, ProofQuestion, ProofResult
from quizzes.pages.question import QuestionView, html, points, view_question
from quizzes.pages.question_review import QuestionReview, response_lines
from quizzes.queries.attempts import LoadedItem
from quizzes.queries.marks import MarkRecord
from quizzes.queries.proofs import list_given_time
from quizzes.rules.attempts import AttemptState
from quizzes.rules.grades import band_for
from quizzes.rules.numbers import convention_for
from quizzes.rules.responses import answer_state
from quizzes.rules.review import may_download_answers
from quizzes.rules.settings import ReviewFlag


@dataclass(frozen=True, slots=True)
class ProofNames:
    """The names that stand at the head of a proof."""

    person: str
    institution: str


def proof_view(
    session: Session, opened: AttemptView, flags: frozenset[ReviewFlag], marks: Mapping[int, MarkRecord], names: ProofNames
) -> AttemptProofView:
    """Return what a proof says at this moment; the flags are those of the learner, whoever reads it, the marks by item."""
    row, header = opened.loaded.row, opened.activity_header
    quiz, course = header["activity"], header["course"]
    assert isinstance(quiz, dict)
    assert isinstance(course, dict)
    return AttemptProofView(
        person=names.person,
        institution=names.institution,
        quiz=quiz["title"],
        course=course["title"],
        course_version=opened.outline.number,
        attempt=str(row.uuid),
        number=row.number,
        form=row.form,
        language=row.language,
        state=row.state,
        started_at=row.started_at,
        ended_at=row.submitted_at or row.finished_at or row.started_at,
        waits=row.state == AttemptState.FINISHED and row.raw is None,
        shown=tuple(sorted(flag.value for flag in flags)),
        result=_result(session, opened, flags, marks),
        incidents=tuple(
            GivenTime(given_time.created_at, given_time.seconds, given_time.reason) for given_time in list_given_time(session, row.id)
        ),
        questions=_questions(session, opened, flags - {ReviewFlag.SOURCE}, marks),
    )


def _result(session: Session, opened: AttemptView, flags: frozenset[ReviewFlag], marks: Mapping[int, MarkRecord]) -> ProofResult:
    row, settings = opened.loaded.row, opened.loaded.snapshot.settings
    band = band_for(Fraction(row.percent), settings.feedback) if ReviewFlag.OVERALL in flags and row.percent is not None else None
    overall = html(band.text) if band else ""
    if ReviewFlag.MARKS not in flags or row.percent is None:
        return ProofResult(overall=overall)
    return ProofResult(
        raw=None if row.raw is None else points(Fraction(row.raw)),
        maximum=points(Fraction(row.maximum)) if ReviewFlag.MAX_MARKS in flags else None,
        percent=points(Fraction(row.percent)),
        passed=row.passed,
        pass_percent=None if settings.pass_mark is None else points(settings.pass_mark),
        overall=overall,
        sections=tuple((line.title, line.mark, line.maximum) for line in section_lines(session, opened, flags, marks)),
    )


def _questions(
    session: Session, opened: AttemptView, flags: frozenset[ReviewFlag], marks: Mapping[int, MarkRecord]
) -> tuple[ProofQuestion, ...]:
    if ReviewFlag.ATTEMPT not in flags:
        shown = review_items(session, opened, frozenset())
        return tuple(
            _hidden(item, review, opened, flags) for item, review in zip(opened.loaded.items, shown, strict=True) if item.number is not None
        )
    sections, before = _sections(opened), 0
    questions = []
    for item, review in zip(opened.loaded.items, review_items(session, opened, flags, marks), strict=True):
        title, section_text = sections.get(item.page, ("", "")) if item.page != before else ("", "")
        before = item.page
        questions.append(
            ProofQuestion(
                place=item.position,
                number=item.number,
                is_answered=_is_answered(item, opened),
                title=title,
                words=section_text,
                review=review,
                offered=_offered(item, opened),
                file_digests=tuple((file.name, file.sha256) for file in review.files),
                void_effect=item.void_effect,
            )
        )
    return tuple(questions)


def _hidden(item: LoadedItem, review: QuestionReview, opened: AttemptView, flags: frozenset[ReviewFlag]) -> ProofQuestion:
    """Return a question that is not shown: whether it was answered, and the words of the answer where they may be taken along."""
    lines = response_lines(review) if may_download_answers(flags) else ()
    return ProofQuestion(item.position, item.number, _is_answered(item, opened), said=lines)


def _is_answered(item: LoadedItem, opened: AttemptView) -> bool:
    question, parts = opened.questions[item.question_version_id], opened.responses.get(item.id)
    convention = convention_for(opened.loaded.row.language)
    return item.number is not None and answer_state(question, item.layout, parts, convention) != "unanswered"


def _sections(opened: AttemptView) -> Mapping[int, tuple[str, SafeHtml | str]]:
    """Return the titles and words that stood at the head of pages, by page."""
    sections: dict[int, tuple[str, SafeHtml | str]] = {}
    for entry in json.loads(opened.loaded.row.interludes):
        title, text = sections.get(entry["page"], ("", ""))
        text = f"{text}{choose(entry['text'])}" if entry["text"] else str(text)
        sections[entry["page"]] = (title or (choose(entry["title"]) if entry["title"] else ""), SafeHtml.stored(text))
    return sections


def _offered(item: LoadedItem, opened: AttemptView) -> tuple[SafeHtml, ...]:
    """Return what could be chosen for rows and gaps, or put in order, in the order of this attempt; options show themselves."""
    question = opened.questions[item.question_version_id]
    view = view_question(item, question, opened.responses.get(item.id), 1, convention_for(opened.loaded.row.language))
    return tuple(dict.fromkeys(_choices(view)))


def _choices(view: QuestionView) -> list[SafeHtml]:
    if view.kind == "ordering":
        return [row.html for row in view.rows]
    gaps = [choice.html for piece in view.pieces if piece.gap for choice in piece.gap.choices]
    return [option.html for option in (*view.choices, *view.columns)] + gaps
