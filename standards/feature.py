"""The standards feature, as the application registers it."""

from accounts.uploads import forget_uploads_of
from courses.content.folder_formats import FOLDER_FORMATS
from courses.team import PAGES_BELOW
from courses.waiting import WAITING
from kernel.feature import Feature
from standards import imports, views
from standards.markdown_folder.read import MARKDOWN_FOLDER
from standards.models import PendingImport

FEATURE = Feature(
    name="standards",
    blueprints=(views.bp,),
    jobs={"standards.forget_imports": forget_uploads_of(PendingImport)},
    periodic={"standards.forget_imports": 3600},
    hooks=(
        FOLDER_FORMATS.add(MARKDOWN_FOLDER),
        PAGES_BELOW.add(("courses_outline.outline", "standards")),
        WAITING.add(imports.waiting_imports),
    ),
    help={
        "instructor/import-and-export#questions": "standards.confirm standards.upload",
        "instructor/import-and-export#export-questions": "standards.export",
    },
)
