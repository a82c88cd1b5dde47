"""The webinars feature: what the package registers with the application."""

from courses.kinds import COURSE_PARTS, CourseKinds
from enrolments.dates import DATES, dates_of_kind
from kernel.errors import N_
from kernel.feature import Feature
from kernel.menu import Menu, MenuEntry
from kernel.personal import OWN_DATA
from kernel.search.sources import SEARCH_KINDS, ResultKind
from webinars import publication, recordings, views
from webinars.access import PERMISSIONS

FEATURE = Feature(
    name="webinars",
    blueprints=(views.bp,),
    permissions=PERMISSIONS,
    menu=(
        MenuEntry(
            Menu.CAMPUS,
            "webinars.recordings",
            N_("Recordings"),
            position=20,
            icon="play",
            key="recordings",
        ),
    ),
    hooks=(
        SEARCH_KINDS.add(ResultKind("recording", N_("Recordings"), "play", 140, enrol_words=N_("Enrol to watch it"))),
        COURSE_PARTS.add(CourseKinds(publishers=(publication.RECORDING,))),
        DATES.add(dates_of_kind("recording")),
        OWN_DATA.add(recordings.select_own_data),
    ),
    help={
        "learner/recordings#watch": "webinars.recording webinars.recordings",
    },
)
