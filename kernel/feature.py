"""A feature: what a package registers with the application, as plain data without discovery."""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import click
from flask import Blueprint

from kernel.outbox import Handler
from kernel.permissions import Predicate


@dataclass(frozen=True, slots=True)
class Feature:
    """One package's blueprints, permissions, jobs, and the jobs that follow from audit verbs."""

    name: str
    blueprints: tuple[Blueprint, ...] = ()
    permissions: Mapping[StrEnum, Predicate] = field(default_factory=dict)
    jobs: Mapping[str, Handler] = field(default_factory=dict)
    subscriptions: Mapping[StrEnum, str] = field(default_factory=dict)
    periodic: Mapping[str, int] = field(default_factory=dict)
    """Kind of job and every how many seconds it is due."""
    patient: Collection[str] = ()
    """Kinds of jobs that let all others go first: mail to many, that nobody waits for at the screen."""
    commands: tuple[click.Command, ...] = ()
    corrections: tuple[Callable[..., Any], ...] = ()
    """Tell what corrected a question (`quizzes.corrections.CorrectionSource`)."""
    covered_dates: tuple[Callable[..., Any], ...] = ()
    """Tell which courses of which people have reminders of their own (`enrolments.dates.Covered`)."""
    dates: tuple[Callable[..., Any], ...] = ()
    """Sources of the dates that a learner sees (`enrolments.dates.DateSource`)."""
    objection_checks: tuple[Callable[..., Any], ...] = ()
    """Tell whether questions of an attempt may be objected to, now or later (`quizzes.attempt_page.ObjectionCheck`)."""
    decided_versions: tuple[Callable[..., Any], ...] = ()
    """Tell about which question versions of a quiz a jury has decided (`(session, course_id, activity_key)`)."""
    folder_formats: tuple[Any, ...] = ()
    """Formats of folders of other tools from which a course can be made (`courses.content.folder_formats.FolderFormat`)."""
    leaving: tuple[Callable[..., Any], ...] = ()
    """Tell what keeps a learner from leaving a course (`enrolments.enrolment.LeavingCheck`)."""
    question_uses: tuple[Any, ...] = ()
    """Say where questions of a bank are used (`questions.question_bank.QuestionUses`)."""
    quiz_tools: tuple[Any, ...] = ()
    """Links on the page of a quiz for its team (`quizzes.quiz_page.StaffToolLink`)."""
    touched: tuple[Callable[..., Any], ...] = ()
    """Tell which records a regrade touches that stand (`quizzes.regrading.TouchedRecord`)."""
    value_findings: tuple[Callable[..., Any], ...] = ()
    """Tell what statistics found of the values that questions of a quiz draw (`quizzes.views.blueprints.ValueFindings`)."""
    verified: tuple[Callable[..., Any], ...] = ()
    """Tell the address of the public page that knows a code, where one does (`(session, code)`)."""
    verified_files: tuple[Callable[..., Any], ...] = ()
    """Tell the address of the public page that knows a file by its SHA-256, where one does (`(session, sha256)`)."""
    waiting: tuple[Callable[..., Any], ...] = ()
    """Sources of the work that waits for a course's team (`courses.waiting.WaitingSource`)."""
