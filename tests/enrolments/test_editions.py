"""Editions: dates, codes, what they open, enrolling others; their places and who waits for one."""

from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from sqlalchemy import func, select, update

from accounts.models import Person
from accounts.privacy import list_access_entries
from courses.models import Course, CourseVersion, StaffRole
from enrolments import editions as enrolments_editions
from enrolments import enrolment, learners
from enrolments.editions import EditionNameConflict, EnrolOutcome
from enrolments.models import Edition, Enrolment, WaitingPlace
from enrolments.rules import EditionDates, EnrolmentRefusal, may_join
from kernel import clock
from kernel.audit import AuditEntry
from kernel.errors import Conflict
from kernel.permissions import SYSTEM
from lms.instance import Instance
from tests.support.access import a_cast
from tests.support.browser import Browser, Counter
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.editions import PLAN, an_edition, enrol, enrolment_of, join, line_of, take_out, ten
from tests.support.learning import a_learner, actor_of, all_at_once
from tests.support.places import a_place, put
from tests.support.wording import in_spanish

NOW = datetime(2026, 3, 10, 12, tzinfo=UTC)
EARLIER, LATER = NOW - timedelta(days=1), NOW + timedelta(days=1)


@pytest.mark.parametrize(
    ("dates", "refusal"),
    [
        (EditionDates(), None),
        (EditionDates(enrols_from=NOW, enrols_until=LATER), None),
        (EditionDates(enrols_from=LATER), EnrolmentRefusal.NOT_YET),
        (EditionDates(enrols_until=NOW), EnrolmentRefusal.CLOSED),
        (EditionDates(closed_at=EARLIER), EnrolmentRefusal.CLOSED),
        (EditionDates(ends_at=NOW), EnrolmentRefusal.ENDED),
        (EditionDates(starts_at=LATER), None),
    ],
)
def test_an_edition_takes_people_between_its_dates(dates: EditionDates, refusal: EnrolmentRefusal | None) -> None:
    assert may_join(dates, archived=False, now=NOW) is refusal
    assert may_join(dates, archived=True, now=NOW) is EnrolmentRefusal.ARCHIVED


def test_a_course_whose_editions_have_ended_does_not_ask_to_choose_one(browser: Browser, instance: Instance) -> None:
    course, now = a_course(instance, modules=1), clock.now()
    an_edition(instance, course, starts_at=now - timedelta(days=9), ends_at=now - timedelta(days=1))
    page = browser.get("/courses/prueba")

    assert "Elija una más abajo" not in page.text


@pytest.mark.parametrize(("days", "is_told"), [(3, True), (30, False)])
def test_who_may_enrol_reads_how_soon_the_edition_ends(browser: Browser, instance: Instance, days: int, is_told: bool) -> None:
    an_edition(instance, a_course(instance, modules=1), ends_at=clock.now() + timedelta(days=days))

    text = browser.get("/courses/prueba").text

    assert (in_spanish("%(count)s day left", days) in text) is is_told


def test_two_editions_of_a_course_have_two_names(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    an_edition(instance, course, "Marzo")
    an_edition(instance, a_course(instance, "otro", modules=1), "Marzo")

    with pytest.raises(EditionNameConflict):
        an_edition(instance, course, "MARZO")


def test_others_are_enrolled_once_and_those_who_left_find_everything_as_it_was(instance: Instance) -> None:
    course, people = a_course(instance, modules=1), ten(instance)
    first = a_learner(instance, course, "primera@example.org")
    assert enrol(instance, course, [first, *people[:2], people[0]]) == (2, 0)
    before = enrolment_of(instance, people[0], course)
    take_out(instance, course, people[0])
    assert enrol(instance, course, people[:2]) == (1, 0)
    after = enrolment_of(instance, people[0], course)

    assert before is not None
    assert after is not None
    assert (after.id, after.enrolled_at, after.left_at) == (before.id, before.enrolled_at, None)


def test_nobody_is_enrolled_in_what_is_not_published(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    with instance.database.unit_of_work() as session:
        session.get_one(Course, course.id).published_version_id = None

    with pytest.raises(Conflict):
        enrol(instance, course, ten(instance)[:1])


def test_hundreds_are_enrolled_with_so_many_statements(instance: Instance) -> None:
    course, people = a_course(instance, modules=1), ten(instance)
    counter, counts = Counter(instance.database.writing), []
    enrol(instance, course, people[:1])  # what a process keeps of the course is read once
    for some in (people[1:3], people[3:]):
        counter.reset()
        enrol(instance, course, some)
        counts.append(sum("INTO audit_entry" not in statement for statement in counter.statements))

    assert counts[0] == counts[1]


def test_a_learner_is_told_when_their_edition_ends_and_not_when_enrolment_does(browser: Browser, instance: Instance) -> None:
    course, ends = a_course(instance, modules=1), datetime(2099, 5, 4, 17, tzinfo=UTC)
    edition = an_edition(instance, course, ends_at=ends)
    with instance.database.unit_of_work() as session:
        session.execute(update(CourseVersion).values(closes_at=datetime(2098, 2, 1, 17, tzinfo=UTC)))
    join(instance, actor_of(a_person(instance)), course, edition)
    a_learner(instance, course, "sin@example.org")
    own, without = (sign_in(browser.another(), f"{name}@example.org").get("/courses/prueba") for name in ("ana", "sin"))

    assert "Su edición termina el 4 may 2099" in own.text
    assert "Su edición termina" not in without.text
    assert "2098" not in own.text + without.text


def test_before_an_edition_begins_nothing_of_the_course_opens(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    begins = clock.now() + timedelta(days=3)
    edition, ana = an_edition(instance, course, starts_at=begins), a_person(instance)
    join(instance, actor_of(ana), course, edition)
    sign_in(browser).get("/courses/prueba")

    assert "Su edición comienza el" in browser.page.text
    assert not any("/activities/" in address for _text, address in browser.page.links)
    browser.get("/courses/prueba/activities/leccion-1", status=404)
    browser.get("/learning")
    assert "Comienza el" in browser.page.text


def test_after_an_edition_ended_one_reads_and_begins_no_quiz(browser: Browser, instance: Instance) -> None:
    course, now = a_course(instance, modules=1), clock.now()
    edition, ana = an_edition(instance, course, starts_at=now - timedelta(days=9), ends_at=now - timedelta(days=1)), a_person(instance)
    join(instance, actor_of(ana), course, edition)
    sign_in(browser).get("/courses/prueba")
    assert "Su edición terminó el" in browser.page.text
    browser.get("/courses/prueba/activities/leccion-1")
    browser.get("/courses/prueba/quizzes/cuestionario-1")

    assert not any(form.action.endswith("/attempts") for form in browser.page.forms)


def test_an_archived_course_is_read_and_takes_no_more_answers(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_learner(instance, course)
    with instance.database.unit_of_work() as session:
        session.get_one(Course, course.id).archived_at = clock.now()
    sign_in(browser).get("/courses/prueba/activities/leccion-1")
    browser.get("/courses/prueba/quizzes/cuestionario-1")

    assert not any(form.action.endswith("/attempts") for form in browser.page.forms)


def test_a_course_with_open_editions_is_entered_by_one_of_them(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    edition = an_edition(instance, course, capacity=1)
    a_person(instance)
    sign_in(browser).get("/courses/prueba")
    assert in_spanish("This course runs in editions. Choose one below.") in browser.page.text
    token = dict(browser.page.form("/language").fields)["csrf_token"]
    assert browser.client.post("/courses/prueba/enrolment", data={"csrf_token": token}).status_code == 403
    browser.submit(f"/courses/prueba/editions/{edition.uuid}/enrolment")

    assert line_of(instance, edition).taken == 1
    a_person(instance, "blas@example.org")
    other = sign_in(browser.another(), "blas@example.org")
    other.get("/courses/prueba")
    assert in_spanish("Full") in other.page.text
    other.submit(f"/courses/prueba/editions/{edition.uuid}/enrolment")
    assert "lista de espera" in other.page.text
    other.get("/courses/prueba")
    other.submit(f"/courses/prueba/editions/{edition.uuid}/waiting/end")
    assert line_of(instance, edition).waiting == 0


def test_the_team_makes_an_edition_with_a_code_that_lets_people_in(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1, visibility="institution", enrolment="invitation")
    a_teacher(instance, course, "ines@example.org")
    a_person(instance)
    team = sign_in(browser, "ines@example.org")
    team.get("/teaching/prueba/editions")
    team.submit("/teaching/prueba/editions", {"name": "Primera", "capacity": "x"}, status=422)
    team.submit(
        "/teaching/prueba/editions", {"name": "Primera", "starts_at": "2026-03-02T08:00", "ends_at": "2026-03-01T08:00"}, status=422
    )
    assert in_spanish("This must be after “%(field)s”.", field=in_spanish("Begins")) in team.page.text
    team.submit("/teaching/prueba/editions", {"name": "Primera", "starts_at": "", "ends_at": "9999-12-31T23:59"}, status=422)
    team.submit("/teaching/prueba/editions", {"name": "Primera", "capacity": "2", "starts_at": "", "ends_at": ""})
    team.submit(f"{team.path}/code")
    code = team.page.html.split('class="h3 mono">')[1][:9]

    learner = sign_in(browser.another())
    learner.get("/courses/prueba", status=403)
    learner.get("/join")
    learner.submit("/join", {"code": "NADA-2345"}, status=404)
    assert in_spanish("We couldn't find an edition with this code. Check it and try again.") in learner.page.text
    assert 'value="NADA-2345"' in learner.page.html
    learner.submit("/join", {"code": f" {code.lower().replace('-', ' – ')}"})
    assert "Primera" in learner.page.text
    learner.submit(f"/join/{code.replace('-', '')}")
    learner.get("/courses/prueba")
    team.get(f"/join/{code}")

    with instance.database.unit_of_work(write=False) as session:
        assert session.scalar(select(func.count()).select_from(Enrolment)) == 1
        verbs = set(session.scalars(select(AuditEntry.verb)))
    assert {"edition.made", "edition.code_made", "enrolment.started"} <= verbs


def test_codes_are_not_guessed_for_ever_and_a_class_is_not_shut_out(browser: Browser, instance: Instance) -> None:
    """spec/security 2.3: the wrong ones of one person slow down that person alone."""
    with time_machine.travel("2026-11-20T10:00:00Z", tick=False) as moment:
        a_person(instance)
        sign_in(browser)
        for _try in range(31):
            browser.get("/join/NADA2345", status=404)
        browser.get("/join?code=NADA2345", status=429)
        assert int(browser.response.headers["Retry-After"]) <= 10
        assert "NADA2345" in browser.page.html
        other = browser.another()
        a_person(instance, email="luis@example.org")
        sign_in(other, "luis@example.org").get("/join/NADA2345", status=404)
        moment.shift(timedelta(seconds=11))
        browser.get("/join/NADA2345", status=404)


def test_closing_an_edition_shuts_its_code_and_its_button(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    edition = an_edition(instance, course)
    a_teacher(instance, course, "ines@example.org")
    team = sign_in(browser, "ines@example.org")
    address = f"/teaching/prueba/editions/{edition.uuid}"
    team.get(address)
    team.submit(f"{address}/code")
    code = line_of(instance, edition).edition.code
    team.submit(f"{address}/closing")
    a_person(instance)
    learner = sign_in(browser.another())
    learner.get(f"/join/{code}")
    assert in_spanish("Enrolment is closed.") in learner.page.text
    team.submit(f"{address}/opening")
    team.submit(f"{address}/code/removal")
    learner.get(f"/join/{code}", status=404)

    assert line_of(instance, edition).edition.closed_at is None


def test_every_cell_of_enrolling_others(browser: Browser, instance: Instance) -> None:
    """spec/security 9: course.enrol_other, own_course; each page and each act of editions, learners and lists."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    edition = an_edition(instance, course)
    base = "/teaching/prueba"
    wrong: list[str] = []
    for path in ("/editions", f"/editions/{edition.uuid}", "/learners", "/learners/lists"):
        wrong += cast.check("course.enrol_other", "own_course", cast.outcomes(base + path))
    for path in ("/code", "/code/removal", "/closing", "/opening"):
        wrong += cast.check("course.enrol_other", "own_course", cast.outcomes(f"{base}/editions/{edition.uuid}{path}", "POST", {}))
    lia = str(cast.people["L"].uuid)
    wrong += cast.check("course.enrol_other", "own_course", cast.outcomes(f"{base}/learners", "POST", {"person": lia}))

    assert not wrong


def test_people_are_found_enrolled_and_taken_out_by_the_team(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    edition = an_edition(instance, course, capacity=1)
    a_teacher(instance, course, "ines@example.org")
    people = [a_person(instance, f"p{number}@example.org", given="Luz", surname=f"Peña{number}") for number in range(2)]
    team = sign_in(browser, "ines@example.org")
    team.get("/teaching/prueba/learners?new=pena")
    form = next(form for form in team.page.forms if form.action == "/teaching/prueba/learners" and form.method == "post")
    team.submit(form.action, {"person": [str(person.uuid) for person in people], "edition": str(edition.uuid)}, form=form)

    assert in_spanish("%(count)s person has been enrolled.", 1) in team.page.text
    assert in_spanish("%(count)s person is on the waiting list.", 1) in team.page.text
    team.get(f"/teaching/prueba/learners?edition={edition.uuid}")
    team.get(f"/teaching/prueba/learners/{people[0].uuid}/removal")
    team.submit("/removal")
    team.get("/teaching/prueba/learners")
    assert "Peña1" in team.page.text
    assert "Peña0" not in team.page.text


def test_an_instructor_of_another_course_takes_nobody_out(browser: Browser, instance: Instance) -> None:
    course, other = a_course(instance, modules=1), a_course(instance, "otro", modules=1)
    learner = a_learner(instance, course)
    a_teacher(instance, other, "olga@example.org")
    team = sign_in(browser, "olga@example.org")
    team.get("/help")
    token = dict(team.page.form("/language").fields)["csrf_token"]
    for slug, status in (("prueba", 403), ("otro", 404)):
        answer = team.client.post(f"/teaching/{slug}/learners/{learner.person_uuid}/removal", data={"csrf_token": token})
        assert answer.status_code == status

    found = enrolment_of(instance, learner, course)
    assert found is not None
    assert found.left_at is None


def test_plans_are_kept_as_they_are_typed(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    edition = an_edition(instance, course)
    with instance.database.unit_of_work() as session:
        enrolments_editions.change_edition(session, SYSTEM, edition, PLAN, now=clock.now())
        changed = session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.verb == "edition.changed"))
        assert session.scalar(select(func.count()).select_from(Person)) == 0

    assert changed == 0


def test_words_that_cannot_be_a_code_lead_to_no_edition(browser: Browser, instance: Instance) -> None:
    """An edition without a code is not found by «no code»."""
    course = a_course(instance, modules=1, enrolment="invitation")
    an_edition(instance, course, open_to_all=False)
    a_person(instance)
    learner = sign_in(browser)
    for typed in ("corto", "ñññññññññ", "x" * 200):
        learner.get(f"/join/{typed}", status=404)
        learner.get("/learning")
        learner.post(f"/join/{typed}", status=404)

    with instance.database.unit_of_work(write=False) as session:
        assert not session.scalars(select(Enrolment)).all()


def texts_of(browsers: list[Browser], path: str) -> list[str]:
    return [browser.get(f"/teaching/prueba/learners{path}").text for browser in browsers]


def test_addresses_of_people_outside_the_course_are_for_administrators(browser: Browser, instance: Instance) -> None:
    """spec/security 7.6, access matrix, user.view_email: others find by name, never by an address (2.2)."""
    course = a_course(instance, modules=1)
    a_learner(instance, course, "dentro@example.org")
    stranger = a_person(instance, "fuera@example.org", given="Luz", surname="Peña")
    put(instance, stranger, a_place(instance, "Dirección Provincial Manabí"))
    roles = (StaffRole.OWNER, StaffRole.EDITOR)
    for role in roles:
        a_teacher(instance, course, f"{role.value}@example.org", role)
    an_administrator(instance)
    team = [sign_in(browser.another(), f"{role.value}@example.org") for role in roles]
    by_name, by_part, by_address = (texts_of(team, f"?new={words}") for words in ("pena", "fuera%40example", "Fuera%40example.org"))

    for found, nothing, known in zip(by_name, by_part, by_address, strict=True):
        assert "Luz Peña" in found
        assert "Dirección Provincial Manabí" in found
        assert "fuera@example.org" not in found
        assert "dentro@example.org" in found  # of the course's own learners
        assert "Peña" not in nothing
        assert "Luz Peña" not in known
        assert "Invite a fuera@example.org al curso" in known
    assert all("Peña" not in text for text in texts_of(team, "?new=fuera"))
    boss = sign_in(browser.another(), "admin@example.org")
    assert "fuera@example.org" in boss.get("/teaching/prueba/learners?new=fuera").text


def test_a_team_does_not_leaf_through_all_accounts_letter_by_letter(browser: Browser, instance: Instance) -> None:
    """spec/security 7.6."""
    course = a_course(instance, modules=1)
    a_person(instance, "fuera@example.org", given="Luz", surname="Peña")
    a_teacher(instance, course)
    an_administrator(instance)
    team, boss = sign_in(browser, "profe@example.org"), sign_in(browser.another(), "admin@example.org")

    for few in ("e", "pe", "p+e+n"):
        text = team.get(f"/teaching/prueba/learners?new={few}").text
        assert "Peña" not in text
        assert in_spanish("Type at least three consecutive letters of the name.") in text
    assert "Luz Peña" in team.get("/teaching/prueba/learners?new=luz").text
    assert "Luz Peña" in boss.get("/teaching/prueba/learners?new=pe").text


def test_a_grader_searches_for_nobody(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_person(instance, "fuera@example.org", given="Luz", surname="Peña")
    a_teacher(instance, course, "califica@example.org", StaffRole.GRADER)
    grader = sign_in(browser, "califica@example.org")

    assert "Peña" not in grader.get("/teaching/prueba/learners?new=pena", status=403).text


def test_whom_a_search_finds_sees_that_they_were_found(browser: Browser, instance: Instance) -> None:
    """spec/security 7.4."""
    course = a_course(instance, modules=1)
    stranger = actor_of(a_person(instance, "fuera@example.org", given="Luz", surname="Peña"))
    a_teacher(instance, course)
    team = sign_in(browser, "profe@example.org")
    for _again in range(2):
        team.get("/teaching/prueba/learners?new=pena")

    with instance.database.unit_of_work(write=False) as session:
        assert [(look.by, look.purpose) for look in list_access_entries(session, stranger.person_id or 0)] == [("Pilar Maestra", "found")]


def test_every_cell_of_joining_with_a_code(browser: Browser, instance: Instance) -> None:
    """Access: whoever has signed in looks a code up, joins with it, and leaves the waiting list; an account that is closed does not."""
    cast = a_cast(browser, instance)
    course = a_course(instance, modules=1)
    cast.join(course)
    edition = an_edition(instance, course)
    cast.browsers["S"].get(f"/teaching/prueba/editions/{edition.uuid}")
    cast.browsers["S"].submit(f"/editions/{edition.uuid}/code")
    code = line_of(instance, edition).edition.code

    wrong = [*cast.check("edition.look_up", "with_a_code", cast.outcomes("/join"))]
    wrong += cast.check("edition.look_up", "with_a_code", cast.outcomes(f"/join/{code}"))
    wrong += cast.check("edition.join", "with_a_code", cast.outcomes(f"/join/{code}", "POST"))
    left = cast.outcomes(f"/courses/prueba/editions/{edition.uuid}/waiting/end", "POST")
    wrong += cast.check("edition.stop_waiting", "own", left)

    assert wrong == []


def test_places_are_never_given_twice_however_many_come_at_once(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    edition, people = an_edition(instance, course, capacity=3), ten(instance)

    outcomes = all_at_once(10, lambda place: join(instance, people[place], course, edition))
    line = line_of(instance, edition)

    assert sorted(outcomes) == [EnrolOutcome.ENROLLED] * 3 + [EnrolOutcome.WAITING] * 7
    assert (line.taken, line.waiting, line.is_full) == (3, 7, True)


def test_who_waited_longest_gets_the_place_that_becomes_free_and_is_told(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    edition, (ana, blas, *_rest) = an_edition(instance, course, capacity=1), ten(instance)
    assert [join(instance, who, course, edition) for who in (ana, blas, blas)] == [
        EnrolOutcome.ENROLLED,
        EnrolOutcome.WAITING,
        EnrolOutcome.WAITING,
    ]
    take_out(instance, course, ana)
    found = enrolment_of(instance, blas, course)

    assert found is not None
    assert (found.left_at, line_of(instance, edition).taken) == (None, 1)
    assert any(
        text.startswith(in_spanish("You have been enrolled in “%(title)s”", title="Curso de prueba prueba")) for text in browser.mails()
    )
    assert line_of(instance, edition).waiting == 0


def test_who_enters_another_way_waits_no_more_and_keeps_nobody_waiting(instance: Instance) -> None:
    """In another edition, by somebody else's hand, or alone once the course's editions are closed."""
    course = a_course(instance, modules=1)
    edition, other = an_edition(instance, course, capacity=1), an_edition(instance, course, "Abril")
    inside, *entering, last = ten(instance)[:5]
    for who in (inside, *entering, last):
        join(instance, who, course, edition)
    join(instance, entering[0], course, other)
    enrol(instance, course, [entering[1]])
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, entering[2], learners.get_learner_context(session, entering[2], "prueba"), now=clock.now())
    waiting = line_of(instance, edition).waiting

    take_out(instance, course, inside)

    found = enrolment_of(instance, last, course)
    assert waiting == 1
    assert found is not None
    assert found.left_at is None


def test_who_takes_the_course_already_is_passed_over_on_the_waiting_list(instance: Instance) -> None:
    """Rows of before waits ended with the enrolment."""
    course = a_course(instance, modules=1)
    edition, (ana, blas, eva, *_rest) = an_edition(instance, course, capacity=1), ten(instance)
    enrol(instance, course, [blas])
    join(instance, ana, course, edition)
    with instance.database.unit_of_work() as session:
        session.add(WaitingPlace(edition_id=edition.id, person_id=blas.person_id or 0, since=clock.now()))
    join(instance, eva, course, edition)

    take_out(instance, course, ana)

    found = enrolment_of(instance, eva, course)
    assert found is not None
    assert line_of(instance, edition).taken == 1


def test_nobody_enters_an_edition_that_has_ended_nor_with_a_suspended_account(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    ended, other = an_edition(instance, course, capacity=1), an_edition(instance, a_course(instance, "otro", modules=1), capacity=1)
    ana, blas, eva = ten(instance)[:3]
    for who in (ana, blas):
        join(instance, who, course, ended)
    of_other = other.course_id
    with instance.database.unit_of_work() as session:
        second = session.get_one(Course, of_other)
        session.get_one(Edition, ended.id).ends_at = clock.now()
    for who in (ana, blas, eva):
        join(instance, who, second, other)
    with instance.database.unit_of_work() as session:
        session.get_one(Person, blas.person_id).suspended_at = clock.now()

    take_out(instance, course, ana)
    take_out(instance, second, ana)

    assert enrol(instance, second, [blas]) == (0, 0)
    assert enrolment_of(instance, blas, course) is None
    assert (line_of(instance, ended).taken, line_of(instance, ended).waiting) == (0, 1)
    assert enrolment_of(instance, blas, second) is None
    assert enrolment_of(instance, eva, second) is not None


def test_who_takes_the_course_does_not_wait_for_it_after_two_accounts_became_one(instance: Instance) -> None:
    course, other = a_course(instance, modules=1), a_course(instance, "otro", modules=1)
    editions = (course, an_edition(instance, course, capacity=1)), (other, an_edition(instance, other, capacity=1))
    first, closed, kept = ten(instance)[:3]
    for who in (first, closed):
        for of, edition in editions:
            join(instance, who, of, edition)
    enrol(instance, course, [kept])

    with instance.database.unit_of_work() as session:
        enrolments_editions.transfer_waiting_places(session, closed.person_id or 0, kept.person_id or 0)

    assert [line_of(instance, edition).waiting for _of, edition in editions] == [0, 1]


def test_more_places_are_given_to_those_who_wait(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    edition, people = an_edition(instance, course, capacity=1), ten(instance)
    for who in people[:4]:
        join(instance, who, course, edition)
    with instance.database.unit_of_work() as session:
        plan = enrolments_editions.EditionValues("Abril", True, None, None, None, None, 3)
        assert enrolments_editions.change_edition(session, SYSTEM, edition, plan, now=clock.now()) == 2

    assert (line_of(instance, edition).taken, line_of(instance, edition).waiting) == (3, 1)


def test_who_waited_has_the_place_that_became_free_while_the_edition_was_closed(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_teacher(instance, course, "ines@example.org")
    edition, (ana, blas, *_rest) = an_edition(instance, course, capacity=1), ten(instance)
    for who in (ana, blas):
        join(instance, who, course, edition)
    team, address = sign_in(browser, "ines@example.org"), f"/teaching/prueba/editions/{edition.uuid}"
    team.get(address)
    team.submit(f"{address}/closing")
    take_out(instance, course, ana)
    waiting = line_of(instance, edition).waiting
    team.get(address)
    team.submit(f"{address}/opening")

    assert waiting == 1
    assert in_spanish("%(count)s person from the waiting list now has a place.", 1) in team.page.text
    assert (line_of(instance, edition).taken, line_of(instance, edition).waiting) == (1, 0)


@pytest.mark.parametrize("by_hand", [False, True])
def test_nobody_passes_those_who_waited_before_them(instance: Instance, by_hand: bool) -> None:
    """Places that nobody gave, because the course was archived meanwhile: neither alone nor by the team's hand."""
    course = a_course(instance, modules=1)
    edition, (ana, blas, eva, *_rest) = an_edition(instance, course, capacity=1), ten(instance)
    for who in (ana, blas):
        join(instance, who, course, edition)
    for archived_at in (clock.now(), None):
        with instance.database.unit_of_work() as session:
            session.get_one(Course, course.id).archived_at = archived_at
        if archived_at:
            take_out(instance, course, ana)

    if by_hand:
        assert enrol(instance, course, [eva], edition) == (0, 1)
    else:
        assert join(instance, eva, course, edition) is EnrolOutcome.WAITING
    assert join(instance, blas, course, edition) is EnrolOutcome.ENROLLED
    assert enrolment_of(instance, eva, course) is None


def test_who_waits_with_a_code_sees_it_and_can_stop(browser: Browser, instance: Instance) -> None:
    course = a_course(instance, modules=1, visibility="institution", enrolment="invitation")
    edition = an_edition(instance, course, capacity=1, open_to_all=False)
    with instance.database.unit_of_work() as session:
        code = enrolments_editions.make_code(session, SYSTEM, edition, now=clock.now())
    for email in ("ana@example.org", "blas@example.org"):
        join(instance, actor_of(a_person(instance, email)), course, edition)
    waits = sign_in(browser, "blas@example.org")
    shown = waits.get(f"/join/{code}")
    assert in_spanish("You are on the waiting list") in shown.text
    assert not any(form.action == f"/join/{code}" for form in shown.forms)
    assert in_spanish("You are on the waiting list") in waits.get("/learning").text
    waits.submit(f"/courses/prueba/editions/{edition.uuid}/waiting/end")

    assert line_of(instance, edition).waiting == 0
    assert in_spanish("You are on the waiting list") not in waits.get("/learning").text
    assert in_spanish("You are on the waiting list") not in sign_in(browser.another()).get("/learning").text
