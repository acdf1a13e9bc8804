"""The contract as a test class: three lines in a plugin's tests bring one test per rule.

class TestLoyaltyStamps(PluginContract):
plugin = "loyalty-stamps"
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from frontage.testing.bench import Bench
from frontage.testing.contract_rules import DECLARED_RULES, SERVED_RULES
from frontage.testing.rule import Finding, NotJudgedError, Rule, UnmakeableRowError

ENGINES = ("sqlite", "postgresql")


class PluginContract:
    """Every promise that the platform makes for its plugins, checked on the installed one that `plugin` names."""

    plugin: ClassVar[str] = ""
    """The slug of the plugin."""
    values: ClassVar[Mapping[str, Mapping[str, Any]]] = {}
    """Values by table and column, where a row cannot be made up: `{"loyalty_stamps_card": {"colour": "green"}}`."""

    @pytest.mark.parametrize("rule", DECLARED_RULES, ids=[rule.id for rule in DECLARED_RULES])
    def test_as_declared(self, rule: Rule, plugin_bench: Bench) -> None:
        """What its declaration, its package and its code say."""
        _judge(rule, self.plugin, lambda: list(rule.check(plugin_bench.subject)))

    @pytest.mark.parametrize("engine", ENGINES)
    @pytest.mark.parametrize("rule", SERVED_RULES, ids=[rule.id for rule in SERVED_RULES])
    def test_in_service(self, rule: Rule, engine: str, plugin_bench: Bench, request: pytest.FixtureRequest) -> None:
        """What it does while it serves, on either database."""
        server = request.getfixturevalue("postgres_server") if engine == "postgresql" else None
        scene = plugin_bench.scene(server)
        _judge(rule, self.plugin, lambda: plugin_bench.run(_all(rule.check(scene))))


async def _all(findings: Any) -> list[Finding]:
    return [finding async for finding in findings]


def _judge(rule: Rule, slug: str, find: Any) -> None:
    __tracebackhide__ = True
    try:
        findings = find()
    except NotJudgedError as error:
        pytest.skip(f"{rule.id} cannot be judged: {error}")
    except UnmakeableRowError as error:
        findings = [error.finding]
    if findings:
        pytest.fail(rule.verdict(slug, findings), pytrace=False)
