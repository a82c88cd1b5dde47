"""The webinars feature: what the package registers with the application."""

from courses.kinds import COURSE_PARTS, CourseKinds
from enrolments.dates import DATES, dates_of_kind
from kernel.feature import Feature
from kernel.personal import OWN_DATA
from webinars import publication, recordings, views
from webinars.access import PERMISSIONS

FEATURE = Feature(
    name="webinars",
    blueprints=(views.bp,),
    permissions=PERMISSIONS,
    hooks=(
        COURSE_PARTS.add(CourseKinds(publishers=(publication.RECORDING,))),
        DATES.add(dates_of_kind("recording")),
        OWN_DATA.add(recordings.select_own_data),
    ),
    help={
        "learner/recordings#watch": "webinars.recording webinars.recordings",
    },
)
