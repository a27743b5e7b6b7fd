"""A signature that was worked out meets one that came in `hmac.compare_digest` only, all of them, each time."""

import ast
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent

import pytest

from licensing_core.adapters import webhooks

WORKED_OUT = "_signature"
"""The function that works one out."""
SENDS = "sign"
"""The function that tells it, and so may write it down."""


def leaks(source: str) -> Iterator[str]:
    """Where what `_signature()` returns goes elsewhere than into `hmac.compare_digest`, or is not always compared."""
    tree = ast.parse(dedent(source))
    for function in (node for node in tree.body if isinstance(node, ast.FunctionDef)):
        if function.name != WORKED_OUT:
            yield from (f"{function.name}: {found}" for found in _raw_digests(function))
        if function.name not in (WORKED_OUT, SENDS):
            yield from (f"{function.name}: {found}" for found in _elsewhere(function))
    if not any(_compares(node) for node in ast.walk(tree)):
        yield "nothing is compared"


def _compares(node: ast.AST) -> bool:
    match node:
        case ast.Call(func=ast.Attribute(value=ast.Name(id="hmac"), attr="compare_digest")):
            return True
    return False


def _raw_digests(function: ast.FunctionDef) -> Iterator[str]:
    for node in ast.walk(function):
        if isinstance(node, ast.Attribute) and node.attr in ("digest", "hexdigest"):
            yield f"{node.attr} at line {node.lineno}"


def _elsewhere(function: ast.FunctionDef) -> Iterator[str]:
    """Uses of a signature that was worked out, but for arguments of `compare_digest`, and ways past a comparison."""
    names, fine = set[str](), set[int]()
    for node in ast.walk(function):
        match node:
            case ast.Assign(targets=[ast.Name(id=name)], value=ast.Call(func=ast.Name(id=called)) as call):
                if called == WORKED_OUT:
                    names.add(name)
                    fine.add(id(call))
            case ast.Call(args=args) if _compares(node):
                fine.update(map(id, args))
    for node in ast.walk(function):
        match node:
            case ast.Call(func=ast.Name(id=called)) if called == WORKED_OUT and id(node) not in fine:
                yield f"used at line {node.lineno}"
            case ast.Name(id=name, ctx=ast.Load()) if name in names and id(node) not in fine:
                yield f"{name} used at line {node.lineno}"
    if any(_compares(node) for node in ast.walk(function)):
        yield from _ways_past(function)


def _ways_past(function: ast.FunctionDef) -> Iterator[str]:
    """Whatever could end a function that compares before all was compared."""
    for node in ast.walk(function):
        if isinstance(node, ast.If | ast.IfExp | ast.BoolOp | ast.Break | ast.Continue | ast.GeneratorExp | ast.While):
            yield f"{type(node).__name__} at line {node.lineno}"
        if isinstance(node, ast.Return) and node is not function.body[-1]:
            yield f"Return at line {node.lineno}"


def test_signatures_meet_in_compare_digest_only() -> None:
    assert list(leaks(Path(webhooks.__file__).read_text("utf-8"))) == []


@pytest.mark.parametrize(
    "body",
    [
        "return any(_signature(key) == one for one in given)",
        "return _signature(key) in given",
        "expected = _signature(key)\nreturn expected in given",
        "expected = _signature(key)\nreturn {expected} & set(given)",
        "expected = _signature(key)\nreturn given[0].startswith(expected[:8])",
        "expected = _signature(key)\nreturn hmac.compare_digest(expected[:8], given[0][:8])",
        "expected = hmac.new(key).hexdigest()\nreturn expected == given[0]",
        "expected = _signature(key)\nother = expected\nreturn hmac.compare_digest(expected, given[0])",
        "for one in given:\n    if hmac.compare_digest(_signature(key), one):\n        return True\nreturn False",
        "no = True\nfor one in given:\n    no = no and not hmac.compare_digest(_signature(key), one)\nreturn not no",
        "return any(hmac.compare_digest(_signature(key), one) for one in given)",
        "return compare_digest(_signature(key), given[0])",
        "return True",
    ],
)
def test_a_planted_leak_is_found(body: str) -> None:
    lines = "".join(f"    {line}\n" for line in body.splitlines())
    assert list(leaks(f"import hmac\ndef _vouched(given, key):\n{lines}")) != []


def test_what_is_compared_each_time_is_fine() -> None:
    source = """
        def _vouched(given, key):
            found = False
            expected = _signature(key)
            for one in given:
                found |= hmac.compare_digest(expected, one)
            return found
        """
    assert list(leaks(source)) == []
