"""The feature of the application itself."""

from courses.catalogue import PUBLISH
from kernel.feature import Feature
from lms import (
    account_merge_views,
    auditing,
    learner_page,
    new_person_views,
    own_data,
    own_training,
    people,
    retention,
    search,
    search_indexing,
    shipped_courses,
    system_state,
    team_notices,
    views,
    watching,
)
from lms.guide import views as guide_views
from lms.permissions import PERMISSIONS

HOUR, DAY = 3600, 86_400
FEATURE = Feature(
    name="lms",
    blueprints=(
        views.bp,
        own_training.bp,
        people.bp,
        new_person_views.bp,
        account_merge_views.bp,
        search.bp,
        learner_page.bp,
        system_state.bp,
        auditing.bp,
        own_data.bp,
        guide_views.bp,
    ),
    permissions=PERMISSIONS,
    jobs={
        "lms.watch": watching.watch,
        "lms.verify_audit": watching.verify_audit,
        "lms.seal_audit": auditing.seal,
        "lms.delete_accounts": own_data.delete_accounts,
        "lms.apply_retention": retention.apply,
        "lms.tend_search": search_indexing.refresh_index,
        "lms.notify_teams": team_notices.notify_teams,
        PUBLISH: shipped_courses.publish_shipped,
    },
    patient=("lms.verify_audit",),
    periodic={
        "lms.watch": watching.WATCH_EVERY,
        "lms.verify_audit": watching.VERIFY_EVERY,
        "lms.seal_audit": auditing.SEAL_EVERY,
        "lms.delete_accounts": own_data.DELETIONS_EVERY,
        "lms.apply_retention": DAY,
        "lms.tend_search": HOUR,
        "lms.notify_teams": HOUR,
    },
)
