"""The list of ASVS requirements is whole and honest: each has a state, and evidence that is there."""

import csv
import json
import re

import pytest

from tests.support.project import ROOT
from tests.support.shared import SHARED, needs_shared

LIST = ROOT / "docs" / "asvs.csv"
STATES = {"met", "not applicable", "open"}
BEYOND = {"V6.3.8", "V8.3.2", "V15.4.2"}
"""Requirements of level 3 that the specification asks for."""
PATH = re.compile(r"\b(?:[a-z_]+/)+[\w*-]+(?:\.\w+)?")


def rows() -> list[dict[str, str]]:
    with LIST.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def test_every_row_has_a_state_a_subject_and_evidence() -> None:
    assert {row["state"] for row in rows()} <= STATES
    assert all(row["subject"] and row["evidence"] for row in rows())
    assert len({row["requirement"] for row in rows()}) == len(rows())


def test_the_evidence_exists() -> None:
    named = {path for row in rows() for path in PATH.findall(row["evidence"])}
    missing = sorted(path for path in named if not list(ROOT.glob(path)))

    assert not missing
    assert len(named) > 60


@needs_shared
@pytest.mark.shared
def test_every_requirement_of_levels_1_and_2_stands_in_it() -> None:
    found = json.loads((SHARED / "fixtures" / "security" / "asvs-5.0.0.flat.json").read_text("utf-8"))["requirements"]
    asked = {row["req_id"]: str(row["L"]) for row in found if str(row["L"]) in ("1", "2") or row["req_id"] in BEYOND}

    assert {row["requirement"]: row["level"] for row in rows()} == asked
