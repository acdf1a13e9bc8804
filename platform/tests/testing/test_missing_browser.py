"""What a test is told that cannot have its browser."""

import pytest

TEST = """
import pytest

{marker}
async def test_it(new_visitor):
    pass
"""


@pytest.fixture
def run(pytester, monkeypatch):
    """Runs a test that wants a visitor, with this mark, on a machine where no program is found."""
    monkeypatch.setenv("PATH", str(pytester.path))
    monkeypatch.delenv("FRONTAGE_TEST_REQUIRE", raising=False)

    def run(marker):
        pytester.makeini("[pytest]\nasyncio_default_fixture_loop_scope = function\n")
        pytester.makepyfile(TEST.format(marker=marker))
        return pytester.runpytest_inprocess("-p", "no:randomly", "-p", "no:xdist")

    return run


@pytest.mark.parametrize("required", [False, True])
def test_a_missing_browser_is_loud(run, monkeypatch, required):
    """Skipped at a desk with the fix, failed where it is required."""
    if required:
        monkeypatch.setenv("FRONTAGE_TEST_REQUIRE", "postgresql,chromium")
    result = run("@pytest.mark.asyncio(loop_scope='session')")
    if required:
        result.assert_outcomes(errors=1)
    else:
        result.stdout.fnmatch_lines(["NOT TESTED, chromium is missing: 1 skipped*apt install*"])


def test_who_forgets_the_loop_is_told(run):
    """Objects of one loop hang in another; the fixture says what to write instead."""
    run("@pytest.mark.asyncio").stdout.fnmatch_lines(["*loop_scope='session'*"])
