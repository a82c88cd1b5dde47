"""Forms of selections."""

from uuid import UUID

from wtforms import RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import AnyOf, DataRequired, Length, ValidationError

from kernel.i18n import _, lazy_, number
from kernel.web.forms import Form, LineField, as_uuid, clean_text, whole_number
from questions.rules.marking import LONGEST_ADDITION
from selections.models import MemberRole
from selections.rules.objections import LONGEST_REASON, SHORTEST_REASON, ObjectionGround, ObjectionOutcome, words_in
from selections.services.objection_decisions import ProposalValues
from selections.services.objections import ObjectionValues
from selections.wording import GROUNDS, INCIDENT_OUTCOMES, OUTCOMES, PROPOSALS

TOO_LONG = lazy_("Use at most %(max)d characters.")


class SelectionForm(Form):
    """The edition or the group whose results the actas list."""

    people = SelectField(lazy_("Edition or group"), choices=[], validate_choice=False, validators=[DataRequired(lazy_("Choose one."))])

    def chosen(self, kind: str) -> UUID | None:
        """Return the edition or the group that was chosen, where it is one of that kind."""
        named, _separator, uuid = (self.people.data or "").partition(":")
        return as_uuid(uuid) if named == kind else None


class JuryMemberForm(Form):
    """A person to name for a selection, and as what."""

    email = LineField(lazy_("Email"), [DataRequired(lazy_("Write the address.")), Length(max=254, message=TOO_LONG)])
    role = RadioField(
        lazy_("Named as"),
        choices=[
            SelectChoice(value=MemberRole.JURY.value, label=lazy_("Member of the jury")),
            SelectChoice(value=MemberRole.READER.value, label=lazy_("Reader")),
        ],
        default=MemberRole.JURY.value,
        validators=[AnyOf([role.value for role in MemberRole], message=lazy_("Choose one of the two."))],
    )


class ActaEntryForm(Form):
    """A line of an acta with its salt, as its person keeps them."""

    line = TextAreaField(lazy_("Line"), [DataRequired(lazy_("Paste the line.")), Length(max=4000, message=TOO_LONG)])
    salt = LineField(lazy_("Salt"), [DataRequired(lazy_("Paste the salt.")), Length(max=64, message=TOO_LONG)])


class ActaIdentityForm(Form):
    """The reason for which an acta is taken out with whole identity numbers."""

    reason = LineField(
        lazy_("Reason"), [DataRequired(lazy_("Enter the reason: it is kept in the audit log.")), Length(max=300, message=TOO_LONG)]
    )
    kind = SelectField(
        lazy_("Format"), choices={"pdf": "PDF", "csv": "CSV", "xlsx": "Excel (XLSX)", "ods": "OpenDocument (ODS)"}, default="pdf"
    )


class AmendmentForm(Form):
    """The reason of an amendment; other actas have none."""

    reason = TextAreaField(
        lazy_("Reason for the amendment"), [DataRequired(lazy_("Write the reason.")), Length(max=2000, message=TOO_LONG)]
    )

    def words(self) -> str:
        """Return the reason."""
        return clean_text(self.reason.data or "", lines=True)


class IncidentQuestionForm(Form):
    """The question to a person about a sign in their attempt."""

    question = TextAreaField(lazy_("Your question"), [DataRequired(lazy_("Write the question.")), Length(max=2000, message=TOO_LONG)])

    def words(self) -> str:
        """Return the question."""
        return clean_text(self.question.data or "", lines=True)


class IncidentAnswerForm(Form):
    """A person's answer to the jury."""

    answer = TextAreaField(lazy_("Your answer"), [DataRequired(lazy_("Write your answer.")), Length(max=2000, message=TOO_LONG)])

    def words(self) -> str:
        """Return the answer."""
        return clean_text(self.answer.data or "", lines=True)


class IncidentProposalForm(Form):
    """The outcome that a member of the jury proposes, and on what ground."""

    outcome = RadioField(
        lazy_("Outcome"),
        choices=[SelectChoice(value=value, label=lazy_(label)) for value, label in INCIDENT_OUTCOMES.items()],
        validators=[AnyOf(list(INCIDENT_OUTCOMES), message=lazy_("Choose one."))],
    )
    ground = TextAreaField(lazy_("Ground"), [DataRequired(lazy_("Write the ground.")), Length(max=2000, message=TOO_LONG)])

    def words(self) -> str:
        """Return the ground."""
        return clean_text(self.ground.data or "", lines=True)


class ObjectionForm(Form):
    """A ground and a reason for objecting to a question."""

    ground = RadioField(
        lazy_("What is wrong with the question?"),
        choices=[SelectChoice(value=value, label=lazy_(label)) for value, label in GROUNDS.items()],
        validators=[DataRequired(lazy_("Choose one.")), AnyOf(list(GROUNDS), message=lazy_("Choose one."))],
    )
    reason = TextAreaField(lazy_("Why"), [DataRequired(lazy_("Write the reason."))])

    def validate_reason(self, field: TextAreaField) -> None:
        """Refuse a reason that says too little or is too long; markup says nothing."""
        reason = clean_text(field.data or "", lines=True)
        if len(reason) > LONGEST_REASON:
            raise ValidationError(_("Use at most %(max)s characters.", max=number(LONGEST_REASON)))
        if words_in(reason) < SHORTEST_REASON:
            raise ValidationError(_("Write at least %(min)s characters.", min=number(SHORTEST_REASON)))

    def values(self) -> ObjectionValues:
        """Return what was written."""
        return ObjectionValues(ObjectionGround(self.ground.data), clean_text(self.reason.data or "", lines=True))


class ProposalForm(Form):
    """An outcome of objections, with its ground and what it rests on."""

    outcome = RadioField(
        lazy_("Outcome"),
        choices=[SelectChoice(value=value, label=lazy_(label)) for value, label in PROPOSALS.items()],
        validators=[DataRequired(lazy_("Choose one.")), AnyOf(list(PROPOSALS), message=lazy_("Choose one."))],
    )
    version = SelectField(lazy_("To mark again: by which version of the question"), choices=[], validate_choice=False)
    option = SelectField(lazy_("To mark again: another option that is right"), choices=[], validate_choice=False)
    added = LineField(lazy_("To mark again: another right answer"), [Length(max=LONGEST_ADDITION, message=TOO_LONG)])
    ground = TextAreaField(lazy_("Ground"), [DataRequired(lazy_("Write the ground.")), Length(max=LONGEST_REASON, message=TOO_LONG)])
    source = LineField(lazy_("Source"), [DataRequired(lazy_("Write the source.")), Length(max=300, message=TOO_LONG)])

    def show_outcomes(self) -> None:
        """Show the outcomes that objections can have; that a decision is taken back is no outcome."""
        self.outcome.choices = [SelectChoice(value=value, label=lazy_(label)) for value, label in OUTCOMES.items()]

    def values(self) -> ProposalValues:
        """Return what was written."""
        return ProposalValues(
            outcome=ObjectionOutcome(self.outcome.data),
            ground=clean_text(self.ground.data or "", lines=True),
            source=self.source.data or "",
            version=whole_number(self.version.data or ""),
            added=self.option.data or self.added.data or "",
        )


class ProposalReturnForm(Form):
    """Why a proposal goes back."""

    answer = TextAreaField(
        lazy_("Why it goes back"), [DataRequired(lazy_("Write the reason.")), Length(max=LONGEST_REASON, message=TOO_LONG)]
    )

    def words(self) -> str:
        """Return the reason."""
        return clean_text(self.answer.data or "", lines=True)
