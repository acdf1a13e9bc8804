"""The contract: the only module of the platform that a plugin imports (its tests also import `frontage.testing`).

Names are loaded at first use, so that a declaration costs nothing: importing this package imports no framework.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from litestar.di import NamedDependency as Injected
    from litestar.params import FromPath, FromQuery, JSONBody, QueryParameter
    from sqlalchemy.ext.asyncio import AsyncSession as Session

    from frontage.base.clock import utc_now
    from frontage.base.ids import new_id, parse_id, to_short
    from frontage.base.logs import get_logger
    from frontage.base.tables import Json, UtcDateTime
    from frontage.edge import html
    from frontage.edge.agents import Agent, read_agent
    from frontage.edge.answers import NO_CONTENT, Answer, json_answer, problem_answer
    from frontage.edge.bodies import InvalidBodyError, InvalidFieldError, UnreadableBodyError, explain, mended
    from frontage.edge.bots import is_bot
    from frontage.edge.call import Call
    from frontage.edge.gate import not_found
    from frontage.edge.kept import reason_not_to_keep
    from frontage.edge.lenient import BodyReader, IdText
    from frontage.edge.pages import Page, PageNumber, PageSize, Pagination
    from frontage.edge.period import Interval, IntervalChoice, Period, Since, Until, period_of, start_of
    from frontage.edge.problems import FieldProblem, Problem, invalid
    from frontage.edge.rates import Rate, growth, rate
    from frontage.edge.safe_cells import guarded, unguarded
    from frontage.edge.sources import AnyKey, InBody, InPath, Nobody, PublishableKey, SecretKey, Token
    from frontage.edge.table_files import FileFormat, TableFile
    from frontage.intake.count import count
    from frontage.intake.errors import IntakeRefusedError
    from frontage.intake.reading import Rollups
    from frontage.intake.stream import Claim, Event, Rollup, RollupTables, Stream, id_from, rule
    from frontage.intake.tables import create_rollup_table, create_stream_table
    from frontage.intake.visitors import Visitor, VisitorDay
    from frontage.plugin import hot
    from frontage.plugin.command_line import CommandLine
    from frontage.plugin.context import PluginContext
    from frontage.plugin.declaration import Job, NoSettings, Plugin
    from frontage.plugin.hot import HotRequest
    from frontage.plugin.models import Model, Reference
    from frontage.plugin.routes import delete, get, patch, post, put
    from frontage.plugin.showcase import Course, Figure, Showcase
    from frontage.tenants.currency import CURRENCIES
    from frontage.tenants.key import Key
    from frontage.tenants.policy import Per, Policy
    from frontage.tenants.tenant import Tenant

    any_key: AnyKey
    nobody: Nobody
    publishable_key: PublishableKey
    secret_key: type[SecretKey]
    token: type[Token]
    in_body: type[InBody]
    in_path: type[InPath]
    KEY: Per
    TENANT: Per
    ADDRESS: Per

__all__ = (
    "ADDRESS",
    "CURRENCIES",
    "KEY",
    "NO_CONTENT",
    "TENANT",
    "Agent",
    "Answer",
    "BodyReader",
    "Call",
    "Claim",
    "CommandLine",
    "Course",
    "Event",
    "FieldProblem",
    "Figure",
    "FileFormat",
    "FromPath",
    "FromQuery",
    "HotRequest",
    "IdText",
    "Injected",
    "IntakeRefusedError",
    "Interval",
    "IntervalChoice",
    "InvalidBodyError",
    "InvalidFieldError",
    "JSONBody",
    "Job",
    "Json",
    "Key",
    "Model",
    "NoSettings",
    "Page",
    "PageNumber",
    "PageSize",
    "Pagination",
    "Period",
    "Plugin",
    "PluginContext",
    "Policy",
    "Problem",
    "QueryParameter",
    "Rate",
    "Reference",
    "Rollup",
    "RollupTables",
    "Rollups",
    "Session",
    "Showcase",
    "Since",
    "Stream",
    "TableFile",
    "Tenant",
    "UnreadableBodyError",
    "Until",
    "UtcDateTime",
    "Visitor",
    "VisitorDay",
    "any_key",
    "count",
    "create_rollup_table",
    "create_stream_table",
    "delete",
    "explain",
    "get",
    "get_logger",
    "growth",
    "guarded",
    "hot",
    "html",
    "id_from",
    "in_body",
    "in_path",
    "invalid",
    "is_bot",
    "json_answer",
    "mended",
    "new_id",
    "nobody",
    "not_found",
    "parse_id",
    "patch",
    "period_of",
    "post",
    "problem_answer",
    "publishable_key",
    "put",
    "rate",
    "read_agent",
    "reason_not_to_keep",
    "rule",
    "secret_key",
    "start_of",
    "to_short",
    "token",
    "unguarded",
    "utc_now",
)

_PLACES = {
    "frontage.base.clock": ("utc_now",),
    "frontage.base.ids": ("new_id", "parse_id", "to_short"),
    "frontage.base.logs": ("get_logger",),
    "frontage.base.tables": ("Json", "UtcDateTime"),
    "frontage.edge.agents": ("Agent", "read_agent"),
    "frontage.edge.answers": ("NO_CONTENT", "Answer", "json_answer", "problem_answer"),
    "frontage.edge.bots": ("is_bot",),
    "frontage.edge.call": ("Call",),
    "frontage.edge.gate": ("not_found",),
    "frontage.edge.bodies": ("InvalidBodyError", "InvalidFieldError", "UnreadableBodyError", "explain", "mended"),
    "frontage.edge.kept": ("reason_not_to_keep",),
    "frontage.edge.lenient": ("BodyReader", "IdText"),
    "frontage.edge.pages": ("Page", "PageNumber", "PageSize", "Pagination"),
    "frontage.edge.period": ("Interval", "IntervalChoice", "Period", "Since", "Until", "period_of", "start_of"),
    "frontage.edge.problems": ("FieldProblem", "Problem", "invalid"),
    "frontage.edge.safe_cells": ("guarded", "unguarded"),
    "frontage.edge.rates": ("Rate", "growth", "rate"),
    "frontage.edge.table_files": ("FileFormat", "TableFile"),
    "frontage.intake.count": ("count",),
    "frontage.intake.errors": ("IntakeRefusedError",),
    "frontage.intake.reading": ("Rollups",),
    "frontage.intake.stream": ("Claim", "Event", "Rollup", "RollupTables", "Stream", "id_from", "rule"),
    "frontage.intake.tables": ("create_rollup_table", "create_stream_table"),
    "frontage.intake.visitors": ("Visitor", "VisitorDay"),
    "frontage.plugin.command_line": ("CommandLine",),
    "frontage.plugin.context": ("PluginContext",),
    "frontage.plugin.declaration": ("Job", "NoSettings", "Plugin"),
    "frontage.plugin.hot": ("HotRequest",),
    "frontage.plugin.models": ("Model", "Reference"),
    "frontage.plugin.routes": ("delete", "get", "patch", "post", "put"),
    "frontage.plugin.showcase": ("Course", "Figure", "Showcase"),
    "frontage.tenants.currency": ("CURRENCIES",),
    "frontage.tenants.key": ("Key",),
    "frontage.tenants.policy": ("Policy",),
    "frontage.tenants.tenant": ("Tenant",),
    "litestar.params": ("FromPath", "FromQuery", "JSONBody", "QueryParameter"),
}
_MODULE_OF = {name: place for place, names in _PLACES.items() for name in names}
_RENAMED = {
    "Injected": ("litestar.di", "NamedDependency"),
    "Session": ("sqlalchemy.ext.asyncio", "AsyncSession"),
    "in_body": ("frontage.edge.sources", "InBody"),
    "in_path": ("frontage.edge.sources", "InPath"),
    "secret_key": ("frontage.edge.sources", "SecretKey"),
    "token": ("frontage.edge.sources", "Token"),
}
_MODULES = {"hot": "frontage.plugin.hot", "html": "frontage.edge.html"}
_MADE = {"any_key": "AnyKey", "nobody": "Nobody", "publishable_key": "PublishableKey"}
_COUNTED = ("KEY", "TENANT", "ADDRESS")


def __getattr__(name: str) -> Any:
    value = _load(name)
    globals()[name] = value
    return value


def _load(name: str) -> Any:
    if name in _MODULES:
        return import_module(_MODULES[name])
    if name in _MODULE_OF:
        return getattr(import_module(_MODULE_OF[name]), name)
    if name in _RENAMED:
        module, original = _RENAMED[name]
        return getattr(import_module(module), original)
    if name in _MADE:
        return getattr(import_module("frontage.edge.sources"), _MADE[name])()
    if name in _COUNTED:
        return import_module("frontage.tenants.policy").Per[name]
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
