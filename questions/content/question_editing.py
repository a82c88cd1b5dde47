"""Questions of a bank between their text and the form, as a tree of rows."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from courses.content.editing import EditRefused, Written, read_fields
from courses.content.mapping_cursor import slug
from courses.content.patching import ListEdit, Wanted, patched, plain
from courses.content.settings import FieldShape, FieldSpec, FormValues, changed_fields, values_of
from questions.content import question_fields
from questions.content.answers import names_in_text
from questions.rules.definitions import QuestionKind

Texts = Mapping[tuple[str, str], str]
COLUMNS, ROWS, ANSWER = "columns", "rows", "answer"
RIGHT, WRONG = "right", "wrong"


@dataclass(frozen=True, slots=True)
class QuestionFormValues:
    """The values of a question, or of one of its rows: `(name, language)` -> text, rows by name, and its place in the text from 0."""

    texts: Texts
    rows: "Mapping[str, tuple[QuestionFormValues, ...]]" = field(default_factory=dict)
    at: int | None = None

    def text(self, name: str, language: str = "") -> str:
        """Return one text."""
        return self.texts.get((name, language), "")


def kind_of(rows: question_fields.RowFields, values: QuestionFormValues) -> str:
    """Return the kind that a row says."""
    return values.text(question_fields.KIND) or rows.usual_kind


def is_blank(rows: question_fields.RowFields, values: QuestionFormValues) -> bool:
    """Return whether nobody typed anything into a row: what stands there from the beginning is nothing."""
    specs = rows.fields_of(kind_of(rows, values))
    usual = {spec.name: {"", spec.usual, *(value for value, _words in spec.choices)} for spec in question_fields.leaves(specs)}
    if any(text not in usual.get(name, {""}) for (name, _language), text in values.texts.items()):
        return False
    return all(is_blank(inner, row) for inner in question_fields.lists(specs) for row in values.rows.get(inner.name, ()))


def written_rows(rows: question_fields.RowFields, values: Sequence[QuestionFormValues]) -> list[QuestionFormValues]:
    """Return the rows that are written: those into which something was typed."""
    return [row for row in values if not is_blank(rows, row)]


# --- Rows that begin ---------------------------------------------------------------------------------------------------------------------


def begun(specs: Sequence[question_fields.Asked], values: QuestionFormValues) -> QuestionFormValues:
    """Return the values with the empty rows that a beginning offers."""
    offered = {
        spec.name: values.rows.get(spec.name, ()) or tuple(blank_row(spec) for _number in range(spec.begun))
        for spec in question_fields.lists(specs)
    }
    return replace(values, rows={**values.rows, **offered})


def blank_row(rows: question_fields.RowFields, **texts: str) -> QuestionFormValues:
    """Return an empty row with the rows that it begins with itself."""
    values = QuestionFormValues({(name, ""): text for name, text in {**rows.starts, **texts}.items()})
    return begun(rows.fields_of(kind_of(rows, values)), values)


# --- What the buttons do -----------------------------------------------------------------------------------------------------------------


def with_rows(
    specs: Sequence[question_fields.Asked],
    values: QuestionFormValues,
    path: str,
    change: Callable[[question_fields.RowFields, tuple[QuestionFormValues, ...]], tuple[QuestionFormValues, ...]],
) -> QuestionFormValues:
    """Return the values with the rows of a list changed: `options`, or inside of rows `gaps__0__answers`."""
    name, _bar, rest = path.partition("__")
    rows = next((spec for spec in question_fields.lists(specs) if spec.name == name), None)
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


def with_row_added(rows: question_fields.RowFields, present: tuple[QuestionFormValues, ...]) -> tuple[QuestionFormValues, ...]:
    """Add an empty row."""
    return (*present, blank_row(rows)) if len(present) < question_fields.MOST_ROWS else present


_MARK = "*"
_STAR, _BULLET = re.compile(r"\*\s+"), re.compile(r"(?:[•·▪◦‣–—-]|[A-Za-z][.)]|\d{1,2}[.)])\s+")
"""What stands before the entries of a list of a word processor."""


def _without(bullet: re.Pattern[str], lines: list[str]) -> list[str]:
    """Return the entries of a list without its bullets: what stands before every one of them."""
    return [bullet.sub("", line, count=1) for line in lines] if len(lines) > 1 and all(map(bullet.match, lines)) else lines


def with_lines(
    rows: question_fields.RowFields, present: tuple[QuestionFormValues, ...], language: str, pasted: str
) -> tuple[QuestionFormValues, ...] | None:
    """Return the rows with a line of a list in each that says nothing in a language, and in new ones; None where there is no room.

    Bullets and numbers of a list are left out where every line has one. An asterisk before or after a line marks a right option.
    """
    lines = _without(_STAR, [line.strip() for line in pasted.splitlines() if line.strip()])
    is_judged = rows.written is question_fields.RowNotation.JUDGED
    marks = [is_judged and line.count(_MARK) == 1 and (line.startswith(_MARK) or line.endswith(_MARK)) for line in lines]
    lines = _without(_BULLET, [line.strip(_MARK).strip() if is_marked else line for line, is_marked in zip(lines, marks, strict=True)])
    name, made = rows.keys[0][1], list(present)
    free = [index for index, row in enumerate(made) if not row.text(name, language).strip()]
    made += [blank_row(rows) for _line in lines[len(free) :]]
    if len(made) > question_fields.MOST_ROWS:
        return None
    places = [*free, *range(len(present), len(made))][: len(lines)]
    for index, line, is_marked in zip(places, lines, marks, strict=True):
        texts = {**made[index].texts, (name, language): line}
        made[index] = replace(made[index], texts={**texts, (question_fields.VERDICT, ""): RIGHT} if is_marked else texts)
    if rows.has_one_right and any(marks):
        right = {index for index, is_marked in zip(places, marks, strict=True) if is_marked}
        made = [_with_text(row, question_fields.VERDICT, RIGHT if index in right else WRONG) for index, row in enumerate(made)]
    return tuple(made)


def with_row_moved(present: tuple[QuestionFormValues, ...], index: int, step: int) -> tuple[QuestionFormValues, ...]:
    """Let a row take the place before (-1) or after it (1)."""
    to = index + step
    if not (0 <= index < len(present) and 0 <= to < len(present)):
        return present
    moved = list(present)
    moved.insert(to, moved.pop(index))
    return tuple(moved)


def pressed(
    specs: Sequence[question_fields.Asked], values: QuestionFormValues, act: str, path: str, index: int, language: str
) -> QuestionFormValues:
    """Return the values after a button of a list was pressed: row, up, down, drop, or names (a row for each name of the text)."""
    changes: Mapping[str, Callable[[question_fields.RowFields, tuple[QuestionFormValues, ...]], tuple[QuestionFormValues, ...]]] = {
        "row": with_row_added,
        "up": lambda _rows, present: with_row_moved(present, index, -1),
        "down": lambda _rows, present: with_row_moved(present, index, 1),
        "drop": lambda _rows, present: (*present[:index], *present[index + 1 :]) if index >= 0 else present,
        "names": lambda rows, present: _with_named_rows(rows, present, values.text(question_fields.TEXT, language)),
    }
    if act not in changes:
        return values
    after = with_rows(specs, values, path, changes[act])
    return _with_stored_answers(values, after) if path == COLUMNS else after


def _with_named_rows(rows: question_fields.RowFields, present: tuple[QuestionFormValues, ...], text: str) -> tuple[QuestionFormValues, ...]:
    """Add a row for each name of a text that has none; empty rows make room for them."""
    named = tuple(written_rows(rows, present))
    known = {row.text(question_fields.NAME) for row in named}
    fresh = [name for name in dict.fromkeys(names_in_text(text)) if name not in known]
    return (*named, *(blank_row(rows, **{question_fields.NAME: name}) for name in fresh))[: question_fields.MOST_ROWS] if fresh else present


def _with_stored_answers(before: QuestionFormValues, after: QuestionFormValues) -> QuestionFormValues:
    """Let the rows of a matrix keep the columns that they name by their place, also where these have moved."""
    old, new = before.rows.get(COLUMNS, ()), after.rows.get(COLUMNS, ())
    places = {
        str(number): next((str(at) for at, other in enumerate(new, 1) if other is column), "") for number, column in enumerate(old, 1)
    }
    rows = tuple(_with_text(row, ANSWER, places.get(row.text(ANSWER), row.text(ANSWER))) for row in after.rows.get(ROWS, ()))
    return replace(after, rows={**after.rows, ROWS: rows})


def _with_text(values: QuestionFormValues, name: str, text: str) -> QuestionFormValues:
    return replace(values, texts={**values.texts, (name, ""): text})


def with_kind(rows: question_fields.RowFields, values: QuestionFormValues, shown: str, languages: Sequence[str]) -> QuestionFormValues:
    """Return a row whose kind is another than the fields that were shown: what was typed as answers is offered as options, or back."""
    old, new = (
        next((spec for spec in question_fields.lists(rows.kinds.get(kind, ())) if spec.keys or spec.name == "answers"), None)
        for kind in (shown, kind_of(rows, values))
    )
    if old is None or new is None:
        return values
    typed = [row for row in values.rows.get(old.name, ()) if not is_blank(old, row)]
    carried = tuple(_carried(row, old, new, languages) for row in typed)
    left = {name: inner for name, inner in values.rows.items() if name != old.name}
    return begun(rows.fields_of(kind_of(rows, values)), replace(values, rows={**left, new.name: carried}))


def _carried(
    values: QuestionFormValues, old: question_fields.RowFields, new: question_fields.RowFields, languages: Sequence[str]
) -> QuestionFormValues:
    """Return an answer as one of another kind: its words in the course's language, where one of the two has them in one only."""
    before, after = _words(old), _words(new)
    texts = {
        text_key: text
        for text_key, text in values.texts.items()
        if text_key[0] in {spec.name for spec in question_fields.leaves((*new.fields, *new.more))}
    }
    if before.has_languages != after.has_languages:
        content = values.text(question_fields.WORDS, languages[0] if before.has_languages else "")
        texts = {text_key: text for text_key, text in texts.items() if text_key[0] != question_fields.WORDS}
        texts[question_fields.WORDS, languages[0] if after.has_languages else ""] = content
    return QuestionFormValues(texts)


def _words(rows: question_fields.RowFields) -> FieldSpec:
    return next(spec for spec in question_fields.leaves(rows.fields) if spec.name == question_fields.WORDS)


Fields = Mapping[str, Written]
Keys = Mapping[str, frozenset[str]]
"""The keys that were published, by the list of a question in which they stand."""


# --- From the text to the form -----------------------------------------------------------------------------------------------------------


def values_in(entry: str, kind: str, languages: Sequence[str]) -> QuestionFormValues:
    """Return the values of a question's text, as its form shows them; raise EditRefused where a form would lose something."""
    values = _values_of(read_fields(entry), question_fields.fields_of_kind(kind), languages)
    return _with_places(values, languages) if kind == QuestionKind.MATRIX else values


def _values_of(
    fields: Fields, field_specs: Sequence[question_fields.Asked], languages: Sequence[str], at: int | None = None
) -> QuestionFormValues:
    fields = _apart(fields)
    _check(fields, question_fields.leaves(field_specs), languages)
    texts = values_of(fields, question_fields.leaves(field_specs), languages).texts
    rows = {
        rows_spec.name: tuple(_values_of_row(rows_spec, item, index, languages) for index, item in enumerate(_entries(rows_spec, fields)))
        for rows_spec in question_fields.lists(field_specs)
    }
    return QuestionFormValues(texts, rows, at)


def _check(fields: Fields, settings: Sequence[FieldSpec], languages: Sequence[str]) -> None:
    """Refuse values that have no place in their field: a mapping where a text is asked for, an entry of a list that is more than a text."""
    for setting in settings:
        value = fields.get(setting.outer)
        if setting.inner or value is None:
            continue
        texts = value if isinstance(value, list) else [value]
        if isinstance(value, list) and setting.shape not in (FieldShape.LISTED, FieldShape.LINES, FieldShape.KEYS, FieldShape.NUMBERS):
            raise EditRefused
        for text in texts:
            mapped = (
                isinstance(text, dict) and setting.has_languages and set(text) <= set(languages) and not any(map(_is_more, text.values()))
            )
            if _is_more(text) and not mapped:
                raise EditRefused


def _is_more(value: Written) -> bool:
    return isinstance(value, list | dict)


def _values_of_row(rows: question_fields.RowFields, item: Fields, index: int, languages: Sequence[str]) -> QuestionFormValues:
    kind = item.get("kind")
    return _values_of(item, rows.fields_of(kind if isinstance(kind, str) else rows.usual_kind), languages, index)


def _entries(rows: question_fields.RowFields, fields: Fields) -> list[Fields]:
    """Return the entries of a list as fields that a form knows."""
    value = fields.get(rows.name)
    if value is None:
        return []
    if rows.written in (question_fields.RowNotation.NAMED, question_fields.RowNotation.FACTORS):
        if not isinstance(value, dict):
            raise EditRefused
        return [_named_entry(rows, name, held) for name, held in value.items()]
    if not isinstance(value, list):
        raise EditRefused
    return [_fields_of_rows(rows, held) for held in value]


def _named_entry(rows: question_fields.RowFields, name: str, held: Written) -> Fields:
    if rows.written is question_fields.RowNotation.FACTORS:
        return {question_fields.NAME: name, question_fields.FACTOR: held}
    if not isinstance(held, dict | None) or question_fields.NAME in (held or {}):
        raise EditRefused
    called = {there: here for here, there in rows.written_as.items()}
    return {question_fields.NAME: name, **{called.get(field, field): value for field, value in (held or {}).items()}}


def _fields_of_rows(rows: question_fields.RowFields, held: Written) -> Fields:
    if rows.written is question_fields.RowNotation.TEXTS and not (isinstance(held, dict) and question_fields.TEXT in held):
        return {question_fields.TEXT: held}
    if not isinstance(held, dict):
        raise EditRefused
    return _judged(held) if rows.written is question_fields.RowNotation.JUDGED else held


def _judged(held: Fields) -> Fields:
    """Return an answer with its verdict and its words in the place of “right: …” or “wrong: …”."""
    verdicts = [name for name in held if name in (RIGHT, WRONG)]
    if len(verdicts) > 1 or {question_fields.VERDICT, question_fields.WORDS} & set(held):
        raise EditRefused
    fields: dict[str, Written] = {} if verdicts else {question_fields.VERDICT: WRONG}
    for name, value in held.items():
        fields |= {question_fields.VERDICT: name, question_fields.WORDS: value} if name in verdicts else {name: value}
    return fields


def _apart(fields: Fields) -> Fields:
    """Return fields whose tolerance is a number, and its kind a field of its own."""
    held = fields.get(question_fields.TOLERANCE)
    if not isinstance(held, dict):
        return fields
    if len(held) != 1 or not set(held) <= set(question_fields.RELATIVE_KINDS):
        raise EditRefused
    ((kind, amount),) = held.items()
    parted: dict[str, Written] = {}
    for name, value in fields.items():
        parted |= (
            {question_fields.TOLERANCE: amount, question_fields.TOLERANCE_KIND: kind}
            if name == question_fields.TOLERANCE
            else {name: value}
        )
    return parted


def _with_places(values: QuestionFormValues, languages: Sequence[str]) -> QuestionFormValues:
    """Return a matrix whose rows name their columns by place, from 1."""
    places = {key: str(number) for number, key in enumerate(column_keys(values, languages), start=1) if key}
    rows = (replace(row, texts={**row.texts, (ANSWER, ""): places.get(row.text(ANSWER), row.text(ANSWER))}) for row in values.rows[ROWS])
    return replace(values, rows={**values.rows, ROWS: tuple(rows)})


def column_keys(values: QuestionFormValues, languages: Sequence[str]) -> list[str]:
    """Return the keys of a matrix's columns: as they are written, or made of their texts."""
    return [column.text("key") or slug(column.text(question_fields.TEXT, languages[0])) for column in values.rows[COLUMNS]]


# --- From the form to the text -----------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class _QuestionTextWriter:
    """Turns what a form says into what the text is to say."""

    languages: Sequence[str]
    published: Keys = field(default_factory=dict)

    def fields(
        self, before: Fields, field_specs: Sequence[question_fields.Asked], order: Sequence[str], values: QuestionFormValues, name: str = ""
    ) -> dict[str, Wanted]:
        """Return all fields: what nobody asked for stays. `name` is that of the row, where it has one."""
        before = _apart(before)
        edits: dict[str, Wanted] = dict(before)
        for field_name, value in changed_fields(
            before, question_fields.leaves(field_specs), self.languages, FormValues(values.texts)
        ).items():
            _set_field(edits, field_name, value, order)
        for rows in question_fields.lists(field_specs):
            listed = self._rows(rows, before.get(rows.name), values.rows.get(rows.name, ()), name)
            if listed is None or plain(listed) != before.get(rows.name):
                _set_field(edits, rows.name, listed, order)
        return edits

    def _rows(self, rows: question_fields.RowFields, before: Written, typed_rows: Sequence[QuestionFormValues], name: str) -> Wanted:
        held = _entries(rows, {rows.name: before})
        written = [row for row in typed_rows if not is_blank(rows, row)]
        seen: set[int] = set()
        made: list[tuple[int | None, dict[str, Wanted]]] = []
        for row in written:
            at = row.at if row.at is not None and row.at < len(held) and row.at not in seen else None
            seen |= {at} if at is not None else set()
            made.append((at, self._row(rows, held[at] if at is not None else {}, row)))
        for key, text, published in rows.keys:
            self._keep_keys(key, text, self.published.get(published.replace("{name}", name), frozenset()), held, made, rows)
        if not made:
            return before if before in ([], {}) else None
        if rows.written in (question_fields.RowNotation.NAMED, question_fields.RowNotation.FACTORS):
            return {str(fields.pop(question_fields.NAME, None) or ""): _named_value(rows, fields) for _at, fields in made}
        whole = before if isinstance(before, list) else []
        return ListEdit(tuple((at, _as_written(rows, fields, whole[at] if at is not None else None)) for at, fields in made))

    def _row(self, rows: question_fields.RowFields, before: Fields, values: QuestionFormValues) -> dict[str, Wanted]:
        field_specs = rows.fields_of(kind_of(rows, values))
        others = {spec.name.partition(".")[0] for kind in rows.kinds for spec in rows.fields_of(kind)} - {spec.name for spec in field_specs}
        remaining = {name: value for name, value in before.items() if name not in others}
        order = rows.order or tuple(spec.name for spec in field_specs)
        named = before.get(question_fields.NAME)
        return self.fields(
            remaining,
            field_specs,
            (question_fields.NAME, *order),
            values,
            named if isinstance(named, str) else values.text(question_fields.NAME),
        )

    def _keep_keys(
        self,
        key: str,
        text: str,
        published: frozenset[str],
        before: Sequence[Fields],
        made: Sequence[tuple[int | None, dict[str, Wanted]]],
        rows: question_fields.RowFields,
    ) -> None:
        """Write the key of entries whose text was published and is another now: stored answers hold it (spec/content-format 3.3)."""
        present = {self.key(fields, key, text) for _at, fields in made}
        for at, fields in made:
            old = self.key(before[at], key, text) if at is not None else ""
            if old in published and old not in present and not fields.get(key):
                _set_field(fields, key, old, rows.order or tuple(spec.name for spec in (*rows.fields, *rows.more)))
                present.add(old)

    def key(self, fields: Mapping[str, Wanted], key: str, text: str) -> str:
        """Return the key of an entry: as it is written, or made of its text."""
        written, translations = fields.get(key), fields.get(text)
        if isinstance(written, str):
            return written
        first = translations.get(self.languages[0]) if isinstance(translations, Mapping) else translations
        return slug(first) if isinstance(first, str) else ""


def _set_field(fields: dict[str, Wanted], name: str, value: Wanted, order: Sequence[str]) -> None:
    """Set a field: where it stood, or after the last one before it in an order; None takes it out."""
    if value is None:
        fields.pop(name, None)
    elif name in fields or name not in order:
        fields[name] = value
    else:
        before = set(order[: order.index(name)])
        at = max((number for number, other in enumerate(fields, start=1) if other in before), default=0)
        items = list(fields.items())
        fields.clear()
        fields.update([*items[:at], (name, value), *items[at:]])


def _joined(fields: Mapping[str, Wanted]) -> dict[str, Wanted]:
    """Return fields whose tolerance says its kind where it has one."""
    kind, amount = fields.get(question_fields.TOLERANCE_KIND), fields.get(question_fields.TOLERANCE)
    joined = {name: value for name, value in fields.items() if name != question_fields.TOLERANCE_KIND}
    if amount is not None and isinstance(kind, str) and kind != question_fields.NOMINAL:
        joined[question_fields.TOLERANCE] = {kind: amount}
    return joined


def _named_value(rows: question_fields.RowFields, fields: Mapping[str, Wanted]) -> Wanted:
    if rows.written is question_fields.RowNotation.FACTORS:
        return fields.get(question_fields.FACTOR)
    return {rows.written_as.get(name, name): value for name, value in _joined(fields).items()}


def _as_written(rows: question_fields.RowFields, fields: Mapping[str, Wanted], before: Written) -> Wanted:
    if rows.written is question_fields.RowNotation.TEXTS:
        is_mapping = isinstance(before, dict) and question_fields.TEXT in before
        return fields if is_mapping or set(fields) != {question_fields.TEXT} else fields[question_fields.TEXT]
    if rows.written is not question_fields.RowNotation.JUDGED:
        return _joined(fields)
    verdict = RIGHT if fields.get(question_fields.VERDICT) == RIGHT else WRONG
    content = fields.get(question_fields.WORDS)
    if before is None or question_fields.WORDS not in fields:
        fields = {
            question_fields.VERDICT: verdict,
            question_fields.WORDS: content,
            **{name: value for name, value in fields.items() if name not in (question_fields.VERDICT, question_fields.WORDS)},
        }
    return {
        verdict if name == question_fields.WORDS else name: value
        for name, value in _joined(fields).items()
        if name != question_fields.VERDICT
    }


def with_question(entry: str, kind: str, languages: Sequence[str], values: QuestionFormValues, published: Keys | None = None) -> str:
    """Return the text of a question in which some of its fields say something else; all other lines stay.

    `published` are the keys of its options that stored answers may hold: an entry that is worded anew keeps its own.
    """
    writer = _QuestionTextWriter(languages, published or {})
    before = read_fields(entry)
    if kind == QuestionKind.MATRIX:
        values = _with_columns(writer, before, values)
    edits = writer.fields(before, question_fields.fields_of_kind(kind), question_fields.order_of(kind), values)
    return patched(entry, _joined(edits), question_fields.FLOWS)


def _with_columns(writer: _QuestionTextWriter, before: Fields, values: QuestionFormValues) -> QuestionFormValues:
    """Return a matrix whose rows name their columns by the keys that these are to have."""
    rows = next(
        rows_spec for rows_spec in question_fields.lists(question_fields.fields_of_kind(QuestionKind.MATRIX)) if rows_spec.name == COLUMNS
    )
    columns = values.rows.get(COLUMNS, ())
    made = writer.fields(before, (rows,), (COLUMNS,), QuestionFormValues({}, {COLUMNS: columns})).get(COLUMNS)
    entries = [plain(value) for _at, value in made.entries] if isinstance(made, ListEdit) else plain(made)
    keys = iter(
        [writer.key(_fields_of_rows(rows, entry), "key", question_fields.TEXT) for entry in entries] if isinstance(entries, list) else []
    )
    places = {str(number): "" if is_blank(rows, column) else next(keys, "") for number, column in enumerate(columns, start=1)}
    answered = (
        replace(row, texts={**row.texts, (ANSWER, ""): places.get(row.text(ANSWER), row.text(ANSWER))}) for row in values.rows.get(ROWS, ())
    )
    return replace(values, rows={**values.rows, ROWS: tuple(answered)})
