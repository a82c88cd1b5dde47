"""The access matrix: no cell is forgotten, and the cells of accounts and of the roof over HTTP (security 9)."""

import csv
import re

import pytest

from lms.app import House
from tests.support.access import ABSENT, ACCESS, a_cast, is_absent
from tests.support.browser import Browser
from tests.support.project import ROOT
from tests.support.shared import SHARED, needs_shared


@needs_shared
@pytest.mark.shared
def test_every_cell_of_the_matrix_is_tried_or_has_a_reason() -> None:
    with (SHARED / "spec" / "access-matrix.csv").open(encoding="utf-8", newline="") as source:
        cells = {(row["action"], row["object_state"]) for row in csv.DictReader(source)}
    actions = {action for action, _state in cells}

    assert not [cell for cell in sorted(cells) if cell not in ACCESS and not is_absent(*cell)]
    assert not [cell for cell in sorted(cells) if cell in ACCESS and is_absent(*cell)]
    assert not [name for name in ABSENT if not any(action.startswith(name.split(" ")[0]) for action in actions)]


@needs_shared
@pytest.mark.shared
def test_every_action_of_the_specification_is_known() -> None:
    section = (SHARED / "spec" / "security.md").read_text("utf-8").split("## 9 ")[1]
    named = {name for name in re.findall(r"\b[a-z_]+\.[a-z_]+\b", section) if not name.endswith(".csv")}
    tried = {action for action, _state in ACCESS}

    assert len(named) > 30
    assert not [
        name for name in sorted(named) if name not in tried and not any(key.split(" ")[0] in (name, "community.") for key in ABSENT)
    ]


def test_every_listed_cell_is_tried_somewhere() -> None:
    """A list that no test asks would be believed for ever."""
    tried = "".join(path.read_text("utf-8") for path in (ROOT / "tests").rglob("test_*.py"))
    actions = {action for action, _state in ACCESS}

    assert not [action for action in sorted(actions) if f'"{action}"' not in tried]


def test_every_cell_of_accounts(browser: Browser, house: House) -> None:
    cast = a_cast(browser, house)
    someone = f"/administration/people/{cast.people['L'].uuid}"
    wrong = [
        *cast.check("personal_data.export", "own", cast.outcomes("/profile/data/copy", "POST")),
        *cast.check("personal_data.export", "of_another", cast.outcomes(f"/profile/data/of/{cast.people['E'].uuid}", "POST")),
        *cast.check("session.list_and_end", "own", cast.outcomes("/profile/devices")),
        *cast.check("first_admin.create", "an_admin_exists", cast.outcomes("/set-up/0123456789abcdef0123456789abcdef")),
        *cast.check("session.list_and_end", "of_another", cast.outcomes(f"{someone}/sessions/end", "POST")),
    ]

    assert not wrong
    assert cast.browsers["L"]._request("GET", "/profile").status_code == 303  # signed out by the administrator
