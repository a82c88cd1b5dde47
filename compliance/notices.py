"""The kinds of notifications about compulsory training."""

from accounts.rules import MailHours, NoticeKind
from kernel.errors import N_

TRAINING_NOTICE = NoticeKind(
    "training",
    label=N_("Compulsory training"),
    hint=N_("A required training of yours starts, is nearly due, or is overdue."),
    icon="list-checks",
    group=N_("Compulsory training"),
    obliges=True,
    stop_note=N_("The people in charge of the training see that you turned these emails off. The training stays due on the same day."),
    hours=MailHours.OFFICE,
)
TRAINING_TEAM_NOTICE = NoticeKind(
    "training_team",
    label=N_("Compulsory training of my people"),
    hint=N_("On Mondays, how far the people of your units are with their compulsory training."),
    icon="users",
    group=N_("Compulsory training"),
    hours=MailHours.OFFICE,
    concerns=lambda actor: actor.manages_units or actor.is_training_officer or actor.is_administrator,
)
TRAINING_WORK_NOTICE = NoticeKind(
    "training_work",
    label=N_("Work on compulsory training"),
    hint=N_("A request or a draft is waiting for your decision, a course team answers you, or a bundle of evidence is ready."),
    icon="clipboard-list",
    group=N_("Compulsory training"),
    concerns=lambda actor: actor.is_training_officer or actor.is_auditor or actor.is_administrator,
)
WAIVER_NOTICE = NoticeKind(
    "waiver",
    label=N_("Waivers and recognitions"),
    hint=N_("Someone decides on a waiver or recognition of yours, or one ends soon."),
    icon="file-text",
    group=N_("Compulsory training"),
)
KINDS = (TRAINING_NOTICE, TRAINING_TEAM_NOTICE, TRAINING_WORK_NOTICE, WAIVER_NOTICE)
