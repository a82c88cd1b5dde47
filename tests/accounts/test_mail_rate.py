"""Mail to many goes out no faster than the setting says (spec/compulsory 17, K10), and that of the office in its hours."""

from datetime import UTC, datetime
from time import monotonic

import pytest

from accounts.rules import NoticeKind, mail_waits_until
from kernel import mail
from kernel.i18n import DEFAULT_ZONE
from kernel.settings import Settings


def turns(settings: Settings, count: int) -> float:
    """Return how many seconds so many turns took, the first of which waits for none."""
    mail.await_turn(settings)
    begun = monotonic()
    for _turn in range(count):
        mail.await_turn(settings)
    return monotonic() - begun


def test_mails_to_many_wait_for_their_turn(settings: Settings) -> None:
    """spec/compulsory 17, K10."""
    sending = settings.model_copy(update={"smtp_host": "127.0.0.1", "mails_per_second": 20})

    assert turns(sending, 8) >= 0.35


def test_nobody_waits_without_a_mail_server_or_without_a_limit(settings: Settings) -> None:
    unlimited = settings.model_copy(update={"smtp_host": "127.0.0.1", "mails_per_second": 0})

    assert turns(settings, 1_000) < 5
    assert turns(unlimited, 1_000) < 5


@pytest.mark.parametrize(
    ("now", "until"),
    [
        ("2026-12-04T13:00", None),
        ("2026-12-04T22:59", None),
        ("2026-12-04T23:00", "2026-12-07T13:00"),
        ("2026-12-05T15:00", "2026-12-07T13:00"),
        ("2026-12-07T12:59", "2026-12-07T13:00"),
    ],
)
def test_mail_of_compulsory_training_goes_out_in_office_hours(now: str, until: str | None) -> None:
    """spec/compulsory 10.2: what a mail server did not take in time waits for the next morning."""
    moment, expected = (datetime.fromisoformat(text).replace(tzinfo=UTC) if text else None for text in (now, until))
    assert moment is not None

    assert mail_waits_until(NoticeKind.TRAINING, moment, DEFAULT_ZONE) == expected
    assert mail_waits_until(NoticeKind.GRADED, moment, DEFAULT_ZONE) is None
