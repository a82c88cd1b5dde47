"""Requests to join as they are decided: by one of two, of authors who cannot come in any more (spec/communities C18, section 11)."""

from unittest.mock import patch

from sqlalchemy import select, update

from accounts.models import Person
from communities import communities, members
from communities.models import Community, CommunityLevel, CommunityMember, CommunityReach, CommunityRequest, CommunityRole
from kernel import clock
from lms.instance import Instance
from organisations.models import Membership
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.communities import a_community, a_member, actor_of
from tests.support.places import a_place, put
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"
REQUESTS = f"{PAGE}/manage/requests"


def ask(instance: Instance, row: Community, person: Person) -> str:
    """Let a person ask to join; return how the address of the decision ends."""
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(person), row.slug)
        members.request_to_join(session, actor_of(person), context, "Por favor.", now=clock.now())
        return f"/{session.scalars(select(CommunityRequest.uuid).where(CommunityRequest.person_id == person.id)).one()}"


def state(instance: Instance, person: Person) -> tuple[str, bool]:
    """Return what became of a person's request, and whether they are a member."""
    of_person = CommunityRequest.person_id == person.id
    mine = (CommunityMember.person_id == person.id, CommunityMember.until.is_(None), CommunityMember.how == "requested")
    return read(
        instance,
        lambda session: (
            session.scalars(select(CommunityRequest.state).where(of_person)).one(),
            session.scalar(select(CommunityMember.id).where(*mine)) is not None,
        ),
    )


def test_who_is_in_too_many_communities_by_now_is_not_let_in_and_the_request_stays(browser: Browser, instance: Instance) -> None:
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=CommunityLevel.SEMIPRIVATE)
    a_community(instance, eva, "La suya")
    decision = ask(instance, row, eva)
    sign_in(browser).get(REQUESTS)
    with patch("communities.members.MOST_COMMUNITIES", 1):
        browser.submit(decision, button=("act", "approve"), status=409)

    assert in_spanish("This person is in 200 communities and has to leave one first: the request stays.") in browser.page.text
    assert state(instance, eva) == ("pending", False)


def test_who_left_the_institution_is_not_let_in_and_the_request_stays(browser: Browser, instance: Instance) -> None:
    ana, eva, place = a_person(instance), a_person(instance, "eva@example.org"), a_place(instance)
    for person in (ana, eva):
        put(instance, person, place)
    row = a_community(instance, ana, level=CommunityLevel.SEMIPRIVATE, reach=CommunityReach.INSTITUTION, organisation_id=place.id)
    decision = ask(instance, row, eva)
    sign_in(browser).get(REQUESTS)
    with instance.database.unit_of_work() as session:
        session.execute(update(Membership).where(Membership.person_id == eva.id).values(until=clock.now()))
    browser.submit(decision, button=("act", "approve"), status=409)

    message = "This person no longer belongs to the institution: the request stays. You can invite them from outside."
    assert in_spanish(message) in browser.page.text
    assert state(instance, eva) == ("pending", False)


def test_who_left_the_community_above_is_not_let_into_its_group_and_the_request_stays(browser: Browser, instance: Instance) -> None:
    """spec/communities C36."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    parent = a_community(instance, ana, "La de arriba")
    row = a_community(instance, ana, level=CommunityLevel.SEMIPRIVATE)
    above = a_member(instance, parent, eva)
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).where(Community.id == row.id).values(parent_id=parent.id, reach="parent"))
    decision = ask(instance, row, eva)
    sign_in(browser).get(REQUESTS)
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityMember).where(CommunityMember.id == above).values(until=clock.now()))
    browser.submit(decision, button=("act", "approve"), status=409)

    assert in_spanish("This person is no longer a member of the community above: the request stays.") in browser.page.text
    assert state(instance, eva) == ("pending", False)


def test_of_two_who_decide_the_second_reads_who_decided_and_keeps_the_reason(browser: Browser, instance: Instance) -> None:
    ana, eva, luis = (a_person(instance, f"{name}@example.org", given=name.title()) for name in ("ana", "eva", "luis"))
    row = a_community(instance, ana, level=CommunityLevel.SEMIPRIVATE)
    a_member(instance, row, luis, CommunityRole.ADMINISTRATOR)
    decision = ask(instance, row, eva)
    first, second = sign_in(browser), sign_in(browser.another(), luis.email)
    first.get(REQUESTS)
    second.get(REQUESTS)
    first.submit(decision, button=("act", "approve"))
    second.submit(decision, {"reason": "Sin experiencia."}, button=("act", "reject"), status=409)

    assert (
        f"Ana Quinde {in_spanish('%(name)s approved this request: %(time)s.').partition('%(name)s ')[2].partition(':')[0]}"
        in second.page.text
    )
    assert "Sin experiencia." in second.page.text
    assert state(instance, eva) == ("approved", True)


def test_a_reason_that_is_too_long_stays_in_its_field(browser: Browser, instance: Instance) -> None:
    row = a_community(instance, a_person(instance), level=CommunityLevel.SEMIPRIVATE)
    decision = ask(instance, row, a_person(instance, "eva@example.org"))
    sign_in(browser).get(REQUESTS)
    browser.submit(decision, {"reason": "x" * 501}, button=("act", "reject"), status=422)

    assert "x" * 501 in browser.page.html


def test_who_was_rejected_lately_reads_that_before_writing(browser: Browser, instance: Instance) -> None:
    """spec/communities C18."""
    row = a_community(instance, a_person(instance), level=CommunityLevel.SEMIPRIVATE)
    eva = a_person(instance, "eva@example.org")
    with instance.database.unit_of_work() as session:
        decided = {"state": "rejected", "decided_at": clock.now()}
        session.add(CommunityRequest(community_id=row.id, person_id=eva.id, text="", sent_at=clock.now(), **decided))
    page = sign_in(browser, eva.email).get(f"{PAGE}/request")

    assert in_spanish("Your request was rejected. You can ask again 30 days later, three times at most.") in page.text
    assert not [form for form in page.forms if form.action == f"{PAGE}/request"]
