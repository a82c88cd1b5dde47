"""The communities feature: what the package registers with the application."""

from accounts.joining import JOININGS
from accounts.notices import NOTICE_KINDS
from accounts.people import STANDINGS, Standing
from communities import directory, files, invitations, jobs, members, pages, search, standing
from communities import links as own_links
from communities.access import BOARD_CELLS, DIRECTORY_PERMISSIONS, PERMISSIONS
from communities.boards import COMMUNITY_BOARDS
from communities.communities import COMMUNITY_NOTICE
from communities.life import COMMUNITY_CARE, DELETE
from communities.panels import OWN_PANELS, PANELS
from communities.space import OWNER
from communities.views import communities, keeping, links, managing, work
from communities.views import directory as directory_views
from communities.views import invitations as invitation_views
from courses.catalogue import COURSE_LINKS
from discussions.boards import BOARD_HEADS, BOARDS
from kernel.errors import N_
from kernel.feature import Feature
from kernel.menu import Menu, MenuEntry
from kernel.personal import ERASURE_QUESTIONS, ERASURES, OWN_DATA, OWN_FILES, RETENTION, TRANSFERS, RetentionRule
from kernel.search.sources import SEARCH_COLLECTIONS, SEARCH_KINDS, ResultKind
from spaces.acts import REINDEXED

REQUESTS, INVITATIONS = N_("Requests to join communities, after the decision"), N_("Invitations to communities, after they ended")
RULES = (
    RetentionRule("keep_community_requests_days", REQUESTS, members.forget_requests_before),
    RetentionRule("keep_community_invitations_days", INVITATIONS, invitations.forget_before),
)
FEATURE = Feature(
    name="communities",
    blueprints=(
        communities.bp,
        managing.managing_bp,
        work.work_bp,
        keeping.keeping_bp,
        invitation_views.inviting_bp,
        invitation_views.invited_bp,
        links.links_bp,
        directory_views.directory_bp,
    ),
    permissions={**PERMISSIONS, **DIRECTORY_PERMISSIONS},
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
    jobs={
        "communities.send_invitation": jobs.send_invitation,
        "communities.care": jobs.care,
        search.INDEX: jobs.index_item,
        "communities.export": jobs.export,
        "communities.end_exports": jobs.end_exports,
        DELETE: jobs.delete_portion,
    },
    patient=("communities.send_invitation", "communities.care", "communities.export", DELETE),
    periodic={"communities.care": 86_400, "communities.end_exports": 86_400},
    hooks=(
        BOARDS.add(COMMUNITY_BOARDS),
        BOARD_HEADS.add((OWNER, communities.board_head_of)),
        PANELS.add(*OWN_PANELS),
        COURSE_LINKS.add(own_links.list_naming),
        NOTICE_KINDS.add(COMMUNITY_NOTICE, COMMUNITY_CARE),
        STANDINGS.add(Standing("administers_community", standing.needs_second_factor())),
        JOININGS.add(invitation_views.find_joining),
        OWN_DATA.add(
            members.select_own_data, invitations.select_own_data, directory.select_own_data, files.select_own_data, pages.select_own_data
        ),
        OWN_FILES.add(files.list_own_files),
        ERASURE_QUESTIONS.add(files.ERASURE_QUESTION, pages.ERASURE_QUESTION),
        ERASURES.add(members.erase_memberships, invitations.erase, directory.erase_marks),
        RETENTION.add(*RULES),
        TRANSFERS.add(members.merge_memberships, directory.merge_entries),
        SEARCH_COLLECTIONS.add(search.SEARCHED),
        REINDEXED.add(*search.SEARCHED_TABLES),
        SEARCH_KINDS.add(
            ResultKind("community", N_("Communities"), "users", order=210),
            ResultKind("com_file", N_("Files of communities"), "file-text", order=220),
            ResultKind("com_page", N_("Pages of communities"), "file-text", order=230),
        ),
    ),
    help={
        "learner/communities#join": """
            communities.about communities.ask communities.community_list communities.discussions communities.front_page communities.leave
            communities.member_list communities.membership communities.own communities_invited.invitation
        """,
        "learner/communities#found": """
            communities_managing.archive communities_managing.log communities_managing.member communities_managing.requests
            communities_managing.settings
        """,
        "learner/communities#work": """
            communities.announcements communities_links.tools communities_work.file_list communities_work.add_file
            communities_managing.group_list communities_managing.found_group
            communities_managing.board_settings
            communities_work.edit_page communities_work.page_history communities_work.add_page communities_work.note_history
            communities_work.page_list communities_work.show_page communities_work.edit_line communities_work.add_line
        """,
        "learner/communities#front": "communities_links.manage_links",
        "learner/running-communities#prepare": "communities_managing.manage communities_managing.new",
        "learner/running-communities#note": "communities_managing.texts",
        "learner/running-communities#rhythm": "communities_managing.show_health communities.announce",
        "learner/running-communities#first-days": "communities_work.show_plan",
        "learner/communities#keep": "communities_keeping.delete communities_keeping.download_export communities_keeping.export",
        "learner/communities#directory": """
            communities_directory.contact communities_directory.entry communities_directory.entry_list communities_directory.own_entry
            communities_directory.stop
        """,
        "learner/communities#invite": "communities_inviting.invite",
        "administrator/first-steps#communities": "communities_managing.oversee",
    },
)
