"""Background work of enrolments: corrections followed, lists enrolled or invited, people notified and reminded, grades computed again."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import cast

from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from accounts import notices
from accounts.broadcasts import notify_recipients_of
from accounts.uploads import forget_uploads_of
from courses.access import edits
from courses.team import may_still_act
from enrolments import calendar, dates, editions, enrolment, grade_items, invitations, learners
from enrolments import versions as version_queries
from enrolments.announcements import ANNOUNCEMENTS
from enrolments.course_context import notice_words
from enrolments.enrolment import follow_version, record_version_moves
from enrolments.grade_items import list_stale
from enrolments.invitations import InvitationBatch
from enrolments.models import Edition, PendingEnrolmentList, PendingMarkFile
from enrolments.people_lists import check_list
from kernel import mail, outbox
from kernel.errors import Conflict
from kernel.i18n import choose, find_zone
from kernel.outbox import Delivery, Effect, JobIncomplete
from kernel.permissions import Actor, ActorChannel
from organisations.address_lists import ListedAddress, read_list

STEP = 200
LATELY = timedelta(days=1)
"""Versions whose telling may still be under way."""


def follow_correction(delivery: Delivery) -> None:
    """Move learners, some hundreds at a time, to the newest correction of the version that they follow. Done twice it moves nobody.

    Where one of them cannot be moved, the others of the portion are moved one by one; who is left is named when all had their turn.
    """
    course_id = delivery.number("subject")
    with delivery.database.unit_of_work(write=False) as session:
        version = version_queries.find_newest_correction(session, course_id)
        behind = [] if version is None else version_queries.list_behind(session, course_id, version)
    left: dict[int, Exception] = {}
    for start in range(0, len(behind), STEP):
        left |= _move(delivery, course_id, cast("int", version), behind[start : start + STEP])
    if left:
        with delivery.database.unit_of_work(write=False) as session:
            people = " ".join(map(str, learners.list_people(session, list(left))))
        error = next(iter(left.values()))
        raise JobIncomplete(f"{type(error).__name__}: {people}") from error


def _move(delivery: Delivery, course_id: int, version: int, people: Sequence[int]) -> dict[int, Exception]:
    """Move some enrolments in one transaction, or, where something is wrong with one, each in its own; return those left, and why."""
    try:
        with delivery.database.unit_of_work() as session:  # by now somebody may follow a still newer one
            moved = version_queries.list_behind(session, course_id, version, among=people)
            for enrolment_id in moved:
                follow_version(session, Actor(via=ActorChannel.JOB), enrolment_id, version, now=delivery.now)
            if moved:
                record_version_moves(session, Actor(via=ActorChannel.JOB), course_id, len(moved), now=delivery.now)
    except (IntegrityError, Conflict, LookupError, ValueError) as error:
        if len(people) == 1:
            return {people[0]: error}
        return {mover: why for person in people for mover, why in _move(delivery, course_id, version, [person]).items()}
    return {}


def enrol_list(delivery: Delivery) -> None:
    """Enrol the people of a confirmed list, a portion in each transaction; after a fault it goes on where it was.

    Nobody is enrolled any more once who sent it may not enrol others in the course.
    """
    list_id = delivery.number("list")
    with delivery.database.unit_of_work(write=False) as session:
        pending = session.get_one(PendingEnrolmentList, list_id)
    entries = read_list(pending.content).entries
    for processed in range(pending.place, len(entries), editions.PORTION):
        portion = entries[processed : processed + editions.PORTION]
        with delivery.database.unit_of_work() as session:
            row = session.get_one(PendingEnrolmentList, list_id, with_for_update=True)
            if not may_still_act(session, row.person_id, row.course_id, edits):
                return
            _enrol_portion(session, row, portion, delivery.now)
            row.place = processed + len(portion)


def _enrol_portion(session: Session, row: PendingEnrolmentList, portion: Sequence[ListedAddress], now: datetime) -> None:
    """Invite the people of a portion; those with an account are enrolled at once where an administrator sent the list."""
    actor = Actor(person_id=row.person_id, via=ActorChannel.JOB)
    edition = None if row.edition_id is None else session.get_one(Edition, row.edition_id)
    enrols_accounts = may_still_act(session, row.person_id, row.course_id, lambda sender, _role: sender.is_administrator)
    checked = check_list(session, row.course_id, portion, enrols_accounts=enrols_accounts, now=now)
    if checked.people:
        editions.enrol_others(session, actor, row.course_id, edition, checked.people, now=now)
    batch = InvitationBatch(row.course_id, edition, row.uuid)
    invitations.invite(session, actor, batch, {entry.address: entry.name for entry in checked.invited}, now=now)


def send_invitation(delivery: Delivery) -> None:
    """Send the link of an invitation to enrol. Its secret is made here, so that no row of a job ever holds it."""
    with delivery.database.unit_of_work() as session:
        to_send = invitations.get_to_send(session, delivery.number("invitation"), now=delivery.now)
        if to_send is None:
            return
        row, course = to_send
        mailed_at = delivery.now if delivery.settings.sends_mail else None  # else the message waits in a folder that others read
        secret, title = invitations.make_secret(session, row.id, mailed_at=mailed_at), choose(course.title, row.language)
        to, language, name = row.email, row.language, row.name or row.email
    key, path = f"job-{delivery.job_id}", f"/course-invitations/{secret}"
    message = mail.write(delivery.settings, to, "enrolment_invitation", language, key=key, path=path, name=name, course=title)
    mail.dispatch(delivery, message)


def accept_at_confirmation(delivery: Delivery) -> None:
    """Enrol a person who confirmed an address in the courses with whose invitations they signed up. Done twice it enrols nobody twice."""
    person_id = delivery.number("subject")
    with delivery.database.unit_of_work(write=False) as session:
        signed_up = invitations.list_signed_up(session, person_id, now=delivery.now)
    for invitation in signed_up:
        with delivery.database.unit_of_work() as session:
            invitations.accept_at_confirmation(session, person_id, invitation, now=delivery.now)


def keep_grades(delivery: Delivery) -> None:
    """Compute the course grades again that are behind, a portion in each transaction."""
    while True:
        with delivery.database.unit_of_work() as session:
            behind = list_stale(session, limit=grade_items.PORTION)
            grade_items.save_grades(session, behind, now=delivery.now)
        if len(behind) < grade_items.PORTION:
            return


def notify_changes(delivery: Delivery) -> None:
    """Notify learners who did what new versions changed, a portion in each transaction. Done twice it notifies nobody twice."""
    course_id = delivery.number("subject")
    with delivery.database.unit_of_work(write=False) as session:
        versions = version_queries.list_announced_versions(session, course_id, since=delivery.now - LATELY)
    for version_id in versions:
        last: int | None = 0
        while last is not None:
            with delivery.database.unit_of_work() as session:
                last = version_queries.notify_change_batch(session, version_id, last, now=delivery.now)


def end_closed(delivery: Delivery) -> None:
    """End what accounts take that were closed for good when that did not yet end it; done twice it ends nothing."""
    with delivery.database.unit_of_work(write=False) as session:
        people = learners.list_closed(session)
    for person_id in people:
        with delivery.database.unit_of_work() as session:
            enrolment.end_enrolments(session, Actor(via=ActorChannel.JOB), person_id, now=delivery.now)


notify_announcement = notify_recipients_of(ANNOUNCEMENTS, "announcement")
forget_lists = forget_uploads_of(PendingEnrolmentList)
forget_mark_files = forget_uploads_of(PendingMarkFile)


def plan_reminders(delivery: Delivery) -> Effect:
    """Add a job for the people of each zone where it is day, once a day.

    Where nothing ran all day nobody is reminded any more: a reminder that comes late is wrong.
    """

    def write(session: Session) -> None:
        for zone in calendar.list_zones(session):
            if not dates.is_time(delivery.now, find_zone(zone)):
                continue
            day = _day_of(delivery, zone)
            key = f"remind:{zone}@{day}"
            if not outbox.is_known(session, key):
                outbox.enqueue(session, "enrolments.remind_zone", {"zone": zone, "day": day}, now=delivery.now, unique_key=key)

    return write


def _day_of(delivery: Delivery, zone: str) -> str:
    return delivery.now.astimezone(find_zone(zone)).date().isoformat()


def remind_zone(delivery: Delivery) -> Effect:
    """Divide the people of a zone, and add a job for each portion: where one fails, the others are reminded."""
    zone, day = delivery.text("zone"), delivery.text("day")

    def write(session: Session) -> None:
        for first, last in calendar.list_portions(session, zone, size=dates.PORTION):
            key = f"remind:{zone}@{day}:{first}"
            if not outbox.is_known(session, key):
                arguments = {"zone": zone, "day": day, "first": first, "last": last}
                outbox.enqueue(session, "enrolments.remind", arguments, now=delivery.now, unique_key=key)

    return write


def remind(delivery: Delivery) -> Effect | None:
    """Notify some people of a zone of what comes near, decided now; done twice it notifies nobody twice, and too late nobody at all."""
    zone = delivery.text("zone")
    if _day_of(delivery, zone) != delivery.arguments["day"] or not dates.is_time(delivery.now, find_zone(zone)):
        return None
    with delivery.database.unit_of_work(write=False) as session:
        first, last = delivery.number("first"), delivery.number("last")
        people = calendar.list_people_between(session, zone, first, last)
        due = dates.due_notices(session, people, find_zone(zone), notice_words, now=delivery.now)

    def write(session: Session) -> None:
        for message, told in due:
            notices.notify(session, message, told, now=delivery.now)

    return write
