"""Pages of overrides and incidents of a quiz, for those who edit the course, and the words that accommodations share with them."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from ipaddress import ip_network
from typing import Any
from uuid import UUID, uuid4

from flask import Blueprint, Response, flash, request, url_for
from sqlalchemy.orm import Session
from wtforms import BooleanField, HiddenField, TextAreaField, ValidationError
from wtforms.validators import InputRequired

from accounts import access_log
from accounts.models import Person
from accounts.people import get_person, get_person_by_uuid
from accounts.privacy import PeopleListKind
from courses.models import Course
from enrolments import learner_groups
from enrolments import learners as enrolment_queries
from enrolments.course_context import activity_header
from kernel import clock
from kernel.errors import N_, Conflict, Invalid, NotFound, require_found
from kernel.i18n import _, lazy_, ngettext
from kernel.own_records import LEFT_OUT, is_own
from kernel.permissions import Actor
from kernel.web.forms import Form, LineField, MomentField, WholeField, at_most, line
from kernel.web.request import Answer, current_actor, current_session, page, requires, see_page
from kernel.web.table import requested_page, requested_words
from quizzes import snapshots, teaching
from quizzes.access import IncidentContext, NewOverrideContext, OverrideContext, QuizAction, QuizContext
from quizzes.agreements import list_agreements
from quizzes.incidents import (
    NothingEnds,
    add_incident_time,
    apply_incident_to_left_out,
    get_incident,
    is_left_out_of_incident,
    list_incidents,
    list_left_out,
    undo_incident,
)
from quizzes.jury import LIST_PENDING, JuryAct, NeedsJury, PendingActFilter
from quizzes.models import QuizOverride
from quizzes.overrides import (
    AffectedAttempts,
    GroupDeleted,
    NotInForce,
    OverrideValues,
    OverrideVerb,
    WouldEndAttempts,
    apply_to_authors,
    ask_for_override,
    ask_to_end_override,
    ask_to_restore_override,
    concerns_person,
    describe_target,
    end_override,
    find_in_force,
    get_override,
    left_out_of,
    list_begun_by,
    list_ended,
    list_in_force,
    list_open_attempts,
    restore_override,
    set_override,
    values_of_override,
)
from quizzes.overrides import OverrideTarget as Whom
from quizzes.quiz_page import rules_of
from quizzes.setting_words import words_of
from quizzes.views.answers import INCOMPLETE

REQUESTED = N_("Requested: it is done once two of those who sign the results agree.")
MOST_MINUTES, MOST_ATTEMPTS, MOST_EXTRA = 7 * 24 * 60, 1000, 100
MOST_GIVEN, MOST_BREAKS = 600, 600
MOST_NETWORKS = 50


def _reason(question: str) -> LineField:
    lengths = at_most(500)
    return LineField(lazy_("Reason"), [InputRequired(lazy_(question)), lengths])


def _reference() -> LineField:
    """Return the field of what a jury reads of an exception; nobody else is asked for it."""
    return line(lazy_("Reference"), most=100)


class QuizOverrideForm(Form):
    """The settings of a quiz override; an empty field keeps the quiz's own."""

    opens = MomentField(lazy_("Opens"))
    no_opens = BooleanField(lazy_("No opening date"))
    closes = MomentField(lazy_("Closes"))
    no_closes = BooleanField(lazy_("No closing date"))
    minutes = WholeField(lazy_("Time limit in minutes"), most=MOST_MINUTES)
    attempts = WholeField(lazy_("Total attempts"), most=MOST_ATTEMPTS)
    quiz_password = line(lazy_("Quiz password"), most=100)
    no_password = BooleanField(lazy_("No password"))
    networks = TextAreaField(lazy_("Only from these networks"))
    no_networks = BooleanField(lazy_("From anywhere"))
    ends_attempts = BooleanField(lazy_("End these attempts now"))
    reference = _reference()
    reason = _reason(N_("Give a reason. It is recorded with the change."))

    def show(self, row: QuizOverride) -> None:
        """Fill the form with what is in force."""
        values = values_of_override(row)
        self.opens.data, self.no_opens.data = MomentField.format_moment(values.opens_at), values.sets_opens and values.opens_at is None
        self.closes.data, self.no_closes.data = MomentField.format_moment(values.closes_at), values.sets_closes and values.closes_at is None
        self.minutes.data = "" if values.limit_seconds is None else str(values.limit_seconds // 60)
        self.attempts.data = "" if values.attempts is None else str(values.attempts)
        self.quiz_password.data, self.no_password.data = values.password or "", values.password == ""
        self.networks.data, self.no_networks.data = "\n".join((values.networks or "").split()), values.networks == ""
        self.reason.data = row.reason

    def validate_closes(self, field: MomentField) -> None:
        """Refuse a quiz that closes before it opens."""
        if field.moment is not None and self.opens.moment is not None and field.moment <= self.opens.moment:
            raise ValidationError(_("It must close after it opens."))

    def validate_networks(self, field: TextAreaField) -> None:
        """Refuse what is no address and no network."""
        networks = (field.data or "").replace(",", " ").split()
        if len(networks) > MOST_NETWORKS:
            raise ValidationError(_("Enter at most %(count)s networks.", count=MOST_NETWORKS))
        for text in networks:
            try:
                ip_network(text, strict=False)
            except ValueError:
                raise ValidationError(
                    _("“%(text)s” is not a network. Enter one per line, for example 10.20.0.0/16.", text=text[:40])
                ) from None

    def validate_reason(self, field: LineField) -> None:
        """Refuse a change that changes nothing."""
        if self.command().says_nothing:
            raise ValidationError(_("You have not set anything. Fill in at least one of the fields above."))

    def command(self) -> OverrideValues:
        """Return the values of the form; a ticked box beats what stands in the field beside it."""
        opens, closes = (None if box.data else field.moment for field, box in ((self.opens, self.no_opens), (self.closes, self.no_closes)))
        networks = " ".join((self.networks.data or "").replace(",", " ").split())
        return OverrideValues(
            sets_opens=bool(self.no_opens.data) or opens is not None,
            opens_at=opens,
            sets_closes=bool(self.no_closes.data) or closes is not None,
            closes_at=closes,
            limit_seconds=None if self.minutes.number is None else self.minutes.number * 60,
            attempts=self.attempts.number,
            password="" if self.no_password.data else (self.quiz_password.data or None),
            networks="" if self.no_networks.data else (networks or None),
        )


class JuryReferenceForm(Form):
    """By which file two of a jury are asked to end an exception, or to let it hold again."""

    reference = _reference()

    def is_complete(self) -> bool:
        """Return whether the request comes from this form, and not from the button that opens it."""
        return self.reference.name in request.form


class IncidentForm(Form):
    """Minutes for everybody who has an attempt open now; `token` makes a second click harmless."""

    minutes = WholeField(
        lazy_("Extra minutes"),
        [InputRequired(lazy_("Enter how many extra minutes everyone gets."))],
        least=1,
        most=MOST_GIVEN,
        default="10",
    )
    reason = _reason(N_("Describe what happened. It is recorded with the change."))
    token = HiddenField()

    def uuid(self) -> UUID:
        """Return the name of the incident; raise Invalid."""
        try:
            return UUID(self.token.data or "")
        except ValueError:
            raise Invalid(INCOMPLETE) from None


def may_apply(left_out: Iterable[Person]) -> bool:
    """Return whether the actor may apply something to one of those whom it left out."""
    return any(not is_own(current_actor(), person.id) for person in left_out)


bp = Blueprint("quizzes_time", __name__)

ROWS, ENDED, FOUND, INCIDENTS = 50, 20, 20, 50


def _see(endpoint: str, quiz: QuizContext, **values: Any) -> Response:
    return see_page(endpoint, slug=quiz.slug, key=quiz.key, **values)


@bp.get("/courses/<slug>/quizzes/<key>/overrides")
@requires(QuizAction.OVERRIDE, teaching.get_taught_quiz)
def overrides(quiz: QuizContext) -> Answer:
    """List the overrides in force at a quiz, and for whom one can be set."""
    session, requested, query = current_session(), requested_page(ROWS), requested_words()
    rows = list_in_force(session, quiz, offset=requested.offset, limit=ROWS + 1)
    past = list_ended(session, quiz, limit=ENDED)
    ids = [row.QuizOverride.id for row in (*rows, *past)]
    learners = learner_groups.list_learners(session, quiz.course_id, query, limit=FOUND + 1) if query else []
    return page(
        "quizzes/overrides.html",
        **activity_header(quiz.outline, quiz.key),
        rules=rules_of(snapshot := snapshots.get_snapshot_of_activity(session, quiz.activity_id), snapshot.published_settings),
        page=requested.of(rows),
        ended=past,
        agreements=list_agreements(session, QuizOverride, OverrideVerb.OVERRIDDEN, ids),
        ends_agreed=list_agreements(session, QuizOverride, OverrideVerb.OVERRIDE_ENDED, ids),
        pending_acts=LIST_PENDING.of(session)(session, PendingActFilter(JuryAct.EXCEPTION, quiz.course_id, quiz.key)),
        words_of=words_of,
        left_out_of=left_out_of,
        may_apply=may_apply,
        groups=learner_groups.list_groups(session, quiz.course_id),
        query=query,
        matches=learners[:FOUND],
        more_matches=len(learners) > FOUND,
    )


def _requested_target(session: Session, actor: Actor, slug: str, key: str) -> NewOverrideContext:
    """Read for whom something is to be set: a group of the course, a learner of it, or everybody; raise NotFound."""
    quiz = teaching.get_taught_quiz(session, actor, slug, key)
    person, group = request.args.get("person"), request.args.get("group")
    try:
        if group:
            learner_group = require_found(learner_groups.find_group(session, quiz.course_id, UUID(group)))
            return NewOverrideContext(quiz, group=learner_group)
        if person:
            learner = get_person_by_uuid(session, UUID(person))
            require_found(enrolment_queries.find_enrolment(session, learner.id, quiz.course_id))
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
    if form.validate_on_submit() and (answer := _set(form, quiz, whom, _("It applies from now on, including to open attempts."))):
        return answer
    group, person = whom.group.uuid if whom.group else None, whom.person.uuid if whom.person else None
    action = url_for("quizzes_time.add", slug=quiz.slug, key=quiz.key, group=group, person=person)
    return _form_page(quiz, whom, form, action, changes=False)


def _set(form: QuizOverrideForm, quiz: QuizContext, whom: Whom, message: str, *, seen: QuizOverride | None = None) -> Answer | None:
    """Set what the form says and lead to the list; None where it was refused: that open attempts end at once has to be ticked."""
    with form.refusals(form.reason, NotInForce, NeedsJury), form.refusals(form.ends_attempts, WouldEndAttempts):
        values, may_end = form.command(), bool(form.ends_attempts.data)
        reason, now = form.reason.data or "", clock.now()
        if whom.person is not None and list_begun_by(current_session(), quiz, whom):
            with form.refusals(form.reference, Conflict, Invalid):
                reference = form.reference.data or ""
                ask_for_override(current_session(), current_actor(), quiz, whom.person, values, reason, reference, now=now)
                flash(_(REQUESTED), "ok")
                return _see("quizzes_time.overrides", quiz)
            return None
        row = set_override(current_session(), current_actor(), quiz, whom, values, reason, seen=seen, may_end=may_end, now=now)
        flash(message, "ok")
        _flash_if_own(row)
        return _see("quizzes_time.overrides", quiz)
    return None


def _flash_if_own(row: QuizOverride) -> None:
    """Note that the actor's own record was left out, where they are among those for whom an override is."""
    if concerns_person(current_session(), row, current_actor().person_id):
        flash(_(LEFT_OUT), "warn")


def _form_page(quiz: QuizContext, whom: Whom, form: QuizOverrideForm, action: str, *, changes: bool) -> Answer:
    snapshot = snapshots.get_snapshot_of_activity(current_session(), quiz.activity_id)
    return page(
        "quizzes/override.html",
        **activity_header(quiz.outline, quiz.key),
        rules=rules_of(snapshot, snapshot.published_settings),
        whom=whom.group.name if whom.group else whom.person.full_name if whom.person else "",
        is_group=whom.group is not None,
        form=form,
        action=action,
        changes=changes,
        needs_jury=whom.person is not None and bool(list_begun_by(current_session(), quiz, whom)),
    )


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
    elif form.validate_on_submit() and (answer := _set(form, quiz, whom, _("Changed, including for open attempts."), seen=row)):
        return answer
    return _form_page(quiz, whom, form, url_for("quizzes_time.change", slug=quiz.slug, key=quiz.key, override=row.uuid), changes=True)


@bp.post("/courses/<slug>/quizzes/<key>/overrides/<uuid:override>/end")
@requires(QuizAction.OVERRIDE, get_override)
def end(subject: OverrideContext) -> Answer:
    """End what is in force; where the jury decides on it, ask it by a reference."""
    if subject.row.ended_at is None and _asks_jury(subject):
        return _ask_jury(subject, ask_to_end_override, _("End the exception"))
    with _flashing():
        end_override(current_session(), current_actor(), subject.row, now=clock.now())
        flash(_("It is no longer in force. You can restore it below."), "ok")
        _flash_if_own(subject.row)
    return _see("quizzes_time.overrides", subject.quiz)


@bp.post("/courses/<slug>/quizzes/<key>/overrides/<uuid:override>/restoration")
@requires(QuizAction.OVERRIDE, get_override)
def restore(subject: OverrideContext) -> Answer:
    """Put back what has ended; where the jury decides on it, ask it by a reference."""
    if subject.row.ended_at is not None and _asks_jury(subject):
        return _ask_jury(subject, ask_to_restore_override, _("Restore the exception"))
    with _flashing():
        restore_override(current_session(), current_actor(), subject.row, subject.quiz, now=clock.now())
        flash(_("It is in force again."), "ok")
        _flash_if_own(subject.row)
    return _see("quizzes_time.overrides", subject.quiz)


@contextmanager
def _flashing() -> Iterator[None]:
    """Show on the next page why something was refused."""
    try:
        yield
    except (GroupDeleted, NeedsJury) as refused:
        flash(_(refused.message), "bad")


def _asks_jury(subject: OverrideContext) -> bool:
    """Return whether two of a jury decide on whether an override for a person holds."""
    whom = describe_target(current_session(), subject.row)
    return whom.person is not None and bool(list_begun_by(current_session(), subject.quiz, whom))


def _ask_jury(subject: OverrideContext, ask: Callable[..., None], title: str) -> Answer:
    """Ask two of a jury once the form names the file by which they decide."""
    quiz, row, form = subject.quiz, subject.row, JuryReferenceForm()
    if form.is_complete() and form.validate_on_submit():
        with form.refusals(form.reference, Conflict, Invalid):
            ask(current_session(), current_actor(), quiz, row, form.reference.data or "", now=clock.now())
            return see_page("quizzes_time.overrides", slug=quiz.slug, key=quiz.key, flash=_(REQUESTED))
    return page(
        "quizzes/override_request.html",
        action=request.path,
        **activity_header(quiz.outline, quiz.key),
        title=title,
        whom=get_person(current_session(), row.person_id or 0).full_name,
        settings="; ".join(words_of(row)),
        form=form,
    )


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
    if form.validate_on_submit() and not count:
        form.refuse(form.minutes, _("There are no open attempts to give time to."))
    elif form.validate_on_submit():
        with form.refusals(form.minutes, NothingEnds):
            given = add_incident_time(
                session, current_actor(), quiz, form.minutes.number or 0, form.reason.data or "", form.uuid(), now=clock.now()
            )
            minutes = given.seconds // 60
            if is_left_out_of_incident(session, current_actor(), given):
                flash(_(LEFT_OUT), "warn")
            text = ngettext("%(count)s extra minute for every open attempt.", "%(count)s extra minutes for every open attempt.", minutes)
            flash(text, "ok")
            return _see("quizzes_time.incidents", quiz)
    form.token.data = form.token.data or str(uuid4())
    access_log.record_list_access(PeopleListKind.ATTEMPTS, Course, quiz.course_id)
    attempts = list_open_attempts(session, AffectedAttempts(quiz.course_id, quiz.key), limit=ROWS + 1)
    rows = list_incidents(session, quiz, limit=INCIDENTS)
    return page(
        "quizzes/incidents.html",
        **activity_header(quiz.outline, quiz.key),
        form=form,
        count=count,
        attempts=attempts[:ROWS],
        more=len(attempts) > ROWS,
        incidents=rows,
        left_out=list_left_out(session, [row.Incident.id for row in rows]),
        may_apply=may_apply,
    )


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
