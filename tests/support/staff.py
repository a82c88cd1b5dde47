"""An institution with drawn employments, places, posts, lists and completions, for questions about many people."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random

from sqlalchemy import insert
from sqlalchemy.orm import Session

from accounts.models import Person
from courses.models import Course
from enrolments.models import Completion, Enrolment
from lms.instance import Instance
from organisations.models import AudienceList, AudienceListEntry, Employment, Membership, Organisation, Post
from organisations.rules.units import OrganisationKind
from tests.support.audiences import COURSES, LISTS, NUMBERS, POSTS, TODAY
from tests.support.builders import a_course
from tests.support.places import a_place

NOON = datetime.combine(TODAY, time(17), UTC)
"""Noon of the day that drawn rules are about."""


def a_drawn_institution(instance: Instance, count: int, seed: int = 7) -> Organisation:
    """Fill an institution with people of whom everything that rules ask for is drawn, also what is missing or over."""
    root, places = _tree(instance)
    other = a_place(instance, "Otra", code="OTRA")
    courses = [a_course(instance, key) for key in COURSES]
    random = Random(seed)  # noqa: S311 - no secret
    with instance.database.unit_of_work() as session:
        posts = [_a_post(session, root, key) for key in POSTS]
        lists = [_a_list(session, root, key) for key in LISTS]
        people = [_a_person(session, number, random) for number in range(count)]
        for number, person in enumerate(people):
            institution = other if random.random() < 0.1 else root
            _employ(session, person, institution, number, random)
            _place(session, person, places, posts, random)
            for listed in lists:
                if random.random() < 0.3:
                    since = _a_day(random)
                    until = since + timedelta(days=random.randrange(400)) if random.random() < 0.5 else None
                    session.add(AudienceListEntry(list_id=listed.id, person_id=person.id, since_on=since, until_on=until))
            _complete(session, person, courses, random)
    return root


def _tree(instance: Instance) -> tuple[Organisation, list[Organisation]]:
    province = OrganisationKind.PROVINCE
    root = a_place(instance, "IESS", code="IESS")
    guayas, rios, loja = (a_place(instance, name, root, kind=province) for name in ("Guayas", "Los Ríos", "Loja"))
    gye, loj = a_place(instance, "Guayaquil", guayas, code="GYE"), a_place(instance, "Ciudad de Loja", loja, code="LOJ")
    below = a_place(instance, "Afiliación", gye, code="GYE-AF")
    return root, [
        root,
        guayas,
        rios,
        gye,
        loj,
        below,
        a_place(instance, "Actuaría", root, code="ACT"),
        a_place(instance, "Sin código", gye),
    ]


def _a_post(session: Session, root: Organisation, key: str) -> Post:
    row = Post(institution_id=root.id, key=key, name=key.title(), created_at=NOON)
    session.add(row)
    session.flush()
    return row


def _a_list(session: Session, root: Organisation, key: str) -> AudienceList:
    row = AudienceList(institution_id=root.id, key=key, title={"es": key.title()}, created_at=NOON)
    session.add(row)
    session.flush()
    return row


def _a_day(random: Random) -> date:
    return TODAY + timedelta(days=random.choice((0, -1, 1, -random.randrange(900), -92, -91, 30)))


def _a_person(session: Session, number: int, random: Random) -> Person:
    closed = NOON + timedelta(days=random.choice((-1, 0, 1))) if random.random() < 0.15 else None
    names = {"given_names": f"Nombre{number}", "first_surname": "Apellido", "second_surname": ""}
    row = Person(
        email=f"p{number}@iess.example",
        password_hash="",
        language="es",
        zone="",
        created_at=NOON,
        suspended_at=closed,
        name_key=f"apellido {number:06}",
        **names,
    )
    session.add(row)
    session.flush()
    return row


def _employ(session: Session, person: Person, institution: Organisation, number: int, random: Random) -> None:
    staff_number = NUMBERS[number] if number < len(NUMBERS) else f"9{number}" if random.random() < 0.8 else None
    if random.random() < 0.9:
        entered = _a_day(random) if random.random() < 0.8 else None
        left = (entered or TODAY) + timedelta(days=random.choice((0, 1, 400))) if random.random() < 0.3 else None
        days = {"entered_on": entered, "left_on": left}
        row = {"person_id": person.id, "institution_id": institution.id, "staff_number": staff_number, "recorded_at": NOON}
        session.execute(insert(Employment), [{**row, **days, "retracted_at": NOON if random.random() < 0.1 else None}])


def _place(session: Session, person: Person, places: list[Organisation], posts: list[Post], random: Random) -> None:
    for is_main, place in zip((True, False), random.sample(places, 2), strict=True):
        if random.random() < 0.3:
            continue
        since = _a_day(random) if random.random() < 0.7 else None
        until = max(since or TODAY, TODAY) + timedelta(days=random.choice((-1, 0, 1))) if random.random() < 0.3 else None
        over = {"until_on": max(until, since or until), "until": NOON} if until else {"until_on": None, "until": None}
        row = {
            "person_id": person.id,
            "organisation_id": place.id,
            "is_main": is_main,
            "since_on": since,
            "since": NOON,
            "recorded_at": NOON,
        }
        post = random.choice((None, *(one.id for one in posts)))
        session.execute(insert(Membership), [{**row, **over, "post_id": post}])


def _complete(session: Session, person: Person, courses: list[Course], random: Random) -> None:
    for course in courses:
        if random.random() < 0.3 and course.published_version_id is not None:
            row = Enrolment(
                person_id=person.id,
                course_id=course.id,
                course_version_id=course.published_version_id,
                enrolled_at=NOON,
                done=0,
                total=0,
            )
            session.add(row)
            session.flush()
            moment = datetime.combine(_a_day(random), time(random.randrange(24), 30), UTC)
            session.add(Completion(enrolment_id=row.id, course_version_id=course.published_version_id, completed_at=moment))
