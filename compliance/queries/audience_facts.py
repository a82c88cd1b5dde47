"""The facts by which a person is in an audience, in the one statement that reads everything on record of them."""

from typing import Any

from sqlalchemy import Select

from accounts.models import Person
from compliance.queries.person_facts import select_facts
from compliance.rules.person_facts import FactKind, PersonFact, PersonFacts
from courses.models import Course
from enrolments.models import Completion, Enrolment
from kernel.i18n import site_locale
from organisations.models import AudienceList, AudienceListEntry, Employment, Membership, Post, PostSpelling
from organisations.rules.audiences import AudienceCandidate, EmploymentFact, HeldFact, ListFact, PlaceFact
from organisations.rules.units import OrganisationKind, UnitSummary


def candidate_selects(person_id: int) -> list[Select[*tuple[Any, ...]]]:
    """Select what rules of audiences ask of one person: employment, places, posts, lists, completions."""
    job, membership, listed = Employment, Membership, AudienceListEntry
    mine = (membership.person_id == person_id, membership.retracted_at.is_(None))
    return [
        select_facts(
            FactKind.EMPLOYED, job.person_id, first_on=job.entered_on, last_on=job.left_on, key=job.institution_id, course=job.staff_number
        ).where(job.person_id == person_id, job.retracted_at.is_(None)),
        select_facts(
            FactKind.BELONGS,
            membership.person_id,
            first_on=membership.since_on,
            last_on=membership.until_on,
            key=membership.organisation_id,
            version=membership.post_id,
        ).where(*mine),
        select_facts(FactKind.POST, membership.person_id, version=Post.id, course=Post.key)
        .join(Post, Post.id == membership.post_id)
        .where(*mine),
        select_facts(FactKind.POST, membership.person_id, version=PostSpelling.post_id, course=PostSpelling.key)
        .join(PostSpelling, PostSpelling.post_id == membership.post_id)
        .where(*mine),
        select_facts(FactKind.LISTED, listed.person_id, first_on=listed.since_on, last_on=listed.until_on, course=AudienceList.key)
        .join(AudienceList, AudienceList.id == listed.list_id)
        .where(listed.person_id == person_id),
        select_facts(FactKind.HELD, Enrolment.person_id, last_on=Completion.valid_until, at=Completion.completed_at, course=Course.slug)
        .join(Completion, Completion.enrolment_id == Enrolment.id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Enrolment.person_id == person_id),
        select_facts(FactKind.SUSPENDED, Person.id, at=Person.suspended_at).where(Person.id == person_id, Person.suspended_at.is_not(None)),
    ]


def read_candidate(facts: PersonFacts, institution_id: int, places: dict[int, UnitSummary]) -> AudienceCandidate:
    """Return a person as the rule of an audience sees them; `load_candidates` reads the same for many."""
    zone = site_locale().zone
    posts: dict[int | None, tuple[str, ...]] = {None: ()}
    for fact in facts[FactKind.POST]:
        posts[fact.version] = tuple(dict.fromkeys((*posts.get(fact.version, ()), fact.course)))
    closed = [fact.at.astimezone(zone).date() for fact in facts[FactKind.SUSPENDED]]
    return AudienceCandidate(
        tuple(
            EmploymentFact(fact.course or "", fact.first_on, fact.last_on)
            for fact in facts[FactKind.EMPLOYED]
            if fact.key == institution_id
        ),
        closed[0] if closed else None,
        tuple(_place(fact, posts, places) for fact in facts[FactKind.BELONGS]),
        tuple(dict.fromkeys(ListFact(fact.course, fact.first_on, fact.last_on) for fact in facts[FactKind.LISTED])),
        tuple(HeldFact(fact.course, fact.at.astimezone(zone).date(), fact.last_on) for fact in facts[FactKind.HELD]),
    )


def _place(fact: PersonFact, posts: dict[int | None, tuple[str, ...]], places: dict[int, UnitSummary]) -> PlaceFact:
    codes, province, at = list[str](), "", places.get(fact.key or 0)
    while at is not None:
        codes.append(at.code)
        if at.kind is OrganisationKind.PROVINCE:
            province = at.name
        at = places.get(at.parent_id) if at.parent_id is not None else None
    return PlaceFact(tuple(codes), province, posts.get(fact.version, ()), fact.first_on, fact.last_on)
