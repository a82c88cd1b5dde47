"""The log of a course tells what its team did to groups, editions, announcements and items, and nothing of other courses."""

from datetime import timedelta
from uuid import uuid4

import pytest

from accounts.models import Person
from courses import log
from courses.log import LogEntry
from courses.models import Course
from enrolments import announcements, editions, learner_groups
from enrolments import log as enrolments_log
from enrolments.announcements import AnnouncementRecipients, AnnouncementText, AnnouncementVerb
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.editions import EditionVerb
from enrolments.models import LearnerGroup
from kernel import clock
from kernel.i18n import reading
from kernel.own_records import RecordVerb
from kernel.permissions import Actor
from lms.instance import Instance
from quizzes import log as quiz_pages
from quizzes import reports
from quizzes.dry_runs import DryRunVerb
from quizzes.overrides import OverrideVerb
from quizzes.regrading import RegradeVerb
from standards.imports import TransferVerb
from tests.support.browser import Browser
from tests.support.builders import a_course, a_teacher, sign_in
from tests.support.editions import PLAN
from tests.support.learning import a_learner
from tests.support.results import an_item, mark
from tests.support.wording import in_spanish

LOG = "/teaching/prueba/log"


@pytest.fixture
def course(instance: Instance) -> Course:
    return a_course(instance, modules=1)


@pytest.fixture
def teacher(instance: Instance, course: Course) -> Person:
    return a_teacher(instance, course)


def test_groups_editions_and_announcements_are_told(browser: Browser, instance: Instance, course: Course, teacher: Person) -> None:
    actor, now = Actor(person_id=teacher.id), clock.now()
    learner = a_learner(instance, course, "ana@example.org")
    with instance.database.unit_of_work() as session:
        group = learner_groups.make_group(session, actor, course.id, "Tarde", now=now)
        learner_groups.rename_group(session, actor, group, "Noche", now=now)
        session.flush()
        person = session.get_one(Person, learner.person_id)
        learner_groups.add_to_group(session, actor, group, [person.uuid], now=now)
        editions.make_edition(session, actor, course.id, PLAN, now=now)
        text = AnnouncementText(uuid4(), "Cambio de aula", "Es la 12.")
        announcements.send_announcement(session, actor, AnnouncementRecipients(course.id), text, now=now)
        gone = learner_groups.make_group(session, actor, course.id, "Pasajero", now=now)
        learner_groups.delete_group(session, actor, session.get_one(LearnerGroup, gone.id), now=now)
    sign_in(browser, teacher.email)

    told = browser.get(LOG).text

    for words in (
        "Cambió el nombre del grupo Tarde: Noche",
        "Creó una edición: Marzo",
        "Anunció a quienes siguen el curso: Cambio de aula",
        "Eliminó un grupo: Pasajero",
        "Agregó a 1 participante a un grupo",
    ):
        assert words in told
    assert "Otra cosa" not in told


def test_what_was_done_in_another_course_is_not_told(browser: Browser, instance: Instance, course: Course, teacher: Person) -> None:
    actor, now = Actor(person_id=teacher.id), clock.now()
    other = a_course(instance, modules=1, key="otro")
    with instance.database.unit_of_work() as session:
        kept = learner_groups.make_group(session, actor, other.id, "Ajeno", now=now)
        learner_groups.delete_group(session, actor, kept, now=now)
        session.flush()
        learner_groups.make_group(session, actor, course.id, "Propio", now=now + timedelta(minutes=1))
        learner_groups.make_group(session, actor, other.id, "De otros", now=now)
    sign_in(browser, teacher.email)

    told = browser.get(LOG).text

    assert "Creó un grupo: Propio" in told
    assert "Ajeno" not in told
    assert "De otros" not in told
    assert "Publicó la versión 1" in told


def test_everything_that_can_be_in_the_log_has_a_sentence() -> None:
    mine = [*EditionVerb, *AnnouncementVerb, *(verb for verb in EnrolmentVerb if verb.startswith(("group.", "result.", "item.")))]
    theirs = [*RegradeVerb, *DryRunVerb, *(verb for verb in OverrideVerb if verb.startswith(("override.", "incident.")))]

    assert {verb for verb in mine if verb.startswith(("edition.", "announcement.", "group.", "result.", "item."))} <= set(
        enrolments_log.LOG.sentences
    )
    assert set(theirs) <= set(quiz_pages.LOG.sentences)
    assert "Other action" not in log.sentence(LogEntry(at=clock.now(), by="", verb=RecordVerb.LEFT_OUT, facts={}, person=""))


def test_an_act_of_a_package_above_has_the_words_of_its_verb() -> None:
    with reading("es"):
        words = log.sentence(LogEntry(at=clock.now(), by="", verb=TransferVerb.IMPORTED, facts={}, person=""))

    assert words == in_spanish("Imported questions")


def test_marks_entered_by_hand_are_told_with_whose_they_are() -> None:
    facts = {"marks": [[7, None, "8.50"], [8, "6.00", "None"], *([number, None, "1"] for number in range(9, 40))]}
    names = {number: f"P{number}" for number in range(7, 27)}
    entry = LogEntry(at=clock.now(), by="", verb=EnrolmentVerb.ITEM_MARKED, facts=facts, person="", names=names)

    with reading("es"):
        words = log.sentence(entry, [enrolments_log.LOG])

    assert words.startswith(f"{in_spanish('Entered %(count)s mark manually', 33)}: P7 (– → 8,5), P8 (6 → –), P9 (– → 1)")
    assert words.endswith(f"P26 (– → 1), {in_spanish('%(count)s more', 13)}")


def test_activities_stand_in_the_log_by_title_and_by_key_where_they_are_gone(
    browser: Browser, instance: Instance, course: Course, teacher: Person
) -> None:
    actor, learner = Actor(person_id=teacher.id), a_learner(instance, course)
    mark(instance, actor, course, an_item(instance, actor, course, "Exposición"), {learner: "12.50"})
    with instance.database.unit_of_work() as session:
        for key in ("cuestionario-1", "cuestionario-9"):
            reports.note_export(session, actor, course.id, key, "report.ods", now=clock.now())
    sign_in(browser, teacher.email)

    text = browser.get(LOG).text

    for key, title in (("cuestionario-1", "Cuestionario 1"), ("cuestionario-9", "cuestionario-9")):
        assert in_spanish("Exported a table of “%(activity)s”: %(what)s", activity=title, what="report.ods") in text, key
    assert in_spanish("Entered %(count)s mark of “%(item)s” manually", 1, item="Exposición") in text
