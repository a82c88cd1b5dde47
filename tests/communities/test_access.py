"""Cells of the access matrix on communities and their boards, over HTTP; what is declared is what the specification lists."""

from datetime import timedelta

from sqlalchemy import update

from communities import communities, directory, files
from communities.directory import DirectoryValues
from communities.models import Community, CommunityFile, CommunityMember, CommunityState
from discussions.models import Board
from kernel import clock
from kernel.files import files_of
from lms.instance import Instance
from scripts.access_matrix import declared_cells
from tests.support.access import a_cast, note_cells, outcome
from tests.support.browser import Browser
from tests.support.builders import a_person
from tests.support.communities import a_community, a_member, actor_of, fresh
from tests.support.community_cast import EVERYBODY, C, M, S, a_community_cast

OUTSIDE = {"learner", "community_invited", "community_removed", "other_community_admin"}
LEVELS = ("private", "semiprivate", "public", "open")


def spec_row(action: str, state: str) -> tuple[set[str], bool]:
    """Return whom the specification (spec/security 9) allows, and whether others get 404: written out by hand from its table."""
    hidden, archived, inside = state.startswith("hidden"), state.startswith("archived"), {S, C, M}
    if action == "community.list_entry":
        return (inside, True) if hidden else (set(EVERYBODY), False)
    if action == "community.content_view":
        if state == "open_item_marked_private":
            return inside, True
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
    assert len(cells) == 58


PAGE = "/communities/de-la-prueba"


def test_cells_of_finding_reading_and_joining(browser: Browser, instance: Instance) -> None:
    cast = a_community_cast(browser, instance)
    hidden, archived = [f"hidden_{level}" for level in LEVELS[:3]], [f"archived_{level}" for level in LEVELS]
    for state in (*LEVELS, *archived, *hidden):
        cast.set_state(state)
        cast.check("community.file_add", state, f"{PAGE}/files/new")
        if state not in archived:
            cast.check("community.members_list", state, f"{PAGE}/plan")
        if state in LEVELS:
            cast.check("community.groups_list", state, f"{PAGE}/groups")
        if state not in archived:
            cast.check_shown("community.list_entry", state, "/communities", "De la prueba", absent="hide" if state in hidden else "deny")
            cast.check("community.members_list", state, f"{PAGE}/members")
        cast.check("community.front_page_view", state, PAGE)
        cast.check("community.front_page_view", state, f"{PAGE}/about")
        cast.check("community.content_view", state, f"{PAGE}/discussions")
        if state not in hidden:
            cast.check_shown("community.join_button", state, PAGE, '/joining"' if state != "semiprivate" else '/request"')
        if state != "private":
            cast.check("community.join_at_once", state, f"{PAGE}/joining", "POST")
        if state == "semiprivate" or state in archived:
            cast.check("community.request_join", state, f"{PAGE}/request")
    assert not cast.wrong, "\n".join(cast.wrong)


def test_cells_of_deciding(browser: Browser, instance: Instance) -> None:
    cast = a_community_cast(browser, instance)
    asks, member = f"{PAGE}/manage/requests/REQUEST", f"{PAGE}/members/{cast.other}"
    for state in LEVELS:
        cast.set_state(state)
        cast.check("community.edit", state, f"{PAGE}/manage/note")
        cast.check("community.manage", state, f"{PAGE}/manage")
        cast.check("community.export", state, f"{PAGE}/manage/export")
        cast.check("community.invite", state, f"{PAGE}/manage/invitations")
        if state == "public":
            cast.check("community.announce", "active", f"{PAGE}/announcements/new")
        cast.check("community.archive", f"active_{state}", f"{PAGE}/manage/archive")
        cast.set_state(f"archived_{state}")
        cast.check("community.edit", f"archived_{state}", f"{PAGE}/manage/settings")
        cast.check("community.export", f"archived_{state}", f"{PAGE}/manage/export")
        cast.check("community.invite", f"archived_{state}", f"{PAGE}/manage/invitations")
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
        cast.check("community.export", state, f"{PAGE}/manage/export")
        cast.check("community.invite", state, f"{PAGE}/manage/invitations")
    cast.set_state("semiprivate")
    cast.check("community.approve_member", "pending_request", asks, "POST", {"act": "approve"})
    cast.check("community.withdraw_request", "own_pending", f"{PAGE}/request/withdrawal", "POST")
    cast.set_state("private")
    cast.check("community.accept_invitation", "private", f"/communities/invitations/{cast.invitation}", "POST", {"act": "accept"})
    for state, members_write in (("public", False), ("public_members_write", True), ("archived_public", False)):
        cast.set_state(state.removesuffix("_members_write"))
        cast.set(members_write=members_write)
        cast.check("community.page_write", state, f"{PAGE}/pages/new")
    cast.set_state("open")
    stored = files.store_content(files_of(instance.settings), "tablas.csv", b"edad;tasa\n60;1\n")
    values = files.FileValues("Tablas", "", "", "es", "internal", members_only=True)
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor_of(cast.people[C]), "de-la-prueba")
        file = files.add_file(session, actor_of(cast.people[C]), context, values, stored, now=clock.now())
    cast.check("community.content_view", "open_item_marked_private", f"{PAGE}/files/{file.uuid}")
    cast.check("community.file_change", "of_another", f"{PAGE}/files/{file.uuid}/edit")
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityFile).values(person_id=cast.people[M].id))
    cast.check("community.file_change", "own", f"{PAGE}/files/{file.uuid}/edit")
    for state in ("public", "archived_public"):
        cast.set_state(state)
        cast.check("community.group_found", state, f"{PAGE}/groups/new")
        cast.check("community.set_role", state, member)
        cast.check("community.set_role", state, f"{member}/role", "POST", {"role": "member", "seen": "1"})
    cast.set_state("archived_public")
    cast.check("community.remove_member", "archived_public", f"{member}/removal", "POST", {"reason": "Prueba.", "days": "", "seen": "1"})
    cast.set_state("public")
    cast.check("community.leave", "public", f"{PAGE}/leave")
    cast.check("community.own_membership", "public", f"{PAGE}/membership")
    remove = {}
    for role, browser in cast.browsers.items():
        number = a_member(cast.instance, cast.row, a_person(cast.instance, f"para.{role}@example.org"))
        remove[role] = outcome(browser, f"{PAGE}/members/{number}/removal", "POST", {"reason": "Prueba.", "days": "", "seen": "1"})
    cast.wrong += note_cells("community.remove_member", "public", remove)
    assert not cast.wrong, "\n".join(cast.wrong)


def test_cells_of_drafts(browser: Browser, instance: Instance) -> None:
    cast = a_community_cast(browser, instance)
    cast.set(state="draft", level="private", reach="everyone")
    cast._reset()
    with cast.instance.database.unit_of_work() as session:  # a draft has its administrators alone
        session.execute(update(CommunityMember).where(CommunityMember.person_id == cast.people[M].id).values(until=clock.now()))
    outcomes = {
        ("community.front_page_view", "draft"): (PAGE, "GET", None),
        ("community.edit", "draft"): (f"{PAGE}/manage/note", "GET", None),
        ("community.manage", "draft"): (f"{PAGE}/manage", "GET", None),
        ("community.export", "draft"): (f"{PAGE}/manage/export", "GET", None),
        ("community.invite", "draft"): (f"{PAGE}/manage/invitations", "GET", None),
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
        seen = str(fresh(instance, cast.row).row_version)
        got[role] = outcome(browser, f"{PAGE}/manage/activation", "POST", {"act": "activate", "seen": seen})
    cast.wrong += note_cells("community.activate", "submitted", got)
    got = {}
    for number, (role, browser) in enumerate(cast.browsers.items()):
        row = a_community(cast.instance, cast.people[C], f"Borrador {number}", state=CommunityState.DRAFT)
        got[role] = outcome(browser, f"/communities/{row.slug}/manage/deletion", "POST", {"name": row.name})
        with cast.instance.database.unit_of_work() as session:
            session.execute(update(Community).where(Community.id == row.id).values(state="active"))
    cast.wrong += note_cells("community.delete", "draft", got)
    cast.set_state("open")
    cast.check("community.delete", "open", f"{PAGE}/manage/deletion")
    for state, days in (("archived_open", 29), ("archived_long_open", 30)):
        cast.set_state("archived_open")
        cast.set(archived_at=clock.now() - timedelta(days=days))
        cast.check("community.delete", state, f"{PAGE}/manage/deletion")
    assert not cast.wrong, "\n".join(cast.wrong)


def test_cells_of_the_site(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    wrong = cast.check("community.list", "any", cast.outcomes("/communities"))
    wrong += cast.check("community.own_list", "any", cast.outcomes("/learning/communities"))
    wrong += cast.check("community.found", "any", cast.outcomes("/communities/new"))
    wrong += cast.check("community.oversee", "any", cast.outcomes("/administration/communities"))
    assert not wrong, "\n".join(wrong)


def test_cells_of_the_directory(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    values = [DirectoryValues("Pensiones.", shows_institution=False, contact=contact) for contact in (True, False)]
    people = [a_person(instance, f"especialista{number}@example.org") for number in range(2)]
    with instance.database.unit_of_work() as session:
        entries = [directory.save_entry(session, actor_of(one), given, now=clock.now()) for one, given in zip(people, values, strict=True)]
        open_one, closed = (entry.uuid for entry in entries)
    wrong = cast.check("directory.count", "any", cast.outcomes("/directory"))
    wrong += cast.check("directory.view", "entry", cast.outcomes(f"/directory/{open_one}"))
    wrong += cast.check("directory.contact", "entry", cast.outcomes(f"/directory/{open_one}/contact"))
    wrong += cast.check("directory.contact", "no_contact", cast.outcomes(f"/directory/{closed}/contact"))
    wrong += cast.check("directory.edit_own", "own", cast.outcomes("/profile/directory"))
    assert not wrong, "\n".join(wrong)


def test_cells_of_the_board(browser: Browser, instance: Instance) -> None:
    cast = a_community_cast(browser, instance)
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
