"""Feedback of an open attempt around its questions: checks with their feedback, hints, tries, certainty.

spec/quiz-engine 5.6.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from kernel.markup.model import SafeHtml
from quizzes.pages.question import QuestionMessage, html
from quizzes.pages.question_review import AnswerTryView, MarkingResult, QuestionReview, answered_question, try_line
from quizzes.queries.attempts import LoadedAttempt, LoadedItem
from quizzes.queries.question_checks import QuestionChecks, checked_parts, marker_of
from quizzes.rules.behaviours import AnsweringState
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.question_marker import QuestionMarker, asks_certainty, certainty_of
from quizzes.rules.responses import Parts, clean_parts
from quizzes.rules.results import MarkState
from quizzes.rules.review import QuestionProgress, flags_for, flags_for_item
from quizzes.rules.settings import Behaviour, ReviewFlag, ReviewMoment


@dataclass(frozen=True, slots=True)
class CheckView:
    """Everything around one question of an open attempt."""

    can_check: bool = False
    locked: bool = False
    waiting: bool = False
    tries_left: int | None = None
    hint: SafeHtml | str = ""
    checked: QuestionReview | None = None
    """The answer that was checked last, with what may be said of it."""
    penalty: bool = False
    """Whether a wrong try takes something off."""
    last: bool = False
    """Whether the next check closes the question."""
    nothing: bool = False
    """Whether a check was asked for where there was nothing to check."""
    certainty: str | None = None
    """How sure the learner said to be; empty where not said, None where it is not asked."""


def check_views(
    loaded: LoadedAttempt, questions: Mapping[int, QuestionDefinition], checks: QuestionChecks, page: int, message: QuestionMessage
) -> dict[int, CheckView]:
    """Return by place the checks around the questions of a page; `message` is the last request's about one of them."""
    responses = loaded.responses
    views = {}
    for item in loaded.items:
        if item.page == page and item.number is not None:
            question, response = questions[item.question_version_id], responses.get(item.id)
            parts = {} if response is None else clean_parts(response.payload)
            views[item.position] = _view(loaded, item, marker_of(loaded, item, question), parts, checks, message)
    return views


def _view(
    loaded: LoadedAttempt, item: LoadedItem, marker: QuestionMarker, parts: Parts, checks: QuestionChecks, message: QuestionMessage
) -> CheckView:
    position, question = item.position, marker.question
    if position in checks.waiting:
        return CheckView(waiting=True)
    if asks_certainty(marker.behaviour, question):
        return CheckView(certainty=str(certainty_of(parts) or ""))
    if position not in checks.answering_states:
        return CheckView()
    answering, tried = checks.answering_states[position], checked_parts(loaded, item)
    return CheckView(
        can_check=not answering.locked,
        locked=answering.locked,
        tries_left=answering.tries_left,
        hint=_hint(question, answering),
        checked=_checked(loaded, item, marker, tried, answering) if tried else None,
        penalty=marker.behaviour in (Behaviour.INTERACTIVE, Behaviour.ADAPTIVE) and question.penalty > 0,
        last=marker.behaviour is Behaviour.IMMEDIATE or answering.tries_left == 1,
        nothing=message == QuestionMessage(position, "nothing") and not marker.is_readable(parts),
    )


def _hint(question: QuestionDefinition, answering: AnsweringState) -> SafeHtml | str:
    shown = answering.hint is not None and answering.state is not MarkState.RIGHT and answering.hint < len(question.hints)
    return html(question.hints[answering.hint]) if shown and answering.hint is not None else ""


def _checked(
    loaded: LoadedAttempt, item: LoadedItem, marker: QuestionMarker, tried: list[Parts], answering: AnsweringState
) -> QuestionReview:
    flags = during_flags(loaded, QuestionProgress(checked=True, locked=answering.locked))
    outcome = MarkingResult(fraction=answering.fraction, state=answering.state)
    return answered_question(item, marker.question, tried[-1], flags, marker.convention, outcome)


def during_flags(loaded: LoadedAttempt, progress: QuestionProgress) -> frozenset[ReviewFlag]:
    """Return what may be shown of a question of an open attempt, by how far its learner is with it."""
    settings = loaded.snapshot.settings
    return flags_for_item(flags_for(settings.review, ReviewMoment.DURING, settings.behaviour), ReviewMoment.DURING, progress)


def checked_lines(
    loaded: LoadedAttempt, item: LoadedItem, question: QuestionDefinition, flags: frozenset[ReviewFlag]
) -> tuple[AnswerTryView, ...]:
    """Return the answers to an item that were checked on the way, as far as the flags let through."""
    marker, tried, lines = marker_of(loaded, item, question), checked_parts(loaded, item), list[AnswerTryView]()
    for number, parts in enumerate(tried, 1):
        answering = marker.after(tried[:number])
        shown = answered_question(
            item, question, parts, flags, marker.convention, MarkingResult(fraction=answering.fraction, state=answering.state)
        )
        lines.append(try_line(number, shown))
    return tuple(lines)
