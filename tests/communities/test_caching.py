"""What not everybody reads of a community is kept by no cache, shared or of a page (spec/communities C40)."""

import pytest
from sqlalchemy import update

from communities.models import Community, CommunityLevel
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.communities import a_community, bring_file
from tests.support.doors import doors
from tests.support.planted import KINDS, FullCommunity, a_full_community, names_community

COLLECTIVE = ("/communities", "/learning", "/notices", "/search?q=cuchipanda", "/courses/prueba")


def answers(visitor: Browser, addresses: list[str]) -> dict[str, tuple[int, str]]:
    """Return by address the status and what is said to caches."""
    visitor.checks = False
    responses = {address: visitor._request("GET", address) for address in addresses}
    return {address: (response.status_code, response.headers.get("Cache-Control", "")) for address, response in responses.items()}


def everybody(browser: Browser, full: FullCommunity) -> dict[str, Browser]:
    """Return a browser for each person, and a stranger's."""
    people = {"founder": full.founder, "member": full.member, **full.outsiders}
    return {"stranger": browser.another()} | {name: sign_in(browser.another(), person.email) for name, person in people.items()}


def test_what_members_alone_read_is_not_kept(browser: Browser, instance: Instance) -> None:
    ana = a_person(instance)
    row = a_community(instance, ana, level=CommunityLevel.PRIVATE)
    file = bring_file(instance, row, ana)
    pages = [f"/communities/{row.slug}{end}" for end in ("", "/members", "/files", f"/files/{file.uuid}/1", "/plan", "/manage")]

    assert {said for _status, said in answers(sign_in(browser), pages).values()} == {"no-store", "private, no-store"}


@pytest.mark.slow
@pytest.mark.parametrize("kind", ["open", *KINDS])
def test_only_what_strangers_read_may_be_kept(browser: Browser, instance: Instance, kind: str) -> None:
    full = a_full_community(instance, "private" if kind == "open" else kind)
    if kind == "open":
        with instance.database.unit_of_work() as session:
            session.execute(update(Community).where(Community.id == full.row.id).values(level=CommunityLevel.OPEN.value))
    addresses = sorted({door.address for door in doors(browser.app, full.known, names_community)} | set(COLLECTIVE))
    given = {name: answers(visitor, addresses) for name, visitor in everybody(browser, full).items()}
    is_public = {address for address, (status, _said) in given["stranger"].items() if status == 200}

    kept = {
        f"{name} {address}: {said}"
        for name, said_to in given.items()
        for address, (status, said) in said_to.items()
        if "no-store" not in said and (status != 200 or address not in is_public)
    }
    assert kept == set()
    assert {address for address, (status, _said) in given["founder"].items() if status == 200} - is_public
    assert bool(is_public - set(COLLECTIVE)) == (kind in ("open", "private"))
