"""The shop's printed codes: which there are, and each as a picture."""

from typing import Annotated

from litestar import Response
from litestar.params import QueryParameter
from msgspec import Meta, Struct

from frontage.plugin import FromPath, FromQuery, Injected, PluginContext, Problem, Tenant, get
from frontage_landing_analytics.qr_images import ImageFormat, link_of, picture
from frontage_landing_analytics.reports.words import API, WORDS
from frontage_landing_analytics.settings import Settings

_MEDIA_TYPES: dict[ImageFormat, str] = {"svg": "image/svg+xml", "png": "image/png"}
Scale = FromQuery[Annotated[int, QueryParameter(ge=1, le=40, description="Pixels a module.")]]


class PrintedCode(Struct, frozen=True):
    """A code that the shop has set in its file."""

    code: str
    page: Annotated[str, Meta(description="Where it leads.")]
    link: Annotated[str, Meta(description="What is printed.")]


class PrintedCodes(Struct, frozen=True):
    """All of them, by name."""

    codes: list[PrintedCode]


@get(f"{API}/qr-codes", **WORDS)
async def list_codes(
    context: Injected[PluginContext], tenant: Injected[Tenant], settings: Injected[Settings]
) -> PrintedCodes:
    """List the printed codes; scans of each are told by the breakdown `qr`."""
    codes = sorted(settings.qr_codes.items())
    return PrintedCodes([PrintedCode(code, page, link_of(context.base_url, tenant.slug, code)) for code, page in codes])


@get(f"{API}/qr-codes/{{code:str}}", media_type="image/svg+xml", **WORDS)
async def draw_code(
    context: Injected[PluginContext],
    tenant: Injected[Tenant],
    settings: Injected[Settings],
    code: FromPath[str],
    format: FromQuery[ImageFormat] = "svg",  # noqa: A002
    scale: Scale = 8,
) -> Response[bytes]:
    """Draw a code as SVG or PNG."""
    if code not in settings.qr_codes:
        raise Problem("not_found")
    drawn = picture(link_of(context.base_url, tenant.slug, code), format, scale=scale)
    return Response(drawn, media_type=_MEDIA_TYPES[format])
