"""A shelf of plugins for one test: a folder on the path, as pip fills it, forgotten when the test ends."""

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from installed import KITCHEN_SINK, install_kitchen_sink, write_plugin

from frontage.base.tables import Table
from frontage.host.discovery import Candidate, find_candidates

NAMES = "ADDRESS, KEY, TENANT, Job, Plugin, Policy"


def declare(slug: str, before: str = "", /, **words: str) -> str:
    """The source of a declaration; words are Python expressions, `before` stands in front of it."""
    told = {"slug": repr(slug), "title": repr(slug), "paths": repr((f"/{slug}/api",)), **words}
    fields = "".join(f"    {name}={expression},\n" for name, expression in told.items())
    imports = f"from datetime import timedelta\nfrom msgspec import Struct\nfrom frontage.plugin import {NAMES}\n"
    return f"{imports}{before}\nplugin = Plugin(\n{fields})\n"


def package_of(slug: str) -> str:
    """The package that `write_plugin` makes for a slug."""
    return f"frontage_{slug.replace('-', '_')}"


class Shelf:
    """Plugins installed for one test."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def put(self, slug: str, source: str | None = None, **words: Any) -> Candidate:
        """Install a plugin; without a source it declares itself and nothing else."""
        write_plugin(self.folder, slug, source or declare(slug), **words)
        importlib.invalidate_caches()
        return self.find(slug)[-1]

    def put_with_routes(self, slug: str, routes: str, **words: str) -> Candidate:
        """Install a plugin whose module of routes has this source, which names the list `routes`."""
        told = {"routes": repr(f"{package_of(slug)}.routes:routes"), **words}
        return self.put(slug, declare(slug, **told), files={"routes.py": routes})

    def put_kitchen_sink(self) -> Candidate:
        """Install the plugin that uses everything."""
        for path in install_kitchen_sink(self.folder)[1:]:
            if str(path) not in sys.path:
                sys.path.append(str(path))
        importlib.invalidate_caches()
        return self.find("kitchen-sink")[0]

    def environment(self, folder: Path, database_url: str | None = None) -> dict[str, str]:
        """What a command needs to see this shelf and to keep everything in one folder."""
        mine = {name: value for name, value in os.environ.items() if not name.startswith("FRONTAGE_")}
        (folder / "tenants").mkdir(exist_ok=True)
        path = [str(self.folder), str(KITCHEN_SINK), *filter(None, [os.environ.get("PYTHONPATH")])]
        mine |= {"PYTHONPATH": os.pathsep.join(path), "FRONTAGE_SECRET": "a secret that only tests use, long enough"}
        mine |= {"FRONTAGE_DATA_DIR": str(folder), "FRONTAGE_TENANTS_DIR": str(folder / "tenants")}
        return mine | ({"FRONTAGE_DATABASE_URL": database_url} if database_url else {})

    def begin(self, environment: dict[str, str], *words: str) -> subprocess.Popen[str]:
        """Begin a `frontage` command in a process of its own."""
        command = [sys.executable, "-c", "from frontage.cli import main; main()", *words]
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def find(self, *slugs: str) -> list[Candidate]:
        """The candidates with these slugs; the test is not disturbed by what else is installed."""
        return [candidate for candidate in find_candidates() if candidate.slug in slugs]


@contextmanager
def open_shelf(folder: Path) -> Iterator[Shelf]:
    """Put a folder on the path; afterwards nothing of it is left in this process."""
    folder.mkdir(parents=True, exist_ok=True)
    path = [*sys.path]
    sys.path.insert(0, str(folder))
    try:
        yield Shelf(folder)
    finally:
        sys.path[:] = path
        _forget(folder)
        importlib.invalidate_caches()


def _forget(folder: Path) -> None:
    for name, module in [*sys.modules.items()]:
        if str(getattr(module, "__file__", None) or "").startswith(str(folder)):
            del sys.modules[name]
            for table in _tables_of(module):
                Table.metadata.remove(table)


def _tables_of(module: Any) -> list[Any]:
    mapped = [one for one in vars(module).values() if isinstance(one, type) and issubclass(one, Table)]
    return [one.__table__ for one in mapped if one.__module__ == module.__name__ and hasattr(one, "__table__")]
