"""The rules without pytest: what `frontage plugins check PATH` runs."""

from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from tempfile import TemporaryDirectory

from frontage.testing.bench import Bench
from frontage.testing.contract_rules import DECLARED_RULES, SERVED_RULES
from frontage.testing.judging import Verdict, judge
from frontage.testing.postgres import PostgresServer, PostgresUnavailableError, open_server
from frontage.testing.project import Project, read_project
from frontage.testing.report import Report
from frontage.testing.required import REQUIRED, is_required


def check_project(folder: Path) -> list[Report]:
    """Judge every plugin of a project on SQLite, and on PostgreSQL where there is one."""
    project = read_project(folder)
    with ExitStack() as stack:
        server, missing = _postgres(stack)
        return [_check(slug, project, server, missing) for slug in project.slugs]


def _postgres(stack: ExitStack) -> tuple[PostgresServer | None, dict[str, str]]:
    try:
        return stack.enter_context(open_server()), {}
    except PostgresUnavailableError as error:
        if is_required("postgresql"):
            raise PostgresUnavailableError(f"{error}; {REQUIRED} demands it") from error
        return None, {"postgresql": str(error)}


def _check(slug: str, project: Project, server: PostgresServer | None, missing: dict[str, str]) -> Report:
    with TemporaryDirectory(prefix="frontage-check-") as folder, Bench(slug, {}, Path(folder), project) as bench:
        verdicts = tuple(_verdicts(bench, server))
        installed = bench.subject.candidates
    return Report(slug, installed[0].version if installed else "not installed", verdicts, missing)


def _verdicts(bench: Bench, server: PostgresServer | None) -> Iterator[Verdict]:
    for rule in DECLARED_RULES:
        yield judge(rule, bench.declared(rule), bench.project)
    for rule in SERVED_RULES:
        yield judge(rule, bench.served(rule), bench.project, "sqlite")
        if server is not None:
            yield judge(rule, bench.served(rule, server), bench.project, "postgresql")
