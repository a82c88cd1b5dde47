"""Communities of the demonstration: two with discussions, pages, files and a plan, a hidden working group, one that is archived.

What they say stands in `community/communities.yaml`, their files beside it; people, institutions and figures are invented.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, time, timedelta
from pathlib import Path
from random import Random
from typing import Any

from sqlalchemy.orm import Session

from accounts import accounts, passwords, people
from accounts.accounts import SignUp
from communities import communities, directory, files, groups, life, links, members, pages, plan
from communities.communities import CommunityValues
from communities.directory import DirectoryValues
from communities.files import FileValues
from communities.links import LinkValues
from communities.models import Community, CommunityLevel, CommunityLinkKind, CommunityReach, CommunityRole, MarkKind
from communities.plan import PlanValues
from discussions import boards, posts, threads
from discussions.models import Board, Thread, ThreadKind
from discussions.threads import NewThread
from kernel import outbox
from kernel.i18n import site_day
from kernel.permissions import SYSTEM, Actor, SiteRole
from kernel.row_versions import version_of
from kernel.yaml_tree import YamlMapping, YamlNode, YamlScalar, YamlSequence, parse
from lms.demo.people import ADMINISTRATOR, DOMAIN, LEARNER, ZONE, DemoTimeline, Identity, enter
from lms.instance import Instance

FOLDER = Path(__file__).resolve().parent / "community"
BEGAN = timedelta(weeks=7)
"""How long ago they were founded."""
ARCHIVED = timedelta(days=35)
"""How long ago one was archived: long enough to try its deletion."""
SEED = 20261207


def read_samples() -> Mapping[str, Any]:
    """Read the samples of the communities; all values are texts."""
    return dict(_plain(parse((FOLDER / "communities.yaml").read_text("utf-8")).root))


def _plain(node: YamlNode | None) -> Any:
    if isinstance(node, YamlMapping):
        return {name: _plain(pair.value) for name, pair in node.entries.items()}
    if isinstance(node, YamlSequence):
        return [_plain(item) for item in node.items]
    return node.text if isinstance(node, YamlScalar) else None


def hold_communities(instance: Instance, *, now: datetime) -> None:
    """Found the communities and let their people write in the last seven weeks."""
    samples, began = read_samples(), _morning(now - BEGAN)
    with instance.database.unit_of_work() as session:
        stage = DemoTimeline(instance, now, (), opened=session)
        boss, learner = (people.find_person_by_email(session, identity.email) for identity in (ADMINISTRATOR, LEARNER))
        secret = learner.password_hash if learner is not None else passwords.hash_password(secrets.token_urlsafe())
        actors = {name: _person(stage, name, names, secret, now=began - timedelta(days=10)) for name, names in samples["people"].items()}
        assert boss is not None
        administrator = enter(stage, ADMINISTRATOR, boss.id, SiteRole.ADMINISTRATOR)
        rows = [_establish(stage, administrator, actors, sample, now=began) for sample in samples["communities"]]
        if learner is not None:
            reader = enter(stage, LEARNER, learner.id)
            members.join(session, reader, communities.get_community(session, reader, rows[0].slug), now=began + timedelta(days=2))
        _relate(session, administrator, rows[:2], now=began + timedelta(days=1))
        for name, entry in samples["directory"].items():
            _enter_directory(session, actors[name], entry, now=began + timedelta(days=3))
    outbox.deliver_waiting(instance.worker, now=began + timedelta(days=3))
    for row, sample in zip(rows, samples["communities"], strict=True):
        _let_talk(instance, row, actors, sample, now=now)
    _archive(instance, rows, actors, samples["communities"], now=now - ARCHIVED)


def _person(stage: DemoTimeline, name: str, names: Sequence[str], secret: str, *, now: datetime) -> Actor:
    """Add an invented person, who signs in with the learner's password."""
    given, first, second = names
    identity = Identity(given, first, second, f"comunidad-{name}@{DOMAIN}")
    command = SignUp(identity.email, secret, given, first_surname=first, second_surname=second, language="es", zone=identity.zone)
    person = accounts.create_person(stage.session, SYSTEM, command, now=now, confirmed=True)
    accounts.record_consent(stage.session, person, now=now)
    return enter(stage, identity, person.id)


def _establish(
    stage: DemoTimeline, administrator: Actor, actors: Mapping[str, Actor], sample: Mapping[str, Any], *, now: datetime
) -> Community:
    """Found a community with its texts, members, plan, pages, files and working group; an administrator of the site activates it."""
    session, founder = stage.session, actors[sample["administrators"][0]]
    values = CommunityValues(sample["name"], "es", CommunityReach.EVERYONE, CommunityLevel(sample["level"]), topic=sample["topic"])
    row = communities.found_community(session, founder, values, now=now)
    pages.change_texts(session, founder, row, sample["texts"], seen=str(row.row_version), now=now)
    life.submit(session, founder, row, alone=False, now=now + timedelta(hours=2))
    life.decide_activation(session, administrator, row, reason="", seen=str(row.row_version), now=now + timedelta(hours=20))
    how = "requested" if sample["level"] == "semiprivate" else "joined"
    roles = {CommunityRole.ADMINISTRATOR: sample["administrators"][1:], CommunityRole.MODERATOR: sample["moderators"]}
    _fill(session, row, founder, actors, {**roles, CommunityRole.MEMBER: sample["members"]}, how, now=now + timedelta(days=1))
    context = communities.get_community(session, founder, row.slug)
    for entry in sample.get("plan", ()):
        first, last = (site_day(stage.now + timedelta(days=int(days))) for days in entry["days"])
        first, last = plan.on_working_days(first, last)
        of_line = PlanValues(first, last, entry["title"], entry["kind"], entry["responsible"])
        line = plan.add_line(session, founder, context, of_line, now=now)
        if "done" in entry:
            ticked = plan.get_line(session, founder, row.slug, line.id)
            done_at = stage.now + timedelta(days=int(entry["days"][1]))
            plan.tick(session, founder, ticked, is_done=True, seen=version_of(line), now=done_at)
    _add_pages_and_files(stage, row, actors, sample, now=now + timedelta(days=4))
    if group := sample.get("group"):
        of_group = CommunityValues(group["name"], "es", CommunityReach.HIDDEN, CommunityLevel.PRIVATE)
        below = groups.found_group(session, actors[group["administrators"][0]], context, of_group, now=now + timedelta(days=6))
        leader = actors[group["administrators"][0]]
        _fill(session, below, leader, actors, {CommunityRole.MEMBER: group["members"]}, "invited", now=now + timedelta(days=7))
    return row


def _fill(
    session: Session, row: Community, founder: Actor, actors: Mapping[str, Actor], roles: Mapping[CommunityRole, Sequence[str]], how: str,
    *, now: datetime
) -> None:  # fmt: skip
    """Let people come in, and give them their roles."""
    for role, names in roles.items():
        for name in names:
            person_id = actors[name].person_id
            assert person_id is not None
            members.add_member(session, actors[name], row, person_id, how, now=now)
            member = members.find_member(session, row.id, person_id)
            if member is not None and role is not CommunityRole.MEMBER:
                context = members.get_member(session, founder, row.slug, member.id)
                members.set_role(session, founder, context, role, seen=str(member.row_version), now=now)


def _add_pages_and_files(
    stage: DemoTimeline, row: Community, actors: Mapping[str, Actor], sample: Mapping[str, Any], *, now: datetime
) -> None:
    session, administrators = stage.session, {actors[name] for name in sample["administrators"]}
    for number, entry in enumerate(sample.get("pages", ())):
        author = actors[entry["author"]]
        writer = author if author in administrators else actors[sample["administrators"][0]]
        values = pages.PageValues(entry["title"], entry["text"], entry["category"], position=number)
        html, context = pages.render_page(values.source, "es").html, communities.get_community(session, writer, row.slug)
        pages.add_page(session, writer, context, values, html, now=now + timedelta(days=2 * number))
    for number, entry in enumerate(sample.get("files", ())):
        content = files.store_content(stage.instance.files, entry["name"], (FOLDER / "files" / entry["name"]).read_bytes())
        about = FileValues(entry["title"], "", entry["category"], "es", "internal", members_only=number % 2 == 0)
        author = actors[entry["author"]]
        context = communities.get_community(session, author, row.slug)
        files.add_file(session, author, context, about, content, now=now + timedelta(days=3 * number, hours=5))


def _relate(session: Session, administrator: Actor, rows: Sequence[Community], *, now: datetime) -> None:
    """Let two communities lead to each other."""
    for row, other in (rows, rows[::-1]):
        context = communities.get_community(session, administrator, row.slug)
        links.add_link(session, administrator, context, LinkValues(CommunityLinkKind.RELATED, target=other.id), now=now)


def _enter_directory(session: Session, actor: Actor, entry: Mapping[str, Any], *, now: datetime) -> None:
    marks = {MarkKind.SUBJECT: entry["subjects"], MarkKind.COUNTRY: entry["countries"], MarkKind.LANGUAGE: entry["languages"]}
    directory.save_entry(session, actor, DirectoryValues(entry["text"], shows_institution=False, contact=True, marks=marks), now=now)


def _let_talk(instance: Instance, row: Community, actors: Mapping[str, Actor], sample: Mapping[str, Any], *, now: datetime) -> None:
    """Let the members write, thread after thread; the jobs of each follow at its end."""
    announcement = [sample["announcement"] | {"kind": ThreadKind.ANNOUNCEMENT}] if "announcement" in sample else []
    entries = [*sample.get("threads", ()), *announcement]
    moments = _moments(sample["name"], len(entries), now=now)
    for entry, moment in zip(entries, moments, strict=True):
        lines = entry.get("posts") or [{sample["administrators"][0]: entry["text"]}]
        with instance.database.unit_of_work() as session:
            board = session.get_one(Board, row.board_id).key
            last = _talk(session, board, entry, [(actors[name], text) for line in lines for name, text in line.items()], now=moment)
        outbox.deliver_waiting(instance.worker, now=last + timedelta(minutes=2))


def _moments(name: str, count: int, *, now: datetime) -> Iterator[datetime]:
    """Yield when threads are opened: in the mornings of five weeks, the last one the day before yesterday."""
    chance = Random(f"{SEED}:{name}")  # noqa: S311 - invented lives, no secrets
    for number in range(count):
        day = now - timedelta(days=2 + 33 * (count - 1 - number) // max(count - 1, 1))
        yield _morning(day) + timedelta(minutes=chance.randrange(70))


def _morning(moment: datetime) -> datetime:
    """Return when people begin to work on a day."""
    return datetime.combine(site_day(moment), time(8), tzinfo=ZONE)


def _talk(session: Session, board: str, entry: Mapping[str, Any], lines: Sequence[tuple[Actor, str]], *, now: datetime) -> datetime:
    """Open a thread and let the others answer; return when the last one wrote."""
    (author, text), *answers = lines
    kind = ThreadKind(entry["kind"]) if "kind" in entry else ThreadKind.DISCUSSION
    context = boards.get_board(session, author, board)
    first = threads.open_thread(session, author, context, NewThread(entry["title"], kind), text, token=boards.new_key(), now=now)
    posts.announce(session, first, (), now=now)
    thread, at = session.get_one(Thread, first.thread_id).key, now
    for number, (actor, answer) in enumerate(answers, start=2):
        at += timedelta(minutes=40 + 3 * number)
        token = f"{thread}-{number}"
        post = posts.write_post(session, actor, boards.get_thread(session, actor, thread), answer, token=token, now=at)
        posts.announce(session, post, (), now=at)
        of_post = boards.get_post(session, author, post.key)
        if entry.get("accepted") == str(number):
            posts.accept_answer(session, author, of_post, accepted=True, now=at)
        if entry.get("summary") == str(number):
            threads.mark_summary(session, actor, of_post, is_summary=True, now=at)
    return at


def _archive(
    instance: Instance, rows: Sequence[Community], actors: Mapping[str, Actor], samples: Sequence[Mapping[str, Any]], *, now: datetime
) -> None:
    """Archive the communities whose work is done."""
    with instance.database.unit_of_work() as session:
        for row, sample in zip(rows, samples, strict=True):
            if "archived" in sample:
                life.archive(session, actors[sample["administrators"][0]], session.get_one(Community, row.id), sample["archived"], now=now)
