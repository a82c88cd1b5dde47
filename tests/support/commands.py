"""`lms` in this process: what a command writes, and how it ends."""

import sys
from collections.abc import Callable
from dataclasses import dataclass

import pytest

from kernel.settings import Settings
from lms import cli


@dataclass(frozen=True, slots=True)
class Said:
    """What a command wrote, and how it ended."""

    code: int
    out: str
    err: str


Command = Callable[..., Said]


def commands_on(settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return what runs commands on an instance."""
    monkeypatch.setenv("LMS_DATA_DIR", str(settings.data_dir))
    monkeypatch.setenv("LMS_DATABASE_URL", settings.database_url)

    def run(*words: object) -> Said:
        monkeypatch.setattr(sys, "argv", ["lms", *map(str, words)])
        capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        written = capsys.readouterr()
        return Said(int(ended.value.code or 0), written.out, written.err)

    return run


def refused(said: Said, *words: str) -> None:
    """Check that a command was refused in one line that holds these words."""
    assert said.code == 1
    assert said.err.startswith("lms: ")
    assert said.err.count("\n") == 1, said.err
    assert all(word in said.err for word in words), said.err
