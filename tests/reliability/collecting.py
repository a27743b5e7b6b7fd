"""Long runs make millions of values that end with their last name, and no cycles: looking for these takes a fifth."""

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collector() -> Iterator[None]:
    """Look for no cycles meanwhile, and for those that were made at the end."""
    was = gc.isenabled()
    gc.disable()
    gc.freeze()
    try:
        yield
    finally:
        if was:
            gc.enable()
        gc.collect()
