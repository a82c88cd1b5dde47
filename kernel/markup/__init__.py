"""Conversion of the content format's Markdown dialect to clean HTML: the only user of Markdown, MathML and the sanitiser.

`model` has the dataclasses, `render` the functions `render_lesson`, `render_markdown` and `render_inline` and the counting of words
(`count_words`), `sanitise` the sanitiser with the function for figures (`clean_svg`), `passages` the paragraphs of what was rendered,
`foreign` what is pasted or imported; `source`, `reading`, `references`, `passes` and `render_state` are the steps of a rendering.
"""
