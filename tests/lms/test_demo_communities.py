"""Communities of the demonstration: what the specification lists of them (spec/communities 9), invented, in the past, and gone with it."""

import re
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from accounts.models import Person
from communities.models import (
    Community,
    CommunityFile,
    CommunityLink,
    CommunityMember,
    CommunityPage,
    CommunityReach,
    CommunityState,
    DirectoryEntry,
    PlanEntry,
)
from discussions.models import Thread, ThreadKind, ThreadPost
from kernel import clock
from lms.demo.cli import demo
from lms.demo.communities import FOLDER, hold_communities
from lms.demo.people import DOMAIN
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import an_administrator, folder, sign_in
from tests.support.takes import read

STATISTICS, BUDGET = "estadisticas-de-seguridad-social", "presupuesto-social-y-proyecciones"


pytestmark = pytest.mark.slow  # a demonstration is filled


@pytest.fixture
def held(instance: Instance) -> Instance:
    an_administrator(instance, f"administracion@{DOMAIN}")
    hold_communities(instance, now=clock.now())
    return instance


def test_it_has_what_the_specification_lists(held: Instance) -> None:
    """spec/communities 9: two with concept note, plan, 6 pages, 8 files, 2 announcements, 14 threads of 120 posts by 12 people."""
    with held.database.unit_of_work(write=False) as session:
        rows = {row.slug: row for row in session.scalars(select(Community))}
        two = [rows[STATISTICS], rows[BUDGET]]
        group, archived = [row for row in rows.values() if row not in two]
        assert all(row.state == CommunityState.ACTIVE and len(row.texts["purpose"]) >= 100 for row in two)
        assert (group.reach, group.parent_id) == (CommunityReach.HIDDEN, rows[BUDGET].id)
        assert archived.state == CommunityState.ARCHIVED
        assert session.scalar(select(func.count()).select_from(CommunityPage).where(CommunityPage.slug != "")) == 6
        assert session.scalar(select(func.count()).select_from(CommunityFile)) == 8
        kinds = list(session.scalars(select(Thread.kind)))
        assert (kinds.count(ThreadKind.ANNOUNCEMENT), len(kinds)) == (2, 16)
        discussed = select(ThreadPost).join(Thread, Thread.id == ThreadPost.thread_id).where(Thread.kind != ThreadKind.ANNOUNCEMENT.value)
        written = session.scalars(discussed).all()
        assert (len(written), len({post.person_id for post in written})) == (120, 12)
        assert {post.state for post in written} == {"visible"}
        assert all(session.scalar(select(func.count()).where(PlanEntry.community_id == row.id)) for row in two)
        links = {(link.community_id, link.other_id) for link in session.scalars(select(CommunityLink))}
        assert links == {(two[0].id, two[1].id), (two[1].id, two[0].id)}
        assert session.scalar(select(func.count()).select_from(DirectoryEntry)) == 3
        assert session.scalar(select(func.count()).select_from(Thread).where(Thread.accepted.is_not(None))) == 6
        assert session.scalar(select(func.count()).select_from(Thread).where(Thread.summary.is_not(None))) == 2


def test_people_are_invented_and_everything_lies_in_the_past(held: Instance) -> None:
    surnames = {"Ejemplo", "Ficticio", "Ficticia", "Inventado", "Inventada"}
    people = read(held, lambda session: session.scalars(select(Person).where(Person.email.startswith("comunidad-"))).all())
    assert len(people) == 12
    assert {person.second_surname for person in people} <= surnames
    latest = read(held, lambda session: max(session.scalars(select(ThreadPost.written_at))))
    assert latest < clock.now()
    assert read(held, lambda session: max(session.scalars(select(CommunityMember.since)))) < clock.now()
    texts = "".join(path.read_text("utf-8") for path in sorted(FOLDER.rglob("*.*")))
    assert not re.search(r"@(?!example\.org)\w+\.\w+|\b\d{10}\b", texts)


def test_a_visitor_reads_them(held: Instance, browser: Browser) -> None:
    text = browser.get("/communities").text
    assert "Estadísticas de seguridad social" in text
    assert "Grupo de revisión de supuestos" not in text
    boss = sign_in(browser.another(), f"administracion@{DOMAIN}")
    page = boss.get(f"/communities/{STATISTICS}").text
    assert "Presupuesto social y proyecciones" in page
    for part in ("pages", "files", "plan", "members"):
        boss.get(f"/communities/{STATISTICS}/{part}")
    boss.get("/directory")


def test_they_go_with_the_demonstration(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The one command that empties the demonstration leaves no file of theirs behind."""
    home, samples = tmp_path / "demo", tmp_path / "content"
    for path, content in folder("muestra").items():
        (samples / "muestra" / path).parent.mkdir(parents=True, exist_ok=True)
        (samples / "muestra" / path).write_bytes(content)
    monkeypatch.setattr("lms.demo.filling.CONTENT", samples)
    monkeypatch.setenv("LMS_DATA_DIR", str(home))
    stored = (FOLDER / "files" / "presupuesto-de-ejemplo.csv").read_bytes()

    def holds() -> bool:
        return any(path.read_bytes() == stored for path in (home / "files").glob("*/*"))

    CliRunner().invoke(demo, ["--fill-only", "--learners", "2"], catch_exceptions=False)
    assert holds()
    monkeypatch.setattr("lms.demo.filling.hold_communities", lambda _instance, now: None)
    CliRunner().invoke(demo, ["--fill-only", "--learners", "2", "--fresh"], catch_exceptions=False)
    assert not holds()
