"""Marking again (5.11.2-5.11.5): trial, policies, commit as seen, undo, annulment, certificates that an administrator decides about."""

from dataclasses import replace
from datetime import timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import func, select

from certificates.models import Credential
from enrolments.models import ActivityResult, Completion
from kernel import clock
from kernel.audit import AuditEntry
from kernel.errors import Conflict
from kernel.permissions import Actor
from lms.app import Instance
from quizzes.models import CertificateReview, MarkEvent, VoidedQuestion
from quizzes.queries import regrading as queries
from quizzes.rules.regrade import RegradeKind, RegradePolicy
from quizzes.services import regrading, reopening, trials
from quizzes.services.marking import ManualMarkValues
from quizzes.services.regrading import TrialOutdated, UndoLaterFirst
from quizzes.services.trials import AlreadyVoided, NothingToRegrade
from tests.support.browser import Browser
from tests.support.builders import a_teacher
from tests.support.learning import a_batch, a_learner, actor_of, attempt_row, mark_done, sitting_of, start, submit
from tests.support.marking import last_mark, mark
from tests.support.regrading import (
    RIGHT_KEY,
    a_keyed_quiz,
    a_trial,
    all_marks,
    an_order,
    commit,
    counts,
    lines,
    regrade_row,
    undo,
)

GUAYAQUIL, QUITO, CUENCA = "1", "2", "3"
FOUR, FIVE = "1", "2"
OTHER, SAME, FULL, REMOVED = RegradeKind.OTHER, RegradeKind.SAME, RegradeKind.FULL_CREDIT, RegradeKind.REMOVED


def hand_in(house: Instance, learner: Actor, capital: str, total: str = FOUR) -> UUID:
    attempt = start(house, learner, "prueba")
    submit(house, learner, attempt, a_batch({1: [capital], 2: [total]}))
    return attempt


def reopen(house: Instance, editor: Actor, attempt: UUID) -> None:
    with sitting_of(house, editor, attempt, write=True) as (session, sitting):
        reopening.reopen_attempt(session, editor, sitting, "Corte de luz.", now=clock.now())


def percents(house: Instance, *attempts: UUID) -> list[object]:
    return [attempt_row(house, attempt).percent for attempt in attempts]


def result_of(house: Instance, learner: Actor) -> ActivityResult:
    with house.database.unit_of_work(write=False) as session:
        from enrolments.models import Enrolment

        statement = (
            select(ActivityResult)
            .join(Enrolment, Enrolment.id == ActivityResult.enrolment_id)
            .where(Enrolment.person_id == learner.person_id, ActivityResult.activity_key == "cuestionario-1")
        )
        return session.execute(statement).scalar_one()


@pytest.fixture
def editor(house: Instance) -> Actor:
    return actor_of(a_teacher(house, a_keyed_quiz(house)))


def two_learners(house: Instance) -> tuple[Actor, Actor, UUID, UUID]:
    """Let one answer what the wrong key wants and one what is right; then correct the key."""
    course = a_keyed_quiz(house)
    ana, leo = a_learner(house, course), a_learner(house, course, "leo@example.org")
    attempts = hand_in(house, ana, GUAYAQUIL), hand_in(house, leo, QUITO)
    a_keyed_quiz(house, RIGHT_KEY)
    return ana, leo, *attempts


def test_a_trial_changes_nothing_and_says_who_would_flip(house: Instance, editor: Actor) -> None:
    """5.11.3: always a dry run first: learner, old, new, flips."""
    _ana, _leo, wrong, right = two_learners(house)
    before = len(all_marks(house))

    trial = a_trial(house, editor, an_order(house, OTHER, 2))

    found = lines(house, trial)
    assert regrade_row(house, trial).state == "ready"
    assert [(line.percent_before, line.percent_after, line.result_before, line.result_after) for line in found] == [
        (100, 50, True, False),
        (50, 100, False, True),
    ]
    summary = counts(house, trial)
    assert (summary.attempts, summary.changed, summary.raised, summary.lowered, summary.gained, summary.lost) == (2, 2, 1, 1, 1, 1)
    assert len(all_marks(house)) == before
    assert percents(house, wrong, right) == [100, 50]


@pytest.mark.parametrize(
    ("policy", "after"),
    [(RegradePolicy.REPLACE, [50, 100]), (RegradePolicy.KEEP_BEST, [100, 100]), (RegradePolicy.ONLY_RAISE, [100, 100])],
)
def test_the_policy_says_whose_marks_change(house: Instance, editor: Actor, policy: RegradePolicy, after: list[int]) -> None:
    """5.11.3: keep best / replace / only raise; results follow in the same transaction."""
    ana, leo, wrong, right = two_learners(house)

    commit(house, editor, a_trial(house, editor, an_order(house, OTHER, 2, policy=policy)))

    assert percents(house, wrong, right) == after
    assert [result_of(house, one).score for one in (ana, leo)] == after
    assert [result_of(house, one).passed for one in (ana, leo)] == [value == 100 for value in after]


def test_a_commit_is_appended_and_audited(house: Instance, editor: Actor) -> None:
    """5.1.4, 5.11.3: nothing is overwritten; who did it, when and why stands in the log."""
    _ana, _leo, _wrong, _right = two_learners(house)
    before = [(one.id, one.fraction, one.state) for one in all_marks(house)]

    trial = a_trial(house, editor, an_order(house, OTHER, 2))
    commit(house, editor, trial)

    marks = all_marks(house)
    added = marks[len(before) :]
    assert [(one.id, one.fraction, one.state) for one in marks[: len(before)]] == before
    assert [(one.origin, one.fraction, one.regrade_id, one.marked_by, one.reason) for one in added] == [
        ("regrade", 0, trial, editor.person_id, "La clave estaba mal."),
        ("regrade", 1, trial, editor.person_id, "La clave estaba mal."),
    ]
    with house.database.unit_of_work(write=False) as session:
        entry = session.execute(select(AuditEntry).where(AuditEntry.verb == "quiz.regraded")).scalar_one()
    assert entry.actor_id == editor.person_id
    assert '"gained": 1' in entry.facts
    assert '"lost": 1' in entry.facts


def test_undoing_gives_every_mark_back_by_appending(house: Instance, editor: Actor) -> None:
    """5.11.3: commit is undoable; the history of marks tells all three."""
    ana, leo, wrong, right = two_learners(house)
    trial = a_trial(house, editor, an_order(house, OTHER, 2))
    commit(house, editor, trial)
    committed = len(all_marks(house))

    undo(house, editor, trial)

    assert percents(house, wrong, right) == [100, 50]
    assert [(result_of(house, one).score, result_of(house, one).passed) for one in (ana, leo)] == [(100, True), (50, False)]
    assert [(one.origin, one.fraction) for one in all_marks(house)[committed:]] == [("auto", 1), ("auto", 0)]
    assert regrade_row(house, trial).state == "undone"
    with pytest.raises(Conflict):
        undo(house, editor, trial)


def test_undoing_an_annulment_gives_back_what_was_answered_after_a_reopening(house: Instance, editor: Actor) -> None:
    """5.3.7, 5.11.3: the answer of before the reopening is history, and its mark with it."""
    course = a_keyed_quiz(house)
    ana = a_learner(house, course)
    attempt = hand_in(house, ana, QUITO)
    trial = a_trial(house, editor, an_order(house, FULL))
    commit(house, editor, trial)
    reopen(house, editor, attempt)
    submit(house, ana, attempt, a_batch({1: [GUAYAQUIL]}, lease=2000))

    undo(house, editor, trial)

    assert percents(house, attempt) == [100]
    assert [(one.fraction, one.regrade_id) for one in all_marks(house) if one.item_id == last_mark(house, editor, attempt).item_id] == [
        (0, None),
        (1, trial),
        (1, None),
        (1, trial),
        (1, None),
    ]


def test_what_a_person_marked_after_a_commit_survives_its_undoing(house: Instance, editor: Actor) -> None:
    """5.11.3: undo restores what it changed, and nothing else."""
    _ana, _leo, wrong, right = two_learners(house)
    trial = a_trial(house, editor, an_order(house, OTHER, 2))
    commit(house, editor, trial)
    mark(house, editor, wrong, ManualMarkValues(Fraction("0.5"), last_mark(house, editor, wrong).id, reason="A medias."))

    undo(house, editor, trial)

    assert percents(house, wrong, right) == [75, 50]


def test_the_later_of_two_must_be_undone_first(house: Instance, editor: Actor) -> None:
    _ana, _leo, wrong, right = two_learners(house)
    first = a_trial(house, editor, an_order(house, OTHER, 2))
    commit(house, editor, first)
    second = a_trial(house, editor, an_order(house, FULL))
    commit(house, editor, second)

    with pytest.raises(UndoLaterFirst):
        undo(house, editor, first)
    undo(house, editor, second)
    undo(house, editor, first)

    assert percents(house, wrong, right) == [100, 50]


def test_a_trial_is_committed_as_seen_or_made_again(house: Instance, editor: Actor) -> None:
    """5.11.3: where marks changed since, nothing is committed, and the new trial asks to be looked at."""
    _ana, _leo, wrong, right = two_learners(house)
    trial = a_trial(house, editor, an_order(house, OTHER, 2))
    mark(house, editor, wrong, ManualMarkValues(Fraction(0), last_mark(house, editor, wrong, 2).id, reason="Otra cosa."), place=2)

    done = commit(house, editor, trial)

    row = regrade_row(house, trial)
    assert (done, row.state, row.outdated, row.seen) == (False, "ready", True, 2)
    assert percents(house, wrong, right) == [50, 50]
    assert [(line.percent_before, line.percent_after) for line in lines(house, trial)] == [(50, 0), (50, 100)]
    with house.database.unit_of_work() as session, pytest.raises(TrialOutdated):
        regrading.apply_trial(session, editor, queries.take_regrade(session, trial), seen=1, now=clock.now())
    assert commit(house, editor, trial)
    assert percents(house, wrong, right) == [0, 100]


def test_what_a_person_marked_is_left_alone_unless_asked(house: Instance, editor: Actor) -> None:
    """5.11.4: manually marked items are skipped unless asked."""
    _ana, _leo, wrong, right = two_learners(house)
    mark(house, editor, wrong, ManualMarkValues(Fraction("0.8"), last_mark(house, editor, wrong).id, reason="Caso aparte."))

    spared = a_trial(house, editor, an_order(house, OTHER, 2))
    asked = a_trial(house, editor, an_order(house, OTHER, 2, with_manual=True))

    assert [line.changed for line in lines(house, spared)] == [False, True]
    assert [(line.percent_before, line.percent_after) for line in lines(house, asked)] == [(90, 50), (50, 100)]
    del right


def test_another_structure_is_refused(house: Instance, editor: Actor) -> None:
    """5.11.2 (b): same kind, same options, by key."""
    course = a_keyed_quiz(house)
    hand_in(house, a_learner(house, course), QUITO)
    a_keyed_quiz(house, RIGHT_KEY.replace("        key: cuenca\n", "        key: loja\n"))

    with pytest.raises(NothingToRegrade):
        a_trial(house, editor, an_order(house, OTHER, 2))

    a_keyed_quiz(house, RIGHT_KEY)
    trial = a_trial(house, editor, an_order(house, OTHER, 3))
    assert [line.percent_after for line in lines(house, trial)] == [100]


def test_the_same_version_is_judged_again_by_the_program_as_it_is_now(house: Instance, editor: Actor) -> None:
    """5.11.2 (a): a bug of the program that judged wrongly is put right; what it judged well does not change."""
    course = a_keyed_quiz(house)
    attempt, other = hand_in(house, a_learner(house, course), GUAYAQUIL), hand_in(house, a_learner(house, course, "leo@example.org"), QUITO)
    item = last_mark(house, editor, attempt).item_id
    with house.database.unit_of_work() as session:  # as an older program might have left it
        session.execute(MarkEvent.__table__.update().where(MarkEvent.item_id == item).values(fraction=0, exact="0", state="wrong"))  # type: ignore[attr-defined]  # a Table

    trial = a_trial(house, editor, replace(an_order(house, SAME), question_id=None))
    commit(house, editor, trial)

    assert [line.changed for line in lines(house, trial)] == [True, False]
    assert percents(house, attempt, other) == [100, 50]


def test_annulled_with_full_credit_everybody_gets_the_mark_also_who_hands_in_later(house: Instance, editor: Actor) -> None:
    """5.11.4: full credit to all."""
    course = a_keyed_quiz(house)
    ana, leo, eva = (a_learner(house, course, f"{name}@example.org") for name in ("ana", "leo", "eva"))
    first, empty = hand_in(house, ana, QUITO), start(house, leo, "prueba")
    trial = a_trial(house, editor, an_order(house, FULL))
    between = hand_in(house, eva, CUENCA)

    commit(house, editor, trial)
    submit(house, leo, empty)

    assert percents(house, first, between, empty) == [100, 100, 50]
    assert [line.late for line in lines(house, trial)] == [False, True]
    assert counts(house, trial).late == 1
    undo(house, editor, trial)
    assert percents(house, first, between, empty) == [50, 50, 0]
    assert percents(house, hand_in(house, ana, QUITO)) == [50]


def test_who_had_the_full_mark_and_answers_otherwise_before_the_commit_is_annulled_too(house: Instance, editor: Actor) -> None:
    """5.11.3, 5.11.4: the trial found nothing to change, and is made again."""
    course = a_keyed_quiz(house)
    ana, leo = a_learner(house, course), a_learner(house, course, "leo@example.org")
    attempts = hand_in(house, ana, QUITO), hand_in(house, leo, GUAYAQUIL)
    trial = a_trial(house, editor, an_order(house, FULL))
    reopen(house, editor, attempts[1])
    submit(house, leo, attempts[1], a_batch({1: [QUITO]}, lease=2000))

    done = [commit(house, editor, trial) for _time in range(2)]

    assert done == [False, True]
    assert percents(house, *attempts) == [100, 100]


def test_removed_from_the_total_the_rest_is_rescaled(house: Instance, editor: Actor) -> None:
    """5.11.4: remove from total (rescale)."""
    course = a_keyed_quiz(house)
    ana, leo = a_learner(house, course), a_learner(house, course, "leo@example.org")
    attempts = hand_in(house, ana, QUITO, FOUR), hand_in(house, leo, GUAYAQUIL, FIVE)

    trial = a_trial(house, editor, an_order(house, REMOVED))
    commit(house, editor, trial)
    later = hand_in(house, ana, QUITO, FOUR)

    rows = [attempt_row(house, attempt) for attempt in (*attempts, later)]
    assert [(row.raw, row.maximum, row.percent) for row in rows] == [(1, 1, 100), (0, 1, 0), (1, 1, 100)]
    undo(house, editor, trial)
    rows = [attempt_row(house, attempt) for attempt in (*attempts, later)]
    assert [(row.raw, row.maximum, row.percent) for row in rows] == [(1, 2, 50), (1, 2, 50), (1, 2, 50)]


def test_a_question_is_annulled_once_and_its_corrected_version_decides(house: Instance, editor: Actor) -> None:
    """5.11.4: the versions that there were; what is corrected later is marked as usual."""
    course = a_keyed_quiz(house)
    ana = a_learner(house, course)
    hand_in(house, ana, QUITO)
    trials_made = [a_trial(house, editor, an_order(house, FULL)) for _time in range(2)]
    commit(house, editor, trials_made[0])

    with pytest.raises(AlreadyVoided):
        commit(house, editor, trials_made[1])
    with pytest.raises(AlreadyVoided):
        a_trial(house, editor, an_order(house, REMOVED))

    a_keyed_quiz(house, RIGHT_KEY)
    leo = a_learner(house, course, "leo@example.org")
    assert percents(house, hand_in(house, leo, GUAYAQUIL), hand_in(house, ana, GUAYAQUIL)) == [50, 100]
    with house.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(VoidedQuestion)) == 1


def test_annulled_marks_are_not_judged_again_nor_by_hand(house: Instance, editor: Actor) -> None:
    """5.11.4: the same for everybody, until it is undone."""
    _ana, _leo, wrong, right = two_learners(house)
    commit(house, editor, a_trial(house, editor, an_order(house, FULL)))

    again = a_trial(house, editor, an_order(house, OTHER, 2))
    with pytest.raises(Conflict, match="annulled"):
        mark(house, editor, right, ManualMarkValues(Fraction(0), last_mark(house, editor, right).id, reason="No."))

    assert [line.changed for line in lines(house, again)] == [False, False]
    assert percents(house, wrong, right) == [100, 100]


def test_who_fails_after_a_regrade_keeps_the_certificate_until_an_administrator_decides(
    browser: Browser, house: Instance, editor: Actor
) -> None:
    """5.11.5: nothing is revoked silently; a task is opened, and closed again by undoing. The trial says which are touched."""
    course = a_keyed_quiz(house)
    ana = a_learner(house, course)
    mark_done(house, ana, "prueba", "leccion-1")
    hand_in(house, ana, GUAYAQUIL)
    browser.deliver_jobs()
    a_keyed_quiz(house, RIGHT_KEY)
    browser.deliver_jobs()

    trial = a_trial(house, editor, an_order(house, OTHER, 2))
    commit(house, editor, trial)

    with house.database.unit_of_work(write=False) as session:
        credential = session.execute(select(Credential)).scalar_one()
        review = session.execute(select(CertificateReview)).scalar_one()
        completed = session.scalar(select(func.count()).select_from(Completion))
    assert credential.revoked_at is None
    assert completed == 1
    assert lines(house, trial)[0].award == review.code
    assert review.code.replace("-", "") == credential.code
    assert (review.percent_before, review.percent_after, review.settled_at) == (100, 50, None)
    assert counts(house, trial).certificates == 1
    undo(house, editor, trial)
    with house.database.unit_of_work(write=False) as session:
        assert session.execute(select(CertificateReview)).scalar_one().settled_at is not None


def test_who_passes_after_a_regrade_completes_and_gets_the_certificate(browser: Browser, house: Instance, editor: Actor) -> None:
    """5.13: completion and certificate follow in the same transaction."""
    course = a_keyed_quiz(house)
    leo = a_learner(house, course)
    mark_done(house, leo, "prueba", "leccion-1")
    hand_in(house, leo, QUITO)
    a_keyed_quiz(house, RIGHT_KEY)

    commit(house, editor, a_trial(house, editor, an_order(house, OTHER, 2)))
    browser.deliver_jobs()

    with house.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Credential)) == 1


def test_open_attempts_previews_and_abandoned_ones_are_left_alone(house: Instance, editor: Actor) -> None:
    """5.2.7, 5.3.8, 5.14.4: only what is handed in by a learner is marked again."""
    course = a_keyed_quiz(house, settings="attempts: 0\nlimit: 10 min\nat_end: abandon\n")
    ana, leo = a_learner(house, course), a_learner(house, course, "leo@example.org")
    now = clock.now()
    abandoned = start(house, ana, "prueba", now=now - timedelta(hours=1))
    submit(house, ana, abandoned, now=now)
    start(house, leo, "prueba")
    preview = start(house, editor, "prueba")
    submit(house, editor, preview)

    trial = a_trial(house, editor, an_order(house, FULL))

    assert attempt_row(house, abandoned).state == "abandoned"
    assert lines(house, trial) == []


def test_a_large_one_is_tried_committed_and_undone_by_jobs_in_portions(
    browser: Browser, house: Instance, editor: Actor, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Issue 3, scale: the same rows, some learners at a time, each job within its lease, a second delivery changes nothing."""
    for module in (trials, regrading):
        monkeypatch.setattr(module, "AT_ONCE", 2)
        monkeypatch.setattr(module, "PORTION", 1)
    monkeypatch.setattr("quizzes.jobs.PORTIONS", 1)
    course = a_keyed_quiz(house)
    attempts = [hand_in(house, a_learner(house, course, f"ana{at}@example.org"), QUITO) for at in range(4)]
    a_keyed_quiz(house, RIGHT_KEY)
    browser.deliver_jobs()

    trial = a_trial(house, editor, an_order(house, OTHER, 2))
    waiting = regrade_row(house, trial)
    browser.deliver_jobs()
    ready = regrade_row(house, trial)
    begun = commit(house, editor, trial)
    browser.deliver_jobs()
    committed = percents(house, *attempts)
    undo(house, editor, trial)
    browser.deliver_jobs()

    assert (waiting.state, waiting.total, ready.state, begun) == ("planning", 4, "ready", True)
    assert committed == [100] * 4
    assert percents(house, *attempts) == [50] * 4
    with house.database.unit_of_work(write=False) as session:
        verbs = session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.like("quiz.regrade%")).order_by(AuditEntry.id))
        assert list(verbs) == ["quiz.regrade_tried", "quiz.regraded", "quiz.regrade_undone"]


@pytest.mark.parametrize("together", [True, False])
def test_of_two_large_annulments_of_one_question_the_second_stays_a_trial(
    browser: Browser, house: Instance, editor: Actor, monkeypatch: pytest.MonkeyPatch, together: bool
) -> None:
    """5.11.4: also where both were begun before the first was done, and the first changed no mark."""
    for module in (trials, regrading):
        monkeypatch.setattr(module, "AT_ONCE", 0)
    course = a_keyed_quiz(house)
    hand_in(house, a_learner(house, course), GUAYAQUIL)
    first, second = (a_trial(house, editor, an_order(house, FULL)) for _time in range(2))
    browser.deliver_jobs()
    commit(house, editor, first)
    if together:
        commit(house, editor, second)
    browser.deliver_jobs()

    with pytest.raises(AlreadyVoided):
        commit(house, editor, second)
    rows = [regrade_row(house, trial) for trial in (first, second)]
    assert [(row.state, row.committed_by) for row in rows] == [("committed", editor.person_id), ("ready", None)]
