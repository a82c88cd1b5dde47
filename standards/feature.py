"""The standards feature, as the application registers it."""

from courses.content.folder_formats import FOLDER_FORMATS
from courses.waiting import WAITING
from kernel.feature import Feature
from standards import jobs, views
from standards.imports import waiting_imports
from standards.markdown_folder.read import MARKDOWN_FOLDER

FEATURE = Feature(
    name="standards",
    blueprints=(views.bp,),
    jobs={"standards.forget_imports": jobs.forget_imports},
    periodic={"standards.forget_imports": jobs.FORGET_EVERY},
    hooks=(
        FOLDER_FORMATS.add(MARKDOWN_FOLDER),
        WAITING.add(waiting_imports),
    ),
)
