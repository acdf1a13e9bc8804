"""How long the fuzzers go on: some seconds in `make test`, as many times longer as `SECURITY_ROUNDS` says."""

import os

TIMES = int(os.environ.get("SECURITY_ROUNDS", "1"))
