"""Name what the renderer can find: the code of spec/content-format 12, an English msgid, and the advice in one sentence."""

from __future__ import annotations

from dataclasses import dataclass

from kernel.errors import N_


@dataclass(frozen=True, slots=True)
class MarkupFindingKind:
    """A kind of finding; placeholders are named and filled from the facts of each case."""

    code: str
    text: str
    fix: str = ""


TOO_LARGE = MarkupFindingKind(
    "C105", N_("The text has %(size)s kB; the limit is %(limit)s kB."), N_("Split it into two lessons or move parts into other fields.")
)
TOO_LONG_BLOCK = MarkupFindingKind("C105", N_("A paragraph or table has over %(limit)s characters."), N_("Break it with a blank line."))
TOO_SLOW = MarkupFindingKind(
    "C105", N_("The text takes too long to read."), N_("Look for long runs of brackets, stars or quotation marks.")
)
TOO_DEEP = MarkupFindingKind("C105", N_("Lists or quotations are nested too deep."), N_("Use fewer levels."))
NO_ALTERNATIVE = MarkupFindingKind(
    "C301", N_("The figure %(path)s has no alternative text."), N_("Describe the image between the brackets.")
)
NO_CAPTION = MarkupFindingKind(
    "C302", N_("The figure %(path)s has no caption."), N_('Add a paragraph that begins with ": " straight after it.')
)
LOOSE_CAPTION = MarkupFindingKind(
    "C302", N_('A caption does not follow a figure or table: "%(text)s".'), N_("Put it straight after its figure or table.")
)
NO_CREDIT = MarkupFindingKind(
    "C303", N_("The figure %(path)s has no credit."), N_('End the caption with " | " and the author of the figure.')
)
TOP_HEADING = MarkupFindingKind(
    "C304", N_('"%(text)s" is a heading of the first level.'), N_('The title is in the front matter: begin with "##".')
)
DEEP_HEADING = MarkupFindingKind("C304", N_('"%(text)s" is a heading below the fourth level.'), N_('Use "##", "###" or "####".'))
HEADING_JUMP = MarkupFindingKind("C304", N_('The heading "%(text)s" skips a level.'), N_('Use "%(marks)s" here.'))
HEADING_IN_BOX = MarkupFindingKind("C304", N_('The heading "%(text)s" is inside a callout or quotation.'), N_("Take it out, or use bold."))
HEADING_IN_FIELD = MarkupFindingKind("C304", N_('"%(text)s" is a heading, and headings are not allowed in this field.'), N_("Use bold."))
DEAD_LINK = MarkupFindingKind("C305", N_('The link to "%(target)s" leads nowhere in this course.'), N_("Check key and heading."))
DEAD_ANCHOR = MarkupFindingKind(
    "C305", N_('Nothing on this page has the address "#%(target)s".'), N_("Check the address of the heading or figure.")
)
UNKNOWN_TERM = MarkupFindingKind(
    "C306",
    N_('The glossary has no term "%(name)s".'),
    N_("Add it to the glossary (glosario.yaml), as a term or as another form of a term (also)."),
)
UNKNOWN_PARAMETER = MarkupFindingKind("C307", N_('There is no parameter "%(name)s".'), N_("Add it to parametros.yaml."))
UNKNOWN_RESOURCE = MarkupFindingKind("C308", N_('There is no resource "%(name)s".'), N_("Add it to recursos.yaml."))
CITATION_FORM = MarkupFindingKind(
    "C308", N_('The citation "%(text)s" cannot be read.'), N_('Write "[@key]", "[@key, art. 1]" or "[@a; @b]".')
)
CITATION_IN_FIELD = MarkupFindingKind(
    "C308", N_('The citation "%(text)s" is in a field.'), N_('Use citations only in lessons. Here, use "source:".')
)
FORMULA_BRACES = MarkupFindingKind(
    "C309", N_('The braces of the formula "%(text)s" do not match.'), N_("Close every brace that is opened.")
)
FORMULA_COMMAND = MarkupFindingKind(
    "C309", N_('The formula "%(text)s" has an unknown command: %(what)s.'), N_("Check the spelling or use another command.")
)
FORMULA_INCOMPLETE = MarkupFindingKind(
    "C309", N_('The formula "%(text)s" is not complete.'), N_("Check that every command has its arguments in braces.")
)
FORMULA_LONG = MarkupFindingKind("C309", N_('The formula "%(text)s" has over %(limit)s characters.'), N_("Split it."))
FORMULA_REFUSED = MarkupFindingKind(
    "C309", N_('The formula "%(text)s" uses %(what)s.'), N_("Formulas cannot contain colours, links, styles or classes.")
)
FORMULA_NOT_ALONE = MarkupFindingKind(
    "C309",
    N_('A formula between "$$" is not on its own lines.'),
    N_('Put each "$$" on a line of its own, with blank lines around the formula.'),
)
RAW_HTML = MarkupFindingKind("C310", N_("The tag <%(tag)s> is HTML."), N_("Write %(instead)s."))
CALLOUT_KIND = MarkupFindingKind(
    "C311", N_('"%(kind)s" is not a kind of callout.'), N_("Use DEFINITION, EXAMPLE, WARNING, SUMMARY or CHECK.")
)
CALLOUT_EMPTY = MarkupFindingKind(
    "C311", N_("The callout %(kind)s has no text."), N_('Write it on the following lines, each beginning with "> ".')
)
CHECK_TITLE = MarkupFindingKind("C311", N_("A CHECK has no question."), N_('Write it on the same line: "> [!CHECK] Question?".'))
CALLOUT_IN_FIELD = MarkupFindingKind("C311", N_("The callout %(kind)s is in a field."), N_("Use callouts only in lessons."))
TABLE_CAPTION = MarkupFindingKind(
    "C312", N_('The table that begins with "%(text)s" has no caption.'), N_('Add a paragraph ": Title." straight after it.')
)
TABLE_HEADER = MarkupFindingKind(
    "C312", N_('The table that begins with "%(text)s" has an empty header.'), N_("Give every column its header.")
)
NOTE_MISSING = MarkupFindingKind("C313", N_("The footnote [^%(name)s] is not defined."), N_('Add a paragraph "[^%(name)s]: text".'))
NOTE_UNUSED = MarkupFindingKind("C313", N_("The footnote [^%(name)s] is never referred to."), N_("Refer to it or delete it."))
NOTE_TWICE = MarkupFindingKind("C313", N_("The footnote [^%(name)s] is defined twice."), N_("Give one of them another name."))
NOTE_IN_FIELD = MarkupFindingKind("C313", N_("The footnote [^%(name)s] is in a field."), N_("Use footnotes only in lessons."))
ATTRIBUTE = MarkupFindingKind("C314", N_('"%(text)s" in braces is dropped.'), N_('Only an address like "{#brecha}" is allowed there.'))
ADDRESS_FORM = MarkupFindingKind(
    "C314", N_('"%(text)s" is not an address.'), N_("Use only lower-case letters (without accents), digits and hyphens.")
)
ADDRESS_TWICE = MarkupFindingKind(
    "C314", N_('The address "#%(text)s" is used twice on this page.'), N_("Give one of them another address.")
)
LANGUAGE_CODE = MarkupFindingKind("C314", N_('"%(text)s" is not the code of a language.'), N_('Write "es", "en" or another code.'))
IMAGE_IN_TEXT = MarkupFindingKind("C315", N_('The image "%(text)s" is inside a paragraph.'), N_("Give it a paragraph of its own."))
NOT_AN_IMAGE = MarkupFindingKind(
    "C315", N_("%(path)s is not an image."), N_("You can embed only images, recordings and questions. Link to other files.")
)
EMBED_IN_FIELD = MarkupFindingKind("C315", N_('"%(path)s" is embedded in a field.'), N_("Embed recordings and questions only in lessons."))
MONEY = MarkupFindingKind("C317", N_('There is a "$" next to a number: "%(text)s".'), N_('Write money as "USD 5" or "\\$5".'))
ADDRESS_REFUSED = MarkupFindingKind("C318", N_('The address "%(target)s" is not allowed.'), N_("Use only https, http or mailto links."))
IMAGE_REFUSED = MarkupFindingKind("C318", N_('The image "%(target)s" is not allowed.'), N_("Put the file into the module's media folder."))
TAG_REFUSED = MarkupFindingKind("C318", N_("The tag <%(tag)s> is not allowed."), N_("Link to the page, or use a recording or a figure."))
LINK_TEXT = MarkupFindingKind("C319", N_('The link text "%(text)s" does not say where it leads.'), N_("Name the destination."))
NO_BLANK_LINE = MarkupFindingKind(
    "C321", N_("A list or table follows a line of text."), N_("Put a blank line before it; otherwise it is treated as plain text.")
)
NO_FILE = MarkupFindingKind("C601", N_("The file %(path)s is missing."), N_("Put it into the module's or the course's media folder."))
SVG_ATTRIBUTE = MarkupFindingKind("C605", N_("The drawing has %(what)s in <%(tag)s>."), N_("Use only geometry and the chart classes."))
SVG_ELEMENT = MarkupFindingKind("C605", N_("The drawing has %(what)s."), N_("Use only shapes and text."))
SVG_ENCODING = MarkupFindingKind("C605", N_("The drawing is not UTF-8."), N_("Save it as UTF-8."))
SVG_SIZE = MarkupFindingKind("C605", N_("The drawing is too large or nested too deep."), N_("Simplify it."))
SVG_TEXT = MarkupFindingKind(
    "C605", N_('The drawing has text outside <text>: "%(text)s".'), N_("Put words into <text>, <title> or <desc>.")
)
SVG_XML = MarkupFindingKind(
    "C605", N_("The drawing is not well-formed XML (its line %(line)s)."), N_("Generate it again with a drawing program.")
)
SVG_DESCRIPTION = MarkupFindingKind("C606", N_("The drawing is missing %(what)s."), N_("Begin it with viewBox, <title> and <desc>."))
NO_QUESTION = MarkupFindingKind("C305", N_('There is no ready question "%(target)s" to embed.'), N_("Check its key and its state."))
NO_RECORDING = MarkupFindingKind("C305", N_('There is no recording "%(target)s" to embed.'), N_("Check its key."))
TWIN_DIFFERS = MarkupFindingKind(
    "C704", N_("The number of headings or figures differs from the first language."), N_("This file keeps its own addresses.")
)
