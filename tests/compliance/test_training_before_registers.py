"""What lists, moves and closings of units would do to compulsory training is shown before they are confirmed (spec/compulsory 4.5c)."""

import json
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
from sqlalchemy import func, select, update

from accounts.models import Person
from compliance.models import Assignment, Bundle
from compliance.rules.reminders import LATE_STATES
from compliance.rules.states import NEEDED, TrainingState
from kernel import clock
from kernel.archives import read_archive
from kernel.audit import AuditEntry
from kernel.outbox import Delivery, Job
from kernel.permissions import SYSTEM
from kernel.settings import Settings
from lms.instance import Instance
from organisations import jobs, list_trials, units
from organisations.audience_preview import TrainingEffect, TrainingEffectKind, join_effects
from organisations.models import AudienceStayRecord, Membership, Organisation, PendingUnitList
from tests.support.browser import Browser
from tests.support.builders import a_person, sign_in
from tests.support.commands import commands_on
from tests.support.learning import At
from tests.support.obligations import compute_everything
from tests.support.obliged_register import BEGINNING, HEAD, NOON, Register
from tests.support.places import put
from tests.support.scenes import scene
from tests.support.wording import in_spanish

BEGINS, LEAVES, LATE = (
    "%(count)s person would have to do “%(title)s” from now on.",
    "%(count)s person would no longer have to do “%(title)s”.",
    "%(count)s person would already be past the last day of “%(title)s”.",
)


@pytest.fixture(autouse=True)
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, NOON)


@pytest.fixture
@scene
def register(instance: Instance) -> Register:
    """An institution whose people of Guayas have to take a course; they are there since today, so that no past day changes."""
    register = Register(instance)
    register.oblige()
    with instance.database.unit_of_work() as session:
        session.execute(update(Membership).values(since_on=NOON.date()))
    follow(instance, NOON)
    return register


def follow(instance: Instance, now: datetime = NOON + timedelta(days=1)) -> None:
    """Let the jobs record stays and statuses, on the next day: who leaves a place belongs to it until midnight."""
    jobs.recompute_audiences(Delivery(instance.database, instance.settings, 1, {}, now))
    compute_everything(instance, now=now)


def states(instance: Instance) -> dict[str, TrainingState]:
    """Return the recorded state of everybody under the obligation, by address."""
    statement = select(Person.email, Assignment.state).join(Assignment, Assignment.person_id == Person.id)
    with instance.database.unit_of_work(write=False) as session:
        return {email: TrainingState(state) for email, state in session.execute(statement)}


def written(instance: Instance) -> list[int]:
    """Count what a rehearsal must not leave behind."""
    with instance.database.unit_of_work(write=False) as session:
        return [
            session.scalar(select(func.count()).select_from(table)) or 0 for table in (Person, Membership, Job, AuditEntry, Organisation)
        ]


def upload(browser: Browser, lines: str, kind: str = "people", complete_of: str = "") -> None:
    """Send a list, and open the page that shows what it would do."""
    browser.get("/administration/lists")
    token = dict(browser.page.form("/lists").fields)["csrf_token"]
    sent = {"csrf_token": token, "kind": kind, "complete_of": complete_of, "file": (BytesIO(lines.encode()), "lista.csv")}
    browser.post("/administration/lists", sent)
    browser.get(browser.path)


UPDATED = in_spanish("Statuses are being updated. Try again in a few minutes.")


def sentence(words: str, people: int) -> str:
    return in_spanish(words, people, title="Gobernanza")


def test_a_move_shows_who_leaves_a_training_and_is_made_by_the_second_press(browser: Browser, register: Register) -> None:
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"/administration/organisations/{register.unit.uuid}")
    before = written(register.instance)

    page = boss.submit("/move", {"move-place": str(register.loja.uuid)}, status=422)

    assert sentence(LEAVES, 2) in page.text
    assert not page.title.startswith(in_spanish("Error:")), "to confirm is no error"
    assert all(person.full_name in page.text for person in register.people[:2])
    assert (register.parent(), written(register.instance)) == (register.guayas.id, before)
    boss.submit("/move")
    follow(register.instance)
    assert register.parent() == register.loja.id
    assert [states(register.instance)[f"p{number}@example.org"] for number in range(2)] == [TrainingState.NOT_REQUIRED] * 2


def test_what_was_shown_of_a_move_is_shown_anew_where_it_is_another_by_then(browser: Browser, register: Register) -> None:
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"/administration/organisations/{register.unit.uuid}")
    boss.submit("/move", {"move-place": str(register.loja.uuid)}, status=422)
    put(register.instance, a_person(register.instance, "tercera@example.org"), register.unit)
    follow(register.instance, NOON + timedelta(minutes=1))

    page = boss.submit("/move", status=422)

    assert sentence(LEAVES, 3) in page.text


def test_of_a_large_unit_so_many_are_judged_and_the_page_says_so(
    browser: Browser, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("organisations.move_previews.MOST_TRIED", 1)
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"/administration/organisations/{register.unit.uuid}")

    page = boss.submit("/move", {"move-place": str(register.loja.uuid)}, status=422)

    assert sentence(LEAVES, 1) in page.text
    assert in_spanish("Worked out for the first %(number)s people.", number="1") in page.text


def test_closing_a_unit_shows_what_the_move_of_its_people_does(browser: Browser, register: Register) -> None:
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"/administration/organisations/{register.unit.uuid}")

    page = boss.submit("/closing", {"close-place": str(register.loja.uuid)}, status=422)

    assert sentence(LEAVES, 2) in page.text
    assert in_spanish("It is not closed yet.") in page.text
    boss.submit("/closing")
    follow(register.instance)
    assert states(register.instance)["p0@example.org"] is TrainingState.NOT_REQUIRED


def test_a_list_shows_who_begins_and_who_leaves_and_so_it_comes(browser: Browser, register: Register) -> None:
    """Whoever is shown is whoever it happens to; an upload that is not confirmed leaves nothing behind but itself."""
    boss = sign_in(browser, "admin@example.org")
    before = written(register.instance)

    upload(boss, HEAD + "p0@example.org;;;LOJ;;;;\np2@example.org;;;NORTE;;;;\nnueva@example.org;Nina;Nueva;NORTE;;;2026-05-04;\n")

    assert sentence(BEGINS, 2) in boss.page.text
    assert sentence(LEAVES, 1) in boss.page.text
    assert sentence(LATE, 1).split("“")[0] not in boss.page.text
    assert "Nina Nueva" in boss.page.text
    people, memberships, tasks, entries, units = before
    assert written(register.instance) == [people, memberships, tasks, entries + 1, units], "the upload stands in the log"
    shown = [(effect["kind"], effect["people"]) for effect in training(register.instance)]
    boss.submit("/confirmation")
    boss.deliver_jobs()
    were = {"p0@example.org", "p1@example.org"}
    follow(register.instance)
    needed = {email for email, state in states(register.instance).items() if state in NEEDED}
    assert sorted(shown) == [("begins", len(needed - were)), ("leaves", len(were - needed))]


def training(instance: Instance) -> list[dict[str, object]]:
    with instance.database.unit_of_work(write=False) as session:
        found: list[dict[str, object]] = json.loads(session.scalars(select(PendingUnitList.training)).one())
        return found


def test_a_complete_list_shows_whom_it_takes_out(browser: Browser, register: Register) -> None:
    boss = sign_in(browser, "admin@example.org")
    upload(boss, HEAD + "p0@example.org;;;NORTE;7;;;\np1@example.org;;;NORTE;8;;;\n")
    boss.submit("/confirmation")
    boss.deliver_jobs()
    follow(register.instance)

    upload(boss, HEAD + "p0@example.org;;;NORTE;7;;;\n", complete_of=str(register.root.uuid))

    assert sentence(LEAVES, 1) in boss.page.text


def test_a_list_of_units_shows_whom_it_moves_out(browser: Browser, register: Register) -> None:
    boss = sign_in(browser, "admin@example.org")

    upload(boss, "codigo;nombre;tipo;depende de\nNORTE;Agencia Norte;unidad;LOJ\n", kind="units")

    assert sentence(LEAVES, 2) in boss.page.text
    assert register.parent() == register.guayas.id


def test_a_list_of_units_shows_what_a_move_to_come_does_from_its_day_on(browser: Browser, register: Register) -> None:
    boss, day = sign_in(browser, "admin@example.org"), NOON.date() + timedelta(days=30)

    upload(boss, f"codigo;nombre;tipo;depende de;rige desde\nNORTE;Agencia Norte;unidad;LOJ;{day}\n", kind="units")

    words = "%(count)s person would no longer have to do “%(title)s” from %(day)s on."
    assert in_spanish(words, 2, title="Gobernanza", day="3 de junio de 2026") in boss.page.text
    assert day.isoformat() not in boss.page.text, "days of a preview are written as people read them"
    assert register.parent() == register.guayas.id


def test_the_page_of_lists_names_the_column_of_the_day(browser: Browser, register: Register) -> None:
    page, column = sign_in(browser, "admin@example.org").get("/administration/lists"), "rige desde"

    assert page.text.count(column) == 2


def test_whoever_comes_back_without_a_post_is_shown_without_the_former_one(browser: Browser, register: Register, at: At) -> None:
    """spec/compulsory 2.3: a place of re-entry has the post of the line, or none."""
    boss = sign_in(browser, "admin@example.org")
    for lines in ("p0@example.org;;;NORTE;7;Inspector;;\n", "p0@example.org;;;;;;;2026-05-03\n"):
        upload(boss, HEAD + lines)
        boss.submit("/confirmation")
        boss.deliver_jobs()
    upload(boss, HEAD + "p0@example.org;;;NORTE;7;;2026-05-04;\n")

    shown = in_spanish("%(old)s → %(new)s", old="Inspector", new="–")
    assert f"{in_spanish('Post')}: {shown}" in " ".join(boss.page.text.split())


def test_the_preview_names_people_who_would_be_overdue_at_once(browser: Browser, register: Register, at: At) -> None:
    """Somebody who was under it before and comes back after its last day has nothing left of it."""
    at.pass_(days=400)
    follow(register.instance, at.moment)
    assert states(register.instance)["p0@example.org"] in LATE_STATES
    put(register.instance, register.people[0], register.loja)
    at.pass_(days=2)
    follow(register.instance, at.moment)
    boss = sign_in(browser, "admin@example.org")
    upload(boss, HEAD + "p0@example.org;;;NORTE;;;;\n")
    assert sentence(LATE, 1) in boss.page.text
    boss.submit("/confirmation")
    boss.deliver_jobs()
    follow(register.instance, at.moment + timedelta(days=1))

    assert states(register.instance)["p0@example.org"] in LATE_STATES


def test_a_long_list_is_tried_by_a_job_and_not_confirmed_before(
    browser: Browser, register: Register, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(list_trials, "MOST_AT_ONCE", 0)
    monkeypatch.setattr(list_trials, "TRIED", 1)
    boss = sign_in(browser, "admin@example.org")
    upload(boss, HEAD + "p0@example.org;;;LOJ;;;;\np1@example.org;;;LOJ;;;;\n")
    load = boss.path

    assert in_spanish("What it would change in compulsory training is being worked out.") in boss.page.text
    assert "/confirmation" not in boss.page.html
    token = dict(boss.page.form("/discarding").fields)["csrf_token"]
    boss.post(f"{load}/confirmation", {"csrf_token": token})
    assert boss.path == load, "the page says so once more"
    boss.deliver_jobs()
    boss.get(load)
    assert sentence(LEAVES, 2) in boss.page.text
    assert all(person.full_name in boss.page.text for person in register.people[:2])
    boss.submit("/confirmation")


def test_the_command_tells_it_too_and_writes_nothing(
    instance: Instance,
    settings: Settings,
    register: Register,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
) -> None:
    """spec/compulsory 13.1."""
    before = written(instance)
    (tmp_path / "lista.csv").write_text(HEAD + "p0@example.org;;;LOJ;;;;\n", "utf-8")

    printed = commands_on(settings, monkeypatch, capsys)("people", "load", tmp_path / "lista.csv", "--dry-run").out

    assert f"Compulsory training “Gobernanza”: leaves 1: {register.people[0].full_name}" in printed
    assert written(instance) == before


def test_until_statuses_follow_the_pages_say_so_and_no_acta_is_made(browser: Browser, register: Register, at: At) -> None:
    """spec/compulsory 3.7: what is shown of before is said to be of before; an acta is not made of it."""
    boss, note = sign_in(browser, "admin@example.org"), in_spanish("The register of people has changed.")
    report = f"/training-report/{register.root.uuid}"
    pages = (f"{report}?obligation=gobernanza", f"{report}/people", f"/training-report/people/{register.people[0].uuid}")
    boss.deliver_jobs()
    assert [note in boss.get(page).text for page in pages] == [False] * 3
    at.pass_(minutes=1)
    boss.get(f"/administration/organisations/{register.unit.uuid}")
    boss.submit("/move", {"move-place": str(register.loja.uuid)}, status=422)
    boss.submit("/move")

    assert [note in boss.get(page).text for page in pages] == [True] * 3, "before the job that records stays, too"
    boss.get(pages[0])
    refused = boss.submit("/actas", status=409)
    boss.deliver_jobs()

    assert UPDATED in refused.text
    assert refused.form("/actas"), "the page of the report is drawn once more"
    assert [note in boss.get(page).text for page in pages] == [True] * 3, "a move is followed at once; statuses by the clock's job"
    boss.get(pages[0])
    boss.submit("/actas", status=409)
    follow(register.instance, NOON + timedelta(minutes=2))
    assert [note in boss.get(page).text for page in pages] == [False] * 3
    boss.get(pages[0])
    boss.submit("/actas")


def test_a_past_day_as_known_now_says_it_too_and_neither_acta_nor_bundle_is_made_of_it(
    browser: Browser, register: Register, at: At
) -> None:
    """spec/compulsory 3.7 and 12.4: a bundle is refused as an acta is; as known on the day before it is made."""
    yesterday, note = NOON.date(), in_spanish("The register of people has changed.")
    at.pass_(days=1)
    browser.deliver_jobs()
    boss = sign_in(browser, "admin@example.org")
    follow(register.instance, at.moment)
    at.pass_(minutes=1)
    with register.instance.database.unit_of_work() as session:
        units.leave(session, SYSTEM, [register.people[0].id], register.root.id, yesterday - timedelta(days=1), now=clock.now())
    jobs.recompute_audiences(Delivery(register.instance.database, register.instance.settings, 1, {}, at.moment))
    report = f"/training-report/{register.root.uuid}"
    days = f"?obligation=gobernanza&on={yesterday}&known={at.moment.date()}"

    assert note in boss.get(report + days).text
    assert UPDATED in boss.submit("/actas", status=409).text
    assert note not in boss.get(f"{report}?obligation=gobernanza&on={yesterday}&known={yesterday}").text
    for day in ("", days):
        boss.get(f"{report}/bundles{day}")
        assert UPDATED in boss.submit("/bundles", {"reason": "Auditoría"}, status=409).text
    boss.get(f"{report}/bundles?obligation=gobernanza&on={yesterday}&known={yesterday}")
    boss.submit("/bundles", {"reason": "Auditoría"})
    follow(register.instance, at.moment + timedelta(minutes=2))
    at.pass_(minutes=3)
    boss.get(f"{report}/bundles{days}")
    boss.submit("/bundles", {"reason": "Auditoría"})


def test_a_bundle_whose_register_changed_before_it_is_packed_waits_and_is_of_the_moment_at_which_it_is(
    browser: Browser, register: Register, at: At
) -> None:
    """spec/compulsory 12.4: no state of a bundle contradicts its facts."""
    boss, instance = sign_in(browser, "admin@example.org"), register.instance
    boss.deliver_jobs()
    at.pass_(minutes=1)
    boss.get(f"/training-report/{register.root.uuid}/bundles?obligation=gobernanza")
    boss.submit("/bundles", {"reason": "Auditoría"})
    with instance.database.unit_of_work() as session:
        units.leave(session, SYSTEM, [register.people[0].id], register.root.id, NOON.date() - timedelta(days=1), now=clock.now())
    jobs.recompute_audiences(Delivery(instance.database, instance.settings, 1, {}, at.moment))

    boss.deliver_jobs()
    with instance.database.unit_of_work() as session:
        assert session.scalars(select(Bundle.ready_at)).one() is None
    at.pass_(minutes=3)
    follow(instance, at.moment)
    at.pass_(minutes=3)
    boss.deliver_jobs()

    with instance.database.unit_of_work() as session:
        row = session.scalars(select(Bundle)).one()
    assert (row.at, row.known) == (at.moment, at.moment)
    boss.get(f"/training-report/bundles/{row.uuid}/file")
    states = dict(read_archive(boss.response.get_data()))["states.csv"].decode()
    assert len(states.splitlines()) == 2, "one of two is there yet"


def test_a_move_from_today_on_leaves_the_days_of_who_had_left_the_unit_before(browser: Browser, register: Register, at: At) -> None:
    """spec/compulsory 4.5b: who was in the audience on days before was in it, wherever the unit stands today."""
    at.pass_(days=2)
    put(register.instance, register.people[0], register.loja)
    at.pass_(days=2)
    follow(register.instance, at.moment)
    assert len(stays_of(register, 0)) == 1
    boss = sign_in(browser, "admin@example.org")
    boss.get(f"/administration/organisations/{register.unit.uuid}")
    boss.submit("/move", {"move-place": str(register.loja.uuid)}, status=422)
    boss.submit("/move")

    boss.deliver_jobs()

    assert len(stays_of(register, 0)) == 1


def test_a_move_from_before_is_followed_for_those_who_had_left_the_unit_before(browser: Browser, register: Register, at: At) -> None:
    """spec/compulsory 3.7: whoever was there on days before is no longer said to have been in the audience on them."""
    at.pass_(days=2)
    put(register.instance, register.people[0], register.loja)
    at.pass_(days=2)
    follow(register.instance, at.moment)
    with register.instance.database.unit_of_work() as session:
        rows = session.get_one(Organisation, register.unit.id), session.get_one(Organisation, register.loja.id)
        units.move(session, SYSTEM, *rows, now=clock.now(), since_on=BEGINNING)

    browser.deliver_jobs()

    assert stays_of(register, 0) == []


def stays_of(register: Register, number: int) -> list[int]:
    of_person = (AudienceStayRecord.person_id == register.people[number].id, AudienceStayRecord.retracted_at.is_(None))
    with register.instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(AudienceStayRecord.id).where(*of_person)))


def test_two_trainings_of_one_title_are_counted_apart() -> None:
    effects = [TrainingEffect(number, {"es": "Ética"}, TrainingEffectKind.BEGINS, 2, ["Ana"]) for number in (1, 2, 1)]

    assert [(effect.obligation, effect.people) for effect in join_effects(effects)] == [(1, 4), (2, 2)]
