"""Attempts are started, saved and submitted in time, and read in few statements (spec/quiz-engine 5.1 to 5.3).

spec/quiz-engine 5.1 to 5.4, 5.8, 5.13, 5.3.
"""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from uuid import UUID

import pytest
from sqlalchemy import func, select, text

from courses.models import Activity, Course
from enrolments import enrolment, learners
from enrolments.models import ActivityResult, Completion, Enrolment
from kernel import clock
from kernel.audit import AuditEntry
from kernel.errors import NotFound, SignInNeeded
from kernel.permissions import Actor
from lms.instance import Instance
from questions import question_bank
from questions.models import QuestionVersion
from questions.question_bank import CACHED_QUESTIONS
from questions.rules.item_layout import lay_out_item
from quizzes import answering, attempts, snapshots
from quizzes.answering import AlreadySubmitted, AttemptNotAllowed, TimeIsUp, check_answer
from quizzes.attempts import read_payloads
from quizzes.effective_settings import PersonQuizKey
from quizzes.models import AnswerEvent, Attempt, AttemptItem, MarkEvent
from quizzes.rules.layout import AttemptLayout, SlotEntry, lay_out
from quizzes.rules.states import AnswerSave, AnswerSequence, AttemptState
from quizzes.saves import SaveRequest
from tests.support.browser import Counter
from tests.support.builders import a_course, a_teacher, folder, publish
from tests.support.learning import (
    a_batch,
    a_learner,
    actor_of,
    all_at_once,
    attempt_row,
    enrolment_of,
    fail_quiz,
    mark_done,
    pass_quiz,
    right_batch,
    save,
    sitting_of,
    start,
    submit,
)
from tests.support.marking import a_marked_quiz
from tests.support.meter import metered
from tests.support.overrides import NOON
from tests.support.quizzes import ONE_QUESTION, a_quiz, counted, right_place


def test_starting_again_returns_the_open_attempt(instance: Instance) -> None:
    """spec/quiz-engine 5.2.1."""
    learner = a_learner(instance, a_quiz(instance))

    first, second = start(instance, learner, "prueba"), start(instance, learner, "prueba")

    assert first == second
    assert counted(instance, Attempt) == 1


def test_eight_starts_at_once_make_one_attempt(instance: Instance) -> None:
    """spec/quiz-engine 5.2.1 and spec/security 1.6, on both databases."""
    learner = a_learner(instance, a_quiz(instance))

    found = all_at_once(8, lambda _place: start(instance, learner, "prueba"))

    assert len(set(found)) == 1, found
    assert counted(instance, Attempt) == 1
    assert counted(instance, AttemptItem) == 7


def test_eight_starts_at_once_do_not_exceed_the_allowed_attempts(instance: Instance) -> None:
    """spec/quiz-engine 5.2.1: one attempt is allowed and used up by whoever comes first, whatever the others do meanwhile."""
    learner = a_learner(instance, a_quiz(instance, "attempts: 2\n"))
    fail_quiz(instance, learner, "prueba")

    def begin_and_end(_place: int) -> object:
        return fail_quiz(instance, learner, "prueba")

    all_at_once(8, begin_and_end)

    assert counted(instance, Attempt) == 2
    with pytest.raises(AttemptNotAllowed):
        start(instance, learner, "prueba")


def test_the_database_itself_refuses_a_second_open_attempt(instance: Instance) -> None:
    """spec/quiz-engine 5.2.1: the rule is a partial unique index, not only care."""
    learner = a_learner(instance, a_quiz(instance))
    uuid = start(instance, learner, "prueba")
    copied = (
        "person_id, enrolment_id, course_id, activity_key, quiz_version_id, state, preview, seed, language, lease, interludes, "
        "started_at, saved_at, maximum"
    )

    with pytest.raises(Exception, match=r"(?i)unique"), instance.database.unit_of_work() as session:
        session.execute(
            text(f"INSERT INTO attempt (uuid, number, {copied}) SELECT :fresh, 2, {copied} FROM attempt WHERE id = :id"),  # noqa: S608 - our own words
            {"fresh": "0" * 32, "id": attempt_row(instance, uuid).id},
        )


def test_a_pause_and_the_number_of_attempts_are_told_together_with_their_reasons(instance: Instance) -> None:
    """spec/quiz-engine 5.2.2: the pause counts from the end of the attempt."""
    learner = a_learner(instance, a_quiz(instance, "attempts: 2\npause:\n  first: 30 min\n  later: 24 h\n"), now=NOON)
    fail_quiz(instance, learner, "prueba", now=NOON)

    with pytest.raises(AttemptNotAllowed) as early:
        start(instance, learner, "prueba", now=NOON + timedelta(minutes=29))
    fail_quiz(instance, learner, "prueba", now=NOON + timedelta(minutes=31))
    with pytest.raises(AttemptNotAllowed) as late:
        start(instance, learner, "prueba", now=NOON + timedelta(hours=2))

    assert early.value.facts["reasons"] == ["pause"]
    assert late.value.facts["reasons"] == ["no_attempts_left", "pause"]


def test_a_quiz_opens_and_closes_by_the_servers_clock(instance: Instance) -> None:
    """spec/quiz-engine 5.2.2, and the close date ends what is open (spec/quiz-engine 5.3.1)."""
    learner = a_learner(instance, a_quiz(instance, "attempts: 0\nopens: 2026-06-01 12:00\ncloses: 2026-06-01 14:00\n"), now=NOON)
    opens = datetime(2026, 6, 1, 17, tzinfo=UTC)  # noon in Guayaquil

    with pytest.raises(AttemptNotAllowed) as before:
        start(instance, learner, "prueba", now=opens - timedelta(seconds=1))
    attempt = start(instance, learner, "prueba", now=opens)
    with pytest.raises(AttemptNotAllowed) as after:
        start(instance, a_learner(instance, _course(instance), "eva@example.org", now=NOON), "prueba", now=opens + timedelta(hours=2))

    assert before.value.facts["reasons"] == ["not_open_yet"]
    assert after.value.facts["reasons"] == ["closed"]
    assert attempt_row(instance, attempt).due_at == opens + timedelta(hours=2)


def _course(instance: Instance) -> Course:
    with instance.database.unit_of_work(write=False) as session:
        return session.execute(select(Course)).scalar_one()


def test_an_attempt_is_the_same_paper_from_its_seed(instance: Instance) -> None:
    """spec/quiz-engine 5.2.5 and scenario 7: questions, their places and the order of their options follow from one stored number."""
    learner = a_learner(instance, a_quiz(instance, slots="slots:\n  - draw: 4\n"))
    attempt = start(instance, learner, "prueba")

    with sitting_of(instance, learner, attempt) as (session, loaded):
        seed = loaded.row.seed + 2**63
        snapshot = lay_out(loaded.snapshot.entries, seed, seen={}, per_page=0)
        assert isinstance(snapshot, AttemptLayout)
        questions = question_bank.get_questions(session, [item.version for item in snapshot.items])

        assert [item.version for item in snapshot.items] == [item.question_version_id for item in loaded.items]
        assert [lay_out_item(questions[item.version], seed, item.slot, shuffle=True) for item in snapshot.items] == [
            item.layout for item in loaded.items
        ]


def test_a_second_attempt_prefers_questions_that_were_not_seen(instance: Instance) -> None:
    """spec/quiz-engine 5.2.4."""
    learner = a_learner(instance, a_quiz(instance, slots="slots:\n  - draw: 3\n"))

    drawn = []
    for _attempt in range(2):
        attempt = fail_quiz(instance, learner, "prueba")
        with sitting_of(instance, learner, attempt) as (_session, loaded):
            drawn.append({item.question_version_id for item in loaded.items})

    assert len(drawn[0]) == 3
    assert not drawn[0] & drawn[1]


def test_what_is_edited_later_changes_nothing_of_an_attempt(instance: Instance) -> None:
    """spec/quiz-engine 5.1.3 and scenario 4: an open attempt keeps its version and is marked by it;
    the next one gets the new wording and key.
    """
    course = a_quiz(instance, questions=ONE_QUESTION)
    learner = a_learner(instance, course)
    attempt = start(instance, learner, "prueba")
    files = folder(modules=1, settings="attempts: 0\n")
    turned = ONE_QUESTION.replace("right: cuatro", "wrong: cuatro").replace("wrong: cinco", "right: cinco")
    files["01-parte/banco.yaml"] = turned.encode()
    quiz = files["01-parte/03-cuestionario.quiz.yaml"].decode()
    files["01-parte/03-cuestionario.quiz.yaml"] = quiz.replace("- draw: 7", "- question: suma-1").encode()
    publish(instance, files)

    with sitting_of(instance, learner, attempt) as (_session, loaded):
        four = str(loaded.items[0].layout.orders["options"].index("cuatro") + 1)
    submit(instance, learner, attempt, a_batch({1: [four]}))
    newcomer = a_learner(instance, course, "eva@example.org")
    with sitting_of(instance, newcomer, start(instance, newcomer, "prueba")) as (session, fresh):
        newest = question_bank.get_questions(session, [fresh.items[0].question_version_id])[fresh.items[0].question_version_id]

    assert attempt_row(instance, attempt).percent == 100
    assert fresh.items[0].question_version_id != loaded.items[0].question_version_id
    assert [option.key for option in newest.body.options if option.right] == ["cinco"]  # type: ignore[union-attr]  # a single choice


def test_the_same_answer_twice_has_no_effect_and_an_older_one_is_history(instance: Instance) -> None:
    """spec/quiz-engine 5.4.1: idempotent; a lower number is kept but does not become current."""
    learner = a_learner(instance, a_quiz(instance, questions=ONE_QUESTION))
    attempt = start(instance, learner, "prueba")

    told = [
        save(instance, learner, attempt, a_batch({1: ["2"]}, seq=seq)).acknowledged
        for seq in (1, 3, 3, 2)  # the second is on its way longer than the third
    ]

    assert told == [{1: 1}, {1: 1}, {1: 1}, {1: 3}]
    assert counted(instance, AnswerEvent) == 3
    with sitting_of(instance, learner, attempt) as (_session, loaded):
        assert loaded.responses[loaded.items[0].id].counter == 3


def test_a_retry_that_finds_its_work_done_writes_and_commits_again(instance: Instance) -> None:
    """spec/security 6.3: what is acknowledged has been committed by the very request that says so."""
    learner = a_learner(instance, a_quiz(instance, questions=ONE_QUESTION), now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    batch = a_batch({1: ["2"]})
    save(instance, learner, attempt, batch, now=NOON + timedelta(seconds=5))

    save(instance, learner, attempt, batch, now=NOON + timedelta(seconds=9))

    assert attempt_row(instance, attempt).saved_at == NOON + timedelta(seconds=9)


def test_the_higher_lease_wins_and_the_older_page_is_told_the_newer_answer(instance: Instance) -> None:
    """spec/quiz-engine 5.4.3: two pages of one learner; each answer is kept, the newer page's counts."""
    learner = a_learner(instance, a_quiz(instance, questions=ONE_QUESTION))
    attempt = start(instance, learner, "prueba")
    save(instance, learner, attempt, a_batch({1: ["3"]}, lease=2000))

    told = save(instance, learner, attempt, a_batch({1: ["1"]}, lease=1000, seq=7))

    assert told.newer_answers == {1: {"answer": ["3"]}}
    assert counted(instance, AnswerEvent) == 2
    with sitting_of(instance, learner, attempt) as (_session, loaded):
        assert loaded.responses[loaded.items[0].id].payload == {"answer": ["3"]}


def test_answers_for_questions_that_are_not_in_the_attempt_are_left_out(instance: Instance) -> None:
    """spec/security 1.5: places come from the client."""
    learner = a_learner(instance, a_quiz(instance, questions=ONE_QUESTION))
    attempt = start(instance, learner, "prueba")

    told = save(instance, learner, attempt, a_batch({2: ["1"], 99: ["1"]}))

    assert told.acknowledged == {}
    assert counted(instance, AnswerEvent) == 0


def test_a_save_after_handing_in_is_refused_and_not_stored(instance: Instance) -> None:
    """spec/security 6.2; handing in again changes nothing."""
    learner = a_learner(instance, a_quiz(instance, questions=ONE_QUESTION))
    attempt = start(instance, learner, "prueba")
    save(instance, learner, attempt, a_batch({1: ["1"]}))
    submit(instance, learner, attempt)
    before = attempt_row(instance, attempt)

    with pytest.raises(AlreadySubmitted):
        save(instance, learner, attempt, a_batch({1: ["2"]}, seq=2))
    submit(instance, learner, attempt, a_batch({1: ["2"]}, seq=3))

    after = attempt_row(instance, attempt)
    assert counted(instance, AnswerEvent) == 1
    assert counted(instance, MarkEvent) == 1
    assert (after.percent, after.submitted_at) == (before.percent, before.submitted_at)


def test_eight_submissions_at_once_mark_the_attempt_once(instance: Instance) -> None:
    """spec/security 6.5: graded once, on both databases."""
    learner = a_learner(instance, a_quiz(instance))
    attempt = start(instance, learner, "prueba")
    batch = right_batch(instance, learner, attempt)

    found = all_at_once(8, lambda _place: submit(instance, learner, attempt, batch))

    assert found == [None] * 8
    assert counted(instance, MarkEvent) == 7
    assert counted(instance, AnswerEvent) == 7
    assert attempt_row(instance, attempt).percent == 100


def test_a_preview_is_flagged_free_of_limits_and_leaves_no_grade(instance: Instance) -> None:
    """spec/quiz-engine 5.2.7: exempt from attempts and time; nothing reaches progress, and the next attempt forgets it."""
    course = a_quiz(instance, "attempts: 1\nlimit: 10 min\n")
    teacher = actor_of(a_teacher(instance, course))

    first = pass_quiz(instance, teacher, "prueba", now=NOON)
    second = pass_quiz(instance, teacher, "prueba", now=NOON + timedelta(days=9))

    row = attempt_row(instance, second)
    assert (row.preview, row.due_at, row.percent, row.number) == (True, None, 100, 1)
    assert first != second
    assert counted(instance, Attempt) == 1
    assert counted(instance, ActivityResult) == 0
    with instance.database.unit_of_work() as session:
        session.execute(text("UPDATE course_staff SET role = 'grader'"))
    learner = a_learner(instance, course, "eva@example.org")
    assert attempt_row(instance, start(instance, learner, "prueba")).preview is False


def test_an_editor_who_enrols_begins_with_attempt_one(instance: Instance) -> None:
    """spec/quiz-engine 5.2.7: previews count in no limit."""
    course = a_quiz(instance, "attempts: 1\n")
    person = a_teacher(instance, course)
    pass_quiz(instance, actor_of(person), "prueba")
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, actor_of(person), learners.get_learner_context(session, actor_of(person), "prueba"), now=NOON)

    attempt = attempt_row(instance, start(instance, actor_of(person), "prueba"))

    assert (attempt.preview, attempt.number) == (False, 1)
    assert counted(instance, Attempt) == 1


def test_the_best_attempt_counts_and_a_worse_one_takes_nothing_away(instance: Instance) -> None:
    """spec/quiz-engine 5.8: highest is the default; a completed activity stays completed (spec/quiz-engine 5.13)."""
    course = a_quiz(instance)
    learner = a_learner(instance, course, now=NOON)
    pass_quiz(instance, learner, "prueba", now=NOON)

    fail_quiz(instance, learner, "prueba", now=NOON + timedelta(hours=1))

    with instance.database.unit_of_work(write=False) as session:
        result = session.execute(select(ActivityResult)).scalar_one()
    assert (result.score, result.passed, result.completed_at) == (100, True, NOON)


@pytest.mark.parametrize(("grading", "expected"), [("highest", 100), ("average", 50), ("first", 0), ("last", 100)])
def test_the_grade_over_attempts_follows_the_setting(instance: Instance, grading: str, expected: int) -> None:
    """spec/quiz-engine 5.8."""
    learner = a_learner(instance, a_quiz(instance, f"attempts: 0\ngrading: {grading}\n"))

    fail_quiz(instance, learner, "prueba")
    pass_quiz(instance, learner, "prueba")

    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(ActivityResult.score)).scalar_one() == expected


def test_handing_in_completes_the_course_in_the_same_transaction(instance: Instance) -> None:
    """spec/quiz-engine 5.13: nobody waits for a job to be told so."""
    learner = a_learner(instance, a_course(instance, modules=1), now=NOON)
    mark_done(instance, learner, "prueba", "leccion-1", now=NOON)

    pass_quiz(instance, learner, "prueba", now=NOON + timedelta(minutes=5))

    with instance.database.unit_of_work(write=False) as session:
        completion = session.execute(select(Completion)).scalar_one()
        verbs = set(session.scalars(select(AuditEntry.verb)))
    assert (completion.completed_at, completion.grade) == (NOON + timedelta(minutes=5), 100)
    assert {"attempt.started", "attempt.submitted", "activity.completed", "enrolment.completed"} <= verbs


def test_using_up_all_attempts_completes_where_the_rule_says_so(instance: Instance) -> None:
    """spec/quiz-engine 5.13: passed or all used."""
    learner = a_learner(instance, a_quiz(instance, "attempts: 2\ncompletion: passed_or_used\n"))

    done = []
    for _attempt in range(2):
        fail_quiz(instance, learner, "prueba")
        with instance.database.unit_of_work(write=False) as session:
            done.append(session.execute(select(ActivityResult.completed_at)).scalar_one() is not None)

    assert done == [False, True]


def test_marks_are_stored_with_seven_decimals_and_each_item_once(instance: Instance) -> None:
    """spec/quiz-engine 5.1.5: a third of a point is 0.3333333."""
    learner = a_learner(instance, a_quiz(instance))
    attempt = start(instance, learner, "prueba")
    with sitting_of(instance, learner, attempt) as (session, loaded):
        questions = question_bank.get_questions(session, [item.question_version_id for item in loaded.items])
        item = next(item for item in loaded.items if questions[item.question_version_id].kind == "multiple")
        right = str(item.layout.orders["options"].index("dos") + 1)

    submit(instance, learner, attempt, a_batch({item.position: [right]}))

    row = attempt_row(instance, attempt)
    assert row.raw == Fraction(1, 2)
    assert str(row.percent) == "7.1428571"


def test_versions_of_questions_are_made_only_where_the_content_changed(instance: Instance) -> None:
    """spec/quiz-engine 5.1.1: one question of seven is reworded."""
    files = folder(modules=1)
    publish(instance, files)
    before = counted(instance, QuestionVersion)
    changed = files["01-parte/banco.yaml"].replace(b"El agua moja.", b"El agua moja siempre.")

    publish(instance, {**files, "01-parte/banco.yaml": changed})

    with instance.database.unit_of_work(write=False) as session:
        numbers = session.scalars(select(func.max(QuestionVersion.number)).group_by(QuestionVersion.question_id))
        assert sorted(numbers) == [1, 1, 1, 1, 1, 1, 2]
    assert counted(instance, QuestionVersion) == before + 1


def test_an_attempt_may_build_on_the_last(instance: Instance) -> None:
    """spec/quiz-engine 5.2.3: the same questions in the same order with the answers of last time,
    which count when it is handed in as it is.
    """
    learner = a_learner(instance, a_quiz(instance, "attempts: 0\nbuild_on_last: true\n", slots="slots:\n  - draw: 4\n"))
    first = pass_quiz(instance, learner, "prueba")

    second = start(instance, learner, "prueba")
    with sitting_of(instance, learner, first) as (_session, old), sitting_of(instance, learner, second) as (_other, new):
        assert {item.question_version_id: item.layout for item in new.items} == {
            item.question_version_id: item.layout for item in old.items
        }
        assert len(new.responses) == 4
    submit(instance, learner, second)

    assert attempt_row(instance, second).percent == 100


def test_building_on_the_last_follows_the_options_of_a_reworded_question(instance: Instance) -> None:
    """spec/quiz-engine 5.2.3: the answer is found by its key where the version, and so the order, is another."""
    course = a_quiz(instance, "attempts: 0\nbuild_on_last: true\n", questions=ONE_QUESTION)
    learner = a_learner(instance, course)
    first = start(instance, learner, "prueba")
    submit(instance, learner, first, a_batch({1: [right_place(instance, learner, first)]}))
    files = folder(modules=1, settings="attempts: 0\nbuild_on_last: true\n")
    quiz = files["01-parte/03-cuestionario.quiz.yaml"].decode()
    files["01-parte/03-cuestionario.quiz.yaml"] = quiz.replace("- draw: 7", "- question: suma-1").encode()
    files["01-parte/banco.yaml"] = ONE_QUESTION.replace("wrong: tres", "wrong: nueve").encode()
    _course, version = publish(instance, files)
    with instance.database.unit_of_work() as session:
        enrolment.follow_version(session, learner, session.execute(select(Enrolment.id)).scalar_one(), version.id, now=NOON)

    second = start(instance, learner, "prueba")

    with sitting_of(instance, learner, second) as (_session, loaded):
        given = loaded.responses[loaded.items[0].id].payload
    assert given == {"answer": [right_place(instance, learner, second)]}


LIMITED = "attempts: 0\nlimit: 10 min\n"


def a_timed_attempt(instance: Instance, settings: str = LIMITED) -> tuple[Actor, UUID]:
    """Start an attempt of ten minutes at noon, with a wrong answer saved; return the learner and the attempt."""
    learner = a_learner(instance, a_quiz(instance, settings, questions=ONE_QUESTION), now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    return learner, attempt


def test_answers_thirty_seconds_late_are_taken(instance: Instance) -> None:
    """spec/quiz-engine 5.3.4 and scenario 3: the network has a minute."""
    learner, attempt = a_timed_attempt(instance)
    late = NOON + timedelta(minutes=10, seconds=30)

    save(instance, learner, attempt, a_batch({1: ["1"]}), now=late - timedelta(seconds=5))
    submit(instance, learner, attempt, a_batch({1: [right_place(instance, learner, attempt)]}, seq=2), now=late)

    row = attempt_row(instance, attempt)
    assert (row.percent, row.submitted_at) == (100, late)


def test_answers_ninety_seconds_late_are_not_taken_and_what_was_saved_is_marked(instance: Instance) -> None:
    """spec/quiz-engine 5.3.4 and scenario 3: the attempt ended at its end, with what was there."""
    learner, attempt = a_timed_attempt(instance)
    save(instance, learner, attempt, a_batch({1: [right_place(instance, learner, attempt)]}), now=NOON)
    late = NOON + timedelta(minutes=11, seconds=30)

    with pytest.raises(TimeIsUp):
        save(instance, learner, attempt, a_batch({1: ["9"]}, seq=2), now=late)
    submit(instance, learner, attempt, a_batch({1: ["9"]}, seq=2), now=late)

    row = attempt_row(instance, attempt)
    assert (row.percent, row.submitted_at, row.finished_at) == (100, NOON + timedelta(minutes=10), NOON + timedelta(minutes=10))
    assert counted(instance, AnswerEvent) == 1


def test_in_the_grace_one_may_hand_in_but_not_answer(instance: Instance) -> None:
    """spec/quiz-engine 5.3.3: overdue, then abandoned when the grace has passed as well."""
    learner, attempt = a_timed_attempt(instance, "attempts: 0\nlimit: 10 min\nat_end: grace\ngrace: 5 min\n")
    save(instance, learner, attempt, a_batch({1: [right_place(instance, learner, attempt)]}), now=NOON)
    within = NOON + timedelta(minutes=13)

    with pytest.raises(TimeIsUp, match="still submit what was saved"):
        save(instance, learner, attempt, a_batch({1: ["9"]}, seq=2), now=within)
    with pytest.raises(TimeIsUp, match="it has no grade"):
        save(instance, learner, attempt, a_batch({1: ["9"]}, seq=2), now=NOON + timedelta(minutes=17))
    submit(instance, learner, attempt, a_batch({1: ["9"]}, seq=2), now=within)

    row = attempt_row(instance, attempt)
    assert (row.state, row.percent, row.submitted_at) == ("finished", 100, within)


def test_after_the_grace_an_attempt_is_abandoned_counts_and_has_no_grade(instance: Instance) -> None:
    """spec/quiz-engine 5.3.3 and 5.3.8."""
    settings = "attempts: 1\nlimit: 10 min\nat_end: grace\ngrace: 5 min\n"
    learner, attempt = a_timed_attempt(instance, settings)
    save(instance, learner, attempt, a_batch({1: [right_place(instance, learner, attempt)]}), now=NOON)
    late = NOON + timedelta(minutes=17)

    submit(instance, learner, attempt, now=late)

    row = attempt_row(instance, attempt)
    assert (row.state, row.percent, row.finished_at) == ("abandoned", None, NOON + timedelta(minutes=15))
    with pytest.raises(AttemptNotAllowed) as refused:
        start(instance, learner, "prueba", now=late)
    assert refused.value.facts["reasons"] == ["no_attempts_left"]


def test_a_page_change_with_less_than_two_seconds_left_finishes(instance: Instance) -> None:
    """spec/quiz-engine 5.3.5; with two seconds left it does not."""
    learner, attempt = a_timed_attempt(instance)
    end = NOON + timedelta(minutes=10)
    with sitting_of(instance, learner, attempt, write=True) as (session, loaded):
        assert answering.resume_attempt(session, learner, loaded, 1, now=end - timedelta(seconds=2)) == 1
    with sitting_of(instance, learner, attempt, write=True) as (session, loaded):
        assert answering.resume_attempt(session, learner, loaded, 1, now=end - timedelta(seconds=1)) is None

    assert attempt_row(instance, attempt).state == "finished"


def test_an_abandoned_attempt_is_told_to_progress(instance: Instance) -> None:
    """spec/quiz-engine 5.3.8 with 5.13: it uses up an attempt, which may be the last one asked for."""
    settings = "attempts: 1\nlimit: 10 min\nat_end: abandon\ncompletion: passed_or_used\n"
    learner, attempt = a_timed_attempt(instance, settings)

    submit(instance, learner, attempt, now=NOON + timedelta(minutes=12))

    assert attempt_row(instance, attempt).state == AttemptState.ABANDONED
    with instance.database.unit_of_work(write=False) as session:
        assert session.execute(select(ActivityResult.completed_at)).scalar_one() is not None


ESSAY = "Una brecha es lo que falta. " * 400
UNKNOWN = UUID("00000000-0000-4000-8000-000000000000")


@pytest.fixture
def counter(instance: Instance) -> Counter:
    """Count what reaches the database for reading."""
    return Counter(instance.database.reading if instance.database.is_sqlite else instance.database.writing)


def test_a_paper_has_its_pool_in_the_order_of_keys_on_every_machine(instance: Instance) -> None:
    """spec/quiz-engine 5.2.5: a draw depends on the order of its pool, so that order is the keys', not the database's."""
    a_quiz(instance, slots="slots:\n  - draw: 3\n")

    with instance.database.unit_of_work(write=False) as session:
        activity_id = session.execute(select(Activity.id).where(Activity.kind == "quiz")).scalar_one()
        slots = [entry for entry in snapshots.get_snapshot_of_activity(session, activity_id).entries if isinstance(entry, SlotEntry)]

    keys = [candidate.question for candidate in slots[0].pool]
    assert (len(slots), slots[0].count, len(keys)) == (1, 3, 7)
    assert keys == sorted(keys)


def test_papers_and_questions_are_read_once(instance: Instance, counter: Counter) -> None:
    """They never change; what is in memory costs nothing."""
    a_quiz(instance)
    counts = []
    for _time in range(2):
        counter.reset()
        with instance.database.unit_of_work(write=False) as session:
            activity_id = session.execute(select(Activity.id).where(Activity.kind == "quiz")).scalar_one()
            snapshots.get_snapshot_of_activity(session, activity_id)
            ids = [1, 2, 3, 2]
            assert list(question_bank.get_questions(session, ids)) == [1, 2, 3]
        counts.append(len(counter.statements))

    assert counts == [4, 1]


def test_memory_of_questions_is_bounded(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(question_bank, "MOST_QUESTIONS", 2)
    a_quiz(instance)

    with instance.database.unit_of_work(write=False) as session:
        versions = list(session.scalars(select(QuestionVersion.id)))
        for version in (*versions, *versions):
            assert set(question_bank.get_questions(session, [version])) == {version}
            assert len(CACHED_QUESTIONS.of(session)) <= 2


def test_an_attempt_comes_with_its_items_and_answers_in_two_statements(instance: Instance, counter: Counter) -> None:
    """spec/performance P6: whatever the number of questions and answers."""
    learner = a_learner(instance, a_quiz(instance))
    attempt = start(instance, learner, "prueba")
    for seq in range(1, 20):
        save(instance, learner, attempt, a_batch({1: [str(seq % 3 + 1)], 2: ["1"]}, seq=seq))
    with sitting_of(instance, learner, attempt):
        pass
    counter.reset()

    with sitting_of(instance, learner, attempt) as (_session, loaded):
        assert len(counter.statements) == 2
        assert len(loaded.items) == 7
        assert len(loaded.answers) == 38
        assert {answer.counter for answer in loaded.responses.values()} == {19}


def test_an_attempt_asks_for_a_session_whether_it_exists_or_not(instance: Instance) -> None:
    """spec/security 1.3."""
    learner = a_learner(instance, a_quiz(instance))
    attempt = start(instance, learner, "prueba")

    with instance.database.unit_of_work(write=False) as session:
        for uuid in (attempt, UNKNOWN):
            with pytest.raises(SignInNeeded):
                attempts.get_attempt(session, Actor(), uuid)
        with pytest.raises(NotFound):
            attempts.get_attempt(session, learner, UNKNOWN)


def test_an_attempt_tells_what_the_reader_is_in_its_course(instance: Instance) -> None:
    course = a_quiz(instance, questions=ONE_QUESTION)
    learner = a_learner(instance, course)
    teacher = actor_of(a_teacher(instance, course))
    attempt = start(instance, learner, "prueba")

    roles = {}
    for actor in (learner, teacher):
        with sitting_of(instance, actor, attempt) as (_session, loaded):
            roles[actor.person_id] = loaded.staff_role

    assert roles == {learner.person_id: None, teacher.person_id: "editor"}


def test_the_history_holds_one_learners_attempts_at_one_quiz(instance: Instance) -> None:
    course = a_quiz(instance)
    learner, other = a_learner(instance, course), a_learner(instance, course, "eva@example.org")
    fail_quiz(instance, other, "prueba")
    fail_quiz(instance, learner, "prueba")
    pass_quiz(instance, learner, "prueba")

    with instance.database.unit_of_work(write=False) as session:
        history = attempts.list_attempts(
            session, PersonQuizKey(learner.person_id or 0, enrolment_of(instance, learner, course).id, course.id, "cuestionario-1")
        )

    assert [(row.number, row.percent, row.passed) for row in history] == [(1, 0, False), (2, 100, True)]


def test_questions_seen_are_counted_over_a_course_without_previews(instance: Instance) -> None:
    """spec/quiz-engine 5.2.4 and 5.2.7."""
    course = a_quiz(instance, questions=ONE_QUESTION)
    learner, teacher = a_learner(instance, course), actor_of(a_teacher(instance, course))
    for _time in range(2):
        fail_quiz(instance, learner, "prueba")
    fail_quiz(instance, teacher, "prueba")

    with instance.database.unit_of_work(write=False) as session:
        seen = [attempts.count_seen(session, actor.person_id or 0, course.id) for actor in (learner, teacher)]

    assert seen == [{"suma-1": 2}, {}]


def written(text: str, seqs: range, lease: int = 1000) -> SaveRequest:
    """Return a long text as a page's script saves it again and again, each time a little longer."""
    return SaveRequest(lease, tuple(AnswerSave(1, AnswerSequence(lease, seq), {"answer": [f"{text}{seq}"]}) for seq in seqs), "autosave")


def test_a_save_reads_one_text_of_an_essay_that_was_saved_three_hundred_times(instance: Instance) -> None:
    """Of each answer of before it knows the place; duplicates are recognised by it, and what is acknowledged has no gap."""
    learner = a_learner(instance, a_marked_quiz(instance))
    attempt = start(instance, learner, "prueba")
    save(instance, learner, attempt, written(ESSAY, range(1, 2)))
    save(instance, learner, attempt, written(ESSAY, range(2, 3)))  # from here on everything else is in memory
    costs = []
    for seqs in (range(3, 4), range(4, 300), range(300, 301)):
        with metered(instance.database) as meter:
            done = save(instance, learner, attempt, written(ESSAY, seqs))
        costs.append(meter)
    again = save(instance, learner, attempt, written("otra vez ", range(5, 6)))

    first, _many, last = costs
    assert len(ESSAY) < first.characters < 2 * len(ESSAY)
    assert last.characters < first.characters + 300 * len("2026-06-01 12:00:00.000000")
    assert last.rows == first.rows + 297
    assert done.acknowledged == again.acknowledged == {1: 300}
    with sitting_of(instance, learner, attempt) as (_session, loaded):
        assert len(loaded.answers) == 300
        assert [answer.payload for answer in loaded.answers if answer.payload is not None] == [{"answer": [f"{ESSAY}300"]}]


def test_an_answer_that_was_checked_comes_with_its_text(instance: Instance) -> None:
    """spec/quiz-engine 5.6: later tries are judged with the earlier ones."""
    learner = a_learner(instance, a_quiz(instance, "behaviour: adaptive\nattempts: 0\nshuffle_options: false\n", questions=ONE_QUESTION))
    attempt = start(instance, learner, "prueba")
    for seq in range(1, 5):
        save(instance, learner, attempt, a_batch({1: [str(1 + seq % 3)]}, seq=seq))
        if seq == 2:
            with sitting_of(instance, learner, attempt, write=True) as (session, loaded):
                check_answer(session, loaded, 1, {"answer": [str(1 + seq % 3)]}, now=clock.now())

    with sitting_of(instance, learner, attempt) as (session, loaded):
        texts = {answer.counter: answer.payload for answer in loaded.answers}
        ids = {answer.counter: answer.id for answer in loaded.answers}
        said = read_payloads(session, loaded.answers, {ids[1], ids[4], 0})

    assert texts == {1: None, 2: {"answer": ["3"]}, 3: None, 4: {"answer": ["2"]}}
    assert said == {ids[1]: {"answer": ["2"]}, ids[4]: {"answer": ["2"]}}
