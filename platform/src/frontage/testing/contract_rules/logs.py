"""Rules about what is logged, printed and stored of whoever calls."""

from collections.abc import AsyncIterator

from frontage.testing.bench import OWNER, Scene
from frontage.testing.heard import LONG, LONGEST_SHOWN, VISITORS, heard
from frontage.testing.made_rows import stored_rows
from frontage.testing.rule import Finding, rule


@rule(
    "logs-hide-keys",
    "Nothing that it logs or prints holds a whole key.",
    reason="Logs are copied, sent and kept in places where no key may be; twelve characters are enough to find it.",
)
async def logs_hide_keys(scene: Scene) -> AsyncIterator[Finding]:
    """Look for the keys that were sent."""
    shop = await scene.shop(OWNER)
    # The part between prefix and checksum is the secret, however it is cut out.
    bodies = [key.split("_")[1] for key in (shop.secret, shop.publishable)]
    for operation, lines in await scene.once(heard):
        if any(body in line for line in lines for body in bodies):
            fix = "Log key.prefix, or the first twelve characters."
            yield Finding(f"{operation.name} logs or prints a whole key.", fix)


@rule(
    "logs-stay-short",
    "Nothing that it logs or prints repeats more than 512 characters of what was sent.",
    reason="Whoever can write into a log at length can fill a disk, and hide other lines from whoever reads it.",
)
async def logs_stay_short(scene: Scene) -> AsyncIterator[Finding]:
    """Look for the long text that was sent."""
    for operation, lines in await scene.once(heard):
        if any(LONG[: LONGEST_SHOWN + 1] in line for line in lines):
            yield Finding(f"{operation.name} logs or prints a text of any length.", "Cut it: text[:256].")


@rule(
    "addresses-stay-out",
    "Nothing that it logs, prints or stores holds the address of a visitor.",
    reason="An address is personal data; what has to be counted per address is counted by the platform, in memory.",
)
async def addresses_stay_out(scene: Scene) -> AsyncIterator[Finding]:
    """Look for the addresses from which was sent."""
    for operation, lines in await scene.once(heard):
        if any(address in line for line in lines for address in VISITORS):
            fix = "Leave it out; limit per ADDRESS, and count visitors by a digest with a secret."
            yield Finding(f"{operation.name} logs or prints an address.", fix)
    stored = await stored_rows(await scene.running(), await scene.tables(), (await scene.shop(OWNER)).tenant)
    for table, rows in stored.items():
        if any(address in row for row in rows for address in VISITORS):
            yield Finding(f"A row of {table} holds an address.", "Store a digest with a secret, or nothing.")
