"""Notification of administrators while problems last: in the bell, and by daily mail (failed jobs, disk, backups, seals)."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from accounts import notices, people
from accounts.notices import Message
from accounts.rules import NoticeKind, digest_until
from kernel import audit
from kernel.crypto import SigningKeys, signing_keys
from kernel.db import Database
from kernel.files import FileStore, files_of
from kernel.i18n import in_every_language, ngettext, site_locale
from kernel.outbox import Delivery, Effect, log
from kernel.permissions import Actor, ActorChannel
from kernel.settings import Settings
from lms import deployment, inspection
from lms.deployment import DeploymentFinding, DeploymentState
from lms.permissions import SiteVerb

WATCH_EVERY = 3_600
VERIFY_EVERY = 86_400
WATCHED = frozenset(
    {
        "failed-jobs",
        "service-away",
        "nobody-works",
        "little-disk",
        "backup-failed",
        "no-backup",
        "old-backup",
        "broken-seal",
        "seal-ends",
        "statuses-differ",
        "store-away",
    }
)
"""Findings that arise while an instance runs; the others were there when it was set up."""


@dataclass(frozen=True, slots=True)
class _WatchedInstance:
    """The instance as a job sees it."""

    present_settings: Settings
    database: Database
    files: FileStore
    keys: SigningKeys


def watch(delivery: Delivery) -> Effect:
    """Notify administrators of problems: one notification a day, updated with the findings, and removed when none is left."""
    settings = delivery.settings
    instance = _WatchedInstance(settings, delivery.database, files_of(settings), signing_keys(settings.data_dir))
    with delivery.database.unit_of_work(write=False) as session:
        findings = _of_this_instance(inspection.gather(instance, session, now=delivery.now))

    def tell(session: Session) -> None:
        if not findings:
            notices.take_back_kind(session, NoticeKind.OPERATION)
            return
        zone = site_locale().zone
        day = digest_until(delivery.now, zone).astimezone(zone)
        notices.replace_standing(session, _message(findings, f"{day:%Y-%m-%d}"), people.list_administrators(session), now=delivery.now)

    return tell


def _of_this_instance(facts: DeploymentState) -> list[DeploymentFinding]:
    """Return the findings to report; a missing backup of an instance on a private machine is not one."""
    is_trial = facts.is_demonstration or not facts.is_public
    return [finding for finding in deployment.findings(facts) if finding.code in WATCHED and not (is_trial and finding.code == "no-backup")]


def _message(findings: list[DeploymentFinding], day: str) -> Message:
    def subject() -> str:
        return ngettext(
            "%(count)s issue in this installation needs your attention",
            "%(count)s issues in this installation need your attention",
            len(findings),
        )

    def words() -> str:
        return " ".join(
            finding.words if len(findings) == 1 else f"({number}) {finding.words}" for number, finding in enumerate(findings, 1)
        )

    return Message(NoticeKind.OPERATION, f"operation:{day}", in_every_language(subject), in_every_language(words), "/administration/state")


def verify_audit(delivery: Delivery) -> Effect:
    """Compare the audit log with its seals, and write down there what was found."""
    folder = delivery.settings.data_dir
    newest = audit.known_newest(folder)
    with delivery.database.unit_of_work(write=False) as session:
        known = [newest.hash] if newest else []
        verification = audit.verify(session, signing_keys(folder), now=delivery.now, known=known)
    faults = len(verification.broken) + len(verification.unseen)
    if faults:
        log.error("audit.broken", faults=faults)
    return lambda session: audit.record(
        session, Actor(via=ActorChannel.JOB), SiteVerb.AUDIT_VERIFIED, None, now=delivery.now, faults=faults, seals=verification.seals
    )
