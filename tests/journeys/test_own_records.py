"""Nobody acts on their own record as staff, whatever their roles: every act that changes what a learner has to show.

spec/security 5.3, 9.
"""

import pytest

from kernel.own_records import is_guarded
from kernel.permissions import Policy
from tests.support.browser import Browser
from tests.support.own_records import ALONE, Team, writing_actions, writing_endpoints

HIDDEN = {"enrolments_results.delete_note"}
"""Who may not read a note is not told that there is one."""
FOR_MANY = {
    "compliance_agreements.answer",
    "compliance_recognition_lists.decide",
    "enrolments.add_members",
    "enrolments_editions.close",
    "enrolments_editions.edition",
    "enrolments_editions.editions",
    "enrolments_editions.make_code",
    "enrolments_editions.reopen",
    "enrolments_editions.take_code",
    "enrolments_gradebook.save_marks",
    "enrolments_grading.marks",
    "enrolments_grading.new_item",
    "enrolments_invitations.invite",
    "enrolments_invitations.links",
    "enrolments_invitations.links_csv",
    "enrolments_invitations.renew",
    "enrolments_invitations.withdraw",
    "enrolments_invitations.withdraw_list",
    "enrolments_mark_files.confirm",
    "enrolments_mark_files.discard",
    "enrolments_mark_files.upload",
    "enrolments_roster.confirm",
    "enrolments_roster.discard",
    "enrolments_roster.enrol",
    "enrolments_roster.upload",
    "quizzes_regrading.apply",
    "quizzes_regrading.commit",
    "quizzes_regrading.discard",
    "quizzes_regrading.new",
    "quizzes_regrading.renew",
    "quizzes_regrading.undo",
    "quizzes_reopening.delete_previews",
    "quizzes_time.apply",
    "quizzes_time.apply_incident",
    "quizzes_time.incidents",
    "quizzes_time.undo",
    "selections_objection_groups.decide",
}
"""Acts on many, or on what is nobody's: the rest of the endpoints of guarded actions."""


@pytest.mark.slow
def test_nobody_acts_on_their_own_record_and_a_colleague_does(browser: Browser) -> None:
    """Every endpoint of every guarded action: refused to whom it concerns with all roles there are, and nothing changes."""
    team, policy = Team(browser), browser.app.extensions["plumbing"].policy
    assert isinstance(policy, Policy)
    guarded = {action for action in writing_actions(browser.app) if is_guarded(policy.predicates[action])}
    assert set(ALONE) | FOR_MANY == writing_endpoints(browser.app, guarded)

    wrong = []
    for endpoint, arrange in ALONE.items():
        act = arrange(team)
        before, answer = team.everything(), team.send(team.ada, act)
        expected = (404, "not_found") if endpoint in HIDDEN else (403, "own_record")
        wrong += [(endpoint, answer)] if answer != expected else []
        wrong += [(endpoint, name) for name, rows in team.everything().items() if rows != before[name]]
        status, code = team.send(team.zoe, arrange(team))
        wrong += [(endpoint, status, code)] if status in (401, 403, 404) or status >= 500 else []

    assert wrong == []
