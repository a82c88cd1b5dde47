"""The organisations feature: what the package registers with the application."""

from accounts.names import KEEPS_NAME
from kernel.feature import Feature
from organisations import jobs
from organisations.access import PERMISSIONS
from organisations.audiences import AudienceVerb
from organisations.employment import has_employment
from organisations.lists import UnitListVerb
from organisations.posts import PostVerb
from organisations.units import OrganisationVerb
from organisations.views import audience_lists, audiences, institutions, lists, posts, site_settings, tree

FEATURE = Feature(
    name="organisations",
    blueprints=(tree.bp, audiences.bp, audience_lists.bp, posts.bp, lists.bp, site_settings.bp, institutions.bp),
    permissions=PERMISSIONS,
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
        OrganisationVerb.MOVED: "organisations.recompute_audiences",
        OrganisationVerb.CLOSED: "organisations.recompute_audiences",
    },
    patient=("organisations.recompute_audiences", "organisations.try_list"),
    periodic={
        "organisations.forget_loads": 3600,
        "organisations.end_places": 3600,
        "organisations.follow_audiences": 600,
        "organisations.recompute_audiences": 86_400,
    },
    hooks=(KEEPS_NAME.bind(has_employment),),
)
