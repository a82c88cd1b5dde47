"""Words for what accounts keep: kinds of notices, and when they go out by mail."""

from accounts.rules import MailTime, NoticeKind
from kernel.errors import N_

NOTICE_KINDS = {
    NoticeKind.ENROLMENT: (N_("Enrolments"), N_("You are enrolled in a course, or a place becomes available.")),
    NoticeKind.ANNOUNCEMENT: (N_("Announcements"), N_("The team of one of your courses posts an announcement.")),
    NoticeKind.GRADED: (N_("Grades"), N_("Your work is graded, or the course team sets one of your results.")),
    NoticeKind.CERTIFICATE: (N_("Certificates"), N_("You are issued a certificate.")),
    NoticeKind.REMARKED: (
        N_("Grade changes"),
        N_("Your answers are regraded and your grade changes, or a regrade is offered to you in a course that you edit."),
    ),
    NoticeKind.REOPENED: (N_("Reopened attempts"), N_("One of your attempts is reopened.")),
    NoticeKind.TIME: (N_("Time and attempts"), N_("You are given another date, more time or more attempts at a quiz.")),
    NoticeKind.CHANGED: (N_("Changes"), N_("Something you have already done in a course has changed.")),
    NoticeKind.MISTAKE: (N_("Mistake reports"), N_("The course team decides on a mistake you reported, or corrects it.")),
    NoticeKind.DEADLINE: (N_("Deadlines"), N_("Something in your courses closes in 7 days, in 3 days or tomorrow.")),
    NoticeKind.OPENING: (N_("Openings"), N_("Something in your courses opens in 7 days, in 3 days or tomorrow.")),
    NoticeKind.REMINDER: (N_("My reminders"), N_("A reminder that you wrote in your calendar is near.")),
    NoticeKind.TRAINING: (N_("Compulsory training"), N_("What is compulsory for you begins, comes near its last day, or is overdue.")),
    NoticeKind.TRAINING_TEAM: (
        N_("Compulsory training of my people"),
        N_("On Mondays, how far the people of your units are with their compulsory training."),
    ),
    NoticeKind.TRAINING_WORK: (
        N_("Work on compulsory training"),
        N_("A request or a draft is waiting for your decision, a course team answers you, or a bundle of evidence is ready."),
    ),
    NoticeKind.OBJECTION: (
        N_("Objections"),
        N_("You can object to questions of a quiz, your objection is decided or late, or one waits for your decision."),
    ),
    NoticeKind.APPROVAL: (N_("Approvals"), N_("Someone asks you to approve something of a course, or answers your request.")),
    NoticeKind.WAITING: (N_("Work in my courses"), N_("Something new is waiting for you in a course you teach. Sent once a day at most.")),
    NoticeKind.SELECTION: (
        N_("Selections"),
        N_("Your line in the acta of a selection changes, or a selection waits for your decision."),
    ),
    NoticeKind.WAIVER: (
        N_("Waivers and recognitions"),
        N_("Someone decides on a waiver or recognition of yours, or one ends soon."),
    ),
    NoticeKind.ACCOUNT: (N_("My account"), N_("An administrator decides about your name.")),
    NoticeKind.OPERATION: (
        N_("System status"),
        N_("This installation needs an administrator's attention. Sent once a day until it is resolved."),
    ),
}
MAIL_TIMES = {
    MailTime.AT_ONCE: N_("Immediately"),
    MailTime.DAILY: N_("Once a day, in one email"),
    MailTime.NEVER: N_("Never"),
}
SYMBOLS = {
    NoticeKind.ENROLMENT: "book-open",
    NoticeKind.ANNOUNCEMENT: "megaphone",
    NoticeKind.GRADED: "circle-check",
    NoticeKind.CERTIFICATE: "award",
    NoticeKind.REMARKED: "pencil",
    NoticeKind.REOPENED: "rotate-ccw",
    NoticeKind.TIME: "clock",
    NoticeKind.CHANGED: "file-text",
    NoticeKind.MISTAKE: "flag",
    NoticeKind.DEADLINE: "calendar-clock",
    NoticeKind.OPENING: "calendar",
    NoticeKind.REMINDER: "bell",
    NoticeKind.TRAINING: "list-checks",
    NoticeKind.TRAINING_TEAM: "users",
    NoticeKind.TRAINING_WORK: "clipboard-list",
    NoticeKind.OBJECTION: "message-circle",
    NoticeKind.APPROVAL: "shield-check",
    NoticeKind.WAITING: "list-checks",
    NoticeKind.SELECTION: "users",
    NoticeKind.WAIVER: "file-text",
    NoticeKind.ACCOUNT: "user",
    NoticeKind.OPERATION: "circle-alert",
}
"""Icons of the list of notices."""
