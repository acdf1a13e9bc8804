"""The rows of `make security` name tests that are there."""

from tests.security.__main__ import ROOT, WHOLE, verdict
from tests.security.checklist import POINTS, Point


def test_every_point_has_its_tests():
    """A test that is renamed or taken away does not leave a point without one."""
    assert len(POINTS) == 34
    for node in {node for point in (*POINTS, *WHOLE) for node in point.tests}:
        path, _, name = node.partition("::")
        assert f"def {name}(" in (ROOT / path).read_text() if name else (ROOT / path).is_file(), node


def test_a_point_holds_when_all_its_tests_have_run_and_held():
    """One case that fails is enough, and what did not run shows nothing."""
    point = Point("x", ("a.py::test_a", "b.py"))
    assert verdict(point, {"a.py::test_a": ["holds"], "b.py::test_b": ["holds", "holds"]}) == "holds"
    assert verdict(point, {"a.py::test_a": ["holds"], "b.py::test_b": ["holds", "FAILS"]}) == "FAILS"
    assert verdict(point, {"a.py::test_a": ["holds"]}) == "not tested"
    assert verdict(point, {"a.py::test_a": ["holds"], "b.py::test_b": ["not tested"]}) == "not tested"
