"""Pages of time for those who edit a course: overrides of a quiz, and the incident tool."""

from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, render_template, request, url_for
from sqlalchemy.orm import Session

from accounts import access_log
from accounts.people import get_person_by_uuid
from accounts.privacy import PeopleListKind
from courses.models import Course
from enrolments import learner_groups
from enrolments import learners as enrolment_queries
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import _, ngettext
from kernel.own_records import LEFT_OUT
from kernel.permissions import Actor
from kernel.web.paging import Page, requested_page
from kernel.web.request import Answer, current_actor, current_session, requires, see_page
from quizzes.forms.quizzes import IncidentForm, QuizOverrideForm
from quizzes.models import QuizOverride
from quizzes.pages.introduction import activity_header, rules_of
from quizzes.pages.overrides import incident_views, open_views, override_views
from quizzes.permissions import IncidentContext, NewOverrideContext, OverrideContext, QuizAction, QuizContext
from quizzes.queries import attempts, teaching
from quizzes.queries.overrides import (
    AffectedAttempts,
    get_incident,
    get_override,
    list_ended,
    list_in_force,
    list_incidents,
    list_open_attempts,
)
from quizzes.services.overrides import (
    GroupDeleted,
    NotInForce,
    add_incident_time,
    apply_incident_to_left_out,
    apply_to_authors,
    concerns_person,
    describe_target,
    end_override,
    find_in_force,
    is_left_out_of_incident,
    restore_override,
    set_override,
    undo_incident,
)
from quizzes.services.overrides import OverrideTarget as Whom

bp = Blueprint("quizzes_time", __name__)

ROWS, ENDED, FOUND, INCIDENTS = 50, 20, 20, 50


def _see(endpoint: str, quiz: QuizContext, **values: Any) -> Response:
    return see_page(endpoint, slug=quiz.slug, key=quiz.key, **values)


@bp.get("/courses/<slug>/quizzes/<key>/overrides")
@requires(QuizAction.OVERRIDE, teaching.get_taught_quiz)
def overrides(quiz: QuizContext) -> Answer:
    """List the overrides in force at a quiz, and for whom one can be set."""
    session, requested, query = current_session(), requested_page(ROWS), request.args.get("q", "")[:100].strip()
    rows = list_in_force(session, quiz, offset=requested.offset, limit=ROWS + 1)
    learners = learner_groups.list_learners(session, quiz.course_id, query, limit=FOUND + 1) if query else []
    return render_template(
        "quizzes/overrides.html",
        **activity_header(quiz.outline, quiz.key),
        rules=rules_of(snapshot := attempts.get_snapshot_of_activity(session, quiz.activity_id), snapshot.published_settings),
        page=Page(override_views(current_actor(), rows[:ROWS]), requested.number, len(rows) > ROWS),
        ended=override_views(current_actor(), list_ended(session, quiz, limit=ENDED)),
        groups=learner_groups.list_groups(session, quiz.course_id),
        query=query,
        found=learners[:FOUND],
        more_found=len(learners) > FOUND,
    )


def _requested_target(session: Session, actor: Actor, slug: str, key: str) -> NewOverrideContext:
    """Read for whom something is to be set: a group of the course, a learner of it, or everybody; raise NotFound."""
    quiz = teaching.get_taught_quiz(session, actor, slug, key)
    person, group = request.args.get("person"), request.args.get("group")
    try:
        if group:
            learner_group = learner_groups.find_group(session, quiz.course_id, UUID(group))
            if learner_group is None:
                raise NotFound
            return NewOverrideContext(quiz, group=learner_group)
        if person:
            learner = get_person_by_uuid(session, UUID(person))
            enrolment = enrolment_queries.find_enrolment(session, learner.id, quiz.course_id)
            if enrolment is None:
                raise NotFound
            return NewOverrideContext(quiz, person=learner)
    except ValueError:
        raise NotFound from None
    return NewOverrideContext(quiz)


@bp.route("/courses/<slug>/quizzes/<key>/overrides/new", methods=["GET", "POST"])
@requires(QuizAction.OVERRIDE, _requested_target)
def add(target: NewOverrideContext) -> Answer:
    """Set something for everybody, a group (`?group=`) or a learner (`?person=`)."""
    session, quiz, whom, form = current_session(), target.quiz, Whom(target.group, target.person), QuizOverrideForm()
    in_force = find_in_force(session, quiz, whom) if request.method != "POST" else None
    if in_force is not None:
        return _see("quizzes_time.change", quiz, override=in_force.uuid)
    if form.validate_on_post():
        try:
            set_override(session, current_actor(), quiz, whom, form.command(), form.reason.data or "", now=clock.now())
        except NotInForce as changed:
            form.refuse(form.reason, _(changed.message))
        else:
            flash(_("It applies from now on, including to open attempts."), "ok")
            _flash_left_out(quiz, whom)
            return _see("quizzes_time.overrides", quiz)
    group, person = whom.group.uuid if whom.group else None, whom.person.uuid if whom.person else None
    action = url_for("quizzes_time.add", slug=quiz.slug, key=quiz.key, group=group, person=person)
    return _form_page(quiz, whom, form, action, changes=False)


def _flash_left_out(quiz: QuizContext, whom: Whom) -> None:
    row = find_in_force(current_session(), quiz, whom)
    if row is not None:
        _flash_if_own(row)


def _flash_if_own(row: QuizOverride) -> None:
    """Say that the actor's own record was left out, where they are among those for whom an override is."""
    if concerns_person(current_session(), row, current_actor().person_id):
        flash(_(LEFT_OUT), "warn")


def _form_page(quiz: QuizContext, whom: Whom, form: QuizOverrideForm, action: str, *, changes: bool) -> Answer:
    snapshot = attempts.get_snapshot_of_activity(current_session(), quiz.activity_id)
    page = render_template(
        "quizzes/override.html",
        **activity_header(quiz.outline, quiz.key),
        rules=rules_of(snapshot, snapshot.published_settings),
        whom=whom.group.name if whom.group else whom.person.full_name if whom.person else "",
        is_group=whom.group is not None,
        form=form,
        action=action,
        changes=changes,
    )
    return page, 422 if form.errors else 200


@bp.route("/courses/<slug>/quizzes/<key>/overrides/<uuid:override>", methods=["GET", "POST"])
@requires(QuizAction.OVERRIDE, get_override)
def change(subject: OverrideContext) -> Answer:
    """Change what is in force; one that has ended leads to the list."""
    session, quiz, row = current_session(), subject.quiz, subject.row
    if row.ended_at is not None:
        flash(_(NotInForce.message), "warn")
        return _see("quizzes_time.overrides", quiz)
    form, whom = QuizOverrideForm(), describe_target(session, row)
    if request.method != "POST":
        form.show(row)
    elif form.validate_on_post():
        try:
            set_override(session, current_actor(), quiz, whom, form.command(), form.reason.data or "", seen=row, now=clock.now())
        except NotInForce as changed:
            form.refuse(form.reason, _(changed.message))
        else:
            flash(_("Changed, including for open attempts."), "ok")
            _flash_left_out(quiz, whom)
            return _see("quizzes_time.overrides", quiz)
    return _form_page(quiz, whom, form, url_for("quizzes_time.change", slug=quiz.slug, key=quiz.key, override=row.uuid), changes=True)


@bp.post("/courses/<slug>/quizzes/<key>/overrides/<uuid:override>/end")
@requires(QuizAction.OVERRIDE, get_override)
def end(subject: OverrideContext) -> Answer:
    """End what is in force."""
    end_override(current_session(), current_actor(), subject.row, now=clock.now())
    flash(_("It is no longer in force. You can restore it below."), "ok")
    _flash_if_own(subject.row)
    return _see("quizzes_time.overrides", subject.quiz)


@bp.post("/courses/<slug>/quizzes/<key>/overrides/<uuid:override>/restoration")
@requires(QuizAction.OVERRIDE, get_override)
def restore(subject: OverrideContext) -> Answer:
    """Put back what has ended."""
    try:
        restore_override(current_session(), current_actor(), subject.row, subject.quiz, now=clock.now())
    except GroupDeleted as gone:
        flash(_(gone.message), "bad")
    else:
        flash(_("It is in force again."), "ok")
        _flash_if_own(subject.row)
    return _see("quizzes_time.overrides", subject.quiz)


@bp.post("/courses/<slug>/quizzes/<key>/overrides/<uuid:override>/application")
@requires(QuizAction.OVERRIDE, get_override)
def apply(subject: OverrideContext) -> Answer:
    """Apply an override to the person who set or ended it too."""
    apply_to_authors(current_session(), current_actor(), subject.row, now=clock.now())
    flash(_("It now also applies to the record that was left out."), "ok")
    return _see("quizzes_time.overrides", subject.quiz)


@bp.route("/courses/<slug>/quizzes/<key>/incidents", methods=["GET", "POST"])
@requires(QuizAction.INCIDENT, teaching.get_taught_quiz)
def incidents(quiz: QuizContext) -> Answer:
    """Show who has an attempt open now, and give all of them more time."""
    session, form = current_session(), IncidentForm()
    count = teaching.count_attempts(session, quiz).open
    if form.validate_on_post() and not count:
        form.refuse(form.minutes, _("There are no open attempts to give time to."))
    elif form.validate_on_post():
        given = add_incident_time(
            session, current_actor(), quiz, form.minutes.number or 0, form.reason.data or "", form.uuid(), now=clock.now()
        )
        minutes = given.seconds // 60
        if is_left_out_of_incident(session, current_actor(), given):
            flash(_(LEFT_OUT), "warn")
        flash(ngettext("%(count)s extra minute for every open attempt.", "%(count)s extra minutes for every open attempt.", minutes), "ok")
        return _see("quizzes_time.incidents", quiz)
    form.token.data = form.token.data or str(uuid4())
    access_log.record_list_access(PeopleListKind.ATTEMPTS, Course, quiz.course_id)
    attempts = list_open_attempts(session, AffectedAttempts(quiz.course_id, quiz.key), limit=ROWS + 1)
    page = render_template(
        "quizzes/incidents.html",
        **activity_header(quiz.outline, quiz.key),
        form=form,
        count=count,
        attempts=open_views(attempts[:ROWS]),
        more=len(attempts) > ROWS,
        incidents=incident_views(current_actor(), list_incidents(session, quiz, limit=INCIDENTS)),
    )
    return page, 422 if form.errors else 200


@bp.post("/courses/<slug>/quizzes/<key>/incidents/<uuid:incident>/undo")
@requires(QuizAction.INCIDENT, get_incident)
def undo(subject: IncidentContext) -> Answer:
    """Take back the time that an incident gave."""
    undo_incident(current_session(), current_actor(), subject.row, now=clock.now())
    flash(_("The time was removed. The quiz has ended for learners with no time left."), "ok")
    if is_left_out_of_incident(current_session(), current_actor(), subject.row):
        flash(_(LEFT_OUT), "warn")
    return _see("quizzes_time.incidents", subject.quiz)


@bp.post("/courses/<slug>/quizzes/<key>/incidents/<uuid:incident>/application")
@requires(QuizAction.INCIDENT, get_incident)
def apply_incident(subject: IncidentContext) -> Answer:
    """Give the time to those whom an incident left out, or take it back from them."""
    apply_incident_to_left_out(current_session(), current_actor(), subject.row, now=clock.now())
    flash(_("It now also applies to the record that was left out."), "ok")
    return _see("quizzes_time.incidents", subject.quiz)
