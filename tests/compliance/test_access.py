"""spec/compulsory 16: every cell of the table, tried on the predicates of the policy and over HTTP."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from enum import StrEnum

import pytest
from sqlalchemy.orm import Session

from certificates import templates
from compliance import obligations, planned_changes
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
from compliance.models import Obligation, PlannedChange
from compliance.obligations import ObligationValues
from enrolments import enrolment, learners
from kernel import clock
from kernel.permissions import SYSTEM, Actor, Verdict
from lms.instance import Instance
from organisations.access import TrainingScope
from organisations.audiences import AudienceRuleValues, today_of
from organisations.models import Audience, Organisation
from organisations.rules.audience_leaves import UnitLeaf
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, actor_of
from tests.support.certificates import NOON, issue
from tests.support.learning import mark_done, pass_quiz
from tests.support.obligations import an_audience_of, an_obligation, rules_of
from tests.support.places import a_place
from tests.support.training_access import TrainingCast, a_training_cast
from tests.support.training_reports import REPORT
from tests.support.training_roles import BELOW, ELSEWHERE, INSTITUTION, LEARNER, LETTERS, ROLES, TrainingRoleCase, cells_of_the_table
from tests.support.wording import in_spanish

Subject = Callable[[TrainingRoleCase], object]
SOMEBODY_ELSE = 99
THERE, WHOLE = frozenset({BELOW}), frozenset({INSTITUTION})

BUILT_IN = "%(template)s (%(key)s, which comes with the program), version %(number)s"


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
    row
    for row in cells_of_the_table()
    if row.startswith(("take.", "survey.", "people.", "course.", "audit_log.", "certificate.", "template."))
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


ROOT = "/compulsory-training/obligations"


class ObligationCast:
    """A cast before the obligations of its institution; what is in force was written by one stranger and activated by another."""

    def __init__(self, browser: Browser, instance: Instance) -> None:
        self.instance = instance
        self.cast: TrainingCast = a_training_cast(browser, instance)
        self.author, self.second = (a_person(instance, f"{name}@example.org").id for name in ("autora", "segunda"))
        self.audience = an_audience_of(instance, self.cast.root)
        self.today = today_of(clock.now())

    def values(self) -> ObligationValues:
        terms = replace(rules_of(self.cast.course), starts=self.today, deadline=self.today + timedelta(days=90), effective_on=self.today)
        return ObligationValues({"es": "Gobernanza"}, terms)

    def act(self, do: Callable[[Session], PlannedChange]) -> PlannedChange:
        with self.instance.database.unit_of_work() as session:
            return do(session)

    def write(self, author: int, key: str, *, is_active: bool = False) -> Obligation:
        with self.instance.database.unit_of_work() as session:
            audience = session.get_one(Audience, self.audience.id)
            row = obligations.make_obligation(session, Actor(person_id=author), key, audience, self.values(), now=clock.now())
            if is_active:
                obligations.activate(session, Actor(person_id=self.second), row, row.edited, now=clock.now())
            return row

    def activation(self, author: int, key: str) -> str:
        """Try the activation of a draft; nobody is in its audience, so its number is 0."""
        row, actor = self.write(author, key), Actor(person_id=author)
        change = self.act(
            lambda session: planned_changes.plan_activation(session, actor, session.get_one(Obligation, row.id), now=clock.now())
        )
        return f"{ROOT}/changes/{change.uuid}"


def test_every_cell_of_drafts(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: to auditors a draft does not exist yet."""
    scene = ObligationCast(browser, instance)
    draft, tried = f"{ROOT}/{scene.write(scene.author, 'borrador').uuid}", scene.activation(scene.author, "otro")
    wrong = list[str]()
    for path in (draft, f"{draft}/draft", tried, f"{ROOT}/new"):
        wrong += scene.cast.check("obligation.edit", "draft", scene.cast.outcomes(path))
    wrong += scene.cast.check("obligation.edit", "draft", scene.cast.outcomes(f"{draft}/activation", "POST"))

    assert wrong == []


def test_every_cell_of_activating(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16 and 4.8: another's draft; one's own by nobody, whatever their roles."""
    scene = ObligationCast(browser, instance)
    tried = scene.activation(scene.author, "ajeno")
    wrong = scene.cast.check("obligation.activate", "draft_of_another", scene.cast.outcomes(f"{tried}/activation", "POST", {"number": "0"}))
    for role, visitor in scene.cast.browsers.items():
        person = scene.cast.people.get(role)
        own = scene.activation(person.id if person is not None else scene.author, f"propio-{role.replace('_', '-')}")
        found = {role: outcome(visitor, f"{own}/activation", "POST", {"number": "0"})}
        wrong += scene.cast.check("obligation.activate", "own_draft", found)

    assert wrong == []


def test_every_cell_of_changing_the_past(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16 and 4.5."""
    scene = ObligationCast(browser, instance)
    row, values = scene.write(scene.author, "vigente", is_active=True), scene.values()
    before = replace(
        values, terms=replace(values.terms, effective_on=scene.today - timedelta(days=3)), is_retroactive=True, reason="Prórroga."
    )
    change = scene.act(
        lambda session: planned_changes.plan_version(
            session, Actor(person_id=scene.author), session.get_one(Obligation, row.id), 1, before, now=clock.now()
        )
    )

    assert (
        scene.cast.check(
            "obligation.change", "retroactive", scene.cast.outcomes(f"{ROOT}/changes/{change.uuid}/correction", "POST", {"number": "0"})
        )
        == []
    )


def test_every_cell_of_a_rule_in_use(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: an audience of which an obligation in force asks something."""
    scene = ObligationCast(browser, instance)
    scene.write(scene.author, "vigente", is_active=True)

    def plan(session: Session) -> PlannedChange:
        audience = session.get_one(Audience, scene.audience.id)
        rule = AudienceRuleValues(UnitLeaf(("GYE-D",), below=True), scene.today, "Otra.", audience.latest)
        return planned_changes.plan_rule(session, Actor(person_id=scene.author), audience, rule, now=clock.now())

    there = f"/compulsory-training/audience-rules/{scene.act(plan).uuid}"

    assert scene.cast.check("audience.edit", "active", scene.cast.outcomes(there)) == []


def test_officers_auditors_and_administrators_see_what_is_in_force(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 11.4 and 16: heads know that there is something, others do not."""
    scene = ObligationCast(browser, instance)
    there = f"{ROOT}/{scene.write(scene.author, 'vigente', is_active=True).uuid}"
    sees = {"training_officer": "allow", "auditor": "allow", "site_admin": "allow", "anonymous": "login"}

    for path in (there, ROOT):
        found = scene.cast.outcomes(path)
        assert {role: found[role] for role in sees} == sees
        assert {found[role] for role in ("oneself", "colleague", "course_instructor")} == {"hide"}
    assert {scene.cast.outcomes(there)[role] for role in ("unit_head", "other_unit_head")} <= {"deny", "hide"}


def test_the_site_roles_before_obligations(browser: Browser, instance: Instance) -> None:
    """spec/security 9: of the roles of the site, administrators alone."""
    cast, course, audience = a_cast(browser, instance), a_course(instance), an_audience_of(instance, a_place(instance))
    there = f"{ROOT}/{an_obligation(instance, audience, rules_of(course)).uuid}"

    assert cast.check("obligation.list", "own", cast.outcomes(ROOT)) == []
    assert cast.check("obligation.view", "active", cast.outcomes(there)) == []


def test_the_report_is_for_those_of_its_place(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: report.view, of the institution and of a unit."""
    cast = a_training_cast(browser, instance)

    wrong = cast.check("report.view", "of_the_institution", cast.outcomes(f"{REPORT}/{cast.root.uuid}"))
    wrong += cast.check("report.view", "of_the_institution", cast.outcomes(f"{REPORT}/{cast.root.uuid}/people"))
    wrong += cast.check("report.view", "of_a_unit", cast.outcomes(f"{REPORT}/{cast.unit.uuid}"))
    wrong += cast.check("report.view", "of_a_unit", cast.outcomes(f"{REPORT}/{cast.unit.uuid}/people"))

    assert not wrong


def test_a_person_is_shown_to_themself_and_to_those_of_their_places(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: training.view."""
    cast = a_training_cast(browser, instance)

    assert not cast.check("training.view", "of_a_person", cast.outcomes(f"{REPORT}/people/{cast.people['oneself'].uuid}"))


def test_auditors_read_log_register_and_templates_and_change_nothing(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: an auditor answers alone who did what, who holds which certificate, and which text it had."""
    cast = a_training_cast(browser, instance)
    ana = actor_of(cast.people["oneself"])
    with instance.database.unit_of_work() as session:
        enrolment.enrol(session, ana, learners.get_learner_context(session, ana, cast.course.slug), now=NOON)
    mark_done(instance, ana, cast.course.slug, "leccion-1", now=NOON)
    pass_quiz(instance, ana, cast.course.slug, now=NOON)
    mine = issue(instance)
    with instance.database.unit_of_work() as session:
        template = templates.create_template(
            session, SYSTEM, instance.present_settings, "constancia-propia", session.get_one(Organisation, cast.root.id), now=clock.now()
        )
        templates.publish_template(session, SYSTEM, template, "", template.revision, now=clock.now())

    wrong = cast.check("audit_log.view", "of_the_places", cast.outcomes("/administration/audit"))
    wrong += cast.check("certificate.list", "of_the_places", cast.outcomes("/administration/certificates"))
    wrong += cast.check("certificate.list", "of_the_places", cast.outcomes("/administration/certificates/exports/csv"))
    wrong += cast.check(
        "certificate.bulk_zip", "of_the_places", cast.outcomes("/administration/certificates/downloads", "POST", {"number": f"{mine.uuid}"})
    )
    wrong += cast.check("certificate.view", "of_a_person_of_the_places", cast.outcomes(f"/certificates/{mine.uuid}"))
    there = f"/administration/certificate-templates/{template.uuid}/versions"
    wrong += cast.check("template.view", "published_of_the_institution", cast.outcomes(there))

    assert wrong == []
    auditor = cast.browsers["auditor"]
    assert in_spanish(BUILT_IN, template="Certificado con la fachada", key=mine.template, number=mine.template_version) in (
        auditor.get(f"/certificates/{mine.uuid}").text
    )
    for path in (f"/certificates/{mine.uuid}/revocation", f"/certificates/{mine.uuid}/replacement"):
        assert outcome(auditor, path, "GET") == "deny", path
    assert outcome(auditor, "/administration/certificate-templates", "POST", {"key": "otra"}) == "hide"
