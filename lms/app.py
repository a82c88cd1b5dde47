"""Assembly of the application: which packages it consists of, and how they are put together."""

import hashlib
from collections import defaultdict
from collections.abc import Callable
from dataclasses import replace
from functools import cache, partial
from importlib.metadata import version as installed
from pathlib import Path
from typing import Any

from flask import Flask, g, request
from flask import session as cookie
from werkzeug.middleware.proxy_fix import ProxyFix

from accounts import entering, people, signin
from accounts import feature as accounts
from accounts.views import profile, signing
from analysis import feature as analysis
from certificates import feature as certificates
from communities import feature as communities
from compliance import feature as compliance
from courses import feature as courses
from courses import kinds, team
from courses.content.render_cache import RenderedLessonCache
from courses.kinds import COURSE_PARTS, CourseKinds
from discussions import feature as discussions
from enrolments import feature as enrolments
from federation import feature as federation
from federation import views as federation_views
from kernel import audit, crypto, files, i18n
from kernel.db import Database, gather
from kernel.feature import Feature
from kernel.files import files_of, quotas_from
from kernel.outbox import JobRunner
from kernel.paths import STATIC, TEMPLATES
from kernel.permissions import Policy
from kernel.settings import Settings, secret_keys
from kernel.site_profile import SiteProfiles
from kernel.web import after_response, assets, errors, headers, limits, menus, pages, sessions, templating
from kernel.web.active_requests import BESIDE_A_SERVER, ActiveRequests, ConcurrencyLimiter
from kernel.web.admission import AdmissionGate
from kernel.web.request import FIELD_LIMIT, RequestServices, current_actor, install_last
from kernel.web.request import install as install_requests
from kernel.web.sessions import FormTokens, SessionCookie, preferred_language
from lms import feature as roof
from lms import former_addresses, metrics, team_bar
from lms.guide import page_links
from lms.instance import Instance
from notes import feature as notes
from organisations import feature as organisations
from organisations.profile import read_profile
from questions import feature as questions
from quizzes import feature as quizzes
from selections import feature as selections
from simulators import feature as simulators
from standards import feature as standards
from webinars import feature as webinars

FEATURES: tuple[Feature, ...] = (
    accounts.FEATURE,
    discussions.FEATURE,
    organisations.FEATURE,
    courses.FEATURE,
    enrolments.FEATURE,
    communities.FEATURE,
    questions.FEATURE,
    quizzes.FEATURE,
    analysis.FEATURE,
    certificates.FEATURE,
    webinars.FEATURE,
    notes.FEATURE,
    simulators.FEATURE,
    compliance.FEATURE,
    standards.FEATURE,
    federation.FEATURE,
    selections.FEATURE,
    selections.OBJECTIONS,
    roof.FEATURE,
)
GIVEN = gather(pair for feature in FEATURES for pair in feature.hooks)
"""What the packages give to those below, by hook."""
KINDS = sum(COURSE_PARTS.given_in(GIVEN), CourseKinds())
BODY_LIMIT = 1_000_000
PROBES = frozenset({"lms.live", "lms.ready", "lms_condition.figures"})


def open_instance(settings: Settings) -> Instance:
    """Open an instance without serving it: for the server, the worker and the command line."""
    settings.data_dir.mkdir(mode=0o700, parents=True, exist_ok=True)
    database = Database(settings.database, pool=settings.database_pool)
    store = files_of(settings)
    present = SiteProfiles(database, partial(read_profile, keys=partial(secret_keys, settings)))
    course_kinds = replace(KINDS, lesson_cache=RenderedLessonCache(settings.data_dir / "rendered"), topics=settings.topic_names)
    database.configure(
        GIVEN
        | gather(
            (
                audit.SUBSCRIPTIONS.bind(_subscriptions()),
                files.FILES.bind(store),
                files.QUOTAS.bind(quotas_from(settings)),
                kinds.COURSE_KINDS.bind(course_kinds),
                people.CONFIRMS_SINCE.bind(lambda: present(settings).confirms_since),
                crypto.SECRET_KEYS.bind(partial(secret_keys, settings)),
            )
        )
    )
    handlers = {kind: handler for feature in FEATURES for kind, handler in feature.jobs.items()}
    patient = {kind for feature in FEATURES for kind in feature.patient}
    opened = Instance(
        settings, database, store, worker=JobRunner(database, settings, handlers, patient, present), kinds=course_kinds, present=present
    )
    opened.keys, opened.seal_keys  # noqa: B018 - the first start makes them, and a file that is no key is refused
    return opened


def _subscriptions() -> dict[str, tuple[str, ...]]:
    """Return by audit verb the kinds of the jobs that follow from it."""
    subscriptions: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for feature in FEATURES:
        for verb, kind in feature.subscriptions.items():
            subscriptions[verb.value] += (kind,)
    return dict(subscriptions)


def policy() -> Policy:
    """Collect what every package declares about its actions."""
    return Policy({action: permission.predicate for feature in FEATURES for action, permission in feature.permissions.items()})


def _configure(app: Flask, settings: Settings) -> None:
    current, *older = secret_keys(settings)
    app.config.update(
        SECRET_KEY=current,
        SECRET_KEY_FALLBACKS=older,
        SESSION_COOKIE_NAME="__Host-session",
        SESSION_COOKIE_SECURE=True,
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_PATH="/",
        MAX_CONTENT_LENGTH=BODY_LIMIT,
        MAX_FORM_PARTS=FIELD_LIMIT,
        MAX_FORM_MEMORY_SIZE=BODY_LIMIT,
        WTF_CSRF_TIME_LIMIT=None,
        WTF_CSRF_SSL_STRICT=False,  # Origin and Sec-Fetch-Site are checked for every request instead of Referer
    )
    if settings.trusted_proxies:
        count = settings.trusted_proxies
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]  # Flask's way to wrap it


@cache
def _release() -> str:
    """Return a value that changes with the program: its version and its templates, so that pages kept by browsers follow it."""
    total = hashlib.sha256(installed("aulario").encode())
    for path in sorted(TEMPLATES.rglob("*.html")):
        total.update(path.read_bytes())
    return total.hexdigest()[:12]


def _choose_requested_language() -> None:
    """Write for who asked, before anything can fail: the cookie's language, else the browser's. Static files leave the cookie alone."""
    is_static = request.endpoint == assets.ENDPOINT
    chosen = "" if is_static else cookie.get("language", "")
    g.theme = "" if is_static else cookie.get("theme", "")
    i18n.set_reader(chosen or preferred_language(i18n.site_locale().languages))


def _choose_reader() -> None:
    """Write this answer for the person who is signed in: their language, zone and theme."""
    if request.endpoint == assets.ENDPOINT:
        return
    actor = current_actor()
    if actor.is_anonymous:
        return
    i18n.set_reader(actor.language or i18n.language(), i18n.find_zone(actor.zone))
    g.theme = actor.theme or g.theme


class Application(Flask):
    """Flask whose views and hooks are plain functions, so that none has to be asked at each call whether it is asynchronous."""

    def ensure_sync(self, func: Callable[..., Any]) -> Callable[..., Any]:
        """Return a function as it is."""
        return func


def create_app(instance: Instance, *, limit_file: Path | None = None) -> Flask:
    """Put the application together over an opened instance; processes that name the same file count tries together."""
    app = Application("lms", template_folder=str(TEMPLATES), static_folder=None)
    _configure(app, instance.settings)
    app.session_interface = SessionCookie(app)
    app.extensions.update(settings=instance.settings, present=instance.present, instance=instance, files=instance.files)
    app.extensions.update(course_kinds=instance.kinds, release=_release())
    app.extensions["limits"] = limits.Limiter(instance.settings.redis_url, limit_file)
    app.extensions["sign_in_page"] = signing.sign_in_page
    app.before_request(_choose_requested_language)
    install_requests(
        app,
        RequestServices(
            instance.database,
            policy(),
            signin.load_actor,
            instance.settings.request_seconds,
            quiet=PROBES | {assets.ENDPOINT},
            any_host=PROBES,
            active_requests=ActiveRequests(instance.settings.max_active_requests),
            concurrency=ConcurrencyLimiter() if instance.database.is_sqlite else ConcurrencyLimiter(BESIDE_A_SERVER),
        ),
    )
    app.before_request(former_addresses.forward)
    signin.install(app, instance.settings, GIVEN)
    app.before_request(_choose_reader)
    tokens = FormTokens(app)
    tokens.exempt(profile.stop)  # mail programs send it without a token; the address is signed
    tokens.exempt(federation_views.log_out)  # providers send it without one; it is signed
    templating.install(app, instance.settings)
    app.extensions[page_links.EXTENSION] = page_links.sections_of(FEATURES)
    app.jinja_env.globals.update(page_help=page_links.page_help, proof_methods=entering.proof_methods)
    team_bar.install(app, team.TEAM_PAGES.given_in(GIVEN), team.PAGES_BELOW.given_in(GIVEN))
    menus.install(app, (entry for feature in FEATURES for entry in feature.menu))
    assets.install_icons(app)
    assets.install(app, STATIC)
    for feature in FEATURES:
        for blueprint in feature.blueprints:
            app.register_blueprint(blueprint)
    errors.install(app)
    app.after_request(assets.compress_page)
    pages.install_page_cache(app)
    headers.install(app, media=instance.files.origin)
    metrics.install(app)
    after_response.install(app)
    sessions.install_flashes(app)
    install_last(app)
    app.wsgi_app = AdmissionGate(app, partial(signin.is_newcomer, instance.settings), metrics.turned_away(app))  # type: ignore[method-assign]  # Flask's way to wrap it
    return app
