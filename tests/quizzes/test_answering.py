"""Attempts of learners who were taken out of their course while they answered, or who take it again.

spec/security 1.4; spec/compulsory 6.3.
"""

import re
from datetime import timedelta
from io import BytesIO
from uuid import UUID, uuid4

import pytest
from flask import Flask
from sqlalchemy import func, insert, select
from sqlalchemy.exc import IntegrityError

from accounts.models import Person
from analysis import statistics, surveys
from analysis.rules.statistics import CountedAttempts, CountedTakes
from analysis.statistics import StatisticsFilter
from certificates.models import Credential
from courses.models import Course
from courses.versions import get_outline
from enrolments import enrolment
from enrolments.models import Completion
from kernel import clock
from kernel.outbox import Delivery, deliver_waiting
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import attempts, jobs
from quizzes.access import QuizAction
from quizzes.answering import AttemptNotAllowed
from quizzes.attempts import find_answering
from quizzes.effective_settings import PersonQuizKey, find_final_end
from quizzes.marking import CannotReopen
from quizzes.models import Attempt
from quizzes.publication import withheld_marks
from tests.support.attempts import abandon, begin, reopen, stored
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_teacher, folder, publish, sign_in
from tests.support.classes import SURVEY
from tests.support.editions import enrol, take_out
from tests.support.learning import (
    HEADERS,
    a_learner,
    actor_of,
    attempt_row,
    enrolment_of,
    fail_quiz,
    mark_done,
    pass_quiz,
    right_batch,
    save,
    send_script,
    start,
    submit,
)
from tests.support.quizzes import NOON, a_quiz_asking
from tests.support.takes import read, retake, takes_of
from tests.support.uploads import PDF, UPLOADS
from tests.support.wording import in_spanish

TOLD = "este intento no recibe respuestas ni se puede enviar"
NOT_HERE = re.compile("Esta persona ya no toma el curso|This person does not take the course any more")


def the_learner(instance: Instance) -> Actor:
    """Return who learns in the browser."""
    with instance.database.unit_of_work(write=False) as session:
        return actor_of(session.scalars(select(Person)).one())


def awarded(instance: Instance) -> tuple[int, int]:
    """Count completions and certificates."""
    with instance.database.unit_of_work(write=False) as session:
        counts = [session.scalar(select(func.count()).select_from(table)) or 0 for table in (Completion, Credential)]
    return counts[0], counts[1]


def test_who_was_taken_out_of_a_course_answers_no_more_and_hands_nothing_in(browser: Browser, instance: Instance, app: Flask) -> None:
    """spec/security 1.4: from the next request on, at each door of an attempt that takes answers; what was saved stays as it is."""
    course = a_quiz_asking(instance, UPLOADS, "attempts: 0\nper_page: 1\n", ("archivo-1", "ensayo-1"))
    a_learner_in(browser, course)
    path = begin(browser)
    browser.submit("/answers", {"p1-text": ""}, button=("go", "next"))
    browser.submit("/answers", {"p2-text": "tres palabras justas"}, button=("go", "save"))
    before, token = stored(instance), dict(browser.page.form("/answers").fields)["csrf_token"]
    doors = [
        (rule.rule.replace("<uuid:attempt>", path.rpartition("/")[2]), "POST" if "POST" in (rule.methods or ()) else "GET")
        for rule in app.url_map.iter_rules()
        if getattr(getattr(app.view_functions[rule.endpoint], "access", None), "action", None) in (QuizAction.ANSWER, QuizAction.SUBMIT)
    ]
    take_out(instance, course, the_learner(instance))
    for door, method in doors:
        for headers in ({}, HEADERS):
            sent = {"csrf_token": token, "place": "1", "upload": (BytesIO(PDF), "uno.pdf")} if method == "POST" else None
            response = browser._request(method, door, data=sent, headers=headers)
            assert (door, method, response.status_code) == (door, method, 409)
            assert TOLD in response.get_data(as_text=True)

    assert {door.removeprefix(path) for door, _method in doors} == {"", "/answers", "/summary", "/submission", "/files"}
    assert (stored(instance), attempt_row(instance, _uuid(path)).state) == (before, "in_progress")
    assert len(before) == 1
    assert list(app.extensions["files"].names()) == []


def _uuid(path: str) -> UUID:
    return UUID(path.rpartition("/")[2])


def test_who_comes_back_goes_on_where_they_were(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1, settings="attempts: 1\n")
    a_learner_in(browser, course)
    actor = the_learner(instance)
    mark_done(instance, actor, "prueba", "leccion-1")
    path = begin(browser)
    page, attempt = browser.page, path.rpartition("/")[2]
    take_out(instance, course, actor)
    refused = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["1"]}}], lease=1000, status=409)
    enrol(instance, course, [actor])
    browser.page = page
    told = send_script(browser, attempt, [{"item": 1, "seq": 1, "response": {"answer": ["1"]}}], lease=1000)
    browser.get(path)
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")

    assert refused["code"] == "left_course"
    assert told["acknowledged"] == {"1": 1}
    assert browser.path.endswith("/review")


def test_an_attempt_is_nobody_elses_business_also_after_its_learner_left(browser: Browser, instance: Instance) -> None:
    """To a stranger there is no such attempt, whether or not its learner takes the course."""
    course = a_course(instance, modules=1, settings="attempts: 1\n")
    actor = a_learner(instance, course)
    attempt = start(instance, actor, "prueba")
    take_out(instance, course, actor)
    other = browser.another()
    a_learner_in(other, course, "eva@example.org")

    assert other._request("GET", f"/attempts/{attempt}").status_code == 404


def test_what_was_handed_in_is_still_there_for_who_left(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1, settings="attempts: 1\n")
    a_learner_in(browser, course)
    begin(browser)
    browser.submit("/answers", button=("go", "review"))
    browser.submit("/submission")
    path = browser.path
    take_out(instance, course, the_learner(instance))

    assert browser._request("GET", path).status_code == 200
    assert browser._request("GET", path.removesuffix("/review")).status_code == 303


def test_time_ends_the_attempt_of_who_left_and_completes_nothing(instance: Instance) -> None:
    """Marks and results are there; the course is completed once they come back, and the certificate follows."""
    course = a_course(instance, modules=1, settings="attempts: 1\nlimit: 30 min\n")
    actor = a_learner(instance, course)
    mark_done(instance, actor, "prueba", "leccion-1")
    attempt = start(instance, actor, "prueba")
    save(instance, actor, attempt, right_batch(instance, actor, attempt))
    take_out(instance, course, actor)
    later = clock.now() + timedelta(hours=1)
    jobs.close_due(Delivery(instance.database, instance.settings, 1, {}, later))
    deliver_waiting(instance.worker, now=later)
    ended, left, outside = attempt_row(instance, attempt), enrolment_of(instance, actor, course), awarded(instance)
    enrol(instance, course, [actor])
    deliver_waiting(instance.worker, now=later)

    assert (ended.state, ended.passed) == ("finished", True)
    assert (left.done, left.total, outside) == (2, 2, (0, 0))
    assert awarded(instance) == (1, 1)


def test_what_was_completed_before_leaving_stays_and_its_certificate_still_comes(instance: Instance) -> None:
    """It was earned by a learner of the course: that its job came later is not theirs to answer for."""
    course = a_course(instance, modules=1, settings="attempts: 1\n")
    actor = a_learner(instance, course)
    mark_done(instance, actor, "prueba", "leccion-1")
    pass_quiz(instance, actor, "prueba")
    take_out(instance, course, actor)
    deliver_waiting(instance.worker, now=clock.now())

    assert awarded(instance) == (1, 1)


def test_an_attempt_of_whoever_left_is_not_opened_again_before_they_are_back(browser: Browser, instance: Instance) -> None:
    """spec/security 1.4, spec/quiz-engine 5.3.7: nobody could hand it in, and the result would be gone."""
    course = a_course(instance, modules=1, settings="attempts: 1\n")
    a_learner_in(browser, course)
    learner, staff = the_learner(instance), browser.another()
    attempt = pass_quiz(instance, learner, "prueba")
    a_teacher(instance, course)
    sign_in(staff, "profe@example.org")
    door = f"/attempts/{attempt}/reopening"
    staff.get(door)
    sent = {**dict(staff.page.form("/reopening").fields), "reason": "Otra vez."}
    take_out(instance, course, learner)
    refused = staff._request("POST", door, data=sent)

    assert (refused.status_code, len(NOT_HERE.findall(refused.get_data(as_text=True)))) == (409, 1)
    assert NOT_HERE.search(staff.get(door).text)
    assert not any(form.action.endswith("/reopening") for form in staff.page.forms)
    assert attempt_row(instance, attempt).percent == 100
    enrol(instance, course, [learner])
    staff.get(door)
    staff.submit("/reopening", {"reason": "Otra vez."})
    assert attempt_row(instance, attempt).state == "in_progress"


def test_what_whoever_left_abandoned_is_handed_in_at_once(instance: Instance) -> None:
    """spec/quiz-engine 5.3.7: it stays open for nobody."""
    course = a_course(instance, modules=1, settings="attempts: 2\nlimit: 10 min\nat_end: abandon\n")
    learner, editor = a_learner(instance, course), actor_of(a_teacher(instance, course))
    attempt = abandon(instance, learner)
    take_out(instance, course, learner)

    assert reopen(instance, editor, attempt) == "finished"


KEY = "cuestionario-1"
STATISTICS = f"/courses/prueba/quizzes/{KEY}/statistics"
SURVEYS = f"/courses/prueba/quizzes/{KEY}/surveys"
INITIAL = """key: inicial
title: {es: Prueba inicial, en: Initial test}
required: false
slots:
  - draw: 7
    from: [parte-1]
attempts: 1
pass_mark: none
weight: 0
review: hidden
completion: viewed
"""


@pytest.fixture
def course(instance: Instance) -> Course:
    """Return a published course whose quiz allows one attempt."""
    return a_course(instance, modules=1, settings="attempts: 1\n")


def test_attempts_are_counted_and_numbered_within_a_take(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.3 and 6.7: limit, number, history and result are the take's own."""
    learner = a_learner(instance, course)
    first = fail_quiz(instance, learner, "prueba")
    with pytest.raises(AttemptNotAllowed):
        start(instance, learner, "prueba")
    retake(instance, learner, course)

    second = pass_quiz(instance, learner, "prueba")

    rows = [attempt_row(instance, one) for one in (first, second)]
    takes = takes_of(instance, learner, course)
    assert [(row.number, row.enrolment_id) for row in rows] == [(1, takes[0].id), (1, takes[1].id)]
    assert [row.percent for row in rows] == [0, 100]
    assert [row.done for row in takes] == [0, 1]
    with instance.database.unit_of_work(write=False) as session:
        histories = [attempts.list_attempts(session, PersonQuizKey(learner.person_id or 0, take.id, course.id, KEY)) for take in takes]
    assert [[row.uuid for row in history] for history in histories] == [[first], [second]]


def test_numbers_are_given_once_within_a_take_and_once_among_previews(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.3: two partial unique indexes."""
    learner = a_learner(instance, course)
    pass_quiz(instance, learner, "prueba")
    teacher = actor_of(a_teacher(instance, course))
    start(instance, teacher, "prueba")

    for preview in (False, True):
        row = read(instance, lambda session, one=preview: session.scalars(select(Attempt).where(Attempt.preview.is_(one))).one())  # type: ignore[misc]  # the default binds it
        columns = [column.key for column in Attempt.__table__.columns if column.key not in ("id", "uuid", "state")]
        values = {key: getattr(row, key) for key in columns} | {"uuid": uuid4(), "state": "finished"}
        with pytest.raises(IntegrityError), instance.database.unit_of_work() as session:
            session.execute(insert(Attempt).values(values))


def test_a_renewal_draws_questions_that_its_learner_has_not_seen_first(instance: Instance) -> None:
    """spec/compulsory 6.3: `count_seen` goes on seeing all takes."""
    files = folder(modules=1, settings="attempts: 1\n")
    name = "01-parte/03-cuestionario.quiz.yaml"
    files[name] = files[name].decode().replace("draw: 7", "draw: 3").encode()
    course = publish(instance, files)[0]
    learner = a_learner(instance, course)
    fail_quiz(instance, learner, "prueba")
    seen = read(instance, lambda session: attempts.count_seen(session, learner.person_id or 0, course.id))
    retake(instance, learner, course)

    start(instance, learner, "prueba")

    again = read(instance, lambda session: attempts.count_seen(session, learner.person_id or 0, course.id))
    assert len(seen) == 3
    assert set(again.values()) == {1}
    assert len(again) == 6


def test_an_attempt_builds_on_the_last_one_of_its_take_alone(instance: Instance) -> None:
    """spec/compulsory 6.3: `build_on_last`."""
    course = a_course(instance, modules=1, settings="attempts: 0\nbuild_on_last: true\n")
    learner = a_learner(instance, course)
    pass_quiz(instance, learner, "prueba")
    retake(instance, learner, course)

    second = start(instance, learner, "prueba")
    with instance.database.unit_of_work(write=False) as session:
        fresh = attempts.get_attempt(session, learner, second)
        assert fresh.answers == ()
    submit(instance, learner, second)

    assert attempt_row(instance, second).percent == 0


def test_an_open_attempt_is_shown_with_the_take_to_which_it_belongs(instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: `find_answering`."""
    learner = a_learner(instance, course)
    pass_quiz(instance, learner, "prueba")
    retake(instance, learner, course)
    start(instance, learner, "prueba")

    found = [
        read(instance, lambda session, one=take: find_answering(session, one.id, [KEY])) for take in takes_of(instance, learner, course)
    ]  # type: ignore[misc]  # the default binds it

    assert found == [set(), {KEY}]


@pytest.mark.parametrize("which", [CountedAttempts.FIRST, CountedAttempts.LAST, CountedAttempts.HIGHEST])
def test_statistics_count_one_attempt_of_each_take(instance: Instance, which: CountedAttempts) -> None:
    """spec/compulsory 6.7: `analysis` partitions by enrolment and is filtered by take; the present ones by default."""
    course = a_course(instance, modules=1, settings="attempts: 0\n")
    learner = a_learner(instance, course)
    for _take in range(2):
        fail_quiz(instance, learner, "prueba")
        pass_quiz(instance, learner, "prueba")
        if len(takes_of(instance, learner, course)) < 2:
            retake(instance, learner, course)

    found = {}
    for takes in CountedTakes:
        with instance.database.unit_of_work(write=False) as session:
            quiz = statistics.list_compositions(session, course.id, KEY, StatisticsFilter(takes=takes))
            found[takes] = statistics.attempt_set(session, quiz, which, quiz.choices[0])

    assert {takes.value: one.attempts for takes, one in found.items()} == {"present": 1, "first": 1, "all": 2}
    assert len({one.fingerprint for one in found.values()}) == 3
    assert len({one.cache_key for one in found.values()}) == 3


def test_a_version_renames_the_attempts_of_the_present_take_alone(browser: Browser, instance: Instance, course: Course) -> None:
    """spec/compulsory 6.7: a superseded take keeps its keys."""
    learner = a_learner(instance, course)
    first = pass_quiz(instance, learner, "prueba")
    retake(instance, learner, course)
    second = pass_quiz(instance, learner, "prueba")
    files = folder(modules=1, settings="attempts: 1\n")
    name = "01-parte/03-cuestionario.quiz.yaml"
    files[name] = files[name].decode().replace(f"key: {KEY}", f"key: nuevo-1\nformer_keys: [{KEY}]").encode()
    version = publish(instance, files)[1]

    with instance.database.unit_of_work() as session:
        enrolment.follow_version(session, learner, takes_of(instance, learner, course)[1].id, version.id, now=clock.now())

    assert [attempt_row(instance, one).activity_key for one in (first, second)] == [KEY, "nuevo-1"]


def test_an_attempt_of_a_superseded_take_is_reviewed_as_before_and_never_reopened(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 6.7: the page says why."""
    course = a_course(instance, modules=1, settings="attempts: 0\nlimit: 10 min\n")
    learner, editor = a_learner(instance, course), actor_of(a_teacher(instance, course))
    first = pass_quiz(instance, learner, "prueba")
    retake(instance, learner, course)
    sign_in(browser)
    assert "100" in browser.get(f"/attempts/{first}/review").text
    browser.post("/sign-out")
    sign_in(browser, "profe@example.org")

    with pytest.raises(CannotReopen):
        reopen(instance, editor, first)

    page = browser.get(f"/attempts/{first}/reopening")
    assert f"/attempts/{first}/reopening" not in [form.action for form in page.forms]
    assert attempt_row(instance, first).state == "finished"


def test_the_final_test_of_an_earlier_take_opens_no_answers_of_the_present_one(instance: Instance) -> None:
    """spec/compulsory 6.3: what is shown after the final test follows the take's own."""
    module = b"key: inicio\ntitle: {es: Inicio, en: Start}\nnumbered: false\nobjectives:\n  - {es: Ver., en: To see.}\n"
    course = publish(instance, {**folder(modules=2), "00-inicio/module.yaml": module, "00-inicio/01-inicial.quiz.yaml": INITIAL.encode()})[
        0
    ]
    learner = a_learner(instance, course, now=NOON)
    pass_quiz(instance, learner, "prueba", "inicial", now=NOON)
    pass_quiz(instance, learner, "prueba", "cuestionario-2", now=NOON)
    retake(instance, learner, course, now=NOON + timedelta(days=1))
    pass_quiz(instance, learner, "prueba", "inicial", now=NOON + timedelta(days=2))

    found = []
    for take in takes_of(instance, learner, course):
        with instance.database.unit_of_work(write=False) as session:
            outline = get_outline(session, take.course_version_id)
            initial = outline.by_key["inicial"]
            ends, hidden = find_final_end(session, take.id, outline, "inicial"), withheld_marks(session, take.id, [initial], NOON)
            found.append((ends, hidden))

    assert found == [(NOON, frozenset()), (None, frozenset({"inicial"}))]


def test_surveys_count_the_last_answer_of_each_take(instance: Instance) -> None:
    """spec/compulsory 6.7: `surveys` partitions by enrolment."""
    course = a_quiz_asking(instance, SURVEY, "attempts: 0\nweight: 0\n", ("opinion", "tabla"))
    learner = a_learner(instance, course)
    for _attempt in range(2):
        fail_quiz(instance, learner, "prueba")
    retake(instance, learner, course)
    fail_quiz(instance, learner, "prueba")

    with instance.database.unit_of_work(write=False) as session:
        found = {takes.value: surveys.list_surveys(session, course.id, KEY, takes) for takes in CountedTakes}
        by_default = surveys.list_surveys(session, course.id, KEY)

    assert {takes: [survey.attempts for survey in rows] for takes, rows in found.items()} == {"present": [1], "first": [1], "all": [2]}
    assert by_default == found["present"]


def test_the_pages_and_files_of_statistics_are_filtered_by_take(
    browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    """spec/compulsory 6.7: the field appears once somebody takes the course again; what is computed in the background keeps it."""
    course = a_quiz_asking(instance, SURVEY, "attempts: 0\nweight: 0\n", ("opinion", "tabla"))
    a_teacher(instance, course)
    learner = a_learner(instance, course)
    fail_quiz(instance, learner, "prueba")
    page = sign_in(browser, "profe@example.org").get(STATISTICS)
    assert 'name="takes"' not in page.html
    one_counts = in_spanish("Based on %(count)s submitted and fully marked attempt.", 1)
    assert one_counts in browser.get(f"{STATISTICS}?takes=all").text
    retake(instance, learner, course)
    monkeypatch.setattr(statistics, "AT_ONCE", 0)

    pages = {}
    for query in ("", "?takes=first", "?takes=all"):
        browser.get(f"{STATISTICS}{query}")
        browser.deliver_jobs()
        pages[query] = browser.get(f"{STATISTICS}{query}")

    assert 'name="takes"' in pages[""].html
    assert in_spanish("There is nothing to count yet") in pages[""].text
    assert all(one_counts in pages[query].text for query in ("?takes=first", "?takes=all"))
    assert pages["?takes=first"].has_link(f"{STATISTICS}.csv?takes=first")
    assert pages["?takes=first"].has_link(f"{SURVEYS}?takes=first")
    files = [browser.get(f"{STATISTICS}.csv{query}") and browser.response.get_data(as_text=True) for query in pages]
    assert [len(text.splitlines()) for text in files] == [1, 2, 2]
    present, first = browser.get(SURVEYS), browser.get(f"{SURVEYS}?takes=first")
    assert (present.has_link(f"{SURVEYS}.csv"), first.has_link(f"{SURVEYS}.csv?takes=first")) == (False, True)
    rows = [browser.get(f"{SURVEYS}.csv{query}") and browser.response.get_data(as_text=True) for query in pages]
    assert [len(text.splitlines()) > 1 for text in rows] == [False, True, True]
