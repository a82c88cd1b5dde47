"""Forms of waivers and recognitions: what somebody asks for, and what another decides."""

from collections.abc import Mapping, Sequence
from datetime import date

from wtforms import BooleanField, DateField, RadioField, SelectField, TextAreaField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import InputRequired, Length, Optional

from compliance.rules.claim_words import DAY_FAULTS, KINDS
from compliance.rules.claims import WaiverKind, achievement_fault, longest_waived_day, waiver_fault
from compliance.services.evidence import ACCEPTED, EvidenceFile, EvidenceRefusal
from compliance.services.recognitions import RecognitionValues, UploadedRecognitionList
from compliance.services.waivers import WaiverValues
from kernel.errors import N_
from kernel.i18n import _, enumeration, format_date, lazy_
from kernel.web.forms import FileField, Form, LineField, clean_text, whole_number

_AT_MOST = lazy_("Use at most %(max)d characters.")
DAYS = ["%Y-%m-%d", "%d/%m/%Y"]
"""Forms of a day: as browsers send it, and as people without such a field type it."""
REFUSALS: Mapping[EvidenceRefusal, str] = {
    EvidenceRefusal.KIND: N_("Files of this kind are not accepted. Send one of these: %(kinds)s."),
    EvidenceRefusal.CONTENT: N_("The file is damaged, or it is not what its name says. Save it again and send it."),
    EvidenceRefusal.SIZE: N_("The file is larger than 10 MB. Send a smaller one."),
    EvidenceRefusal.EMPTY: N_("The file is empty."),
    EvidenceRefusal.PERSON_FULL: N_("Your files take all the room that one person has. Withdraw some, or write the document's number."),
    EvidenceRefusal.INSTITUTION_FULL: N_("Your institution's files take all the room it has. Write the document's number instead."),
}


def _cleaned(text: str | None) -> str:
    return clean_text(text or "", lines=True)


class EvidenceForm(Form):
    """The proof of a waiver or recognition: the number of a document, a file, or both."""

    document = LineField(lazy_("Number of the document"), [Length(max=100, message=_AT_MOST)])
    evidence = FileField(lazy_("File"))

    def uploaded_file(self) -> tuple[str, bytes] | None:
        """Return the name and the content of what was sent; None where it is nothing."""
        sent = self.evidence.data
        name = clean_text(str(getattr(sent, "filename", "") or ""))
        return (name, sent.read()) if name else None

    def refuse_evidence(self, refusal: EvidenceRefusal) -> None:
        """Say why the file is not taken."""
        self.refuse(self.evidence, _(REFUSALS[refusal], kinds=enumeration([kind.upper() for kind in ACCEPTED])))

    def requires_proof(self) -> bool:
        """Say whether neither a number nor a file was sent, and say so in the form."""
        if self.document.data or getattr(self.evidence.data, "filename", ""):
            return False
        self.refuse(self.document, _("Write the number of the document, or send a file."))
        return True


class WaiverForm(EvidenceForm):
    """A waiver that somebody asks for."""

    kind = SelectField(lazy_("Reason"), choices=[])
    obligation = SelectField(lazy_("From what"), choices=[], default="")
    words = TextAreaField(lazy_("Explanation"), [Length(max=1000, message=_AT_MOST)], filters=[_cleaned])
    first_on = DateField(lazy_("First day"), [InputRequired(lazy_("Enter a day."))], format=DAYS)
    last_on = DateField(lazy_("Last day"), [Optional()], format=DAYS)

    def offer(self, obligations: Mapping[int, str]) -> None:
        """Let these obligations be chosen, or every one."""
        self.kind.choices = [SelectChoice(value=kind.value, label=_(label)) for kind, label in KINDS.items()]
        every = SelectChoice(value="", label=_("All my compulsory training"))
        self.obligation.choices = [every, *(SelectChoice(value=str(number), label=title) for number, title in obligations.items())]

    def validate_words(self, field: TextAreaField) -> None:
        """Ask for words where the reason is another one."""
        if self.kind.data == WaiverKind.OTHER.value and not field.data:
            raise ValidationError(_("Say in a few words what the reason is."))

    def validate_last_on(self, field: DateField) -> None:
        """Refuse days that no waiver may have (spec/compulsory 18)."""
        if self.first_on.data is None:
            return
        fault = waiver_fault(self.first_on.data, field.data)
        if fault is not None:
            raise ValidationError(_(DAY_FAULTS[fault], day=format_date(longest_waived_day(self.first_on.data))))

    def command(self, evidence: EvidenceFile | None) -> WaiverValues:
        """Return what is asked for."""
        assert self.first_on.data is not None
        chosen = whole_number(self.obligation.data or "") or None
        return WaiverValues(
            WaiverKind(self.kind.data),
            self.first_on.data,
            self.last_on.data,
            chosen,
            self.words.data or "",
            self.document.data or "",
            evidence,
        )


class RecognitionForm(EvidenceForm):
    """Learning elsewhere that somebody asks to have recognised."""

    course = SelectField(lazy_("Course that it should count as"), choices=[])
    achieved_on = DateField(lazy_("Day on which it was completed"), [InputRequired(lazy_("Enter a day."))], format=DAYS)
    issuer = LineField(
        lazy_("Institution that certifies it"),
        [InputRequired(lazy_("Enter the institution.")), Length(max=200, message=_AT_MOST)],
    )

    def offer(self, courses: Sequence[tuple[int, str]], today: date) -> None:
        """Let these courses be chosen, and no day after today."""
        self.course.choices = [SelectChoice(value=str(number), label=title) for number, title in courses]
        self._today = today

    def validate_achieved_on(self, field: DateField) -> None:
        """Refuse a day on which nothing can have been achieved (spec/compulsory 18)."""
        fault = achievement_fault(field.data, self._today) if field.data else None
        if fault is not None:
            raise ValidationError(_("The day cannot be in the future or before 1950."))

    def command(self, evidence: EvidenceFile | None) -> RecognitionValues:
        """Return what is asked for."""
        assert self.achieved_on.data is not None
        return RecognitionValues(
            whole_number(self.course.data or ""), self.achieved_on.data, self.issuer.data or "", self.document.data or "", evidence
        )


class ClaimDecisionForm(Form):
    """The decision on a waiver or recognition."""

    decision = RadioField(
        lazy_("Your decision"),
        choices=[SelectChoice(value="approve", label=lazy_("Approve")), SelectChoice(value="refuse", label=lazy_("Do not approve"))],
        validators=[InputRequired(lazy_("Choose one."))],
    )
    words = TextAreaField(lazy_("Your answer"), [Length(max=1000, message=_AT_MOST)], filters=[_cleaned])

    @property
    def approves(self) -> bool:
        """Say whether it is approved."""
        return bool(self.decision.data == "approve")

    def validate_words(self, field: TextAreaField) -> None:
        """Ask for the reason of a refusal (spec/compulsory 4.10)."""
        if self.decision.data == "refuse" and not field.data:
            raise ValidationError(_("Say why it is not approved."))


class ClaimRevocationForm(Form):
    """The words with which a waiver or recognition is revoked."""

    words = TextAreaField(
        lazy_("Reason"),
        [InputRequired(lazy_("Say why it is revoked.")), Length(max=1000, message=_AT_MOST)],
        filters=[_cleaned],
    )
    sure = BooleanField(lazy_("I understand that it no longer counts from today."), [InputRequired(lazy_("Tick the box to continue."))])


class RecognitionListForm(Form):
    """A list of recognitions of many people."""

    file = FileField(lazy_("File"))

    def upload(self) -> UploadedRecognitionList | None:
        """Return what was sent; None, with the fault in the form, where it is nothing."""
        sent = self.file.data
        name = clean_text(str(sent.filename or ""))[-120:] if sent else ""
        if not name:
            self.refuse(self.file, _("Choose a file."))
            return None
        return UploadedRecognitionList(name, sent.read())
