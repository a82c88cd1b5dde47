"""What webinars offer to the roof."""

from kernel.feature import Feature
from webinars import views
from webinars.permissions import PERMISSIONS

FEATURE = Feature(name="webinars", blueprints=(views.bp,), permissions=PERMISSIONS)
