"""Four processes behind nginx with PostgreSQL, Redis and a bucket, really run: the journey, a killed process, a restart of all.

Once with PostgreSQL directly, and once with PgBouncer (mode `transaction`) between.
`make scaled` runs this, `make test` does not. Each run prints its counts.
"""

import json
import re
import sys
import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from sqlalchemy import select

from courses import catalogue
from courses.models import Course
from kernel.files import BucketStore
from quizzes.models import AnswerEvent
from tests.support.answers import answer_right, sitting_of
from tests.support.builders import a_person, folder, publish, sign_in
from tests.support.cluster import HOST, Cluster, a_cluster
from tests.support.far import Far
from tests.support.learning import a_learner, send_script
from tests.support.stores import wait_until

pytestmark = pytest.mark.processes
DOCUMENT = b"%PDF-1.7\n%\xe2\xe3\n1 0 obj\n" + bytes(range(256)) * 4000
RESOURCES = """guia:
  title: Guía
  kind: document
  language: es
  host: Equipo de pruebas
  file: media/guia.pdf
  supports: Se lee.
  verified: 2026-11-01
"""
SAVERS = 4
LEASE = 5000
CERTIFICATE = r"/certificates/[0-9a-f-]{36}"


@pytest.fixture(scope="module", params=["directly", "through PgBouncer"])
def cluster(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Return the running form, with a course that has a document; its processes ask PostgreSQL directly, or through a pooler."""
    with a_cluster(tmp_path_factory.mktemp("cluster"), pooled=request.param == "through PgBouncer") as running:
        publish(running.instance, {**folder("conguia"), "recursos.yaml": RESOURCES.encode(), "media/guia.pdf": DOCUMENT})
        yield running


def far(cluster: Cluster) -> Far:
    return Far(cluster.instance, cluster.port, HOST)


def course_of(cluster: Cluster, slug: str) -> Course:
    with cluster.instance.database.unit_of_work(write=False) as session:
        found = catalogue.find_course(session, slug)
        assert found is not None
        return found


def told(line: str) -> None:
    """Print what a test counted."""
    sys.stdout.write(f"\n{line}\n")


class Saver:
    """A learner whose page saves an answer again and again, reads a lesson between, and remembers what it was told."""

    def __init__(self, cluster: Cluster, name: str) -> None:
        a_learner(cluster.instance, course_of(cluster, "prueba"), f"{name}@example.org")
        self.browser = sign_in(far(cluster), f"{name}@example.org")
        self.browser.get("/courses/prueba/quizzes/cuestionario-1")
        self.browser.submit("/attempts")
        self.attempt = self.browser.path.rpartition("/attempts/")[2][:36]
        loaded, _questions = sitting_of(cluster.instance, self.browser.path)
        self.item_id, self.position = loaded.items[0].id, loaded.items[0].position
        self.acknowledged = 0
        self.refused: list[str] = []
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on)
        self._thread.start()

    def _go_on(self) -> None:
        while not self._ended.is_set():
            seq = self.acknowledged + 1
            event = {"item": self.position, "seq": seq, "response": {"answer": [str(seq)]}, "client_time": "2026-06-01T10:00:00Z"}
            try:
                said = send_script(self.browser, self.attempt, [event], lease=LEASE)
                assert said["acknowledged"] == {str(self.position): seq}, said
                page = self.browser._request("GET", "/courses/prueba/activities/leccion-1")
                assert page.status_code == 200, page.status_code
            except (AssertionError, OSError) as error:
                self.refused.append(f"{type(error).__name__}: {error}"[:200])
                time.sleep(0.2)
            else:
                self.acknowledged = seq

    def end(self) -> None:
        """Stop saving."""
        self._ended.set()
        self._thread.join(120)

    def kept(self, cluster: Cluster) -> list[int]:
        """Return what the database holds of what was saved, in order."""
        statement = select(AnswerEvent.seq, AnswerEvent.payload).where(AnswerEvent.item_id == self.item_id, AnswerEvent.lease == LEASE)
        with cluster.instance.database.unit_of_work(write=False) as session:
            rows = session.execute(statement.order_by(AnswerEvent.seq)).all()
        assert all(json.loads(row.payload) == {"answer": [str(row.seq)]} for row in rows)
        return [row.seq for row in rows]


def nothing_lost(cluster: Cluster, savers: list[Saver]) -> int:
    """Check that each acknowledged answer is there, once and in order; return how many were acknowledged."""
    for saver in savers:
        kept = saver.kept(cluster)
        assert len(kept) >= saver.acknowledged
        assert all(later == sooner + 1 for sooner, later in pairwise(kept))
    return sum(saver.acknowledged for saver in savers)


def test_a_learner_goes_through_four_processes_to_the_certificate(cluster: Cluster) -> None:
    """Sign in, read, save, hand in, download: each request goes to the next process, none of which keeps anything for itself."""
    assert isinstance(cluster.instance.files, BucketStore)
    person = a_person(cluster.instance, "rosa@example.org")
    learner = sign_in(far(cluster), "rosa@example.org")
    learner.get("/courses/conguia")
    learner.submit("/enrolment")
    for number in (1, 2):
        learner.get(f"/courses/conguia/activities/leccion-{number}")
        learner.submit(f"/leccion-{number}/done")
        answer_right(learner, f"/courses/conguia/quizzes/cuestionario-{number}")
    page = learner.get("/courses/conguia/resources")
    address = next(href for href, _words in page.links if "/files/" in href)
    assert learner._request("GET", address).get_data() == DOCUMENT
    part = learner._request("GET", address, headers={"Range": "bytes=1000-1009"})
    assert (part.status_code, part.get_data()) == (206, DOCUMENT[1000:1010])

    wait_until(lambda: re.search(CERTIFICATE, learner.get("/certificates").html) is not None, "the worker")
    certificate = re.search(CERTIFICATE, learner.page.html)
    assert certificate
    assert learner._request("GET", f"{certificate[0]}.pdf").get_data()[:5] == b"%PDF-"
    assert person.id
    assert learner._request("GET", "/metrics").status_code == 404


def test_wrong_passwords_count_together_whichever_process_hears_them(cluster: Cluster) -> None:
    """spec/security 2.3, in Redis: ten tries in all, not ten for each of four processes."""
    a_person(cluster.instance, "victima@example.org")
    statuses = []
    for _turn in range(12):
        guesser = far(cluster)
        guesser.get("/sign-in")
        fields = dict(guesser.page.form("/sign-in").fields) | {"email": "victima@example.org", "password": "otra cosa"}
        statuses.append(guesser._request("POST", "/sign-in", data=fields).status_code)

    assert statuses[:10].count(429) == 0
    assert statuses[10:] == [429, 429]


@pytest.mark.faults
def test_redis_may_go_and_nobody_is_signed_out_or_loses_anything(cluster: Cluster) -> None:
    """spec/security 6.4."""
    savers = [Saver(cluster, f"sinredis{number}") for number in range(2)]
    wait_until(lambda: all(saver.acknowledged > 1 for saver in savers), "saving")
    cluster.redis.kill()
    before = [saver.acknowledged for saver in savers]
    wait_until(lambda: all(saver.acknowledged > known + 3 for saver, known in zip(savers, before, strict=True)), "saving without Redis")
    cluster.redis.start()
    for saver in savers:
        saver.end()

    assert [saver.refused for saver in savers] == [[], []]
    told(f"Redis away: {nothing_lost(cluster, savers)} answers acknowledged, 0 lost")


@pytest.mark.faults
def test_a_killed_process_costs_the_requests_in_its_hands_and_nothing_acknowledged(cluster: Cluster) -> None:
    """spec/security 6.5: kill -9 of one of four."""
    savers = [Saver(cluster, f"muerte{number}") for number in range(SAVERS)]
    wait_until(lambda: all(saver.acknowledged > 1 for saver in savers), "saving")
    victim = cluster.servers[1]
    victim.kill()
    known = [saver.acknowledged for saver in savers]
    victim.start()
    victim.wait()
    wait_until(lambda: all(saver.acknowledged > one + 3 for saver, one in zip(savers, known, strict=True)), "saving afterwards")
    for saver in savers:
        saver.end()

    refused = [said for saver in savers for said in saver.refused]
    assert len(refused) <= 2 * SAVERS, refused
    count = nothing_lost(cluster, savers)
    told(f"kill -9 of one of four: {count} answers acknowledged, 0 lost, {len(refused)} requests refused and sent again")


@pytest.mark.faults
def test_a_rolling_restart_drops_no_request(cluster: Cluster) -> None:
    """Each process in turn ends after the requests in hand; who comes meanwhile waits in the socket."""
    savers = [Saver(cluster, f"vuelta{number}") for number in range(SAVERS)]
    wait_until(lambda: all(saver.acknowledged > 1 for saver in savers), "saving")
    before = sum(saver.acknowledged for saver in savers)
    for server in cluster.servers:
        assert server.stop() == 0
        server.start()
        server.wait()
    wait_until(lambda: sum(saver.acknowledged for saver in savers) > before + SAVERS, "saving afterwards")
    for saver in savers:
        saver.end()

    assert [said for saver in savers for said in saver.refused] == []
    told(f"Rolling restart of four: {nothing_lost(cluster, savers)} answers acknowledged, 0 lost, 0 requests dropped")
