"""Signs and differences of actas in words, and the messages about them (spec/selection 4 and 6.10)."""

import json
from collections.abc import Mapping
from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.notices import Message
from accounts.rules import NoticeKind
from courses.models import Course
from enrolments.models import Enrolment
from kernel.errors import N_
from kernel.i18n import _, choose, format_datetime, in_every_language, ngettext, number, percent
from quizzes.hand_acts import hand_words
from quizzes.models import Attempt, AttemptItem
from quizzes.quiz_page import seconds_in_words
from selections import models
from selections.models import ActaCorrection, ActaKind, MemberRole, SelectionActa, SelectionIncident, SelectionMember
from selections.rules.differences import DifferenceCounts
from selections.rules.signs import AttemptSign, SignKind
from selections.selections import get_row, list_places
from selections.wording import INCIDENT_OUTCOMES, SIGN_TITLES, matter_words

OBJECTION_NOTICE = NoticeKind(
    "objection",
    label=N_("Objections"),
    hint=N_("You can object to questions of a quiz, your objection is decided or late, or one waits for your decision."),
    icon="message-circle",
    concerns=lambda actor: actor.has_selections or actor.is_administrator,
)
SELECTION_NOTICE = NoticeKind(
    "selection",
    label=N_("Selections"),
    hint=N_("Your line in the acta of a selection changes, or a selection waits for your decision."),
    icon="users",
    concerns=lambda actor: actor.has_selections or actor.is_administrator,
)


def difference_words(counts: ActaCorrection | DifferenceCounts) -> str:
    """Return in how many lines of an acta what differs."""
    counted = [
        (counts.results, ngettext("%(count)s result", "%(count)s results", counts.results)),
        (counts.outcomes, ngettext("%(count)s outcome (passed or not)", "%(count)s outcomes (passed or not)", counts.outcomes)),
        (counts.ranks, ngettext("%(count)s rank", "%(count)s ranks", counts.ranks)),
        (counts.others, ngettext("%(count)s other change", "%(count)s other changes", counts.others)),
    ]
    return ", ".join(text for count, text in counted if count)


def sign_words(sign: AttemptSign) -> str:
    """Describe what was seen."""
    if sign.kind is SignKind.SESSIONS:
        return _(
            "%(times)s; %(devices)s, %(networks)s in all",
            times=ngettext(
                "%(count)s time two sessions saved within a minute", "%(count)s times two sessions saved within a minute", int(sign.size)
            ),
            devices=ngettext("%(count)s device", "%(count)s devices", sign.count),
            networks=ngettext("%(count)s network", "%(count)s networks", sign.extra),
        )
    if sign.kind is SignKind.ABSENCES:
        return _(
            "%(times)s, %(length)s in all",
            times=ngettext("left %(count)s time", "left %(count)s times", sign.count),
            length=seconds_in_words(int(sign.size)),
        )
    return _(
        "%(count)s of %(known)s answers (%(share)s)",
        count=number(sign.count),
        known=number(sign.extra),
        share=percent(100 * sign.size, 0),
    )


def rarity_words(sign: AttemptSign) -> str:
    """Describe how many attempts of the sitting show as much."""
    return _("Of %(all)s attempts, as much or more is seen in %(count)s", count=number(sign.as_large), all=number(sign.among))


def member_message(session: Session, member: SelectionMember) -> Message:
    """Return the message to a person who was named for the jury of a selection, or as its reader."""
    selection = get_row(session, member.selection_id)

    def subject() -> str:
        if member.role == MemberRole.JURY.value:
            return _("You were named for the jury of “%(title)s”", title=choose(selection.title))
        return _("You were named to read the results of “%(title)s”", title=choose(selection.title))

    def words() -> str:
        people = f"{selection.people} · {choose(selection.course_title)}. "
        if member.role == MemberRole.JURY.value:
            return people + _("The jury prepares the acta, signs it and decides. You find it under “Selections” in your menu.")
        return people + _("You see the list of results; neither answers nor keys. You find it under “Selections” in your menu.")

    return Message(
        SELECTION_NOTICE,
        key=f"selection-member:{member.uuid}",
        subject=in_every_language(subject),
        words=in_every_language(words),
        path=f"/selections/{selection.uuid}",
    )


def decision_message(session: Session, row: models.JuryDecision) -> Message:
    """Return the message to a jury whose second person is needed."""
    selection = get_row(session, row.selection_id)
    return Message(
        SELECTION_NOTICE,
        key=f"jury-decision:{row.uuid}",
        subject=in_every_language(lambda: _("The jury of “%(title)s” is asked for a decision of two", title=choose(selection.title))),
        words=in_every_language(
            lambda: f"{selection.people}. " + _("%(matter)s. The page says who asks and why.", matter=matter_words(row))
        ),
        path=f"/selections/decisions/{row.uuid}",
    )


def counted_words(session: Session, person_id: int, course_id: int, key: str) -> list[str]:
    """Return the message on which attempt counts of those that a merge of accounts brought together, or that a jury has yet to decide."""
    decision = models.JuryDecision
    statement = (
        select(decision, Attempt.submitted_at)
        .join(models.Selection, models.Selection.id == decision.selection_id)
        .join(Attempt, Attempt.id == decision.attempt_id)
        .where(decision.person_id == person_id, decision.matter == models.JuryMatter.MERGE.value, decision.outcome != "declined")
        .where(models.Selection.course_id == course_id, models.Selection.activity_key == key)
        .order_by(decision.id)
    )
    newest = {row.selection_id: (row, submitted_at) for row, submitted_at in session.execute(statement)}
    return [_counted(session, row, submitted_at) for row, submitted_at in newest.values()]


def _counted(session: Session, row: models.JuryDecision, submitted_at: datetime | None) -> str:
    people = get_row(session, row.selection_id).people
    if row.closed_at is None:
        return _("Selection “%(people)s”: its jury decides which attempt counts, since your accounts were merged.", people=people)
    moment = format_datetime(submitted_at) if submitted_at else "–"
    return _("Selection “%(people)s”: the attempt submitted on %(moment)s counts; its jury decided so.", people=people, moment=moment)


def asker_message(session: Session, row: models.JuryDecision) -> Message:
    """Return the message to whoever asked a jury, once it decided or declined."""
    selection, is_done = get_row(session, row.selection_id), row.outcome == "decided"
    person = session.get_one(Person, row.person_id)

    def words() -> str:
        matter = f"{selection.people}. {matter_words(row)}: {person.full_name}. "
        return matter + (_("Two of the jury agreed: it is done.") if is_done else _("The jury declined it: nothing changes."))

    return Message(
        SELECTION_NOTICE,
        key=f"jury-answered:{row.uuid}",
        subject=in_every_language(lambda: _("The jury of “%(title)s” answered your request", title=choose(selection.title))),
        words=in_every_language(words),
        path=_path_of_request(session, row, person),
    )


def _path_of_request(session: Session, row: models.JuryDecision, person: Person) -> str:
    """Return the page from which a jury was asked."""
    selection = session.get_one(models.Selection, row.selection_id)
    if row.matter == models.JuryMatter.EXCEPTION.value:
        return f"/courses/{session.get_one(Course, selection.course_id).slug}/quizzes/{selection.activity_key}/overrides"
    if row.matter == models.JuryMatter.ACCOMMODATION.value:
        return f"/administration/accommodations/{person.uuid}"
    if row.matter in (models.JuryMatter.MARK.value, models.JuryMatter.REOPENING.value):
        return f"/attempts/{session.get_one(Attempt, row.attempt_id).uuid}"
    return f"/selections/decisions/{row.uuid}"


def moved_message(session: Session, row: models.JuryDecision, people: Mapping[str, str]) -> Message:
    """Return the message to a person about whose attempt two of a jury decided."""
    selection, attempt = get_row(session, row.selection_id), session.get_one(Attempt, row.attempt_id)
    item = session.get(AttemptItem, row.item_id) if row.item_id is not None else None
    pair = [people[part] for part in ("agreed", "closed")]

    def words() -> str:
        if row.matter == models.JuryMatter.MERGE.value:
            return _counted(session, row, attempt.submitted_at)
        return hand_words(item.number or 0 if item is not None else 0, pair, row.reason)

    return Message(
        SELECTION_NOTICE,
        key=f"jury-moved:{row.uuid}",
        subject=in_every_language(lambda: _("The jury of “%(title)s” decided about your attempt", title=choose(selection.title))),
        words=in_every_language(words),
        path=f"/attempts/{attempt.uuid}",
    )


def naming_message(session: Session, row: models.JuryDecision, *, path: str) -> Message:
    """Return the message to everybody of a selection when its jury changes after the first acta."""
    selection, person = get_row(session, row.selection_id), session.get_one(Person, row.person_id).full_name
    ends = row.matter == models.JuryMatter.ENDING.value

    def words() -> str:
        facts = {"person": person, "reason": row.reason}
        if ends:
            return _("%(person)s is no longer named for it. Reason: %(reason)s", **facts)
        if json.loads(row.act_values)["role"] == MemberRole.JURY.value:
            return _("%(person)s is in the jury from now on. Reason: %(reason)s", **facts)
        return _("%(person)s reads the list of results from now on. Reason: %(reason)s", **facts)

    return Message(
        SELECTION_NOTICE,
        key=f"jury-changed:{row.uuid}",
        subject=in_every_language(lambda: _("The people named for “%(title)s” changed", title=choose(selection.title))),
        words=in_every_language(lambda: f"{selection.people}. {words()}"),
        path=path,
    )


def list_consequences(session: Session, enrolment: Enrolment, begins_again: bool) -> list[str]:
    """List the consequences of the end of an enrolment, or of another take of the course, for each selection that it is or was in."""
    texts = []
    for selection, has_line, has_sat in list_places(session, enrolment.id):
        people = get_row(session, selection.id).people
        if has_line:
            texts.append(
                _(
                    "Selection “%(people)s”: the line in its acta, its proof and the term to object stay. Later actas keep the line, and "
                    "nothing done in the course afterwards counts in them.",
                    people=people,
                )
            )
        elif has_sat:
            texts.append(
                _("Selection “%(people)s”: what was done in the quiz until now counts in it, a later take does not.", people=people)
            )
        elif selection.edition_id is not None or not begins_again:  # groups are carried over to the next take
            texts.append(_("Selection “%(people)s”: its actas do not list people who leave before they begin the quiz.", people=people))
    return texts


def incident_message(session: Session, row: SelectionIncident, *, is_decided: bool) -> Message:
    """Return the message to a person who is asked about their sitting, or of whose answer something was decided."""
    selection = get_row(session, row.selection_id)

    def subject() -> str:
        if is_decided:
            return _("The jury has decided on your answer about “%(title)s”", title=choose(selection.title))
        return _("The jury of “%(title)s” asks you a question", title=choose(selection.title))

    def words() -> str:
        if is_decided:
            return _("Decided: %(outcome)s. The page shows the ground.", outcome=_(INCIDENT_OUTCOMES[row.outcome]))
        seen = sign_words(read_sign(row))
        return _("About: %(title)s. Seen: %(seen)s. You have five days to answer.", title=_(SIGN_TITLES[row.kind]), seen=seen)

    return Message(
        SELECTION_NOTICE,
        key=f"incident:{row.uuid}:{'decided' if is_decided else 'asked'}",
        subject=in_every_language(subject),
        words=in_every_language(words),
        path=f"/selections/incidents/{row.uuid}/answer",
    )


def read_sign(row: SelectionIncident) -> AttemptSign:
    """Return the sign that a person was asked about, as it was then."""
    fields = json.loads(row.seen)
    return AttemptSign(**fields | {"kind": SignKind(fields["kind"])})


def jury_message(session: Session, task: ActaCorrection, acta: SelectionActa) -> Message:
    """Return the message to the jury on a task that was opened, or that was closed because nothing differs any more."""
    row = get_row(session, acta.selection_id)
    if task.closed_at is None:
        return Message(
            SELECTION_NOTICE,
            key=f"acta-correction:{task.id}:open",
            subject=in_every_language(lambda: _("Results differ from the acta of “%(title)s”", title=choose(row.title))),
            words=in_every_language(
                lambda: _(
                    "%(changes)s would change. The acta stays as it is. The jury decides on an amendment.",
                    changes=difference_words(task),
                )
            ),
            path=f"/selections/{row.uuid}/amendment",
        )
    return Message(
        SELECTION_NOTICE,
        key=f"acta-correction:{task.id}:closed",
        subject=in_every_language(lambda: _("Results are again those of the acta of “%(title)s”", title=choose(row.title))),
        words=in_every_language(lambda: _("No amendment is needed any more. The task is closed and stays on record.")),
        path=f"/selections/{row.uuid}",
    )


def acta_message(session: Session, acta: SelectionActa) -> Message:
    """Return the message to somebody whom a final acta concerns, or whose line an amendment corrected."""
    row = get_row(session, acta.selection_id)
    code, is_amendment = acta.printed_code, acta.kind == ActaKind.AMENDMENT.value

    def subject() -> str:
        if is_amendment:
            return _("Your line in the acta of “%(title)s” was corrected", title=choose(row.title))
        return _("The acta of “%(title)s” is final", title=choose(row.title))

    def words() -> str:
        if is_amendment:
            return _("The amendment %(code)s is in force. The page shows your line before and after, and the reason.", code=code)
        return _("The acta %(code)s is in force. The page shows your line. If an amendment changes it, you get a notice.", code=code)

    return Message(
        SELECTION_NOTICE,
        key=f"acta-{'amended' if is_amendment else 'published'}:{acta.uuid}",
        subject=in_every_language(subject),
        words=in_every_language(words),
        path=f"/selections/{row.uuid}/own-line",
    )
