"""The selections feature, as the application registers it."""

from accounts.notices import NOTICE_KINDS
from accounts.people import STANDINGS, AccountVerb, Standing
from courses.team import PAGES_BELOW
from enrolments.editions import CONSEQUENCES, EDITION_GUARDS
from kernel.errors import N_
from kernel.feature import PAGES_OF_CODES, PAGES_OF_FILES, Feature
from kernel.menu import Menu, MenuEntry
from kernel.permissions import Actor
from kernel.personal import ERASURES, MERGERS, OWN_DATA, RETENTION, TRANSFERS
from quizzes.attempt_page import OBJECTION_CHECKS
from quizzes.corrections import CORRECTIONS
from quizzes.jury import ASK_JURY, COUNTED, HAS_ACTA, HAS_JURY, LIST_PENDING
from quizzes.marking import MarkingVerb, ReopeningVerb
from quizzes.quiz_page import StaffToolLink
from quizzes.regrades import DECIDED_VERSIONS
from quizzes.regrading import RegradeVerb
from quizzes.views.regrading import TOUCHED
from quizzes.views.reports import QUIZ_TOOLS
from selections import access, jobs, messages, objection_decisions, own_data
from selections.access import PERMISSIONS, SelectionAction
from selections.actas import RETENTION_RULE as INTEGRITY_RULE
from selections.audit_verbs import ObjectionVerb, SelectionVerb
from selections.incidents import NOTIFY
from selections.jury_decisions import (
    NOTIFY_ASKER,
    NOTIFY_DECISION,
    NOTIFY_MOVED,
    NOTIFY_NAMING,
    ask_jury,
    has_jury,
    list_pending_acts,
    separate_merged,
)
from selections.objections import list_decided_versions, may_be_objected_to
from selections.selections import NOTIFY_MEMBER, has_acta_of_quiz, has_selections_condition, is_member_condition, mind_edition
from selections.views import actas, exports, incidents, jury, objections, selections, verification
from selections.views.actas import touched_by_regrade
from selections.views.objections import objections_to_question


def _has_selections(actor: Actor) -> bool:
    return actor.has_selections


TOOL = StaffToolLink(
    "selections.quiz",
    "users",
    N_("Selections"),
    N_("Who signs and who reads the acta of each edition or group, where results decide about people."),
    SelectionAction.MANAGE,
    selecting=True,
)
FEATURE = Feature(
    name="selections",
    blueprints=(selections.bp, jury.bp, incidents.bp, actas.bp, exports.bp, verification.bp),
    permissions=PERMISSIONS,
    menu=(MenuEntry(Menu.OWN, "selections.own", N_("Selections"), position=40, icon="users", is_for=_has_selections),),
    jobs={
        "selections.compare": jobs.compare,
        "selections.compare_stale": jobs.compare_stale,
        "selections.follow_attempt": jobs.follow_attempt,
        "selections.follow_decision": jobs.follow_decision,
        "selections.follow_incident": jobs.follow_incident,
        "selections.follow_objections": jobs.follow_objections,
        "selections.follow_merge": jobs.follow_merge,
        "selections.follow_regrade": jobs.follow_regrade,
        "selections.freeze": jobs.freeze_acta,
        "selections.notify_amended": jobs.notify_signed,
        "selections.notify_jury": jobs.notify_jury,
        NOTIFY_DECISION: jobs.notify_decision,
        NOTIFY_MOVED: jobs.notify_moved,
        NOTIFY_NAMING: jobs.notify_naming,
        NOTIFY_ASKER: jobs.notify_asker,
        NOTIFY: jobs.notify_incident,
        NOTIFY_MEMBER: jobs.notify_member,
    },
    subscriptions={
        RegradeVerb.COMMITTED: "selections.follow_regrade",
        RegradeVerb.UNDONE: "selections.follow_regrade",
        RegradeVerb.APPLIED: "selections.follow_regrade",
        MarkingVerb.MARKED: "selections.follow_attempt",
        ReopeningVerb.REOPENED: "selections.follow_attempt",
        AccountVerb.MERGED: "selections.follow_merge",
        SelectionVerb.DECISION_MADE: "selections.follow_decision",
        SelectionVerb.INCIDENT_DECIDED: "selections.follow_incident",
        ObjectionVerb.REOPENED: "selections.follow_objections",
    },
    patient=("selections.compare_stale", "selections.notify_amended"),
    periodic={"selections.compare_stale": 86_400},
    hooks=(
        OWN_DATA.add(own_data.select_own_data),
        ERASURES.add(own_data.erase_person),
        TRANSFERS.add(own_data.transfer_members, own_data.transfer_authorship),
        RETENTION.add(INTEGRITY_RULE, own_data.RETENTION_RULE),
        NOTICE_KINDS.add(messages.SELECTION_NOTICE, messages.OBJECTION_NOTICE),
        ASK_JURY.bind(ask_jury),
        HAS_JURY.bind(has_jury),
        LIST_PENDING.bind(list_pending_acts),
        COUNTED.add(messages.counted_words),
        HAS_ACTA.bind(has_acta_of_quiz),
        EDITION_GUARDS.add(mind_edition),
        MERGERS.add(separate_merged),
        CONSEQUENCES.add(messages.list_consequences),
        QUIZ_TOOLS.add(TOOL),
        DECIDED_VERSIONS.add(list_decided_versions),
        TOUCHED.add(touched_by_regrade),
        PAGES_OF_CODES.add(verification.find_page),
        PAGES_OF_FILES.add(verification.find_page_of_file),
        PAGES_BELOW.add(("quizzes_marking.quizzes", "selections")),
        STANDINGS.add(Standing("has_selections", has_selections_condition(), leads=False, power=is_member_condition())),
    ),
    help={
        "learner/quizzes#objections": "selections_objections.objection selections_objections.own",
        "instructor/selections#acta": "selections_actas.acta selections_actas.own_line selections_actas.selection",
        "instructor/selections#amendment": "selections_actas.amendment",
        "instructor/selections#incidents": """
            selections_incidents.ask selections_incidents.incident selections_incidents.own selections_incidents.signs
        """,
        "instructor/selections#verification": "selections_exports.export selections_exports.identities selections_verification.verify",
        "instructor/selections#objections": "selections_objection_groups.group selections_objection_groups.listing",
        "instructor/selections#jury": "selections.members selections.own selections.quiz",
        "instructor/selections#decisions": "selections_jury.decision selections_jury.end selections_jury.jury",
    },
)
OBJECTIONS = Feature(
    name="objections",
    blueprints=(objections.objections_bp, objections.objection_groups_bp),
    permissions=access.OBJECTION_PERMISSIONS,
    jobs={
        "selections.notify_term": jobs.notify_term,
        "selections.notify_deciders": jobs.notify_deciders,
        "selections.notify_proposal": jobs.notify_proposal,
        "selections.finish_decision": jobs.finish_decision,
        objection_decisions.NOTIFY_OUTCOME: jobs.notify_outcome,
        objection_decisions.NOTIFY_REOPENING: jobs.notify_reopening,
        "selections.mind_objections": jobs.mind_objections,
    },
    hooks=(CORRECTIONS.add(objections_to_question), OBJECTION_CHECKS.add(may_be_objected_to)),
    periodic={"selections.mind_objections": jobs.MIND_EVERY},
    subscriptions={
        SelectionVerb.ACTA_PUBLISHED: "selections.notify_term",
        ObjectionVerb.OPENED: "selections.notify_deciders",
        ObjectionVerb.PROPOSED: "selections.notify_proposal",
        ObjectionVerb.DECIDED: objection_decisions.NOTIFY_OUTCOME,
        RegradeVerb.COMMITTED: "selections.finish_decision",
    },
)
