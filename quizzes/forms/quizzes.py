"""Forms of the quiz pages: an attempt's plain form or its script's events, and the input of graders and instructors."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from ipaddress import ip_network
from re import fullmatch
from typing import Any
from uuid import UUID

from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, InputRequired, Length
from wtforms.widgets import TextArea

from kernel.errors import N_, Invalid
from kernel.i18n import _, lazy_, number
from kernel.web.forms import Form, LineField, MomentField, WholeField, clean_text, read_json, whole_number
from quizzes.content.slot_fields import NAMES as SLOTS
from quizzes.content.wording import DIFFICULTIES, STATES
from quizzes.forms.answer_fields import FLAG, LOCAL, SHOWN, UNTOUCHED, FormFields, parts_by_question
from quizzes.models import Accommodation, QuizOverride
from quizzes.queries.answers import StoredAnswer
from quizzes.queries.attempts import LoadedAttempt
from quizzes.rules import saving
from quizzes.rules.definitions import RubricCriterion
from quizzes.rules.regrade import RegradeKind, RegradePolicy
from quizzes.rules.responses import FILES, clean_parts, filled_parts
from quizzes.services.answer_rows import SaveRequest
from quizzes.services.banks import FieldChanges
from quizzes.services.overrides import AccommodationProfile, OverrideValues, values_of_override

MAX_PAGE_EPOCH = 2**62
MAX_TOKEN = 300
INCOMPLETE = N_("The page is incomplete. Reload it; your saved answers are still there.")


class StartForm(Form):
    """The form before an attempt: the quiz password, where there is one, and a yes to the time limit that begins."""

    quiz_password = LineField(lazy_("Quiz password"))
    confirmed = HiddenField()
    declared = BooleanField(lazy_("I accept this declaration"))


TAG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*\Z")
MAX_ENTRY = 100_000
MOST_DRAWN = 500
UNCHANGED, NONE = "", "none"


class QuestionTextForm(Form):
    """The text of one question, and what it was when the editor began; a new one names its bank."""

    text = TextAreaField(lazy_("Text of the question"), [Length(max=MAX_ENTRY, message=lazy_("Use at most %(max)d characters."))])
    seen = HiddenField()
    bank = SelectField(lazy_("Bank"), choices=[], validate_choice=False)


def give_lines(field: Field) -> None:
    """Let a field of one line take two lines of the page; it stays one text."""
    field.widget = TextArea()  # type: ignore[assignment]  # its stubs know it of text areas alone
    field.render_kw = {"rows": 2}


class QuestionEditForm(Form):
    """The fields of a question, and its text as it was when the editor began."""

    seen = HiddenField()


class NewQuestionForm(QuestionEditForm):
    """The fields of a new question, its bank, and its key where the author wants to choose it."""

    kind = HiddenField()
    bank = SelectField(lazy_("Bank"), choices=[])
    key = LineField(lazy_("Key"), [Length(max=64, message=lazy_("Use at most %(max)d characters."))])

    def offer(self, banks: Sequence[tuple[str, str]]) -> None:
        """Fill the list of banks; they are paths and titles."""
        self.bank.choices = [SelectChoice(value=path, label=title) for path, title in banks]

    def validate_key(self, field: LineField) -> None:
        """Refuse what is no key."""
        if field.data and not TAG.match(field.data):
            raise ValidationError(_("Use a to z and 0 to 9 in words joined by single hyphens, up to 64 characters."))


class NewSlotForm(Form):
    """A slot to be added to a quiz, with what it begins with; `seen` is the revision of the quiz's file that the page showed."""

    seen = HiddenField()
    sort = SelectField(
        lazy_("What to add"), choices=[SelectChoice(value=sort, label=lazy_(label)) for sort, label in SLOTS.items()], default="question"
    )
    question = SelectField(lazy_("Question from the bank"), choices=[], validate_choice=False)
    draw = WholeField(lazy_("How many to draw"), least=1, most=MOST_DRAWN, default="1")
    text = TextAreaField(lazy_("Title or text"), [Length(max=2_000, message=lazy_("Use at most %(max)d characters."))])

    def offer(self, questions: Sequence[tuple[str, str]]) -> None:
        """Let these questions be chosen: key and title."""
        self.question.choices = [SelectChoice(value=key, label=title) for key, title in (("", _("Choose a question")), *questions)]

    @property
    def words(self) -> str:
        """Return what the chosen sort of slot begins with."""
        typed = clean_text(self.text.data or "", lines=self.sort.data == "text").replace("\r", "")
        return {"question": self.question.data or "", "draw": self.draw.data or "", "page": "new"}.get(self.sort.data, typed)

    def is_filled(self) -> bool:
        """Return whether the chosen sort of slot has all that it needs; missing input is reported beside its field."""
        if self.validate_on_post() and not self.words:
            self.refuse({"question": self.question, "draw": self.draw}.get(self.sort.data, self.text), _("This cannot be empty."))
        return not self.faults


class QuestionFieldsForm(Form):
    """Fields of one or several questions; what is empty stays as it is, «none» takes the field out."""

    state = SelectField(lazy_("State"), choices=[], validate_choice=False)
    difficulty = SelectField(lazy_("Difficulty"), choices=[], validate_choice=False)
    add_tags = LineField(lazy_("Add tags"))
    remove_tags = LineField(lazy_("Remove tags"))
    mark = LineField(lazy_("Mark"))
    bank = SelectField(lazy_("Move to the bank"), choices=[], validate_choice=False)

    def offer(self, banks: Sequence[tuple[str, str]]) -> None:
        """Fill the lists of choices; `banks` are paths and titles."""
        same = (UNCHANGED, _("Leave unchanged"))
        self.state.choices = [same, *((value, _(label)) for value, label in STATES.items())]
        self.difficulty.choices = [same, (NONE, _("None")), *((value, _(label)) for value, label in DIFFICULTIES.items())]
        self.bank.choices = [same, *banks]

    def changes(self) -> FieldChanges | None:
        """Return what is to be changed; None with faults beside the fields where something cannot be."""
        add, remove = self._tags(self.add_tags), self._tags(self.remove_tags)
        mark = (self.mark.data or "").replace(",", ".")
        for chosen in (self.state, self.difficulty, self.bank):
            if chosen.data not in {choice[0] for choice in chosen.iter_choices()}:
                self.refuse(chosen, _("Choose one of the list."))
        if mark and not re.fullmatch(r"[0-9]{1,6}(?:\.[0-9]{1,7})?", mark):
            self.refuse(self.mark, _("Enter a number, 0 or more."))
        changes = FieldChanges(add, remove, self.state.data or None, self._difficulty(), mark or None, self.bank.data or None)
        if not self.faults and changes == FieldChanges():
            self.refuse(self.state, _("Choose what to change."))
        return None if self.faults else changes

    def _difficulty(self) -> str | None:
        return None if self.difficulty.data == UNCHANGED else "" if self.difficulty.data == NONE else self.difficulty.data

    def _tags(self, field: LineField) -> tuple[str, ...]:
        tags = tuple(tag for tag in re.split(r"[,;\s]+", (field.data or "").lower()) if tag)
        wrong = [tag for tag in tags if not TAG.match(tag) or len(tag) > 64]
        if wrong:
            problem = _("“%(tag)s” cannot be used as a tag. Use lower-case letters without accents, digits and hyphens.", tag=wrong[0][:64])
            self.refuse(field, problem)
        return tags


def first(form: FormFields, name: str) -> str:
    """Return a field's only value, empty where it is absent."""
    return next(iter(form.get(name, ())), "")


def page_epoch_of(form: FormFields) -> int:
    """Return the epoch that the server gave the page; raise Invalid."""
    page_epoch = whole_number(first(form, "lease"))
    if not 0 < page_epoch < MAX_PAGE_EPOCH:
        raise Invalid(INCOMPLETE)
    return page_epoch


@dataclass(frozen=True, slots=True)
class FileChanges:
    """Changes to the files of a page's answers: names added by place, and names removed."""

    added: Mapping[int, Sequence[str]] = field(default_factory=dict)
    removed: frozenset[str] = frozenset()

    def applied(self, position: int, parts: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Return the parts of an answer with its files as they are after the change."""
        remaining = [name for name in parts.get(FILES, []) if name not in self.removed]
        names = [*remaining, *self.added.get(position, ())]
        rest = {name: values for name, values in parts.items() if name != FILES}
        return {**rest, FILES: names} if names else rest


def removed_file(form: FormFields) -> tuple[int, str]:
    """Return the place and the name of the file that a page's button takes away: 0 and nothing where none was pressed."""
    position, _dash, name = first(form, "drop").partition("-")
    return whole_number(position), name


def answers_compared(form: FormFields, loaded: LoadedAttempt) -> set[int]:
    """Return the saved answers that a page's plain form is compared with: those that it showed, and the last of its epoch."""
    shown = {whole_number(first(form, f"p{item.position}-{SHOWN}")) for item in loaded.items}
    return shown | {answer.id for answer in _own(form, loaded).values()}


def _own(form: FormFields, loaded: LoadedAttempt) -> dict[int, StoredAnswer]:
    page_epoch = page_epoch_of(form)
    return {answer.item_id: answer for answer in loaded.answers if answer.page_epoch == page_epoch}


def form_batch(
    form: FormFields,
    loaded: LoadedAttempt,
    page: int,
    compared_payloads: Mapping[int, object],
    closed: Collection[int] = (),
    files: FileChanges | None = None,
) -> SaveRequest:
    """Return the answers of a page sent as a plain form: those that were changed since the page was shown.

    `pN-seq` names the response that the page showed. What is as it was shown was not touched, and says nothing against what another
    page has saved meanwhile; what was changed gets the next counter under this page's epoch, also when the page came back by «Back».
    What is already the response, or the last that this page gave, because its script saved it first, is not written again. `pN-local`
    is the counter that the script has given to the answer in its journal: what is still on its way from there is older, and stays so.
    `pN-untouched` says that nobody has touched the field since the script put into it what an earlier page left in the journal, or what it
    heard to be newer, or since the script has sent it: it is saved, or the journal sends it on under its older epoch, and it says nothing
    either, whatever another page has saved meanwhile.
    Places that are `closed` take no answers: the page shows no fields for them. `files` are those that came with the page and those that
    it takes away. `compared_payloads` are those of `answers_compared`.
    """
    page_epoch, own, given = page_epoch_of(form), _own(form, loaded), parts_by_question(form)
    shown = {answer_id: clean_parts(payload) for answer_id, payload in compared_payloads.items()}
    current = {item_id: clean_parts(answer.payload) for item_id, answer in loaded.responses.items()}
    events = []
    for item in loaded.items:
        if item.page != page or item.number is None or item.position in closed:
            continue
        typed = clean_parts(given.get(f"p{item.position}"))
        parts = (files or FileChanges()).applied(item.position, typed)
        if parts == typed and f"p{item.position}-{UNTOUCHED}" in form:
            continue
        before = shown.get(whole_number(first(form, f"p{item.position}-{SHOWN}")), {})
        last = own.get(item.id)
        saved = [before, current.get(item.id, {}), shown[last.id] if last else before]
        if filled_parts(parts) not in [filled_parts(earlier) for earlier in saved]:
            given_counter = whole_number(first(form, f"p{item.position}-{LOCAL}"))
            following = 1 + (last.counter if last else 0)
            counter = given_counter if following <= given_counter <= saving.MAX_COUNT else following
            events.append(saving.AnswerSave(item.position, saving.AnswerSequence(page_epoch, counter), parts))
    return SaveRequest(page_epoch, tuple(events), "save")


def changed_flags(form: FormFields, loaded: LoadedAttempt, page: int) -> Mapping[int, bool]:
    """Return the places of a page whose flag was set or taken away."""
    shown = [item.position for item in loaded.items if item.page == page and f"p{item.position}-{SHOWN}" in form]
    flags = {position: f"p{position}-{FLAG}" in form for position in shown}
    return {position: flagged for position, flagged in flags.items() if flagged != loaded.items[position - 1].flagged}


def script_batches(form: FormFields, kind: str) -> list[SaveRequest]:
    """Return the answers that the page's script sends: its own and those of earlier pages that the device still held."""
    try:
        sent = read_json(first(form, "events") or "[]")
    except ValueError:
        raise Invalid(INCOMPLETE) from None
    by_page_epoch: dict[int, list[Any]] = {}
    for entry in sent if isinstance(sent, list) else []:
        by_page_epoch.setdefault(_own_page_epoch(entry) or page_epoch_of(form), []).append(entry)
    return [_script_batch(page_epoch, entries, kind) for page_epoch, entries in by_page_epoch.items()]


def _own_page_epoch(entry: object) -> int | None:
    page_epoch = entry.get("lease") if isinstance(entry, dict) else None
    return page_epoch if isinstance(page_epoch, int) and not isinstance(page_epoch, bool) and 0 < page_epoch < MAX_PAGE_EPOCH else None


def _script_batch(page_epoch: int, entries: list[Any], kind: str) -> SaveRequest:
    events = tuple(
        saving.AnswerSave(event.position, event.sequence, clean_parts(event.payload)) for event in saving.read_events(page_epoch, entries)
    )
    times = [time for entry in entries if isinstance(entry, dict) and isinstance(time := entry.get("client_time"), str)]
    return SaveRequest(page_epoch, events, kind, max((time for time in times if time.isprintable()), default=""), _tokens(entries))


def _tokens(entries: list[Any]) -> dict[tuple[int, int], str]:
    tokens = {}
    for entry in entries:
        if isinstance(entry, dict) and isinstance(token := entry.get("token"), str) and token:
            position, counter = entry.get("item"), entry.get("seq")
            if isinstance(position, int) and isinstance(counter, int):
                tokens[position, counter] = token[:MAX_TOKEN]
    return tokens


class MarkForm(Form):
    """The mark that a person gives; the levels of a rubric stand beside it, as fields of their own."""

    points = LineField(lazy_("Mark"), [Length(max=40, message=lazy_("Use at most %(max)d characters."))])
    comment = TextAreaField(lazy_("Comment for the learner"), [Length(max=10_000, message=lazy_("Use at most %(max)d characters."))])
    reason = LineField(lazy_("Reason"), [Length(max=500, message=lazy_("Use at most %(max)d characters."))])
    seen = HiddenField()

    @property
    def words(self) -> str:
        """Return the comment, cleaned."""
        return clean_text(self.comment.data or "", lines=True)


def chosen_levels(form: FormFields, rubric: Sequence[RubricCriterion]) -> dict[str, int]:
    """Return the levels that a form chooses, by criterion the place from 0; `level-1` is the field of the first criterion."""
    given = {criterion.key: first(form, f"level-{at}") for at, criterion in enumerate(rubric, 1)}
    levels = {key: whole_number(text, otherwise=-1) for key, text in given.items()}
    return {criterion.key: level for criterion in rubric if 0 <= (level := levels[criterion.key]) < len(criterion.levels)}


_TOO_LONG = lazy_("Use at most %(max)d characters.")
_RECORDED_REASON = (DataRequired(lazy_("Give a reason. It is kept in the record.")), Length(max=500, message=_TOO_LONG))


class RegradeForm(Form):
    """A request to regrade: the kind, the question version, which marks then count, and why."""

    kind = RadioField(lazy_("What do you want to do?"), choices=[])
    version = SelectField(lazy_("Version used to regrade"), choices=[], validate_choice=False)
    policy = RadioField(
        lazy_("Which marks should count?"),
        choices=[
            SelectChoice(value=RegradePolicy.REPLACE.value, label=lazy_("The new ones replace the old ones")),
            SelectChoice(value=RegradePolicy.KEEP_BEST.value, label=lazy_("For each question, the better of the two")),
            SelectChoice(value=RegradePolicy.ONLY_RAISE.value, label=lazy_("The new ones, only in attempts whose total goes up")),
        ],
        default=RegradePolicy.REPLACE.value,
    )
    with_manual = BooleanField(lazy_("Include answers marked by a person"))
    reason = LineField(lazy_("Reason"), _RECORDED_REASON)

    def offer(self, kinds: Sequence[RegradeKind], versions: Sequence[tuple[str, str]]) -> None:
        """Offer what can be done to a question, and its versions; the first of each is chosen."""
        labels = {
            RegradeKind.OTHER: lazy_("Regrade the answers with another version"),
            RegradeKind.SAME: lazy_("Regrade the answers with their own version"),
            RegradeKind.FULL_CREDIT: lazy_("Void it: full marks for everyone"),
            RegradeKind.UNLESS_LOWER: lazy_("Void it: leave it out only where that lowers no mark"),
            RegradeKind.REMOVED: lazy_("Void it: leave it out of the total"),
        }
        self.kind.choices = [SelectChoice(value=kind.value, label=labels[kind]) for kind in kinds]
        self.kind.data = self.kind.data or kinds[0].value
        self.version.choices = [SelectChoice(value=number, label=label) for number, label in versions]


class AttemptActionForm(Form):
    """The reason for an action of the course team on an attempt."""

    reason = LineField(lazy_("Reason"), _RECORDED_REASON)


MOST_MINUTES, MOST_ATTEMPTS, MOST_EXTRA = 7 * 24 * 60, 1000, 100
MOST_GIVEN, MOST_BREAKS = 600, 600
MOST_NETWORKS = 50


def _reason(question: str) -> LineField:
    lengths = Length(max=500, message=lazy_("Use at most %(max)d characters."))
    return LineField(lazy_("Reason"), [InputRequired(lazy_(question)), lengths])


class QuizOverrideForm(Form):
    """The settings of a quiz override; an empty field keeps the quiz's own."""

    opens = MomentField(lazy_("Opens"))
    no_opens = BooleanField(lazy_("No opening date"))
    closes = MomentField(lazy_("Closes"))
    no_closes = BooleanField(lazy_("No closing date"))
    minutes = WholeField(lazy_("Time limit in minutes"), most=MOST_MINUTES)
    attempts = WholeField(lazy_("Total attempts"), most=MOST_ATTEMPTS)
    quiz_password = LineField(lazy_("Quiz password"), [Length(max=100, message=lazy_("Use at most %(max)d characters."))])
    no_password = BooleanField(lazy_("No password"))
    networks = TextAreaField(lazy_("Only from these networks"))
    no_networks = BooleanField(lazy_("From anywhere"))
    reason = _reason(N_("Give a reason. It is recorded with the change."))

    def show(self, row: QuizOverride) -> None:
        """Fill the form with what is in force."""
        values = values_of_override(row)
        self.opens.data, self.no_opens.data = MomentField.format_moment(values.opens_at), values.sets_opens and values.opens_at is None
        self.closes.data, self.no_closes.data = MomentField.format_moment(values.closes_at), values.sets_closes and values.closes_at is None
        self.minutes.data = "" if values.limit_seconds is None else str(values.limit_seconds // 60)
        self.attempts.data = "" if values.attempts is None else str(values.attempts)
        self.quiz_password.data, self.no_password.data = values.password or "", values.password == ""
        self.networks.data, self.no_networks.data = "\n".join((values.networks or "").split()), values.networks == ""
        self.reason.data = row.reason

    def validate_closes(self, field: MomentField) -> None:
        """Refuse a quiz that closes before it opens."""
        if field.moment is not None and self.opens.moment is not None and field.moment <= self.opens.moment:
            raise ValidationError(_("It must close after it opens."))

    def validate_networks(self, field: TextAreaField) -> None:
        """Refuse what is no address and no network."""
        networks = (field.data or "").replace(",", " ").split()
        if len(networks) > MOST_NETWORKS:
            raise ValidationError(_("Enter at most %(count)s networks.", count=MOST_NETWORKS))
        for text in networks:
            try:
                ip_network(text, strict=False)
            except ValueError:
                raise ValidationError(
                    _("“%(text)s” is not a network. Enter one per line, for example 10.20.0.0/16.", text=text[:40])
                ) from None

    def validate_reason(self, field: LineField) -> None:
        """Refuse a change that changes nothing."""
        if self.command().says_nothing:
            raise ValidationError(_("You have not set anything. Fill in at least one of the fields above."))

    def command(self) -> OverrideValues:
        """Return what the form says; a ticked box beats what stands in the field beside it."""
        opens, closes = (None if box.data else field.moment for field, box in ((self.opens, self.no_opens), (self.closes, self.no_closes)))
        networks = " ".join((self.networks.data or "").replace(",", " ").split())
        return OverrideValues(
            sets_opens=bool(self.no_opens.data) or opens is not None,
            opens_at=opens,
            sets_closes=bool(self.no_closes.data) or closes is not None,
            closes_at=closes,
            limit_seconds=None if self.minutes.number is None else self.minutes.number * 60,
            attempts=self.attempts.number,
            password="" if self.no_password.data else (self.quiz_password.data or None),
            networks="" if self.no_networks.data else (networks or None),
        )


class IncidentForm(Form):
    """Minutes for everybody who has an attempt open now; `token` makes a second click harmless."""

    minutes = WholeField(
        lazy_("Extra minutes"),
        [InputRequired(lazy_("Enter how many extra minutes everyone gets."))],
        least=1,
        most=MOST_GIVEN,
        default="10",
    )
    reason = _reason(N_("Describe what happened. It is recorded with the change."))
    token = HiddenField()

    def uuid(self) -> UUID:
        """Return what names the incident; raise Invalid."""
        try:
            return UUID(self.token.data or "")
        except ValueError:
            raise Invalid(INCOMPLETE) from None


class AccommodationForm(Form):
    """The accommodation of a person in every quiz."""

    factor = LineField(lazy_("Time × factor"), [InputRequired(lazy_("Enter 1 to leave the time unchanged."))], default="1")
    breaks = WholeField(lazy_("Break minutes, added to the time"), most=MOST_BREAKS)
    extra_attempts = WholeField(lazy_("Extra attempts"), most=MOST_EXTRA)
    reason = _reason(N_("Give the reason. Only administrators can see it."))

    def show(self, row: Accommodation) -> None:
        """Fill the form with what is in force."""
        self.factor.data = number(row.factor.normalize())
        self.breaks.data = str(row.break_seconds // 60 or "")
        self.extra_attempts.data = str(row.extra_attempts or "")
        self.reason.data = row.reason

    def validate_factor(self, field: LineField) -> None:
        """Refuse what is no factor from 1 to 9.99 with two decimals."""
        if self.read_factor() is None:
            raise ValidationError(_("Enter a number from 1 to 9.99 with up to two decimals, for example 1.5."))
        if self.command() == AccommodationProfile(Decimal(1), 0, 0):
            raise ValidationError(_("This would not change anything. Enter a factor above 1, breaks or extra attempts."))

    def read_factor(self) -> Decimal | None:
        """Return the factor, written with a point or a comma."""
        match = fullmatch(r"([1-9])(?:[.,](\d{1,2}))?", self.factor.data or "")
        return None if match is None else Decimal(f"{match[1]}.{match[2] or 0}")

    def command(self) -> AccommodationProfile:
        """Return what the form says."""
        return AccommodationProfile(self.read_factor() or Decimal(1), self.extra_attempts.number or 0, (self.breaks.number or 0) * 60)
