"""Communities by their pages: founded in steps, activated, joined, asked for, left, archived (spec/communities C1 to C25)."""

from datetime import timedelta

import pytest
from sqlalchemy import func, select, update

from accounts.models import Notification, Person
from communities import members
from communities.models import Community, CommunityLevel, CommunityMember, CommunityReach, CommunityRequest, CommunityRole, CommunityState
from courses.models import StaffRole
from kernel import clock
from kernel.audit import AuditEntry
from kernel.row_versions import RowWasChanged
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_course, a_person, a_teacher, an_administrator, sign_in
from tests.support.communities import LONG, TEXTS, a_community, a_member, actor_of, bring_file, fresh, write_page, write_thread
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"
MANAGE = f"{PAGE}/manage"


def visitor(browser: Browser, email: str) -> Browser:
    """Return another browser, of a person with this address."""
    return sign_in(browser.another(), email)


def subjects(instance: Instance, email: str) -> list[str]:
    """Return what a person was notified of."""
    statement = select(Notification.subject).join(Person, Person.id == Notification.person_id).where(Person.email == email)
    return read(instance, lambda session: [row["es"] for row in session.scalars(statement.order_by(Notification.id))])


def test_a_community_is_founded_in_steps_and_activated_by_the_site(browser: Browser, instance: Instance) -> None:
    """spec/communities C11: each step is kept; incomplete it does not go on; a refusal carries a reason, and the draft stays."""
    a_person(instance)
    an_administrator(instance)
    ana, boss = sign_in(browser), visitor(browser, "admin@example.org")

    ana.get("/communities/new")
    for name in ("Ay", "x" * 121):
        ana.submit("/communities/new", {"name": name}, status=422)
        assert in_spanish("Use from %(min)d to %(max)d characters.", min=3, max=120) in ana.page.text
    ana.submit("/communities/new", {"name": "Estadística actuarial", "level": "semiprivate"})
    ana.post(f"{MANAGE}/submission")
    assert in_spanish("These texts are missing or too short:") in ana.page.text
    ana.get(f"{MANAGE}/note")
    ana.submit(f"{MANAGE}/note", {"overview": LONG, "purpose": LONG, "strategy": LONG})
    ana.submit(f"{MANAGE}/conditions", {"who_may_join": "Quien trabaja con datos.", "contributions": "Preguntas."})
    ana.submit(f"{MANAGE}/submission")
    assert subjects(instance, "admin@example.org") == ["Una comunidad espera su activación: Estadística actuarial"]
    assert "Estadística actuarial" not in browser.another().get("/communities").text

    assert boss.get("/administration/communities").has_link(MANAGE)
    boss.get(MANAGE)
    boss.submit(f"{MANAGE}/activation", button=("act", "refuse"), status=422)
    boss.submit(f"{MANAGE}/activation", {"reason": "Falta el cronograma."}, button=("act", "refuse"))
    assert "Falta el cronograma." in ana.get(MANAGE).text
    assert in_spanish("Nothing is missing. An administrator of the site reads it and activates it.") not in ana.page.text
    ana.submit(f"{MANAGE}/submission")
    boss.get(MANAGE)
    boss.submit(f"{MANAGE}/activation", button=("act", "activate"))
    assert subjects(instance, "ana@example.org")[-1] == "Su comunidad está activa: Estadística actuarial"
    assert "Estadística actuarial" in browser.another().get("/communities").text


def test_drafts_that_wait_are_counted_for_the_site_alone(browser: Browser, instance: Instance) -> None:
    """spec/communities 9."""
    ana, words = a_person(instance), "%(count)s community is waiting for its activation."
    an_administrator(instance)
    row = a_community(instance, ana, state=CommunityState.DRAFT)
    boss = visitor(browser, "admin@example.org")
    assert in_spanish(words, 1) not in boss.get("/administration").text, "nothing was asked yet"

    sign_in(browser).get(MANAGE)
    browser.submit(f"{MANAGE}/submission")
    assert in_spanish(words, 1) in boss.get("/administration").text
    assert boss.page.has_link("/administration/communities")
    with instance.database.unit_of_work() as session:
        session.get_one(Community, a_community(instance, ana, "Otra", state=CommunityState.DRAFT).id).submitted_at = clock.now()
    assert in_spanish(words, 2) in boss.get("/administration").text
    browser.get("/administration", status=403)
    assert in_spanish(words, 2) not in browser.get("/teaching").text
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).values(submitted_at=None))
        session.get_one(Community, row.id).state = CommunityState.ACTIVE.value
    assert in_spanish(words, 1) not in boss.get("/administration").text


def test_who_activates_a_draft_reads_whose_it_is_and_who_reads_it(browser: Browser, instance: Instance) -> None:
    row = a_community(instance, a_person(instance), level=CommunityLevel.SEMIPRIVATE, state=CommunityState.DRAFT)
    with instance.database.unit_of_work() as session:
        draft = session.get_one(Community, row.id)
        draft.submitted_at, draft.topic = clock.now(), "Seguridad social"
    an_administrator(instance)
    page = visitor(browser, "admin@example.org").get(MANAGE).text

    for label, value in (
        ("Founded by", "Ana"),
        ("Topic", "Seguridad social"),
        ("Who finds it", in_spanish("Everyone finds it")),
        ("Privacy", in_spanish("Semi-private")),
    ):
        assert f"{in_spanish(label)}: {value}" in page
    assert in_spanish("Founded by") not in sign_in(browser).get(MANAGE).text


def test_a_draft_is_activated_as_the_site_read_it(browser: Browser, instance: Instance) -> None:
    """Its administrators may write on meanwhile: the press says so, and shows it again."""
    row = a_community(instance, a_person(instance), state=CommunityState.DRAFT)
    an_administrator(instance)
    ana, boss = sign_in(browser), visitor(browser, "admin@example.org")
    ana.get(MANAGE)
    ana.submit(f"{MANAGE}/submission")
    boss.get(MANAGE)
    ana.get(f"{MANAGE}/note")
    ana.submit(f"{MANAGE}/note", {"purpose": f"{LONG} Y otra cosa."})
    boss.submit(f"{MANAGE}/activation", {"reason": "Lo que pensé."}, button=("act", "activate"), status=409)

    message = in_spanish(RowWasChanged.message)
    assert message in boss.page.text
    assert "Y otra cosa." in boss.page.text
    assert "Lo que pensé." in boss.page.html
    assert fresh(instance, row).state == CommunityState.DRAFT
    boss.submit(f"{MANAGE}/activation", button=("act", "activate"))
    assert fresh(instance, row).state == CommunityState.ACTIVE


def _submitted_by_a_teacher(browser: Browser, instance: Instance) -> str:
    teacher = a_teacher(instance, a_course(instance, modules=1), role=StaffRole.OWNER)
    row = a_community(instance, teacher, state=CommunityState.DRAFT)
    sign_in(browser, teacher.email).get(MANAGE)
    browser.submit(f"{MANAGE}/submission")
    return fresh(instance, row).state


def test_who_teaches_waits_for_the_site_too(browser: Browser, instance: Instance) -> None:
    """spec/communities C11."""
    assert _submitted_by_a_teacher(browser, instance) == CommunityState.DRAFT


@pytest.mark.settings(instructors_activate_communities=True)
def test_a_setting_lets_who_teaches_activate_alone(browser: Browser, instance: Instance) -> None:
    """spec/communities C11."""
    assert _submitted_by_a_teacher(browser, instance) == CommunityState.ACTIVE


def test_the_sixth_draft_is_refused_and_one_is_deleted(browser: Browser, instance: Instance) -> None:
    """spec/communities C11, C15."""
    ana = a_person(instance)
    for number in range(5):
        a_community(instance, ana, f"Comunidad {number}", state=CommunityState.DRAFT)
    sign_in(browser).get("/communities/new")
    browser.submit("/communities/new", {"name": "Otra"}, status=409)
    assert in_spanish("You have five drafts of communities. Finish or delete one first.") in browser.page.text

    browser.get("/communities/comunidad-3/manage")
    assert browser.page.has_link("/communities/comunidad-3/manage/deletion")
    browser.get("/communities/comunidad-3/manage/deletion")
    browser.submit("/manage/deletion")
    browser.get("/communities/comunidad-3", status=404)
    browser.get("/communities/new")
    browser.submit("/communities/new", {"name": "Otra"})


def test_public_ones_are_joined_at_once_and_once(browser: Browser, instance: Instance) -> None:
    """spec/communities C1, C17: in two tabs one membership comes of it, and the later answers so."""
    a_community(instance, a_person(instance))
    a_person(instance, "eva@example.org", given="Eva")
    eva = visitor(browser, "eva@example.org")
    form = eva.get(PAGE).form(f"{PAGE}/joining")
    eva.submit(f"{PAGE}/joining")
    assert in_spanish("You are a member now.") in eva.page.text
    eva.submit("", form=form, status=403)

    assert "Eva Quinde" in eva.get(f"{PAGE}/members").text
    assert "@" not in eva.page.text.split("<footer")[0].replace("aulario@", "")
    assert len(read(instance, lambda session: session.scalars(select(CommunityMember)).all())) == 2


def test_a_request_is_decided_and_its_author_sees_what_became_of_it(browser: Browser, instance: Instance) -> None:
    """spec/communities C18: rejected, they ask again 30 days later; the notifications of a request go with it."""
    a_community(instance, a_person(instance), level=CommunityLevel.SEMIPRIVATE)
    a_person(instance, "eva@example.org", given="Eva")
    ana, eva = sign_in(browser), visitor(browser, "eva@example.org")
    eva.get(f"{PAGE}/request")
    assert LONG in eva.page.text
    eva.submit(f"{PAGE}/request", {"text": ""}, status=422)
    eva.submit(f"{PAGE}/request", {"text": "Trabajo con estos datos."})
    assert subjects(instance, "ana@example.org") == ["Alguien solicita unirse: Estadística actuarial"]
    eva.submit(f"{PAGE}/request/withdrawal")
    assert subjects(instance, "ana@example.org") == []
    eva.get(f"{PAGE}/request")
    eva.submit(f"{PAGE}/request", {"text": "Ahora sí."})
    request = read(instance, lambda session: session.scalars(select(CommunityRequest).where(CommunityRequest.state == "pending")).one())

    assert "Ahora sí." in ana.get(f"{MANAGE}/requests").text
    ana.submit(f"/{request.uuid}", {"reason": "No por ahora."}, button=("act", "reject"))
    assert subjects(instance, "eva@example.org") == ["Su solicitud de unirse se rechazó: Estadística actuarial"]
    eva.post(f"{PAGE}/request", {"text": "¿Y ahora?"}, status=409)
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityRequest).values(decided_at=clock.now() - timedelta(days=31)))
    eva.get(f"{PAGE}/request")
    eva.submit(f"{PAGE}/request", {"text": "¿Y ahora?"})
    request = read(instance, lambda session: session.scalars(select(CommunityRequest).where(CommunityRequest.state == "pending")).one())
    ana.get(f"{MANAGE}/requests")
    ana.submit(f"/{request.uuid}", button=("act", "approve"))
    assert in_spanish("You are a member") in eva.get(PAGE).text


def test_the_last_administrator_stays_and_names_another_one(browser: Browser, instance: Instance) -> None:
    """spec/communities C21, C23."""
    row = a_community(instance, a_person(instance))
    number = a_member(instance, row, a_person(instance, "eva@example.org", given="Eva"))
    losses = ("Your memberships in its working groups end too.", "You lose your role in it, also if you join again.")
    text = sign_in(browser).get(f"{PAGE}/leave").text
    assert all(in_spanish(loss) in text for loss in losses)
    browser.submit(f"{PAGE}/leave", status=409)
    browser.get(f"{PAGE}/members/{number}")
    browser.submit(f"{PAGE}/members/{number}/role", {"role": "administrator"})
    browser.get(f"{PAGE}/leave")
    browser.submit(f"{PAGE}/leave")

    assert in_spanish("You are no longer a member.") in browser.page.text
    assert subjects(instance, "eva@example.org") == ["Su función cambió: Estadística actuarial"]


def test_a_role_changed_meanwhile_is_not_changed_again(browser: Browser, instance: Instance) -> None:
    """spec/communities C23: a change of role needs the row version."""
    row = a_community(instance, a_person(instance))
    number = a_member(instance, row, a_person(instance, "eva@example.org"))
    sign_in(browser).get(f"{PAGE}/members/{number}")
    form = browser.page.form("/role")
    browser.submit("/role", {"role": "moderator"})
    browser.submit("", {"role": "administrator"}, form=form, status=409)

    assert read(instance, lambda session: session.get_one(CommunityMember, number).role) == "moderator"


def test_who_is_banned_reads_what_strangers_read_and_cannot_join(browser: Browser, instance: Instance) -> None:
    """spec/communities C22: with a reason that the person reads."""
    row = a_community(instance, a_person(instance))
    number = a_member(instance, row, a_person(instance, "eva@example.org"))
    thread = write_thread(instance, row, "Un tema interno")
    eva = visitor(browser, "eva@example.org")
    assert "Un tema interno" in eva.get(PAGE).text
    sign_in(browser).get(f"{PAGE}/members/{number}")
    browser.submit("/removal", {"reason": "", "days": "30"}, status=422)
    browser.submit("/removal", {"reason": "Publicidad.", "days": "30"})

    assert "Un tema interno" not in eva.get(PAGE).text
    assert in_spanish("Its administrators removed you: you cannot join this community.") in eva.page.text
    eva.get(f"/discussions/{thread}", status=403)
    eva.post(f"{PAGE}/joining", status=403)
    assert "Publicidad." in eva.get("/notices").text
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityMember).values(banned_until=clock.now()))
    eva.get(PAGE)
    eva.submit(f"{PAGE}/joining")


def test_who_was_removed_reads_why_and_no_name_of_what_they_find_no_more(browser: Browser, instance: Instance) -> None:
    """spec/communities C22, C40: neither in the bell nor in the mail, also of what was decided on them before."""
    ana, eva = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=CommunityLevel.PRIVATE, reach=CommunityReach.HIDDEN)
    number = a_member(instance, row, eva)
    with instance.database.unit_of_work() as session:
        actor, now = actor_of(ana), clock.now()
        context = members.get_member(session, actor, row.slug, number)
        members.set_role(session, actor, context, CommunityRole.MODERATOR, seen="1", now=now)
        members.remove(session, actor, context, reason="No viene al caso.", days=0, seen="2", now=now)
    visitor = sign_in(browser.another(), eva.email)
    bell, mail = visitor.get("/notices").text, browser.mails()[-1]

    for text in (bell, mail):
        assert in_spanish("You are no longer a member of a community") in text
        assert "No viene al caso." in text
        assert "Estadística actuarial" not in text


def test_an_archived_community_is_read_and_nothing_more(browser: Browser, instance: Instance) -> None:
    """spec/communities C14, C15: requests end with a notice; reactivating restores writing."""
    row = a_community(instance, a_person(instance), level=CommunityLevel.SEMIPRIVATE)
    a_person(instance, "eva@example.org")
    eva = visitor(browser, "eva@example.org")
    eva.get(f"{PAGE}/request")
    eva.submit(f"{PAGE}/request", {"text": "Quiero aprender."})
    ana = sign_in(browser)
    ana.get(f"{MANAGE}/archive")
    ana.submit(f"{MANAGE}/archive", {"reason": "El proyecto terminó."})

    assert "El proyecto terminó." in eva.get(PAGE).text
    assert subjects(instance, "eva@example.org")[-1] == "Su solicitud de unirse terminó: Estadística actuarial"
    eva.get(f"{PAGE}/request", status=403)
    ana.get(f"{PAGE}/discussions")
    assert in_spanish("The community is archived: its discussions can be read only.") in ana.page.text
    ana.get(MANAGE)
    ana.submit(f"{MANAGE}/reactivation")
    assert fresh(instance, row).state == CommunityState.ACTIVE


def test_a_form_of_an_archived_community_says_why_it_is_refused(browser: Browser, instance: Instance) -> None:
    """spec/communities C14: to those inside; whoever is no member reads what they read of any other."""
    row = a_community(instance, a_person(instance))
    key = write_thread(instance, row, "Un tema")
    a_person(instance, "otra@example.org")
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).values(state=CommunityState.ARCHIVED.value, members_write=True))
    ana, other = sign_in(browser), visitor(browser, "otra@example.org")
    ana.checks = other.checks = False

    for page in (f"{PAGE}/files/new", f"{PAGE}/pages/new", f"{PAGE}/plan/new", f"{MANAGE}/settings", f"{MANAGE}/note"):
        text = in_spanish("The community is archived: nothing is added or changed.")
        assert text in ana.get(page, status=403).text
        assert text not in other.get(page, status=403).text
    text = in_spanish("Nothing new can be written here: what these discussions belong to is archived or closed.")
    assert text in ana.get(f"/discussions/{key}/answer", status=403).text
    assert text not in other.get(f"/discussions/{key}/answer", status=403).text


def test_texts_of_two_windows_are_not_overwritten(browser: Browser, instance: Instance) -> None:
    a_community(instance, a_person(instance))
    form = sign_in(browser).get(f"{MANAGE}/note").form("/note")
    browser.submit("/note", {"purpose": LONG + " Uno."})
    browser.submit("", {"purpose": LONG + " Dos."}, form=form, status=409)

    assert "Dos." in browser.page.text
    assert "Uno." in browser.get(PAGE).text


def test_the_front_page_tells_nothing_of_the_content(browser: Browser, instance: Instance) -> None:
    """spec/communities C6, C7: to who is no member; a script in its texts stays text."""
    ana = a_person(instance)
    row = a_community(instance, ana)
    write_thread(instance, row, "Marcador del debate")
    with instance.database.unit_of_work() as session:
        session.execute(update(Community).values(texts={**TEXTS}, name="Estadística <script>"))
    page = browser.another().get(PAGE)

    assert "Marcador" not in page.text
    assert LONG in page.text
    assert "Estadística &lt;script&gt;" in page.html


def test_what_an_administrator_of_the_site_reads_stands_in_the_log_of_the_community(browser: Browser, instance: Instance) -> None:
    """spec/communities C25: once a day, by whichever page; of open ones nothing is noted."""
    ana = a_person(instance)
    row = a_community(instance, ana, level=CommunityLevel.PRIVATE)
    a_community(instance, ana, "De todos", level=CommunityLevel.OPEN)
    thread = write_thread(instance, row, "Un tema interno")
    an_administrator(instance)
    boss = visitor(browser, "admin@example.org")
    boss.get("/communities/de-todos")
    boss.get(f"/discussions/{thread}")
    boss.get(PAGE)

    log = sign_in(browser).get(f"{MANAGE}/log").text
    assert log.count(in_spanish("Opened a community as site administrator")) == 1
    assert "Ada Ministra" in log
    assert in_spanish("Opened a community as site administrator") not in browser.get("/communities/de-todos/manage/log").text


PAGES = (
    *("", "/members", "/files", "/pages", "/plan", "/tools", "/groups", "/manage", "/manage/health", "/manage/requests", "/manage/log"),
    *("/manage/invitations", "/manage/settings", "/manage/note", "/manage/links", "/manage/discussions", "/manage/export", "/discussions"),
)


def test_whatever_an_administrator_of_the_site_opens_first_is_on_record(browser: Browser, instance: Instance) -> None:
    """spec/communities C25: no page has to remember it."""
    ana = a_person(instance)
    an_administrator(instance)
    boss, recorded = visitor(browser, "admin@example.org"), {}
    for number, path in enumerate(PAGES):
        row = a_community(instance, ana, f"Comunidad {number}", level=CommunityLevel.PRIVATE)
        boss.get(f"/communities/{row.slug}{path}")
        with instance.database.unit_of_work(write=False) as session:
            about = (AuditEntry.verb == "community.read_by_site", AuditEntry.subject_id == row.id)
            recorded[path] = session.scalar(select(func.count()).where(*about))

    assert recorded == dict.fromkeys(PAGES, 1)


def test_the_log_names_what_was_changed_and_the_new_role(browser: Browser, instance: Instance) -> None:
    """Fields by their names, never their texts; of role, reach and level what they are now."""
    row = a_community(instance, a_person(instance))
    number = a_member(instance, row, a_person(instance, "eva@example.org"))
    ana = sign_in(browser)
    ana.get(f"{MANAGE}/note")
    ana.submit(f"{MANAGE}/note", {"purpose": f"{LONG} Y un secreto."})
    ana.get(f"{MANAGE}/settings")
    ana.submit(f"{MANAGE}/settings", {"topic": "Salud", "level": "semiprivate"})
    ana.submit(f"{MANAGE}/settings", button=("act", "confirm"))
    ana.get(f"{PAGE}/members/{number}")
    ana.submit(f"{PAGE}/members/{number}/role", {"role": "moderator"})
    log = ana.get(f"{MANAGE}/log").text

    for label, value in (("Role", "moderator"), ("Privacy", "Semi-private")):
        assert f"{in_spanish(label)}: {in_spanish(value)}" in log
    assert in_spanish("Topic") in log
    assert in_spanish("Purpose") in log
    assert "secreto" not in log


def test_the_site_has_all_communities_in_one_list_with_their_states(browser: Browser, instance: Instance) -> None:
    a_community(instance, a_person(instance))
    a_community(instance, a_person(instance, "eva@example.org"), "La de antes", state=CommunityState.ARCHIVED)
    an_administrator(instance)
    page = visitor(browser, "admin@example.org").get("/administration/communities")

    assert page.has_link(PAGE)
    assert page.has_link("/communities/la-de-antes")
    assert in_spanish("Archived community") in page.text


def test_roles_elsewhere_give_no_right(browser: Browser, instance: Instance) -> None:
    """spec/communities C24: in a course's team, or administrator of another community."""
    a_community(instance, a_person(instance), level=CommunityLevel.PRIVATE)
    teacher = a_teacher(instance, a_course(instance, modules=1), role=StaffRole.OWNER)
    a_community(instance, teacher, "La otra")
    other = visitor(browser, teacher.email)

    other.get(f"{PAGE}/members", status=403)
    other.get(MANAGE, status=403)
    other.get(f"{PAGE}/discussions", status=403)


def test_pages_are_there_in_english_too(browser: Browser, instance: Instance) -> None:
    a_community(instance, a_person(instance, language="en"))
    sign_in(browser)

    assert "Run by" in browser.get(PAGE).text
    assert CommunityRole.MEMBER == "member"


@pytest.mark.parametrize(("reach", "status"), [(CommunityReach.EVERYONE, 403), (CommunityReach.HIDDEN, 404)])
def test_a_refusal_leads_to_the_front_page_that_the_reader_may_see(
    browser: Browser, instance: Instance, reach: CommunityReach, status: int
) -> None:
    """A link to something inside is no dead end for who is outside; of a hidden community nothing is named."""
    ana, member = a_person(instance), a_person(instance, "eva@example.org")
    row = a_community(instance, ana, level=CommunityLevel.SEMIPRIVATE, reach=reach)
    a_member(instance, row, member)
    a_person(instance, "luis@example.org")
    file, own_page, thread = bring_file(instance, row, ana), write_page(instance, row, ana), write_thread(instance, row, "Fuentes")
    outside, inside = sign_in(browser.another(), "luis@example.org"), sign_in(browser.another(), "eva@example.org")

    for address in (
        f"{PAGE}/pages/{own_page.slug}", f"{PAGE}/files/{file.uuid}", f"{PAGE}/members", f"{PAGE}/discussions", f"/discussions/{thread}",
    ):  # fmt: skip
        inside.get(address)
        page = outside.get(address, status=status)
        assert page.has_link(PAGE) is (status == 403), address
        assert (row.name in page.text) is (status == 403), address
    inside.get(f"{PAGE}/manage", status=403)
    assert not inside.page.has_link(PAGE)
    strangers = browser.another()
    assert row.name not in strangers.get(f"{PAGE}/members").text
