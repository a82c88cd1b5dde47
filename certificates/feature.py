"""The certificates feature, as the application registers it."""

from accounts.people import AccountVerb
from certificates import jobs
from certificates.permissions import PERMISSIONS
from certificates.queries.reviews import waiting_reviews
from certificates.views import (
    badges,
    bulk,
    credentials,
    keys,
    offline,
    printed_identity,
    register,
    reviews,
    status_lists,
    templates,
    transcripts,
    validity_changes,
    verification,
)
from enrolments.audit_verbs import EnrolmentVerb
from kernel.feature import Feature

FEATURE = Feature(
    name="certificates",
    blueprints=(
        badges.bp,
        credentials.bp,
        register.bp,
        bulk.bp,
        reviews.bp,
        keys.bp,
        offline.bp,
        printed_identity.bp,
        status_lists.bp,
        templates.bp,
        transcripts.bp,
        validity_changes.bp,
        verification.bp,
    ),
    permissions=PERMISSIONS,
    jobs={
        "certificates.complete_former": jobs.complete_former,
        "certificates.issue": jobs.issue,
        "certificates.notify_expiry": jobs.notify_expiry,
        "certificates.plan_expiry_notices": jobs.plan_expiry_notices,
        "certificates.review_merged": jobs.review_merged,
        "certificates.review_withdrawn": jobs.review_withdrawn,
        "certificates.renew_seal": jobs.renew_seal,
        "certificates.send_issued": jobs.notify_issued,
        "certificates.send_replaced": jobs.notify_replaced,
        "certificates.send_revoked": jobs.notify_revoked,
        "certificates.write_files": jobs.write_files,
        "certificates.end_files": jobs.end_files,
        "certificates.change_validity": jobs.change_validity,
    },
    subscriptions={
        EnrolmentVerb.COMPLETED: "certificates.issue",
        EnrolmentVerb.TAKEN_BACK: "certificates.review_withdrawn",
        AccountVerb.MERGED: "certificates.review_merged",
    },
    patient=("certificates.complete_former", "certificates.notify_expiry", "certificates.write_files", "certificates.change_validity"),
    periodic={
        "certificates.complete_former": 3600,
        "certificates.end_files": 86_400,
        "certificates.plan_expiry_notices": 3600,
        "certificates.renew_seal": jobs.RENEWAL_EVERY,
    },
    waiting=(waiting_reviews,),
)
