"""The certificates feature, as the application registers it."""

from certificates import jobs
from certificates.permissions import PERMISSIONS
from certificates.views import badges, credentials, keys, register, status_lists
from enrolments.audit_verbs import EnrolmentVerb
from kernel.feature import Feature

FEATURE = Feature(
    name="certificates",
    blueprints=(badges.bp, credentials.bp, register.bp, keys.bp, status_lists.bp),
    permissions=PERMISSIONS,
    jobs={
        "certificates.issue": jobs.issue,
        "certificates.send_issued": jobs.notify_issued,
        "certificates.send_replaced": jobs.notify_replaced,
        "certificates.send_revoked": jobs.notify_revoked,
    },
    subscriptions={EnrolmentVerb.COMPLETED: "certificates.issue"},
)
