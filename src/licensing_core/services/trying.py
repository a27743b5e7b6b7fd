"""Carrying out a use case without keeping what it does, to see what it would answer, or be refused with."""

from functools import partial
from typing import Any, TypeVar

import attrs

from licensing_core.errors import LicensingError
from licensing_core.services.engine import Ports, UseCase

T = TypeVar("T")


class _Unsaved:
    """A unit of work that reads, and saves nothing."""

    def __init__(self, work: Any) -> None:
        self._work = work

    def __getattr__(self, name: str) -> Any:
        return getattr(self._work, name)

    def save(self, *_what: Any, **_how: Any) -> None:
        """Save nothing."""


def tried(use_case: UseCase[T]) -> UseCase[T]:
    """What *use_case* would answer, or refuse, when it saves what it decides once; for `yield from`.

    That an id is taken is found out when it is saved, and so not here.
    """
    try:
        question = next(use_case)
        while True:
            try:
                answer = yield partial(_reading, question)
            except LicensingError as refusal:
                question = use_case.throw(refusal)
            else:
                question = use_case.send(answer)
    except StopIteration as end:
        found: T = end.value
        return found


def _reading(question: Any, ports: Ports) -> Any:
    return question(attrs.evolve(ports, work=_Unsaved(ports.work)))
