"""Whatever is sent from a form that no walk meets: never a failure of the server, and every page shows it as the text that it is."""

from __future__ import annotations

import json

import pytest
from flask import Flask

from tests.support.browser import Browser
from tests.support.rooms import ROOMS, SITUATIONS
from tests.support.situations import Stage, Trial, broken_json
from tests.support.walked import WALKED
from tests.support.walking import LEAVE, changing_routes

WITHOUT_A_PAGE = {"federation.log_out"}
WITHOUT_MAIL = {"communities_directory.contact"}
"""What an instance refuses that sends no mail."""
"""Sent by servers, or from the answer to what another server sent: tests/federation/test_sign_in_pages.py sends the harm."""


@pytest.mark.slow
@pytest.mark.parametrize("room", ROOMS)
def test_no_rare_form_lets_harm_through(browser: Browser, room: str) -> None:
    """spec/security 4.1, 4.2 and 3.5: what is right is taken before and after the harm, so that each form was really met."""
    stage, refused, wrong = Stage(browser), list[str](), list[str]()
    for endpoint, arrange in ROOMS[room].items():
        trial = Trial(stage, endpoint, arrange)
        first = trial.right()
        trial.harm()
        refused += [f"{endpoint}: {status}" for status in (first, trial.right()) if status >= 400 and endpoint not in WITHOUT_MAIL]
        wrong += trial.wrong

    assert wrong == [], "\n".join(wrong)
    assert refused == [], "\n".join(refused)


def test_every_route_that_takes_a_post_is_met_by_the_walk_or_in_a_situation(app: Flask) -> None:
    """A new form has a situation in `support/rooms.py`, or is among those of `support/walked.py`, which `test_hostile_input.py` meets."""
    assert changing_routes(app) - set(SITUATIONS) - WITHOUT_A_PAGE == WALKED
    assert set(SITUATIONS) <= changing_routes(app)
    assert set(SITUATIONS) >= LEAVE
    assert len(SITUATIONS) == sum(len(room) for room in ROOMS.values())


def test_json_is_broken_in_every_place() -> None:
    sent = json.dumps([{"item": 1, "answer": {"text": "uno"}}])

    broken = {*broken_json(sent)}

    assert {json.dumps([other]) for other in (None, -1)} <= broken
    assert any('"item": 1' in one and "xss" in one for one in broken)
    assert any('"text": "u"' in one for one in broken)
    assert sent not in broken
    assert [*broken_json("uno")] == [*broken_json("1")] == []
