"""The feature of the application itself."""

from accounts.notices import NOTICE_KINDS
from courses.catalogue import PUBLISH
from courses.team import PAGES_BELOW
from kernel.errors import N_
from kernel.feature import Feature
from kernel.menu import Menu, MenuEntry, is_signed_in
from kernel.permissions import Actor
from kernel.personal import RETENTION
from kernel.search.sources import SEARCH_KINDS, ResultKind
from lms import (
    auditing,
    front_page,
    learner_page,
    learning,
    own_data,
    people,
    removals,
    retention,
    search,
    shipped_courses,
    system_state,
    team_notices,
    views,
)
from lms.access import PERMISSIONS
from lms.guide import views as guide_views

HOUR, DAY = 3600, 86_400


def _teaches(actor: Actor) -> bool:
    return actor.is_staff_anywhere or actor.is_administrator


def _administers(actor: Actor) -> bool:
    return actor.is_administrator


FEATURE = Feature(
    name="lms",
    blueprints=(
        views.bp,
        front_page.bp,
        learning.bp,
        people.people_bp,
        people.new_person_views_bp,
        people.account_merge_views_bp,
        search.bp,
        learner_page.bp,
        system_state.bp,
        auditing.bp,
        own_data.bp,
        guide_views.bp,
    ),
    permissions=PERMISSIONS,
    menu=(
        MenuEntry(
            Menu.PEOPLE,
            "lms_people.people",
            N_("People"),
            position=10,
            icon="user",
            about=N_("Find an account, add a person, give a role, suspend or merge."),
        ),
        MenuEntry(
            Menu.SYSTEM,
            "lms_auditing.log",
            N_("Audit log"),
            position=20,
            icon="history",
            about=N_("Who changed what, and when; nothing can be removed from it unseen."),
        ),
        MenuEntry(
            Menu.SYSTEM,
            "lms_condition.system_state",
            N_("System status"),
            position=30,
            icon="chart-column",
            about=N_("Whether mail, backups and background work run as they should."),
        ),
        MenuEntry(
            Menu.SITE,
            "lms_front.front_page",
            N_("Front page"),
            position=40,
            icon="house",
            about=N_("Headline, text, picture, courses and entries that visitors see."),
        ),
        MenuEntry(Menu.MAIN, "lms.learning", N_("My learning"), position=10, icon="book-open", is_for=is_signed_in),
        MenuEntry(Menu.MAIN, "lms.campus", N_("Campus"), position=20, icon="house", holds=Menu.CAMPUS),
        MenuEntry(
            Menu.SEARCH,
            "lms_training.duties",
            N_("Compulsory training"),
            position=10,
            icon="list-checks",
            is_for=is_signed_in,
            about=N_("Required training"),
        ),
        MenuEntry(Menu.SEARCH, "lms_own_data.overview", N_("My data"), position=20, icon="user", is_for=is_signed_in),
        MenuEntry(Menu.SEARCH, "lms_own_data.deletion", N_("Delete my account"), position=30, icon="x", is_for=is_signed_in),
        MenuEntry(Menu.SEARCH, "lms_guide.contents", N_("Help"), position=80, icon="circle-help"),
        MenuEntry(Menu.SEARCH, "lms.accessibility", N_("Accessibility"), position=81, icon="info"),
        MenuEntry(
            Menu.SEARCH, "lms.privacy", N_("Personal data"), position=82, icon="lock", about=N_("How your data is used and who to contact")
        ),
        MenuEntry(Menu.STAFF, "lms.teaching", N_("Teaching"), position=10, icon="square-pen", is_for=_teaches),
        MenuEntry(Menu.STAFF, "lms.administration", N_("Administration"), position=90, icon="settings", is_for=_administers),
    ),
    jobs={
        "lms.watch": system_state.watch,
        "lms.verify_audit": system_state.verify_audit,
        "lms.seal_audit": auditing.seal,
        removals.JOB: removals.note_removals,
        "lms.delete_accounts": own_data.delete_accounts,
        "lms.apply_retention": retention.apply,
        "lms.tend_search": search.refresh_index,
        "lms.notify_teams": team_notices.notify_teams,
        PUBLISH: shipped_courses.publish_shipped,
    },
    subscriptions=dict.fromkeys(removals.PLACES, removals.JOB),
    patient=("lms.verify_audit",),
    periodic={
        "lms.watch": system_state.WATCH_EVERY,
        "lms.verify_audit": system_state.VERIFY_EVERY,
        "lms.seal_audit": auditing.SEAL_EVERY,
        removals.JOB: removals.EVERY,
        "lms.delete_accounts": own_data.DELETIONS_EVERY,
        "lms.apply_retention": DAY,
        "lms.tend_search": HOUR,
        "lms.notify_teams": HOUR,
    },
    hooks=(
        SEARCH_KINDS.add(ResultKind("page", N_("Pages"), "house", 5, find=search.find_site_pages)),
        SEARCH_KINDS.add(ResultKind("help", N_("Help"), "circle-help", 120, find=guide_views.find_sections)),
        NOTICE_KINDS.add(system_state.OPERATION_NOTICE),
        RETENTION.add(*retention.RULES),
        PAGES_BELOW.add(("enrolments_gradebook.gradebook", "lms_following")),
    ),
    help={
        "learner/lessons#resume": "lms.learning",
        "learner/courses#find": "lms.campus",
        "learner/compulsory#to-do": "lms_training.duties",
        "learner/lessons#search": "lms_search.search",
        "learner/notifications-and-data#copy": "lms_own_data.overview",
        "learner/notifications-and-data#delete": "lms_own_data.deletion",
        "instructor/create-a-course#pending": "lms.teaching",
        "instructor/marking#gradebook": "lms_following.learner",
        "administrator/first-steps#first-steps": "lms.administration",
        "administrator/site-settings#front-page": "lms_front.front_page",
        "administrator/people#find": "lms_people.people lms_people.record",
        "administrator/people#add": "lms_new_person.add",
        "administrator/people#merge": "lms_merges.find_other lms_merges.preview_merge",
        "administrator/people#completion": "lms_people.learning_record",
        "administrator/system-status#read": "lms_condition.system_state",
        "administrator/audit-log#search": "lms_auditing.log",
    },
)
