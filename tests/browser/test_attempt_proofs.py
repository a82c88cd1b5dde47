"""The proof of an attempt in a real browser: its page with every kind of question and its verification; wide and narrow, both languages."""

from typing import Any

import pytest
from playwright.sync_api import Browser
from sqlalchemy import select, update

from accounts.models import Person
from questions.rules.feedback import ReviewFlag
from quizzes.models import AttemptProof
from tests.support.chromium import Live, signed_in, visitor
from tests.support.kinds import SLOTS, bank
from tests.support.learning import a_batch, a_learner, start, submit
from tests.support.quizzes import a_quiz_asking, set_review

GIVEN = {1: ["3"], 2: ["2", "3"], 3: ["false"], 4: ["nada"], 5: ["5"], 14: ["Un ensayo. " * 20]}


@pytest.mark.slow
@pytest.mark.parametrize(("language", "width", "scheme"), [("es", 1280, "light"), ("en", 360, "dark")])
def test_pages_of_a_proof(chromium: Browser, live: Live, language: str, width: int, scheme: str) -> None:
    """spec/selection 10.1 and 10.3: nothing runs out of the window, axe-core finds nothing; what only works on a screen is not printed."""
    look: dict[str, Any] = {"language": language, "width": width, "scheme": scheme}
    learner = a_learner(live.instance, a_quiz_asking(live.instance, bank(), "attempts: 0\nweight: 0\nshuffle_options: false\n", SLOTS))
    attempt = start(live.instance, learner, "prueba")
    submit(live.instance, learner, attempt, a_batch(GIVEN))
    set_review(live.instance, {"after": [flag.value for flag in ReviewFlag]})
    with live.instance.database.unit_of_work() as session:
        session.execute(update(Person).values(language=language))
    ana = signed_in(chromium, live, "ana@example.org", **look)

    ana.open(f"/attempts/{attempt}/proof")
    button = ana.page.locator(".only-screen").first
    assert button.is_visible()
    ana.page.emulate_media(media="print")
    assert not button.is_visible()
    assert ana.page.locator(".proof-qr").is_visible()
    with live.instance.database.unit_of_work(write=False) as session:
        code = session.scalars(select(AttemptProof.code)).one()
    public = visitor(chromium, live, **look)
    public.open(f"/proofs/{code}")
    public.open(f"/proofs/{code}?file={'0' * 64}")
    assert "Ana" not in public.page.inner_text("main")
