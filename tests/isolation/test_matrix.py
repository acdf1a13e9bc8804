"""No shop sees, changes or deletes what is another's, whatever is installed, whoever asks, whatever is named."""

import copy

import pytest
from broken_plugins import BREAKS, install
from shelf import open_shelf
from tests.isolation.credentials import UnknownSourceError, scope_of
from tests.isolation.matrix import Matrix
from tests.isolation.shops import everything

from frontage.host.discovery import find_candidates
from frontage.testing.harness import running, settings_for

pytestmark = pytest.mark.timeout(400)


async def play(url, folder, candidates):
    """The matrix, played on these plugins, and the document that it came from."""
    async with everything(url, folder, candidates) as platform:
        matrix = Matrix(platform)
        await matrix.play()
        return matrix, platform.platform.document


async def test_the_whole_matrix_of_everything_that_is_installed(database_url, tmp_path):
    """Every operation of the document was asked, thousands of times, and nothing came of it."""
    with open_shelf(tmp_path / "site") as shelf:
        shelf.put_kitchen_sink()
        matrix, document = await play(database_url, tmp_path, find_candidates())
    assert not matrix.faults, "\n".join(matrix.faults)
    operations = sum(map(len, document["paths"].values()))
    assert len(matrix.operations) == operations
    assert matrix.cells >= 1000


LEAKS = {
    "lists-every-tenants-rows": "shows",
    "deletes-every-tenants-rows": "changes rows of another tenant",
    "forbids-what-is-foreign": "to a foreign id",
}


async def test_leaks_are_found(sqlite_url, tmp_path):
    """The matrix can fail: each of these plugins is found out for what it does, and nobody beside them."""
    site = tmp_path / "site"
    with open_shelf(site) as shelf:
        for slug in LEAKS:
            install(site, slug, BREAKS[slug])
        matrix, _ = await play(sqlite_url, tmp_path, shelf.find(*LEAKS))
    for slug, words in LEAKS.items():
        assert any(words in fault for fault in matrix.faults if f"/{slug}/api" in fault), slug
    assert all(any(f"/{slug}/api" in fault for slug in LEAKS) for fault in matrix.faults)


async def test_an_operation_without_its_tenant_scope_fails(sqlite_url, tmp_path):
    """So does one that finds its tenant in a way that nobody has thought through here."""
    async with running(settings_for(sqlite_url, tmp_path), {}, []) as platform:
        told = platform.platform.document["paths"]["/account/api/v1/whoami"]["get"]
        assert scope_of(told)["source"] == "key"
        for scope in (None, {}, {"source": "cookie"}):
            with pytest.raises(UnknownSourceError, match="x-tenant-scope"):
                scope_of({**copy.deepcopy(told), "x-tenant-scope": scope})
