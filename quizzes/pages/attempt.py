"""The pages of an open attempt: its questions with the responses so far, and its summary."""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from uuid import UUID

from sqlalchemy.orm import Session

from courses.rules import Outline
from kernel.i18n import choose
from kernel.markup.model import SafeHtml
from quizzes.pages.checks import check_views
from quizzes.pages.introduction import activity_header
from quizzes.pages.question import NOTHING_SAID, QuestionMessage, note_on, points, short_title, text_language, view_question
from quizzes.pages.uploads import UploadedFiles
from quizzes.queries import attempts as queries
from quizzes.queries.attempts import LoadedAttempt, LoadedItem
from quizzes.queries.files import SubmittedFile, files_in, list_files
from quizzes.queries.final_tests import outline_of_activity
from quizzes.queries.open_attempts import takes_objections
from quizzes.queries.question_checks import checks_of
from quizzes.rules.attempts import AttemptEvent, AttemptState, rule_on_time, seconds_left
from quizzes.rules.definitions import QuestionDefinition
from quizzes.rules.numbers import convention_for
from quizzes.rules.responses import ObjectionNote, Parts, answer_state, clean_parts, objection_in
from quizzes.rules.settings import Navigation
from quizzes.rules.uploads import upload_limits


@dataclass(frozen=True)
class AttemptView:
    """An attempt with everything its pages need."""

    loaded: LoadedAttempt
    outline: Outline
    """Of the version of the course that the attempt belongs to."""
    questions: Mapping[int, QuestionDefinition]
    responses: Mapping[int, Parts]
    """By item; items without a response are absent."""
    files: Mapping[str, SubmittedFile]
    """Every file that was sent for its items, by the name that answers give it."""

    @property
    def activity_header(self) -> dict[str, object]:
        """Return course, module and activity for the head of a page."""
        return activity_header(self.outline, self.loaded.snapshot.activity_key, self.loaded.row.activity_key)

    def files_of(self, item: LoadedItem) -> list[SubmittedFile]:
        """Return the files of an item's response."""
        return files_in(self.responses.get(item.id, {}), item.id, self.files)


def open_attempt(session: Session, loaded: LoadedAttempt) -> AttemptView:
    """Read what the pages of an attempt need besides the attempt; it never changes, so it is mostly in memory."""
    questions = queries.get_questions(session, [item.question_version_id for item in loaded.items])
    return AttemptView(
        loaded=loaded,
        outline=outline_of_activity(session, loaded.snapshot.activity_id),
        questions=questions,
        responses={item_id: clean_parts(answer.payload) for item_id, answer in loaded.responses.items()},
        files=list_files(session, [item.id for item in loaded.items if upload_limits(questions[item.question_version_id])]),
    )


def new_page_epoch(loaded: LoadedAttempt, now: datetime) -> int:
    """Give a page that opens the attempt a number above every earlier page's, whatever the clock does."""
    elapsed = int((now - loaded.row.started_at).total_seconds() * 1000)
    return (max(loaded.row.lease // 1000, elapsed) + 1) * 1000 + secrets.randbelow(1000)


@dataclass(frozen=True, slots=True)
class AttemptHeader:
    """The header of an attempt on its pages."""

    uuid: UUID
    number: int
    page: int
    pages: int
    lease: int
    attempts_allowed: int
    sequential: bool
    preview: bool
    state: str
    seconds_left: int | None
    ends_at: datetime | None
    at_end: str
    saved_at: datetime | None
    points: Decimal
    pass_percent: Decimal | None
    grading: str
    attempts_left_after: int | None


def _facts(loaded: LoadedAttempt, page: int, *, now: datetime) -> AttemptHeader:
    row, settings = loaded.row, loaded.snapshot.settings
    allowed = loaded.access.attempts
    left = None if not allowed else max(0, allowed - row.number)
    return AttemptHeader(
        uuid=row.uuid,
        number=row.number,
        page=page,
        pages=loaded.pages,
        lease=new_page_epoch(loaded, now),
        attempts_allowed=allowed,
        sequential=settings.navigation is Navigation.SEQUENTIAL,
        preview=row.preview,
        state=_state(loaded, now=now),
        seconds_left=seconds_left(loaded.clock, now=now),
        ends_at=loaded.end,
        at_end=loaded.setting_sources.at_end.value,
        saved_at=row.saved_at if loaded.answers else None,
        points=points(sum((item.maximum for item in loaded.items), Fraction(0))),
        pass_percent=None if settings.pass_mark is None else points(settings.pass_mark),
        grading=settings.grading.value,
        attempts_left_after=left,
    )


def _state(loaded: LoadedAttempt, *, now: datetime) -> str:
    """Return the state as time has it, also where nobody has written that down yet."""
    ruling = rule_on_time(loaded.clock, now=now)
    if ruling.may_answer:
        return loaded.row.state
    return (AttemptState.ABANDONED if ruling.event is AttemptEvent.ABANDON else AttemptState.OVERDUE).value


def _states(opened: AttemptView) -> dict[int, str]:
    convention = convention_for(opened.loaded.row.language)
    return {
        item.position: answer_state(opened.questions[item.question_version_id], item.layout, opened.responses.get(item.id), convention)
        for item in opened.loaded.items
        if item.number is not None
    }


def attempt_page(opened: AttemptView, page: int, *, now: datetime, message: QuestionMessage = NOTHING_SAID) -> dict[str, object]:
    """Return the content of one page of an attempt; `message` is the last request's about one of its questions."""
    loaded, convention = opened.loaded, convention_for(opened.loaded.row.language)
    shown, states = loaded.responses, _states(opened)
    checks = checks_of(loaded, opened.questions)
    answered = {position for position, state in states.items() if state not in ("unanswered", "invalid")}
    return {
        **opened.activity_header,
        "attempt": _facts(loaded, page, now=now),
        "notes_times": loaded.snapshot.integrity.times and not loaded.row.preview,
        "notes_focus": loaded.snapshot.integrity.focus and not loaded.row.preview and loaded.setting_sources.accommodation is None,
        "answered": len(answered),
        "flagged": sum(item.flagged for item in loaded.items),
        "total": len(states),
        "places": [
            {
                "place": item.position,
                "number": item.number,
                "page": item.page,
                "answered": item.position in answered,
                "flagged": item.flagged,
                "waiting": item.position in checks.waiting,
            }
            for item in loaded.items
        ],
        "section": _section(loaded, page),
        "checks": check_views(loaded, opened.questions, checks, page, message),
        "objections": _objections(opened) if takes_objections(loaded) else None,
        "questions": [
            view_question(
                item,
                opened.questions[item.question_version_id],
                opened.responses.get(item.id),
                shown[item.id].id if item.id in shown else 0,
                convention,
                UploadedFiles(opened.files_of(item), message.word if message.place == item.position else ""),
            )
            for item in loaded.items
            if item.page == page
        ],
    }


def _objections(opened: AttemptView) -> dict[int, ObjectionNote]:
    """Return the objections that were noted while answering, by place."""
    notes = {item.position: objection_in(opened.responses.get(item.id, {})) for item in opened.loaded.items}
    return {position: note for position, note in notes.items() if note is not None}


def _section(loaded: LoadedAttempt, page: int) -> dict[str, object] | None:
    """Return the title and words that stand at the head of a page."""
    entries = [entry for entry in json.loads(loaded.row.interludes) if entry["page"] == page]
    if not entries:
        return None
    title = next((choose(entry["title"]) for entry in entries if entry["title"]), "")
    text = SafeHtml.stored("".join(choose(entry["text"]) for entry in entries if entry["text"]))
    return {"title": title, "text": text}


def summary_page(opened: AttemptView, *, now: datetime) -> dict[str, object]:
    """Return what the summary before handing in shows."""
    loaded, convention, states = opened.loaded, convention_for(opened.loaded.row.language), _states(opened)
    open_pages = _open_pages(loaded, now)
    objected = _objections(opened) if takes_objections(loaded) else {}
    items = []
    for item in loaded.items:
        question = opened.questions[item.question_version_id]
        if item.number is not None:
            items.append(
                {
                    "place": item.position,
                    "number": item.number,
                    "page": item.page,
                    "title": short_title(question),
                    "language": text_language(question),
                    "state": states[item.position],
                    "flagged": item.flagged,
                    "objected": item.position in objected,
                    "reachable": item.page in open_pages,
                    "note": note_on(item, question, opened.responses.get(item.id, {}), convention),
                }
            )
    return {
        **opened.activity_header,
        "attempt": _facts(loaded, 1, now=now),
        "items": items,
        "unanswered": sum(state in ("unanswered", "invalid") for state in states.values()),
        "flagged": sum(item.flagged for item in loaded.items),
    }


def _open_pages(loaded: LoadedAttempt, now: datetime) -> range:
    if not rule_on_time(loaded.clock, now=now).may_answer:
        return range(0)
    reached = loaded.row.page_reached
    return range(reached, reached + 1) if loaded.snapshot.settings.navigation is Navigation.SEQUENTIAL else range(1, loaded.pages + 1)
