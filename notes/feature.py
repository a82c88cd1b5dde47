"""The notes feature: what the package registers with the application."""

from enrolments.course_context import ACTIVITY_LINKS, LEARNER_PAGES, ActivityPage, LearnerPage
from kernel.errors import N_
from kernel.feature import Feature
from kernel.menu import Menu, MenuEntry, is_signed_in
from kernel.personal import OWN_DATA
from notes import views
from notes.access import KINDS, PERMISSIONS
from notes.notes import select_own_data

FEATURE = Feature(
    name="notes",
    blueprints=(views.bp,),
    permissions=PERMISSIONS,
    menu=(MenuEntry(Menu.SEARCH, "notes.own_notes", N_("My notes"), position=60, icon="pencil", is_for=is_signed_in),),
    hooks=(
        OWN_DATA.add(select_own_data),
        ACTIVITY_LINKS.add(ActivityPage(N_("My notes"), "notes.of_activity", icon="pencil", kinds=KINDS)),
        LEARNER_PAGES.add(LearnerPage(N_("My notes"), "notes.own_notes")),
    ),
    help={"learner/lessons#notes": "notes.as_markdown notes.note notes.of_activity notes.own_notes"},
)
