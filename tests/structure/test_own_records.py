"""Every action that writes says whether it changes what learners have to show: nobody does that to their own record as staff."""

from flask import Flask

from kernel.own_records import is_guarded
from kernel.permissions import Policy
from tests.support.own_records import writing_actions

LEAVES_RECORDS = """
    one's own calendar and notes: calendar:use personal_note:use personal_note:write
    discussions, in which nobody has anything to show: board:followed thread:subscribe thread:open thread:open_to_all thread:lock thread:pin
        thread:retitle thread:mark_answer thread:mark_summary post:write post:edit post:withdraw post:restore post:report post:hide
        post:decide post:release
    communities, in which nobody has anything to show: community:found community:edit community:submit community:activate community:delete
        community:archive community:reactivate community:join_at_once community:request_join community:withdraw_request community:leave
        community:own_membership community:approve_member community:set_role community:remove_member community:invite
        community:accept_invitation community:group_found community:file_add community:file_change community:export
        community:page_write directory:edit_own directory:contact
    account: session:list_and_end profile:edit second_step:manage user:manage
    by which server people come in, and one's own links with it: provider:edit own_link:add own_link:remove
    the institution: administration:view audience:edit free_day:manage organisation:load organisation:manage site:manage
        template:edit template:list template:publish institution:add institution:edit signatory:edit
    what an institution requires of an audience, for all its people alike: obligation:activate obligation:change obligation:edit
    words and contents of a course, for all its learners alike: announcement:change course:announce course:archive course:create
    course:delete course:edit course:import course:publish question_bank:edit
    the pass mark of a quiz, for all its learners alike: angoff:record
    which answers of all learners a figure adds up: item_history:segment
    reminders: reminder:send
    a file of what stands on record: bundle:make certificate:bulk_zip certificate:export_identity certificate:open_bulk_zip
        certificate:set_validity transcript:make acta:export_identity
        report:export report:export_identity
    mistake reports, which change nothing that anybody has to show: mistake:decide mistake:report
    a course's team: course:join_team course:assign_staff
    a jury, whose members are no participants: selection:manage objection:propose acta:draft acta:freeze acta:sign acta:amend
        incident:decide incident:open incident:propose jury:name jury:decide
    a person's words to a jury: incident:answer
    what a learner does themself: course:mute objection:open attempt:save attempt:self_assess attempt:submit course:enrol_self edition:join
        edition:stop_waiting enrolment:accept_invitation enrolment:leave lesson:mark_complete take:renew
    quiz:start recording:note_watched simulator:answer version:choose
    a waiver or recognition that somebody asks for, until another decides: recognition:load recognition:propose
    recognition:withdraw certificate:ask_correction waiver:propose waiver:withdraw
    a check of a file that is kept nowhere: certificate:verify acta:verify attempt:verify_proof
    what a holder has printed on their own copy: certificate:print_id
    a group's name, and groups without members: group:manage
"""
"""The actions that write and are not guarded, by what they change instead."""


def listed() -> set[str]:
    """Return the actions that are said to leave records as they are."""
    return {word for word in LEAVES_RECORDS.split() if ":" in word.strip(":")}


def unmarked(app: Flask) -> set[str]:
    """Return the actions that write and are not marked as changing records."""
    policy: Policy = app.extensions["plumbing"].policy
    return {action for action in writing_actions(app) if not is_guarded(policy.predicates[action])}


def test_every_action_that_writes_says_whether_it_changes_records(app: Flask) -> None:
    """A new action is marked by `kernel.own_records`, or stands in the list above with what it changes instead."""
    assert unmarked(app) == listed()
