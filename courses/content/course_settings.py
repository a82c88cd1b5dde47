"""The settings of a course: each is declared here, once, and form, order in the file, labels and comparison of versions follow.

They stand in the order of the file (spec/content-format 5), which is that of the reader too; the form shows them by their groups.
"""

from courses.content.mapping_cursor import FORMER_KEYS, FORMERLY
from courses.content.settings import BareValueRule, FieldShape, FieldSpec, by_group
from kernel.errors import N_
from kernel.i18n import lazy_

YES_NO = (("true", lazy_("Yes")), ("false", lazy_("No")))
MOMENT = lazy_("In the course's time zone. Without a time, the whole day counts.")
OBJECTIVES = FieldSpec(
    "objectives", FieldShape.LISTED, lazy_("Learning objectives"), lazy_("One per line, beginning with a verb: Work out the coverage gap.")
)

WHAT, FOUND_BY, ENROLS, ENDS = lazy_("What it is"), lazy_("Who can find it"), lazy_("Who enrols"), lazy_("How it ends")
CERTIFICATE, TIME, LICENCE, RULES = lazy_("Certificate"), lazy_("Time"), lazy_("Licence and authors"), lazy_("Checks while it is written")
GROUPS = (WHAT, FOUND_BY, ENROLS, ENDS, CERTIFICATE, TIME, LICENCE, RULES)
"""The groups of the form, in its order."""

COURSE_FIELDS: tuple[FieldSpec, ...] = (
    FieldSpec("title", FieldShape.WORDS, lazy_("Title"), group=WHAT, is_essential=True),
    FieldSpec("summary", FieldShape.WORDS, lazy_("Summary for the catalogue"), group=WHAT, is_essential=True),
    FieldSpec("objectives", FieldShape.LISTED, OBJECTIVES.label, OBJECTIVES.help, group=WHAT, compared=N_("Objective")),
    FieldSpec(
        "languages",
        FieldShape.KEYS,
        lazy_("Languages"),
        "",
        (("es", lazy_("Spanish")), ("en", lazy_("English"))),
        usual="es",
        group=WHAT,
        is_essential=True,
    ),
    FieldSpec(
        "timezone",
        FieldShape.WORD,
        lazy_("Time zone"),
        lazy_("For all dates in the course."),
        usual="America/Guayaquil",
        group=TIME,
        is_chosen=True,
    ),
    FieldSpec(
        "hours",
        FieldShape.NUMBER,
        lazy_("Hours"),
        lazy_("Shown on the certificate. Leave empty to add up the minutes of the activities, or to measure learners."),
        group=TIME,
        summary=N_("%(value)s hours"),
    ),
    FieldSpec(
        "words.min", FieldShape.NUMBER, lazy_("Minimum words per lesson"), lazy_("Shown as advice only; never enforced."), group=RULES
    ),
    FieldSpec("words.max", FieldShape.NUMBER, lazy_("Maximum words per lesson"), group=RULES),
    FieldSpec(
        "hours_basis",
        FieldShape.WORD,
        lazy_("What states the hours"),
        lazy_("Only where the hours differ much from the computed ones: according to resolution 12 of 2026."),
        group=TIME,
    ),
    FieldSpec(
        "style_rules",
        FieldShape.FLAG,
        lazy_("Check the institution's rules of style?"),
        help=lazy_("Length of lessons, objectives of modules, sources and feedback of questions, credits of pictures."),
        choices=YES_NO,
        usual="true",
        group=RULES,
        opens_group=False,
    ),
    FieldSpec(
        "verified_sources",
        FieldShape.CHOICE,
        lazy_("Sources that must be verified before publishing"),
        help=lazy_("A source is verified once someone has opened it and it says what it is cited for."),
        choices=(("none", lazy_("None")), ("law", lazy_("Laws and regulations")), ("all", lazy_("All"))),
        usual="none",
        group=RULES,
    ),
    FieldSpec(
        "level",
        FieldShape.CHOICE,
        lazy_("Level"),
        lazy_("How much prior knowledge it assumes."),
        (("basic", lazy_("Basic")), ("intermediate", lazy_("Intermediate")), ("advanced", lazy_("Advanced"))),
        group=WHAT,
    ),
    FieldSpec("topic", FieldShape.WORD, lazy_("Topic"), lazy_("One of the site's topics."), group=WHAT, is_chosen=True),
    FieldSpec(
        "tone",
        FieldShape.COLOUR,
        lazy_("Colour"),
        lazy_("Used for the course's façade."),
        (
            ("1", lazy_("Sea blue")),
            ("2", lazy_("Forest green")),
            ("3", lazy_("Plum")),
            ("4", lazy_("Brick")),
            ("5", lazy_("Indigo")),
            ("6", lazy_("Slate")),
        ),
        group=WHAT,
    ),
    FieldSpec(
        "image",
        FieldShape.FILE,
        lazy_("Picture"),
        lazy_("For the catalogue and the course page, which show its middle, 16 by 9: a PNG, JPEG or WebP file."),
        accepts=("image/png", "image/jpeg", "image/webp", "image/gif"),
        takes_upload=True,
        group=WHAT,
        is_essential=True,
    ),
    FieldSpec(
        "image_alt",
        FieldShape.WORDS,
        lazy_("Alternative text of the picture"),
        lazy_("What someone who cannot see the picture needs to know. Required where there is a picture."),
        group=WHAT,
        is_essential=True,
    ),
    FieldSpec(
        "authors",
        FieldShape.ENTRIES,
        lazy_("Authors"),
        lazy_("Clear a row's name to delete it."),
        fields=(
            FieldSpec("name", FieldShape.WORD, lazy_("Name")),
            FieldSpec("role", FieldShape.WORDS, lazy_("Role or contribution")),
            FieldSpec("organisation", FieldShape.WORDS, lazy_("Organisation")),
        ),
        group=LICENCE,
        opens_group=False,
    ),
    FieldSpec(
        "licence",
        FieldShape.WORD,
        lazy_("Licence"),
        lazy_("What others may do with the course."),
        choices=(
            ("CC-BY-4.0", lazy_("CC BY 4.0: use and change it freely, naming the authors")),
            ("CC-BY-SA-4.0", lazy_("CC BY-SA 4.0: use and change it, sharing changes under this licence")),
            ("CC-BY-NC-4.0", lazy_("CC BY-NC 4.0: use and change it, but not commercially")),
            ("CC-BY-NC-SA-4.0", lazy_("CC BY-NC-SA 4.0: use and change it, not commercially, sharing changes under this licence")),
            ("CC-BY-ND-4.0", lazy_("CC BY-ND 4.0: share it unchanged, naming the authors")),
            ("CC-BY-NC-ND-4.0", lazy_("CC BY-NC-ND 4.0: share it unchanged, but not commercially")),
            ("CC0-1.0", lazy_("CC0 1.0: anything, without naming the authors")),
            ("all-rights-reserved", lazy_("All rights reserved: nothing without permission")),
        ),
        group=LICENCE,
        opens_group=False,
        is_chosen=True,
    ),
    FieldSpec(
        "visibility",
        FieldShape.CHOICE,
        lazy_("In the catalogue"),
        help=lazy_("No one else can open it by its address."),
        choices=(
            ("public", lazy_("Everyone")),
            ("staff", lazy_("Signed-in members of an organisation")),
            ("audience", lazy_("Signed-in members of certain audiences")),
            ("participants", lazy_("Only learners and the course team")),
        ),
        usual="participants",
        former=(("institution", lazy_("Only learners and the course team (as before)")),),
        group=FOUND_BY,
        is_essential=True,
        compared=N_("Who can find it"),
    ),
    FieldSpec(
        "staff_of",
        FieldShape.KEYS,
        lazy_("Only staff of these units"),
        lazy_("For members of an organisation. A unit includes its sub-units; without any, all staff. Type part of its name to find it."),
        group=FOUND_BY,
        is_searched=True,
    ),
    FieldSpec("audiences", FieldShape.KEYS, lazy_("Audiences"), lazy_("For members of audiences."), group=FOUND_BY, is_searched=True),
    FieldSpec(
        "enrolment",
        FieldShape.CHOICE,
        lazy_("How to enrol"),
        help=lazy_("Set codes elsewhere. They are never part of the course content."),
        choices=(("open", lazy_("Anyone")), ("code", lazy_("With a code")), ("invitation", lazy_("By invitation"))),
        usual="invitation",
        group=ENROLS,
        is_essential=True,
    ),
    FieldSpec("opens", FieldShape.MOMENT, lazy_("Enrolment opens"), MOMENT, group=ENROLS, summary=N_("from %(value)s")),
    FieldSpec("closes", FieldShape.MOMENT, lazy_("Enrolment closes"), MOMENT, group=ENROLS, summary=N_("until %(value)s")),
    FieldSpec(
        "completion.modules",
        FieldShape.KEYS,
        lazy_("Modules to complete"),
        lazy_("Leave unselected to include all of them."),
        usual="all",
        group=ENDS,
    ),
    FieldSpec(
        "completion.grade",
        FieldShape.NUMBER,
        lazy_("Grade needed"),
        lazy_("In percent. Leave empty if completing the modules is enough."),
        group=ENDS,
        is_essential=True,
        compared=N_("Grade to complete it"),
    ),
    FieldSpec(
        "grade",
        FieldShape.ENTRIES,
        lazy_("Parts of the grade"),
        lazy_("The course grade is their weighted mean. Clear a row's key to delete it."),
        fields=(
            FieldSpec("category", FieldShape.WORD, lazy_("Key")),
            FieldSpec("title", FieldShape.WORDS, lazy_("Name")),
            FieldSpec("weight", FieldShape.NUMBER, lazy_("Weight")),
            FieldSpec("drop_lowest", FieldShape.NUMBER, lazy_("Lowest results dropped")),
        ),
        group=ENDS,
        compared=N_("Part of the grade"),
    ),
    FieldSpec(
        "institution",
        FieldShape.CHOICE,
        lazy_("Institution"),
        lazy_("Its name, logo, colours and signatures are printed on certificates issued from now on."),
        group=CERTIFICATE,
        opens_group=False,
    ),
    FieldSpec(
        "certificate.template",
        FieldShape.CHOICE,
        lazy_("Who receives one"),
        help=lazy_("With a code that anyone can use to verify it."),
        choices=(("constancia", lazy_("For everyone who completes the course")), ("none", lazy_("None"))),
        usual="none",
        bare=BareValueRule.BESIDE,
        is_judged_by_site=True,
        group=CERTIFICATE,
        is_essential=True,
        summary=N_("yes"),
        compared=N_("Certificate"),
    ),
    FieldSpec(
        "certificate.valid",
        FieldShape.PERIOD,
        lazy_("How long the certificate is valid"),
        lazy_("In days, months or years, such as 24 months. Leave empty for certificates that do not expire."),
        group=CERTIFICATE,
        summary=N_("expires after %(value)s"),
    ),
    FieldSpec(
        "certificate.renew",
        FieldShape.PERIOD,
        lazy_("When the certificate can be renewed"),
        lazy_("From how long before the last valid day: 60 days. Leave empty if learners do not renew it by themselves."),
        group=CERTIFICATE,
        summary=N_("can be renewed from %(value)s before the end"),
    ),
    FieldSpec(
        "certificate.print_grade",
        FieldShape.FLAG,
        lazy_("Print the grade of the course on certificates?"),
        help=lazy_("Only where the template has room for it. The certificate's verification page then shows it too."),
        choices=YES_NO,
        usual="false",
        group=CERTIFICATE,
        summary=N_("with the grade"),
        compared=N_("Whether certificates print the grade"),
    ),
)

COURSE = by_group(COURSE_FIELDS, GROUPS)
"""The form: the fields by their groups."""
COURSE_ORDER = ("format", "kind", "key", FORMER_KEYS, FORMERLY, *dict.fromkeys(field.outer for field in COURSE_FIELDS))


def licence_words(licence: str) -> str:
    """Return the rights that the licence of a course gives others, by its short name; the name itself where it is not one of the list."""
    field = next(spec for spec in COURSE_FIELDS if spec.name == "licence")
    return next((str(label) for name, label in field.choices if name == licence), licence)
