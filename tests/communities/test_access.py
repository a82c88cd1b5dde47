"""Cells of the access matrix on communities and their boards, over HTTP; what is declared is what the specification lists."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import pytest
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from communities.access import COMMUNITY
from communities.models import Community, CommunityMember, CommunityReach, CommunityRequest, CommunityRole, CommunityState
from discussions.models import Board
from kernel import clock
from lms.instance import Instance
from scripts.access_matrix import declared_cells
from tests.support.access import a_cast, note_cells, outcome
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.communities import a_community, a_member, write_thread

S, C, M = "site_admin", "community_admin", "community_member"
OUTSIDE = {"learner", "community_invited", "community_removed", "other_community_admin"}
EVERYBODY = COMMUNITY.among
LEVELS = ("private", "semiprivate", "public", "open")


def spec_row(action: str, state: str) -> tuple[set[str], bool]:
    """Return whom the specification (spec/security 9) allows, and whether others get 404: written out by hand from its table."""
    hidden, archived, inside = state.startswith("hidden"), state.startswith("archived"), {S, C, M}
    if action == "community.list_entry":
        return (inside, True) if hidden else (set(EVERYBODY), False)
    if action == "community.content_view":
        return (set(EVERYBODY), False) if state.endswith("open") else (inside, hidden)
    if action == "community.members_list":
        return inside, hidden
    if action == "community.join_button":
        return (set(), False) if archived or state == "private" else (OUTSIDE, False)
    if action == "community.join_at_once":
        return (OUTSIDE if state in ("public", "open") else set(), hidden)
    if action == "community.request_join":
        return (OUTSIDE if state == "semiprivate" else set(), False)
    if action == "community.approve_member":
        return ({S, C} if state == "pending_request" else set(), False)
    assert action == "community.archive"
    return {S, C}, False


def test_the_declared_cells_are_those_of_the_specification() -> None:
    actions = ("list_entry", "content_view", "members_list", "join_button", "join_at_once", "request_join", "approve_member", "archive")
    cells = {cell: roles for cell, roles in declared_cells().items() if cell[0] in {f"community.{name}" for name in actions}}

    wrong = [
        (cell, role)
        for cell, roles in cells.items()
        for allowed, is_hidden in [spec_row(*cell)]
        for role, due in roles.expectations().items()
        if due != ("allow" if role in allowed else "hide" if is_hidden else "deny")
    ]
    assert not wrong
    assert len(cells) == 57


@dataclass
class CommunityCast:
    """One browser for each role before one community."""

    instance: Instance
    browsers: Mapping[str, Browser]
    people: Mapping[str, Person]
    row: Community
    other: int
    """The number of a member on whom is decided."""
    thread: str = ""
    wrong: list[str] = field(default_factory=list)

    def set(self, **values: object) -> None:
        """Give the community other values."""
        with self.instance.database.unit_of_work() as session:
            session.execute(update(Community).where(Community.id == self.row.id).values(**values))

    def set_state(self, state: str) -> None:
        """Let the community be as a state of the matrix says."""
        life, _, level = state.rpartition("_")
        archived = clock.now() if life == "archived" else None
        reach = CommunityReach.HIDDEN if life == "hidden" else CommunityReach.EVERYONE
        now_state = CommunityState.ARCHIVED if archived else CommunityState.ACTIVE
        self.set(level=level, reach=reach.value, state=now_state.value, archived_at=archived, submitted_at=None)
        self._reset()

    def _reset(self) -> None:
        """Let each role be what it was: acts of the cells before ended or began memberships."""
        with self.instance.database.unit_of_work() as session:
            inside = {C: CommunityRole.ADMINISTRATOR, M: CommunityRole.MEMBER}
            for role, person in self.people.items():
                mine = (CommunityMember.community_id == self.row.id, CommunityMember.person_id == person.id)
                if role not in inside:
                    session.execute(update(CommunityMember).where(*mine, CommunityMember.until.is_(None)).values(until=clock.now()))
                elif session.scalar(select(CommunityMember.id).where(*mine, CommunityMember.until.is_(None))) is None:
                    session.add(
                        CommunityMember(
                            community_id=self.row.id, person_id=person.id, role=inside[role].value, how="joined", since=clock.now()
                        )
                    )
                else:
                    session.execute(update(CommunityMember).where(*mine).values(role=inside[role].value))
            session.execute(update(CommunityRequest).where(CommunityRequest.state == "pending").values(state="ended"))
            self.request(session, self.people["community_pending"])

    def request(self, session: Session, person: Person) -> None:
        """Let somebody ask to join."""
        row = CommunityRequest(community_id=self.row.id, person_id=person.id, text="Por favor.", sent_at=clock.now(), state="pending")
        session.add(row)
        session.flush()
        self.asked = row.uuid

    def check(self, action: str, state: str, path: str, method: str = "GET", data: Mapping[str, str] | None = None) -> None:
        """Let every role try an act that changes nothing for the others, and note what came."""
        outcomes = {}
        for role, browser in self.browsers.items():
            outcomes[role] = outcome(browser, path.replace("REQUEST", str(self.asked)), method, data)
            if method == "POST" and outcomes[role] == "allow":
                self._reset()
        self.wrong += note_cells(action, state, outcomes)

    def check_shown(self, action: str, state: str, path: str, text: str, absent: str = "deny") -> None:
        """Note who finds a text on a page."""
        outcomes = {}
        for role, browser in self.browsers.items():
            browser._request("GET", path)
            outcomes[role] = "allow" if text in browser.response.get_data(as_text=True) else absent
        self.wrong += note_cells(action, state, outcomes)


@pytest.fixture
def cast(browser: Browser, instance: Instance) -> CommunityCast:
    people = {role: a_person(instance, f"{role}@example.org", given=role.title()) for role in EVERYBODY - {"anonymous", S}}
    people[S] = an_administrator(instance)
    row = a_community(instance, people[C], "De la prueba")
    a_community(instance, people["other_community_admin"], "La otra")
    a_member(instance, row, people[M])
    a_member(instance, row, people["community_removed"])
    other = a_member(instance, row, a_person(instance, "otra@example.org"))
    browsers = {role: sign_in(browser.another(), person.email) for role, person in people.items()} | {"anonymous": browser.another()}
    for visitor in browsers.values():
        visitor.checks = False
    made = CommunityCast(instance, browsers, people, row, other, write_thread(instance, row, "Un tema de la casa"))
    made._reset()
    return made


PAGE = "/communities/de-la-prueba"


def test_cells_of_finding_reading_and_joining(cast: CommunityCast) -> None:
    hidden, archived = [f"hidden_{level}" for level in LEVELS[:3]], [f"archived_{level}" for level in LEVELS]
    for state in (*LEVELS, *archived, *hidden):
        cast.set_state(state)
        if state not in archived:
            cast.check_shown("community.list_entry", state, "/communities", "De la prueba", absent="hide" if state in hidden else "deny")
            cast.check("community.members_list", state, f"{PAGE}/members")
        cast.check("community.front_page_view", state, PAGE)
        cast.check("community.content_view", state, f"{PAGE}/discussions")
        if state not in hidden:
            cast.check_shown("community.join_button", state, PAGE, '/joining"' if state != "semiprivate" else '/request"')
        if state != "private":
            cast.check("community.join_at_once", state, f"{PAGE}/joining", "POST")
        if state == "semiprivate" or state in archived:
            cast.check("community.request_join", state, f"{PAGE}/request")
    assert not cast.wrong, "\n".join(cast.wrong)


def test_cells_of_deciding(cast: CommunityCast) -> None:
    asks, member = f"{PAGE}/manage/requests/REQUEST", f"{PAGE}/members/{cast.other}"
    for state in LEVELS:
        cast.set_state(state)
        cast.check("community.edit", state, f"{PAGE}/manage/note")
        cast.check("community.manage", state, f"{PAGE}/manage")
        cast.check("community.archive", f"active_{state}", f"{PAGE}/manage/archive")
        cast.set_state(f"archived_{state}")
        cast.check("community.edit", f"archived_{state}", f"{PAGE}/manage/settings")
        cast.check("community.approve_member", f"archived_{state}", asks, "POST", {"act": "reject"})
        for role, browser in cast.browsers.items():
            cast.set_state(f"archived_{state}")
            cast.wrong += note_cells(
                "community.reactivate", f"archived_{state}", {role: outcome(browser, f"{PAGE}/manage/reactivation", "POST")}
            )
    for state in ("hidden_private", "hidden_semiprivate", "hidden_public"):
        cast.set_state(state)
        cast.check("community.edit", state, f"{PAGE}/manage/note")
        cast.check("community.manage", state, f"{PAGE}/manage/log")
    cast.set_state("semiprivate")
    cast.check("community.approve_member", "pending_request", asks, "POST", {"act": "approve"})
    cast.check("community.withdraw_request", "own_pending", f"{PAGE}/request/withdrawal", "POST")
    for state in ("public", "archived_public"):
        cast.set_state(state)
        cast.check("community.set_role", state, member)
        cast.check("community.set_role", state, f"{member}/role", "POST", {"role": "member", "seen": "1"})
    cast.set_state("archived_public")
    cast.check("community.remove_member", "archived_public", f"{member}/removal", "POST", {"reason": "Prueba.", "days": "", "seen": "1"})
    cast.set_state("public")
    cast.check("community.leave", "public", f"{PAGE}/leave")
    remove = {}
    for role, browser in cast.browsers.items():
        number = a_member(cast.instance, cast.row, a_person(cast.instance, f"para.{role}@example.org"))
        remove[role] = outcome(browser, f"{PAGE}/members/{number}/removal", "POST", {"reason": "Prueba.", "days": "", "seen": "1"})
    cast.wrong += note_cells("community.remove_member", "public", remove)
    assert not cast.wrong, "\n".join(cast.wrong)


def test_cells_of_drafts(cast: CommunityCast) -> None:
    cast.set(state="draft", level="private", reach="everyone")
    cast._reset()
    with cast.instance.database.unit_of_work() as session:  # a draft has its administrators alone
        session.execute(update(CommunityMember).where(CommunityMember.person_id == cast.people[M].id).values(until=clock.now()))
    outcomes = {
        ("community.front_page_view", "draft"): (PAGE, "GET", None),
        ("community.edit", "draft"): (f"{PAGE}/manage/note", "GET", None),
        ("community.manage", "draft"): (f"{PAGE}/manage", "GET", None),
        ("community.submit", "draft"): (f"{PAGE}/manage/submission", "POST", None),
    }
    for (action, state), (path, method, data) in outcomes.items():
        got = {}
        for role, browser in cast.browsers.items():
            cast.set(state="draft", submitted_at=None)
            got[role] = outcome(browser, path, method, data)
        cast.wrong += note_cells(action, state, got)
    got = {}
    for role, browser in cast.browsers.items():
        cast.set(state="draft", submitted_at=clock.now())
        got[role] = outcome(browser, f"{PAGE}/manage/activation", "POST", {"act": "activate"})
    cast.wrong += note_cells("community.activate", "submitted", got)
    got, open_one = {}, {}
    for number, (role, browser) in enumerate(cast.browsers.items()):
        row = a_community(cast.instance, cast.people[C], f"Borrador {number}", state=CommunityState.DRAFT)
        got[role] = outcome(browser, f"/communities/{row.slug}/manage/deletion", "POST")
        with cast.instance.database.unit_of_work() as session:
            session.execute(update(Community).where(Community.id == row.id).values(state="active", level="open"))
        open_one[role] = outcome(browser, f"/communities/{row.slug}/manage/deletion", "POST") if got[role] != "allow" else "deny"
    cast.wrong += note_cells("community.delete", "draft", got)
    cast.wrong += note_cells("community.delete", "open", open_one)
    assert not cast.wrong, "\n".join(cast.wrong)


def test_cells_of_the_site(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    wrong = cast.check("community.list", "any", cast.outcomes("/communities"))
    wrong += cast.check("community.found", "any", cast.outcomes("/communities/new"))
    wrong += cast.check("community.oversee", "any", cast.outcomes("/administration/communities"))
    assert not wrong, "\n".join(wrong)


def test_cells_of_the_board(cast: CommunityCast) -> None:
    with cast.instance.database.unit_of_work(write=False) as session:
        board = session.get_one(Board, cast.row.board_id).key
    paths = {
        "board.view": f"/discussions/boards/{board}",
        "thread.read": f"/discussions/{cast.thread}",
        "thread.open": f"/discussions/new/{board}",
        "post.write": f"/discussions/{cast.thread}/answer",
        "board.queue_view": f"/discussions/boards/{board}/moderation",
    }
    for state in (*LEVELS, *(f"archived_{level}" for level in LEVELS), *(f"hidden_{level}" for level in LEVELS[:3])):
        cast.set_state(state)
        for action, path in paths.items():
            cast.check(action, f"community_{state}", path)
    assert not cast.wrong, "\n".join(cast.wrong)
