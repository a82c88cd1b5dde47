"""The statements of the report: few, and the same with ten times the people and obligations (spec/compulsory 17 K5 to K7)."""

import pytest

from kernel import clock
from lms.instance import Instance
from tests.support.browser import Browser, every_statement
from tests.support.builders import an_administrator, sign_in
from tests.support.training_crowd import a_training_crowd
from tests.support.training_reports import NOON, REPORT

BARS = {"": 8, "?on=2026-03-01&known=2026-11-20": 8, "/people": 6, "/people?last=1": 6, "/people?state=at_risk": 6}
"""Statements at most of each page, the reader's own session included."""


@pytest.mark.slow
def test_the_statements_do_not_grow(browser: Browser, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/compulsory 17 K5, K6 and K7."""
    monkeypatch.setattr(clock, "now", lambda: NOON)
    an_administrator(instance)
    boss = sign_in(browser, "admin@example.org")
    boss.checks = False
    few = a_training_crowd(instance, people=30, units=3, obligations=2)
    many = a_training_crowd(instance, people=300, units=30, obligations=20, email="otra")
    counter, costs = every_statement(instance.database), dict[str, list[int]]()

    for place in (few, many):
        for page in BARS:
            boss.get(f"{REPORT}/{place}{page}")
            counter.reset()
            boss.get(f"{REPORT}/{place}{page}")
            costs.setdefault(page, []).append(len(counter.statements))

    assert {page: pair for page, pair in costs.items() if pair[0] != pair[1]} == {}
    assert {page: pair for page, pair in costs.items() if pair[1] > BARS[page]} == {}
