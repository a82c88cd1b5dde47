"""The compliance feature: what the package registers with the application."""

from accounts.notices import NOTICE_KINDS
from accounts.people import AccountVerb
from compliance import agreements, assignments, enrolment, evidence, jobs, notices, team_digests
from compliance.access import PERMISSIONS, RENEWAL_PERMISSIONS
from compliance.audit_verbs import ComplianceVerb
from compliance.learner import list_covered, obligation_dates
from compliance.obligations import list_obligations_of_audience, list_obliging_audiences
from compliance.planned_changes import list_waiting_moves, plan_move, plan_used_rule
from compliance.views import (
    actas,
    audience_rules,
    bundles,
    free_days,
    learner,
    obligations,
    planned_changes,
    recognition_lists,
    recognitions,
    reminders,
    report,
    report_exports,
    unit_moves,
    waivers,
)
from courses.kinds import COURSE_PARTS, CourseKinds
from courses.team import PAGES_BELOW
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.awards import RULED_COURSES
from enrolments.dates import COVERED_DATES, DATES
from enrolments.enrolment import LEAVING
from kernel.errors import N_
from kernel.feature import PAGES_OF_CODES, Feature
from kernel.menu import Menu, MenuEntry
from kernel.permissions import Actor
from kernel.personal import ERASURES, OWN_DATA, RETENTION, TRANSFERS
from organisations.audience_preview import OBLIGING_AUDIENCES, TRAINING_DUTIES
from organisations.audiences import AUDIENCE_USES, PLAN_RULE, WAITING_RULES
from organisations.units import KEEPS_PLACES, PLAN_MOVE, WAITING_MOVES


def _sees_obligations(actor: Actor) -> bool:
    return actor.is_administrator or actor.is_training_officer or actor.is_auditor


def _sees_report_alone(actor: Actor) -> bool:
    return actor.manages_units and not _sees_obligations(actor)


FEATURE = Feature(
    name="compliance",
    blueprints=(
        obligations.obligations_bp,
        planned_changes.bp,
        audience_rules.bp,
        learner.learner_bp,
        waivers.bp,
        recognitions.bp,
        recognition_lists.bp,
        report.bp,
        report_exports.bp,
        bundles.bp,
        actas.bp,
        obligations.agreements_bp,
        learner.renewals_bp,
        free_days.bp,
        unit_moves.bp,
        reminders.bp,
    ),
    permissions={**PERMISSIONS, **RENEWAL_PERMISSIONS},
    menu=(
        MenuEntry(
            Menu.TRAINING,
            "compliance_obligations.obligations",
            N_("Compulsory training"),
            position=10,
            icon="list-checks",
            about=N_("Which courses are required, of whom and until when."),
        ),
        MenuEntry(
            Menu.TRAINING,
            "compliance_report.places",
            N_("Training report"),
            position=30,
            icon="chart-column",
            about=N_("Who has completed what is required, and who is late, by unit."),
        ),
        MenuEntry(
            Menu.TRAINING,
            "compliance_waivers.claims",
            N_("Waivers and recognitions"),
            position=40,
            icon="file-text",
            about=N_("Requests to be exempt, and training completed elsewhere that counts."),
        ),
        MenuEntry(
            Menu.TRAINING,
            "compliance_free_days.days",
            N_("Holidays and days off"),
            position=50,
            icon="calendar",
            about=N_("Days on which no reminder goes out."),
        ),
        MenuEntry(
            Menu.STAFF,
            "compliance_obligations.obligations",
            N_("Compulsory training"),
            position=30,
            icon="list-checks",
            is_for=_sees_obligations,
        ),
        MenuEntry(
            Menu.STAFF, "compliance_report.places", N_("Training report"), position=40, icon="chart-column", is_for=_sees_report_alone
        ),
    ),
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
        evidence.REMOVE: jobs.remove_evidence,
        "compliance.forget_lists": jobs.forget_lists,
        "compliance.recompute_obligation": jobs.recompute_obligation,
        "compliance.recompute_all": jobs.recompute_all,
        "compliance.recompute_institution": jobs.recompute_institution,
        "compliance.try_change": jobs.try_change,
        "compliance.enrol_assigned": jobs.enrol_assigned,
        "compliance.remind": jobs.remind,
        "compliance.send_request": jobs.send_request,
        "compliance.plan_again": jobs.plan_again,
        "compliance.plan_work_notices": jobs.plan_work_notices,
        "compliance.notify_worker": jobs.notify_worker,
        "compliance.notify_of_versions": jobs.notify_of_versions,
        "compliance.notify_of_hindered": jobs.notify_of_hindered,
        "compliance.pack_bundle": jobs.pack_bundle,
        "compliance.end_bundles": jobs.end_bundles,
        "compliance.end_records": jobs.end_records,
        "compliance.plan_digests": jobs.plan_digests,
        "compliance.send_digests": jobs.send_digests,
    },
    subscriptions={
        EnrolmentVerb.COMPLETED: "compliance.follow_completion",
        EnrolmentVerb.TAKEN_BACK: "compliance.follow_completion",
        EnrolmentVerb.VALIDITY_CHANGED: "compliance.follow_completion",
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
    patient=(
        "compliance.recompute_all",
        "compliance.recompute_institution",
        "compliance.pack_bundle",
        "compliance.end_records",
        "compliance.remind",
        "compliance.send_request",
    ),
    periodic={
        "compliance.follow_changes": 120,
        "compliance.enrol_assigned": 600,
        "compliance.recompute_all": 86_400,
        "compliance.ask_waivers_again": 86_400,
        "compliance.notify_of_hindered": 86_400,
        "compliance.remind": 300,
        "compliance.plan_work_notices": 1_800,
        "compliance.forget_lists": 3600,
        "compliance.end_bundles": 86_400,
        "compliance.end_records": 86_400,
        "compliance.plan_digests": 900,
    },
    hooks=(
        OWN_DATA.add(evidence.select_own_data),
        ERASURES.add(evidence.erase_evidence),
        TRANSFERS.add(evidence.transfer_claims),
        RETENTION.add(evidence.RETENTION_RULE),
        NOTICE_KINDS.add(*notices.KINDS),
        AUDIENCE_USES.add(list_obligations_of_audience),
        OBLIGING_AUDIENCES.bind(list_obliging_audiences),
        PLAN_RULE.bind(plan_used_rule),
        PLAN_MOVE.bind(plan_move),
        WAITING_MOVES.bind(list_waiting_moves),
        TRAINING_DUTIES.bind(assignments.read_training_duties),
        WAITING_RULES.bind(team_digests.list_waiting_rules_of_audience),
        COVERED_DATES.add(list_covered),
        DATES.add(obligation_dates),
        KEEPS_PLACES.add(assignments.has_assignment),
        LEAVING.add(enrolment.list_keeping),
        RULED_COURSES.bind(enrolment.list_ruled_courses),
        PAGES_OF_CODES.add(actas.find_page),
        PAGES_BELOW.add(("enrolments_roster.roster", "compliance_agreements")),
        COURSE_PARTS.add(CourseKinds(logs=(agreements.LOG,))),
    ),
    help={
        "learner/compulsory#waivers": """
            compliance_recognitions.ask compliance_recognitions.propose compliance_waivers.ask compliance_waivers.own
            compliance_waivers.propose
        """,
        "administrator/institutions#waivers": """
            compliance_recognition_lists.lists compliance_recognition_lists.made compliance_recognition_lists.pending
            compliance_recognitions.recognition compliance_waivers.claims compliance_waivers.waiver
        """,
        "learner/compulsory#why": "compliance_learner.past compliance_learner.why",
        "learner/compulsory#again": "compliance_renewals.renew",
        "instructor/learners#compulsory": "compliance_agreements.agreements",
        "administrator/compulsory-training#write": """
            compliance_obligations.draft compliance_obligations.new compliance_obligations.obligation
            compliance_obligations.obligations
        """,
        "administrator/compulsory-training#activate": "compliance_changes.change",
        "administrator/compulsory-training#change": """
            compliance_audience_rules.change compliance_obligations.end compliance_obligations.version
        """,
        "administrator/institutions#free-days": "compliance_free_days.change compliance_free_days.days",
        "administrator/institutions#create": "compliance_unit_moves.change",
        "administrator/institutions#remind": "compliance_reminders.remind",
        "administrator/institutions#training-report": """
            compliance_report.people compliance_report.person compliance_report.place compliance_report.places
            compliance_report_exports.dictionary compliance_report_exports.identities compliance_report_exports.person
            compliance_report_exports.table
        """,
        "administrator/institutions#actas": "compliance_actas.verify",
        "administrator/institutions#evidence-bundles": "compliance_bundles.bundles compliance_bundles.download",
    },
)
