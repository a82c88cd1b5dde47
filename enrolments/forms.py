"""Forms of enrolments."""

import re
from collections.abc import Sequence
from contextlib import suppress
from datetime import date, datetime
from decimal import Decimal
from typing import Any

from wtforms import BooleanField, RadioField, SelectField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, InputRequired, Length

from enrolments.models import Edition, ManualGradeItem, MistakeKind, MistakeState, PersonalReminder
from enrolments.queries.calendar import CourseChoice
from enrolments.queries.learning import GroupRow
from enrolments.services.editions import EditionValues
from enrolments.services.grade_items import GradeItemValues
from enrolments.services.mistakes import MistakeDecision, MistakeValues
from enrolments.services.reminders import ReminderValues
from enrolments.wording import MISTAKE_KINDS
from kernel.i18n import _, choose, lazy_, number
from kernel.web.forms import FileField, Form, LineField, MomentField, WholeField, clean_text


class WordsField(TextAreaField):
    """Several lines of text, cleaned."""

    def process_formdata(self, valuelist: list[Any]) -> None:
        """Take the first value, cleaned, without empty lines around it."""
        self.data = clean_text(str(valuelist[0]), lines=True) if valuelist else ""


class GroupForm(Form):
    """The name of a group."""

    name = LineField(
        lazy_("Name of the group"),
        [DataRequired(lazy_("Give the group a name.")), Length(max=100, message=lazy_("Use at most %(max)d characters."))],
    )


class EditionForm(Form):
    """An edition: its name, who gets in and when, when it is given, and for how many."""

    name = LineField(
        lazy_("Name of the edition"),
        [DataRequired(lazy_("Give the edition a name.")), Length(max=100, message=lazy_("Use at most %(max)d characters."))],
    )
    starts_at = MomentField(lazy_("Begins"))
    ends_at = MomentField(lazy_("Ends"))
    self_enrolment = BooleanField(lazy_("Anyone who can see the course can enrol"))
    enrols_from = MomentField(lazy_("Enrolment opens"))
    enrols_until = MomentField(lazy_("Enrolment closes"))
    capacity = WholeField(lazy_("Places"), least=1, most=1_000_000)

    def validate_ends_at(self, field: MomentField) -> None:
        """Refuse an end before the beginning."""
        _refuse_disorder(self.starts_at, field)

    def validate_enrols_until(self, field: MomentField) -> None:
        """Refuse an enrolment that closes before it opens."""
        _refuse_disorder(self.enrols_from, field)

    def show(self, edition: Edition) -> None:
        """Fill the form with an edition."""
        self.name.data, self.self_enrolment.data = edition.name, edition.self_enrolment
        self.capacity.data = "" if edition.capacity is None else str(edition.capacity)
        self.starts_at.data, self.ends_at.data = MomentField.format_moment(edition.starts_at), MomentField.format_moment(edition.ends_at)
        self.enrols_from.data = MomentField.format_moment(edition.enrols_from)
        self.enrols_until.data = MomentField.format_moment(edition.enrols_until)

    def command(self) -> EditionValues:
        """Return what the edition is to be."""
        return EditionValues(
            name=self.name.data or "",
            self_enrolment=bool(self.self_enrolment.data),
            enrols_from=self.enrols_from.moment,
            enrols_until=self.enrols_until.moment,
            starts_at=self.starts_at.moment,
            ends_at=self.ends_at.moment,
            capacity=self.capacity.number,
        )


def _refuse_disorder(first: MomentField, last: MomentField) -> None:
    if first.moment is not None and last.moment is not None and last.moment <= first.moment:
        raise ValidationError(_("This must be after “%(field)s”.", field=first.label.text))


class EditionCodeForm(Form):
    """The code of an edition."""

    code = LineField(lazy_("Code"), [InputRequired(lazy_("Enter the code."))])


class EnrolmentListForm(Form):
    """A list of people to enrol: a file, or addresses typed or pasted; and the edition."""

    edition = SelectField(lazy_("Edition"), choices=[])
    file = FileField(lazy_("File (CSV or Excel)"))
    addresses = TextAreaField(lazy_("Or paste the addresses here, one per line"))

    def offer(self, editions: Sequence[Edition]) -> None:
        """Let these editions be chosen, or none."""
        none = SelectChoice(value="", label=_("No edition"))
        self.edition.choices = [none, *(SelectChoice(value=str(edition.uuid), label=edition.name) for edition in editions)]

    def upload(self) -> tuple[str, bytes] | None:
        """Return name and content of what was sent; None, with the fault in the form, where it is nothing."""
        sent = self.file.data
        name = str(sent.filename or "") if sent else ""
        if name:
            return clean_text(name)[-120:] or "lista.csv", sent.read()
        typed = (self.addresses.data or "").strip()
        if typed:
            return _("Pasted addresses"), typed.encode()
        self.refuse(self.file, _("Choose a file, or paste addresses."))
        return None


class LearnerMessageForm(Form):
    """A message to learners."""

    heading = LineField(
        lazy_("Title"), [DataRequired(lazy_("Give it a title.")), Length(max=150, message=lazy_("Use at most %(max)d characters."))]
    )
    words = WordsField(
        lazy_("Text"),
        [DataRequired(lazy_("Write the announcement.")), Length(max=5000, message=lazy_("Use at most %(max)d characters."))],
    )


class AnnouncementForm(LearnerMessageForm):
    """An announcement, and for whom it is."""

    edition = SelectField(lazy_("Edition"), choices=[], default="")
    group = SelectField(lazy_("Group"), choices=[], default="")
    only_open = BooleanField(lazy_("Only learners who have not completed the course"))

    def offer(self, editions: Sequence[Edition], groups: Sequence[GroupRow]) -> None:
        """Let these editions and groups be chosen, or all."""
        all_ = SelectChoice(value="", label=_("All"))
        self.edition.choices = [all_, *(SelectChoice(value=str(row.uuid), label=row.name) for row in editions)]
        self.group.choices = [all_, *(SelectChoice(value=str(row.uuid), label=row.name) for row in groups)]


NUMBER = re.compile(r"[0-9]{1,6}(?:[.,][0-9]{1,4})?")


def read_decimal(text: str) -> Decimal | None:
    """Return a number with at most four decimals, after a comma or a point; None where it is none."""
    return Decimal(text.replace(",", ".")) if NUMBER.fullmatch(text) else None


class DecimalField(LineField):
    """A number from `least` to `most`; `value` is what was read."""

    def __init__(self, label: str, validators: Any = None, *, least: Decimal, most: Decimal, **options: Any) -> None:
        super().__init__(label, validators, **options)
        self.least, self.most = least, most
        self.render_kw = {"inputmode": "decimal", "autocomplete": "off", **(self.render_kw or {})}

    @property
    def value(self) -> Decimal | None:
        """Return the number that was typed, or nothing."""
        return read_decimal(self.data or "")

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what is not a number in its bounds."""
        if self.data and (self.value is None or not self.least <= self.value <= self.most):
            raise ValidationError(_("Enter a number from %(least)s to %(most)s.", least=number(self.least), most=number(self.most)))


class ResultOverrideForm(Form):
    """The result that the team sets, or that what was earned counts again; and why."""

    score = DecimalField(lazy_("Result as a percentage"), least=Decimal(0), most=Decimal(100))
    reason = LineField(
        lazy_("Reason"),
        [
            DataRequired(lazy_("Give a reason. The learner will see it, and it is kept in the audit log.")),
            Length(max=500, message=lazy_("Use at most %(max)d characters.")),
        ],
    )

    def refuse_missing(self) -> bool:
        """Add the fault that no result was written, and say whether there is it."""
        if not self.score.data:
            self.refuse(self.score, _("Enter the result that should count."))
        return bool(self.score.errors)


class GradeItemForm(Form):
    """An item that is marked by hand alone."""

    heading = LineField(
        lazy_("Title"), [DataRequired(lazy_("Give it a title.")), Length(max=150, message=lazy_("Use at most %(max)d characters."))]
    )
    maximum = DecimalField(
        lazy_("Maximum mark"), [InputRequired(lazy_("Enter the maximum mark."))], least=Decimal("0.0001"), most=Decimal(100_000)
    )
    weight = DecimalField(
        lazy_("Weight"), [InputRequired(lazy_("Enter a weight; 0 means it does not count."))], least=Decimal(0), most=Decimal(100_000)
    )
    category = SelectField(lazy_("Part of the grade"), choices=[], default="")
    due_at = MomentField(lazy_("Due"))

    def offer(self, parts: Sequence[tuple[str, str]]) -> None:
        """Let these parts of the grade be chosen."""
        self.category.choices = [("", _("Choose")), *parts] if parts else [("", _("All weighted activities"))]

    def validate_category(self, field: SelectField) -> None:
        """Refuse no part where the course has parts: it would count nothing."""
        if not field.data and len(field.choices or ()) > 1:
            raise ValidationError(_("Choose the part of the grade it counts towards."))

    def show(self, item: ManualGradeItem) -> None:
        """Fill the form with an item."""
        self.heading.data, self.category.data = item.title, item.category
        self.maximum.data, self.weight.data = (_plain(value) for value in (item.maximum, item.weight))
        self.due_at.data = MomentField.format_moment(item.due_at)

    def plan(self) -> GradeItemValues:
        """Return what the item is to be."""
        return GradeItemValues(
            title=self.heading.data or "",
            maximum=self.maximum.value or Decimal(0),
            weight=self.weight.value or Decimal(0),
            category=self.category.data or "",
            due_at=self.due_at.moment,
        )


def _plain(value: Decimal) -> str:
    return f"{value.normalize():f}"


class LearnerNoteForm(Form):
    """A note of the team on a learner."""

    words = WordsField(
        lazy_("New note"),
        [DataRequired(lazy_("Write the note.")), Length(max=2000, message=lazy_("Use at most %(max)d characters."))],
    )


class RetakeForm(Form):
    """The reason why a learner is to take a course again."""

    reason = LineField(
        lazy_("Reason"),
        [
            DataRequired(lazy_("Give a reason. It is recorded in the audit log.")),
            Length(max=500, message=lazy_("Use at most %(max)d characters.")),
        ],
    )


class CompletionDecisionForm(RetakeForm):
    """The reason of a decision on the completion of an earlier take."""


SHORTEST_REPORT = 10
LONGEST_REPORT = 2000


class MistakeForm(Form):
    """A mistake report: its kind, the heading under which the mistake stands, and what is wrong."""

    kind = RadioField(lazy_("What kind of mistake is it?"), [InputRequired(lazy_("Choose one."))], choices=[])
    heading = SelectField(lazy_("Where in the lesson"), choices=[], default="")
    words = WordsField(
        lazy_("What is wrong, and what should it say?"),
        [
            DataRequired(lazy_("Write what is wrong.")),
            Length(min=SHORTEST_REPORT, message=lazy_("Write at least %(min)d characters.")),
            Length(max=LONGEST_REPORT, message=lazy_("Use at most %(max)d characters.")),
        ],
    )

    def offer(self, headings: Sequence[tuple[str, str]], *, marked: bool) -> None:
        """Let these headings be chosen, each by its address; wrong marking only where something is marked."""
        kinds = [kind for kind in MistakeKind if marked or kind is not MistakeKind.MARKING]
        self.kind.choices = [(kind.value, _(MISTAKE_KINDS[kind])) for kind in kinds]
        self.heading.choices = [("", _("In the whole lesson")), *headings]

    def command(self) -> MistakeValues:
        """Return what is reported."""
        return MistakeValues(MistakeKind(self.kind.data), self.words.data or "", self.heading.data or None)


class MistakeDecisionForm(Form):
    """A decision on mistake reports: what becomes of them, which version corrected the mistake, and words for who reported it."""

    decision = RadioField(lazy_("What do you decide?"), [InputRequired(lazy_("Choose one."))], choices=[])
    version = SelectField(lazy_("Corrected in"), choices=[], default="")
    answer = WordsField(lazy_("Answer of the course team"), [Length(max=LONGEST_REPORT, message=lazy_("Use at most %(max)d characters."))])

    def offer(self, state: MistakeState, versions: Sequence[tuple[str, str]]) -> None:
        """Let what may follow a state be chosen, and one of these versions."""
        accept = [] if state is MistakeState.ACCEPTED else [(MistakeState.ACCEPTED.value, _("It is a mistake and will be corrected"))]
        self.decision.choices = [
            *accept,
            (MistakeState.CORRECTED.value, _("It has already been corrected")),
            (MistakeState.DECLINED.value, _("Nothing will be changed")),
        ]
        self.version.choices = [("", _("Without a new version, for example by a regrade")), *versions]

    def suggest_correction(self) -> None:
        """Fill in that the newest version corrected it."""
        versions = [str(choice[0]) for choice in self.version.choices or ()]
        self.decision.data, self.version.data = MistakeState.CORRECTED.value, versions[1] if len(versions) > 1 else ""

    def validate_answer(self, field: WordsField) -> None:
        """Refuse to decline without a reason."""
        if not field.data and self.decision.data == MistakeState.DECLINED.value:
            raise ValidationError(_("Write why nothing will be changed."))

    def command(self) -> MistakeDecision:
        """Return the decision."""
        state = MistakeState(self.decision.data)
        version = int(self.version.data) if state is MistakeState.CORRECTED and self.version.data else None
        return MistakeDecision(state, self.answer.data or "", version)


class ReminderForm(Form):
    """A reminder that people write for themselves."""

    words = LineField(
        lazy_("What to remember"),
        [DataRequired(lazy_("Write what you want to remember.")), Length(max=200, message=lazy_("Use at most %(max)d characters."))],
    )
    at = MomentField(lazy_("Day and time"), [DataRequired(lazy_("Choose the day and time."))])
    course = SelectField(lazy_("Course"), choices=[], default="")

    def offer(self, courses: Sequence[CourseChoice]) -> None:
        """Let these courses be chosen, or none."""
        self.course.choices = [("", _("No course")), *((str(course.id), choose(course.title)) for course in courses)]

    def begin(self, day: str) -> None:
        """Fill in the morning of a day that was chosen in the calendar."""
        with suppress(ValueError):
            self.at.data = f"{date.fromisoformat(day).isoformat()}T09:00"

    def show(self, reminder: PersonalReminder) -> None:
        """Fill the form with a reminder; its course can stay, whether it is still taken or not."""
        self.words.data, self.at.data = reminder.words, MomentField.format_moment(reminder.at)
        self.course.data = "" if reminder.course_id is None else str(reminder.course_id)

    def is_to_come(self, now: datetime, reminder: PersonalReminder | None = None) -> bool:
        """Refuse a moment that is over, unless the reminder has it already."""
        known = reminder is not None and self.at.data == MomentField.format_moment(reminder.at)
        if known or (self.at.moment or now) > now:
            return True
        self.refuse(self.at, _("Choose a moment that is still to come."))
        return False

    def command(self) -> ReminderValues:
        """Return what the reminder is to be."""
        assert self.at.moment is not None
        return ReminderValues(self.words.data or "", self.at.moment, int(self.course.data) if self.course.data else None)
