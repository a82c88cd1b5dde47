"""What courses offer to the roof."""

from courses import views
from courses.content.pages import KIND
from courses.permissions import PERMISSIONS
from courses.publication import Publisher, prepare_page
from courses.services import freeze_page
from kernel.feature import Feature

PAGE = Publisher(KIND, prepare_page, freeze_page)
FEATURE = Feature(name="courses", blueprints=(views.bp,), permissions=PERMISSIONS)
