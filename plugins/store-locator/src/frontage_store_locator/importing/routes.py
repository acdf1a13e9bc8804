"""Import and export over HTTP."""

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response
from litestar.params import RawBody
from litestar.response import Stream
from msgspec import Meta, Struct

from frontage.plugin import (
    FromPath,
    FromQuery,
    Injected,
    PluginContext,
    Problem,
    Session,
    Tenant,
    get,
    not_found,
    parse_id,
    post,
    secret_key,
    to_short,
)
from frontage_store_locator.importing import jobs
from frontage_store_locator.importing.exporting import MEDIA_TYPES, Format, export
from frontage_store_locator.importing.faults import Fault, report
from frontage_store_locator.importing.running import Options, Outcome
from frontage_store_locator.importing.tables import ImportJob

IMPORTS = "/locations/api/v1/imports"
LARGEST_BODY = 32 * 1024 * 1024
_MOST_FAULTS = 100
_TAG = "Import and export"


class ImportFault(Struct, frozen=True):
    """Something wrong or doubtful in a file."""

    row: int
    column: str
    message: str
    severity: str


class ImportOut(Struct, frozen=True):
    """An import: how far it is, and what came of it."""

    id: str
    state: Annotated[
        str, Meta(description="`queued`, `running`, `done`, `refused` (see `outcome.message`) or `failed`.")
    ]
    stage: Annotated[str, Meta(description="`reading`, `checking` or `writing`.")]
    done: Annotated[int, Meta(description="How many rows the stage has behind it.")]
    total: int | None
    created_at: datetime
    finished_at: datetime | None
    outcome: Outcome | None
    faults: Annotated[list[ImportFault], Meta(description="The first hundred; `errors_url` has all of them.")]
    errors_url: str


@post(IMPORTS, tenant=secret_key("locations:write"), limit=("secret",), off=not_found, cap=LARGEST_BODY,
      raises=(400,), status_code=202, tags=[_TAG])  # fmt: skip
async def start_import(
    context: Injected[PluginContext],
    tenant: Injected[Tenant],
    body: RawBody,
    dry_run: FromQuery[bool] = False,
    skip_invalid: FromQuery[bool] = False,
    full_sync: FromQuery[bool] = False,
    allow_removal: FromQuery[bool] = False,
) -> Response[ImportOut]:
    """Import the file that is the body: CSV, XLSX, GeoJSON or AllThePlaces; the answer tells where to look on."""
    if not body.strip():
        raise Problem("bad_request", "The body must be the file.")
    options = Options(dry_run, skip_invalid, full_sync, allow_removal)
    job_id = await jobs.enqueue(context, tenant, body, options)
    async with context.reading(tenant) as session:
        told = _told(await _job(session, tenant, to_short(job_id)))
    return Response(told, headers={"Location": f"{IMPORTS}/{told.id}"})


@get(IMPORTS + "/{import_id:str}", tenant=secret_key("locations:write"), limit=("secret",), off=not_found, tags=[_TAG])
async def read_import(session: Injected[Session], tenant: Injected[Tenant], import_id: FromPath[str]) -> ImportOut:
    """Tell how far an import is, and what came of it."""
    return _told(await _job(session, tenant, import_id))


@get(IMPORTS + "/{import_id:str}/errors.csv", tenant=secret_key("locations:write"), limit=("secret",), off=not_found,
     media_type="text/csv", tags=[_TAG])  # fmt: skip
async def read_import_errors(
    session: Injected[Session], tenant: Injected[Tenant], import_id: FromPath[str]
) -> Response[str]:
    """Everything that is wrong or doubtful in a file, by row and column, as CSV."""
    job = await _job(session, tenant, import_id)
    headers = {"Content-Disposition": f'attachment; filename="errors-{to_short(job.id)}.csv"'}
    return Response("".join(report(_faults(job))), media_type="text/csv", headers=headers)


@get("/locations/api/v1/export", tenant=secret_key("locations:read"), limit=("secret",), off=not_found,
     media_type="text/csv", tags=[_TAG])  # fmt: skip
async def export_locations(
    context: Injected[PluginContext],
    tenant: Injected[Tenant],
    format: FromQuery[Format] = "csv",  # noqa: A002
) -> Stream:
    """All places as a file that can be imported again and then changes nothing."""
    headers = {"Content-Disposition": f'attachment; filename="locations.{format}"'}
    return Stream(_pieces(context, tenant, format), media_type=MEDIA_TYPES[format], headers=headers)


async def _pieces(context: PluginContext, tenant: Tenant, format_: Format) -> AsyncIterator[bytes]:
    async for piece in export(context, tenant, format_):
        yield piece


async def _job(session: Session, tenant: Tenant, text: str) -> ImportJob:
    found = await session.get(ImportJob, (tenant.id, identity)) if (identity := parse_id(text)) else None
    if found is None:
        raise Problem("not_found")
    return found


def _faults(job: ImportJob) -> list[Fault]:
    return msgspec.convert(job.faults, list[Fault])


def _told(job: ImportJob) -> ImportOut:
    shown = [
        ImportFault(one.row, one.column, one.message, "error" if one.is_error else "warning")
        for one in _faults(job)[:_MOST_FAULTS]
    ]
    outcome = msgspec.convert(job.outcome, Outcome) if job.outcome else None
    return ImportOut(
        to_short(job.id), job.state, job.stage, job.done, job.total, job.created_at, job.finished_at, outcome, shown,
        f"{IMPORTS}/{to_short(job.id)}/errors.csv",
    )  # fmt: skip


import_routes = [start_import, read_import, read_import_errors, export_locations]
