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


def kind_of(rows: RowFields, said: QuestionFormValues) -> str:
    """Return the kind that a row says."""
    return said.text(KIND) or rows.usual_kind


def is_blank(rows: RowFields, said: QuestionFormValues) -> bool:
    """Say whether nobody typed anything into a row: what stands there from the beginning is nothing."""
    asked = rows.fields_of(kind_of(rows, said))
    usual = {one.name: {"", one.usual, *(value for value, _words in one.choices)} for one in leaves(asked)}
    if any(text not in usual.get(name, {""}) for (name, _language), text in said.texts.items()):
        return False
    return all(is_blank(inner, one) for inner in lists(asked) for one in said.rows.get(inner.name, ()))


def written_rows(rows: RowFields, said: Sequence[QuestionFormValues]) -> list[QuestionFormValues]:
    """Return the rows that are written: those into which something was typed."""
    return [one for one in said if not is_blank(rows, one)]


# --- Rows that begin ---------------------------------------------------------------------------------------------------------------------


def begun(asked: Sequence[Asked], said: QuestionFormValues) -> QuestionFormValues:
    """Return what is said with the empty rows that a beginning offers."""
    offered = {one.name: said.rows.get(one.name, ()) or tuple(blank_row(one) for _number in range(one.begun)) for one in lists(asked)}
    return replace(said, rows={**said.rows, **offered})


def blank_row(rows: RowFields, **texts: str) -> QuestionFormValues:
    """Return an empty row with the rows that it begins with itself."""
    said = QuestionFormValues({(name, ""): text for name, text in texts.items()})
    return begun(rows.fields_of(kind_of(rows, said)), said)


# --- What the buttons do -----------------------------------------------------------------------------------------------------------------


def with_rows(
    asked: Sequence[Asked],
    said: QuestionFormValues,
    path: str,
    change: Callable[[RowFields, tuple[QuestionFormValues, ...]], tuple[QuestionFormValues, ...]],
) -> QuestionFormValues:
    """Return what is said with the rows of a list changed: `options`, or inside of rows `gaps__0__answers`."""
    name, _bar, rest = path.partition("__")
    rows = next((one for one in lists(asked) if one.name == name), None)
    if rows is None:
        return said
    present = said.rows.get(name, ())
    if not rest:
        return replace(said, rows={**said.rows, name: change(rows, present)})
    number, _bar, inner = rest.partition("__")
    if not number.isdecimal() or int(number) >= len(present):
        return said
    place = int(number)
    changed = with_rows(rows.fields_of(kind_of(rows, present[place])), present[place], inner, change)
    return replace(said, rows={**said.rows, name: (*present[:place], changed, *present[place + 1 :])})


def with_row_added(rows: RowFields, present: tuple[QuestionFormValues, ...]) -> tuple[QuestionFormValues, ...]:
    """Add an empty row."""
    return (*present, blank_row(rows)) if len(present) < MOST_ROWS else present


def with_row_moved(present: tuple[QuestionFormValues, ...], place: int, step: int) -> tuple[QuestionFormValues, ...]:
    """Let a row take the place before (-1) or after it (1)."""
    to = place + step
    if not (0 <= place < len(present) and 0 <= to < len(present)):
        return present
    moved = list(present)
    moved.insert(to, moved.pop(place))
    return tuple(moved)


def pressed(asked: Sequence[Asked], said: QuestionFormValues, act: str, path: str, place: int, language: str) -> QuestionFormValues:
    """Return what is said after a button of a list was pressed: row, up, down, drop, or names (a row for each name of the text)."""
    changes: Mapping[str, Callable[[RowFields, tuple[QuestionFormValues, ...]], tuple[QuestionFormValues, ...]]] = {
        "row": with_row_added,
        "up": lambda _rows, present: with_row_moved(present, place, -1),
        "down": lambda _rows, present: with_row_moved(present, place, 1),
        "drop": lambda _rows, present: (*present[:place], *present[place + 1 :]) if place >= 0 else present,
        "names": lambda rows, present: _named(rows, present, said.text(TEXT, language)),
    }
    if act not in changes:
        return said
    after = with_rows(asked, said, path, changes[act])
    return _with_stored_answers(said, after) if path == COLUMNS else after


def _named(rows: RowFields, present: tuple[QuestionFormValues, ...], text: str) -> tuple[QuestionFormValues, ...]:
    """Add a row for each name of a text that has none; empty rows make room for them."""
    kept = tuple(written_rows(rows, present))
    known = {one.text(NAME) for one in kept}
    fresh = [name for name in dict.fromkeys(names_in_text(text)) if name not in known]
    return (*kept, *(blank_row(rows, **{NAME: name}) for name in fresh))[:MOST_ROWS] if fresh else present


def _with_stored_answers(before: QuestionFormValues, after: QuestionFormValues) -> QuestionFormValues:
    """Let the rows of a matrix keep the columns that they name by their place, also where these have moved."""
    old, new = before.rows.get(COLUMNS, ()), after.rows.get(COLUMNS, ())
    places = {str(number): str(_place(new, column)) for number, column in enumerate(old, start=1)}
    rows = tuple(_with_text(row, ANSWER, places.get(row.text(ANSWER), row.text(ANSWER))) for row in after.rows.get(ROWS, ()))
    return replace(after, rows={**after.rows, ROWS: rows})


def _place(columns: Sequence[QuestionFormValues], column: QuestionFormValues) -> int | str:
    return next((number for number, one in enumerate(columns, start=1) if one is column), "")


def _with_text(said: QuestionFormValues, name: str, text: str) -> QuestionFormValues:
    return replace(said, texts={**said.texts, (name, ""): text})


def with_kind(rows: RowFields, said: QuestionFormValues, shown: str, languages: Sequence[str]) -> QuestionFormValues:
    """Return a row whose kind is another than the fields that were shown: what was typed as answers is offered as options, or back."""
    old, new = (
        next((one for one in lists(rows.kinds.get(kind, ())) if one.keys or one.name == "answers"), None)
        for kind in (shown, kind_of(rows, said))
    )
    if old is None or new is None:
        return said
    typed = [one for one in said.rows.get(old.name, ()) if not is_blank(old, one)]
    carried = tuple(_carried(one, old, new, languages) for one in typed)
    left = {name: inner for name, inner in said.rows.items() if name != old.name}
    return begun(rows.fields_of(kind_of(rows, said)), replace(said, rows={**left, new.name: carried}))


def _carried(said: QuestionFormValues, old: RowFields, new: RowFields, languages: Sequence[str]) -> QuestionFormValues:
    """Return an answer as one of another kind: its words in the course's language, where one of the two has them in one only."""
    before, after = _words(old), _words(new)
    texts = {place: text for place, text in said.texts.items() if place[0] in {one.name for one in leaves((*new.fields, *new.more))}}
    if before.has_languages != after.has_languages:
        words = said.text(WORDS, languages[0] if before.has_languages else "")
        texts = {place: text for place, text in texts.items() if place[0] != WORDS}
        texts[WORDS, languages[0] if after.has_languages else ""] = words
    return QuestionFormValues(texts)


def _words(rows: RowFields) -> FieldSpec:
    return next(one for one in leaves(rows.fields) if one.name == WORDS)
