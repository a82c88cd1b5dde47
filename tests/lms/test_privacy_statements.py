"""Whom the page on personal data names as readers of what people write and publish, beside who reads it (spec/communities C9, P2)."""

from datetime import timedelta

import pytest
from lxml import html
from sqlalchemy import func, select

from accounts.models import DeletionRequest, Person
from accounts.rules import NOTICE_VERSION
from communities import communities, directory, members
from communities.directory import DirectoryValues
from communities.models import CommunityLevel, CommunityMember, CommunityRequest, CommunityRole, CommunityState, DirectoryEntry
from discussions import boards, posts
from discussions.models import PostDraft, Subscription, ThreadPost
from kernel import clock
from kernel.permissions import SYSTEM
from kernel.personal import ERASURE_QUESTIONS
from kernel.settings import Settings
from lms import app, erasure
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, a_person, an_administrator, sign_in
from tests.support.communities import a_community, a_member, actor_of, write_thread
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"
WROTE = {"es": "Lo que escribe en debates y comunidades", "en": "What you write in discussions and communities"}
BELONGS = {"es": "Comunidades: su membresía", "en": "Communities: your membership"}
ENTRY = {"es": "Su ficha en el directorio", "en": "Your entry in the directory"}


def stated(browser: Browser, language: str) -> dict[str, str]:
    """Return what the page says that is kept, with who sees it."""
    rows = html.fromstring(browser.another(language).get("/privacy").html).xpath("//table//tr[td]")
    return {" ".join(row[0].text_content().split()): " ".join(row[-1].text_content().split()) for row in rows}


def readers_of(browser: Browser, language: str, what: dict[str, str]) -> str:
    return next(readers for kept, readers in stated(browser, language).items() if kept.startswith(what[language]))


@pytest.fixture
def eva(instance: Instance) -> Person:
    person = a_person(instance, "eva@example.org", given="Evangelina")
    with instance.database.unit_of_work() as session:  # first posts of new accounts wait for a moderator
        row = session.get_one(Person, person.id)
        row.created_at = clock.now() - timedelta(days=400)
        session.flush()
        return row


def test_what_is_written_is_read_by_those_whom_the_page_names(browser: Browser, instance: Instance, eva: Person) -> None:
    ana = a_person(instance)
    an_administrator(instance)
    threads = []
    for name, level in (("Estadística actuarial", CommunityLevel.OPEN), ("La cerrada", CommunityLevel.PRIVATE)):
        row = a_community(instance, ana, name, level=level)
        a_member(instance, row, eva)
        threads.append(f"/discussions/{write_thread(instance, row, f'Tema de {name}', eva)}")

    assert "Evangelina" in browser.another().get(threads[0]).text  # “of an open community, anybody”
    stranger = browser.another()
    stranger._request("GET", threads[1])
    assert "Evangelina" not in stranger.response.get_data(as_text=True)
    with instance.database.unit_of_work() as session:
        for post in session.scalars(select(ThreadPost)).all():
            posts.withdraw_post(session, actor_of(eva), boards.get_post(session, actor_of(eva), post.key), now=clock.now())
    texts = ["El texto de «Tema de Estadística actuarial».", "El texto de «Tema de La cerrada»."]
    for moderator in (sign_in(browser.another()), sign_in(browser.another(), "admin@example.org")):
        for thread, text in zip(threads, texts, strict=True):
            assert text in moderator.get(thread).text  # “its moderators and the administration also see what you withdrew”
    assert timedelta(days=Settings(_env_file=None).keep_withdrawn_posts_days) == timedelta(days=30)  # “for 30 days”
    for language, anybody, kept in (("es", "cualquiera", "durante 30 días"), ("en", "anybody", "for 30 days")):
        readers = readers_of(browser, language, WROTE)
        assert anybody in readers
        assert kept in readers


def test_members_see_each_other_without_addresses(browser: Browser, instance: Instance, eva: Person) -> None:
    row = a_community(instance, a_person(instance), level=CommunityLevel.SEMIPRIVATE)
    luis = a_person(instance, "luis@example.org")
    a_member(instance, row, eva)
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(luis), row.slug)
        members.request_to_join(session, actor_of(luis), context, "Trabajo en esto.", now=clock.now())
    member, administrator = sign_in(browser.another(), eva.email), sign_in(browser.another())

    for visitor in (member, administrator):
        assert "Evangelina" in visitor.get(f"{PAGE}/members").text
        assert "@example.org" not in visitor.page.text  # “never your address”
    assert "Trabajo en esto." in administrator.get(f"{PAGE}/manage/requests").text
    member._request("GET", f"{PAGE}/manage/requests")  # “read by those who run that community”
    assert "Trabajo en esto." not in member.response.get_data(as_text=True)
    assert "nunca su correo" in readers_of(browser, "es", BELONGS)
    assert "never your address" in readers_of(browser, "en", BELONGS)


def test_the_directory_is_for_people_who_signed_in(browser: Browser, instance: Instance, eva: Person) -> None:
    a_person(instance)
    with instance.database.unit_of_work() as session:
        values = DirectoryValues("Trabajo en pensiones.", shows_institution=False, contact=True)
        directory.save_entry(session, actor_of(eva), values, now=clock.now())

    assert "Evangelina" not in browser.another().get("/directory").text
    assert "Evangelina" in sign_in(browser).get("/directory").text
    assert "@example.org" not in browser.page.text
    assert "ingresaron" in readers_of(browser, "es", ENTRY)
    assert "signed in" in readers_of(browser, "en", ENTRY)


def test_the_notice_before_an_account_says_where_others_see_a_name(browser: Browser) -> None:
    """What learners never see of each other is tried by the access matrix (`result:view` and others)."""
    page = browser.another().get("/sign-up").text

    assert in_spanish("How your data is used") in page
    assert "debates" in page
    assert NOTICE_VERSION in page


DELETION = "/profile/data/deletion"
ENDS = (
    "Your memberships in communities end, with your role in them. Your requests to join, your drafts, what you follow and your entry "
    "in the directory are deleted."
)
SHARED = (
    "What you wrote in discussions, and your files and pages in communities: without your name, or not at all if you ask here for their "
    "withdrawal."
)
ALONE = "Without you these communities have no administrator. Name another one in their lists of members before, or archive them."


def erase(instance: Instance, person: Person, answers: dict[str, str]) -> None:
    with instance.database.unit_of_work() as session:
        session.add(DeletionRequest(person_id=person.id, asked_at=clock.now(), due_at=clock.now(), answers=answers))
        session.flush()
        erasure.erase_person(session, SYSTEM, session.get_one(Person, person.id), now=clock.now())


@pytest.mark.parametrize(("answer", "stays"), [("keep", True), ("withdraw", False)])
def test_what_the_page_of_a_deletion_says_of_communities_is_so(
    browser: Browser, instance: Instance, eva: Person, answer: str, stays: bool
) -> None:
    """spec/communities R3."""
    ana = a_person(instance)
    row = a_community(instance, ana, level=CommunityLevel.SEMIPRIVATE)
    other = a_community(instance, ana, "La otra", level=CommunityLevel.SEMIPRIVATE)
    a_member(instance, row, eva, CommunityRole.MODERATOR)
    thread = f"/discussions/{write_thread(instance, row, 'Un tema', eva)}"
    with instance.database.unit_of_work() as session:
        context, now = communities.get_community(session, actor_of(eva), other.slug), clock.now()
        members.request_to_join(session, actor_of(eva), context, "Trabajo en esto.", now=now)
        texts = dict.fromkeys(("kind", "category", "anchor_kind", "anchor_key", "anchor_part", "title", "source", "reason"), "")
        session.add(
            PostDraft(
                key="d", person_id=eva.id, board_id=row.board_id, slot="t", changed_at=now, private=False, mentioned=(), reply_to=0, **texts
            )
        )
        directory.save_entry(session, actor_of(eva), DirectoryValues("Pensiones.", shows_institution=False, contact=True), now=now)
    deleted = (CommunityRequest, PostDraft, Subscription, DirectoryEntry)

    def left() -> list[int]:
        with instance.database.unit_of_work(write=False) as session:
            counts = (select(func.count()).select_from(table).where(table.person_id == eva.id) for table in deleted)
            return [session.scalar(statement) or 0 for statement in counts]

    assert left() == [1] * len(deleted)
    text = sign_in(browser.another(), eva.email).get(DELETION).text
    for sentence in (ENDS, SHARED):
        assert in_spanish(sentence) in text
    question = next(question for question in ERASURE_QUESTIONS.given_in(app.GIVEN) if question.of == "thread_post_person_id")
    erase(instance, eva, {question.name: answer})

    assert left() == [0] * len(deleted)
    administrator = sign_in(browser.another())
    assert "Evangelina" not in administrator.get(f"{PAGE}/members").text
    administrator._request("GET", thread)
    page = administrator.response.get_data(as_text=True)
    assert "Evangelina" not in page
    assert ("El texto de «Un tema»." in page) is stays
    with instance.database.unit_of_work(write=False) as session:
        membership = session.scalars(select(CommunityMember).where(CommunityMember.person_id == eva.id)).one()
        assert membership.until is not None


def test_who_administers_a_community_alone_is_warned_and_may_go(browser: Browser, instance: Instance, eva: Person) -> None:
    """spec/communities C13: one without an administrator is listed for the site; an archived one needs none."""
    ana = a_person(instance)
    both, _alone = a_community(instance, ana, "De las dos"), a_community(instance, ana, "De Ana sola")
    a_community(instance, ana, "La de antes", state=CommunityState.ARCHIVED)
    a_member(instance, both, eva, CommunityRole.ADMINISTRATOR)

    page = sign_in(browser).get(DELETION)
    assert in_spanish(ALONE) in page.text
    assert page.has_link("/communities/de-ana-sola/members")
    assert not page.has_link("/communities/de-las-dos/members")
    assert not page.has_link("/communities/la-de-antes/members")
    assert in_spanish(ALONE) not in sign_in(browser.another(), eva.email).get(DELETION).text
    browser.submit(DELETION, {"current_password": PASSWORD})
    with instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(DeletionRequest.person_id)).one() == ana.id
