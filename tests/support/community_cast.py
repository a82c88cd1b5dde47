"""A community with one browser for each role of the access matrix before it."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from communities.access import COMMUNITY
from communities.models import Community, CommunityMember, CommunityReach, CommunityRequest, CommunityRole, CommunityState
from kernel import clock
from lms.instance import Instance
from tests.support.access import note_cells, outcome
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.communities import a_community, a_member, an_invitation, write_thread

S, C, M = "site_admin", "community_admin", "community_member"
EVERYBODY = COMMUNITY.among


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
    invitation: UUID | None = None
    """Of the invited one."""
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


def a_community_cast(browser: Browser, instance: Instance) -> CommunityCast:
    """Return a community with a browser for each role before it."""
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
    made.invitation = an_invitation(instance, row, people[C], people["community_invited"].email).uuid
    return made
