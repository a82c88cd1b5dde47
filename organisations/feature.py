"""The organisations feature: what the package registers with the application."""

from accounts.names import KEEPS_NAME
from accounts.people import STANDINGS, Standing
from accounts.privacy import DELETION_HINDRANCES
from kernel.errors import N_
from kernel.feature import Feature
from kernel.menu import Menu, MenuEntry
from kernel.permissions import Actor
from kernel.personal import ERASURES, MERGERS, OWN_DATA, TRANSFERS
from organisations import audience_kinds, employment, jobs, training_scope, units
from organisations.access import PERMISSIONS
from organisations.audiences import AudienceVerb, transfer_list_entries
from organisations.institutions import administers_condition
from organisations.lists import UnitListVerb
from organisations.posts import PostVerb
from organisations.tree import manages_something
from organisations.views import audience_lists, audiences, institutions, lists, posts, site_settings, tree


def _administers_institution(actor: Actor) -> bool:
    return actor.administers_institution and not actor.is_administrator


SITE_PAGES = tuple(
    MenuEntry(Menu.SITE, f"organisations_site.{name}", title, position=position, icon="settings", has_pages_below=False)
    for position, name, title in (
        (10, "overview", N_("Summary")),
        (20, "names", N_("Name")),
        (30, "appearance", N_("Logo and colours")),
        (50, "mail_server", N_("Email")),
        (60, "access", N_("Address and access")),
        (70, "personal_data", N_("Personal data")),
        (80, "signatories", N_("Signatures")),
    )
)
FEATURE = Feature(
    name="organisations",
    blueprints=(tree.bp, audiences.bp, audience_lists.bp, posts.bp, lists.bp, site_settings.bp, institutions.bp),
    permissions=PERMISSIONS,
    menu=(
        MenuEntry(
            Menu.PEOPLE,
            "organisations.organisations",
            N_("Organisational structure"),
            position=20,
            icon="folder",
            about=N_("Institutions, provinces and units: who belongs to each, and who heads it."),
        ),
        MenuEntry(
            Menu.PEOPLE,
            "organisations_loads.loads",
            N_("Import people or units"),
            position=30,
            icon="list",
            about=N_("From Excel or CSV, reviewed line by line before anything changes."),
        ),
        MenuEntry(
            Menu.TRAINING,
            "organisations_audiences.audiences",
            N_("Audiences"),
            position=20,
            icon="users",
            about=N_("The people whom a rule describes, by unit, post or list: for whom a course or a duty is."),
        ),
        MenuEntry(
            Menu.CERTIFICATES,
            "organisations_institutions.institutions",
            N_("Issuing institutions"),
            position=30,
            icon="house",
            about=N_("The names, logos, colours and signatures that are printed."),
        ),
        MenuEntry(
            Menu.SYSTEM,
            "organisations_site.overview",
            N_("Site settings"),
            position=10,
            icon="settings",
            about=N_("Name, logo, front page, email, address, languages and who may sign up."),
        ),
        *SITE_PAGES,
        MenuEntry(
            Menu.STAFF,
            "organisations_institutions.institutions",
            N_("Issuing institutions"),
            position=50,
            icon="award",
            is_for=_administers_institution,
        ),
    ),
    jobs={
        "organisations.bring_in": jobs.bring_in,
        "organisations.try_list": jobs.try_list,
        "organisations.forget_loads": jobs.forget_loads,
        "organisations.end_places": jobs.end_places,
        "organisations.follow_audiences": jobs.follow_audiences,
        "organisations.recompute_audience": jobs.recompute_audience,
        "organisations.recompute_audiences": jobs.recompute_audiences,
    },
    subscriptions={
        AudienceVerb.MADE: "organisations.recompute_audience",
        AudienceVerb.CHANGED: "organisations.recompute_audience",
        PostVerb.MERGED: "organisations.recompute_audiences",
        UnitListVerb.DONE: "organisations.recompute_audiences",
        units.OrganisationVerb.MOVED: "organisations.recompute_audiences",
        units.OrganisationVerb.CLOSED: "organisations.recompute_audiences",
    },
    patient=("organisations.recompute_audiences", "organisations.try_list"),
    periodic={
        "organisations.forget_loads": 3600,
        "organisations.end_places": 3600,
        "organisations.follow_audiences": 600,
        "organisations.recompute_audiences": 86_400,
    },
    hooks=(
        KEEPS_NAME.bind(employment.has_employment),
        OWN_DATA.add(employment.select_own_data),
        DELETION_HINDRANCES.add(employment.list_employers),
        TRANSFERS.add(transfer_list_entries),
        MERGERS.add(units.transfer_places),
        ERASURES.add(units.erase_places),
        audience_kinds.AUDIENCE_LEAVES.add(*audience_kinds.OWN_KINDS),
        STANDINGS.add(
            Standing("manages_units", manages_something()),
            *training_scope.training_standings(),
            Standing("administers_institution", administers_condition()),
        ),
    ),
    help={
        "administrator/lists#load": "organisations_loads.load organisations_loads.loads",
        "administrator/institutions#create": "organisations.organisation organisations.organisations",
        "administrator/institutions#audiences": """
            organisations_audiences.audience organisations_audiences.audiences organisations_audiences.new
            organisations_audiences.rule
        """,
        "administrator/institutions#audience-people": """
            organisations_audience_lists.lists organisations_audience_lists.people organisations_audiences.why
        """,
        "administrator/institutions#posts": "organisations_posts.post organisations_posts.posts organisations_posts.preview_merge",
        "administrator/site-settings#settings": "organisations_site.overview",
        "administrator/site-settings#name": "organisations_site.names",
        "administrator/site-settings#appearance": "organisations_site.appearance",
        "administrator/site-settings#mail": "organisations_site.mail_server",
        "administrator/site-settings#access": "organisations_site.access",
        "administrator/site-settings#personal-data": "organisations_site.personal_data",
        "administrator/site-settings#signatories": "organisations_site.signatories organisations_site.signatory",
        "administrator/site-settings#institutions": "organisations_institutions.institution organisations_institutions.institutions",
    },
)
