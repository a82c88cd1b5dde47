"""The server's clock jumps, its time zone is another, daylight saving begins or ends: order and deadlines hold (spec/security 6.6)."""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.faults.chaos import a_house, crowd_while, faultless, serving, told, wait_until_ready


@pytest.mark.parametrize("zone", ["UTC", "Pacific/Galapagos", "America/New_York", "Pacific/Kiritimati"])
def test_the_zone_of_the_machine_changes_nothing(
    zone: str, tmp_path: Path, database_url: str, monkeypatch: pytest.MonkeyPatch, say: Callable[[str], None]
) -> None:
    instance = a_house(tmp_path, database_url, monkeypatch)
    with serving(instance, TZ=zone) as server:
        wait_until_ready(server)
        found = crowd_while(instance, (server.address,), lambda over: bool(over.wait()) or None, seconds=6)

    say(f"TZ={zone}: {told(found)}")
    assert faultless(found)
    assert found["attempts handed in"] > 3


@pytest.mark.parametrize("jump", [timedelta(hours=2), timedelta(hours=-2), timedelta(days=1)], ids=["+2 h", "-2 h", "+1 day"])
def test_a_jump_of_the_clock_changes_no_order_and_closes_nothing(
    jump: timedelta,
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    faulty: dict[str, str],
    say: Callable[[str], None],
) -> None:
    """No limit of time: nothing is closed by a jump, and the answers that count are those that were written last."""
    instance = a_house(tmp_path, database_url, monkeypatch)
    clock = Path(faulty["FAULT_FOLDER"]) / "clock"
    with serving(instance, **faulty) as server:
        wait_until_ready(server)

        def disturb(over: object) -> None:
            over.wait(4)  # type: ignore[attr-defined]  # an event
            clock.write_text(f"{jump.total_seconds():.0f}")

        found = crowd_while(instance, (server.address,), disturb, seconds=10)

    say(f"clock {jump}: {told(found)}")
    assert faultless(found)
    assert found["answers acknowledged"] > 0


@pytest.mark.parametrize("change", [datetime(2027, 3, 14, 7, tzinfo=UTC), datetime(2027, 11, 7, 6, tzinfo=UTC)], ids=["forward", "back"])
def test_a_change_to_or_from_daylight_saving_changes_nothing(
    change: datetime,
    tmp_path: Path,
    database_url: str,
    monkeypatch: pytest.MonkeyPatch,
    faulty: dict[str, str],
    say: Callable[[str], None],
) -> None:
    """An hour of New York's night lacks, or comes twice, while people work: as if nothing were."""
    instance = a_house(tmp_path, database_url, monkeypatch)
    with serving(instance, TZ="America/New_York", **faulty) as server:
        wait_until_ready(server)
        (Path(faulty["FAULT_FOLDER"]) / "clock").write_text(f"{change.timestamp() - time.time() - 5:.0f}")
        found = crowd_while(instance, (server.address,), lambda over: bool(over.wait()) or None, seconds=10)

    say(f"daylight saving changes at {change:%Y-%m-%d %H:%M} UTC: {told(found)}")
    assert faultless(found)
    assert found["attempts handed in"] > 3
    assert found["requests that failed and were sent again"] == 0
