"""Answers that arrive after the end with the device's proof that they were written before it (spec/quiz-engine 5.3.9).

Where a quiz has a window for it, each page and each acknowledgement gives the device a token: the attempt and the server's time, signed.
The device keeps the last one with every answer in its journal. What comes late counts where its token was given before the end; tokens of
one page never go back as its counters go up, and what is taken is marked as such.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

from kernel.crypto import Secret, seal, unseal
from quizzes.queries.attempts import LoadedAttempt
from quizzes.rules.attempts import accepts_evidence
from quizzes.rules.saving import AnswerSave
from quizzes.services.answer_rows import SaveRequest

PURPOSE = "answering"
TOKEN_LIFETIME = timedelta(days=30)


def offline_token(secret: Secret, loaded: LoadedAttempt, *, now: datetime) -> str:
    """Return the server's word that the device was answering this attempt now; empty where the quiz has no window."""
    if not loaded.setting_sources.offline_window_seconds:
        return ""
    return seal(secret, PURPOSE, [str(loaded.uuid), int(now.timestamp())])


def select_written_in_time(secret: Secret, loaded: LoadedAttempt, batches: Sequence[SaveRequest], *, now: datetime) -> list[SaveRequest]:
    """Return those of these answers that were written offline before the end by their tokens, and may still count now."""
    if not loaded.setting_sources.offline_window_seconds:
        return []
    taken = [replace(batch, events=_offline_in_time(secret, loaded, batch, now), offline_in_time=True) for batch in batches]
    return [batch for batch in taken if batch.events]


def _offline_in_time(secret: Secret, loaded: LoadedAttempt, batch: SaveRequest, now: datetime) -> tuple[AnswerSave, ...]:
    given: list[tuple[AnswerSave, datetime]] = []
    for event in batch.events:
        moment = _token_time(secret, loaded.uuid, batch.tokens.get((event.position, event.sequence.counter), ""))
        if moment is not None and accepts_evidence(loaded.end, loaded.setting_sources.offline_window_seconds, token_time=moment, now=now):
            given.append((event, moment))
    return tuple(event for event, moment in given if _continues_sequence(loaded, batch.page_epoch, event, moment, given))


def _continues_sequence(
    loaded: LoadedAttempt, page_epoch: int, event: AnswerSave, moment: datetime, given: Sequence[tuple[AnswerSave, datetime]]
) -> bool:
    """Say whether a counter follows those that the page has used for the question, and its token those of the counters before."""
    item, counter = loaded.item_at(event.position), event.sequence.counter
    if item is None or any(
        answer.item_id == item.id and answer.page_epoch == page_epoch and answer.counter > counter for answer in loaded.answers
    ):
        return False
    return all(earlier <= moment for other, earlier in given if other.position == event.position and other.sequence.counter < counter)


def _token_time(secret: Secret, attempt: UUID, token: str) -> datetime | None:
    value = unseal(secret, PURPOSE, token, seconds=int(TOKEN_LIFETIME.total_seconds())) if token else None
    return datetime.fromtimestamp(value[1], UTC) if value and value[0] == str(attempt) else None
