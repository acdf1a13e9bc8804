"""Printed codes: `GET /t/{tenant}/{code}` counts a scan and leads to a page of the shop, to no other place."""

from urllib.parse import urlsplit, urlunsplit

from litestar.response import Redirect

from frontage.plugin import (
    Call,
    FromPath,
    HotRequest,
    Injected,
    IntakeRefusedError,
    PluginContext,
    Problem,
    Tenant,
    get,
    in_path,
    not_found,
)
from frontage_landing_analytics.memory import memory_of
from frontage_landing_analytics.recording import record
from frontage_landing_analytics.settings import Settings

_HEADERS = {"Cache-Control": "no-store", "Referrer-Policy": "no-referrer"}


@get(
    "/t/{tenant_ref:str}/{code:str}",
    tenant=in_path("tenant_ref"),
    limit=("visitor",),
    off=not_found,
    status_code=302,
    tags=["Landing analytics"],
)
async def follow_code(
    call: Injected[Call],
    context: Injected[PluginContext],
    settings: Injected[Settings],
    tenant: Injected[Tenant],
    tenant_ref: FromPath[str],  # noqa: ARG001  # the gate has found the tenant by it
    code: FromPath[str],
) -> Redirect:
    """Count a scan of a printed code, unless nobody looks, and lead to the page that the shop has set for it."""
    page = settings.qr_codes.get(code)
    if page is None:
        raise Problem("not_found")
    if not call.is_head:
        request: HotRequest[None, Settings] = HotRequest(call.scope, call.keeper)
        request.gate, request.tenant, request.context, request.settings = call.gate, tenant, context, settings
        metadata = {"qr": code, "page": urlsplit(page).path or "/"}
        try:
            await record(request, "qr_scan", "link", metadata=metadata)
        except IntakeRefusedError:
            context.count("scans_not_kept", "no room")  # whoever scans a code wants the page
            memory_of(context).drops.note(tenant, "no_room")
    return Redirect(_without_code(page), status_code=302, headers=_HEADERS)


def _without_code(page: str) -> str:
    """A page's address without `?qr=`, by which its own script would count the arrival once more."""
    parts = urlsplit(page)
    query = "&".join(part for part in parts.query.split("&") if part.partition("=")[0] != "qr")
    return urlunsplit(parts._replace(query=query))
