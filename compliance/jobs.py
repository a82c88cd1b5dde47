"""Background jobs of compulsory training: facts, statuses, enrolment, reminders, digests, dry runs, bundles, and the end of records.

Facts follow audit verbs; statuses follow facts, audiences and the calendar.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime

from sqlalchemy.orm import Session

from accounts import notices
from accounts import people as account_queries
from accounts.uploads import forget_uploads_of
from compliance import (
    agreements,
    assignments,
    bundle_requests,
    enrolment,
    evidence,
    free_days,
    planned_changes,
    records,
    reminders,
    team_digests,
)
from compliance import obligations as version_notices
from compliance.assignments import walk_present_differences
from compliance.audit_verbs import ComplianceVerb
from compliance.bundles import BundleSource, bundle_texts
from compliance.claim_lists import list_to_ask_again
from compliance.claims import ask_again_message, list_decided, list_messages
from compliance.enrolment import get_order, list_to_enrol
from compliance.messages import notice_words
from compliance.models import Bundle, PendingRecognitionList, PlannedChange, Recognition, RecognitionList, Waiver
from compliance.planned_changes import finish_dry_run, withdraw_agreement
from compliance.records import get_rules, list_rules
from compliance.rules.claims import ClaimState
from compliance.team_digests import digest_words, list_workers
from kernel import audit, outbox
from kernel.crypto import signing_keys
from kernel.errors import DomainError
from kernel.files import files_of
from kernel.i18n import DEFAULT_ZONE, site_day
from kernel.outbox import Delivery, Effect, log
from kernel.permissions import Actor, ActorChannel
from kernel.prepared_files import end_prepared


def follow_completion(delivery: Delivery) -> Effect:
    """Write a completion, or that one was taken back, into the facts and the statuses of its person."""
    return _follow(delivery, lambda session, subject: records.note_completion(session, subject, now=delivery.now))


def follow_beginning(delivery: Delivery) -> Effect:
    """Write that a take was begun into the facts and the statuses of its person."""
    return _follow(delivery, records.note_beginning)


def follow_account(delivery: Delivery) -> Effect:
    """Write that an account was suspended or restored into the facts and the statuses of its person."""
    return _follow(delivery, lambda session, subject: records.note_account(session, subject, now=delivery.now))


def follow_waiver(delivery: Delivery) -> Effect:
    """Compute the statuses of whom a waiver is about that was approved or revoked."""
    return _follow(delivery, lambda session, subject: session.get_one(Waiver, subject).person_id)


def follow_recognition(delivery: Delivery) -> Effect:
    """Compute the statuses of whom a recognition is about that was approved or revoked."""
    return _follow(delivery, lambda session, subject: session.get_one(Recognition, subject).person_id)


def ask_waivers_again(delivery: Delivery) -> Effect:
    """Notify of waivers without an end that stop counting soon, each person once."""

    def write(session: Session) -> None:
        for row in list_to_ask_again(session, site_day(delivery.now)):
            people = sorted({row.person_id, *([] if row.proposed_by is None else [row.proposed_by])})
            notices.notify(session, ask_again_message(row), people, now=delivery.now)

    return write


def follow_recognition_list(delivery: Delivery) -> None:
    """Notify the people of a list of recognitions that was decided on, and compute their statuses, a portion in each transaction."""
    number, after = delivery.number("subject"), 0
    while True:
        with delivery.database.unit_of_work() as session:
            rows = list_decided(session, number, after, assignments.PORTION)
            for message, people in list_messages(session.get_one(RecognitionList, number), rows):
                notices.notify(session, message, people, now=delivery.now)
        people = sorted({row.person_id for row in rows if row.state == ClaimState.APPROVED.value})
        with delivery.database.unit_of_work() as session:
            assignments.recompute(session, list_rules(session, assignments.list_active(session)), people, now=delivery.now)
        if len(rows) < assignments.PORTION:
            return
        after = rows[-1].id


def _follow(delivery: Delivery, note: Callable[[Session, int], int | None]) -> Effect:
    subject = delivery.number("subject")

    def write(session: Session) -> None:
        person = note(session, subject)
        if person is not None:
            recompute_person(session, person, now=delivery.now)

    return write


def recompute_person(session: Session, person: int, *, now: datetime) -> None:
    """Compute the statuses of one person under every obligation in force."""
    assignments.recompute(session, list_rules(session, assignments.list_active(session)), [person], now=now)


def follow_merge(delivery: Delivery) -> Effect:
    """Compute the statuses of both accounts of a merge: what one of them did counts for the other now."""
    remaining = delivery.number("subject")

    def write(session: Session) -> None:
        for person in [*account_queries.list_merged_into(session, remaining), remaining]:
            records.note_account(session, person, now=delivery.now)
            recompute_person(session, person, now=delivery.now)

    return write


def pack_bundle(delivery: Delivery) -> Effect | None:
    """Pack a bundle of evidence, keep its content, and notify whoever asked for it; done twice it makes one.

    Until statuses have followed the register it is put off.
    """
    number = delivery.number("bundle")
    with delivery.database.unit_of_work() as session:
        waits = bundle_requests.settle_moments(session, number, now=delivery.now)
    if waits:
        later = delivery.now + bundle_requests.PAUSE
        return lambda session: outbox.enqueue(session, "compliance.pack_bundle", {"bundle": number}, now=delivery.now, at=later)
    source = BundleSource(delivery.database, signing_keys(delivery.settings.data_dir))
    content = bundle_requests.pack_requested(source, files_of(delivery.settings), number, bundle_texts())
    if content is None:
        return None
    return lambda session: bundle_requests.finish_bundle(session, number, content, now=delivery.now)


def end_records(delivery: Delivery) -> Effect | None:
    """Delete the records of trainings that ended and of people who left long ago, a portion in each transaction."""
    count = evidence.forget_before(delivery.database, files_of(delivery.settings), delivery.settings.keep_training_days, now=delivery.now)
    return None if count is None else lambda session: evidence.record_expiry(session, *count, now=delivery.now)


def end_bundles(delivery: Delivery) -> None:
    """Delete the files of bundles that were ready for long enough."""
    end_prepared(delivery.database, files_of(delivery.settings), Bundle, now=delivery.now)


forget_lists = forget_uploads_of(PendingRecognitionList)


def recompute_obligation(delivery: Delivery) -> Effect:
    """Compute the status of everybody under an obligation, a portion in each transaction; a second time writes nothing."""
    number = delivery.number("subject")
    _recompute_all(delivery, number)

    def write(session: Session) -> None:
        for kind in ("compliance.enrol_assigned", "compliance.plan_again", "compliance.notify_of_versions"):
            outbox.enqueue(session, kind, {"obligation": number}, now=delivery.now)

    return write


def recompute_all(delivery: Delivery) -> Effect:
    """Compare every stored status and its history with the records, write down how many differed, and let all be computed again.

    The computation is a job of its own for each institution: a worker that dies in it leaves the count that administrators read as it
    was found (spec/compulsory 7.3).
    """
    _agree_on_last_days(delivery)
    _end_for_deleted(delivery)
    with delivery.database.unit_of_work(write=False) as session:
        active = assignments.list_active(session)
        obligations, institutions = {row.id: row.key for row in active}, sorted({row.institution_id for row in active})
    differing = {
        key: sum(len(differences) for _people, differences in walk_present_differences(delivery.database, number, delivery.now))
        for number, key in obligations.items()
    }
    for key in obligations.values():
        if differing[key]:
            log.error("compliance.statuses_differ", obligation=key, statuses=differing[key])

    def write(session: Session) -> None:
        facts = {"differing": sum(differing.values()), "obligations": [key for key, count in differing.items() if count]}
        audit.record(session, Actor(via=ActorChannel.JOB), ComplianceVerb.STATUSES_COMPARED, None, now=delivery.now, **facts)
        for institution in institutions:
            outbox.enqueue(session, "compliance.recompute_institution", {"institution": institution}, now=delivery.now)

    return write


def recompute_institution(delivery: Delivery) -> None:
    """Compute every status of an institution again: its people in portions, each person under all obligations together."""
    institution = delivery.number("institution")
    after: int | None = 0
    while after is not None:
        with delivery.database.unit_of_work() as session:
            after = assignments.recompute_next(session, institution, after, now=delivery.now).last


def _end_for_deleted(delivery: Delivery) -> None:
    """Ask nothing any more of whose account was deleted before this was done at once: after an upgrade, a portion in each transaction."""
    people: list[int] | None = None
    while people is None or len(people) == assignments.PORTION:
        with delivery.database.unit_of_work() as session:
            people = assignments.list_deleted_people(session, assignments.PORTION)
            for person in people:
                assignments.end_for_deleted(session, person, now=delivery.now)


def _agree_on_last_days(delivery: Delivery) -> None:
    """Write last valid days that completions have and facts do not, a portion in each transaction: after an upgrade, all of them."""
    after = 0
    while True:
        with delivery.database.unit_of_work() as session:
            takes = assignments.list_takes_with_another_day(session, after, assignments.PORTION)
            people = sorted({person for take in takes if (person := records.note_completion(session, take, now=delivery.now)) is not None})
            if people:
                assignments.recompute(session, list_rules(session, assignments.list_active(session)), people, now=delivery.now)
        if len(takes) < assignments.PORTION:
            return
        after = takes[-1]


DIGESTS = 200
"""Readers of a Monday's digest whom one job tells."""


def remind(delivery: Delivery) -> None:
    """Decide every reminder that is due, the people of a portion in one transaction: a second time nothing is due any more.

    Whoever was killed in a portion has done nothing of it, so that the next run does all of it (spec/compulsory 17, K10).
    """
    while True:
        with delivery.database.unit_of_work(write=False) as session:
            people = reminders.list_due_people(session, delivery.now, reminders.PORTION)
            stale = reminders.list_stale(session, people, delivery.now)
        if not people:
            break
        for number, changed in stale.items():
            _recompute_portion(delivery, number, changed)
        with delivery.database.unit_of_work() as session:
            reminders.decide_due(session, people, notice_words, now=delivery.now)
    _note_mails(delivery)


def send_request(delivery: Delivery) -> None:
    """Send a reminder that somebody asked for, a portion of its people in one transaction; done twice it reminds nobody twice."""
    number = delivery.number("request")
    is_done = False
    while not is_done:
        with delivery.database.unit_of_work() as session:
            is_done = reminders.send_portion(session, number, notice_words, now=delivery.now)


def plan_digests(delivery: Delivery) -> None:
    """Add the jobs of a Monday's digest where its hour has come, once for all who get it at the same moment."""
    with delivery.database.unit_of_work(write=False) as session:
        due = team_digests.list_due_readers(session, now=delivery.now)
    for (monday, group), people in due.items():
        for start in range(0, len(people), DIGESTS):
            portion = people[start : start + DIGESTS]
            _add_digests(delivery, monday, f"team-digest:{group}:{portion[0]}", portion)


def _add_digests(delivery: Delivery, monday: date, key: str, people: Sequence[int]) -> None:
    with delivery.database.unit_of_work() as session:
        if not outbox.is_known(session, key):
            arguments = {"monday": monday.isoformat(), "people": people}
            outbox.enqueue(session, "compliance.send_digests", arguments, now=delivery.now, unique_key=key)


def plan_work_notices(delivery: Delivery) -> None:
    """Add the job of each officer and administrator for the notice of the day, where its hour has come."""
    with delivery.database.unit_of_work() as session:
        day = team_digests.due_day(session, now=delivery.now)
        for person in [] if day is None else list_workers(session):
            key = f"training-work:{day}:{person}"
            if not outbox.is_known(session, key):
                arguments = {"person": person, "day": str(day)}
                outbox.enqueue(session, "compliance.notify_worker", arguments, now=delivery.now, unique_key=key)


def notify_worker(delivery: Delivery) -> Effect:
    """Notify an officer or administrator of what waits for their decision; done twice it notifies once."""
    person, day = delivery.number("person"), date.fromisoformat(delivery.text("day"))

    def write(session: Session) -> None:
        team_digests.notify_worker(session, person, account_queries.list_administrators(session), day, now=delivery.now)

    return write


def notify_of_versions(delivery: Delivery) -> None:
    """Notify who is under way in a version of a course that counts no more for an obligation, a portion in each transaction."""
    number = delivery.number("obligation")
    last: int | None = 0
    while last is not None:
        with delivery.database.unit_of_work() as session:
            obligation = assignments.find_active(session, number)
            last = None if obligation is None else version_notices.notify_portion(session, obligation, last, now=delivery.now)


def notify_of_hindered(delivery: Delivery) -> None:
    """Notify officers of who cannot finish in time or stopped the mails, each obligation in a transaction; a second time nobody again."""
    with delivery.database.unit_of_work(write=False) as session:
        numbers = [obligation.id for obligation in assignments.list_active(session)]
    for number in numbers:
        with delivery.database.unit_of_work() as session:
            obligation = assignments.find_active(session, number)
            if obligation is not None:
                team_digests.notify_hindered(session, obligation, now=delivery.now)
                team_digests.notify_stopped(session, obligation, now=delivery.now)


def send_digests(delivery: Delivery) -> Effect:
    """Give heads and owners the digest of a Monday; done twice it tells nobody twice."""
    monday = date.fromisoformat(delivery.text("monday"))
    people = delivery.numbers("people")
    with delivery.database.unit_of_work(write=False) as session:
        digests, titles = team_digests.load_digests(session, monday, now=delivery.now)
    return lambda session: team_digests.notify_readers(session, monday, digests, titles, people, digest_words, now=delivery.now)


def plan_again(delivery: Delivery) -> None:
    """Plan the reminders ahead anew, of one obligation or of all: free days or steps have changed."""
    obligation = delivery.find_number("obligation")
    last: int | None = 0
    while last is not None:
        with delivery.database.unit_of_work() as session:
            last = free_days.plan_again(session, last, obligation, now=delivery.now)


def _note_mails(delivery: Delivery) -> None:
    keys = reminders.days_of_mail(delivery.now, DEFAULT_ZONE)
    while True:
        with delivery.database.unit_of_work(write=False) as session:
            mailed = reminders.list_mailed(session, keys)
        if not mailed:
            return
        with delivery.database.unit_of_work() as session:
            reminders.note_mails(session, mailed)


def _recompute_portion(delivery: Delivery, number: int, people: Sequence[int]) -> None:
    with delivery.database.unit_of_work() as session:
        obligation = assignments.find_active(session, number)
        if obligation is not None:
            assignments.recompute(session, [get_rules(session, obligation)], people, now=delivery.now)


def _recompute_all(delivery: Delivery, number: int) -> None:
    after = 0
    while True:
        with delivery.database.unit_of_work() as session:
            obligation = assignments.find_active(session, number)
            if obligation is None:
                return
            people = assignments.list_people_after(session, obligation, after, assignments.PORTION)
            assignments.recompute(session, [get_rules(session, obligation)], people, now=delivery.now)
        if len(people) < assignments.PORTION:
            return
        after = people[-1]


def follow_changes(delivery: Delivery) -> None:
    """Compute the statuses of whoever came into an audience or left it, and of whom the clock has changed since."""
    with delivery.database.unit_of_work(write=False) as session:
        stale = {
            obligation.id: assignments.list_stale_people(session, obligation, delivery.now)
            for obligation in assignments.list_active(session)
        }
    for number, people in stale.items():
        for start in range(0, len(people), assignments.PORTION):
            _recompute_portion(delivery, number, people[start : start + assignments.PORTION])


PORTIONS = 60
"""Portions of a dry run that one job makes: well within its lease; the rest is the next job's."""


def try_change(delivery: Delivery) -> Effect | None:
    """Make a large dry run, each portion read by itself and then written down; what is left is a new job."""
    number = delivery.number("change")
    for _portion in range(PORTIONS):
        if _try_portion(delivery, number):
            return None
    return lambda session: outbox.enqueue(session, "compliance.try_change", {"change": number}, now=delivery.now)


def _try_portion(delivery: Delivery, number: int) -> bool:
    """Look at the next people of a dry run; return whether nothing is left to do."""
    with delivery.database.unit_of_work(write=False) as session:
        row = session.get(PlannedChange, number)
        if row is None or row.state not in ("planning", "applying"):
            return True
        computed_at, reached = row.computed_at, row.reached
        people = planned_changes.list_people_after(session, row, reached, planned_changes.PORTION)
        outcome = planned_changes.try_people(session, row, people)
    with delivery.database.unit_of_work() as session:
        change = planned_changes.lock_change_by_id(session, number)
        if change is None or (change.computed_at, change.reached) != (computed_at, reached):
            return False  # begun anew, or looked at by another worker
        planned_changes.note_portion(change, people, outcome, is_last=len(people) < planned_changes.PORTION)
    return _finish(delivery, number)


def _finish(delivery: Delivery, number: int) -> bool:
    """Show or apply a dry run that has seen everybody; what can no longer be applied is shown anew."""
    try:
        with delivery.database.unit_of_work() as session:
            return _is_finished(session, number, now=delivery.now)
    except DomainError:
        with delivery.database.unit_of_work() as session:
            row = planned_changes.lock_change_by_id(session, number)
            if row is not None and row.state == "applying":
                withdraw_agreement(row)
        return True


def _is_finished(session: Session, number: int, *, now: datetime) -> bool:
    row = planned_changes.lock_change_by_id(session, number)
    if row is not None:
        finish_dry_run(session, row, now=now)
    return row is None or row.state not in ("planning", "applying")


def enrol_assigned(delivery: Delivery) -> None:
    """Enrol whoever has something to take, under one obligation or all, a portion in each transaction; nobody twice."""
    only = delivery.find_number("obligation")
    with delivery.database.unit_of_work(write=False) as session:
        numbers = [obligation.id for obligation in assignments.list_active(session) if only in (None, obligation.id)]
    for number in numbers:
        last: int | None = 0
        while last is not None:
            with delivery.database.unit_of_work() as session:
                last = _enrol_portion(session, number, last, now=delivery.now)


def _enrol_portion(session: Session, number: int, after: int, *, now: datetime) -> int | None:
    """Enrol a portion of people and return the last of them, None where nobody is left."""
    obligation = assignments.find_active(session, number)
    if obligation is None:
        return None
    rules = get_rules(session, obligation)
    order = get_order(session, rules, now=now)
    reserved = [course.slug for course in order.courses if not course.required.is_agreed]
    if after == 0 and reserved:
        agreements.settle_agreements(session, Actor(via=ActorChannel.JOB), obligation, reserved, now=now)
    people = list_to_enrol(session, obligation, order, after, enrolment.PORTION, now=now)
    if people:
        enrolment.enrol_assigned(session, rules, order, people, now=now)
    return people[-1] if len(people) == enrolment.PORTION else None


def remove_evidence(delivery: Delivery) -> None:
    """Delete a file that proved what was withdrawn or erased, unless something else names it."""
    evidence.remove_evidence(delivery.database, files_of(delivery.settings), delivery.text("sha256"))
