"""The organisations feature: what the package registers with the application."""

from kernel.feature import Feature
from organisations import jobs
from organisations.access import PERMISSIONS
from organisations.audiences import AudienceVerb
from organisations.posts import PostVerb
from organisations.views import audience_lists, audiences, institutions, posts, site_settings, tree, unit_lists

FEATURE = Feature(
    name="organisations",
    blueprints=(tree.bp, audiences.bp, audience_lists.bp, posts.bp, unit_lists.bp, site_settings.bp, institutions.bp),
    permissions=PERMISSIONS,
    jobs={
        "organisations.bring_in": jobs.bring_in,
        "organisations.forget_loads": jobs.forget_loads,
        "organisations.end_places": jobs.end_places,
        "organisations.follow_audiences": jobs.follow_audiences,
        "organisations.recompute_audience": jobs.recompute_audience,
        "organisations.recompute_audiences": jobs.recompute_audiences,
    },
    subscriptions={
        AudienceVerb.MADE: "organisations.recompute_audience",
        AudienceVerb.CHANGED: "organisations.recompute_audience",
        PostVerb.MERGED: "organisations.follow_audiences",
    },
    patient=("organisations.recompute_audiences",),
    periodic={
        "organisations.forget_loads": 3600,
        "organisations.end_places": 3600,
        "organisations.follow_audiences": 600,
        "organisations.recompute_audiences": 86_400,
    },
)
