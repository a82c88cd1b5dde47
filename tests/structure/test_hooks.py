"""What packages above give to one below goes through a typed hook, and never by a name in `session.info`."""

import re

import pytest
from sqlalchemy.orm import Session

from kernel.db import Hook
from tests.support.project import ROOT

BY_NAME = re.compile(r"session(?:\(\))?\.info(\[|\.get\(|\.setdefault\(|\.pop\()[\"']")
OWN = {"kernel/outbox.py": 4}
"""The jobs of a transaction, which its session holds."""


def test_no_module_reads_the_session_by_a_name() -> None:
    packages = [path.parent for path in ROOT.glob("*/feature.py")] + [ROOT / "kernel"]
    sources = {path.relative_to(ROOT).as_posix(): path.read_text("utf-8") for package in packages for path in package.rglob("*.py")}

    assert {name: len(BY_NAME.findall(text)) for name, text in sources.items() if BY_NAME.search(text)} == OWN


def test_a_hook_gives_what_was_bound_its_default_or_an_error() -> None:
    bound, optional, missing = Hook[int]("bound"), Hook[int | None]("optional", default=None), Hook[int]("missing")
    session = Session(info=dict([bound.bind(3)]))

    assert (bound.of(session), optional.of(session)) == (3, None)
    with pytest.raises(LookupError, match="missing"):
        missing.of(session)
