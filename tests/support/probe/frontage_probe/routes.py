"""Routes that echo what they may and raise what they are told to."""

from msgspec import Struct, UnsetType
from sqlalchemy import text

from frontage.plugin import (
    Answer,
    Call,
    FromQuery,
    HotRequest,
    Injected,
    JSONBody,
    NoSettings,
    Page,
    PageNumber,
    PageSize,
    Pagination,
    PluginContext,
    Problem,
    get,
    hot,
    in_body,
    json_answer,
    nobody,
    not_found,
    post,
    publishable_key,
    secret_key,
)

SPILLED = "a secret that an exception tells: csb_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf_84041098"


class Named(Struct, frozen=True):
    """An event that names its tenant in every form."""

    tenant_id: int | str


class Slugged(Struct, frozen=True):
    """An event that names its tenant by slug."""

    tenant_slug: int | str


class Seen(Struct, frozen=True):
    """What reached the probe."""

    tenant: str | None
    address: str
    privacy: str | None
    relayed: bool
    country: str | None


class Wanted(Struct, frozen=True):
    """What the probe is to raise."""

    code: str


class Texts(Struct, frozen=True):
    """What was sent, member by member."""

    text: str | None = None
    number: int | None = None
    object: dict[str, str | int] | None = None


class TextPage(Page[str], frozen=True):
    """A page of texts."""


def quietly(_call: Call) -> Answer:
    """As for a tenant that nobody knows."""
    return json_answer({"tenant": None}, 202)


def _seen(call: Call) -> Seen:
    return Seen(call.tenant.slug if call.tenant else None, call.address, call.privacy, call.relayed, call.country)


@hot.post(
    "/probe/v1/events",
    body=Named,
    tenant=in_body("tenant_id", unknown_limit="unknown"),
    limit=("visitor",),
    off=quietly,
)
async def event(request: HotRequest[Named, NoSettings]) -> Answer:
    """Tell what reached the probe."""
    return json_answer(_seen(request))


@hot.post("/probe/v1/named", body=Named, tenant=in_body("tenant_id"), limit=(), off=not_found)
async def named(request: HotRequest[Named, NoSettings]) -> Answer:
    """Tell whom the body names."""
    return json_answer(_seen(request))


@hot.post("/probe/v1/slugged", body=Slugged, tenant=in_body("tenant_slug", slug_only=True), limit=(), off=not_found)
async def slugged(request: HotRequest[Slugged, NoSettings]) -> Answer:
    """Tell whose slug the body holds."""
    return json_answer(_seen(request))


@hot.post("/probe/v1/texts", body=Texts, forms=True, tenant=nobody, limit=(), off=not_found)
async def texts(request: HotRequest[Texts, NoSettings]) -> Answer:
    """Tell what was sent."""
    return json_answer(request.body)


@hot.get(
    "/probe/v1/public/seen",
    tenant=publishable_key(secret_scope="probe:read"),
    limit=("publishable", "visitor"),
    off=not_found,
)
async def seen(request: HotRequest[UnsetType, NoSettings]) -> Answer:
    """Tell what reached the probe."""
    return json_answer(_seen(request))


@get(
    "/probe/v1/public/notes",
    tenant=publishable_key(secret_scope="probe:read"),
    limit=("publishable",),
    off=not_found,
    public=True,
)
async def notes(call: Injected[Call]) -> Seen:
    """Tell what reached the probe, by an ordinary route."""
    return _seen(call)


@hot.get("/probe/v1/public/raise", query=Wanted, tenant=nobody, limit=(), off=not_found)
async def raise_hot(request: HotRequest[Wanted, NoSettings]) -> Answer:
    """Raise what is wanted, in front of the router."""
    raise _raised(request.body.code)


@get("/probe/v1/raise", tenant=nobody, limit=(), off=not_found)
async def raise_ordinary(code: FromQuery[str]) -> None:
    """Raise what is wanted, behind the router."""
    raise _raised(code)


@get(
    "/probe/v1/worded",
    tenant=nobody,
    limit=(),
    off=not_found,
    refuse=lambda problem, _call: json_answer({"said": problem.code}, problem.kind.status),
)
async def say(code: FromQuery[str]) -> None:
    """Raise what is wanted, and say it in words of its own."""
    raise _raised(code)


@post("/probe/v1/texts-for-servers", tenant=secret_key("probe:read"), limit=("secret",), off=not_found)
async def store_texts(data: JSONBody[Texts], context: Injected[PluginContext]) -> Texts:
    """Tell what was sent, after the database has told it."""
    async with context.database.reading() as session:
        told = (await session.execute(text("select cast(:text as varchar(200))"), {"text": data.text})).scalar_one()
    return Texts(told, data.number, data.object)


@get("/probe/v1/nothing", tenant=secret_key("probe:read"), limit=("secret",), off=not_found)
async def list_nothing(page: PageNumber = 1, page_size: PageSize = 25) -> TextPage:
    """List nothing at all."""
    return TextPage([], Pagination.of(page, page_size, 0))


def _raised(code: str) -> Exception:
    return RuntimeError(SPILLED) if code == "unforeseen" else Problem(code)


routes = [event, named, slugged, texts, seen, notes, raise_hot, raise_ordinary, say, store_texts, list_nothing]
