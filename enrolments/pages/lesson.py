"""The page of a lesson."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row

from enrolments.pages.outline import CourseView
from enrolments.permissions import ActivityContext
from kernel.i18n import choose, language
from kernel.markup.model import SafeHtml
from kernel.markup.passages import anchored


@dataclass(frozen=True, slots=True)
class LessonPageView:
    """A lesson on its page."""

    key: str
    title: str
    minutes: int
    updated_on: datetime
    done: bool
    markable: bool
    required: bool
    language: str


@dataclass(frozen=True, slots=True)
class HeadingLink:
    """A heading to jump to."""

    id: str
    text: str
    level: int = 2


def lesson_context(subject: ActivityContext, view: CourseView, page: Row[*tuple[Any, ...]]) -> Mapping[str, object]:
    """Return everything that the template of a lesson shows, from its rendered text in one language."""
    activity, outline = subject.activity, subject.outline
    before, after = outline.neighbours(activity.key)
    facts = LessonPageView(
        key=activity.key,
        title=page.title,
        minutes=page.minutes,
        updated_on=outline.published_at,
        done=view.is_done(activity.key),
        markable=view.context.is_learner and subject.closed is None and activity.completion_rule == "marked",
        required=activity.required,
        language="" if page.language == language() else page.language,
    )
    return {
        "course": {"slug": outline.slug, "title": choose(outline.title)},
        "module": view.module_block(outline.module_by_key[activity.module], activity.key),
        "activity": facts,
        "body": anchored(SafeHtml.stored(page.body)),
        "icons": page.icons,
        "headings": [HeadingLink(*heading.split("|", 1)) for heading in page.headings],
        "previous": view.activity_link(before),
        "next": view.activity_link(after),
    }
