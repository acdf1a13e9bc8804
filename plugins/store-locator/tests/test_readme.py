"""Every curl of the README works as it stands there."""

import re
import shlex
from pathlib import Path

import pytest

pytestmark = pytest.mark.asyncio(loop_scope="module")

README = Path(__file__).parents[1] / "README.md"
BLOCK = re.compile(r"```sh\n(.*?)```", re.DOTALL)
CURLS = [
    line
    for block in BLOCK.findall(README.read_text())
    for line in block.replace("\\\n", " ").splitlines()
    if line.startswith("curl ")
]
SHEET = b"name,city,country,lat,lon\nHarbour,Tampa,US,27.95,-82.46\n"


def request_of(line: str, words: dict[str, str]) -> tuple[str, str, dict[str, str], bytes | None]:
    """What curl would send, of the few options that the README needs."""
    for name, value in words.items():
        line = line.replace(f"${name}", value)
    parts = iter(shlex.split(line)[1:])
    method, url, headers, body = None, "", {}, None
    for part in parts:
        match part:
            case "-X":
                method = next(parts)
            case "-H":
                name, _, value = next(parts).partition(": ")
                headers[name] = value
            case "-d" | "--data-binary":
                body = next(parts).encode()
            case _:
                url = part
    if body and body.startswith(b"@"):
        body = SHEET
    return method or ("GET" if body is None else "POST"), url, headers, body


async def test_the_tour_can_be_taken(street):
    """From top to bottom, on a shop of one's own; each answer is a success, and those of the search find the place."""
    shop = await street.open('country = "HN"\nfunnel = true\n')
    words = {
        "SECRET": await shop.key("secret", "locations:read", "locations:write", "analytics:read"),
        "PUBLISHABLE": await shop.key("publishable"),
        "HOST": "",
    }
    answers = {}
    for line in CURLS:
        method, url, headers, body = request_of(line, words)
        answer = await shop.running.client.request(method, url, headers=headers, content=body)
        assert answer.is_success, (line, answer.text)
        answers[line] = answer
    assert len(answers) == len(CURLS) >= 10
    told = [answer.text for line, answer in answers.items() if "/public/" in line and "widget" not in line]
    assert len([text for text in told if "Downtown" in text or "Tegucigalpa" in text]) >= 4
    for word, led_by in (("q=Teguc&", "beginning"), ("q=Tegucigalpo", "spelling")):
        (answer,) = [answer for line, answer in answers.items() if word in line]
        assert answer.json()["candidates"][0]["led_by"] == led_by
