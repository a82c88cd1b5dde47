"""What pages of quizzes send: an attempt's plain form or the events of its script, and what graders and teachers give."""

import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from wtforms import BooleanField, HiddenField, RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import DataRequired, Length

from kernel.errors import N_, Invalid
from kernel.i18n import lazy_
from kernel.web.forms import Form as SentForm
from kernel.web.forms import LineField, clean_text
from quizzes.queries.sittings import Sitting
from quizzes.rules import saving
from quizzes.rules.definitions import Criterion
from quizzes.rules.regrade import RegradeKind, RegradePolicy
from quizzes.rules.responses import FILES, clean_parts, filled_parts
from quizzes.services.sittings import Batch

MAX_LEASE = 2**62
FLAG, SHOWN, LOCAL = "flag", "seq", "local"
INCOMPLETE = N_("The page is not complete. Reload it: what was saved is there.")

Form = Mapping[str, Sequence[str]]
"""The fields of a form, each with all its values."""


class StartForm(SentForm):
    """What is asked before an attempt starts: the word of the quiz, where it has one, and a yes to the time that begins to run."""

    password = LineField(lazy_("Password of the quiz"))
    confirmed = HiddenField()


def first(form: Form, name: str) -> str:
    """Return a field's only value, empty where it is absent."""
    return next(iter(form.get(name, ())), "")


def whole_number(text: str, otherwise: int = 0) -> int:
    """Read a number of a form's hidden field."""
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else otherwise


def lease_of(form: Form) -> int:
    """Return the lease that the server gave the page; raise Invalid."""
    lease = whole_number(first(form, "lease"))
    if not 0 < lease < MAX_LEASE:
        raise Invalid(INCOMPLETE)
    return lease


def form_parts(form: Form, place: int) -> dict[str, list[str]]:
    """Return what the page's form holds for the question in a place."""
    prefix = f"p{place}"
    parts = {"answer": list(form[prefix])} if prefix in form else {}
    for name, values in form.items():
        if name.startswith(f"{prefix}-") and not name.endswith((f"-{SHOWN}", f"-{FLAG}", f"-{LOCAL}")):
            parts[name.removeprefix(f"{prefix}-")] = list(values)
    return clean_parts(parts)


@dataclass(frozen=True, slots=True)
class FileChanges:
    """What a page changes of the files of its answers: names added by place, and those taken away."""

    added: Mapping[int, Sequence[str]] = field(default_factory=dict)
    dropped: frozenset[str] = frozenset()

    def applied(self, place: int, parts: Mapping[str, list[str]]) -> dict[str, list[str]]:
        """Return the parts of an answer with its files as they are after the change."""
        kept = [name for name in parts.get(FILES, []) if name not in self.dropped]
        names = [*kept, *self.added.get(place, ())]
        rest = {name: values for name, values in parts.items() if name != FILES}
        return {**rest, FILES: names} if names else rest


def dropped_file(form: Form) -> tuple[int, str]:
    """Return the place and the name of the file that a page's button takes away: 0 and nothing where none was pressed."""
    place, _dash, name = first(form, "drop").partition("-")
    return whole_number(place), name


def form_batch(form: Form, sitting: Sitting, page: int, closed: Collection[int] = (), files: FileChanges | None = None) -> Batch:
    """Return the answers of a page sent as a plain form: those that were changed since the page was shown.

    `pN-seq` names the response that the page showed. What is as it was shown was not touched, and says nothing against what another
    page has saved meanwhile; what was changed gets the next number under this page's lease, also when the page came back by «Back».
    What is already the response, or the last that this page gave, because its script saved it first, is not written again. `pN-local`
    is the number that the script has given to the answer in its journal: what is still on its way from there is older, and stays so.
    Places that are `closed` take no answers: the page shows no fields for them. `files` are those that came with the page and those that
    it takes away.
    """
    lease = lease_of(form)
    shown = {answer.id: clean_parts(answer.payload) for answer in sitting.answers}
    own = {answer.item_id: answer for answer in sitting.answers if answer.lease == lease}
    current = {item_id: clean_parts(answer.payload) for item_id, answer in sitting.responses.items()}
    events = []
    for item in sitting.items:
        if item.page != page or item.number is None or item.position in closed:
            continue
        parts = (files or FileChanges()).applied(item.position, form_parts(form, item.position))
        before = shown.get(whole_number(first(form, f"p{item.position}-{SHOWN}")), {})
        last = own.get(item.id)
        saved = [before, current.get(item.id, {}), clean_parts(last.payload) if last else before]
        if filled_parts(parts) not in [filled_parts(one) for one in saved]:
            local = whole_number(first(form, f"p{item.position}-{LOCAL}"))
            following = 1 + (last.seq if last else 0)
            number = local if following <= local <= saving.MAX_COUNT else following
            events.append(saving.AnswerEvent(item.position, saving.Place(lease, number), parts))
    return Batch(lease, tuple(events), "save")


def changed_flags(form: Form, sitting: Sitting, page: int) -> Mapping[int, bool]:
    """Return the places of a page whose flag was set or taken away."""
    shown = [item.position for item in sitting.items if item.page == page and f"p{item.position}-{SHOWN}" in form]
    flags = {place: f"p{place}-{FLAG}" in form for place in shown}
    return {place: flagged for place, flagged in flags.items() if flagged != sitting.items[place - 1].flagged}


def script_batches(form: Form, kind: str) -> list[Batch]:
    """Return the answers that the page's script sends: its own and those of earlier pages that the device still held."""
    try:
        sent = json.loads(first(form, "events") or "[]")
    except (ValueError, RecursionError):
        raise Invalid(INCOMPLETE) from None
    by_lease: dict[int, list[Any]] = {}
    for entry in sent if isinstance(sent, list) else []:
        by_lease.setdefault(_own_lease(entry) or lease_of(form), []).append(entry)
    return [_script_batch(lease, entries, kind) for lease, entries in by_lease.items()]


def _own_lease(entry: object) -> int | None:
    lease = entry.get("lease") if isinstance(entry, dict) else None
    return lease if isinstance(lease, int) and not isinstance(lease, bool) and 0 < lease < MAX_LEASE else None


def _script_batch(lease: int, entries: list[Any], kind: str) -> Batch:
    events = tuple(
        saving.AnswerEvent(event.item, event.sequence, clean_parts(event.payload)) for event in saving.read_events(lease, entries)
    )
    times = [time for entry in entries if isinstance(entry, dict) and isinstance(time := entry.get("client_time"), str)]
    return Batch(lease, events, kind, max((time for time in times if time.isprintable()), default=""))


class MarkForm(SentForm):
    """The mark that a person gives; the levels of a rubric stand beside it, as fields of their own."""

    points = LineField(lazy_("Mark"), [Length(max=40, message=lazy_("Use at most %(max)d characters."))])
    comment = TextAreaField(lazy_("Comment for the learner"), [Length(max=10_000, message=lazy_("Use at most %(max)d characters."))])
    reason = LineField(lazy_("Reason"), [Length(max=500, message=lazy_("Use at most %(max)d characters."))])
    seen = HiddenField()

    @property
    def words(self) -> str:
        """Return the comment, cleaned."""
        return clean_text(self.comment.data or "", lines=True)


def chosen_levels(form: Form, rubric: Sequence[Criterion]) -> dict[str, int]:
    """Return the levels that a form chooses, by criterion the place from 0; `level-1` is the field of the first criterion."""
    given = {criterion.key: first(form, f"level-{at}") for at, criterion in enumerate(rubric, 1)}
    levels = {key: whole_number(text, otherwise=-1) for key, text in given.items()}
    return {criterion.key: level for criterion in rubric if 0 <= (level := levels[criterion.key]) < len(criterion.levels)}


_TOO_LONG = lazy_("Use at most %(max)d characters.")


class RegradeForm(SentForm):
    """What is to be marked again: how, by which version, which marks then hold, and why."""

    kind = RadioField(lazy_("What is to be done?"), choices=[])
    version = SelectField(lazy_("The version that judges"), choices=[], validate_choice=False)
    policy = RadioField(
        lazy_("Which marks hold then?"),
        choices=[
            SelectChoice(value=RegradePolicy.REPLACE.value, label=lazy_("The new ones replace the old ones")),
            SelectChoice(value=RegradePolicy.KEEP_BEST.value, label=lazy_("Of each question the better one")),
            SelectChoice(value=RegradePolicy.ONLY_RAISE.value, label=lazy_("The new ones, only in attempts whose total rises")),
        ],
        default=RegradePolicy.REPLACE.value,
    )
    with_manual = BooleanField(lazy_("Also what a person marked"))
    reason = LineField(lazy_("Reason"), [DataRequired(lazy_("Say why: it stays in the record.")), Length(max=500, message=_TOO_LONG)])

    def offer(self, kinds: Sequence[RegradeKind], versions: Sequence[tuple[str, str]]) -> None:
        """Offer what can be done to a question, and its versions; the first of each is chosen."""
        words = {
            RegradeKind.OTHER: lazy_("Judge the answers by another version"),
            RegradeKind.SAME: lazy_("Judge the answers again by their own version"),
            RegradeKind.FULL_CREDIT: lazy_("Annul it: full credit for everybody"),
            RegradeKind.REMOVED: lazy_("Annul it: leave it out of the total"),
        }
        self.kind.choices = [SelectChoice(value=kind.value, label=words[kind]) for kind in kinds]
        self.kind.data = self.kind.data or kinds[0].value
        self.version.choices = [SelectChoice(value=number, label=label) for number, label in versions]


class ReasonForm(SentForm):
    """Why somebody of the staff does something to an attempt."""

    reason = LineField(lazy_("Reason"), [DataRequired(lazy_("Say why: it stays in the record.")), Length(max=500, message=_TOO_LONG)])


class SettlementForm(SentForm):
    """What an administrator decided about a certificate."""

    note = LineField(lazy_("What was decided"), [DataRequired(lazy_("Say what was decided and why.")), Length(max=500, message=_TOO_LONG)])
