"""What a worker keeps on its own disk while the database is away: one SQLite file that no two processes ever read."""

import fcntl
import os
import shutil
import sqlite3
import time
import zlib
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from uuid import UUID

SUFFIX = ".spool"
_ANY = (1 << 63) - 1
_SIZES = ("page_count", "freelist_count", "page_size")
# A number is never used twice: how far a stream was replayed, and where a batch lies, is told by it.
_SCHEMA = """
create table if not exists record (
    seq integer primary key autoincrement, stream text not null, batch blob not null, kind text not null,
    size integer not null, checksum integer not null, at real not null, payload blob not null
);
create index if not exists record_stream on record (stream, seq);
"""


_APPEND = "insert into record (stream, batch, kind, size, checksum, at, payload) values (?, ?, ?, ?, ?, ?, ?)"
Kind = Literal["events", "dead"]


@dataclass(frozen=True, slots=True)
class Part:
    """What is written of a batch: its events, or those that are dead already."""

    kind: Kind
    size: int
    payload: bytes


@dataclass(frozen=True, slots=True)
class Record:
    """A part of a batch, as a spool gives it back."""

    seq: int
    batch: UUID
    kind: Kind
    size: int
    payload: bytes
    sound: bool
    """Whether its bytes are those that were written."""


class SpoolFile:
    """One file and its lock; every method blocks on the disk, so all run in the spool's thread."""

    def __init__(self, path: Path, lock: int) -> None:
        self.path = path
        self._lock = lock
        self.sealed_at: int | None = None
        """After an I/O error: the last batch that is surely on disk. What stands behind it was never acknowledged."""
        self._connection = sqlite3.connect(path, isolation_level=None, check_same_thread=False)
        try:
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "wal_autocheckpoint=256"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._connection.executescript(_SCHEMA)
        except sqlite3.Error:
            self._connection.close()
            raise

    def append(self, stream: str, batch: UUID, parts: Sequence[Part]) -> list[int]:
        """Write the parts of a batch, and give their numbers; they are on disk when this returns."""
        at = time.time()
        rows = [
            (stream, batch.bytes, part.kind, part.size, zlib.crc32(part.payload), at, part.payload) for part in parts
        ]
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            seqs = [self._connection.execute(_APPEND, row).lastrowid or 0 for row in rows]
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        return seqs

    def oldest(self, stream: str, after: int, events: int) -> list[Record]:
        """The oldest batches of a stream, up to this many events, at least one."""
        found: list[Record] = []
        cursor = self._connection.execute(
            "select seq, batch, kind, size, payload, checksum from record where stream = ? and seq between ? and ?"
            " order by seq",
            (stream, after + 1, _ANY if self.sealed_at is None else self.sealed_at),
        )
        total = 0
        for seq, batch, kind, size, payload, checksum in cursor:
            if found and total + size > events:
                break
            total += size
            found.append(Record(seq, UUID(bytes=batch), kind, size, payload, zlib.crc32(payload) == checksum))
        cursor.close()
        return found

    def remove(self, seqs: Sequence[int]) -> int:
        """Forget batches that the database has; gives how many there were."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            removed = self._connection.executemany("delete from record where seq = ?", [(seq,) for seq in seqs])
            self._connection.execute("COMMIT")
        except BaseException:
            with suppress(sqlite3.Error):
                self._connection.execute("ROLLBACK")
            raise
        return removed.rowcount

    def counts(self) -> dict[str, int]:
        """How many events of each stream it holds."""
        return dict(self._connection.execute("select stream, sum(size) from record group by stream").fetchall())

    def bytes(self) -> int:
        """What its batches take; room that removed ones have left is used again."""
        numbers = (self._connection.execute(f"pragma {name}").fetchone()[0] for name in _SIZES)
        pages, free, size = map(int, numbers)
        return (pages - free) * size

    def bytes_on_disk(self) -> int:
        """What its files take."""
        return sum(part.stat().st_size for part in _parts(self.path) if part.exists())

    def close(self) -> None:
        """Close the file and give up its lock, so that another worker may adopt it."""
        with suppress(sqlite3.Error):
            self._connection.close()
        os.close(self._lock)

    def delete(self) -> None:
        """Close the file and remove it."""
        with suppress(sqlite3.Error):
            self._connection.close()
        for part in _parts(self.path):
            part.unlink(missing_ok=True)
        _lock_path(self.path).unlink(missing_ok=True)
        os.close(self._lock)


def create_spool(folder: Path, name: str) -> SpoolFile:
    """A new spool of this process; its lock is held before the file is there."""
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / f"{name}{SUFFIX}"
    lock = _take_lock(path)
    if lock is None:
        raise FileExistsError(f"{path} belongs to a running process")
    try:
        spool = SpoolFile(path, lock)
    except BaseException:
        for part in (*_parts(path), _lock_path(path)):
            part.unlink(missing_ok=True)
        os.close(lock)
        raise
    _sync_folder(folder)
    return spool


def adopt_spools(folder: Path, own: set[Path]) -> tuple[list[SpoolFile], list[Path]]:
    """The spools that dead processes have left, now this one's; and the files that could not be read, set aside."""
    adopted: list[SpoolFile] = []
    broken: list[Path] = []
    for path in sorted(folder.glob(f"*{SUFFIX}")) if folder.is_dir() else []:
        if path in own or (lock := _take_lock(path)) is None:
            continue
        if not path.exists():
            os.close(lock)
            continue
        try:
            adopted.append(SpoolFile(path, lock))
        except sqlite3.DatabaseError as error:
            if isinstance(error, sqlite3.OperationalError):
                os.close(lock)
                continue
            broken.append(path.rename(path.with_suffix(".broken")))
            os.close(lock)
    return adopted, broken


def room(folder: Path, used: int, most: int) -> int:
    """How many bytes may still be spooled: the limit, and the disk with a little left for the others."""
    disk = shutil.disk_usage(folder)
    return min(most - used, disk.free - min(32 << 20, disk.total // 20))


def _parts(path: Path) -> list[Path]:
    return [path.with_name(path.name + suffix) for suffix in ("", "-wal", "-shm")]


def _lock_path(path: Path) -> Path:
    return path.with_suffix(".lock")


def _take_lock(path: Path) -> int | None:
    """The lock of a spool, or None when a running process holds it.

    It stands beside the file: closing any descriptor of the file itself would give up SQLite's own locks on it.
    """
    lock_path = _lock_path(path)
    descriptor = os.open(lock_path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        if os.fstat(descriptor).st_ino == lock_path.stat().st_ino:
            return descriptor
    except (BlockingIOError, FileNotFoundError):
        pass
    os.close(descriptor)
    return None


def _sync_folder(folder: Path) -> None:
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
