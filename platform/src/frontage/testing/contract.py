"""The contract as a test class: three lines in a plugin's tests bring one test per rule.

class TestLoyaltyStamps(PluginContract):
plugin = "loyalty-stamps"
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import pytest

from frontage.testing.bench import Bench
from frontage.testing.contract_rules import DECLARED_RULES, SERVED_RULES
from frontage.testing.judging import Outcome, Verdict, judge
from frontage.testing.rule import Rule

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
        __tracebackhide__ = True
        _tell(self.plugin, judge(rule, plugin_bench.declared(rule), plugin_bench.project))

    @pytest.mark.parametrize("engine", ENGINES)
    @pytest.mark.parametrize("rule", SERVED_RULES, ids=[rule.id for rule in SERVED_RULES])
    def test_in_service(self, rule: Rule, engine: str, plugin_bench: Bench, request: pytest.FixtureRequest) -> None:
        """What it does while it serves, on either database."""
        __tracebackhide__ = True
        server = request.getfixturevalue("postgres_server") if engine == "postgresql" else None
        _tell(self.plugin, judge(rule, plugin_bench.served(rule, server), plugin_bench.project, engine))


def _tell(slug: str, verdict: Verdict) -> None:
    __tracebackhide__ = True
    if verdict.outcome is Outcome.BROKEN:
        pytest.fail(verdict.told(slug), pytrace=False)
    if verdict.outcome is not Outcome.KEPT:
        pytest.skip(verdict.told(slug))
