"""A community with something of everything in it, and a sign of its own planted in every field that holds words."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from sqlalchemy import JSON, ColumnElement, String, select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from accounts.models import Person
from accounts.rules import fold
from communities import communities, files, invitations, links, pages, plan
from communities.communities import CommunityValues
from communities.models import (
    CONDITIONS,
    NOTE,
    Community,
    CommunityExport,
    CommunityFile,
    CommunityFileVersion,
    CommunityInvitation,
    CommunityLevel,
    CommunityLink,
    CommunityLinkKind,
    CommunityMember,
    CommunityPage,
    CommunityPageVersion,
    CommunityReach,
    CommunityRequest,
    CommunityRole,
    PlanEntry,
)
from discussions import drafts
from discussions.drafts import DraftSlot, DraftText
from discussions.models import Board, FirstPosts, PostDraft, PostFile, PostReport, PostRevision, Thread, ThreadPost
from kernel import clock
from kernel.db import LocalisedTextType, WordListType
from kernel.files import files_of, note_stored
from kernel.i18n import site_day
from lms.instance import Instance
from organisations.models import Organisation
from organisations.rules.units import TrainingRole
from tests.support.boards import a_thread, an_answer
from tests.support.builders import a_course, a_person
from tests.support.communities import a_community, a_member, actor_of, an_invitation, bring_file, write_page
from tests.support.lessons import a_picture
from tests.support.places import a_place, give_training, put

SIGN = re.compile(rb"zq[0-9]{3}x")
WORD = "cuchipanda"
"""Stands beside every sign: what is asked of the search is on its page, the sign must not be."""
Table = type[Any]

PLANTED: Mapping[Table, str] = {
    Community: "name topic texts html picture_alt reason",
    CommunityMember: "reason",
    CommunityRequest: "text reason",
    CommunityInvitation: "name added_text",
    CommunityLink: "title text",
    PlanEntry: "title responsible note",
    CommunityFile: "title description category",
    CommunityFileVersion: "name",
    CommunityPage: "title category",
    CommunityPageVersion: "title source html",
    Board: "categories",
    Thread: "title category lock_reason",
    ThreadPost: "source html reason",
    PostRevision: "source",
    PostFile: "name alternative",
    PostDraft: "title source category reason",
    PostReport: "note",
}
"""The columns in which a sign is planted, in each row that is not of somebody from outside: their own texts are theirs."""
NO_WORDS: Mapping[str, str] = {
    "Community.name_key": "the name without accents, planted with it",
    "CommunityInvitation.email": "an address, planted as one",
    "CommunityLink.address": "an address, planted as one",
    "PlanEntry.address": "an address, planted as one",
    "Community.slug CommunityPage.slug Board.key Thread.key ThreadPost.key PostDraft.key": "who asks for an address knows it",
    "Community.language CommunityInvitation.language CommunityFile.language Thread.language ThreadPost.language": "a code",
    "Community.reach Community.level Community.state CommunityMember.role CommunityMember.how CommunityMember.ended_how": "a code",
    "CommunityRequest.state CommunityLink.kind CommunityFile.licence PlanEntry.kind": "a code",
    "Board.owner Board.state Board.first_posts Thread.kind Thread.state ThreadPost.state ThreadPost.badge ThreadPost.hide_class": "a code",
    "PostDraft.kind PostDraft.slot PostReport.report_class PostReport.decision Subscription.level": "a code",
    "Thread.anchor_kind Thread.anchor_key Thread.anchor_part PostDraft.anchor_kind PostDraft.anchor_key PostDraft.anchor_part": "a code",
    "ThreadPost.mentioned PostDraft.mentioned": "numbers of people",
    "ThreadPost.token CommunityExport.sha256 CommunityInvitation.secret_hash CommunityMember.address_hash": "a checksum",
    "DirectoryEntry.text DirectoryEntry.consent_version DirectoryMark.kind DirectoryMark.code": "of a person, not of a community",
}
"""The other columns that can hold words, and why no sign is in them."""
FRONT = {"Community.name", "Community.topic", "Community.texts", "Community.html", "Community.picture_alt", "Community.reason"}
"""What the front page shows; of links those of supporters, of people those who administer."""
PERSONAL = {"communities_directory.entry", "communities_directory.contact", "communities_directory.stop", "communities_invited.invitation"}
"""Doors of people who opted in to be found, and of whoever has the secret of an invitation: not of a community."""
OUTSIDERS = ("gone", "banned", "departed", "visitor", "admin_above", "auditor")
"""Left; removed for good; no longer of the institution; signed in; an administrator of the community above a group, else of another one.

The last audits the training of the institution: they read its people's names, and the log of what was done in it.
"""


def columns_with_words(tables: Iterator[Table]) -> set[str]:
    """Name the columns of some tables that can hold words."""
    kinds = (String, JSON, LocalisedTextType, WordListType)
    return {
        f"{table.__name__}.{column.key}"
        for table in tables
        for column in table.__mapper__.column_attrs
        if isinstance(column.columns[0].type, kinds)
    }


@dataclass(frozen=True)
class Planted:
    """Where a sign was planted."""

    column: str
    is_front: bool
    row: int


@dataclass
class FullCommunity:
    """A community with something of everything, those inside and outside, what its addresses are made of, and the signs in it."""

    instance: Instance
    kind: str
    row: Community
    founder: Person
    member: Person
    outsiders: dict[str, Person]
    parent: Community | None = None
    place: Organisation | None = None
    known: dict[str, list[Any]] = field(default_factory=dict)
    signs: dict[str, Planted] = field(default_factory=dict)
    memberships: dict[str, list[int]] = field(default_factory=dict)

    def sign(self, column: str, row: int, *, is_front: bool = False) -> str:
        """Return a new sign of a column of a row, with the word beside it."""
        sign = f"zq{len(self.signs):03}x"
        self.signs[sign] = Planted(column, is_front, row)
        return f"{WORD} {sign}"


KINDS = ("private", "hidden", "institution", "group", "hidden group")


def a_full_community(instance: Instance, kind: str) -> FullCommunity:
    """Fill a community of a kind; whoever is outside later is a member yet."""
    founder, member = (a_person(instance, f"{name}@example.org", given=name.title()) for name in ("fundadora", "miembro"))
    outsiders = {name: a_person(instance, f"{name}@example.org", given=name.title()) for name in OUTSIDERS}
    place, parent = a_place(instance), None
    for person in (founder, member, outsiders["departed"], outsiders["admin_above"]):
        put(instance, person, place)
    give_training(instance, outsiders["auditor"], place, TrainingRole.AUDITOR)
    if "group" in kind:
        of_place = {"reach": CommunityReach.INSTITUTION, "organisation_id": place.id}
        parent = a_community(instance, outsiders["admin_above"], "La de arriba", level=CommunityLevel.PRIVATE, **of_place)
        row = _a_group(instance, parent, founder, is_hidden=kind == "hidden group")
    else:
        a_community(instance, outsiders["admin_above"], "La otra")
        is_open = kind == "institution"
        row = a_community(
            instance,
            founder,
            "De la prueba",
            level=CommunityLevel.OPEN if is_open else CommunityLevel.PRIVATE,
            reach={"institution": CommunityReach.INSTITUTION, "hidden": CommunityReach.HIDDEN}.get(kind, CommunityReach.EVERYONE),
            organisation_id=place.id if is_open else None,
        )
    full = FullCommunity(instance, kind, row, founder, member, outsiders, parent, place)
    for community in filter(None, (parent, row)):
        inside = [member, *(outsiders[name] for name in ("gone", "banned", "departed")), *([founder] if community is parent else [])]
        for person in inside:
            external = person in (outsiders["gone"], outsiders["banned"])  # the others belong to the institution where it is for one
            full.memberships.setdefault(person.email, []).append(a_member(instance, community, person, external=external))
    _write(full)
    return full


def _a_group(instance: Instance, parent: Community, founder: Person, *, is_hidden: bool) -> Community:
    reach, level = CommunityReach.PARENT, CommunityLevel.SEMIPRIVATE
    values = CommunityValues("De la prueba", "es", reach, level)
    texts = dict.fromkeys((*NOTE, *CONDITIONS), "Personas que trabajan con tablas.")
    with instance.database.unit_of_work() as session:
        row = communities.add_community(session, actor_of(founder), values, session.get_one(Community, parent.id), now=clock.now())
        pages.change_texts(session, actor_of(founder), row, texts, seen=str(row.row_version), now=clock.now())
        if is_hidden:
            row.reach, row.level = CommunityReach.HIDDEN.value, CommunityLevel.PRIVATE.value
        return row


def _write(full: FullCommunity) -> None:
    """Write, bring in and ask for something of everything."""
    instance, row, founder, member = full.instance, full.row, full.founder, full.member
    with instance.database.unit_of_work() as session:
        board = session.get_one(Board, row.board_id)
        board.first_posts, board.mail_text, board.categories = FirstPosts.NONE.value, True, ("Datos",)
    threads = [a_thread(instance, board, person, f"Un tema de {person.given_names}", kind="discussion") for person in (founder, member)]
    threads += [a_thread(instance, board, full.outsiders[name], f"Un tema de {name}", kind="discussion") for name in ("gone", "departed")]
    answers = [an_answer(instance, first, member, f"Respuesta a {first.key}.") for first in threads]
    found = [bring_file(instance, row, member, "Tablas"), bring_file(instance, row, member, "Borrado", members_only=False)]
    written = [write_page(instance, row, founder, title) for title in ("Abierta", "Borrada")]
    written.append(write_page(instance, row, founder, "Cerrada", members_only=True))
    _arrange(full, board, threads, answers, found, written)
    invited = a_person(instance, "invitada@example.org")
    if full.parent is not None:
        a_member(instance, full.parent, invited, external=True)
    an_invitation(instance, row, founder, invited.email)
    with instance.database.unit_of_work() as session:
        numbers = list(session.scalars(select(CommunityMember.id).where(CommunityMember.community_id == row.id)))
        thread_keys = list(session.scalars(select(Thread.key).where(Thread.board_id == row.board_id)))
        post_keys = list(session.scalars(select(ThreadPost.key).join(Thread).where(Thread.board_id == row.board_id)))
        invitation = session.scalars(select(CommunityInvitation).where(CommunityInvitation.email == invited.email)).one()
        full.known |= {
            "slug": [row.slug],
            "step": ["note", "conditions"],
            "kind": [kind.value for kind in CommunityLinkKind],
            "number": [1, 2],
            "member": numbers,
            "request": list(session.scalars(select(CommunityRequest.uuid).where(CommunityRequest.community_id == row.id))),
            "invitation": [invitation.uuid],
            "secret": [invitations.make_link(session, invitation)],
            "export": list(session.scalars(select(CommunityExport.uuid).where(CommunityExport.community_id == row.id))),
            "link": list(session.scalars(select(CommunityLink.id).where(CommunityLink.community_id == row.id))),
            "line": list(session.scalars(select(PlanEntry.id).where(PlanEntry.community_id == row.id))),
            "file": [file.uuid for file in found],
            "key": [page.slug for page in written],
            "board": [board.key],
            "thread": thread_keys,
            "post": post_keys,
            "draft": list(session.scalars(select(PostDraft.key).where(PostDraft.board_id == row.board_id))),
        }
        picture = session.get_one(Community, row.id).picture_id
        full.known["number"].append(picture)


def _arrange(
    full: FullCommunity, board: Board, threads: list[ThreadPost], answers: list[ThreadPost], found: list[CommunityFile], written: list[Any]
) -> None:
    instance, row, now, actor = full.instance, full.row, clock.now(), actor_of(full.founder)
    picture = files.store_content(files_of(instance.settings), "plaza.png", a_picture())
    course, day = a_course(instance, modules=1), site_day(now)
    asker, former = (a_person(instance, f"{name}@example.org").id for name in ("pide", "antes"))
    with instance.database.unit_of_work() as session:
        context = communities.get_community(session, actor, row.slug)
        for kind in (CommunityLinkKind.SUPPORTER, CommunityLinkKind.TOOL):
            values = links.LinkValues(kind, title="Enlace", text="Texto.", address="https://example.org/")
            links.add_link(session, actor, context, values, picture if kind is CommunityLinkKind.SUPPORTER else None, now=now)
        session.add(CommunityLink(community_id=row.id, kind="course", course_id=course.id))
        links.set_picture(session, actor, context, picture, "Una plaza", seen=str(context.community.row_version), now=now)
        plan.add_line(session, actor, context, plan.PlanValues(day, day, "Reunión", "meeting", "Ana", "Nota", "/campus"), now=now)
        for table, number in ((CommunityFile, found[1].id), (CommunityPage, written[1].id)):
            session.get_one(table, number).deleted_at = now
        file = session.scalars(select(CommunityFileVersion).where(CommunityFileVersion.file_id == found[0].id)).one()
        version = {"file_id": file.file_id, "number": 2, "stored_file_id": file.stored_file_id, "name": "nuevas.csv"}
        session.add(CommunityFileVersion(**version, added_by=full.member.id, added_at=now))
        page = {"page_id": written[0].id, "number": 2, "title": "Otra", "source": "Otra.", "html": "Otra.", "person_id": full.founder.id}
        session.add(CommunityPageVersion(**page, written_at=now))
        asks = {"community_id": row.id, "person_id": asker, "text": "Por favor.", "sent_at": now}
        session.add(CommunityRequest(**asks, state="pending"))
        session.add(CommunityRequest(**asks, state="rejected", decided_at=now, reason="No."))
        session.add(CommunityRequest(**{**asks, "person_id": full.outsiders["visitor"].id}, state="ended", decided_at=now))
        offer = {"email": full.outsiders["banned"].email, "language": "es", "added_text": "", "name": "", "invited_by": full.founder.id}
        dates = {"invited_at": now, "expires_at": now + timedelta(days=30)}
        session.add(CommunityInvitation(community_id=row.id, **offer, **dates, by_mail=False))
        ended = {"role": CommunityRole.MEMBER.value, "how": "joined", "until": now, "ended_how": "removed", "reason": "Ya no."}
        session.add(CommunityMember(community_id=row.id, person_id=former, since=now, **ended))
        session.add(CommunityExport(community_id=row.id, asked_by=full.founder.id, asked_at=now, **_stored(session, full, "copia")))
        thread = session.get_one(Thread, threads[0].thread_id)
        thread.locked_at, thread.lock_reason = now, "Ya está."
        hidden = session.get_one(ThreadPost, answers[0].id)
        hidden.state, hidden.state_at, hidden.reason, hidden.hide_class = "hidden", now, "No viene al caso.", "other"
        session.add(PostRevision(post_id=answers[1].id, number=1, source="Antes.", at=now))
        session.add(PostReport(post_id=answers[1].id, person_id=full.founder.id, report_class="other", note="Mire.", at=now))
        attached = {"stored_file_id": file.stored_file_id, "name": "apuntes.png", "alternative": "Un cuadro"}
        session.add(PostFile(post_id=answers[1].id, number=1, **attached))
        slot, text = DraftSlot(session.get_one(Board, board.id)), DraftText("Borrador.", "Borrador")
        drafts.keep_draft(session, actor_of(full.member), slot, text, now=now)


def _stored(session: Session, full: FullCommunity, text: str) -> dict[str, Any]:
    content = text.encode()
    sha256 = files_of(full.instance.settings).put(content)
    note_stored(session, sha256, size=len(content), media_type="application/zip", now=clock.now())
    return {"sha256": sha256, "size": len(content), "ready_at": clock.now()}


def _rows(session: Session, row: Community) -> Mapping[Table, ColumnElement[bool]]:
    """Return what selects the rows of a community, by table."""
    file = select(CommunityFile.id).where(CommunityFile.community_id == row.id)
    page = select(CommunityPage.id).where(CommunityPage.community_id == row.id)
    thread = select(Thread.id).where(Thread.board_id == row.board_id)
    post = select(ThreadPost.id).where(ThreadPost.thread_id.in_(thread))
    mine: dict[Table, ColumnElement[bool]] = {
        Community: Community.id == row.id,
        CommunityFileVersion: CommunityFileVersion.file_id.in_(file),
        CommunityPageVersion: CommunityPageVersion.page_id.in_(page),
        Board: Board.id == row.board_id,
        Thread: Thread.board_id == row.board_id,
        ThreadPost: ThreadPost.thread_id.in_(thread),
        PostDraft: PostDraft.board_id == row.board_id,
    }
    mine |= {table: table.post_id.in_(post) for table in (PostRevision, PostFile, PostReport)}
    return mine | {table: table.community_id == row.id for table in PLANTED if table not in mine}


def plant(full: FullCommunity) -> None:
    """Plant a sign in each field of each row that is not of somebody from outside, and in the names of people inside."""
    outside = {own for person in full.outsiders.values() for own in (person.id, person.email)}
    with full.instance.database.unit_of_work() as session:
        for table, condition in _rows(session, full.row).items():
            rows = session.scalars(select(table).where(condition)).all()
            assert rows, f"nothing in {table.__name__}"
            for row in rows:
                if outside.isdisjoint((getattr(row, "person_id", None), getattr(row, "email", None))):
                    _plant_row(full, session, row, PLANTED[table].split())
        export = session.scalars(select(CommunityExport).where(CommunityExport.community_id == full.row.id)).one()
        export.sha256 = _stored(session, full, full.sign("CommunityExport.content", export.id))["sha256"]
        for person, is_front in ((full.founder, True), (full.member, False)):
            session.get_one(Person, person.id).first_surname = full.sign("Person.first_surname", person.id, is_front=is_front)


def _plant_row(full: FullCommunity, session: Session, row: Any, columns: list[str]) -> None:
    name = type(row).__name__
    for column in columns:
        if name == "CommunityLink" and row.kind not in ("supporter", "tool"):
            continue
        is_front = f"{name}.{column}" in FRONT or (name == "CommunityLink" and row.kind == CommunityLinkKind.SUPPORTER)
        present = getattr(row, column)

        def text(part: str = "", name: str = f"{name}.{column}", is_front: bool = is_front) -> str:
            written = full.sign(name, row.id, is_front=is_front)
            return f"<p>{written}</p>" if name.endswith("html") else written

        value: Any = text() if isinstance(present, str) else (text(),) if isinstance(present, tuple) else {part: text() for part in present}
        setattr(row, column, value)
    if name == "Community":
        row.name_key = fold(row.name)
    if name == "CommunityInvitation":
        row.email = f"{full.sign('CommunityInvitation.email', row.id).split()[1]}@example.org"
    if name == "PlanEntry":
        row.address = f"/{full.sign('PlanEntry.address', row.id).split()[1]}"
    if name == "CommunityLink" and row.title:
        is_front = row.kind == CommunityLinkKind.SUPPORTER
        row.address = f"https://{full.sign('CommunityLink.address', row.id, is_front=is_front).split()[1]}.example.org/"
    if name in ("CommunityFileVersion", "PostFile"):
        row.name = f"{row.name.replace(' ', '-')}.{'png' if name == 'PostFile' else 'txt'}"
        content = full.sign(f"{name}.content", row.id).encode()
        sha256 = files_of(full.instance.settings).put(content)
        row.stored_file_id = note_stored(session, sha256, size=len(content), media_type="text/plain", now=clock.now()).id


def names_community(rule: Rule) -> bool:
    """Return whether an address names a community, or something in it."""
    return bool(rule.arguments) and rule.endpoint.startswith(("communities", "discussions")) and rule.endpoint not in PERSONAL
