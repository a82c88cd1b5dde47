"""Who may write, try, activate and change obligations: every cell of spec/compulsory 16 over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

from sqlalchemy.orm import Session

from compliance import obligations, planned_changes
from compliance.models import Obligation, PlannedChange
from compliance.obligations import ObligationValues
from kernel import clock
from kernel.permissions import Actor
from lms.instance import Instance
from organisations.audiences import AudienceRuleValues, today_of
from organisations.models import Audience
from organisations.rules.audience_leaves import UnitLeaf
from tests.support.access import a_cast, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person
from tests.support.obligations import an_audience_of, an_obligation, rules_of
from tests.support.places import a_place
from tests.support.training_access import TrainingCast, a_training_cast

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
