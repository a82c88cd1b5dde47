"""The compliance feature: what the package registers with the application."""

from accounts.services import AccountVerb
from compliance import jobs
from compliance.audit_verbs import ComplianceVerb
from compliance.dates import list_covered, obligation_dates
from compliance.permissions import PERMISSIONS
from compliance.queries.leaving import list_keeping
from compliance.take_permissions import RENEWAL_PERMISSIONS
from compliance.views import (
    audience_rules,
    bundles,
    free_days,
    learner,
    obligations,
    planned_changes,
    recognition_lists,
    recognitions,
    reminders,
    renewals,
    report,
    report_exports,
    waivers,
)
from enrolments.audit_verbs import EnrolmentVerb
from kernel.feature import Feature

FEATURE = Feature(
    name="compliance",
    blueprints=(
        obligations.bp,
        planned_changes.bp,
        audience_rules.bp,
        learner.bp,
        waivers.bp,
        recognitions.bp,
        recognition_lists.bp,
        report.bp,
        report_exports.bp,
        bundles.bp,
        renewals.bp,
        free_days.bp,
        reminders.bp,
    ),
    permissions={**PERMISSIONS, **RENEWAL_PERMISSIONS},
    dates=(obligation_dates,),
    covered_dates=(list_covered,),
    leaving=(list_keeping,),
    jobs={
        "compliance.follow_completion": jobs.follow_completion,
        "compliance.follow_beginning": jobs.follow_beginning,
        "compliance.follow_account": jobs.follow_account,
        "compliance.follow_waiver": jobs.follow_waiver,
        "compliance.follow_recognition": jobs.follow_recognition,
        "compliance.ask_waivers_again": jobs.ask_waivers_again,
        "compliance.follow_recognition_list": jobs.follow_recognition_list,
        "compliance.follow_merge": jobs.follow_merge,
        "compliance.follow_changes": jobs.follow_changes,
        "compliance.recompute_obligation": jobs.recompute_obligation,
        "compliance.recompute_all": jobs.recompute_all,
        "compliance.try_change": jobs.try_change,
        "compliance.enrol_assigned": jobs.enrol_assigned,
        "compliance.remind": jobs.remind,
        "compliance.send_request": jobs.send_request,
        "compliance.plan_again": jobs.plan_again,
        "compliance.plan_work_notices": jobs.plan_work_notices,
        "compliance.tell_worker": jobs.tell_worker,
        "compliance.tell_of_versions": jobs.tell_of_versions,
        "compliance.pack_bundle": jobs.pack_bundle,
        "compliance.end_bundles": jobs.end_bundles,
        "compliance.plan_digests": jobs.plan_digests,
        "compliance.send_digests": jobs.send_digests,
    },
    subscriptions={
        EnrolmentVerb.COMPLETED: "compliance.follow_completion",
        EnrolmentVerb.TAKEN_BACK: "compliance.follow_completion",
        EnrolmentVerb.BEGUN: "compliance.follow_beginning",
        AccountVerb.SUSPENDED: "compliance.follow_account",
        AccountVerb.RESTORED: "compliance.follow_account",
        ComplianceVerb.WAIVER_APPROVED: "compliance.follow_waiver",
        ComplianceVerb.WAIVER_REVOKED: "compliance.follow_waiver",
        ComplianceVerb.RECOGNITION_APPROVED: "compliance.follow_recognition",
        ComplianceVerb.RECOGNITION_REVOKED: "compliance.follow_recognition",
        ComplianceVerb.RECOGNITIONS_DECIDED: "compliance.follow_recognition_list",
        AccountVerb.MERGED: "compliance.follow_merge",
        ComplianceVerb.FREE_DAY_ADDED: "compliance.plan_again",
        ComplianceVerb.FREE_DAYS_LOADED: "compliance.plan_again",
        ComplianceVerb.FREE_DAY_DELETED: "compliance.plan_again",
        ComplianceVerb.OBLIGATION_ACTIVATED: "compliance.recompute_obligation",
        ComplianceVerb.OBLIGATION_CHANGED: "compliance.recompute_obligation",
        ComplianceVerb.OBLIGATION_ENDED: "compliance.recompute_obligation",
    },
    patient=("compliance.recompute_all", "compliance.pack_bundle", "compliance.remind", "compliance.send_request"),
    periodic={
        "compliance.follow_changes": 600,
        "compliance.enrol_assigned": 600,
        "compliance.recompute_all": 86_400,
        "compliance.ask_waivers_again": 86_400,
        "compliance.remind": 300,
        "compliance.plan_work_notices": 1_800,
        "compliance.end_bundles": 86_400,
        "compliance.plan_digests": 900,
    },
)
