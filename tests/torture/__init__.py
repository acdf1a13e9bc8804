"""Torture: a real server, a client that keeps a ledger of every acknowledged event, and one fault after another."""

import sys
from pathlib import Path

_SUPPORT = Path(__file__).parents[1] / "support"
sys.path += [str(folder) for folder in (_SUPPORT, _SUPPORT / "kitchen_sink") if str(folder) not in sys.path]
