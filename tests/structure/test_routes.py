"""House rules of the URL map."""

import inspect
import re

from flask import Flask

from kernel.web.request import RouteAccess, public, requires
from lms.access import SiteAction
from lms.app import FEATURES

KEBAB = re.compile(r"/(?:(?:\.?[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z]+)?|(?:<[^>]+>)(?:\.[a-z]+)?)(?:/|$))*")
PARAMETER = re.compile(r"<(?:[a-z]+(?:\([^)]*\))?:)?([a-z_0-9]+)>")


def undeclared(app: Flask) -> list[str]:
    """Return the endpoints that do not say who may use them."""
    return sorted(name for name, view in app.view_functions.items() if getattr(view, "access", None) is None)


def unkempt(app: Flask) -> list[str]:
    """Return the rules that are not lower kebab-case, English words aside."""
    return sorted(str(rule) for rule in app.url_map.iter_rules() if not KEBAB.fullmatch(str(rule)))


def a_sample() -> Flask:
    app = Flask("sample", static_folder=None)
    app.add_url_rule("/fine/<uuid:attempt>/some-thing.json", "fine", public("a sample")(lambda attempt: ""))
    app.add_url_rule("/also/<path:name>", "also", requires(SiteAction.LEARN)(lambda name: ""))
    app.add_url_rule("/Not_fine/<key>", "open", lambda key: "")
    return app


def test_every_route_declares_who_may_use_it(app: Flask) -> None:
    """Sentence 4."""
    assert not undeclared(app)
    assert undeclared(a_sample()) == ["open"]


def unfit(app: Flask) -> list[str]:
    """Return the endpoints whose loader, or else the view, does not take the variables of the address by their names."""
    endpoints = set()
    for rule in app.url_map.iter_rules():
        view = app.view_functions[rule.endpoint]
        loader = getattr(view, "access", RouteAccess(None)).loader
        variables = dict.fromkeys(rule.arguments) | (rule.defaults or {})
        try:
            inspect.signature(loader or view).bind(*((None, None) if loader else ()), **variables)
        except TypeError:
            endpoints.add(rule.endpoint)
    return sorted(endpoints)


def test_every_loader_takes_the_variables_of_its_address(app: Flask) -> None:
    sample = a_sample()
    sample.add_url_rule("/another/<name>", "another", requires(SiteAction.LEARN, lambda _session, _actor, title: title)(lambda title: ""))

    assert not unfit(app)
    assert unfit(sample) == ["another"]


def test_every_address_is_lower_kebab_case(app: Flask) -> None:
    assert not unkempt(app)
    assert unkempt(a_sample()) == ["/Not_fine/<key>"]


def test_every_action_of_a_route_says_whom_it_is_for(app: Flask) -> None:
    """spec/security 1.1 and 9: its cells stand in the access matrix, and each is tried over HTTP."""
    permissions = {action: permission for feature in FEATURES for action, permission in feature.permissions.items()}
    actions = {vars(view)["access"].action for view in app.view_functions.values()} - {None}

    assert actions
    by_owners = {action for feature in FEATURES for action in feature.cells}
    assert not [action for action in actions - by_owners if not permissions[action].states]


def test_no_route_becomes_public_by_mistake(app: Flask) -> None:
    """spec/security 1.1: whoever opens a route to everybody says why."""
    accesses = {name: vars(view)["access"] for name, view in app.view_functions.items()}

    assert not [name for name, access in accesses.items() if bool(access.why) is not access.is_public]


def test_every_declared_action_has_a_predicate(app: Flask) -> None:
    """An action that nobody declares would refuse everybody, quietly."""
    policy = app.extensions["plumbing"].policy
    actions = {view.access.action for view in app.view_functions.values() if view.access.action is not None}

    assert actions <= set(policy.predicates)


def test_a_route_writes_or_reads_never_both_at_one_address_without_saying_so(app: Flask) -> None:
    """GET cannot write: what writes answers POST only, or POST beside GET; no PUT, PATCH or DELETE in pages."""
    for rule in app.url_map.iter_rules():
        assert (rule.methods or set()) <= {"GET", "HEAD", "OPTIONS", "POST"}, str(rule)


def test_endpoints_belong_to_the_package_that_defines_them(app: Flask) -> None:
    """A package's blueprint has its name, further ones begin with it: `quizzes`, `quizzes_manage`."""
    for name, view in app.view_functions.items():
        package, blueprint = view.__module__.split(".")[0], name.split(".")[0]
        assert blueprint == package or blueprint.startswith(f"{package}_") or package == "kernel", name
