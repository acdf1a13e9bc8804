"""A spool gives back what was put in, in order, to one process at a time, whatever the disk does."""

import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from frontage.base.ids import new_id
from frontage.intake.batch import Batch, pack
from frontage.intake.errors import IntakeRefusedError
from frontage.intake.spool import Part, adopt_spools, create_spool
from frontage.intake.spooler import Spooler

from .streams import Stamp

HOLD = """
import sys
from pathlib import Path
from frontage.base.ids import new_id
from frontage.intake.spool import Part, create_spool
spool = create_spool(Path(sys.argv[1]), "other")
spool.append("s", new_id(), [Part("events", 2, b"two")])
print("ready", flush=True)
sys.stdin.read()
"""


def batch_of(*cards):
    events = [Stamp(card=card) for card in cards]
    return Batch(events, [pack(event) for event in events])


def test_what_is_appended_is_read_in_order_and_by_stream(tmp_path):
    spool = create_spool(tmp_path, "a")
    for number in range(5):
        spool.append("odd" if number % 2 else "even", new_id(), [Part("events", 1, bytes([number]))])
    assert [record.payload for record in spool.oldest("even", 0, 10)] == [b"\x00", b"\x02", b"\x04"]
    assert [record.payload for record in spool.oldest("even", 1, 1)] == [b"\x02"]
    assert spool.counts() == {"even": 3, "odd": 2}
    spool.remove([1, 2, 3, 4, 5])
    assert spool.counts() == {}
    spool.delete()
    assert list(tmp_path.iterdir()) == []


def test_every_append_is_synced(tmp_path):
    spool = create_spool(tmp_path, "a")
    pragmas = {
        name: spool._connection.execute(f"pragma {name}").fetchone()[0] for name in ("synchronous", "journal_mode")
    }
    assert pragmas == {"synchronous": 2, "journal_mode": "wal"}
    spool.close()


def test_a_running_process_keeps_its_spool_and_a_dead_one_leaves_it(tmp_path):
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, tmp_path], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as other:
        assert other.stdout.readline() == b"ready\n"
        assert adopt_spools(tmp_path, set()) == ([], [])
        other.kill()
        other.wait()
        adopted, broken = adopt_spools(tmp_path, set())
        assert ([spool.counts() for spool in adopted], broken) == ([{"s": 2}], [])
        assert adopt_spools(tmp_path, set()) == ([], [])
        adopted[0].close()


def test_a_file_that_is_no_database_is_set_aside(tmp_path):
    path = tmp_path / "x.spool"
    path.write_bytes(os.urandom(8192))
    assert adopt_spools(tmp_path, set()) == ([], [tmp_path / "x.broken"])
    assert not path.exists()


@pytest.mark.parametrize("cut", range(0, 40_000, 1931))
def test_a_torn_end_costs_only_what_was_not_synced(tmp_path: Path, cut):
    """A crash leaves any prefix of what was written after the last sync: what stands before it is all there."""
    spool = create_spool(tmp_path / "a", "a")
    spool.append("s", new_id(), [Part("events", 1, b"kept")])
    spool._connection.execute("pragma wal_checkpoint(truncate)")
    for _ in range(8):
        spool.append("s", new_id(), [Part("events", 1, os.urandom(3000))])
    (tmp_path / "b").mkdir()
    (tmp_path / "b" / "a.spool").write_bytes((tmp_path / "a" / "a.spool").read_bytes())
    (tmp_path / "b" / "a.spool-wal").write_bytes((tmp_path / "a" / "a.spool-wal").read_bytes()[:cut])
    spool.close()
    ((found,), broken) = adopt_spools(tmp_path / "b", set())
    records = found.oldest("s", 0, 100)
    assert records[0].payload == b"kept"
    assert all(record.sound for record in records)
    assert broken == []
    found.close()


async def test_after_a_failed_sync_a_new_file_is_begun_and_the_old_one_still_read(tmp_path):
    spooler = Spooler(tmp_path, "w", most_bytes=1 << 20)
    await spooler.start()
    await spooler.append("s", batch_of("a"))
    first = spooler._own.file
    # The file goes read-only under its connection, as after an I/O error that SQLite reports.
    await spooler._run(lambda: first._connection.execute("pragma query_only = on"))
    await spooler.append("s", batch_of("b"))
    assert spooler._own.file.path != first.path
    assert first.sealed_at == 1
    found = []
    while portion := await spooler.oldest("s", 100):
        found += [record.seq for record in portion.records]
        await spooler.remove(portion)
    assert len(found) == 2
    assert not first.path.exists()
    await spooler.close()


async def test_what_is_spooled_after_the_spool_was_emptied_is_read_as_well(tmp_path):
    spooler = Spooler(tmp_path, "w", most_bytes=1 << 20)
    await spooler.start()
    for cards in (("a", "b"), ("c",), ("d", "e", "f")):
        for _ in range(2):
            await spooler.append("s", batch_of(*cards))
        portion = await spooler.oldest("s", 100)
        assert portion is not None
        assert portion.events == 2 * len(cards)
        await spooler.remove(portion)
        assert await spooler.oldest("s", 100) is None
    await spooler.close()


async def test_a_batch_that_the_database_has_after_all_is_forgotten_alone(tmp_path):
    spooler = Spooler(tmp_path, "w", most_bytes=1 << 20)
    await spooler.start()
    first, second = [await spooler.append("s", batch_of(card)) for card in ("a", "b")]
    assert await spooler.forget(first)
    portion = await spooler.oldest("s", 100)
    assert [record.seq for record in portion.records] == second.seqs
    await spooler.remove(portion)
    assert not await spooler.forget(second)
    await spooler.append("s", batch_of("c"))
    assert not await spooler.forget(second)
    assert (await spooler.oldest("s", 100)).events == 1
    await spooler.close()


async def test_an_emptied_spool_leaves_no_file_behind(tmp_path):
    spooler = Spooler(tmp_path, "w", most_bytes=1 << 20)
    await spooler.start()
    await spooler.append("s", batch_of("a", "b"))
    await spooler.remove(await spooler.oldest("s", 100))
    assert await spooler.oldest("s", 100) is None
    await spooler.close()
    assert list(tmp_path.iterdir()) == []


async def test_a_spool_without_room_refuses(tmp_path):
    spooler = Spooler(tmp_path, "w", most_bytes=60_000)
    await spooler.start()
    with pytest.raises(IntakeRefusedError) as refused:
        await spooler.append("s", batch_of(*("x" * 100 for _ in range(1000))))
    assert refused.value.reason == "spool_full"
    await spooler.append("s", batch_of("small"))
    await spooler.close()


def test_the_spools_of_a_folder_that_is_not_there_are_none(tmp_path):
    assert adopt_spools(tmp_path / "missing", set()) == ([], [])


def test_a_failed_append_leaves_the_file_usable(tmp_path):
    spool = create_spool(tmp_path, "a")
    with pytest.raises(sqlite3.Error):
        spool.append("s", new_id(), [Part("events", 1, b"x"), Part(None, 1, b"x")])
    spool.append("s", new_id(), [Part("events", 1, b"y")])
    assert [record.payload for record in spool.oldest("s", 0, 10)] == [b"y"]
    spool.close()
