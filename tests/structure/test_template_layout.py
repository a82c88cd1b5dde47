"""The formatter of templates: wide lines are broken, and no page changes."""

import re

import pytest
from jinja2 import Environment, StrictUndefined

from scripts.template_layout import WIDTH, format_template

LONG = "a sentence that goes on for a while "
ENVIRONMENT = Environment(trim_blocks=True, lstrip_blocks=True, autoescape=True, undefined=StrictUndefined)


def drawn(template: str) -> str:
    return ENVIRONMENT.from_string(template).render(name="Ana", yes=True, rows=["one", "two"], _=lambda text: text)


@pytest.mark.parametrize(
    "line",
    [
        f'<b>{{{{ name }}}}</b>{{% if yes %}}<i class="x">{LONG}</i>{{% else %}}{LONG * 2}{{% endif %}}{{{{ yes }}}}<em>{{{{ 1 }}}}</em>',
        f"<b>{LONG}</b> {{% if yes %}} <i>{{{{ name }}}}</i> {{% endif %}} {{% if yes %}}{LONG * 3}{{% endif %}} {{{{ name }}}} <b>x</b>",
        f"{{% for row in rows %}}<i>{{{{ row }}}}</i>{{% endfor %}}<b>{LONG}</b>{{{{ [name, '{LONG}', '{LONG * 2}']|join(' · ') }}}}",
        f"""{{{{ _("{LONG * 5}") }}}}{{{{ _('{LONG}' if yes else '{LONG * 3}') }}}}""",
    ],
)
def test_a_wide_line_of_inline_elements_is_broken_and_draws_the_same(line: str) -> None:
    template = format_template(line + "\n")

    assert max(map(len, template.split("\n"))) <= WIDTH
    assert re.sub(r"\s+", " ", drawn(template)) == re.sub(r"\s+", " ", drawn(line))


def test_white_space_that_is_drawn_as_it_stands_is_left() -> None:
    line = f'<pre>  {{{{ name }}}}  {LONG * 2}  {{% if 1 %}} x  {{% endif %}}</pre><p class="typed"> {LONG * 2}<b> {{{{ 1 }}}} </b></p>\n'

    assert drawn(format_template(line)).replace("\n<p", "<p") == drawn(line)


def test_what_block_elements_hold_stands_on_lines_of_its_own() -> None:
    line = f"<section><h2>{LONG}{{{{ name }}}}</h2><p>{{% if yes %}}{LONG * 3}{{% endif %}}</p></section>\n"

    assert format_template(line).splitlines() == [
        "<section>",
        f"  <h2>{LONG}{{{{ name }}}}</h2>",
        f"  <p>{{% if yes %}}{LONG * 3}{{% endif %}}</p>",
        "</section>",
    ]


def test_what_is_formatted_stays_as_it_is() -> None:
    line = f'  <p class="row"><a href="{{{{ name }}}}">{LONG * 2}</a>{{{{ name }}}}<span title="{LONG * 2}">{{{{ name }}}}</span></p>\n'

    assert format_template(format_template(line)) == format_template(line) != line


def test_lines_that_are_short_enough_stay_as_they_are_written() -> None:
    short = "<p>\n      {{name}}   </p>\n\n\n<b>x</b>\n"

    assert format_template(short + f"<p>{LONG * 6}</p>\n").startswith(short)
