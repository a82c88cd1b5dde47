"""The standing of the people of an acta: outcomes, ranking, ties, and the rules that it freezes (spec/selection 4.2 and 4.4)."""

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from functools import partial
from typing import Any
from uuid import UUID

from sqlalchemy import Row, or_, select
from sqlalchemy.orm import Session

from accounts.models import NationalIdentity, Person
from accounts.rules import DELETED
from courses.models import Course
from enrolments.models import Edition, LearnerGroup
from enrolments.rules import GradingMethod
from kernel.codes import read_code
from kernel.db import count_rows
from kernel.errors import NotFound, require_found
from kernel.permissions import Actor
from questions.rules.encoding import encode
from quizzes.draws import balance_by
from quizzes.hand_acts import list_hand_acts
from quizzes.pass_marks import get_published_pass_mark
from quizzes.rules.blueprint import BlueprintWeight
from quizzes.rules.result_use import ResultUse, TieRules
from quizzes.snapshots import QuizSnapshot, find_published_snapshot, get_snapshot
from selections import incidents as incident_services
from selections.access import SelectionActaContext
from selections.models import (
    ActaExport,
    ActaKind,
    ActaSignature,
    ActaState,
    IncidentOutcome,
    Objection,
    ObjectionGroup,
    ObjectionProposal,
    Selection,
    SelectionActa,
    SelectionActaEntry,
)
from selections.objections import IS_DECISION
from selections.rules.differences import BY_HAND, frozen_figures, line_figures
from selections.rules.documents import CODE_LENGTH, document_parts
from selections.rules.objections import UNDECIDED_STATES
from selections.rules.ranking import Precision, RankedPerson, SelectionRules, TieBreak, draw_seed, lot_of, rank_people
from selections.selections import ObjectiveSums, context_of, list_draws, list_participants, read_context, read_subtotals

_RULES = (
    *("course", "quiz", "quiz_version", "use", "whom", "attempts_allowed", "grading", "pass_mark", "pass_mark_record"),
    *("draw_table", "draws", "blueprint", "ties"),
)
"""What an acta says of the rules of its results; an amendment has those of the acta that it amends, whatever was published since."""
SHARED = "shared"
"""Equal results share a rank."""


def chain_facts(session: Session, selection: Selection, amended: SelectionActa | None) -> dict[str, Any]:
    """Return an acta's facts of its rules: those of the acta that it amends, else those of the published quiz."""
    if amended is not None:
        head = json.loads(amended.head)
        return {name: head[name] for name in _RULES if name in head}
    course = session.get_one(Course, selection.course_id)
    snapshot = find_published_snapshot(session, course, selection.activity_key)
    if snapshot is None:
        raise LookupError(f"selection {selection.id}: its quiz is not in the published version")
    settings, use, draws = snapshot.settings, snapshot.selection, list_draws(session, selection)
    return {
        "course": dict(course.title),
        "quiz": selection.activity_key,
        "quiz_version": snapshot.quiz_version_id,
        "use": dict(use.use) if use is not None else {},
        "whom": _whom(session, selection),
        "attempts_allowed": settings.attempts,
        "grading": settings.grading.value,
        "pass_mark": None if settings.pass_mark is None else str(settings.pass_mark),
        "pass_mark_record": _pass_mark_record(session, snapshot.quiz_version_id),
        "draws": [_draw(session, drawn) for drawn in draws],
        "blueprint": [_blueprint_line(use, line) for line in use.blueprint] if use is not None else [],
        "ties": _ties(session, snapshot, draws),
    }


def _blueprint_line(use: ResultUse, line: BlueprintWeight) -> dict[str, Any]:
    title = use.titles.get(line.objective)
    return {**encode(line), **({"title": dict(title)} if title else {})}


def _whom(session: Session, selection: Selection) -> str:
    if selection.edition_id:
        return session.get_one(Edition, selection.edition_id).name
    return session.get_one(LearnerGroup, selection.group_id).shown_name


def _pass_mark_record(session: Session, quiz_version_id: int) -> dict[str, Any] | None:
    """Return the ground of the pass mark: a norm as it is cited, or the judges' record; nobody is named (spec/selection 3.10)."""
    pass_mark = get_published_pass_mark(session, quiz_version_id)
    if pass_mark.record is None:
        return {"norm": dict(pass_mark.norm)} if pass_mark.norm else None
    record = pass_mark.record
    return {
        "record": str(record.uuid),
        "judges": len(record.judges),
        "questions": len(record.questions),
        "cut": str(record.cut.cut),
        "standard_error": f"{record.cut.error:.6f}",
        "pass_mark": str(record.pass_mark),
        "reason": record.reason,
        "signed_at": f"{record.signed_at:%Y-%m-%dT%H:%M:%SZ}",
    }


def _draw(session: Session, drawn: Row[int, int, int]) -> dict[str, Any]:
    """Return by which draw table of which quiz version so many attempts were drawn; the facilities where the draw was balanced."""
    balance = balance_by(session, drawn.quiz_version_id, get_snapshot(session, drawn.quiz_version_id).balance, drawn.draw_table)
    return {
        "quiz_version": drawn.quiz_version_id,
        "draw_table": drawn.draw_table,
        "attempts": drawn.attempts,
        "balance": None if balance is None else encode(balance.balance),
        "facilities": None if balance is None else dict(balance.facilities),
    }


def _ties(session: Session, snapshot: QuizSnapshot, draws: Sequence[Row[int, int, int]]) -> str | dict[str, Any]:
    """Return the criteria for equal results; shared ranks where an attempt began before they were written (spec/selection 4.4)."""
    rules = _rules_of(snapshot)
    begun = {drawn.quiz_version_id for drawn in draws}
    if rules is None or any(_criteria(_rules_of(get_snapshot(session, version))) != _criteria(rules) for version in begun):
        return SHARED
    titles = {key: dict(rules.titles[key]) for key in rules.objectives}
    return {"objectives": list(rules.objectives), "titles": titles, "draw": rules.draw, "seed": ""}


def _rules_of(snapshot: QuizSnapshot) -> TieRules | None:
    return snapshot.selection.ties if snapshot.selection is not None else None


def _criteria(rules: TieRules | None) -> tuple[tuple[str, ...], str] | None:
    return None if rules is None else (rules.objectives, rules.draw)


def objectives_of(session: Session, facts: Mapping[str, Any]) -> Mapping[str, str]:
    """Return the objective of each question that a criterion is about, by its key."""
    rules = _rules_of(get_snapshot(session, facts["quiz_version"]))
    return {} if rules is None else rules.of


def pass_mark_of(facts: Mapping[str, Any]) -> Fraction | None:
    """Return the pass mark that an acta states."""
    return None if facts["pass_mark"] is None else Fraction(facts["pass_mark"])


BATCH = 2000
MOST_ACTAS = 200


def get_acta(session: Session, actor: Actor, acta: UUID, **_address: object) -> SelectionActaContext:
    """Return an acta before an actor; raise NotFound."""
    if actor.person_id is None:
        raise NotFound
    statement = context_of(actor.person_id).join(SelectionActa, SelectionActa.selection_id == Selection.id).add_columns(SelectionActa)
    row = require_found(session.execute(statement.where(SelectionActa.uuid == acta)).one_or_none())
    return SelectionActaContext(read_context(session, row), row.SelectionActa)


def find_by_code(session: Session, code: str) -> SelectionActa | None:
    """Return the acta in force with a code as people write it; None where there is none."""
    stored = read_code(code, CODE_LENGTH)
    if stored is None:
        return None
    return session.scalar(select(SelectionActa).where(SelectionActa.code == stored, SelectionActa.state == ActaState.IN_FORCE.value))


def find_by_file(session: Session, sha256: str) -> SelectionActa | None:
    """Return the acta in force that a file with this digest is of: its signed document or an export; None where there is none."""
    exported = select(ActaExport.acta_id).where(ActaExport.sha256 == sha256)
    statement = select(SelectionActa).where(
        SelectionActa.state == ActaState.IN_FORCE.value, or_(SelectionActa.sha256 == sha256, SelectionActa.id.in_(exported))
    )
    return session.scalar(statement.order_by(SelectionActa.id).limit(1))


def list_actas(session: Session, selection_id: int) -> Sequence[SelectionActa]:
    """List the actas of a selection, the newest first; what was discarded too, for it stays on record."""
    statement = select(SelectionActa).where(SelectionActa.selection_id == selection_id)
    return session.scalars(statement.order_by(SelectionActa.id.desc()).limit(MOST_ACTAS)).all()


def find_in_force(session: Session, selection_id: int) -> SelectionActa | None:
    """Return the newest acta of a selection that is in force."""
    statement = select(SelectionActa).where(SelectionActa.selection_id == selection_id, SelectionActa.state == ActaState.IN_FORCE.value)
    return session.scalar(statement.order_by(SelectionActa.number.desc()).limit(1))


def find_later(session: Session, acta: SelectionActa) -> SelectionActa | None:
    """Return the newest acta in force of a selection, where that is a later one than this."""
    newest = find_in_force(session, acta.selection_id)
    return newest if newest is not None and newest.number > acta.number else None


def list_people(session: Session, acta_id: int) -> dict[int, int]:
    """Return the person of each line of an acta, by the number of the take."""
    statement = select(SelectionActaEntry.enrolment_id, SelectionActaEntry.person_id).where(SelectionActaEntry.acta_id == acta_id)
    return {take or 0: person for take, person in session.execute(statement)}


def list_signatures(session: Session, acta_id: int) -> Sequence[Row[Person, datetime]]:
    """List who signed an acta and when (`signed_at`), in their order."""
    statement = (
        select(Person, ActaSignature.signed_at)
        .join(ActaSignature, ActaSignature.signed_by == Person.id)
        .where(ActaSignature.acta_id == acta_id)
        .order_by(ActaSignature.id)
    )
    return session.execute(statement).all()


@dataclass(frozen=True, slots=True)
class ActaEntryRow:
    """A line of an acta as it was frozen, and what it says; without the name where the person was erased since."""

    entry: SelectionActaEntry
    name: str
    is_withdrawn: bool
    fields: dict[str, Any]
    identity: str


def list_lines(
    session: Session, acta_id: int, *, after: int = 0, offset: int = 0, limit: int = BATCH, changed: bool = False
) -> list[ActaEntryRow]:
    """List lines of an acta in their order; those alone that an amendment changed where they are asked for."""
    statement = (
        select(SelectionActaEntry, Person.email, NationalIdentity.number)
        .join(Person, Person.id == SelectionActaEntry.person_id)
        .outerjoin(NationalIdentity, NationalIdentity.person_id == Person.id)
        .where(SelectionActaEntry.acta_id == acta_id, SelectionActaEntry.place > after)
        .order_by(SelectionActaEntry.place)
        .offset(offset)
        .limit(limit)
    )
    if changed:
        statement = statement.where(SelectionActaEntry.changed)
    return [_line(row, email, number) for row, email, number in session.execute(statement)]


def walk_lines(session: Session, acta_id: int) -> Iterator[ActaEntryRow]:
    """Yield all lines of an acta in their order; memory does not grow with them."""
    last = 0
    while lines := list_lines(session, acta_id, after=last):
        yield from lines
        last = lines[-1].entry.place


def list_own_lines(session: Session, acta_id: int, person_id: int) -> list[ActaEntryRow]:
    """List a person's own lines of an acta: one, or two where two accounts of theirs were in it and became one since."""
    statement = select(SelectionActaEntry, Person.email).join(Person, Person.id == SelectionActaEntry.person_id)
    own = (SelectionActaEntry.acta_id == acta_id, SelectionActaEntry.person_id == person_id)
    return [_line(row, email, None) for row, email in session.execute(statement.where(*own).order_by(SelectionActaEntry.place))]


def _line(row: SelectionActaEntry, email: str, number: str | None) -> ActaEntryRow:
    fields, withdrawn = json.loads(row.sealed or row.text), email.endswith(DELETED)
    name = fields.pop("name", "")
    return ActaEntryRow(row, "" if withdrawn else name, withdrawn, fields=fields, identity=number or "")


def read_document(session: Session, acta: SelectionActa) -> Iterator[bytes]:
    """Yield the signed bytes of an acta."""
    return document_parts(json.loads(acta.head), _texts(session, acta.id))


def _texts(session: Session, acta_id: int) -> Iterator[str]:
    statement = select(SelectionActaEntry.text).where(SelectionActaEntry.acta_id == acta_id).order_by(SelectionActaEntry.place)
    yield from session.scalars(statement.execution_options(yield_per=BATCH))


def find_file(session: Session, acta: SelectionActa, sha256: str) -> str | None:
    """Find the kind of an acta's file by its digest: `json` for the signed document, else the kind of an export; None for neither."""
    if sha256 == acta.sha256:
        return "json"
    same = (ActaExport.acta_id == acta.id, ActaExport.sha256 == sha256)
    return session.scalar(select(ActaExport.kind).where(*same).order_by(ActaExport.id).limit(1))


def holds_hash(session: Session, acta_id: int, digest: str) -> bool:
    """Return whether a line of an acta has this hash."""
    escaped = f'%"hash":"{digest}"%'
    return (
        session.scalar(
            select(SelectionActaEntry.id).where(SelectionActaEntry.acta_id == acta_id, SelectionActaEntry.text.like(escaped)).limit(1)
        )
        is not None
    )


def count_open_objections(session: Session, selection: Selection) -> int:
    """Count the objections that nobody decided on; a final acta needs that there is none."""
    undecided = select(ObjectionGroup.id).where(ObjectionGroup.state.in_(UNDECIDED_STATES))
    waiting = (Objection.withdrawn_at.is_(None), Objection.group_id.in_(undecided))
    return count_rows(session, Objection, Objection.selection_id == selection.id, *waiting)


def decisions_of(session: Session, selection: Selection) -> Mapping[int, dict[str, list[str]]]:
    """Return the decisions about the people of a selection as an acta freezes them, by number of person: words of closed sets.

    `objections` has an ObjectionOutcome for each objection to their attempts, in order; `incidents` the flags that the jury decided.
    """
    statement = (
        select(Objection.person_id, ObjectionProposal.outcome)
        .join(ObjectionGroup, ObjectionGroup.id == Objection.group_id)
        .join(ObjectionProposal, IS_DECISION)
        .where(Objection.selection_id == selection.id, Objection.withdrawn_at.is_(None), ObjectionGroup.state.not_in(UNDECIDED_STATES))
        .order_by(Objection.id)
    )
    decided = defaultdict[int, dict[str, list[str]]](lambda: {"objections": [], "incidents": []})
    for person_id, outcome in session.execute(statement):
        decided[person_id]["objections"].append(outcome)
    for person_id, outcome in incident_services.list_decided(session, selection):
        decided[person_id]["incidents"].append(outcome)
    return decided


def with_seed(session: Session, facts: Mapping[str, Any], selection_id: int) -> dict[str, Any]:
    """Return the rules of an acta that follows a provisional one, with the seed of its draw; without a draw as they are."""
    ties = facts["ties"]
    if not isinstance(ties, dict) or not ties["draw"] or ties["seed"]:
        return dict(facts)
    provisional = _find_provisional(session, selection_id)
    if provisional is None:
        return dict(facts)
    return {**facts, "ties": {**ties, "seed": draw_seed(read_document(session, provisional), ties["draw"])}}


def _find_provisional(session: Session, selection_id: int) -> SelectionActa | None:
    first = (SelectionActa.selection_id == selection_id, SelectionActa.kind == ActaKind.PROVISIONAL.value)
    in_force = SelectionActa.state == ActaState.IN_FORCE.value
    return session.scalar(select(SelectionActa).where(*first, in_force).order_by(SelectionActa.number).limit(1))


def break_ties(session: Session, selection: Selection, facts: Mapping[str, Any], tied: Sequence[RankedPerson]) -> dict[int, TieBreak]:
    """Return the order of people of equal result, by the number of the take."""
    objectives, of = facts["ties"]["objectives"], objectives_of(session, facts)
    takes = [person.person.enrolment_id for person in tied]
    sums = read_subtotals(session, selection, takes, of) if objectives else {}
    lots = _lots(session, selection.id, facts["ties"]["seed"], tied)
    return {
        person.person.enrolment_id: TieBreak(
            tuple(_subtotal(person, key, sums) for key in objectives), lots.get(person.person.enrolment_id, "")
        )
        for person in tied
    }


def _subtotal(ranked: RankedPerson, objective: str, sums: ObjectiveSums) -> Fraction | None:
    """Return the result of a person in an objective, in percent: of several attempts that count the mean."""
    nothing = (Fraction(0), Fraction(0))
    totals = [sums.get((ranked.person.enrolment_id, number), {}).get(objective, nothing) for number in ranked.counted]
    percents = [100 * marks / maximum for marks, maximum in totals if maximum]
    return sum(percents, Fraction(0)) / len(percents) if percents else None


def _lots(session: Session, selection_id: int, seed: str, tied: Sequence[RankedPerson]) -> dict[int, str]:
    """Return the lot of each person by the name of their line in the provisional acta; who was not in it is named by their order."""
    provisional = _find_provisional(session, selection_id) if seed else None
    if provisional is None:
        return {}
    statement = select(SelectionActaEntry.enrolment_id, SelectionActaEntry.text).where(SelectionActaEntry.acta_id == provisional.id)
    names = {take or 0: str(json.loads(text)["person"]) for take, text in session.execute(statement)}
    late = sorted((ranked.person.order, ranked.person.enrolment_id) for ranked in tied if ranked.person.enrolment_id not in names)
    names |= {take: f"n{at}" for at, (_order, take) in enumerate(late, 1)}
    return {ranked.person.enrolment_id: lot_of(seed, names[ranked.person.enrolment_id]) for ranked in tied}


@dataclass(frozen=True, slots=True)
class SelectionStanding:
    """The people of a selection in their places, and what was decided about each, by the number of the take."""

    ranked: list[RankedPerson]
    decided: Mapping[int, dict[str, list[Any]]]

    @property
    def figures(self) -> dict[int, dict[str, Any]]:
        """Return the figures that are compared with those of an acta."""
        return {ranked.person.enrolment_id: line_figures(ranked, self.decided[ranked.person.enrolment_id]) for ranked in self.ranked}


def find_amended(session: Session, acta: SelectionActa) -> SelectionActa | None:
    """Return the acta that an amendment is of; None for other kinds, which take the people and the rules as they are."""
    if acta.kind != ActaKind.AMENDMENT.value:
        return None
    before = (SelectionActa.selection_id == acta.selection_id, SelectionActa.sha256 == acta.previous)
    return session.scalars(select(SelectionActa).where(*before).order_by(SelectionActa.id).limit(1)).one()


def read_standing(
    session: Session, selection: Selection, facts: Mapping[str, Any], amended: SelectionActa | None, precision: Precision | None = None
) -> SelectionStanding:
    """Put the people of a selection into their places by the rules that an acta states; ties by its criteria."""
    rules = SelectionRules(GradingMethod(facts["grading"]), pass_mark_of(facts), facts["attempts_allowed"])
    decided = decisions_of(session, selection)
    people = list_participants(session, selection, None if amended is None else amended.id)
    people = [replace(person, is_excluded=IncidentOutcome.EXCLUDED.value in decided[person.id]["incidents"]) for person in people]
    ties = None if facts["ties"] == SHARED else partial(break_ties, session, selection, facts)
    ranked, by_hand = rank_people(people, rules, precision, ties), _by_hand(session, selection)
    takes = {line.person.enrolment_id: decided[line.person.id] for line in ranked}
    return SelectionStanding(ranked, {take: {**lists, **by_hand.get(take, {})} for take, lists in takes.items()})


def _by_hand(session: Session, selection: Selection) -> Mapping[int, dict[str, list[Any]]]:
    """Return the acts by hand on the attempts of each take, as an acta freezes them: question (0: reopened), who, and why."""
    acts = defaultdict[int, dict[str, list[Any]]](lambda: {BY_HAND: []})
    for act in list_hand_acts(session, selection.course_id, selection.activity_key):
        acts[act.enrolment_id][BY_HAND].append({"question": act.question, "by": list(act.people), "reason": act.reason})
    return acts


def frozen_lines(session: Session, acta_id: int) -> dict[int, dict[str, Any]]:
    """Return the lines of an acta by the number of the take, in their order."""
    statement = select(SelectionActaEntry.enrolment_id, SelectionActaEntry.text).where(SelectionActaEntry.acta_id == acta_id)
    return {take or 0: json.loads(text) for take, text in session.execute(statement.order_by(SelectionActaEntry.place))}


def former_figures(lines: Mapping[int, Mapping[str, Any]]) -> dict[int, dict[str, Any]]:
    """Return the figures of lines that are compared."""
    return {take: frozen_figures(fields) for take, fields in lines.items()}
