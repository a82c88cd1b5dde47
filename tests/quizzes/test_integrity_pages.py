"""Pages on what a quiz records beside the answers, and the record of an attempt as JSON.

spec/selection 6; spec/quiz-engine 5.4.5, 5.7, 5.9.
"""

import json
import re
from datetime import UTC, datetime, timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from sqlalchemy import func, select

from accounts.models import Person
from courses.models import PublicationNature
from lms.instance import Instance
from quizzes.content.selecting import rules_of_quiz
from quizzes.models import Accommodation, Attempt
from quizzes.rules.states import MOST_ABSENCES, IntegrityRecord, IntegrityRules, read_record
from selections import actas
from tests.support import folders
from tests.support.attempts import QUIZ, begin
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_learner_in, a_teacher, folder, publish, sign_in
from tests.support.kinds import SLOTS, bank
from tests.support.learning import HEADERS, At
from tests.support.quizzes import NUMBER, a_quiz_asking
from tests.support.selection_folders import FILE
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)
ALL = "attempts: 2\nintegrity: {times: true, focus: true, sessions: true}\n"
DECLARED = "attempts: 1\nintegrity:\n  declaration: {es: Responderé por mi cuenta., en: I will answer by myself.}\n"
USUAL = (
    "I am the person named above, I will answer by myself with the aids that the instructions allow, and I will not pass the questions on."
)
REFUSED = "Accept the declaration to begin. No attempt has been used."


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


def attempts_of(instance: Instance) -> list[Attempt]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Attempt).order_by(Attempt.id)))


def record_of(instance: Instance) -> IntegrityRecord:
    return read_record(attempts_of(instance)[-1].integrity_record)


def send(browser: Browser, path: str, notes: object, *, lease: int = 5000, events: object = ()) -> None:
    """Save as the page's script does, with its notes."""
    fields = dict(browser.page.form("/answers").fields)
    data = {"csrf_token": fields["csrf_token"], "lease": str(lease), "events": json.dumps(list(events)), "noted": json.dumps(notes)}  # type: ignore[call-overload]  # any list
    assert browser._request("POST", f"{path}/answers", data=data, headers=HEADERS).status_code == 200


def test_nothing_begins_without_the_declaration_and_no_attempt_is_used(browser: Browser, instance: Instance, at: At) -> None:
    """spec/selection 6.2: one box, not ticked; refused beside the box; accepted it is kept with its time, and shown at submission."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, DECLARED))
    start = f"{QUIZ}/start"
    assert browser.get(QUIZ).has_link(start)
    page = browser.get(start)
    assert "Responderé por mi cuenta." in page.text
    assert 'name="declared"' in page.html
    assert "checked" not in page.html.partition('name="declared"')[2][:60]

    refused = browser.submit("/attempts", status=422)
    assert in_spanish(REFUSED) in refused.text
    assert attempts_of(instance) == []
    browser.submit("/attempts", {"declared": "y"})

    assert [one.declared_at for one in attempts_of(instance)] == [NOON]
    path = browser.path.split("?")[0]
    assert "Responderé por mi cuenta." in browser.get(f"{path}/summary").text


def test_a_start_that_never_saw_the_declaration_is_led_to_it(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, DECLARED))
    browser.get(f"{QUIZ}/start")
    token = dict(browser.page.form("/attempts").fields)["csrf_token"]

    browser.post(f"{QUIZ}/attempts", {"csrf_token": token})

    assert browser.path == f"{QUIZ}/start"
    assert attempts_of(instance) == []


def test_a_preview_of_the_team_declares_nothing(browser: Browser, instance: Instance) -> None:
    a_teacher(instance, a_quiz_asking(instance, NUMBER, DECLARED))
    sign_in(browser, "profe@example.org")
    browser.get(QUIZ)

    browser.submit("/attempts")

    assert [(one.preview, one.declared_at) for one in attempts_of(instance)] == [(True, None)]


def findings(integrity_field: str, code: str) -> list[str]:
    files = folder(modules=1)
    files[FILE] += integrity_field.encode()
    return [one.message for one in folders.findings(files, code)]


@pytest.mark.parametrize(
    ("field", "code"),
    [
        ("integrity:\n  declaration: {es: Sí.}\n", "C519"),
        ("integrity:\n  declaration: {es: Sí., en: Yes.}\n  honour: false\n", "C519"),
        (f"integrity:\n  declaration: {{es: {'a' * 301}, en: Yes.}}\n", "C105"),
        ("integrity: {camera: true}\n", "C107"),
        ("integrity: {similarity: true}\n", "C107"),
        ("integrity: {times: a veces}\n", "C111"),
    ],
)
def test_a_field_that_makes_no_sense_is_refused(field: str, code: str) -> None:
    """spec/selection 6.1 and 12: there is no setting for a camera, a microphone or a screen."""
    assert findings(field, code)
    assert not findings("integrity: {times: true, focus: true, sessions: true, honour: true}\n", code)


def test_what_is_recorded_is_said_before_the_start_and_on_the_privacy_page(browser: Browser, instance: Instance) -> None:
    """spec/selection 6.1."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, ALL))

    page = browser.get(QUIZ)

    assert in_spanish("What is recorded beside your answers") in page.text
    assert in_spanish("When you leave the page, and for how long. You see it at once, and later with your attempt.") in page.text
    assert page.has_link("/privacy")
    assert "cámara" in browser.get("/privacy").text


def test_times_and_absences_come_with_a_save_in_its_own_statements(browser: Browser, instance: Instance, at: At) -> None:
    """spec/selection 6.3, 6.5 and 6.6, spec/performance P8: no statement more, and one row."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, ALL))
    path = begin(browser)
    at.pass_(seconds=90)
    event = {"item": 1, "seq": 1, "response": {"answer": ["2,4"]}}
    send(browser, path, {})  # the first one also notes that the device was seen
    counter = every_statement(instance.database)
    send(browser, path, {}, events=[event])
    plain = len(counter.statements)
    counter.reset()
    send(browser, path, {"times": {"1": 40}, "away": [[1, 5, 12]]}, events=[{**event, "seq": 2}])
    noting, commits = len(counter.statements), counter.commits

    record = record_of(instance)

    assert (noting, commits) == (plain, 1)
    assert (record.times(), record.absent, record.absent_seconds, record.absences[0].at) == ({1: 40}, 1, 12, 73)
    assert len(record.sessions) == 1


def test_ten_thousand_absences_in_a_minute_are_counted_in_one_row(browser: Browser, instance: Instance, at: At) -> None:
    """spec/selection 12."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, ALL))
    path = begin(browser)
    at.pass_(seconds=60)

    for last in (4_000, 8_000, 10_000):
        send(browser, path, {"away": [[number, 0, 1] for number in range(1, last + 1)]})

    record = record_of(instance)
    assert record.absent == 10_000
    assert len(record.absences) <= MOST_ABSENCES
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 1


@pytest.mark.parametrize("noted", ["", "{", "[]", '{"times": 3, "away": "x"}', "[" * 3_000, '{"away": [["a", null, {}]]}', "9" * 200_000])
def test_notes_that_make_no_sense_never_stop_a_save(browser: Browser, instance: Instance, at: At, noted: str) -> None:
    """spec/selection 12: answers are kept whatever stands beside them."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, ALL))
    path = begin(browser)
    fields = dict(browser.page.form("/answers").fields)
    event = [{"item": 1, "seq": 1, "response": {"answer": ["2,4"]}}]
    data = {"csrf_token": fields["csrf_token"], "lease": "5000", "events": json.dumps(event), "noted": noted}

    response = browser._request("POST", f"{path}/answers", data=data, headers=HEADERS)

    assert response.get_json()["acknowledged"] == {"1": 1}
    assert (record_of(instance).times(), record_of(instance).absent) == ({}, 0)


def test_an_attempt_is_submitted_without_the_number_of_a_page(browser: Browser, instance: Instance, at: At) -> None:
    """spec/selection 12: what does not say from which page it comes leaves no note, and is taken all the same."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, ALL))
    path = begin(browser)
    token = dict(browser.page.form("/answers").fields)["csrf_token"]

    browser.post(f"{path}/submission", {"csrf_token": token})

    assert [(one.state, one.integrity_record) for one in attempts_of(instance)] == [("finished", "")]


def test_the_page_of_a_person_with_an_accommodation_notes_no_absence(browser: Browser, instance: Instance, at: At) -> None:
    """spec/selection 6.5: neither the page counts them, nor the server takes them."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, ALL))
    with instance.database.unit_of_work() as session:
        person = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
        own = {"factor": 2, "extra_attempts": 0, "break_seconds": 0, "reason": "Informe"}
        session.add(Accommodation(person_id=person.id, created_at=NOON, created_by=person.id, **own))
    path = begin(browser)
    assert "data-times" in browser.get(path).html
    assert "data-focus" not in browser.page.html

    at.pass_(seconds=60)
    send(browser, path, {"times": {"1": 4}, "away": [[1, 5, 12]]})

    assert (record_of(instance).absent, record_of(instance).times()) == (0, {1: 4})
    assert in_spanish("Not recorded for you: when you leave the page.") in browser.get(QUIZ).text


def test_the_learner_sees_the_own_notes_and_the_team_does_not(browser: Browser, instance: Instance, at: At) -> None:
    """spec/selection 6.5 and 6.11."""
    course = a_quiz_asking(instance, NUMBER, ALL)
    a_learner_in(browser, course)
    path = begin(browser)
    at.pass_(seconds=90)
    send(browser, path, {"times": {"1": 75}, "away": [[1, 5, 12]]})
    browser.get(f"{path}/summary")
    browser.submit("/submission")

    title = in_spanish("What was recorded beside your answers")
    page = browser.get(f"{path}/review")
    assert title in page.text
    assert all(words in page.text for words in ("1 min 15 s", "12 s"))
    a_teacher(instance, course)
    team = sign_in(browser.another(), "profe@example.org")
    assert title not in team.get(f"{path}/review").text
    assert title not in team.get(f"{path}/paper").text


def test_without_a_script_times_are_not_known(browser: Browser, instance: Instance, at: At) -> None:
    """spec/selection 6.3: which never counts against anybody."""
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, ALL))
    path = begin(browser)
    browser.submit("/answers", {"p1": "2,4"})
    browser.get(f"{path}/summary")
    browser.submit("/submission")

    assert in_spanish("not known") in browser.get(f"{path}/review").text


def test_a_quiz_that_records_nothing_keeps_nothing(browser: Browser, instance: Instance, at: At) -> None:
    a_learner_in(browser, a_quiz_asking(instance, NUMBER))
    assert in_spanish("What is recorded beside your answers") not in browser.get(QUIZ).text
    path = begin(browser)
    assert "data-times" not in browser.page.html
    send(browser, path, {"times": {"1": 4}, "away": [[1, 0, 3]]})

    assert [one.integrity_record for one in attempts_of(instance)] == [""]


def a_kept_record(browser: Browser, instance: Instance, at: At) -> None:
    a_learner_in(browser, a_quiz_asking(instance, NUMBER, ALL))
    path = begin(browser)
    at.pass_(seconds=60)
    send(browser, path, {"times": {"1": 4}})
    browser.get(f"{path}/summary")
    browser.submit("/submission")


@pytest.mark.parametrize(("days", "kept"), [(179, True), (181, False)])
def test_records_go_after_their_time(browser: Browser, instance: Instance, at: At, days: int, kept: bool) -> None:
    """spec/selection 6.12; answers and marks stay."""
    a_kept_record(browser, instance, at)

    with instance.database.unit_of_work() as session:
        gone = actas.forget_before(session, at.moment + timedelta(days=days - 180))

    assert gone == (0 if kept else 1)
    assert [bool(one.integrity_record) for one in attempts_of(instance)] == [kept]
    assert attempts_of(instance)[0].percent is not None


def test_the_copy_of_the_own_data_has_the_notes(browser: Browser, instance: Instance, at: At) -> None:
    """spec/selection 6.12."""
    a_kept_record(browser, instance, at)
    browser.get("/profile/data")

    browser._request("POST", "/profile/data/copy", data={"csrf_token": dict(browser.page.form("/copy").fields)["csrf_token"]})

    archive = ZipFile(BytesIO(browser.response.get_data()))
    [row] = json.loads(archive.read(next(name for name in archive.namelist() if name.endswith("data.json"))))["attempts"]
    assert '{"1":4}' in row["recorded_beside_the_answers"]


def test_a_selecting_quiz_asks_for_the_usual_declaration() -> None:
    """spec/selection 6.1: unless it says otherwise."""
    course = folders.course(folder(modules=1))
    usual = rules_of_quiz(None, course, selecting=True)

    assert usual.honour
    assert usual.declaration["es"] == in_spanish(USUAL)
    assert usual.declaration["en"] == USUAL
    assert rules_of_quiz(None, course, selecting=False) == IntegrityRules()
    assert rules_of_quiz(IntegrityRules(times=True), course, selecting=True) == IntegrityRules(times=True)


SETTINGS = "attempts: 0\nweight: 0\n"


def taken(browser: Browser, instance: Instance, review: str, answers: dict[str, object], slots: tuple[str, ...]) -> str:
    """Take a quiz and hand it in; return the attempt's path."""
    a_learner_in(browser, a_quiz_asking(instance, bank(), f"{SETTINGS}{review}", slots))
    path = begin(browser)
    browser.submit("/answers", answers, button=("go", "save"))
    browser.submit("/answers", answers | {"p1": "1"}, button=("go", "review"))
    browser.submit("/submission")
    return path


def test_a_record_holds_answers_as_stored_and_in_words_times_state_and_marks(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.9: everything that its learner gave, without anything of the key."""
    path = taken(browser, instance, "", {"p1": "2", "p2": "algo"}, ("single", "short", "essay"))
    record = browser._request("GET", f"{path}/record.json").get_json()
    first, second, third = record["questions"]

    assert (first["response"], first["answer"], first["times_saved"]) == ({"answer": ["1"]}, ["Alfa"], 2)
    assert (second["response"], second["answer"]) == ({"answer": ["algo"]}, ["algo"])
    assert (third["response"], third["answer"], third["saved_at"]) == (None, [], None)
    assert (first["share"], first["mark_state"], first["points"]) == ("1.0000000", "right", "1.0000000")
    assert (third["share"], third["mark_state"]) == ("0.0000000", "not_answered")
    assert (record["state"], record["language"], record["raw"], record["passed"]) == ("finished", "es", "1.0000000", False)
    assert record["started_at"] <= first["saved_at"] <= record["submitted_at"]


def test_a_record_without_marks_says_what_was_answered_alone(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.9: marks once they may be seen; a text that waits has none yet, and its record can be taken along."""
    path = taken(browser, instance, "review: {after: [attempt]}\n", {"p1": "2"}, ("single", "essay"))
    page = browser.get(f"{path}/review")
    record = browser._request("GET", f"{path}/record.json").get_json()

    assert any(href.endswith("/record.json") for href, _words in page.links)
    assert record["questions"][0]["answer"] == ["Alfa"]
    assert {"share", "mark_state", "points"} & set(record["questions"][0]) == set()
    assert {"raw", "percent", "passed", "maximum"} & set(record) == set()


@pytest.mark.parametrize(
    ("slot", "answers", "said"),
    [
        ("units", {"p1": "12 km"}, ""),
        ("units", {"p1": "1.234 km"}, "Se entiende como 1234."),
        ("numerical", {"p1": "mucho"}, "Esto no es un número"),
        ("gaps", {"p1-2": "1.234"}, "Hueco 2: Se entiende como 1234."),
        ("ordering", {"p1-1": "1", "p1-2": "1"}, "Dé a cada elemento una posición propia."),
        ("ordering", {"p1-1": "1", "p1-2": "2", "p1-3": "3", "p1-4": "4"}, ""),
    ],
)
def test_what_is_understood_is_told_beside_the_question_and_in_the_summary(
    browser: Browser, instance: Instance, slot: str, answers: dict[str, object], said: str
) -> None:
    """spec/quiz-engine 5.7 and 5.4.5: a unit beside the number is no error; an ambiguous number is shown back, also in a gap."""
    a_learner_in(browser, a_quiz_asking(instance, bank(), SETTINGS, (slot,)))
    path = begin(browser)
    browser.submit("/answers", answers, button=("go", "review"))
    summary, page = browser.page.text, browser.get(path).text

    notes = ("Se entiende como", "Esto no es un número", "una posición propia")
    assert (said in summary, said in page) == (True, True)
    assert any(note in page for note in notes) is bool(said)
    assert slot in SLOTS


@pytest.mark.parametrize("positions", [{"p1-1": "1", "p1-2": "1"}, {"p1-2": "3"}, {"p1-1": "2", "p1-2": "3", "p1-3": "2", "p1-4": "1"}])
def test_an_order_that_cannot_be_read_is_recorded_with_the_positions_that_were_given(
    browser: Browser, instance: Instance, positions: dict[str, object]
) -> None:
    """spec/quiz-engine 5.9: the review and the record say what was given, not what it would be when counted through."""
    a_learner_in(browser, a_quiz_asking(instance, bank(), f"{SETTINGS}review: practice\n", ("ordering",)))
    path = begin(browser)
    browser.submit("/answers", positions, button=("go", "review"))
    browser.submit("/submission")
    question = browser._request("GET", f"{path}/record.json").get_json()["questions"][0]
    labels = re.findall(r'class="muted">(\d+):</span>', browser.get(f"{path}/review").html)

    assert [line.split(":")[0] for line in question["answer"]] == sorted(map(str, positions.values()))
    assert question["share"] == "0.0000000"
    assert labels[: len(positions)] == sorted(map(str, positions.values()))


MEASURED = """questions:
  - key: largo
    kind: gaps
    text: El canal mide {tramo}.
    gaps:
      tramo:
        kind: numerical
        answers:
          - right: 2
        units: {km: 1, m: 0.001}
"""


@pytest.mark.parametrize(("answer", "percent"), [({"p1-1": "2000", "p1-1-unit": "m"}, 100), ({"p1-1": "2", "p1-1-unit": "m"}, 0)])
def test_a_gap_has_a_list_for_its_unit(browser: Browser, instance: Instance, answer: dict[str, object], percent: int) -> None:
    """spec/quiz-engine 5.7, gaps graded each by its own rule: the unit is chosen beside the gap, kept, shown again and in the review."""
    a_learner_in(browser, a_quiz_asking(instance, MEASURED, SETTINGS, ("largo",)))
    path = begin(browser)
    browser.submit("/answers", answer, button=("go", "save"))
    kept = dict(browser.get(path).form("/answers").fields)
    browser.get(f"{path}/summary")

    browser.submit("/submission")

    assert kept["p1-1-unit"] == "m"
    assert f"{answer['p1-1']} m" in browser.page.text
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Attempt)).one().percent == percent


def test_where_a_number_is_the_answer_a_phone_shows_a_keyboard_with_a_minus_sign(browser: Browser, instance: Instance) -> None:
    """Keypads of decimals have no minus on some phones; a keypad only where the answer is positive would give its sign away."""
    a_learner_in(browser, a_quiz_asking(instance, MEASURED + bank().partition("questions:\n")[2], SETTINGS, ("largo", "numerical")))
    begin(browser)
    boxes = [tag for tag in re.findall(r"<input type=\"text\"[^>]*>", browser.page.html) if 'name="p' in tag]

    assert len(boxes) == 2
    assert not any("inputmode" in tag for tag in boxes)


SECTIONS = (
    "  - question: single\n  - section: {es: Cifras & más, en: Figures}\n  - question: numerical\n    mark: 2.5\n  - question: short\n"
)


def in_sections(browser: Browser, instance: Instance, settings: str, slots: str) -> str:
    """Take a quiz with these slots and its first question right; return the text of the review."""
    files = folder("prueba", modules=1, settings=f"{SETTINGS}{settings}")
    quiz = files["01-parte/03-cuestionario.quiz.yaml"].decode()
    files |= {"01-parte/banco.yaml": bank().encode(), "01-parte/03-cuestionario.quiz.yaml": quiz.replace("  - draw: 7\n", slots).encode()}
    a_learner_in(browser, publish(instance, files, nature=PublicationNature.CORRECTION)[0])
    path = begin(browser)
    browser.submit("/answers", {"p1": "1"}, button=("go", "review"))
    browser.submit("/submission")
    return " ".join(browser.get(f"{path}/review").text.split())


def test_points_are_also_told_by_section(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.8, section subtotals: each titled section and what stands before the first."""
    text = in_sections(browser, instance, "", SECTIONS)

    assert re.search(
        r"Sección ?Puntos ?Antes de la primera sección ?1 de 1 ?Cifras & más ?0 de 3,50 ?Sus respuestas", " ".join(text.split())
    )


@pytest.mark.parametrize(
    ("review", "slots"),
    [
        ("review: {after: [attempt, correctness]}\n", SECTIONS),
        ("", SECTIONS.replace("  - question: single\n", "")),
        ("", "  - question: single\n"),
    ],
)
def test_points_by_section_need_two_sections_and_marks_that_may_be_seen(
    browser: Browser, instance: Instance, review: str, slots: str
) -> None:
    assert in_spanish("Points by section") not in in_sections(browser, instance, review, slots)
