"""Objections together for each version of a question, without names, and the notices about them (spec/selection 5.4 and 5.5)."""

import json
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, ScalarSelect, Select, and_, exists, func, select, update
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from accounts import notices
from accounts.models import Person, SecondFactor
from accounts.notices import Message
from accounts.people import list_administrators
from courses.models import Course
from enrolments.models import Enrolment
from kernel import audit
from kernel.errors import require_found
from kernel.files import StoredFile
from kernel.i18n import _, as_sentence, choose, find_zone, format_date, in_every_language, ngettext, percent
from kernel.permissions import Actor, ActorChannel
from questions.models import QuestionVersion
from questions.rules.answers import Parts, clean_parts
from questions.rules.encoding import decode
from questions.rules.item_layout import ItemLayout, LoadedItem
from quizzes.attempts import IS_RESPONSE
from quizzes.effective_settings import outline_of_activity
from quizzes.models import AnswerEvent, AnswerFile, Attempt, AttemptItem, MarkEvent, Regrade, RegradeDryRunRow
from quizzes.notices import notify_regrade
from quizzes.rules.result_use import ObjectionRules
from quizzes.rules.states import AttemptState
from quizzes.snapshots import QuizSnapshot, find_published_snapshot, get_snapshot
from selections.access import ObjectionFileContext, ObjectionGroupContext, ProposalRow
from selections.audit_verbs import ObjectionVerb
from selections.messages import OBJECTION_NOTICE
from selections.models import (
    ActaKind,
    MemberRole,
    Objection,
    ObjectionAuthor,
    ObjectionGroup,
    ObjectionProposal,
    Selection,
    SelectionActa,
    SelectionActaEntry,
    SelectionMember,
)
from selections.objections import IS_DECISION, find_term_of, list_noted
from selections.rules.objections import (
    FEWEST_DECIDERS,
    UNDECIDED_STATES,
    DeciderHindrances,
    ObjectionOutcome,
    ObjectionRecord,
    ObjectionState,
    day_that_ends,
    next_due,
)
from selections.selections import get_row, get_selection, people_of, takes_part
from selections.wording import TOLD

MOST_GROUPS, MOST_OBJECTIONS, MOST_PROPOSALS, MOST_MEMBERS = 200, 200, 50, 200


def get_group(session: Session, actor: Actor, selection: UUID, group: UUID) -> ObjectionGroupContext:
    """Return objections before an actor, by a selection of their quiz; raise NotFound."""
    return _context(session, actor, selection, group)


def lock_group(session: Session, actor: Actor, selection: UUID, group: UUID) -> ObjectionGroupContext:
    """Return objections before an actor, after every other change of them."""
    require_found(session.scalar(select(ObjectionGroup).where(ObjectionGroup.uuid == group).with_for_update(key_share=True)))
    return _context(session, actor, selection, group)


def _context(session: Session, actor: Actor, selection: UUID, group: UUID) -> ObjectionGroupContext:
    context = get_selection(session, actor, selection)
    columns = (
        ObjectionGroup,
        QuestionVersion.number,
        ObjectionProposal,
        _takes_part(actor.person_id or 0).label("takes_part"),
        _wrote(actor.person_id or 0).label("is_author"),
        _marked(actor.person_id or 0).label("marked"),
        select(func.count(SelectionMember.person_id.distinct()))
        .join(Selection, Selection.id == SelectionMember.selection_id)
        .where(*_deciders())
        .correlate(ObjectionGroup)
        .scalar_subquery()
        .label("deciders"),
    )
    statement = (
        _with_people(
            select(*columns)
            .select_from(ObjectionGroup)
            .join(QuestionVersion, QuestionVersion.id == ObjectionGroup.question_version_id)
            .outerjoin(ObjectionProposal, ObjectionProposal.id == _newest_proposal())
        )
        .where(
            ObjectionGroup.uuid == group,
            ObjectionGroup.course_id == context.course_id,
            ObjectionGroup.activity_key == context.key,
        )
        .execution_options(populate_existing=True)
    )
    row = require_found(session.execute(statement).one_or_none())
    proposal = row.ObjectionProposal
    proposed = proposal is not None and proposal.state == "standing" and proposal.proposed_by == actor.person_id
    return ObjectionGroupContext(
        selection=context,
        group=row.ObjectionGroup,
        number=row.number,
        newest=row if proposal is not None else None,
        facts=DeciderHindrances(row.takes_part or context.is_participant, row.is_author, row.marked, proposed),
        deciders=row.deciders,
    )


def _newest_proposal() -> ScalarSelect[int]:
    """Return the number of the newest proposal for the objections of `objection_group`."""
    newest = aliased(ObjectionProposal)
    return select(func.max(newest.id)).where(newest.group_id == ObjectionGroup.id).correlate(ObjectionGroup).scalar_subquery()


def get_objection_file(session: Session, actor: Actor, selection: UUID, group: UUID, file: UUID) -> ObjectionFileContext:
    """Return a file of an answer that is objected to, before those who decide; raise NotFound."""
    context = _context(session, actor, selection, group)
    statement = (
        select(Objection.person_id, AnswerFile.name, StoredFile.sha256, StoredFile.media_type)
        .join(AnswerFile, AnswerFile.item_id == Objection.item_id)
        .join(StoredFile, StoredFile.id == AnswerFile.stored_file_id)
        .where(Objection.group_id == context.group.id, Objection.withdrawn_at.is_(None), AnswerFile.uuid == file)
    )
    row = require_found(session.execute(statement).one_or_none())
    return ObjectionFileContext(**vars(context), **row._asdict())


def _takes_part(person_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return a condition on `objection_group`: the person has an attempt at its quiz."""
    return exists().where(
        Attempt.course_id == ObjectionGroup.course_id,
        Attempt.activity_key == ObjectionGroup.activity_key,
        Attempt.person_id == person_id,
        ~Attempt.preview,
    )


def _wrote(person_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    return exists().where(ObjectionAuthor.group_id == ObjectionGroup.id, ObjectionAuthor.person_id == person_id)


def _marked(person_id: int | InstrumentedAttribute[int]) -> ColumnElement[bool]:
    """Return a condition on `objection_group`: the person marked answers to the version by hand."""
    return exists(
        select(MarkEvent.id)
        .join(AttemptItem, AttemptItem.id == MarkEvent.item_id)
        .where(
            AttemptItem.question_version_id == ObjectionGroup.question_version_id,
            MarkEvent.origin == "manual",
            MarkEvent.marked_by == person_id,
        )
        .correlate(ObjectionGroup, SelectionMember)
    )


def _deciders() -> tuple[ColumnElement[bool], ...]:
    """Return the conditions on `selection_member`, `selection` and `objection_group` that choose who may propose or decide."""
    member = SelectionMember
    return (
        Selection.course_id == ObjectionGroup.course_id,
        Selection.activity_key == ObjectionGroup.activity_key,
        member.role == MemberRole.JURY.value,
        member.ended_at.is_(None),
        ~_takes_part(member.person_id),
        ~_wrote(member.person_id),
        ~_marked(member.person_id),
        ~_sits(),
        exists().where(SecondFactor.person_id == member.person_id),
    )


def list_deciders(session: Session, group_id: int) -> dict[int, UUID]:
    """Return the members of juries of the quiz who may propose or decide on these objections, each with their selection, the newest."""
    member = SelectionMember
    statement = (
        select(member.person_id, Selection.uuid)
        .join(Selection, Selection.id == member.selection_id)
        .join(ObjectionGroup, ObjectionGroup.id == group_id)
        .where(*_deciders())
        .order_by(Selection.id, member.person_id)
        .limit(MOST_MEMBERS)
    )
    return dict(session.execute(statement).all())


def _sits() -> ColumnElement[bool]:
    """Return a condition on `selection_member` and `selection`: the member takes or took part in the selection."""
    return takes_part(SelectionMember.person_id)


def list_groups(session: Session, selection_id: int) -> Sequence[Row[*tuple[Any, ...]]]:
    """List the objections of a selection, those that wait first, by their date.

    Each row has the number of the `version`, how many `objections` there are, until when they are to be decided (`due_at`), since when
    one is late (`late_at`), and the newest proposal.
    """
    waits, due_at = ObjectionGroup.state.in_(UNDECIDED_STATES), func.min(Objection.due_at)
    counted = (func.count(Objection.id).label("objections"), due_at.label("due_at"), func.max(Objection.late_at).label("late_at"))
    statement = (
        select(ObjectionGroup, QuestionVersion.number.label("version"), *counted, ObjectionProposal)
        .join(Objection, Objection.group_id == ObjectionGroup.id)
        .join(QuestionVersion, QuestionVersion.id == ObjectionGroup.question_version_id)
        .outerjoin(ObjectionProposal, ObjectionProposal.id == _newest_proposal())
        .where(Objection.withdrawn_at.is_(None), _of_selection(selection_id))
        .group_by(ObjectionGroup.id, QuestionVersion.id, ObjectionProposal.id)
        .order_by(waits.desc(), due_at, ObjectionGroup.id.desc())
        .limit(MOST_GROUPS)
    )
    return session.execute(statement).all()


def _of_selection(selection_id: int) -> ColumnElement[bool]:
    """Return a condition on `objection_group`: somebody of the selection objects."""
    other = aliased(Objection)
    return exists().where(other.group_id == ObjectionGroup.id, other.selection_id == selection_id)


@dataclass(frozen=True, slots=True)
class ObjectionRow:
    """An objection as those who decide see it: ground, reason and the answer that was given; a name only where it has to be seen."""

    objection: Objection
    item: LoadedItem
    language: str
    parts: Parts
    name: str


def list_objections(session: Session, group_id: int) -> list[ObjectionRow]:
    """List the objections that are decided together, in their order, with the answers; withdrawn ones are left out."""
    statement = (
        select(Objection, AttemptItem, Attempt.language, AnswerEvent.payload, Person)
        .join(AttemptItem, AttemptItem.id == Objection.item_id)
        .join(Attempt, Attempt.id == Objection.attempt_id)
        .join(Person, Person.id == Objection.person_id)
        .outerjoin(AnswerEvent, and_(AnswerEvent.item_id == AttemptItem.id, IS_RESPONSE))
        .where(Objection.group_id == group_id, Objection.withdrawn_at.is_(None))
        .order_by(Objection.id)
        .limit(MOST_OBJECTIONS)
    )
    return [
        ObjectionRow(row, _item(item), language, clean_parts(json.loads(payload) if payload else {}), person.full_name)
        for row, item, language, payload, person in session.execute(statement)
    ]


def _item(row: AttemptItem) -> LoadedItem:
    layout = decode(ItemLayout, json.loads(row.layout))
    return LoadedItem(
        row.id,
        row.position,
        row.number,
        page=row.page,
        section=row.section,
        question_version_id=row.question_version_id,
        maximum=Fraction(row.maximum),
        layout=layout,
        flagged=False,
    )


def list_proposals(session: Session, group_id: int) -> Sequence[ProposalRow]:
    """List the proposals for objections, the newest first."""
    statement = _with_people(select(ObjectionProposal)).where(ObjectionProposal.group_id == group_id)
    return session.execute(statement.order_by(ObjectionProposal.id.desc()).limit(MOST_PROPOSALS)).all()


def _with_people(statement: Select[*tuple[Any, ...]]) -> Select[*tuple[Any, ...]]:
    """Return a statement of proposals with who made (`proposer`) and answered them (`answerer`), and their dry runs."""
    proposer, answerer = aliased(Person, name="proposer"), aliased(Person, name="answerer")
    return (
        statement.add_columns(proposer, answerer, Regrade)
        .outerjoin(proposer, proposer.id == ObjectionProposal.proposed_by)
        .outerjoin(answerer, answerer.id == ObjectionProposal.answered_by)
        .outerjoin(Regrade, Regrade.id == ObjectionProposal.regrade_id)
    )


def list_records(session: Session, condition: ColumnElement[bool]) -> list[ObjectionRecord]:
    """List objections for statistics: a condition on `objection` and `objection_group`; withdrawn ones count nowhere."""
    statement = (
        select(Objection.opened_at, ObjectionGroup.decided_at, ObjectionProposal.outcome)
        .join(ObjectionGroup, ObjectionGroup.id == Objection.group_id)
        .outerjoin(ObjectionProposal, IS_DECISION)
        .where(condition, Objection.withdrawn_at.is_(None))
    )
    return [
        ObjectionRecord(opened, at, has_effect=outcome not in (None, ObjectionOutcome.UPHOLD.value))
        for opened, at, outcome in session.execute(statement)
    ]


def count_answers(session: Session, selection: Selection) -> int:
    """Count the questions that the submitted attempts of a selection's people asked."""
    statement = (
        select(func.count(AttemptItem.id))
        .join(Attempt, Attempt.id == AttemptItem.attempt_id)
        .join(Enrolment, Enrolment.id == Attempt.enrolment_id)
        .where(people_of(selection), Attempt.activity_key == selection.activity_key, ~Attempt.preview)
        .where(Attempt.state == AttemptState.FINISHED.value, AttemptItem.number.is_not(None))
    )
    return session.scalar(statement) or 0


def list_versions(session: Session, question_version_id: int) -> dict[int, int]:
    """Return the versions of the question of a version: their numbers by id, the oldest first."""
    mine = select(QuestionVersion.question_id).where(QuestionVersion.id == question_version_id).scalar_subquery()
    statement = select(QuestionVersion.id, QuestionVersion.number).where(QuestionVersion.question_id == mine)
    return dict(session.execute(statement.order_by(QuestionVersion.number)).all())


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
    title = get_row(session, row.selection_id).title
    subject = in_every_language(lambda: _("There is an objection to a question of “%(title)s”", title=choose(title)))
    text = in_every_language(lambda: _("Propose an outcome. Another person decides on it."))
    deciders = list_deciders(session, group.id)
    _notify_each(session, group, deciders, Message(OBJECTION_NOTICE, f"objection-open:{group.uuid}", subject, text, ""), now=now)
    if len(deciders) < FEWEST_DECIDERS:
        short = in_every_language(lambda: _("Objections have too few people to decide on them"))
        name = in_every_language(
            lambda: _("Name a member of the jury who did not write the question, has not marked it by hand and does not take the quiz.")
        )
        message = Message(OBJECTION_NOTICE, f"objection-few:{group.uuid}", short, name, f"/selections/{selection.uuid}/jury")
        notices.notify(session, message, list_administrators(session), now=now)


def _notify_each(session: Session, group: ObjectionGroup, deciders: Mapping[int, UUID], message: Message, *, now: datetime) -> None:
    """Notify those who may decide, each with the address in the selection in whose jury they are: the others are not theirs to see."""
    people = defaultdict[UUID, list[int]](list)
    for person_id, selection in deciders.items():
        people[selection].append(person_id)
    for selection, members in people.items():
        notices.notify(session, replace(message, path=f"/selections/{selection}/objections/{group.uuid}"), members, now=now)


def notify_of_proposal(session: Session, group_id: int, *, now: datetime) -> None:
    """Notify those who may decide that an outcome is proposed."""
    group = session.get_one(ObjectionGroup, group_id)
    standing = (ObjectionProposal.group_id == group.id, ObjectionProposal.state == "standing")
    row = session.scalar(select(ObjectionProposal).where(*standing))
    if row is None:
        return
    title = get_row(session, session.scalars(select(Objection.selection_id).where(Objection.group_id == group.id).limit(1)).one()).title
    message = Message(
        OBJECTION_NOTICE,
        f"objection-proposed:{row.uuid}",
        in_every_language(lambda: _("An outcome is proposed for objections in “%(title)s”", title=choose(title))),
        in_every_language(lambda: _("It needs the decision of a second person. Look at its dry run first.")),
        "",
    )
    deciders = list_deciders(session, group.id)
    deciders.pop(row.proposed_by, None)
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
            OBJECTION_NOTICE,
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
        parts = [_(TOLD[proposal.outcome]), _("Why: %(ground)s", ground=as_sentence(proposal.ground))]
        parts.append(change_words(before, after))
        contact = choose(question.contact)
        if contact:
            parts.append(_("If you do not agree, write to: %(contact)s", contact=contact))
        return "\n\n".join(part for part in parts if part)

    changed = regrade is not None and before != after
    return Message(
        OBJECTION_NOTICE,
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
    """Describe how a decision changed a learner's percentage."""
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
        OBJECTION_NOTICE,
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
        OBJECTION_NOTICE,
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
    for person, (attempt, noted) in list_noted(session, selection, [row.person_id for row in lines]).items():
        text = in_every_language(partial(_term_words, noted))
        message = Message(OBJECTION_NOTICE, f"objection-term:{acta.uuid}", subject, text, f"/attempts/{attempt}/objections")
        notices.notify(session, message, [person], now=now)
    return lines[-1].place if len(lines) == PORTION else None


def _term_words(noted: int) -> str:
    if not noted:
        return _("The provisional acta is published. If you think a question is wrong, say why.")
    return ngettext(
        "The provisional acta is published. You marked %(count)s question to object to it: send the objection, with why.",
        "The provisional acta is published. You marked %(count)s questions to object to them: send the objections, with why.",
        noted,
    )
