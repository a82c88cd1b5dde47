"""An invitation to enrol, for the invited person: the page of its link, an account with it, enrolling by a click."""

from uuid import UUID

from flask import Blueprint, flash, render_template, url_for
from sqlalchemy.orm import Session

from accounts import accounts, signin
from accounts.forms import NewAccountForm
from accounts.rules import NOTICE_VERSION
from enrolments.pages.outline import course_url
from enrolments.permissions import InvitedContext, LearningAction
from enrolments.queries import invitations as queries
from enrolments.queries.learning import find_enrolment
from enrolments.services import invitations as services
from enrolments.services.editions import EnrolOutcome
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, choose
from kernel.permissions import Actor
from kernel.web.headers import hide_address
from kernel.web.limits import client_key, limit, limiter
from kernel.web.request import (
    Answer,
    begin_writing,
    current_actor,
    current_session,
    current_settings,
    is_read_only_request,
    public,
    release_connection,
    requires,
    see_other,
    see_page,
)

bp = Blueprint("enrolments_invited", __name__)

WRONG_LINKS = limit("enrolment-links", "100 per 15 minutes")
SIGN_UPS = limit("invited-sign-up", "5 per hour")
"""Of one invitation: a whole office signs up from one address on the day of a course."""


def _find(secret: str) -> InvitedContext | None:
    """Return the invitation of a link; count a wrong one against the client, and hide the page's address from other sites."""
    hide_address()
    try:
        return queries.get_by_secret(current_session(), current_actor(), secret)
    except NotFound:
        limiter().use(WRONG_LINKS, client_key())
        return None


@bp.get("/course-invitations/<secret>")
@public
def invitation(secret: str) -> Answer:
    """Show what an invitation is for; it reads the same whether or not the invited address has an account."""
    invited, actor = _find(secret), current_actor()
    if invited is not None and not actor.is_anonymous and _takes_course(invited, actor):
        return see_other(course_url(invited.course.slug))
    if invited is None or not (invited.is_open or (invited.invitation.accepted_at and actor.is_anonymous)):
        return _page(None, secret), 404
    return _page(invited, secret), 200 if actor.is_anonymous or invited.is_for_reader else 403


def _takes_course(invited: InvitedContext, actor: Actor) -> bool:
    enrolment = find_enrolment(current_session(), actor.person_id or 0, invited.course.id)
    return enrolment is not None and enrolment.left_at is None


def _may_sign_up(invited: InvitedContext) -> bool:
    return current_settings().sign_up or queries.is_from_administrator(current_session(), invited.invitation)


def _page(invited: InvitedContext | None, secret: str) -> str:
    here = url_for("enrolments_invited.invitation", secret=secret)
    return render_template(
        "enrolments/invited.html",
        invited=invited,
        title=choose(invited.course.title) if invited else "",
        sign_in=url_for("accounts.sign_in", next=here),
        account=url_for("enrolments_invited.account", secret=secret) if invited and _may_sign_up(invited) else "",
    )


@bp.route("/course-invitations/<secret>/account", methods=["GET", "POST"])
@public(reads_first=True)
def account(secret: str) -> Answer:
    """Sign up with the address that was invited. To an address with an account the answer is the same, as at every sign-up."""
    invited = _find(secret)
    if invited is None or not invited.is_open:
        return _page(None, secret), 404
    if not _may_sign_up(invited):
        return _page(invited, secret), 403
    form = NewAccountForm((invited.invitation.email,))
    if is_read_only_request():
        return _account_page(form, invited, secret)
    if not form.validate_on_post():
        return _account_page(form, invited, secret), 422
    limiter().use(SIGN_UPS, str(invited.invitation.uuid))
    release_connection()
    command = form.command()
    session, now = begin_writing(), clock.now()
    accounts.sign_up(session, current_actor(), command, now=now)
    services.record_sign_up(session, current_actor(), invited.invitation, now=now)
    signin.note_sign_up(command.password_hash)
    if current_settings().sends_mail:
        return see_page("accounts.sign_up_requested")
    flash(_("If the address can be used, the account has been created. Sign in with the password you chose."), "ok")
    return see_page("accounts.sign_in", next=url_for("enrolments_invited.invitation", secret=secret))


def _account_page(form: NewAccountForm, invited: InvitedContext, secret: str) -> str:
    return render_template(
        "enrolments/invited_account.html",
        form=form,
        title=choose(invited.course.title),
        email=invited.invitation.email,
        secret=secret,
        notice_version=NOTICE_VERSION,
    )


def _own(session: Session, actor: Actor, invitation: UUID) -> InvitedContext:
    return queries.get_own_invitation(session, actor, invitation)


@bp.post("/learning/invitations/<uuid:invitation>")
@requires(LearningAction.ACCEPT_INVITATION, _own)
def accept(invited: InvitedContext) -> Answer:
    """Enrol the invited person, or put them on the waiting list of a full edition."""
    if services.accept(current_session(), current_actor(), invited, now=clock.now()) is EnrolOutcome.WAITING:
        flash(_("This edition is full. You are on the waiting list, and we will notify you when a place becomes available."), "warn")
        return see_page("lms.learning")
    flash(_("You are enrolled. Start with the first activity."), "ok")
    return see_other(course_url(invited.course.slug))
