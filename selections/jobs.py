"""Background work of selections: actas frozen and compared with results, and notices to juries, participants and whoever decides."""

from collections.abc import Callable, Sequence
from datetime import timedelta
from typing import cast

from sqlalchemy.orm import Session

from accounts import notices
from kernel import clock, outbox
from kernel.crypto import signing_keys
from kernel.outbox import Delivery, Effect
from kernel.permissions import Actor, ActorChannel
from quizzes.models import Regrade
from selections import corrections, messages, models, objection_decisions, objection_groups
from selections.actas import freeze, keep_frozen
from selections.corrections import COMPARE, compare_acta, keep_comparison, request_comparisons
from selections.jury_decisions import list_deciders, list_people
from selections.messages import acta_message, incident_message, jury_message, member_message
from selections.objections import lock_group
from selections.selections import list_jury, list_members
from selections.standing import find_in_force

AGAIN = timedelta(minutes=10)
"""How soon an acta is compared again while somebody in it has an attempt in progress."""


def freeze_acta(delivery: Delivery) -> Effect | None:
    """Freeze an acta that was asked for: read outside of any writing, then written and signed at once; done twice it is frozen once."""
    acta_id = delivery.number("acta")
    with delivery.database.unit_of_work(write=False) as session:
        row = session.get(models.SelectionActa, acta_id)
        if row is None or row.state != models.ActaState.FREEZING.value:
            return None
        frozen = freeze(session, row, delivery.settings.names, now=delivery.now)
    keys = signing_keys(delivery.settings.data_dir)
    return lambda session: keep_frozen(session, acta_id, frozen, keys, now=delivery.now)


def follow_regrade(delivery: Delivery) -> Effect | None:
    """Have the actas compared that a regrade, its undoing or its application may touch."""
    return _follow(delivery, corrections.list_of_regrade)


def follow_attempt(delivery: Delivery) -> Effect | None:
    """Have the actas compared that a mark given by hand or a reopened attempt may touch."""
    return _follow(delivery, corrections.list_of_attempt)


def follow_incident(delivery: Delivery) -> Effect | None:
    """Have the acta compared in force whose jury decided what becomes of an incident."""
    return _follow(delivery, corrections.list_of_incident)


def follow_decision(delivery: Delivery) -> Effect | None:
    """Have the acta compared in force whose jury decided on something by two."""
    return _follow(delivery, corrections.list_of_decision)


def follow_objections(delivery: Delivery) -> Effect | None:
    """Have the actas compared that say what a jury decided about objections, and now decides again."""
    return _follow(delivery, corrections.list_of_objections)


def follow_merge(delivery: Delivery) -> Effect | None:
    """Have the actas compared in which a person has a line whose account took over another one."""
    return _follow(delivery, corrections.list_of_person)


def _follow(delivery: Delivery, listed: Callable[[Session, int], Sequence[int]]) -> Effect | None:
    with delivery.database.unit_of_work(write=False) as session:
        acta_ids = listed(session, delivery.number("subject"))
    return (lambda session: request_comparisons(session, acta_ids, now=delivery.now)) if acta_ids else None


def compare(delivery: Delivery) -> Effect | None:
    """Compare an acta with the results: its task is opened, changed or closed. Of several requests the last does the work."""
    arguments, at = dict(delivery.arguments), clock.now()
    acta_id = cast("int", arguments["acta"])
    with delivery.database.unit_of_work(write=False) as session:
        if outbox.is_requested_again(session, COMPARE, arguments, after=delivery.job_id, now=delivery.now):
            return None
        row = session.get(models.SelectionActa, acta_id)
        compared = None if row is None else compare_acta(session, row, at=at)
        again = compared is not None and corrections.has_open_attempt(session, acta_id)
        again = again and not outbox.is_planned(session, COMPARE, arguments, now=delivery.now)
    if compared is None:
        return None

    def write(session: Session) -> None:
        keep_comparison(session, compared, now=delivery.now)
        if again:
            request_comparisons(session, [acta_id], now=delivery.now, at=delivery.now + AGAIN)

    return write


def compare_stale(delivery: Delivery) -> None:
    """Have every acta compared at whose quiz an attempt ended since the last time, whatever ended it."""
    last = 0
    while True:
        with delivery.database.unit_of_work() as session:
            acta_ids = corrections.list_stale(session, after=last)
            request_comparisons(session, acta_ids, now=delivery.now)
        if not acta_ids:
            return
        last = acta_ids[-1]


def notify_jury(delivery: Delivery) -> Effect:
    """Notify the jury that results differ from an acta, or that they do no longer; what differs from a provisional one is no task."""
    task_id = delivery.number("correction")

    def write(session: Session) -> None:
        task = session.get_one(models.ActaCorrection, task_id)
        acta = session.get_one(models.SelectionActa, task.acta_id)
        if acta.kind != models.ActaKind.PROVISIONAL.value and task.ending != models.CorrectionEnd.AMENDED.value:
            notices.notify(session, jury_message(session, task, acta), list_jury(session, acta.selection_id), now=delivery.now)

    return write


def notify_signed(delivery: Delivery) -> None:
    """Notify everybody whom a signed acta concerns, some hundreds in each transaction; nobody twice."""
    last = 0
    while True:
        with delivery.database.unit_of_work() as session:
            acta = session.get_one(models.SelectionActa, delivery.number("acta"))
            concerned = corrections.list_concerned(session, acta, after=last)
            if not concerned:
                return
            people = list(dict.fromkeys(person for _place, person in concerned))
            notices.notify(session, acta_message(session, acta), people, now=delivery.now)
            last = concerned[-1][0]


def notify_member(delivery: Delivery) -> Effect | None:
    """Notify a person that they were named for a selection; nobody whose naming has ended since."""
    with delivery.database.unit_of_work(write=False) as session:
        member = session.get_one(models.SelectionMember, delivery.arguments["member"])
        if member.ended_at is not None:
            return None
        message, person_id = member_message(session, member), member.person_id
    return lambda session: notices.notify(session, message, [person_id], now=delivery.now)


def notify_decision(delivery: Delivery) -> Effect:
    """Notify those who may decide that two of them are asked, but for who asks; administrators where they stand in for a jury."""

    def write(session: Session) -> None:
        row = session.get_one(models.JuryDecision, delivery.number("decision"))
        if row.closed_at is None:
            notices.notify(session, messages.decision_message(session, row), list_deciders(session, row), now=delivery.now)

    return write


def notify_moved(delivery: Delivery) -> Effect:
    """Tell a person that two of a jury gave an answer of theirs another mark by hand, or reopened their attempt."""
    with delivery.database.unit_of_work(write=False) as session:
        row = session.get_one(models.JuryDecision, delivery.number("decision"))
        message = messages.moved_message(session, row, list_people(session, row))
    return lambda session: notices.notify(session, message, [row.person_id], now=delivery.now)


def notify_asker(delivery: Delivery) -> Effect:
    """Tell whoever asked a jury what became of it."""
    with delivery.database.unit_of_work(write=False) as session:
        row = session.get_one(models.JuryDecision, delivery.number("decision"))
        message = messages.asker_message(session, row)
    return lambda session: notices.notify(session, message, [row.requested_by], now=delivery.now)


def notify_naming(delivery: Delivery) -> None:
    """Tell everybody named for a selection, then everybody in its acta, that its jury changed; some hundreds in each transaction."""
    last: int | None = None
    while True:
        with delivery.database.unit_of_work() as session:
            row = session.get_one(models.JuryDecision, delivery.number("decision"))
            uuid = session.get_one(models.Selection, row.selection_id).uuid
            if last is None:
                named = [member.Person.id for member in list_members(session, [row.selection_id])]
                notices.notify(session, messages.naming_message(session, row, path=f"/selections/{uuid}"), named, now=delivery.now)
            acta = find_in_force(session, row.selection_id)
            lines = corrections.list_listed(session, acta.id, after=last or 0) if acta is not None else []
            if not lines:
                return
            people = list(dict.fromkeys(person for _place, person in lines))
            notices.notify(session, messages.naming_message(session, row, path=f"/selections/{uuid}/own-line"), people, now=delivery.now)
            last = lines[-1][0]


def notify_incident(delivery: Delivery) -> Effect:
    """Notify a person that a jury asks them something about their sitting, or that it was decided."""
    with delivery.database.unit_of_work(write=False) as session:
        row = session.get_one(models.SelectionIncident, delivery.number("incident"))
        message = incident_message(session, row, is_decided=delivery.arguments["event"] == "decided")
    return lambda session: notices.notify(session, message, [row.person_id], now=delivery.now)


MIND_EVERY = 3600


def notify_term(delivery: Delivery) -> None:
    """Tell the people of a provisional acta until when they may object, some in each transaction; after a failure nobody is told twice."""
    _notify_all(delivery, objection_groups.notify_term)


def _notify_all(delivery: Delivery, notify_some: Callable[..., int | None]) -> None:
    after: int | None = 0
    while after is not None:
        with delivery.database.unit_of_work() as session:
            after = notify_some(session, delivery.number("subject"), after=after, now=delivery.now)


def notify_deciders(delivery: Delivery) -> Effect:
    """Notify those who may decide that an objection waits."""
    return lambda session: objection_groups.notify_deciders(session, delivery.number("subject"), now=delivery.now)


def notify_proposal(delivery: Delivery) -> Effect:
    """Notify those who may decide that an outcome is proposed."""
    return lambda session: objection_groups.notify_of_proposal(session, delivery.number("subject"), now=delivery.now)


def finish_decision(delivery: Delivery) -> None:
    """Note that objections are decided once a job has written their marks; done twice it is noted once."""
    with delivery.database.unit_of_work() as session:
        regrade = session.get_one(Regrade, delivery.number("subject"))
        proposal = objection_decisions.find_decided_by(session, regrade)
        if proposal is None or regrade.state != "committed":
            return
        group = lock_group(session, proposal.group_id)
        session.refresh(proposal)
        if proposal.state == objection_decisions.STANDING:
            actor = Actor(person_id=regrade.committed_by, via=ActorChannel.JOB)
            objection_decisions.finish_committed(session, actor, group, proposal, now=delivery.now)


def notify_outcome(delivery: Delivery) -> None:
    """Tell whoever objected what came of it, then the others whose mark changed; some in each transaction, nobody twice."""
    group_id = delivery.number("subject")
    done = False
    while not done:
        with delivery.database.unit_of_work() as session:
            done = objection_groups.notify_outcome(session, group_id, now=delivery.now)
    with delivery.database.unit_of_work(write=False) as session:
        if session.get_one(models.ObjectionGroup, group_id).told_at is not None:
            return
    _notify_all(delivery, objection_groups.notify_others)
    with delivery.database.unit_of_work() as session:
        objection_groups.note_notified(session, group_id, now=delivery.now)


def notify_reopening(delivery: Delivery) -> None:
    """Tell whoever objected that it is decided again; some in each transaction, no one twice."""
    done = False
    while not done:
        with delivery.database.unit_of_work() as session:
            group_id, proposal_id = (delivery.number(name) for name in ("group", "proposal"))
            done = objection_groups.notify_reopening(session, group_id, proposal_id, now=delivery.now)


def mind_objections(delivery: Delivery) -> None:
    """Tell objections that were not decided in time as late, some in each transaction."""
    done = False
    while not done:
        with delivery.database.unit_of_work() as session:
            done = objection_groups.mind_late(session, now=delivery.now)
