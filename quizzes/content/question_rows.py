"""The question form as a tree: texts, and rows with texts and rows of their own; and the effect of its buttons on rows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from courses.content.settings import FieldSpec
from quizzes.content.gaps import names_in_text
from quizzes.content.row_fields import KIND, MOST_ROWS, NAME, TEXT, WORDS, Asked, RowFields, leaves, lists

Texts = Mapping[tuple[str, str], str]
COLUMNS, ROWS, ANSWER = "columns", "rows", "answer"


@dataclass(frozen=True, slots=True)
class QuestionFormValues:
    """The values of a question, or of one of its rows: `(name, language)` -> text, rows by name, and its place in the text from 0."""

    texts: Texts
    rows: "Mapping[str, tuple[QuestionFormValues, ...]]" = field(default_factory=dict)
    at: int | None = None

    def text(self, name: str, language: str = "") -> str:
        """Return one text."""
        return self.texts.get((name, language), "")


def kind_of(rows: RowFields, values: QuestionFormValues) -> str:
    """Return the kind that a row says."""
    return values.text(KIND) or rows.usual_kind


def is_blank(rows: RowFields, values: QuestionFormValues) -> bool:
    """Say whether nobody typed anything into a row: what stands there from the beginning is nothing."""
    specs = rows.fields_of(kind_of(rows, values))
    usual = {spec.name: {"", spec.usual, *(value for value, _words in spec.choices)} for spec in leaves(specs)}
    if any(text not in usual.get(name, {""}) for (name, _language), text in values.texts.items()):
        return False
    return all(is_blank(inner, row) for inner in lists(specs) for row in values.rows.get(inner.name, ()))


def written_rows(rows: RowFields, values: Sequence[QuestionFormValues]) -> list[QuestionFormValues]:
    """Return the rows that are written: those into which something was typed."""
    return [row for row in values if not is_blank(rows, row)]


# --- Rows that begin ---------------------------------------------------------------------------------------------------------------------


def begun(specs: Sequence[Asked], values: QuestionFormValues) -> QuestionFormValues:
    """Return what is said with the empty rows that a beginning offers."""
    offered = {
        spec.name: values.rows.get(spec.name, ()) or tuple(blank_row(spec) for _number in range(spec.begun)) for spec in lists(specs)
    }
    return replace(values, rows={**values.rows, **offered})


def blank_row(rows: RowFields, **texts: str) -> QuestionFormValues:
    """Return an empty row with the rows that it begins with itself."""
    values = QuestionFormValues({(name, ""): text for name, text in texts.items()})
    return begun(rows.fields_of(kind_of(rows, values)), values)


# --- What the buttons do -----------------------------------------------------------------------------------------------------------------


def with_rows(
    specs: Sequence[Asked],
    values: QuestionFormValues,
    path: str,
    change: Callable[[RowFields, tuple[QuestionFormValues, ...]], tuple[QuestionFormValues, ...]],
) -> QuestionFormValues:
    """Return what is said with the rows of a list changed: `options`, or inside of rows `gaps__0__answers`."""
    name, _bar, rest = path.partition("__")
    rows = next((spec for spec in lists(specs) if spec.name == name), None)
    if rows is None:
        return values
    present = values.rows.get(name, ())
    if not rest:
        return replace(values, rows={**values.rows, name: change(rows, present)})
    number, _bar, inner = rest.partition("__")
    if not number.isdecimal() or int(number) >= len(present):
        return values
    index = int(number)
    changed = with_rows(rows.fields_of(kind_of(rows, present[index])), present[index], inner, change)
    return replace(values, rows={**values.rows, name: (*present[:index], changed, *present[index + 1 :])})


def with_row_added(rows: RowFields, present: tuple[QuestionFormValues, ...]) -> tuple[QuestionFormValues, ...]:
    """Add an empty row."""
    return (*present, blank_row(rows)) if len(present) < MOST_ROWS else present


def with_row_moved(present: tuple[QuestionFormValues, ...], index: int, step: int) -> tuple[QuestionFormValues, ...]:
    """Let a row take the place before (-1) or after it (1)."""
    to = index + step
    if not (0 <= index < len(present) and 0 <= to < len(present)):
        return present
    moved = list(present)
    moved.insert(to, moved.pop(index))
    return tuple(moved)


def pressed(specs: Sequence[Asked], values: QuestionFormValues, act: str, path: str, index: int, language: str) -> QuestionFormValues:
    """Return what is said after a button of a list was pressed: row, up, down, drop, or names (a row for each name of the text)."""
    changes: Mapping[str, Callable[[RowFields, tuple[QuestionFormValues, ...]], tuple[QuestionFormValues, ...]]] = {
        "row": with_row_added,
        "up": lambda _rows, present: with_row_moved(present, index, -1),
        "down": lambda _rows, present: with_row_moved(present, index, 1),
        "drop": lambda _rows, present: (*present[:index], *present[index + 1 :]) if index >= 0 else present,
        "names": lambda rows, present: _with_named_rows(rows, present, values.text(TEXT, language)),
    }
    if act not in changes:
        return values
    after = with_rows(specs, values, path, changes[act])
    return _with_stored_answers(values, after) if path == COLUMNS else after


def _with_named_rows(rows: RowFields, present: tuple[QuestionFormValues, ...], text: str) -> tuple[QuestionFormValues, ...]:
    """Add a row for each name of a text that has none; empty rows make room for them."""
    named = tuple(written_rows(rows, present))
    known = {row.text(NAME) for row in named}
    fresh = [name for name in dict.fromkeys(names_in_text(text)) if name not in known]
    return (*named, *(blank_row(rows, **{NAME: name}) for name in fresh))[:MOST_ROWS] if fresh else present


def _with_stored_answers(before: QuestionFormValues, after: QuestionFormValues) -> QuestionFormValues:
    """Let the rows of a matrix keep the columns that they name by their place, also where these have moved."""
    old, new = before.rows.get(COLUMNS, ()), after.rows.get(COLUMNS, ())
    places = {str(number): str(_number_of_column(new, column)) for number, column in enumerate(old, start=1)}
    rows = tuple(_with_text(row, ANSWER, places.get(row.text(ANSWER), row.text(ANSWER))) for row in after.rows.get(ROWS, ()))
    return replace(after, rows={**after.rows, ROWS: rows})


def _number_of_column(columns: Sequence[QuestionFormValues], column: QuestionFormValues) -> int | str:
    return next((number for number, other in enumerate(columns, start=1) if other is column), "")


def _with_text(values: QuestionFormValues, name: str, text: str) -> QuestionFormValues:
    return replace(values, texts={**values.texts, (name, ""): text})


def with_kind(rows: RowFields, values: QuestionFormValues, shown: str, languages: Sequence[str]) -> QuestionFormValues:
    """Return a row whose kind is another than the fields that were shown: what was typed as answers is offered as options, or back."""
    old, new = (
        next((spec for spec in lists(rows.kinds.get(kind, ())) if spec.keys or spec.name == "answers"), None)
        for kind in (shown, kind_of(rows, values))
    )
    if old is None or new is None:
        return values
    typed = [row for row in values.rows.get(old.name, ()) if not is_blank(old, row)]
    carried = tuple(_carried(row, old, new, languages) for row in typed)
    left = {name: inner for name, inner in values.rows.items() if name != old.name}
    return begun(rows.fields_of(kind_of(rows, values)), replace(values, rows={**left, new.name: carried}))


def _carried(values: QuestionFormValues, old: RowFields, new: RowFields, languages: Sequence[str]) -> QuestionFormValues:
    """Return an answer as one of another kind: its words in the course's language, where one of the two has them in one only."""
    before, after = _words(old), _words(new)
    texts = {
        text_key: text for text_key, text in values.texts.items() if text_key[0] in {spec.name for spec in leaves((*new.fields, *new.more))}
    }
    if before.has_languages != after.has_languages:
        content = values.text(WORDS, languages[0] if before.has_languages else "")
        texts = {text_key: text for text_key, text in texts.items() if text_key[0] != WORDS}
        texts[WORDS, languages[0] if after.has_languages else ""] = content
    return QuestionFormValues(texts)


def _words(rows: RowFields) -> FieldSpec:
    return next(spec for spec in leaves(rows.fields) if spec.name == WORDS)
