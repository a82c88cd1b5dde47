"""What the roof itself offers."""

from kernel.feature import Feature
from lms import auditing, condition, following, indexing, jobs, merges, own_data, people, search, views
from lms.permissions import PERMISSIONS

FEATURE = Feature(
    name="lms",
    blueprints=(views.bp, people.bp, merges.bp, search.bp, following.bp, condition.bp, auditing.bp, own_data.bp),
    permissions=PERMISSIONS,
    jobs={
        "lms.seal_audit": auditing.seal,
        "lms.forget_audit": auditing.forget,
        "lms.delete_accounts": own_data.delete_accounts,
        "lms.forget_jobs": jobs.forget_jobs,
        "lms.tend_search": indexing.tend,
    },
    periodic={
        "lms.seal_audit": auditing.SEAL_EVERY,
        "lms.forget_audit": jobs.DAY,
        "lms.delete_accounts": own_data.DELETIONS_EVERY,
        "lms.forget_jobs": jobs.DAY,
        "lms.tend_search": jobs.DAY,
    },
)
