"""What the audit log shows of posts and communities: to auditors kind and number, of reports no name, to the author of a post nothing."""

from accounts import accounts
from accounts.models import Person
from discussions import boards, moderation
from discussions.models import HideClass
from kernel import clock
from kernel.permissions import SYSTEM, SiteRole
from lms.instance import Instance
from organisations.rules.units import TrainingRole
from tests.support.boards import a_thread, an_answer
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner, a_person, an_administrator, sign_in
from tests.support.communities import a_community, write_thread
from tests.support.course_boards import a_course_board
from tests.support.places import a_place, give_training, put

LOG = "/administration/audit"


def a_reported_post(instance: Instance, author: Person) -> None:
    """Let Ana report an answer of somebody's in the discussions of a course."""
    course = a_course(instance, modules=1)
    board, ana = a_course_board(instance, course), a_learner(instance, course)
    with instance.database.unit_of_work(write=False) as session:
        first = a_thread(instance, board, session.get_one(Person, ana.person_id), "Título reservado")
    rude = an_answer(instance, first, author, "Una grosería.")
    with instance.database.unit_of_work() as session:
        context = boards.get_post(session, ana, rude.key)
        moderation.report_post(session, ana, context, HideClass.OFFENSIVE, "Ofende", now=clock.now())


def test_the_log_names_no_reporter_and_the_author_finds_no_report(browser: Browser, instance: Instance) -> None:
    author = an_administrator(instance)
    other = a_person(instance, "otra@example.org", given="Olga", surname="Otra")
    with instance.database.unit_of_work() as session:
        accounts.grant_role(session, SYSTEM, session.merge(other), SiteRole.ADMINISTRATOR, now=clock.now())
    a_reported_post(instance, author)

    shown = sign_in(browser, "otra@example.org").get(f"{LOG}?act=post.reported").html
    assert shown.count('<th scope="row">') == 1
    assert "Ana Quinde" not in shown
    assert '"actor": null' in shown.replace("&#34;", '"')
    assert '<th scope="row">' not in sign_in(browser.another(), "admin@example.org").get(f"{LOG}?act=post.reported").html
    assert '<th scope="row">' not in browser.get(f"{LOG}?person=ana@example.org&act=post.reported").html


def test_an_auditor_reads_kind_and_number_of_what_people_wrote(browser: Browser, instance: Instance) -> None:
    institution = a_place(instance, "IESS")
    author = a_person(instance, "autora@example.org", given="Luz", surname="Autora")
    put(instance, author, institution)
    a_reported_post(instance, author)
    hidden = a_community(instance, author, "Cofradía reservada")
    write_thread(instance, hidden, "Hilo reservado", author)
    auditor = a_person(instance, "aldo@example.org", given="Aldo", surname="Auditor")
    give_training(instance, auditor, institution, TrainingRole.AUDITOR)

    sign_in(browser, "aldo@example.org").get(LOG)

    for secret in ("reservad", "Ana Quinde", "Ofensivo", "offensive"):
        assert secret not in browser.page.html, secret
    for act in ("thread.opened", "thread"):
        page = browser.get(f"{LOG}?act={act}").html
        assert '<th scope="row">' in page
        assert "Luz Autora" not in page
    assert '<th scope="row">' not in browser.get(f"{LOG}?person=autora@example.org&act=thread.opened").html
