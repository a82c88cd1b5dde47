"""Background work of courses: publish what was planned when its moment comes, send invitations into teams, delete folders not confirmed."""

from sqlalchemy.orm import Session

from accounts.invitations import make_secret
from accounts.uploads import delete_pending_uploads
from courses import catalogue, drafts, history, planned_publications, publishing, team
from courses.access import CourseArchived
from courses.content.render_cache import RenderedLessonCache
from courses.kinds import COURSE_KINDS
from courses.models import PendingFolder, PlanState
from courses.planned_publications import NoResponsiblePublisher, PublishInputs
from courses.publishing import DraftChangedSinceReview, InstitutionNotOpen, MissingOnSite, UnknownViewers
from kernel import mail
from kernel.files import files_of
from kernel.i18n import choose, site_day
from kernel.outbox import Delivery, Effect

FORGET_EVERY = 3600


def publish_planned(delivery: Delivery) -> Effect | None:
    """Publish a plan when it is due, once even with several workers; else cancel it and send a notification."""
    plan_id = delivery.number("plan")
    files = files_of(delivery.settings)
    with delivery.database.unit_of_work(write=False) as session:
        plan = planned_publications.get_plan(session, plan_id)
        if plan.state != PlanState.PLANNED or (plan.publish_at is not None and plan.publish_at > delivery.now):
            return None
        kinds = COURSE_KINDS.of(session)
        is_same = not drafts.saved_since(session, plan.course_id, plan.revision)
        contents = history.read_all_at(session, files, plan.course_id, plan.revision) if is_same else {}
    prepared = publishing.prepare(contents, kinds, today=site_day(delivery.now)).prepared if is_same else None

    def settle(session: Session) -> None:
        course = catalogue.lock_course(session, plan.course_id)
        row = planned_publications.lock_plan(session, plan_id)
        if row.state != PlanState.PLANNED:
            return
        if prepared is None:
            planned_publications.cancel_plan(session, course, row, now=delivery.now)
            return
        try:
            planned_publications.publish_plan(session, course, row, PublishInputs(prepared, kinds, files), now=delivery.now)
        except (DraftChangedSinceReview, UnknownViewers, MissingOnSite, InstitutionNotOpen, CourseArchived):  # nothing was written yet
            planned_publications.cancel_plan(session, course, row, now=delivery.now)
        except NoResponsiblePublisher:  # nor here
            planned_publications.cancel_plans_of_former_editors(session, course, row, now=delivery.now)

    return settle


def send_invitation(delivery: Delivery) -> None:
    """Send the link that lets a person join a course team. It is created here, so that no job row ever holds a secret."""
    with delivery.database.unit_of_work() as session:
        invitation, course = team.get_invitation(session, delivery.number("invitation"))
        if invitation.withdrawn_at is not None or invitation.used_at is not None or not team.is_still_authorised(session, invitation):
            return
        if invitation.secret_hash is not None and not delivery.settings.sends_mail:
            return  # who invited hands the link over: another one would end it
        secret = make_secret(invitation)
        to, language, title = invitation.email, invitation.language, course.title
    message = mail.write(
        delivery.settings,
        to,
        "invitation",
        language,
        key=f"job-{delivery.job_id}",
        path=f"/invitations/{secret}",
        course=choose(title, language),
        name=to,
    )
    mail.dispatch(delivery, message)


def forget_folders(delivery: Delivery) -> None:
    """Delete folders that were not confirmed in time, and cached lessons that are no longer used."""
    RenderedLessonCache(delivery.settings.data_dir / "rendered").forget_old(delivery.now.timestamp())
    with delivery.database.unit_of_work() as session:
        delete_pending_uploads(session, PendingFolder, now=delivery.now)
