"""Pages of the lists that a course shares: glossary, figures of a year, documents. Entries come, change and go as lines of text."""

from dataclasses import dataclass, replace
from functools import partial

from flask import Blueprint, Response, flash, request

from courses import authoring, catalogue, drafts
from courses.access import CourseAction, CourseListContext, ListEntryContext
from courses.authoring import DraftOutline
from courses.content import merging
from courses.content.applying import with_values
from courses.content.changes import DraftChange
from courses.content.editing import EditRefused, Written, add_keyed, find_nested, keys_of, read_fields, replace_nested, without_keyed
from courses.content.lists import LISTINGS, CourseListSpec
from courses.content.media import uses_of
from courses.content.merging import ThreeWayMerge
from courses.content.model import Finding
from courses.content.settings import FieldShape, FieldSpec, FormValues, values_of
from courses.editor import SettingsForm, UsageLink, course_header, course_kinds, used_in
from courses.models import Course
from courses.views.outline import save
from courses.views.settings import SettingsEditor, answered
from kernel.errors import N_, Invalid, NotFound
from kernel.i18n import _, lazy_
from kernel.web.request import Answer, current_session, page, requires, see_page

bp = Blueprint("courses_lists", __name__)
KEY = FieldSpec(
    "key",
    FieldShape.WORD,
    lazy_("Key"),
    lazy_("Its name in the course texts. It cannot be changed later. Leave empty to make it from the words."),
)


@dataclass(frozen=True, slots=True)
class ListEntryEditor(SettingsEditor):
    """An entry of a list before its editor; without a key it is a new one."""

    listing: CourseListSpec | None = None

    def values(self, text: str) -> FormValues:
        """Return the values of the entry."""
        return values_of(read_fields(self._inner(text)), self.settings, self.languages)

    def _inner(self, text: str) -> str:
        if not self.key:
            return ""
        inner = find_nested(text, self.key)
        if inner is None:
            raise EditRefused
        return inner

    def composed(self, text: str, given: FormValues) -> str:
        """Return the list with what was typed of the entry."""
        assert self.listing is not None
        own = tuple(setting for setting in self.settings if setting.name != KEY.name)
        inner = with_values(self._inner(text), "", own, self.languages, given, self.order)
        return replace_nested(text, self.key, inner) if self.key else add_keyed(text, self.new_key(text, given), inner)

    def new_key(self, text: str, given: FormValues) -> str:
        """Return the key of a new entry: the one that was typed, or one made of its words; raises Invalid."""
        assert self.listing is not None
        taken = keys_of(text)
        key = given.texts.get((KEY.name, ""), "")
        title = given.texts.get((self.listing.shown, self.languages[0]), "")
        if not key and not title:
            raise Invalid(N_("Enter its name first."))
        if not key:
            key = self.listing.proposed(title, list(taken))
        if not self.listing.takes(key):
            raise Invalid(
                N_("“%(key)s” cannot be a key. Use lower-case letters (no accents) and digits, with hyphens between words."), key=key
            )
        if key in taken:
            raise Invalid(N_("There is already an entry with the key “%(key)s”."), key=key)
        return key

    def placed(self, finding: Finding) -> Finding | None:
        """Return a finding of this entry with its place counted from the entry."""
        key, dot, rest = finding.field.partition(".")
        if finding.file != self.path or (self.key and key != self.key):
            return None
        return replace(finding, field=rest) if dot or key else finding


def _listing(name: str) -> CourseListSpec:
    if name not in LISTINGS:
        raise NotFound
    return LISTINGS[name]


def _open(subject: CourseListContext) -> tuple[Course, DraftOutline, CourseListSpec]:
    course = catalogue.get_course(current_session(), subject.id)
    return course, authoring.load_draft_outline(current_session(), course, course_kinds()), _listing(subject.listing)


def _entries(draft_outline: DraftOutline, listing: CourseListSpec) -> dict[str, Written]:
    """Return the entries of a list; none where it cannot be read, which the page says."""
    try:
        return keys_of(draft_outline.texts.get(listing.path, ""))
    except EditRefused:
        return {}


def _words(entry: Written, name: str, languages: tuple[str, ...]) -> dict[str, str]:
    """Return a text of an entry by language."""
    value = entry.get(name) if isinstance(entry, dict) else None
    if isinstance(value, str):
        return {languages[0]: value}
    return (
        {language: translation for language, translation in value.items() if isinstance(translation, str)}
        if isinstance(value, dict)
        else {}
    )


@bp.get("/teaching/<slug>/lists/<listing>")
@requires(CourseAction.EDIT, catalogue.get_taught_listing)
def entries(subject: CourseListContext) -> Response:
    """Show the entries of a list, and what is missing in each."""
    course, draft_outline, listing = _open(subject)
    find = request.args.get("find", "").strip()[:130]
    every = _entries(draft_outline, listing)
    rows = [_row(key, entry, listing, draft_outline.tree.languages) for key, entry in every.items()]
    matching = [row for row in rows if find.casefold() in " ".join([str(row["key"]), str(row["title"]), str(row["about"])]).casefold()]
    return page(
        "courses/list.html",
        course=course_header(course),
        listing=listing,
        listings=list(LISTINGS.values()),
        rows=matching,
        total=len(rows),
        find=find,
        unread=bool(draft_outline.texts.get(listing.path, "").strip()) and not every,
    )


def _row(key: str, entry: Written, listing: CourseListSpec, languages: tuple[str, ...]) -> dict[str, object]:
    titles = _words(entry, listing.shown, languages)
    about = _words(entry, "definition", languages)
    fields = entry if isinstance(entry, dict) else {}
    return {
        "key": key,
        "title": titles.get(languages[0], "") or key,
        "about": about.get(languages[0], ""),
        "value": " ".join(str(fields[name]) for name in ("value", "formula", "unit", "year") if fields.get(name)),
        "kind": str(fields.get("kind") or ""),
        "lacks": [language for language in languages if language not in titles or (about and language not in about)],
    }


@bp.route("/teaching/<slug>/lists/<listing>/new", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_listing, reads_first=True)
def new_entry(subject: CourseListContext) -> Answer:
    """Add an entry to a list."""
    course, draft_outline, listing = _open(subject)
    settings = (*listing.settings(draft_outline.tree.languages), KEY)
    sheet = ListEntryEditor(
        course, draft_outline, listing.path, (("", settings),), listing.order(draft_outline.tree.languages), listing=listing
    )
    return answered(
        subject, sheet, partial(_page, sheet), lambda _text: see_page("courses_lists.entries", slug=subject.slug, listing=listing.name)
    )


@bp.route("/teaching/<slug>/lists/<listing>/entries/<key>", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_entry, reads_first=True)
def entry(subject: ListEntryContext) -> Answer:
    """Change an entry of a list, in all languages of the course."""
    course, draft_outline, listing = _open(subject)
    if subject.key not in _entries(draft_outline, listing) and request.method != "POST":
        raise NotFound
    languages = draft_outline.tree.languages
    sheet = ListEntryEditor(
        course,
        draft_outline,
        listing.path,
        groups=(("", listing.settings(languages)),),
        order=listing.order(languages),
        key=subject.key,
        listing=listing,
    )
    return answered(
        subject, sheet, partial(_page, sheet), lambda _text: see_page("courses_lists.entries", slug=subject.slug, listing=listing.name)
    )


@bp.route("/teaching/<slug>/lists/<listing>/entries/<key>/removal", methods=["GET", "POST"])
@requires(CourseAction.EDIT, catalogue.get_taught_entry, reads_first=True)
def removal(subject: ListEntryContext) -> Answer:
    """Show where an entry is used, and take it out."""
    course, draft_outline, listing = _open(subject)
    present = _entries(draft_outline, listing)
    if subject.key not in present:
        raise NotFound
    if request.method == "POST":
        save(subject, draft_outline, DraftChange({listing.path: without_keyed(draft_outline.texts[listing.path], subject.key)}))
        flash(_("Removed from the draft. What was published stays."), "ok")
        return see_page("courses_lists.entries", slug=subject.slug, listing=listing.name)
    titles = _words(present[subject.key], listing.shown, draft_outline.tree.languages)
    return page(
        "courses/entry_removal.html",
        course=course_header(course),
        listing=listing,
        key=subject.key,
        title=titles.get(draft_outline.tree.languages[0], subject.key),
        uses=_uses(draft_outline, subject, listing),
    )


def _uses(draft_outline: DraftOutline, subject: ListEntryContext, listing: CourseListSpec) -> list[UsageLink]:
    texts = drafts.all_draft_bodies(current_session(), draft_outline.course_id)
    return used_in(draft_outline, subject.slug, uses_of(texts, listing.path, subject.key))


def _page(sheet: ListEntryEditor, form: SettingsForm, merge: ThreeWayMerge | None) -> Response:
    assert sheet.listing is not None
    titles = _words(_entries(sheet.draft_outline, sheet.listing).get(sheet.key), sheet.listing.shown, sheet.languages)
    return page(
        "courses/entry.html",
        course=course_header(sheet.course),
        listing=sheet.listing,
        key=sheet.key,
        title=titles.get(sheet.languages[0], sheet.key),
        fields=[field for setting in sheet.settings if form.asks(setting) for field in form.rows(setting)[0]],
        form=form,
        regions=merging.regions(merge) if merge is not None else None,
        has_conflicts=bool(merge is not None and merge.conflicts),
    )
