"""The checks of what the services are made of: a port is matched by its shape, before anything is asked of it."""

from collections.abc import Callable
from inspect import iscoroutinefunction
from typing import Any, Final

from licensing_core.checks import InvalidArgument, shown
from licensing_core.protocols.ports import Host

_QUESTIONS: Final = tuple(name for name in vars(Host) if not name.startswith("_"))
"""What a host is asked."""
_OF_GATEWAYS: Final = ("charge", "refund", "look_up", "portal", "notice")


def as_store(name: str, value: Any) -> Any:
    """*value*, when it begins units of work, awaited or not; raises `InvalidArgument`."""
    if not _has(value, ("begin",)):
        raise InvalidArgument(parameter=name, expected="a store, which has a method begin", got=shown(value))
    return value


def as_host(name: str, value: Any) -> Any:
    """*value*, when it answers all that a host is asked, and none of it is awaited; raises `InvalidArgument`."""
    expected = "a host whose methods " + ", ".join(_QUESTIONS) + " are not awaited"
    return _shaped(name, value, _QUESTIONS, expected, awaited=False)


def as_async_host(name: str, value: Any) -> Any:
    """*value*, when it answers all that a host is asked, awaited or not; raises `InvalidArgument`."""
    expected = "a host with the methods " + ", ".join(_QUESTIONS)
    return _shaped(name, value, _QUESTIONS, expected, awaited=True)


def as_gateway(name: str, value: Any) -> Any:
    """*value*, when it does all that a gateway is asked, and none of it is awaited; raises `InvalidArgument`."""
    expected = "a gateway whose methods " + ", ".join(_OF_GATEWAYS) + " are not awaited"
    return _shaped(name, value, _OF_GATEWAYS, expected, awaited=False)


def as_async_gateway(name: str, value: Any) -> Any:
    """*value*, when it does all that a gateway is asked, awaited or not; raises `InvalidArgument`."""
    expected = "a gateway with the methods " + ", ".join(_OF_GATEWAYS)
    return _shaped(name, value, _OF_GATEWAYS, expected, awaited=True)


def as_called(name: str, value: Any) -> Callable[..., Any]:
    """*value*, when it can be called, as a clock and an observer are; raises `InvalidArgument`."""
    if not callable(value):
        raise InvalidArgument(parameter=name, expected="something that can be called", got=shown(value))
    called: Callable[..., Any] = value
    return called


def _shaped(name: str, value: Any, methods: tuple[str, ...], expected: str, *, awaited: bool) -> Any:
    """*value*, when it has *methods*, which are *awaited* or may not be; raises `InvalidArgument`."""
    if _has(value, methods) and (awaited or not any(iscoroutinefunction(getattr(value, one)) for one in methods)):
        return value
    raise InvalidArgument(parameter=name, expected=expected, got=shown(value))


def _has(value: object, methods: tuple[str, ...]) -> bool:
    return not isinstance(value, type) and all(callable(getattr(value, name, None)) for name in methods)
