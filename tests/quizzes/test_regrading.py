"""Marking again (spec/quiz-engine 5.11.2 to 5.11.5): dry run, policies, commit as seen, undo, annulment,
certificates that an administrator decides about.
"""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import func, select

from certificates.models import Credential, CredentialReview
from enrolments.models import ActivityResult, Completion
from kernel import clock
from kernel.audit import AuditEntry
from kernel.codes import printed_code
from kernel.errors import Conflict
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import dry_runs, marking, regrades, regrading
from quizzes.dry_runs import AlreadyVoided, NothingToRegrade
from quizzes.marking import ManualMarkValues
from quizzes.models import MarkEvent, VoidedQuestion
from quizzes.regrading import DryRunOutdated, UndoLaterFirst
from quizzes.rules.regrade import RegradeKind, RegradePolicy
from tests.support.browser import Browser
from tests.support.builders import a_teacher
from tests.support.learning import a_batch, a_learner, actor_of, attempt_row, mark_done, sitting_of, start, submit
from tests.support.marking import last_mark, mark
from tests.support.regrading import (
    CUENCA,
    FIVE,
    FOUR,
    GUAYAQUIL,
    QUITO,
    RIGHT_KEY,
    a_dry_run,
    a_keyed_quiz,
    all_marks,
    an_order,
    commit,
    counts,
    hand_in,
    lines,
    regrade_row,
    two_learners,
    undo,
)

OTHER, SAME, FULL, REMOVED = RegradeKind.OTHER, RegradeKind.SAME, RegradeKind.FULL_CREDIT, RegradeKind.REMOVED


def reopen(instance: Instance, editor: Actor, attempt: UUID) -> None:
    with sitting_of(instance, editor, attempt, write=True) as (session, loaded):
        marking.reopen_attempt(session, editor, loaded, "Corte de luz.", now=clock.now())


def percents(instance: Instance, *attempts: UUID) -> list[object]:
    return [attempt_row(instance, attempt).percent for attempt in attempts]


def result_of(instance: Instance, learner: Actor) -> ActivityResult:
    with instance.database.unit_of_work(write=False) as session:
        from enrolments.models import Enrolment

        statement = (
            select(ActivityResult)
            .join(Enrolment, Enrolment.id == ActivityResult.enrolment_id)
            .where(Enrolment.person_id == learner.person_id, ActivityResult.activity_key == "cuestionario-1")
        )
        return session.execute(statement).scalar_one()


@pytest.fixture
def editor(instance: Instance) -> Actor:
    return actor_of(a_teacher(instance, a_keyed_quiz(instance)))


def test_a_dry_run_changes_nothing_and_says_who_would_flip(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.3: always a dry run first: learner, old, new, flips."""
    _ana, _leo, wrong, right = two_learners(instance)
    before = len(all_marks(instance))

    dry_run = a_dry_run(instance, editor, an_order(instance, OTHER, 2))

    found = lines(instance, dry_run)
    assert regrade_row(instance, dry_run).state == "ready"
    assert [(line.percent_before, line.percent_after, line.result_before, line.result_after) for line in found] == [
        (100, 50, True, False),
        (50, 100, False, True),
    ]
    summary = counts(instance, dry_run)
    assert (summary.attempts, summary.changed, summary.raised, summary.lowered, summary.gained, summary.lost) == (2, 2, 1, 1, 1, 1)
    assert len(all_marks(instance)) == before
    assert percents(instance, wrong, right) == [100, 50]


@pytest.mark.parametrize(
    ("policy", "after"),
    [(RegradePolicy.REPLACE, [50, 100]), (RegradePolicy.KEEP_BEST, [100, 100]), (RegradePolicy.ONLY_RAISE, [100, 100])],
)
def test_the_policy_says_whose_marks_change(instance: Instance, editor: Actor, policy: RegradePolicy, after: list[int]) -> None:
    """spec/quiz-engine 5.11.3: keep best / replace / only raise; results follow in the same transaction."""
    ana, leo, wrong, right = two_learners(instance)

    commit(instance, editor, a_dry_run(instance, editor, an_order(instance, OTHER, 2, policy=policy)))

    assert percents(instance, wrong, right) == after
    assert [result_of(instance, one).score for one in (ana, leo)] == after
    assert [result_of(instance, one).passed for one in (ana, leo)] == [value == 100 for value in after]


def test_a_commit_is_appended_and_audited(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.1.4, 5.11.3: nothing is overwritten; who did it, when and why stands in the log."""
    _ana, _leo, _wrong, _right = two_learners(instance)
    before = [(one.id, one.fraction, one.state) for one in all_marks(instance)]

    dry_run = a_dry_run(instance, editor, an_order(instance, OTHER, 2))
    commit(instance, editor, dry_run)

    marks = all_marks(instance)
    added = marks[len(before) :]
    assert [(one.id, one.fraction, one.state) for one in marks[: len(before)]] == before
    assert [(one.origin, one.fraction, one.regrade_id, one.marked_by, one.reason) for one in added] == [
        ("regrade", 0, dry_run, editor.person_id, "La clave estaba mal."),
        ("regrade", 1, dry_run, editor.person_id, "La clave estaba mal."),
    ]
    with instance.database.unit_of_work(write=False) as session:
        entry = session.execute(select(AuditEntry).where(AuditEntry.verb == "quiz.regraded")).scalar_one()
    assert entry.actor_id == editor.person_id
    assert '"gained": 1' in entry.facts
    assert '"lost": 1' in entry.facts


def test_undoing_gives_every_mark_back_by_appending(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.3: commit is undoable; the history of marks tells all three."""
    ana, leo, wrong, right = two_learners(instance)
    dry_run = a_dry_run(instance, editor, an_order(instance, OTHER, 2))
    commit(instance, editor, dry_run)
    committed = len(all_marks(instance))

    undo(instance, editor, dry_run)

    assert percents(instance, wrong, right) == [100, 50]
    assert [(result_of(instance, one).score, result_of(instance, one).passed) for one in (ana, leo)] == [(100, True), (50, False)]
    assert [(one.origin, one.fraction) for one in all_marks(instance)[committed:]] == [("auto", 1), ("auto", 0)]
    assert regrade_row(instance, dry_run).state == "undone"
    with pytest.raises(Conflict):
        undo(instance, editor, dry_run)


def test_undoing_an_annulment_gives_back_what_was_answered_after_a_reopening(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.3.7, 5.11.3: the answer of before the reopening is history, and its mark with it."""
    course = a_keyed_quiz(instance)
    ana = a_learner(instance, course)
    attempt = hand_in(instance, ana, QUITO)
    dry_run = a_dry_run(instance, editor, an_order(instance, FULL))
    commit(instance, editor, dry_run)
    reopen(instance, editor, attempt)
    submit(instance, ana, attempt, a_batch({1: [GUAYAQUIL]}, lease=2000))

    undo(instance, editor, dry_run)

    assert percents(instance, attempt) == [100]
    assert [
        (one.fraction, one.regrade_id) for one in all_marks(instance) if one.item_id == last_mark(instance, editor, attempt).item_id
    ] == [
        (0, None),
        (1, dry_run),
        (1, None),
        (1, dry_run),
        (1, None),
    ]


def test_what_a_person_marked_after_a_commit_survives_its_undoing(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.3: undo restores what it changed, and nothing else."""
    _ana, _leo, wrong, right = two_learners(instance)
    dry_run = a_dry_run(instance, editor, an_order(instance, OTHER, 2))
    commit(instance, editor, dry_run)
    mark(instance, editor, wrong, ManualMarkValues(Fraction("0.5"), last_mark(instance, editor, wrong).id, reason="A medias."))

    undo(instance, editor, dry_run)

    assert percents(instance, wrong, right) == [75, 50]


def test_the_later_of_two_must_be_undone_first(instance: Instance, editor: Actor) -> None:
    _ana, _leo, wrong, right = two_learners(instance)
    first = a_dry_run(instance, editor, an_order(instance, OTHER, 2))
    commit(instance, editor, first)
    second = a_dry_run(instance, editor, an_order(instance, FULL))
    commit(instance, editor, second)

    with pytest.raises(UndoLaterFirst):
        undo(instance, editor, first)
    undo(instance, editor, second)
    undo(instance, editor, first)

    assert percents(instance, wrong, right) == [100, 50]


def test_a_dry_run_is_committed_as_seen_or_made_again(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.3: where marks changed since, nothing is committed, and the new dry run asks to be looked at."""
    _ana, _leo, wrong, right = two_learners(instance)
    dry_run = a_dry_run(instance, editor, an_order(instance, OTHER, 2))
    mark(instance, editor, wrong, ManualMarkValues(Fraction(0), last_mark(instance, editor, wrong, 2).id, reason="Otra cosa."), place=2)

    done = commit(instance, editor, dry_run)

    row = regrade_row(instance, dry_run)
    assert (done, row.state, row.outdated, row.seen) == (False, "ready", True, 2)
    assert percents(instance, wrong, right) == [50, 50]
    assert [(line.percent_before, line.percent_after) for line in lines(instance, dry_run)] == [(50, 0), (50, 100)]
    with instance.database.unit_of_work() as session, pytest.raises(DryRunOutdated):
        regrading.apply_dry_run(session, editor, regrades.lock_regrade_by_id(session, dry_run), seen=1, now=clock.now())
    assert commit(instance, editor, dry_run)
    assert percents(instance, wrong, right) == [0, 100]


def test_what_a_person_marked_is_left_alone_unless_asked(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.4: manually marked items are skipped unless asked."""
    _ana, _leo, wrong, right = two_learners(instance)
    mark(instance, editor, wrong, ManualMarkValues(Fraction("0.8"), last_mark(instance, editor, wrong).id, reason="Caso aparte."))

    spared = a_dry_run(instance, editor, an_order(instance, OTHER, 2))
    asked = a_dry_run(instance, editor, an_order(instance, OTHER, 2, with_manual=True))

    assert [line.changed for line in lines(instance, spared)] == [False, True]
    assert [(line.percent_before, line.percent_after) for line in lines(instance, asked)] == [(90, 50), (50, 100)]
    del right


def test_another_structure_is_refused(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.2 (b): same kind, same options, by key."""
    course = a_keyed_quiz(instance)
    hand_in(instance, a_learner(instance, course), QUITO)
    a_keyed_quiz(instance, RIGHT_KEY.replace("        key: cuenca\n", "        key: loja\n"))

    with pytest.raises(NothingToRegrade):
        a_dry_run(instance, editor, an_order(instance, OTHER, 2))

    a_keyed_quiz(instance, RIGHT_KEY)
    dry_run = a_dry_run(instance, editor, an_order(instance, OTHER, 3))
    assert [line.percent_after for line in lines(instance, dry_run)] == [100]


def test_the_same_version_is_judged_again_by_the_program_as_it_is_now(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.2 (a): a bug of the program that judged wrongly is put right; what it judged well does not change."""
    course = a_keyed_quiz(instance)
    attempt, other = (
        hand_in(instance, a_learner(instance, course), GUAYAQUIL),
        hand_in(instance, a_learner(instance, course, "leo@example.org"), QUITO),
    )
    item = last_mark(instance, editor, attempt).item_id
    with instance.database.unit_of_work() as session:  # as an older program might have left it
        session.execute(MarkEvent.__table__.update().where(MarkEvent.item_id == item).values(fraction=0, exact="0", state="wrong"))  # type: ignore[attr-defined]  # a Table

    dry_run = a_dry_run(instance, editor, replace(an_order(instance, SAME), question_id=None))
    commit(instance, editor, dry_run)

    assert [line.changed for line in lines(instance, dry_run)] == [True, False]
    assert percents(instance, attempt, other) == [100, 50]


@pytest.mark.parametrize(
    ("policy", "leo", "eva"), [(RegradePolicy.REPLACE, 100, 50), (RegradePolicy.KEEP_BEST, 100, 100), (RegradePolicy.ONLY_RAISE, 100, 100)]
)
def test_a_corrected_key_holds_for_those_who_are_still_inside(
    instance: Instance, editor: Actor, policy: RegradePolicy, leo: int, eva: int
) -> None:
    """spec/quiz-engine 5.11.2: the mark is right before anything follows from it, and goes back with the regrade."""
    course = a_keyed_quiz(instance)
    hand_in(instance, a_learner(instance, course), QUITO)
    inside = {choice: a_learner(instance, course, f"{name}@example.org") for name, choice in (("leo", QUITO), ("eva", GUAYAQUIL))}
    attempts = {choice: start(instance, learner, "prueba") for choice, learner in inside.items()}
    a_keyed_quiz(instance, RIGHT_KEY)
    dry_run = a_dry_run(instance, editor, an_order(instance, OTHER, 2, policy=policy))
    commit(instance, editor, dry_run)

    for choice, learner in inside.items():
        submit(instance, learner, attempts[choice], a_batch({1: [choice], 2: [FOUR]}))

    assert percents(instance, attempts[QUITO], attempts[GUAYAQUIL]) == [leo, eva]
    with instance.database.unit_of_work(write=False) as session:
        passed = session.scalars(select(ActivityResult.passed).where(ActivityResult.activity_key == "cuestionario-1")).all()
        assert passed.count(True) == 2 + (eva == 100)
    undo(instance, editor, dry_run)
    assert percents(instance, attempts[QUITO], attempts[GUAYAQUIL]) == [50, 100]


def test_a_corrected_key_holds_for_those_who_handed_in_after_the_dry_run(instance: Instance, editor: Actor) -> None:
    course = a_keyed_quiz(instance)
    hand_in(instance, a_learner(instance, course), QUITO)
    late = start(instance, leo := a_learner(instance, course, "leo@example.org"), "prueba")
    a_keyed_quiz(instance, RIGHT_KEY)
    dry_run = a_dry_run(instance, editor, an_order(instance, OTHER, 2))
    submit(instance, leo, late, a_batch({1: [QUITO], 2: [FOUR]}))

    commit(instance, editor, dry_run)

    assert percents(instance, late) == [100]
    assert [line.late for line in lines(instance, dry_run)] == [False, True]


def test_annulled_with_full_credit_everybody_gets_the_mark_also_who_hands_in_later(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.4: full credit to all."""
    course = a_keyed_quiz(instance)
    ana, leo, eva = (a_learner(instance, course, f"{name}@example.org") for name in ("ana", "leo", "eva"))
    first, empty = hand_in(instance, ana, QUITO), start(instance, leo, "prueba")
    dry_run = a_dry_run(instance, editor, an_order(instance, FULL))
    between = hand_in(instance, eva, CUENCA)

    commit(instance, editor, dry_run)
    submit(instance, leo, empty)

    assert percents(instance, first, between, empty) == [100, 100, 50]
    assert [line.late for line in lines(instance, dry_run)] == [False, True]
    assert counts(instance, dry_run).late == 1
    undo(instance, editor, dry_run)
    assert percents(instance, first, between, empty) == [50, 50, 0]
    assert percents(instance, hand_in(instance, ana, QUITO)) == [50]


def test_who_had_the_full_mark_and_answers_otherwise_before_the_commit_is_annulled_too(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.3, 5.11.4: the dry run found nothing to change, and is made again."""
    course = a_keyed_quiz(instance)
    ana, leo = a_learner(instance, course), a_learner(instance, course, "leo@example.org")
    attempts = hand_in(instance, ana, QUITO), hand_in(instance, leo, GUAYAQUIL)
    dry_run = a_dry_run(instance, editor, an_order(instance, FULL))
    reopen(instance, editor, attempts[1])
    submit(instance, leo, attempts[1], a_batch({1: [QUITO]}, lease=2000))

    done = [commit(instance, editor, dry_run) for _time in range(2)]

    assert done == [False, True]
    assert percents(instance, *attempts) == [100, 100]


def test_removed_from_the_total_the_rest_is_rescaled(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.4: remove from total (rescale)."""
    course = a_keyed_quiz(instance)
    ana, leo = a_learner(instance, course), a_learner(instance, course, "leo@example.org")
    attempts = hand_in(instance, ana, QUITO, FOUR), hand_in(instance, leo, GUAYAQUIL, FIVE)

    dry_run = a_dry_run(instance, editor, an_order(instance, REMOVED))
    commit(instance, editor, dry_run)
    later = hand_in(instance, ana, QUITO, FOUR)

    rows = [attempt_row(instance, attempt) for attempt in (*attempts, later)]
    assert [(row.raw, row.maximum, row.percent) for row in rows] == [(1, 1, 100), (0, 1, 0), (1, 1, 100)]
    undo(instance, editor, dry_run)
    rows = [attempt_row(instance, attempt) for attempt in (*attempts, later)]
    assert [(row.raw, row.maximum, row.percent) for row in rows] == [(1, 2, 50), (1, 2, 50), (1, 2, 50)]


def test_a_question_is_annulled_once_and_its_corrected_version_decides(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.4: the versions that there were; what is corrected later is marked as usual."""
    course = a_keyed_quiz(instance)
    ana = a_learner(instance, course)
    hand_in(instance, ana, QUITO)
    dry_runs_made = [a_dry_run(instance, editor, an_order(instance, FULL)) for _time in range(2)]
    commit(instance, editor, dry_runs_made[0])

    with pytest.raises(AlreadyVoided):
        commit(instance, editor, dry_runs_made[1])
    with pytest.raises(AlreadyVoided):
        a_dry_run(instance, editor, an_order(instance, REMOVED))

    a_keyed_quiz(instance, RIGHT_KEY)
    leo = a_learner(instance, course, "leo@example.org")
    assert percents(instance, hand_in(instance, leo, GUAYAQUIL), hand_in(instance, ana, GUAYAQUIL)) == [50, 100]
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(VoidedQuestion)) == 1


def test_annulled_marks_are_not_judged_again_nor_by_hand(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.4: the same for everybody, until it is undone."""
    _ana, _leo, wrong, right = two_learners(instance)
    commit(instance, editor, a_dry_run(instance, editor, an_order(instance, FULL)))

    again = a_dry_run(instance, editor, an_order(instance, OTHER, 2))
    with pytest.raises(Conflict, match="voided"):
        mark(instance, editor, right, ManualMarkValues(Fraction(0), last_mark(instance, editor, right).id, reason="No."))

    assert [line.changed for line in lines(instance, again)] == [False, False]
    assert percents(instance, wrong, right) == [100, 100]


def test_who_fails_after_a_regrade_keeps_the_certificate_until_someone_decides(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.11.5, spec/certificates E10: nothing is revoked silently; an entry is opened, and closed again by undoing.
    The dry run says which are touched.
    """
    course = a_keyed_quiz(instance)
    ana = a_learner(instance, course)
    mark_done(instance, ana, "prueba", "leccion-1")
    hand_in(instance, ana, GUAYAQUIL)
    browser.deliver_jobs()
    a_keyed_quiz(instance, RIGHT_KEY)
    browser.deliver_jobs()

    dry_run = a_dry_run(instance, editor, an_order(instance, OTHER, 2))
    commit(instance, editor, dry_run)

    with instance.database.unit_of_work(write=False) as session:
        credential = session.execute(select(Credential)).scalar_one()
        review = session.execute(select(CredentialReview)).scalar_one()
        completed = session.scalar(select(func.count()).select_from(Completion))
    assert credential.revoked_at is None
    assert completed == 1
    assert lines(instance, dry_run)[0].award == printed_code(credential.code)
    assert (review.credential_id, review.cause, review.words) == (credential.id, "regraded", "La clave estaba mal.")
    assert (review.percent_before, review.percent_after, review.settled_at) == (100, 50, None)
    assert counts(instance, dry_run).certificates == 1
    undo(instance, editor, dry_run)
    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(CredentialReview)).scalar_one().decision == "undone"


def test_who_passes_after_a_regrade_completes_and_gets_the_certificate(browser: Browser, instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.13: completion and certificate follow in the same transaction."""
    course = a_keyed_quiz(instance)
    leo = a_learner(instance, course)
    mark_done(instance, leo, "prueba", "leccion-1")
    hand_in(instance, leo, QUITO)
    a_keyed_quiz(instance, RIGHT_KEY)

    commit(instance, editor, a_dry_run(instance, editor, an_order(instance, OTHER, 2)))
    browser.deliver_jobs()

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Credential)) == 1


def test_open_attempts_previews_and_abandoned_ones_are_left_alone(instance: Instance, editor: Actor) -> None:
    """spec/quiz-engine 5.2.7, 5.3.8, 5.14.4: only what is handed in by a learner is marked again."""
    course = a_keyed_quiz(instance, settings="attempts: 0\nlimit: 10 min\nat_end: abandon\n")
    ana, leo = a_learner(instance, course), a_learner(instance, course, "leo@example.org")
    now = clock.now()
    abandoned = start(instance, ana, "prueba", now=now - timedelta(hours=1))
    submit(instance, ana, abandoned, now=now)
    start(instance, leo, "prueba")
    preview = start(instance, editor, "prueba")
    submit(instance, editor, preview)

    dry_run = a_dry_run(instance, editor, an_order(instance, FULL))

    assert attempt_row(instance, abandoned).state == "abandoned"
    assert lines(instance, dry_run) == []


def test_a_large_one_is_tried_committed_and_undone_by_jobs_in_portions(
    browser: Browser, instance: Instance, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same rows, some learners at a time, each job within its lease, a second delivery changes nothing."""
    for module in (dry_runs, regrading):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 2)
        monkeypatch.setattr(module, "PORTION", 1)
    monkeypatch.setattr("quizzes.jobs.PORTIONS", 1)
    course = a_keyed_quiz(instance)
    attempts = [hand_in(instance, a_learner(instance, course, f"ana{at}@example.org"), QUITO) for at in range(4)]
    a_keyed_quiz(instance, RIGHT_KEY)
    browser.deliver_jobs()

    dry_run = a_dry_run(instance, editor, an_order(instance, OTHER, 2))
    waiting = regrade_row(instance, dry_run)
    browser.deliver_jobs()
    ready = regrade_row(instance, dry_run)
    begun = commit(instance, editor, dry_run)
    browser.deliver_jobs()
    committed = percents(instance, *attempts)
    undo(instance, editor, dry_run)
    browser.deliver_jobs()

    assert (waiting.state, waiting.total, ready.state, begun) == ("planning", 4, "ready", True)
    assert committed == [100] * 4
    assert percents(instance, *attempts) == [50] * 4
    with instance.database.unit_of_work(write=False) as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.like("quiz.regrade%")).order_by(AuditEntry.id))
        assert list(verbs) == ["quiz.regrade_tried", "quiz.regraded", "quiz.regrade_undone"]


@pytest.mark.parametrize("together", [True, False])
def test_of_two_large_annulments_of_one_question_the_second_stays_a_dry_run(
    browser: Browser, instance: Instance, editor: Actor, monkeypatch: pytest.MonkeyPatch, together: bool
) -> None:
    """spec/quiz-engine 5.11.4: also where both were begun before the first was done, and the first changed no mark."""
    for module in (dry_runs, regrading):
        monkeypatch.setattr(module, "MOST_AT_ONCE", 0)
    course = a_keyed_quiz(instance)
    hand_in(instance, a_learner(instance, course), GUAYAQUIL)
    first, second = (a_dry_run(instance, editor, an_order(instance, FULL)) for _time in range(2))
    browser.deliver_jobs()
    commit(instance, editor, first)
    if together:
        commit(instance, editor, second)
    browser.deliver_jobs()

    with pytest.raises(AlreadyVoided):
        commit(instance, editor, second)
    rows = [regrade_row(instance, dry_run) for dry_run in (first, second)]
    assert [(row.state, row.committed_by) for row in rows] == [("committed", editor.person_id), ("ready", None)]
