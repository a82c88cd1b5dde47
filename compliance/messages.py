"""The words of reminders: subjects and sentences of mails and notices, by obligation and by how many there are."""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from compliance.reminders import ReminderItem
from compliance.rules.pace import Hindrance
from compliance.rules.reminders import ReminderKind
from compliance.rules.states import TrainingState
from kernel.durations import printed_minutes
from kernel.errors import N_
from kernel.i18n import _, choose, format_date, format_datetime, ngettext

_SUBJECTS: Mapping[ReminderKind, str] = {
    ReminderKind.ASSIGNED: N_("New compulsory training: %(training)s"),
    ReminderKind.STEP: N_("Until %(day)s: %(training)s"),
    ReminderKind.RENEWAL_OPENS: N_("You can renew now: %(training)s"),
    ReminderKind.OVERDUE: N_("Overdue: %(training)s"),
    ReminderKind.WAIVER_ENDS: N_("Your waiver ends: %(training)s"),
    ReminderKind.VERSION: N_("A newer version is asked: %(training)s"),
    ReminderKind.ASKED: N_("A reminder from your institution: %(training)s"),
}
_WITH_DAY: Mapping[ReminderKind, str] = {
    ReminderKind.ASSIGNED: N_("“%(training)s” is compulsory for you. The last day is %(day)s."),
    ReminderKind.STEP: N_("“%(training)s”: the last day is %(day)s."),
    ReminderKind.RENEWAL_OPENS: N_("Renew “%(training)s”: the last day is %(day)s."),
    ReminderKind.OVERDUE: N_("The last day of “%(training)s” was %(day)s. Complete it now: it is recorded all the same."),
    ReminderKind.WAIVER_ENDS: N_("Your waiver from “%(training)s” ends on %(day)s. Afterwards you have to complete it."),
    ReminderKind.VERSION: N_("A newer version of “%(training)s” is asked of you. The last day is %(day)s."),
    ReminderKind.ASKED: N_("“%(training)s”: the last day is %(day)s."),
}
_EXPIRED = N_("What you did in “%(training)s” was valid until %(day)s. Take it again now.")
_WITHOUT_DAY = N_("“%(training)s” is compulsory for you.")
_WITHOUT_MINUTES = (ReminderKind.WAIVER_ENDS,)


def notice_words(lines: Sequence[ReminderItem]) -> tuple[str, str]:
    """Return the subject and the words of a notice, one obligation a line, in the reader's language."""
    if len(lines) == 1:
        line = lines[0]
        subject = _(
            _SUBJECTS[_kind_of(line)], training=choose(dict(line.titles)), day=format_date(line.last_on, "full") if line.last_on else ""
        )
    else:
        subject = ngettext("Your compulsory training: %(count)s course", "Your compulsory training: %(count)s courses", len(lines))
    return subject, "\n".join(dict.fromkeys(sentence for line in lines for sentence in (line_words(line), _own_words(line)) if sentence))


def line_words(line: ReminderItem) -> str:
    """Return one obligation in words: what, until when, how long it takes."""
    sentence = _(_sentence(line), training=choose(dict(line.titles)), day=format_date(line.last_on, "full") if line.last_on else "")
    course = choose(dict(line.course))
    if course and course != choose(dict(line.titles)):
        sentence += " " + _("It is met with the course “%(course)s”.", course=course)
    if line.hindrance is not None:
        sentence = f"{sentence} {_hindrance_words(line.hindrance, line.owner)}"
    if not line.minutes or line.kind in _WITHOUT_MINUTES:
        return sentence
    return sentence + " " + _("What is required takes about %(time)s more.", time=printed_minutes(line.minutes))


def _hindrance_words(hindrance: Hindrance, owner: str) -> str:
    """Describe the hindrance to finishing by the last day, and whom to tell, as the course page has it."""
    person = owner or _("your institution’s training office")
    if hindrance.ends is not None:
        end = format_datetime(hindrance.ends - timedelta(minutes=1), "short")
        return _("Finish by %(end)s: the edition or a required quiz closes then. If you cannot, tell %(person)s.", end=end, person=person)
    if hindrance.is_taken:
        return _("It can no longer be finished by then: its edition or a required quiz closes first. Tell %(person)s.", person=person)
    return _("There is no edition in which you can finish by then. Tell %(person)s.", person=person)


def _own_words(line: ReminderItem) -> str:
    return _("Your institution writes: %(words)s", words=line.words) if line.words else ""


def _kind_of(line: ReminderItem) -> ReminderKind:
    return line.kind if line.last_on is not None or line.kind is not ReminderKind.STEP else ReminderKind.ASKED


def _sentence(line: ReminderItem) -> str:
    if line.last_on is None:
        return _WITHOUT_DAY
    if line.state is TrainingState.EXPIRED:
        return _EXPIRED
    return _WITH_DAY[ReminderKind.OVERDUE if line.state is TrainingState.OVERDUE else line.kind]
