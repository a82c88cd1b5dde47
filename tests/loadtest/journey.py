"""One learner on deadline day, as a browser without a script would walk, but for the saves, which come as the script sends them.

Whatever a server said was kept is written down: the database has to agree with it afterwards (`tests.loadtest.reconciliation`).
"""

import asyncio
import json
import re
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random

import aiohttp

from tests.loadtest.filling import QUIZ, SLUG, answers
from tests.loadtest.measures import Measures

PATIENCE = 30.0
"""Seconds after which somebody gives up waiting for an answer, and tries again."""
TRIES = 4
LONGEST_PAUSE = 4.0
CERTIFICATE_TRIES = 60
ENOUGH = 7
"""Right answers with which the quiz is passed."""
RELOAD = 1.0
"""Seconds after which somebody looks again whether the certificate has come."""
TOKEN = re.compile(r'name="csrf_token" value="([^"]+)"')
LESSON = re.compile(rf'href="(/courses/{SLUG}/activities/[a-z0-9-]+)"')
LEASE = re.compile(r'data-lease="(\d+)"')
CERTIFICATE = re.compile(r'href="(/certificates/[0-9a-f-]{36})')


class WrongPageError(Exception):
    """A page is not the one that a step leads to."""


@dataclass(frozen=True, slots=True)
class AcknowledgedAnswers:
    """The servers' acknowledgements to one learner: each saved answer, whether the attempt is submitted, and the certificate."""

    email: str
    attempt: str = ""
    saves: Mapping[int, tuple[int, int, str]] = field(default_factory=dict)
    """By place: lease, seq and the answer as typed."""
    right: int = 0
    submitted: bool = False
    certificate: str = ""


@dataclass
class VirtualUser:
    """A learner's browser; each request goes to one of the servers at random, so none may keep what another needs."""

    client: aiohttp.ClientSession
    servers: Sequence[str]
    measures: Measures
    began: float
    email: str
    password: str
    chance: Random
    pause: float
    tries: int
    completes: bool
    due: float
    """When the next request is to leave: the wait for its answer counts from then."""
    attempt: str = ""
    saves: dict[int, tuple[int, int, str]] = field(default_factory=dict)
    right: int = 0
    submitted: bool = False
    certificate: str = ""

    def acknowledged_answers(self) -> AcknowledgedAnswers:
        """Return the servers' acknowledgements."""
        return AcknowledgedAnswers(
            self.email, self.attempt, dict(self.saves), right=self.right, submitted=self.submitted, certificate=self.certificate
        )

    async def walk(self) -> None:
        """Sign in, read four lessons, answer the quiz with ten saves, hand it in; who completes the course fetches the certificate."""
        try:
            await self._enter()
            page = await self.get("course", f"/courses/{SLUG}", "<h1")
            for lesson in dict.fromkeys(LESSON.findall(page)):
                read = await self.get("lesson", lesson, "<h1")
                if self.completes:
                    await self.post("done", f"{lesson}/done", {"csrf_token": token_of(read)})
            await self._answer()
            if self.completes and self.right >= ENOUGH:
                await self._fetch_certificate()
        except WrongPageError as wrong:
            self.measures.errors[str(wrong)] += 1

    async def _enter(self) -> None:
        page = await self.get("sign-in page", "/sign-in", 'name="password"')
        await self.post("sign-in", "/sign-in", {"csrf_token": token_of(page), "email": self.email, "password": self.password})
        await self.get("home", "/learning", SLUG)

    async def _answer(self) -> None:
        quiz = f"/courses/{SLUG}/quizzes/{QUIZ}"
        page = await self.get("quiz", quiz, 'name="csrf_token"')
        path = await self.post("start", f"{quiz}/attempts", {"csrf_token": token_of(page)})
        self.attempt = path.rsplit("/", 1)[-1]
        page = await self.get("attempt", path, 'id="attempt"')
        lease = int(match[1]) if (match := LEASE.search(page)) else 0
        for number, right in enumerate(answers(page), 1):
            typed = right if self.chance.random() < 0.95 else "0"
            self.right += typed == right
            events = [{"item": number, "seq": 1, "response": {"answer": [typed]}, "client_time": "2026-11-20T12:00:00Z"}]
            fields = {"csrf_token": token_of(page), "lease": str(lease), "events": json.dumps(events)}
            reply = json.loads(await self.post("save", f"{path}/answers", fields, script=True))
            if reply["acknowledged"].get(str(number)) == 1:
                self.saves[number] = (lease, 1, typed)
        page = await self.get("summary", f"{path}/summary", 'name="csrf_token"')
        await self.post("submit", f"{path}/submission", {"csrf_token": token_of(page)})
        self.submitted = True
        await self.get("result", f"{path}/review", 'id="review"')

    async def _fetch_certificate(self) -> None:
        for _try in range(CERTIFICATE_TRIES):
            page = await self.get("certificates", "/certificates", "<h1")
            if match := CERTIFICATE.search(page):
                await self.get("certificate", f"{match[1]}.pdf", "%PDF")
                self.certificate = match[1].rsplit("/", 1)[-1]
                return
            self.due = max(self.due, time.monotonic() + RELOAD)
        raise WrongPageError("no certificate came")

    async def get(self, step: str, path: str, sign: str) -> str:
        """Open a page that has to hold a sign of its own."""
        status, text, _location = await self._ask(step, "GET", path)
        if status != HTTPStatus.OK or sign not in text:
            raise WrongPageError(f"{step}: {status}")
        return text

    async def post(self, step: str, path: str, fields: Mapping[str, str], *, script: bool = False) -> str:
        """Send a form; return where it leads, or what the script is answered."""
        status, text, location = await self._ask(step, "POST", path, fields, script=script)
        if status != (HTTPStatus.OK if script else HTTPStatus.SEE_OTHER):
            raise WrongPageError(f"{step}: {status}")
        return text if script else location

    async def _ask(
        self, step: str, method: str, path: str, fields: Mapping[str, str] | None = None, *, script: bool = False
    ) -> tuple[int, str, str]:
        """Send a request when it is due, again after a lost one, as browsers and the script do; it waits since it was due.

        The page that asks to wait, which tries again by itself (`kernel.web.active_requests`), is no failure.
        """
        await asyncio.sleep(max(0.0, self.due - time.monotonic()))
        headers = {"Accept": "application/json" if script else "text/html", "Accept-Language": "es"}
        failed = 0
        while failed < self.tries:
            if failed:
                await asyncio.sleep(min(0.5 * 2**failed, LONGEST_PAUSE) * self.chance.uniform(0.5, 1))
            address = self.chance.choice(self.servers) + path
            try:
                async with self.client.request(method, address, data=fields, headers=headers, allow_redirects=False) as answer:
                    text = (await answer.read()).decode("utf-8", "replace")
                    if answer.status < HTTPStatus.INTERNAL_SERVER_ERROR:
                        now = time.monotonic()
                        self.measures.note(step, now - self.began, now - self.due)
                        self.due = now + self.chance.uniform(0, 2 * self.pause)
                        return answer.status, text, re.sub(r"^https?://[^/]+", "", answer.headers.get("Location", ""))
                if again := answer.headers.get("Refresh"):
                    self.measures.asked_to_wait += 1
                    await asyncio.sleep(int(again))
                    continue
                self.measures.errors[f"{step}: {answer.status}"] += 1
            except (aiohttp.ClientError, TimeoutError) as error:
                self.measures.errors[f"{step}: {type(error).__name__}"] += 1
            failed += 1
        raise WrongPageError(f"{step}: no answer")


def token_of(page: str) -> str:
    """Return a page's form token."""
    if not (match := TOKEN.search(page)):
        raise WrongPageError("a form without a token")
    return match[1]


@dataclass(frozen=True, slots=True)
class LoadProfile:
    """The load of a test: learners, servers, and how long they view a page on average (seconds)."""

    servers: tuple[str, ...]
    password: str
    seed: int
    pause: float
    tries: int = TRIES
    """How often a request is sent before somebody gives up."""
    completes: bool = True
    """Lessons are marked as read, so that who passes has a certificate."""


async def walk_all(crowd: LoadProfile, emails: Sequence[str], moments: Sequence[float], measures: Measures) -> list[AcknowledgedAnswers]:
    """Let one learner set out at each moment, whatever became of those before; return what each was told."""
    began = time.monotonic()

    async def one(email: str, moment: float) -> AcknowledgedAnswers:
        await asyncio.sleep(max(0.0, began + moment - time.monotonic()))
        timeout = aiohttp.ClientTimeout(total=PATIENCE)
        jar = aiohttp.CookieJar(unsafe=True, treat_as_secure_origin=[*crowd.servers])
        async with aiohttp.ClientSession(timeout=timeout, cookie_jar=jar, connector=aiohttp.TCPConnector(limit=2)) as client:
            chance = Random(f"{crowd.seed}:{email}")  # noqa: S311 - a simulation, no secrets
            due = began + moment
            learner = VirtualUser(
                client,
                crowd.servers,
                measures,
                began=began,
                email=email,
                password=crowd.password,
                chance=chance,
                pause=crowd.pause,
                tries=crowd.tries,
                completes=crowd.completes,
                due=due,
            )
            await learner.walk()
            return learner.acknowledged_answers()

    return list(await asyncio.gather(*(one(email, moment) for email, moment in zip(emails, moments, strict=True))))
