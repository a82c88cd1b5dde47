"""The access matrix: no cell is forgotten, and the cells of accounts and of the roof over HTTP (spec/security 9)."""

import csv
import re
from pathlib import Path

import pytest

from lms.app import FEATURES
from lms.instance import Instance
from scripts.access_matrix import MATRIX, access_matrix, declared_cells
from tests.support.access import ROLES, Cast, a_cast, all_cells, outcome
from tests.support.browser import Browser
from tests.support.builders import PASSWORD, sign_in
from tests.support.matrix import Tried, callers_of_the_cast, totals, untried
from tests.support.shared import SHARED, needs_shared

UNBUILT = MATRIX.with_name("access-matrix-unbuilt.csv")

ON_A_BOARD = {"community.post": "post.write"}
"""What the specification calls otherwise, because every board answers it."""


def rows_of(file: Path) -> list[dict[str, str]]:
    with file.open(encoding="utf-8", newline="") as source:
        return list(csv.DictReader(source))


def test_the_approved_matrix_is_what_the_packages_declare() -> None:
    """spec/security 9: a cell that changes is a change of that file (`make fix` writes it)."""
    assert access_matrix() == MATRIX.read_text("utf-8")


def test_a_cell_that_two_permissions_declare_is_a_fault(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("scripts.access_matrix.FEATURES", FEATURES + FEATURES[:1])

    with pytest.raises(ValueError, match="stands in two permissions"):
        declared_cells.__wrapped__()


def test_what_is_not_built_has_no_cell_in_the_matrix() -> None:
    """Its rows move into the matrix with the page that answers them."""
    unbuilt, built = ({(row["action"], row["object_state"]) for row in rows_of(file)} for file in (UNBUILT, MATRIX))

    assert unbuilt
    assert not unbuilt & built


@needs_shared
@pytest.mark.shared
def test_every_action_of_the_specification_is_known() -> None:
    section = (SHARED / "spec" / "security.md").read_text("utf-8").split("## 9 ")[1]
    named = {name for name in re.findall(r"\b[a-z_]+\.[a-z_]+\b", section) if not name.endswith(".csv")}

    assert len(named) > 30
    assert {ON_A_BOARD.get(name, name) for name in named} <= {row["action"] for row in (*rows_of(MATRIX), *rows_of(UNBUILT))}


def test_a_cell_that_nobody_tries_is_named() -> None:
    """A list that no test asks would be believed for ever: whoever runs every test with a cast is told at the end (tests/conftest.py)."""
    tried = [Tried("course.view", "draft", role, "hide", "hide", fits=True) for role in ROLES.values() if role != "grader"]
    cells = {cell for cell in all_cells() if cell[:2] == ("course.view", "draft")}

    assert untried(cells, tried) == ["course.view draft grader"]
    assert "tests/lms/test_access.py::test_every_cell_of_accounts" in callers_of_the_cast()
    assert totals(dict.fromkeys(tried, 1)) == "8 cells (0 allow, 0 deny, 8 hide), tried 8 times, 0 wrong"


def test_every_cell_of_accounts(browser: Browser, instance: Instance) -> None:
    cast = a_cast(browser, instance)
    someone = f"/administration/people/{cast.people['L'].uuid}"
    wrong = [
        *cast.check("personal_data.export", "own", cast.outcomes("/profile/data/copy", "POST")),
        *cast.check("personal_data.export", "of_another", cast.outcomes(f"/profile/data/of/{cast.people['E'].uuid}", "POST")),
        *cast.check("session.list_and_end", "own", cast.outcomes("/profile/devices")),
        *cast.check("session.list_and_end", "own", ended(cast)),
        *cast.check("first_admin.create", "an_admin_exists", cast.outcomes("/set-up/0123456789abcdef0123456789abcdef")),
        *cast.check("session.list_and_end", "of_another", cast.outcomes(f"{someone}/sessions/end", "POST")),
    ]

    assert not wrong
    assert cast.browsers["L"]._request("GET", "/profile").status_code == 303  # signed out by the administrator


def ended(cast: Cast) -> dict[str, str]:
    """Let everybody end their other sessions, their password typed again; allowed is whose other browser is signed out by it."""
    outcomes = {}
    for letter, one in cast.browsers.items():
        other = one.another()
        if letter not in "AX":
            sign_in(other, cast.people[letter].email)
        outcome(one, "/profile/devices/password", "POST", {"current_password": PASSWORD})
        one._request("GET", "/profile/devices")
        offered = re.search(r"/profile/devices/[0-9a-f-]{36}/end", one.response.get_data(as_text=True))
        sent = outcome(one, offered[0] if offered else "/profile/devices/end", "POST")
        other._request("GET", "/profile")
        outcomes[letter] = sent if letter in "AX" or other.response.status_code == 303 else "deny"
    return outcomes


def test_every_cell_of_the_roof_and_of_ones_own_pages(browser: Browser, instance: Instance) -> None:
    """What the matrix has no name for: pages of whoever is signed in, and of administrators."""
    cast = a_cast(browser, instance)
    own = {
        "profile.edit": (
            "/profile",
            "/profile/password",
            "/profile/address",
            "/profile/notices",
            "/profile/data",
            "/profile/data/deletion",
        ),
        "notice.read": ("/notices",),
        "second_step.manage": ("/second-step",),
        "home.view": ("/learning",),
        "learning.view": ("/learning/mistake-reports",),
        "teaching.list": ("/teaching",),
    }
    wrong = [fault for action, paths in own.items() for path in paths for fault in cast.check(action, "own", cast.outcomes(path))]
    for path in ("/administration", "/administration/state"):
        wrong += cast.check("administration.view", "any", cast.outcomes(path))
    wrong += cast.check("administration.view", "any", cast.outcomes("/administration/state/jobs/retry", "POST"))
    wrong += cast.check("metrics.view", "from_afar", cast.outcomes("/metrics"))

    assert not wrong
