"""Invitations to communities: judged, sent at a pace or handed over, accepted, declined, forgotten (spec/communities C19, C20, C22)."""

import re
from collections.abc import Iterator, Sequence
from datetime import timedelta

import pytest
from sqlalchemy import select, update

from accounts import accounts
from accounts.models import Person
from communities import invitations
from communities.models import (
    Community,
    CommunityInvitation,
    CommunityLevel,
    CommunityMember,
    CommunityReach,
    CommunityRole,
    CommunityState,
)
from kernel import clock
from kernel.outbox import Job
from kernel.permissions import SYSTEM
from kernel.settings import Settings
from lms import erasure
from lms.instance import Instance
from organisations.models import Membership
from tests.support.browser import Browser, Form
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.communities import a_community, a_member, an_invitation
from tests.support.places import a_place
from tests.support.postbox import Postbox
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"
INVITING = f"{PAGE}/manage/invitations"


def rows(instance: Instance) -> Sequence[CommunityInvitation]:
    return read(instance, lambda session: session.scalars(select(CommunityInvitation).order_by(CommunityInvitation.id)).all())


def members(instance: Instance) -> list[tuple[str, str, bool]]:
    statement = select(Person.email, CommunityMember.how, CommunityMember.external).join(Person, Person.id == CommunityMember.person_id)
    return read(instance, lambda session: [tuple(row) for row in session.execute(statement.where(CommunityMember.until.is_(None)))])


def founded(browser: Browser, instance: Instance, **values: object) -> Browser:
    """Return the browser of somebody with a community."""
    a_community(instance, a_person(instance), **{"level": CommunityLevel.PRIVATE, **values})
    return sign_in(browser)


def links_of(page: str) -> list[str]:
    return re.findall(r"/communities/invitations/[\w-]{30,}", page)


def test_a_list_is_judged_before_anybody_is_invited(browser: Browser, instance: Instance) -> None:
    """spec/communities C19: new, member, banned, invited, invalid, twice; nothing is written by the first look."""
    row = a_community(instance, a_person(instance), level=CommunityLevel.PRIVATE)
    for name in ("miembro", "vetada"):
        a_member(instance, row, a_person(instance, f"{name}@example.org"))
    an_invitation(instance, row, a_person(instance, "otra@example.org"), "ya@example.org")
    later = {"until": clock.now(), "banned_until": clock.now() + timedelta(days=9)}
    with instance.database.unit_of_work() as session:
        banned = select(Person.id).where(Person.email == "vetada@example.org").scalar_subquery()
        session.execute(update(CommunityMember).where(CommunityMember.person_id == banned).values(later))
    ana = sign_in(browser)
    pasted = "Eva Mena <eva@example.org>; miembro@example.org\nvetada@example.org\nya@example.org\nnada\nEVA@example.org\nana@example.org"

    page = ana.post(INVITING, {"addresses": pasted, "added_text": "Venga.", "way": "links", "act": "check"}).html

    for words in ("1 is a member already", "1 is invited already", "1 was removed and cannot join"):
        assert in_spanish("%(count)s" + words[1:], count=1) in page
    for words in ("This is not an email address.", "This address is on the list twice.", "This is your own address."):
        assert in_spanish(words) in page
    for judged in ("eva@example.org", "miembro@example.org", "vetada@example.org", "ya@example.org"):
        assert f'<span class="typed">{judged}</span>' in page
    assert f"{in_spanish('Line %(line)s: %(text)s', line=4, text=in_spanish('This is not an email address.'))}" in page
    assert dict(ana.page.form(INVITING).fields)["addresses"].split("\n") == pasted.split("\n"), "to be corrected"
    assert [one.email for one in rows(instance)] == ["ya@example.org"]
    ana.submit(INVITING, button=("act", "invite"))
    assert [one.email for one in rows(instance)] == ["ya@example.org", "eva@example.org"]
    page = ana.post(INVITING, {"addresses": f"{pasted}\nluz@example.org", "added_text": "", "way": "links", "act": "invite"}).text
    assert in_spanish("This is not an email address.") in page  # nothing goes out while a line is left out unsaid
    assert len(rows(instance)) == 2


def test_the_address_of_an_account_that_was_merged_into_a_members_is_a_members(browser: Browser, instance: Instance) -> None:
    row = a_community(instance, a_person(instance), level=CommunityLevel.PRIVATE)
    member, former = a_person(instance, "miembro@example.org"), a_person(instance, "antes@example.org")
    a_member(instance, row, member)
    with instance.database.unit_of_work() as session:
        people = [session.get_one(Person, person.id) for person in (former, member)]
        accounts.close_after_merge(session, SYSTEM, *people, "", [], now=clock.now())

    page = sign_in(browser).post(INVITING, {"addresses": "antes@example.org", "added_text": "", "way": "links", "act": "check"}).html

    assert in_spanish("%(count)s is a member already", count=1) in page


def test_too_long_a_list_is_refused_with_its_number(browser: Browser, instance: Instance) -> None:
    ana = founded(browser, instance)
    pasted = "\n".join(f"p{number}@example.org" for number in range(2_001))

    page = ana.post(INVITING, {"addresses": pasted, "added_text": "", "way": "mail", "act": "invite"}, status=422)

    assert "2001" in page.text.replace(".", "")
    assert not rows(instance)


def test_a_link_that_is_handed_over_leads_in(browser: Browser, instance: Instance) -> None:
    """spec/communities C1, C2, C20: only the address that was invited; the front page of a hidden community is shown."""
    ana = founded(browser, instance, reach=CommunityReach.HIDDEN)
    for name in ("eva", "otra"):
        a_person(instance, f"{name}@example.org")
    ana.post(INVITING, {"addresses": "eva@example.org", "added_text": "La esperamos.", "way": "links", "act": "invite"})
    assert in_spanish("its link was not made yet") in ana.get(INVITING).text
    shown = ana.post(f"{INVITING}/links").html
    (link,) = links_of(shown)
    assert "La esperamos." in shown
    says = "%(name)s invites you to the community “%(community)s”. The link is for you alone and lasts %(days)s days."
    assert in_spanish(says, name="Ana Quinde", community="Estadística actuarial", days=30) in shown
    assert not links_of(ana.post(f"{INVITING}/links").html)

    stranger, other, eva = browser.another(), sign_in(browser.another(), "otra@example.org"), sign_in(browser.another(), "eva@example.org")
    assert "Estadística actuarial" in stranger.get(link).text
    other.checks = False
    assert "Estadística actuarial" not in other.get(link, status=403).text
    other.get(PAGE, status=404)
    assert "Estadística actuarial" in eva.get(PAGE).text
    eva.get(f"{PAGE}/discussions", status=404)
    eva.get(link)
    number = rows(instance)[0].uuid
    other.post(f"/communities/invitations/{number}", {"act": "accept"}, status=403)
    eva.post(f"/communities/invitations/{number}", {"act": "accept"})
    eva.post(f"/communities/invitations/{number}", {"act": "accept"})

    assert members(instance) == [("ana@example.org", "founded", False), ("eva@example.org", "invited", False)]
    assert [(one.email, one.name) for one in rows(instance)] == [("", "")]
    eva.get(f"{PAGE}/members")
    assert browser.another().get(link, status=404)


def test_a_decline_is_seen_by_the_sender_alone_and_other_administrators_read_no_address(browser: Browser, instance: Instance) -> None:
    """spec/communities C9, C20."""
    founder, second = a_person(instance), a_person(instance, "beto@example.org", given="Beto")
    row = a_community(instance, founder, level=CommunityLevel.PRIVATE)
    a_member(instance, row, second, CommunityRole.ADMINISTRATOR)
    eva = a_person(instance, "eva@example.org")
    for address in (eva.email, "luz@example.org"):
        an_invitation(instance, row, founder, address)
    ana, beto, invited = sign_in(browser), sign_in(browser.another(), second.email), sign_in(browser.another(), eva.email)
    invited.get(PAGE)
    invited.submit("", form=answering(invited), button=("act", "decline"))

    assert in_spanish("declined") in ana.get(INVITING).text
    assert "luz@example.org" in ana.page.text
    assert "@example.org" not in beto.get(INVITING).text.replace(second.email, "")
    assert in_spanish("Invited by %(name)s", name=founder.full_name) in beto.page.text
    assert not answering(invited, PAGE)
    number = rows(instance)[1].uuid
    beto.post(f"{INVITING}/{number}/repetition", status=404)
    beto.post(f"{INVITING}/{number}/withdrawal")
    assert "luz@example.org" not in ana.get(INVITING).text


def answering(visitor: Browser, path: str = "") -> Form | None:
    """Return the form that answers an invitation, on a page or on the present one."""
    if path:
        visitor.get(path)
    return next((form for form in visitor.page.forms if form.action.startswith("/communities/invitations/")), None)


def test_an_invitation_ends_after_its_days_by_withdrawal_by_the_archive_and_with_its_sender(browser: Browser, instance: Instance) -> None:
    """spec/communities C14, C20; repeated, it lasts its whole time again, twice at most."""
    ana = founded(browser, instance)
    a_person(instance, "eva@example.org")
    ana.post(INVITING, {"addresses": "eva@example.org", "added_text": "", "way": "links", "act": "invite"})
    first = links_of(ana.post(f"{INVITING}/links").html)[0]
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityInvitation).values(expires_at=clock.now() - timedelta(seconds=1)))
    browser.another().get(first, status=404)
    number = rows(instance)[0].uuid
    second = links_of(ana.post(f"{INVITING}/{number}/repetition").html)[0]
    browser.another().get(first, status=404)
    browser.another().get(second)
    third = links_of(ana.post(f"{INVITING}/{number}/repetition").html)[0]
    assert in_spanish("An invitation is repeated twice at most. It can be withdrawn.") in ana.post(f"{INVITING}/{number}/repetition").text
    browser.another().get(third)

    ana.get(f"{PAGE}/manage/archive")
    ana.submit(f"{PAGE}/manage/archive", {"reason": "Terminó."})

    browser.another().get(third, status=404)
    assert rows(instance)[0].withdrawn_at is not None


def test_what_a_former_administrator_sent_opens_nothing(browser: Browser, instance: Instance) -> None:
    founder, second = a_person(instance), a_person(instance, "beto@example.org")
    row = a_community(instance, founder, level=CommunityLevel.PRIVATE)
    member = a_member(instance, row, second, CommunityRole.ADMINISTRATOR)
    a_person(instance, "eva@example.org")
    an_invitation(instance, row, second, "eva@example.org")
    eva = sign_in(browser.another(), "eva@example.org")
    assert answering(eva, PAGE)
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityMember).where(CommunityMember.id == member).values(role="member"))

    assert not answering(eva, PAGE)


def test_who_was_removed_for_good_cannot_accept(browser: Browser, instance: Instance) -> None:
    """spec/communities C22."""
    founder = a_person(instance)
    row = a_community(instance, founder, level=CommunityLevel.PRIVATE)
    eva = a_person(instance, "eva@example.org")
    an_invitation(instance, row, founder, eva.email)
    ended = {"until": clock.now(), "banned_until": clock.now() + timedelta(days=9)}
    number = a_member(instance, row, eva)
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityMember).where(CommunityMember.id == number).values(ended))
    visitor = sign_in(browser.another(), eva.email)

    visitor.post(f"/communities/invitations/{rows(instance)[0].uuid}", {"act": "accept"}, status=404)
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).values(reach=CommunityReach.HIDDEN.value))
    visitor.get(PAGE, status=404)  # what strangers read
    assert "Estadística actuarial" not in visitor.get("/learning/communities").text

    assert [email for email, _how, _external in members(instance)] == ["ana@example.org"]


def test_who_is_invited_from_outside_the_institution_is_marked_and_stays(browser: Browser, instance: Instance) -> None:
    """spec/communities C3, C4."""
    place, founder, eva = a_place(instance), a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, founder, level=CommunityLevel.PRIVATE, reach=CommunityReach.INSTITUTION, organisation_id=place.id)
    with instance.database.unit_of_work() as session:
        session.add(Membership(person_id=founder.id, organisation_id=place.id, since=clock.now()))
    an_invitation(instance, row, founder, eva.email)
    visitor = sign_in(browser.another(), eva.email)
    visitor.get(PAGE)
    visitor.submit("", form=answering(visitor), button=("act", "accept"))

    assert ("eva@example.org", "invited", True) in members(instance)
    visitor.get(f"{PAGE}/members")


def test_a_draft_may_be_hidden_and_its_invitations_go_out_with_its_activation(browser: Browser, instance: Instance) -> None:
    """spec/communities C11: they are prepared in the draft, and lead nowhere before."""
    founder = a_person(instance)
    row = a_community(instance, founder, level=CommunityLevel.PRIVATE, state=CommunityState.DRAFT)
    ana, boss = sign_in(browser), sign_in(browser.another(), an_administrator(instance).email)
    eva = a_person(instance, "eva@example.org")
    assert 'value="hidden"' in ana.get("/communities/new").html
    ana.get(INVITING)
    ana.submit(INVITING, {"addresses": eva.email, "way": "links"}, button=("act", "invite"))
    visitor = sign_in(browser.another(), eva.email)
    visitor.get(PAGE, status=404)
    with instance.database.unit_of_work() as session:  # prepared so long ago that its days were over
        session.execute(update(CommunityInvitation).values(expires_at=clock.now() - timedelta(days=1)))
    ana.post(f"{PAGE}/manage/submission")
    boss.get(f"{PAGE}/manage")
    boss.submit(f"{PAGE}/manage/activation", button=("act", "activate"))

    assert answering(visitor, PAGE)
    assert row.name in visitor.page.text


def test_a_forgotten_person_leaves_no_address_and_old_ones_are_deleted(browser: Browser, instance: Instance) -> None:
    """spec/communities R1, R2, R3: own data have them, erasure takes address and name."""
    founder = a_person(instance)
    row = a_community(instance, founder)
    eva = a_person(instance, "eva@example.org")
    an_invitation(instance, row, founder, eva.email)
    own = read(instance, lambda session: session.execute(invitations.select_own_data(eva.id)["community_invitations"]).all())
    assert [line.community for line in own] == [row.name]

    with instance.database.unit_of_work() as session:
        erasure.erase_person(session, SYSTEM, session.get_one(Person, eva.id), now=clock.now())
    assert "eva@" not in rows(instance)[0].email
    assert rows(instance)[0].withdrawn_at is not None
    with instance.database.unit_of_work() as session:
        invitations.forget_before(session, clock.now() + timedelta(days=60))
    assert not rows(instance)


class TestWithMail:
    """An instance that sends mail."""

    @pytest.fixture
    def postbox(self) -> Iterator[Postbox]:
        """Return a mail server."""
        box = Postbox()
        yield box
        box.close()

    @pytest.fixture
    def settings(self, settings: Settings, postbox: Postbox) -> Settings:
        """Return settings with a mail server."""
        return settings.model_copy(update={"smtp_host": "127.0.0.1", "smtp_port": postbox.port, "smtp_starttls": False})

    def test_who_has_no_account_joins_after_one_form(self, browser: Browser, instance: Instance, postbox: Postbox) -> None:
        """spec/communities C16, C20: what the mail says is true of the link."""
        ana = founded(browser, instance)
        ana.get(INVITING)
        typed = {"addresses": "Rosa Lema <nueva@example.org>", "added_text": "La esperamos.\nVenga."}
        ana.submit(INVITING, typed, button=("act", "invite"))
        ana.deliver_jobs()
        (message,) = postbox.messages
        body = message.get_body(("plain",)).get_content()
        assert message["To"] == "nueva@example.org"
        assert message["Subject"] == in_spanish("You are invited to the community “%(community)s”", community="Estadística actuarial")
        assert "La esperamos." in body
        assert rows(instance)[0].expires_at - rows(instance)[0].invited_at == timedelta(days=30)
        visitor = browser.another()
        link = links_of(body)[0]
        visitor.get(link)
        assert "Estadística actuarial" in visitor.page.text
        page = visitor.get(f"/sign-up?next={link}").html
        says = in_spanish("For the address %(email)s, to which the invitation was sent.", email="nueva@example.org")
        assert f'<p class="typed">{says}</p>' in page, "white space is kept there"
        visitor.submit("/sign-up", {"password": "cuatro palabras nada obvias", "consent": "y"})

        assert visitor.path == PAGE
        assert ("nueva@example.org", "invited", False) in members(instance)

    def test_two_hundred_mails_go_out_in_an_hour(self, browser: Browser, instance: Instance) -> None:
        """spec/communities C19."""
        ana = founded(browser, instance)
        pasted = "\n".join(f"p{number}@example.org" for number in range(450))
        ana.post(INVITING, {"addresses": pasted, "added_text": "", "way": "mail", "act": "invite"})

        jobs = read(instance, lambda session: session.scalars(select(Job).where(Job.kind == invitations.SEND)).all())
        waits = [round((job.available_at - job.created_at) / timedelta(hours=1)) for job in jobs]
        assert [waits.count(hour) for hour in range(3)] == [200, 200, 50]

    def test_a_second_list_waits_behind_the_first_and_a_repeated_mail_is_enqueued_once(self, browser: Browser, instance: Instance) -> None:
        """spec/communities C19: the first list still waits while the second one comes."""
        ana = founded(browser, instance)
        for begin in (0, 300):
            pasted = "\n".join(f"p{number}@example.org" for number in range(begin, begin + 300))
            ana.post(INVITING, {"addresses": pasted, "added_text": "", "way": "mail", "act": "invite"})
        jobs = read(instance, lambda session: session.scalars(select(Job).where(Job.kind == invitations.SEND)).all())
        waits = [round((job.available_at - jobs[0].created_at) / timedelta(hours=1)) for job in jobs]
        assert [waits.count(hour) for hour in range(4)] == [200, 200, 200, 0]
        with instance.database.unit_of_work() as session:
            session.execute(update(CommunityInvitation).values(sent=1))
        for _time in range(2):
            ana.post(f"{INVITING}/{rows(instance)[0].uuid}/repetition")

        assert len(read(instance, lambda session: session.scalars(select(Job).where(Job.kind == invitations.SEND)).all())) == 601
