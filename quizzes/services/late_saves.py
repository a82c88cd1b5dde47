"""Saves that are decided first and then written with one statement, if the attempt is still as it was.

SQLite lets one write at a time, whoever waits. A save that decides within its write transaction keeps all others waiting for what it
reads and computes. Whatever decides what counts of an attempt (another save, handing in, the end of its time, time given for an incident)
changes one of the columns that are looked at; then the save begins again, with the attempt locked. On PostgreSQL it is locked before.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, update
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from kernel.bulk_rows import insert_rows
from kernel.compiled_statements import compile_once
from kernel.db import connection_of
from quizzes.models import AnswerEvent, Attempt
from quizzes.queries.attempts import LoadedAttempt
from quizzes.services.answer_rows import moment_of_save
from quizzes.services.attempts import PlannedSave

_SAVE = update(Attempt).where(
    Attempt.id == bindparam("attempt"),
    Attempt.state == bindparam("state_read"),
    Attempt.saved_at == bindparam("saved_at_read"),
    Attempt.lease == bindparam("lease_read"),
    Attempt.extra_seconds == bindparam("extra_seconds_read"),
    Attempt.integrity_record == bindparam("record_read"),
)
_WRITTEN: dict[str, Any] = {
    "saved_at": bindparam("new_saved_at"),
    "lease": bindparam("new_lease"),
    "integrity_record": bindparam("new_record"),
}
_IN_SAME_STATE = compile_once(_SAVE.values(_WRITTEN))
"""SQLite writes each index anew that has a column of the statement in it, changed or not; several have the state."""
_IN_NEW_STATE = compile_once(_SAVE.values({**_WRITTEN, "state": bindparam("new_state")}))


def keep_planned(session: Session, loaded: LoadedAttempt, planned: PlannedSave, record: str, *, now: datetime) -> bool:
    """Write a save that was planned from an attempt as it was read; False, and nothing, where it has changed since.

    `record` is what is kept beside its answers from now on.
    """
    row = loaded.row
    state, moment, lease = planned.receipt.state.value, moment_of_save(loaded, now=now), planned.answers.highest_epoch
    changed = connection_of(session).execute(
        _IN_SAME_STATE if state == row.state else _IN_NEW_STATE,
        {
            "attempt": row.id,
            "state_read": row.state,
            "saved_at_read": row.saved_at,
            "lease_read": row.lease,
            "extra_seconds_read": row.extra_seconds,
            "record_read": row.integrity_record,
            "new_state": state,
            "new_saved_at": moment,
            "new_lease": lease,
            "new_record": record,
        },
    )
    if changed.rowcount != 1:
        return False
    insert_rows(session, AnswerEvent, planned.answers.rows)
    for name, value in (("state", state), ("saved_at", moment), ("lease", lease), ("integrity_record", record)):
        set_committed_value(row, name, value)  # written already
    return True
