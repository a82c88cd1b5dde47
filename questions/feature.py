"""The feature of question banks, as the application registers it."""

from courses.kinds import COURSE_PARTS, CourseKinds
from courses.team import PAGES_BELOW
from kernel.feature import Feature
from questions import question_bank
from questions.access import QUESTION_PERMISSIONS
from questions.views import banks, questions, variants

FEATURE = Feature(
    name="questions",
    blueprints=(banks.bp, questions.bp, variants.bp),
    permissions=QUESTION_PERMISSIONS,
    hooks=(
        COURSE_PARTS.add(
            CourseKinds(
                indexers=(question_bank.index_banks,),
                origin_writers=(question_bank.write_origins,),
                question_lists=(question_bank.list_choices,),
            )
        ),
        PAGES_BELOW.add(("courses_outline.outline", "questions_banks questions questions_variants")),
    ),
    help={
        "instructor/questions#write": "questions_banks.new_question questions_banks.question questions.new_question questions.question",
        "instructor/questions#try": "questions_banks.preview",
        "instructor/questions#variants": "questions_variants.variants",
        "instructor/questions#find": "questions_banks.questions",
        "instructor/questions#correct": "questions_banks.versions",
    },
)
