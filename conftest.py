"""Keeps the standard library's `platform` where it is, although a folder here has its name.

Under importlib mode pytest imports `platform/tests/x.py` as `platform.tests.x`, after its parents. A parent that is
no package is replaced by the folder, and every `import platform` after that is empty; with a path it stays.
"""

import platform
from pathlib import Path

platform.__path__ = [str(Path(__file__).parent / "platform")]  # type: ignore[attr-defined]

pytest_plugins = ["pytester"]
