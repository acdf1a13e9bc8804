"""Imports over HTTP run beside the requests: at once where they arrived, elsewhere when that process has died."""

import asyncio
from contextlib import suppress
from datetime import timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, or_, select, update

from frontage.plugin import PluginContext, Tenant, new_id, utc_now
from frontage_store_locator.importing.faults import Fault
from frontage_store_locator.importing.running import Import, Options, Outcome
from frontage_store_locator.importing.tables import ImportJob

_BEAT_SECONDS = 1.0
_DEAD_AFTER = timedelta(seconds=60)
_KEPT = timedelta(days=7)
_running: dict[UUID, asyncio.Task[None]] = {}


async def enqueue(context: PluginContext, tenant: Tenant, data: bytes, options: Options) -> UUID:
    """Keep a file and begin with it; the job's id."""
    now, job_id = utc_now(), new_id()
    job = ImportJob(
        id=job_id, state="queued", options=msgspec.to_builtins(options), data=data, stage="reading", done=0, faults=[],
        created_at=now, alive_at=now,
    )  # fmt: skip
    async with context.writing(tenant) as session:
        session.add(job)
    begin(context, tenant, job_id)
    return job_id


def begin(context: PluginContext, tenant: Tenant, job_id: UUID) -> asyncio.Task[None]:
    """Run a job in this process."""
    if job_id not in _running:
        task = _running[job_id] = asyncio.create_task(_run(context, tenant, job_id), name=_name(context))
        task.add_done_callback(lambda _: _running.pop(job_id, None))
    return _running[job_id]


async def finished(job_id: UUID) -> None:
    """Wait until a job that this process runs has ended."""
    if task := _running.get(job_id):
        await asyncio.shield(task)


async def resume(context: PluginContext) -> None:
    """Take over what nobody runs any more, and forget what is long done."""
    async with context.database.writing() as session:
        await session.execute(delete(ImportJob).where(ImportJob.finished_at < utc_now() - _KEPT))
        waiting = await session.execute(select(ImportJob.tenant_id, ImportJob.id).where(_is_free()))
        found = waiting.tuples().all()
    tenants = {tenant.id: tenant for tenant in context.tenants_with_plugin()}
    for tenant_id, job_id in found:
        if tenant := tenants.get(tenant_id):
            begin(context, tenant, job_id)


async def stop(context: PluginContext) -> None:
    """Let go of the jobs that this process runs; another takes them over."""
    tasks = [task for task in _running.values() if task.get_name() == _name(context)]
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


def _name(context: PluginContext) -> str:
    """What the tasks of one platform are called; tests run several in a process."""
    return f"import-{id(context.database)}"


def _is_free() -> Any:
    died = (ImportJob.state == "running") & (ImportJob.alive_at < utc_now() - _DEAD_AFTER)
    return or_(ImportJob.state == "queued", died)


async def _run(context: PluginContext, tenant: Tenant, job_id: UUID) -> None:
    claimed = await _claim(context, tenant, job_id)
    if claimed is None:
        return
    data, options = claimed
    work = Import(context, tenant, options)
    beat = asyncio.create_task(_beat(context, tenant, job_id, work))
    try:
        outcome = await work.run(data)
        state = "done" if not outcome.message else "refused"
    except Exception:  # whatever breaks an import must be told to who waits for it
        context.log.exception("import.failed", tenant=tenant.slug)
        outcome, state = (
            Outcome(message="The import broke off; nothing says that the file is wrong. Try again."),
            "failed",
        )
    finally:
        beat.cancel()
        with suppress(asyncio.CancelledError):
            await beat
    ended = {"state": state, "outcome": msgspec.to_builtins(outcome), "data": None, "finished_at": utc_now()}
    await _note(context, tenant, job_id, {**ended, **_how_far(work), "faults": _rows(work.faults)})


async def _claim(context: PluginContext, tenant: Tenant, job_id: UUID) -> tuple[bytes, Options] | None:
    """Take a job that is free; None when another process was faster."""
    async with context.writing(tenant) as session:
        mine = update(ImportJob).where(ImportJob.id == job_id, _is_free()).values(state="running", alive_at=utc_now())
        row = (await session.execute(mine.returning(ImportJob.data, ImportJob.options))).first()
    if row is None or row.data is None:
        return None
    return row.data, msgspec.convert(row.options, Options)


async def _beat(context: PluginContext, tenant: Tenant, job_id: UUID, work: Import) -> None:
    while True:
        await asyncio.sleep(_BEAT_SECONDS)
        await _note(context, tenant, job_id, _how_far(work))


async def _note(context: PluginContext, tenant: Tenant, job_id: UUID, values: dict[str, Any]) -> None:
    async with context.writing(tenant) as session:
        noted = update(ImportJob).where(ImportJob.id == job_id).values(alive_at=utc_now(), **values)
        await session.execute(noted.execution_options(synchronize_session=False))


def _how_far(work: Import) -> dict[str, Any]:
    progress = work.progress
    return {"stage": progress.stage, "done": progress.done, "total": progress.total}


def _rows(faults: list[Fault]) -> list[Any]:
    built: list[Any] = msgspec.to_builtins(faults)
    return built
