"""Imports over HTTP that outlive a process, and the same imports at the command line."""

import os
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest
from sqlalchemy import update

from frontage.plugin import PluginContext, get_logger, parse_id, utc_now
from frontage.testing.harness import Running
from frontage_store_locator import demo
from frontage_store_locator.importing import jobs
from frontage_store_locator.importing.running import Options
from frontage_store_locator.importing.tables import ImportJob

from .shop import Shop
from .test_importing import IMPORTS, THREE, listed

COMMAND = [str(Path(sys.executable).with_name("frontage")), "store-locator"]


def context_of(platform: Running) -> PluginContext:
    services = platform.platform.services
    return PluginContext(
        "store-locator",
        services.database,
        services.directory,
        services.intake,
        services.settings.data_dir,
        get_logger("t"),
    )


async def put_aside(platform: Running, shop: Shop, age: timedelta) -> str:
    """A job that some process began and left."""
    context, tenant = context_of(platform), platform.tenant(shop.slug)
    async with context.writing(tenant) as session:
        then = utc_now() - age
        job = ImportJob(
            state="running", options=msgspec.to_builtins(Options()), data=THREE.encode(), stage="writing", done=1, faults=[],
            created_at=then, alive_at=then,
        )  # fmt: skip
        session.add(job)
    return str(job.id)


async def state_of(shop: Shop, job_id: str) -> str:
    headers = {"X-API-Key": await shop.key("secret", "locations:write")}
    return (await shop.running.client.get(f"{IMPORTS}/{job_id}", headers=headers)).json()["state"]


@pytest.mark.parametrize(
    ("age", "state", "places"),
    [
        pytest.param(timedelta(minutes=5), "done", 3, id="its-process-has-died"),
        pytest.param(timedelta(seconds=5), "running", 0, id="its-process-lives"),
    ],
)
async def test_an_import_whose_process_has_died_is_taken_over(platform: Running, acme: Shop, age, state, places):
    job_id = await put_aside(platform, acme, age)
    await jobs.resume(context_of(platform))
    await jobs.finished(parse_id(job_id))
    assert (await state_of(acme, job_id), len(await listed(acme))) == (state, places)


async def test_what_is_long_done_is_forgotten(platform: Running, acme: Shop):
    job_id = await put_aside(platform, acme, timedelta(days=8))
    context = context_of(platform)
    async with context.database.writing() as session:
        await session.execute(update(ImportJob).values(state="done", finished_at=utc_now() - timedelta(days=8)))
    await jobs.resume(context)
    headers = {"X-API-Key": await acme.key("secret", "locations:write")}
    assert (await acme.running.client.get(f"{IMPORTS}/{job_id}", headers=headers)).status_code == 404


async def test_an_empty_body_is_no_import(acme: Shop):
    headers = {"X-API-Key": await acme.key("secret", "locations:write")}
    assert (await acme.running.client.post(IMPORTS, content=b" ", headers=headers)).status_code == 400


async def test_only_a_key_that_may_write_imports(acme: Shop):
    headers = {"X-API-Key": await acme.key("secret", "locations:read")}
    assert (await acme.running.client.post(IMPORTS, content=THREE, headers=headers)).status_code == 403


async def test_a_demo_gives_an_empty_shop_real_places_and_leaves_a_filled_one_alone(
    platform: Running, acme: Shop, bolt: Shop
):
    pytest.importorskip("airportsdata")
    context = context_of(platform)
    await bolt.add(name="Mine", lat=1.5, lon=103.5)
    for shop in (acme, bolt):
        await demo.show(context, platform.tenant(shop.slug))
    assert len(await listed(bolt)) == 1
    assert await acme.names_near(14.06, -87.22, radius=5) == ["Toncontin International Airport"]


@pytest.fixture
def home(tmp_path: Path) -> dict[str, str]:
    """The environment of somebody at a desk who has one shop."""
    (tmp_path / "tenants").mkdir()
    (tmp_path / "tenants" / "acme.toml").write_text(
        'name = "Acme"\nnumber = 1\n[plugins.store-locator]\ncountry = "US"\n'
    )
    places = {"FRONTAGE_DATA_DIR": f"{tmp_path}/var", "FRONTAGE_TENANTS_DIR": f"{tmp_path}/tenants"}
    environment = {**{name: value for name, value in os.environ.items() if not name.startswith("FRONTAGE_")}, **places}
    subprocess.run([COMMAND[0], "tenants", "apply"], env=environment, check=True, capture_output=True)
    return environment


def run(home: dict[str, str], *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*COMMAND, *words], env=home, capture_output=True, text=True, check=False)


def test_the_command_imports_exports_and_exits_with_1_on_errors(home: dict[str, str], tmp_path: Path):
    good, bad, out, errors = (tmp_path / name for name in ("good.csv", "bad.csv", "out.csv", "errors.csv"))
    good.write_text(THREE)
    bad.write_text(THREE.replace("24/7", "9 to 5").replace("Loop", "Looping"))
    refused = run(home, "import", str(bad), "--tenant", "acme", "--errors", str(errors))
    assert (refused.returncode, "Nothing was imported: 1 row has errors." in refused.stdout) == (1, True), refused
    assert "error: row 3, hours: " in refused.stderr
    assert errors.read_text().splitlines()[1].startswith("3,hours,error,")
    done = run(home, "import", str(good), "--tenant", "acme")
    assert (done.returncode, "created 3" in done.stdout) == (0, True), done
    assert run(home, "export", "--tenant", "acme", "--output", str(out)).returncode == 0
    again = run(home, "import", str(out), "--tenant", "acme", "--full-sync")
    assert (again.returncode, "unchanged 3, removed 0" in again.stdout) == (0, True), again
    nobody = run(home, "import", str(good), "--tenant", "nobody")
    assert (nobody.returncode, "no active tenant nobody" in nobody.stderr) == (1, True)


def test_the_command_loads_a_postal_file_and_names_its_source(home: dict[str, str], tmp_path: Path):
    from .test_words import POSTAL

    (tmp_path / "DE.txt").write_text(POSTAL)
    loaded = run(home, "gazetteer", "load", "--geonames-postal", f"{tmp_path}/DE.txt")
    assert (loaded.returncode, "GeoNames, CC BY 4.0" in loaded.stdout) == (0, True), loaded
    assert "postal-DE  4" in run(home, "gazetteer", "show").stdout
    (tmp_path / "no.txt").write_text("no\n")
    wrong = run(home, "gazetteer", "load", "--geonames-postal", f"{tmp_path}/no.txt")
    assert (wrong.returncode, "Line 1" in wrong.stderr) == (1, True)
