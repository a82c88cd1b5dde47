"""The administrator's page of the state of things: what is dangerous, work that waits or failed, mail, disk, backups, versions."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Blueprint, Response, current_app, flash, url_for
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts import notices, people
from accounts.notices import Message
from accounts.rules import NoticeKind, digest_until
from kernel import audit, clock, outbox
from kernel.crypto import SigningKeys, signing_keys
from kernel.db import Database
from kernel.errors import N_, NotFound
from kernel.files import FileStore, StoredFile, files_of
from kernel.i18n import _, in_every_language, ngettext, site_locale
from kernel.outbox import Delivery, Effect, Job, log
from kernel.permissions import Actor, ActorChannel
from kernel.settings import Settings
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_other
from lms import deployment, inspection, metrics, queries
from lms.access import SiteAction, SiteVerb
from lms.deployment import DeploymentFinding, DeploymentState
from lms.inspection import versions

if TYPE_CHECKING:
    from lms.instance import Instance

bp = Blueprint("lms_condition", __name__)

LISTED = 50
OPERATION_NOTICE = NoticeKind(
    "operation",
    label=N_("System status"),
    hint=N_("This installation needs an administrator's attention. Sent once a day until it is resolved."),
    icon="circle-alert",
    group=N_("Administration"),
    concerns=lambda actor: actor.is_administrator,
)


@bp.get("/metrics")
@requires(SiteAction.MEASURE, metrics.get_metrics_origin)
def figures(_door: object) -> Response:
    """Give the figures for Prometheus."""
    return metrics.page()


@bp.get("/administration/state")
@requires(SiteAction.ADMINISTER)
def system_state() -> Answer:
    """Show how the instance is."""
    session, now = current_session(), clock.now()
    instance: Instance = current_app.extensions["instance"]
    settings, disk = instance.present_settings, shutil.disk_usage(instance.settings.data_dir)
    facts = inspection.gather(instance, session, now=now)
    condition = queries.condition(session, now=now)
    return page(
        "lms/system_state.html",
        findings=deployment.findings(facts),
        sprayings=queries.list_sprayings(session, now=now),
        later_entry=queries.find_later_entry(session, now=now),
        waiting=condition.jobs_waiting,
        oldest_waiting=condition.oldest_waiting,
        kinds=queries.count_waiting_kinds(session),
        failed=queries.list_failed_jobs(session),
        absences=queries.list_absences(session),
        failed_count=facts.failed_jobs,
        sends_mail=settings.sends_mail,
        mail_server=settings.mail_server,
        mail_from=settings.mail_from,
        mail_folder=settings.data_dir / "mail",
        disk_free=disk.free,
        disk_share=round(100 * disk.used / disk.total),
        database_size=_database_size(session, instance),
        files=session.execute(select(func.count(), func.coalesce(func.sum(StoredFile.size), 0))).one(),
        store=settings.files_url,
        store_answers=facts.store_answers,
        redis=bool(settings.redis_url),
        redis_answers=facts.redis_answers,
        last_backup=facts.last_backup,
        failed_backup=facts.failed_backup,
        backup_is_old=facts.last_backup is not None and now - facts.last_backup.at > deployment.BACKUP_EVERY,
        versions=versions(session),
    )


def _database_size(session: Session, instance: Instance) -> int:
    if instance.database.is_sqlite:
        path = Path(instance.database.writing.url.database or "")
        return sum(file.stat().st_size for file in path.parent.glob(f"{path.name}*"))
    return session.scalar(select(func.pg_database_size(func.current_database()))) or 0


def get_failed_job(session: Session, _actor: Actor, job: int) -> Job:
    """Return a job that was given up; raise NotFound."""
    row = session.get(Job, job) if job < 2**63 else None
    if row is None or row.failed_at is None:
        raise NotFound
    return row


@bp.post("/administration/state/jobs/<int:job>/retry")
@requires(SiteAction.ADMINISTER, get_failed_job)
def retry(job: Job) -> Answer:
    """Try a job that was given up again."""
    _try_again(job.id, job)
    flash(_("The job will be retried within a minute."), "ok")
    return see_other(url_for("lms_condition.system_state"))


@bp.post("/administration/state/jobs/retry")
@requires(SiteAction.ADMINISTER)
def retry_all() -> Answer:
    """Try every job that was given up again."""
    count = _try_again(None, None)
    flash(ngettext("%(count)s job will be retried within a minute.", "%(count)s jobs will be retried within a minute.", count), "ok")
    return see_other(url_for("lms_condition.system_state"))


def _try_again(number: int | None, job: Job | None) -> int:
    session, now = current_session(), clock.now()
    count = outbox.retry_failed(session, number, now=now)
    audit.record(session, current_actor(), SiteVerb.JOBS_RETRIED, job, now=now, count=count)
    return count


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
        "identity-secret",
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
            notices.take_back_kind(session, OPERATION_NOTICE)
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

    return Message(OPERATION_NOTICE, f"operation:{day}", in_every_language(subject), in_every_language(words), "/administration/state")


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
