"""Pure rules of accounts: passwords, names, identity numbers, life of sessions and links, and when notices are mailed."""

import unicodedata
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta, tzinfo
from enum import Enum, StrEnum
from typing import Any

from email_validator import validate_email

from kernel.errors import N_
from kernel.permissions import Actor

TOKEN_LIFE = timedelta(minutes=30)
INVITATION_LIFE = timedelta(days=14)
PENDING_UPLOAD_LIFETIME = timedelta(hours=24)
"""How long something is kept that was sent in and not confirmed."""
STAMP_RENEWAL = timedelta(minutes=5)
TIME_TO_THINK = timedelta(days=7)
"""Between asking for the deletion of an account and the deletion: it can be taken back, and a thief's wish is noticed."""
DELETED = "@deleted.invalid"
"""How the address of a deleted account ends."""
NOTICE = "personal-data"
NOTICE_VERSION = "2026-11-30"
PASSWORD_MIN, PASSWORD_MAX = 8, 128


class PasswordFault(StrEnum):
    """Why a password is refused."""

    SHORT = "short"
    LONG = "long"
    COMMON = "common"
    PERSONAL = "personal"


_ONE_SHAPE = str.maketrans({**dict.fromkeys("’‘ʼʹ`´′", "'"), **dict.fromkeys("\u2010\u2011\u2012\u2013\u2212", "-")})


def fold(text: str) -> str:
    """Return text without case and accents, with one apostrophe and one hyphen for all shapes of these, for comparisons."""
    decomposed = unicodedata.normalize("NFKD", text.casefold().translate(_ONE_SHAPE))
    return "".join(char for char in decomposed if not unicodedata.combining(char))


def normal_email(text: str) -> str:
    """Return an address in its stored form, in lower case and with a Unicode domain; raise ValueError."""
    return validate_email(text, allow_smtputf8=False, check_deliverability=False, test_environment=True).normalized.lower()


ADDRESS_HEADINGS = frozenset(
    {"email", "e-mail", "mail", "correo", "correo electronico", "correo institucional", "email address", "e-mail address"}
)
"""Headings of the column of addresses in lists, folded."""


def name_key(given_names: str, first_surname: str, second_surname: str) -> str:
    """Return a name as lists sort and search it: surnames first, without case and accents."""
    return fold(" ".join(part for part in (first_surname, second_surname, given_names) if part))


def richer_spelling(present: Sequence[str], listed: Sequence[str]) -> tuple[str, ...]:
    """Return the parts of a name as a list has them, each word of the present name in the richer of both spellings (spec/compulsory 2.5a).

    Accents are those of whichever has more; capitals are those of the list, unless a part of it has capitals or small letters alone.
    """
    spellings = {fold(word): word for part in present for word in part.split()}
    return tuple(
        " ".join(_richer_word(spellings.get(fold(word), word), word, plain=part.isupper() or part.islower()) for word in part.split())
        for part in listed
    )


def _richer_word(present: str, listed: str, *, plain: bool) -> str:
    present, listed = unicodedata.normalize("NFC", present), unicodedata.normalize("NFC", listed)
    if len(present) != len(listed):  # ligatures and the like
        return present if plain else listed
    return "".join(map(_richer_sign, present, listed, present if plain else listed))


def _richer_sign(present: str, listed: str, case: str) -> str:
    """Return the sign that has the accent, in the case of a third."""
    accents = [len(unicodedata.normalize("NFKD", sign.casefold())) for sign in (present, listed)]
    sign = present if accents[0] > accents[1] else listed
    return sign.upper() if case.isupper() else sign.lower() if case.islower() else sign


def is_other_name(present: Sequence[str], listed: Sequence[str]) -> bool:
    """Return whether two names, given names before surnames, look like those of two people (spec/compulsory 2.5).

    They have no surname in common, or no given name and not the same surnames.
    """
    given, surnames = (_words(present[part]) & _words(listed[part]) for part in (slice(1), slice(1, None)))
    differ = any(fold(first) != fold(second) for first, second in zip(present[1:], listed[1:], strict=True) if first and second)
    return not surnames or (not given and differ)


def _words(parts: Sequence[str]) -> set[str]:
    return {word for part in parts for word in fold(part).split()}


def password_fault(password: str, personal: tuple[str, ...], commonest: Collection[str]) -> PasswordFault | None:
    """Return why a password is refused, or nothing.

    Any character is allowed and nothing about its composition is asked (spec/security 2.1); `personal` are the name's parts, the
    address and the identity number; `commonest` the most used passwords in lower case.
    """
    length = len(unicodedata.normalize("NFC", password))
    if length < PASSWORD_MIN:
        return PasswordFault.SHORT
    if length > PASSWORD_MAX:
        return PasswordFault.LONG
    if password.casefold() in commonest:
        return PasswordFault.COMMON
    folded = fold(password)
    parts = [fold(word) for text in personal for word in (text, *text.split(), text.partition("@")[0])]
    if any(len(part) >= 4 and part in folded for part in parts):
        return PasswordFault.PERSONAL
    return None


def valid_cedula(number: str) -> bool:
    """Check an Ecuadorian identity number: ten digits, province 01-24 or 30, third digit 0-6, modulo-10 check digit.

    A third digit of 6 is that of foreigners who reside in the country; those with 7 and 8 are nobody's, and 9 is that of companies.
    """
    if not (len(number) == 10 and number.isascii() and number.isdigit()):
        return False
    if not (1 <= int(number[:2]) <= 24 or number[:2] == "30") or int(number[2]) > 6:
        return False
    products = [int(digit) * (2 if index % 2 == 0 else 1) for index, digit in enumerate(number[:9])]
    total = sum(product - 9 if product > 9 else product for product in products)
    return (10 - total % 10) % 10 == int(number[9])


def masked(number: str) -> str:
    """Return an identity number with all but its last four signs hidden."""
    return "•" * max(len(number) - 4, 0) + number[-4:]


def initials(given_names: str, first_surname: str) -> str:
    """Return one or two capitals for the corner of the page."""
    return (given_names[:1] + first_surname[:1]).upper()


def session_ended(created: datetime, seen: datetime, now: datetime, *, idle: timedelta, absolute: timedelta) -> bool:
    """Return whether a session has ended by disuse or by age (spec/security 3.1)."""
    return now - seen > idle or now - created > absolute


_BROWSERS = (
    ("Edg", "Edge"),
    ("OPR", "Opera"),
    ("SamsungBrowser", "Samsung Internet"),
    ("Firefox", "Firefox"),
    ("Chrome", "Chrome"),
    ("Safari", "Safari"),
)
_SYSTEMS = (
    ("Android", "Android"),
    ("iPhone", "iPhone"),
    ("iPad", "iPad"),
    ("Windows", "Windows"),
    ("Mac OS", "macOS"),
    ("Linux", "Linux"),
)


def device_label(user_agent: str) -> str:
    """Name browser and system from what the browser says of itself: «Firefox · Linux»."""
    browser = next((name for mark, name in _BROWSERS if mark in user_agent), "")
    system = next((name for mark, name in _SYSTEMS if mark in user_agent), "")
    return " · ".join(part for part in (browser, system) if part) or "?"


def safe_next(target: str | None) -> str | None:
    """Return where to go after signing in, if it is a path of this site (spec/security 3.3), else nothing."""
    if not target or not target.startswith("/") or target.startswith("//") or "\\" in target:
        return None
    return None if any(char.isspace() or unicodedata.category(char) in ("Cc", "Cf") for char in target) else target


class MailTime(StrEnum):
    """When a notice goes out by mail."""

    AT_ONCE = "at_once"
    DAILY = "daily"
    NEVER = "never"


DIGEST_HOUR = 7
"""Hour of the day, in the reader's zone, from which the notices of the day before are sent together."""


def digest_until(now: datetime, zone: tzinfo) -> datetime:
    """Return the latest moment at which it was seven in the morning in a zone: notices given before it are due."""
    here = now.astimezone(zone)
    today = here.replace(hour=DIGEST_HOUR, minute=0, second=0, microsecond=0)
    return today if today <= here else today - timedelta(days=1)


NIGHT_FROM, NIGHT_UNTIL, MORNING = 21, 7, 8
"""Hours of the day between which a person is not mailed what can wait, and the hour for which it waits."""


def night_ends(now: datetime, zone: tzinfo) -> datetime | None:
    """Return when mail that can wait may go out to a reader in a zone; nothing where it may now."""
    here = now.astimezone(zone)
    if NIGHT_UNTIL <= here.hour < NIGHT_FROM:
        return None
    morning = here.replace(hour=MORNING, minute=0, second=0, microsecond=0)
    return morning if here.hour < NIGHT_UNTIL else morning + timedelta(days=1)


OFFICE_OPENS, OFFICE_CLOSES, WEEKEND = 8, 18, 5


def office_opens(now: datetime, zone: tzinfo) -> datetime | None:
    """Return when the next office hours begin for a reader in a zone, Monday to Friday from 8 to 18; nothing where they are now."""
    here = now.astimezone(zone)
    if here.weekday() < WEEKEND and OFFICE_OPENS <= here.hour < OFFICE_CLOSES:
        return None
    opens = here.replace(hour=OFFICE_OPENS, minute=0, second=0, microsecond=0)
    if here.hour >= OFFICE_OPENS:
        opens += timedelta(days=1)
    while opens.weekday() >= WEEKEND:
        opens += timedelta(days=1)
    return opens


class MailHours(Enum):
    """The hours in which mail of a kind goes out, by the clock of its reader."""

    ANY = "any"
    DAY = "day"
    """Not at night: what can wait till the morning."""
    OFFICE = "office"


def _anybody(_actor: Actor) -> bool:
    return True


@dataclass(frozen=True, slots=True)
class NoticeKind:
    """A kind of notifications, with preferences of its own; the package that sends them declares it.

    `value` is stored and never changes, `icon` is the name of a symbol in `static/icons.svg`. `concerns` returns whether somebody gets any
    at all, so that the preferences are asked of them.
    """

    value: str
    label: str
    hint: str
    icon: str
    hours: MailHours = MailHours.ANY
    concerns: Callable[[Actor], bool] = _anybody
    group: str = N_("Learning")
    """The heading of its group in the preferences; groups stand in the order of their first kinds."""
    obliges: bool = False
    """Its notices have legal effect: no choice for all kinds at once changes it, and it cannot be muted with what it comes from."""
    stop_note: str = ""
    """What somebody learns who stops its mails."""
    usual_mail: MailTime = MailTime.AT_ONCE
    """When its mails go out to those who have chosen nothing."""
    scope: Callable[[Mapping[Any, Any]], Any] | None = field(default=None, compare=False)
    """From what the application gives to sessions, a condition on `Notification` by its `person_id` and `about_id`, asked whenever a bell
    is shown or a mail made: who is out of scope gets nothing more. Without one nobody ever is (`accounts.people.in_scope`)."""
    is_withdrawn: bool = False
    """Its notices may be withdrawn while their mails go out."""
    is_computed: bool = False
    """Bells and daily mails compute it when they are made (`accounts.computed_notices`): rows are kept of mails at once alone."""

    @property
    def is_read_again(self) -> bool:
        """Return whether each notice is read again before its mail goes out: one statement a mail."""
        return self.is_withdrawn or self.scope is not None

    def mail_waits_until(self, now: datetime, zone: tzinfo) -> datetime | None:
        """Return until when a mail waits for the reader's office hours or morning, in their zone; None where it may go out now."""
        if self.hours is MailHours.OFFICE:
            return office_opens(now, zone)
        return night_ends(now, zone) if self.hours is MailHours.DAY else None


RECOVERY_LENGTH = 24
"""Signs of a recovery code: 120 random bits, so that a fast hash is enough."""
PROOF_LIFE = timedelta(minutes=10)
"""How long a typed password counts: for the second step of signing in, and to change one's second factors."""


def viewer_role(actor: Actor, *, unit: bool = False, training: bool = False) -> str:
    """Return in which role somebody looks at other people: at those of a unit, at compulsory training, or at learners of a course."""
    if actor.is_administrator:
        return "administrator"
    is_of_no_team = not actor.is_staff_anywhere and not unit
    if (training or is_of_no_team) and (actor.is_training_officer or actor.is_auditor):
        return "training_officer" if actor.is_training_officer else "auditor"
    return "manager" if unit or training or (is_of_no_team and actor.manages_units) else "team"
