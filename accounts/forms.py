"""Forms of accounts, and the fields and checks of them that pages of other packages use as well."""

from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Any
from zoneinfo import available_timezones

from flask import current_app
from wtforms import BooleanField, Field, HiddenField, PasswordField, RadioField, SelectField, ValidationError
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs
from wtforms.form import BaseForm
from wtforms.validators import DataRequired, InputRequired

from accounts import passwords
from accounts.accounts import ProfileChanges, SignUp
from accounts.models import Person
from accounts.names import NameParts, parts_of
from accounts.notices import MAIL_TIMES, NotificationChoice
from accounts.rules import MailTime, NoticeKind, PasswordFault, fold, normal_email, valid_cedula
from kernel import i18n
from kernel.errors import N_
from kernel.i18n import LANGUAGES, _, language, lazy_
from kernel.personal import ErasureQuestion
from kernel.web.forms import Form, LineField, PrintedField, at_most, whole_number

PASSWORD_FAULTS = {
    PasswordFault.SHORT: N_("It must have at least 8 characters."),
    PasswordFault.LONG: N_("It must have at most 128 characters."),
    PasswordFault.COMMON: N_("This password is too common. Choose another, such as four unrelated words."),
    PasswordFault.PERSONAL: N_("It contains your name, your email or your identity number. Choose something no one can guess."),
}
REGIONS = ("Africa/", "America/", "Antarctica/", "Arctic/", "Asia/", "Atlantic/", "Australia/", "Europe/", "Indian/", "Pacific/")
POLAR = ("Antarctica/", "Arctic/")
ZONES = sorted((zone for zone in available_timezones() if zone.startswith(REGIONS)), key=lambda zone: (zone.startswith(POLAR), zone))
"""All in which people live: none without a place, and no names of countries, which repeat them. The South Pole keeps Auckland's."""
NEAR = ("America/Lima", "America/Bogota", "Pacific/Galapagos", "America/Guayaquil")
"""The zones of the country and its neighbours, which stand first, the nearest at the end of this list."""


@lru_cache
def zones_by_name(language: str) -> dict[str, str]:
    """Return one zone for each name: those of the country and its neighbours first, the others in the order of the names."""
    with i18n.reading(language):
        named = {i18n.zone_name(zone): zone for zone in reversed(ZONES)}
    near = {zone: -number for number, zone in enumerate(NEAR, start=1)}
    return dict(sorted(named.items(), key=lambda entry: (near.get(entry[1], 0), fold(entry[0]))))


class EmailField(LineField):
    """An address, in the form that is kept."""

    def pre_validate(self, form: BaseForm) -> None:
        """Refuse what cannot be an address; whether it exists is nobody's business."""
        if not self.data:
            return
        try:
            self.data = normal_email(self.data)
        except ValueError:
            raise ValidationError(_("Enter an email address like name@example.org.")) from None


def required(message: str) -> DataRequired:
    """Require something that is still there when it has been cleaned."""
    return DataRequired(lazy_(message))


def password_required(message: str) -> InputRequired:
    """Require a password, which may be made of spaces."""
    return InputRequired(lazy_(message))


class SignInForm(Form):
    """Address and password."""

    email = EmailField(lazy_("Email"), [required(N_("Enter your email address."))])
    password = PasswordField(lazy_("Password"), [password_required(N_("Enter your password."))])


class FirstPasswordForm(Form):
    """The password that was chosen at sign-up, before the address is confirmed."""

    password = PasswordField(lazy_("Password"), [password_required(N_("Enter your password."))])


class PasswordForm(Form):
    """A new password, typed once: it can be shown and pasted. `owner` are the words of its person that it may not contain."""

    password = PasswordField(lazy_("Password"), [password_required(N_("Choose a password."))])

    def __init__(self, owner: tuple[str, ...] = (), **values: str) -> None:
        super().__init__(data=values)
        self._owner = owner

    def personal(self) -> tuple[str, ...]:
        """Return the words that the password may not contain."""
        return self._owner

    def validate_password(self, field: PasswordField) -> None:
        """Refuse short, common and personal passwords."""
        fault = passwords.fault_of(field.data or "", self.personal(), current_app.extensions["settings"].breached_passwords_file)
        if fault is not None:
            raise ValidationError(_(PASSWORD_FAULTS[fault]))


class NamesForm(Form):
    """Names as they will stand on certificates."""

    given_names = PrintedField(lazy_("Given names"), [required(N_("Enter your given names.")), at_most(100)])
    first_surname = PrintedField(lazy_("First surname"), [required(N_("Enter your first surname.")), at_most(100)])
    second_surname = PrintedField(lazy_("Second surname"), [at_most(100)])


class NameRequestForm(NamesForm):
    """The name that should stand, and why."""

    reason = LineField(
        lazy_("Why it should read so"),
        [required(N_("Say what is wrong. The person who decides will read it.")), at_most(500)],
    )

    def parts(self) -> NameParts:
        """Return the name."""
        return self.given_names.data or "", self.first_surname.data or "", self.second_surname.data or ""


class NameDecisionForm(NameRequestForm):
    """The name that a person gets, and why; or why it stays."""

    given_names = PrintedField(lazy_("Given names"), [required(N_("Enter the given names.")), at_most(100)])
    first_surname = PrintedField(lazy_("First surname"), [required(N_("Enter the first surname.")), at_most(100)])
    reason = LineField(lazy_("Explanation"), [required(N_("Explain the decision. The person will see it.")), at_most(500)])
    request_id = HiddenField(name="request")

    @property
    def expected_request(self) -> int | None:
        """Return the request that was on the page."""
        return whole_number(self.request_id.data or "") or None


class InvitationForm(PasswordForm):
    """The first password of an invited person."""

    consent = BooleanField(
        lazy_("I have read how my data is used"), [required(N_("We cannot store your data unless you accept the privacy notice."))]
    )


class NewAccountForm(NamesForm, PasswordForm):
    """A new account, made with `(address,)`: the invitation says whose it is, and fills in the name of its list."""

    consent = BooleanField(
        lazy_("I have read how my data is used"), [required(N_("We cannot store your data unless you accept the privacy notice."))]
    )

    @classmethod
    def of(cls, address: str, name: NameParts) -> "NewAccountForm":
        """Return the form for an address, with a name filled in."""
        given_names, first_surname, second_surname = name
        return cls((address,), given_names=given_names, first_surname=first_surname, second_surname=second_surname)

    def address(self) -> str:
        """Return the address of the account."""
        return self._owner[0]

    def personal(self) -> tuple[str, ...]:
        """Return the names and the address."""
        return (*(field.data or "" for field in (self.given_names, self.first_surname, self.second_surname)), self.address())

    def command(self) -> SignUp:
        """Return the account to make; hashes the password."""
        return SignUp(
            email=self.address(),
            password_hash=passwords.hash_password(self.password.data or ""),
            given_names=self.given_names.data or "",
            first_surname=self.first_surname.data or "",
            second_surname=self.second_surname.data or "",
            language=language(),
            zone=i18n.site_zone_name(),
        )


class SignUpForm(NewAccountForm):
    """A new account, and its address."""

    email = EmailField(lazy_("Email"), [required(N_("Enter your email address."))])

    def address(self) -> str:
        """Return the address that was typed."""
        return self.email.data or ""


class PasswordResetRequestForm(Form):
    """The address whose password is forgotten."""

    email = EmailField(lazy_("Email"), [required(N_("Enter your email address."))])


class ChangePasswordForm(PasswordForm):
    """A new password, with the present one."""

    current_password = PasswordField(lazy_("Current password"), [password_required(N_("Enter your current password."))])


class ChangeAddressForm(Form):
    """Another address, with the current password."""

    email = EmailField(lazy_("New email address"), [required(N_("Enter an email address.")), at_most(254)])
    current_password = PasswordField(lazy_("Current password"), [password_required(N_("Enter your current password."))])


class PasswordConfirmationForm(Form):
    """The current password, before something that only its owner may change."""

    current_password = PasswordField(lazy_("Current password"), [password_required(N_("Enter your current password."))])


class DeletionForm(PasswordConfirmationForm):
    """The current password, and what is asked about one's rows before an account is deleted."""

    questions: Sequence[ErasureQuestion]

    @classmethod
    def of(cls, questions: Sequence[ErasureQuestion]) -> "DeletionForm":
        """Return the form of these questions, each with its usual answer chosen."""
        fields: dict[str, object] = {"questions": questions}
        for question in questions:
            choices = [
                SelectChoice(value=answer, label=lazy_(question.answers[answer])) for answer in (question.ask.usual, question.ask.other)
            ]
            fields[question.name] = RadioField(lazy_(question.label), choices=choices, default=question.ask.usual)
        form: DeletionForm = type(cls.__name__, (cls,), fields)()
        return form

    @property
    def answers(self) -> dict[str, str]:
        """Return the answers, by question."""
        return {question.name: self[question.name].data for question in self.questions}


class SecondFactorCodeForm(Form):
    """A code of the application, or a recovery code."""

    code = LineField(lazy_("Code"), [required(N_("Enter the code.")), at_most(60)])


class NewAppForm(SecondFactorCodeForm):
    """The first code of a new application, with the secret that it was made of, locked."""

    setup = HiddenField()


class AccountActionForm(Form):
    """The reason why an administrator acts on an account."""

    reason = LineField(lazy_("Reason"), [required(N_("Give a reason. It is recorded in the audit log.")), at_most(500)])


class IdentityForm(NamesForm):
    """Names with an identity number."""

    national_id = LineField(lazy_("Identity number"), [at_most(20)])

    def validate_national_id(self, field: LineField) -> None:
        """Check an Ecuadorian identity number; empty leaves it as it is."""
        number = (field.data or "").replace(" ", "").replace("-", "")
        if number and len(number) != 10:
            raise ValidationError(_("It must have 10 digits. You typed %(count)s.", count=len(number)))
        if number and not valid_cedula(number):
            raise ValidationError(_("One of its digits is wrong. Compare it with your identity card."))
        field.data = number


class ProfileForm(IdentityForm):
    """A person's own data."""

    remove_national_id = BooleanField(lazy_("Remove my identity number"))
    language = SelectField(lazy_("Language"), choices={"es": "Español", "en": "English"})
    zone = SelectField(lazy_("Time zone"))

    def __init__(self, data: Mapping[str, Any]) -> None:
        super().__init__(data=data)
        offered = zones_by_name(language()) | {i18n.zone_name(data["zone"]): data["zone"]}
        self.zone.choices = {zone: name for name, zone in offered.items()}

    def keep_name(self) -> None:
        """Leave the name out: an institution keeps it."""
        for name in ("given_names", "first_surname", "second_surname"):
            del self[name]

    def command(self, person: Person) -> ProfileChanges:
        """Return the changed profile of a person, who keeps their name where the form does not ask for it."""
        number = "" if self.remove_national_id.data else (self.national_id.data or None)
        if "given_names" in self:
            parts = (self.given_names.data or "", self.first_surname.data or "", self.second_surname.data or "")
        else:
            parts = parts_of(person)
        given_names, first_surname, second_surname = parts
        return ProfileChanges(
            given_names=given_names,
            first_surname=first_surname,
            second_surname=second_surname,
            language=self.language.data if self.language.data in LANGUAGES else "es",
            zone=self.zone.data,
            national_id=number,
        )


CUSTOM = "custom"
MODES = {
    MailTime.DAILY.value: N_("Everything once a day"),
    MailTime.AT_ONCE.value: N_("Everything immediately"),
    MailTime.NEVER.value: N_("Nothing"),
    CUSTOM: N_("My own choice"),
}
CHOICES_FOR_ALL = {time.value: NotificationChoice(time is not MailTime.NEVER, time) for time in MailTime}
"""What a choice for all kinds at once sets for each of them."""


class NotificationPreferencesForm(Form):
    """A person's notification preferences: two fields for each kind."""

    offered: Sequence[NoticeKind]

    @classmethod
    def of(cls, offered: Sequence[NoticeKind]) -> "NotificationPreferencesForm":
        """Return the form of these kinds."""
        modes = [SelectChoice(value=mode, label=lazy_(label)) for mode, label in MODES.items()]
        times = [SelectChoice(value=time.value, label=lazy_(label)) for time, label in MAIL_TIMES.items()]
        fields: dict[str, Field] = {"mode": RadioField(lazy_("All notifications"), choices=modes, default=CUSTOM)}
        fields |= {f"{kind.value}_bell": BooleanField(lazy_("Show on the site (bell icon)")) for kind in offered}
        fields |= {f"{kind.value}_mail": SelectField(lazy_("Send by email"), choices=times) for kind in offered}
        form: NotificationPreferencesForm = type(cls.__name__, (cls,), {**fields, "offered": offered})()
        return form

    @property
    def groups(self) -> list[tuple[str, list[NoticeKind]]]:
        """Return the kinds, in the groups that are offered; the fields of each are `[kind]_bell` and `[kind]_mail`."""
        groups = dict.fromkeys(kind.group for kind in self.offered)
        return [(_(group), [kind for kind in self.offered if kind.group == group]) for group in groups]

    def mode_of(self, choices: Mapping[str, NotificationChoice]) -> str:
        """Return the choice for all kinds that these preferences amount to; kinds that oblige stand apart."""
        present = {choices[kind.value] for kind in self.offered if not kind.obliges}
        return next((mode for mode, choice in CHOICES_FOR_ALL.items() if present == {choice}), CUSTOM)

    def show(self, choices: Mapping[str, NotificationChoice]) -> None:
        """Fill the form with the current preferences."""
        self["mode"].data = self.mode_of(choices)
        for kind in self.offered:
            choice = choices[kind.value]
            self[f"{kind.value}_bell"].data, self[f"{kind.value}_mail"].data = choice.in_bell, choice.mail.value

    def command(self, present: Mapping[str, NotificationChoice]) -> dict[str, NotificationChoice]:
        """Return the choices, by kind: for all at once where that choice is new, else for each."""
        mode = self["mode"].data
        if mode in CHOICES_FOR_ALL and mode != self.mode_of(present):
            return {kind.value: CHOICES_FOR_ALL[mode] for kind in self.offered if not kind.obliges}
        return {
            kind.value: NotificationChoice(bool(self[f"{kind.value}_bell"].data), MailTime(self[f"{kind.value}_mail"].data))
            for kind in self.offered
        }
