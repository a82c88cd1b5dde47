"""Forms of obligations: a draft or a further version in plain words, an end, who answers for it."""

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from urllib.parse import urlsplit

from wtforms import BooleanField, DateField, HiddenField, RadioField, SelectField, SelectMultipleField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Optional
from wtforms.widgets import CheckboxInput

from compliance.obligations import MOST_VERSIONS, EnrolmentMode, ObligationValues, OfferedCourse
from compliance.rules.terms import (
    MOST_DAYS,
    AllRequirement,
    AnyRequirement,
    CourseRequirement,
    DeadlineAnchor,
    ExistingCompletions,
    ObligationTerms,
    RelativeDeadline,
    Requirement,
    TermsFault,
    TermsFaultKind,
    YearDay,
    courses_of,
    find_faults,
)
from enrolments.models import Edition
from kernel.clock import FIRST_DAY, LAST_DAY
from kernel.durations import Duration, RenewalBasis
from kernel.errors import N_
from kernel.i18n import _, choose, format_date, lazy_
from kernel.i18n import zone_name as name_of_zone
from kernel.web.forms import DAYS, Form, LineField, WholeField, area, at_most, clean_text, line, whole_number
from organisations.models import Audience

MOST_MONTHS, MOST_NUMBER = 120, 3650
LONG = at_most(1000)
MEDIUM = at_most(500)
SHORT = at_most(150)
KEY = at_most(64)
UNITS = (SelectChoice(value="months", label=lazy_("months")), SelectChoice(value="days", label=lazy_("days")))
_KEY = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*\Z")
_STEPS = re.compile(r"[\s,;]+")

FAULTS: Mapping[TermsFaultKind, str] = {
    TermsFaultKind.ENDS_BEFORE_START: N_("It would end before it begins. Choose a later day, or leave it empty."),
    TermsFaultKind.DEADLINE_BEFORE_START: N_("This day is before it begins. Choose %(day)s or later."),
    TermsFaultKind.DEADLINE_AFTER_END: N_("By this day it no longer applies. Choose an earlier day, or let it end later."),
    TermsFaultKind.DEADLINE_TOO_NEAR: N_(
        "People would have less time than the days of notice promise. Choose %(day)s or later, or lower the days of notice."
    ),
    TermsFaultKind.NO_TIME: N_("Give at least one day or one month."),
    TermsFaultKind.NO_VALIDITY: N_("It has to be valid for at least one day or one month. Leave it empty if it never expires."),
    TermsFaultKind.WINDOW_TOO_LONG: N_("The window has to be shorter than the validity: otherwise renewal would be due at once."),
    TermsFaultKind.MINIMUM_TOO_SHORT: N_("It has to be longer than the renewal window: otherwise renewal would be due at once."),
    TermsFaultKind.OUT_OF_BOUNDS: N_("Enter a number of days from 0 to 365."),
    TermsFaultKind.TOO_FEW_COURSES: N_("Choose at least two courses, or say that it is one course."),
    TermsFaultKind.COUNTS_TOO_LATE: N_("No one could be done by the last day. Choose %(day)s or earlier, or leave it empty."),
    TermsFaultKind.STEPS: N_("Enter at most six different numbers from 1 to 365, separated by commas."),
}


def describe_fault(fault: TermsFault) -> str:
    """Return a fault of the terms in the reader's language."""
    day = format_date(fault.earliest) if fault.earliest is not None else ""
    return _(FAULTS[fault.kind], day=day) if "%(day)s" in FAULTS[fault.kind] else _(FAULTS[fault.kind])


@dataclass(frozen=True, slots=True)
class FormOffer:
    """The choices of an obligation's form."""

    audiences: Sequence[Audience]
    courses: Sequence[OfferedCourse]
    editions: Sequence[Edition]
    zones: Sequence[str]


def _days(label: str, usual: int) -> WholeField:
    return WholeField(lazy_(label), [InputRequired(lazy_("Enter a number of days from 0 to 365."))], most=MOST_DAYS, default=str(usual))


class ObligationForm(Form):
    """Everything that a version of an obligation says, in the words of an office."""

    seen = HiddenField()
    """How often the obligation had been changed when it was opened."""
    title_es = line(lazy_("Title in Spanish"), most=150, required=lazy_("Give it a title."))
    title_en = line(lazy_("Title in English"), most=150)
    audience = SelectField(lazy_("Who has to do it"), choices=[])
    requirement = RadioField(
        lazy_("What they have to complete"),
        choices=[
            SelectChoice(value="one", label=lazy_("One course")),
            SelectChoice(value="any", label=lazy_("Any one of several courses")),
            SelectChoice(value="all", label=lazy_("All of several courses")),
        ],
        default="one",
    )
    courses = SelectMultipleField(lazy_("Courses"), choices=[], option_widget=CheckboxInput())
    starts = DateField(lazy_("Begins on"), [InputRequired(lazy_("Give a date."))], format=DAYS)
    deadline = RadioField(
        lazy_("Deadline"),
        choices=[
            SelectChoice(value="fixed", label=lazy_("The same last day for everyone")),
            SelectChoice(value="relative", label=lazy_("A time for each person")),
        ],
        default="fixed",
    )
    deadline_on = DateField(lazy_("Last day"), [Optional()], format=DAYS)
    deadline_number = WholeField(lazy_("Time to complete it"), [Optional()], most=MOST_NUMBER, default="30")
    deadline_unit = SelectField(lazy_("Days or months"), choices=list(reversed(UNITS)), default="days")
    deadline_anchor = SelectField(
        lazy_("Counted from"),
        choices=[
            SelectChoice(value="entry", label=lazy_("the day of entry into the institution")),
            SelectChoice(value="join", label=lazy_("the day on which the person joins the audience")),
            SelectChoice(value="enrol", label=lazy_("the day of enrolment in the course")),
        ],
    )
    validity = WholeField(lazy_("Valid for"), [Optional()], most=MOST_NUMBER)
    validity_unit = SelectField(lazy_("Months or days"), choices=list(UNITS), default="months")
    basis = RadioField(
        lazy_("How a renewal counts"),
        choices=[
            SelectChoice(value="expiry", label=lazy_("From the day on which it would have expired")),
            SelectChoice(value="completion", label=lazy_("From the day on which it is done again")),
            SelectChoice(value="day", label=lazy_("Until a day of the year that is the same for everyone")),
        ],
        default="expiry",
    )
    basis_on = LineField(lazy_("Day of the year"))
    minimum = WholeField(lazy_("Valid at least"), [Optional()], most=MOST_NUMBER)
    minimum_unit = SelectField(lazy_("Unit of the shortest validity"), choices=list(UNITS), default="months")
    window = _days(N_("Renewal window in days"), 60)
    grace = _days(N_("Days of grace"), 0)
    words_es = area(lazy_("What people read about it, in Spanish"), most=1000)
    words_en = area(lazy_("What people read about it, in English"), most=1000)
    legal_es = area(lazy_("Legal basis in Spanish"), most=500)
    legal_en = area(lazy_("Legal basis in English"), most=500)
    legal_url = line(lazy_("Link to the legal basis"), most=500)
    enrolment = RadioField(
        lazy_("Enrolment"),
        choices=[
            SelectChoice(value="automatic", label=lazy_("The platform enrols people when their time begins")),
            SelectChoice(value="offered", label=lazy_("People enrol themselves")),
        ],
        default="automatic",
    )
    edition = SelectField(lazy_("Edition"), choices=[])
    steps = LineField(lazy_("Reminders, in days before the last day"), default="30, 7, 1")
    is_escalated = BooleanField(lazy_("Notify heads of units about people who are overdue"), default=True)
    owner = LineField(lazy_("Person in charge: staff number or email"), [InputRequired(lazy_("Say who is in charge."))])
    ends = DateField(lazy_("Applies until"), [Optional()], format=DAYS)
    counts_from = DateField(lazy_("What was completed counts from"), [Optional()], format=DAYS)
    existing = RadioField(
        lazy_("People who completed an earlier version"),
        choices=[
            SelectChoice(value="keep", label=lazy_("What they completed counts")),
            SelectChoice(value="again", label=lazy_("They take the course again")),
        ],
        default="keep",
    )
    transition = _days(N_("Days to take it again"), 60)
    notice = _days(N_("Days of notice"), 15)
    gap = _days(N_("Days of absence that do not interrupt"), 30)
    zone = SelectField(lazy_("Time zone of its days"), choices=[])
    is_retroactive = BooleanField(lazy_("It applies from a day before it is approved"))
    reason = line(lazy_("Reason"), most=1000)

    def offer(self, offer: FormOffer) -> None:
        """Let these audiences, courses, editions and zones be chosen."""
        titles = {course.id: choose(course.title) for course in offer.courses}
        self.audience.choices = [
            SelectChoice(value=str(audience_choice.uuid), label=choose(audience_choice.title)) for audience_choice in offer.audiences
        ]
        self.courses.choices = [
            SelectChoice(value=course_choice.slug, label=choose(course_choice.title)) for course_choice in offer.courses
        ]
        self.edition.choices = [SelectChoice(value="", label=_("No edition: the course at any time"))] + [
            SelectChoice(value=str(edition_choice.uuid), label=f"{titles.get(edition_choice.course_id, '')} · {edition_choice.name}")
            for edition_choice in offer.editions
        ]
        self.zone.choices = [SelectChoice(value="", label=_("That of each person's unit"))] + [
            SelectChoice(value=zone, label=name_of_zone(zone)) for zone in offer.zones
        ]

    def validate_legal_url(self, field: LineField) -> None:
        """Let a link be one of the web."""
        parts = urlsplit(field.data or "")
        if field.data and (parts.scheme not in ("http", "https") or not parts.hostname):
            raise ValidationError(_("Enter a web address that begins with https://."))

    def validate_courses(self, field: SelectMultipleField) -> None:
        """Ask for a course, and for no more than one where one is enough."""
        if not field.data:
            raise ValidationError(_("Choose a course."))
        if self.requirement.data == "one" and len(field.data) > 1:
            raise ValidationError(_("Choose one course only, or say above that there are several."))

    def validate_basis_on(self, field: LineField) -> None:
        """Let the day of the year be a day and a month, where one is asked for."""
        if self.basis.data == "day" and self._year_day() is None:
            raise ValidationError(_("Enter a day and a month, for example 31/12."))

    def validate_steps(self, field: LineField) -> None:
        """Let reminders be whole numbers."""
        if any(not part.isdigit() or len(part) > len("365") for part in self._step_parts()):
            raise ValidationError(_(FAULTS[TermsFaultKind.STEPS]))

    def _step_parts(self) -> list[str]:
        return [part for part in _STEPS.split(self.steps.data or "") if part]

    def _year_day(self) -> YearDay | None:
        match = re.fullmatch(r"(\d{1,2})[/-](\d{1,2})", self.basis_on.data or "")
        try:
            return None if match is None else _year_day(int(match[2]), int(match[1]))
        except ValueError:
            return None

    def check_days(self, today: date) -> bool:
        """Ask for a last day or a time, for a reason where it applies from before; keep days within the calendar."""
        self._require_in_calendar()
        if self.deadline.data == "fixed" and not self.deadline_on.data and not self.deadline_on.errors:
            self.refuse(self.deadline_on, _("Give a date."))
        if self.deadline.data == "relative" and self.deadline_number.number is None and not self.deadline_number.errors:
            self.refuse(self.deadline_number, _(FAULTS[TermsFaultKind.NO_TIME]))
        field = self.first_day
        if field.data is not None and field.data < today and not self.is_retroactive.data:
            self.refuse(field, _("This day has passed. Choose today or a later day, or say below that it applies from before."))
        if self.is_retroactive.data and not self.reason.data:
            self.refuse(self.reason, _("Give the reason why it applies from before."))
        return not self.faults

    @property
    def first_day(self) -> DateField:
        """Return the field that says from which day on these rules hold."""
        return self.starts

    def _require_in_calendar(self) -> None:
        for field in (self.starts, self.deadline_on, self.ends, self.counts_from):
            if field.data is not None and not FIRST_DAY <= field.data <= LAST_DAY:
                message = _("Enter a date between the years %(first)s and %(last)s.", first=FIRST_DAY.year, last=LAST_DAY.year)
                self.refuse(field, message)

    def values(
        self, offer: FormOffer, lowest: Mapping[str, int], today: date, now: datetime, *, effective_on: date | None = None
    ) -> ObligationValues:
        """Return the typed values as a version; `check_days` has agreed to it."""
        assert self.starts.data is not None
        effective = effective_on or self.starts.data
        editions = {str(edition.uuid): edition.id for edition in offer.editions}
        is_retroactive = bool(self.is_retroactive.data) and effective < today
        return ObligationValues(
            _by_language(self.title_es, self.title_en),
            self._terms(lowest, now, effective),
            _by_language(self.words_es, self.words_en),
            legal_base=_by_language(self.legal_es, self.legal_en),
            legal_url=self.legal_url.data or "",
            zone=self.zone.data or "",
            enrolment=EnrolmentMode(self.enrolment.data),
            edition_id=editions.get(self.edition.data or ""),
            steps=tuple(sorted(map(int, self._step_parts()), reverse=True)),
            is_escalated=bool(self.is_escalated.data),
            is_retroactive=is_retroactive,
            reason=self.reason.data or "",
        )

    def _terms(self, lowest: Mapping[str, int], now: datetime, effective_on: date) -> ObligationTerms:
        assert self.starts.data is not None
        year_day = self._year_day() if self.basis.data == "day" else None
        return ObligationTerms(
            now,
            effective_on,
            self.starts.data,
            self._deadline(),
            self._requirement(),
            ends=self.ends.data,
            counts_from=self.counts_from.data,
            validity=self._validity(is_yearly=year_day is not None),
            basis=year_day or RenewalBasis(self.basis.data if self.basis.data != "day" else "expiry"),
            minimum=_duration(self.minimum.number or 0, self.minimum_unit.data),
            window=self.window.number or 0,
            grace=self.grace.number or 0,
            notice=self.notice.number or 0,
            gap=self.gap.number or 0,
            lowest_versions={course: number for course, number in lowest.items() if course in (self.courses.data or ())},
            existing=ExistingCompletions(self.existing.data),
            transition=self.transition.number or 0,
        )

    def _requirement(self) -> Requirement:
        courses = tuple(map(CourseRequirement, self.courses.data or ()))
        if self.requirement.data == "one":
            return courses[0]
        return AnyRequirement(courses) if self.requirement.data == "any" else AllRequirement(courses)

    def _deadline(self) -> date | RelativeDeadline:
        if self.deadline.data == "fixed":
            assert self.deadline_on.data is not None
            return self.deadline_on.data
        duration = _duration(self.deadline_number.number or 0, self.deadline_unit.data)
        return RelativeDeadline(duration, DeadlineAnchor(self.deadline_anchor.data))

    def _validity(self, *, is_yearly: bool) -> Duration | None:
        if self.validity.number is None:
            return Duration(months=12) if is_yearly else None
        return _duration(self.validity.number, self.validity_unit.data)

    def refuse_faults(self, values: ObligationValues) -> bool:
        """Put what makes no sense in the terms beside its field; return whether all is well."""
        for fault in find_faults(values.terms, values.steps):
            self.refuse(self[fault.field.value], describe_fault(fault))
        return not self.faults


class NewObligationForm(ObligationForm):
    """A draft to write; its key follows from its title where none is typed."""

    key = line(lazy_("Key"), most=64)

    def validate_key(self, field: LineField) -> None:
        """Let a key be words of small letters and digits with hyphens."""
        if field.data and not _KEY.match(field.data):
            raise ValidationError(_("Use lower-case letters without accents, digits and hyphens."))


class ObligationVersionForm(ObligationForm):
    """A further version of an obligation in force, from a day on."""

    effective_on = DateField(lazy_("These changes apply from"), [InputRequired(lazy_("Give a date."))], format=DAYS)

    def offer(self, offer: FormOffer) -> None:
        """Let these courses, editions and zones be chosen; the audience and the person in charge are not a version's."""
        super().offer(offer)
        del self.audience
        del self.owner

    @property
    def first_day(self) -> DateField:
        """Return the field that says from which day on these rules hold."""
        return self.effective_on


class ObligationEndForm(Form):
    """The end of an obligation."""

    seen = HiddenField()
    last_on = DateField(lazy_("Last day on which it applies"), [InputRequired(lazy_("Give a date."))], format=DAYS)
    reason = line(lazy_("Reason"), most=1000, required=lazy_("Give the reason."))


class ObligationOwnerForm(Form):
    """The person who answers for an obligation."""

    owner = LineField(lazy_("Person in charge: staff number or email"), [InputRequired(lazy_("Say who is in charge."))])


class PlannedChangeForm(Form):
    """The number of people that confirms a change."""

    number = LineField(lazy_("Number of people concerned"))

    @property
    def confirmed(self) -> int | None:
        """Return the number that was typed, or nothing; signs between thousands do not matter."""
        digits = re.sub(r"[\s.,]", "", self.number.data or "")
        number = whole_number(digits, -1)
        return None if number < 0 else number


def _by_language(spanish: LineField | TextAreaField, english: LineField | TextAreaField) -> dict[str, str]:
    texts = {"es": clean_text(spanish.data or "", lines=True), "en": clean_text(english.data or "", lines=True)}
    return {code: text for code, text in texts.items() if text}


def _duration(number: int, unit: str) -> Duration:
    return Duration(months=number) if unit == "months" else Duration(days=number)


def _year_day(month: int, day: int) -> YearDay:
    leap_year = 2024
    date(leap_year, month, day)
    return YearDay(month, day)


def lowest_versions(sent: Mapping[str, str], courses: Collection[OfferedCourse]) -> dict[str, int]:
    """Return the lowest version that counts of each course for which one was chosen."""
    chosen = {course.slug: whole_number(sent.get(f"lowest-{course.id}", "")) for course in courses}
    return {course.slug: chosen[course.slug] for course in courses if 0 < chosen[course.slug] <= course.version}


def lowest_version_fields(
    courses: Collection[OfferedCourse], lowest: Mapping[str, int]
) -> list[tuple[str, str, int, list[tuple[int, str]]]]:
    """Return the fields that say from which version of a course on it counts: name, label, what is chosen, and the choices.

    Courses with one version have none.
    """
    return [
        (
            f"lowest-{course.id}",
            choose(course.title),
            lowest.get(course.slug, 0),
            [(0, _("every version counts")), *_numbered(course.version)],
        )
        for course in courses
        if course.version > 1
    ]


def _numbered(newest: int) -> list[tuple[int, str]]:
    return [(number, _("version %(number)s or later", number=number)) for number in range(max(2, newest - MOST_VERSIONS), newest + 1)]


def form_data(values: ObligationValues) -> dict[str, object]:
    """Return a version as the fields of its form."""
    terms, deadline = values.terms, values.terms.deadline
    relative = deadline if isinstance(deadline, RelativeDeadline) else None
    number, unit = _number(relative.duration) if relative is not None else ("30", "days")
    validity, validity_unit = _number(terms.validity) if terms.validity is not None else ("", "months")
    minimum, minimum_unit = _number(terms.minimum)
    kinds = {CourseRequirement: "one", AnyRequirement: "any", AllRequirement: "all"}
    return {
        **{f"title_{code}": values.title.get(code, "") for code in ("es", "en")},
        **{f"words_{code}": values.words.get(code, "") for code in ("es", "en")},
        **{f"legal_{code}": values.legal_base.get(code, "") for code in ("es", "en")},
        **{name: str(getattr(terms, name)) for name in ("window", "grace", "notice", "gap", "transition")},
        "legal_url": values.legal_url,
        "requirement": kinds[type(terms.requirement)],
        "courses": list(courses_of(terms.requirement)),
        "starts": terms.starts,
        "ends": terms.ends,
        "counts_from": terms.counts_from,
        "deadline": "fixed" if relative is None else "relative",
        "deadline_on": deadline if relative is None else None,
        "deadline_number": number,
        "deadline_unit": unit,
        "deadline_anchor": relative.anchor.value if relative is not None else "entry",
        "validity": validity,
        "validity_unit": validity_unit,
        "basis": "day" if isinstance(terms.basis, YearDay) else terms.basis.value,
        "basis_on": f"{terms.basis.day:02}/{terms.basis.month:02}" if isinstance(terms.basis, YearDay) else "",
        "minimum": minimum,
        "minimum_unit": minimum_unit,
        "existing": terms.existing.value,
        "zone": values.zone,
        "enrolment": values.enrolment.value,
        "steps": ", ".join(map(str, values.steps)),
        "is_escalated": values.is_escalated,
        "is_retroactive": values.is_retroactive,
        "reason": values.reason,
    }


def _number(duration: Duration) -> tuple[str, str]:
    if duration.months or not duration.days:
        return str(duration.months or ""), "months"
    return str(duration.days), "days"
