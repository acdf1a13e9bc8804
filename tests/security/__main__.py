"""Everything that shows what this edge withstands, as a table: `make security`.

The rows are the points of `checklist.py`, then the isolation matrix, the fuzzers, and what bandit finds in the source.
"""

import os
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterable, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory

from tests.security.bandit import unexplained
from tests.security.checklist import POINTS, Point

ROOT = Path(__file__).parents[2]
WHOLE = (
    Point("every operation, as everybody, for ids of one's own, another's, nobody's and malformed", ("tests/isolation/test_matrix.py",)),
    Point("bytes that nobody should send, to every ingest route", ("tests/security/test_fuzz.py",)),
    Point("all that the OpenAPI document allows and forbids", ("tests/security/test_schemathesis.py",)),
    Point("keys, addresses and cookies in whatever is kept or told", ("tests/security/test_sweep.py",)),
)  # fmt: skip


def outcomes(nodes: Iterable[str], report: Path) -> dict[str, list[str]]:
    """Run tests, and tell how each case of each went, by file and function."""
    words = ["-p", "no:randomly", "-n", "auto", f"--junitxml={report}", "-o", "junit_family=xunit1"]
    environment = {"SECURITY_ROUNDS": "5", **os.environ}
    subprocess.run(
        [sys.executable, "-m", "pytest", *words, *sorted(set(nodes))], cwd=ROOT, env=environment, check=False
    )
    found: dict[str, list[str]] = {}
    for case in ET.parse(report).iter("testcase") if report.exists() else ():
        node = f"{case.get('file')}::{str(case.get('name')).partition('[')[0]}"
        found.setdefault(node, []).append(_outcome(case))
    return found


def _outcome(case: ET.Element) -> str:
    kinds = {one.tag for one in case} & {"failure", "error", "skipped"}
    return "not tested" if kinds == {"skipped"} else "FAILS" if kinds else "holds"


def verdict(point: Point, found: Mapping[str, list[str]]) -> str:
    """Whether all cases of all tests of a point held; a test that did not run shows nothing."""
    seen = set()
    for node in point.tests:
        cases = [how for name, each in found.items() if name == node or name.startswith(f"{node}::") for how in each]
        seen |= set(cases) or {"not tested"}
    return next(how for how in ("FAILS", "not tested", "holds") if how in seen)


def main() -> int:
    """Run, tell, and end with 1 unless everything holds."""
    points = (*POINTS, *WHOLE)
    with TemporaryDirectory() as folder:
        found = outcomes((node for point in points for node in point.tests), Path(folder) / "report.xml")
    rows = [(verdict(point, found), point.threat) for point in points]
    faults = unexplained(ROOT)
    rows.append(("FAILS" if faults else "holds", "bandit, but for what is explained"))
    for number, (how, threat) in enumerate(rows, start=1):
        print(f"{number:3}  {how:10}  {threat}")
    print("\n".join(faults))
    held = sum(how == "holds" for how, _ in rows)
    print(f"{held} of {len(rows)} hold, by {sum(map(len, found.values()))} tests")
    return int(held < len(rows))


if __name__ == "__main__":
    sys.exit(main())
