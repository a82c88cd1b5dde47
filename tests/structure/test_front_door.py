"""The files that a newcomer and a forge meet first are well formed and lead to what exists."""

import re
from pathlib import Path

import pytest
import yaml

from tests.support.project import ROOT

FORGE = sorted([*(ROOT / ".github").rglob("*.yml"), ROOT / ".pre-commit-config.yaml"])


@pytest.mark.parametrize("path", FORGE, ids=lambda path: path.name)
def test_each_file_for_the_forge_can_be_read(path: Path) -> None:
    assert isinstance(yaml.safe_load(path.read_text("utf-8")), dict)


def test_every_path_that_has_an_owner_exists() -> None:
    lines = (ROOT / ".github" / "CODEOWNERS").read_text("utf-8").splitlines()
    owned = [line.split()[0] for line in lines if line and not line.startswith("#")]

    assert "*" in owned
    assert not [path for path in owned if path != "*" and not (ROOT / path.strip("/")).is_dir()]


def test_the_workflow_runs_the_one_command_and_starts_the_image() -> None:
    steps = (ROOT / ".github" / "workflows" / "check.yml").read_text("utf-8")

    assert "bash .ci/run" in steps
    assert "docker build --file deploy/compose/Dockerfile" in steps
    assert "/health/ready" in steps


def test_the_page_for_contributors_is_short_and_names_commands_that_exist() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    targets = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text("utf-8"), re.MULTILINE)

    assert len(text.splitlines()) <= 150
    assert set(re.findall(r"(?:`|^)make ([a-z-]+)", text, re.MULTILINE)) <= set(targets)
