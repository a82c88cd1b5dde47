"""Read modules and the activities inside them (spec/content-format 5)."""

from datetime import datetime

from courses.content import scalars
from courses.content.course_file import read_objectives
from courses.content.kinds import OUTLINE, read_activity, read_conditions, read_head
from courses.content.layout import MODULE, ActivityFiles, FolderLayout, ModuleFiles
from courses.content.lessons import read_page
from courses.content.mapping_cursor import MappingCursor, MarkupLevel, ReadingSession
from courses.content.model import NO_TEXT, ActivitySource, ModuleSource, Severity, SourceState
from courses.content.source import read_table
from courses.rules import GIVE_MARKS
from kernel.errors import N_

CLOSES_WITH_MODULE = N_("Quizzes and tasks close no later than their module. Change one of the two dates.")


def read_modules(session: ReadingSession, layout: FolderLayout) -> tuple[ModuleSource, ...]:
    """Read all modules with their activities in the order of their numbers."""
    return tuple(_module(session, files) for files in layout.modules)


def _module(session: ReadingSession, files: ModuleFiles) -> ModuleSource:
    path = f"{files.folder}/{MODULE}"
    table = read_table(session, path) if path in session.files else None
    if table is None:
        activities = _activities(session, files)
        return ModuleSource("", NO_TEXT, path, activities)
    key, former_keys, title, summary = read_head(session, table, MarkupLevel.INLINE)
    session.module_keys[files.folder] = key
    objectives, objective_keys = read_objectives(table)
    state, requires, opens, closes = read_conditions(table)
    numbered = table.flag("numbered", True)
    needed = table.value("completion", scalars.either("all", 0, scalars.whole(1)), 0)
    activities = _activities(session, files)
    module = ModuleSource(
        key,
        title,
        path,
        activities,
        former_keys=former_keys,
        summary=summary,
        objectives=objectives,
        objective_keys=objective_keys,
        state=state,
        requires=requires,
        opens=opens,
        closes=closes,
        numbered=numbered,
        needed=needed or None,
    )
    _check_module(session, table, module)
    return module


def _check_module(session: ReadingSession, table: MappingCursor, module: ModuleSource) -> None:
    ready = [activity for activity in module.activities if activity.state is SourceState.READY]
    required = [activity for activity in ready if activity.required]
    if not ready and module.state is SourceState.READY:
        table.report("C206", N_("The module has no activities to publish."), N_("Add one, or make the module a draft."))
    elif ready and not required and module.numbered:  # a pre-test is there to be left out
        warn(table, "C206", N_("The module has no required activities, so there is nothing to complete in it."))
    if module.numbered and not module.objectives and (table.session.course is None or table.session.course.style_rules):
        warn(table, "C206", N_("The module has no objectives."), N_("Write them. A pre-test or final test that is not counted needs none."))
    if module.needed is not None and module.needed > len(required):
        table.report(
            "C209",
            N_("The module needs %(needed)s required activities but has %(number)s."),
            at="completion",
            needed=module.needed,
            number=len(required),
        )
    if module.closes is not None:
        for activity in module.activities:
            if activity.kind in GIVE_MARKS and activity.key in session.outline:
                _check_dates(session.outline[activity.key], activity, module.closes)


def _check_dates(table: MappingCursor, activity: ActivitySource, closes: datetime) -> None:
    """Tell a quiz or task that never opens because its module closes it before, and one that closes with it before its own date.

    spec/content-format C208.
    """
    if activity.opens is not None and activity.opens >= closes:
        table.report("C208", N_("Its module closes before it opens."), CLOSES_WITH_MODULE, at="opens")
    elif activity.closes is not None and activity.closes > closes:
        warn(table, "C208", N_("Its module closes earlier, so the module's date applies."), CLOSES_WITH_MODULE, at="closes")


def warn(table: MappingCursor, code: str, template: str, fix: str = "", *, at: str = "") -> None:
    """Add a finding that is a warning here though its code may be an error elsewhere."""
    table.session.add(table.place_at(at) if at else table.place, code, template, fix, {}, Severity.WARNING)


def _activities(session: ReadingSession, files: ModuleFiles) -> tuple[ActivitySource, ...]:
    activities = (_activity(session, activity) for activity in files.activities)
    return tuple(activity for activity in activities if activity is not None)


def _activity(session: ReadingSession, files: ActivityFiles) -> ActivitySource | None:
    if files.kind is None:
        _shadow(session, files)
        return None
    if files.lessons:
        return read_page(session, files)
    table = read_table(session, files.path)
    return read_activity(session, table, files.kind) if table is not None else None


def _shadow(session: ReadingSession, files: ActivityFiles) -> None:
    """Claim the key of an activity of an unknown kind, so that links to it are not reported as dead too."""
    table = read_table(session, files.path)
    if table is not None:
        key = table.value("key", scalars.key)
        if key:
            session.claim(OUTLINE, key, table.place_at("key"))
            session.unknown_kinds.add(key)
        session.forget_file(files.path)
