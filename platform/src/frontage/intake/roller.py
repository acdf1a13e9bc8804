"""Keeps a stream's rollups close behind its events."""

import asyncio
import time

from frontage.base.logs import get_logger
from frontage.intake.counters import Tally
from frontage.intake.errors import RollupFaultError, StoreAwayError
from frontage.intake.limits import Limits
from frontage.intake.sink import Rolled, Rolls

_LONGEST_REASON = 500
_FINISH_TRIES = 20

logger = get_logger(__name__)


class Roller:
    """The rollups of one stream in one worker; of many workers one at a time is at work."""

    def __init__(self, label: str, rolls: Rolls, tally: Tally, limits: Limits) -> None:
        self._label = label
        self._rolls = rolls
        self._tally = tally
        self._limits = limits
        self._wanted = asyncio.Event()
        self._careful = False
        """After a rollup raised: one row at a time, so that only the row at fault is left behind."""
        self._waiting = False

    def wake(self) -> None:
        """There is something new to count."""
        self._wanted.set()

    async def run(self) -> None:
        """Count for ever."""
        looked = False
        while True:
            try:
                await self._until_done()
                self._note_counting()
                if self._tally.parked or not looked:
                    # What was parked before this start is told too, and what an operator has released no longer.
                    self._tally.parked = await self._rolls.parked()
                    looked = True
            except (StoreAwayError, TimeoutError) as error:
                self._note_waiting(error)
                await asyncio.sleep(self._limits.poll_seconds)
            except Exception:
                # Counting must go on, whatever was wrong with it this time; nothing is lost, it waits in the outbox.
                logger.exception("intake.rollup_fault", stream=self._label)
                await asyncio.sleep(self._limits.poll_seconds)
            await self._wait()

    async def step(self) -> Rolled | None:
        """One pass; None when another worker is at it."""
        rows = 1 if self._careful else self._limits.rollup_rows
        try:
            async with asyncio.timeout(self._limits.replay_seconds):
                rolled = await self._rolls.roll(events=self._limits.rollup_events, rows=rows)
        except RollupFaultError as fault:
            await self._handle(fault)
            return Rolled(0, full=True)
        if rolled is not None and rolled.events:
            self._tally.rollup_lag_seconds = max(rolled.lag, 0.0)
        elif rolled is not None:
            self._careful = False
            self._tally.rollup_lag_seconds = 0.0
        return rolled

    async def finish(self) -> None:
        """Count what is there, unless another worker is at it all the time."""
        tries = _FINISH_TRIES
        while tries and ((rolled := await self.step()) is None or rolled.full):
            if rolled is None:
                # Maybe nobody but the pass that was just cut off: its lock goes when the database has seen its end.
                tries -= 1
                await asyncio.sleep(self._limits.rollup_pause_seconds)

    def _note_waiting(self, error: Exception) -> None:
        """Told once, not at every try of a long outage."""
        if not self._waiting:
            logger.warning("intake.rollup_waits", stream=self._label, error=str(error) or "too slow")
        self._waiting = True

    def _note_counting(self) -> None:
        if self._waiting:
            logger.info("intake.rollup_goes_on", stream=self._label)
        self._waiting = False

    async def _until_done(self) -> None:
        self._wanted.clear()
        while True:
            rolled = await self.step()
            if rolled is None:
                await asyncio.sleep(self._limits.rollup_pause_seconds)
            elif not rolled.full:
                break
        if rolled.events:
            busy = rolled.events >= self._limits.rollup_busy_events
            await asyncio.sleep(self._limits.rollup_busy_seconds if busy else self._limits.rollup_pause_seconds)

    async def _wait(self) -> None:
        try:
            async with asyncio.timeout(self._limits.poll_seconds):
                await self._wanted.wait()
        except TimeoutError:
            # Nobody here has stored anything; another worker may have died before its own rollup.
            return

    async def _handle(self, fault: RollupFaultError) -> None:
        if len(fault.rows) > 1:
            self._careful = True
            return
        attempts = fault.attempts + 1
        park = attempts >= self._limits.rollup_attempts
        logger.error("intake.rollup_raised", stream=self._label, attempts=attempts, parked=park, reason=fault.reason)
        await self._rolls.postpone(
            fault.rows,
            attempts=attempts,
            retry_at=time.time() + 0.1 * 2**attempts,
            park=park,
            reason=_plain(fault.reason),
        )
        self._tally.parked = await self._rolls.parked()


def _plain(text: str) -> str:
    return text.encode("ascii", "backslashreplace").decode().replace("\x00", "\\x00")[:_LONGEST_REASON]
