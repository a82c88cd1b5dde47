"""Rules of audiences: reading, writing and building them, who is in, why, until when, and their limits."""

from dataclasses import replace
from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.i18n import reading
from organisations.rules.audience_drafts import (
    GroupDraft,
    LeafDraft,
    add_part,
    draft_of,
    find_excess,
    plain_of,
    read_rule,
    read_yaml,
    remove_part,
    walk,
    write_rule,
    write_yaml,
)
from organisations.rules.audiences import (
    MOST_LEAVES,
    MOST_VALUES,
    AudienceCandidate,
    EmploymentFact,
    HeldFact,
    LeafFields,
    ListFact,
    PlaceFact,
    RuleInForce,
    RuleNode,
    StayDays,
    add_months,
    count_levels,
    explain,
    find_stays,
    first_within,
    holds,
    is_in,
    leaves,
    next_change,
    references,
    signed_leaves,
    write_sentence,
)
from tests.support.audiences import KINDS, TODAY, a_colleague, people, rules

GYE_AF, ACT = PlaceFact(("GYE-AF", "GYE"), "Guayas", since=date(2024, 3, 1)), PlaceFact(("ACT",), "")


def rule(text: str) -> RuleNode:
    """Read a rule that has no fault."""
    found = read_yaml(text, KINDS)
    assert not found.faults, [str(fault) for fault in found.faults]
    assert found.rule is not None
    return found.rule


def faults(text: str) -> list[str]:
    """Return what is wrong with a rule, in English."""
    with reading("en"):
        return [str(fault) for fault in read_yaml(text, KINDS).faults]


@pytest.mark.parametrize(
    ("text", "person", "day", "expected"),
    [
        pytest.param("unit: GYE", a_colleague(GYE_AF), TODAY, True, id="1"),
        pytest.param("unit: {code: GYE, below: false}", a_colleague(GYE_AF), TODAY, False, id="2"),
        pytest.param("unit: ACT", a_colleague(GYE_AF, ACT), TODAY, True, id="3"),
        pytest.param("not: {post: [director]}", a_colleague(GYE_AF), TODAY, True, id="4"),
        pytest.param("entered: {from: 2026-07-01}", a_colleague(entered=date(2026, 7, 1)), TODAY, True, id="5"),
        pytest.param("entered: {months: {less: 3}}", a_colleague(entered=date(2026, 7, 1)), date(2026, 10, 1), False, id="6"),
        pytest.param(
            "any:\n  - list: L\n  - province: Loja",
            a_colleague(left=TODAY - timedelta(days=1), lists=(ListFact("L", date(2026, 1, 1)),)),
            TODAY,
            False,
            id="7",
        ),
        pytest.param(
            "holds: gobernanza",
            a_colleague(held=(HeldFact("gobernanza", date(2026, 1, 1), TODAY - timedelta(days=1)),)),
            TODAY,
            False,
            id="9",
        ),
    ],
)
def test_who_is_in(text: str, person: AudienceCandidate, day: date, expected: bool) -> None:
    """spec/compulsory 3.1, each row of its table."""
    assert is_in(rule(text), person, day) is expected


@pytest.mark.parametrize("text", ["all: []", "any: []"])
def test_an_empty_tree_is_a_mistake(text: str) -> None:
    """spec/compulsory 3.1, row 8 of its table."""
    assert faults(text) == [f"{text[:3]}: An empty rule is a mistake: list at least one condition here."]


def test_the_other_side_of_each_limit() -> None:
    """spec/compulsory 3.1: the day before and the day itself."""
    entered = a_colleague(entered=date(2026, 7, 1))
    held = a_colleague(held=(HeldFact("gobernanza", date(2026, 1, 1), TODAY),))

    assert is_in(rule("entered: {months: {less: 3}}"), entered, date(2026, 9, 30))
    assert not is_in(rule("entered: {from: 2026-07-02}"), entered, TODAY)
    assert is_in(rule("entered: {before: 2026-07-02}"), entered, TODAY)
    assert not is_in(rule("entered: {before: 2026-07-01}"), entered, TODAY)
    assert is_in(rule("holds: gobernanza"), held, TODAY)
    assert is_in(rule("holds: {course: gobernanza, valid: false}"), held, TODAY + timedelta(days=400))
    assert not is_in(rule("holds: etica"), held, TODAY)


@given(rules(), people)
def test_nobody_is_in_who_is_not_employed_or_whose_account_is_closed(drawn: RuleNode, person: AudienceCandidate) -> None:
    """spec/compulsory 3.2: *not* never widens beyond the institution."""
    if not person.employments_on(TODAY) or (person.account_closed_on or date.max) <= TODAY:
        assert not is_in(drawn, person, TODAY)
    else:
        assert is_in(drawn, person, TODAY) is holds(drawn, person, TODAY)


@pytest.mark.parametrize(("left", "expected"), [(TODAY, True), (TODAY - timedelta(days=1), False), (None, True)])
def test_the_last_day_is_still_a_day_of_employment(left: date | None, expected: bool) -> None:
    """spec/compulsory 3.2."""
    assert is_in(rule("not: {post: x}"), a_colleague(left=left), TODAY) is expected


@pytest.mark.parametrize(
    "text",
    ["post: director", "unit: GYE", "province: Loja", "entered: {before: 2030-01-01}", "entered: {months: {less: 3}}", "person: '0001'"],
)
def test_a_missing_value_is_not_the_value(text: str) -> None:
    """spec/compulsory 3.3."""
    unknown = AudienceCandidate((EmploymentFact(),))

    found = explain(rule(text), unknown, TODAY).finding

    assert found is not None
    assert (found.holds, found.is_missing, found.fact) == (False, True, "")
    assert not is_in(rule(text), unknown, TODAY)
    assert is_in(rule(f"not: {{{text}}}"), unknown, TODAY)


def test_each_leaf_tells_its_fact_and_since_when() -> None:
    """spec/compulsory 3.4."""
    person = a_colleague(
        GYE_AF, PlaceFact(("LOJ",), "Loja", ("inspector",), date(2025, 2, 1)), lists=(ListFact("suplentes", date(2026, 5, 4)),)
    )
    text = "all: [unit: GYE, province: [loja], post: inspector, not: {list: suplentes}, entered: {before: 2020-01-01}, person: ['0001']]"

    why = explain(rule(text), person, TODAY)

    leaf_marks = [(part.parts or (part,))[0] for part in why.parts]
    assert [mark.holds for mark in leaf_marks] == [True, True, True, True, False, True]
    assert [mark.finding and (mark.finding.fact, mark.finding.since) for mark in leaf_marks] == [
        ("GYE", date(2024, 3, 1)),
        ("Loja", date(2025, 2, 1)),
        ("inspector", date(2025, 2, 1)),
        ("suplentes", date(2026, 5, 4)),
        ("2020-01-01", date(2020, 1, 1)),
        ("0001", date(2020, 1, 1)),
    ]
    assert (why.holds, why.parts[3].holds) == (False, False)


@given(rules(), people)
def test_the_explanation_says_what_the_rule_says(drawn: RuleNode, person: AudienceCandidate) -> None:
    """spec/compulsory 3.4."""
    assert explain(drawn, person, TODAY).holds is holds(drawn, person, TODAY)


@given(rules())
def test_a_rule_written_reads_back_equal(drawn: RuleNode) -> None:
    """spec/compulsory 3.5: tree to YAML to tree, and through plain values."""
    if sum(1 for _leaf in leaves(drawn)) > 50:
        return
    assert rule(write_yaml(drawn)) == drawn
    assert read_rule(write_rule(drawn), KINDS).rule == drawn


@given(st.lists(st.text(st.characters(exclude_categories=("C", "Z")), min_size=1, max_size=12), min_size=1, max_size=4, unique=True))
def test_any_name_survives_yaml(names: list[str]) -> None:
    """spec/compulsory 3.5."""
    read = read_rule({"list": names}, KINDS).rule

    assert read is not None
    assert rule(write_yaml(read)) == read


def test_a_rule_is_written_one_condition_a_line() -> None:
    """spec/compulsory 3.5."""
    text = (
        "all:\n"
        "  - province: [Guayas, Los Ríos]\n"
        "  - any:\n"
        "      - unit: {code: GYE-AF, below: false}\n"
        "      - not:\n"
        '          list: "a: b"\n'
        "  - entered: {months: {less: 3}}\n"
        "  - holds: gobernanza\n"
    )

    assert write_yaml(rule(text)) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("untt: GYE", "“untt” is not known here. Did you mean “unit”?"),
        ("zzz: GYE", "“zzz” is not known here. Write one of: all, any, entered, holds, list, not, person, post, province, unit."),
        ("any:\n  - unit: {code: GYE, belov: false}", "any › 1 › unit: “belov” is not known here. Did you mean “below”?"),
        ("unit: {code: GYE, below: no}", "unit › below: Write true or false instead of “no”."),
        ("unit: ''", "unit: A name or code is missing here."),
        ("post: []", "post: This list is empty. Write at least one value."),
        ("unit: GYE\npost: x", "Several conditions stand side by side here. Put each into a list under “all” or “any”."),
        ("all:\n  - GYE", "all › 1: A condition is missing here: write one such as “unit: GYE”."),
        ("", "A condition is missing here: write one such as “unit: GYE”."),
        ("entered: {from: 2026-02-30}", "entered › from: “2026-02-30” is not a day. Write it as 2026-07-01."),
        ("entered: {from: 2026-02-01, before: 2026-03-01}", "entered: Write exactly one of “before”, “from” and “months” here."),
        ("entered: {since: 2026-02-01}", "entered: “since” is not known here. Write one of: before, from, months."),
        ("entered: {months: 3}", "entered › months: Write “less” and a number of months here, as in {less: 3}."),
        ("entered: {months: {less: 0}}", "entered › months › less: “0” is not a whole number from 1 to 600."),
        ("holds: {course: x, valid: maybe}", "holds › valid: Write true or false instead of “maybe”."),
        (
            f"post: [{', '.join(map(str, range(MOST_VALUES + 1)))}]",
            "post: This list has more than 200 entries. Upload a list of people instead.",
        ),
        ("unit: &a GYE", "1:7: Anchors (&a) are not allowed."),
    ],
)
def test_mistakes_are_named_with_their_place(text: str, expected: str) -> None:
    """spec/compulsory 3.1: refused in words."""
    assert faults(text) == [expected]


def test_every_mistake_is_reported_at_once() -> None:
    """spec/compulsory 3.1."""
    assert len(faults("all:\n  - untt: x\n  - post: []\n  - not: {}")) == 3


def test_five_levels_are_read_and_six_are_not() -> None:
    """spec/compulsory 3.1."""
    five = "all: [any: [all: [not: {unit: GYE}]]]"

    assert count_levels(rule(five)) == 5
    assert faults(f"all: [{five}]".replace("[all: [any", "[{all: [any").replace("]]]]", "]]]}]")) == [
        "all › 1 › all › 1 › any › 1 › all › 1 › not: The rule is nested deeper than 5 levels."
    ]


def test_fifty_leaves_are_read_and_fifty_one_are_not() -> None:
    """spec/compulsory 3.1."""
    fifty = "any:\n" + "  - unit: GYE\n" * 50

    assert sum(1 for _leaf in leaves(rule(fifty))) == 50
    assert faults(fifty + "  - unit: GYE\n") == ["The rule has 51 conditions; at most 50 are allowed."]


SENTENCE = "all: [province: [Guayas, Los Ríos], post: [inspector], not: {entered: {from: 2026-07-02}}]"


def test_a_rule_reads_as_a_sentence_in_both_languages() -> None:
    """spec/compulsory 3.5."""
    with reading("es"):
        spanish = write_sentence(rule(SENTENCE), lambda _kind, key: key)
    with reading("en"):
        english = write_sentence(rule(SENTENCE), lambda _kind, key: key)

    assert spanish == "De Guayas o Los Ríos, con puesto inspector, que no hayan ingresado después del 1 de julio de 2026"
    assert english == "Of Guayas or Los Ríos, with the post inspector, who did not enter after 1 July 2026"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("any: [unit: A, all: [post: p, list: l]]", "Of the unit A or below it, or (with the post p, on the list l)"),
        ("all: [unit: {code: A, below: false}, any: [post: p, list: l]]", "Of the unit A itself, (with the post p, or on the list l)"),
        ("not: {all: [unit: A, post: p]}", "Not of the unit A or below it, or without the post p"),
        ("not: {any: [unit: A, not: {post: p}]}", "Not of the unit A or below it, with the post p"),
        ("entered: {months: {less: 1}}", "Who entered less than 1 month ago"),
        ("not: {entered: {months: {less: 3}}}", "Who did not enter less than 3 months ago"),
        ("not: {holds: c}", "Without a valid completion of “c”"),
        ("all: [holds: {course: c, valid: false}, person: ['1', '2', '3']]", "Who completed “c”, who are 1, 2, or 3"),
    ],
)
def test_joints_and_negations_in_a_sentence(text: str, expected: str) -> None:
    """spec/compulsory 3.5."""
    with reading("en"):
        assert write_sentence(rule(text), lambda _kind, key: key) == expected


def test_a_sentence_gives_names_instead_of_keys() -> None:
    """spec/compulsory 3.5."""
    with reading("en"):
        found = write_sentence(rule("unit: GYE"), lambda kind, key: f"{kind} {key} by name")

    assert found == "Of the unit unit GYE by name or below it"


def test_what_a_rule_names() -> None:
    """spec/compulsory 3.6."""
    text = "any: [unit: [A, B], province: Los Ríos, post: p, not: {list: l}, entered: {months: {less: 3}}, person: '1', holds: c]"

    assert references(rule(text)) == {
        ("unit", "A"), ("unit", "B"), ("province", "los rios"), ("post", "p"), ("list", "l"), ("holds", "c"),
    }  # fmt: skip
    assert [negated for leaf, negated in signed_leaves(rule("any: [not: {post: a}, not: {not: {post: b}}]"))] == [True, False]


@pytest.mark.parametrize(
    ("text", "person", "expected"),
    [
        ("entered: {months: {less: 3}}", a_colleague(entered=date(2026, 8, 31)), date(2026, 11, 30)),
        ("entered: {months: {less: 1}}", a_colleague(entered=date(2026, 8, 31)), None),
        ("unit: GYE", a_colleague(GYE_AF), None),
        ("unit: GYE", a_colleague(left=TODAY), TODAY + timedelta(days=1)),
        ("unit: GYE", a_colleague(entered=TODAY + timedelta(days=3)), TODAY + timedelta(days=3)),
        ("holds: g", a_colleague(held=(HeldFact("g", date(2026, 1, 1), TODAY),)), TODAY + timedelta(days=1)),
    ],
)
def test_the_next_change_by_the_calendar(text: str, person: AudienceCandidate, expected: date | None) -> None:
    """spec/compulsory 3.7."""
    assert next_change(rule(text), person, TODAY) == expected


@given(rules(), people, st.integers(1, 400))
def test_nothing_changes_before_the_next_change(drawn: RuleNode, person: AudienceCandidate, later: int) -> None:
    """spec/compulsory 3.7: membership between two such days stays as it is."""
    changed = next_change(drawn, person, TODAY)
    day = TODAY + timedelta(days=later)
    if changed is None or day < changed:
        assert is_in(drawn, person, day) is is_in(drawn, person, TODAY)


@given(rules(levels=3), rules(levels=3), people, st.integers(0, 500))
def test_stays_are_the_days_on_which_the_rule_in_force_lets_a_person_in(
    one: RuleNode, other: RuleNode, person: AudienceCandidate, back: int
) -> None:
    """spec/compulsory 3.7."""
    changed, first = TODAY - timedelta(days=back), TODAY - timedelta(days=600)

    stays = find_stays([RuleInForce(first, one), RuleInForce(changed, other)], person, TODAY)

    for number in range(601):
        day = first + timedelta(days=number)
        inside = any(stay.since_on <= day <= (stay.until_on or TODAY) for stay in stays)
        assert inside is is_in(other if day >= changed else one, person, day)
    assert all(after.since_on > (before.until_on or TODAY) + timedelta(days=1) for before, after in pairwise(stays))


def test_a_version_to_come_is_not_in_force_yet() -> None:
    """spec/compulsory 3.6."""
    versions = [RuleInForce(TODAY + timedelta(days=1), rule("unit: GYE"))]

    assert find_stays(versions, a_colleague(GYE_AF), TODAY) == []
    assert find_stays(versions, a_colleague(GYE_AF), TODAY + timedelta(days=1)) == [StayDays(TODAY + timedelta(days=1))]


@given(st.dates(date(2000, 1, 1), date(2060, 1, 1)), st.integers(1, 60))
def test_the_first_day_within_some_months(day: date, months: int) -> None:
    """spec/compulsory 3.1: as SQL asks it, by one limit."""
    first = first_within(day, months)

    assert add_months(first, months) > day >= add_months(first - timedelta(days=1), months)


def test_months_end_with_the_month() -> None:
    """spec/compulsory 4.2."""
    assert add_months(date(2026, 1, 31), 1) == date(2026, 2, 28)
    assert add_months(date(2026, 12, 31), -10) == date(2026, 2, 28)


UNIT = LeafDraft("unit", LeafFields(("GYE",)))


@given(rules())
def test_form_and_text_are_two_views_of_one_rule(rule: RuleNode) -> None:
    """spec/compulsory 3.5: tree, form, text and back."""
    assert read_rule(plain_of(draft_of(rule), KINDS), KINDS).rule == rule == read_yaml(write_yaml(rule), KINDS).rule


@given(rules())
def test_a_rule_that_is_allowed_is_never_too_much_for_the_form(rule: RuleNode) -> None:
    """spec/compulsory 3.1."""
    fault = find_excess(draft_of(rule))

    assert (fault is None) == (count_levels(rule) <= 5 and len([1 for _path, part in walk(draft_of(rule)) if hasattr(part, "kind")]) <= 50)


@pytest.mark.parametrize(
    ("fields", "plain"),
    [
        (("unit", LeafFields(("GYE", "UIO"))), ["GYE", "UIO"]),
        (("unit", LeafFields(("GYE",), flag=False)), {"code": ["GYE"], "below": False}),
        (("province", LeafFields(("Loja",))), ["Loja"]),
        (("entered", LeafFields(word="before", day="2026-07-01")), {"before": "2026-07-01"}),
        (("entered", LeafFields(word="from", day="2026-07-01", count="3")), {"from": "2026-07-01"}),
        (("entered", LeafFields(word="months", day="2026-07-01", count="3")), {"months": {"less": "3"}}),
        (("holds", LeafFields(("gobernanza",), flag=False)), {"course": "gobernanza", "valid": False}),
    ],
)
def test_each_kind_has_its_own_fields(fields: tuple[str, LeafFields], plain: object) -> None:
    """spec/compulsory 3.1."""
    kind, filled = fields

    assert plain_of(GroupDraft(parts=(LeafDraft(kind, filled),), is_bare=True), KINDS) == {kind: plain}
    assert read_rule({kind: plain}, KINDS).faults == ()


@pytest.mark.parametrize("kind", sorted(KINDS))
def test_a_condition_that_is_not_filled_in_is_a_mistake(kind: str) -> None:
    """spec/compulsory 3.1."""
    assert read_rule(plain_of(GroupDraft(parts=(LeafDraft(kind),)), KINDS), KINDS).faults


@pytest.mark.parametrize("joint", ["all", "any"])
def test_an_empty_group_is_a_mistake(joint: str) -> None:
    """spec/compulsory 3.7, row 8."""
    assert read_rule(plain_of(GroupDraft(joint), KINDS), KINDS).faults


def test_parts_are_added_to_a_group_and_taken_out() -> None:
    draft = add_part(GroupDraft(), (), UNIT)
    draft = add_part(draft, (), GroupDraft("any"))
    draft = add_part(draft, (1,), replace(UNIT, nots=1))

    assert plain_of(draft, KINDS) == {"all": [{"unit": ["GYE"]}, {"any": [{"not": {"unit": ["GYE"]}}]}]}
    assert plain_of(remove_part(draft, (1, 0)), KINDS) == {"all": [{"unit": ["GYE"]}, {"any": []}]}
    assert plain_of(remove_part(draft, (0,)), KINDS) == {"all": [{"any": [{"not": {"unit": ["GYE"]}}]}]}
    for path in ((), (7,), (0, 0), (1, 0, 3)):
        assert remove_part(draft, path) == draft
    for path in ((7,), (0,), (1, 0)):
        assert add_part(draft, path, UNIT) == draft


def test_a_rule_of_one_condition_gets_a_joint_with_the_second() -> None:
    draft = draft_of(read_rule({"unit": "GYE"}, KINDS).rule)  # type: ignore[arg-type]  # it is one

    assert plain_of(draft, KINDS) == {"unit": ["GYE"]}
    assert plain_of(add_part(draft, (), LeafDraft("post", LeafFields(("inspector",)))), KINDS) == {
        "all": [{"unit": ["GYE"]}, {"post": ["inspector"]}]
    }


@pytest.mark.parametrize(("levels", "is_excess"), [(4, False), (5, True)])
def test_groups_are_counted_as_if_they_had_a_condition(levels: int, is_excess: bool) -> None:
    """spec/compulsory 3.1: depth of at most 5."""
    draft = GroupDraft()
    for number in range(levels - 1):
        draft = add_part(draft, (0,) * number, GroupDraft())

    assert (find_excess(draft) is not None) is is_excess


@pytest.mark.parametrize(("leaves", "is_excess"), [(MOST_LEAVES, False), (MOST_LEAVES + 1, True)])
def test_conditions_are_counted(leaves: int, is_excess: bool) -> None:
    """spec/compulsory 3.1: at most 50 leaves."""
    assert (find_excess(GroupDraft(parts=(UNIT,) * leaves)) is not None) is is_excess
