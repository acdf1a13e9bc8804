"""Commands as an operator runs them: in a folder of their own, on each database, with the kitchen sink installed."""

import os
from pathlib import Path

import pytest
from forked import Forge
from installed import install_kitchen_sink

SECRET = "a secret of thirty-two characters and more"
ACME = 'name = "Acme"\nnumber = 1\n[plugins.kitchen-sink]\nseats = 7\n'
BOLT = 'name = "Bolt"\nnumber = 2\n'


class Desk:
    """A folder with tenant files, an environment, and `frontage`."""

    def __init__(self, forge, folder, url=None):
        self.forge = forge
        self.folder = folder
        self.var = folder / "var"
        self.tenants = folder / "tenants"
        self.site = folder / "site"
        self.path = [str(entry) for entry in install_kitchen_sink(self.site)]
        self.url = url or f"sqlite+aiosqlite:///{self.var}/frontage.db"
        self.environment = {"PATH": os.environ["PATH"], "HOME": str(folder), "USER": "tester", "LANG": "C.UTF-8"}
        if not self.url.startswith("sqlite"):
            self.environment |= {"FRONTAGE_DATABASE_URL": url, "FRONTAGE_SECRET": SECRET}
        self.write(acme=ACME, bolt=BOLT)

    def write(self, **files):
        """Put these tenant files in place of all others."""
        self.tenants.mkdir(parents=True, exist_ok=True)
        for old in self.tenants.glob("*.toml"):
            old.unlink()
        for slug, text in files.items():
            (self.tenants / f"{slug}.toml").write_text(text)

    def start(self, *words, **environment):
        """Start a command; words of the environment that are None are left out of it."""
        merged = {name: value for name, value in {**self.environment, **environment}.items() if value is not None}
        return self.forge.start(*words, folder=self.folder, environment=merged, path=self.path)

    def __call__(self, *words, code=0, **environment):
        """Run a command and expect this exit code."""
        result = self.start(*words, **environment).end()
        assert result.code == code, (result.out, result.err)
        assert "Traceback" not in result.err
        return result

    def ready(self):
        """Migrate and apply the files."""
        self("migrate")
        self("tenants", "apply")
        return self


@pytest.fixture(scope="session")
def forge():
    forge = Forge()
    yield forge
    forge.close()


@pytest.fixture
def fresh_desk(forge, tmp_path):
    """A desk on the embedded database, before anything was run."""
    return Desk(forge, tmp_path)


@pytest.fixture
def empty_desk(forge, tmp_path, database_url):
    """A desk on an empty database."""
    return Desk(forge, tmp_path, None if database_url.startswith("sqlite") else database_url)


@pytest.fixture
def unmigrated_desk(forge, tmp_path, postgres_url):
    """A desk on a PostgreSQL that nobody has migrated."""
    return Desk(forge, tmp_path, postgres_url)


@pytest.fixture(scope="module", params=["sqlite", "postgresql"])
def desk(request, forge, tmp_path_factory):
    """One desk for all tests of a file, migrated, with two tenants: acme has the kitchen sink, bolt has nothing."""
    folder: Path = tmp_path_factory.mktemp("desk")
    if request.param == "sqlite":
        yield Desk(forge, folder).ready()
        return
    with request.getfixturevalue("postgres_server").empty_database() as url:
        yield Desk(forge, folder, url).ready()
