"""What templates use, what their first line names, and what the views give them."""

import ast
import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from jinja2 import Environment, meta, nodes

from tests.support.project import ROOT, modules, text

TEMPLATES = ROOT / "templates"
ENVIRONMENT = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=True)
FILTERS = ("date", "datetime", "time", "number", "percent", "file_size", "duration", "minutes", "choose", "zone_name")
ENVIRONMENT.filters.update(dict.fromkeys(FILTERS, str))
GLOBALS = frozenset(
    re.findall(
        r"\w+",
        "_ actor addresses allows choose config contact_email csrf_token g get_flashed_messages icon icon_definitions "
        "in_language institution institution_name locale menu_links ngettext page_help request sends_mail session sign_up_open "
        "site_header site_locale site_logo site_style static_url team_bar theme url_for use_icons whole_path",
    )
)
"""What every page knows without being given it (`kernel.web.templating`, `kernel.web.assets`, `lms.app`, Flask)."""
DRAWERS = frozenset({"page", "cached_page", "framed_page", "drawn_part", "render_template"})
FIRST_LINE = re.compile(r"\{#-? (.*?) ?-?#\}", re.DOTALL)
NAMED = re.compile(r"\b(\w+): ")


class Drawing(NamedTuple):
    """A call that draws a template: the names that it gives, and whether it gives all of them by name."""

    module: str
    call: ast.Call
    template: str
    names: frozenset[str]
    is_whole: bool


@cache
def parsed(name: str) -> nodes.Template:
    """Return a template's tree, which several rules read."""
    return ENVIRONMENT.parse(text(f"templates/{name}"))


@cache
def needs(name: str) -> frozenset[str]:
    """Return the names that a template and its layouts always read: not those of parts, of what may be missing, or of what it sets."""
    tree = parsed(name)
    may_lack = {name for test in tree.find_all(nodes.Test) if test.name == "defined" for name in _read(test)}
    layouts = {read for layout in _parts(tree, nodes.Extends) for read in needs(layout)}
    own = {name.name for name in tree.find_all(nodes.Name) if name.ctx == "store"}
    return frozenset((meta.find_undeclared_variables(tree) - own | layouts) - may_lack - _set_for_the_page(tree) - GLOBALS)


@cache
def uses(name: str) -> frozenset[str]:
    """Return all names that a template may read of what it is given, with its layouts and what it includes."""
    tree = parsed(name)
    parts = {read for part in _parts(tree, nodes.Extends, nodes.Include, nodes.Import, nodes.FromImport) for read in uses(part)}
    return frozenset((meta.find_undeclared_variables(tree) | parts) - _set_for_the_page(tree))


def _read(node: nodes.Node) -> set[str]:
    return {part.name for part in node.find_all(nodes.Name)}


def _set_for_the_page(tree: nodes.Template) -> set[str]:
    """Return the names that a template or its layout sets outside loops and macros, so that what follows may read them."""
    layouts = [node for layout in _parts(tree, nodes.Extends) for node in parsed(layout).body if not isinstance(node, nodes.Block)]
    names, waiting = set[str](), [*tree.body, *layouts]
    while waiting:
        match waiting.pop():
            case nodes.Assign() | nodes.AssignBlock() as node:
                names |= {node.target.name} if isinstance(node.target, nodes.Name) else _read(node.target)
            case nodes.Import() as node:
                names.add(node.target)
            case nodes.FromImport() as node:
                names |= {name if isinstance(name, str) else name[1] for name in node.names}
            case nodes.Macro() as node:
                names.add(node.name)
            case nodes.Block() as node:
                waiting += node.body
            case nodes.If() as node:
                waiting += [*node.body, *node.elif_, *node.else_]
            case _:
                pass
    return names


def _parts(tree: nodes.Template, *kinds: type[nodes.Node]) -> Iterator[str]:
    """Return the templates that are drawn in the context of another; a name that is put together may be each that fits."""
    for node in tree.find_all(kinds):
        if getattr(node, "with_context", True):
            for pattern in _names(node.template):
                yield from (path.relative_to(TEMPLATES).as_posix() for path in TEMPLATES.glob(pattern))


def _names(node: nodes.Node) -> list[str]:
    """Return the names of templates that an expression may give, with stars for what is not known."""
    match node:
        case nodes.Const():
            return [str(node.value)]
        case nodes.CondExpr():
            return [name for part in (node.expr1, node.expr2) if part for name in _names(part)]
        case nodes.Concat():
            return ["".join(name for part in node.nodes for name in _names(part))]
        case nodes.Add():
            return ["".join([*_names(node.left), *_names(node.right)])]
        case _:
            return ["*"]


def named(name: str) -> frozenset[str]:
    """Return the names that the first line of a template lists with their types."""
    line = FIRST_LINE.match(text(f"templates/{name}"))
    listed, depth = re.sub(r"\s+", " ", line[1]) if line else "", 0
    for at, sign in enumerate(listed):
        depth += (sign in "[(") - (sign in "])")
        if depth:
            listed = f"{listed[:at]}[{listed[at + 1 :]}"
    return frozenset(NAMED.findall(listed))


@cache
def drawings() -> tuple[Drawing, ...]:
    """Return every call of the packages that draws a template by its name."""
    return tuple(drawing for module in modules() if ".html" in text(module) for drawing in _drawings(module))


def _drawings(module: str) -> Iterator[Drawing]:
    for call in ast.walk(ast.parse(text(module))):
        if isinstance(call, ast.Call) and isinstance(call.func, ast.Name):
            is_drawer = call.func.id in DRAWERS
            names = frozenset(keyword.arg for keyword in call.keywords if keyword.arg) if is_drawer else frozenset()
            is_whole = is_drawer and all(keyword.arg for keyword in call.keywords)
            for value in (part.value for argument in call.args for part in ast.walk(argument) if isinstance(part, ast.Constant)):
                if isinstance(value, str) and value.endswith(".html") and (TEMPLATES / value).is_file():
                    yield Drawing(module, call, value, names, is_whole)


def drawn() -> frozenset[str]:
    """Return the templates that views draw by their names."""
    return frozenset(drawing.template for drawing in drawings())
