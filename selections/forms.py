"""Forms of selections."""

from uuid import UUID

from wtforms import RadioField, SelectField, TextAreaField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.validators import AnyOf, DataRequired, Length

from kernel.i18n import lazy_
from kernel.web.forms import Form, LineField, as_uuid, clean_text
from selections.models import IncidentOutcome, MemberRole

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
        choices=[
            SelectChoice(value=IncidentOutcome.NOTHING.value, label=lazy_("Nothing follows")),
            SelectChoice(value=IncidentOutcome.REPEAT.value, label=lazy_("The sitting is repeated with another form")),
            SelectChoice(value=IncidentOutcome.EXCLUDED.value, label=lazy_("The person is left out of the ranking of the acta")),
        ],
        validators=[AnyOf([outcome.value for outcome in IncidentOutcome], message=lazy_("Choose one."))],
    )
    ground = TextAreaField(lazy_("Ground"), [DataRequired(lazy_("Write the ground.")), Length(max=2000, message=TOO_LONG)])

    def words(self) -> str:
        """Return the ground."""
        return clean_text(self.ground.data or "", lines=True)
