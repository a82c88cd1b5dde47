"""The webinars feature: what the package registers with the application."""

from enrolments.dates import DATES, dates_of_kind
from kernel.feature import Feature
from kernel.personal import OWN_DATA
from webinars import views
from webinars.access import PERMISSIONS
from webinars.recordings import select_own_data

FEATURE = Feature(
    name="webinars",
    blueprints=(views.bp,),
    permissions=PERMISSIONS,
    hooks=(
        DATES.add(dates_of_kind("recording")),
        OWN_DATA.add(select_own_data),
    ),
    help={
        "learner/recordings#watch": "webinars.recording webinars.recordings",
    },
)
