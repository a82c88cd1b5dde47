"""Work in a process of its own: answers in order, goes last, and ends with whoever asked."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from types import MappingProxyType

import pytest

from kernel import child_process as children
from kernel.child_process import ChildProcessEnded, child_process, run_command
from kernel.settings import environment_of, load
from lms.instance import Instance

OWN_ASKER = """
import os, sys, time
from kernel.child_process import child_process
with child_process(os.getpid) as ask:
    print(ask(), flush=True)
    time.sleep(60)
"""


def test_it_answers_one_thing_after_another_elsewhere_after_others() -> None:
    """One process for all of them, more patient than this one; tables that cannot be changed go there as they are."""
    with child_process(os.getpid) as ask:
        number = ask()
        assert number == ask() != os.getpid()
        assert os.getpriority(os.PRIO_PROCESS, number) > os.getpriority(os.PRIO_PROCESS, 0)
    with child_process(dict) as ask_table:
        assert ask_table(MappingProxyType({"a": 1})) == {"a": 1}
    assert not _lives(number)


def test_what_fails_there_ends_it(capfd: pytest.CaptureFixture[str]) -> None:
    """The reason stands among the lines of the server."""
    with child_process(int) as ask:
        assert ask("7") == 7
        with pytest.raises(ChildProcessEnded):
            ask("none")
    assert "ValueError" in capfd.readouterr().err


def test_killed_it_is_missed_at_once() -> None:
    """Whoever asks gets no answer and no wait."""
    with child_process(os.getpid) as ask:
        os.kill(ask(), signal.SIGKILL)
        with pytest.raises(ChildProcessEnded):
            ask()


def test_silent_for_too_long_it_is_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """One that hangs holds nobody."""
    monkeypatch.setattr(children, "PATIENCE", 0.2)
    with child_process(time.sleep) as ask, pytest.raises(ChildProcessEnded):
        ask(30)


@pytest.mark.processes
def test_whoever_asked_is_killed_and_it_ends_too(tmp_path: Path) -> None:
    """No process is left of a server that was killed."""
    with subprocess.Popen([sys.executable, "-c", OWN_ASKER], stdout=subprocess.PIPE, text=True) as asker:
        assert asker.stdout is not None
        number = int(asker.stdout.readline())
        asker.kill()
    ends = time.monotonic() + 10
    while _lives(number) and time.monotonic() < ends:
        time.sleep(0.05)
    assert not _lives(number)


def _lives(number: int) -> bool:
    try:
        return Path(f"/proc/{number}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_a_command_gets_the_settings_and_returns_what_it_prints(instance: Instance) -> None:
    """What was given to the settings of this process counts for the command too."""
    printed = run_command("settings", patience=60, environment=environment_of(instance.settings))

    assert str(instance.settings.data_dir) in printed


def test_a_command_that_fails_has_ended(instance: Instance) -> None:
    with pytest.raises(ChildProcessEnded):
        run_command("courses", "check", "nowhere", patience=60, environment=environment_of(instance.settings))


def test_settings_are_read_back_from_their_environment(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    given = load(
        data_dir=instance.settings.data_dir, s3_secret_key="secret", former_urls="https://old.example.org", public_url="https://example.org"
    )
    environment = environment_of(given)
    for name in environment.keys() - os.environ.keys():
        monkeypatch.setenv(name, environment[name])

    assert load() == given
