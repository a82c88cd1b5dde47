#!/usr/bin/env python3
"""Format style sheet, scripts and templates: `format_static.py` writes, `--check` names the files that are not formatted."""

import sys
from collections.abc import Callable
from pathlib import Path

import cssbeautifier
import jsbeautifier

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from scripts.template_layout import format_template  # noqa: E402 - after the path is set

PASSES = 4
"""After so many the formatter leaves every text as it is: a comment that it moves changes the line below."""


def format_css(text: str) -> str:
    """Return a style sheet with a declaration a line."""
    options = cssbeautifier.default_options()
    options.indent_size, options.end_with_newline, options.newline_between_rules = 2, True, False
    return str(cssbeautifier.beautify(text, options))


def format_script(text: str) -> str:
    """Return a script with its lines indented; where it breaks them is left as it is."""
    options = jsbeautifier.default_options()
    options.indent_size, options.end_with_newline, options.e4x = 2, True, True
    options.brace_style = "collapse,preserve-inline"
    return str(jsbeautifier.beautify(text, options))


FORMATS: dict[str, Callable[[str], str]] = {
    "static/css/*.css": format_css,
    "static/js/*.js": format_script,
    "templates/**/*.html": format_template,
}


def formatted(text: str, once: Callable[[str], str]) -> str:
    """Return a text as the formatter leaves it."""
    for _pass in range(PASSES):
        text = once(text)
    return text


def main() -> int:
    """Format all files, or say which are not."""
    check, different = "--check" in sys.argv, list[Path]()
    for pattern, once in FORMATS.items():
        for path in sorted(ROOT.glob(pattern)):
            text = path.read_text("utf-8")
            if (new := formatted(text, once)) != text:
                different.append(path)
                if not check:
                    path.write_text(new, "utf-8")
    if check and different:
        print("These files are not formatted: make fix", *(path.relative_to(ROOT) for path in different), sep="\n")
    return int(check and bool(different))


if __name__ == "__main__":
    sys.exit(main())
