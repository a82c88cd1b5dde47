"""Posts: pages that list, rename and merge them, and what a merge lets in."""

from datetime import date

import pytest

from accounts.models import Person
from kernel import clock
from kernel.errors import Conflict
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import audiences, posts, units
from organisations.audiences import AudienceRuleValues
from organisations.models import Audience, Organisation, Post
from organisations.rules.audience_drafts import read_yaml
from organisations.rules.audience_leaves import OWN_LEAVES
from organisations.units import MembershipValues
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_person
from tests.support.places import a_place
from tests.support.wording import in_spanish

POSTS = "/administration/posts"
SINCE = date(2026, 1, 1)


@pytest.fixture
def root(instance: Instance) -> Organisation:
    return a_place(instance, "IESS", code="IESS")


def a_post(instance: Instance, root: Organisation, name: str, *people: Person) -> Post:
    """Add a post that some people have."""
    with instance.database.unit_of_work() as session:
        number = posts.find_or_make_posts(session, SYSTEM, root.id, [name], now=clock.now())[posts.post_key(name)]
        wanted = {person.id: MembershipValues(root.id, number, since_on=SINCE) for person in people}
        units.assign_members(session, SYSTEM, wanted, now=clock.now())
        return session.get_one(Post, number)


def an_audience(instance: Instance, root: Organisation, rule: str, key: str = "inspectores") -> Audience:
    read = read_yaml(rule, OWN_LEAVES).rule
    assert read is not None
    with instance.database.unit_of_work() as session:
        values = AudienceRuleValues(read, audiences.today_of(clock.now()))
        return audiences.make_audience(session, SYSTEM, root, key, {"es": key.capitalize()}, values, now=clock.now())


@pytest.fixture
def inspector(instance: Instance, root: Organisation) -> Post:
    return a_post(instance, root, "Inspector", a_person(instance, "uno@example.org"))


@pytest.fixture
def other(instance: Instance, root: Organisation) -> Post:
    """The same post as a list wrote it, with two people."""
    return a_post(instance, root, "INSPECTOR 1", a_person(instance, "dos@example.org"), a_person(instance, "tres@example.org"))


def test_posts_say_how_many_people_and_rules_they_have(
    boss: Browser, instance: Instance, root: Organisation, inspector: Post, other: Post
) -> None:
    """spec/compulsory 2.6."""
    an_audience(instance, root, "post: inspector")
    an_audience(instance, root, "not: {post: [inspector, inspector 1]}", "los-demas")

    with instance.database.unit_of_work(write=False) as session:
        rows = {row.Post.name: (row.people, row.rules) for row in posts.list_posts(session, limit=10)}
    page = boss.get(f"{POSTS}?q=Inspéctor")

    assert rows == {"Inspector": (1, 2), "INSPECTOR 1": (2, 1)}
    assert page.has_link(f"{POSTS}/{inspector.uuid}")
    assert not boss.get(f"{POSTS}?q=director").has_link(f"{POSTS}/{inspector.uuid}")


def test_a_renamed_post_keeps_its_key_and_its_rules(boss: Browser, instance: Instance, root: Organisation, inspector: Post) -> None:
    """spec/compulsory 2.6: a re-spelling moves nobody."""
    audience = an_audience(instance, root, "post: inspector")
    boss.get(f"{POSTS}/{inspector.uuid}")
    page = boss.submit("/name", {"name": "Inspectora o inspector"})

    assert page.headings == ["Inspectora o inspector"]
    assert page.has_link(f"/administration/audiences/{audience.uuid}")
    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Post, inspector.id).key == "inspector"


@pytest.mark.parametrize(("name", "status"), [("", 422), ("inspector 1", 409), ("x" * 151, 422)])
def test_a_name_that_cannot_be_is_refused_at_its_field(
    boss: Browser, instance: Instance, root: Organisation, inspector: Post, other: Post, name: str, status: int
) -> None:
    boss.get(f"{POSTS}/{inspector.uuid}")
    boss.submit("/name", {"name": name}, status=status)

    with instance.database.unit_of_work(write=False) as session:
        assert session.get_one(Post, inspector.id).name == "Inspector"


def test_a_merge_says_beforehand_whom_rules_let_in(
    boss: Browser, instance: Instance, root: Organisation, inspector: Post, other: Post
) -> None:
    """spec/compulsory 2.6: with the count of people, the rules that name either, and who comes in and goes out by them."""
    an_audience(instance, root, "post: inspector")
    an_audience(instance, root, "not: {post: inspector 1}", "los-demas")
    boss.get(f"{POSTS}/{other.uuid}")
    page = boss.submit("/merging", {"into": "inspector"})

    words = "".join(page.text.split())
    assert "Inspectores20" in words
    assert "Los-demas01" in words

    page = boss.submit(f"/merging/{inspector.uuid}")

    assert page.headings == ["Inspector"]
    with instance.database.unit_of_work(write=False) as session:
        assert {row.Post.name: (row.people, row.rules) for row in posts.list_posts(session, limit=10)} == {"Inspector": (3, 2)}


def test_what_a_merge_was_said_to_change_is_what_it_changes(
    boss: Browser, instance: Instance, root: Organisation, inspector: Post, other: Post
) -> None:
    """spec/compulsory 2.6 and 3.7: the stays follow at once."""
    audience = an_audience(instance, root, "post: inspector")
    boss.deliver_jobs()
    today = audiences.today_of(clock.now())
    with instance.database.unit_of_work() as session:
        before = audiences.count_members(session)[audience.id]
        ((_audience, said),) = posts.preview_merge(session, session.merge(other), session.merge(inspector), today).rules
        posts.merge_posts(session, SYSTEM, session.merge(other), session.merge(inspector), now=clock.now())
    boss.deliver_jobs()
    with instance.database.unit_of_work(write=False) as session:
        after = audiences.count_members(session)[audience.id]

    assert (before, said, after) == (1, (2, 0), 3)


@pytest.mark.parametrize("into", ["", "director", "Inspector"])
def test_a_post_is_merged_into_another_one_that_there_is(boss: Browser, inspector: Post, other: Post, into: str) -> None:
    boss.get(f"{POSTS}/{inspector.uuid}")
    page = boss.submit("/merging", {"into": into})

    assert in_spanish("Choose another post of the same institution.") in page.text


def test_a_second_click_on_merge_finds_nothing(boss: Browser, instance: Instance, inspector: Post, other: Post) -> None:
    """spec/compulsory 18: one effect."""
    boss.get(f"{POSTS}/{other.uuid}/merging?into=inspector")
    boss.submit(f"/merging/{inspector.uuid}")
    boss.post(f"{POSTS}/{other.uuid}/merging/{inspector.uuid}", status=404)

    with instance.database.unit_of_work(write=False) as session:
        assert [row.people for row in posts.list_posts(session, limit=10)] == [3]


def test_two_merges_at_once_do_not_lose_a_post(instance: Instance, root: Organisation, inspector: Post, other: Post) -> None:
    with instance.database.unit_of_work() as session:
        posts.merge_posts(session, SYSTEM, session.merge(other), session.merge(inspector), now=clock.now())
    with instance.database.unit_of_work() as session, pytest.raises(Conflict):
        posts.merge_posts(session, SYSTEM, inspector, other, now=clock.now())

    with instance.database.unit_of_work(write=False) as session:
        assert [row.people for row in posts.list_posts(session, limit=10)] == [3]


def test_only_administrators_see_posts(browser: Browser, instance: Instance, inspector: Post) -> None:
    """Access: organisation.manage."""
    cast = a_cast(browser, instance)
    found = [cast.outcomes(path) for path in (POSTS, f"{POSTS}/{inspector.uuid}")]
    wrong = [fault for outcomes in found for fault in cast.check("organisation.manage", "any", outcomes)]

    assert wrong == []
