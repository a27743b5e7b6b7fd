"""Handing over what has happened: the events that wait in the outbox of a store, each of them once or more."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Final

from licensing_core.protocols import AsyncStore, Envelope, Store, StoreUnavailable, VersionConflict
from licensing_core.protocols.shapes import as_called

TRIES: Final = 8
"""How often a unit of work is tried before others are said to be in the way."""


def may_try_again(refusal: VersionConflict | StoreUnavailable, tries: int, *, reading: bool = False) -> bool:
    """Whether the same, decided anew, may go through: somebody else came first.

    What is only *reading* changes nothing, and so is tried once more, too, where the store was lost at the first try.
    """
    if isinstance(refusal, VersionConflict) or refusal.reason == "conflict":
        return tries > 1
    return reading and refusal.reason == "failed" and tries == TRIES


def hand_over(store: Store, tenant: str, handler: Callable[[Sequence[Envelope]], object], most: int) -> int:
    """As `Licensing.hand_over()`, from the outbox of *store*."""
    handle = as_called("handler", handler)
    waiting = _outbox(store, tenant, most, None, TRIES)
    if waiting:
        handle(waiting)
        _outbox(store, tenant, most, waiting, TRIES)
    return len(waiting)


async def hand_over_async(
    store: AsyncStore, tenant: str, handler: Callable[[Sequence[Envelope]], Awaitable[object]], most: int
) -> int:
    """As `AsyncLicensing.hand_over()`, from the outbox of *store*."""
    handle = as_called("handler", handler)
    waiting = await _outbox_async(store, tenant, most, None, TRIES)
    if waiting:
        await handle(waiting)
        await _outbox_async(store, tenant, most, waiting, TRIES)
    return len(waiting)


def _outbox(store: Store, tenant: str, most: int, done: Sequence[Envelope] | None, tries: int) -> Sequence[Envelope]:
    """What waits; or, once that is *done*, take it out."""
    try:
        with store.begin(read_only=done is None) as work:
            if done is None:
                return work.outbox(tenant, most)
            work.handed_over(tenant, done)
            return done
    except (VersionConflict, StoreUnavailable) as refusal:
        if not may_try_again(refusal, tries, reading=done is None):
            raise
    return _outbox(store, tenant, most, done, tries - 1)


async def _outbox_async(
    store: AsyncStore, tenant: str, most: int, done: Sequence[Envelope] | None, tries: int
) -> Sequence[Envelope]:
    try:
        async with store.begin(read_only=done is None) as work:
            if done is None:
                return await work.outbox(tenant, most)
            await work.handed_over(tenant, done)
            return done
    except (VersionConflict, StoreUnavailable) as refusal:
        if not may_try_again(refusal, tries, reading=done is None):
            raise
    return await _outbox_async(store, tenant, most, done, tries - 1)
