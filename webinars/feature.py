"""The webinars feature: what the package registers with the application."""

from enrolments.dates import DATES, dates_of_kind
from kernel.feature import Feature
from webinars import views
from webinars.access import PERMISSIONS

FEATURE = Feature(name="webinars", blueprints=(views.bp,), permissions=PERMISSIONS, hooks=(DATES.add(dates_of_kind("recording")),))
