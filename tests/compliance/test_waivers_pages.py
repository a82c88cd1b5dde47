"""Pages of waivers and recognitions: asked for, decided on, and who may see what (spec/compulsory 4.10, 4.11, 16 and 18)."""

import errno
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from io import BytesIO
from itertools import count
from typing import Any

import pytest
from sqlalchemy import select, update

from accounts.models import Notification, Person
from compliance import claims, evidence
from compliance.evidence import EvidenceFile, keep_evidence
from compliance.models import Recognition, Waiver
from compliance.rules.claims import WaiverKind
from kernel import clock
from kernel.archives import read_archive
from lms.instance import Instance
from organisations.models import Employment, Organisation
from organisations.rules.units import TrainingRole
from tests.support import scenes
from tests.support.access import a_cast, form_token, outcome
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, an_administrator, sign_in
from tests.support.claims import act_on, again, ask_recognition, ask_waiver
from tests.support.obligations import an_audience_of, an_obligation, compute, let_stay, rules_of
from tests.support.places import a_place, give_training, manage, put
from tests.support.training_access import a_training_cast
from tests.support.wording import in_spanish

PDF = b"%PDF-1.4 certificado"
FIELDS = {"kind": "commission", "obligation": "", "first_on": "2026-11-01", "last_on": "2027-01-31", "document": "IESS-0417"}


@dataclass
class Scene:
    """Ana works in a unit with a head; others look after, audit or head the unit or another one."""

    instance: Instance
    browsers: Mapping[str, Browser]
    people: Mapping[str, Person]

    def status(self, role: str, path: str, data: Mapping[str, Any] | None = None) -> str:
        """Return what a role gets: a for allowed, d for refused, h for hidden."""
        browser = self.browsers[role]
        browser.checks = False
        if data is None:
            browser._request("GET", path)
        else:
            browser._request("POST", path, data={**data, "csrf_token": form_token(browser)})
        status = browser.response.status_code
        if "/sign-in" in browser.response.headers.get("Location", ""):
            return "d"
        return {200: "a", 303: "a", 409: "a", 422: "a", 401: "d", 403: "d", 404: "h"}[status]


ROLES = ("anonymous", "oneself", "colleague", "head", "other head", "officer", "other officer", "auditor", "administrator")


@pytest.fixture
@scenes.scene
def scene(browser: Browser, instance: Instance) -> Scene:
    root = a_place(instance, "IESS", code="IESS")
    unit = a_place(instance, "Afiliación Guayas", root, code="GYE")
    other = a_place(instance, "Otra institución", code="OTRA")
    people = {role: a_person(instance, f"{role.replace(' ', '.')}@example.org", given=role.title()) for role in ROLES[1:-1]}
    people["administrator"] = an_administrator(instance, "administrator@example.org")
    for role in ("oneself", "colleague"):
        put(instance, people[role], unit)
    manage(instance, people["head"], unit)
    manage(instance, people["other head"], other)
    give_training(instance, people["officer"], root, TrainingRole.OFFICER)
    give_training(instance, people["other officer"], other, TrainingRole.OFFICER)
    give_training(instance, people["auditor"], root, TrainingRole.AUDITOR)
    browsers = {"anonymous": browser, **{role: sign_in(browser.another(), person.email) for role, person in people.items()}}
    return Scene(instance, browsers, people)


def test_who_may_see_propose_and_withdraw(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: waiver.propose, training.why, training.why of medical evidence."""
    cast = a_training_cast(browser, instance)
    person, kept = cast.people["oneself"], keep_evidence(instance.files, "certificado.pdf", PDF)
    assert isinstance(kept, EvidenceFile)
    medical = ask_waiver(instance, person, kind=WaiverKind.MEDICAL, evidence=kept)
    other = ask_waiver(instance, person, first_on=date(2024, 1, 1), last_on=date(2024, 2, 1), evidence=kept)
    recognised = ask_recognition(instance, person, cast.course, evidence=kept)

    wrong = [
        fault
        for kind in ("waivers", "recognitions")
        for fault in cast.check("waiver.propose", "of_a_person", cast.outcomes(f"/training/people/{person.uuid}/{kind}/new"))
    ]
    for page in (f"waivers/{medical.uuid}", f"waivers/{other.uuid}", f"recognitions/{recognised.uuid}"):
        wrong += cast.check("training.why", "of_a_person", cast.outcomes(f"/training/{page}"))
    wrong += cast.check("training.why", "medical_evidence", cast.outcomes(f"/training/waivers/{medical.uuid}/evidence"))
    for page in (f"waivers/{other.uuid}", f"recognitions/{recognised.uuid}"):
        wrong += cast.check("training.why", "of_a_person", cast.outcomes(f"/training/{page}/evidence"))
    assert wrong == []
    assert set(cast.outcomes(f"/training/waivers/{medical.uuid}/withdrawal", "POST").items()) == {
        ("anonymous", "login"),
        ("oneself", "allow"),
        *((role, "hide") for role in cast.people if role != "oneself"),
    }


def test_who_decides(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: waiver.approve and recognition.approve; an administrator decides on no medical one without a grant."""
    cast, wrong, number = a_training_cast(browser, instance), list[str](), count(1)
    person = cast.people["oneself"]

    def decided(ask: Callable[..., Waiver | Recognition], act: str, **values: object) -> dict[str, str]:
        """Let each role decide on something of its own, or revoke it."""
        outcomes = {}
        for role, visitor in cast.browsers.items():
            year = 1960 + next(number)
            row = ask(year=year, **({"by": cast.people[role]} if values.get("own") and role in cast.people else {}))
            if act == "revocation":
                act_on(instance, claims.decide, row, an_approver, approves=True)
            data = {"decision": "approve"} if act == "decision" else {"words": "Ya no.", "sure": "y"}
            outcomes[role] = outcome(visitor, f"/training/{row.__tablename__}s/{row.uuid}/{act}", "POST", data)
        return outcomes

    def waiver(kind: WaiverKind) -> Callable[..., Waiver]:
        return lambda year, by=None: ask_waiver(instance, person, by, kind=kind, first_on=date(year, 1, 1), last_on=date(year, 2, 1))

    def recognition(year: int, by: Person | None = None) -> Recognition:
        return ask_recognition(instance, person, cast.course, by, achieved_on=date(1960, 1, 1) + timedelta(days=year))

    an_approver = a_person(instance, "aprueba@example.org")
    for act in ("decision", "revocation"):
        for kind in (WaiverKind.MEDICAL, WaiverKind.PARENTAL):
            wrong += cast.check("waiver.approve", "medical", decided(waiver(kind), act))
        wrong += cast.check("waiver.approve", "other_reasons", decided(waiver(WaiverKind.LEGAL), act))
        wrong += cast.check("recognition.approve", "proposed_by_another", decided(recognition, act))
        wrong += cast.check("waiver.approve", "own", decided(waiver(WaiverKind.LEGAL), act, own=True))
    assert wrong == []


def test_the_plain_cast_before_waivers(browser: Browser, instance: Instance) -> None:
    """spec/security 9: the list is for who decides; nobody withdraws what another proposed."""
    cast, person = a_cast(browser, instance), a_person(instance)
    row, recognised = ask_waiver(instance, person), ask_recognition(instance, person, a_course(instance))

    wrong = cast.check("waiver.list", "any", cast.outcomes("/training/waivers"))
    wrong += cast.check("recognition.propose", "of_another", cast.outcomes(f"/training/people/{person.uuid}/recognitions/new"))
    wrong += cast.check("waiver.withdraw", "of_another", cast.outcomes(f"/training/waivers/{row.uuid}/withdrawal", "POST"))
    withdrawal = f"/training/recognitions/{recognised.uuid}/withdrawal"
    wrong += cast.check("recognition.withdraw", "of_another", cast.outcomes(withdrawal, "POST"))

    assert wrong == []


@pytest.mark.parametrize("role", ["officer", "administrator"])
def test_nobody_decides_on_their_own_or_on_what_they_proposed_and_the_page_says_why(scene: Scene, role: str) -> None:
    """spec/compulsory 4.10 and 16: waiver.approve, own or proposed by oneself."""
    put(scene.instance, scene.people[role], a_place(scene.instance, "Otra unidad", code="X"))
    mine = ask_waiver(scene.instance, scene.people[role])
    proposed = ask_waiver(scene.instance, scene.people["oneself"], scene.people[role])

    for row, words in ((mine, "It is about you: another person decides."), (proposed, "You proposed it: another person decides.")):
        assert scene.status(role, f"/training/waivers/{row.uuid}/decision", {"decision": "approve"}) == "d"
        page = scene.browsers[role].get(f"/training/waivers/{row.uuid}")
        assert in_spanish(words) in page.text
        assert again(scene.instance, row).state == "proposed"


def test_a_person_asks_with_a_file_and_an_officer_approves(scene: Scene) -> None:
    """spec/compulsory 4.10 and 11.4."""
    learner, officer = scene.browsers["oneself"], scene.browsers["officer"]
    learner.get("/learning/waivers")
    learner.get("/learning/waivers/new")
    data = {**FIELDS, "kind": "medical", "document": "", "words": "Cirugía", "evidence": (BytesIO(PDF), "../certificado médico.pdf")}
    learner.post("/learning/waivers/new", data, content_type="multipart/form-data")
    assert learner.path.endswith("/learning/waivers")
    assert in_spanish("Waiting for a decision") in learner.page.text

    row = waivers_of(scene.instance)[0]
    assert (row.evidence_name, row.words) == ("certificado médico.pdf", "Cirugía")
    officer.get("/training/waivers")
    assert officer.page.has_link(f"/training/waivers/{row.uuid}")
    officer.get(f"/training/waivers/{row.uuid}")
    assert "Cirugía" in officer.page.text
    officer.submit(f"/training/waivers/{row.uuid}/decision", {"decision": "approve", "words": ""})
    officer.deliver_jobs()
    assert again(scene.instance, row).state == "approved"
    learner.get("/learning/waivers")
    assert in_spanish("Approved") in learner.page.text
    assert in_spanish("A waiver was approved") in learner.get("/notices").text


def test_a_full_disk_loses_nothing_and_says_so(scene: Scene, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/security 6.3: what proves something is sent again when there is room."""
    learner = scene.browsers["oneself"]
    learner.get("/learning/waivers/new")
    values = {**FIELDS, "kind": "medical"}
    with monkeypatch.context() as full:
        full.setattr(os, "fsync", no_room)
        page = learner.post(
            "/learning/waivers/new", {**values, "evidence": (BytesIO(PDF), "c.pdf")}, status=503, content_type="multipart/form-data"
        )
    assert in_spanish("The server cannot save right now") in page.headings
    assert waivers_of(scene.instance) == []
    learner.get("/learning/waivers/new")
    learner.post("/learning/waivers/new", {**values, "evidence": (BytesIO(PDF), "c.pdf")}, content_type="multipart/form-data")
    assert len(waivers_of(scene.instance)) == 1


def no_room(_file: int) -> None:
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))


def waivers_of(instance: Instance) -> list[Waiver]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(Waiver).order_by(Waiver.id)))


LISTED = ("/training/waivers", "/training/waivers?state=all")


def test_a_copy_for_an_administrator_tells_no_reason_of_health(scene: Scene) -> None:
    """spec/compulsory 4.10: their own copy tells everything."""
    person = scene.people["oneself"]
    ask_waiver(scene.instance, person, kind=WaiverKind.MEDICAL, words="Cirugía de rodilla", document="CM-77")
    ask_waiver(scene.instance, person, kind=WaiverKind.LEGAL, words="Juicio", first_on=date(2024, 1, 1), last_on=date(2024, 2, 1))

    def copied(role: str, path: str) -> str:
        browser = scene.browsers[role]
        token = dict(browser.get("/profile/data").form("/language").fields)["csrf_token"]
        archive = dict(read_archive(browser._request("POST", path, data={"csrf_token": token}).get_data()))
        return archive["csv/waivers.csv"].decode("utf-8-sig") + archive["data.json"].decode()

    of_another, own = copied("administrator", f"/profile/data/of/{person.uuid}"), copied("oneself", "/profile/data/copy")

    assert not [word for word in ("rodilla", "CM-77", "medical") if word in of_another]
    assert [word for word in ("Juicio", "legal", "reserved") if word in of_another] == ["Juicio", "legal", "reserved"]
    assert [word for word in ("rodilla", "CM-77", "medical") if word in own] == ["rodilla", "CM-77", "medical"]


def test_the_head_reads_that_there_is_proof_and_nothing_of_it(scene: Scene) -> None:
    """spec/compulsory 4.10: others read «con respaldo»."""
    row = ask_waiver(scene.instance, scene.people["oneself"], kind=WaiverKind.MEDICAL, words="Cirugía de rodilla", document="CM-77")

    for role in ("head", "administrator"):
        text = scene.browsers[role].get(f"/training/waivers/{row.uuid}").text
        assert in_spanish("With proof, which is not shown to you") in text
        assert "rodilla" not in text
        assert "CM-77" not in text
        for page in (text, *(scene.browsers[role].get(path).text for path in (LISTED if role == "administrator" else ()))):
            assert in_spanish("Medical leave") not in page
            assert in_spanish("with evidence on record") in page
    head, form = scene.browsers["head"], f"/training/people/{scene.people['oneself'].uuid}/waivers/new"
    head.get(form)
    head.post(form, {**FIELDS, "kind": "legal"}, status=409)
    assert in_spanish("with evidence on record") in head.page.text, "of the one that is in the way"
    assert head.page.text.count(in_spanish("Medical leave")) == 1, "among the reasons to choose from"
    for role in ("officer", "auditor"):
        assert in_spanish("Medical leave") in scene.browsers[role].get(LISTED[0]).text
    assert in_spanish("Medical leave") in scene.browsers["oneself"].get("/learning/waivers").text
    assert "rodilla" in scene.browsers["auditor"].get(f"/training/waivers/{row.uuid}").text


def test_a_file_is_sent_as_an_attachment_and_the_look_is_noted(scene: Scene) -> None:
    """spec/security 4.3 and 7.4."""
    kept = keep_evidence(scene.instance.files, "certificado.pdf", PDF)
    assert isinstance(kept, EvidenceFile)
    row = ask_waiver(scene.instance, scene.people["oneself"], kind=WaiverKind.MEDICAL, evidence=kept)
    officer = scene.browsers["officer"]

    officer._request("GET", f"/training/waivers/{row.uuid}/evidence")

    assert officer.response.headers["Content-Disposition"].startswith("attachment")
    assert officer.response.headers["Cache-Control"] == "no-store"
    assert officer.response.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert officer.response.get_data() == PDF
    page = scene.browsers["oneself"].get("/profile/data")
    assert in_spanish("A waiver or recognition of yours") in page.text


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"last_on": "2026-10-31"}, "last_on"),
        ({"last_on": "2028-11-01"}, "last_on"),
        ({"first_on": ""}, "first_on"),
        ({"first_on": "31/02/2027"}, "first_on"),
        ({"document": ""}, "document"),
        ({"kind": "other", "words": " "}, "words"),
        ({"kind": "holidays"}, "kind"),
        ({"obligation": "77"}, "obligation"),
        ({"words": "x" * 1001}, "words"),
    ],
)
def test_what_is_wrong_stands_beside_its_field(scene: Scene, fields: Mapping[str, str], field: str) -> None:
    """spec/compulsory 18."""
    learner = scene.browsers["oneself"]
    learner.get("/learning/waivers/new")

    learner.post("/learning/waivers/new", {**FIELDS, **fields}, status=422)

    assert f'id="{field}-error"' in learner.page.html
    assert not waivers_of(scene.instance)


@pytest.mark.parametrize(("name", "content"), [("a.exe", b"MZ"), ("a.pdf", b"no"), ("a.pdf", b""), ("a.pdf", b"%PDF-" + b"x" * 2000)])
def test_a_file_of_another_kind_or_too_large_is_refused(scene: Scene, name: str, content: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/compulsory 18."""
    monkeypatch.setattr(evidence, "LARGEST", 1000)
    learner = scene.browsers["oneself"]
    learner.get("/learning/waivers/new")

    data = {**FIELDS, "evidence": (BytesIO(content), name)}
    learner.post("/learning/waivers/new", data, status=422, content_type="multipart/form-data")

    assert 'id="evidence-error"' in learner.page.html
    assert not waivers_of(scene.instance)


def test_overlapping_waivers_are_shown_side_by_side(scene: Scene) -> None:
    """spec/compulsory 18."""
    ask_waiver(scene.instance, scene.people["oneself"])
    head = scene.browsers["head"]
    form = f"/training/people/{scene.people['oneself'].uuid}/waivers/new"
    head.get(form)

    head.post(form, {**FIELDS, "kind": "legal", "first_on": "2027-01-31", "last_on": "2027-02-28"}, status=409)

    assert in_spanish("What you ask for now") in head.page.text
    assert in_spanish("Commission to another institution") in head.page.text
    assert len(waivers_of(scene.instance)) == 1


def test_a_refusal_needs_words_and_a_revocation_too(scene: Scene) -> None:
    """spec/compulsory 4.10: refusal with words."""
    row, officer = ask_waiver(scene.instance, scene.people["oneself"]), scene.browsers["officer"]
    page = f"/training/waivers/{row.uuid}"
    officer.get(page)
    officer.post(f"{page}/decision", {"decision": "refuse", "words": " "}, status=422)
    officer.post(f"{page}/decision", {"words": "Conforme."}, status=422)
    officer.post(f"{page}/decision", {"decision": "approve"})
    officer.post(f"{page}/revocation", {"words": "", "sure": "y"}, status=422)
    officer.post(f"{page}/revocation", {"words": "Volvió.", "sure": "y"})

    assert (again(scene.instance, row).state, again(scene.instance, row).revocation) == ("revoked", "Volvió.")
    assert "Volvió." in scene.browsers["oneself"].get("/learning/waivers").text


def test_a_second_click_on_approve_and_a_second_person_have_one_result(scene: Scene) -> None:
    """spec/compulsory 18."""
    row, officer = ask_waiver(scene.instance, scene.people["oneself"]), scene.browsers["officer"]
    page = f"/training/waivers/{row.uuid}"
    officer.get(page)
    for _click in range(2):
        officer.post(f"{page}/decision", {"decision": "approve"})
    boss = scene.browsers["administrator"]
    boss.get(page)

    boss.post(f"{page}/decision", {"decision": "refuse", "words": "No."}, status=409)

    assert again(scene.instance, row).state == "approved"
    with scene.instance.database.unit_of_work(write=False) as session:
        told = session.scalars(select(Notification).where(Notification.kind == "waiver")).all()
    assert [notice.person_id for notice in told] == [scene.people["oneself"].id]


def test_who_proposed_withdraws_what_waits(scene: Scene) -> None:
    person, head = scene.people["oneself"], scene.browsers["head"]
    row = ask_waiver(scene.instance, person, scene.people["head"])
    head.get(f"/training/waivers/{row.uuid}")
    head.submit(f"/training/waivers/{row.uuid}/withdrawal")

    assert again(scene.instance, row).state == "withdrawn"
    assert in_spanish("Withdrawn") in scene.browsers["oneself"].get("/learning/waivers").text


def test_a_training_that_a_recognition_does_not_count_for_is_named_before_the_decision(scene: Scene) -> None:
    """spec/compulsory 4.1, `counts_from`: officer and person read it; another training counts it."""
    course, person = a_course(scene.instance), scene.people["oneself"]
    with scene.instance.database.unit_of_work(write=False) as session:
        root = session.scalars(select(Organisation).where(Organisation.code == "IESS")).one()
    audience = an_audience_of(scene.instance, root)
    let_stay(scene.instance, audience, person)
    terms = rules_of(course)
    for key, counts_from in (("una", date(2026, 1, 1)), ("otra", None)):
        row = an_obligation(scene.instance, audience, replace(terms, counts_from=counts_from), key=key)
        compute(scene.instance, row, [person.id], now=clock.now())
    early, later = (ask_recognition(scene.instance, person, course, achieved_on=day) for day in (date(2025, 12, 31), date(2026, 1, 1)))

    words = in_spanish("It does not count for %(titles)s: only what was completed later does.", titles="Curso obligatorio")

    for role in ("officer", "oneself"):
        assert words in scene.browsers[role].get(f"/training/recognitions/{early.uuid}").text
        assert words not in scene.browsers[role].get(f"/training/recognitions/{later.uuid}").text


def test_a_recognition_before_entry_is_marked_and_one_of_tomorrow_refused(scene: Scene) -> None:
    """spec/compulsory 18 and 4.11."""
    course, learner, person = a_course(scene.instance), scene.browsers["oneself"], scene.people["oneself"]
    employ(scene.instance, person, date(2024, 5, 6))
    tomorrow = clock.now().date() + timedelta(days=2)
    fields = {"course": str(course.id), "issuer": "SECAP", "document": "S-1"}
    learner.get("/learning/recognitions/new")
    for day in (tomorrow.isoformat(), "1949-12-31", "pronto"):
        learner.post("/learning/recognitions/new", {**fields, "achieved_on": day}, status=422)
    learner.post("/learning/recognitions/new", {**fields, "achieved_on": "2023-11-20"})
    learner.get("/learning/recognitions/new")
    learner.post("/learning/recognitions/new", {**fields, "achieved_on": "2023-11-20"})

    with scene.instance.database.unit_of_work(write=False) as session:
        row = session.scalars(select(Recognition)).one()
    officer = scene.browsers["officer"]
    assert in_spanish("before entry") in officer.get("/training/waivers").text
    entry = "6 de mayo de 2024"
    assert in_spanish("It was completed before the person entered the institution, on %(day)s.", day=entry) in (
        officer.get(f"/training/recognitions/{row.uuid}").text
    )
    officer.submit(f"/training/recognitions/{row.uuid}/decision", {"decision": "approve", "words": "Conforme."})
    assert again(scene.instance, row).state == "approved"
    other = scene.browsers["head"]
    form = f"/training/people/{person.uuid}/recognitions/new"
    other.get(form)
    other.post(form, {**fields, "achieved_on": "2023-11-20"}, status=409)


def employ(instance: Instance, person: Person, day: date) -> None:
    """Record the day on which somebody entered the institution."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Employment).where(Employment.person_id == person.id).values(entered_on=day))


def test_the_list_is_filtered_and_counts_what_the_reader_decides(scene: Scene) -> None:
    """spec/compulsory 11.4: medical ones wait for officers alone."""
    person, colleague = scene.people["oneself"], scene.people["colleague"]
    medical = ask_waiver(scene.instance, person, kind=WaiverKind.MEDICAL)
    legal = ask_waiver(scene.instance, colleague, kind=WaiverKind.LEGAL)
    own = ask_waiver(scene.instance, scene.people["officer"])
    refused = ask_waiver(scene.instance, person, first_on=date(2024, 1, 1), last_on=date(2024, 2, 1))
    act_on(scene.instance, claims.decide, refused, scene.people["officer"], approves=False)

    def waiting(role: str) -> str:
        return scene.browsers[role].get("/training/waivers").text

    assert in_spanish("%(count)s is waiting for your decision.", count=2) in waiting("officer")
    assert in_spanish("%(count)s is waiting for your decision.", count=2) in waiting("administrator")
    assert in_spanish("Nothing is waiting for your decision.") in waiting("other officer")
    officer = scene.browsers["officer"]
    found = officer.get("/training/waivers?q=colleague")
    assert (found.has_link(f"/training/waivers/{legal.uuid}"), found.has_link(f"/training/waivers/{medical.uuid}")) == (True, False)
    by_address = officer.get(f"/training/waivers?q={colleague.email}")
    assert not by_address.has_link(f"/training/waivers/{legal.uuid}"), "the page shows no addresses, so nobody searches in them"
    assert officer.get("/training/waivers?state=refused").has_link(f"/training/waivers/{refused.uuid}")
    assert not officer.get("/training/waivers").has_link(f"/training/waivers/{own.uuid}")


def test_the_way_to_waivers_stands_where_people_look(scene: Scene) -> None:
    """spec/compulsory 11.1 and 11.4: learners from what they have to complete, officers and administrators from their menus."""
    assert scene.browsers["oneself"].get("/learning/compulsory").has_link("/learning/waivers")
    assert scene.browsers["officer"].get("/compulsory-training/obligations").has_link("/training/waivers")
    assert scene.browsers["administrator"].get("/administration").has_link("/training/waivers")
    assert not scene.browsers["head"].get("/learning").has_link("/training/waivers")
