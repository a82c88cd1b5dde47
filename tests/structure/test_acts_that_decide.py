"""Whoever must agree to an act on one record where results decide about people (spec/selection 4.16): the list is whole, and holds.

A new action that changes somebody's record (`kernel.own_records`) is put beside those of its kind, with who must agree.
"""

import inspect

import pytest
from flask import Flask

from enrolments import results
from kernel.own_records import is_guarded
from quizzes import marking, overrides
from quizzes.jury import JuryAct
from selections import jury_decisions, selections
from selections.models import JuryMatter
from tests.support.own_records import writing_actions

TWO_OF_THE_JURY = {
    "attempt:grade_by_hand": (JuryMatter.MARK, marking.mark_by_hand),
    "attempt:reopen": (JuryMatter.REOPENING, marking.reopen_attempt),
    "override:manage": (JuryMatter.EXCEPTION, overrides.set_override),
    "accommodation:manage": (JuryMatter.ACCOMMODATION, overrides.grant_accommodation),
    "user:merge": (JuryMatter.MERGE, jury_decisions.separate_merged),
}
"""By action, the matter and the verb: the first four refuse one person by themselves, a merge goes through and its attempts wait."""
NOBODY_NEW = {
    "grade:override": "refused for every quiz that selects (4.10)",
    "take:begin": "a later take belongs to no earlier edition's selection (4.3)",
    "course:enrol_other": "who leaves after an acta keeps the line, who leaves before it and sat gets one; the page asks (4.3)",
    "group:change_members": "the same; a place in a group that ends stays on record",
    "incident:manage": "time for everybody who sits, alike",
    "objection:decide": "two of the jury, by a mechanism of its own (5.4)",
    "quiz:regrade": "a question for everybody alike; the acta changes by an amendment that two sign (4.10)",
}
OF_NO_ATTEMPT = {
    "certificate:call_replaced",
    "certificate:correct_name",
    "certificate:decide",
    "certificate:renew",
    "certificate:replace",
    "certificate:revoke",
    "completion:take_back",
    "completion_review:settle",
    "enrolment:invite",
    "item:load_marks",
    "item:manage",
    "item:mark",
    "link:remove",
    "note:delete",
    "note:write",
    "recognition:approve",
    "recognition:approve_many",
    "user:correct_name",
    "user:set_role",
    "waiver:approve",
}


def test_the_list_of_acts_on_records_is_whole(app: Flask) -> None:
    policy = app.extensions["plumbing"].policy
    guarded = {action for action in writing_actions(app) if is_guarded(policy.predicates[action])}

    assert guarded == {*TWO_OF_THE_JURY, *NOBODY_NEW, *OF_NO_ATTEMPT}


def test_every_matter_of_a_jury_is_carried_out() -> None:
    """What two decide is done by one table; the acts that packages below ask about are among its matters."""
    assert set(jury_decisions.ACTS) == set(JuryMatter)
    assert {act.value for act in JuryAct} <= {matter.value for matter in JuryMatter}
    assert {matter for matter, _verb in TWO_OF_THE_JURY.values()} == set(JuryMatter) - {JuryMatter.NAMING, JuryMatter.ENDING}


@pytest.mark.parametrize("action", sorted(set(TWO_OF_THE_JURY) - {"user:merge"}))
def test_the_verb_says_who_agreed(action: str) -> None:
    """Without somebody of the jury who agreed before, it refuses; the tests of each act try it."""
    assert inspect.signature(TWO_OF_THE_JURY[action][1]).parameters["agreed_by"].default is None


def test_naming_and_results_have_their_own_guard() -> None:
    assert inspect.signature(selections.name_member).parameters["by_jury"].default is False
    assert inspect.signature(selections.end_member).parameters["by_jury"].default is False
    assert "ResultUsedElsewhere" in inspect.getsource(results.override_result)
