"""The demo's pages: what runs here at a glance, and the frame around each plugin's showcase."""

from collections.abc import Iterable
from importlib.metadata import version

from frontage.cli.demo.keys import DemoKeys
from frontage.cli.demo.shown import Shown
from frontage.edge.html import Html, el, join
from frontage.plugin.showcase import Figure, Showcase
from frontage.tenants.tenant import Tenant

CONTENT_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self' data:; "
    "base-uri 'none'; form-action 'self'; frame-ancestors 'none'; "
    "require-trusted-types-for 'script'; trusted-types 'none'"
)
_MARK = Html(
    '<svg class="mark" viewBox="0 0 32 32" aria-hidden="true"><path d="M4 13 7 4h18l3 9"/>'
    '<path d="M4 13a4 4 0 0 0 8 0 4 4 0 0 0 8 0 4 4 0 0 0 8 0"/><path d="M7 17v11h18V17M13 28v-7h6v7"/></svg>'
)


class Pages:
    """Writes pages; `root` is the path of the public URL."""

    def __init__(self, root: str, base_url: str) -> None:
        self._root = root
        self._base_url = base_url

    def index(self, tenants: Iterable[tuple[Tenant, DemoKeys]], shown: dict[str, Shown], titles: dict[str, str]) -> str:
        """Everything that there is to see."""
        sections = [self._tenant(tenant, keys, shown, titles) for tenant, keys in tenants]
        hero = el(
            "section",
            el("p", "Running on this machine", class_="eyebrow"),
            el("h1", "The public edge of many shops"),
            el("p", _LEAD, class_="lead"),
            el("p", *self._doors(), class_="doors"),
            class_="hero",
        )
        author = el(
            "section",
            el("h2", "Your own plugin"),
            el("p", "A package with an entry point. One command writes a whole one that keeps every rule:"),
            el("pre", el("code", "frontage plugins new loyalty-stamps")),
            class_="author",
        )
        return self._document("frontage", el("main", hero, *sections, author, id="content", tabindex="-1"), "index")

    def showcase(self, one: Shown, tenant: Tenant, keys: DemoKeys, others: Iterable[Shown]) -> str:
        """A showcase with its numbers beside it."""
        place = f"{self._root}/demo/{tenant.slug}"
        links = [
            el("a", other.showcase.title, href=f"{place}/{other.plugin}", **_here(other is one)) for other in others
        ]
        nav = el("nav", *links, aria_label=f"Pages of {tenant.name}", class_="tabs")
        intro = el("p", el("b", tenant.name), " · ", one.showcase.words, class_="intro")
        page = el("main", Html(one.filled(tenant, keys, self._root)), id="content", tabindex="-1", class_="stage")
        stage = el("div", el("div", Html("<i></i><i></i><i></i>"), el("span", tenant.name), class_="chrome",
                             aria_hidden="true"), page, class_="window")  # fmt: skip
        body = el("div", stage, self._panel(one.showcase, f"{place}/{one.plugin}/numbers"), class_="split")
        title = f"{one.showcase.title} · {tenant.name}"
        return self._document(title, join([nav, intro, body]), "shown", one)

    def _tenant(self, tenant: Tenant, keys: DemoKeys, shown: dict[str, Shown], titles: dict[str, str]) -> Html:
        cards = [self._card(shown[slug], tenant) for slug in sorted(tenant.plugins) if slug in shown]
        plain = [
            el("a", titles[slug], href=f"{self._root}/schema/{slug}", class_="chip")
            for slug in sorted(tenant.plugins)
            if slug not in shown and slug in titles
        ]
        facts = el("p", el("code", f"tenants/{tenant.slug}.toml"), f" · {tenant.timezone.key} · {tenant.currency}")
        key = el("p", "Publishable key ", el("code", keys.publishable), class_="key")
        more = el("p", *plain, class_="chips") if plain else ""
        head = el("header", el("h2", tenant.name), facts)
        return el("section", head, el("div", *cards, class_="cards"), more, key, class_="tenant")

    def _card(self, one: Shown, tenant: Tenant) -> Html:
        place = f"{self._root}/demo/{tenant.slug}/{one.plugin}"
        return el(
            "article",
            el("h3", el("a", one.showcase.title, href=place)),
            el("p", one.showcase.words),
            el("div", class_="bars", data_course=one.showcase.course.label if one.showcase.course else ""),
            el("dl", *_figures(one.showcase.figures[:2]), class_="figures"),
            class_="card",
            data_numbers=f"{place}/numbers",
        )

    def _panel(self, showcase: Showcase, numbers: str) -> Html:
        course = showcase.course
        drawn = (
            el("figure", el("figcaption", course.label), el("div", class_="bars", data_course=course.label))
            if course
            else ""
        )
        reports = dict.fromkeys([*(one.report for one in showcase.figures), *([course.report] if course else [])])
        sources = el("ul", *[el("li", el("code", f"GET {one}")) for one in reports])
        return el(
            "aside",
            el("h2", "The server counted", el("span", class_="live", aria_hidden="true")),
            el("dl", *_figures(showcase.figures), class_="figures" if course else "figures steps"),
            drawn,
            el("h2", "Your browser told"),
            el("ol", class_="told", aria_label="What your browser told"),
            el("p", "Nothing yet. Use the page, and watch.", class_="nothing"),
            el("details", el("summary", "Where the numbers come from"),
               el("p", "The plugin's own reports, asked for with a secret key that stays on the server:"), sources),
            class_="panel", data_numbers=numbers, aria_label="Live numbers",
        )  # fmt: skip

    def _doors(self) -> list[Html]:
        root = self._root
        return [
            el("a", "API reference", href=f"{root}/schema", class_="button"),
            el("a", "Ready?", href=f"{root}/health/ready", class_="button quiet"),
            el("a", "Metrics", href=f"{root}/metrics", class_="button quiet"),
        ]

    def _document(self, title: str, body: Html, kind: str, one: Shown | None = None) -> str:
        files = f"{self._root}/demo/-"
        loaded = [f'<link rel="stylesheet" href="{files}/demo.css">', f'<script src="{files}/demo.js"></script>']
        if one is not None and "page.css" in one.files:
            loaded.append(f'<link rel="stylesheet" href="{files}/{one.plugin}/page.css">')
        if one is not None and "page.js" in one.files:
            loaded.append(f'<script defer src="{files}/{one.plugin}/page.js"></script>')
        head = (
            '<!doctype html><html lang="en"><head><meta charset="utf-8">'
            '<meta name="viewport" content="width=device-width,initial-scale=1">'
            '<meta name="color-scheme" content="light dark">'
            '<link rel="icon" href="data:,">'
        )
        brand = el("a", _MARK, "frontage", href=f"{self._root}/", class_="brand")
        top = el("header", brand, el("span", f"{version('frontage')} · demo", class_="soft"), class_="top")
        skip = el("a", "Skip to the content", href="#content", class_="skip")
        foot = el(
            "footer", f"{self._base_url} · Everything here is served from this machine: no third party, no cookie."
        )
        return (
            f"{head}{el('title', title)}{''.join(loaded)}</head>{el('body', skip, top, body, foot, class_=kind)}</html>"
        )


_LEAD = (
    "One service knows each shop as a tenant, gives it keys and limits, and lets plugins bring what the shop's pages "
    "call. Open a page, use it, and see every event counted a moment later."
)


def _figures(figures: Iterable[Figure]) -> list[Html]:
    cells = enumerate(figures)
    return [el("div", el("dt", one.label), el("dd", "…"), data_figure=str(number)) for number, one in cells]


def _here(here: bool) -> dict[str, str]:
    return {"aria_current": "page"} if here else {}
