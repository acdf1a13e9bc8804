"""The tables of the author's guide, made from the code; `python -m tests.guide` writes them anew."""

import ast
import inspect
import re
from collections.abc import Iterable, Iterator
from pathlib import Path

import frontage.plugin as contract
from frontage.edge import sources
from frontage.edge.problems import KINDS
from frontage.host.mounting import PROVIDED
from frontage.intake.reading import Rollups
from frontage.intake.stream import RollupTables
from frontage.plugin.context import PluginContext
from frontage.plugin.declaration import Plugin
from frontage.testing.contract_rules import DECLARED_RULES, SERVED_RULES

GUIDE = Path(__file__).resolve().parents[2] / "plugins" / "README.md"
_BLOCK = re.compile(r"(<!-- generated: (\w+) -->\n).*?(<!-- end -->)", re.DOTALL)
_VALUES = {
    "CURRENCIES": "The codes of ISO 4217.",
    "IdText": "An id of somebody else's that is text: a number is taken for it as well.",
    "ADDRESS": "Counts per address of the visitor.",
    "KEY": "Counts per key.",
    "TENANT": "Counts per tenant.",
    "NO_CONTENT": "The answer 204.",
    "FileFormat": "`csv` or `ndjson`.",
    "FromPath": "A parameter of an ordinary route that stands in the path.",
    "FromQuery": "A parameter of an ordinary route that stands in the query.",
    "Injected": "Marks a parameter of an ordinary route that the platform fills in, by its name.",
    "Interval": "`hour`, `day`, `week` or `month`.",
    "IntervalChoice": "The parameter `interval` of a report.",
    "JSONBody": "The body of an ordinary route.",
    "Json": "The type of a column that holds JSON.",
    "PageNumber": "The parameter `page` of a list.",
    "PageSize": "The parameter `page_size` of a list.",
    "QueryParameter": "Bounds of a parameter in the query: `Annotated[int, QueryParameter(ge=1)]`.",
    "Rate": "A part of a whole to four decimals; None where there is nothing to divide by.",
    "Since": "The parameter `since` of a report: its first day.",
    "Session": "A session of SQLAlchemy, bound to one tenant.",
    "Until": "The parameter `until` of a report: its last day.",
    "hot": "`hot.get` and `hot.post`: routes that pages call.",
}
"""Names that carry no docstring of their own."""


def written(text: str) -> str:
    """The guide with its generated blocks as the code has them now."""
    return _BLOCK.sub(lambda found: f"{found[1]}{BLOCKS[found[2]]()}\n{found[3]}", text)


def _table(columns: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    lines = [f"| {' | '.join(row)} |" for row in rows]
    return "\n".join([f"| {' | '.join(columns)} |", "|---" * len(columns) + "|", *lines])


def _sentence(doc: str | None) -> str:
    words = " ".join((doc or "").split()).replace("|", "\\|")
    return re.split(r"(?<=[.])\s", words, maxsplit=1)[0]


def _documented_fields(kind: type) -> Iterator[tuple[str, str, str]]:
    """Name, default and whole docstring of each field of a class, as they stand in its source."""
    (body,) = ast.parse(inspect.cleandoc(inspect.getsource(kind))).body
    assert isinstance(body, ast.ClassDef)
    for field, following in zip(body.body, [*body.body[1:], None], strict=True):
        if not isinstance(field, ast.AnnAssign) or not isinstance(field.target, ast.Name):
            continue
        told = following.value if isinstance(following, ast.Expr) else None
        doc = told.value if isinstance(told, ast.Constant) else ""
        yield field.target.id, _default(field.value), " ".join(str(doc).split()).replace("|", "\\|")


def _default(value: ast.expr | None) -> str:
    if value is None:
        return "required"
    told = ast.unparse(value)
    return "`{}`" if "default_factory=dict" in told else f"`{told}`"


def fields() -> str:
    """Every field of a declaration."""
    return _table(
        ("field", "default", ""), [(f"`{name}`", default, doc) for name, default, doc in _documented_fields(Plugin)]
    )


def context() -> str:
    """What a PluginContext offers."""
    told = [(f"`{name}`", doc) for name, _, doc in _documented_fields(PluginContext) if doc]
    return _table(("of a `PluginContext`", ""), [*told, *_methods(PluginContext)])


def rollups() -> str:
    """What a route reads counts with."""
    return _table(("of `Rollups`", ""), _methods(Rollups))


def tables() -> str:
    """What a rollup writes with."""
    return _table(("of `RollupTables`", ""), _methods(RollupTables))


def problems() -> str:
    """The codes of problems."""
    return _table(("code", "status", "retryable"), [
        (f"`{code}`", f"{kind.status} {kind.title}", "yes" if kind.retryable else "no") for code, kind in KINDS.items()
    ])  # fmt: skip


def _methods(kind: type) -> Iterator[tuple[str, str]]:
    for name, member in vars(kind).items():
        if inspect.isfunction(member) and not name.startswith("_"):
            given = [one.name for one in inspect.signature(member).parameters.values() if one.name != "self"]
            yield f"`{name}({', '.join(given)})`", _sentence(member.__doc__)


def injected() -> str:
    """What an ordinary route may ask for."""
    hidden = {"services"}  # the platform's own
    rows = [(f"`{name}`", _sentence(one.dependency.__doc__)) for name, one in PROVIDED.items() if name not in hidden]
    return _table(("parameter", ""), rows)


def tenant_sources() -> str:
    """The ways to find a tenant."""
    names = {"publishable_key": "PublishableKey", "secret_key": "SecretKey", "any_key": "AnyKey", "token": "Token",
             "in_body": "InBody", "in_path": "InPath", "nobody": "Nobody"}  # fmt: skip
    return _table(
        ("source", ""), [(f"`{name}`", _sentence(getattr(sources, kind).__doc__)) for name, kind in names.items()]
    )


def rules() -> str:
    """Every rule, with an anchor that its verdict points to."""
    told = []
    for title, group in (("As declared", DECLARED_RULES), ("In service, on each database", SERVED_RULES)):
        told.append(f"**{title}**\n")
        told += [f"#### {rule.id}\n\n{rule.sentence} *Why:* {rule.reason}\n" for rule in group]
    return "\n".join(told).rstrip()


def names() -> str:
    """Every name of the contract."""
    rows = [(f"`{name}`", _VALUES.get(name) or _sentence(_doc_of(name))) for name in contract.__all__]
    return _table(("name", ""), rows)


def _doc_of(name: str) -> str | None:
    value = getattr(contract, name)
    return inspect.getdoc(value if callable(value) or inspect.ismodule(value) else type(value))


BLOCKS = {
    "fields": fields,
    "context": context,
    "problems": problems,
    "rollups": rollups,
    "tables": tables,
    "injected": injected,
    "sources": tenant_sources,
    "rules": rules,
    "names": names,
}
