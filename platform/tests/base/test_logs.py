"""Logs: one JSON object a line, with no full key in it, whoever writes."""

import json
import subprocess
import sys

import pytest

from frontage.base.logs import redact
from frontage.tenants.key_format import KeyKind, generate

PROGRAM = """
import logging, sys, warnings
from frontage.base.logs import configure_logs, get_logger
configure_logs(extra={"worker": 3})
key = sys.argv[1]
get_logger("a.b").info("thing.done", key=key, number=1, text="zwei\\nZeilen ü")
logging.getLogger("some.library").warning("it saw %s", key)
logging.getLogger("uvicorn.access").error("10.0.0.1 GET /?key=x")
logging.getLogger("uvicorn.error").error("from the server")
logging.getLogger("httpx").info("GET https://…")
get_logger("a").debug("quiet")
try:
    raise ValueError(f"with {key} inside")
except ValueError:
    get_logger("a").exception("thing.failed")
"""


@pytest.fixture(scope="module")
def written():
    """The key, and what a process wrote to standard error."""
    key = generate(KeyKind.SECRET)
    ran = subprocess.run([sys.executable, "-c", PROGRAM, key], capture_output=True, text=True, check=True)
    assert ran.stdout == ""
    return key, ran.stderr


def test_every_line_is_an_object(written):
    """Ours and those of libraries, errors with their trace in one line."""
    lines = [json.loads(line) for line in written[1].splitlines()]
    assert [line["event"].split()[0] for line in lines] == ["thing.done", "it", "from", "thing.failed"]
    for line in lines:
        assert {"event", "level", "logger", "timestamp", "worker"} <= set(line)
    assert lines[0]["text"] == "zwei\nZeilen ü"
    assert "ValueError" in lines[3]["exception"]


def test_no_line_has_a_full_key(written):
    """Its first twelve characters may be shown, wherever it stands: a fact, a library's text, a trace."""
    key, text = written
    assert key[12:] not in text
    assert text.count(f"{key[:12]}…") + text.count(key[:12] + "\\u2026") == 3


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("csb_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf_84041098", "csb_AbCdEfGh…"),
        ("key=cpk_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf_84041098&b=1", "key=cpk_AbCdEfGh…&b=1"),
        ("'csb_AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEf", "'csb_AbCdEfGh…"),
        ("csb_AbCdEfGhIjKl", "csb_AbCdEfGh…"),
        ("csb_AbCdEfGh", "csb_AbCdEfGh"),
        ("the prefix csb is no key", "the prefix csb is no key"),
    ],
)
def test_what_is_cut(text, shown):
    """Whole keys and parts of them that are longer than what may be shown."""
    assert redact(text) == shown
