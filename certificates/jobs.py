"""Background jobs of credentials: issuing with its notices, reviews, expiry, changes of validity, bulk downloads, new keys of seals."""

from collections.abc import Callable
from datetime import date
from zoneinfo import ZoneInfo

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from accounts import notices
from accounts.models import Person
from accounts.notices import Message
from certificates import badges, bulk, credentials, issuing, pdf, reviews
from certificates.bulk import BulkSource, DrawnCredential, SheetSealer
from certificates.certificate_page import sheet_of, verify_url
from certificates.credentials import CERTIFICATE_NOTICE
from certificates.issuing import ExpiryNotice
from certificates.keys import record_used_keys
from certificates.models import BulkDownload, BulkFile, Credential
from certificates.reviews import open_review
from certificates.rules.credentials import ReviewCause
from certificates.validity_changes import replace_portion
from enrolments.dates import is_time
from enrolments.learners import find_completion
from kernel import outbox
from kernel.child_process import child_process
from kernel.codes import printed_code
from kernel.crypto import signing_keys
from kernel.files import files_of
from kernel.i18n import _, choose, format_date, in_every_language
from kernel.keys import is_renewal_due, rotate_seal_key, seal_keys
from kernel.outbox import Delivery, Effect
from kernel.permissions import Actor, ActorChannel
from kernel.prepared_files import end_prepared
from kernel.request_gaps import REQUEST_GAPS

RENEWAL_EVERY = 86_400
"""Seconds between two looks at the certificate of the seal."""

NOTIFIED_AT_ONCE = 200
COMPLETED_AT_ONCE = 500


def issue(delivery: Delivery) -> Effect | None:
    """Issue the credential that a completion deserves; done twice it issues one."""
    enrolment_id = delivery.number("subject")
    keys = signing_keys(delivery.settings.data_dir)

    def write(session: Session) -> None:
        award = credentials.find_award(session, enrolment_id)
        if award is not None:
            credentials.issue_credential(session, Actor(via=ActorChannel.JOB), award, delivery.settings, keys, now=delivery.now)

    return write


def review_withdrawn(delivery: Delivery) -> Effect | None:
    """Let the team decide on the certificate of a course whose completion was withdrawn."""
    enrolment_id = delivery.number("subject")

    def write(session: Session) -> None:
        row = reviews.find_in_force(session, enrolment_id)
        if row is not None and find_completion(session, enrolment_id) is None:
            open_review(session, Actor(via=ActorChannel.JOB), row, ReviewCause.COMPLETION_WITHDRAWN, now=delivery.now)

    return write


def review_merged(delivery: Delivery) -> Effect | None:
    """Let a person decide on the certificates of merged accounts that print another name than the account that stays."""
    person_id = delivery.number("subject")

    def write(session: Session) -> None:
        for row in reviews.list_with_another_name(session, session.get_one(Person, person_id)):
            open_review(session, Actor(via=ActorChannel.JOB), row, ReviewCause.ACCOUNTS_MERGED, now=delivery.now)

    return write


def complete_former(delivery: Delivery) -> None:
    """Complete the certificates of before 0.3.0 in portions, while the program runs; done again there is nothing left to do."""
    while True:
        with delivery.database.unit_of_work() as session:
            if badges.complete_former(session, limit=COMPLETED_AT_ONCE, now=delivery.now) < COMPLETED_AT_ONCE:
                return


def renew_seal(delivery: Delivery) -> Effect:
    """Make a new key that seals PDF files in the last year of the present one, where keys are made here and not brought in (K1).

    The keys that are in use then are recorded, so that a machine with others is noticed.
    """
    settings = delivery.settings
    is_ours = settings.secret_key_file is None
    if is_ours and is_renewal_due(seal_keys(settings.data_dir, settings.institution_name), now=delivery.now):
        rotate_seal_key(settings.data_dir, settings.institution_name)
    keys, seals = signing_keys(settings.data_dir), seal_keys(settings.data_dir, settings.institution_name)
    return lambda session: record_used_keys(session, keys, seals, now=delivery.now)


def notify_issued(delivery: Delivery) -> Effect:
    """Notify the holder where the certificate is."""
    row = _read_credential(delivery)
    code, address = printed_code(row.code), verify_url(delivery.settings.public_url, row.code)
    return _notify_holder(
        delivery,
        row,
        f"certificate:{row.uuid}",
        lambda: _("Your certificate for “%(title)s” is ready", title=choose(row.course_titles)),
        lambda: _("Anyone can verify it with the code %(code)s at %(address)s", code=code, address=address),
    )


def plan_expiry_notices(delivery: Delivery) -> Effect | None:
    """Add a job for each notice of certificates that expire; each is sent once, in the hours in which people may be reminded."""
    zone = ZoneInfo(delivery.settings.zone)
    if not is_time(delivery.now, zone):
        return None
    day = delivery.now.astimezone(zone).date()

    def write(session: Session) -> None:
        for notice in issuing.list_due_notices(session, day):
            if not outbox.is_known(session, notice.key):
                arguments = {"course": notice.course_id, "expires_on": notice.expires_on.isoformat(), "step": notice.step}
                outbox.enqueue(session, "certificates.notify_expiry", arguments, now=delivery.now, unique_key=notice.key)

    return write


def notify_expiry(delivery: Delivery) -> Effect | None:
    """Notify holders that their certificates expire on a day, or have expired."""
    course, step = delivery.number("course"), delivery.number("step")
    notice = ExpiryNotice(course, date.fromisoformat(delivery.text("expires_on")), step)
    with delivery.database.unit_of_work(write=False) as session:
        people, title = issuing.list_holders_to_notify(session, notice)
    if not people:
        return None
    message = Message(
        CERTIFICATE_NOTICE,
        key=notice.key,
        subject=in_every_language(lambda: _expiry_subject(notice, choose(title))),
        words=in_every_language(lambda: _("The page of the course says whether you can take it again and get another certificate.")),
        path="/certificates",
    )

    def write(session: Session) -> None:
        for first in range(0, len(people), NOTIFIED_AT_ONCE):
            notices.notify(session, message, people[first : first + NOTIFIED_AT_ONCE], now=delivery.now)

    return write


def _expiry_subject(notice: ExpiryNotice, title: str) -> str:
    day = format_date(notice.expires_on)
    if notice.step < 0:
        return _("Your certificate for “%(title)s” expired on %(day)s", title=title, day=day)
    return _("Your certificate for “%(title)s” is valid until %(day)s", title=title, day=day)


def notify_replaced(delivery: Delivery) -> Effect:
    """Notify the holder that a corrected certificate was issued instead of theirs."""
    row = _read_credential(delivery)
    code = printed_code(row.code)
    return _notify_holder(
        delivery,
        row,
        f"certificate:{row.uuid}",
        lambda: _("Your certificate for “%(title)s” was corrected", title=choose(row.course_titles)),
        lambda: _("The corrected one has the code %(code)s. The old code leads to it.", code=code),
    )


def notify_revoked(delivery: Delivery) -> Effect:
    """Notify the holder that their certificate was revoked, why, and how to object."""
    row = _read_credential(delivery)
    address, reason = delivery.settings.contact_email, row.revoked_reason.rstrip(".")
    return _notify_holder(
        delivery,
        row,
        f"certificate-revoked:{row.uuid}",
        lambda: _("Your certificate for “%(title)s” was revoked", title=choose(row.course_titles)),
        lambda: _("Reason: %(reason)s. If you do not agree, write to %(address)s.", reason=reason, address=address),
    )


def _read_credential(delivery: Delivery) -> Credential:
    with delivery.database.unit_of_work(write=False) as session:
        return session.get_one(Credential, delivery.number("credential"))


def _notify_holder(delivery: Delivery, row: Credential, key: str, subject: Callable[[], str], text: Callable[[], str]) -> Effect:
    message = Message(
        CERTIFICATE_NOTICE,
        key=key,
        subject=in_every_language(subject),
        words=in_every_language(text),
        path=f"/certificates/{row.uuid}",
    )
    return lambda session: notices.notify(session, message, [row.person_id], now=delivery.now)


def write_files(delivery: Delivery) -> Effect | None:
    """Write the files of a bulk download that are not kept yet, and notify whoever requested it; done twice it makes each once.

    Sheets are drawn in a process of its own, one in each gap between requests: drawn here and at once, they would take the
    interpreter and the processor from everybody who waits for a page.
    """
    download = delivery.number("download")
    settings = delivery.settings
    sealer = SheetSealer(settings.public_url, signing_keys(settings.data_dir), seal_keys(settings.data_dir, settings.institution_name))

    with child_process(pdf.render) as render:

        def draw(drawn: DrawnCredential) -> bytes:
            REQUEST_GAPS.wait()
            sheet = sheet_of(drawn.row, drawn.signers, settings.public_url, drawn.row.language, drawn.template, drawn.logo)
            return sealer.sealed(drawn.row, sheet, render)

        source = BulkSource(delivery.database, files_of(delivery.settings), draw)
        if not bulk.write_files(source, download, now=delivery.now):
            return None
    return lambda session: bulk.finish_download(session, download, now=delivery.now)


def change_validity(delivery: Delivery) -> None:
    """Replace the certificates of a course that end on another day now, a portion of people in each transaction; never twice."""
    number, keys = delivery.number("change"), signing_keys(delivery.settings.data_dir)
    more = True
    while more:
        with delivery.database.unit_of_work() as session:
            more = replace_portion(session, number, delivery.settings, keys, now=delivery.now)


def end_files(delivery: Delivery) -> None:
    """Delete the files of bulk downloads that were kept for long enough or cancelled, or that hold a deleted person."""
    cancelled = BulkFile.download_id.in_(select(BulkDownload.id).where(BulkDownload.cancelled_at.is_not(None)))
    also = or_(BulkFile.ended_at.is_not(None), cancelled)
    end_prepared(delivery.database, files_of(delivery.settings), BulkFile, also=also, now=delivery.now)
