"""The product beside Kolibri on one machine: journeys a second of eight learners at once (spec/performance P4).

Kolibri is installed from the package index into `build/peers`, a folder of its own, and filled with a channel that is made here: four
lessons and a quiz of ten questions, nothing from another machine. Both are asked what a learner's browser asks but for style sheets,
scripts, pictures and fonts: that is what Chromium sent when somebody did these steps, in Kolibri with the panel that leads from one lesson
to the next, which asks for least. What a browser of Kolibri has already is asked for with its tag, and mostly answered with 304.

    python -m tests.bench.peers
"""

import http.client
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
import uuid
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.cookies import SimpleCookie
from pathlib import Path
from statistics import median
from typing import Any

from lms.serve import usual_workers
from scripts.figures import newest, record
from tests.bench.__main__ import SEED, replaced
from tests.bench.pages import walk
from tests.bench.processes import ROOT, product, running
from tests.bench.table import Row, formatted
from tests.loadtest.command import LoadTestInstance, LoadTestPlan, prepare
from tests.support.server import free_port

VERSION = "0.19"
FOLDER = ROOT / "build" / "peers" / "kolibri"
BROWSERS, JOURNEYS, ROUNDS = 8, 4, 4
PEOPLE = BROWSERS * JOURNEYS * (ROUNDS + 1)
PASSWORD = "cuatro palabras"
QUIZ, LESSONS = "Cuestionario", tuple(f"Leccion {number}" for number in range(1, 5))
FILL = """
import hashlib, io, json, os, sys, uuid, zipfile
from kolibri.utils.main import initialize
initialize()
from django.contrib.auth.hashers import make_password
from kolibri.core.auth.models import Facility, FacilityUser
from kolibri.core.content.models import AssessmentMetaData, ChannelMetadata, ContentNode, File, Language, LocalFile
from kolibri.core.content.utils.paths import get_content_storage_file_path

def identity(name):
    return uuid.uuid5(uuid.NAMESPACE_URL, name).hex

def stored(files, extension):
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as into:
        for name, text in files.items():
            into.writestr(name, text)
    content = packed.getvalue()
    digest = hashlib.md5(content).hexdigest()
    path = get_content_storage_file_path(f"{digest}.{extension}")
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as file:
        file.write(content)
    return LocalFile.objects.create(id=digest, extension=extension, available=True, file_size=len(content))

people, password, quiz, *lessons = sys.argv[1:]
channel = identity("channel")
language, _made = Language.objects.get_or_create(id="es", defaults={"lang_code": "es", "lang_name": "Español"})
common = {"channel_id": channel, "available": True, "lang": language}
root = ContentNode.objects.create(id=channel, title="Curso", kind="topic", content_id=identity("root"), **common)

def node(name, kind, order):
    return ContentNode.objects.create(
        id=identity(name), parent=root, title=name, kind=kind, content_id=identity("content " + name), sort_order=order, **common
    )

files = {}
for order, name in enumerate(lessons):
    words = "".join(f"<p>La seguridad social protege a las personas. {name}, {line}</p>" for line in range(120))
    file = stored({"index.html": f"<!doctype html><html><body><h1>{name}</h1>{words}</body></html>"}, "zip")
    files[name] = f"/content/zipcontent/{file.id}.zip/index.html"
    lesson = node(name, "html5", order)
    File.objects.create(id=identity("file " + name), local_file=file, contentnode=lesson, preset="html5_zip", priority=1)
items = [identity(f"item {number}") for number in range(10)]
answers = [{"value": 4, "status": "correct", "message": "", "simplify": "required", "strict": False}]
options = {"static": False, "answers": answers, "size": "normal"}
field = {"type": "numeric-input", "graded": True, "static": False, "options": options, "version": {"major": 0, "minor": 0}}
asked = {"content": "2 + 2 = [[\u2603 numeric-input 1]]", "images": {}, "widgets": {"numeric-input 1": field}}
question = json.dumps({"question": asked, "answerArea": {}, "itemDataVersion": {"major": 0, "minor": 1}, "hints": []})
file = stored({"exercise.json": json.dumps({"all_assessment_items": items}), **{f"{item}.json": question for item in items}}, "perseus")
files[quiz] = f"/content/storage/{file.id[0]}/{file.id[1]}/{file.id}.perseus"
exercise = node(quiz, "exercise", 9)
File.objects.create(id=identity("file " + quiz), local_file=file, contentnode=exercise, preset="exercise", priority=1)
AssessmentMetaData.objects.create(
    id=identity("assessment"), contentnode=exercise, assessment_item_ids=items, number_of_assessments=10,
    mastery_model={"type": "m_of_n", "m": 10, "n": 10}, randomize=True, is_manipulable=True,
)
ChannelMetadata.objects.create(id=channel, name="Curso", version=1, min_schema_version="5", root=root)
facility, hashed = Facility.get_default_facility(), make_password(password)
for number in range(int(people)):
    FacilityUser.objects.create(username=f"learner{number}", full_name=f"Learner {number}", password=hashed, facility=facility)
print(json.dumps({"facility": facility.id, "items": items, "channel": channel, "files": files}))
"""


class NotInstalled(Exception):
    """Kolibri cannot be installed here; the text says why."""


def install() -> Path:
    """Install Kolibri where that was not done; return the folder of its commands, or raise NotInstalled."""
    commands = FOLDER / "bin"
    if not (commands / "kolibri").exists():
        subprocess.run([sys.executable, "-m", "venv", str(FOLDER)], check=True)
        pip = [str(commands / "pip"), "install", "--quiet", f"kolibri=={VERSION}.*"]
        done = subprocess.run(pip, check=False, capture_output=True, text=True, timeout=1200)
        if done.returncode:
            raise NotInstalled((done.stderr.strip().splitlines() or ["pip said nothing"])[-1])
    return commands


class KolibriBrowser:
    """A browser before Kolibri, which asks its pages and its interface as its own script does."""

    def __init__(self, port: int, zip_port: int, filled: dict[str, Any]) -> None:
        self._pages, self._zips = (http.client.HTTPConnection("127.0.0.1", one, timeout=120) for one in (port, zip_port))
        self._cookies: dict[str, str] = {}
        self._kept: dict[str, tuple[str, bytes]] = {}
        self._filled, self._channel = filled, filled["channel"]

    def ask(self, method: str, path: str, sent: object = None, *, status: int = 200) -> bytes:
        """Send a request and return the answer."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self._cookies.items())}
        tag, content = self._kept.get(path, ("", b""))
        if method == "GET" and tag:
            headers["If-None-Match"] = tag
        body = None if sent is None else json.dumps(sent)
        if body is not None:
            headers |= {"Content-Type": "application/json", "X-CSRFToken": self._cookies.get("kolibri_csrftoken", "")}
        connection = self._zips if path.startswith("/content/zipcontent/") else self._pages
        connection.request(method, path, body, headers)
        answer = connection.getresponse()
        received = answer.read()
        for line in answer.headers.get_all("Set-Cookie", ()):
            self._cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        if tag and answer.status == 304:
            return content
        assert answer.status == status, f"{method} {path}: {answer.status} {received[:200]!r}"
        self._kept[path] = (answer.headers.get("ETag", ""), received)
        return received

    def journey(self, username: str) -> None:
        """Sign in, open the channel, read four lessons, answer ten questions one by one, finish."""
        self._enter(username)
        self._open_channel()
        for lesson in LESSONS:
            if lesson != LESSONS[0]:
                self._open_panel()
            self._read(lesson)
        self._open_panel()
        session = self._begin(QUIZ, "exercise", mastery_model={"type": "m_of_n", "m": 10, "n": 10})
        self.ask("GET", self._filled["files"][QUIZ])
        for item in self._filled["items"]:
            given = {"numeric-input 1": {"static": False, "size": "normal", "coefficient": False, "answerForms": [], "currentValue": "4"}}
            answered = {"item": item, "correct": 1, "complete": True, "time_spent": 3, "answer": {"hints": [], "question": given}}
            self.ask("PUT", session, {"progress_delta": 0.1, "time_spent_delta": 3, "interactions": [answered]})
        self.ask("GET", f"/api/content/contentnode_tree/{self._channel}/?include_coach_content=false&depth=1")
        self.ask("GET", f"/api/content/contentnode/{_identity(QUIZ)}/recommendations_for/")
        self.ask("PUT", session, {"time_spent_delta": 1})
        self._open_channel()

    def _enter(self, username: str) -> None:
        facility, browser = self._filled["facility"], {"browser": {"name": "Chrome", "major": "156"}, "os": {"name": "Linux", "major": ""}}
        self.ask("GET", "/es-419/auth/")
        self.ask("PUT", "/api/auth/session/current/", {"active": False, **browser})
        self.ask("GET", "/api/auth/facility/")
        self.ask("GET", f"/api/auth/facilitydataset/?facility_id={facility}")
        named = {"username": username, "facility": facility, "active": True, **browser}
        self.ask("POST", "/api/auth/session/", {**named, "password": ""}, status=400)  # its first step: who has a password is asked for it
        person = json.loads(self.ask("POST", "/api/auth/session/", {**named, "password": PASSWORD}))["user_id"]
        self.ask("GET", "/es-419/redirectuser/", status=302)
        self.ask("GET", "/es-419/learn/")
        self.ask("PUT", "/api/auth/session/current/", {"active": False, **browser})
        self.ask("GET", "/learn/api/state")
        self.ask("GET", "/api/content/channel/?available=true")
        self.ask("GET", f"/api/logger/userprogress/{person}/")
        self.ask("GET", "/learn/api/homehydrate")

    def _open_channel(self) -> None:
        self.ask("GET", "/api/content/contentnode/?max_results=1")
        self.ask("GET", f"/api/content/contentnodeprogress/{self._channel}/tree/?include_coach_content=false&exclude_modalities=COURSE")
        self.ask("GET", f"/api/content/contentnode_tree/{self._channel}/?include_coach_content=false&exclude_modalities=COURSE")
        self.ask("GET", "/api/content/channel/?available=true")
        within = "exclude_modalities=COURSE&exclude_course_ancestry=true&include_coach_content=false&tree_id=1&lft__gt=1&rght__lt=12"
        self.ask("GET", f"/api/content/contentnode/?{within}&max_results=1")

    def _open_panel(self) -> None:
        self.ask("GET", f"/api/content/contentnodeprogress/{self._channel}/tree/?include_coach_content=false&depth=1")
        self.ask("GET", f"/api/content/contentnode_tree/{self._channel}/?include_coach_content=false&depth=1")

    def _read(self, lesson: str) -> None:
        session = self._begin(lesson, "html5")
        self.ask("GET", self._filled["files"][lesson])
        self.ask("PUT", session, {"progress_delta": 1, "time_spent_delta": 10})

    def _begin(self, name: str, kind: str, **more: object) -> str:
        self.ask("GET", "/api/content/channel/?available=true")
        self.ask("GET", f"/api/bookmarks/bookmarks/?contentnode_id={_identity(name)}")
        about = {"node_id": _identity(name), "content_id": _identity(f"content {name}"), "channel_id": self._channel}
        said = json.loads(self.ask("POST", "/api/logger/trackprogress/", {**about, "kind": kind, **more}))
        return f"/api/logger/trackprogress/{said['session_id']}/"


def _identity(name: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, name).hex


@contextmanager
def kolibri(commands: Path, folder: Path) -> Iterator[Callable[[int], None]]:
    """Serve Kolibri over a channel that is made here; yield what lets one of its learners go the whole way."""
    port, zip_port = free_port(), free_port()
    told = {
        "KOLIBRI_HOME": str(folder),
        "KOLIBRI_LISTEN_ADDRESS": "127.0.0.1",
        "KOLIBRI_ZEROCONF_ENABLED": "false",
        "KOLIBRI_RUN_MODE": "automated",  # tells its makers nothing
    }
    device = ["--facility", "Bench", "--preset", "nonformal", "--superusername", "admin", "--superuserpassword", PASSWORD]
    provision = [str(commands / "kolibri"), "manage", "provisiondevice", *device, "--language_id", "es-419", "--noinput"]
    environment = {**os.environ, **told}
    subprocess.run(provision, check=True, capture_output=True, env=environment)
    fill = [str(commands / "python"), "-c", FILL, str(PEOPLE), PASSWORD, QUIZ, *LESSONS]
    said = subprocess.run(fill, check=True, capture_output=True, text=True, env=environment).stdout
    filled = dict(json.loads(said.strip().splitlines()[-1]))
    serve = [str(commands / "kolibri"), "start", "--foreground", "--port", str(port), "--zip-port", str(zip_port)]
    with running(serve, "/api/public/info/", folder, port, **told) as server:
        server.settle()
        yield lambda number: KolibriBrowser(port, zip_port, filled).journey(f"learner{number}")


@contextmanager
def ours(folder: Path) -> Iterator[Callable[[int], None]]:
    """Serve the product with a process for each core; yield what lets one of its learners go the whole way."""
    url = f"sqlite:///{folder / 'aulario.sqlite'}"
    prepare(folder, LoadTestPlan(PEOPLE, None, 0, 0, 1, SEED), fresh=False, database_url=url).database.dispose()
    people = LoadTestInstance.read(folder)
    emails = people.take(PEOPLE)
    with product(folder, usual_workers(), LMS_DATABASE_URL=url) as server:
        server.settle()

        def go(number: int) -> None:
            visitor = server.visitor()
            visitor.enter(emails[number], people.password)
            assert visitor.ask("GET", "/").status == 303  # where signing in leads
            walk(visitor, looks_over=True)
            visitor.rest()

        yield go


def rate(go: Callable[[int], None], round_: int) -> float:
    """Return the journeys a second of eight learners at once in a round."""
    first = round_ * BROWSERS * JOURNEYS
    began = time.perf_counter()
    with ThreadPoolExecutor(BROWSERS) as pool:
        list(pool.map(go, range(first, first + BROWSERS * JOURNEYS)))
    return BROWSERS * JOURNEYS / (time.perf_counter() - began)


def measure() -> Row:
    """spec/performance P4: both in turns, of which the first fills the memories."""
    what = f"journeys a second of {BROWSERS} learners at once against Kolibri {VERSION}"
    try:
        commands = install()
    except (NotInstalled, OSError, subprocess.SubprocessError) as error:
        return Row("P4", what, None, 5, 8, f"Kolibri cannot be installed here: {error}")
    pairs = []
    with (
        tempfile.TemporaryDirectory() as own,
        tempfile.TemporaryDirectory() as other,
        ours(Path(own)) as we,
        kolibri(commands, Path(other)) as they,
    ):
        for round_ in range(ROUNDS + 1):
            rates = {go: rate(go, round_) for go in ((we, they) if round_ % 2 else (they, we))}
            pairs.append((rates[we], rates[they]))
    pairs = pairs[1:]
    one, two = (median(pair[side] for pair in pairs) for side in (0, 1))
    return Row("P4", what, median(a / b for a, b in pairs), 5, 8, f"{one:.1f} against {two:.1f}")


def main() -> int:
    """Measure, record and print; return 1 where the bar is not met."""
    row = measure()
    stored = newest("performance").get("sqlite", {"accounts": PEOPLE, "rows": []})
    record("performance", "sqlite", {**stored, "rows": replaced(stored["rows"], [row])}, run={"only": "peers", "rows": [row.recorded()]})
    sys.stdout.write(formatted([row], "SQLite") + "\n")
    return int(row.verdict == "NOT MET")


if __name__ == "__main__":
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # cut by a time limit it ends as with Ctrl+C: its servers with it
    sys.exit(main())
