"""The front page of the institution: what strangers see first, and the form in which administrators write it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from flask import Blueprint, Response, flash, make_response, request
from wtforms import RadioField, SelectField, SelectMultipleField
from wtforms.fields.choices import SelectChoice  # type: ignore[attr-defined]  # newer than its stubs

from courses import catalogue, versions
from courses.rules import activity_url
from enrolments.course_context import catalogue_cards, courses_in_preparation
from enrolments.course_view import CourseCard
from kernel import clock
from kernel.errors import Conflict, Invalid
from kernel.i18n import _, choose, lazy_
from kernel.menu import Menu
from kernel.permissions import Actor
from kernel.pictures import LARGEST_PHOTOGRAPH, cleaned_photograph
from kernel.site_profile import PresentSettings, SiteProfile
from kernel.web.assets import FOR_EVER
from kernel.web.forms import FileField, area, line
from kernel.web.menus import MenuLink, menus
from kernel.web.request import (
    Answer,
    begin_writing,
    current_actor,
    current_session,
    is_read_only_request,
    page,
    public,
    release_connection,
    requires,
    see_page,
)
from organisations import profile as organisations_profile
from organisations.access import OrganisationAction
from organisations.models import InstitutionProfile
from organisations.site_forms import SiteForm, fresh_settings
from webinars import recordings as webinar_queries

bp = Blueprint("lms_front", __name__)

PLACES = 6
"""Courses on the front page."""
MOST_COURSES = 200
"""Courses that are offered for it."""
MOST_RECORDINGS = 3
BODY_LIMIT = LARGEST_PHOTOGRAPH + 100_000
VERIFY = "certificates_verification.verify_form"
SHOWN_BY_ITSELF = ("enrolments.catalogue", "webinars.recordings")
"""Entries of Campus that stand as lists of what they lead to."""


@dataclass(frozen=True, slots=True)
class FrontView:
    """The front page as strangers see it."""

    title: str
    text: str
    picture: str
    alternative: str
    courses: Sequence[CourseCard]
    course_count: int
    preparing: Sequence[str]
    recordings: Sequence[Mapping[str, object]]
    others: Sequence[MenuLink]
    verifies: bool
    """Whether it has the form in which a certificate is verified."""


def read_front(profile: SiteProfile) -> FrontView:
    """Return the front page that a profile makes, what it leaves open in the product's own words."""
    count = catalogue.count_catalogue(current_session(), Actor())
    recordings, others = find_campus(profile.turned_entries, Actor())
    return FrontView(
        title=choose(profile.front_titles) or _("Learn at your own pace"),
        text=choose(profile.front_texts)
        or _(
            "Read the courses on an office computer or a phone, even with a slow connection, and finish with a certificate that anyone "
            "can verify."
        ),
        picture=profile.front_picture,
        alternative=choose(profile.front_alts),
        courses=catalogue_cards(PLACES, profile.front_courses, for_strangers=True),
        course_count=count,
        preparing=courses_in_preparation(count),
        recordings=recordings,
        others=others,
        verifies=any(link.endpoint == VERIFY for link in menus().links(Menu.MAIN, Actor(), profile.turned_entries)),
    )


def find_campus(turned: Sequence[str], reader: Actor | None = None) -> tuple[list[dict[str, object]], list[MenuLink]]:
    """Return the newest recordings for a reader, and the entries of Campus that are no lists; `turned` are those that differ from usual."""
    session, actor = current_session(), reader or current_actor()
    links = menus().links(Menu.CAMPUS, actor, turned)
    others = [link for link in links if link.endpoint not in SHOWN_BY_ITSELF]
    if all(link.endpoint != "webinars.recordings" for link in links):
        return [], others
    if actor.is_anonymous:
        rows = webinar_queries.public_recordings(session, now=clock.now(), limit=MOST_RECORDINGS)
    else:
        rows = webinar_queries.visible_recordings(session, actor, limit=MOST_RECORDINGS)
    recordings: list[dict[str, object]] = [
        {
            "url": activity_url(row.slug, "recording", row.Activity.key),
            "title": choose(dict(row.Activity.title)),
            "tone": row.tone,
            "length": row.Recording.seconds,
            "speakers": ", ".join(row.Recording.speakers),
            "day": row.Recording.dated,
            "captioned": row.captioned,
        }
        for row in rows
    ]
    return recordings, others


def _list_titles() -> dict[str, str]:
    """List the titles of the announced courses by key, the oldest first."""
    entries = catalogue.list_catalogue(current_session(), Actor(), limit=MOST_COURSES)
    outlines = versions.list_outlines(current_session(), [entry.version_id for entry in entries])
    return {entry.slug: choose(outlines[entry.version_id].title) for entry in entries}


class FrontPageForm(SiteForm):
    """The words of the front page, its picture, its courses, and the entries of the menus."""

    front_titles_es = line(lazy_("Headline"), most=120)
    front_titles_en = line(lazy_("Headline in English"), most=120)
    front_texts_es = area(lazy_("Text"), most=600)
    front_texts_en = area(lazy_("Text in English"), most=600)
    front_picture = RadioField(lazy_("Picture"))
    upload = FileField(lazy_("Another picture"))
    front_alts_es = line(lazy_("What the picture shows"), most=200)
    front_alts_en = line(lazy_("What the picture shows, in English"), most=200)
    course_1 = SelectField(lazy_("First course"))
    course_2 = SelectField(lazy_("Second course"))
    course_3 = SelectField(lazy_("Third course"))
    course_4 = SelectField(lazy_("Fourth course"))
    course_5 = SelectField(lazy_("Fifth course"))
    course_6 = SelectField(lazy_("Sixth course"))
    entries = SelectMultipleField(lazy_("What visitors and learners find besides courses"))

    def __init__(self, settings: PresentSettings, row: InstitutionProfile | None, *, is_sent: bool = True) -> None:
        super().__init__(settings, row, is_sent=is_sent)
        announced = _list_titles()
        gone = {key: _("%(key)s (not announced now)", key=key) for key in settings.profile.front_courses if key not in announced}
        courses = [SelectChoice(value=key, label=title) for key, title in {"": "–", **announced, **gone}.items()]
        for field in self.places:
            field.choices = courses
        self.entries.choices = [SelectChoice(value=entry.key, label=_(entry.title)) for entry in menus().choices]
        self.took_picture = False
        """Whether a picture came with it, which is kept already."""
        self.offer_pictures()

    def offer_pictures(self, chosen: str = "") -> None:
        """Offer the pictures that there are, and take one of them as chosen."""
        pictures = organisations_profile.list_front_pictures(current_session())
        self.front_picture.choices = [
            SelectChoice(value="", label=_("The drawn windows")),
            *(SelectChoice(value=digest, label=_("Picture %(number)s", number=number)) for number, digest in enumerate(pictures, 1)),
        ]
        if chosen:
            self.front_picture.data = chosen

    def entry_rows(self) -> list[tuple[str, str, bool]]:
        """Return the key of each entry, its title, and whether it is to be shown."""
        return [(entry.key, _(entry.title), entry.key in (self.entries.data or [])) for entry in menus().choices]

    @property
    def places(self) -> list[SelectField]:
        """Return the fields of the courses, in their order on the page."""
        return [self[f"course_{place}"] for place in range(1, PLACES + 1)]

    def _initial_value(self, settings: PresentSettings, row: InstitutionProfile | None, name: str) -> object:
        profile = settings.profile
        if name.startswith("course_"):
            place = int(name.removeprefix("course_")) - 1
            return profile.front_courses[place] if place < len(profile.front_courses) else ""
        if name == "entries":
            return [entry.key for entry in menus().choices if entry.is_shown(profile.turned_entries)]
        return "" if name == "upload" else super()._initial_value(settings, row, name)

    def changes(self) -> dict[str, Any]:
        """Return the values to set, by column; a language without words is left to the other."""
        shown = self.entries.data or []
        texts: dict[str, Any] = {"front_titles": {}, "front_texts": {}, "front_alts": {}}
        own = {name: value for name, value in super().changes().items() if name in (*texts, "front_picture")}
        return {
            **texts,
            **own,
            "front_courses": tuple(dict.fromkeys(field.data for field in self.places if field.data)),
            "turned_entries": tuple(entry.key for entry in menus().choices if (entry.key in shown) != entry.is_usual),
        }


@bp.route("/administration/site/front-page", methods=["GET", "POST"])
@requires(OrganisationAction.MANAGE_SITE, reads_first=True, body_limit=BODY_LIMIT)
def front_page() -> Answer:
    """Write the front page: see it first, then put it in force."""
    settings = fresh_settings()
    row = organisations_profile.find_profile(current_session())
    form = FrontPageForm(settings, row)
    if is_read_only_request():
        return _form_page(form, settings.profile)
    if form.is_stale:
        flash(_(Conflict.message), "warn")
        return _form_page(FrontPageForm(settings, row, is_sent=False), settings.profile), 409
    if not _take_picture(form, settings) or not form.validate_on_submit():
        return _form_page(form, settings.profile), 422
    if request.form.get("go") != "save":
        return _form_page(form, replace(settings.profile, **form.changes()), is_preview=True)
    session = current_session() if form.took_picture else begin_writing()
    organisations_profile.change_profile(session, current_actor(), settings, form.changes(), now=clock.now())
    return see_page("lms_front.front_page", flash=_("Saved. The front page shows it within a few seconds."))


def _take_picture(form: FrontPageForm, settings: PresentSettings) -> bool:
    """Keep a picture that was sent and choose it; return whether it could be read, where there is one."""
    file = request.files.get("upload")
    if file is None or not file.filename:
        return True
    content = file.read()
    release_connection()
    try:
        picture, media_type = cleaned_photograph(content)
    except Invalid as refused:
        form.refuse(form.upload, _(refused.text, **refused.facts))
        return False
    digest = organisations_profile.add_front_picture(begin_writing(), current_actor(), settings, picture, media_type, now=clock.now())
    current_session().flush()  # it is offered at once
    form.offer_pictures(digest)
    form.took_picture = True
    return True


def _form_page(form: FrontPageForm, profile: SiteProfile, *, is_preview: bool = False) -> Response:
    return page("lms/front_page.html", form=form, front=read_front(profile), is_preview=is_preview)


@bp.get("/site/front/<digest>")
@public("the picture stands on the front page")
def picture(digest: str) -> Answer:
    """Show a picture of the front page; its address changes with it."""
    row = organisations_profile.get_front_picture(current_session(), current_actor(), digest)
    response = make_response(row.content)
    response.content_type = row.media_type
    response.headers["Cache-Control"] = FOR_EVER
    return response
