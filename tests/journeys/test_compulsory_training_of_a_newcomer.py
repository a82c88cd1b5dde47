"""A new employee under compulsory training, from the list of people to the renewal of the certificate two years later."""

import io
from dataclasses import replace
from datetime import date, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner
from sqlalchemy import select

from accounts.models import Notification, Person
from certificates.models import Credential
from compliance import claims
from compliance.assignments import ReplayMoments, walk_differences
from compliance.bundles import BundleCover, BundleScope, BundleSource, bundle_texts, pack_bundle
from compliance.cli import compliance
from compliance.models import Assignment, Obligation, Reminder
from compliance.report import ReportTime, TrainingFilter, list_report_obligations
from compliance.rules.terms import DeadlineAnchor, ObligationTerms, RelativeDeadline
from courses.models import Course
from kernel.durations import Duration
from kernel.outbox import deliver_waiting
from kernel.permissions import SYSTEM, Actor
from kernel.settings import Settings
from lms.demo.institution import follow_training
from lms.instance import Instance
from organisations import audiences
from organisations.audiences import AudienceRuleValues
from organisations.models import Organisation
from organisations.rules.audience_leaves import UnitLeaf
from organisations.rules.units import TrainingRole
from tests.support.browser import Browser
from tests.support.builders import a_person, folder, publish, sign_in
from tests.support.certificates import words_of
from tests.support.claims import act_on, ask_waiver
from tests.support.commands import Command, commands_on
from tests.support.learning import At, actor_of, mark_done, pass_quiz
from tests.support.obligations import an_obligation, assignment_of, rules_of
from tests.support.places import a_place, give_training, manage
from tests.support.takes import read, takes_of
from tests.support.training_cases import QUITO, A

LIST = "correo;nombres;primer apellido;unidad;numero de empleado;fecha de ingreso\nnueva@example.org;Nina;Mora;GYE;0042;02/02/2026\n"
HIRED, WEEK_LEFT, BACK = (datetime(2026, month, day, 8, 5, tzinfo=QUITO) for month, day in ((2, 2), (2, 25), (4, 1)))
FINISHED = datetime(2026, 4, 20, 10, tzinfo=QUITO)
AUDIT = datetime(2026, 5, 4, 9, tzinfo=QUITO)
RENEWED = datetime(2028, 4, 10, 10, tzinfo=QUITO)
EXPIRED = datetime(2028, 4, 21, 9, tzinfo=QUITO)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    """Return a clock on the day on which the obligation begins."""
    return At(monkeypatch, datetime(2026, 1, 2, 9, tzinfo=QUITO))


@pytest.fixture
def command(instance: Instance, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Command:
    """Return what runs commands on the instance."""
    return commands_on(settings, monkeypatch, capsys)


@pytest.fixture
def staff(instance: Instance, at: At) -> dict[str, Person]:
    """Return who writes and activates the obligation, an officer, an auditor and a head."""
    return {name: a_person(instance, f"{name}@example.org") for name in ("autora", "otra", "responsable", "auditora", "jefa")}


@pytest.fixture
def unit(instance: Instance, staff: dict[str, Person]) -> Organisation:
    """Return the unit of the newcomer, with its head, in an institution with an officer and an auditor."""
    root = a_place(instance, "Instituto", code="I")
    unit = a_place(instance, "Guayaquil", root, code="GYE")
    manage(instance, staff["jefa"], unit)
    give_training(instance, staff["responsable"], root, TrainingRole.OFFICER)
    give_training(instance, staff["auditora"], root, TrainingRole.AUDITOR)
    return unit


@pytest.fixture
def course(instance: Instance, at: At) -> Course:
    """Return a course whose certificates are valid for 24 months."""
    files = folder(modules=1, settings="attempts: 0\n")
    words = b"certificate: {template: constancia, valid: 24 months}"
    return publish(instance, {**files, "course.yaml": files["course.yaml"].replace(b"certificate: constancia", words)})[0]


@pytest.fixture
def obligation(instance: Instance, unit: Organisation, course: Course, at: At) -> Obligation:
    """Return an obligation on everybody of the institution: the course, within thirty days of joining."""
    rule = AudienceRuleValues(UnitLeaf(("I",)), audiences.today_of(at.moment))
    with instance.database.unit_of_work() as session:
        root = session.get_one(Organisation, unit.parent_id)
        audience = audiences.make_audience(session, SYSTEM, root, "todos", {"es": "Todo el personal"}, rule, now=at.moment)
    terms: ObligationTerms = replace(A, deadline=RelativeDeadline(Duration(days=30), DeadlineAnchor.JOIN))
    return an_obligation(instance, audience, rules_of(course, terms))


def morning(instance: Instance, at: At, moment: datetime) -> None:
    """Let a moment come, and do what the clock does."""
    at.moment = moment
    follow_training(instance, moment)
    deliver_waiting(instance.worker, now=moment)


def finish(instance: Instance, at: At, nina: Actor, course: Course, moment: datetime) -> None:
    """Read the lesson and pass the quiz, each followed by the jobs."""
    at.moment = moment
    mark_done(instance, nina, course.slug, "leccion-1", now=moment)
    deliver_waiting(instance.worker, now=at.pass_(minutes=1))
    pass_quiz(instance, nina, course.slug, now=at.pass_(minutes=5))
    deliver_waiting(instance.worker, now=at.pass_(minutes=1))


def hire(instance: Instance, command: Command, file: Path) -> Person:
    """Bring the newcomer in by the list of people, and let them set the password that all in these tests have."""
    file.write_text(LIST, "utf-8")
    assert command("people", "load", file).code == 0
    with instance.database.unit_of_work() as session:
        nina = session.scalars(select(Person).where(Person.email == "nueva@example.org")).one()
        nina.password_hash = session.scalars(select(Person.password_hash).where(Person.email == "jefa@example.org")).one()
        nina.email_confirmed_at = HIRED
        return nina


def evidence(instance: Instance, unit: Organisation, folder_: Path, moment: datetime) -> Path:
    """Write the bundle of evidence of the institution."""
    root = unit.parent_id or 0
    listed = read(instance, lambda session: tuple(list_report_obligations(session, root)))
    scope = BundleScope(root, TrainingFilter(root, True, listed), ReportTime(moment.date(), moment, moment))
    target = io.BytesIO()
    pack_bundle(target, BundleSource(instance.database, instance.keys), scope, BundleCover({"place": "I"}, "0.3.0", bundle_texts()))
    (folder_ / "bundle.zip").write_bytes(target.getvalue())
    return folder_ / "bundle.zip"


def certificates_of(instance: Instance) -> list[Credential]:
    return read(instance, lambda session: list(session.scalars(select(Credential).order_by(Credential.id))))


def differing(instance: Instance, obligation: Obligation, moment: datetime) -> int:
    walked = walk_differences(instance.database, obligation.id, ReplayMoments(moment, moment, moment))
    return sum(len(found) for _people, found in walked)


@pytest.mark.slow
def test_from_the_list_of_people_to_the_renewal_two_years_later(
    browser: Browser,
    instance: Instance,
    command: Command,
    at: At,
    staff: dict[str, Person],
    unit: Organisation,
    course: Course,
    obligation: Obligation,
    tmp_path: Path,
) -> None:
    """spec/compulsory 4–13 and spec/certificates E3 in one walk: nothing of the first certificate is lost."""
    at.moment = HIRED
    person = hire(instance, command, tmp_path / "lista.csv")
    nina = actor_of(person)
    morning(instance, at, HIRED)
    assert [(take.take, take.cause) for take in takes_of(instance, nina, course)] == [(1, "obligation")]
    assert (assignment_of(instance, person).state, assignment_of(instance, person).last_on) == ("not_started", date(2026, 3, 4))

    morning(instance, at, WEEK_LEFT)
    sent = select(Reminder.step).join(Assignment, Assignment.id == Reminder.assignment_id).where(Assignment.person_id == person.id)
    assert 7 in read(instance, lambda session: session.scalars(sent.where(Reminder.reason == "")).all())
    assert read(instance, lambda session: session.scalars(select(Notification).where(Notification.person_id == person.id)).all())

    leave = ask_waiver(
        instance, person, staff["responsable"], now=WEEK_LEFT, first_on=date(2026, 3, 1), last_on=date(2026, 3, 31), document="IESS-1"
    )
    assert act_on(instance, claims.decide, leave, staff["otra"], now=WEEK_LEFT, approves=True)
    deliver_waiting(instance.worker, now=WEEK_LEFT)
    morning(instance, at, BACK)
    assert (assignment_of(instance, person).state, assignment_of(instance, person).last_on) == ("not_started", date(2026, 4, 15))
    morning(instance, at, datetime(2026, 4, 16, 8, 5, tzinfo=QUITO))
    assert assignment_of(instance, person).state == "overdue"

    finish(instance, at, nina, course, FINISHED)
    done = assignment_of(instance, person)
    assert (done.state, done.flags, done.valid_until) == ("done", "late", date(2028, 4, 20))
    visitor = sign_in(browser, "nueva@example.org")
    why = visitor.get(f"/training/{done.uuid}")
    for words in ("unidad Instituto", "31 de marzo de 2026", "después del último día", "20 de abril de 2028"):
        assert words in why.text, words

    at.moment = AUDIT
    head = sign_in(browser.another(), "jefa@example.org")
    past, present = (head.get(f"/training-report/{unit.uuid}/people?at={day}").text for day in ("2026-04-17", "2026-05-04"))
    assert ("Vencida" in past, "Vencida" in present.split("Nina", 1)[1].split("Mora", 1)[1][:200]) == (True, False)
    file = evidence(instance, unit, tmp_path, AUDIT)
    verified = CliRunner().invoke(compliance, ["verify", str(file), "--replay"])
    assert verified.exit_code == 0, verified.output

    first = certificates_of(instance)[0]
    morning(instance, at, RENEWED)
    assert assignment_of(instance, person).state == "renewal_due"
    visitor = sign_in(browser.another(), "nueva@example.org")
    assert [(take.take, take.cause) for take in takes_of(instance, nina, course)] == [(1, "obligation"), (2, "obligation")]
    visitor.get("/courses/prueba/renewal")
    assert visitor.path == "/courses/prueba"
    finish(instance, at, nina, course, RENEWED)
    both = certificates_of(instance)
    assert [(row.take, row.expires_on, row.revoked_at, row.replaced_at) for row in both] == [
        (1, date(2028, 4, 20), None, None),
        (2, date(2030, 4, 20), None, None),
    ]
    assert (assignment_of(instance, person).state, assignment_of(instance, person).valid_until) == ("done", date(2030, 4, 20))

    at.moment = EXPIRED
    stranger = browser.another()
    page = stranger.get(f"/verify/{first.code}")
    assert "Nina Mora" in page.text
    assert page.has_link(f"/verify/{'-'.join(both[1].code[start : start + 4] for start in range(0, 16, 4))}")
    visitor = sign_in(browser.another(), "nueva@example.org")
    visitor._request("GET", f"/certificates/{first.uuid}.pdf")
    assert any("Nina Mora" in line for line in words_of(visitor.response.get_data()))
    assert [differing(instance, obligation, moment) for moment in (WEEK_LEFT, BACK, FINISHED, AUDIT, RENEWED, EXPIRED)] == [0] * 6
