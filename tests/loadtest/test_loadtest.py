"""The load test: arrivals and measures as pure functions, the comparison with the database, and a short day against a real server."""

import asyncio
import json
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from random import Random

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from click.testing import CliRunner
from sqlalchemy import func, select, update

from compliance.models import Assignment
from kernel.paths import CONTENT
from lms.instance import Instance
from quizzes.models import AnswerEvent, Attempt, AttemptItem
from tests.loadtest.__main__ import loadtest
from tests.loadtest.command import arrivals
from tests.loadtest.filling import SLUG, answers, email, fill, folder, identities, require_course
from tests.loadtest.journey import AcknowledgedAnswers, VirtualUser
from tests.loadtest.measures import FIGURES, Measures, busiest, percentile, shares, table
from tests.loadtest.reconciliation import FAULTS, compare
from tests.support.answers import answer_right
from tests.support.browser import Browser
from tests.support.builders import a_course, a_learner_in
from tests.support.project import ROOT
from tests.support.server import environment


def test_learners_arrive_at_the_rate_and_ever_more_of_them() -> None:
    even = arrivals(1000, 10, 1, rising=False)
    rising = arrivals(1000, 10, 1, rising=True)

    assert even == arrivals(1000, 10, 1, rising=False) == sorted(even)
    assert len(even) == pytest.approx(10_000, rel=0.05)
    assert len(rising) == pytest.approx(5_000, rel=0.05)  # the mean of a quarter and the growing rest is a half
    assert sum(at < 100 for at in rising) < 350 < 850 < sum(at >= 900 for at in rising)


def test_percentiles_and_the_busiest_seconds() -> None:
    assert [percentile([3.0, 1.0, 2.0], part) for part in (0.0, 0.5, 0.99)] == [1.0, 2.0, 3.0]
    assert percentile([], 0.5) == 0.0
    assert busiest([0.0, 1.0, 1.5, 1.9, 12.0], 1.0) == 3
    assert busiest([], 1.0) == 0


def test_rates_are_told_as_shares_of_what_is_planned() -> None:
    measures = Measures()
    for number in range(100):
        measures.note("save", number / 64, 0.01)
    rates = measures.rates(1.0)

    assert rates["save"] == rates["requests"] == rates["commits"] == 64
    assert rates["start"] == 0
    assert set(rates) == {name for name, _words, _figure in FIGURES}
    assert "64.0     200      32%    saves/s, exam at nine" in shares(rates)
    assert table(measures)[1].split() == ["save", "100", *["10", "ms"] * 3, "0.01", "s"]


def test_people_are_invented_have_two_surnames_and_are_the_same_for_a_seed() -> None:
    people = list(identities(200, 1))

    assert people == list(identities(200, 1)) != list(identities(200, 2))
    assert len({one.email for one in people}) == 200
    assert people[7].email == email(7)
    assert all(one.first_surname and one.second_surname and len(one.given_names.split()) == 2 for one in people)
    assert any(not one.given_names.isascii() for one in people)


def test_the_course_has_the_lessons_of_the_compulsory_one_and_sums_that_a_machine_can_do() -> None:
    files = folder(CONTENT)

    assert f"key: {SLUG}".encode() in files["course.yaml"]
    assert sum(path.endswith(".es.md") for path in files) == 4
    assert answers("<p>¿Cuánto es 12 + 7?</p><p>¿Cuánto es 100 + 70?</p>") == ["19", "170"]


def what_was_told(instance: Instance) -> AcknowledgedAnswers:
    """Return what the servers told the only learner there is."""
    with instance.database.unit_of_work(write=False) as session:
        attempt = session.execute(select(Attempt)).scalar_one()
        statement = select(AttemptItem.position, AnswerEvent).join(AnswerEvent, AnswerEvent.item_id == AttemptItem.id)
        kept = {position: (event.lease, event.seq, "") for position, event in session.execute(statement)}
    return AcknowledgedAnswers("ana@example.org", str(attempt.uuid), kept, right=len(kept), submitted=True)


def test_what_is_lost_wrong_or_twice_is_found(browser: Browser, instance: Instance) -> None:
    a_learner_in(browser, a_course(instance, modules=1))
    answer_right(browser, "/courses/prueba/quizzes/cuestionario-1")
    told = what_was_told(instance)
    with instance.database.unit_of_work(write=False) as session:
        found = compare(session, [told])
    assert {name: found[name] for name in FAULTS if found[name]} == {}
    assert (found["answers acknowledged"], found["attempts handed in"]) == (len(told.saves), 1)

    with instance.database.unit_of_work() as session:
        first = session.scalars(select(AnswerEvent.id).order_by(AnswerEvent.id)).first()
        session.execute(update(AnswerEvent).where(AnswerEvent.id == first).values(lease=1))
        session.execute(update(Attempt).values(state="submitted"))
    with instance.database.unit_of_work(write=False) as session:
        found = compare(session, [told])
    assert {name: found[name] for name in FAULTS if found[name]} == {"answers lost": 1, "attempts lost": 1}


def test_who_is_asked_to_wait_at_the_door_tries_again_and_that_is_no_error() -> None:
    """What the door answers beyond what a process does at once (`kernel.web.active_requests`)."""
    measures, answers_given = Measures(), iter([503, 503, 200])
    chance = Random(1)  # noqa: S311 - a simulation

    async def door(_request: web.Request) -> web.Response:
        status = next(answers_given)
        return web.Response(status=status, text='name="password"', headers={"Refresh": "0"} if status == 503 else {})

    async def visit() -> str:
        app = web.Application()
        app.router.add_get("/sign-in", door)
        async with TestServer(app) as server, aiohttp.ClientSession() as client:
            now = time.monotonic()
            learner = VirtualUser(client, [str(server.make_url(""))], measures, now, "", "", chance, 0.0, 1, False, now)
            return await learner.get("sign-in page", "/sign-in", 'name="password"')

    with ThreadPoolExecutor(1) as thread:  # the thread of the tests may have the loop of a browser's driver
        assert thread.submit(lambda: asyncio.run(visit())).result() == 'name="password"'
    assert (measures.asked_to_wait, measures.errors, measures.answered) == (2, {}, 1)


@pytest.mark.slow
def test_a_short_day_loses_nothing_and_writes_its_figures(tmp_path: Path) -> None:
    told = environment(tmp_path / "house")
    report = tmp_path / "figures" / "loadtest.json"
    command = [sys.executable, "-m", "tests.loadtest"]
    options = ["--learners", "12", "--rate", "1", "--seconds", "5", "--pause", "0", "--json", str(report)]

    result = subprocess.run([*command, *options], cwd=ROOT, env=told, capture_output=True, text=True, check=False)

    assert result.returncode == 0, result.stderr
    assert "everything that was acknowledged is there, once" in result.stdout
    figures = json.loads(report.read_text())
    assert figures["errors"] == {}
    assert figures["found"]["answers acknowledged"] == figures["steps"]["save"]["answers"] > 0
    assert figures["found"]["certificates fetched"] > 0
    options = ["--learners", "12", "--rate", "20", "--seconds", "5"]
    again = subprocess.run([*command, *options], cwd=ROOT, env=told, capture_output=True, text=True, check=False)
    assert again.returncode == 1
    assert "have come already" in again.stderr


def test_other_peoples_folders_are_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "aulario.sqlite").write_bytes(b"real people")
    monkeypatch.setenv("LMS_DATA_DIR", str(tmp_path))

    result = CliRunner().invoke(loadtest, ["--learners", "2"])

    assert result.exit_code == 1
    assert "not a load test" in result.stderr


@pytest.mark.slow
def test_everybody_has_to_take_the_course_under_so_many_obligations(instance: Instance) -> None:
    """spec/compulsory 17: the instance of a load test carries the statuses of an institution."""
    fill(instance, 12, 1, "una clave de prueba larga")

    require_course(instance, 3)

    with instance.database.unit_of_work(write=False) as session:
        states = session.execute(select(Assignment.state, func.count()).group_by(Assignment.state)).all()
    assert states == [("not_started", 36)]
