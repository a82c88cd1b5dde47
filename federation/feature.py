"""The federation feature: what the package registers with the application."""

from accounts.entry import FOLLOW_ENTRY, FORBIDS_PASSWORD, LEAVE_METHODS, NEEDS_LOCAL_ADMINISTRATOR, PROOF_METHODS, SIGN_IN_METHODS
from accounts.notices import NOTICE_KINDS
from federation import links, notices, providers, sessions, views
from federation.access import PERMISSIONS
from kernel.errors import N_
from kernel.feature import Feature
from kernel.menu import Menu, MenuEntry
from kernel.personal import OWN_DATA

FEATURE = Feature(
    name="federation",
    blueprints=(views.bp, views.links_bp, views.providers_bp),
    permissions=PERMISSIONS,
    menu=(
        MenuEntry(
            Menu.PEOPLE,
            "federation_providers.overview",
            N_("Sign-in by institutions"),
            position=60,
            icon="key-round",
            about=N_("The servers of institutions by which their people come in, without a password of this site."),
        ),
    ),
    jobs={"federation.forget_tokens": sessions.forget_tokens},
    periodic={"federation.forget_tokens": 3600},
    hooks=(
        SIGN_IN_METHODS.add(views.methods),
        PROOF_METHODS.add(views.proof_methods),
        LEAVE_METHODS.add(views.leave_methods),
        FOLLOW_ENTRY.add(sessions.follow_entry),
        NEEDS_LOCAL_ADMINISTRATOR.add(providers.any_is_on),
        FORBIDS_PASSWORD.add(links.forbids_password),
        NOTICE_KINDS.add(notices.LINK_NOTICE, notices.PROVIDER_NOTICE),
        OWN_DATA.add(links.select_own_data),
    ),
    help={
        "administrator/sign-in-by-institutions#providers": "federation_providers.overview",
        "administrator/sign-in-by-institutions#connect": "federation_providers.edit federation_providers.new",
        "learner/signing-in#institution": "federation.begin federation.come_back federation_links.own",
    },
)
