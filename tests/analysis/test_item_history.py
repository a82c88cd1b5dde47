"""The history of a question over versions, keys and copies, and the page on where it is asked.

spec/selection 2.7, 2.2.
"""

import csv
import io
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from io import StringIO
from typing import Any

import pytest
from sqlalchemy import Row, select, update

from analysis.item_history import list_exposure, list_uses
from analysis.views.item_history import exposure_sentence
from courses.models import Course
from kernel import clock, outbox
from kernel.audit import AuditEntry
from lms.instance import Instance
from lms.worker import add_periodic
from questions.models import Question, QuestionOrigin, QuestionVersion
from quizzes import jobs
from quizzes.models import Attempt, WordingOnly
from quizzes.rules.item_history import UNIT
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser, every_statement
from tests.support.builders import a_teacher, publish, sign_in
from tests.support.classes import a_class_with_a_wrong_key, a_fixed_course
from tests.support.editions import a_learner_of, an_edition
from tests.support.joined_histories import SIGN, a_folder, answered
from tests.support.learning import a_learner, start
from tests.support.regrading import question_id
from tests.support.selection_folders import BANK, a_balanced_folder
from tests.support.statements import cost
from tests.support.wording import in_spanish

PAGE = "/teaching/prueba/questions/suma-1/history"
DRAW_ONE = "slots:\n  - draw: 1\n"


def exposure_of(instance: Instance, course: Course, key: str) -> Sequence[Row[*tuple[Any, ...]]]:
    with instance.database.unit_of_work(write=False) as session:
        question = question_id(instance, key)
        versions = [row.quiz_version_id for rows in list_uses(session, course.id, question).values() for row in rows]
        return list_exposure(session, course.id, question, versions, now=clock.now())


def analyse(instance: Instance) -> None:
    """Let the night compute the statistics."""
    add_periodic(instance.worker, "quizzes.plan_analyses", jobs.PLAN_EVERY, clock.now())
    outbox.deliver_waiting(instance.worker, now=clock.now())


def taken(browser: Browser, table: str) -> list[list[str]]:
    browser.get(f"{PAGE}.csv?table={table}")
    return list(csv.reader(io.StringIO(browser.response.get_data().decode("utf-8-sig")), delimiter=";"))


def test_people_shown_a_question_are_counted_once_by_course_and_edition(instance: Instance) -> None:
    """spec/selection 2.13: people shown it of those who began a question set that may have it, in the last 365 days."""
    course = publish(instance, a_balanced_folder(DRAW_ONE))[0]
    march, may = an_edition(instance, course), an_edition(instance, course, "Mayo")
    people = [a_learner_of(instance, course, edition, f"p{at}@example.org") for at, edition in enumerate([march, march, march, may])]
    people.append(a_learner(instance, course, "sola@example.org"))
    for learner in people:
        start(instance, learner, "prueba")

    found = {key: exposure_of(instance, course, key) for key in "abcd"}

    for rows in found.values():
        assert [(row.edition, row.started) for row in rows] == [(None, 5), ("", 1), ("Marzo", 3), ("Mayo", 1)]
    assert [sum(rows[at].shown for rows in found.values()) for at in range(4)] == [5, 1, 3, 1]
    with instance.database.unit_of_work() as session:
        long_ago = clock.now() - timedelta(days=366)
        session.execute(update(Attempt).where(Attempt.person_id == people[0].person_id).values(started_at=long_ago))
    assert [row.started for row in exposure_of(instance, course, "a")] == [4, 1, 2, 1]


def test_a_question_that_nobody_met_says_so(instance: Instance) -> None:
    """spec/selection 2.7: what the data cannot show is said."""
    course = a_fixed_course(instance)

    rows = exposure_of(instance, course, "suma-1")

    assert [(row.shown, row.started) for row in rows] == [(0, 0)]
    assert exposure_sentence(rows) == in_spanish("In the last 365 days no one began a quiz that may ask it.")


def test_the_uses_of_a_question_tell_fixed_from_drawn_and_present_from_past(instance: Instance) -> None:
    """spec/selection 2.7: all quizzes that use it, also those that no longer do."""
    course = publish(instance, a_balanced_folder("slots:\n  - question: a\n  - draw: 1\n"))[0]
    publish(instance, a_balanced_folder("slots:\n  - draw: 1\n", b=50, c=60))
    with instance.database.unit_of_work(write=False) as session:
        found = {key: list_uses(session, course.id, question_id(instance, key)) for key in "ab"}

    newest = {
        name: [(key, rows[0].is_current, rows[0].is_drawn, len({row.quiz_version_id for row in rows})) for key, rows in uses.items()]
        for name, uses in found.items()
    }
    assert newest == {"a": [("cuestionario-1", False, False, 1)], "b": [("cuestionario-1", True, True, 2)]}


@pytest.mark.slow
def test_the_page_has_answers_by_third_and_the_findings(browser: Browser, instance: Instance) -> None:
    """spec/selection 2.7: how each third answered, what item analysis found, with sentences, and the same as a file."""
    course = a_class_with_a_wrong_key(instance)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    assert in_spanish("Best third") not in browser.get(PAGE).text
    analyse(instance)

    page = browser.get(PAGE)

    found = in_spanish(
        "The best learners choose “%(answer)s” more often than the answer marked as right: the wrong one may be marked.", answer="cinco"
    )
    for words in (found, in_spanish("Best third"), in_spanish("Asks everyone")):
        assert words in page.text
    assert page.has_link("/courses/prueba/quizzes/cuestionario-1/statistics")
    head, *rows = taken(browser, "answers")
    assert head[:5] == ["quiz", "version", "part", "answer", "right"]
    counts = {row[3]: [int(value) for value in row[5:]] for row in rows}
    sizes = next(iter(counts.values()))[3:]
    assert sum(sizes) == 36
    assert counts["cinco"][0] == sizes[0]  # all of the best
    assert [sum(one[at] for one in counts.values()) for at in range(3)] == sizes
    assert taken(browser, "exposure")[1] == [in_spanish("The whole course"), "36", "36"]


@pytest.mark.slow
def test_the_page_keeps_to_twelve_statements(browser: Browser, instance: Instance) -> None:
    """spec/selection 12: the bars; whatever was analysed and corrected."""
    course = a_class_with_a_wrong_key(instance, 12)
    analyse(instance)
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org")
    browser.checks = False
    counter = every_statement(instance.database)
    cost(browser, counter, PAGE)

    assert cost(browser, counter, PAGE).statements <= 12


JOINED_PAGE = "/teaching/prueba/questions/a/history"


def versions_of(instance: Instance, slug: str = "prueba", key: str = "a") -> list[int]:
    statement = select(QuestionVersion.id).join(Question).join(Course, Course.id == Question.course_id).order_by(QuestionVersion.id)
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(statement.where(Course.slug == slug, Question.key == key)))


@dataclass(frozen=True, slots=True)
class Scene:
    """A course with two versions of a question, and a browser of one of its editors."""

    browser: Browser
    course: Course
    first: int
    second: int

    def say(self, version: int, *, withdraw: bool = False, status: int = 200) -> str:
        """Say of a version that only its wording changed, or take that back; return the page."""
        path = f"{JOINED_PAGE}/wording{'/withdrawal' if withdraw else ''}"
        self.browser.get(JOINED_PAGE)
        return self.browser.post(path, {"version": str(version)}, status=status).text


@pytest.fixture
def scene(browser: Browser, instance: Instance) -> Scene:
    """Return a course whose question was answered by 4 of 5 well in its first wording, by 1 of 4 in its second."""
    course = publish(instance, a_folder())[0]
    answered(instance, course, "una", 4, 1)
    publish(instance, a_folder("¿Es verdad a?"))
    answered(instance, course, "otra", 1, 3)
    a_teacher(instance, course)
    first, second = versions_of(instance)
    return Scene(sign_in(browser, "profe@example.org"), course, first, second)


def said(count: int, share: int) -> str:
    return in_spanish("In %(count)s first attempt, learners got %(share)s of its mark on average.", count, share=f"{share}\xa0%")


def table_of(browser: Browser, name: str = "segments") -> list[list[str]]:
    browser._request("GET", f"{JOINED_PAGE}.csv?table={name}")
    return list(csv.reader(StringIO(browser.response.get_data(as_text=True).removeprefix("\ufeff")), delimiter=";"))[1:]


def test_figures_begin_anew_after_a_change_and_are_shown_apart_and_together(scene: Scene) -> None:
    """spec/selection 2.2: nothing is joined silently."""
    page = scene.browser.get(JOINED_PAGE)
    assert said(4, 25) in page.text
    assert said(9, 56) not in page.text
    assert page.has_link(f"{JOINED_PAGE}?figures=together")

    together = scene.browser.get(f"{JOINED_PAGE}?figures=together")

    assert said(9, 56) in together.text
    assert [row[3:] for row in table_of(scene.browser)] == [["5", str(4 * UNIT), "5"], ["4", str(UNIT), "4"]]


def test_wording_only_lets_the_figures_go_on_and_can_be_taken_back_by_another_editor(scene: Scene, instance: Instance) -> None:
    """spec/selection 2.2 and 2.6: who said it stands on the page and in the log."""
    assert said(9, 56) in scene.say(scene.second)
    other = sign_in(scene.browser.another(), a_teacher(instance, scene.course, "dos@example.org").email)
    assert in_spanish("%(version)s was said to change only the wording.", version=in_spanish("Version %(number)s", number=2)) in (
        other.get(JOINED_PAGE).text
    )

    other.post(f"{JOINED_PAGE}/wording/withdrawal", {"version": str(scene.second)})

    assert said(4, 25) in scene.browser.get(JOINED_PAGE).text
    with instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(WordingOnly)).one()
        assert row.created_by != row.ended_by
        verbs = list(session.scalars(select(AuditEntry.verb).where(AuditEntry.verb.startswith("wording.")).order_by(AuditEntry.id)))
    assert verbs == ["wording.said", "wording.withdrawn"]
    assert len([row for row in table_of(scene.browser, "log") if in_spanish("Version %(number)s", number=2) in row[1]]) == 2


@pytest.mark.slow
def test_wording_only_is_refused_where_it_does_not_hold(scene: Scene, instance: Instance) -> None:
    """Bad input: the first version, another question's, twice, nothing to take back, a key that changed."""
    other = versions_of(instance, key="b")[0]
    for version in (scene.first, other, 10**9):
        scene.say(version, status=404)
    scene.say(scene.second, withdraw=True, status=409)
    scene.say(scene.second)
    scene.say(scene.second, status=409)
    files = a_folder("¿Es verdad a?")
    head, _text, tail = files[BANK].partition("¿Es verdad a?".encode())
    publish(instance, {**files, BANK: head + "¿Es verdad a?".encode() + tail.replace(b"answer: true", b"answer: false", 1)})

    page = scene.say(versions_of(instance)[-1], status=409)

    told = "Version %(number)s changed the key or the parts of the question, not only its wording. Its figures begin anew."
    assert in_spanish(told, number=3) in page


def test_an_older_wording_published_again_is_the_present_version(scene: Scene, instance: Instance) -> None:
    """spec/selection 2.2: whoever goes back to the first wording goes on with its figures."""
    publish(instance, a_folder())

    assert said(5, 80) in scene.browser.get(JOINED_PAGE).text


def test_a_question_under_another_key_goes_on(scene: Scene, instance: Instance) -> None:
    """spec/selection 2.2: `former_keys`; the same text is the same segment."""
    files = a_folder("¿Es verdad a?", lines=f"origin: {SIGN}")
    bank = files[BANK].replace(b"- key: a\n", b"- key: nueva\n    former_keys: [a]\n")
    quizzes = {path: text.replace(b"question: a\n", b"question: nueva\n") for path, text in files.items() if path.endswith(".quiz.yaml")}
    publish(instance, {**files, **quizzes, BANK: bank})

    page = scene.browser.get("/teaching/prueba/questions/nueva/history")

    assert said(4, 25) in page.text
    assert in_spanish("Version %(number)s of “%(key)s”", number=1, key="a") in page.text


@pytest.mark.parametrize(("right", "wrong", "shown"), [(9, 3, True), (7, 2, False)], ids=["enough", "too few"])
def test_copies_are_joined_where_they_have_enough_answers(scene: Scene, instance: Instance, right: int, wrong: int, shown: bool) -> None:
    """spec/selection 2.1 and 2.2: the same text is the same segment; under 10 answers nothing but that is said, nor added."""
    copy = publish(instance, a_folder("¿Es verdad a?", key="copia"))[0]
    answered(instance, copy, "lejos", right, wrong)

    together = scene.browser.get(f"{JOINED_PAGE}?figures=together").text

    assert said(4, 25) in scene.browser.get(JOINED_PAGE).text
    assert (said(21, 67) if shown else said(9, 56)) in together
    assert ("&lt; 10" in scene.browser.response.get_data(as_text=True)) is not shown
    copies = [row for row in table_of(scene.browser) if row[2] == "copies"]
    assert copies == ([["2", in_spanish("Version %(number)s", number=2), "copies", "12", str(9 * UNIT), "12"]] if shown else [])


def test_another_origin_joins_nothing(scene: Scene, instance: Instance) -> None:
    """spec/selection 2.2: the same key and text alone do not."""
    copy = publish(instance, a_folder("¿Es verdad a?", key="copia", lines=f"origin: {SIGN[::-1]}"))[0]
    answered(instance, copy, "lejos", 9, 3)

    assert said(9, 56) in scene.browser.get(f"{JOINED_PAGE}?figures=together").text
    assert [row for row in table_of(scene.browser) if row[2] == "copies"] == []


def test_every_cell_of_segments_and_of_what_is_reserved_elsewhere(browser: Browser, instance: Instance) -> None:
    """Access: item_history.segment, and item_history.view of a copy that its course reserves."""
    cast = a_cast(browser, instance)
    course = publish(instance, a_folder())[0]
    cast.join(course)
    copy = publish(instance, a_folder(key="copia", lines=f"origin: {SIGN}\n    only: [cuestionario-1]"))[0]
    answered(instance, copy, "lejos", 9, 3)
    publish(instance, a_folder("¿Es verdad a?"))
    version = versions_of(instance)[-1]
    copies = in_spanish("%(versions)s: copies in other courses", versions=in_spanish("Version %(number)s", number=1))

    seen = {letter: "allow" if got == "allow" else "hide" for letter, got in cast.shown(JOINED_PAGE, copies).items()}
    wrong = cast.check("item_history.view", "reserved_elsewhere", seen)
    for letter, one in cast.browsers.items():
        with instance.database.unit_of_work() as session:
            for row in session.scalars(select(WordingOnly)):
                session.delete(row)
        got = outcome(one, f"{JOINED_PAGE}/wording", "POST", {"version": str(version)})
        wrong += cast.check("item_history.segment", "own_course", {letter: got})

    assert wrong == []
    with instance.database.unit_of_work(write=False) as session:
        reserved = session.execute(select(Course.slug, QuestionOrigin.reserved).join(Course, Course.id == QuestionOrigin.course_id)).all()
    assert dict(reserved) == {"prueba": False, "copia": True}
