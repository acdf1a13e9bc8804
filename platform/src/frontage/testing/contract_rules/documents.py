"""Rules about a plugin's OpenAPI document."""

from collections.abc import Iterator
from functools import cache
from typing import Any

from openapi_spec_validator import OpenAPIV31SpecValidator

from frontage.app.platform import document_of_all
from frontage.edge.openapi import Document, merge
from frontage.host.roster import Entry, Roster
from frontage.testing.neighbour import load_neighbour
from frontage.testing.rule import Finding, rule
from frontage.testing.subject import Subject, named_gates


@rule(
    "openapi-complete",
    "Its OpenAPI document is valid, holds every route, and says of each its name and how it finds the tenant.",
    reason="Clients are generated from it, and the isolation of tenants is tested from it.",
)
def openapi_complete(subject: Subject) -> Iterator[Finding]:
    """Validate the document and hold it against the routes."""
    document = subject.entry.document
    for error in OpenAPIV31SpecValidator(document).iter_errors():
        place = "/".join(map(str, error.absolute_path)) or "the document"
        yield Finding(f"{place}: {error.message[:200]}", "Mend what the route says of its answers and types.")
    for method, path, _ in named_gates(subject.routes):
        told = document["paths"].get(path, {}).get(method.lower())
        if told is None:
            yield Finding(f"{method} {path} is missing.", "Leave out include_in_schema=False.")
            continue
        for member in ("operationId", "x-tenant-scope"):
            if not told.get(member):
                yield Finding(f"{method} {path} has no {member}.", "Declare it with the decorators of frontage.plugin.")


@rule(
    "names-stable",
    "Its operations and schemas have the same names beside another plugin, and it takes none of the platform's.",
    reason="A client that was generated for it must not break when somebody installs something else.",
)
def names_stable(subject: Subject) -> Iterator[Finding]:
    """Compare the platform's document without it, with it, and with it beside a neighbour."""
    without = _platforms_document()
    alone, beside = merge(without, _parts(subject.entry)), merge(without, _parts(load_neighbour(), subject.entry))
    fix = "Rename the Struct, or leave it out of schemas=(…)."
    for place, name, told in _named(without):
        if _look(alone, place, name) != told:
            yield Finding(f"It changes the platform's own {place} {name}.", fix)
    for place, name, told in _named(alone):
        if _look(beside, place, name) != told:
            yield Finding(f"Its {place} {name} changes beside another plugin.", fix)
    for name in subject.entry.declared.schemas:
        if name not in subject.entry.document["components"]["schemas"]:
            yield Finding(f"It claims the schema name {name}, which it does not have.", "Leave it out of schemas=(…).")
    own = {told["operationId"]: name for name, told in _operations(without)}
    for name, told in _operations(subject.entry.document):
        if taken := own.get(told["operationId"]):
            yield Finding(f"{name} has the operation id of {taken}.", "Choose another operation_id.")


@cache
def _platforms_document() -> Document:
    return document_of_all(Roster([]))


def _parts(*entries: Entry) -> dict[str, tuple[Document, tuple[str, ...]]]:
    return {entry.slug: (entry.document, entry.declared.schemas) for entry in entries}


def _named(document: Document) -> Iterator[tuple[str, str, Any]]:
    for name, schema in document["components"]["schemas"].items():
        yield "schema", name, schema
    for name, operation in _operations(document):
        yield "operation", name, operation


def _operations(document: Document) -> Iterator[tuple[str, dict[str, Any]]]:
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            yield f"{method.upper()} {path}", operation


def _look(document: Document, place: str, name: str) -> Any:
    if place == "schema":
        return document["components"]["schemas"].get(name)
    method, _, path = name.partition(" ")
    return document["paths"].get(path, {}).get(method.lower())
