"""A few changes of each kind, seen by every worker of two hosts."""

from tests.torture.__main__ import free_ports
from tests.torture.snapshots import GIVE_UP_SECONDS, HOSTS, in_step


async def test_every_worker_of_every_host_hears_of_every_kind_of_change(postgres_url):
    """None is missed; how long the slowest took is told by `make torture`, whose row is red after a second."""
    result = await in_step(postgres_url, free_ports(HOSTS), 14, workers=1)
    assert result.acknowledged == 14, f"not within {GIVE_UP_SECONDS} s"
