"""Words for what accounts keep: kinds of notices, and when they go out by mail."""

from accounts.rules import MailTime, NoticeKind
from kernel.errors import N_

NOTICE_KINDS = {
    NoticeKind.ENROLMENT: (N_("Enrolments"), N_("Somebody enrols you in a course, or a place becomes free for you.")),
    NoticeKind.ANNOUNCEMENT: (N_("Announcements"), N_("The team of one of your courses writes to those who take it.")),
    NoticeKind.GRADED: (N_("Marks"), N_("Somebody has marked your work, or set a result of yours.")),
    NoticeKind.CERTIFICATE: (N_("Certificates"), N_("A certificate of yours is issued.")),
    NoticeKind.REMARKED: (N_("Marks that changed"), N_("Answers of yours are marked again, and your mark is another one.")),
    NoticeKind.REOPENED: (N_("Reopened attempts"), N_("An attempt of yours is open again.")),
    NoticeKind.TIME: (N_("Time and attempts"), N_("You are given another date, more time or more attempts at a quiz.")),
    NoticeKind.CHANGED: (N_("Changes"), N_("Something that you have done in a course is different now.")),
    NoticeKind.APPROVAL: (N_("Approvals"), N_("Somebody asks you to approve the publication of a course, or answers you.")),
    NoticeKind.OPERATION: (
        N_("State of the system"),
        N_("Something in this installation needs an administrator: once a day, while it lasts."),
    ),
}
MAIL_TIMES = {
    MailTime.AT_ONCE: N_("At once"),
    MailTime.DAILY: N_("Once a day, all together"),
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
    NoticeKind.APPROVAL: "shield-check",
    NoticeKind.OPERATION: "circle-alert",
}
"""Icons of the list of notices."""
