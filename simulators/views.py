"""Pages of the social budget: the tool for everybody, whose scenario stands in its address."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

from flask import Blueprint, Response, redirect, render_template, request, url_for

from kernel.i18n import language
from kernel.web.request import public
from simulators.forms import BOX, Sent, read_form
from simulators.pages.comparison import comparison_view
from simulators.pages.fields import NOTHING_TYPED, FieldSet, Typed
from simulators.pages.figures import bars_json, inputs_json, percent_unit, published_words
from simulators.pages.floor import floor_view
from simulators.pages.reserve import reserve_view
from simulators.pages.rollout import rollout_view
from simulators.rules.address import BadAddress, decode, encode
from simulators.rules.reference import REFERENCE
from simulators.rules.scenario import BENEFITS, Inputs
from simulators.sheets import scenario_csv
from simulators.wording import benefit_name

bp = Blueprint("simulators", __name__)

Answer = str | Response | tuple[str, int]
COMPARED = 3
FIRST_BENEFIT = "vejez"


@dataclass(frozen=True, slots=True)
class Asked:
    """What an address asks for: a scenario, the benefit to show, and the scenarios kept for comparing (text and inputs)."""

    code: str
    inputs: Inputs
    benefit: str
    kept: tuple[tuple[str, Inputs], ...]
    broken: bool
    """Whether a scenario of the address could not be read: the example stands in its place, and the page says so."""

    def link(self, tab: str, **changes: Any) -> str:
        """Return the address of a tab with this scenario."""
        values = {"s": self.code if self.code != "1" else None, "b": self.benefit, "c": [code for code, _inputs in self.kept]}
        return url_for(f"simulators.{tab}", **{**values, **changes})

    def without(self, code: str) -> list[str]:
        """Return the texts of the kept scenarios but one."""
        return [text for text, _inputs in self.kept if text != code]


def read_address() -> Asked:
    """Read the scenario, benefit and kept scenarios of the present address."""
    broken = False
    found: list[tuple[str, Inputs]] = []
    for text in (request.args.get("s") or "1", *dict.fromkeys(request.args.getlist("c")[: COMPARED + 1])):
        try:
            inputs = decode(text)
        except BadAddress:
            broken, inputs = True, dict(REFERENCE)
        found.append((encode(inputs), inputs))
    benefit = request.args.get("b", FIRST_BENEFIT)
    chosen = benefit if benefit in BENEFITS else FIRST_BENEFIT
    return Asked(found[0][0], found[0][1], chosen, tuple(found[1 : COMPARED + 1]), broken)


def _see(address: str) -> Response:
    return cast("Response", redirect(address, code=303))


def _answer_form(asked: Asked, tab: str) -> Response | Sent | None:
    """Do what the form of a tab asks: lead to the address of its scenario, or return what was refused; None where nothing was sent."""
    act = request.args.get("do")
    if act is None:
        return None
    if act == "reset":
        return _see(asked.link(tab, s=None))
    sent = read_form(request.args.to_dict(), request.args.getlist(BOX), asked.inputs, language())
    if sent.errors:
        return sent
    code = encode(sent.inputs)
    if act == "keep":
        kept = list(dict.fromkeys([*(text for text, _inputs in asked.kept), code]))[-COMPARED:]
        return _see(asked.link("comparison", s=code, c=kept))
    return _see(asked.link(tab, s=code, _anchor="result"))


def _page(asked: Asked, tab: str, template: str, shown: str | None = None) -> Answer:
    """Answer a tab's form, or show the tab."""
    outcome = _answer_form(asked, tab)
    if isinstance(outcome, Response):
        return outcome
    typed = NOTHING_TYPED if outcome is None else Typed(outcome.typed, outcome.errors)
    page = render_template(
        template,
        tab=tab,
        asked=asked,
        shown=shown or asked.benefit,
        fields=FieldSet(asked.inputs, typed),
        typed=typed,
        benefits=[(key, benefit_name(key)) for key in BENEFITS],
        inputs_json=inputs_json(asked.inputs),
        bars_json=bars_json,
        percent_sign=percent_unit(),
        published=published_words(),
        share_link=asked.link(tab, c=None, _external=True),
        view=_view(asked, tab, shown or asked.benefit),
    )
    return page, 422 if typed.errors or asked.broken else 200


def _view(asked: Asked, tab: str, shown: str) -> object:
    if tab == "social_budget":
        return floor_view(asked.inputs, shown)
    if tab == "rollout":
        return rollout_view(asked.inputs, shown)
    if tab == "contributory":
        return reserve_view(asked.inputs)
    return comparison_view(compared(asked))


def compared(asked: Asked) -> Sequence[tuple[str, Inputs]]:
    """Return the scenarios to compare: those kept, or the example and the present one where none is."""
    if asked.kept:
        return asked.kept
    example: tuple[str, Inputs] = ("1", REFERENCE)
    return (example,) if asked.code == "1" else (example, (asked.code, asked.inputs))


@bp.get("/simulators/social-budget")
@public
def social_budget() -> Answer:
    """Show what a benefit costs, and what the floor does."""
    asked = read_address()
    return _page(asked, "social_budget", "simulators/social_budget.html", _shown_by_form())


@bp.get("/simulators/social-budget/rollout")
@public
def rollout() -> Answer:
    """Show a benefit that is phased in over years."""
    return _page(read_address(), "rollout", "simulators/rollout.html")


@bp.get("/simulators/social-budget/contributory")
@public
def contributory() -> Answer:
    """Show income, spending and reserve of a contributory scheme."""
    return _page(read_address(), "contributory", "simulators/contributory.html")


@bp.get("/simulators/social-budget/comparison")
@public
def comparison() -> Answer:
    """Show up to three scenarios side by side."""
    return _page(read_address(), "comparison", "simulators/comparison.html")


def _shown_by_form() -> str | None:
    """Return the benefit whose fields a refused form held, so that they are shown again whatever was chosen beside them."""
    shown = request.args.get("shown") if "do" in request.args else None
    return shown if shown in BENEFITS else None


@bp.get("/simulators/social-budget/scenario.csv")
@public
def export() -> Response:
    """Give a scenario with its results as a table."""
    asked = read_address()
    text = scenario_csv(asked.inputs, asked.link("social_budget", b=None, c=None, _external=True))
    headers = {"Content-Disposition": 'attachment; filename="social-budget.csv"'}
    return Response(text, mimetype="text/csv", headers=headers)
