"""A store in the memory of one process, for tests and trials: all or nothing, and gone with the process.

One unit of work at a time has it to itself, so that what is read, decided and saved in it is one step.
"""

from licensing_core.adapters.memory.stores import AsyncMemoryStore, MemoryStore
from licensing_core.adapters.memory.work import MemoryUnitOfWork

__all__ = ["AsyncMemoryStore", "MemoryStore", "MemoryUnitOfWork"]
