"""What the roof itself offers."""

from kernel.feature import Feature
from lms import auditing, condition, following, indexing, merges, own_data, people, retention, search, views, watching
from lms.permissions import PERMISSIONS

HOUR, DAY = 3600, 86_400
FEATURE = Feature(
    name="lms",
    blueprints=(views.bp, people.bp, merges.bp, search.bp, following.bp, condition.bp, auditing.bp, own_data.bp),
    permissions=PERMISSIONS,
    jobs={
        "lms.watch": watching.watch,
        "lms.verify_audit": watching.verify_audit,
        "lms.seal_audit": auditing.seal,
        "lms.delete_accounts": own_data.delete_accounts,
        "lms.apply_retention": retention.apply,
        "lms.tend_search": indexing.tend,
    },
    patient=("lms.verify_audit",),
    periodic={
        "lms.watch": watching.WATCH_EVERY,
        "lms.verify_audit": watching.VERIFY_EVERY,
        "lms.seal_audit": auditing.SEAL_EVERY,
        "lms.delete_accounts": own_data.DELETIONS_EVERY,
        "lms.apply_retention": DAY,
        "lms.tend_search": HOUR,
    },
)
