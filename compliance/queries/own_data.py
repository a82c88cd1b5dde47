"""Queries of one person's own data of compulsory training, for the copy that they may have (spec/compulsory 12.5)."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import Select, select

from compliance.models import (
    AccountFact,
    Assignment,
    AssignmentState,
    CycleEnrolment,
    DoneFact,
    Obligation,
    Recognition,
    Reminder,
    StartedFact,
    Waiver,
)
from compliance.queries.bundles import RESERVED
from compliance.rules.claims import MEDICAL_KINDS
from courses.models import Course


def without_medical(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a row of `waivers` as an administrator may read it: a reason of health is reserved (spec/compulsory 4.10)."""
    if row["kind"] not in MEDICAL_KINDS:
        return row
    return {**row, "kind": RESERVED, **dict.fromkeys(("words", "document", "evidence_name", "decision", "revocation"), RESERVED)}


def select_own_data(person_id: int) -> Mapping[str, Select[*tuple[Any, ...]]]:
    """Return what is on record of a person's compulsory training, by the name of its file."""
    status = (Assignment.state, Assignment.flags, Assignment.last_on, Assignment.achieved_at, Assignment.valid_until)
    state = (AssignmentState.state, AssignmentState.flags, AssignmentState.valid_from, AssignmentState.valid_to)
    known = (AssignmentState.known_from, AssignmentState.known_to)
    waiver = (Waiver.kind, Waiver.words, Waiver.document, Waiver.evidence_name, Waiver.first_on, Waiver.last_on, Waiver.state)
    recognition = (Recognition.achieved_on, Recognition.issuer, Recognition.document, Recognition.evidence_name, Recognition.state)
    reminder = (Reminder.kind, Reminder.step, Reminder.due_on, Reminder.last_on, Reminder.at, Reminder.reason, Reminder.mailed_at)
    return {
        "compulsory_training": select(Obligation.key, *status)
        .join(Obligation, Obligation.id == Assignment.obligation_id)
        .where(Assignment.person_id == person_id),
        "compulsory_history": select(Obligation.key, *state, *known)
        .join(Assignment, Assignment.id == AssignmentState.assignment_id)
        .join(Obligation, Obligation.id == Assignment.obligation_id)
        .where(Assignment.person_id == person_id),
        "compulsory_reminders": select(Obligation.key, *reminder)
        .join(Assignment, Assignment.id == Reminder.assignment_id)
        .join(Obligation, Obligation.id == Assignment.obligation_id)
        .where(Assignment.person_id == person_id),
        "training_enrolments": select(Obligation.key, CycleEnrolment.cycle, Course.slug, CycleEnrolment.obstacle, CycleEnrolment.since)
        .join(Assignment, Assignment.id == CycleEnrolment.assignment_id)
        .join(Obligation, Obligation.id == Assignment.obligation_id)
        .join(Course, Course.id == CycleEnrolment.course_id)
        .where(Assignment.person_id == person_id),
        "training_done": select(Course.slug, DoneFact.version, DoneFact.achieved_at, DoneFact.recorded_at, DoneFact.retracted_at)
        .join(Course, Course.id == DoneFact.course_id)
        .where(DoneFact.person_id == person_id),
        "training_begun": select(Course.slug, StartedFact.at)
        .join(Course, Course.id == StartedFact.course_id)
        .where(StartedFact.person_id == person_id),
        "account_closures": select(AccountFact.closed_at, AccountFact.opened_at).where(AccountFact.person_id == person_id),
        "waivers": select(*waiver, Waiver.proposed_at, Waiver.decided_at, Waiver.decision, Waiver.revoked_at, Waiver.revocation).where(
            Waiver.person_id == person_id
        ),
        "recognitions": select(
            Course.slug, *recognition, Recognition.decided_at, Recognition.decision, Recognition.revoked_at, Recognition.revocation
        )
        .join(Course, Course.id == Recognition.course_id)
        .where(Recognition.person_id == person_id),
    }
