"""User agents: known bots apart, families from a short fixed list, and nothing that a sender could make grow."""

import random

import pytest
from crawleruseragents import CRAWLER_USER_AGENTS_DATA

from frontage.edge import agents
from frontage.edge.agents import Agent, read_agent
from frontage.edge.bots import is_bot

APPLE = "AppleWebKit/605.1.15 (KHTML, like Gecko)"
BLINK = "AppleWebKit/537.36 (KHTML, like Gecko)"
KNOWN = {
    "iPhone": (
        f"Mozilla/5.0 (iPhone; CPU iPhone OS 17_1 like Mac OS X) {APPLE} Version/17.1 Mobile/15E148 Safari/604.1",
        Agent(False, "mobile", "Safari", "iOS"),
    ),
    "iPad": (
        f"Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) {APPLE} Version/16.6 Mobile/15E148 Safari/604.1",
        Agent(False, "tablet", "Safari", "iOS"),
    ),
    "Windows": (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Chrome/120.0.0.0 Safari/537.36",
        Agent(False, "desktop", "Chrome", "Windows"),
    ),
    "Edge": (
        f"Mozilla/5.0 (Windows NT 10.0; Win64; x64) {BLINK} Chrome/120.0.0.0 Safari/537.36 Edg/120.0.0.0",
        Agent(False, "desktop", "Edge", "Windows"),
    ),
    "Mac": (
        f"Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) {APPLE} Version/17.1 Safari/605.1.15",
        Agent(False, "desktop", "Safari", "macOS"),
    ),
    "Linux": (
        "Mozilla/5.0 (X11; Linux x86_64; rv:120.0) Gecko/20100101 Firefox/120.0",
        Agent(False, "desktop", "Firefox", "Linux"),
    ),
    "Android phone": (
        f"Mozilla/5.0 (Linux; Android 14; Pixel 8) {BLINK} Chrome/120.0.0.0 Mobile Safari/537.36",
        Agent(False, "mobile", "Chrome", "Android"),
    ),
    "Android tablet": (
        f"Mozilla/5.0 (Linux; Android 13; SM-X900) {BLINK} SamsungBrowser/23.0 Chrome/115.0.0.0 Safari/537.36",
        Agent(False, "tablet", "Samsung Internet", "Android"),
    ),
    "a library": ("python-requests/2.31.0", Agent(False, "unknown", "Other", "unknown")),
    "a bot": ("Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", Agent(is_bot=True)),
    "nobody": (None, Agent()),
    "an empty one": ("", Agent()),
}


@pytest.mark.parametrize("who", KNOWN)
def test_a_user_agent_is_read(who):
    """Device, browser and system are what a shop would call them; a bot is a bot and nothing else."""
    text, expected = KNOWN[who]
    assert read_agent(text) == expected


def test_bots_are_those_of_the_package_without_its_libraries():
    """Every example of a bot that the package knows is one here; words and patterns together miss none."""
    bots = [one for one in CRAWLER_USER_AGENTS_DATA if "http-library" not in one.get("tags", ())]
    texts = [text for one in bots for text in one["instances"] if len(text) <= agents.LONGEST]
    assert len(texts) > 2000
    assert [text for text in texts if not is_bot(text)] == []


def test_whatever_is_sent_the_families_are_few():
    """A sender who makes names up cannot make up families."""
    chance = random.Random(7)
    letters = "ABCxyz019/.;() -_"
    made = {"".join(chance.choices(letters, k=40)) + f" Foo{n}/1.0 (Bar{n})" for n in range(300)}
    read = [read_agent(text) for text in made | {"x" * 100_000, "\xff" * 600}]
    assert {agent.browser for agent in read} <= {*agents._BROWSERS, agents.OTHER, agents.UNKNOWN}
    assert {agent.os for agent in read} <= {*agents._SYSTEMS.values(), agents.OTHER, agents.UNKNOWN}
    assert agents._read.cache_info().maxsize == agents._REMEMBERED
