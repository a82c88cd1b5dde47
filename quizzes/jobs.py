"""Background jobs of quizzes: overdue attempts, notices, large regrades, and the counts and draw tables of each night.

They submit attempts whose time has ended (spec/quiz-engine 5.3.6), notify learners of marked ones (spec/quiz-engine 5.11.1), of time
given and of changed marks, regrade large quizzes (spec/quiz-engine 5.11.3) and let their statistics be computed (spec/quiz-engine 5.12).
"""

from collections.abc import Callable, Mapping
from datetime import date, timedelta
from enum import StrEnum

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from accounts.rules import NoticeKind
from courses.versions import find_published_version, get_outline
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.muting import source_of
from enrolments.notices import GRADED_NOTICE
from kernel import outbox
from kernel.i18n import DEFAULT_ZONE, _, choose, in_every_language
from kernel.outbox import Delivery, Effect
from kernel.permissions import Actor, ActorChannel
from quizzes import answering, draws, dry_runs, regrades, regrading
from quizzes import notices as telling
from quizzes.attempts import list_due, load_attempt
from quizzes.effective_settings import outline_of_activity
from quizzes.item_history import QUIZZES_AT_ONCE, count_attempts_of, keep_count, list_uncounted, note_corrected
from quizzes.models import Attempt, Regrade
from quizzes.notices import REOPENED_NOTICE, notify_offers
from quizzes.overrides import (
    AffectedAttempts,
    OpenAttempt,
    OverrideVerb,
    copy_overrides,
    list_open_attempts,
    list_used_up,
    record_due_dates,
    scope_of_accommodation,
    scope_of_group,
    scope_of_incident,
    scope_of_override,
)
from quizzes.regrading import list_offers, move_former_reviews
from quizzes.rules.states import NETWORK_TOLERANCE

CLOSE_EVERY = 60
PLAN_EVERY = 3600
MOVE_EVERY, MOVED_AT_ONCE = 3600, 500
PAGE = 200


def close_due(delivery: Delivery) -> None:
    """Settle every open attempt whose end, with the network's tolerance, has passed; each in a transaction of its own.

    One that cannot be settled does not keep the others open: its error is raised when they are done, and the job is tried again.
    """
    actor = Actor(via=ActorChannel.JOB)
    last, failed = 0, list[Exception]()
    while due := _list_due(delivery, last):
        for attempt_id in due:
            try:
                _settle(delivery, actor, attempt_id)
            except (SQLAlchemyError, ValueError, LookupError) as error:
                failed.append(error)
        last = due[-1]
    if failed:
        raise failed[0]


def _settle(delivery: Delivery, actor: Actor, attempt_id: int) -> None:
    with delivery.database.unit_of_work() as session:
        session.get_one(Attempt, attempt_id, with_for_update=True)
        answering.close_if_overdue(session, actor, load_attempt(session, attempt_id), now=delivery.now)


def _list_due(delivery: Delivery, after: int) -> list[int]:
    with delivery.database.unit_of_work(write=False) as session:
        return list_due(session, now=delivery.now - NETWORK_TOLERANCE, after=after, limit=PAGE)


def notify_marked(delivery: Delivery) -> Effect:
    """Notify a learner that everything in an attempt is marked; the marks themselves stay behind the sign-in."""
    return _notify_learner(
        delivery,
        GRADED_NOTICE,
        "attempt-marked",
        lambda title: _("Your answers in “%(title)s” have been marked", title=title),
        lambda course: _("The course team of “%(course)s” has marked the work you submitted.", course=course),
        page="/review",
    )


def notify_reopened(delivery: Delivery) -> Effect:
    """Notify a learner that an attempt is open again."""
    return _notify_learner(
        delivery,
        REOPENED_NOTICE,
        "attempt-reopened",
        lambda title: _("Your attempt at “%(title)s” is open again", title=title),
        lambda course: _("You can continue it in the course “%(course)s”. Your answers are still there.", course=course),
    )


def _notify_learner(
    delivery: Delivery, kind: NoticeKind, key: str, subject: Callable[[str], str], words: Callable[[str], str], *, page: str = ""
) -> Effect:
    """Notify the learner of an attempt: the subject names the quiz, the words the course."""
    with delivery.database.unit_of_work(write=False) as session:
        loaded = load_attempt(session, delivery.number("attempt"))
        outline = outline_of_activity(session, loaded.snapshot.activity_id)
    title = outline.by_key[loaded.snapshot.activity_key].title
    message = Message(
        kind,
        key=f"{key}:{loaded.uuid}:{delivery.job_id}",
        subject=in_every_language(lambda: subject(choose(title))),
        words=in_every_language(lambda: words(choose(outline.title))),
        path=f"/attempts/{loaded.uuid}{page}",
        source=source_of(outline.course_id),
    )
    return lambda session: notices.notify(session, message, [loaded.person_id], now=delivery.now)


def _notify_all(delivery: Delivery, notify_some: Callable[..., int | None], subject: int) -> None:
    """Notify everyone, a batch in each transaction; after a failure no one is notified twice."""
    after: int | None = 0
    while after is not None:
        with delivery.database.unit_of_work() as session:
            after = notify_some(session, subject, after=after, now=delivery.now)


def notify_override(delivery: Delivery) -> None:
    """Notify learners of an override that gives them something."""
    _notify_all(delivery, telling.notify_override, delivery.number("override"))


def notify_incident(delivery: Delivery) -> None:
    """Notify learners of the time that was given to their open attempts."""
    _notify_all(delivery, telling.notify_incident, delivery.number("incident"))


def notify_regrade(delivery: Delivery) -> None:
    """Notify learners that a regrade changed their mark, or that it was undone; the history of its questions is counted anew.

    What objections changed is told with their outcome.
    """
    subject, verb = delivery.number("subject"), delivery.arguments.get("verb")
    with delivery.database.unit_of_work() as session:
        note_corrected(session, dry_runs.list_quiz_versions(session, subject))
        is_outcome = session.get_one(Regrade, subject).for_objection and verb == regrading.RegradeVerb.COMMITTED.value
    if not is_outcome:
        _notify_all(delivery, telling.notify_regrade, subject)


NIGHT = timedelta(hours=2)
"""When the statistics of all quizzes are looked at, by the clock of the institution: most are not learning then."""


def move_reviews(delivery: Delivery) -> None:
    """Move what processes of 0.2.0 let administrators decide after a regrade, in portions; done again there is nothing left to do."""
    while True:
        with delivery.database.unit_of_work() as session:
            moved = move_former_reviews(session, Actor(via=ActorChannel.JOB), limit=MOVED_AT_ONCE, now=delivery.now)
        if moved < MOVED_AT_ONCE:
            return


def night_of(delivery: Delivery) -> date:
    """Return the day to whose night a job belongs, by the clock of the institution."""
    return (delivery.now.astimezone(DEFAULT_ZONE) - NIGHT).date()


def plan_analyses(delivery: Delivery) -> Effect:
    """Add, once each night or as soon as the server runs again, the jobs that look for statistics and histories of other attempts."""
    night = night_of(delivery)

    def write(session: Session) -> None:
        for kind in ("quizzes.order_analyses", "quizzes.fill_history"):
            if not outbox.is_known(session, f"{kind}@{night}"):
                outbox.enqueue(session, kind, {}, now=delivery.now, unique_key=f"{kind}@{night}")

    return write


def fill_history(delivery: Delivery) -> Effect:
    """Count the history of quiz versions that wait for it, each in a transaction of its own: of a worker that dies the next takes the rest.

    Attempts that end meanwhile make the count another one; it is made once more, then left to the next night. Draw tables go by what was
    counted, so their job is added at the end.
    """
    last = 0
    while True:
        with delivery.database.unit_of_work(write=False) as session:
            waiting = list_uncounted(session, after=last, limit=QUIZZES_AT_ONCE)
        if not waiting:
            return lambda session: _add_draw_tables(session, delivery)
        for quiz_version_id in waiting:
            if not _count_history(delivery, quiz_version_id):
                _count_history(delivery, quiz_version_id)
        last = waiting[-1]


def _count_history(delivery: Delivery, quiz_version_id: int) -> bool:
    with delivery.database.unit_of_work(write=False) as session:
        counted = count_attempts_of(session, quiz_version_id)
    with delivery.database.unit_of_work() as session:
        return keep_count(session, quiz_version_id, counted)


def _add_draw_tables(session: Session, delivery: Delivery) -> None:
    kind, night = "quizzes.make_draw_tables", night_of(delivery)
    if not outbox.is_known(session, f"{kind}@{night}"):
        outbox.enqueue(session, kind, {"night": night.isoformat()}, now=delivery.now, unique_key=f"{kind}@{night}")


def make_draw_tables(delivery: Delivery) -> None:
    """Make the draw table of a night for each balanced quiz whose answers changed it, each in a transaction of its own.

    A second delivery, after a worker that died, makes those that are missing: no quiz has two of one night.
    """
    night, last = date.fromisoformat(delivery.text("night")), 0
    while True:
        with delivery.database.unit_of_work(write=False) as session:
            balanced = draws.list_balanced(session, after=last, limit=QUIZZES_AT_ONCE)
        if not balanced:
            return
        for quiz_version_id in balanced:
            with delivery.database.unit_of_work(write=False) as session:
                table = draws.compute_table(session, quiz_version_id)
            if table is not None:
                with delivery.database.unit_of_work() as session:
                    draws.keep_table(session, table, night, now=delivery.now)
        last = balanced[-1]


PORTIONS = 60
"""Portions of a dry run that one job makes: well within its lease; the rest is the next job's."""


def plan_regrade(delivery: Delivery) -> Effect | None:
    """Make a large dry run, each batch in a transaction of its own; the remainder is a new job."""
    regrade_id = delivery.number("regrade")
    for _portion in range(PORTIONS):
        with delivery.database.unit_of_work() as session:
            if dry_runs.dry_run_portion(session, regrades.lock_regrade_by_id(session, regrade_id)):
                return None
    return lambda session: outbox.enqueue(session, "quizzes.plan_regrade", {"regrade": regrade_id}, now=delivery.now)


def commit_regrade(delivery: Delivery) -> None:
    """Commit a large dry run in one transaction; a second delivery finds it done."""
    with delivery.database.unit_of_work() as session:
        row = regrades.lock_regrade_by_id(session, delivery.number("regrade"))
        if row.state == "committing":
            regrading.apply_now(session, Actor(person_id=row.committed_by, via=ActorChannel.JOB), row, now=delivery.now)


def undo_regrade(delivery: Delivery) -> None:
    """Undo a large regrade in one transaction; a second delivery finds it done."""
    with delivery.database.unit_of_work() as session:
        row = regrades.lock_regrade_by_id(session, delivery.number("regrade"))
        if row.state == "undoing":
            regrading.undo_now(session, Actor(person_id=row.undone_by, via=ActorChannel.JOB), row, now=delivery.now)


def catch_up_regrade(delivery: Delivery) -> None:
    """Regrade attempts submitted while a void or its undoing was being committed; a second delivery finds none."""
    with delivery.database.unit_of_work() as session:
        row = regrades.lock_regrade_by_id(session, delivery.number("regrade"))
        regrading.apply_to_late_attempts(
            session, Actor(person_id=row.undone_by or row.committed_by, via=ActorChannel.JOB), row, now=delivery.now
        )


def offer_regrade(delivery: Delivery) -> Effect | None:
    """Notify those who edit a course of answers in a quiz that would be marked otherwise, once; the upgrade asks for it, for each quiz."""
    course_id, key = delivery.number("course"), delivery.text("activity")
    with delivery.database.unit_of_work(write=False) as session:
        offers = list_offers(session, course_id, key)
    return (lambda session: notify_offers(session, course_id, key, offers, now=delivery.now)) if offers else None


SCOPES: Mapping[StrEnum, Callable[[Session, int], AffectedAttempts]] = {
    OverrideVerb.OVERRIDDEN: scope_of_override,
    OverrideVerb.OVERRIDE_ENDED: scope_of_override,
    OverrideVerb.APPLIED: scope_of_override,
    OverrideVerb.TIME_GIVEN: scope_of_incident,
    OverrideVerb.TIME_TAKEN_BACK: scope_of_incident,
    OverrideVerb.TIME_APPLIED: scope_of_incident,
    OverrideVerb.ACCOMMODATED: scope_of_accommodation,
    OverrideVerb.ACCOMMODATION_ENDED: scope_of_accommodation,
    EnrolmentVerb.GROUP_CHANGED: scope_of_group,
    EnrolmentVerb.LEARNERS_MOVED: lambda _session, course_id: AffectedAttempts(course_id),
}
"""What moves the end of open attempts, and whose."""


TOUCHES_ATTEMPTS = frozenset(SCOPES) - {OverrideVerb.TIME_GIVEN, OverrideVerb.TIME_TAKEN_BACK}
"""What may change how many attempts there are."""


def note_due(delivery: Delivery) -> None:
    """Record when open attempts are due after their end moved, so that the closing job finds them; requests recompute it.

    The progress of learners who gain or lose attempts is updated too: whether they have used them all.
    """
    subject, verb = delivery.number("subject"), delivery.text("verb")
    scope_of = next(scope for known, scope in SCOPES.items() if known.value == verb)
    last = 0
    while page := _list_open(delivery, lambda session: scope_of(session, subject), last):
        moved = [(attempt.id, end) for attempt, _person, end in page if end != attempt.due_at]
        if moved:
            with delivery.database.unit_of_work() as session:
                record_due_dates(session, moved)
        last = page[-1][0].id
    if verb in {verb_with_attempts.value for verb_with_attempts in TOUCHES_ATTEMPTS}:
        _notify_progress(delivery, lambda session: scope_of(session, subject))


def _notify_progress(delivery: Delivery, scope_of: Callable[[Session], AffectedAttempts]) -> None:
    last = 0
    while page := _list_used_up(delivery, scope_of, last):
        for attempt_id in (attempt_id for attempt_id, is_in_step in page.items() if not is_in_step):
            with delivery.database.unit_of_work() as session:
                session.get_one(Attempt, attempt_id, with_for_update=True)
                answering.record_quiz_result(session, Actor(via=ActorChannel.JOB), load_attempt(session, attempt_id), now=delivery.now)
        last = max(page)


def _list_used_up(delivery: Delivery, scope_of: Callable[[Session], AffectedAttempts], after: int) -> dict[int, bool]:
    with delivery.database.unit_of_work(write=False) as session:
        return list_used_up(session, scope_of(session), after=after, limit=PAGE)


def carry_overrides(delivery: Delivery) -> None:
    """Let what is in force for a quiz hold under its new key too, where a version of the course renamed it."""
    course_id = delivery.number("subject")
    with delivery.database.unit_of_work(write=False) as session:
        version = find_published_version(session, course_id)
        renames = get_outline(session, version).renames if version is not None else {}
    if renames:
        with delivery.database.unit_of_work() as session:
            copy_overrides(session, Actor(via=ActorChannel.JOB), course_id, renames, now=delivery.now)


def _list_open(delivery: Delivery, scope_of: Callable[[Session], AffectedAttempts], after: int) -> list[OpenAttempt]:
    with delivery.database.unit_of_work(write=False) as session:
        return list_open_attempts(session, scope_of(session), after=after, limit=PAGE)
