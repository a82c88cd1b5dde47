"""Eight at once in communities: each act has one outcome, whoever comes second (spec/communities section 11).

On PostgreSQL each has read what they act on before the first one acts.
"""

import io
from collections import Counter
from collections.abc import Iterable
from typing import Any

import pytest
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Notification, Person
from communities import communities, files, groups, invitations, life, members, pages, plan, reach
from communities.communities import CommunityValues, NoLongerAllowed, TooManyDrafts
from communities.files import CommunityIsFull, FileValues
from communities.members import LastAdministrator
from communities.models import (
    Community,
    CommunityFileVersion,
    CommunityLevel,
    CommunityMember,
    CommunityPageVersion,
    CommunityReach,
    CommunityRequest,
    CommunityRole,
    CommunityState,
    PlanEntry,
    RequestState,
)
from communities.pages import PageValues
from communities.plan import PlanValues
from discussions import boards, threads
from discussions.files import CheckedFile
from discussions.models import Board, FirstPosts, PostDraft, Thread, ThreadKind, ThreadPost
from discussions.threads import NewThread, TooManyAnnouncements
from discussions.views.writing import TextSaved
from kernel import clock
from kernel.errors import NotFound
from kernel.i18n import site_day
from kernel.row_versions import RowWasChanged, version_of
from lms.instance import Instance
from tests.support.at_once import Act, act_together, overlap
from tests.support.browser import Browser, Fields
from tests.support.builders import a_person, sign_in
from tests.support.communities import a_community, a_member, actor_of, an_invitation, fresh, write_thread
from tests.support.learning import all_at_once
from tests.support.takes import read
from tests.support.wording import in_spanish

SLUG = "estadistica-actuarial"
PUBLIC = CommunityValues("Estadística actuarial", "es", CommunityReach.EVERYONE, CommunityLevel.PUBLIC)


def of_community(person: Person, verb: Any, *values: Any, slug: str = SLUG, **named: Any) -> Act:
    """Return an act of a person on a community, by a function that takes its context."""
    actor = actor_of(person)

    def do(session: Session, context: Any) -> Any:
        return verb(session, actor, context, *values, now=clock.now(), **named)

    return lambda session: communities.get_community(session, actor, slug), do


def of_row(person: Person, verb: Any, *values: Any, **named: Any) -> Act:
    """Return an act of a person on a community, by a function that takes its row."""
    actor = actor_of(person)

    def do(session: Session, context: Any) -> Any:
        return verb(session, actor, context.community, *values, now=clock.now(), **named)

    return lambda session: communities.get_community(session, actor, SLUG), do


def of_member(person: Person, member: int, verb: Any, *values: Any, slug: str = SLUG, **named: Any) -> Act:
    """Return a decision on a member as their page showed them."""
    actor = actor_of(person)

    def do(session: Session, context: Any) -> Any:
        return verb(session, actor, context, *values, seen="1", now=clock.now(), **named)

    return lambda session: members.get_member(session, actor, slug, member), do


def deciding(person: Person, request: CommunityRequest, *, approves: bool, slug: str = SLUG) -> Act:
    """Return a decision on a request."""
    actor = actor_of(person)

    def do(session: Session, context: Any) -> bool:
        return members.decide_request(session, actor, context, approves=approves, reason="", now=clock.now())

    return lambda session: members.get_request(session, actor, slug, request.uuid), do


def accepting(person: Person, invitation: Any) -> Act:
    """Return the acceptance of an invitation."""
    actor = actor_of(person)
    return lambda session: invitations.get_own(session, actor, invitation.uuid), lambda session, invited: invitations.accept(
        session, actor, invited, now=clock.now()
    )


def outcomes(results: Iterable[Any]) -> Counter[str]:
    """Count what came of acts: what they returned, or the name of what refused them."""
    return Counter(type(result).__name__ if isinstance(result, Exception) else str(result) for result in results)


def present(instance: Instance, community: Community) -> list[str]:
    """List the addresses of the members, one for each open membership."""
    statement = select(Person.email).join(CommunityMember, CommunityMember.person_id == Person.id)
    mine = (CommunityMember.community_id == community.id, CommunityMember.until.is_(None))
    return read(instance, lambda session: sorted(session.scalars(statement.where(*mine))))


def a_request(instance: Instance, community: Community, person: Person) -> CommunityRequest:
    """Let somebody ask to join."""
    actor = actor_of(person)
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor, community.slug)
        assert members.request_to_join(session, actor, context, "Por favor.", now=clock.now())
        return session.scalars(select(CommunityRequest).where(CommunityRequest.person_id == person.id)).one()


def a_group(instance: Instance, parent: Community, founder: Person, level: CommunityLevel = CommunityLevel.SEMIPRIVATE) -> Community:
    """Found a working group."""
    actor = actor_of(founder)
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor, parent.slug)
        values = CommunityValues("Tablas", "es", CommunityReach.PARENT, level)
        return groups.found_group(session, actor, context, values, now=clock.now())


def notices_of(instance: Instance, person: Person) -> list[str]:
    """List the keys of somebody's notifications."""
    return read(instance, lambda session: list(session.scalars(select(Notification.key).where(Notification.person_id == person.id))))


def test_joining_by_the_button_and_by_an_invitation_makes_one_member(instance: Instance) -> None:
    """spec/communities C17."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana)
    invitation = an_invitation(instance, row, ana, eva.email)
    results = act_together(instance, [of_community(eva, members.join), accepting(eva, invitation)] * 4)

    assert outcomes(results) == {"True": 1, "False": 7}
    assert present(instance, row) == ["ana@example.org", "eva@example.org"]


def test_an_invitation_that_is_accepted_eight_times_makes_one_member(instance: Instance) -> None:
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=CommunityLevel.PRIVATE, reach=CommunityReach.HIDDEN)
    results = act_together(instance, [accepting(eva, an_invitation(instance, row, ana, eva.email))] * 8)

    assert outcomes(results) == {"True": 1, "False": 7}
    assert present(instance, row) == ["ana@example.org", "eva@example.org"]


def test_a_request_that_all_decide_on_has_one_outcome_and_one_notice(instance: Instance) -> None:
    """spec/communities section 11: approved, rejected, withdrawn and archived at once."""
    ana, beto, eva = (a_person(instance, f"{name}@example.org") for name in ("ana", "beto", "eva"))
    row = a_community(instance, ana, level=CommunityLevel.SEMIPRIVATE)
    a_member(instance, row, beto, CommunityRole.ADMINISTRATOR)
    request = a_request(instance, row, eva)
    acts = [
        *(deciding(person, request, approves=approves) for person in (ana, beto) for approves in (True, False)),
        *[of_community(eva, members.withdraw_request)] * 2,
        *[of_row(ana, life.archive, "Terminó.")] * 2,
    ]
    results = act_together(instance, acts)

    state = read(instance, lambda session: session.get_one(CommunityRequest, request.id).state)
    decided = [result is None for result in results[:4]] + [result is True for result in results[4:6]]
    assert sum(decided) == (0 if state == RequestState.ENDED else 1)
    assert outcomes(results[6:]) == {"True": 1, "False": 1}
    assert present(instance, row) == ["ana@example.org", "beto@example.org", *(["eva@example.org"] if state == "approved" else [])]
    assert len(notices_of(instance, eva)) == (0 if state == RequestState.WITHDRAWN else 1)
    assert not [key for key in notices_of(instance, ana) if "request" in key]


def test_who_joins_in_another_way_waits_no_longer(instance: Instance) -> None:
    """A request sent as an invitation is accepted is none of a member's; those who decide have nothing in their bells."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=CommunityLevel.SEMIPRIVATE)
    invitation = an_invitation(instance, row, ana, eva.email)
    act_together(instance, [accepting(eva, invitation), of_community(eva, members.request_to_join, "Por favor.")] * 4)

    assert present(instance, row) == ["ana@example.org", "eva@example.org"]
    assert read(instance, lambda session: members.count_requests(session, row.id)) == 0
    assert notices_of(instance, ana) == []


def test_nobody_joins_or_asks_where_the_level_was_just_changed(instance: Instance) -> None:
    """spec/communities C5: narrowing ends the requests that no longer fit, also one that was being written."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=CommunityLevel.SEMIPRIVATE)
    private = CommunityValues(row.name, "es", CommunityReach.EVERYONE, CommunityLevel.PRIVATE)
    changing = of_row(ana, reach.change_values, private, seen=str(row.row_version))
    act_together(instance, [changing, *[of_community(eva, members.request_to_join, "Por favor.")] * 7])

    assert fresh(instance, row).level == CommunityLevel.PRIVATE
    assert read(instance, lambda session: members.count_requests(session, row.id)) == 0


@pytest.mark.parametrize("act", ["resign", "leave", "demote each other", "remove each other"])
def test_of_administrators_who_go_at_once_one_stays(instance: Instance, act: str) -> None:
    """spec/communities C21, section 11."""
    people = [a_person(instance, f"p{number}@example.org") for number in range(4)]
    row = a_community(instance, people[0])
    numbers = [read(instance, lambda session: session.scalars(select(CommunityMember.id)).one())]
    numbers += [a_member(instance, row, person, CommunityRole.ADMINISTRATOR) for person in people[1:]]
    others = [*numbers[1:], numbers[0]]
    acts = {
        "resign": [of_member(*pair, members.set_role, CommunityRole.MEMBER) for pair in zip(people, numbers, strict=True)],
        "leave": [of_community(person, members.leave) for person in people],
        "demote each other": [of_member(*pair, members.set_role, CommunityRole.MEMBER) for pair in zip(people, others, strict=True)],
        "remove each other": [of_member(*pair, members.remove, reason="Ya no.", days=None) for pair in zip(people, others, strict=True)],
    }[act]
    results = act_together(instance, acts)

    refused = [result for result in results if isinstance(result, Exception)]
    assert refused
    assert {type(result) for result in refused} <= {LastAdministrator, NoLongerAllowed}
    with instance.database.unit_of_work(write=False) as session:
        assert communities.list_running_people(session, row)


def test_who_no_longer_administers_decides_nothing(instance: Instance) -> None:
    """An administrator who was demoted a moment ago removes nobody any more."""
    ana, beto, eva = (a_person(instance, f"{name}@example.org") for name in ("ana", "beto", "eva"))
    row = a_community(instance, ana)
    second, third = a_member(instance, row, beto, CommunityRole.ADMINISTRATOR), a_member(instance, row, eva)
    demoting = of_member(ana, second, members.set_role, CommunityRole.MEMBER)
    results = act_together(instance, [demoting, of_member(beto, third, members.remove, reason="Ya no.", days=0)])

    removed_first = not isinstance(results[1], Exception)
    assert present(instance, row) == ["ana@example.org", "beto@example.org", *([] if removed_first else ["eva@example.org"])]
    assert removed_first or isinstance(results[1], NoLongerAllowed)


def test_who_no_longer_administers_plans_nothing(instance: Instance) -> None:
    ana, beto = a_person(instance, "ana@example.org"), a_person(instance, "beto@example.org")
    row, day = a_community(instance, ana), site_day(clock.now())
    second = a_member(instance, row, beto, CommunityRole.ADMINISTRATOR)
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(beto), SLUG)
        read_second, demote = of_member(ana, second, members.set_role, CommunityRole.MEMBER)
        demote(session, read_second(session))
        with pytest.raises(NoLongerAllowed):
            plan.add_line(session, actor_of(beto), context, PlanValues(day, day, "Reunión", "meeting"), now=clock.now())
        with pytest.raises(NoLongerAllowed):
            plan.add_first_days(session, actor_of(beto), context, day, now=clock.now())


def test_who_is_made_administrator_as_they_leave_leaves_no_community_alone(instance: Instance) -> None:
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana)
    founder, number = read(instance, lambda session: session.scalars(select(CommunityMember.id)).one()), a_member(instance, row, eva)

    def hand_over(session: Session, _nothing: None) -> None:
        actor = actor_of(ana)
        for member, role in ((number, CommunityRole.ADMINISTRATOR), (founder, CommunityRole.MEMBER)):
            context = members.get_member(session, actor, SLUG, member)
            members.set_role(session, actor, context, role, seen=str(context.other.row_version), now=clock.now())

    act_together(instance, [(lambda _session: None, hand_over), *[of_community(eva, members.leave)] * 3])

    with instance.database.unit_of_work(write=False) as session:
        assert len(communities.list_running_people(session, row)) == 1


@pytest.mark.parametrize("days", [None, 0])
def test_who_is_removed_while_they_join_again(instance: Instance, days: int | None) -> None:
    """spec/communities C22: who is banned is a member no more, whichever button they press at that moment."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana)
    invitation = an_invitation(instance, row, ana, eva.email)
    number = a_member(instance, row, eva)
    removing = of_member(ana, number, members.remove, reason="No viene al caso.", days=days)
    results = act_together(instance, [removing, *[of_community(eva, members.join), accepting(eva, invitation)] * 3])

    assert results[0] is None
    assert present(instance, row).count("eva@example.org") <= (days is None)
    assert len(notices_of(instance, eva)) == 1


@pytest.mark.parametrize("way", ["approved", "invited", "founding"])
def test_nobody_is_left_in_a_group_alone(instance: Instance, way: str) -> None:
    """spec/communities C36, section 11: who leaves the community as they come into its group."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana)
    a_member(instance, row, eva, CommunityRole.ADMINISTRATOR)
    group = a_group(instance, row, ana)
    joining = {
        "approved": lambda: deciding(ana, a_request(instance, group, eva), approves=True, slug=group.slug),
        "invited": lambda: accepting(eva, an_invitation(instance, group, ana, eva.email)),
        "founding": lambda: of_community(
            eva, groups.found_group, CommunityValues("Otra", "es", CommunityReach.HIDDEN, CommunityLevel.PRIVATE)
        ),
    }[way]()
    results = act_together(instance, [*[of_community(eva, members.leave)] * 2, *[joining] * 3])

    assert outcomes(results[:2])["True"] == 1
    above = select(CommunityMember.person_id).where(CommunityMember.community_id == row.id, CommunityMember.until.is_(None))
    alone = (CommunityMember.until.is_(None), CommunityMember.community_id != row.id, CommunityMember.person_id.not_in(above))
    assert read(instance, lambda session: session.scalars(select(CommunityMember.id).where(*alone)).all()) == []
    assert read(instance, lambda session: members.count_requests(session, group.id)) == 0
    assert len(notices_of(instance, eva)) <= 1


def founding(person: Person) -> Act:
    """Return the founding of a community by its usual name."""
    actor = actor_of(person)
    return lambda _session: None, lambda session, _nothing: communities.found_community(session, actor, PUBLIC, now=clock.now()).slug


def test_a_sixth_draft_that_is_founded_eight_times_is_founded_nowhere(instance: Instance) -> None:
    """spec/communities C11."""
    ana = a_person(instance)
    for number in range(4):
        a_community(instance, ana, f"Borrador {number}", state=CommunityState.DRAFT)
    results = act_together(instance, [founding(ana)] * 8)

    assert sum(isinstance(result, TooManyDrafts) for result in results) == 7
    assert read(instance, lambda session: session.scalar(select(func.count()).select_from(Community))) == 5


def test_eight_people_found_communities_of_one_name(instance: Instance) -> None:
    """Each has an address of its own, and nobody loses what they typed."""
    people = [a_person(instance, f"p{number}@example.org") for number in range(8)]
    results = act_together(instance, [founding(person) for person in people])

    assert len({str(slug) for slug in results}) == 8
    assert SLUG in results
    assert all(str(slug).startswith(SLUG) for slug in results)


def test_uploads_at_once_keep_to_the_quota(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/communities C31."""
    monkeypatch.setattr(files, "QUOTA", 30)
    ana = a_person(instance)
    a_community(instance, ana)
    values = FileValues("Tablas", "", "", "es", "internal", members_only=True)

    def bringing(number: int) -> Act:
        content = CheckedFile("tablas.csv", f"{number:064}", 10, "text/csv")
        return of_community(ana, files.add_file, values, content)

    results = act_together(instance, [bringing(number) for number in range(8)])

    assert sum(isinstance(result, CommunityIsFull) for result in results) == 5
    assert read(instance, lambda session: session.scalar(select(func.count()).select_from(CommunityFileVersion))) == 3


def test_of_eight_who_change_one_page_seven_see_both_texts(instance: Instance) -> None:
    """spec/communities C32."""
    ana = a_person(instance)
    a_community(instance, ana)
    actor = actor_of(ana)
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor, SLUG)
        row = pages.add_page(session, actor, context, PageValues("Inicio", "Uno."), "<p>Uno.</p>", now=clock.now())

    def changing(number: int) -> Act:
        def do(session: Session, context: Any) -> bool:
            values = PageValues("Inicio", f"Texto {number}.")
            return pages.change_page(session, actor, context, values, "<p>Otro.</p>", seen="1", now=clock.now())

        return lambda session: pages.get_page(session, actor, SLUG, row.slug), do

    results = act_together(instance, [changing(number) for number in range(8)])

    assert outcomes(results) == {"True": 1, RowWasChanged.__name__: 7}
    assert read(instance, lambda session: session.scalar(select(func.count()).where(CommunityPageVersion.page_id == row.id))) == 2


def test_a_line_of_the_plan_is_deleted_once(instance: Instance) -> None:
    """Who changes it at that moment finds it no more."""
    ana = a_person(instance)
    row, actor, day = a_community(instance, ana), actor_of(ana), site_day(clock.now())
    values = PlanValues(day, day, "Reunión", "meeting")
    with instance.database.unit_of_work() as session:
        line = plan.add_line(session, actor, communities.get_community(session, actor, SLUG), values, now=clock.now())

    seen = version_of(line)

    def deleting(session: Session, context: Any) -> None:
        plan.delete_line(session, actor, context, seen=seen, now=clock.now())

    def changing(session: Session, context: Any) -> None:
        plan.change_line(session, actor, context, values, seen=seen, now=clock.now())

    results = act_together(
        instance, [(lambda session: plan.get_line(session, actor, SLUG, line.id), do) for do in (deleting, changing)] * 4
    )

    assert outcomes(results)["None"] <= 5
    assert {type(result) for result in results if result is not None} <= {NotFound, RowWasChanged}
    assert read(instance, lambda session: session.scalars(select(PlanEntry).where(PlanEntry.community_id == row.id)).all()) == []


def test_a_draft_that_is_activated_and_refused_at_once_has_one_outcome(instance: Instance) -> None:
    """spec/communities C11: its founder reads one notice."""
    ana, boss, other = (a_person(instance, f"{name}@example.org") for name in ("ana", "jefa", "jefe"))
    row = a_community(instance, ana, state=CommunityState.DRAFT)
    with instance.database.unit_of_work() as session:
        assert not life.submit(session, actor_of(ana), session.get_one(Community, row.id), alone=False, now=clock.now())

    def deciding_on_it(person: Person, reason: str) -> Act:
        def do(session: Session, community: Community) -> bool:
            return life.decide_activation(
                session, actor_of(person), community, reason=reason, seen=str(community.row_version), now=clock.now()
            )

        return lambda session: session.get_one(Community, row.id), do

    results = act_together(instance, [deciding_on_it(boss, ""), deciding_on_it(other, "Falta un administrador.")] * 4)

    assert outcomes(results) == {"True": 1, "False": 7}
    assert (fresh(instance, row).state == CommunityState.ACTIVE) == any(result is True for result in results[::2])
    assert len(notices_of(instance, ana)) == 1


def test_a_draft_that_is_deleted_eight_times_is_gone_once(instance: Instance) -> None:
    ana = a_person(instance)
    a_community(instance, ana, state=CommunityState.DRAFT)
    results = act_together(instance, [of_row(ana, life.delete_community, "")] * 8)

    assert outcomes(results) == {"None": 1, NotFound.__name__: 7}
    assert read(instance, lambda session: [row.deleted_at is not None for row in session.scalars(select(Community))]) == [True]


def test_a_third_announcement_of_the_day_that_is_sent_eight_times_reaches_nobody(instance: Instance) -> None:
    """spec/communities C30."""
    ana = a_person(instance)
    row, actor = a_community(instance, ana), actor_of(ana)
    board = read(instance, lambda session: session.get_one(Board, row.board_id))

    def announcing(number: int) -> Act:
        def do(session: Session, context: Any) -> str:
            new = NewThread(f"Anuncio {number}", ThreadKind.ANNOUNCEMENT)
            return threads.open_thread(session, actor, context, new, "Nos vemos.", token=str(number), now=clock.now()).state

        return lambda session: boards.get_board(session, actor, board.key), do

    results = act_together(instance, [announcing(number) for number in range(8)])

    assert outcomes(results) == {"visible": 2, TooManyAnnouncements.__name__: 6}
    assert read(instance, lambda session: session.scalar(select(func.count()).select_from(Thread))) == 2


POSTERS = 6


def board_of(instance: Instance, row: Community) -> Board:
    """Return the board of a community, on which nobody's first posts wait."""
    with instance.database.unit_of_work() as session:
        board = session.get_one(Board, row.board_id)
        board.first_posts = FirstPosts.NONE.value
        return board


def answers_to(browser: Browser, instance: Instance, row: Community, thread: str, number: int) -> tuple[list[Browser], list[Fields]]:
    """Return members before the form of an answer, and what each sends."""
    visitors, sent = [], []
    for at in range(number):
        person = a_person(instance, f"m{at}@example.org")
        a_member(instance, row, person)
        visitor = sign_in(browser.another(), person.email)
        form = visitor.get(f"/discussions/{thread}").form(f"/discussions/{thread}/answer")
        visitors.append(visitor)
        visitor.checks = False
        sent.append({**dict(form.fields), "text": f"Texto m{at}m.", "act": "publish"})
    return visitors, sent


def standing(instance: Instance) -> tuple[Counter[str], Counter[str]]:
    """Count the texts that stand in posts, and in drafts."""
    sources = [select(ThreadPost.source).where(ThreadPost.source.contains("Texto m")), select(PostDraft.source)]
    posted, kept = (Counter(read(instance, lambda session, one=one: session.scalars(one).all())) for one in sources)
    return posted, kept


@pytest.mark.parametrize("many", [POSTERS, pytest.param(50, marks=pytest.mark.slow)])
def test_what_members_post_while_it_is_archived_stands_or_is_a_draft(browser: Browser, instance: Instance, many: int) -> None:
    """spec/communities section 11, D14: nothing is written after the archive, and nothing that was typed is lost."""
    ana = a_person(instance)
    row = a_community(instance, ana)
    board_of(instance, row)
    thread = write_thread(instance, row, "Un tema de todos")
    visitors, sent = answers_to(browser, instance, row, thread, many)

    def act(place: int) -> int:
        if place < many:
            return visitors[place]._request("POST", f"/discussions/{thread}/answer", data=sent[place]).status_code
        with instance.database.unit_of_work() as session:
            life.archive(session, actor_of(ana), session.get_one(Community, row.id), "", now=clock.now())
        return 303

    statuses = Counter(all_at_once(many + 1, act))

    posted, kept = standing(instance)
    assert set(statuses) <= {303, 403}
    assert posted + kept == Counter(str(fields["text"]) for fields in sent)
    assert statuses[403] == kept.total()


@pytest.mark.parametrize("what", ["archived", "removed"])
@pytest.mark.parametrize("brings", ["text", "a file"])
def test_who_sends_a_text_at_that_moment_finds_it_among_their_drafts(browser: Browser, instance: Instance, what: str, brings: str) -> None:
    """spec/communities D14: the post waits for the archive, or the removal, and is judged by it; files are kept too."""
    ana = a_person(instance)
    row = a_community(instance, ana, level=CommunityLevel.PRIVATE)
    board_of(instance, row)
    thread = write_thread(instance, row, "Un tema de todos")
    (visitor,), (fields,) = answers_to(browser, instance, row, thread, 1)
    number = read(instance, lambda session: session.scalars(select(CommunityMember.id).order_by(CommunityMember.id.desc())).first())

    def end(session: Session) -> None:
        if what == "archived":
            life.archive(session, actor_of(ana), session.get_one(Community, row.id), "", now=clock.now())
        else:
            context = members.get_member(session, actor_of(ana), SLUG, number)
            members.remove(session, actor_of(ana), context, reason="Ya no.", days=None, seen="1", now=clock.now())

    def send() -> None:
        data = {**fields, "file": (io.BytesIO(b"Apuntes."), "apuntes.txt")} if brings == "a file" else fields
        visitor._request("POST", f"/discussions/{thread}/answer", data=data)

    overlap(instance, end, send)

    posted, kept = standing(instance)
    assert (posted, kept) == (Counter(), Counter([fields["text"]]))
    assert visitor.response.status_code in ((303,) if brings == "a file" else (403, 404))
    page = visitor.get("/learning/drafts").text
    assert "Texto m0m." in page
    assert in_spanish(TextSaved.message) in page
