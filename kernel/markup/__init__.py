"""Conversion of the content format's Markdown dialect to clean HTML: the only user of Markdown, MathML and the sanitiser.

`model` has the dataclasses, `render` the functions `render_lesson`, `render_markdown` and `render_inline`, `plain` the one for
comments (`render_plain`), `sanitise` the sanitiser, `svg` the one for figures (`clean_svg`), `measure` the counting of words.
"""
