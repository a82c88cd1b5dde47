"""Audiences in the database: members by SQL, previews, versions, lists, and the stays that are kept."""

from collections.abc import Callable
from datetime import date, timedelta

import pytest
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from sqlalchemy import select, update
from sqlalchemy.orm import Session

from accounts.models import Person
from accounts.people import by_name
from enrolments.audience_leaves import HoldsLeaf
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import audiences, posts, units
from organisations.audience_kinds import AudienceScope, kinds_of
from organisations.audience_preview import MissingCount, preview
from organisations.audiences import AudienceEditConflict, AudienceKeyConflict, AudienceRuleValues, NamedByAudiences
from organisations.models import Audience, AudienceStayRecord, Employment, Organisation, Post
from organisations.rules.audience_drafts import read_yaml
from organisations.rules.audiences import RuleNode, find_stays, is_in, write_sentence
from organisations.rules.units import OrganisationKind
from organisations.units import MembershipValues, UnitValues
from tests.support.audiences import KINDS, TODAY, rules
from tests.support.browser import every_statement
from tests.support.builders import a_person
from tests.support.places import a_place, put
from tests.support.staff import NOON, a_drawn_institution


def rule(text: str) -> RuleNode:
    found = read_yaml(text, KINDS).rule
    assert found is not None
    return found


def an_audience(instance: Instance, root: Organisation, text: str = "unit: IESS", *, since: date = TODAY, key: str = "todos") -> Audience:
    with instance.database.unit_of_work() as session:
        values = AudienceRuleValues(rule(text), since)
        return audiences.make_audience(session, SYSTEM, root, key, {"es": "Todos", "en": "All"}, values, now=NOON)


def members_of(session: Session, rule: RuleNode, scope: AudienceScope) -> list[int]:
    """Return the numbers of the people of a rule on a day, as the statements of audiences select them."""
    condition = audiences.members_condition(rule, scope, kinds_of(session))
    return list(session.scalars(select(Person.id).where(condition).order_by(Person.id)))


@pytest.mark.slow
def test_members_in_sql_are_those_of_the_pure_rule(instance: Instance) -> None:
    """spec/compulsory 3.2 to 3.4: drawn rules over drawn people, on three days."""
    root = a_drawn_institution(instance, 90)
    with instance.database.unit_of_work(write=False) as session:
        people = audiences.load_candidates(session, root.id, range(1, 200))

        @hypothesis_settings(max_examples=80, suppress_health_check=[HealthCheck.too_slow], deadline=None)
        @given(rules(levels=4))
        def agree(drawn: RuleNode) -> None:
            for day in (TODAY, TODAY + timedelta(days=1), TODAY - timedelta(days=91)):
                found = members_of(session, drawn, AudienceScope(root.id, day))
                assert found == [person for person, facts in people.items() if is_in(drawn, facts, day)]

        agree()
    assert len(people) == 90
    assert sum(is_in(rule("any: [unit: IESS, not: {unit: IESS}]"), facts, TODAY) for facts in people.values()) > 20


PREVIEW = (
    "any: [unit: GYE, all: [not: {post: director}, province: [Loja, Los Ríos]], entered: {months: {less: 3}}, holds: gobernanza, "
    "all: [list: brigadistas, person: ['0001', '0002'], not: {unit: ACT}, not: {holds: etica}, entered: {from: 2026-01-01}]]"
)


def test_a_preview_counts_names_and_compares_in_five_statements(instance: Instance) -> None:
    """spec/compulsory 3.3, 3.4 and K4: ten leaves, and what the pure rule says."""
    root = a_drawn_institution(instance, 90)
    new, old, scope = rule(PREVIEW), rule("unit: GYE"), AudienceScope(root.id, TODAY)
    counter = every_statement(instance.database)
    with instance.database.unit_of_work(write=False) as session:
        found = preview(session, new, old, scope)
    counted = len(counter.statements)
    with instance.database.unit_of_work(write=False) as session:
        people = audiences.load_candidates(session, root.id, range(1, 200))
        full_names = {person.id: person.full_name for person in session.scalars(select(Person).order_by(*by_name()))}
    now_in = {person for person, facts in people.items() if is_in(new, facts, TODAY)}
    before = {person for person, facts in people.items() if is_in(old, facts, TODAY)}

    assert counted == 2, "the counts with the first people, and their names"
    assert (found.total, found.coming_in, found.going_out) == (len(now_in), len(now_in - before), len(before - now_in))
    assert sum(people for _province, people in found.provinces) == found.total
    assert {province for province, _people in found.provinces} <= {"", "Guayas", "Los Ríos", "Loja"}
    for names, shown in ((found.names, now_in), (found.names_in, now_in - before), (found.names_out, before - now_in)):
        assert names == tuple(full_names[person] for person in full_names if person in shown)[:10]
    everybody = [
        person for person, facts in people.items() if facts.employments_on(TODAY) and (facts.account_closed_on or date.max) > TODAY
    ]
    assert found.employed == len(everybody)
    for count in found.missing:
        lacking = {person for person in everybody if count.leaf.find(people[person], TODAY).is_missing}
        assert (count.people, count.let_in) == (len(lacking), len(lacking & now_in))
    assert {count.leaf.kind for count in found.missing} == {"unit", "post", "province", "entered", "person"}


def test_a_preview_says_how_many_come_in_by_not_without_a_value(instance: Instance) -> None:
    """spec/compulsory 3.1, row 4 of its table, and 3.3."""
    root = a_place(instance, code="IESS")
    guayas = a_place(instance, "Guayas", root, kind=OrganisationKind.PROVINCE)
    for number in range(3):
        put(instance, a_person(instance, f"p{number}@example.org"), guayas if number else root)
    without = rule("not: {post: director}")

    with instance.database.unit_of_work(write=False) as session:
        found = preview(session, without, None, AudienceScope(root.id, audiences.today_of(NOON) + timedelta(days=900)))

    leaf = rule("post: director")
    assert found.missing == (MissingCount(leaf, 3, 3),)  # type: ignore[arg-type]  # a leaf, not a joint
    assert found.provinces == [("Guayas", 2), ("", 1)]
    assert (found.coming_in, found.names_in) == (3, ())


def test_a_second_version_needs_the_number_of_the_first(instance: Instance) -> None:
    """spec/compulsory 3.6 and 18: changed by two people at once."""
    audience = an_audience(instance, a_place(instance, code="IESS"))
    with instance.database.unit_of_work() as session:
        values = AudienceRuleValues(rule("unit: {code: IESS, below: false}"), TODAY, "Solo la matriz", seen=1)
        assert audiences.change_rule(session, SYSTEM, audience, values, now=NOON)
        assert not audiences.change_rule(session, SYSTEM, audience, values, now=NOON), "a second click"

    with instance.database.unit_of_work() as session, pytest.raises(AudienceEditConflict):
        audiences.change_rule(session, SYSTEM, audience, AudienceRuleValues(rule("unit: OTRA"), TODAY, seen=1), now=NOON)

    with instance.database.unit_of_work(write=False) as session:
        versions = audiences.list_versions(session, audience.id)
        assert [(row.number, row.effective_on, row.reason) for row in versions] == [(1, TODAY, ""), (2, TODAY, "Solo la matriz")]
        assert audiences.find_rule_on(session, audience.id, TODAY) == values.rule
        assert audiences.find_rule_on(session, audience.id, TODAY - timedelta(days=1)) is None


def test_two_audiences_have_two_keys(instance: Instance) -> None:
    """spec/compulsory 3.6."""
    root = a_place(instance)
    an_audience(instance, root)

    with pytest.raises(AudienceKeyConflict):
        an_audience(instance, root)


def test_what_a_rule_names_is_not_deleted(instance: Instance) -> None:
    """spec/compulsory 3.6: the refusal names the rules; what only a version named that never held may go."""
    root = a_place(instance, code="IESS")
    audience = an_audience(instance, root, "any: [list: brigada, unit: GYE]")
    with instance.database.unit_of_work() as session:
        listed = audiences.set_list(session, SYSTEM, root, "brigada", {"es": "Brigada"}, [], now=NOON)

    with instance.database.unit_of_work() as session, pytest.raises(NamedByAudiences) as refused:
        audiences.delete_list(session, SYSTEM, session.merge(listed), now=NOON)
    with instance.database.unit_of_work() as session:
        audiences.change_rule(session, SYSTEM, audience, AudienceRuleValues(rule("unit: GYE"), TODAY, seen=1), now=NOON)
        audiences.delete_list(session, SYSTEM, session.merge(listed), now=NOON)
        with pytest.raises(NamedByAudiences):
            audiences.refuse_named(session, "unit", ["GYE"])

    assert refused.value.facts == {"audiences": "«Todos»"}


def test_a_list_by_which_earlier_days_go_is_not_deleted(instance: Instance) -> None:
    """spec/compulsory 3.6: who was in the audience then would be said anew."""
    root = a_place(instance, code="IESS")
    audience = an_audience(instance, root, "any: [list: brigada, unit: GYE]", since=TODAY - timedelta(days=9))
    with instance.database.unit_of_work() as session:
        listed = audiences.set_list(session, SYSTEM, root, "brigada", {"es": "Brigada"}, [], now=NOON)
        audiences.change_rule(session, SYSTEM, audience, AudienceRuleValues(rule("unit: GYE"), TODAY, seen=1), now=NOON)

    with instance.database.unit_of_work() as session, pytest.raises(NamedByAudiences) as refused:
        audiences.delete_list(session, SYSTEM, session.merge(listed), now=NOON)

    assert refused.value.facts == {"audiences": "«Todos»"}


def test_units_and_provinces_that_rules_name_stay_and_keep_code_and_name(instance: Instance) -> None:
    """spec/compulsory 3.6: another name of a unit moves nobody and is free."""
    root = a_place(instance, code="IESS")
    guayas, gye = a_place(instance, "Guayas", root, kind=OrganisationKind.PROVINCE), a_place(instance, "Guayaquil", root, code="GYE")
    an_audience(instance, root, "any: [unit: GYE, province: guayas]")
    attempts: list[Callable[[Session], object]] = [
        lambda session: units.remove(session, SYSTEM, gye, now=NOON),
        lambda session: units.remove(session, SYSTEM, guayas, now=NOON),
        lambda session: units.change(session, SYSTEM, gye, UnitValues("Guayaquil", "GUAY"), now=NOON),
        lambda session: units.change(session, SYSTEM, guayas, UnitValues("Guayas Norte", ""), now=NOON),
    ]

    for attempt in attempts:
        with instance.database.unit_of_work() as session, pytest.raises(NamedByAudiences):
            attempt(session)
    with instance.database.unit_of_work() as session:
        units.change(session, SYSTEM, gye, UnitValues("Guayaquil Centro", "GYE"), now=NOON)


def test_a_post_that_was_merged_into_another_is_still_named_by_its_key(instance: Instance) -> None:
    """spec/compulsory 2.6: a re-spelling moves nobody."""
    root = a_place(instance, code="IESS")
    person = a_person(instance)
    with instance.database.unit_of_work() as session:
        made = posts.find_or_make_posts(session, SYSTEM, root.id, ["INSPECTOR 1", "Inspector"], now=NOON)
        gone, kept = (session.get_one(Post, number) for number in (made["inspector 1"], made["inspector"]))
        units.assign_members(session, SYSTEM, {person.id: MembershipValues(root.id, gone.id, since_on=TODAY)}, now=NOON)
        posts.merge_posts(session, SYSTEM, gone, kept, now=NOON)

    with instance.database.unit_of_work(write=False) as session:
        asked = rule("post: Inspector 1")
        assert members_of(session, asked, AudienceScope(root.id, TODAY)) == [person.id]
        assert is_in(asked, audiences.load_candidates(session, root.id, [person.id])[person.id], TODAY)
        assert write_sentence(asked, audiences.leaf_names(session, asked)) == "Con puesto Inspector"


def test_a_list_keeps_the_days_on_which_people_stood_on_it(instance: Instance) -> None:
    """spec/compulsory 3.1: a list."""
    root = a_place(instance, code="IESS")
    one, other = (a_person(instance, f"{name}@example.org") for name in ("uno", "dos"))
    for day, people in ((0, [one.id, other.id]), (1, [one.id]), (2, [one.id])):
        with instance.database.unit_of_work() as session:
            audiences.set_list(session, SYSTEM, root, "brigada", {"es": "Brigada"}, people, now=NOON + timedelta(days=day))

    with instance.database.unit_of_work(write=False) as session:
        found = audiences.load_candidates(session, root.id, [one.id, other.id])

    assert [(fact.since, fact.until) for fact in found[one.id].lists] == [(TODAY, None)]
    assert [(fact.since, fact.until) for fact in found[other.id].lists] == [(TODAY, TODAY)]


def stays(instance: Instance) -> list[tuple[int, date, date | None, bool]]:
    with instance.database.unit_of_work(write=False) as session:
        rows = session.scalars(select(AudienceStayRecord).order_by(AudienceStayRecord.id))
        return [(row.person_id, row.since_on, row.until_on, row.retracted_at is None) for row in rows]


def record(instance: Instance, audience: Audience, people: list[int], *, day: int = 0) -> int:
    with instance.database.unit_of_work() as session:
        return audiences.record_stays(session, audience, people, now=NOON + timedelta(days=day))


def test_stays_follow_moves_and_what_was_known_stays_readable(instance: Instance) -> None:
    """spec/compulsory 3.7."""
    root = a_place(instance, code="IESS")
    person = a_person(instance)
    audience = an_audience(instance, root)
    with instance.database.unit_of_work() as session:
        units.assign_members(session, SYSTEM, {person.id: MembershipValues(root.id, since_on=TODAY)}, now=NOON)
    assert (record(instance, audience, [person.id]), record(instance, audience, [person.id])) == (1, 0)

    with instance.database.unit_of_work() as session:
        units.remove_member(session, SYSTEM, person, now=NOON + timedelta(days=3))
    record(instance, audience, [person.id], day=3)
    written = record(instance, audience, [person.id], day=5)

    assert written == 2
    assert stays(instance) == [(person.id, TODAY, None, False), (person.id, TODAY, TODAY + timedelta(days=3), True)]


def test_all_stays_are_those_of_the_facts_and_a_second_run_writes_nothing(instance: Instance) -> None:
    """spec/compulsory 3.7."""
    root = a_drawn_institution(instance, 60)
    audience = an_audience(instance, root, PREVIEW, since=TODAY - timedelta(days=400))
    with instance.database.unit_of_work(write=False) as session:
        people = audiences.load_candidates(session, root.id, range(1, 200))
        versions = audiences.rules_in_force(session, audience.id)
    deliver_waiting(instance.worker, now=NOON)
    first = stays(instance)
    record(instance, audience, list(people))
    expected = {
        (person, stay.since_on, stay.until_on, True) for person, facts in people.items() for stay in find_stays(versions, facts, TODAY)
    }

    assert set(first) == expected
    assert len(first) > 10
    assert stays(instance) == first


def test_whom_the_calendar_or_a_list_moves_is_found_in_one_statement(instance: Instance) -> None:
    """spec/compulsory 3.7: months that are over, and a last day, without anything being recorded."""
    root = a_place(instance, code="IESS")
    people = [a_person(instance, f"p{number}@example.org") for number in range(3)]
    for person in people:
        put(instance, person, root)
    with instance.database.unit_of_work() as session:
        session.execute(update(Employment).values(entered_on=date(2026, 7, 2)))
        session.execute(update(Employment).where(Employment.person_id == people[0].id).values(left_on=TODAY))
        session.execute(update(Employment).where(Employment.person_id == people[1].id).values(entered_on=date(2026, 7, 15)))
    audience = an_audience(instance, root, "entered: {months: {less: 3}}")
    record(instance, audience, [person.id for person in people])

    with instance.database.unit_of_work(write=False) as session:
        held = audiences.find_rule_on(session, audience.id, TODAY)
        changed = [
            audiences.list_changed_people(session, audience.id, held, AudienceScope(root.id, TODAY + timedelta(days=day)))
            for day in (0, 1, 14)
        ]

    assert changed == [[], [people[0].id, people[2].id], [person.id for person in people]]


def test_a_sentence_names_what_the_rule_refers_to(instance: Instance) -> None:
    """spec/compulsory 3.5."""
    root = a_drawn_institution(instance, 1)
    asked = rule("any: [unit: GYE, province: los rios, post: inspector, list: brigadistas, holds: gobernanza, unit: NADA]")

    with instance.database.unit_of_work(write=False) as session:
        sentence = write_sentence(asked, audiences.leaf_names(session, asked))
        missing = {key for key in [("unit", "NADA"), ("unit", "GYE")] if key not in audiences.name_references(session, asked)}

    assert root.code == "IESS"
    for name in ("Guayaquil", "Los Ríos", "Inspector", "Brigadistas", "NADA"):
        assert name in sentence
    assert missing == {("unit", "NADA")}
    assert HoldsLeaf.kind == "holds"
