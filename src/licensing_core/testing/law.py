"""What a law raises when it is broken."""


class LawBroken(AssertionError):
    """A law does not hold for the case in the message. Raised, not asserted, so that `python -O` keeps it."""


def require(holds: bool, law: str, **case: object) -> None:  # noqa: FBT001
    """Raise unless *law* *holds* for *case*.

    Raises:
        LawBroken: It does not.
    """
    if not holds:
        raise LawBroken(f"{law}: {', '.join(f'{name}={value!r}' for name, value in case.items())}")
