"""Pages of obligations: what an administrator writes, and what a course's team answers.

spec/compulsory 4, 11.4, 18, 4.9a.
"""

import re
from collections.abc import Callable
from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from compliance import planned_changes
from compliance.models import CourseAgreement, Obligation, ObligationVersion, PlannedChange
from compliance.obligations import values_of
from courses.models import Course, CourseVersion, StaffRole
from kernel import clock
from kernel.i18n import choose
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations.audiences import today_of
from organisations.models import Audience, AudienceVersion, Organisation
from organisations.rules.units import TrainingRole
from organisations.training_scope import give_training_role
from tests.support.access import a_cast
from tests.support.browser import Browser, Page, every_statement
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.obligations import an_audience_of, let_stay
from tests.support.places import a_place, give_training, put
from tests.support.scenes import scene
from tests.support.wording import in_spanish

ROOT = "/compulsory-training/obligations"


class Office:
    """An institution of four people, two of them in an audience; a published course; two administrators."""

    def __init__(self, browser: Browser, instance: Instance) -> None:
        self.instance = instance
        self.root = a_place(instance, "IESS", code="IESS")
        self.people = [a_person(instance, f"p{number}@example.org") for number in range(4)]
        for person in self.people:
            put(instance, person, self.root)
        self.course = a_course(instance)
        self.audience = an_audience_of(instance, self.root)
        for person in self.people[:2]:
            let_stay(instance, self.audience, person)
        self.author, self.second = (an_administrator(instance, f"{name}@example.org") for name in ("autora", "segunda"))
        self.boss = sign_in(browser, self.author.email)
        self.other = sign_in(browser.another(), self.second.email)
        self.today = today_of(clock.now())

    def filled(self, **more: object) -> dict[str, object]:
        return {
            "title_es": "Gobernanza básica",
            "audience": str(self.audience.uuid),
            "courses": [self.course.slug],
            "deadline_on": (self.today + timedelta(days=60)).isoformat(),
            **more,
        }

    def save(self, status: int = 200, **more: object) -> Page:
        self.boss.get(f"{ROOT}/new")
        return self.boss.submit("/new", self.filled(**more), status=status)

    def row(self) -> Obligation:
        with self.instance.database.unit_of_work(write=False) as session:
            return session.execute(select(Obligation)).scalar_one()

    def page(self) -> str:
        return f"{ROOT}/{self.row().uuid}"

    def versions(self) -> list[ObligationVersion]:
        with self.instance.database.unit_of_work(write=False) as session:
            return list(session.scalars(select(ObligationVersion).order_by(ObligationVersion.id)))

    def activate(self) -> None:
        self.save()
        self.boss.submit("/activation")
        self.other.get(self.boss.path)
        self.other.submit("/activation")


@pytest.fixture
@scene
def office(browser: Browser, instance: Instance) -> Office:
    return Office(browser, instance)


UNTIL_ITS_DAY = (
    "Until the last valid day that the course gives, as its certificate prints it; without one it does not expire."
    " A certificate that is revoked changes nothing in it."
)


def faults(page: Page) -> str:
    return page.html


def test_a_draft_is_written_with_what_is_usual_and_read_in_words(office: Office) -> None:
    """spec/compulsory 4.1: only title, audience, course and last day are asked for; the key follows from the title."""
    page = office.save()

    assert page.headings == ["Gobernanza básica"]
    row, [version] = office.row(), office.versions()
    terms = values_of(version).terms
    assert (row.key, row.state, row.owner_id, row.audience_id) == ("gobernanza-basica", "draft", office.author.id, office.audience.id)
    assert (terms.notice, terms.gap, terms.window, terms.grace, terms.validity, version.steps) == (15, 30, 60, 0, None, ("30", "7", "1"))
    assert in_spanish(UNTIL_ITS_DAY) in page.text
    assert in_spanish("This draft does not apply to anyone yet") in page.text
    assert office.boss.get(ROOT).has_link(office.page())


def test_every_field_of_a_version_is_kept_and_shown_again(office: Office) -> None:
    """spec/compulsory 4.1: what the form sends comes back in the form."""
    other = a_course(office.instance, "otro")
    with office.instance.database.unit_of_work() as session:
        version = session.scalars(select(CourseVersion).join(Course, Course.published_version_id == CourseVersion.id)).first()
        assert version is not None
    typed = {
        "title_en": "Governance",
        "requirement": "any",
        "courses": [office.course.slug, other.slug],
        "deadline": "relative",
        "deadline_number": "2",
        "deadline_unit": "months",
        "deadline_anchor": "join",
        "validity": "12",
        "basis": "day",
        "basis_on": "31/12",
        "minimum": "6",
        "window": "45",
        "grace": "10",
        "words_es": "Léalo con calma.",
        "legal_es": "Resolución C.D. 123",
        "legal_url": "https://example.org/norma",
        "enrolment": "offered",
        "steps": "60, 14 3",
        "is_escalated": None,
        "owner": "p0@example.org",
        "ends": (office.today + timedelta(days=900)).isoformat(),
        "counts_from": "2026-01-01",
        "existing": "again",
        "transition": "90",
        "notice": "20",
        "gap": "5",
        "key": "gob",
    }
    office.save(**typed)

    page = office.boss.get(f"{office.page()}/draft")

    fields = dict(page.form("/draft").fields)
    kept = {name: value for name, value in typed.items() if name not in ("key", "courses", "is_escalated", "steps")}
    assert {name: fields[name] for name in kept} == kept
    assert (fields["steps"], "is_escalated" in fields, office.row().key) == ("60, 14, 3", False, "gob")
    assert [value for name, value in page.form("/draft").fields if name == "courses"] == [other.slug, office.course.slug]


@pytest.mark.parametrize(
    ("typed", "field"),
    [
        ({"title_es": ""}, "title_es"),
        ({"courses": None}, "courses"),
        ({"requirement": "all"}, "courses"),
        ({"starts": ""}, "starts"),
        ({"starts": "2026-01-01"}, "starts"),
        ({"starts": "2026-01-01", "is_retroactive": "y"}, "reason"),
        ({"deadline_on": ""}, "deadline_on"),
        ({"deadline_on": "2026-02-31"}, "deadline_on"),
        ({"deadline_on": "2026-01-05"}, "deadline_on"),
        ({"deadline": "relative", "deadline_number": ""}, "deadline_number"),
        ({"deadline": "relative", "deadline_number": "0"}, "deadline_number"),
        ({"ends": "2026-01-05"}, "ends"),
        ({"validity": "0"}, "validity"),
        ({"validity": "1"}, "window"),
        ({"basis": "day", "basis_on": "31/02", "validity": "12"}, "basis_on"),
        ({"basis": "day", "basis_on": "31/12", "minimum": ""}, "minimum"),
        ({"grace": "-1"}, "grace"),
        ({"grace": "366"}, "grace"),
        ({"notice": "366"}, "notice"),
        ({"notice": "90"}, "deadline_on"),
        ({"steps": "1, 2, 3, 4, 5, 6, 7"}, "steps"),
        ({"steps": "pronto"}, "steps"),
        ({"legal_url": "javascript:alert(1)"}, "legal_url"),
        ({"owner": "nadie@example.org"}, "owner"),
        ({"key": "No Vale"}, "key"),
    ],
)
def test_bad_input_is_refused_at_its_field(office: Office, typed: dict[str, object], field: str) -> None:
    """spec/compulsory 18: in words, beside the field; nothing is saved, and the rest is still there."""
    page = office.save(422, **typed)

    assert f'id="{field}-error"' in page.html
    assert f'href="#{field}"' in page.html
    with office.instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Obligation.id)).all() == []


@pytest.mark.parametrize(
    ("column", "message"),
    [("archived_at", "“%(course)s” is archived."), ("published_version_id", "“%(course)s” is not published.")],
)
def test_a_course_that_cannot_be_taken_is_refused_and_listed_later(office: Office, column: str, message: str) -> None:
    """spec/compulsory 18: refused with its name while it is a draft; listed once it is in force."""
    office.save()
    with office.instance.database.unit_of_work() as session:
        session.execute(update(Course).values({column: clock.now() if column == "archived_at" else None}))

    listed = office.boss.get(office.page())
    assert in_spanish(message, course=choose(office.course.title, "es")) in listed.text
    office.boss.get(f"{office.page()}/draft")
    refused = office.boss.submit("/draft", status=422)

    assert 'id="courses-error"' in refused.html


def test_what_is_archived_later_is_listed_for_whoever_is_in_charge(office: Office) -> None:
    """spec/compulsory 4.9 and 18: the assignments stand."""
    office.activate()
    office.boss.deliver_jobs()
    with office.instance.database.unit_of_work() as session:
        session.execute(update(Course).values(archived_at=clock.now()))

    page = office.boss.get(office.page())

    words = in_spanish("“%(course)s” is archived: %(count)s person cannot take it.", 2, course=choose(office.course.title, "es"))
    assert words in page.text
    assert in_spanish("%(count)s person has not begun.", 2) in page.text


def test_a_number_is_refused_and_never_cut(office: Office) -> None:
    """A browser cuts what is pasted at `maxlength` in silence: 100000000 became 1000."""
    page = office.save(status=422, deadline="relative", deadline_number="100000000")

    assert dict(page.form("/new").fields)["deadline_number"] == "100000000"
    assert in_spanish("Enter a whole number from %(least)s to %(most)s.", least="0", most="3650") in page.text
    assert not re.search(r"<(input|textarea)[^>]*(title_es|deadline_number|words_es)[^>]*maxlength", page.html)


def test_a_title_that_is_taken_is_refused_at_the_title(office: Office) -> None:
    """The key that follows from a title was never typed; its field is folded."""
    office.save()
    message = in_spanish("Another compulsory training has this title. Change it, or type a key under “Special cases”.")

    taken = office.save(status=422)

    assert re.search(rf'id="title_es-error">.*{re.escape(message)}', taken.html)
    assert 'id="key-error"' in office.save(status=422, title_es="Otra", key="gobernanza-basica").html


def test_what_waits_for_a_second_person_stands_on_the_page_of_administration(office: Office) -> None:
    """spec/compulsory 4.5: the notice of the morning is not the only place; one's own draft waits for somebody else."""
    office.save()

    words = in_spanish("%(count)s draft or change that needs a second person.", 1)

    assert words in office.other.get("/administration").text
    assert words not in office.boss.get("/administration").text


def test_one_writes_and_another_activates(office: Office) -> None:
    """spec/compulsory 4.8: the author sees what it would change and cannot apply it; the second person does."""
    office.save()
    page = office.boss.submit("/activation")
    assert in_spanish("A second person is needed.") in page.text
    change = office.boss.path

    office.other.get(change)
    office.other.submit("/activation")

    row = office.row()
    assert (row.state, row.activated_by) == ("active", office.second.id)
    assert in_spanish("Done. The statuses follow within minutes.") in office.other.page.text
    office.other.post(f"{change}/activation", {})
    assert office.row().edited == row.edited


def test_many_people_are_confirmed_by_their_number(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/compulsory 4.8 and 18."""
    monkeypatch.setattr("compliance.rules.planned_changes.NUMBER_ABOVE", 1)
    office.save()
    page = office.boss.submit("/activation")
    assert in_spanish("It may affect more than 50 people. Change the draft first: give it a legal basis, or a reason.") in page.text
    office.boss.get(f"{office.page()}/draft")
    office.boss.submit("/draft", {"legal_es": "Resolución de muestra 7."})
    office.boss.submit("/activation")
    office.other.get(office.boss.path)
    refused = office.other.submit("/activation", {"number": "7"}, status=422)
    assert 'id="number-error"' in refused.html

    office.other.submit("/activation", {"number": "2"})

    assert office.row().state == "active"


def test_a_number_that_changed_meanwhile_is_shown_anew(office: Office) -> None:
    """spec/compulsory 4.8."""
    office.save()
    office.boss.submit("/activation")
    office.other.get(office.boss.path)
    let_stay(office.instance, office.audience, office.people[2])

    page = office.other.submit("/activation")

    assert in_spanish("The numbers have changed since you saw them.") in page.text
    assert office.row().state == "draft"


def test_a_large_dry_run_shows_how_far_it_is(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    """spec/compulsory 4.8: a page that waits, without script."""
    monkeypatch.setattr(planned_changes, "MOST_AT_ONCE", 0)
    office.save()
    page = office.boss.submit("/activation")
    assert in_spanish("Check progress") in page.text

    office.boss.deliver_jobs()

    assert in_spanish("From which status to which") in office.boss.get(office.boss.path).text


def test_two_people_change_a_draft_at_once(office: Office) -> None:
    """spec/compulsory 18: 409 with the difference; saving again means it."""
    office.save()
    there = f"{office.page()}/draft"
    for browser in (office.boss, office.other):
        browser.get(there)
    office.boss.submit("/draft", {"grace": "5"})

    page = office.other.submit("/draft", {"grace": "9"}, status=409)
    assert in_spanish("What differs") in page.text
    assert [values_of(version).terms.grace for version in office.versions()] == [5]
    office.other.submit("/draft")

    assert [values_of(version).terms.grace for version in office.versions()] == [9]


def test_a_further_version_is_tried_and_applied(office: Office) -> None:
    """spec/compulsory 4.5 and 4.8: what differs is shown; whoever wrote it may apply it."""
    office.activate()
    office.boss.get(f"{office.page()}/version")
    later = (office.today + timedelta(days=90)).isoformat()
    page = office.boss.submit("/version", {"deadline_on": later})
    assert in_spanish("What differs") in page.text
    office.boss.submit("/application")

    [_first, second] = office.versions()
    assert (values_of(second).terms.deadline, second.author_id) == (date.fromisoformat(later), office.author.id)


def test_two_people_change_what_is_in_force_at_once(office: Office) -> None:
    """spec/compulsory 18: the second is told at the form, and again where both were tried already."""
    office.activate()
    there = f"{office.page()}/version"
    for browser in (office.boss, office.other):
        browser.get(there)
    office.other.submit("/version", {"grace": "9"})
    tried = office.other.path
    office.boss.submit("/version", {"grace": "5"})
    office.boss.submit("/application")

    office.other.page = office.other.get(tried)
    assert in_spanish("This can no longer be applied.") in office.other.page.text
    office.other.post(f"{tried}/application", {}, status=409)
    again = office.other.get(f"{there}?from={tried.rsplit('/', 1)[-1]}")

    assert dict(again.form("/version").fields)["grace"] == "9"
    assert len(office.versions()) == 2


def test_a_change_from_before_is_applied_by_a_second_person(office: Office) -> None:
    """spec/compulsory 4.5."""
    office.activate()
    office.boss.get(f"{office.page()}/version")
    before = (office.today - timedelta(days=5)).isoformat()
    office.boss.submit("/version", {"effective_on": before, "grace": "9"}, status=422)
    page = office.boss.submit("/version", {"is_retroactive": "y", "reason": "Lo ordena la resolución."})
    assert in_spanish("A second person is needed.") in page.text
    tried = office.boss.path
    office.boss.post(f"{tried}/correction", {}, status=409)

    office.other.get(tried)
    office.other.submit("/correction", {"number": "7"}, status=422)
    office.other.submit("/correction", {"number": "0"})

    version = office.versions()[-1]
    assert (version.is_retroactive, version.approved_by, version.reason) == (True, office.second.id, "Lo ordena la resolución.")


def test_an_end_is_tried_and_applied(office: Office) -> None:
    """spec/compulsory 4.8."""
    office.activate()
    office.boss.get(f"{office.page()}/end")
    yesterday = (office.today - timedelta(days=1)).isoformat()
    refused = office.boss.submit("/end", {"last_on": yesterday, "reason": "Derogada."}, status=422)
    assert 'id="last_on-error"' in refused.html
    office.boss.submit("/end", {"last_on": office.today.isoformat()})
    office.boss.submit("/application")

    assert office.row().state == "ended"
    assert in_spanish("It applies until %(day)s.", day="")[:-1].strip() in office.boss.get(office.page()).text


def test_a_draft_is_deleted(office: Office) -> None:
    """spec/compulsory 4.8."""
    office.save()
    office.boss.submit("/deletion")

    with office.instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(Obligation.id)).all() == []


def test_another_person_is_put_in_charge(office: Office) -> None:
    """spec/compulsory 4.1."""
    office.save()
    page = office.boss.submit("/owner", {"owner": "nadie@example.org"})
    assert in_spanish("There is no one with this staff number or email.") in page.text
    office.boss.submit("/owner", {"owner": "p1@example.org"})

    assert office.row().owner_id == office.people[1].id


def test_a_change_is_worked_out_again_and_discarded(office: Office) -> None:
    office.save()
    office.boss.submit("/activation")
    let_stay(office.instance, office.audience, office.people[2])
    office.boss.submit("/renewal")
    assert in_spanish("of %(people)s it applies to", people="3") in office.boss.page.text
    office.boss.submit("/discard")

    with office.instance.database.unit_of_work(write=False) as session:
        assert session.scalars(select(PlannedChange.state)).all() == ["discarded"]


def granted(office: Office, browser: Browser, role: TrainingRole, place: Organisation, email: str) -> Browser:
    person = a_person(office.instance, email)
    with office.instance.database.unit_of_work() as session:
        give_training_role(session, SYSTEM, session.get_one(Organisation, place.id), person, role, now=clock.now())
    return sign_in(browser.another(), email)


def test_officers_and_auditors_see_what_is_in_force_in_their_institution(office: Office, browser: Browser) -> None:
    """spec/compulsory 16: an officer writes, an auditor reads what is in force, others have no such page."""
    office.activate()
    elsewhere = a_place(office.instance, "Otra", code="OTRA")
    officer = granted(office, browser, TrainingRole.OFFICER, office.root, "oficial@example.org")
    auditor = granted(office, browser, TrainingRole.AUDITOR, office.root, "auditora@example.org")
    foreign = granted(office, browser, TrainingRole.OFFICER, elsewhere, "ajena@example.org")
    there = office.page()

    assert officer.get(there).has_link(f"{there}/version")
    assert not auditor.get(there).has_link(f"{there}/version")
    assert [visitor.get(ROOT).has_link(there) for visitor in (officer, auditor)] == [True, True]
    assert officer.get(f"{ROOT}/new").headings == [in_spanish("New compulsory training")]
    auditor.get(f"{ROOT}/new", status=404)
    auditor.get(f"{there}/version", status=403)
    foreign.get(there, status=404)
    assert not foreign.get(ROOT).has_link(there)
    sign_in(browser.another(), "p0@example.org").get(ROOT, status=404)


def test_the_list_has_its_place_in_the_menu(office: Office, browser: Browser) -> None:
    auditor = granted(office, browser, TrainingRole.AUDITOR, office.root, "auditora@example.org")

    found: list[Callable[..., bool]] = [visitor.get("/learning").has_link for visitor in (office.boss, auditor)]

    assert [has_link(ROOT) for has_link in found] == [True, True]
    assert not sign_in(browser.another(), "p0@example.org").get("/learning").has_link(ROOT)


def test_a_rule_in_use_is_tried_before_it_is_saved(office: Office) -> None:
    """spec/compulsory 4.8 and 18: from the form of the rule to whose status it changes, and only then to the rule."""
    with office.instance.database.unit_of_work() as session:
        row = session.get_one(Audience, office.audience.id)
        row.latest = 1
        first = AudienceVersion(
            audience_id=row.id, number=1, rule="unit: IESS\n", effective_on=office.today - timedelta(days=9), recorded_at=clock.now()
        )
        session.add(first)
    office.activate()
    there = f"/administration/audiences/{office.audience.uuid}/rule"
    office.boss.get(f"{there}?view=text")
    office.boss.submit("/rule", {"rule": "not:\n  unit: IESS\n"}, button=("step", "preview"), status=422)

    page = office.boss.submit("/rule", {"number": "0"}, button=("step", "save"))

    assert in_spanish("Compulsory training uses this audience, so the rule is not saved yet.") in page.text
    assert rules(office) == ["unit: IESS\n"]
    tried = office.boss.path
    office.boss.submit("/renewal")
    office.boss.submit("/application")
    assert len(rules(office)) == 2
    office.boss.get(tried)
    office.boss.post(f"{tried}/application", {})
    assert len(rules(office)) == 2


def rules(office: Office) -> list[str]:
    with office.instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(AudienceVersion.rule).order_by(AudienceVersion.number)))


def test_the_list_costs_the_same_however_many_there_are(office: Office) -> None:
    """spec/compulsory 17: two obligations and eight are read by as many statements."""
    counts, counter = list[int](), every_statement(office.instance.database)
    for number in range(8):
        office.save(key=f"numero-{number}")
        if number in (1, 7):
            counter.reset()
            office.boss.get(ROOT)
            counts.append(len(counter.statements))

    assert counts[0] == counts[1]


PAGE = "/teaching/reservado/agreements"


class TwoInstitutions:
    """A course of one institution that takes people by invitation, with its owner; two training officers of another institution."""

    def __init__(self, browser: Browser, instance: Instance) -> None:
        self.instance = instance
        self.course = a_course(instance, "reservado", modules=1, enrolment="invitation")
        owner = a_teacher(instance, self.course, "duena@example.org", StaffRole.OWNER)
        self.bank = a_place(instance, "Banco B", code="BB")
        self.audience = an_audience_of(instance, self.bank)
        self.people = [a_person(instance, f"p{number}@example.org") for number in range(3)]
        for person in self.people:
            put(instance, person, self.bank)
            let_stay(instance, self.audience, person)
        officers = [a_person(instance, f"{name}@example.org", given=name.title()) for name in ("autora", "segunda")]
        for officer in officers:
            put(instance, officer, self.bank)
            give_training(instance, officer, self.bank, TrainingRole.OFFICER)
        self.author, self.second = (sign_in(browser.another(), officer.email) for officer in officers)
        self.owner = sign_in(browser.another(), owner.email)

    def save(self) -> Page:
        """Let the author write a draft; return its page."""
        self.author.get(f"{ROOT}/new")
        values = {
            "title_es": "Riesgos",
            "audience": str(self.audience.uuid),
            "courses": ["reservado"],
            "deadline_on": "2030-12-31",
            "legal_es": "Resolución 1",
        }
        return self.author.submit("/new", values)

    def activate(self) -> Page:
        """Let the second officer try the draft and activate it."""
        self.second.get(f"{ROOT}/{self.row().uuid}")
        self.second.submit("/activation")
        return self.second.submit("/activation")

    def row(self) -> Obligation:
        with self.instance.database.unit_of_work(write=False) as session:
            return session.scalars(select(Obligation)).one()

    def agreed(self) -> bool | None:
        with self.instance.database.unit_of_work(write=False) as session:
            return session.scalars(select(CourseAgreement)).one().agreed

    def answer(self, decision: str, reason: str = "", *, status: int = 200) -> Page:
        self.owner.get(PAGE)
        name = f"answer-{self.row().uuid}"
        return self.owner.submit(PAGE, {f"{name}-decision": decision, f"{name}-words": reason}, status=status)


@pytest.fixture
@scene
def scene_of_two(browser: Browser, instance: Instance) -> TwoInstitutions:
    return TwoInstitutions(browser, instance)


def test_the_team_reads_who_asks_for_how_many_and_agrees(scene_of_two: TwoInstitutions) -> None:
    """spec/compulsory 4.9a."""
    page = scene_of_two.save()
    assert "Pilar Maestra" in page.text

    scene_of_two.owner.get("/notices")
    assert scene_of_two.owner.page.has_link(PAGE)
    assert scene_of_two.owner.get("/teaching/reservado/learners").has_link(PAGE)
    shown = scene_of_two.owner.get(PAGE).text
    assert [part in shown for part in ("Riesgos", "Banco B", "Todos: 3 ", "Autora")] == [True] * 4

    scene_of_two.answer("approve")

    assert scene_of_two.agreed() is True
    assert "Pilar Maestra" not in scene_of_two.author.get(f"{ROOT}/{scene_of_two.row().uuid}").text
    assert in_spanish("Done. The statuses follow within minutes.") in scene_of_two.activate().text
    assert scene_of_two.row().state == "active"


def test_without_the_agreement_activating_is_refused_in_words(scene_of_two: TwoInstitutions) -> None:
    """spec/compulsory 4.9a: who was asked since when, or why not."""
    scene_of_two.save()
    page = scene_of_two.activate()
    assert in_spanish("It cannot be applied.") in page.text
    assert "Pilar Maestra" in page.text

    scene_of_two.answer("refuse", "Es para el personal propio.")

    assert "Es para el personal propio." in scene_of_two.activate().text
    assert scene_of_two.row().state == "draft"


def test_an_answer_needs_a_choice_and_a_refusal_its_reason(scene_of_two: TwoInstitutions) -> None:
    scene_of_two.save()

    scene_of_two.owner.get(PAGE)
    assert in_spanish("Choose one.") in scene_of_two.owner.submit(PAGE, status=422).text
    assert in_spanish("Say why it is not approved.") in scene_of_two.answer("refuse", status=422).text
    scene_of_two.owner.post(PAGE, {"obligation": "x"}, status=404)

    assert scene_of_two.agreed() is None


def test_an_agreement_is_taken_back_on_the_same_page_and_in_the_log(scene_of_two: TwoInstitutions) -> None:
    """spec/compulsory 4.9a and spec/security 8: the course's log and the audit log say it."""
    scene_of_two.save()
    scene_of_two.answer("approve")
    assert in_spanish("Change the answer") in scene_of_two.owner.page.text

    scene_of_two.answer("refuse", "Se acabó.")

    assert scene_of_two.agreed() is False
    log = scene_of_two.owner.get("/teaching/reservado/log").text
    sentences = (
        "Asked a course team whether compulsory training may enrol people",
        "Agreed that compulsory training enrols people in a course",
        "Took back that compulsory training enrols people in a course",
    )
    assert [f"{in_spanish(text)}: riesgos" in log for text in sentences] == [True] * 3


def test_a_course_of_which_nothing_is_asked_says_so(browser: Browser, instance: Instance) -> None:
    a_teacher(instance, a_course(instance, modules=1))
    teacher = sign_in(browser, "profe@example.org")

    assert in_spanish("Nothing to answer") in teacher.get("/teaching/prueba/agreements").text


def test_every_cell_of_answering(browser: Browser, instance: Instance) -> None:
    """spec/security 9: whoever enrols others answers for the course; its graders and those who ask do not."""
    cast, course = a_cast(browser, instance), a_course(instance, modules=1)
    cast.join(course)

    assert cast.check("course.enrol_other", "own_course", cast.outcomes("/teaching/prueba/agreements")) == []
