"""Lets people join who sign up or in for it: a course, one of its editions, or what they were invited to; no page of its own."""

from collections.abc import Mapping
from functools import partial
from uuid import UUID

from flask import flash, url_for

from accounts.joining import Invitation, Joining
from courses.versions import get_outline
from enrolments import editions, enrolment, invitations
from enrolments.access import EditionContext, InvitedContext, LearningAction
from enrolments.course_context import course_view
from enrolments.course_view import course_url
from enrolments.editions import EnrolOutcome
from enrolments.learners import get_learner_context
from enrolments.views.editions import find_by_code
from enrolments.views.invitations import find_invited, may_sign_up
from kernel import clock
from kernel.codes import printed_code
from kernel.errors import Conflict, NotFound, TooMany
from kernel.i18n import _, choose
from kernel.web.forms import as_uuid
from kernel.web.request import allows, current_actor, current_session
from organisations.rules.units import split_name

OPEN = "yes"
"""In the address of a course: its reader enrols in it, and chooses no edition."""


def find_joining(endpoint: str, values: Mapping[str, str]) -> Joining | None:
    """Return the thing that an address of this package lets its reader join, or None."""
    if endpoint == "enrolments_editions.invitation":
        return _with_code(values["code"])
    if endpoint == "enrolments_invited.invitation":
        return _with_secret(values["secret"])
    if endpoint == "enrolments.course" and values.get("enrol"):
        return _of_course(values["slug"], values["enrol"])
    return None


def _promise(title: str, *, is_full: bool) -> str:
    if is_full:
        return _("You join the waiting list of “%(title)s” as soon as you are signed in: all places are taken.", title=title)
    return _("You are enrolled in “%(title)s” as soon as you are signed in.", title=title)


def _of_course(slug: str, key: str) -> Joining | None:
    """Return how a course is joined that takes everybody, in itself or in an edition, or by an invitation to this person."""
    session, actor, uuid = current_session(), current_actor(), as_uuid(key)
    try:
        context = get_learner_context(session, actor, slug)
        subject = editions.get_edition_context(session, actor, slug, uuid) if uuid else None
    except NotFound:
        return Joining(partial(_join_invited, slug, uuid)) if uuid else None
    if not allows(LearningAction.VIEW_COURSE, context) or context.version_id is None:
        return Joining(partial(_join_course, slug, uuid))
    title = choose(get_outline(session, context.version_id).title)
    is_full = subject is not None and editions.get_edition_row(session, subject.edition.id).is_full
    if subject is not None:
        title = f"{title}, {subject.edition.name}"
    return Joining(partial(_join_course, slug, uuid), _promise(title, is_full=is_full), title)


def _join_course(slug: str, edition: UUID | None) -> str:
    session, actor = current_session(), current_actor()
    context = get_learner_context(session, actor, slug)
    if edition is not None:
        return _join_edition(editions.get_edition_context(session, actor, slug, edition))
    if not context.is_learner and allows(LearningAction.ENROL, context):
        enrolment.enrol(session, actor, context, now=clock.now())
        flash(_("You are enrolled."), "ok")
    return first_lesson(slug)


def _join_edition(subject: EditionContext) -> str:
    slug, version = subject.context.slug, subject.context.version_id
    if subject.context.is_learner or version is None or not allows(LearningAction.JOIN, subject):
        return first_lesson(slug)
    return _joined(slug, editions.join(current_session(), current_actor(), subject.edition, version, now=clock.now()))


def _joined(slug: str, outcome: EnrolOutcome) -> str:
    if outcome is EnrolOutcome.WAITING:
        flash(_("This edition is full. You are on the waiting list, and we will notify you when a place becomes available."), "warn")
        return url_for("lms.learning")
    flash(_("You are enrolled."), "ok")
    return first_lesson(slug)


def first_lesson(slug: str) -> str:
    """Return the path of the lesson with which a learner begins; of the course, where that is something else or they are none."""
    session = current_session()
    context = get_learner_context(session, current_actor(), slug)
    if not context.is_learner or context.version_id is None:
        return course_url(slug)
    outline = get_outline(session, context.version_id)
    view = course_view(context, outline)
    activity = outline.by_key.get(view.next_key or "")
    link = view.next_activity
    return link.url if link is not None and activity is not None and activity.kind == "page" else course_url(slug)


def _with_code(code: str) -> Joining:
    """Return how an edition is joined with its code. Whether there is such a code is looked at for a person, never for a stranger."""
    return Joining(
        partial(_join_with_code, code), _("Your code %(code)s enrols you as soon as you are signed in.", code=printed_code(code)[:40])
    )


def _join_with_code(code: str) -> str:
    try:
        subject = find_by_code(current_session(), current_actor(), code)
    except (NotFound, TooMany):
        return url_for("enrolments_editions.code", code=code)
    if subject.context.is_learner or allows(LearningAction.JOIN, subject):
        return _join_edition(subject)
    return url_for("enrolments_editions.invitation", code=code)


def _with_secret(secret: str) -> Joining | None:
    """Return how the course is joined that a link invites to; None where the link is over, and its page says so."""
    invited = find_invited(secret)
    if invited is None or not invited.is_open or invited.is_closed:
        return None
    row, slug = invited.invitation, invited.course.slug
    is_full = invited.edition is not None and editions.get_edition_row(current_session(), invited.edition.id).is_full
    title = choose(invited.course.title)
    held = Invitation(row.email, split_name(row.name), row.mailed_at is not None, may_sign_up(invited), partial(_note_sign_up, row.uuid))
    return Joining(
        partial(_accept, invited, url_for("enrolments_invited.invitation", secret=secret)),
        _promise(title, is_full=is_full),
        title,
        mail_path=url_for("enrolments.course", slug=slug, enrol=row.uuid),
        invitation=held,
    )


def _note_sign_up(invitation: UUID) -> None:
    session, actor = current_session(), current_actor()
    row = invitations.get_own_invitation(session, actor, invitation).invitation
    invitations.record_sign_up(session, actor, row, now=clock.now())


def _accept(invited: InvitedContext, otherwise: str) -> str:
    present = invitations.get_own_invitation(current_session(), current_actor(), invited.invitation.uuid)
    if not allows(LearningAction.ACCEPT_INVITATION, present):
        return otherwise
    try:
        return _joined(present.course.slug, invitations.accept(current_session(), current_actor(), present, now=clock.now()))
    except (NotFound, Conflict):
        return otherwise


def _join_invited(slug: str, invitation: UUID | None) -> str:
    """Accept the invitation whose link led to an account, as soon as its address is confirmed."""
    if invitation is None:
        return course_url(slug)
    try:
        invited = invitations.get_own_invitation(current_session(), current_actor(), invitation)
    except NotFound:
        return course_url(slug)
    return _accept(invited, course_url(slug))
