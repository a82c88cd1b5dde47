"""Background work of quizzes: attempts whose time has ended are handed in (5.3.6), learners are told that theirs is marked (5.11.1), and
large quizzes are marked again (5.11.3) and examined (5.12)."""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import cast

from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.queries import find_published_version, get_outline
from enrolments.services import EnrolmentVerb
from kernel import mail, outbox
from kernel.i18n import choose, reading
from kernel.outbox import Delivery, Effect
from kernel.permissions import Actor, Via
from quizzes.models import Attempt
from quizzes.queries import analysis, overrides
from quizzes.queries import regrading as regrading_queries
from quizzes.queries import sittings as queries
from quizzes.rules.attempts import NETWORK_TOLERANCE
from quizzes.rules.statistics import Which
from quizzes.services import analysis as examinations
from quizzes.services import overrides as time_services
from quizzes.services import regrading, trials
from quizzes.services import sittings as services
from quizzes.services.overrides import TimeVerb

CLOSE_EVERY = 60
PAGE = 200


def close_due(delivery: Delivery) -> None:
    """Settle every open attempt whose end, with the network's tolerance, has passed; each in a transaction of its own.

    One that cannot be settled does not keep the others open: its error is raised when they are done, and the job is tried again.
    """
    actor = Actor(via=Via.JOB)
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
        services.settle(session, actor, queries.get_sitting(session, attempt_id), now=delivery.now)


def _list_due(delivery: Delivery, after: int) -> list[int]:
    with delivery.database.unit_of_work(write=False) as session:
        return queries.list_due(session, now=delivery.now - NETWORK_TOLERANCE, after=after, limit=PAGE)


def send_marked(delivery: Delivery) -> None:
    """Tell a learner that everything in an attempt is marked; the marks themselves stay behind the sign-in."""
    with delivery.database.unit_of_work(write=False) as session:
        sitting = queries.get_sitting(session, cast("int", delivery.arguments["attempt"]))
        person = session.get_one(Person, sitting.person_id)
        outline = get_outline(session, queries.version_of(session, sitting.paper.activity_id))
    with reading(person.language):
        titles = {"title": choose(outline.by_key[sitting.paper.activity_key].title), "course": choose(outline.title)}
    message = mail.write(
        delivery.settings,
        person.email,
        "attempt_marked",
        person.language,
        key=f"job-{delivery.job_id}",
        path=f"/attempts/{sitting.uuid}/review",
        name=person.given_names,
        **titles,
    )
    mail.send(delivery.settings, message)


def examine(delivery: Delivery) -> Effect | None:
    """Compute the statistics of a quiz for which that takes too long while a page waits; nothing is written before the end."""
    arguments = delivery.arguments
    with delivery.database.unit_of_work(write=False) as session:
        quiz = analysis.list_compositions(session, int(str(arguments["course"])), str(arguments["activity"]))
        choice = next((one for one in quiz.choices if one.name == arguments["composition"]), None)
        if choice is None:
            return None
        found = analysis.attempt_set(session, quiz, Which(str(arguments["which"])), choice)
        examination = examinations.compute(session, found)
    return lambda session: examinations.keep(session, found, examination, now=delivery.now)


PORTIONS = 60
"""Portions of a trial that one job makes: well within its lease; the rest is the next job's."""


def plan_regrade(delivery: Delivery) -> Effect | None:
    """Make a large trial, each portion in a transaction of its own; what is left is a new job."""
    regrade_id = cast("int", delivery.arguments["regrade"])
    for _portion in range(PORTIONS):
        with delivery.database.unit_of_work() as session:
            if trials.plan_portion(session, regrading_queries.take_regrade(session, regrade_id)):
                return None
    return lambda session: outbox.enqueue(session, "quizzes.plan_regrade", {"regrade": regrade_id}, now=delivery.now)


def commit_regrade(delivery: Delivery) -> None:
    """Commit a large trial in one transaction; a second delivery finds it done."""
    with delivery.database.unit_of_work() as session:
        row = regrading_queries.take_regrade(session, cast("int", delivery.arguments["regrade"]))
        if row.state == "committing":
            regrading.apply_now(session, Actor(person_id=row.committed_by, via=Via.JOB), row, now=delivery.now)


def undo_regrade(delivery: Delivery) -> None:
    """Undo a large marking again in one transaction; a second delivery finds it done."""
    with delivery.database.unit_of_work() as session:
        row = regrading_queries.take_regrade(session, cast("int", delivery.arguments["regrade"]))
        if row.state == "undoing":
            regrading.undo_now(session, Actor(person_id=row.undone_by, via=Via.JOB), row, now=delivery.now)


SCOPES: Mapping[StrEnum, Callable[[Session, int], overrides.Scope]] = {
    TimeVerb.OVERRIDDEN: overrides.scope_of_override,
    TimeVerb.OVERRIDE_ENDED: overrides.scope_of_override,
    TimeVerb.TIME_GIVEN: overrides.scope_of_incident,
    TimeVerb.TIME_TAKEN_BACK: overrides.scope_of_incident,
    TimeVerb.ACCOMMODATED: overrides.scope_of_accommodation,
    TimeVerb.ACCOMMODATION_ENDED: overrides.scope_of_accommodation,
    EnrolmentVerb.GROUP_CHANGED: overrides.scope_of_group,
    EnrolmentVerb.LEARNERS_MOVED: lambda _session, course_id: overrides.Scope(course_id),
}
"""What moves the end of open attempts, and whose."""


TOUCHES_ATTEMPTS = frozenset(SCOPES) - {TimeVerb.TIME_GIVEN, TimeVerb.TIME_TAKEN_BACK}
"""What may change how many attempts there are."""


def note_due(delivery: Delivery) -> None:
    """Note when open attempts are due after something moved their end, so that the closing finds them; requests compute it anew anyway.

    Learners who get attempts, or have them taken, are told so by their progress: whether the quiz is used up.
    """
    subject, verb = cast("int", delivery.arguments["subject"]), str(delivery.arguments["verb"])
    scope_of = next(found for known, found in SCOPES.items() if known.value == verb)
    last = 0
    while page := _list_open(delivery, lambda session: scope_of(session, subject), last):
        moved = [(attempt.id, attempt.end) for attempt in page if attempt.end != attempt.due_at]
        if moved:
            with delivery.database.unit_of_work() as session:
                time_services.note_due(session, moved)
        last = page[-1].id
    if verb in {one.value for one in TOUCHES_ATTEMPTS}:
        _tell_progress(delivery, lambda session: scope_of(session, subject))


def _tell_progress(delivery: Delivery, scope_of: Callable[[Session], overrides.Scope]) -> None:
    last = 0
    while page := _list_used_up(delivery, scope_of, last):
        for attempt_id in (one.attempt_id for one in page if not one.in_step):
            with delivery.database.unit_of_work() as session:
                session.get_one(Attempt, attempt_id, with_for_update=True)
                services.hand_down(session, Actor(via=Via.JOB), queries.get_sitting(session, attempt_id), now=delivery.now)
        last = page[-1].attempt_id


def _list_used_up(delivery: Delivery, scope_of: Callable[[Session], overrides.Scope], after: int) -> list[overrides.UsedUp]:
    with delivery.database.unit_of_work(write=False) as session:
        return overrides.list_used_up(session, scope_of(session), after=after, limit=PAGE)


def carry_overrides(delivery: Delivery) -> None:
    """Let what is in force for a quiz hold under its new key too, where a version of the course renamed it."""
    course_id = cast("int", delivery.arguments["subject"])
    with delivery.database.unit_of_work(write=False) as session:
        version = find_published_version(session, course_id)
        renames = get_outline(session, version).renames if version is not None else {}
    if renames:
        with delivery.database.unit_of_work() as session:
            time_services.carry_over(session, Actor(via=Via.JOB), course_id, renames, now=delivery.now)


def _list_open(delivery: Delivery, scope_of: Callable[[Session], overrides.Scope], after: int) -> list[overrides.OpenAttempt]:
    with delivery.database.unit_of_work(write=False) as session:
        return overrides.list_open(session, scope_of(session), after=after, limit=PAGE)
