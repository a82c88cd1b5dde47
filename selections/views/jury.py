"""Pages of what two of a jury decide: the list, one decision, and naming after the first acta."""

import json
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from flask import Blueprint, Response
from sqlalchemy import Row
from sqlalchemy.orm import Session
from wtforms.validators import ValidationError

from accounts import access_log
from accounts.people import get_person
from accounts.privacy import AccessPurpose, PeopleListKind
from accounts.rules import DELETED
from courses.models import Course
from kernel import clock
from kernel.errors import N_, Conflict, Invalid
from kernel.i18n import _, enumeration, format_datetime, lazy_, number, percent
from kernel.web.forms import Form, area, clean_text
from kernel.web.request import Answer, allows, current_actor, current_session, page, requires, see_page
from questions.question_page import points, words_of
from questions.question_review import response_lines
from quizzes.attempt_page import open_attempt
from quizzes.attempts import get_attempt
from quizzes.marks import list_marks
from quizzes.models import Accommodation, Attempt, QuizOverride
from quizzes.overrides import read_act_values, read_profile, values_of_override
from quizzes.setting_words import profile_words, words_of_values
from selections import jury_decisions, selections
from selections.access import JuryAction, JuryContext, JuryDecisionContext, JuryMemberContext
from selections.models import JuryDecision, JuryMatter, MemberRole
from selections.rules.objections import LONGEST_REASON, SHORTEST_REASON, words_in
from selections.views.objections import question_alone
from selections.views.selections import ROLE_HINTS, ROLES, JuryMemberForm
from selections.wording import matter_words


class JuryReasonForm(Form):
    """Why two of a jury are asked for a decision."""

    reason = area(lazy_("Reason"), most=LONGEST_REASON, required=lazy_("Write the reason."))

    def validate_reason(self, field: object) -> None:
        """Refuse a reason that says too little; markup says nothing."""
        if words_in(self.words()) < SHORTEST_REASON:
            raise ValidationError(_("Write at least %(min)s characters.", min=number(SHORTEST_REASON)))

    def words(self) -> str:
        """Return the reason."""
        return clean_text(self.reason.data or "", lines=True)


class NamingForm(JuryMemberForm, JuryReasonForm):
    """A person whom two of a jury name, as what, and why."""


OUTCOMES: Mapping[str, str] = {
    "": N_("Waiting: two decide"),
    jury_decisions.DECIDED: N_("Decided by two"),
    jury_decisions.DECLINED: N_("Declined"),
}


def state_words(listed: Row[*tuple[Any, ...]]) -> str:
    """Describe of a row of the list who asked, and who decided or declined."""
    row, facts = listed.JuryDecision, {"asker": listed.requester.full_name}
    if row.outcome == jury_decisions.DECIDED:
        pair = enumeration([person.full_name for person in (listed.first, listed.closer) if person is not None])
        return _("Decided by %(people)s. Asked for by %(asker)s", people=pair, **facts)
    if row.outcome == jury_decisions.DECLINED and listed.closer is not None:
        return _("Declined by %(person)s. Asked for by %(asker)s", person=listed.closer.full_name, **facts)
    return _("%(state)s. Asked for by %(asker)s", state=_(OUTCOMES[row.outcome]), **facts)


def decision_facts(session: Session, row: JuryDecision) -> list[tuple[str, str]]:
    """Return the values of an act in words, each with its name."""
    values, matter = json.loads(row.act_values), JuryMatter(row.matter)
    if not values and matter is not JuryMatter.MERGE:
        return []  # the data of the person were deleted
    if matter is JuryMatter.NAMING:
        return [(_("Named as"), _(ROLES[MemberRole(values["role"])]))]
    if matter is JuryMatter.MERGE:
        return _merge_facts(session, row)
    if matter in jury_decisions.BY_REFERENCE:
        return [(_("What would be ended") if "ends" in values else _("What would be set"), _exception_words(session, matter, values))]
    return _mark_facts(session, row, values) if matter is JuryMatter.MARK else []


def _merge_facts(session: Session, row: JuryDecision) -> list[tuple[str, str]]:
    """Return each attempt of a merged person, the one that would count first, and why the accounts were merged."""
    takes = sorted(jury_decisions.list_takes_of(session, row), key=lambda take: take[0].id != row.id)
    reason = jury_decisions.find_merge_reason(session, row)
    return [
        *((_(_take_label(decision, row)), _attempt_words(attempt)) for decision, attempt in takes),
        *([(_("Why the accounts were merged"), reason)] if reason else []),
    ]


def _take_label(decision: JuryDecision, shown: JuryDecision) -> str:
    """Return the label of a take, marked for translation: what a decision would do while it waits, and what it did."""
    if decision.closed_at is None:
        return N_("This attempt would count") if decision.id == shown.id else N_("This one would no longer count")
    return N_("This attempt counts") if decision.outcome == jury_decisions.DECIDED else N_("This one does not count")


def _attempt_words(attempt: Attempt) -> str:
    submitted = _("submitted on %(moment)s", moment=format_datetime(attempt.submitted_at)) if attempt.submitted_at else _("not submitted")
    return f"{submitted}: {'–' if attempt.percent is None else percent(attempt.percent, 2)}"


def _exception_words(session: Session, matter: JuryMatter, values: Mapping[str, Any]) -> str:
    """Describe what an exception or an accommodation sets, never why."""
    if matter is JuryMatter.ACCOMMODATION:
        return profile_words(session.get_one(Accommodation, values["ends"]) if "ends" in values else read_profile(values["values"]))
    if "ends" in values:
        return "; ".join(words_of_values(values_of_override(session.get_one(QuizOverride, values["ends"]))))
    return "; ".join(words_of_values(read_act_values(values["values"])))


def _mark_facts(session: Session, row: JuryDecision, values: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the question of an answer, the answer, its mark when the jury was asked, and the mark that is asked for."""
    loaded = get_attempt(session, current_actor(), session.get_one(Attempt, row.attempt_id).uuid)
    opened, item = open_attempt(session, loaded), loaded.item_at(values["position"])
    assert item is not None
    review = question_alone(opened, item)
    was = next(mark for mark in list_marks(session, item.id) if mark.id == values["seen"])
    maximum = number(points(item.maximum))
    return [
        (_("Question %(number)s", number=number(item.number or 0)), words_of(review.text)),
        (_("The answer"), "; ".join(response_lines(review)) or _("(nothing)")),
        (
            _("Mark"),
            _(
                "%(before)s → %(after)s of %(maximum)s",
                before="–" if was.fraction is None else number(points(was.fraction * item.maximum)),
                after=number(points(Fraction(values["points"]))),
                maximum=maximum,
            ),
        ),
        *([(_("Comment for the learner"), values["comment"])] if values["comment"] else []),
    ]


bp = Blueprint("selections_jury", __name__)


@bp.get("/selections/<uuid:selection>/jury")
@requires(JuryAction.VIEW, jury_decisions.get_jury)
def jury(subject: JuryContext) -> Response:
    """Show what the jury of a selection decided by two and what waits, and who is in it."""
    return _jury_page(subject, NamingForm(formdata=None))


def _jury_page(subject: JuryContext, form: NamingForm) -> Response:
    session = current_session()
    decisions = jury_decisions.list_decisions(session, subject.selection.id)
    if decisions:
        access_log.record_list_access(PeopleListKind.ACTA, Course, subject.selection.course_id, role=subject.selection.role or "")
    return page(
        "selections/jury.html",
        selection=subject.selection,
        decisions=decisions,
        members=selections.list_members(session, [subject.selection.id]),
        roles=ROLES,
        matter_words=matter_words,
        state_words=state_words,
        names_here=selections.has_acta(session, subject.selection.id) and allows(JuryAction.NAME, subject),
        form=form,
        hints={role: _(hint) for role, hint in ROLE_HINTS.items()},
    )


@bp.post("/selections/<uuid:selection>/jury/naming")
@requires(JuryAction.NAME, jury_decisions.get_jury)
def name(subject: JuryContext) -> Answer:
    """Ask to name a person for a selection."""
    form = NamingForm()
    if form.validate_on_submit():
        email, role = (form.email.data or "").lower(), MemberRole(form.role.data)
        with form.refusals(form.email, Conflict, Invalid):
            jury_decisions.request_naming(current_session(), current_actor(), subject, email, role, form.words(), now=clock.now())
            return _to_jury(subject)
    return _jury_page(subject, form)


@bp.route("/selections/<uuid:selection>/jury/<uuid:member>/ending", methods=["GET", "POST"])
@requires(JuryAction.NAME, jury_decisions.get_member_of_jury)
def end(subject: JuryMemberContext) -> Answer:
    """Ask to end what a person is in a selection."""
    form = JuryReasonForm()
    if form.validate_on_submit():
        with form.refusals(form.reason, Conflict, Invalid):
            jury_decisions.request_ending(current_session(), current_actor(), subject, form.words(), now=clock.now())
            return _to_jury(subject)
    person = get_person(current_session(), subject.member.person_id).full_name
    return page("selections/jury_ending.html", selection=subject.selection, member=subject.member, person=person, form=form)


def _to_jury(subject: JuryContext) -> Response:
    return see_page("selections_jury.jury", selection=subject.selection.uuid, flash=_("Kept. A second person has to agree."))


def _decision_page(subject: JuryDecisionContext) -> Response:
    row = subject.decision
    if row.matter == JuryMatter.MARK.value:
        access_log.record_people_access([row.person_id], AccessPurpose.ANSWERS, role=subject.selection.role or "")
    return page(
        "selections/jury_decision.html",
        selection=subject.selection,
        decision=row,
        person=subject.person.full_name,
        matter=matter_words(row),
        facts=decision_facts(current_session(), row),
        outcome=_(OUTCOMES[row.outcome]),
        people=jury_decisions.list_people(current_session(), row),
        may_decide=row.closed_at is None and allows(JuryAction.DECIDE, subject),
        by_reference=JuryMatter(row.matter) in jury_decisions.BY_REFERENCE,
        was_deleted=not row.reason and subject.person.email.endswith(DELETED),
        has_agreed=row.agreed_by == current_actor().person_id,
    )


@bp.get("/selections/decisions/<uuid:decision>")
@requires(JuryAction.VIEW, jury_decisions.get_decision)
def decision(subject: JuryDecisionContext) -> Response:
    """Show an act that two of a jury decide on: what, why, who asked and who agreed."""
    return _decision_page(subject)


@bp.post("/selections/decisions/<uuid:decision>/agreement")
@requires(JuryAction.DECIDE, jury_decisions.get_decision)
def agree(subject: JuryDecisionContext) -> Response:
    """Agree to an act; with the second person it is carried out."""
    done = jury_decisions.agree(current_session(), current_actor(), subject, now=clock.now())
    text = _("Decided by two: it is done.") if done else _("You agreed. A second person has to agree too.")
    return see_page("selections_jury.decision", decision=subject.decision.uuid, flash=text)


@bp.post("/selections/decisions/<uuid:decision>/refusal")
@requires(JuryAction.DECIDE, jury_decisions.get_decision)
def decline(subject: JuryDecisionContext) -> Response:
    """Decline an act."""
    jury_decisions.decline(current_session(), current_actor(), subject, now=clock.now())
    return see_page("selections_jury.decision", decision=subject.decision.uuid, flash=_("Declined. It stays on record."))
