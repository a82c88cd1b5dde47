"""Faults of every kind against a real server process: nothing acknowledged is lost,
nothing is told that is not true (spec/quiz-engine 5.4).

Each history is drawn from a seed. A few run always; `make faults` runs FAULT_HISTORIES of them from FAULT_SEED on, and one that failed is
repeated by `make faults FAULT_HISTORIES=1 FAULT_SEED=…` with the seed in the test's name.
"""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser

from kernel import clock
from lms.instance import Instance
from tests.browser.faults import History, Server, a_bank, server_on
from tests.support import sizes
from tests.support.learning import a_learner, start
from tests.support.quizzes import a_quiz_asking
from tests.support.server import free_port, serving

pytestmark = pytest.mark.long

HISTORIES = sizes.HISTORIES or 2
STEPS = 20


@pytest.fixture
def server(instance: Instance, tmp_path: Path, database_url: str) -> Iterator[Server]:
    """Run `lms serve` on this test's database, in the folder of its house."""
    yield from server_on(lambda port: serving(tmp_path, port=port, LMS_DATABASE_URL=database_url), free_port())


@pytest.fixture
def attempt(instance: Instance, server: Server) -> str:
    """Start a learner's attempt at three questions, and return its address."""
    course = a_quiz_asking(instance, a_bank(range(1, 4)), "attempts: 0\n", ("numero-1", "numero-2", "numero-3"))
    learner = a_learner(instance, course)
    return f"{server.url}/attempts/{start(instance, learner, course.slug, now=clock.now())}"


@pytest.mark.parametrize("seed", range(sizes.FIRST_HISTORY, sizes.FIRST_HISTORY + HISTORIES))
def test_no_history_of_faults_loses_an_answer(chromium: Browser, server: Server, instance: Instance, attempt: str, seed: int) -> None:
    """spec/quiz-engine 5.4.1, 5.4.2, 5.4.3, 5.4.4: requests lost, late, twice, reordered; pages and servers killed; sessions ended;
    tabs and devices.
    """
    history = History(seed, chromium, server, instance, attempt)
    try:
        history.go(STEPS)
        history.settle()
        history.submit()
        history.check()
    finally:
        history.close()
