"""The page of results: each command writes its own section, and leaves those of the others as they are."""

from tests import results
from tests.bench.plot import draw, margin
from tests.bench.table import Row


def test_a_command_replaces_its_own_section_alone(tmp_path, monkeypatch):
    """In the order of the commands, whichever ran first; a cell cannot break the table."""
    monkeypatch.setattr(results, "PAGE", tmp_path / "RESULTS.md")
    results.write_section("make torture", "First.", ("fault", "lost"), [("SIGKILL | SIGTERM", "0")])
    results.write_section("make bench", "Old.", ("what", "reached"), [("a", "1.0")])
    kept = results.PAGE.read_text().partition("## make torture")[2]
    results.write_section("make bench", "New.", ("what", "reached"), [("a", "2.0")])
    text = results.PAGE.read_text()
    assert text.partition("## make torture")[2] == kept
    assert [line for line in text.splitlines() if line.startswith("## ")] == ["## make bench", "## make torture"]
    assert "| SIGKILL \\| SIGTERM | 0 |" in text
    assert ("Old." in text, "New." in text) == (False, True)
    assert "cores" in text
    assert text.startswith("# Results\n")


def test_a_row_lies_as_far_from_its_bar_as_it_is_better_or_worse():
    """Whichever way the bar points; a row without a bar is not drawn."""
    rows = [Row("fast", 4.4, "≥ 2.2, aim 5"), Row("small", 2.0, "≤ 1.0"), Row("told", 3.0, ""), Row("soon", 0.5, "< 1")]
    assert [margin(row) for row in rows] == [2.0, 0.5, None, 2.0]
    picture = draw(rows)
    assert "told" not in picture
    assert picture.count("<rect") == 1 + 3
