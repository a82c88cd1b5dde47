"""`lms enrolments`: lists of people, enrolled in a course without the web."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

import click

from lms.console import CommandInstance, NothingRead, NumberNeeded, read_list_file

if TYPE_CHECKING:
    from datetime import datetime

    from enrolments.models import Edition
    from enrolments.people_lists import EnrolmentListCheck
    from kernel.left_out import ReadList
    from kernel.permissions import Actor
    from organisations.address_lists import ListedAddress


@dataclass(frozen=True, slots=True)
class CourseList:
    """A list of people for a course or one of its editions, as it would be enrolled now."""

    course_id: int
    edition: Edition | None
    waiting: int
    """People for whom the edition has no place."""
    checked: EnrolmentListCheck


@click.group()
def enrolments() -> None:
    """Enrol people in courses."""


@enrolments.command()
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--course", metavar="KEY", required=True, help="The course, as its address names it.")
@click.option("--edition", metavar="NAME", default="", help="An edition of the course.")
@click.option("--sender", metavar="EMAIL", default="", help="An administrator in whose name those without an account are invited.")
@click.option("--dry-run", is_flag=True, help="Tell what would change and write nothing.")
@click.option("--confirm", type=click.IntRange(min=0), help="How many people will wait, where the edition has too few places.")
@click.option("--strict", is_flag=True, help="Write nothing where a line has an error.")
@click.pass_obj
def load(
    opened: CommandInstance, file: Path, course: str, edition: str, sender: str, confirm: int | None, *, dry_run: bool, strict: bool
) -> NoReturn:
    """Enrol the people of FILE, a list with a column of addresses (CSV or XLSX).

    Exit code 0: all is well; 1: some lines have errors; 2: nothing could be read; 3: some would have to wait for a place, and --confirm is
    needed.
    """
    from kernel import clock
    from organisations.address_lists import read_list

    now = clock.now()
    actor, entries = _sender(opened, sender), read_list_file(file, read_list)
    listed = _check(opened, entries, course, edition, now=now)
    uninvited = 0 if sender else len(listed.checked.invited)
    for left_out in entries.left_out:
        click.echo(f"  left out: {left_out.english}", err=True)
    _report(listed, invites=bool(sender))
    code = 1 if listed.checked.faults or uninvited else 0
    if dry_run or (strict and code):
        click.echo("Nothing was written.")
        click.get_current_context().exit(code)
    if listed.waiting and confirm != listed.waiting:
        number = listed.waiting
        raise NumberNeeded(f"{number} people would wait for a place. Nothing was written. Look at it, then: --confirm {number}")
    _write(opened, actor, listed, invites=bool(sender), now=now)
    click.get_current_context().exit(code)


def _sender(opened: CommandInstance, address: str) -> Actor:
    """Return in whose name people are enrolled and invited: an administrator's, or the program's own."""
    from accounts.people import find_person_by_email, holds_role
    from kernel.permissions import SYSTEM, Actor, SiteRole

    if not address:
        return SYSTEM
    with opened.database.unit_of_work(write=False) as session:
        person = find_person_by_email(session, address)
        if person is None or person.suspended_at is not None or not holds_role(session, person.id, SiteRole.ADMINISTRATOR):
            raise NothingRead(f"{address} is not the address of an administrator.")
        return Actor(person_id=person.id)


def _check(opened: CommandInstance, people: ReadList[ListedAddress], slug: str, name: str, *, now: datetime) -> CourseList:
    """Compare a list with who takes the course, as the page's preview does."""
    from courses.catalogue import find_course
    from enrolments.editions import list_editions, require_open_course
    from enrolments.people_lists import check_list
    from kernel.errors import Conflict

    with opened.database.unit_of_work(write=False) as session:
        course = find_course(session, slug)
        if course is None:
            raise NothingRead(f"There is no course called {slug}.")
        try:
            require_open_course(session, course.id)
        except Conflict as refused:
            raise NothingRead(refused.text) from refused
        row = next((row for row in list_editions(session, course.id) if name and row.edition.name == name), None)
        if name and row is None:
            raise NothingRead(f"The course has no edition called {name}.")
        checked = check_list(session, course.id, people.entries, enrols_accounts=True, now=now)
        capacity = None if row is None else row.edition.capacity
        waiting = 0 if row is None or capacity is None else max(len(checked.people) - max(capacity - row.taken, 0), 0)
        return CourseList(course.id, None if row is None else row.edition, waiting, checked)


def _report(listed: CourseList, *, invites: bool) -> None:
    """Tell what a list would do, as the page shows it."""
    checked = listed.checked
    same, invited = checked.already_enrolled + checked.already_invited, len(checked.invited)
    counts = {"New": len(checked.people), "Invited": invited if invites else 0, "Same": same, "Waiting": listed.waiting}
    counts["Errors"] = len(checked.faults) + (0 if invites else invited)
    click.echo(" ".join(f"{title}: {number}." for title, number in counts.items()))
    for entry in checked.invited:
        text = "invited" if invites else "error: there is no account with this address (--sender invites)"
        click.echo(f"  line {entry.line}: {entry.address}: {text}", err=not invites)
    for fault in checked.faults:
        click.echo(f"  line {fault.line}: {fault.written}: error: {fault.message}", err=True)


def _write(opened: CommandInstance, actor: Actor, listed: CourseList, *, invites: bool, now: datetime) -> None:
    """Enrol and invite some hundreds in each transaction, as the job of the page does."""
    from uuid import uuid4

    from enrolments import editions, invitations
    from enrolments.invitations import InvitationBatch
    from enrolments.models import Edition

    entered = waiting = invited = 0
    list_uuid, checked = uuid4(), listed.checked
    for start in range(0, max(len(checked.people), len(checked.invited) if invites else 0), editions.PORTION):
        with opened.database.unit_of_work() as session:
            edition = None if listed.edition is None else session.get_one(Edition, listed.edition.id)
            people = checked.people[start : start + editions.PORTION]
            if people:
                enrolled, waits = editions.enrol_others(session, actor, listed.course_id, edition, people, now=now)
                entered, waiting = entered + enrolled, waiting + waits
            names = {entry.address: entry.name for entry in checked.invited[start : start + editions.PORTION]} if invites else {}
            if names:
                invited += invitations.invite(session, actor, InvitationBatch(listed.course_id, edition, list_uuid), names, now=now)
    click.echo(f"Enrolled: {entered}. Waiting: {waiting}. Invited: {invited}.")
