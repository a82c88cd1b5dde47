"""Signs and differences of actas in words, and the messages about them (spec/selection 4 and 6.10)."""

import json
from collections.abc import Mapping

from sqlalchemy.orm import Session

from accounts.notices import Message
from accounts.rules import NoticeKind
from kernel.errors import N_
from kernel.i18n import _, choose, in_every_language, ngettext, number, percent
from quizzes.quiz_page import seconds_in_words
from selections.models import ActaCorrection, ActaKind, MemberRole, SelectionActa, SelectionIncident, SelectionMember
from selections.rules.differences import DifferenceCounts
from selections.rules.signs import AttemptSign, SignKind
from selections.selections import get_row
from selections.wording import INCIDENT_OUTCOMES

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


SIGN_TITLES: Mapping[str, str] = {
    SignKind.SESSIONS: N_("Two devices or windows at once"),
    SignKind.ABSENCES: N_("The quiz page was left"),
    SignKind.RAPID: N_("Answers faster than reading"),
}


def sign_words(sign: AttemptSign) -> str:
    """Say what was seen."""
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
    """Say how many attempts of the sitting show as much."""
    return _("Of %(all)s attempts, as much or more is seen in %(count)s", count=number(sign.as_large), all=number(sign.among))


def member_message(session: Session, member: SelectionMember) -> Message:
    """Return what a person reads who was named for the jury of a selection, or as its reader."""
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


def incident_message(session: Session, row: SelectionIncident, *, is_decided: bool) -> Message:
    """Return what a person reads who is asked about their sitting, or of whose answer something was decided."""
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
    """Return what the jury reads of a task that was opened, or that was closed because nothing differs any more."""
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
    """Return what somebody reads whom a final acta concerns, or whose line an amendment corrected."""
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
