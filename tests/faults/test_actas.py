"""Workers are killed (SIGKILL) in each transaction in which an acta is frozen or compared, or people are notified (spec/selection 12)."""

import json
from collections import Counter
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlalchemy import func, select

from accounts.models import Notification
from kernel import clock
from kernel.crypto import signing_keys
from kernel.outbox import Job
from kernel.permissions import Actor
from lms.instance import Instance
from selections.actas import publish_provisional, request_acta, sign_acta
from selections.messages import SELECTION_NOTICE
from selections.models import ActaCorrection, Selection, SelectionActaEntry
from tests.support.killed_workers import BETWEEN, Side, kill_at_each_transaction
from tests.support.selections import a_sat_selection, all_actas, document, let_term_pass, name, void
from tests.support.takes import read

Say = Callable[[str], None]
BOTH_SIDES = pytest.mark.parametrize("when", ["before", "after"])
"""The worker dies before the COMMIT of a transaction, or just after it."""
TABLES = ("selection_acta", "acta_line", "acta_correction", "notification")


@pytest.fixture
def jury(instance: Instance) -> tuple[Selection, list[Actor]]:
    """Return a selection of five people with its jury of two."""
    selection = a_sat_selection(instance)
    return selection, [Actor(person_id=name(instance, selection, f"jurado{at}@example.org").id) for at in range(2)]


def given_up(instance: Instance) -> list[str]:
    return list(read(instance, lambda session: session.scalars(select(Job.kind).where(Job.failed_at.is_not(None))).all()))


def frozen_whole(instance: Instance) -> list[bool]:
    """Say of each acta whether it was frozen once: with every line, and a signature over them."""
    keys, found = signing_keys(instance.settings.data_dir), list[bool]()
    for row in all_actas(instance):
        content = document(instance, row)
        count = select(func.count()).select_from(SelectionActaEntry).where(SelectionActaEntry.acta_id == row.id)
        lines = read(instance, lambda session, wanted=count: session.scalar(wanted))
        found.append(keys.verifies(row.key_id, content, row.signature) and lines == row.people == len(json.loads(content)["lines"]))
    return found


@BOTH_SIDES
def test_killed_as_an_acta_is_frozen(when: Side, instance: Instance, jury: tuple[Selection, list[Actor]], say: Say) -> None:
    """spec/selection 12: one acta with each line once, however often its job begins again."""
    selection, (julia, _second) = jury
    now = clock.now()
    with instance.database.unit_of_work() as session:
        request_acta(session, julia, selection.id, now=now)

    moments = kill_at_each_transaction(instance, now, TABLES, when, "selections")

    whole = sum(frozen_whole(instance))
    say(f"acta frozen: worker killed {len(moments) - 1} times {when} a COMMIT; actas {len(all_actas(instance))}, whole {whole}")
    assert len(moments) > 1
    assert [(row.state, row.people) for row in all_actas(instance)] == [("draft", 5)]
    assert frozen_whole(instance) == [True]
    assert given_up(instance) == []


@BOTH_SIDES
def test_killed_as_results_change_after_a_final_acta(when: Side, instance: Instance, jury: tuple[Selection, list[Actor]], say: Say) -> None:
    """spec/selection 4.10 and 12: one task, one amendment, and everybody is notified once."""
    selection, (julia, hugo) = jury
    now = clock.now()
    for kind in ("provisional", "final", "amendment"):
        if kind == "amendment":
            void(instance, "p5")
            now = kill_at_each_transaction(instance, now, TABLES, when, "selections")[-1] + BETWEEN
        with instance.database.unit_of_work() as session:
            request_acta(session, julia, selection.id, reason="Clave errada." if kind == "amendment" else "", now=now)
        now = kill_at_each_transaction(instance, now, TABLES, when, "selections")[-1] + BETWEEN
        row = all_actas(instance)[-1]
        with instance.database.unit_of_work() as session:
            if kind == "provisional":
                publish_provisional(session, julia, row.id, row.sha256, now=now)
            else:
                sign_acta(session, julia, row.id, row.sha256, now=now)
                sign_acta(session, hugo, row.id, row.sha256, now=now)
        let_term_pass(instance, selection)
    moments = kill_at_each_transaction(instance, now + timedelta(seconds=1), TABLES, when, "selections")

    sent = select(Notification.key, Notification.person_id).where(Notification.kind == SELECTION_NOTICE.value)
    notices = Counter((key.partition(":")[0], person) for key, person in read(instance, lambda session: session.execute(sent).all()))
    endings = read(instance, lambda session: session.scalars(select(ActaCorrection.ending)).all())
    twice = sum(count - 1 for count in notices.values())
    say(f"acta amended: worker killed {len(moments) - 1} times {when} a COMMIT after it; tasks {len(endings)}, notices twice {twice}")
    assert [row.state for row in all_actas(instance)] == ["in_force"] * 3
    assert frozen_whole(instance) == [True] * 3
    assert list(endings) == ["amended"]
    assert Counter(key for key, _person in notices) == {
        "selection-member": 2,
        "acta-published": 5,
        "acta-correction": 2,
        "acta-amended": 3,
    }
    assert twice == 0
    assert given_up(instance) == []
