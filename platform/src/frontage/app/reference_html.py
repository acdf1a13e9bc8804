"""HTML of the documentation pages, and the one style they all have.

A page holds no script and loads nothing, and the policy that goes with it allows nothing but its own style.
"""

import re
from base64 import b64encode
from collections.abc import Iterable
from hashlib import sha256

from frontage.edge.html import Html, el, join

STYLE = """
:root{color-scheme:light dark;--ink:#1b2430;--soft:#566275;--line:#dce2ea;--paper:#fff;--tint:#f5f7fa;--link:#0b5cad;
--get:#0a6b52;--post:#0b5cad;--put:#8a4b00;--patch:#7a3fa0;--delete:#b3261e;--code:#eef1f5}
@media (prefers-color-scheme:dark){:root{--ink:#e4e9f0;--soft:#a3afbf;--line:#2e3947;--paper:#12181f;--tint:#19212b;
--link:#7db8f5;--get:#5fd0ad;--post:#7db8f5;--put:#f0b264;--patch:#cfa3ee;--delete:#f59a92;--code:#202a35}}
*{box-sizing:border-box}
html{scroll-padding-top:1rem}
body{margin:0;background:var(--paper);color:var(--ink);font:16px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif;
overflow-wrap:anywhere}
a{color:var(--link);text-underline-offset:.15em}
:focus-visible{outline:3px solid var(--link);outline-offset:2px;border-radius:3px}
code,pre{font:.86em/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
code{background:var(--code);padding:.1em .35em;border-radius:4px}
pre{background:var(--code);padding:.8rem 1rem;border-radius:8px;overflow-x:auto;overflow-wrap:normal;
margin:.4rem 0 1rem}
h1{font-size:1.75rem;line-height:1.2;margin:0 0 .3rem;letter-spacing:-.01em}
h2{font-size:1.35rem;margin:3rem 0 1rem;padding-bottom:.4rem;border-bottom:1px solid var(--line)}
h3{font-size:1.08rem;margin:0 0 .6rem}
h4{font-size:.8rem;margin:1.3rem 0 .4rem;color:var(--soft);text-transform:uppercase;letter-spacing:.06em}
p{margin:.4rem 0;max-width:70ch}
.skip{position:absolute;left:-99em}
.skip:focus{left:1rem;top:1rem;background:var(--paper);padding:.5rem 1rem;z-index:2}
.frame{max-width:78rem;margin:auto;padding:0 1rem 5rem}
.top{padding:2rem 0 1.2rem;border-bottom:1px solid var(--line)}
.soft{color:var(--soft)}
.others{display:flex;flex-wrap:wrap;gap:.4rem 1.1rem;list-style:none;padding:0;margin:.9rem 0 0}
.others [aria-current]{color:inherit;font-weight:600;text-decoration:none}
.contents{padding:1rem 0;font-size:.9rem}
.contents ul{list-style:none;margin:0;padding:0;display:flex;flex-wrap:wrap;gap:.3rem 1rem}
.contents ul ul{display:none}
.contents li>a{text-decoration:none}
.contents .method{display:inline-block;width:3.6rem;text-align:center;font-size:.68rem;padding:.05rem 0;
margin-right:.3rem}
.contents li>a:hover{text-decoration:underline}
.card{border:1px solid var(--line);border-radius:10px;padding:1.1rem;margin:0 0 1.3rem;background:var(--paper)}
.card:target{border-color:var(--link);box-shadow:0 0 0 1px var(--link)}
.route{display:flex;flex-wrap:wrap;gap:.3rem .7rem;align-items:baseline;margin:0 0 .8rem}
.route code{background:none;padding:0;font-size:.95rem}
.method{font:600 .8rem/1.5 ui-monospace,Menlo,Consolas,monospace;color:var(--soft);border:1px solid;border-radius:5px;
padding:.05rem .45rem}
.get{color:var(--get)}.post{color:var(--post)}.put{color:var(--put)}.patch{color:var(--patch)}.delete{color:var(--delete)}
section:first-child>h2{margin-top:1.6rem}
.tenant h4{margin-top:0}
.tenant{border-left:3px solid var(--line);padding:.15rem 0 .15rem .8rem;margin:.8rem 0}
table{border-collapse:collapse;width:100%;margin:.2rem 0 .8rem;font-size:.92rem}
th,td{text-align:left;vertical-align:top;padding:.45rem .8rem .45rem 0;border-top:1px solid var(--line);font-weight:400}
tr:first-child>th,tr:first-child>td{border-top:0}
th{width:34%;min-width:7rem}
td>:first-child,td>p:first-child{margin-top:0}
td table{background:var(--tint);font-size:1em}
td table th,td table td{padding-left:.6rem}
.must{color:var(--delete);font-size:.78rem;white-space:nowrap}
.note{color:var(--soft);font-size:.87rem;margin:.15rem 0}
details,.answer{border-top:1px solid var(--line);padding:.45rem 0;margin:0;max-width:none}
details[open]{padding-bottom:.8rem}
details details,details details[open]{border:0;padding:.2rem 0;font-size:.92rem}
summary{cursor:pointer}
summary b,.answer b{font-variant-numeric:tabular-nums;margin-right:.4rem}
.ok{color:var(--get)}.bad{color:var(--delete)}
@media (min-width:62rem){.columns{display:grid;grid-template-columns:17rem minmax(0,1fr);gap:3rem}
.contents{position:sticky;top:0;max-height:100vh;overflow-y:auto;align-self:start;padding:1.6rem .4rem 2rem 0}
.contents ul{display:block}.contents ul ul{display:block;margin:.2rem 0 .9rem}
.contents li{padding:.14rem 0}.contents>ul>li>a{font-weight:600;color:inherit}.card{padding:1.4rem 1.6rem}}
@media (prefers-contrast:more){:root{--soft:var(--ink);--line:var(--ink)}}
@media print{.contents,.skip{display:none}.card{break-inside:avoid;border-color:#999}}
"""
_STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()
CONTENT_POLICY = (
    f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

_CODE_SPAN = re.compile(r"`([^`\n]+)`")
_NOT_IN_ID = re.compile(r"[^A-Za-z0-9_.-]+")


def anchor(kind: str, name: str) -> str:
    """The id of a place on the page."""
    return f"{kind}-{_NOT_IN_ID.sub('-', name).strip('-')}"


def prose(text: str | None) -> Html:
    """The paragraphs of a description, with their `code`."""
    paragraphs = [" ".join(lines.split()) for lines in re.split(r"\n\s*\n", text or "")]
    return join(el("p", with_code(paragraph)) for paragraph in paragraphs if paragraph)


def with_code(text: str) -> Html:
    """A line of text with its `code`."""
    parts = _CODE_SPAN.split(text)
    return join(el("code", part) if place % 2 else part for place, part in enumerate(parts))


def listing(text: str, label: str) -> Html:
    """Lines of code, which scroll by keyboard too where they are wider than the page."""
    return el("pre", text, tabindex="0", role="region", aria_label=label)


def titled(title: str, *inside: str) -> Html:
    """A part under a small heading."""
    return join([el("h4", title), *inside])


def rows(pairs: Iterable[tuple[str, str]]) -> Html:
    """A table of names and what is to be said of each; nothing for none."""
    lines = [el("tr", el("th", name, scope="row"), el("td", told)) for name, told in pairs]
    return el("table", *lines) if lines else Html()


def page(title: str, *inside: str) -> str:
    """A whole page around its content, which has the id `content`."""
    head = (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width,initial-scale=1">'
    )
    skip = el("a", "Skip to the content", href="#content", class_="skip")
    body = el("body", skip, el("div", *inside, class_="frame"))
    return f"{head}{el('title', title)}{el('style', Html(STYLE))}</head>{body}</html>"
