"""The simulators feature: what the package registers with the application."""

from courses.kinds import COURSE_PARTS, CourseKinds
from enrolments.audit_verbs import EnrolmentVerb
from enrolments.dates import DATES, dates_of_kind
from kernel.errors import N_
from kernel.feature import Feature
from kernel.menu import Menu, MenuEntry
from kernel.personal import OWN_DATA
from kernel.search.sources import SEARCH_KINDS, ResultKind
from simulators import jobs, publication, tasks
from simulators.access import PERMISSIONS
from simulators.views import simulator

FEATURE = Feature(
    name="simulators",
    blueprints=(simulator.bp,),
    permissions=PERMISSIONS,
    menu=(
        MenuEntry(
            Menu.CAMPUS,
            "simulators.social_budget",
            N_("Simulator"),
            position=30,
            icon="sigma",
            key="simulator",
            is_usual=False,
            about=N_("What a social benefit costs, today and in the years to come: change the figures and see."),
        ),
    ),
    jobs={"simulators.follow_limits": jobs.follow_limits},
    subscriptions={EnrolmentVerb.LEARNERS_MOVED: "simulators.follow_limits"},
    hooks=(
        SEARCH_KINDS.add(ResultKind("simulator", N_("Tasks"), "sigma", 160, enrol_words=N_("Enrol to solve it"))),
        COURSE_PARTS.add(CourseKinds(publishers=(publication.SIMULATOR,))),
        DATES.add(dates_of_kind("simulator"), tasks.pause_dates),
        OWN_DATA.add(tasks.select_own_data),
    ),
    help={
        "learner/simulator#tool": "simulators.comparison simulators.contributory simulators.rollout simulators.social_budget",
        "learner/simulator#task": "simulators.task",
        "learner/simulator#result": "simulators.submission",
    },
)
