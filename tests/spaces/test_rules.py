"""A rule of a space says the same of a loaded subject and in SQL, whoever asks and whatever the space is like."""

from collections.abc import Mapping
from itertools import product

from sqlalchemy import literal, select

from accounts.models import Person
from communities import groups, space
from communities.communities import CommunityValues, get_community
from communities.models import Community, CommunityLevel, CommunityReach, CommunityRole, CommunityState
from communities.space import CommunityContext
from courses.models import StaffRole
from enrolments import boards
from enrolments.learners import get_learner_context
from enrolments.models import CourseBoard
from kernel import clock
from kernel.permissions import Actor, SiteRole
from lms.instance import Instance
from spaces.spaces import SpaceRule, column_in
from tests.support.builders import a_course, a_learner, a_person, a_teacher, an_administrator
from tests.support.communities import a_community, a_member
from tests.support.course_boards import a_course_board
from tests.support.places import a_place, put

RULES: Mapping[str, SpaceRule[CommunityContext]] = {
    name: rule for name, rule in vars(space).items() if isinstance(rule, SpaceRule) and name != "SITE_ADMINISTRATORS"
}


def actor_of(person: Person | None, *, is_administrator: bool = False) -> Actor:
    roles = frozenset({SiteRole.ADMINISTRATOR}) if is_administrator else frozenset()
    return Actor(person_id=person.id, person_uuid=person.uuid, roles=roles) if person else Actor()


def differences(instance: Instance, actors: Mapping[str, Actor], slug: str) -> list[str]:
    """Return where a rule says something else of a loaded community than its condition in SQL does."""
    wrong = []
    with instance.database.unit_of_work(write=False) as session:
        for role, actor in actors.items():
            context = get_community(session, actor, slug)
            conditions = [rule.condition(literal(actor.person_id or 0)).label(name) for name, rule in RULES.items()]
            row = session.execute(select(*conditions).select_from(Community).where(Community.slug == slug)).one()
            wrong += [
                f"{name} of {role} before {slug}: {rule.holds(actor, context)}, in SQL {bool(getattr(row, name))}"
                for name, rule in RULES.items()
                if rule.holds(actor, context) != bool(getattr(row, name))
            ]
    return wrong


def test_rules_of_communities_say_the_same_in_both_forms(instance: Instance) -> None:
    place, other = a_place(instance, "Instituto"), a_place(instance, "Otro")
    people = {name: a_person(instance, f"{name}@example.org") for name in ("founder", "member", "moderator", "colleague", "stranger")}
    for name in ("founder", "member", "colleague"):
        put(instance, people[name], place)
    put(instance, people["stranger"], other)
    actors = {name: actor_of(person) for name, person in people.items()}
    actors |= {"anonymous": actor_of(None), "site_admin": actor_of(an_administrator(instance), is_administrator=True)}
    reaches = (CommunityReach.EVERYONE, CommunityReach.INSTITUTION, CommunityReach.HIDDEN)
    wrong = list[str]()
    for reach, level, state in product(reaches, CommunityLevel, (CommunityState.ACTIVE, CommunityState.ARCHIVED)):
        number = place.id if reach is CommunityReach.INSTITUTION else None
        founder = people["founder"]
        row = a_community(instance, founder, f"{reach} {level} {state}", level=level, reach=reach, state=state, organisation_id=number)
        a_member(instance, row, people["member"])
        a_member(instance, row, people["moderator"], CommunityRole.MODERATOR)
        wrong += differences(instance, actors, row.slug)
    draft = a_community(instance, people["founder"], "Borrador", level=CommunityLevel.OPEN, state=CommunityState.DRAFT)
    with instance.database.unit_of_work() as session:
        context = get_community(session, actors["founder"], row.slug)
        session.get_one(Community, row.id).state = CommunityState.ACTIVE.value
        values = CommunityValues("Grupo", "es", CommunityReach.PARENT, CommunityLevel.SEMIPRIVATE)
        group = groups.found_group(session, actors["founder"], context, values, now=clock.now())
    wrong += [line for slug in (draft.slug, group.slug) for line in differences(instance, actors, slug)]

    assert not wrong, "\n".join(wrong)
    assert len(RULES) > 10


COURSE_RULES = {"participants": boards.PARTICIPANTS, "moderates": boards.MODERATES, "administers": boards.SPACE.administers}


def test_rules_of_courses_say_the_same_in_both_forms(instance: Instance) -> None:
    course = a_course(instance, modules=1)
    a_course_board(instance, course)
    team = {role.value: actor_of(a_teacher(instance, course, f"{role}@example.org", role)) for role in StaffRole}
    others = {"learner": a_learner(instance, course), "stranger": actor_of(a_person(instance, "nadie@example.org"))}
    actors = {**team, **others, "site_admin": actor_of(an_administrator(instance), is_administrator=True)}
    wrong = []
    with instance.database.unit_of_work(write=False) as session:
        for (role, actor), (name, rule) in product(actors.items(), COURSE_RULES.items()):
            context = get_learner_context(session, actor, course.slug)
            condition = rule.condition(literal(actor.person_id))
            said = session.scalar(select(CourseBoard.course_id).where(CourseBoard.course_id == course.id, condition)) is not None
            wrong += [f"{name} of {role}"] if rule.holds(actor, context) != said else []

    assert not wrong


def test_rules_are_put_together() -> None:
    is_open = column_in(Community.level, CommunityLevel.OPEN.value, of=lambda community: community)
    open_one, public = Community(level=CommunityLevel.OPEN.value), Community(level=CommunityLevel.PUBLIC.value)
    decided = [
        [rule.holds(Actor(), row) for row in (open_one, public)] for rule in (is_open, ~is_open, is_open & ~is_open, is_open | ~is_open)
    ]

    assert decided == [[True, False], [False, True], [False, False], [True, True]]
