"""People who write in discussions over a line that is cut, and what stands in the database of what they typed."""

from __future__ import annotations

import http.client
import re
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from email import policy
from email.parser import BytesParser
from http.cookies import SimpleCookie
from pathlib import Path
from random import Random
from urllib.parse import urlencode, urlsplit

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from accounts.models import Notification, Person
from discussions import subscriptions, whats_new
from discussions.models import Level, PostDraft, PostRevision, PostState, Subscription, Thread, ThreadPost
from kernel import clock
from kernel.permissions import Actor
from kernel.search.index import SearchEntry
from tests.support.browser import Form, Page
from tests.support.builders import PASSWORD

PATIENCE = 60.0
"""Seconds in which a form is sent again and again."""
MARK = re.compile(r"m[0-9]+m")
"""What is typed: each text adds one to what the form held."""
CANDIDATE = re.compile(r'name="mentions"[^>]*value="([^"]+)"')
POST = re.compile(r"/discussions/posts/([a-z0-9]{12})")
CUTS = ("half", "unheard", "answer")
"""The line breaks in the middle of the request; just after it; as the answer comes."""


class LineCutError(Exception):
    """Nobody knows whether the request arrived."""


@dataclass
class Visitor:
    """Somebody's browser before a server on a port: cookies, and requests of which the line may be cut."""

    port: int
    email: str
    cookies: dict[str, str] = field(default_factory=dict)

    def ask(self, method: str, path: str, fields: Sequence[tuple[str, str]] | None = None, *, cut: str = "") -> tuple[int, str, str]:
        """Send a request; return status, page and where it leads. Raise LineCutError where no answer came."""
        headers = {"Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items()), "Accept": "text/html"}
        body = None if fields is None else urlencode(fields).encode()
        if body is not None:
            headers |= {"Content-Type": "application/x-www-form-urlencoded", "Content-Length": str(len(body))}
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request(method, path, body[: len(body) // 2] if body and cut == "half" else body, headers)
            if cut in ("half", "unheard"):
                raise LineCutError(cut)
            answer = connection.getresponse()
            if cut:
                raise LineCutError(cut)
            text = answer.read().decode()
        except (OSError, http.client.HTTPException) as error:
            raise LineCutError(type(error).__name__) from error
        finally:
            connection.close()
        for line in answer.headers.get_all("Set-Cookie", ()):
            self.cookies.update({name: morsel.value for name, morsel in SimpleCookie(line).items()})
        location = urlsplit(answer.headers.get("Location", ""))
        return answer.status, text, location.path + (f"?{location.query}" if location.query else "")

    def open(self, path: str) -> str:
        """Open a page, again and again until the server answers; follow where it leads."""
        ends = time.monotonic() + PATIENCE
        while True:
            with suppress(LineCutError):
                status, text, location = self.ask("GET", path)
                if status == http.HTTPStatus.OK:
                    return text
                if location:
                    path = location
                    continue
                assert status == http.HTTPStatus.SERVICE_UNAVAILABLE, f"{path}: {status}"
            assert time.monotonic() < ends, f"{path}: no answer"
            time.sleep(0.2)

    def enter(self) -> None:
        """Sign in."""
        form = Page(self.open("/sign-in")).form("/sign-in")
        fields = [(name, value) for name, value in form.fields if name not in ("email", "password")]
        status = self.ask("POST", "/sign-in", [*fields, ("email", self.email), ("password", PASSWORD)])[0]
        assert status == http.HTTPStatus.SEE_OTHER, status

    def form(self, page: str, action: str) -> Form:
        """Open a page, and return its form to an address that ends like this."""
        return Page(self.open(page)).form(action)


@dataclass
class TypedText:
    """A text in its form, as it stands in the window of its writer until an answer comes."""

    mark: str
    address: str
    fields: list[tuple[str, str]]
    act: str
    mentions: bool = False
    answered: str = ""
    """With `post` and its key, or as `draft` or `refused`."""


@dataclass
class Writer:
    """Somebody who writes in some threads, opens new ones, saves drafts and edits; each window stays until it is answered."""

    visitor: Visitor
    threads: Sequence[str]
    board: str
    marks: Iterator[str]
    chance: Random
    cut_share: float = 0.15
    typed: list[TypedText] = field(default_factory=list)
    open_windows: dict[str, TypedText] = field(default_factory=dict)
    """By the address of the form: what was sent and has no answer."""
    own: list[str] = field(default_factory=list)
    """Keys of what they published."""
    lost: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)

    def work(self) -> None:
        """Write until there is nothing more to write; windows without an answer stay open."""
        for mark in self.marks:
            address = self._choose()
            if address in self.open_windows:
                self.send(self.open_windows[address])
                address = next(f"/discussions/{thread}/answer" for thread in self.threads if self._is_free(thread))
            text = self._type(mark, address)
            self.typed.append(text)
            self.send(text, gives_up=self.chance.random() < 0.3)

    def _is_free(self, thread: str) -> bool:
        return f"/discussions/{thread}/answer" not in self.open_windows

    def _choose(self) -> str:
        drawn = self.chance.random()
        if drawn < 0.2 and self.own:
            return f"/discussions/posts/{self.chance.choice(self.own)}/edit"
        if drawn < 0.25:
            return f"/discussions/new/{self.board}"
        return f"/discussions/{self.chance.choice(self.threads)}/answer"

    def _type(self, mark: str, address: str) -> TypedText:
        """Open the form and add to what it holds: the draft, or the post that is edited."""
        page = self.visitor.open(address)
        form = Page(page).form(address)
        values = dict(form.fields)
        typed = {"text": f"{values.get('text', '')}\n\nEscribo {mark}.".strip()}
        if "title" in values:
            typed |= {"title": values["title"] or f"Un hilo nuevo {mark}", "kind": "discussion"}
        people = CANDIDATE.findall(page)
        person = self.chance.choice(people) if people and self.chance.random() < 0.3 else ""
        act = "draft" if self.chance.random() < 0.15 else "publish"
        rest = [field for field in form.fields if field[0] not in typed and field != ("mentions", person)]
        fields = [*rest, *typed.items(), *([("mentions", person)] if person else []), ("act", act)]
        return TypedText(mark, address, fields, act, act == "publish" and any(name == "mentions" for name, _value in fields))

    def send(self, text: TypedText, *, gives_up: bool = False) -> None:
        """Send a window's form until it is answered, the line cut now and then; or once, and leave the window open."""
        self.open_windows[text.address] = text
        ends = time.monotonic() + PATIENCE
        while time.monotonic() < ends:
            cut = self.chance.choice(CUTS) if self.chance.random() < self.cut_share else ""
            try:
                status, page, location = self.visitor.ask("POST", text.address, text.fields, cut=cut)
            except LineCutError as error:
                self.lost[str(error)] += 1
            else:
                if status == http.HTTPStatus.SEE_OTHER:
                    self._note(text, location)
                    return
                self.lost[str(status)] += 1
                if status != http.HTTPStatus.SERVICE_UNAVAILABLE or text.mark not in page:
                    self.wrong.append(f"{text.address}: {status}")
            if gives_up:
                return
            time.sleep(self.chance.uniform(0.1, 0.4))
        self.wrong.append(f"{text.address}: no answer")

    def _note(self, text: TypedText, location: str) -> None:
        del self.open_windows[text.address]
        if match := POST.fullmatch(location):
            text.answered = f"post {match[1]}"
            if match[1] not in self.own:
                self.own.append(match[1])
        else:
            text.answered = "refused" if "refused=" in location else "draft"
            if text.answered == "draft" and location != text.address:
                self.wrong.append(f"{text.address}: {location}")

    def send_again(self) -> None:
        """Send what is still in open windows, over a line that holds."""
        self.cut_share = 0.0
        for text in list(self.open_windows.values()):
            self.send(text)


def write_all(writers: Sequence[Writer], over: threading.Event | None = None) -> None:
    """Let all write at once, and set the event when the last is done."""
    with ThreadPoolExecutor(len(writers)) as pool:
        for done in [pool.submit(writer.work) for writer in writers]:
            done.result()
    if over is not None:
        over.set()


def standing(session: Session) -> Counter[str]:
    """Count where each mark stands: in posts, and in drafts, but for what a draft of an edit repeats of its post."""
    count, posts = Counter[str](), dict(session.execute(select(ThreadPost.id, ThreadPost.source)).all())
    for source in posts.values():
        count.update(MARK.findall(source))
    for post, source in session.execute(select(PostDraft.post_id, PostDraft.source)):
        count.update(mark for mark in MARK.findall(source) if mark not in MARK.findall(posts.get(post, "")))
    return count


def revised(session: Session) -> set[str]:
    """Return the marks that stand in the former text of a post."""
    return {mark for source in session.scalars(select(PostRevision.source)) for mark in MARK.findall(source)}


def published(session: Session) -> dict[str, str]:
    """Return by each mark that stands in a post the post's key."""
    rows = session.execute(select(ThreadPost.key, ThreadPost.source)).all()
    return {mark: key for key, source in rows for mark in MARK.findall(source)}


def faults_of_counts(session: Session) -> list[str]:
    """Name what threads say of their posts, and boards to their readers, that is not so when it is counted anew."""
    faults = list[str]()
    threads = session.scalars(select(Thread)).all()
    for thread in threads:
        rows = session.scalars(select(ThreadPost).where(ThreadPost.thread_id == thread.id).order_by(ThreadPost.number)).all()
        visible = {row.number: row for row in rows if row.state == PostState.VISIBLE}
        last = max(visible, default=0)
        recount = {"posts": len(visible), "last_number": len(rows), "shown_number": last}
        if visible:
            recount["last_post_at"] = visible[last].written_at  # type: ignore[assignment]  # a moment beside the numbers
        faults += [f"{name} of {thread.key}" for name, value in recount.items() if getattr(thread, name) != value]
        if [row.number for row in rows] != list(range(1, len(rows) + 1)):
            faults.append(f"numbers in {thread.key}")
        faults += [f"mark of {thread.key}" for number in (thread.accepted, thread.summary) if number is not None and number not in visible]
    return [*faults, *_faults_of_reading(session, threads), *_faults_of_search(session)]


def _faults_of_reading(session: Session, threads: Sequence[Thread]) -> list[str]:
    """Compare what followers are shown as new with their read marks; those of these tests read everything and mute nothing."""
    faults = list[str]()
    for person_id in session.scalars(select(Subscription.person_id).where(Subscription.thread_id.is_not(None)).distinct()).all():
        actor = Actor(person_id=person_id, language="es")
        mine = (Subscription.person_id == person_id, Subscription.level == Level.FOLLOW.value)
        read = dict(session.execute(select(Subscription.thread_id, Subscription.read_number).where(*mine)).all())
        new = {thread.id for thread in threads if thread.id in read and thread.shown_number > (read[thread.id] or 0)}
        others = {thread.id for thread in threads if thread.id not in read and thread.shown_number > 0}
        own = {thread.id for thread in threads if thread.person_id == person_id}
        if sum(subscriptions.count_new(session, actor, now=clock.now()).values()) != len(new | others):
            faults.append(f"threads with something new to {person_id}")
        unread = (ThreadPost.state == PostState.VISIBLE.value, ThreadPost.person_id != person_id)
        counts = [
            session.scalar(
                select(func.count()).where(ThreadPost.thread_id == thread, ThreadPost.number > number, *unread).select_from(ThreadPost)
            )
            for thread, number in read.items()
            if thread not in own  # answers to these are notified one by one
        ]
        lines = whats_new._list_of(session, actor, {whats_new.REPLY_NOTICE.value})
        if sorted(line.count for line in lines) != sorted(count for count in counts if count):
            faults.append(f"posts new to {person_id}")
    return faults


def _faults_of_search(session: Session) -> list[str]:
    """Name the posts that are not in the search exactly where they are shown; and those whose text there is another one."""
    entries = dict[str, str]()
    for place, body in session.execute(select(SearchEntry.place, SearchEntry.body).where(SearchEntry.collection == "board")):
        entries[place.lstrip("#")] = entries.get(place.lstrip("#"), "") + body
    rows = session.execute(
        select(ThreadPost.key, ThreadPost.source, ThreadPost.state, Thread.state).join(Thread, Thread.id == ThreadPost.thread_id)
    )
    faults = list[str]()
    for key, source, state, thread_state in rows:
        is_visible = state == thread_state == PostState.VISIBLE
        if Counter(MARK.findall(entries.pop(key, ""))) != Counter(MARK.findall(source) if is_visible else ()):
            faults.append(f"search entry of {key}")
    return [*faults, *(f"search entry of {key}, which is no post" for key in entries)]


def notified(session: Session) -> Counter[tuple[str, str]]:
    """Count the notifications of each person by what they are about."""
    statement = select(Person.email, Notification.key).join(Person, Person.id == Notification.person_id)
    return Counter((email, key) for email, key in session.execute(statement))


def mails(folder: Path) -> Counter[tuple[str, str, str]]:
    """Count the mails about posts that went out, by person, what happened to the post, and its key; others name no post."""
    count = Counter[tuple[str, str, str]]()
    for path in (folder / "mail").glob("notice-*.eml"):
        message = BytesParser(policy=policy.default).parsebytes(path.read_bytes())
        body = message.get_body(("plain",))
        text = body.get_content() if body else ""
        if match := POST.search(text):
            _greeting, event, *_rest = text.strip().split("\n\n")
            count[str(message["To"]), event.split(".")[0], match[1]] += 1
    return count
