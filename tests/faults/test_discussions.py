"""Nothing that is typed in discussions is lost: servers killed, lines cut, eight at once (spec/communities D14 to D17, section 11)."""

import signal
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import timedelta
from random import Random

import pytest
from sqlalchemy import func, select, update

from accounts.models import Device, Person
from courses.models import Course, StaffRole
from discussions import boards, threads
from discussions.models import Board, BoardState, PostDraft, Thread, ThreadPost
from discussions.views.writing import TextSaved
from kernel import clock
from kernel.outbox import Job, deliver_waiting
from lms.instance import Instance
from tests.faults.chaos import Serving, wait_until_ready
from tests.faults.discussing import Visitor, Writer, faults_of_counts, mails, notified, published, revised, standing, write_all
from tests.support.boards import a_thread, actor_of, an_answer
from tests.support.browser import Page
from tests.support.builders import PASSWORD, a_course, a_learner, a_teacher
from tests.support.course_boards import a_course_board
from tests.support.sizes import FIRST_HISTORY
from tests.support.soon import until
from tests.support.takes import read
from tests.support.wording import in_spanish

Say = Callable[[str], None]
TEXTS = 500
KILLS = 5
ROUNDS = 8
LONGEST = 300.0
THREADS = 5
TEAM, LEARNERS = 8, 3
"""The team is not limited; learners are refused after ten posts, and what they write stays a draft."""
SEED = FIRST_HISTORY
pytestmark = pytest.mark.fresh


@dataclass(frozen=True)
class Discussed:
    """A course whose board is discussed in, and its people by their addresses."""

    instance: Instance
    course: Course
    board: Board
    threads: list[str]
    team: list[str]
    learners: list[str]

    def thread(self, key: str) -> Thread:
        """Return a thread as it is now."""
        return read(self.instance, lambda session: session.scalars(select(Thread).where(Thread.key == key)).one())


@pytest.fixture
def discussed(instance: Instance) -> Discussed:
    """Return a course with an open board of questions by its team and its learners."""
    course = a_course(instance)
    team, learners = [f"equipo{at}@example.org" for at in range(TEAM)], [f"aprende{at}@example.org" for at in range(LEARNERS)]
    roles = [StaffRole.EDITOR, StaffRole.EDITOR, *[StaffRole.GRADER] * (TEAM - 2)]
    people = [a_teacher(instance, course, email, role) for email, role in zip(team, roles, strict=True)]
    for email in learners:
        a_learner(instance, course, email)
    board = a_course_board(instance, course)
    first = [a_thread(instance, board, person, title=f"Pregunta número {person.id}") for person in people[:THREADS]]
    keys = [read(instance, lambda session, post=post: session.get_one(Thread, post.thread_id).key) for post in first]
    return Discussed(instance, course, board, keys, team, learners)


@pytest.fixture
def server(discussed: Discussed) -> Iterator[Serving]:
    """Serve it with two processes that write, and leave nothing running."""
    settings = discussed.instance.settings
    server = Serving(settings.data_dir, {"LMS_DATABASE_URL": settings.database})
    server.start()
    try:
        wait_until_ready(server)
        yield server
    finally:
        if server.process is not None and server.process.poll() is None:
            server.kill()


def visitors(server: Serving, emails: list[str]) -> list[Visitor]:
    """Sign people in."""
    signed_in = [Visitor(server.port, email) for email in emails]
    for visitor in signed_in:
        visitor.enter()
    return signed_in


def deliver_later(instance: Instance) -> int:
    """Do all background work once what killed workers had in hand is free again; return how many jobs are not done."""
    deliver_waiting(instance.worker, now=clock.now() + timedelta(minutes=10))
    return read(instance, lambda session: session.scalar(select(func.count()).select_from(Job).where(Job.done_at.is_(None))) or 0)


def test_five_hundred_texts_while_servers_are_killed_and_lines_are_cut(discussed: Discussed, server: Serving, say: Say) -> None:
    """Each text stands once, as post or draft; counts are those of the posts; nobody is notified twice of one."""
    instance, chance, kills = discussed.instance, Random(SEED), list[str]()  # noqa: S311 - a simulation, no secrets
    share = TEXTS // (TEAM + LEARNERS) + 1
    marks = [(f"m{1000 + number}m" for number in range(at * share, min((at + 1) * share, TEXTS))) for at in range(TEAM + LEARNERS)]
    writers = [
        Writer(visitor, discussed.threads, discussed.board.key, marks[at], Random(f"{SEED}:{at}"))  # noqa: S311 - a simulation
        for at, visitor in enumerate(visitors(server, [*discussed.team, *discussed.learners]))
    ]

    def kill_at(share: float) -> None:
        """Kill something once so many texts were sent."""
        until(lambda: over.is_set() or sum(len(writer.typed) for writer in writers) >= share * TEXTS, seconds=LONGEST)
        kills.append(chance.choice(("everything", "one of two processes")))
        if kills[-1] == "everything":
            server.restart()
        else:
            server.signal_processes(signal.SIGKILL, 1)

    over = threading.Event()
    with ThreadPoolExecutor(1) as killer:
        killing = [killer.submit(kill_at, share) for share in sorted(chance.uniform(0.05, 0.95) for _kill in range(KILLS))]
        write_all(writers, over)
        for done in killing:
            done.result()

    typed = [text for writer in writers for text in writer.typed]
    left_open = [text.mark for writer in writers for text in writer.open_windows.values()]
    before = read(instance, standing)
    for writer in writers:
        writer.send_again()
    server.kill()
    waiting = deliver_later(instance)
    stands, posted = read(instance, standing), read(instance, published)
    lost = [text.mark for text in typed if not stands[text.mark]]
    twice = [mark for marks in (before, stands) for mark, number in marks.items() if number > 1]
    misplaced = [text.mark for text in typed if text.answered.startswith("post ") and posted.get(text.mark) != text.answered[5:]]
    given, mailed = read(instance, notified), mails(instance.settings.data_dir)
    notified_twice = [what for counts in (given, mailed) for what, number in counts.items() if number > 1]
    mentioned = {text.answered[5:] for text in typed if text.mentions and text.answered.startswith("post ")}
    say(
        f"seed {SEED}: {len(typed)} texts by {len(writers)} people, {len(posted)} in posts, server killed {len(kills)} times, "
        f"lines cut {sum(writer.lost[cut] for writer in writers for cut in ('half', 'unheard', 'answer'))} times, "
        f"{len(left_open)} windows left open and sent again; lost {len(lost)}, twice {len(twice)}; "
        f"{given.total()} notifications and {mailed.total()} mails, twice {len(notified_twice)}"
    )
    assert len(typed) == TEXTS
    assert (lost, twice, misplaced) == ([], [], [])
    assert [writer.wrong for writer in writers if writer.wrong] == []
    assert read(instance, faults_of_counts) == []
    assert waiting == 0
    assert notified_twice == []
    assert {key for _email, key in given if key.endswith(":mention")} == {f"post:{key}:mention" for key in mentioned}
    assert kills
    assert left_open


def drafts_of(instance: Instance) -> dict[str, str]:
    """Return why each draft was not published, by its text."""
    return dict(read(instance, lambda session: session.execute(select(PostDraft.source, PostDraft.reason)).all()))


def lock_thread(discussed: Discussed, key: str, *, is_locked: bool) -> None:
    """Lock a thread, or unlock it, beside the server."""
    with discussed.instance.database.unit_of_work() as session:
        actor = actor_of(session.scalars(select(Person).where(Person.email == discussed.team[0])).one())
        context = boards.get_thread(session, actor, key)
        threads.lock(session, actor, context, "Ya está.", continued="", is_locked=is_locked, now=clock.now())


def test_what_was_typed_before_a_lock_an_archive_or_a_sign_out_is_kept(discussed: Discussed, server: Serving, say: Say) -> None:
    """spec/communities D14 and D15: a draft with its reason; signed out, the text is a draft once its writer has signed in again."""
    instance, path = discussed.instance, [f"/discussions/{key}/answer" for key in discussed.threads]
    writer = visitors(server, discussed.learners[:1])[0]
    forms = [writer.form(address, address) for address in path[:4]]

    def send(at: int, mark: str) -> tuple[int, str, str]:
        values = {**dict(forms[at].fields), "text": mark, "act": "publish"}
        return writer.ask("POST", path[at], [*values.items()])

    lock_thread(discussed, discussed.threads[0], is_locked=True)
    locked = send(0, "m1m")
    with instance.database.unit_of_work() as session:
        session.execute(update(Board).values(state=BoardState.READ_ONLY.value))
    closed = send(1, "m2m")
    with instance.database.unit_of_work() as session:
        session.execute(update(Board).values(state=BoardState.OPEN.value))
        session.execute(update(Course).values(archived_at=clock.now()))
    archived = send(2, "m3m")
    with instance.database.unit_of_work() as session:
        session.execute(update(Course).values(archived_at=None))
        session.execute(update(Device).values(ended_at=clock.now()))
    signed_out = send(3, "m4m")
    stands = drafts_of(instance)
    entry = Page(signed_out[1]).form("/sign-in")
    fields = [field for field in entry.fields if field[0] not in ("email", "password")]
    entered = writer.ask("POST", entry.action, [*fields, ("email", writer.email), ("password", PASSWORD)])
    resumed, again = set(drafts_of(instance)) - set(stands), writer.form(entered[2], path[3])
    sent = [writer.ask("POST", path[3], [*again.fields, ("act", "publish")])[0] for _twice in range(2)]

    standing_now = read(instance, standing)
    say(f"typed before a lock, a closed board, an archive, a sign-out: drafts {len(stands)}, texts lost {4 - len(standing_now)}")
    assert [answer[0] for answer in (locked, closed, archived, signed_out)] == [403, 403, 403, 401]
    assert stands == dict.fromkeys(("m1m", "m2m", "m3m"), in_spanish(TextSaved.message))
    assert resumed == {"m4m"}
    assert ("text", "m4m") in again.fields
    assert sent == [303, 303]
    assert standing_now == dict.fromkeys(("m1m", "m2m", "m3m", "m4m"), 1)


@dataclass(frozen=True)
class Act:
    """What somebody sends at the moment at which all do: a form, and the mark of what they typed in it."""

    visitor: Visitor
    address: str
    fields: list[tuple[str, str]]
    mark: str = ""

    def send(self, together: threading.Barrier) -> tuple[int, str, str]:
        """Send it when all are there."""
        together.wait(60)
        return self.visitor.ask("POST", self.address, self.fields)


def acts_of_round(people: list[Visitor], thread: str, own: str, other: str, number: int) -> list[Act]:
    """Return what eight send at once: answers, one of them twice, edits of one post, and a lock or an accepted answer; two hide a post."""
    answer, edit, hide = f"/discussions/{thread}/answer", f"/discussions/posts/{own}/edit", f"/discussions/posts/{other}/hide"

    def form(visitor: Visitor, address: str, page: str = "", **values: str) -> list[tuple[str, str]]:
        fields = visitor.form(page or address, address).fields
        return [*(field for field in fields if field[0] not in values), *values.items()]

    def typed(visitor: Visitor, address: str, mark: str) -> Act:
        fields = dict(visitor.form(address, address).fields)
        fields |= {"text": f"{fields['text']}\n\nEscribo {mark}.".strip(), "act": "publish"}
        return Act(visitor, address, [*fields.items()], mark)

    twice = typed(people[3], answer, f"m{number}03m")
    acts = [typed(people[2], answer, f"m{number}02m"), twice, twice, typed(people[4], edit, f"m{number}04m")]
    if number % 2:
        acts.append(typed(people[5], answer, f"m{number}05m"))
        acts.append(
            Act(people[6], f"/discussions/{thread}/lock", form(people[6], "/lock", f"/discussions/{thread}/moderation", reason="Ya está."))
        )
    else:
        acts.append(typed(people[4], edit, f"m{number}05m"))
        acceptance = f"/discussions/posts/{other}/acceptance"
        acts.append(Act(people[6], acceptance, form(people[6], acceptance, f"/discussions/{thread}", accepted="yes")))
    return [*acts, *(Act(visitor, hide, form(visitor, hide, hide_class="off_topic", reason="No viene al caso.")) for visitor in people[:2])]


def test_eight_at_once_on_one_thread(discussed: Discussed, server: Serving, say: Say) -> None:
    """Posts, edits of one post in two windows, a lock, an accepted answer, and two who decide at once: counts are those of the posts."""
    instance, key = discussed.instance, discussed.threads[0]
    people, statuses, wrong, marks, hidden = visitors(server, discussed.team), Counter[int](), list[str](), set[str](), list[int]()
    with instance.database.unit_of_work(write=False) as session:
        learner, author = (
            session.scalars(select(Person).where(Person.email == email)).one() for email in (discussed.learners[0], discussed.team[4])
        )
        first = session.scalars(select(ThreadPost).join(Thread, Thread.id == ThreadPost.thread_id).where(Thread.key == key)).one()
    own = an_answer(instance, first, author, "De quien edita.")
    for number in range(1, ROUNDS + 1):
        lock_thread(discussed, key, is_locked=False)
        other = an_answer(instance, first, learner, f"De otra persona, {number}.")
        acts = acts_of_round(people, key, own.key, other.key, number)
        together = threading.Barrier(len(acts))
        with ThreadPoolExecutor(len(acts)) as pool:
            answers = list(pool.map(lambda act: act.send(together), acts))  # noqa: B023 - all are done within the round
        hidden.append(sum(answer[0] == 303 for answer in answers[-2:]))
        for act, (status, _page, _location) in zip(acts, answers, strict=True):
            statuses[status] += 1
            if status not in ((303, 403) if act.mark else (303, 403, 409, 422)):
                wrong.append(f"{act.address}: {status}")
            if act.mark:
                marks.add(act.mark)
    server.kill()
    waiting, faults, stands = deliver_later(instance), read(instance, faults_of_counts), read(instance, standing)
    forgotten = [mark for mark in sorted(marks) if stands[mark] != 1 and mark not in read(instance, revised)]

    say(
        f"eight at once, {ROUNDS} rounds: answers {dict(sorted(statuses.items()))}; "
        f"texts {len(marks)}, lost or twice {len(forgotten)}, counts wrong {len(faults)}"
    )
    assert wrong == []
    assert forgotten == []
    assert faults == []
    assert hidden == [1] * ROUNDS
    assert waiting == 0
    assert [notice for notice, number in read(instance, notified).items() if number > 1] == []
