"""Telling of objections: that the term has begun, that some wait, are late, or are decided (spec/selection 5.9 and 5.10)."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial
from uuid import UUID

from sqlalchemy import Row, select, update
from sqlalchemy.orm import Session

from accounts import notices
from accounts.notices import Message
from accounts.people import list_administrators
from accounts.rules import NoticeKind
from courses.models import Course
from kernel import audit
from kernel.i18n import _, choose, find_zone, format_date, in_every_language, ngettext, percent
from kernel.permissions import Actor, ActorChannel
from quizzes.effective_settings import outline_of_activity
from quizzes.models import Attempt, AttemptItem, Regrade, RegradeDryRunRow
from quizzes.notices import notify_regrade
from quizzes.rules.result_use import ObjectionRules
from quizzes.snapshots import QuizSnapshot, find_published_snapshot, get_snapshot
from selections.audit_verbs import ObjectionVerb
from selections.models import ActaKind, Selection, SelectionActa, SelectionActaEntry
from selections.objection_models import Objection, ObjectionGroup, ObjectionProposal
from selections.queries.objection_groups import DeciderRow, list_deciders
from selections.queries.objections import find_term_of, list_noted
from selections.queries.selections import get_row, list_titles
from selections.rules.objections import FEWEST_DECIDERS, UNDECIDED_STATES, ObjectionState, day_that_ends, next_due
from selections.wording import TOLD

PORTION = 100
SYSTEM = Actor(via=ActorChannel.JOB)


@dataclass(frozen=True, slots=True)
class _Place:
    """The quiz and the question of an objection, as messages name them."""

    title: Mapping[str, str]
    number: int
    snapshot: QuizSnapshot
    zone: str

    @property
    def rules(self) -> ObjectionRules:
        """Return the times that hold for it."""
        use = self.snapshot.selection
        return (use.objections if use is not None else None) or ObjectionRules()

    @property
    def contact(self) -> Mapping[str, str]:
        """Return whom to ask."""
        return self.snapshot.selection.contact if self.snapshot.selection is not None else {}


def _place(session: Session, quiz_version_id: int, shown: int | None) -> _Place:
    snapshot = get_snapshot(session, quiz_version_id)
    outline = outline_of_activity(session, snapshot.activity_id)
    return _Place(outline.by_key[snapshot.activity_key].title, shown or 0, snapshot, outline.zone)


def _title(session: Session, selection_id: int) -> Mapping[str, str]:
    """Return the title of the quiz of a selection."""
    selection = get_row(session, selection_id)
    return list_titles(session, [selection])[selection.slug, selection.activity_key]


def _list(session: Session, *conditions: object) -> Sequence[Row[Objection, Attempt, int | None]]:
    statement = (
        select(Objection, Attempt, AttemptItem.number)
        .join(Attempt, Attempt.id == Objection.attempt_id)
        .join(AttemptItem, AttemptItem.id == Objection.item_id)
        .join(ObjectionGroup, ObjectionGroup.id == Objection.group_id)
        .where(Objection.withdrawn_at.is_(None), *conditions)  # type: ignore[arg-type]  # conditions on these tables
    )
    return session.execute(statement.order_by(Objection.id).limit(PORTION)).all()


def notify_deciders(session: Session, objection_id: int, *, now: datetime) -> None:
    """Notify those who may decide that objections to a question wait, once for each group; administrators where these are too few."""
    row = session.get_one(Objection, objection_id)
    group = session.get_one(ObjectionGroup, row.group_id)
    if not ObjectionState(group.state).is_undecided:
        return
    selection = session.get_one(Selection, row.selection_id)
    title = _title(session, row.selection_id)
    subject = in_every_language(lambda: _("There is an objection to a question of “%(title)s”", title=choose(title)))
    text = in_every_language(lambda: _("Propose an outcome. Another person decides on it."))
    deciders = list_deciders(session, group.id)
    _notify_each(session, group, deciders, Message(NoticeKind.OBJECTION, f"objection-open:{group.uuid}", subject, text, ""), now=now)
    if len(deciders) < FEWEST_DECIDERS:
        short = in_every_language(lambda: _("Objections have too few people to decide on them"))
        name = in_every_language(
            lambda: _("Name a member of the jury who did not write the question, has not marked it by hand and does not take the quiz.")
        )
        message = Message(NoticeKind.OBJECTION, f"objection-few:{group.uuid}", short, name, f"/selections/{selection.uuid}/members")
        notices.notify(session, message, list_administrators(session), now=now)


def _notify_each(session: Session, group: ObjectionGroup, deciders: Sequence[DeciderRow], message: Message, *, now: datetime) -> None:
    """Notify those who may decide, each with the address in the selection in whose jury they are: the others are not theirs to see."""
    people = defaultdict[UUID, list[int]](list)
    for decider in deciders:
        people[decider.selection].append(decider.person_id)
    for selection, members in people.items():
        notices.notify(session, replace(message, path=f"/selections/{selection}/objections/{group.uuid}"), members, now=now)


def notify_of_proposal(session: Session, group_id: int, *, now: datetime) -> None:
    """Notify those who may decide that an outcome is proposed."""
    group = session.get_one(ObjectionGroup, group_id)
    standing = (ObjectionProposal.group_id == group.id, ObjectionProposal.state == "standing")
    row = session.scalar(select(ObjectionProposal).where(*standing))
    if row is None:
        return
    title = _title(session, session.scalars(select(Objection.selection_id).where(Objection.group_id == group.id).limit(1)).one())
    message = Message(
        NoticeKind.OBJECTION,
        f"objection-proposed:{row.uuid}",
        in_every_language(lambda: _("An outcome is proposed for objections in “%(title)s”", title=choose(title))),
        in_every_language(lambda: _("It needs the decision of a second person. Look at its dry run first.")),
        "",
    )
    deciders = [decider for decider in list_deciders(session, group.id) if decider.person_id != row.proposed_by]
    _notify_each(session, group, deciders, message, now=now)


def notify_outcome(session: Session, group_id: int, *, now: datetime) -> bool:
    """Tell the next learners what came of their objections, with the change of their own percentage; return whether all know."""
    group = session.get_one(ObjectionGroup, group_id)
    if group.state != ObjectionState.DECIDED.value:
        return True
    decided = (ObjectionProposal.group_id == group.id, ObjectionProposal.state == "decided")
    proposal = session.scalars(select(ObjectionProposal).where(*decided)).one()
    regrade = session.get_one(Regrade, proposal.regrade_id) if proposal.regrade_id is not None else None
    rows = _list(session, Objection.group_id == group.id, Objection.told_at.is_(None))
    changes = _changes(session, regrade, [attempt.id for _row, attempt, _shown in rows])
    for row, attempt, shown in rows:
        row.percent_before, row.percent_after = changes.get(attempt.id, (attempt.percent, attempt.percent))
        message = _outcome_message(row, attempt, _place(session, attempt.quiz_version_id, shown), proposal, regrade)
        notices.notify(session, message, [row.person_id], now=now)
        row.told_at = now
    return len(rows) < PORTION


def notify_reopening(session: Session, group_id: int, proposal_id: int, *, now: datetime) -> bool:
    """Tell the next learners whose objection is decided again why, and until when; return whether all know."""
    proposal = session.get_one(ObjectionProposal, proposal_id)
    rows = _list(session, Objection.group_id == group_id, Objection.told_at.is_not(None))
    for row, attempt, shown in rows:
        question = _place(session, attempt.quiz_version_id, shown)
        row.due_at, row.told_at, row.percent_before, row.percent_after = (
            next_due(now, question.rules, find_zone(question.zone)),
            None,
            None,
            None,
        )
        last_day = in_every_language(partial(format_date, day_that_ends(row.due_at, find_zone(question.zone))))
        message = Message(
            NoticeKind.OBJECTION,
            f"objection-reopened:{row.uuid}:{proposal.uuid}",
            in_every_language(partial(_reopening_subject, question)),
            in_every_language(partial(_reopening_words, proposal.ground, last_day)),
            f"/attempts/{attempt.uuid}/objections",
        )
        notices.notify(session, message, [row.person_id], now=now)
    return len(rows) < PORTION


def _reopening_subject(question: _Place) -> str:
    return _("Your objection to question %(number)s of “%(title)s” is decided again", number=question.number, title=choose(question.title))


def _reopening_words(ground: str, day: Mapping[str, str]) -> str:
    taken_back = _("The jury took back what it had decided. Why: %(ground)s", ground=ground)
    return taken_back + "\n\n" + _("It decides again by %(day)s.", day=choose(day))


def _changes(session: Session, regrade: Regrade | None, attempts: Sequence[int]) -> dict[int, tuple[Decimal | None, Decimal | None]]:
    if regrade is None:
        return {}
    line = RegradeDryRunRow
    mine = (line.regrade_id == regrade.id, line.attempt_id.in_(attempts), line.changed)
    changes = session.execute(select(line.attempt_id, line.percent_before, line.percent_after).where(*mine))
    return {row.attempt_id: (row.percent_before, row.percent_after) for row in changes}


def _outcome_message(row: Objection, attempt: Attempt, question: _Place, proposal: ObjectionProposal, regrade: Regrade | None) -> Message:
    before, after = row.percent_before, row.percent_after

    def words() -> str:
        parts = [_(TOLD[proposal.outcome]), _("Why: %(ground)s", ground=proposal.ground)]
        parts.append(change_words(before, after))
        contact = choose(question.contact)
        if contact:
            parts.append(_("If you do not agree, write to: %(contact)s", contact=contact))
        return "\n\n".join(part for part in parts if part)

    changed = regrade is not None and before != after
    return Message(
        NoticeKind.OBJECTION,
        f"regrade:{regrade.uuid}" if regrade is not None and changed else f"objection:{row.uuid}:{proposal.uuid}",
        in_every_language(
            lambda: _(
                "Your objection to question %(number)s of “%(title)s” is decided", number=question.number, title=choose(question.title)
            )
        ),
        in_every_language(words),
        f"/attempts/{attempt.uuid}/objections",
    )


def change_words(before: Decimal | Fraction | None, after: Decimal | Fraction | None) -> str:
    """Say how a decision changed a learner's percentage."""
    if before is None or after is None:
        return ""
    if before == after:
        return _("Your result stays at %(percent)s.", percent=_percent_words(after))
    return _("Your result was %(before)s and is now %(after)s.", before=_percent_words(before), after=_percent_words(after))


def _percent_words(value: Decimal | Fraction) -> str:
    return percent(float(value), 2)


def notify_others(session: Session, group_id: int, *, after: int, now: datetime) -> int | None:
    """Notify the next of the others whose mark an outcome changed, without a name; return after whom it goes on, None at the end."""
    decided = (ObjectionProposal.group_id == group_id, ObjectionProposal.state == "decided")
    regrade_id = session.scalar(select(ObjectionProposal.regrade_id).where(*decided))
    if regrade_id is None:
        return None
    objectors = session.scalars(select(Objection.person_id).where(Objection.group_id == group_id, Objection.withdrawn_at.is_(None))).all()
    return notify_regrade(session, regrade_id, after=after, now=now, without=frozenset(objectors))


def note_notified(session: Session, group_id: int, *, now: datetime) -> None:
    """Note that everybody was told of a decision; a second time changes nothing."""
    known = (ObjectionGroup.id == group_id, ObjectionGroup.state == ObjectionState.DECIDED.value)
    statement = update(ObjectionGroup).where(*known).values(state=ObjectionState.TOLD.value, told_at=now).returning(ObjectionGroup.id)
    if session.execute(statement).scalar_one_or_none() is not None:
        audit.record(session, SYSTEM, ObjectionVerb.TOLD, session.get_one(ObjectionGroup, group_id, populate_existing=True), now=now)


def mind_late(session: Session, *, now: datetime) -> bool:
    """Tell the next objections that were not decided in time as late, to their learners and to administrators, with a new date.

    Return whether these were all. There is no outcome by silence.
    """
    rows = _list(session, Objection.due_at <= now, ObjectionGroup.state.in_(UNDECIDED_STATES))
    for row, attempt, shown in rows:
        question = _place(session, attempt.quiz_version_id, shown)
        row.due_at, row.late_at = next_due(now, question.rules, find_zone(question.zone)), now
        last_day = day_that_ends(row.due_at, find_zone(question.zone))
        _notify_late(session, row, attempt, question, in_every_language(partial(format_date, last_day)), now=now)
        audit.record(session, SYSTEM, ObjectionVerb.LATE, row, now=now, due=f"{last_day}")
    return len(rows) < PORTION


def _notify_late(session: Session, row: Objection, attempt: Attempt, question: _Place, day: Mapping[str, str], *, now: datetime) -> None:
    message = Message(
        NoticeKind.OBJECTION,
        f"objection-late:{row.uuid}:{row.due_at:%Y-%m-%d}",
        in_every_language(
            lambda: _("Your objection to question %(number)s of “%(title)s” is late", number=question.number, title=choose(question.title))
        ),
        in_every_language(lambda: _("It has not been decided in time. Administrators know. The new date is %(day)s.", day=choose(day))),
        f"/attempts/{attempt.uuid}/objections",
    )
    notices.notify(session, message, [row.person_id], now=now)
    selection, group = session.get_one(Selection, row.selection_id), session.get_one(ObjectionGroup, row.group_id)
    course = session.get_one(Course, attempt.course_id)
    to_office = Message(
        NoticeKind.OBJECTION,
        f"objection-late:{group.uuid}:{row.due_at:%Y-%m-%d}",
        in_every_language(lambda: _("Objections in “%(course)s” were not decided in time", course=choose(course.title))),
        in_every_language(lambda: _("See that the jury decides by %(day)s. The learners know that it is late.", day=choose(day))),
        f"/selections/{selection.uuid}/objections/{group.uuid}",
    )
    notices.notify(session, to_office, list_administrators(session), now=now)


def notify_term(session: Session, acta_id: int, *, after: int, now: datetime) -> int | None:
    """Tell the next people of a provisional acta until when they may object, and whoever noted objections while answering to say why.

    Return after which place it goes on; None where these were the last, or where the quiz takes no objections.
    """
    acta = session.get_one(SelectionActa, acta_id)
    selection = session.get_one(Selection, acta.selection_id)
    course = session.get_one(Course, selection.course_id)
    snapshot, term = find_published_snapshot(session, course, selection.activity_key), find_term_of(session, selection)
    if snapshot is None or term is None or acta.kind != ActaKind.PROVISIONAL.value:
        return None
    line = SelectionActaEntry
    lines = session.execute(
        select(line.place, line.person_id).where(line.acta_id == acta.id, line.place > after).order_by(line.place).limit(PORTION)
    ).all()
    title = outline_of_activity(session, snapshot.activity_id).by_key[snapshot.activity_key].title
    subject = in_every_language(
        lambda: _(
            "You can object to questions of “%(title)s” until the end of %(day)s", title=choose(title), day=format_date(term.last_day)
        )
    )
    sat = list_noted(session, selection, [row.person_id for row in lines])
    for person, attempt in sat.items():
        text = in_every_language(partial(_term_words, attempt.noted))
        message = Message(NoticeKind.OBJECTION, f"objection-term:{acta.uuid}", subject, text, f"/attempts/{attempt.uuid}/objections")
        notices.notify(session, message, [person], now=now)
    return lines[-1].place if len(lines) == PORTION else None


def _term_words(noted: int) -> str:
    if not noted:
        return _("The provisional acta is published. If you think a question is wrong, say why.")
    return ngettext(
        "The provisional acta is published. You objected to %(count)s question while answering: say why.",
        "The provisional acta is published. You objected to %(count)s questions while answering: say why.",
        noted,
    )
