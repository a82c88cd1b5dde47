"""A wrong key is found after the provisional acta: objection, proposal, another's decision, void unless it lowers (spec/selection 12)."""

import json
from datetime import UTC, datetime

import pytest

from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.learning import At
from tests.support.objections import a_published_selection
from tests.support.selections import all_actas, an_acta, document
from tests.support.wording import in_spanish

NOON = datetime(2026, 6, 1, 17, tzinfo=UTC)


@pytest.mark.slow
def test_a_wrong_key_costs_nobody_anything(monkeypatch: pytest.MonkeyPatch, browser: Browser, instance: Instance) -> None:
    """spec/selection 12, end-to-end 3 up to the amendment: Ana had the question right and keeps what she has, the others gain by it."""
    at = At(monkeypatch, NOON)
    case = a_published_selection(browser, instance)
    before = case.percents()
    learner = case.learner("berta@example.org")
    review = learner.get(f"/attempts/{case.attempt('berta@example.org')}/review")
    assert review.has_link(f"/attempts/{case.attempt('berta@example.org')}/objections")
    case.object_to(5, "berta@example.org", ground="none_right", reason="El artículo que se cita fue reformado: ninguna opción es correcta.")
    case.julia.deliver_jobs()
    at.pass_(minutes=5)

    case.propose()
    assert in_spanish("Another person decides on your proposal.") in case.julia.get(case.page).text
    case.decide()
    case.hugo.deliver_jobs()

    after = case.percents()
    assert after == {"ana": 100.0, "berta": 100.0, "carla": 100.0, "diana": 75.0}
    assert all(after[name] >= before[name] for name in before)
    outcome = case.learner("berta@example.org").get(f"/attempts/{case.attempt('berta@example.org')}/objections")
    assert in_spanish("The question is void: it is left out wherever that lowers no result.") in outcome.text
    an_acta(case.julia, case.selection)
    lines = json.loads(document(instance, all_actas(instance)[-1]))["lines"]
    assert sorted((line["shown"], tuple(line["objections"])) for line in lines if "shown" in line) == [
        ("100.00", ()),
        ("100.00", ()),
        ("100.00", ("void",)),
        ("75.00", ()),
    ]
