"""A plugin is on for the tenants that have it, live, with settings that outlive its versions."""

import pytest
from sqlalchemy import func, select, update
from structlog.testing import capture_logs

from frontage.tenants.models import EnablementRow
from frontage.tenants.revision import begin_change, mark_changed
from frontage.testing.harness import running, settings_for

ON = 'name = "A"\nnumber = 1\n[plugins.kitchen-sink]\n'
OFF = 'name = "A"\nnumber = 1\n'
NEIGHBOUR = 'name = "B"\nnumber = 2\n[plugins.kitchen-sink]\ngreeting = "Hi"\n'
WISH = "/kitchen/api/v1/public/wishes"


@pytest.fixture
async def platform(database_url, shelf, tmp_path):
    files = {"acme": ON, "bolt": NEIGHBOUR}
    async with running(settings_for(database_url, tmp_path), files, [shelf.put_kitchen_sink()]) as platform:
        yield platform


async def rows_written(platform):
    from frontage_kitchen_sink.models import Dish, Order

    async with platform.database.reading() as session:
        return [
            (await session.execute(select(func.count()).select_from(table))).scalar_one() for table in (Dish, Order)
        ]


async def send_everything(platform, secret, publishable):
    """Every route that writes, or asks for a tenant, once: the statuses by path."""
    by_secret, by_publishable = {"X-API-Key": secret}, {"X-API-Key": publishable}
    client, base = platform.client, "/kitchen/api/v1"
    answers = {
        "order": await client.post(f"{base}/orders", json={"tenant_id": "acme", "dish": "soup"}),
        "wish": await client.post(WISH, json={"dish": "soup"}, headers=by_publishable),
        "bell": await client.post(f"{base}/bell", json={"dish": "soup"}, headers={"X-Kitchen-Token": publishable}),
        "menu": await client.get(f"{base}/public/menu", headers=by_publishable),
        "dishes": await client.get(f"{base}/dishes", headers=by_secret),
        "dish": await client.post(f"{base}/dishes", json={"name": "Soup", "price": 3}, headers=by_secret),
        "shop": await client.get("/kitchen/acme/menu", headers=by_secret),
    }
    return {name: answer.status_code for name, answer in answers.items()}


SERVED = {"order": 201, "wish": 204, "bell": 204, "menu": 200, "dishes": 200, "dish": 201, "shop": 200}
DECLARED = {**dict.fromkeys(SERVED, 404), "order": 202}


async def test_off_every_route_gives_its_declared_answer_and_writes_nothing(platform):
    """Off, on and off again, each without a restart."""
    secret = await platform.key("acme", scopes=("kitchen:read", "kitchen:write"))
    publishable = await platform.key("acme", "publishable", scopes=("kitchen:order",))
    await platform.apply({"acme": OFF, "bolt": NEIGHBOUR})
    assert await send_everything(platform, secret, publishable) == DECLARED
    assert await rows_written(platform) == [0, 0]
    await platform.apply({"acme": ON, "bolt": NEIGHBOUR})
    assert await send_everything(platform, secret, publishable) == SERVED
    assert await rows_written(platform) == [1, 1]
    await platform.apply({"acme": OFF, "bolt": NEIGHBOUR})
    assert await send_everything(platform, secret, publishable) == DECLARED
    assert await rows_written(platform) == [1, 1]


async def test_changed_settings_hold_at_once_and_for_their_tenant_alone(platform):
    keys = {slug: await platform.key(slug, "publishable") for slug in ("acme", "bolt")}

    async def ask_for(seats):
        body = {"dish": "soup", "seats": seats}
        return {
            slug: (await platform.client.post(WISH, json=body, headers={"X-API-Key": key})).status_code
            for slug, key in keys.items()
        }

    assert await ask_for(20) == {"acme": 204, "bolt": 204}
    await platform.apply({"acme": ON + "seats = 5\n", "bolt": NEIGHBOUR})
    assert await ask_for(20) == {"acme": 409, "bolt": 204}


async def store(platform, slug, settings, version):
    """Put settings in the database as an earlier version of the plugin left them."""
    tenant_id = platform.tenant(slug).id
    async with platform.database.writing() as session:
        values = {"settings": settings, "settings_version": version}
        await session.execute(update(EnablementRow).where(EnablementRow.tenant_id == tenant_id).values(**values))
        await mark_changed(session, [tenant_id], await begin_change(session))
    with capture_logs() as logged:
        await platform.platform.services.directory.refresh()
    return logged


async def test_stored_settings_of_an_earlier_version_are_upgraded_when_they_are_read(platform):
    """Version 1 called the seats `chairs`; what is stored stays as it was, so that the plugin can be set back."""
    await store(platform, "acme", {"chairs": 7}, 1)
    assert platform.tenant("acme").plugins["kitchen-sink"].seats == 7
    async with platform.database.reading() as session:
        kept = select(EnablementRow).where(EnablementRow.tenant_id == platform.tenant("acme").id)
        row = (await session.scalars(kept)).one()
    assert (row.settings, row.settings_version) == ({"chairs": 7}, 1)


@pytest.mark.parametrize(
    ("settings", "version"),
    [
        pytest.param({"seats": "many"}, 2, id="a wrong value"),
        pytest.param({}, 3, id="a version from the future"),
    ],
)
async def test_settings_that_cannot_be_read_turn_the_plugin_off_for_that_tenant_alone(platform, settings, version):
    keys = {slug: {"X-API-Key": await platform.key(slug, scopes=("kitchen:read",))} for slug in ("acme", "bolt")}
    logged = await store(platform, "acme", settings, version)
    (line,) = [one for one in logged if one["log_level"] != "info"]
    assert (line["event"], line["tenant"], line["plugin"]) == ("tenant.settings_unreadable", "acme", "kitchen-sink")
    statuses = {
        slug: (await platform.client.get("/kitchen/api/v1/dishes", headers=one)).status_code
        for slug, one in keys.items()
    }
    assert statuses == {"acme": 404, "bolt": 200}
    assert (await platform.client.get("/account/api/v1/whoami", headers=keys["acme"])).status_code == 200
    assert (await platform.client.get("/health/ready")).json()["degraded"] == []
