"""Form fields of a quiz slot, by its sort (spec/content-format 9). The reader of the format validates the answers."""

from collections.abc import Mapping, Sequence

from courses.content import editing
from courses.content.editing import Written, list_entries, read_fields, with_entry_moved, without_entries
from courses.content.settings import FieldShape, FieldSpec
from courses.content.writing import scalar
from kernel.errors import N_
from kernel.i18n import lazy_
from quizzes.content.slots import SORTS
from quizzes.content.wording import DIFFICULTIES, LEVELS

SLOTS = "slots"
_YES_NO = (("true", lazy_("Yes")), ("false", lazy_("No")))
_MARKED = (
    FieldSpec("mark", FieldShape.NUMBER, lazy_("Mark"), lazy_("For each question here. Leave empty to use the question's own.")),
    FieldSpec(
        "require_previous",
        FieldShape.FLAG,
        lazy_("Only after the previous question?"),
        lazy_("It opens once the previous question is answered. Requires answers that are marked immediately."),
        _YES_NO,
        "false",
    ),
)

SLOT_FIELDS: Mapping[str, tuple[FieldSpec, ...]] = {
    "question": (FieldSpec("question", FieldShape.WORD, lazy_("Question"), lazy_("Its key in the bank.")), *_MARKED),
    "draw": (
        FieldSpec("draw", FieldShape.NUMBER, lazy_("How many"), lazy_("This many questions, drawn again for each attempt.")),
        FieldSpec("from", FieldShape.KEYS, lazy_("From these banks"), lazy_("If you choose none: those of the quiz's module.")),
        FieldSpec("tags", FieldShape.KEYS, lazy_("With all these tags")),
        FieldSpec("kinds", FieldShape.KEYS, lazy_("Of these kinds"), lazy_("If you choose none: any kind.")),
        FieldSpec(
            "difficulty", FieldShape.CHOICE, lazy_("Difficulty"), "", tuple((value, lazy_(label)) for value, label in DIFFICULTIES.items())
        ),
        FieldSpec("objective", FieldShape.WORD, lazy_("Objective"), lazy_("Its key. If you leave it empty: any objective.")),
        FieldSpec("level", FieldShape.CHOICE, lazy_("Level"), "", tuple((value, lazy_(label)) for value, label in LEVELS.items())),
        FieldSpec(
            "every",
            FieldShape.CHOICE,
            lazy_("Variants of one idea"),
            lazy_("An attempt gets at most one question of a family in any case."),
            (("family", lazy_("Each family is as likely as any other, however many variants it has")),),
        ),
        *_MARKED,
    ),
    "section": (
        FieldSpec("section", FieldShape.WORDS, lazy_("Title of the section")),
        FieldSpec("shuffle", FieldShape.FLAG, lazy_("Show its questions in a different order to each learner?"), "", _YES_NO, "false"),
        FieldSpec("text", FieldShape.MARKDOWN, lazy_("Text below the title")),
    ),
    "page": (),
    "text": (FieldSpec("text", FieldShape.MARKDOWN, lazy_("Text between questions")),),
}
NAMES: Mapping[str, str] = {
    "question": N_("Question"),
    "draw": N_("Random draw"),
    "section": N_("Section"),
    "page": N_("New page"),
    "text": N_("Text"),
}
SLOT_LIST = FieldSpec(
    SLOTS, FieldShape.ENTRIES, lazy_("Questions and pages"), fields=tuple(field for fields in SLOT_FIELDS.values() for field in fields)
)
ORDER: Mapping[str, tuple[str, ...]] = {
    "question": ("question", "mark", "require_previous"),
    "draw": ("draw", "from", "tags", "kinds", "difficulty", "objective", "level", "every", "mark", "require_previous"),
    "section": ("section", "shuffle", "text"),
    "page": ("page",),
    "text": ("text",),
}


def slot_kind(fields: Mapping[str, Written]) -> str:
    """Return the sort of a slot by its fields, '' where it is none that is known."""
    return next((sort for sort in SORTS if sort in fields), "")


def slot_texts(text: str) -> list[str]:
    """Return the slots of a quiz's file as texts of their own; raises EditRefused where they cannot be parted."""
    return [entry.text for entry in list_entries(text, SLOTS)]


def with_slots(text: str, slots: Sequence[str]) -> str:
    """Return a quiz's file with the text of each slot as given; those that are the same are not touched."""
    for index, (entry, slot) in enumerate(zip(list_entries(text, SLOTS), slots, strict=True)):
        if entry.text != slot:
            text = editing.replace_entry(text, SLOTS, index, slot)
    return text


def with_slot_moved(text: str, index: int, step: int) -> str:
    """Return a quiz's file with a slot one place up (-1) or down (1); at the end of its way it stays."""
    to = index + step
    if not 0 <= to < len(list_entries(text, SLOTS)):
        return text
    return with_entry_moved(text, SLOTS, index, to)


def without_slot(text: str, index: int) -> str:
    """Return a quiz's file without a slot."""
    return without_entries(text, SLOTS, [index])


def with_new_slot(text: str, sort: str, content: str) -> str:
    """Return a quiz's file with a slot at the end: `words` is a question's key, how many to draw, a title or a text."""
    value = "new" if sort == "page" else content
    entry = f"{sort}: {scalar(value, flow=False)}\n" if "\n" not in value else editing.write_field("", sort, value, [sort])
    return editing.add_alike(text, SLOTS, entry)


def with_draws(text: str, draws: Sequence[Mapping[str, str]]) -> str:
    """Return a quiz's file with these draws at the end instead of its own; they draw from where its first draw does."""
    fields = [read_fields(slot) for slot in slot_texts(text)]
    present = [index for index, slot in enumerate(fields) if slot_kind(slot) == "draw"]
    source = fields[present[0]].get("from") if present else None
    if present:
        text = without_entries(text, SLOTS, present)
    for draw in draws:
        entry = ""
        for name, value in {**draw, **({"from": source} if source else {})}.items():
            entry = editing.write_field(entry, name, value, ORDER["draw"], flow=name == "from")
        text = editing.add_alike(text, SLOTS, entry)
    return text


def shown_fields(slot: str) -> dict[str, Written]:
    """Return the fields of a slot."""
    return read_fields(slot)
