"""Pages of notices: the bell's list, what goes out by mail, and the link that stops it."""

from flask import Blueprint, current_app, flash, render_template

from accounts import notices, queries
from accounts.forms import NotificationPreferencesForm
from accounts.permissions import AccountAction
from accounts.rules import NoticeKind
from accounts.wording import NOTICE_KINDS, SYMBOLS
from kernel import clock
from kernel.i18n import _, choose
from kernel.settings import Settings, secret_keys
from kernel.web import after_response
from kernel.web.headers import hide_address
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, current_actor, current_session, is_read_only_request, public, requires, see_page

bp = Blueprint("accounts_notices", __name__)

ROWS = 30


@bp.get("/notices")
@requires(AccountAction.READ_NOTICES)
def notices_list() -> Answer:
    """List the reader's notifications; those on this page count as read afterwards."""
    requested, now = requested_page(ROWS), clock.now()
    rows = queries.list_notices(current_session(), current_actor().person_id or 0, offset=requested.offset, limit=ROWS + 1)
    new = [row.id for row in rows[:ROWS] if row.read_at is None]
    if new:
        after_response.run_after_response(lambda session: notices.note_read(session, new, now=now))
    lines = [
        {
            "title": choose(row.subject),
            "words": choose(row.words),
            "url": row.path,
            "symbol": SYMBOLS[NoticeKind(row.kind)],
            "kind": _(NOTICE_KINDS[NoticeKind(row.kind)][0]),
            "given_at": row.given_at,
            "is_new": row.read_at is None,
        }
        for row in rows[:ROWS]
    ]
    return render_template("accounts/notices_list.html", page=Page(lines, requested.number, len(rows) > ROWS))


@bp.route("/profile/notices", methods=["GET", "POST"])
@requires(AccountAction.EDIT_PROFILE)
def switches() -> Answer:
    """Show and change the reader's notification preferences for each kind."""
    session, actor, form = current_session(), current_actor(), NotificationPreferencesForm()
    person = queries.get_person(session, actor.person_id or 0)
    if not actor.is_administrator:
        form.leave_out(NoticeKind.OPERATION)
    if not actor.is_staff_anywhere and not actor.is_administrator:
        form.leave_out(NoticeKind.WAITING)
    if not (actor.manages_units or actor.is_training_officer or actor.is_administrator):
        form.leave_out(NoticeKind.TRAINING_TEAM)
    if not (actor.is_training_officer or actor.is_auditor or actor.is_administrator):
        form.leave_out(NoticeKind.TRAINING_WORK)
    if is_read_only_request():
        form.show(queries.notification_choices_of(session, person.id))
    elif form.validate_on_post():
        notices.set_notification_choices(session, actor, person, form.command(), now=clock.now())
        flash(_("Your notification preferences were saved."), "ok")
        return see_page("accounts_notices.switches")
    return render_template("accounts/notification_preferences.html", form=form, email=person.email), 422 if form.errors else 200


@bp.route("/notices/stop/<token>", methods=["GET", "POST"])
@public
def stop(token: str) -> Answer:
    """Stop the mails of a kind: a person by the button, a mail program by the same POST (RFC 8058), neither of them signed in."""
    hide_address()
    settings: Settings = current_app.extensions["settings"]
    unsubscription = notices.read_unsubscription(secret_keys(settings), token)
    if unsubscription is None:
        return render_template("accounts/unsubscribe.html", state="unknown", kind=""), 404
    kind = _(NOTICE_KINDS[unsubscription.kind][0]) if unsubscription.kind else ""
    if is_read_only_request():
        return render_template("accounts/unsubscribe.html", state="ask", kind=kind)
    notices.stop_mails(current_session(), current_actor(), unsubscription, now=clock.now())
    return render_template("accounts/unsubscribe.html", state="done", kind=kind)
