"""Attempts while they are answered: started, saved, checked answer by answer, submitted or closed, and moved to renamed keys."""

import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime
from enum import StrEnum
from fractions import Fraction
from hmac import compare_digest
from typing import Self, cast

from sqlalchemy import and_, delete, insert, or_, select
from sqlalchemy.orm import Session

from enrolments import enrolment
from enrolments.access import ActivityContext
from enrolments.enrolment import ActivityOutcome
from enrolments.models import Enrolment
from enrolments.progress import LockedEnrolment, lock_enrolment
from enrolments.rules import has_passed
from enrolments.takes import TakeSuperseded
from enrolments.versions import renumber_attempts
from kernel import audit
from kernel.bulk_rows import insert_rows
from kernel.errors import N_, Conflict
from kernel.permissions import Actor, ActorChannel
from questions import question_bank
from questions.question_bank import get_questions
from questions.rules import definitions
from questions.rules.answers import (
    MalformedAnswer,
    Parts,
    answer_from_page,
    clean_parts,
    filled_parts,
    page_from_answer,
    parts_of,
    payload_of,
)
from questions.rules.item_layout import LoadedItem
from questions.rules.marking import Marking, mark_answer
from questions.rules.numbers import convention_for
from quizzes import item_history, saves
from quizzes.attempts import (
    AttemptRow,
    LoadedAttempt,
    effective_settings_at,
    find_history,
    get_attempt,
    history_of,
    list_attempts,
    load_attempt,
    person_quiz_key,
    row_of,
)
from quizzes.draws import SEED_BITS, SIGN, draw_layout, form_of_next, item_rows, items_by_question, seen_before
from quizzes.effective_settings import lock_setting_sources
from quizzes.marks import as_decimal, counted_mark, find_valid_manual_marks, judge_by, list_corrections, mark_row, void_mark_of, write_grade
from quizzes.models import AnswerEvent, AnswerFile, Attempt, AttemptItem, MarkEvent, SelfAssessment
from quizzes.rules import states
from quizzes.rules.grades import (
    AnsweringState,
    AttemptGrade,
    Grade,
    QuestionMarker,
    can_be_checked,
    deciding_index,
    grade_over_attempts,
    is_finished,
)
from quizzes.rules.regrade import PresentMark, RegradePolicy, corrected, total_of, void_unless_lower
from quizzes.rules.settings import GIVES_FEEDBACK_AT_ONCE, AtEnd, EndedAttempt, QuizRecord, SettingSources, completed_at, is_within
from quizzes.rules.states import (
    ENDED_STATES,
    OPEN_STATES,
    AttemptClock,
    AttemptEvent,
    AttemptState,
    AttemptSummary,
    StartConditions,
    StartRuling,
    TimeRuling,
    advance,
    end_of,
    finishes_on_page_change,
    locked_places,
    may_start,
    page_to_show,
    rule_on_time,
    seconds_left,
)
from quizzes.saves import SaveRequest
from quizzes.snapshots import QuizSnapshot, get_snapshot, get_snapshot_of_activity


class NotConfirmed(Conflict):
    """The time of this quiz begins to run with the start, and nobody said yes to that yet."""

    message = N_("The timer starts when you start this quiz. Confirm that you want to begin.")


class NotDeclared(Conflict):
    """The quiz asks for a declaration, and it was not accepted: nothing begins, and no attempt is used."""

    message = N_("Accept the declaration to begin. No attempt has been used.")


def facts_of(row: AttemptRow, setting_sources: SettingSources) -> AttemptSummary:
    """Return the facts of an earlier attempt that the rules on starting need."""
    held = setting_sources.limit_of(row.started_at, row.extra_seconds)
    return AttemptSummary(
        number=row.number, state=row.state, started_at=row.started_at, finished_at=row.finished_at, limit=held, preview=row.preview
    )


@dataclass(frozen=True, slots=True)
class StartRequest:
    """A learner's request to start: the quiz password that they entered, that they know that time begins to run, and their declaration."""

    password: str | None = None
    """None where it was not asked for yet."""
    confirmed: bool = True
    declared: bool = True
    """They accepted the declaration, where the quiz has one."""


ASKED_NOTHING = StartRequest()


@dataclass(frozen=True, slots=True)
class AttemptStart:
    """The facts that decide on a start, read once: a person before a quiz, the settings in effect for them, and their attempts."""

    actor: Actor
    subject: ActivityContext
    snapshot: QuizSnapshot
    setting_sources: SettingSources
    history: Sequence[AttemptRow]
    draw_table: int = 0
    """The table by which a new attempt is drawn; 0 where none is going to be."""

    @property
    def is_preview(self) -> bool:
        """Return whether an attempt is a preview of somebody who edits the course: it counts nowhere."""
        return not self.subject.context.is_learner

    def ruling(self, entry: StartRequest, *, now: datetime) -> StartRuling:
        """Return whether an attempt may start now, with every reason why not (spec/quiz-engine 5.2.2).

        A password that was not asked for yet is no reason.
        """
        subject, access = self.subject, self.setting_sources.effective_settings()
        if subject.closed and subject.opens_later and not self.setting_sources.sets_opening:
            access = replace(access, opens=cast("datetime", subject.closed[1]))
        access = replace(access, closes=subject.context.end_for(access.closes, is_own=self.setting_sources.sets_closing))
        conditions = StartConditions(
            password_fits=entry.password is None
            or any(compare_digest(entry.password.encode(), word.encode()) for word in access.passwords),
            network_fits=is_within(access.networks, self.actor.address),
            prerequisites_met=subject.closed is None or subject.opens_later,
            preview=self.is_preview,
        )
        return may_start(access, [facts_of(row, self.setting_sources) for row in self.history], conditions, now=now)


def load_start(session: Session, actor: Actor, subject: ActivityContext) -> AttemptStart:
    """Load the facts that decide on a start of the actor, for pages."""
    snapshot = get_snapshot_of_activity(session, subject.activity.id)
    setting_sources = effective_settings_at(session, actor, subject, snapshot)
    return AttemptStart(actor, subject, snapshot, setting_sources, list_attempts(session, person_quiz_key(actor, subject)))


def lock_start(session: Session, actor: Actor, subject: ActivityContext) -> AttemptStart:
    """Load the facts that decide on a start once no other request of the actor's is starting something. Raise TakeSuperseded."""
    snapshot, key = get_snapshot_of_activity(session, subject.activity.id), person_quiz_key(actor, subject)
    setting_sources = lock_setting_sources(session, snapshot.published_settings, snapshot.settings, key)
    known = find_history(session, key, snapshot.quiz_version_id)
    if known is None:
        raise TakeSuperseded
    return AttemptStart(actor, subject, snapshot, setting_sources, known[0], draw_table=known[1])


def time_left(row: AttemptRow, setting_sources: SettingSources, *, now: datetime) -> int | None:
    """Return the seconds that an open attempt has left; None without an end."""
    end = end_of(setting_sources.effective_settings(row.started_at), row.started_at, exempt=row.preview, extra=row.extra_seconds)
    return seconds_left(AttemptClock(row.state, end), now=now)


def delete_previews_of(session: Session, person_id: int, subject: ActivityContext) -> None:
    """Delete a person's previews of a quiz (spec/quiz-engine 5.2.7): they count nowhere, and their numbers are free again."""
    mine = (Attempt.person_id == person_id, Attempt.course_id == subject.context.course_id, Attempt.activity_key == subject.activity.key)
    delete_person_attempts(session, list(session.scalars(select(Attempt.id).where(*mine, Attempt.preview))))


def delete_person_attempts(session: Session, attempts: Sequence[int]) -> None:
    """Delete attempts that count nowhere, with all that was answered and marked in them."""
    items = select(AttemptItem.id).where(AttemptItem.attempt_id.in_(attempts))
    for table in (MarkEvent, AnswerEvent, AnswerFile, SelfAssessment):
        session.execute(delete(table).where(table.item_id.in_(items)))
    session.execute(delete(AttemptItem).where(AttemptItem.attempt_id.in_(attempts)))
    session.execute(delete(Attempt).where(Attempt.id.in_(attempts)))


@dataclass(frozen=True, slots=True)
class QuestionChecks:
    """Where the questions of an open attempt stand; empty where the quiz gives no feedback at once."""

    answering_states: Mapping[int, AnsweringState]
    """By place, of the questions that can be checked."""
    locked: frozenset[int] = frozenset()
    """Places that take no more answers."""
    waiting: frozenset[int] = frozenset()
    """Places that open when the question before them is finished."""

    @property
    def closed(self) -> frozenset[int]:
        """Return the places that take no answers now."""
        return self.locked | self.waiting


def marker_of(loaded: LoadedAttempt, item: LoadedItem, question: definitions.QuestionDefinition) -> QuestionMarker:
    """Return the marker that decides about the answers to an item."""
    return QuestionMarker(loaded.snapshot.settings.behaviour, question, item.layout, convention_for(loaded.row.language))


def checked_parts(loaded: LoadedAttempt, item: LoadedItem) -> list[Parts]:
    """Return the responses to an item that the learner had checked, in their order."""
    return [clean_parts(answer.payload) for answer in loaded.checked(item.id)]


def checks_of(loaded: LoadedAttempt, questions: Mapping[int, definitions.QuestionDefinition]) -> QuestionChecks:
    """Return where the questions of an attempt stand, of questions that are read already."""
    behaviour = loaded.snapshot.settings.behaviour
    if behaviour not in GIVES_FEEDBACK_AT_ONCE:
        return QuestionChecks({})
    responses = {item_id: clean_parts(answer.payload) for item_id, answer in loaded.responses.items()}
    answering_states, finished = dict[int, AnsweringState](), list[int]()
    for item in loaded.items:
        marker, checked = marker_of(loaded, item, questions[item.question_version_id]), checked_parts(loaded, item)
        if can_be_checked(behaviour, marker.question):
            answering_states[item.position] = marker.after(checked)
        if is_finished(marker, checked, responses.get(item.id)):
            finished.append(item.position)
    return QuestionChecks(
        answering_states,
        locked=frozenset(position for position, answering in answering_states.items() if answering.locked),
        waiting=locked_places(loaded.items, finished, behaviour),
    )


def get_checks(session: Session, loaded: LoadedAttempt) -> QuestionChecks:
    """Return where the questions of an attempt stand; one statement where a question is not in memory, none without checks."""
    if loaded.snapshot.settings.behaviour not in GIVES_FEEDBACK_AT_ONCE:
        return QuestionChecks({})
    return checks_of(loaded, question_bank.get_questions(session, [item.question_version_id for item in loaded.items]))


class CheckOutcome(StrEnum):
    """The outcome of a request for a check."""

    MARKED = "marked"
    REPEATED = "repeated"
    """This answer was checked before: nothing changes, nothing is lost."""
    NOTHING = "nothing"
    """There is nothing to check: no answer, or one that cannot be read."""
    CHANGED = "changed"
    """What the server holds is not what the page showed: the learner should look before checking."""
    CLOSED = "closed"
    """This question takes no check (any more)."""


def check_answer(session: Session, loaded: LoadedAttempt, position: int, shown: Parts, *, now: datetime) -> CheckOutcome:
    """Mark the response of one question as a try of its learner, right after `save_answers` has kept what the page held.

    `shown` is what the page showed when it was asked to check. Asking twice for the same answer, by a double click or a request that
    is sent again, has no effect: each stored answer is checked at most once. Blank and unreadable answers cost no try.
    """
    item = loaded.item_at(position)
    if item is None or position in get_checks(session, loaded).closed:
        return CheckOutcome.CLOSED
    question = get_questions(session, [item.question_version_id])[item.question_version_id]
    if not can_be_checked(loaded.snapshot.settings.behaviour, question):
        return CheckOutcome.CLOSED
    answer_id, parts = _response(session, item)
    if filled_parts(parts) != filled_parts(shown):
        return CheckOutcome.CHANGED
    marker, before = marker_of(loaded, item, question), checked_parts(loaded, item)
    if answer_id is None or not marker.is_readable(parts):
        return CheckOutcome.NOTHING
    if not marker.costs_a_try(before, parts) or answer_id in [answer.id for answer in loaded.checked(item.id)]:
        return CheckOutcome.REPEATED
    session.execute(insert(MarkEvent), [mark_row(item.id, marker.after([*before, parts]), now, answer_id=answer_id)])
    return CheckOutcome.MARKED


def _response(session: Session, item: LoadedItem) -> tuple[int | None, Parts]:
    """Return the newest answer to an item with what this request has just saved."""
    statement = select(AnswerEvent.id, AnswerEvent.payload).where(AnswerEvent.item_id == item.id)
    row = session.execute(statement.order_by(AnswerEvent.lease.desc(), AnswerEvent.seq.desc()).limit(1)).one_or_none()
    return (None, {}) if row is None else (row.id, clean_parts(json.loads(row.payload)))


class QuizVerb(audit.Verb):
    """The audit verbs of attempts."""

    STARTED = "attempt.started", N_("Started an attempt")
    SUBMITTED = "attempt.submitted", N_("Submitted an attempt")
    ABANDONED = "attempt.abandoned", N_("An attempt ended without being submitted")


class AttemptNotAllowed(Conflict):
    """An attempt may not start now; the facts say why."""

    code = "cannot_start"
    message = N_("This quiz cannot be started now.")


class TimeIsUp(Conflict):
    """The attempt's time ended: no answer is taken any more. By default what was saved before counts."""

    message = N_("Time is up. The answers saved before the end are submitted.")

    @classmethod
    def of(cls, loaded: LoadedAttempt, ruling: TimeRuling) -> Self:
        """Return the outcome of the saved answers of this attempt."""
        if ruling.event is AttemptEvent.ABANDON:
            return cls(N_("Time ran out before this attempt was submitted, so it has no grade."))
        if loaded.setting_sources.at_end is AtEnd.GRACE:
            return cls(N_("Time is up. No more answers are accepted, but you can still submit what was saved."))
        return cls()


class AlreadySubmitted(Conflict):
    """Answers that come after handing in are not stored."""

    message = N_("This attempt has already been submitted, so its answers can't be changed.")


def start_attempt(
    session: Session, actor: Actor, subject: ActivityContext, language: str, entry: StartRequest = ASKED_NOTHING, *, now: datetime
) -> Attempt:
    """Start an attempt, or return the one that is open; raise NotConfirmed, NotDeclared, AttemptNotAllowed, TakeSuperseded or EmptyPool.

    Everything the attempt will ever show is drawn from one seed and frozen here. Who edits the course starts previews, and an
    ended preview is forgotten when the next attempt starts.
    """
    start = lock_start(session, actor, subject)
    ruling = start.ruling(replace(entry, password=entry.password or ""), now=now)
    if ruling.open_number is not None:
        open_one = next(row for row in start.history if row.number == ruling.open_number)
        return session.execute(select(Attempt).where(Attempt.uuid == open_one.uuid)).scalar_one()
    if not ruling.allowed:
        raise AttemptNotAllowed(reasons=[refusal.reason.value for refusal in ruling.refusals])
    if ruling.needs_confirmation and not entry.confirmed:
        raise NotConfirmed
    if start.snapshot.integrity.honour and not start.is_preview and not entry.declared:
        raise NotDeclared
    if any(row.preview for row in start.history):
        delete_previews_of(session, actor.person_id or 0, subject)
    return _add_attempt(session, start, language, now=now)


def _load_last(session: Session, start: AttemptStart) -> LoadedAttempt | None:
    """Return the attempt on which a new one builds, where the quiz says so."""
    ended = [row for row in start.history if _is_counted(row)] if start.snapshot.settings.build_on_last else []
    return get_attempt(session, start.actor, ended[-1].uuid) if ended else None


def _add_attempt(session: Session, start: AttemptStart, language: str, *, now: datetime) -> Attempt:
    """Draw an attempt that may start, and keep it."""
    actor, subject, snapshot, preview = start.actor, start.subject, start.snapshot, start.is_preview
    assert actor.person_id is not None
    last, seed = _load_last(session, start), secrets.randbits(SEED_BITS)
    number = 1 + sum(not row.preview for row in start.history)
    seen = seen_before(session, snapshot, actor.person_id, subject.context.course_id, subject.context.enrolment_id, number)
    form = form_of_next(session, snapshot, seed, actor.person_id, subject, seen)
    drawn = draw_layout(session, snapshot, seed, seen=seen, last=last, form=form, table=start.draw_table)
    attempt = Attempt(
        person_id=actor.person_id,
        enrolment_id=subject.context.enrolment_id,
        course_id=subject.context.course_id,
        activity_key=subject.activity.key,
        quiz_version_id=snapshot.quiz_version_id,
        number=number,
        state=AttemptState.IN_PROGRESS.value,
        preview=preview,
        seed=seed - SIGN,
        form=form.name if form is not None else "",
        draw_table=start.draw_table,
        least_seen=drawn.layout.least_seen,
        language=language,
        lease=0,
        interludes=json.dumps([asdict(interlude) for interlude in drawn.layout.interludes], ensure_ascii=False),
        started_at=now,
        due_at=end_of(start.setting_sources.effective_settings(now), now, exempt=preview),
        declared_at=now if snapshot.integrity.honour and not preview else None,
        saved_at=now,
        maximum=as_decimal(sum((item.mark for item in drawn.layout.items), Fraction(0))),
    )
    session.add(attempt)
    session.flush()  # its items point to it
    insert_rows(session, AttemptItem, item_rows(attempt.id, drawn))
    if last:
        _copy_responses(session, attempt.id, last, now=now)
    audit.record(session, actor, QuizVerb.STARTED, attempt, now=now, activity=attempt.activity_key, number=attempt.number, preview=preview)
    enrolment.begin_enrolment(session, actor, subject.context, now=now)
    return attempt


def _copy_responses(session: Session, attempt_id: int, last: LoadedAttempt, *, now: datetime) -> None:
    """Begin with the last responses (spec/quiz-engine 5.2.3), translated to newer question versions; what these lack is left out."""
    loaded, responses, before = load_attempt(session, attempt_id), last.responses, items_by_question(session, last)
    rows = []
    for key, item in items_by_question(session, loaded).items():
        earlier = before.get(key)
        if earlier is None or earlier.id not in responses:
            continue
        questions = get_questions(session, [earlier.question_version_id, item.question_version_id])
        old, new = questions[earlier.question_version_id], questions[item.question_version_id]
        answer = answer_from_page(old, earlier.layout, payload_of(old, clean_parts(responses[earlier.id].payload)))
        if old.kind is new.kind and not isinstance(answer, MalformedAnswer):
            parts = parts_of(new, page_from_answer(new, item.layout, answer))
            event = states.AnswerSave(item.position, states.AnswerSequence(1, 1), parts)
            rows.append(saves.event_row(loaded, event, SaveRequest(1, (), "import"), now))
    insert_rows(session, AnswerEvent, rows)


@dataclass(frozen=True, slots=True)
class SaveReceipt:
    """The server's receipt: per position the highest counter saved without a gap, and newer answers by position."""

    acknowledged: Mapping[int, int]
    newer_answers: Mapping[int, Mapping[str, object]]
    seconds_left: int | None
    state: AttemptState
    closed: frozenset[int] = frozenset()
    """Places for which answers came although they take none (any more): what counts of them is in `newer_answers`."""


PlannedSave = tuple[saves.PlannedAnswers, SaveReceipt]
"""The plan of a save, made from an attempt as it was read: its answers, and what its sender is told."""


def save_answers(
    session: Session, loaded: LoadedAttempt, batches: Sequence[SaveRequest], offline_in_time: Sequence[SaveRequest] = (), *, now: datetime
) -> SaveReceipt:
    """Keep answers; raise AlreadySubmitted or TimeIsUp where they come too late, and nothing of them is kept.

    After the end those count that are `offline_in_time`, as long as the quiz's window for that is open (spec/quiz-engine 5.3.9).

    The same answer twice has no effect, an older one is kept as history. Even where nothing is new the attempt is written,
    so that what is acknowledged has been committed by this very request (spec/security 6.3).
    """
    planned = plan_save(session, loaded, batches, offline_in_time, now=now)
    write_save(session, loaded, planned, loaded.row.integrity_record, now=now)
    return planned[1]


def write_save(session: Session, loaded: LoadedAttempt, planned: PlannedSave, record: str, *, now: datetime) -> None:
    """Write a planned save; `record` is the integrity record of its attempt from now on."""
    answers, receipt = planned
    saves.write_answers(session, loaded, answers, state=receipt.state.value, record=record, now=now)


def plan_save(
    session: Session, loaded: LoadedAttempt, batches: Sequence[SaveRequest], offline_in_time: Sequence[SaveRequest] = (), *, now: datetime
) -> PlannedSave:
    """Return the rows that a save writes, as the attempt was read; raise as `save_answers` does, which writes them."""
    state = AttemptState(loaded.row.state)
    if state in ENDED_STATES:
        raise AlreadySubmitted
    ruling = rule_on_time(loaded.clock, now=now)
    if not ruling.may_answer:
        if not (ruling.may_accept_offline and offline_in_time):
            raise TimeIsUp.of(loaded, ruling)
        batches = offline_in_time
    if ruling.event is not None:
        state = advance(state, ruling.event)
    batches, refused = _without_closed(session, loaded, batches)
    stored = saves.stored_events(loaded)
    merge, answers = saves.merge_answers(loaded, stored, batches, now=now)
    page_epoch = max((batch.page_epoch for batch in batches), default=0)
    overtaken = {arrival.event.position for arrival in merge.arrivals if arrival.outcome is states.SaveOutcome.OVERTAKEN}
    current = {position: event.payload for position, event in merge.current.items()}
    receipt = SaveReceipt(
        acknowledged=states.acknowledged([*stored, *merge.added], page_epoch),
        newer_answers={position: current.get(position, {}) for position in overtaken | refused},
        closed=refused,
        seconds_left=seconds_left(loaded.clock, now=now),
        state=state,
    )
    return answers, receipt


def check_takes_answers(loaded: LoadedAttempt, *, now: datetime) -> None:
    """Raise AlreadySubmitted or TimeIsUp where an attempt takes no answers now."""
    if AttemptState(loaded.row.state) in ENDED_STATES:
        raise AlreadySubmitted
    ruling = rule_on_time(loaded.clock, now=now)
    if not ruling.may_answer:
        raise TimeIsUp.of(loaded, ruling)


def _without_closed(session: Session, loaded: LoadedAttempt, batches: Sequence[SaveRequest]) -> tuple[list[SaveRequest], frozenset[int]]:
    """Leave out answers to questions that are locked after a check or wait for another: they change nothing; return their places."""
    closed = get_checks(session, loaded).closed
    refused = frozenset(event.position for batch in batches for event in batch.events if event.position in closed)
    open_ones = [replace(batch, events=tuple(event for event in batch.events if event.position not in closed)) for batch in batches]
    return open_ones, refused


def submit_attempt(
    session: Session,
    actor: Actor,
    loaded: LoadedAttempt,
    batches: Sequence[SaveRequest],
    offline_in_time: Sequence[SaveRequest] = (),
    *,
    now: datetime,
) -> None:
    """Hand an attempt in, with the answers that come with it, and mark it. A second time changes nothing.

    After the end of its time the answers that come with it are left out but for those `offline_in_time` (spec/quiz-engine 5.3.9), and what
    was saved before counts.
    """
    if AttemptState(loaded.row.state) in ENDED_STATES:
        loaded.row.saved_at = now
        return
    ruling = rule_on_time(loaded.clock, now=now)
    if not ruling.may_submit:
        close_if_overdue(session, actor, loaded, now=now)
        return
    responses = _responses(loaded)
    if not ruling.may_answer:
        batches = offline_in_time if ruling.may_accept_offline else ()
    if batches:
        merge, answers = saves.merge_answers(loaded, saves.stored_events(loaded), _without_closed(session, loaded, batches)[0], now=now)
        row = loaded.row
        saves.write_answers(session, loaded, answers, state=row.state, record=row.integrity_record, now=now)
        responses = {loaded.items[position - 1].id: event.payload for position, event in merge.current.items()}
    finish(session, actor, loaded, responses, finished_at=ruling.finished_at or now, now=now)


def _responses(loaded: LoadedAttempt) -> dict[int, object]:
    return {item_id: answer.payload for item_id, answer in loaded.responses.items()}


def resume_attempt(session: Session, actor: Actor, loaded: LoadedAttempt, page: int, *, now: datetime) -> int | None:
    """Go to a page of an attempt and return it; None if so little time is left that it is finished instead (spec/quiz-engine 5.3.5).

    Where one goes forward only, the next page is the only other one there is (spec/quiz-engine 5.5).
    """
    if finishes_on_page_change(loaded.clock, now=now):
        finish(session, actor, loaded, _responses(load_attempt(session, loaded.id)), finished_at=now, now=now)
        return None
    page = page_to_show(loaded.snapshot.settings.navigation, page, current=loaded.row.page_reached, pages=loaded.pages)
    loaded.row.page_reached = max(loaded.row.page_reached, page)
    return page


def close_if_overdue(session: Session, actor: Actor, loaded: LoadedAttempt, *, now: datetime) -> None:
    """Do to an attempt what its time demands: submit what was saved, abandon it, or nothing yet but to note when it is due."""
    ruling = rule_on_time(loaded.clock, now=now)
    if ruling.event is AttemptEvent.SUBMIT:
        finish(session, actor, loaded, _responses(loaded), finished_at=ruling.finished_at or now, now=now)
    elif ruling.event is None:
        loaded.row.due_at = loaded.end
    else:
        loaded.row.state = advance(AttemptState(loaded.row.state), ruling.event).value
        if ruling.event is AttemptEvent.ABANDON:
            loaded.row.finished_at = ruling.finished_at
            audit.record(session, actor, QuizVerb.ABANDONED, loaded.row, now=now)
            if loaded.row.enrolment_id is not None and not loaded.row.preview:
                record_quiz_result(session, actor, loaded, now=now)


def mark_item(item: LoadedItem, question: definitions.QuestionDefinition, response: object, language: str) -> Marking:
    """Mark one stored response by the frozen question; an absent one is not answered."""
    answer = answer_from_page(question, item.layout, payload_of(question, clean_parts(response)))
    return mark_answer(question, answer, item.layout, convention_for(language))


def finish(
    session: Session, actor: Actor, loaded: LoadedAttempt, responses: Mapping[int, object], *, finished_at: datetime, now: datetime
) -> Grade:
    """Mark every item by its tries and its response, keep the grade, and hand the result down to the learner's progress.

    Of an attempt that was reopened the marks that a person gave stay, where the answer is the one that was marked.
    The earned mark of an item is what a person or the program gives its answer; the counted one is that, or what voiding makes of it.
    """
    row = loaded.row
    progress = _lock_progress(session, loaded) if row.enrolment_id is not None and not row.preview else None
    questions = get_questions(session, [item.question_version_id for item in loaded.items])
    manual_marks, corrections = find_valid_manual_marks(session, loaded, responses), list_corrections(session, loaded, questions)
    held: dict[int, PresentMark] = {}
    marks = []
    for item in loaded.items:
        question, manual_mark = questions[item.question_version_id], manual_marks.get(item.id)
        checked, response = checked_parts(loaded, item), clean_parts(responses.get(item.id))
        earned_mark = manual_mark or marker_of(loaded, item, question).at_end(checked, response)
        if manual_mark is None:
            marks.append(mark_row(item.id, earned_mark, now))
        for correction in corrections.get(item.question_version_id, ()):
            if manual_mark is not None and not correction.regrade.with_manual:
                continue
            judged = judge_by(marker_of(loaded, item, correction.question), question, checked, response)
            earned = Marking(earned_mark.state, earned_mark.fraction)
            if corrected(RegradePolicy(correction.regrade.policy), earned, judged) is judged:
                marks.append(mark_row(item.id, judged, now, regrade_id=correction.regrade.id))
                earned_mark = judged
        held[item.id] = counted_mark(session, item, question, earned_mark, manual_mark)
    decided = void_unless_lower(held)
    for item in loaded.items:
        void_mark = decided.get(item.id) or void_mark_of(session, item, manual_marks.get(item.id))
        if void_mark is not None:  # after what the answer is worth, which lifting the voiding gives back
            marks.append(mark_row(item.id, void_mark, now, regrade_id=item.voided_by))
    grade = total_of(held, decided, loaded.snapshot.settings)
    row.state = advance(advance(AttemptState(row.state), AttemptEvent.SUBMIT), AttemptEvent.FINISH).value
    row.submitted_at = row.finished_at = finished_at
    row.saved_at = now
    write_grade(row, grade)
    audit.record(session, actor, QuizVerb.SUBMITTED, row, now=now, activity=row.activity_key, number=row.number)
    if progress is not None:
        _record_result(session, actor, loaded, progress, now=now)
    insert_rows(session, MarkEvent, marks)  # what is decided before, nobody waits for
    item_history.add_finished(session, loaded, held)
    return grade


def record_quiz_result(session: Session, actor: Actor, loaded: LoadedAttempt, *, now: datetime) -> None:
    """Record in progress what all attempts together mean for the activity, by the version of the last one that has ended."""
    _record_result(session, actor, loaded, _lock_progress(session, loaded), now=now)


def _lock_progress(session: Session, loaded: LoadedAttempt) -> tuple[LockedEnrolment, list[AttemptRow]]:
    """Return the enrolment of an attempt, locked, and what all its attempts were before this one was changed."""
    assert loaded.row.enrolment_id is not None
    with session.no_autoflush:  # this attempt is taken as it is now, everything is written at once
        locked = lock_enrolment(
            session, loaded.row.enrolment_id
        )  # first: what somebody else ends or marks at this moment is in the history
        return locked, history_of(session, loaded)


def _record_result(
    session: Session, actor: Actor, loaded: LoadedAttempt, progress: tuple[LockedEnrolment, list[AttemptRow]], *, now: datetime
) -> None:
    row, (locked, history) = loaded.row, progress
    ended = [
        attempt for attempt in (row_of(row) if attempt.number == row.number else attempt for attempt in history) if _is_counted(attempt)
    ]
    settings = get_snapshot(session, ended[-1].quiz_version_id if ended else row.quiz_version_id).settings
    grades = [AttemptGrade(attempt.number, attempt.percent, abandoned=attempt.state is AttemptState.ABANDONED) for attempt in ended]
    score = grade_over_attempts(settings.grading, grades)
    record = QuizRecord(viewed_at=history[0].started_at, attempts=tuple(_ended(attempt) for attempt in ended))
    completed = completed_at(
        settings.completion, record, pass_mark=settings.pass_mark, grading=settings.grading, allowed=loaded.access.attempts
    )
    shown = None if score is None else max(Fraction(0), min(Fraction(100), score))
    used_up = 0 < loaded.access.attempts <= len(ended)
    outcome = ActivityOutcome(
        completed is not None,
        shown,
        has_passed(score, settings.pass_mark),
        exhausted=used_up,
        achieved_at=completed,
        submitted_at=ended[deciding_index(settings.grading, grades)].finished_at if ended else None,
    )
    enrolment.record_result_on_locked(session, actor, locked, row.activity_key, outcome, now=now)


def _is_counted(row: AttemptRow) -> bool:
    return row.state in ENDED_STATES and not row.preview


def _ended(row: AttemptRow) -> EndedAttempt:
    abandoned = row.state is AttemptState.ABANDONED
    return EndedAttempt(row.finished_at or row.started_at, row.percent, row.finished_at, row.preview, abandoned)


def set_flag(session: Session, loaded: LoadedAttempt, position: int, *, flagged: bool) -> None:
    """Mark a question to come back to, or take the mark away; it has no effect on the grade."""
    item = loaded.item_at(position)
    if item is not None:
        session.get_one(AttemptItem, item.id).flagged = flagged


def rename_attempts(session: Session, enrolment_id: int, renames: Mapping[str, str], now: datetime) -> None:
    """Move the attempts of a take to the present keys of their quizzes; where several quizzes became one, they all count there.

    Previews of these quizzes that the person made as one of the team are forgotten: their numbers may be the same (spec/quiz-engine 5.2.7).
    """
    person_id, course_id = session.execute(select(Enrolment.person_id, Enrolment.course_id).where(Enrolment.id == enrolment_id)).one()
    preview = and_(Attempt.preview, Attempt.person_id == person_id, Attempt.course_id == course_id)
    of_quizzes = Attempt.activity_key.in_([*renames, *renames.values()])
    mine = select(Attempt).where(or_(Attempt.enrolment_id == enrolment_id, preview), of_quizzes)
    rows = session.scalars(mine.order_by(Attempt.started_at, Attempt.id).with_for_update()).all()
    learner_attempts = [row for row in rows if not row.preview]
    if not any(row.activity_key in renames for row in learner_attempts):
        return
    if len(learner_attempts) < len(rows):
        delete_person_attempts(session, [row.id for row in rows if row.preview])
    _leave_one_open(session, learner_attempts, renames, now=now)
    renumber_attempts(session, learner_attempts, renames)
    session.flush()  # whoever reads next finds them there


def _leave_one_open(session: Session, learner_attempts: Sequence[Attempt], renames: Mapping[str, str], *, now: datetime) -> None:
    """Submit what is open beside the attempt last worked on, as it was saved: a quiz has one open attempt at most."""
    open_ones: dict[str, Attempt] = {}
    for row in sorted((row for row in learner_attempts if row.state in OPEN_STATES), key=lambda row: row.saved_at):
        earlier = open_ones.get(renames.get(row.activity_key, row.activity_key))
        if earlier is not None:
            submit_attempt(session, Actor(via=ActorChannel.JOB), load_attempt(session, earlier.id), [], now=now)
            session.flush()  # what it means for the learner is written
        open_ones[renames.get(row.activity_key, row.activity_key)] = row
