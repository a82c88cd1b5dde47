"""The kinds of notifications of whoever takes a course."""

from accounts.rules import MailHours, NoticeKind
from kernel.errors import N_

ENROLMENT_NOTICE = NoticeKind(
    "enrolment", label=N_("Enrolments"), hint=N_("You are enrolled in a course, or a place becomes available."), icon="book-open"
)
REMOVED_NOTICE = NoticeKind(
    "removed",
    label=N_("End of an enrolment"),
    hint=N_("A course's team takes you out of a course; what you did in it is kept."),
    icon="log-out",
)
ANNOUNCEMENT_NOTICE = NoticeKind(
    "announcement",
    label=N_("Announcements"),
    hint=N_("The team of one of your courses posts an announcement."),
    icon="megaphone",
    is_withdrawn=True,
)
GRADED_NOTICE = NoticeKind(
    "graded",
    label=N_("Grades"),
    hint=N_("Your work is graded, or the course team sets one of your results."),
    icon="circle-check",
)
CHANGED_NOTICE = NoticeKind(
    "changed", label=N_("Changes"), hint=N_("Something you have already done in a course has changed."), icon="file-text"
)
MISTAKE_NOTICE = NoticeKind(
    "mistake",
    label=N_("Mistake reports"),
    hint=N_("The course team decides on a mistake you reported, or corrects it."),
    icon="flag",
)
DEADLINE_NOTICE = NoticeKind(
    "deadline",
    label=N_("Deadlines"),
    hint=N_("Something in your courses closes in 7 days, in 3 days or tomorrow."),
    icon="calendar-clock",
    hours=MailHours.DAY,
    group=N_("Dates and deadlines"),
)
OPENING_NOTICE = NoticeKind(
    "opening",
    label=N_("Openings"),
    hint=N_("Something in your courses opens in 7 days, in 3 days or tomorrow."),
    icon="calendar",
    hours=MailHours.DAY,
    group=N_("Dates and deadlines"),
)
REMINDER_NOTICE = NoticeKind(
    "reminder",
    label=N_("My reminders"),
    hint=N_("A reminder that you wrote in your calendar is near."),
    icon="bell",
    hours=MailHours.DAY,
    group=N_("Dates and deadlines"),
)
KINDS = (
    *(ENROLMENT_NOTICE, REMOVED_NOTICE, ANNOUNCEMENT_NOTICE, GRADED_NOTICE, CHANGED_NOTICE, MISTAKE_NOTICE),
    *(DEADLINE_NOTICE, OPENING_NOTICE, REMINDER_NOTICE),
)
