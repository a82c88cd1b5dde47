"""What links offer to the roof."""

from kernel.feature import Feature
from tests.samples.link_activity import views
from tests.samples.link_activity.access import PERMISSIONS

FEATURE = Feature(name="links", blueprints=(views.bp,), permissions=PERMISSIONS)
