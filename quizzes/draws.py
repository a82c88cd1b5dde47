"""Lay out attempts from their seeds, make the draw table of a night, and keep the approvals of parallel forms."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from sqlalchemy import Row, func, or_, select
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.models import Activity, Course, CourseVersion
from enrolments.access import ActivityContext
from enrolments.models import Enrolment
from kernel import audit
from kernel.db import Cache
from kernel.errors import N_, Conflict
from kernel.permissions import Actor
from questions import question_bank
from questions.rules import definitions
from questions.rules.encoding import canonical_json, encode
from questions.rules.item_layout import ItemLayout, LoadedItem, carry_over, lay_out_item
from questions.rules.variants import values_of_variant
from quizzes import attempts, snapshots
from quizzes.attempts import AttemptRow, LoadedAttempt, count_seen, list_letters, list_questions_of, list_seeds
from quizzes.marks import as_decimal
from quizzes.models import Attempt, DrawTable, FormApproval, QuizVersion
from quizzes.rules import balanced_draw
from quizzes.rules.layout import AttemptLayout, Drawer, DrawnQuestions, LaidItem, PoolTooSmall, SlotEntry, lay_out
from quizzes.rules.states import ENDED_STATES
from quizzes.snapshots import KIND, QuizSnapshot, allows_a_draw, count_answers_by_variant, get_snapshot, known_facilities

KEPT_TABLES = 500
MOST_TABLES = 1_000
"""Draw tables of a quiz version that a page lists at most, some years of nights."""


DRAW_TABLES = Cache[tuple[int, int], Mapping[str, int]]()
"""Keeps draw tables."""


def balance_by(
    session: Session, quiz_version_id: int, balance: balanced_draw.FrozenBalance | None, number: int
) -> balanced_draw.FrozenBalance | None:
    """Return the balance of a quiz version with the facilities of one of its draw tables; those in memory cost nothing."""
    if balance is None or number == 1:
        return balance
    cached = DRAW_TABLES.of(session)
    facilities = cached.get((quiz_version_id, number))
    if facilities is None:
        statement = select(DrawTable.facilities).where(DrawTable.quiz_version_id == quiz_version_id, DrawTable.number == number)
        facilities = json.loads(session.execute(statement).scalar_one())
        if len(cached) >= KEPT_TABLES:
            cached.clear()  # at once, because other threads read it
        cached[quiz_version_id, number] = facilities
    return replace(balance, facilities=facilities)


@dataclass(frozen=True, slots=True)
class DrawTableRow:
    """A draw table of a night: its number, its facilities in percent by key, and whether attempts are drawn by it."""

    number: int
    made_at: datetime
    facilities: Mapping[str, int]
    in_use: bool


def find_newest_table(session: Session, quiz_version_id: int) -> DrawTableRow | None:
    """Return the newest draw table of a quiz version after its first, in use or not; None without any."""
    tables = list_tables(session, quiz_version_id, limit=1)
    return tables[0] if tables else None


def list_tables(session: Session, quiz_version_id: int, *, limit: int = MOST_TABLES) -> list[DrawTableRow]:
    """List the draw tables of a quiz version after its first, the newest one first."""
    statement = select(DrawTable.number, DrawTable.made_at, DrawTable.facilities, DrawTable.in_use)
    rows = session.execute(statement.where(DrawTable.quiz_version_id == quiz_version_id).order_by(DrawTable.number.desc()).limit(limit))
    return [DrawTableRow(row.number, row.made_at, json.loads(row.facilities), row.in_use) for row in rows]


def count_attempts(session: Session, quiz_version_id: int) -> dict[int, int]:
    """Count the attempts of learners at a quiz version by the draw table by which they were drawn; those with a parallel form are none."""
    statement = (
        select(Attempt.draw_table, func.count())
        .where(Attempt.quiz_version_id == quiz_version_id, ~Attempt.preview, Attempt.form == "")
        .group_by(Attempt.draw_table)
    )
    return dict(session.execute(statement).all())


def list_balanced(session: Session, *, after: int, limit: int) -> list[int]:
    """List the balanced quiz versions at which attempts may begin: of published and of followed versions of courses, from behind one."""
    followed = select(Enrolment.course_version_id).where(Enrolment.left_at.is_(None), Enrolment.superseded_at.is_(None))
    statement = (
        select(QuizVersion.id)
        .join(Activity, Activity.id == QuizVersion.activity_id)
        .join(CourseVersion, CourseVersion.id == Activity.version_id)
        .join(Course, Course.id == CourseVersion.course_id)
        .where(QuizVersion.id > after, QuizVersion.entries.contains(f'"{KIND}"', autoescape=True), Course.archived_at.is_(None))
        .where(or_(Course.published_version_id == CourseVersion.id, CourseVersion.id.in_(followed)))
        .order_by(QuizVersion.id)
        .limit(limit)
    )
    return list(session.scalars(statement))


@dataclass(frozen=True, slots=True)
class NewTable:
    """A draw table that is to be kept: its number and facilities, and whether it allows a draw."""

    quiz_version_id: int
    number: int
    facilities: Mapping[str, int]
    allows_a_draw: bool


def compute_table(session: Session, quiz_version_id: int) -> NewTable | None:
    """Return the draw table that the answers so far give; None where the newest one has the same facilities.

    A quiz version from before the judgement of its authors was kept goes on with the table of its publication.
    """
    snapshot, newest = get_snapshot(session, quiz_version_id), find_newest_table(session, quiz_version_id)
    if snapshot.balance is None or snapshot.balance.priors is None:
        return None
    entries = [entry for entry in snapshot.entries if isinstance(entry, SlotEntry)]
    versions = {candidate.version: candidate.question for entry in entries for candidate in entry.pool}
    counted = count_answers_by_variant(session, list(versions)).items()
    answers = {balanced_draw.facility_key(versions[version], variant): first_answers for (version, variant), first_answers in counted}
    facilities = known_facilities(snapshot.balance.priors, answers)
    if facilities == (snapshot.balance.facilities if newest is None else newest.facilities):
        return None
    allowed = allows_a_draw(entries, facilities, snapshot.balance.balance)
    return NewTable(quiz_version_id, 1 + (1 if newest is None else newest.number), facilities, allowed)


def keep_table(session: Session, table: NewTable, night: date, *, now: datetime) -> bool:
    """Keep a draw table, once a night; return False where another worker has made one meanwhile."""
    mine = DrawTable.quiz_version_id == table.quiz_version_id
    quiz = select(QuizVersion.id).where(QuizVersion.id == table.quiz_version_id)
    session.execute(quiz.with_for_update(key_share=True))  # one worker after the other
    if session.scalar(select(DrawTable.number).where(mine, (DrawTable.night >= night) | (DrawTable.number >= table.number)).limit(1)):
        return False
    session.add(
        DrawTable(
            quiz_version_id=table.quiz_version_id,
            number=table.number,
            night=night,
            facilities=json.dumps(dict(table.facilities), ensure_ascii=False, sort_keys=True),
            in_use=table.allows_a_draw,
            made_at=now,
        )
    )
    return True


def list_approvals(session: Session, quiz_version_id: int) -> Sequence[Row[FormApproval, Person]]:
    """List the approvals of a quiz version's parallel forms with those who gave them, the first one first."""
    statement = (
        select(FormApproval, Person)
        .join(Person, Person.id == FormApproval.approved_by)
        .where(FormApproval.quiz_version_id == quiz_version_id)
        .order_by(FormApproval.id)
    )
    return session.execute(statement).all()


APPROVALS = 2
"""Editors that approve the forms of a quiz, at most."""


class FormApprovalVerb(audit.Verb):
    """The audit verbs of approving parallel forms."""

    APPROVED = "forms.approved", N_("Approved parallel forms")


class FormsChanged(Conflict):
    """The forms that were looked at are not those of the published quiz, or it has none."""

    message = N_("The quiz was published again in the meantime. Look at its forms before you approve them.")


class FormsApproved(Conflict):
    """Forms that two others have approved, or the same editor."""

    message = N_("These forms are approved already.")


def approve_forms(session: Session, actor: Actor, course: Course, key: str, quiz_version_id: int, *, now: datetime) -> None:
    """Approve the parallel forms of a quiz version that is published; raise FormsChanged or FormsApproved. The course is locked."""
    assert actor.person_id is not None
    snapshot = snapshots.find_published_snapshot(session, course, key)
    if snapshot is None or snapshot.quiz_version_id != quiz_version_id or snapshot.balance is None or not snapshot.balance.forms:
        raise FormsChanged
    approvals = list_approvals(session, quiz_version_id)
    if len(approvals) >= APPROVALS or actor.person_id in [person.id for _approval, person in approvals]:
        raise FormsApproved
    session.add(FormApproval(quiz_version_id=quiz_version_id, approved_by=actor.person_id, approved_at=now))
    audit.record(session, actor, FormApprovalVerb.APPROVED, course, now=now, activity=key)


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


def draw_layout(
    session: Session,
    snapshot: QuizSnapshot,
    seed: int,
    *,
    seen: Mapping[str, int],
    last: LoadedAttempt | None,
    form: balanced_draw.ParallelForm | None = None,
    table: int = 1,
    least_seen: int | None = None,
) -> DrawnLayout:
    """Draw a layout, or lay out a parallel form; raise EmptyPool.

    A balanced draw goes by a draw table and, where it is made again, by how often the questions it chose from had been seen at most.
    `seen` says how often the learner met each question, `last` what the attempt builds on.
    """
    before = items_by_question(session, last) if last else {}
    # a draw takes what the learner has least seen: first what the last attempt asked
    least = {**seen, **dict.fromkeys(before, -1)}
    draw = balanced_drawer(session, snapshot, table, least_seen) if form is None else form_drawer(form)
    layout = lay_out(snapshot.entries, seed, seen=least, per_page=snapshot.settings.per_page, draw=draw)
    if isinstance(layout, PoolTooSmall):
        raise EmptyPool
    questions = question_bank.get_questions(session, [item.version for item in layout.items])
    shuffle = snapshot.settings.shuffle_options
    return DrawnLayout(
        layout, {item.position: _laid(questions[item.version], item, before, seed, shuffle=shuffle) for item in layout.items}
    )


QUESTION_SETS = Cache[tuple[int, int], balanced_draw.QuestionSets]()
"""Keeps sets of questions."""


def balanced_drawer(session: Session, snapshot: QuizSnapshot, table: int = 1, least_seen: int | None = None) -> Drawer | None:
    """Return the drawer of a balanced quiz's questions, None for others; its counting is kept in memory (spec/selection 1.12)."""
    frozen = balance_by(session, snapshot.quiz_version_id, snapshot.balance, table)
    if frozen is None:
        return None

    def counted(entries: Sequence[SlotEntry]) -> balanced_draw.QuestionSets:
        cached = QUESTION_SETS.of(session)
        sets = cached.get((snapshot.quiz_version_id, table))
        if sets is None:
            sets = balanced_draw.QuestionSets(balanced_draw.plan_draws(entries, frozen.facilities, frozen.balance))
            if sum(question_sets.size for question_sets in list(cached.values())) + sets.size > balanced_draw.MOST_NUMBERS:
                cached.clear()  # at once, because other threads read it
            cached[snapshot.quiz_version_id, table] = sets
        return sets

    return lambda entries, seed, seen: balanced_draw.draw_balanced(
        entries, frozen, seed, seen, lambda: counted(entries), least_seen=least_seen
    )


def form_drawer(form: balanced_draw.ParallelForm) -> Drawer:
    """Return the drawer that takes the questions of a parallel form instead of drawing any."""
    return lambda entries, _seed, _seen: DrawnQuestions(balanced_draw.candidates_of(form, entries))


def form_of_next(
    session: Session, snapshot: QuizSnapshot, seed: int, person_id: int, subject: ActivityContext, seen: Mapping[str, int]
) -> balanced_draw.ParallelForm | None:
    """Return the parallel form of a learner's next attempt; None where its questions are drawn. A further take goes on with the next."""
    forms = snapshot.balance.forms if snapshot.balance is not None else ()
    if not forms:
        return None
    if snapshot.pair is not None:
        letters = list_letters(session, subject.context.enrolment_id, subject.activity.key)
        entries = [entry for entry in snapshot.entries if isinstance(entry, SlotEntry)]
        is_initial = snapshot.activity_key == snapshot.pair.initial
        return balanced_draw.form_of_pair(forms, entries, seed, letters=letters, seen=seen, is_initial=is_initial)
    seeds = list_seeds(session, person_id, subject.context.course_id, subject.activity.key)
    return balanced_draw.form_in_turn(forms, seeds[0] + SIGN if seeds else seed, 1 + len(seeds))


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
        seen |= {key: seen.get(key, 0) + balanced_draw.SEEN_LAST for key in initial_questions}
    return seen


def form_of_attempt(loaded: LoadedAttempt) -> balanced_draw.ParallelForm | None:
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
    questions = question_bank.get_questions(session, [item.question_version_id for item in loaded.items])
    return {questions[item.question_version_id].key: item for item in loaded.items}


def recreate_layout(session: Session, loaded: LoadedAttempt) -> LoadedAttempt | None:
    """Return an attempt with its layout drawn again from its seed; None where that is not the layout that was stored.

    The draw also depends on its draw table, which is kept, and on what its learner had seen when it started, which earlier attempts say.
    """
    row, snapshot = loaded.row, loaded.snapshot
    seen = seen_before(session, snapshot, row.person_id, row.course_id, row.enrolment_id, row.number, before=row.id)
    last = _built_on(session, loaded) if snapshot.settings.build_on_last else None
    try:
        drawn = draw_layout(
            session,
            snapshot,
            row.seed + SIGN,
            seen=seen,
            last=last,
            form=form_of_attempt(loaded),
            table=row.draw_table,
            least_seen=row.least_seen,
        )
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
    number, history = loaded.row.number, attempts.history_of(session, loaded)
    earlier: Sequence[AttemptRow] = [
        attempt for attempt in history if attempt.number < number and attempt.state in ENDED_STATES and not attempt.preview
    ]
    if not earlier:
        return None
    return attempts.load_attempt(session, session.execute(select(Attempt.id).where(Attempt.uuid == earlier[-1].uuid)).scalar_one())
