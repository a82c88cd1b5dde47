"""Re-entries, moves and posts hold from the day that a list gives, not from the day on which it is loaded (spec/compulsory 2.1 and 2.3)."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select

from kernel import clock
from kernel.permissions import SYSTEM
from lms.instance import Instance
from organisations import lists, units
from organisations.list_checking import PeopleListCheck, judge_people
from organisations.list_reading import read_people
from organisations.models import Employment, Membership, Organisation, Post
from tests.support.learning import At
from tests.support.places import a_place
from tests.support.training_cases import QUITO, moment

HEAD = "correo;nombres;primer apellido;unidad;numero de empleado;puesto;fecha de ingreso;fecha de salida;rige desde\n"
Span = tuple[str, str | None, date | None, date | None]
FIRST, LEFT, BACK, LOADED = date(2022, 9, 14), date(2026, 11, 30), date(2026, 12, 15), date(2026, 12, 30)


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> At:
    return At(monkeypatch, moment("2026-11-02T10:00", QUITO))


@pytest.fixture
def root(instance: Instance, at: At) -> Organisation:
    root = a_place(instance, "IESS", code="IESS")
    for name in ("Norte", "Sur"):
        a_place(instance, name, root, code=name.upper())
    return root


def judge(instance: Instance, line: str) -> PeopleListCheck:
    with instance.database.unit_of_work(write=False) as session:
        return judge_people(session, read_people((HEAD + line).encode(), clock.now().date()).entries, now=clock.now())


def load(instance: Instance, line: str) -> PeopleListCheck:
    check = judge(instance, line)
    assert not check.faults, check.faults
    with instance.database.unit_of_work() as session:
        lists.bring_in_people(session, SYSTEM, check.new, check.changed, now=clock.now())
    return check


def spans(instance: Instance) -> list[Span]:
    """Return what is on record of units: name, post, first and last day; not what was retracted."""
    statement = (
        select(Organisation.name, Post.name, Membership.since_on, Membership.until_on)
        .join(Organisation, Organisation.id == Membership.organisation_id)
        .outerjoin(Post, Post.id == Membership.post_id)
        .where(Membership.retracted_at.is_(None))
        .order_by(Membership.since_on, Membership.id)
    )
    with instance.database.unit_of_work(write=False) as session:
        return [(row[0], row[1], row[2], row[3]) for row in session.execute(statement)]


def facts(check: PeopleListCheck) -> dict[str, tuple[str, str]]:
    (line,) = check.changed
    return {column: (old, new) for column, old, new in line.facts}


def enter(instance: Instance) -> None:
    load(instance, f"ana@example.org;Ana;Mora;NORTE;S-1;Médica;{FIRST};;\n")


def leave(instance: Instance, at: At) -> None:
    at.pass_(days=29)
    load(instance, f"ana@example.org;;;;S-1;;;{LEFT};\n")
    at.pass_(days=29)  # 30 December; the places ended by the job
    with instance.database.unit_of_work() as session:
        units.end_overdue_places(session, SYSTEM, now=clock.now(), limit=99)


def test_a_re_entry_has_its_unit_and_post_from_the_day_of_entry(instance: Instance, root: Organisation, at: At) -> None:
    """The list is loaded two weeks later; the preview shows both spans, for the former one stays."""
    enter(instance)
    leave(instance, at)
    assert clock.now().date() == LOADED

    check = load(instance, f"ana@example.org;;;SUR;S-1;Médica;{BACK};;\n")

    assert spans(instance) == [("Norte", "Médica", FIRST, LEFT), ("Sur", "Médica", BACK, None)]
    assert facts(check)["Employment"] == (f"{FIRST} – {LEFT}", f"{FIRST} – {LEFT}; {BACK} – …")
    assert facts(check)["Unit"] == ("", f"Sur ({BACK} – …)")
    with instance.database.unit_of_work(write=False) as session:
        days = session.execute(select(Employment.entered_on, Employment.left_on).where(Employment.retracted_at.is_(None))).all()
    assert [(row[0], row[1]) for row in days] == [(FIRST, LEFT), (BACK, None)]


def test_who_never_left_has_no_gap(instance: Instance, root: Organisation, at: At) -> None:
    """The same day of entry without a last day says that they never left: so the unit goes on the day after."""
    enter(instance)
    leave(instance, at)

    load(instance, f"ana@example.org;;;NORTE;S-1;Médica;{FIRST};;\n")

    assert spans(instance) == [("Norte", "Médica", FIRST, LEFT), ("Norte", "Médica", LEFT + timedelta(days=1), None)]


def test_a_move_and_another_post_hold_from_the_day_of_their_column(instance: Instance, root: Organisation, at: At) -> None:
    enter(instance)
    at.pass_(days=30)
    first, second = date(2026, 11, 10), date(2026, 11, 20)

    moved = load(instance, f"ana@example.org;;;SUR;S-1;;;;{first}\n")
    posted = load(instance, f"ana@example.org;;;;S-1;Jefa;;;{second}\n")

    eve, second_eve = first - timedelta(days=1), second - timedelta(days=1)
    assert spans(instance) == [("Norte", "Médica", FIRST, eve), ("Sur", "Médica", first, second_eve), ("Sur", "Jefa", second, None)]
    assert facts(moved)["Unit"] == (f"Norte (… – {eve})", f"Sur ({first} – …)")
    assert facts(posted)["Post"] == (f"Médica (… – {second_eve})", f"Jefa ({second} – …)")


def test_without_a_day_a_move_holds_from_today_on(instance: Instance, root: Organisation, at: At) -> None:
    enter(instance)
    at.pass_(days=30)
    today = clock.now().date()

    check = load(instance, "ana@example.org;;;SUR;S-1;;;;\n")

    assert spans(instance) == [("Norte", "Médica", FIRST, today - timedelta(days=1)), ("Sur", "Médica", today, None)]
    assert facts(check)["Unit"] == ("Norte", "Sur")


def test_a_first_post_with_a_day_holds_from_it_and_without_one_from_the_first_day(instance: Instance, root: Organisation, at: At) -> None:
    load(instance, f"ana@example.org;Ana;Mora;NORTE;S-1;;{FIRST};;\n")
    at.pass_(days=30)
    day = date(2026, 11, 10)

    load(instance, f"ana@example.org;;;;S-1;Jefa;;;{day}\n")

    assert spans(instance) == [("Norte", None, FIRST, day - timedelta(days=1)), ("Norte", "Jefa", day, None)]


def test_a_move_on_the_first_day_in_a_unit_says_that_it_never_was(instance: Instance, root: Organisation, at: At) -> None:
    enter(instance)

    load(instance, f"ana@example.org;;;SUR;S-1;;;;{FIRST}\n")

    assert spans(instance) == [("Sur", "Médica", FIRST, None)]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("ana@example.org;;;SUR;S-1;;;;2027-01-15\n", "is still to come"),
        (f"ana@example.org;;;SUR;S-1;;;;{FIRST - timedelta(days=1)}\n", "is before %(first)s"),
        ("nina@example.org;Nina;Vaca;SUR;S-2;;2026-11-01;;2027-01-15\n", "is still to come"),
    ],
)
def test_a_day_that_cannot_be_is_a_fault_of_its_line(instance: Instance, root: Organisation, line: str, words: str) -> None:
    enter(instance)

    (fault,) = judge(instance, line).faults

    assert words in fault.message


def test_a_newcomer_has_the_unit_from_the_day_of_the_move_where_one_is_given(instance: Instance, root: Organisation) -> None:
    load(instance, f"ana@example.org;Ana;Mora;NORTE;S-1;Médica;{FIRST};;2026-01-05\n")

    assert spans(instance) == [("Norte", "Médica", date(2026, 1, 5), None)]


@pytest.mark.parametrize(("entered", "expected"), [("2022-09-01", date(2022, 9, 1)), ("2022-10-01", date(2022, 10, 1))])
def test_a_corrected_day_of_entry_takes_the_first_unit_along(
    instance: Instance, root: Organisation, at: At, entered: str, expected: date
) -> None:
    """What began with the employment begins with it as it was corrected."""
    enter(instance)
    at.pass_(days=10)

    load(instance, f"ana@example.org;;;;S-1;;{entered};;\n")

    assert spans(instance) == [("Norte", "Médica", expected, None)]


@pytest.mark.parametrize("last", [date(2026, 12, 10), date(2026, 11, 25)])
def test_a_corrected_last_day_takes_the_units_along(instance: Instance, root: Organisation, at: At, last: date) -> None:
    """Who had left and did so on another day was in the unit until that day."""
    enter(instance)
    leave(instance, at)

    load(instance, f"ana@example.org;;;;S-1;;;{last};\n")

    assert spans(instance) == [("Norte", "Médica", FIRST, last)]
