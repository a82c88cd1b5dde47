"""A sign planted in every field of a community is found at no door by who may not read it (spec/communities C40).

The doors are read from the address map and the notices; those inside find each sign somewhere, and at each door some.
"""

from datetime import timedelta

import pytest
from sqlalchemy import select, update

from accounts import jobs, notices
from accounts.models import Notification
from communities import communities, members, models
from discussions import models as discussion_models
from discussions.models import Board, Thread, ThreadPost
from kernel import clock
from kernel.db import Base
from kernel.outbox import Delivery
from kernel.settings import secret_keys
from lms import own_data
from lms import search as search_indexing
from lms.instance import Instance
from organisations.models import Membership
from tests.support.boards import a_thread, an_answer
from tests.support.browser import Browser
from tests.support.builders import sign_in
from tests.support.communities import actor_of
from tests.support.doors import Door, doors, mails_by_person, rules_of, shown_at, signs_in
from tests.support.planted import (
    KINDS,
    NO_WORDS,
    OUTSIDERS,
    PLANTED,
    SIGN,
    WORD,
    FullCommunity,
    a_full_community,
    columns_with_words,
    names_community,
    plant,
)
from tests.support.walking import plain_addresses


def test_every_field_with_words_has_its_sign_or_a_reason() -> None:
    tables = [
        mapper.class_ for mapper in Base.registry.mappers if mapper.class_.__module__ in (models.__name__, discussion_models.__name__)
    ]
    planted = {f"{table.__name__}.{column}" for table, columns in PLANTED.items() for column in columns.split()}
    explained = {column for columns in NO_WORDS for column in columns.split()}

    assert columns_with_words(iter(tables)) == planted | explained
    assert not planted & explained


SILENT = {
    "communities.ask": "nobody inside asks to join",
    "communities_keeping.delete": "of a draft, and of one that was archived for long",
    "discussions.open_to_all": "of courses alone",
    "communities_links.logo": "a picture has no words",
    "communities_links.picture": "a picture has no words",
}
"""Doors that show no sign to anybody inside, and why."""
UNSHOWN = {
    "Community.reason": "of one that is archived",
    "CommunityMember.reason": "in the notice to whom it is about",
    "CommunityRequest.reason": "in the notice to whom it is about",
    "CommunityInvitation.added_text": "in the mail, and where links are handed over",
    "CommunityPageVersion.title": "kept, and compared nowhere yet",
    "PostDraft.category": "only where the board still has it",
}
"""Fields that no door shows to anybody inside, and why."""
OUTSIDE = {kind: ("stranger", *(name for name in OUTSIDERS if (kind, name) != ("institution", "admin_above"))) for kind in KINDS}
"""By kind: who belongs to the institution of an open one reads it."""
FIND = {"private": OUTSIDE["private"], "group": ("admin_above",)}
"""By kind those of them who read the front page."""
EVERYWHERE = ("/communities?page=2", f"/communities?q={WORD}", f"/search?q={WORD}", f"/search?q={WORD[:7]}", "/courses/prueba")


def write_more(full: FullCommunity) -> None:
    """Write posts, answers and an announcement, of which members are notified."""
    instance, now = full.instance, clock.now()
    with instance.database.unit_of_work(write=False) as session:
        board = session.get_one(Board, full.row.board_id)
        firsts = session.scalars(select(ThreadPost).join(Thread).where(Thread.board_id == board.id, ThreadPost.number == 1)).all()
        open_ones = [first for first in firsts if session.get_one(Thread, first.thread_id).locked_at is None]
    for first in open_ones:
        an_answer(instance, first, full.member, f"Otra {full.sign('later', first.id)}", now=now)
    for person, kind in ((full.founder, "announcement"), (full.member, "discussion")):
        a_thread(instance, board, person, full.sign("later", 0), full.sign("later", 0), kind=kind, now=now)


def go(full: FullCommunity) -> None:
    """Let those who are outside from now on leave, be removed for good, and no longer belong."""
    now, leaving = clock.now(), ["gone", *(["departed"] if full.kind in ("private", "hidden") else [])]
    with full.instance.database.unit_of_work() as session:
        for place, community in enumerate(filter(None, (full.row, full.parent))):
            for name in leaving:
                actor = actor_of(full.outsiders[name])
                members.leave(session, actor, communities.get_community(session, actor, community.slug), now=now)
            judge = actor_of(full.outsiders["admin_above"] if place else full.founder)
            number = full.memberships["banned@example.org"][-1 - place]
            context = members.get_member(session, judge, community.slug, number)
            members.remove(session, judge, context, reason="Ya no.", days=0, seen=str(context.other.row_version), now=now)
        departed = full.outsiders["departed"].id
        session.execute(update(Membership).where(Membership.person_id == departed).values(until=now))


def a_crawled_community(browser: Browser, instance: Instance, kind: str) -> FullCommunity:
    """Return a full community with signs in it, which those outside have read and been notified of before they went."""
    full = a_full_community(instance, kind)
    plant(full)
    founder = actor_of(full.founder)
    with instance.database.unit_of_work() as session:
        for name in ("gone", "banned", "departed"):
            context = members.get_member(session, founder, full.row.slug, full.memberships[f"{name}@example.org"][-1])
            members.set_role(session, founder, context, models.CommunityRole.MODERATOR, seen="1", now=clock.now())
    write_more(full)
    browser.deliver_jobs()
    search_indexing.reindex(instance.database)
    return full


def forbidden_to(full: FullCommunity, name: str) -> set[str]:
    """Return the signs that somebody outside must not find."""
    return {
        sign
        for sign, planted in full.signs.items()
        if not (planted.is_front and name in FIND.get(full.kind, ())) and not (name == "auditor" and planted.column.startswith("Person."))
    }


def found_by(full: FullCommunity, name: str, visitor: Browser, opened: list[Door], token: str = "") -> list[str]:
    """Name the doors at which somebody outside finds a sign that they must not find."""
    forbidden, fields = forbidden_to(full, name), {"csrf_token": token, "text": "Texto.", "title": "Un título", "act": "publish"}
    shown = [(door, shown_at(visitor, door, SIGN, fields)) for door in opened]
    return [
        f"{name}: {door.method} {door.address} {answer.statuses}: {sorted({full.signs[sign].column for sign in signs})}"
        for door, answer in shown
        if (signs := answer.signs & forbidden)
    ]


@pytest.mark.slow
def test_those_inside_find_each_sign_and_at_each_door_some(browser: Browser, instance: Instance) -> None:
    """A door, or a field, that shows nothing to anybody inside says nothing of what it hides from others."""
    full = a_crawled_community(browser, instance, "hidden")
    assert {rule.endpoint for rule in rules_of(browser.app, "GET", names_community) if not rule.arguments <= set(full.known)} == set()
    insiders = [sign_in(browser.another(), person.email) for person in (full.founder, full.member)]
    opened = [*doors(browser.app, full.known, names_community), *(Door(path, "plain") for path in ("/learning/drafts", "/notices"))]

    shown = [(door, shown_at(visitor, door, SIGN).signs) for door in opened for visitor in insiders]
    own = {sign for sign, planted in full.signs.items() if planted.column.startswith("Person.")}  # each reads their own name everywhere
    shown = [(door, found - own) for door, found in shown]
    signs = {sign for _door, found in shown for sign in found}
    assert {door.endpoint for door in opened} - {door.endpoint for door, found in shown if found} == set(SILENT)
    fields = {planted.column for planted in full.signs.values()} - {"later", "Person.first_surname"}
    assert fields - {full.signs[sign].column for sign in signs} == set(UNSHOWN)


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_those_outside_find_no_sign_at_any_door(
    browser: Browser, instance: Instance, kind: str, capsys: pytest.CaptureFixture[str]
) -> None:
    full = a_crawled_community(browser, instance, kind)
    go(full)
    browser.deliver_jobs()
    visitors = {
        name: browser.another() if name == "stranger" else sign_in(browser.another(), full.outsiders[name].email) for name in OUTSIDE[kind]
    }
    named = doors(browser.app, full.known, names_community)
    plain = [Door(path, "plain") for path in (*plain_addresses(browser.app), *EVERYWHERE)]
    sent = doors(browser.app, full.known, names_community, method="POST")
    capsys.readouterr()

    found = []
    for name, visitor in visitors.items():
        visitor.checks = False
        found += found_by(full, name, visitor, [*named, *plain])
        visitor.get("/help")
        found += found_by(full, name, visitor, sent, dict(visitor.page.form("/language").fields)["csrf_token"])
    logged = capsys.readouterr()
    assert found == []
    assert signs_in([logged.out, logged.err], SIGN) == set()


@pytest.mark.slow
@pytest.mark.parametrize("kind", KINDS)
def test_those_outside_are_told_nothing_more(browser: Browser, instance: Instance, kind: str) -> None:
    """Neither by mails and digests of what follows, nor by the links that stop earlier ones, nor in the copy of their data."""
    full = a_crawled_community(browser, instance, kind)
    folder = instance.settings.data_dir
    assert signs_in([mails_by_person(folder)["gone@example.org"]], SIGN)
    go(full)
    for path in (folder / "mail").glob("*.eml"):
        path.unlink()
    write_more(full)
    browser.deliver_jobs()
    tomorrow = clock.now().replace(hour=12, minute=5) + timedelta(days=1)
    jobs.send_digests(Delivery(instance.database, instance.settings, 1, {}, tomorrow))
    browser.deliver_jobs()

    mails, found = mails_by_person(folder), []
    assert signs_in([mails["miembro@example.org"]], SIGN)
    with instance.database.unit_of_work(write=False) as session:
        for name, person in full.outsiders.items():
            if name not in OUTSIDE[kind]:
                continue
            given = session.execute(select(Notification.kind, Notification.source).where(Notification.person_id == person.id)).all()
            tokens = {notices.unsubscription_token(secret_keys(instance.settings)[0], person.uuid, *row) for row in given}
            stops = [Door(f"/notices/stop/{token}", "stop", method) for token in sorted(tokens) for method in ("GET", "POST")]
            texts = {"mail": mails.get(person.email, ""), "copy": str(own_data.tables_of(session, person.id, now=clock.now()))}
            found += found_by(full, name, browser.another(), stops)
            signs = {what: signs_in([text], SIGN) & forbidden_to(full, name) for what, text in texts.items()}
            found += [f"{name}: {what}: {sorted({full.signs[sign].column for sign in some})}" for what, some in signs.items() if some]
    assert found == []
