"""A post of the only one of a course's team who decides on posts: its report goes to the course's institution (spec/communities D28)."""

from sqlalchemy import select

from accounts.models import Notification, Person
from courses.models import CourseStaff, StaffRole
from discussions.models import HideClass, PostReport, PostState, Thread, ThreadPost
from kernel import clock
from lms.instance import Instance
from scripts.access_matrix import declared_cells
from tests.support.access import outcome
from tests.support.boards import a_thread, an_answer
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.course_boards import a_course_board
from tests.support.editions import a_learner_of
from tests.support.institution_access import an_institution_cast
from tests.support.wording import in_spanish

STATE = "course_reported_owner_post"


def the_editor(instance: Instance) -> Person:
    with instance.database.unit_of_work(write=False) as session:
        return session.scalars(select(Person).where(Person.email == "ines@example.org")).one()


def a_reported_post(instance: Instance, first: ThreadPost, reporter: Person, text: str = "Una grosería.") -> ThreadPost:
    post = an_answer(instance, first, the_editor(instance), text)
    with instance.database.unit_of_work() as session:
        session.add(
            PostReport(post_id=post.id, person_id=reporter.id, report_class=HideClass.OFFENSIVE.value, note="Ofende", at=clock.now())
        )
    return post


def test_every_cell_of_such_a_post(browser: Browser, instance: Instance) -> None:
    cast = an_institution_cast(browser, instance)
    board = a_course_board(instance, cast.course)
    reporter = a_person(instance, "rita@example.org", given="Rita")
    first, wrong = a_thread(instance, board, reporter), list[str]()
    for action, method, path, data in (("post.hide", "GET", "hide", None), ("post.decide", "POST", "keeping", {"seen": "1"})):
        outcomes = {}
        for letter, browser in cast.browsers.items():
            post = a_reported_post(instance, first, reporter, f"Grosería {action} {letter}")
            outcomes[letter] = outcome(browser, f"/discussions/posts/{post.key}/{path}", method, data)
        assert (action, STATE) in declared_cells()
        wrong += cast.check(action, STATE, outcomes)
    assert not wrong


def test_the_institution_decides_on_that_post_and_reads_nothing_else(browser: Browser, instance: Instance) -> None:
    cast = an_institution_cast(browser, instance)
    board = a_course_board(instance, cast.course)
    a_learner_of(instance, cast.course, None, "luz@example.org")
    with instance.database.unit_of_work(write=False) as session:
        learner = session.scalars(select(Person).where(Person.email == "luz@example.org")).one()
    first = a_thread(instance, board, learner)
    post = an_answer(instance, first, the_editor(instance), "Una grosería.")
    reporter = sign_in(cast.browsers["S"].another(), "luz@example.org")
    reporter.get(f"/discussions/posts/{post.key}/report")
    reporter.submit("/report", {"report_class": "offensive", "note": "Me insulta"})
    reporter.deliver_jobs()

    address = f"/discussions/posts/{post.key}/hide"
    with instance.database.unit_of_work(write=False) as session:
        of_report = Notification.key.startswith(f"post:{post.key}:moderation")
        told = session.execute(select(Person.email, Notification.path).join(Person).where(of_report)).all()
    assert [tuple(row) for row in told] == [("sara@example.org", address)]

    sara = cast.browsers["S"]
    assert sara.get("/notices").has_link(address)
    page = sara.get(address).text
    assert "Una grosería." in page
    assert "Me insulta" in page
    with instance.database.unit_of_work(write=False) as session:
        thread = session.get_one(Thread, first.thread_id).key
    for path in (f"/discussions/{thread}", f"/discussions/boards/{board.key}/moderation", f"/discussions/boards/{board.key}/log"):
        assert outcome(sara, path) != "allow", path
    sara.get(address)
    sara.submit("/hide", {"hide_class": "offensive", "reason": "Insulta a una participante."})
    assert in_spanish("The post is hidden.") in sara.page.text
    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(ThreadPost, post.id).state == PostState.HIDDEN
    sara.submit("/showing")
    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(ThreadPost, post.id).state == PostState.VISIBLE


def test_with_a_second_editor_the_team_decides(browser: Browser, instance: Instance) -> None:
    cast = an_institution_cast(browser, instance)
    board = a_course_board(instance, cast.course)
    reporter = a_person(instance, "rita@example.org", given="Rita")
    post = a_reported_post(instance, a_thread(instance, board, reporter), reporter)
    address = f"/discussions/posts/{post.key}/hide"
    assert outcome(cast.browsers["S"], address) == "allow"
    other = a_person(instance, "olga@example.org")
    with instance.database.unit_of_work() as session:
        session.add(CourseStaff(course_id=cast.course.id, person_id=other.id, role=StaffRole.EDITOR.value, since=clock.now()))

    assert outcome(cast.browsers["S"], address) != "allow"
    assert outcome(cast.browsers["T"], address) != "allow"
