"""The demonstration: what it fills in agrees with itself, names nobody real, and is made once."""

import re
import sqlite3
from collections import Counter
from contextlib import closing
from datetime import UTC, datetime, timedelta
from fractions import Fraction
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import func, select

from accounts.models import Consent, Device, Person, RoleGrant
from certificates.credentials import list_signers, signed_content
from certificates.models import Credential, StoredTemplate
from certificates.rules.credentials import canonical_content
from courses import versions
from courses.models import CourseStaff
from enrolments.learners import results_of
from enrolments.models import ActivityResult, Completion, Enrolment
from enrolments.rules import evaluate_completion
from kernel.audit import AuditEntry
from kernel.outbox import Job
from kernel.settings import load
from lms.demo.cli import demo
from lms.demo.filling import BEFORE, GROUND, TRAINING_STAFF, WORDS, Account, fill, new_password
from lms.demo.institution import PROVINCES, SIZES
from lms.demo.learning import answer_all
from lms.demo.people import DOMAIN, MAX_LEARNERS, DemoOutcome, learners
from lms.demo.teaching import TEMPLATE
from lms.instance import Instance
from organisations.models import Membership, Organisation
from questions import question_bank
from quizzes import attempts as quiz_queries
from quizzes.models import AnswerEvent, Attempt
from tests.support.browser import Browser
from tests.support.builders import folder, publish, sign_in
from tests.support.commands import commands_on, refused

STARTS = {"administrator": "/administration", "unit manager": "/units", "learner": "/learning"}
"""Where those start who are in no course's team."""
NOW = datetime(2026, 11, 20, 15, 0, tzinfo=UTC)
COUNT = 11
"""Enough for each of the fates that reach a course, and for two certificates."""


def filled(
    instance: Instance, *, count: int = COUNT, settings: str = "attempts: 3\npause: {first: 30 min, later: 24 h}\n"
) -> list[Account]:
    """Fill an instance that has a small course."""
    publish(instance, folder(modules=2, settings=settings), now=NOW - BEFORE)
    return fill(instance, now=NOW, count=count)


def dump(home: Path) -> list[str]:
    """Return everything that the database of a folder holds."""
    with closing(sqlite3.connect(home / "aulario.sqlite")) as connection:
        return list(connection.iterdump())


@pytest.mark.slow
def test_what_is_filled_in_agrees_with_itself(instance: Instance) -> None:
    filled(instance)

    with instance.database.unit_of_work(write=False) as session:
        enrolled = session.scalars(select(Enrolment)).all()
        for enrolment in enrolled:
            outline = versions.get_outline(session, enrolment.course_version_id)
            progress = evaluate_completion(outline, results_of(session, enrolment.id), NOW)
            completion = session.scalar(select(Completion).where(Completion.enrolment_id == enrolment.id))
            assert (enrolment.done, enrolment.total) == (progress.done, progress.total)
            assert (completion is not None) is progress.completed
            assert completion is None or abs(Fraction(completion.grade or 0) - (progress.grade or 0)) < Fraction(1, 10**6)
            done = session.scalar(
                select(func.count()).where(ActivityResult.enrolment_id == enrolment.id, ActivityResult.completed_at.is_not(None))
            )
            assert (done or 0) >= progress.done
        best = dict(
            session.execute(
                select(Attempt.enrolment_id, func.max(Attempt.percent))
                .where(Attempt.activity_key == "cuestionario-1", ~Attempt.preview, Attempt.finished_at.is_not(None))
                .group_by(Attempt.enrolment_id)
            ).all()
        )
        scores = dict(
            session.execute(
                select(ActivityResult.enrolment_id, ActivityResult.score).where(
                    ActivityResult.activity_key == "cuestionario-1",
                    ActivityResult.score.is_not(None),
                    ActivityResult.overridden_at.is_(None),
                )
            ).all()
        )
        every_score = set(session.scalars(select(ActivityResult.score).where(ActivityResult.score.is_not(None))))
    assert len(enrolled) == COUNT + 1
    assert len(every_score) > 2, "marks are spread"
    assert scores.items() <= best.items()
    assert len(best) - len(scores) <= 1, "all but the one that the team overrode"


@pytest.mark.slow
def test_certificates_come_of_completions_alone_and_one_is_revoked(instance: Instance) -> None:
    filled(instance)

    with instance.database.unit_of_work(write=False) as session:
        completions = {row.enrolment_id: row for row in session.scalars(select(Completion))}
        credentials = session.scalars(select(Credential)).all()
        corrections = {credential.replaced_by_id for credential in credentials}
        for credential in credentials:
            assert (
                credential.completed_on == completions[credential.enrolment_id].completed_at.astimezone().date() or credential.completed_on
            )
            assert credential.issued_on == credential.completed_on or credential.id in corrections
            signers = list_signers(session, credential)
            assert signers, "the institution of the demonstration has a signatory"
            assert instance.keys.verifies(credential.key_id, canonical_content(signed_content(credential, signers)), credential.signature)
    assert {credential.enrolment_id for credential in credentials} == set(completions)
    assert len(completions) == [learner.fate for learner in learners(COUNT, 1)].count(DemoOutcome.FINISHED)
    assert [bool(credential.revoked_at) for credential in credentials].count(True) == 1


@pytest.mark.slow
def test_one_certificate_is_corrected_and_the_institution_has_a_template(instance: Instance) -> None:
    filled(instance)

    with instance.database.unit_of_work(write=False) as session:
        replaced = session.scalars(select(Credential).where(Credential.replaced_by_id.is_not(None))).one()
        corrected = session.get_one(Credential, replaced.replaced_by_id)
        template = session.scalars(select(StoredTemplate)).one()
    assert corrected.person_name == f"{replaced.person_name} Corregido"
    assert (template.key, template.published_number) == (TEMPLATE, 1)


@pytest.mark.slow
def test_everybody_is_invented_and_lives_at_example_org(instance: Instance) -> None:
    accounts = filled(instance, count=3)

    with instance.database.unit_of_work(write=False) as session:
        people = session.scalars(select(Person)).all()
        consents = session.scalar(select(func.count(Consent.person_id.distinct())))
        networks = set(session.scalars(select(Device.address)))
    assert {person.email.partition("@")[2] for person in people} == {DOMAIN}
    assert all(person.second_surname for person in people)
    assert consents == len(people)
    assert networks == {"198.51.100.0"}
    assert not any(account.password in person.password_hash for account in accounts for person in people)
    everyone = learners(MAX_LEARNERS, 1)
    assert len({learner.identity.email for learner in everyone}) == MAX_LEARNERS + 1
    assert all(re.fullmatch(r"[a-z]+(\.[a-z]+)?@example\.org", learner.identity.email) for learner in everyone)


@pytest.mark.slow
def test_every_day_lies_in_the_last_eight_weeks(instance: Instance) -> None:
    filled(instance)

    with instance.database.unit_of_work(write=False) as session:
        moments = [*session.scalars(select(AuditEntry.at)), *session.scalars(select(AnswerEvent.server_time))]
        attempts = session.scalars(select(Attempt)).all()
        waiting = session.scalar(select(func.count()).select_from(Job).where(Job.done_at.is_(None)))
        visits = {enrolment.last_visited_at.date() for enrolment in session.scalars(select(Enrolment)) if enrolment.last_visited_at}
    assert NOW - BEFORE <= min(moments) < max(moments) <= NOW
    assert all(attempt.finished_at is None or attempt.started_at < attempt.finished_at for attempt in attempts)
    assert len(visits) > 3
    assert waiting == 0


@pytest.mark.slow
def test_some_are_done_some_have_an_open_attempt_and_some_never_came(instance: Instance) -> None:
    filled(instance)

    with instance.database.unit_of_work(write=False) as session:
        open_ones = session.scalars(select(Attempt).where(Attempt.state == "in_progress")).all()
        saved = session.scalar(select(func.count()).select_from(AnswerEvent).where(AnswerEvent.kind == "autosave"))
        never = session.scalar(select(func.count()).select_from(Enrolment).where(Enrolment.last_visited_at.is_(None)))
        suspended = session.scalars(select(Person.id).where(Person.suspended_at.is_not(None))).all()
        signed_in = session.scalar(
            select(func.count()).select_from(Device).where(Device.person_id.in_(suspended), Device.ended_at.is_(None))
        )
        previews = session.scalar(select(func.count()).select_from(Attempt).where(Attempt.preview))
    assert len(open_ones) == 2, "the learner of the table, and one more"
    assert all(attempt.raw is None and NOW - attempt.started_at < timedelta(days=2) for attempt in open_ones)
    assert saved
    assert never == 1
    assert len(suspended) == 1
    assert signed_in == 0
    assert previews == 2


@pytest.mark.slow
def test_the_eight_roles_can_sign_in_and_a_suspended_person_cannot(instance: Instance, browser: Browser) -> None:
    accounts = filled(instance, count=3)

    for account in accounts:
        visitor = sign_in(browser.another(), account.email, account.password)
        start = "/training-report" if account.role in TRAINING_STAFF else STARTS.get(account.role, "/teaching")
        assert visitor.path.startswith(start), account.role
        visitor.get("/administration", status=200 if account.role == "administrator" else 403)
        visitor.get("/teaching")
        assert visitor.page.has_link("/courses/prueba") is account.role.startswith(("administrator", "course"))
    with instance.database.unit_of_work(write=False) as session:
        suspended = session.scalars(select(Person.email).where(Person.suspended_at.is_not(None))).one()
        assert session.scalar(select(func.count()).select_from(RoleGrant)) == 1
        assert set(session.scalars(select(CourseStaff.role))) == {"owner", "editor", "grader"}
    refused = browser.another()
    refused.get("/sign-in")
    refused.submit("/sign-in", {"email": suspended, "password": accounts[-1].password}, status=422)


@pytest.mark.slow
def test_people_belong_to_units_and_a_manager_follows_those_of_her_province(instance: Instance, browser: Browser) -> None:
    accounts = filled(instance)
    manager = next(account for account in accounts if account.role == "unit manager")

    with instance.database.unit_of_work(write=False) as session:
        members = set(session.scalars(select(Membership.person_id).where(Membership.until.is_(None))))
        places = {place.name: place.uuid for place in session.scalars(select(Organisation))}
    visitor = sign_in(browser, manager.email, manager.password)
    assert len(members) == COUNT + 1
    assert len(places) == 1 + len(PROVINCES) + len(SIZES)
    visitor.get("/units")
    assert visitor.page.has_link(f"/units/{places['Pichincha']}")
    assert "Hospital de ejemplo del Norte" in visitor.get(f"/units/{places['Pichincha']}").text
    visitor.get(f"/units/{places['Guayas']}", status=404)


def test_the_same_seed_gives_the_same_people_and_another_one_others() -> None:
    once, again, other = learners(20, 1), learners(20, 1), learners(20, 2)

    assert once == again
    assert [learner.identity for learner in other] == [learner.identity for learner in once]
    assert [learner.ability for learner in other] != [learner.ability for learner in once]
    assert [once[3].chance("x").random() for _time in range(2)] == [again[3].chance("x").random() for _time in range(2)]
    assert once[3].chance("x").random() != once[3].chance("y").random()
    assert set(Counter(learner.fate for learner in once)) == set(DemoOutcome)


@pytest.mark.slow
def test_answers_reach_the_share_that_is_meant_or_stay_below_it(instance: Instance) -> None:
    """A pass is a pass whichever questions are drawn, and a failure a failure (all automatic kinds, some of them partly right)."""
    filled(instance, count=1)

    with instance.database.unit_of_work(write=False) as session:
        attempt = session.scalars(select(Attempt).order_by(Attempt.id).limit(1)).one()
        loaded = quiz_queries.load_attempt(session, attempt.id)
        questions = question_bank.get_questions(session, [item.question_version_id for item in loaded.items])
    total = sum((item.maximum for item in loaded.items), Fraction(0))
    needed = total * 7 / 10
    reached, missed = [], []
    for learner in learners(30, 5):
        chance = learner.chance("answers")
        passing = answer_all(loaded.items, questions, "es", chance, share=0.7, below=None)
        failing = answer_all(loaded.items, questions, "es", chance, share=0.65, below=needed)
        reached.append(sum((one.marks for one in passing), Fraction(0)))
        missed.append(sum((one.marks for one in failing), Fraction(0)))
        perfect = answer_all(loaded.items, questions, "es", chance, share=1.0, below=None)
        assert sum((one.marks for one in perfect), Fraction(0)) == total
    assert len(loaded.items) == 7
    assert min(reached) >= needed > max(missed) > 0
    assert any(one.denominator > 1 for one in missed), "some answers are partly right"


@pytest.mark.slow
def test_the_command_fills_once_and_a_second_run_changes_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Runs in a process's own folder, with the sample courses; `--fresh` makes new passwords, `--host` stays on this machine."""
    home = tmp_path / "demo"
    samples = tmp_path / "content"
    for path, content in folder("muestra").items():
        (samples / "muestra" / path).parent.mkdir(parents=True, exist_ok=True)
        (samples / "muestra" / path).write_bytes(content)
    monkeypatch.setattr("lms.demo.filling.CONTENT", samples)
    monkeypatch.setenv("LMS_DATA_DIR", str(home))
    monkeypatch.setenv("LMS_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/production")
    monkeypatch.setenv("LMS_SMTP_HOST", "mail.example.org")

    first = CliRunner().invoke(demo, ["--fill-only", "--learners", "4"], catch_exceptions=False)
    before = dump(home)
    second = CliRunner().invoke(demo, ["--fill-only", "--learners", "4"], catch_exceptions=False)
    after = dump(home)
    fresh = CliRunner().invoke(demo, ["--fill-only", "--learners", "2", "--fresh"], catch_exceptions=False)

    passwords = re.findall(r"@example\.org +([a-z]{4}(?:-[a-z]{4}){3})", first.output)
    assert first.exit_code == second.exit_code == fresh.exit_code == 0, first.output
    assert len(passwords) == 8
    assert "http://127.0.0.1:8001/learning" in second.output
    assert "--fresh" in second.output
    assert before == after
    assert not set(passwords) & set(re.findall(r"@example\.org +([a-z]{4}(?:-[a-z]{4}){3})", second.output + fresh.output))
    assert list((home / "mail").glob("*.eml")), "mail was written to the folder, not sent"
    assert (home / GROUND.marker).read_text()


def test_other_hosts_and_other_peoples_folders_are_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "aulario.sqlite").write_bytes(b"real people")
    lms = commands_on(load(data_dir=tmp_path), monkeypatch, capsys)

    refused(lms("demo", "--host", "0.0.0.0", "--fill-only"), "this machine only")  # noqa: S104 - what is refused
    refused(lms("demo", "--fill-only", "--fresh"), "not a demonstration")

    assert (tmp_path / "aulario.sqlite").read_bytes() == b"real people"


def test_a_filling_that_was_broken_off_is_made_again(tmp_path: Path) -> None:
    GROUND.clear(tmp_path, fresh=False)
    (tmp_path / "aulario.sqlite").write_bytes(b"half")
    (tmp_path / "mail").mkdir()

    GROUND.clear(tmp_path, fresh=False)

    assert [path.name for path in tmp_path.iterdir()] == [GROUND.marker]
    (tmp_path / GROUND.marker).write_text("2026-11-20")
    (tmp_path / "aulario.sqlite").write_bytes(b"whole")
    GROUND.clear(tmp_path, fresh=False)
    assert (tmp_path / "aulario.sqlite").exists()
    GROUND.clear(tmp_path, fresh=True)
    assert not (tmp_path / "aulario.sqlite").exists()
    assert not (tmp_path / GROUND.marker).read_text()


def test_a_running_demonstration_is_not_emptied_by_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    lms = commands_on(load(data_dir=tmp_path), monkeypatch, capsys)
    GROUND.clear(tmp_path, fresh=False)
    (tmp_path / "aulario.sqlite").write_bytes(b"in use")

    with GROUND.claimed(tmp_path):
        refused(lms("demo", "--fill-only", "--fresh"), "running already")

    assert (tmp_path / "aulario.sqlite").exists()
    with GROUND.claimed(tmp_path):
        pass


def test_passwords_are_long_and_never_the_same() -> None:
    made = {new_password() for _time in range(50)}

    assert len(made) == 50
    assert all(re.fullmatch(r"[a-z]{4}(-[a-z]{4}){3}", password) for password in made)


def test_passwords_can_be_read_aloud_in_front_of_others() -> None:
    assert {"culo", "puta", "nazi"}.isdisjoint(WORDS)
    assert len(WORDS) ** 4 > 2**50
