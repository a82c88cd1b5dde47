"""Pages of audiences: nothing is saved unseen, changes are compared, and every person's place is explained."""

from datetime import date

import pytest
from sqlalchemy import func, select, update

from accounts.models import NationalIdentity, Person
from courses.models import VersionViewer
from kernel import clock
from kernel.i18n import choose
from kernel.permissions import SYSTEM
from lms.access_log import list_access_rows
from lms.instance import Instance
from organisations import audiences, posts
from organisations.audiences import AudienceRuleValues
from organisations.models import Audience, AudienceList, AudienceReference, AudienceStayRecord, AudienceVersion, Employment, Organisation
from organisations.rules.audience_drafts import read_yaml
from organisations.rules.audience_leaves import OWN_LEAVES
from organisations.rules.audiences import RuleNode
from organisations.rules.units import OrganisationKind, TrainingRole
from tests.support.access import a_cast
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, an_administrator, sign_in
from tests.support.obligations import an_audience_of, an_obligation, rules_of
from tests.support.places import a_place, give_training, manage, put
from tests.support.scenes import scene
from tests.support.training_access import a_training_cast
from tests.support.wording import in_spanish

AUDIENCES = "/administration/audiences"
RULE = "all:\n  - province: guayas\n  - not:\n      post: director\n"


@pytest.fixture
def root(instance: Instance) -> Organisation:
    return a_place(instance, "IESS", code="IESS")


@pytest.fixture
@scene
def ana(instance: Instance, root: Organisation) -> Person:
    """Somebody of Guayas without a post, beside somebody of no province."""
    person = a_person(instance)
    put(instance, person, a_place(instance, "Guayas", root, kind=OrganisationKind.PROVINCE))
    put(instance, a_person(instance, "otra@example.org"), root)
    return person


def filled(root: Organisation, rule: str = RULE, **more: str) -> dict[str, str]:
    return {"institution": str(root.uuid), "title_es": "De Guayas", "key": "de-guayas", "rule": rule, **more}


def make(boss: Browser, root: Organisation, rule: str = RULE) -> None:
    boss.get(f"{AUDIENCES}/new?view=text")
    boss.submit("/new", filled(root, rule), button=("step", "preview"), status=422)
    boss.submit("/new", button=("step", "save"))


def versions(instance: Instance) -> list[str]:
    with instance.database.unit_of_work(write=False) as session:
        return list(session.scalars(select(AudienceVersion.rule).order_by(AudienceVersion.id)))


def test_a_rule_is_shown_before_it_is_saved(boss: Browser, instance: Instance, root: Organisation, ana: Person) -> None:
    """spec/compulsory 3.3 and 3.4: the sentence, how many, who, and who has no value."""
    with instance.database.unit_of_work() as session:
        posts.find_or_make_posts(session, SYSTEM, root.id, ["director"], now=clock.now())
    boss.get(f"{AUDIENCES}/new?view=text")
    page = boss.submit("/new", filled(root), button=("step", "preview"), status=422)

    assert versions(instance) == []
    assert "De Guayas, sin el puesto director." in page.text
    assert ana.full_name in page.text
    assert in_spanish("of %(people)s employed", people="2") in page.text
    one = "“%(condition)s”: %(count)s person has no value on record; %(let_in)s of them come in all the same."
    assert in_spanish(one, 2, condition="con puesto director", let_in=1) in page.text

    boss.submit("/new", button=("step", "save"))

    assert versions(instance) == [RULE]
    assert boss.page.headings == ["De Guayas"]


def test_a_rule_that_was_changed_after_its_preview_is_shown_again(
    boss: Browser, instance: Instance, root: Organisation, ana: Person
) -> None:
    """spec/compulsory 3.4."""
    boss.get(f"{AUDIENCES}/new?view=text")
    boss.submit("/new", filled(root, "province: Guayas"), button=("step", "save"), status=422)
    boss.submit("/new", {"rule": "unit: {code: IESS, below: false}"}, button=("step", "save"), status=422)
    boss.submit("/new", button=("step", "save"))

    assert versions(instance) == ["unit: {code: IESS, below: false}\n"]


@pytest.mark.parametrize(("rule", "number"), [("unit: IESS", "2"), ("not: {unit: IESS}", "0")])
def test_nobody_and_everybody_need_the_number_typed(
    boss: Browser, instance: Instance, root: Organisation, ana: Person, rule: str, number: str
) -> None:
    """spec/compulsory 18."""
    boss.get(f"{AUDIENCES}/new?view=text")
    boss.submit("/new", filled(root, rule), button=("step", "preview"), status=422)
    page = boss.submit("/new", {"number": "7"}, button=("step", "save"), status=422)
    assert in_spanish("Type the number of people to confirm.") in page.text
    boss.submit("/new", {"number": number}, button=("step", "save"))

    assert len(versions(instance)) == 1


def test_mistakes_and_unknown_names_stand_beside_the_rule(boss: Browser, instance: Instance, root: Organisation) -> None:
    """spec/compulsory 3.1."""
    boss.get(f"{AUDIENCES}/new?view=text")
    page = boss.submit("/new", filled(root, "untt: x"), button=("step", "preview"), status=422)
    assert in_spanish("“%(word)s” is not known here. Did you mean “%(near)s”?", word="untt", near="unit") in page.text
    page = boss.submit("/new", {"rule": "any: [unit: NADA, list: nadie]"}, button=("step", "preview"), status=422)

    assert in_spanish("There is nothing with these names or codes: %(names)s.", names="NADA, nadie") in page.text
    assert versions(instance) == []


def test_a_rule_that_is_too_long_is_refused_unread(
    boss: Browser, instance: Instance, root: Organisation, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Twenty thousand conditions held a process for seconds before they were refused."""
    monkeypatch.setattr("organisations.views.audiences.read_yaml", lambda *_given: pytest.fail("it was read"))
    boss.get(f"{AUDIENCES}/new?view=text")

    page = boss.submit("/new", filled(root, "any:\n" + "  - unit: GYE\n" * 20_000), button=("step", "preview"), status=422)

    assert in_spanish("Use at most %(max)d characters.", max=20_000) in page.text
    assert versions(instance) == []


def test_two_people_who_change_a_rule_at_once(boss: Browser, instance: Instance, root: Organisation, ana: Person) -> None:
    """spec/compulsory 18: the second sees what the first saved, and may save over it."""
    make(boss, root, "province: Guayas")
    with instance.database.unit_of_work(write=False) as session:
        there = f"{AUDIENCES}/{session.scalars(select(Audience.uuid)).one()}/rule"
    an_administrator(instance, "beto@example.org")
    other = sign_in(boss.another(), "beto@example.org")
    for visitor, rule in ((boss, "not: {province: Guayas}"), (other, "unit: {code: IESS, below: false}")):
        visitor.get(f"{there}?view=text")
        visitor.submit("/rule", {"rule": rule}, button=("step", "preview"), status=422)

    boss.submit("/rule", button=("step", "save"))
    page = other.submit("/rule", button=("step", "save"), status=409)

    assert in_spanish("The rule as it was saved meanwhile") in page.text
    assert "province: Guayas" in page.text
    assert len(versions(instance)) == 2
    other.submit("/rule", button=("step", "save"))
    assert versions(instance)[-1] == "unit: {code: IESS, below: false}\n"


def test_the_days_before_of_a_new_audience_wait_for_a_second_person(
    boss: Browser, instance: Instance, root: Organisation, ana: Person
) -> None:
    """spec/compulsory 3.6 and 4.5: with a reason; where there is no second person the page says so; both stand in the versions."""
    boss.get(f"{AUDIENCES}/new?view=text")
    typed = filled(root, "unit: IESS", effective_on="1900-01-01")
    boss.submit("/new", typed, button=("step", "preview"), status=422)
    refused = boss.submit("/new", {"number": "2"}, button=("step", "save"), status=422)
    assert 'id="reason-error"' in refused.html
    assert versions(instance) == []
    page = boss.submit("/new", {"number": "2", "reason": "Siempre fue así."}, button=("step", "save"))
    there = boss.path
    nobody = (
        "No one else here may apply it, so nothing changes. Ask for another training officer of the institution, or another administrator, "
    )
    assert in_spanish(f"{nobody}to be named.") in page.text
    boss.post(f"{there}/application", {"number": "0"}, status=409)
    assert len(versions(instance)) == 1
    second = a_person(instance, "ofelia@example.org")
    give_training(instance, second, root, TrainingRole.OFFICER)
    other = sign_in(boss.another(), second.email)

    assert in_spanish("It takes effect once another person applies it: %(names)s.", names=second.full_name) in boss.get(there).text
    assert other.get("/compulsory-training/obligations").has_link(there)
    with instance.database.unit_of_work(write=False) as session:
        audience = f"{AUDIENCES}/{session.scalars(select(Audience.uuid)).one()}"
    for visitor in (boss, other):
        assert visitor.get(audience).has_link(there)
        assert in_spanish("Changes that wait for a second person") in visitor.page.text
    other.get(there)
    other.submit("/application", status=422)
    other.submit("/application", {"number": "0"})

    assert len(versions(instance)) == 2
    assert "1900" in other.page.text
    assert not other.get(audience).has_link(there)
    assert second.full_name in other.page.text
    assert not other.get("/compulsory-training/obligations").has_link(there)


def test_why_a_person_is_in(boss: Browser, root: Organisation, ana: Person) -> None:
    """spec/compulsory 3.4: each condition with its fact."""
    make(boss, root, "province: Guayas")
    there = next(href for href, _words in boss.page.links if href.endswith("/rule")).removesuffix("/rule")

    page = boss.get(f"{there}/why?who={ana.email}")
    assert in_spanish("%(name)s is in this audience today.", name=ana.full_name) in page.text
    assert "De Guayas" in page.text
    page = boss.get(f"{there}/why?who=otra@example.org")
    assert in_spanish("There is no value on record.") in page.text
    page = boss.get(f"{there}/why?who=nadie@example.org")
    assert in_spanish("No one here has this staff number or email.") in page.text


def test_the_list_counts_who_is_in(boss: Browser, root: Organisation, ana: Person) -> None:
    """spec/compulsory 3.7: stays are recorded after the change."""
    make(boss, root, "province: Guayas")
    boss.deliver_jobs()

    page = boss.get(AUDIENCES)

    assert "DeGuayasde-guayas1" in "".join(page.text.split())


def test_of_the_roles_of_courses_only_administrators_see_and_change_audiences(
    browser: Browser, instance: Instance, root: Organisation
) -> None:
    """Access: audience.view and audience.edit."""
    cast = a_cast(browser, instance)
    wrong = cast.check("audience.view", "active", cast.outcomes(AUDIENCES))
    for path in (f"{AUDIENCES}/new", "/administration/audience-lists"):
        wrong += cast.check("audience.edit", "active", cast.outcomes(path))

    assert wrong == []


def test_every_cell_of_audiences(browser: Browser, instance: Instance) -> None:
    """spec/compulsory 16: audience.view and audience.edit of an institution; who audits it sees no button that changes anything."""
    cast = a_training_cast(browser, instance)
    with instance.database.unit_of_work() as session:
        values = AudienceRuleValues(read_rule("unit: GYE-D"), audiences.today_of(clock.now()))
        there = f"{AUDIENCES}/{audiences.make_audience(session, SYSTEM, cast.root, 'todos', {'es': 'Todos'}, values, now=clock.now()).uuid}"
    wrong = [
        *cast.check("audience.view", "active", cast.outcomes(there)),
        *cast.check("audience.view", "active", cast.outcomes(f"{there}/why?who=ana@example.org")),
        *cast.check("audience.edit", "active", cast.outcomes(f"{there}/rule")),
    ]
    buttons = {role: cast.browsers[role].get(there).has_link(f"{there}/rule") for role in ("auditor", "training_officer", "site_admin")}

    assert wrong == []
    assert buttons == {"auditor": False, "training_officer": True, "site_admin": True}


def read_rule(text: str) -> RuleNode:
    rule = read_yaml(text, OWN_LEAVES).rule
    assert rule is not None
    return rule


def test_an_officer_makes_audiences_of_their_institution_alone(
    browser: Browser, instance: Instance, root: Organisation, ana: Person
) -> None:
    """spec/compulsory 16: in scope is who has the grant for the institution; the header leads there."""
    officer, other = a_person(instance, "ofelia@example.org"), a_place(instance, "BIESS")
    give_training(instance, officer, root, TrainingRole.OFFICER)
    boss = sign_in(browser, officer.email)
    assert boss.get("/training-report").has_link(AUDIENCES)
    boss.get(f"{AUDIENCES}/new")
    boss.submit("/new", {**filled(root, "province: Guayas"), "institution": str(other.uuid)}, button=("step", "preview"), status=422)
    assert versions(instance) == []
    make(boss, root, "province: Guayas")
    with instance.database.unit_of_work() as session:
        values = AudienceRuleValues(read_rule("unit: IESS"), audiences.today_of(clock.now()))
        audiences.make_audience(session, SYSTEM, other, "ajenos", {"es": "Ajenos"}, values, now=clock.now())
        audiences.set_list(session, SYSTEM, other, "ajena", {"es": "Lista ajena"}, [officer.id], now=clock.now())

    assert versions(instance)[:1] == ["province: Guayas\n"]
    page = boss.get(AUDIENCES)
    assert "De Guayas" in page.text
    assert "Ajenos" not in page.text
    assert "Lista ajena" not in boss.get(LISTS).text
    with instance.database.unit_of_work(write=False) as session:
        lists = [row.uuid for row in session.scalars(select(AudienceList))]
    boss.post(f"{LISTS}/{lists[0]}/deletion", status=404)


@pytest.mark.parametrize("role", [TrainingRole.OFFICER, TrainingRole.AUDITOR, None])
def test_who_has_a_grant_for_a_part_knows_of_audiences_and_opens_none(
    browser: Browser, instance: Instance, root: Organisation, role: TrainingRole | None
) -> None:
    """spec/compulsory 16: an audience is of its whole institution; the header leads officers and auditors of a part to an empty list."""
    part, person, audience = a_place(instance, "Azuay", root), a_person(instance), an_audience_of(instance, root)
    if role is None:
        manage(instance, person, part)
    else:
        give_training(instance, person, part, role)
    visitor = sign_in(browser)

    page = visitor.get(AUDIENCES, status=403 if role is None else 200)
    if role is not None:
        assert in_spanish("Training officers of the whole institution describe audiences by rules.") in page.text
    visitor.get(f"{AUDIENCES}/{audience.uuid}", status=403)
    visitor.get(f"{AUDIENCES}/new", status=403)


def test_whoever_is_looked_up_sees_who_did_it_and_in_which_role(
    browser: Browser, instance: Instance, root: Organisation, ana: Person
) -> None:
    """spec/security 7.4: among the views of one's own data."""
    auditor, audience = a_person(instance, "aldo@example.org", given="Aldo"), an_audience_of(instance, root)
    with instance.database.unit_of_work() as session:
        row = {"audience_id": audience.id, "number": 1, "rule": "unit: IESS", "effective_on": date(2026, 1, 1), "recorded_at": clock.now()}
        session.add(AudienceVersion(**row))
    give_training(instance, auditor, root, TrainingRole.AUDITOR)
    sign_in(browser, auditor.email).get(f"{AUDIENCES}/{audience.uuid}/why?who={ana.email}")

    page = sign_in(browser.another(), ana.email).get("/profile/data")
    assert auditor.full_name in page.text
    assert in_spanish("Auditor of compulsory training") in page.text


def test_why_finds_nobody_of_another_institution(boss: Browser, instance: Instance, root: Organisation, ana: Person) -> None:
    """An address does not lead to the record of somebody who never worked there."""
    a_person(instance, "ajena@example.org", given="Zoila")
    make(boss, root, "province: Guayas")
    there = next(href for href, _words in boss.page.links if href.endswith("/rule")).removesuffix("/rule")

    assert "Zoila" not in boss.get(f"{there}/why?who=ajena@example.org").text


LISTS = "/administration/audience-lists"


def test_a_list_finds_its_people_by_what_names_them(boss: Browser, instance: Instance, root: Organisation, ana: Person) -> None:
    """spec/compulsory 2.5 and 3.1: staff number, identity number, address; what names nobody refuses the list with its line."""
    with instance.database.unit_of_work() as session:
        session.execute(update(Employment).where(Employment.person_id == ana.id).values(staff_number="0042"))
    values = {"institution": str(root.uuid), "title": "Brigada", "key": "brigada"}
    boss.get(LISTS)
    page = boss.submit("/audience-lists", {**values, "people": "0042\nnadie"}, status=422)
    assert in_spanish("These do not name exactly one person: %(lines)s.", lines="nadie") in page.text
    boss.submit("/audience-lists", {"people": "0042\n\n OTRA@example.org \n0042"})
    assert on_it(instance) == 2
    stranger = a_person(instance, "ajena@example.org", given="Zoila")
    with instance.database.unit_of_work() as session:
        session.add(NationalIdentity(person_id=stranger.id, number="1710034065"))
    boss.get(LISTS)
    for line in ("ajena@example.org", "1710034065"):
        page = boss.submit("/audience-lists", {**values, "people": line}, status=422)
        assert in_spanish("These do not name exactly one person: %(lines)s.", lines=line) in page.text, "as of somebody unknown"

    boss.submit("/audience-lists", {**values, "people": "0042"})

    assert on_it(instance) == 1


def on_it(instance: Instance) -> int:
    with instance.database.unit_of_work(write=False) as session:
        return sum(row.people for row in audiences.list_audience_lists(session))


def test_a_list_that_a_rule_names_is_not_deleted(boss: Browser, instance: Instance, root: Organisation, ana: Person) -> None:
    """spec/compulsory 3.6: refused with the rules' names."""
    boss.get(LISTS)
    boss.submit("/audience-lists", {"institution": str(root.uuid), "title": "Brigada", "key": "brigada", "people": ana.email})
    make(boss, root, "list: brigada")
    boss.get(LISTS)
    page = boss.submit("/deletion", status=409)

    assert in_spanish("Audience rules use it: %(audiences)s. Change these rules first.", audiences="«De Guayas»") in page.text
    assert on_it(instance) == 1


def test_a_list_shows_who_stands_on_it_and_that_it_was_looked_at(
    boss: Browser, instance: Instance, root: Organisation, ana: Person
) -> None:
    """spec/compulsory 3.1 and spec/security 7.4: whoever stands on it reads who opened it, others do not."""
    boss.get(LISTS)
    boss.submit("/audience-lists", {"institution": str(root.uuid), "title": "Brigada", "key": "brigada", "people": ana.email})
    there = next(href for href, words in boss.page.links if words == "Brigada")

    page = boss.get(f"{there}?q=quinde")
    assert ana.full_name in page.text
    assert in_spanish("No rule names the list.") in page.text
    assert "Otra" not in page.text
    assert in_spanish("No one here matches this name.") in boss.get(f"{there}?q=zzz").text
    assert ana.full_name not in boss.get(f"{there}?q={ana.email}").text, "the page shows no addresses, so nobody searches in them"
    with instance.database.unit_of_work(write=False) as session:
        looked = [(look.purpose, look.where) for look in list_access_rows(session, ana.id)]
        other = session.scalars(select(Person.id).where(Person.email == "otra@example.org")).one()
        assert ("audience", "Brigada") in looked
        assert ("audience", "Brigada") not in [(look.purpose, look.where) for look in list_access_rows(session, other)]


def test_an_audience_that_nothing_names_is_deleted(boss: Browser, instance: Instance, root: Organisation, ana: Person) -> None:
    """spec/compulsory 3.6: with its versions and stays; the list that its rule named is free again."""
    boss.get(LISTS)
    boss.submit("/audience-lists", {"institution": str(root.uuid), "title": "Brigada", "key": "brigada", "people": ana.email})
    make(boss, root, "list: brigada")
    there = boss.path
    boss.deliver_jobs()
    boss.get(there)
    page = boss.submit("/deletion")

    assert page.headings == [in_spanish("Audiences")]
    with instance.database.unit_of_work(write=False) as session:
        tables = (Audience, AudienceVersion, AudienceReference, AudienceStayRecord)
        assert [session.scalar(select(func.count()).select_from(table)) for table in tables] == [0, 0, 0, 0]
    boss.get(LISTS)
    boss.submit("/deletion")
    assert on_it(instance) == 0


def test_an_audience_of_a_compulsory_training_stays(boss: Browser, instance: Instance, root: Organisation, ana: Person) -> None:
    """spec/compulsory 3.6 and 4.8: refused with the names of what uses it, also where the page was opened before."""
    make(boss, root, "province: Guayas")
    there = boss.path
    boss.get(there)
    with instance.database.unit_of_work(write=False) as session:
        audience = session.scalars(select(Audience)).one()
    an_obligation(instance, audience, rules_of(a_course(instance, modules=1)))
    page = boss.submit("/deletion", status=409)

    assert "«Curso obligatorio»" in page.text
    assert not any(form.action.endswith("/deletion") for form in boss.get(there).forms)
    assert "Curso obligatorio" in boss.page.text


def test_an_audience_that_finds_a_course_stays(boss: Browser, instance: Instance, root: Organisation, ana: Person) -> None:
    """spec/compulsory 2.7 and 3.6: refused with the names of the courses."""
    make(boss, root, "province: Guayas")
    there, course = boss.path, a_course(instance, modules=1)
    with instance.database.unit_of_work() as session:
        session.add(VersionViewer(version_id=course.published_version_id, kind="audience", key="de-guayas"))
    boss.post(f"{there}/deletion", status=409)

    assert f"«{choose(course.title)}»" in boss.page.text
