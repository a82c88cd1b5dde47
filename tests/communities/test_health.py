"""The health of communities and their plan: six marks, inactivity, notices, drafts (spec/communities C11 to C13, C27, C28, C38, C39)."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import pairwise

import pytest
from sqlalchemy import Update, select, update

from accounts.models import Notification
from communities import life, plan
from communities.models import (
    Community,
    CommunityFile,
    CommunityFileVersion,
    CommunityLevel,
    CommunityMember,
    CommunityPageVersion,
    CommunityRequest,
    CommunityState,
    PlanEntry,
)
from communities.space import is_present
from discussions.models import Thread, ThreadPost
from kernel import clock
from kernel.i18n import site_day
from kernel.row_versions import version_of
from lms.instance import Instance
from tests.support.browser import Browser
from tests.support.builders import a_person, an_administrator, sign_in
from tests.support.communities import a_community, a_member, bring_file, write_page, write_thread
from tests.support.takes import read
from tests.support.wording import in_spanish

PAGE = "/communities/estadistica-actuarial"


def keys(instance: Instance) -> list[str]:
    of_care = Notification.kind == "community_care"
    return read(instance, lambda session: list(session.scalars(select(Notification.key).where(of_care).order_by(Notification.id))))


def cared_for(instance: Instance, days: int = 0) -> None:
    """Let the daily work be done so many days from now."""
    with instance.database.unit_of_work() as session:
        for number in life.list_to_care_for(session, 0):
            life.care_for(session, number, now=clock.now() + timedelta(days=days))


def test_a_year_without_content_is_shown_and_its_administrators_are_notified_three_times(browser: Browser, instance: Instance) -> None:
    """spec/communities C12, C13: nothing closes by itself, and a post makes it active again."""
    row = a_community(instance, a_person(instance))
    write_thread(instance, row, "El único")
    for days in (364, 366, 367, 397, 398, 428, 500):
        cared_for(instance, days)
    care = [key for key in keys(instance) if ":care:" in key]
    assert [key.rpartition(":")[2] for key in care] == ["0", "30", "60"]
    with instance.database.unit_of_work() as session:
        session.execute(update(Thread).values(last_post_at=clock.now() - timedelta(days=366)))
        session.execute(update(Community).values(activated_at=clock.now() - timedelta(days=500)))
    ana, boss = sign_in(browser), sign_in(browser.another(), an_administrator(instance).email)
    a_community(instance, a_person(instance, "otra@example.org"), "Otra que vive")
    label = in_spanish("No activity since %(day)s.").partition("%")[0]
    assert label in ana.get(PAGE).text
    health = ana.get(f"{PAGE}/manage/health")
    assert all(health.has_link(f"{PAGE}/{where}") for where in ("announcements/new", "manage/archive"))
    assert ana.get("/communities").text.count(label) == 1
    assert boss.get("/administration/communities").text.count("Estadística actuarial") == 1, "in the list of all"
    with instance.database.unit_of_work() as session:
        session.execute(update(Thread).values(last_post_at=clock.now() - timedelta(days=460)))
    assert boss.get("/administration/communities").text.count("Estadística actuarial") == 2, "asked for 90 days"
    write_thread(instance, row, "Otro tema")

    assert label not in ana.get(PAGE).text
    assert not ana.get(f"{PAGE}/manage/health").has_link(f"{PAGE}/manage/archive")


def test_files_and_pages_are_content_and_the_texts_of_the_front_page_are_none(instance: Instance) -> None:
    """spec/communities C12, C38: a new file, page or version of one makes active again; what was deleted does not."""
    ana = a_person(instance)
    row = a_community(instance, ana)

    def days(number: int) -> timedelta:
        return clock.now() - timedelta(days=number)

    def last() -> int:
        return read(instance, lambda session: life.measure(session, session.get_one(Community, row.id), now=clock.now())).content_days

    def change(*statements: Update) -> None:
        with instance.database.unit_of_work() as session:
            for statement in statements:
                session.execute(statement)

    change(update(Community).values(activated_at=days(500)), update(CommunityPageVersion).values(written_at=days(1)))
    assert last() == 500
    write_page(instance, row, ana)
    change(update(CommunityPageVersion).values(written_at=days(30)))
    assert last() == 30
    bring_file(instance, row, ana)
    change(update(CommunityFileVersion).values(added_at=days(20)))
    assert last() == 20
    write_thread(instance, row, "Un anuncio")
    change(update(Thread).values(kind="announcement", last_post_at=days(10)))
    assert last() == 10
    other = a_community(instance, ana, "Otra que vive")
    bring_file(instance, other, ana, "De la otra")
    write_page(instance, other, ana)
    write_thread(instance, other, "Un tema de la otra")
    assert last() == 10
    change(update(Thread).values(state="hidden"), update(CommunityFile).values(deleted_at=clock.now()))
    assert last() == 30, "the page is there still"


def test_the_marks_are_what_happened(browser: Browser, instance: Instance) -> None:
    """spec/communities C38: each mark is compared with what was done."""
    row = a_community(instance, a_person(instance), level=CommunityLevel.SEMIPRIVATE)
    now, eva = clock.now(), a_person(instance, "eva@example.org")
    a_member(instance, row, eva)
    left = a_member(instance, row, a_person(instance, "luis@example.org"))
    write_thread(instance, row, "Una pregunta")
    with instance.database.unit_of_work() as session:
        session.execute(update(CommunityMember).where(CommunityMember.id == left).values(until=now))
        session.execute(update(Community).values(activated_at=now - timedelta(days=50)))
        session.execute(update(Thread).values(kind="question", last_post_at=now - timedelta(days=20)))
        session.execute(update(ThreadPost).values(written_at=now - timedelta(days=20)))
        request = CommunityRequest(community_id=row.id, person_id=eva.id, text="", sent_at=now - timedelta(days=9), state="pending")
        past = site_day(now) - timedelta(days=40)
        lines = [
            PlanEntry(community_id=row.id, starts_on=past, ends_on=past, title="Reunión", kind="meeting", responsible=""),
            PlanEntry(
                community_id=row.id,
                starts_on=past,
                ends_on=past,
                title="Hecha",
                kind="meeting",
                responsible="",
                done_at=now - timedelta(days=35),
            ),
        ]
        session.add_all([request, *lines])
    health = read(instance, lambda session: life.measure(session, session.get_one(Community, row.id), now=now))

    assert health == life.Health(
        health.content_at, content_days=20, meeting_days=40, waiting=1, waiting_days=9, unanswered=1, joined=3, left=1, overdue=1
    )
    page = sign_in(browser).get(f"{PAGE}/manage/health").text
    assert in_spanish("No new content for %(count)s day; 14 are recommended at most.", count=20) in page


def test_a_monthly_word_comes_once_a_month_and_can_be_turned_off(browser: Browser, instance: Instance) -> None:
    """spec/communities C39."""
    a_community(instance, a_person(instance))
    for days in (40, 41):
        cared_for(instance, days)
    assert len([key for key in keys(instance) if ":cadence:" in key]) == 1
    ana = sign_in(browser)
    assert in_spanish("Care of communities") in ana.get("/profile/notices").text


def test_a_draft_that_nobody_changes_is_deleted_after_a_notice(instance: Instance) -> None:
    """spec/communities C11: 180 days, with a notice 14 days before."""
    a_community(instance, a_person(instance), state=CommunityState.DRAFT)

    def there() -> Sequence[Community]:
        return read(instance, lambda session: session.scalars(select(Community).where(is_present())).all())

    cared_for(instance, 181)
    assert there()  # nobody was told of it
    cared_for(instance, 167)
    assert [key for key in keys(instance) if ":draft:" in key]
    cared_for(instance, 179)
    assert there()
    cared_for(instance, 181)

    assert not there()


def test_a_request_that_waits_for_seven_days_is_brought_up_once(instance: Instance) -> None:
    """spec/communities C18."""
    row = a_community(instance, a_person(instance), level=CommunityLevel.SEMIPRIVATE)
    eva = a_person(instance, "eva@example.org")
    with instance.database.unit_of_work() as session:
        session.add(CommunityRequest(community_id=row.id, person_id=eva.id, text="", sent_at=clock.now(), state="pending"))
    for days in (6, 8, 9):
        cared_for(instance, days)

    again = Notification.key.endswith(":again")
    assert len(read(instance, lambda session: session.scalars(select(Notification).where(again)).all())) == 1


def test_the_plan_is_read_by_members_and_changed_by_its_administrators(browser: Browser, instance: Instance) -> None:
    """spec/communities C27."""
    row = a_community(instance, a_person(instance))
    a_member(instance, row, a_person(instance, "eva@example.org"))
    a_person(instance, "otra@example.org")
    ana, eva, other = sign_in(browser), sign_in(browser.another(), "eva@example.org"), sign_in(browser.another(), "otra@example.org")
    ana.get(f"{PAGE}/plan/new")
    ana.submit(
        f"{PAGE}/plan/new", {"title": "Seminario", "kind": "webinar", "starts_on": "2026-12-20", "ends_on": "2026-12-01"}, status=422
    )
    assert in_spanish("The last day is not before the first one.") in ana.page.text
    ana.submit(f"{PAGE}/plan/new", {"ends_on": "", "address": "https://example.org"}, status=422)
    ana.submit(f"{PAGE}/plan/new", {"address": "/courses"})

    assert "Seminario" in eva.get(f"{PAGE}/plan").text
    for visitor in (other, eva):
        visitor.checks = False
    other.get(f"{PAGE}/plan", status=403)
    eva.get(f"{PAGE}/plan/new", status=403)
    number = read(instance, lambda session: session.scalars(select(PlanEntry.id)).one())
    ana.get(f"{PAGE}/plan")
    ana.submit(f"{PAGE}/plan/{number}/mark", button=("act", "done"))
    assert in_spanish("done") in eva.get(f"{PAGE}/plan").text
    ana.get(f"{PAGE}/plan/{number}")
    ana.submit(f"{PAGE}/plan/{number}", {"title": "Otro seminario"})
    assert "Otro seminario" in eva.get(f"{PAGE}/plan").text
    ana.get(f"{PAGE}/plan/{number}")
    ana.submit(f"{PAGE}/plan/{number}/mark", button=("act", "delete"))
    assert not read(instance, lambda session: session.scalars(select(PlanEntry)).all())


def test_of_two_who_change_a_line_the_second_one_sees_both(browser: Browser, instance: Instance) -> None:
    """Nothing is overwritten, ticked or deleted that its page did not show."""
    a_community(instance, a_person(instance))
    first, second = sign_in(browser), sign_in(browser.another())
    first.get(f"{PAGE}/plan/new")
    first.submit(f"{PAGE}/plan/new", {"title": "Seminario", "kind": "webinar", "starts_on": "2026-12-20"})
    number = read(instance, lambda session: session.scalars(select(PlanEntry.id)).one())
    line, mark = f"{PAGE}/plan/{number}", f"{PAGE}/plan/{number}/mark"
    second.get(f"{PAGE}/plan")
    tick = second.page.form(mark)
    second.get(line)
    delete = second.page.form(mark)
    first.get(line)
    first.submit(line, {"title": "Seminario con otra ponente", "note": "La doctora Paz."})
    second.submit(line, {"title": "Seminario en línea"}, status=409)

    assert "Seminario con otra ponente" in second.page.text
    assert "La doctora Paz." in second.page.text
    assert 'value="Seminario en línea"' in second.page.html
    for form, act in ((tick, "done"), (delete, "delete")):
        second.submit("", form=form, button=("act", act))
        assert in_spanish("Someone changed this line meanwhile: nothing was done. Look at it as it is now.") in second.page.text
    row = read(instance, lambda session: session.scalars(select(PlanEntry)).one())
    assert (row.title, row.done_at) == ("Seminario con otra ponente", None)

    second.get(line)
    second.submit(line, {"title": "Seminario en línea con otra ponente"})
    row = read(instance, lambda session: session.scalars(select(PlanEntry)).one())
    assert (row.title, row.note) == ("Seminario en línea con otra ponente", "La doctora Paz.")
    second.submit(mark, button=("act", "done"))
    done_at = read(instance, lambda session: session.scalars(select(PlanEntry.done_at)).one())
    first.get(f"{PAGE}/plan")
    first.post(mark, {"act": "done", "seen": version_of(row)})
    assert read(instance, lambda session: session.scalars(select(PlanEntry.done_at)).one()) == done_at


@pytest.mark.parametrize("day", range(1, 8))
def test_what_is_offered_begins_and_ends_on_working_days_and_the_last_survey_comes_last(day: int) -> None:
    """spec/communities C28: whichever day a community begins on."""
    lines = plan.first_ninety_days(date(2027, 3, day))

    assert not [line for line in lines if max(line.starts_on.weekday(), line.ends_on.weekday()) >= 5]
    assert all(line.starts_on <= line.ends_on for line in lines)
    assert lines[-1].kind == "survey"
    assert lines[-1].starts_on > max(line.ends_on for line in lines if line.kind == "meeting")
    assert (
        max((later.starts_on - former.starts_on).days for former, later in pairwise(sorted(lines, key=lambda line: line.starts_on))) <= 14
    )
    assert all(line.ends_on <= date(2027, 3, day) + timedelta(days=90) for line in lines)


def test_a_new_community_is_offered_its_first_ninety_days(browser: Browser, instance: Instance) -> None:
    """spec/communities C28: something each two weeks, a meeting each month."""
    a_community(instance, a_person(instance))
    ana = sign_in(browser)
    ana.get(f"{PAGE}/plan")
    ana.submit(f"{PAGE}/plan/new", button=("act", "offer"))
    lines = read(instance, lambda session: session.scalars(select(PlanEntry).order_by(PlanEntry.starts_on)).all())

    assert sum(line.kind == "meeting" for line in lines) == 3
    days = [line.starts_on for line in lines]
    assert max((later - former).days for former, later in pairwise(days)) <= 14
    assert (days[-1] - days[0]).days <= 90
    ana.post(f"{PAGE}/plan/new", {"act": "offer"})
    assert len(read(instance, lambda session: session.scalars(select(PlanEntry)).all())) == len(lines)
    assert ana.get(f"{PAGE}/manage/log").text.count(in_spanish("Changed the plan of a community")) == 1, "one press, one entry"
