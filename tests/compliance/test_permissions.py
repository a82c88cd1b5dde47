"""spec/compulsory 16: every cell of the table, tried on the predicates as they stand in the policy."""

from collections.abc import Callable, Mapping
from enum import StrEnum

import pytest

from compliance.access import (
    PERMISSIONS,
    BundleAction,
    ObligationAction,
    ObligationContext,
    PersonTrainingContext,
    PlaceReportContext,
    RecognitionAction,
    RecognitionContext,
    ReminderAction,
    TrainingAction,
    TrainingReportAction,
    WaiverAction,
    WaiverContext,
)
from compliance.models import Obligation
from kernel.permissions import Actor, Verdict
from organisations.access import TrainingScope
from tests.support.training_roles import BELOW, ELSEWHERE, INSTITUTION, LEARNER, LETTERS, ROLES, TrainingRoleCase, cells_of_the_table

Subject = Callable[[TrainingRoleCase], object]
SOMEBODY_ELSE = 99
THERE, WHOLE = frozenset({BELOW}), frozenset({INSTITUTION})


def of_person(case: TrainingRoleCase) -> object:
    return PersonTrainingContext(LEARNER, THERE, case.scope)


def draft_of(author: int | None) -> Subject:
    """Return what makes a draft, of the actor where no author is given."""
    return lambda case: ObligationContext(Obligation(state="draft"), frozenset({author or case.actor.person_id or 0}), WHOLE, case.scope)


def active(case: TrainingRoleCase) -> object:
    return ObligationContext(Obligation(state="active"), frozenset({SOMEBODY_ELSE}), WHOLE, case.scope)


def waiver(*, is_medical: bool, own: bool = False) -> Subject:
    return lambda case: WaiverContext(LEARNER, case.actor.person_id if own else SOMEBODY_ELSE, is_medical, THERE, case.scope)


def recognition(case: TrainingRoleCase) -> object:
    return RecognitionContext(LEARNER, SOMEBODY_ELSE, THERE, case.scope)


def report_of(place: int) -> Subject:
    return lambda case: PlaceReportContext(place, case.scope)


ROWS: Mapping[str, tuple[StrEnum, Subject]] = {
    "training.view · of a person": (TrainingAction.VIEW, of_person),
    "training.why · of a person": (TrainingAction.WHY, of_person),
    "training.why · medical evidence": (TrainingAction.EVIDENCE, of_person),
    "training.as_known · past day": (TrainingAction.AS_KNOWN, of_person),
    "obligation.edit · draft": (ObligationAction.EDIT, draft_of(SOMEBODY_ELSE)),
    "obligation.activate · another's draft": (ObligationAction.ACTIVATE, draft_of(SOMEBODY_ELSE)),
    "obligation.activate · own draft": (ObligationAction.ACTIVATE, draft_of(None)),
    "obligation.change · retroactive": (ObligationAction.CHANGE_PAST, active),
    "waiver.propose · of a person": (WaiverAction.PROPOSE, of_person),
    "waiver.approve · medical, proposed by another": (WaiverAction.APPROVE, waiver(is_medical=True)),
    "waiver.approve · other reasons, proposed by another": (WaiverAction.APPROVE, waiver(is_medical=False)),
    "waiver.approve · own or proposed by oneself": (WaiverAction.APPROVE, waiver(is_medical=False, own=True)),
    "recognition.approve · proposed by another": (RecognitionAction.APPROVE, recognition),
    "report.view · institution": (TrainingReportAction.VIEW, report_of(INSTITUTION)),
    "report.view · unit": (TrainingReportAction.VIEW, report_of(BELOW)),
    "report.export · with names": (TrainingReportAction.EXPORT, report_of(BELOW)),
    "report.export · with identity numbers": (TrainingReportAction.EXPORT_IDENTITY, report_of(BELOW)),
    "reminder.send · unit": (ReminderAction.SEND, report_of(BELOW)),
    "bundle.make · scope": (BundleAction.MAKE, report_of(BELOW)),
}
ELSEWHERE_TRIED = {"audience.view · active", "audience.edit · used by an active obligation"} | {
    row for row in cells_of_the_table() if row.startswith(("take.", "survey.", "people.", "course."))
}
"""Rows of other packages."""


def verdict_of(action: StrEnum, subject: Subject, case: TrainingRoleCase) -> str:
    return LETTERS[PERMISSIONS[action](case.actor, subject(case))]


def test_every_row_of_the_table_is_tried() -> None:
    assert ROWS.keys() | ELSEWHERE_TRIED == cells_of_the_table().keys()
    assert not ROWS.keys() & ELSEWHERE_TRIED


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("row", ROWS)
def test_a_cell_says_what_is_decided(row: str, role: str) -> None:
    """spec/compulsory 16."""
    assert verdict_of(*ROWS[row], ROLES[role]) == cells_of_the_table()[row][role]


@pytest.mark.parametrize(
    ("subject", "allowed"),
    [
        (waiver(is_medical=True), {"oneself", "officer in scope", "auditor in scope"}),
        (waiver(is_medical=False), {"oneself", "head, own units", "officer in scope", "auditor in scope", "administrator"}),
        (recognition, {"oneself", "head, own units", "officer in scope", "auditor in scope", "administrator"}),
    ],
)
def test_what_proves_a_medical_reason_is_for_few(subject: Subject, allowed: set[str]) -> None:
    """spec/compulsory 4.10: what proves anything else is for all who see why."""
    assert {role for role, case in ROLES.items() if verdict_of(TrainingAction.EVIDENCE, subject, case) == "a"} == allowed


@pytest.mark.parametrize(
    ("action", "subject", "letters"),
    [
        (ObligationAction.VIEW, draft_of(SOMEBODY_ELSE), "dhhhhhaha"),
        (ObligationAction.VIEW, active, "dhhhdhaaa"),
        (ObligationAction.EDIT, active, "dhhhdhada"),
        (RecognitionAction.PROPOSE, recognition, "dahhahada"),
    ],
)
def test_what_the_table_does_not_say_follows_its_neighbours(action: StrEnum, subject: Subject, letters: str) -> None:
    assert "".join(verdict_of(action, subject, case) for case in ROLES.values()) == letters


@pytest.mark.parametrize("is_medical", [True, False])
def test_nobody_decides_on_their_own_waiver_whatever_their_grants(is_medical: bool) -> None:
    """spec/compulsory 4.10: neither as the one it is for, nor as the one who proposed it."""
    officer = ROLES["officer in scope"]
    own = WaiverContext(officer.actor.person_id or 0, SOMEBODY_ELSE, is_medical, THERE, officer.scope)
    proposed = WaiverContext(LEARNER, officer.actor.person_id, is_medical, THERE, officer.scope)
    anothers = WaiverContext(LEARNER, SOMEBODY_ELSE, is_medical, THERE, officer.scope)

    assert [PERMISSIONS[WaiverAction.APPROVE](officer.actor, one) for one in (own, proposed, anothers)] == [
        Verdict.OWN,
        Verdict.FORBID,
        Verdict.ALLOW,
    ]


def test_an_administrator_with_the_grant_approves_medical_waivers() -> None:
    """spec/compulsory 4.10: who is several things has the best of them."""
    both = TrainingRoleCase(ROLES["administrator"].actor, TrainingScope(everywhere=True, officer=THERE, above=WHOLE))

    assert verdict_of(WaiverAction.APPROVE, waiver(is_medical=True), both) == "a"
    assert verdict_of(WaiverAction.APPROVE, waiver(is_medical=True), ROLES["administrator"]) == "d"


def test_grants_for_other_places_and_for_parts_open_nothing_of_the_whole() -> None:
    """An officer of a province looks after its people; obligations and the report of the institution are its officers'."""
    part = TrainingRoleCase(Actor(6, is_training_officer=True), TrainingScope(officer=THERE, above=THERE | WHOLE))
    away = TrainingRoleCase(Actor(6, is_training_officer=True), TrainingScope(officer=frozenset({ELSEWHERE}), above=frozenset({ELSEWHERE})))
    tried = (
        (TrainingAction.VIEW, of_person),
        (ObligationAction.VIEW, active),
        (ObligationAction.EDIT, draft_of(SOMEBODY_ELSE)),
        (TrainingReportAction.VIEW, report_of(INSTITUTION)),
    )

    assert "".join(verdict_of(*one, part) for one in tried) == "adhh"
    assert "".join(verdict_of(*one, away) for one in tried) == "hhhh"
