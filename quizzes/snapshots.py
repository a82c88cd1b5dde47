"""Read published quizzes as attempts draw from them: slots, questions, and the facilities of the first draw table."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any

from sqlalchemy import Row, bindparam, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from courses.models import Activity, Course, CourseVersion
from kernel.db import Cache
from kernel.errors import NotFound
from questions.models import Question, QuestionVersion
from questions.question_bank import MOST_SNAPSHOTS
from questions.rules.definitions import QuestionDefinition
from questions.rules.encoding import decode, encode
from quizzes.models import ItemHistory, QuizVersion, Slot, SlotCandidate
from quizzes.rules import balanced_draw
from quizzes.rules.blueprint import BlueprintWeight
from quizzes.rules.item_history import UNIT
from quizzes.rules.layout import Candidate, Entry, PageEntry, SectionEntry, SlotEntry, TextEntry
from quizzes.rules.result_use import ObjectionRules, ResultUse, TieRules
from quizzes.rules.settings import EffectiveSettings, QuizSettings
from quizzes.rules.states import NO_RULES, IntegrityRules

KIND = "balance"
"""The entry of a quiz version that holds its draw table, after those of its slots."""


@dataclass(frozen=True, slots=True)
class FirstAnswers:
    """The number of first attempts that answered a question version, and the sum of the shares of its mark that they got."""

    count: int
    shares: Fraction


NO_ANSWERS = FirstAnswers(0, Fraction(0))


def count_first_answers(session: Session, version_ids: Sequence[int]) -> dict[int, FirstAnswers]:
    """Return the answers to question versions that their history counts: in first attempts at quizzes that count, marked, not voided."""
    return {
        version: first_answers
        for (version, variant), first_answers in count_answers_by_variant(session, version_ids).items()
        if not variant
    }


def count_answers_by_variant(session: Session, version_ids: Sequence[int]) -> dict[tuple[int, str], FirstAnswers]:
    """Return the answers by version and variant, where each variant has a facility of its own; `""` counts all of a version."""
    if not version_ids:
        return {}
    key = (ItemHistory.question_version_id, ItemHistory.variant)
    statement = (
        select(*key, func.sum(ItemHistory.count).label("answers"), func.sum(ItemHistory.shares).label("shares"))
        .where(ItemHistory.question_version_id.in_(set(version_ids)), ItemHistory.count > 0)
        .group_by(*key)
    )
    return {
        (row.question_version_id, row.variant): FirstAnswers(int(row.answers), Fraction(int(row.shares), UNIT))
        for row in session.execute(statement)
    }


def frozen_balance(
    balance: balanced_draw.Balance | None,
    entries: Sequence[SlotEntry],
    questions: Mapping[str, QuestionDefinition],
    answers: Mapping[str, FirstAnswers],
    *,
    number: int = 0,
    seed: int = 0,
) -> list[dict[str, object]]:
    """Return the draw table that a balanced quiz keeps among its entries, and a `number` of parallel forms, assembled by a seed.

    It goes by the answers so far; where these would allow no balanced draw or no forms, by what authors foresee, which the check has tried
    (spec/selection 1.16 and 1.20).
    """
    if balance is None:
        return []
    own = {key: balanced_draw.prior_share(question.difficulty or "", question.selection.expected) for key, question in questions.items()}
    variants = {
        balanced_draw.facility_key(candidate.question, name): own[candidate.question]
        for entry in entries
        for candidate in entry.pool
        for name in candidate.variants
    }
    priors = {**own, **variants}
    foreseen, known = known_facilities(priors, {}), known_facilities(priors, answers)
    forms = _forms(entries, known, balance, number, seed)
    if known != foreseen and not (forms if number else allows_a_draw(entries, known, balance)):
        known, forms = foreseen, _forms(entries, foreseen, balance, number, seed)
    target = None if balance.target is None else str(balance.target)
    table: dict[str, object] = {
        "kind": KIND,
        "table": 1,
        "within": str(balance.within),
        "target": target,
        "facilities": known,
        "priors": {key: str(prior) for key, prior in priors.items()},
    }
    if forms:
        table["seed"] = f"{seed:016x}"
        table["forms"] = [
            {"name": parallel_form.name, "expected": str(parallel_form.expected), "cells": parallel_form.cells} for parallel_form in forms
        ]
    return [table]


def _forms(
    entries: Sequence[SlotEntry], facilities: Mapping[str, int], balance: balanced_draw.Balance, number: int, seed: int
) -> tuple[balanced_draw.ParallelForm, ...]:
    if not number:
        return ()
    plan = balanced_draw.plan_draws(balanced_draw.without_variants(entries), facilities, balance)
    try:
        assembled = balanced_draw.assemble_forms(plan, balance, seed, number)
    except balanced_draw.TooManySums:
        return ()
    return balanced_draw.named_forms(plan, assembled) if assembled else ()


def allows_a_draw(entries: Sequence[SlotEntry], facilities: Mapping[str, int], balance: balanced_draw.Balance) -> bool:
    """Return whether a draw table allows any question set (spec/selection 1.16)."""
    try:
        return balanced_draw.draw_set(balanced_draw.QuestionSets(balanced_draw.plan_draws(entries, facilities, balance)), 0) is not None
    except balanced_draw.TooManySums:
        return False


def known_facilities(priors: Mapping[str, Fraction], answers: Mapping[str, FirstAnswers]) -> dict[str, int]:
    """Return the known facility of questions, in percent (spec/selection 1.9)."""
    known = {key: answers.get(key, NO_ANSWERS) for key in priors}
    return {key: balanced_draw.shrunk_facility(known[key].count, known[key].shares, prior) for key, prior in priors.items()}


def read_balance(entry: Mapping[str, Any]) -> balanced_draw.FrozenBalance:
    """Return the draw table that an entry of a quiz version holds."""
    target, priors = entry["target"], entry.get("priors")
    return balanced_draw.FrozenBalance(
        balanced_draw.Balance(Fraction(entry["within"]), None if target is None else Fraction(target)),
        entry["facilities"],
        tuple(
            balanced_draw.ParallelForm(form["name"], tuple(tuple(keys) for keys in form["cells"]), Fraction(form["expected"]))
            for form in entry.get("forms", ())
        ),
        None if priors is None else {key: Fraction(prior) for key, prior in priors.items()},
    )


SELECTION = "selection"
"""The entry of a quiz version that says what its results are used for outside the course."""
INTEGRITY = "integrity"
"""The entry of a quiz version that says what is recorded beside the answers."""
PAIR = "pair"
"""The entry of a quiz version that says with which test it is compared."""


def _read_use(entry: dict[str, Any]) -> ResultUse:
    objections = decode(ObjectionRules, entry["objections"]) if entry.get("objections") else None
    ties = decode(TieRules, entry["ties"]) if entry.get("ties") else None
    blueprint = tuple(decode(BlueprintWeight, line) for line in entry.get("blueprint", ()))
    return ResultUse(
        use=entry["use"],
        contact=entry["contact"],
        norm=entry.get("norm", {}),
        record=entry.get("record", ""),
        objections=objections,
        ties=ties,
        blueprint=blueprint,
        titles=entry.get("titles", {}),
    )


def written_rules(
    selection: ResultUse | None, integrity: IntegrityRules, pair: balanced_draw.PairedTests | None
) -> list[dict[str, object]]:
    """Return the entries that keep the use of results outside the course, what is recorded beside the answers, and the test to compare.

    There is none for what a quiz does not have.
    """
    rules = ((selection, SELECTION), (None if integrity == NO_RULES else integrity, INTEGRITY), (pair, PAIR))
    return [{**encode(own), "kind": kind} for own, kind in rules if own is not None]


def _entry(entry: dict[str, Any], pool: Sequence[Row[*tuple[Any, ...]]]) -> Entry:
    match entry["kind"]:
        case "section":
            return SectionEntry(entry["title"], entry["shuffle"], entry["text"] or None)
        case "page":
            return PageEntry()
        case "text":
            return TextEntry(entry["text"])
    first = pool[0]
    in_order = sorted(pool, key=lambda row: row.key)
    families, enemies, variants = (entry.get(name, {}) for name in ("families", "enemies", "variants"))
    candidates = tuple(
        Candidate(
            question=row.key,
            version=row.id,
            mark=Fraction(row.own_mark),
            numbered=row.kind != "description",
            family=families.get(row.key, ""),
            enemies=frozenset(enemies.get(row.key, ())),
            variants=tuple(variants.get(row.key) or ()),
        )
        for row in in_order
    )
    mark = None if first.mark is None else Fraction(first.mark)
    return SlotEntry(candidates, first.draws, mark, first.require_previous, entry.get("by_family", False))


@dataclass(frozen=True, slots=True)
class QuizSnapshot:
    """A published quiz: settings, dates and what an attempt draws from. Immutable, so it may be kept in memory."""

    quiz_version_id: int
    activity_id: int
    activity_key: str
    settings: QuizSettings
    instructions: Mapping[str, str]
    entries: tuple[Entry, ...]
    balance: balanced_draw.FrozenBalance | None
    selection: ResultUse | None
    pair: balanced_draw.PairedTests | None
    integrity: IntegrityRules
    opens_at: datetime | None
    closes_at: datetime | None

    @property
    def published_settings(self) -> EffectiveSettings:
        """Return dates, limit and attempts as they were published."""
        own = self.settings
        return EffectiveSettings(opens=self.opens_at, closes=self.closes_at, limit=own.limit, attempts=own.attempts, pause=own.pause)


QUIZ_SNAPSHOTS = Cache[tuple[str, int], QuizSnapshot]()
"""Keeps snapshots of quizzes."""


_SNAPSHOT = select(QuizVersion, Activity.key, Activity.opens_at, Activity.closes_at).join(Activity, Activity.id == QuizVersion.activity_id)
_CANDIDATES = (
    select(
        Slot.position,
        Slot.draws,
        Slot.mark,
        Slot.require_previous,
        Question.key,
        QuestionVersion.id,
        QuestionVersion.mark.label("own_mark"),
        QuestionVersion.kind,
    )
    .join(SlotCandidate, SlotCandidate.slot_id == Slot.id)
    .join(QuestionVersion, QuestionVersion.id == SlotCandidate.question_version_id)
    .join(Question, Question.id == QuestionVersion.question_id)
    .where(Slot.quiz_version_id == bindparam("quiz_version_id"))
    .order_by(Slot.position)
)


def get_snapshot_of_activity(session: Session, activity_id: int) -> QuizSnapshot:
    """Return the quiz of an activity; raise NotFound."""
    return _cached_snapshot(session, QuizVersion.activity_id, activity_id)


def selects_people(session: Session, course_id: int, key: str) -> bool:
    """Return whether results of a quiz are used outside its course, by any version."""
    versions = select(Activity.id).join(CourseVersion, CourseVersion.id == Activity.version_id)
    same_quiz = versions.where(CourseVersion.course_id == course_id, Activity.key == key, Activity.kind == "quiz")
    return any(get_snapshot_of_activity(session, version).selection is not None for version in session.scalars(same_quiz))


def find_published_snapshot(session: Session, course: Course, key: str) -> QuizSnapshot | None:
    """Return a quiz of a course's published version; None where it has none such."""
    statement = select(Activity.id).join(QuizVersion, QuizVersion.activity_id == Activity.id)
    activity_id = session.scalar(statement.where(Activity.version_id == course.published_version_id, Activity.key == key))
    return get_snapshot_of_activity(session, activity_id) if activity_id is not None else None


def get_snapshot(session: Session, quiz_version_id: int) -> QuizSnapshot:
    """Return a published quiz by its version; raise NotFound."""
    return _cached_snapshot(session, QuizVersion.id, quiz_version_id)


def _cached_snapshot(session: Session, column: InstrumentedAttribute[int], value: int) -> QuizSnapshot:
    cached, name = QUIZ_SNAPSHOTS.of(session), (column.key, value)
    snapshot = cached.get(name)
    if snapshot is None:
        if (row := session.execute(_SNAPSHOT.where(column == value)).one_or_none()) is None:
            raise NotFound
        if len(cached) >= MOST_SNAPSHOTS:
            cached.clear()  # at once, because other threads read it
        snapshot = cached[name] = _read_snapshot(session, row)
    return snapshot


def _read_snapshot(session: Session, row: Row[*tuple[Any, ...]]) -> QuizSnapshot:
    quiz: QuizVersion = row[0]
    pools: dict[int, list[Row[*tuple[Any, ...]]]] = {}
    for candidate in session.execute(_CANDIDATES, {"quiz_version_id": quiz.id}):
        pools.setdefault(candidate.position, []).append(candidate)
    written = json.loads(quiz.entries)
    rules = {entry["kind"]: entry for entry in written if entry["kind"] in (KIND, SELECTION, PAIR, INTEGRITY)}
    return QuizSnapshot(
        quiz_version_id=quiz.id,
        activity_id=quiz.activity_id,
        activity_key=row.key,
        settings=decode(QuizSettings, json.loads(quiz.settings)),
        instructions=quiz.instructions,
        entries=tuple(_entry(entry, pools.get(position, [])) for position, entry in enumerate(written) if entry["kind"] not in rules),
        balance=read_balance(rules[KIND]) if KIND in rules else None,
        selection=_read_use(rules[SELECTION]) if SELECTION in rules else None,
        pair=decode(balanced_draw.PairedTests, rules[PAIR]) if PAIR in rules else None,
        integrity=decode(IntegrityRules, rules[INTEGRITY]) if INTEGRITY in rules else NO_RULES,
        opens_at=row.opens_at,
        closes_at=row.closes_at,
    )
