"""The paper of an attempt: drawn from its seed when it starts, and drawn again to show that it was that one.

spec/quiz-engine 5.2.4 to 5.2.6, 5.14.7.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import cast

from sqlalchemy import select
from sqlalchemy.orm import Session

from enrolments.access import ActivityContext
from kernel.errors import N_, Conflict
from quizzes.models import Attempt
from quizzes.queries import attempts as queries
from quizzes.queries.attempts import AttemptRow, LoadedAttempt, LoadedItem, QuizSnapshot
from quizzes.queries.draw_tables import balance_by
from quizzes.queries.starting import count_seen, list_letters, list_questions_of, list_seeds
from quizzes.rules import definitions
from quizzes.rules.attempts import ENDED_STATES
from quizzes.rules.balanced_draw import MOST_NUMBERS, ParallelForm, QuestionSets, draw_balanced, plan_draws
from quizzes.rules.encoding import canonical_json, encode
from quizzes.rules.item_layout import ItemLayout, carry_over, lay_out_item
from quizzes.rules.layout import AttemptLayout, Drawer, DrawnQuestions, LaidItem, PoolTooSmall, SlotEntry, lay_out
from quizzes.rules.paired_tests import SEEN_LAST, FormsBefore, form_of_pair
from quizzes.rules.parallel_forms import candidates_of, form_in_turn
from quizzes.rules.value_variants import values_of_variant
from quizzes.services.marks import as_decimal

SEED_BITS = 64
SIGN = 2 ** (SEED_BITS - 1)
"""What a seed is greater by than the signed number that is stored."""


class EmptyPool(Conflict):
    """A quiz whose pool has not enough questions; its check should have said so before it was published."""

    code = "pool_too_small"
    message = N_("This quiz can't be started because it does not have enough questions. Contact the course team.")


@dataclass(frozen=True, slots=True)
class DrawnLayout:
    """Everything that follows from a seed: the questions in their places, and by place how each is laid out."""

    layout: AttemptLayout
    items: Mapping[int, ItemLayout]


@dataclass(frozen=True, slots=True)
class DrawBasis:
    """The basis of a balanced draw: the number of its draw table and, of an attempt drawn again, how often its questions had been seen."""

    table: int = 1
    least_seen: int | None = None


FIRST_TABLE = DrawBasis()


def draw_layout(
    session: Session,
    snapshot: QuizSnapshot,
    seed: int,
    *,
    seen: Mapping[str, int],
    last: LoadedAttempt | None,
    form: ParallelForm | None = None,
    basis: DrawBasis = FIRST_TABLE,
) -> DrawnLayout:
    """Draw a layout, or lay out a parallel form; raise EmptyPool.

    `seen` says how often the learner met each question, `last` what the attempt builds on.
    """
    before = items_by_question(session, last) if last else {}
    # a draw takes what the learner has least seen: first what the last attempt asked
    least = {**seen, **dict.fromkeys(before, -1)}
    draw = balanced_drawer(session, snapshot, basis) if form is None else form_drawer(form)
    layout = lay_out(snapshot.entries, seed, seen=least, per_page=snapshot.settings.per_page, draw=draw)
    if isinstance(layout, PoolTooSmall):
        raise EmptyPool
    questions = queries.get_questions(session, [item.version for item in layout.items])
    shuffle = snapshot.settings.shuffle_options
    return DrawnLayout(
        layout, {item.position: _laid(questions[item.version], item, before, seed, shuffle=shuffle) for item in layout.items}
    )


def balanced_drawer(session: Session, snapshot: QuizSnapshot, basis: DrawBasis = FIRST_TABLE) -> Drawer | None:
    """Return what draws the questions of a balanced quiz, None for others; its counting is kept in memory (spec/selection 1.12)."""
    frozen = balance_by(session, snapshot.quiz_version_id, snapshot.balance, basis.table)
    if frozen is None:
        return None

    def counted(entries: Sequence[SlotEntry]) -> QuestionSets:
        cached = cast("dict[tuple[int, int], QuestionSets]", session.info["question_sets"])
        sets = cached.get((snapshot.quiz_version_id, basis.table))
        if sets is None:
            sets = QuestionSets(plan_draws(entries, frozen.facilities, frozen.balance))
            if sum(question_sets.size for question_sets in list(cached.values())) + sets.size > MOST_NUMBERS:
                cached.clear()  # at once, because other threads read it
            cached[snapshot.quiz_version_id, basis.table] = sets
        return sets

    least = basis.least_seen
    return lambda entries, seed, seen: draw_balanced(entries, frozen, seed, seen, lambda: counted(entries), least_seen=least)


def form_drawer(form: ParallelForm) -> Drawer:
    """Return what gives the questions of a parallel form instead of drawing any."""
    return lambda entries, _seed, _seen: DrawnQuestions(candidates_of(form, entries))


def form_of_next(
    session: Session, snapshot: QuizSnapshot, seed: int, person_id: int, subject: ActivityContext, seen: Mapping[str, int]
) -> ParallelForm | None:
    """Return the parallel form of a learner's next attempt; None where its questions are drawn. A further take goes on with the next."""
    forms = snapshot.balance.forms if snapshot.balance is not None else ()
    if not forms:
        return None
    if snapshot.pair is not None:
        letters = list_letters(session, subject.context.enrolment_id, subject.activity.key)
        entries = [entry for entry in snapshot.entries if isinstance(entry, SlotEntry)]
        is_initial = snapshot.activity_key == snapshot.pair.initial
        return form_of_pair(forms, entries, FormsBefore(letters, seen), seed, is_initial=is_initial)
    seeds = list_seeds(session, person_id, subject.context.course_id, subject.activity.key)
    return form_in_turn(forms, seeds[0] + SIGN if seeds else seed, 1 + len(seeds))


def seen_before(
    session: Session,
    snapshot: QuizSnapshot,
    person_id: int,
    course_id: int,
    enrolment_id: int | None,
    number: int,
    *,
    before: int | None = None,
) -> dict[str, int]:
    """Return how often a learner met each question, for a draw that takes the least seen first.

    The first attempt at a final test takes what the own initial one asked after all else, if at all (spec/selection 7.1).
    """
    seen = count_seen(session, person_id, course_id, before=before)
    if snapshot.pair is not None and snapshot.activity_key == snapshot.pair.final and number == 1:
        initial_questions = list_questions_of(session, enrolment_id, snapshot.pair.initial)
        seen |= {key: seen.get(key, 0) + SEEN_LAST for key in initial_questions}
    return seen


def form_of_attempt(loaded: LoadedAttempt) -> ParallelForm | None:
    """Return the parallel form that an attempt has; None where its questions were drawn."""
    forms = loaded.snapshot.balance.forms if loaded.snapshot.balance is not None else ()
    return next((form for form in forms if form.name == loaded.row.form), None)


def item_rows(attempt_id: int, drawn: DrawnLayout) -> list[dict[str, object]]:
    """Return the rows that keep a layout with its attempt."""
    return [
        {
            "attempt_id": attempt_id,
            "position": item.position,
            "number": item.number,
            "page": item.page,
            "section": item.section,
            "require_previous": item.require_previous,
            "question_version_id": item.version,
            "maximum": as_decimal(item.mark),
            "layout": canonical_json(encode(drawn.items[item.position])).decode(),
            "flagged": False,
        }
        for item in drawn.layout.items
    ]


def _laid(
    question: definitions.QuestionDefinition, item: LaidItem, before: Mapping[str, LoadedItem], seed: int, *, shuffle: bool
) -> ItemLayout:
    values = values_of_variant(item.variant) if item.variant else None
    fresh, earlier = lay_out_item(question, seed, item.slot, shuffle=shuffle, values=values), before.get(question.key)
    return fresh if earlier is None else carry_over(earlier.layout, fresh, same_version=earlier.question_version_id == item.version)


def items_by_question(session: Session, loaded: LoadedAttempt) -> dict[str, LoadedItem]:
    """Return the items of an attempt by the keys of their questions."""
    questions = queries.get_questions(session, [item.question_version_id for item in loaded.items])
    return {questions[item.question_version_id].key: item for item in loaded.items}


def recreate_layout(session: Session, loaded: LoadedAttempt) -> LoadedAttempt | None:
    """Return an attempt with its layout drawn again from its seed; None where that is not the layout that was stored.

    The draw also depends on its draw table, which is kept, and on what its learner had seen when it started, which earlier attempts say.
    """
    row, snapshot = loaded.row, loaded.snapshot
    seen = seen_before(session, snapshot, row.person_id, row.course_id, row.enrolment_id, row.number, before=row.id)
    last = _built_on(session, loaded) if snapshot.settings.build_on_last else None
    try:
        basis = DrawBasis(row.draw_table, row.least_seen)
        drawn = draw_layout(session, snapshot, row.seed + SIGN, seen=seen, last=last, form=form_of_attempt(loaded), basis=basis)
    except EmptyPool:
        return None
    again = [_item_again(item, laid, drawn) for item, laid in zip(loaded.items, drawn.layout.items, strict=False)]
    if len(again) != len(drawn.layout.items) or tuple(again) != loaded.items:
        return None
    return replace(loaded, items=tuple(again))


def _item_again(item: LoadedItem, laid: LaidItem, drawn: DrawnLayout) -> LoadedItem:
    return replace(
        item,
        position=laid.position,
        number=laid.number,
        page=laid.page,
        section=laid.section,
        question_version_id=laid.version,
        layout=drawn.items[laid.position],
        require_previous=laid.require_previous,
    )


def _built_on(session: Session, loaded: LoadedAttempt) -> LoadedAttempt | None:
    number, history = loaded.row.number, queries.history_of(session, loaded)
    earlier: Sequence[AttemptRow] = [
        attempt for attempt in history if attempt.number < number and attempt.state in ENDED_STATES and not attempt.preview
    ]
    if not earlier:
        return None
    return queries.load_attempt(session, session.execute(select(Attempt.id).where(Attempt.uuid == earlier[-1].uuid)).scalar_one())
