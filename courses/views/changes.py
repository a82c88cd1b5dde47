"""View models of the pages about versions: the parts that differ, and the findings beside what they concern."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from posixpath import dirname

from flask import url_for
from sqlalchemy.orm import Session

from courses import draft_checks, publishing
from courses import versions as course_versions
from courses.content.differences import DifferenceKind, PartDifference, PartKind, compare
from courses.content.model import ActivitySource, CourseFolder, Finding, SourceState
from courses.editor import FormFindings
from courses.kinds import CourseKinds, LearnerCounts
from courses.models import Course, CourseVersion
from courses.planned_publications import OPEN, PlanWithNames
from kernel.db import Cache
from kernel.errors import N_
from kernel.files import FileStore
from kernel.i18n import _, choose, ngettext, site_day

COURSE_FILE = "course.yaml"
KEPT_FOLDERS = 8
TEXTS = (".yaml", ".md", ".vtt", ".svg", ".txt")
MARKS: Mapping[DifferenceKind, tuple[str, str]] = {
    DifferenceKind.ADDED: (N_("New"), "ok"),
    DifferenceKind.REMOVED: (N_("Removed"), "bad"),
    DifferenceKind.MOVED: (N_("Moved"), ""),
    DifferenceKind.RENAMED: (N_("New title"), ""),
    DifferenceKind.TEXT: (N_("Text"), ""),
    DifferenceKind.SETTINGS: (N_("Settings"), ""),
    DifferenceKind.KEY: (N_("Right answer"), "lamp"),
}
PLACES: Mapping[PartKind, str] = {
    PartKind.COURSE: N_("Course settings"),
    PartKind.MODULE: N_("Module"),
    PartKind.ACTIVITY: N_("Activity"),
    PartKind.QUESTION: N_("Question"),
    PartKind.TERM: N_("Glossary"),
    PartKind.RESOURCE: N_("Resource"),
    PartKind.PARAMETER: N_("Figure"),
    PartKind.FILE: N_("File"),
}


@dataclass(frozen=True, slots=True)
class CheckFindingView:
    """A finding of the draft check, with its location in the reader's words and the page where it can be fixed."""

    number: int
    code: str
    severity: str
    place: str
    line: str
    message: str
    """What is the matter, with the name of the field as its form has it."""
    advice: str
    """What to do about it; '' where that names a field of the text and a form is there."""
    exact: str
    """The same for who edits the text: where it is, and what to write."""
    path: str
    url: str = ""
    """Where it is mended: a form where there is one."""
    text_url: str = ""
    """Where the text is changed, if that is another page."""
    change: str = ""
    """The number of the part in the list of changes that it concerns."""


@dataclass(frozen=True, slots=True)
class ChangedPart:
    """A part of the list of changes."""

    number: int
    place: str
    part: PartDifference
    tags: tuple[tuple[str, str], ...]
    problems: tuple[CheckFindingView, ...] = ()
    regrades: tuple[tuple[str, str, int], ...] = ()
    """Of a question whose right answer changed, the quizzes that have asked it: key, title, and how many attempts."""

    @property
    def answers(self) -> int:
        """Count the answers that a changed question concerns."""
        return sum(count for _quiz, count in self.part.asked_in)


@dataclass(frozen=True, slots=True)
class DraftComparison:
    """The differences of two texts. `known` is false where the earlier was not kept; `only_form` where only the files' form differs."""

    parts: tuple[ChangedPart, ...] = ()
    known: bool = True
    only_form: bool = False
    changed_answers: tuple[ChangedPart, ...] = field(default=())
    """The questions among them whose right answer changed."""


FOLDERS = Cache[int, CourseFolder]()
"""Keeps folders of versions."""


def folder_of(session: Session, files: FileStore, version: CourseVersion, kinds: CourseKinds) -> CourseFolder | None:
    """Return the folder that a version was made from as its reader understands it, None where it was not kept. The process keeps some."""
    cached = FOLDERS.of(session)
    if version.id in cached:
        return cached[version.id]
    contents = course_versions.version_files(session, files, version)
    folder = publishing.check(contents, kinds, today=site_day(version.published_at)).folder if contents else None
    if folder is None:
        return None
    if len(cached) >= KEPT_FOLDERS:
        cached.clear()  # at once, because other threads read it
    cached[version.id] = draft_checks.without_contents(folder)
    return cached[version.id]


def changes_between(
    session: Session,
    course: Course,
    before: CourseFolder | None,
    after: CourseFolder | None,
    kinds: CourseKinds,
    problems: Sequence[CheckFindingView] = (),
    *,
    is_same: bool = False,
) -> DraftComparison:
    """Compare two folders of a course; `is_same` says that their files are the same anyway."""
    if is_same:
        return DraftComparison()
    if before is None or after is None:
        return DraftComparison(known=False)
    parts = list(compare(before, after, kinds.tellers))
    for comparer in kinds.part_comparers:
        parts += comparer(session, course.id, before, after)
    shown = tuple(_changed_part(number, part, after, problems) for number, part in enumerate(parts, 1))
    return DraftComparison(
        shown, only_form=not shown, changed_answers=tuple(part for part in shown if DifferenceKind.KEY in part.part.marks)
    )


def _changed_part(number: int, part: PartDifference, folder: CourseFolder, problems: Sequence[CheckFindingView]) -> ChangedPart:
    titles = {activity.key: choose(activity.title) for activity in folder.activities()}
    regrades = tuple((quiz, titles.get(quiz, quiz), count) for quiz, count in part.asked_in if DifferenceKind.KEY in part.marks)
    concerned = tuple(problem for problem in problems if _concerns(problem, part))
    return ChangedPart(
        number,
        _(PLACES[part.place]),
        part,
        tags=tuple((_(MARKS[mark][0]), MARKS[mark][1]) for mark in part.marks),
        problems=concerned,
        regrades=regrades,
    )


def _concerns(problem: CheckFindingView, part: PartDifference) -> bool:
    if part.place is PartKind.QUESTION:
        return problem.path == part.path and problem.url.endswith(f"/{part.key}")
    if part.place is PartKind.ACTIVITY and part.kind == "page":  # its languages are files of one name
        return problem.path.split(".")[0] == part.path.split(".")[0]
    return bool(part.path) and problem.path == part.path


def problems_of(slug: str, findings: Sequence[Finding], folder: CourseFolder | None, kinds: CourseKinds) -> list[CheckFindingView]:
    """Describe the findings of the draft check: the location by title, and the page where it can be fixed."""
    places = places_of(folder) if folder is not None else {}
    pages = [activity for activity in folder.activities() if activity.kind == "page"] if folder is not None else []
    keys = {activity.path.split(".")[0]: activity.key for activity in pages}
    if folder is not None:
        keys |= {activity.path: activity.key for activity in folder.activities() if activity.kind != "page"}
        keys |= {module.path: module.key for module in folder.modules}
    form_findings = FormFindings(kinds)
    return [_problem(slug, number, finding, places, keys, form_findings) for number, finding in enumerate(findings, 1)]


def _mending_url(slug: str, path: str, keys: Mapping[str, str]) -> str:
    """Return the page on which a file of the draft is changed: a lesson's, a form's, or that of any text."""
    if path.endswith(".md") and path.split(".")[0] in keys:
        return url_for("courses_lessons.lesson", slug=slug, key=keys[path.split(".")[0]])
    if path == COURSE_FILE:
        return url_for("courses_settings.course", slug=slug)
    if path in keys:
        return url_for("courses_settings.part", slug=slug, key=keys[path])
    return url_for("courses_texts.text", slug=slug, path=path) if path.endswith(TEXTS) else ""


def _problem(
    slug: str, number: int, finding: Finding, places: Mapping[str, str], keys: Mapping[str, str], form_findings: FormFindings
) -> CheckFindingView:
    path = finding.file
    title = places.get(path) or places.get(path.split(".")[0]) or places.get(dirname(path), "")
    question = finding.facts.get("subject", "") if "question" in finding.subject else ""
    url = url_for("questions_banks.question", slug=slug, key=question) if question else _mending_url(slug, path, keys)
    if not question and path in keys and finding.field.startswith("slots"):
        url = url_for("quizzes_slots.slots", slug=slug, key=keys[path])
    where = f"{path}:{finding.line}" if finding.line else path
    has_form = bool(url) and "/text?" not in url
    return CheckFindingView(
        number,
        finding.code,
        finding.severity.value,
        place=title or path,
        line=where,
        message=form_findings.message(finding) if has_form else finding.message,
        advice=form_findings.advice(finding) if has_form else finding.fix,
        exact=" ".join(part for part in (finding.where, finding.fix) if part),
        path=path,
        url=url,
        text_url=url_for("courses_texts.text", slug=slug, path=path) if has_form and path.endswith(TEXTS) else "",
    )


def group_findings(problems: Sequence[CheckFindingView]) -> list[list[CheckFindingView]]:
    """Group remarks by their code, those of which there are most last: they hide no other."""
    groups: dict[str, list[CheckFindingView]] = {}
    for problem in problems:
        groups.setdefault(problem.code, []).append(problem)
    return sorted(groups.values(), key=len)


def beside(problems: Sequence[CheckFindingView], changes: DraftComparison | None) -> list[CheckFindingView]:
    """Add to each remark the number of the change that it concerns."""
    numbers = {problem.number: str(part.number) for part in (changes.parts if changes else ()) for problem in part.problems}
    return [replace(problem, change=numbers.get(problem.number, "")) for problem in problems]


def places_of(folder: CourseFolder) -> dict[str, str]:
    """Return the titles of modules and activities by their file, by its name without ending, and by the folder of a module."""
    places = {COURSE_FILE: _("Course settings")}
    count = 0
    for module in folder.modules:
        ready = module.state is SourceState.READY
        count += ready and module.numbered
        title = choose(module.title)
        places[module.path] = places[dirname(module.path)] = _("Module “%(title)s”", title=title)
        for position, activity in enumerate(module.activities, 1):
            number = f"{count}.{position} " if ready and module.numbered else ""
            places[activity.path] = places[activity.path.split(".")[0]] = number + choose(activity.title)
    return places


def list_changed(changes: DraftComparison | None, folder: CourseFolder | None) -> list[ActivitySource]:
    """List the activities whose contents changed: texts, questions, and the settings of those without texts of their own."""
    if changes is None or folder is None:
        return []
    changed = {key for part in changes.parts for key in _changed_keys(part.part)}
    return [activity for activity in folder.activities() if activity.key in changed and activity.state is SourceState.READY]


def _changed_keys(part: PartDifference) -> tuple[str, ...]:
    if part.place is PartKind.QUESTION:
        return tuple(quiz for quiz, _count in part.asked_in)
    if part.place is not PartKind.ACTIVITY or DifferenceKind.ADDED in part.marks or DifferenceKind.REMOVED in part.marks:
        return ()
    notified_marks = (
        (DifferenceKind.TEXT, DifferenceKind.KEY)
        if part.kind == "page"
        else (DifferenceKind.TEXT, DifferenceKind.KEY, DifferenceKind.SETTINGS)
    )
    return (part.key,) if any(mark in part.marks for mark in notified_marks) else ()


NATURES: Mapping[tuple[str, bool], str] = {
    ("correction", False): N_("Correction: everyone was moved to it"),
    ("improvement", False): N_("Improvement: for new learners"),
    ("improvement", True): N_("Improvement: each learner was asked"),
}
PLANNED_NATURES = {
    **NATURES,
    ("correction", False): N_("Correction: everyone will move to it"),
    ("improvement", True): N_("Improvement: each learner will be asked"),
}


def nature_words() -> dict[tuple[str, bool], str]:
    """Return whom each nature of a version concerned, by the nature and whether learners were asked."""
    return {key: _(words) for key, words in NATURES.items()}


def nature_hints(learners: LearnerCounts) -> dict[str, str]:
    """Describe of each kind of change whom it concerns."""
    return {
        "correction": ngettext(
            "For corrections. It affects %(count)s person. Completed activities stay completed.",
            "For corrections. It affects %(count)s people. Completed activities stay completed.",
            learners.following,
        ),
        "improvement": ngettext(
            "The new version is for learners who start from now on. %(count)s person stays on the previous one.",
            "The new version is for learners who start from now on. %(count)s people stay on the previous one.",
            learners.learning,
        ),
        "choice": ngettext(
            "%(count)s learner who has not finished will be asked on the course page.",
            "%(count)s learners who have not finished will be asked on the course page.",
            learners.learning,
        ),
    }


@dataclass(frozen=True, slots=True)
class PublicationPlanView:
    """A publication that waits, or what has become of the last one; `may_decide` where the reader is the second person."""

    row: PlanWithNames
    nature: str
    is_open: bool
    outdated: bool
    may_decide: bool


def plan_of(row: PlanWithNames, reader: int | None, *, outdated: bool) -> PublicationPlanView | None:
    """Describe a plan; None for one that was published or withdrawn. `outdated`: the draft was saved since."""
    plan, is_open = row[0], row[0].state in OPEN
    if not is_open and (plan.state not in ("refused", "void") or (outdated and plan.state == "refused")):
        return None
    may_decide = plan.state == "waiting" and not outdated and reader != plan.asked_by
    return PublicationPlanView(row, _(PLANNED_NATURES[plan.nature, plan.asks]), is_open, outdated=outdated, may_decide=may_decide)
