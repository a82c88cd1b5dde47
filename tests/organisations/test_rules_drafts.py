"""Rules while they are built by form: what is shown is what the text says, and limits are told in words."""

from dataclasses import replace

import pytest
from hypothesis import given

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
    write_yaml,
)
from organisations.rules.audiences import MOST_LEAVES, LeafFields, RuleNode, count_levels
from tests.support.audiences import KINDS, rules

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
