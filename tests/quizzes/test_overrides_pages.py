"""The pages of time: overrides, incidents, accommodations, and what learners see of them (spec/quiz-engine 5.2.2, 5.10, 5.14.2)."""

import re
from datetime import UTC, datetime
from uuid import uuid4

import pytest
from sqlalchemy import func, select, update

from accounts.models import Person
from kernel.i18n import local
from lms.instance import Instance
from quizzes.models import Accommodation, Attempt, Incident
from quizzes.overrides import WouldEndAttempts
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in, a_person, a_teacher, an_administrator, sign_in
from tests.support.learning import At, a_learner, attempt_row, start
from tests.support.overrides import LIMITED, TIME, Office, close_at, in_force
from tests.support.quizzes import ONE_QUESTION, a_quiz, counted
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


QUIZ = "/courses/prueba/quizzes/cuestionario-1"


INCIDENTS = f"{QUIZ}/incidents"


PEOPLE = "/administration/accommodations"


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock that stands at noon."""
    return At(monkeypatch, NOON)


def an_editor(browser: Browser, instance: Instance) -> Browser:
    """Publish a limited quiz and sign in somebody who edits its course."""
    a_teacher(instance, a_quiz(instance, LIMITED, questions=ONE_QUESTION))
    return sign_in(browser, "profe@example.org")


def renamed(instance: Instance, email: str, given: str, surname: str) -> None:
    """Give somebody another name."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Person).where(Person.email == email).values(given_names=given, first_surname=surname))


def test_every_cell_of_overrides_incidents_groups_and_accommodations(browser: Browser, instance: Instance) -> None:
    """spec/security 9, spec/quiz-engine 5.10.3: who edits the course sets time; profiles are the administrators'; GET and POST alike."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1, settings=LIMITED)
    cast.join(course)
    office = Office(instance, course)
    learner = a_learner(instance, course, "otra@example.org", now=NOON)
    row = office.override(learner, limit_seconds=900)
    incident = office.give(5, now=NOON)
    group = office.group(learner)
    wrong = []

    for path in (TIME, f"{TIME}/new", f"{TIME}/new?person={learner.person_uuid}", f"{TIME}/{row.uuid}"):
        wrong += cast.check("override.manage", "own_course", cast.outcomes(path))
    wrong += cast.check("override.manage", "own_course", cast.outcomes(f"{TIME}/{row.uuid}/end", "POST"))
    wrong += cast.check("override.manage", "own_course", cast.outcomes(f"{TIME}/{row.uuid}/restoration", "POST"))
    wrong += cast.check("incident.manage", "own_course", cast.outcomes(INCIDENTS))
    wrong += cast.check("incident.manage", "own_course", cast.outcomes(f"{INCIDENTS}/{incident.uuid}/undo", "POST"))
    groups = "/courses/prueba/groups"
    for path in (groups, f"{groups}/{group.uuid}"):
        wrong += cast.check("group.manage", "own_course", cast.outcomes(path))
    member = {"person": str(learner.person_uuid)}
    office.override(group, attempts=3)  # what keeps it from being deleted
    for part in ("members", "members/removal"):
        wrong += cast.check("group.change_members", "own_course", cast.outcomes(f"{groups}/{group.uuid}/{part}", "POST", member))
    wrong += cast.check("group.manage", "own_course", cast.outcomes(f"{groups}/{group.uuid}/removal", "POST", member))
    person = f"{PEOPLE}/{cast.people['E'].uuid}"
    for path in (PEOPLE, person):
        wrong += cast.check("accommodation.manage", "of_a_person", cast.outcomes(path))
    profile = {"factor": "1.5", "reason": "Informe"}
    wrong += cast.check("accommodation.manage", "of_a_person", cast.outcomes(person, "POST", profile))
    wrong += cast.check("accommodation.manage", "of_a_person", cast.outcomes(f"{person}/end", "POST"))

    assert wrong == []
    assert counted(instance, Accommodation) == 1


def test_a_learner_is_found_and_gets_more_time(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.10.2: found without accents and by part of the address; set, listed with author and reason, changed, ended,
    put back.
    """
    an_editor(browser, instance)
    learner = a_learner(instance, a_quiz(instance, LIMITED, questions=ONE_QUESTION), now=NOON)
    renamed(instance, "ana@example.org", "Íñigo", "Ñáñez")

    browser.get(f"{TIME}?q=inigo%20NANEZ")
    browser.get(f"{TIME}/new?person={learner.person_uuid}")
    browser.submit("/new", {"minutes": "25", "attempts": "0", "closes": "2026-06-03T18:30", "reason": "Falla del equipo"})

    row = in_force(instance)[0]
    assert (row.scope, row.person_id, row.limit_seconds, row.attempts, row.sets_opens) == ("person", learner.person_id, 1500, 0, False)
    assert row.closes_at == datetime(2026, 6, 3, 23, 30, tzinfo=UTC)
    for words in ("Íñigo Ñáñez", "25 minutos", "Intentos sin límite", "Falla del equipo", "Pilar Maestra"):
        assert words in browser.page.text, words

    browser.get(f"{TIME}/{row.uuid}")
    assert dict(browser.page.form(str(row.uuid)).fields)["closes"] == "2026-06-03T18:30"
    browser.submit(str(row.uuid), {"minutes": "40", "attempts": "", "closes": "", "no_closes": "y"})
    changed = in_force(instance)[0]
    assert (changed.limit_seconds, changed.attempts, changed.sets_closes, changed.closes_at) == (2400, None, True, None)

    browser.submit(f"{changed.uuid}/end")
    assert in_force(instance) == []
    browser.submit(f"{row.uuid}/restoration")
    assert [(one.limit_seconds, one.attempts) for one in in_force(instance)] == [(1500, 0)]


def test_a_limit_that_would_end_open_attempts_at_once_waits_for_a_tick(browser: Browser, instance: Instance, at: At) -> None:
    """What nothing takes back is confirmed: who has time left keeps it until then; what is over by the quiz's own limit needs no tick."""
    an_editor(browser, instance)
    learner = a_learner(instance, a_quiz(instance, LIMITED, questions=ONE_QUESTION), now=NOON)
    attempt = start(instance, learner, "prueba", now=NOON)
    at.pass_(minutes=8)

    browser.get(f"{TIME}/new?person={learner.person_uuid}")
    assert "ends_attempts" not in browser.page.form("/new").fields
    browser.submit("/new", {"minutes": "5", "reason": "Falla del equipo"}, status=409)
    refused = browser.page.text
    state = attempt_row(instance, attempt).state, in_force(instance)
    browser.submit("/new", {"ends_attempts": "y"})

    assert in_spanish(WouldEndAttempts.message) % {"count": 1} in refused
    assert state == ("in_progress", [])
    assert [row.limit_seconds for row in in_force(instance)] == [300]
    browser.deliver_jobs()
    close_at(instance, at.moment)
    browser.submit(f"{in_force(instance)[0].uuid}/end")
    assert (in_force(instance), attempt_row(instance, attempt).state) == ([], "finished"), "as the refusal says"


def test_what_is_over_by_the_quizs_own_limit_needs_no_tick(browser: Browser, instance: Instance, at: At) -> None:
    """Only attempts that lose time which they have are counted."""
    an_editor(browser, instance)
    learner = a_learner(instance, a_quiz(instance, LIMITED, questions=ONE_QUESTION), now=NOON)
    start(instance, learner, "prueba", now=NOON)
    at.pass_(minutes=12)

    browser.get(f"{TIME}/new?person={learner.person_uuid}")
    browser.submit("/new", {"minutes": "5", "reason": "Falla del equipo"})

    assert [row.limit_seconds for row in in_force(instance)] == [300]


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"minutes": "diez", "reason": "x"}, "Escriba un número entero de 0 a 10 080."),
        ({"minutes": "-1", "reason": "x"}, "Escriba un número entero de 0 a 10 080."),
        ({"attempts": "5000", "reason": "x"}, "Escriba un número entero de 0 a 1000."),
        ({"closes": "mañana", "reason": "x"}, "Escriba la fecha y la hora"),
        ({"opens": "2026-06-03T18:30", "closes": "2026-06-03 18:00", "reason": "x"}, "El cierre debe ser posterior a la apertura."),
        ({"networks": "10.0.0.0/8\nedificio", "reason": "x"}, "«edificio» no es una red."),
        ({"minutes": "20", "reason": ""}, "Indique el motivo"),
        ({"minutes": "20", "reason": "x" * 501}, "500"),
        ({"reason": "x"}, "No hay ningún cambio."),
    ],
)
def test_what_cannot_be_understood_is_told_beside_its_field_and_changes_nothing(
    browser: Browser, instance: Instance, given: dict[str, str], words: str
) -> None:
    """Bad input: a message, what was typed stays, nothing is set."""
    an_editor(browser, instance)
    browser.get(f"{TIME}/new")

    browser.submit("/new", given, status=422)

    assert words in browser.page.text.replace("\u00a0", " ")
    kept = dict(browser.page.form("/new").fields)
    assert all(kept[name] == value for name, value in given.items() if "\n" not in value)
    assert in_force(instance) == []


def test_whom_one_cannot_name_does_not_exist(browser: Browser, instance: Instance) -> None:
    """A person who is not in the course, a group of another course, an override of another quiz."""
    an_editor(browser, instance)
    stranger = a_person(instance, "fuera@example.org")
    other = a_course(instance, "otro", modules=1)
    office = Office.__new__(Office)
    office.instance, office.course, office.key = instance, other, "cuestionario-1"
    office.editor = a_learner(instance, other, "editora@example.org")
    group, row = office.group(), office.override(limit_seconds=60)

    for query in (f"person={stranger.uuid}", f"group={group.uuid}", "person=x", "group=x", f"person={uuid4()}"):
        browser.get(f"{TIME}/new?{query}", status=404)
    browser.get(f"{TIME}/{row.uuid}", status=404)
    browser.post(f"{TIME}/{row.uuid}/end", status=404)

    assert [one.uuid for one in in_force(instance)] == [row.uuid]


def test_setting_it_twice_changes_what_is_there_and_says_so_to_whoever_was_late(browser: Browser, instance: Instance) -> None:
    """spec/quiz-engine 5.10.2: the form for somebody who has one leads to it; two editors at once do not write over each other."""
    an_editor(browser, instance)
    browser.get(f"{TIME}/new")
    early = browser.page.form("/new")
    browser.submit("/new", {"minutes": "20", "reason": "Primero"})

    browser.submit("/new", {"minutes": "30", "reason": "Segundo"}, form=early, status=409)
    told = browser.page.text
    browser.get(f"{TIME}/new")

    assert in_spanish("Someone changed this in the meantime. Check what is in force now.") in told
    assert str(in_force(instance)[0].uuid) in browser.path
    assert [row.limit_seconds for row in in_force(instance)] == [1200]


def test_the_timer_of_the_page_follows_an_override(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.14.2: the page says the close date first; after the override, the later end;
    the script's timer gets the same seconds.
    """
    course = a_quiz(instance, "attempts: 0\nlimit: 10 min\ncloses: 2026-06-01 07:06\n", questions=ONE_QUESTION)
    office = Office(instance, course)
    a_learner_in(browser, course)
    browser.get(f"{QUIZ}/start")
    browser.submit("/attempts")
    path = browser.path
    before = seconds_on(browser)

    office.override(limit_seconds=480, sets_closes=True, closes_at=None, now=NOON)
    at.pass_(minutes=1)
    browser.get(path)

    assert (before, seconds_on(browser)) == (6 * 60, 7 * 60)
    ends = local(datetime(2026, 6, 1, 12, 8, tzinfo=UTC))
    assert f"hasta las {ends:%H:%M}" in browser.page.text


def seconds_on(browser: Browser) -> int:
    """Return the seconds that the page gives its timer."""
    found = re.search(r'data-seconds-left="(\d+)"', browser.page.html)
    assert found
    return int(found[1])


def test_a_limited_quiz_asks_before_its_time_begins(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.2.2: a confirmation page; without the yes nothing starts, whatever form is sent; cancelling starts nothing."""
    a_learner_in(browser, a_quiz(instance, LIMITED, questions=ONE_QUESTION))
    browser.get(QUIZ)
    assert browser.page.has_link(f"{QUIZ}/start")

    browser.post(f"{QUIZ}/attempts")
    asked, started = browser.page.headings, counted(instance, Attempt)
    browser.submit("/attempts")

    assert asked == [in_spanish("Do you want to begin now?")]
    assert started == 0
    assert counted(instance, Attempt) == 1
    assert re.fullmatch(r"/attempts/[0-9a-f-]{36}", browser.path)


@pytest.mark.slow
def test_the_introduction_says_what_holds_for_the_reader(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.10: time, attempts and dates are those of the learner."""
    course = a_quiz(instance, LIMITED, questions=ONE_QUESTION)
    office = Office(instance, course)
    a_learner_in(browser, course)
    office.override(limit_seconds=45 * 60, attempts=4, sets_closes=True, closes_at=datetime(2026, 6, 9, 15, tzinfo=UTC))

    browser.get(QUIZ)

    assert "45 min" in browser.page.text
    assert re.search(r"4 · quedan? 4", browser.page.text)
    assert "9 de junio de 2026, 10:00" in browser.page.text


def test_a_password_is_asked_for_and_a_wrong_one_starts_nothing(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.2.2: beside its field, what was typed stays; the right one starts. The page never holds it."""
    course = a_quiz(instance, "attempts: 0\n", questions=ONE_QUESTION)
    Office(instance, course).override(password="Ceibo 1")
    a_learner_in(browser, course)
    browser.get(QUIZ)
    browser.get(f"{QUIZ}/start")
    assert "Ceibo" not in browser.page.html

    browser.submit("/attempts", {"quiz_password": "ceibo"}, status=422)
    told, kept = browser.page.text, dict(browser.page.form("/attempts").fields)["quiz_password"]
    assert (counted(instance, Attempt), kept) == (0, "ceibo")
    assert in_spanish("That password is incorrect. Ask the course team for it.") in told
    browser.submit("/attempts", {"quiz_password": " Ceibo  1 "})

    assert counted(instance, Attempt) == 1


def test_guessing_a_password_has_its_limit(browser: Browser, instance: Instance, at: At) -> None:
    """spec/security 2: twenty tries in ten minutes, counted by person and quiz."""
    course = a_quiz(instance, "attempts: 0\n", questions=ONE_QUESTION)
    Office(instance, course).override(password="Ceibo 1")
    a_learner_in(browser, course)
    browser.get(f"{QUIZ}/start")
    for number in range(20):
        browser.submit("/attempts", {"quiz_password": f"intento {number}"}, status=422)

    browser.submit("/attempts", {"quiz_password": "Ceibo 1"}, status=429)

    assert counted(instance, Attempt) == 0


def test_a_network_is_told_as_the_reason_and_the_right_one_starts(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.2.2: by the address that the server sees."""
    course = a_quiz(instance, "attempts: 0\n", questions=ONE_QUESTION)
    Office(instance, course).override(networks="10.20.0.0/16")
    a_learner_in(browser, course)

    browser.get(QUIZ)
    told = browser.page.text
    browser.address = "10.20.3.4"
    browser.get(QUIZ)
    browser.submit("/attempts")

    assert in_spanish("It can only be taken from certain networks.") in told
    assert counted(instance, Attempt) == 1


def test_an_incident_is_given_and_taken_back_on_its_page(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.10.4: who is open is shown; a second click on the same form gives nothing more; undone on the same page."""
    course = a_quiz(instance, LIMITED, questions=ONE_QUESTION)
    a_teacher(instance, course)
    start(instance, a_learner(instance, course, now=NOON), "prueba", now=NOON)
    sign_in(browser, "profe@example.org")
    browser.get(INCIDENTS)
    form = browser.page.form("/incidents")
    assert in_spanish("%(count)s attempt is open now", 1) in browser.page.text

    for _click in range(2):
        browser.checks = False  # the second click writes nothing, so it leaves no entry
        browser.submit("/incidents", {"minutes": "10", "reason": "Corte de luz"}, form=form)
    browser.checks = True
    given = counted(instance, Incident)
    with instance.database.unit_of_work(write=False) as session:
        extra = session.scalar(select(func.max(Attempt.extra_seconds)))
    assert in_spanish("with %(count)s extra minute", 10) in browser.page.text
    browser.submit("/undo")

    assert (given, extra) == (1, 600)
    assert "Retirado el" in browser.page.text
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.max(Attempt.extra_seconds))) == 0


def test_time_is_not_given_where_nothing_ends(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.10.4: no learner is notified of extra time in a quiz without limit and closing date."""
    course = a_quiz(instance, "", questions=ONE_QUESTION)
    a_teacher(instance, course)
    start(instance, a_learner(instance, course, now=NOON), "prueba", now=NOON)
    sign_in(browser, "profe@example.org")
    browser.get(INCIDENTS)

    browser.submit("/incidents", {"minutes": "10", "reason": "Corte de luz"}, status=409)

    assert in_spanish("The open attempts have no time limit and no closing date: there is no end to move.") in browser.page.text
    assert counted(instance, Incident) == 0


def test_time_is_not_given_where_nobody_is_answering(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.10.4: the page says so instead of noting an incident that reached nobody."""
    an_editor(browser, instance)
    browser.get(INCIDENTS)

    browser.submit("/incidents", {"minutes": "10", "reason": "Corte"}, status=422)

    assert in_spanish("No open attempts") in browser.page.text
    assert counted(instance, Incident) == 0


def test_pages_of_a_quiz_with_grace_follow_the_clock(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.3.3: before E one answers, after E + G one may only hand in, after the grace the attempt is abandoned,
    on the pages too.
    """
    a_learner_in(browser, a_quiz(instance, "attempts: 0\nlimit: 10 min\nat_end: grace\ngrace: 5 min\n", questions=ONE_QUESTION))
    browser.get(f"{QUIZ}/start")
    browser.submit("/attempts")
    path = browser.path
    at.pass_(minutes=12)
    browser.get(path)
    summary = (browser.path, "Seguir respondiendo" in browser.page.text, "todavía puede enviar" in browser.page.text)
    at.pass_(minutes=5)
    browser.submit("/submission")
    browser.get(QUIZ)

    assert summary == (f"{path}/summary", False, True)
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(Attempt)).one()
    assert (row.state, row.percent, row.finished_at) == ("abandoned", None, NOON.replace(minute=15))
    assert in_spanish("Not submitted") in browser.page.text


def test_handing_in_within_the_grace_counts_what_was_saved(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.3.3: E + grace; and spec/quiz-engine 5.3.4: the network's minute is added to it."""
    a_learner_in(browser, a_quiz(instance, "attempts: 0\nlimit: 10 min\nat_end: grace\ngrace: 5 min\n", questions=ONE_QUESTION))
    browser.get(f"{QUIZ}/start")
    browser.submit("/attempts")
    path = browser.path
    at.pass_(minutes=15, seconds=30)
    browser.get(f"{path}/summary")
    browser.submit("/submission")

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Attempt.state)).one() == "finished"


@pytest.mark.parametrize(("at_end", "said"), [("submit", True), ("grace\ngrace: 5 min", False), ("abandon", False)])
def test_what_the_end_of_the_time_brings_is_said_before_and_while_one_answers(
    browser: Browser, instance: Instance, at: At, at_end: str, said: bool
) -> None:
    """spec/quiz-engine 5.3.3: that what was saved is handed in is said where it is so."""
    handed_in = re.compile("se califica lo guardado|Se está enviando lo guardado|se enviará lo que tenga guardado")
    a_learner_in(browser, a_quiz(instance, f"attempts: 0\nlimit: 10 min\nat_end: {at_end}\n", questions=ONE_QUESTION))
    pages = [browser.get(QUIZ).html, browser.get(f"{QUIZ}/start").html]
    pages.append(browser.submit("/attempts").html)
    path = browser.path
    at.pass_(minutes=12)
    summary = browser.get(f"{path}/summary").text

    assert [bool(handed_in.search(html)) for html in pages] == [said] * 3
    assert ("todavía puede enviar" in summary) == (at_end != "abandon")


def test_an_attempt_that_is_abandoned_at_its_end_takes_nothing_more(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.3.3: abandon: handing in late does not save it."""
    a_learner_in(browser, a_quiz(instance, "attempts: 0\nlimit: 10 min\nat_end: abandon\n", questions=ONE_QUESTION))
    browser.get(f"{QUIZ}/start")
    browser.submit("/attempts")
    at.pass_(minutes=12)
    browser.get(f"{browser.path}/summary")
    browser.submit("/submission")

    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(Attempt)).one()
    assert (row.state, row.percent, row.finished_at) == ("abandoned", None, NOON.replace(minute=10))


@pytest.mark.parametrize(
    ("given", "status"),
    [({"minutes": "0"}, 422), ({"minutes": "601"}, 422), ({"minutes": ""}, 422), ({"reason": ""}, 422), ({"token": "x"}, 422)],
)
def test_an_incident_without_minutes_reason_or_token_gives_nothing(
    browser: Browser, instance: Instance, at: At, given: dict[str, str], status: int
) -> None:
    """Bad input changes nothing."""
    an_editor(browser, instance)
    browser.get(INCIDENTS)

    browser.submit("/incidents", {"minutes": "10", "reason": "Corte", **given}, status=status)

    assert counted(instance, Incident) == 0


def test_an_administrator_gives_a_person_more_time_in_every_quiz(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.10.3: found, set, changed, ended, put back; only in force once."""
    an_administrator(instance)
    person = a_person(instance, "ana@example.org")
    sign_in(browser, "admin@example.org")
    browser.get("/administration")
    assert browser.page.has_link(PEOPLE)

    browser.get(f"{PEOPLE}?q=QUINDE")
    assert browser.page.has_link(f"{PEOPLE}/{person.uuid}")
    browser.get(f"{PEOPLE}/{person.uuid}")
    browser.submit(str(person.uuid), {"factor": "1,5", "breaks": "10", "extra_attempts": "1", "reason": "Informe 12"})
    assert "tiempo × 1,5, 10 minutos de pausas, 1 intento más" in browser.page.text
    browser.submit(str(person.uuid), {"factor": "2", "breaks": "", "extra_attempts": "", "reason": "Informe 13"})
    browser.submit("/end")
    with instance.database.unit_of_work(write=False) as session:
        none = session.scalar(select(func.count()).select_from(Accommodation).where(Accommodation.ended_at.is_(None)))
    browser.submit("/restoration")

    assert none == 0
    with instance.database.unit_of_work(write=False) as session:
        held = session.scalars(select(Accommodation).where(Accommodation.ended_at.is_(None))).one()
    assert (held.factor, held.break_seconds, held.reason) == (2, 0, "Informe 13")
    browser.get(PEOPLE)
    assert "tiempo × 2" in browser.page.text


@pytest.mark.parametrize("factor", ["0.5", "0", "-2", "10", "1.555", "doble", ""])
def test_a_factor_below_one_or_without_sense_is_refused(browser: Browser, instance: Instance, factor: str) -> None:
    """spec/quiz-engine 5.10.3: ≥ 1."""
    an_administrator(instance)
    person = a_person(instance, "ana@example.org")
    sign_in(browser, "admin@example.org")
    browser.get(f"{PEOPLE}/{person.uuid}")

    browser.submit(str(person.uuid), {"factor": factor, "reason": "Informe"}, status=422)

    assert counted(instance, Accommodation) == 0


def test_no_page_of_a_course_says_that_somebody_has_a_profile(browser: Browser, instance: Instance, at: At) -> None:
    """spec/quiz-engine 5.10.3: instructors see the effect, not the cause."""
    course = a_quiz(instance, LIMITED, questions=ONE_QUESTION)
    office, learner = Office(instance, course), a_learner(instance, course, now=NOON)
    start(instance, learner, "prueba", now=NOON)
    with instance.database.unit_of_work() as session:
        person = session.scalars(select(Person).where(Person.email == "ana@example.org")).one()
        admin = session.scalars(select(Person).where(Person.email == "profe@example.org")).one()
        session.add(
            Accommodation(
                person_id=person.id, factor=2, extra_attempts=0, break_seconds=0, reason="Dislexia", created_at=NOON, created_by=admin.id
            )
        )
    sign_in(browser, "profe@example.org")
    del office

    shown = []
    for path in (INCIDENTS, TIME, f"{TIME}/new?person={learner.person_uuid}", f"{QUIZ}/manage", f"{QUIZ}/report"):
        browser.get(path)
        shown.append(browser.page.text)

    assert "1 jun 2026, 07:20" in shown[0]  # the effect: twice ten minutes
    assert not any("Dislexia" in text or "× 2" in text for text in shown)
