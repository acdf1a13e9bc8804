"""What the server asks of the garbage collector."""

import gc
import weakref

import pytest

from frontage.base.memory import settle_memory


class Node:
    """May be part of a cycle."""


@pytest.fixture
def collector():
    """The collector as it was, afterwards."""
    threshold = gc.get_threshold()
    yield
    gc.set_threshold(*threshold)
    gc.unfreeze()


@pytest.mark.usefixtures("collector")
def test_what_is_there_is_left_alone_and_new_cycles_are_found():
    """What stands before serving is frozen; a cycle of later goes all the same, without being asked for."""
    settle_memory()
    assert gc.get_freeze_count() > 1000
    node = Node()
    node.itself = node
    gone = weakref.ref(node)
    del node
    kept = []
    while gone() is not None:
        kept.append([])
        assert len(kept) < 1_000_000
