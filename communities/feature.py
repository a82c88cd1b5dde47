"""The communities feature: what the package registers with the application."""

from accounts.notices import NOTICE_KINDS
from accounts.people import STANDINGS, Standing
from communities import members, standing
from communities.access import BOARD_CELLS, PERMISSIONS
from communities.communities import COMMUNITY_NOTICE
from communities.views import communities, managing
from discussions.boards import BOARDS
from kernel.errors import N_
from kernel.feature import Feature
from kernel.menu import Menu, MenuEntry
from kernel.personal import ERASURES, OWN_DATA, TRANSFERS

FEATURE = Feature(
    name="communities",
    blueprints=(communities.bp, managing.managing_bp),
    permissions=PERMISSIONS,
    cells=BOARD_CELLS,
    menu=(
        MenuEntry(Menu.MAIN, "communities.community_list", N_("Communities"), position=30, icon="users", key="communities"),
        MenuEntry(
            Menu.PEOPLE,
            "communities_managing.oversee",
            N_("Communities"),
            position=70,
            icon="users",
            about=N_("Drafts that wait for their activation, and communities without an administrator."),
        ),
    ),
    hooks=(
        BOARDS.add(standing.COMMUNITY_BOARDS),
        NOTICE_KINDS.add(COMMUNITY_NOTICE),
        STANDINGS.add(Standing("administers_community", standing.needs_second_factor())),
        OWN_DATA.add(members.select_own_data),
        ERASURES.add(members.erase_memberships),
        TRANSFERS.add(members.merge_memberships),
    ),
    help={
        "learner/communities#join": """
            communities.ask communities.community_list communities.discussions communities.front_page communities.leave
            communities.member_list
        """,
        "learner/communities#found": """
            communities_managing.archive communities_managing.log communities_managing.manage communities_managing.member
            communities_managing.new communities_managing.requests communities_managing.settings communities_managing.texts
        """,
        "administrator/first-steps#communities": "communities_managing.oversee",
    },
)
