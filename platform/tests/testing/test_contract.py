"""The contract's rules: each is red for a plugin that breaks it, and says who breaks what and how to mend it."""

import os
from xml.etree import ElementTree as ET

import pytest
from broken_plugins import BREAKS, Break, install, title_of
from installed import SUPPORT

from frontage.testing.contract_rules import DECLARED_RULES, SERVED_RULES

RULES = [*DECLARED_RULES, *SERVED_RULES]


def test_every_rule_is_broken_by_somebody():
    """A rule that no plugin breaks might never be red; alone, wherever the host does not refuse the plugin as well."""
    assert {rule.id for rule in RULES} == {red for broken in BREAKS.values() for red in broken.red.split()}


def test_rules_explain_themselves():
    """Every rule has an id of its own, a sentence and a reason."""
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert all(rule.sentence.endswith(".") and rule.reason.endswith(".") for rule in RULES)


PARTS = 3
"""The plugins are judged in as many processes, so that several workers can share the work."""


def part_of(number: int) -> dict[str, Break]:
    return {slug: broken for at, (slug, broken) in enumerate(BREAKS.items()) if at % PARTS == number}


def chosen(file: str, breaks: dict[str, Break]) -> list[str]:
    """What pytest is to run: whole classes, of variants the rules that they break."""
    tests = {rule.id: f"test_as_declared[{rule.id}]" for rule in DECLARED_RULES}
    tests |= {rule.id: f"test_in_service[{rule.id}-sqlite]" for rule in SERVED_RULES}
    return [
        f"{file}::{title_of(slug)}{test}"
        for slug, broken in breaks.items()
        for test in ([f"::{tests[red]}" for red in broken.red.split()] if broken.variant else [""])
    ]


@pytest.fixture
def judge(pytester, tmp_path, monkeypatch):
    """Judges plugins by three lines of a class each, and no conftest; gives what each rule says, by slug."""

    def judge(breaks):
        site = tmp_path / "site"
        classes = [install(site, slug, broken) for slug, broken in breaks.items()]
        test = pytester.makepyfile("from frontage.testing import PluginContract\n\n\n" + "\n\n".join(classes))
        # What pytest-asyncio asks for; the contract itself needs nothing of an ini file.
        pytester.makeini(
            "[pytest]\nfilterwarnings = error\nasyncio_default_fixture_loop_scope = function\ntimeout = 60\n"
        )
        path = [str(site), str(SUPPORT), *filter(None, [os.environ.get("PYTHONPATH")])]
        monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path))
        words = ["-k", "not postgresql", "--junitxml=report.xml", *chosen(test.name, breaks)]
        pytester.runpytest_subprocess(*words, timeout=110)
        cases = [*ET.parse(pytester.path / "report.xml").iter("testcase")]
        return {slug: dict(told_by(cases, title_of(slug))) for slug in breaks}

    return judge


def told_by(cases, title):
    for case in cases:
        if case.get("classname").endswith(f".{title}"):
            rule = case.get("name").partition("[")[2].removesuffix("]").removesuffix("-sqlite")
            failed = [*case.iter("failure"), *case.iter("error")]
            yield rule, failed[0].text if failed else None


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
