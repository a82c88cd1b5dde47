"""The page on which a course's team answers compulsory training, and what those see who look after it (spec/compulsory 4.9a)."""

import pytest
from sqlalchemy import select

from compliance.models import CourseAgreement, Obligation
from courses.models import StaffRole
from lms.instance import Instance
from organisations.rules.units import TrainingRole
from tests.support.access import a_cast
from tests.support.browser import Browser, Page
from tests.support.builders import a_course, a_person, a_teacher, sign_in
from tests.support.obligations import an_audience_of, let_stay
from tests.support.places import a_place, give_training, put
from tests.support.scenes import scene
from tests.support.wording import in_spanish

ROOT = "/compulsory-training/obligations"
PAGE = "/teaching/reservado/agreements"


class TwoInstitutions:
    """A course of one institution that takes people by invitation, with its owner; two training officers of another institution."""

    def __init__(self, browser: Browser, instance: Instance) -> None:
        self.instance = instance
        self.course = a_course(instance, "reservado", modules=1, enrolment="invitation")
        owner = a_teacher(instance, self.course, "duena@example.org", StaffRole.OWNER)
        self.bank = a_place(instance, "Banco B", code="BB")
        self.audience = an_audience_of(instance, self.bank)
        self.people = [a_person(instance, f"p{number}@example.org") for number in range(3)]
        for person in self.people:
            put(instance, person, self.bank)
            let_stay(instance, self.audience, person)
        officers = [a_person(instance, f"{name}@example.org", given=name.title()) for name in ("autora", "segunda")]
        for officer in officers:
            put(instance, officer, self.bank)
            give_training(instance, officer, self.bank, TrainingRole.OFFICER)
        self.author, self.second = (sign_in(browser.another(), officer.email) for officer in officers)
        self.owner = sign_in(browser.another(), owner.email)

    def save(self) -> Page:
        """Let the author write a draft; return its page."""
        self.author.get(f"{ROOT}/new")
        values = {
            "title_es": "Riesgos",
            "audience": str(self.audience.uuid),
            "courses": ["reservado"],
            "deadline_on": "2030-12-31",
            "legal_es": "Resolución 1",
        }
        return self.author.submit("/new", values)

    def activate(self) -> Page:
        """Let the second officer try the draft and activate it."""
        self.second.get(f"{ROOT}/{self.row().uuid}")
        self.second.submit("/activation")
        return self.second.submit("/activation")

    def row(self) -> Obligation:
        with self.instance.database.unit_of_work(write=False) as session:
            return session.scalars(select(Obligation)).one()

    def agreed(self) -> bool | None:
        with self.instance.database.unit_of_work(write=False) as session:
            return session.scalars(select(CourseAgreement)).one().agreed

    def answer(self, decision: str, reason: str = "", *, status: int = 200) -> Page:
        self.owner.get(PAGE)
        name = f"answer-{self.row().uuid}"
        return self.owner.submit(PAGE, {f"{name}-decision": decision, f"{name}-words": reason}, status=status)


@pytest.fixture
@scene
def scene_of_two(browser: Browser, instance: Instance) -> TwoInstitutions:
    return TwoInstitutions(browser, instance)


def test_the_team_reads_who_asks_for_how_many_and_agrees(scene_of_two: TwoInstitutions) -> None:
    """spec/compulsory 4.9a."""
    page = scene_of_two.save()
    assert "Pilar Maestra" in page.text

    scene_of_two.owner.get("/notices")
    assert scene_of_two.owner.page.has_link(PAGE)
    assert scene_of_two.owner.get("/teaching/reservado/learners").has_link(PAGE)
    shown = scene_of_two.owner.get(PAGE).text
    assert [part in shown for part in ("Riesgos", "Banco B", "Todos: 3 ", "Autora")] == [True] * 4

    scene_of_two.answer("approve")

    assert scene_of_two.agreed() is True
    assert "Pilar Maestra" not in scene_of_two.author.get(f"{ROOT}/{scene_of_two.row().uuid}").text
    assert in_spanish("Done. The statuses follow within minutes.") in scene_of_two.activate().text
    assert scene_of_two.row().state == "active"


def test_without_the_agreement_activating_is_refused_in_words(scene_of_two: TwoInstitutions) -> None:
    """spec/compulsory 4.9a: who was asked since when, or why not."""
    scene_of_two.save()
    page = scene_of_two.activate()
    assert in_spanish("It cannot be applied.") in page.text
    assert "Pilar Maestra" in page.text

    scene_of_two.answer("refuse", "Es para el personal propio.")

    assert "Es para el personal propio." in scene_of_two.activate().text
    assert scene_of_two.row().state == "draft"


def test_an_answer_needs_a_choice_and_a_refusal_its_reason(scene_of_two: TwoInstitutions) -> None:
    scene_of_two.save()

    scene_of_two.owner.get(PAGE)
    assert in_spanish("Choose one.") in scene_of_two.owner.submit(PAGE, status=422).text
    assert in_spanish("Say why it is not approved.") in scene_of_two.answer("refuse", status=422).text
    scene_of_two.owner.post(PAGE, {"obligation": "x"}, status=404)

    assert scene_of_two.agreed() is None


def test_an_agreement_is_taken_back_on_the_same_page_and_in_the_log(scene_of_two: TwoInstitutions) -> None:
    """spec/compulsory 4.9a and spec/security 8: the course's log and the audit log say it."""
    scene_of_two.save()
    scene_of_two.answer("approve")
    assert in_spanish("Change the answer") in scene_of_two.owner.page.text

    scene_of_two.answer("refuse", "Se acabó.")

    assert scene_of_two.agreed() is False
    log = scene_of_two.owner.get("/teaching/reservado/log").text
    sentences = (
        "Asked a course team whether compulsory training may enrol people",
        "Agreed that compulsory training enrols people in a course",
        "Took back that compulsory training enrols people in a course",
    )
    assert [f"{in_spanish(text)}: riesgos" in log for text in sentences] == [True] * 3


def test_a_course_of_which_nothing_is_asked_says_so(browser: Browser, instance: Instance) -> None:
    a_teacher(instance, a_course(instance, modules=1))
    teacher = sign_in(browser, "profe@example.org")

    assert in_spanish("Nothing to answer") in teacher.get("/teaching/prueba/agreements").text


def test_every_cell_of_answering(browser: Browser, instance: Instance) -> None:
    """spec/security 9: whoever enrols others answers for the course; its graders and those who ask do not."""
    cast, course = a_cast(browser, instance), a_course(instance, modules=1)
    cast.join(course)

    assert cast.check("course.enrol_other", "own_course", cast.outcomes("/teaching/prueba/agreements")) == []
