"""The accounts feature: what the package registers with the application."""

from accounts import accounts, jobs, names, notices, privacy
from accounts.access import PERMISSIONS
from accounts.views import profile, second_factor, signing
from kernel.errors import N_
from kernel.feature import Feature
from kernel.menu import Menu, MenuEntry, is_signed_in, is_visitor
from kernel.permissions import Actor
from kernel.personal import FORGET_LINKS, OWN_DATA, RETENTION
from kernel.web.request import current_settings


def _may_sign_up(actor: Actor) -> bool:
    return actor.is_anonymous and current_settings().sign_up


FEATURE = Feature(
    name="accounts",
    blueprints=(signing.bp, second_factor.bp, profile.notices_bp, profile.addresses_bp, profile.names_bp),
    permissions=PERMISSIONS,
    menu=(
        MenuEntry(Menu.OWN, "accounts.profile", N_("My account"), position=90, icon="settings"),
        MenuEntry(Menu.SEARCH, "accounts.sign_in", N_("Sign in"), position=10, icon="user", is_for=is_visitor),
        MenuEntry(Menu.SEARCH, "accounts.sign_up", N_("Create an account"), position=11, icon="user", is_for=_may_sign_up),
        MenuEntry(Menu.SEARCH, "accounts.forgotten", N_("I forgot my password"), position=20, icon="key-round", is_for=is_visitor),
        MenuEntry(Menu.SEARCH, "accounts.change_password", N_("Change my password"), position=30, icon="key-round", is_for=is_signed_in),
        MenuEntry(
            Menu.SEARCH, "accounts_addresses.change_address", N_("Change my email address"), position=31, icon="mail", is_for=is_signed_in
        ),
        MenuEntry(Menu.SEARCH, "accounts_notices.notices_list", N_("Notifications"), position=40, icon="bell", is_for=is_signed_in),
        MenuEntry(Menu.SEARCH, "accounts_notices.switches", N_("My notifications"), position=41, icon="bell", is_for=is_signed_in),
        MenuEntry(
            Menu.SEARCH, "accounts_second.overview", N_("Second step when signing in"), position=50, icon="lock", is_for=is_signed_in
        ),
        MenuEntry(Menu.SEARCH, "accounts.devices", N_("Where I am signed in"), position=51, icon="monitor", is_for=is_signed_in),
    ),
    jobs={
        "accounts.send_confirmation": jobs.send_confirmation,
        "accounts.send_reset": jobs.send_reset,
        "accounts.send_invitations": jobs.send_invitations,
        "accounts.send_known_address": jobs.send_known_address,
        "accounts.send_password_changed": jobs.send_password_changed,
        "accounts.send_new_address": jobs.send_new_address,
        "accounts.send_address_changed": jobs.send_address_changed,
        "accounts.send_factor_changed": jobs.send_factor_changed,
        "accounts.send_deletion_asked": jobs.send_deletion_requested,
        "accounts.send_code_used": jobs.send_code_used,
        "accounts.send_notices": jobs.send_notices,
        "accounts.send_digests": jobs.send_digests,
        "accounts.send_digest": jobs.send_digest,
    },
    periodic={"accounts.send_digests": jobs.DIGESTS_EVERY},
    patient=("accounts.send_notices", "accounts.send_digest", "accounts.send_invitations"),
    hooks=(
        notices.NOTICE_KINDS.add(names.ACCOUNT_NOTICE),
        OWN_DATA.add(privacy.select_own_data),
        FORGET_LINKS.add(accounts.forget_links_before),
        RETENTION.add(notices.RETENTION_RULE, accounts.RETENTION_RULE),
    ),
    help={
        "learner/account#sign-up": "accounts.sign_up accounts.sign_up_requested",
        "learner/account#confirm": "accounts.confirm",
        "learner/account#invitation": "accounts.accept_invitation",
        "learner/account#forgotten": "accounts.forgotten accounts.reset",
        "learner/account#profile": "accounts.profile accounts_names.ask_for_correction",
        "learner/account#change": """
            accounts.change_password accounts_addresses.address_change_requested accounts_addresses.change_address
            accounts_addresses.confirm_address_change
        """,
        "learner/signing-in#sign-in": "accounts.sign_in",
        "learner/signing-in#second-step": "accounts_second.new_app accounts_second.overview",
        "learner/signing-in#lost-phone": "accounts_second.enter",
        "learner/signing-in#devices": "accounts.devices",
        "learner/notifications-and-data#notifications": "accounts_notices.notices_list",
        "learner/notifications-and-data#preferences": "accounts_notices.stop accounts_notices.switches",
        "administrator/first-steps#first-account": "accounts.set_up",
        "administrator/people#name": "accounts_names.correct_name accounts_names.name_requests",
    },
)
