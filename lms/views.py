"""The roof's own pages: front, home, teaching, administration, choices of language and theme, health."""

from flask import Blueprint, Response, make_response, request, url_for
from flask import session as cookie

from accounts import accounts
from accounts.names import count_requests as count_name_requests
from accounts.rules import NOTICE_VERSION, safe_next
from certificates.reviews import count_open_credential_reviews
from communities.communities import count_submitted as count_submitted_communities
from compliance.team_digests import find_work
from courses import catalogue
from courses.access import CourseAction, edits
from courses.models import StaffRole
from courses.waiting import list_waiting
from enrolments.course_context import catalogue_cards, courses_in_preparation
from enrolments.takes import count_open_completion_reviews
from kernel import clock
from kernel.i18n import LANGUAGES, _, choose
from kernel.web.request import (
    Answer,
    allows,
    current_actor,
    current_session,
    current_settings,
    page,
    public,
    request_services,
    requires,
    see_other,
)
from lms import learning as own_learning
from lms import queries
from lms.access import SiteAction
from lms.front_page import find_campus, read_front
from lms.retention import periods
from lms.start import find_start
from organisations import profile

bp = Blueprint("lms", __name__)

THEMES = ("light", "dark", "system")
MOST_WAITING = 50


@bp.get("/")
@public("leads strangers to the catalogue and others to what is theirs")
def home() -> Answer:
    """Show the front to strangers, and lead those who are signed in to where their work begins."""
    if not current_actor().is_anonymous:
        return see_other(url_for(find_start(current_session(), current_actor(), now=clock.now())))
    return page("lms/home.html", front=read_front(current_settings().profile))


@bp.get("/campus")
@public("shows what the catalogue, the recordings and the tools show to their reader")
def campus() -> Answer:
    """Show what there is to learn from: courses, recordings and all that packages add to Campus."""
    count = catalogue.count_catalogue(current_session(), current_actor())
    recordings, others = find_campus(current_settings().profile.turned_entries)
    return page(
        "lms/campus.html",
        courses=catalogue_cards(12),
        course_count=count,
        preparing=courses_in_preparation(count),
        recordings=recordings,
        others=others,
    )


@bp.get("/learning")
@requires(SiteAction.LEARN)
def learning() -> Answer:
    """Show what runs out, where the actor was, what is new, and their courses."""
    return page("lms/learning.html", **own_learning.home_page(current_session(), current_actor(), now=clock.now()))


@bp.get("/teaching")
@requires(SiteAction.TEACH)
def teaching() -> Answer:
    """Show what waits for the actor in the courses whose teams they belong to, and list these."""
    actor, waiting = current_actor(), list_waiting(current_session(), current_actor(), now=clock.now())
    taught = queries.visible_taught(current_session(), actor)
    rows = [
        {
            "slug": row.slug,
            "title": choose(dict(row.title)),
            "role": row.role or "administrator",
            "version": row.number,
            "published_at": row.published_at,
            "has_changes": bool(row.draft_changed_at and (row.published_at is None or row.draft_changed_at > row.published_at)),
            "archived": row.archived_at is not None,
            "learners": row.learners,
            "completed": row.completed,
            "may_edit": edits(actor, StaffRole(row.role) if row.role else None),
        }
        for row in taught
    ]
    roles = [row.role or "administrator" for row in taught]
    may_create = allows(CourseAction.CREATE, catalogue.get_workshop(current_session(), actor, roles))
    return page(
        "lms/teaching.html",
        waiting=[
            {
                "words": item.words(),
                "course": choose(item.course.title) if item.course else "",
                "url": item.path,
                "since": None if item.is_dated else item.since,
            }
            for item in waiting[:MOST_WAITING]
        ],
        more=max(len(waiting) - MOST_WAITING, 0),
        courses=rows,
        may_create=may_create,
    )


@bp.get("/administration")
@requires(SiteAction.ADMINISTER)
def administration() -> Answer:
    """Show what this installation is doing."""
    session, person_id = current_session(), current_actor().person_id
    settings = current_settings()
    assert person_id is not None
    state = queries.condition(session, now=clock.now())
    steps = [
        {
            "text": _("Set a mail server so that people can confirm their addresses"),
            "done": settings.sends_mail,
            "url": url_for("organisations_site.mail_server"),
        },
        {
            "text": _("Publish a course of your own"),
            "done": catalogue.has_own_course(session),
            "url": url_for("lms.teaching"),
            "note": _("The courses that come with the program are samples. Give one a team to use it, or archive it."),
        },
        {
            "text": _("Use your own web address"),
            "done": settings.public_url.startswith("https://"),
            "url": url_for("organisations_site.access"),
        },
    ]
    return page(
        "lms/administration.html",
        people=state.people,
        active_people=state.active_people,
        enrolments=state.enrolments,
        certificates=state.certificates,
        wants_name=profile.wants_name(session, settings),
        name_requests=count_name_requests(session),
        credential_reviews=count_open_credential_reviews(session),
        completion_reviews=count_open_completion_reviews(session),
        work=find_work(session, person_id, [person_id]),
        submitted_communities=count_submitted_communities(session),
        first_steps=steps if not all(step["done"] for step in steps) else [],
        sends_mail=settings.sends_mail,
        mail_folder=str(settings.data_dir / "mail"),
        jobs_waiting=state.jobs_waiting,
        jobs_failed=queries.count_failed_jobs(session),
    )


@bp.get("/accessibility")
@public("says the same to everybody")
def accessibility() -> Answer:
    """Show the accessibility statement."""
    return page("lms/accessibility.html")


@bp.get("/privacy")
@public("says the same to everybody")
def privacy() -> Answer:
    """Show how personal data are used."""
    settings = current_settings()
    return page(
        "lms/privacy.html",
        notice_version=NOTICE_VERSION,
        periods=periods(current_session(), settings),
        data_officer=settings.data_officer.rstrip("."),
        data_processors=settings.data_processors.rstrip("."),
    )


def _back() -> Response:
    return see_other(safe_next(request.form.get("next")) or url_for("lms.home"))


@bp.post("/language")
@public("keeps a choice in the browser's cookie")
def set_language() -> Answer:
    """Choose the language of the pages: kept with the account, else in the cookie."""
    chosen = request.form.get("language", "")
    if chosen in LANGUAGES:
        cookie["language"] = chosen
        if not current_actor().is_anonymous:
            accounts.set_language(current_session(), current_actor(), chosen, now=clock.now())
    return _back()


@bp.post("/theme")
@public("keeps a choice in the browser's cookie")
def set_theme() -> Answer:
    """Choose light, dark, or as the device says."""
    chosen = request.form.get("theme", "")
    if chosen in THEMES:
        theme = "" if chosen == "system" else chosen
        cookie["theme"] = theme
        if not current_actor().is_anonymous:
            accounts.set_theme(current_session(), current_actor(), theme, now=clock.now())
    return _back()


@bp.get("/health/live")
@public("tells a probe that the process lives")
def live() -> Answer:
    """Report that the process answers."""
    return _plain("ok")


@bp.get("/health/ready")
@public("tells a probe that the process can work")
def ready() -> Answer:
    """Report that the database answers too; an error page means that it does not."""
    request_services().database.check()
    return _plain("ok")


@bp.get("/robots.txt")
@public("says the same to everybody")
def robots() -> Answer:
    """Send robots.txt: what search engines may not index."""
    paths = (
        "/attempts/",
        "/learning",
        "/profile",
        "/teaching",
        "/administration",
        "/verify/",
        "/acta/",
        "/v/",
        "/certificates",
        "/search",
        "/calendar",
    )
    return _plain("User-agent: *\n" + "".join(f"Disallow: {path}\n" for path in paths))


@bp.get("/.well-known/security.txt")
@public("says the same to everybody")
def security() -> Answer:
    """Send security.txt: the contact for reporting a weakness."""
    settings = current_settings()
    expires = clock.now().replace(year=clock.now().year + 1, month=1, day=1, hour=0, minute=0, second=0, microsecond=0)
    return _plain(f"Contact: mailto:{settings.contact_email}\nExpires: {expires.isoformat()}\nPreferred-Languages: es, en\n")


def _plain(text: str) -> Response:
    response = make_response(text)
    response.content_type = "text/plain; charset=utf-8"
    return response
