"""The warnings on the length and the attempts of a selecting quiz, with the estimates of its answers (spec/selection 0.3 and 3.8)."""

from collections.abc import Mapping
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import select

from analysis.statistics import estimate_decisions
from courses.content.model import Finding
from courses.models import Course
from kernel import clock
from lms.instance import Instance
from quizzes.saves import SaveRequest
from tests.support import folders
from tests.support.browser import Browser
from tests.support.builders import a_teacher, folder, publish, sign_in
from tests.support.learning import a_learner, right_batch, start, submit
from tests.support.selecting import LAW, NORM, RULES, USE
from tests.support.selection_folders import BANK, FILE, HEAD, questions


def a_long_folder(attempts: str = "attempts: 1\n") -> dict[str, bytes]:
    """Return a course with a selecting quiz of twelve questions."""
    files, keys = folder(modules=1), [f"p{place}" for place in range(12)]
    files["recursos.yaml"] = LAW
    files[BANK] = questions(**dict.fromkeys(keys, "level: apply; source: [ley]")).encode()
    slots = "".join(f"  - question: {key}\n" for key in keys)
    files[FILE] = f"{HEAD}slots:\n{slots}{USE}{RULES}{NORM}{attempts}".encode()
    return files


def read_estimates(instance: Instance, files: Mapping[str, bytes]) -> tuple[Finding, ...]:
    """Return what is told of a draft."""
    with instance.database.unit_of_work(write=False) as session:
        return estimate_decisions(session, session.scalars(select(Course.id)).one(), folders.course(files))


@pytest.mark.slow
def test_a_short_selecting_quiz_with_a_history_is_told_how_sure_it_is(browser: Browser, instance: Instance) -> None:
    """spec/selection 0.3 and 3.8: estimates by its first attempts, also of another number of attempts; without a history none."""
    files, now = a_long_folder(), clock.now() - timedelta(days=1)
    course = publish(instance, files)[0]
    assert read_estimates(instance, files) == ()
    for at in range(40):
        learner, chance = a_learner(instance, course, f"alguien{at}@example.org", now=now), Random(at)  # noqa: S311 - no secrets
        attempt, level = start(instance, learner, "prueba", now=now), 0.3 + 0.65 * at / 40
        batch = right_batch(instance, learner, attempt)
        answered = tuple(event for event in batch.events if chance.random() < level)
        submit(instance, learner, attempt, SaveRequest(batch.page_epoch, answered, batch.kind), now=now + timedelta(minutes=9))
    a_teacher(instance, course)
    sign_in(browser, "profe@example.org").get("/courses/prueba/quizzes/cuestionario-1/decisions")

    found = read_estimates(instance, files)

    assert [one.code for one in found] == ["C517"]
    assert found[0].facts["attempts"] == "40"
    assert 50 < int(found[0].facts["share"]) < 100
    assert read_estimates(instance, a_long_folder("attempts: 3\ngrading: average\n")) == found
    short, repeated = read_estimates(instance, a_long_folder("attempts: 3\n"))
    assert (short, repeated.code, repeated.facts["allowed"]) == (found[0], "C522", "3")
    assert int(repeated.facts["several"]) > int(repeated.facts["once"]) > 0
