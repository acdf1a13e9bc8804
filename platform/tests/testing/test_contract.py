"""The contract's rules: each is red for a plugin that breaks it, and says who breaks what and how to mend it."""

import os
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest
from broken_plugins import BREAKS, Break, install, title_of
from installed import SUPPORT
from shelf import package_of

from frontage.testing.contract_rules import DECLARED_RULES, SERVED_RULES

RULES = [*DECLARED_RULES, *SERVED_RULES]


def test_every_rule_is_broken_by_somebody():
    """A rule that no plugin breaks might never be red; alone, wherever the host does not refuse the plugin as well."""
    assert {rule.id for rule in RULES} == {red for broken in BREAKS.values() for red in broken.red.split()}


def test_rules_explain_themselves():
    """Every rule has an id of its own, a sentence and a reason."""
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.sentence.endswith(".") and rule.reason.endswith(".") for rule in RULES)


PARTS = 8
"""The plugins are judged in as many processes, so that several workers can share the work."""


def part_of(number: int) -> dict[str, Break]:
    return {slug: broken for at, (slug, broken) in enumerate(BREAKS.items()) if at % PARTS == number}


def chosen(slug: str, broken: Break) -> list[str]:
    """What pytest is to run: a whole class, of a variant the rules that it breaks."""
    tests = {rule.id: f"test_as_declared[{rule.id}]" for rule in DECLARED_RULES}
    tests |= {rule.id: f"test_in_service[{rule.id}-sqlite]" for rule in SERVED_RULES}
    wanted = [f"::{tests[red]}" for red in broken.red.split()] if broken.variant else [""]
    return [f"{slug}/test_contract.py::{title_of(slug)}{test}" for test in wanted]


def write_project(folder, slug: str, broken: Break, judged: str) -> None:
    """The plugin's own folder, as far as its tests need it."""
    (folder / slug).mkdir()
    source = f"from frontage.testing import PluginContract\n\n\n{judged}"
    (folder / slug / "test_contract.py").write_text(source)
    points = f'[project.entry-points."frontage.plugins"]\n{slug} = "{package_of(slug)}.plugin:plugin"\n'
    (folder / slug / "pyproject.toml").write_text(f"{points}[tool.frontage.contract.exempt]\n{broken.exempt}\n")


@pytest.fixture
def judge(pytester, tmp_path, monkeypatch):
    """Judges plugins by three lines of a class each, and no conftest; gives what each rule says, by slug."""

    def judge(breaks):
        site = tmp_path / "site"
        for slug, broken in breaks.items():
            write_project(pytester.path, slug, broken, install(site, slug, broken))
        # What pytest-asyncio asks for; the contract itself needs nothing of an ini file.
        pytester.makeini(
            "[pytest]\nfilterwarnings = error\nasyncio_default_fixture_loop_scope = function\ntimeout = 60\n"
        )
        path = [str(site), str(SUPPORT), *filter(None, [os.environ.get("PYTHONPATH")])]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
        wanted = [name for slug, broken in breaks.items() for name in chosen(slug, broken)]
        words = ["-k", "not postgresql", "--import-mode=importlib", "--junitxml=report.xml", *wanted]
        pytester.runpytest_subprocess(*words, timeout=380)
        cases = [*ET.parse(pytester.path / "report.xml").iter("testcase")]
        return {slug: dict(told_by(cases, title_of(slug))) for slug in breaks}

    return judge


def told_by(cases, title):
    for case in cases:
        if case.get("classname").endswith(f".{title}"):
            rule = case.get("name").partition("[")[2].removesuffix("]").removesuffix("-sqlite")
            failed = [*case.iter("failure"), *case.iter("error")]
            yield rule, failed[0].text if failed else None


@pytest.mark.timeout(400)  # a process of its own, for which a busy machine may take its time
@pytest.mark.parametrize("part", range(PARTS))
def test_exactly_the_broken_rules_are_red(judge, subtests, part):
    """Each plugin is red for the rules that it breaks, which say its name and the fix, and green for all others."""
    breaks = part_of(part)
    reports = judge(breaks)
    for slug, broken in breaks.items():
        with subtests.test(slug):
            red = {rule: told for rule, told in reports[slug].items() if told is not None}
            assert set(red) == set(broken.red.split()), "\n".join(red.values())
            assert broken.variant or set(reports[slug]) == {rule.id for rule in RULES}
            for rule, told in red.items():
                assert told.startswith(f"{slug} breaks the rule {rule}: ")
                assert "found: " in told
                assert "fix: " in told


def test_an_exempted_rule_is_not_tried_and_says_why(pytester, tmp_path, monkeypatch):
    """What a plugin cannot keep stands in every report, with its reason."""
    broken = replace(BREAKS["prints-keys"], exempt='logs-hide-keys = "They are test keys."')
    write_project(pytester.path, "prints-keys", broken, install(tmp_path / "site", "prints-keys", broken))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(tmp_path / "site"), str(SUPPORT)]))
    ran = pytester.runpytest_subprocess("-rs", "-p", "no:randomly", "-k", "logs-hide-keys and sqlite", "prints-keys")
    ran.assert_outcomes(skipped=1, deselected=ran.parseoutcomes()["deselected"])
    ran.stdout.fnmatch_lines(["*logs-hide-keys is exempt: They are test keys.*"])
