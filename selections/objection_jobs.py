"""Background work of objections: telling of the term, of what waits, of what is late and of what was decided."""

from collections.abc import Callable
from typing import cast

from kernel.outbox import Delivery, Effect
from kernel.permissions import Actor, ActorChannel
from quizzes.models import Regrade
from selections.objection_models import ObjectionGroup
from selections.services import objection_decisions as decisions
from selections.services import objection_notices
from selections.services.objections import lock_group

MIND_EVERY = 3600


def notify_term(delivery: Delivery) -> None:
    """Tell the people of a provisional acta until when they may object, some in each transaction; after a failure nobody is told twice."""
    _notify_all(delivery, objection_notices.notify_term)


def _notify_all(delivery: Delivery, notify_some: Callable[..., int | None]) -> None:
    after: int | None = 0
    while after is not None:
        with delivery.database.unit_of_work() as session:
            after = notify_some(session, cast("int", delivery.arguments["subject"]), after=after, now=delivery.now)


def notify_deciders(delivery: Delivery) -> Effect:
    """Notify those who may decide that an objection waits."""
    return lambda session: objection_notices.notify_deciders(session, cast("int", delivery.arguments["subject"]), now=delivery.now)


def notify_proposal(delivery: Delivery) -> Effect:
    """Notify those who may decide that an outcome is proposed."""
    return lambda session: objection_notices.notify_of_proposal(session, cast("int", delivery.arguments["subject"]), now=delivery.now)


def finish_decision(delivery: Delivery) -> None:
    """Note that objections are decided once a job has written their marks; done twice it is noted once."""
    with delivery.database.unit_of_work() as session:
        regrade = session.get_one(Regrade, cast("int", delivery.arguments["subject"]))
        proposal = decisions.find_decided_by(session, regrade)
        if proposal is None or regrade.state != "committed":
            return
        group = lock_group(session, proposal.group_id)
        session.refresh(proposal)
        if proposal.state == decisions.STANDING:
            actor = Actor(person_id=regrade.committed_by, via=ActorChannel.JOB)
            decisions.finish_committed(session, actor, group, proposal, now=delivery.now)


def notify_outcome(delivery: Delivery) -> None:
    """Tell whoever objected what came of it, then the others whose mark changed; some in each transaction, nobody twice."""
    group_id = cast("int", delivery.arguments["subject"])
    done = False
    while not done:
        with delivery.database.unit_of_work() as session:
            done = objection_notices.notify_outcome(session, group_id, now=delivery.now)
    with delivery.database.unit_of_work(write=False) as session:
        if session.get_one(ObjectionGroup, group_id).told_at is not None:
            return
    _notify_all(delivery, objection_notices.notify_others)
    with delivery.database.unit_of_work() as session:
        objection_notices.note_notified(session, group_id, now=delivery.now)


def notify_reopening(delivery: Delivery) -> None:
    """Tell whoever objected that it is decided again; some in each transaction, no one twice."""
    done = False
    while not done:
        with delivery.database.unit_of_work() as session:
            group_id, proposal_id = (cast("int", delivery.arguments[name]) for name in ("group", "proposal"))
            done = objection_notices.notify_reopening(session, group_id, proposal_id, now=delivery.now)


def mind_objections(delivery: Delivery) -> None:
    """Tell objections that were not decided in time as late, some in each transaction."""
    done = False
    while not done:
        with delivery.database.unit_of_work() as session:
            done = objection_notices.mind_late(session, now=delivery.now)
