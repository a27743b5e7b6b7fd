"""A mapping whose change is a new version, compared with plain dicts."""

from concurrent.futures import ThreadPoolExecutor
from itertools import pairwise
from random import Random

from hypothesis import given
from hypothesis import strategies as st

from licensing_core.layers import Layers

changes = st.dictionaries(st.integers(0, 60), st.none() | st.integers(0, 3), max_size=40)


def after(plain: dict[int, int], change: dict[int, int | None]) -> dict[int, int]:
    """A plain dict after *change*."""
    return {key: value for key, value in {**plain, **change}.items() if value is not None}


def alike(layers: Layers[int, int], plain: dict[int, int]) -> bool:
    """Whether both say the same of each key."""
    return (
        layers.flat() == plain
        and layers.size == len(plain)
        and all(layers.get(key) == plain.get(key) for key in range(70))
    )


@given(st.dictionaries(st.integers(0, 60), st.integers(0, 3)), st.lists(changes, max_size=30))
def test_every_version_is_what_a_dict_would_be_and_stays_so(
    start: dict[int, int], steps: list[dict[int, int | None]]
) -> None:
    versions = [(Layers(dict(start)), start)]
    for step in steps:
        layers, plain = versions[-1]
        versions.append((layers.changed(step), after(plain, step)))
    assert all(alike(layers, plain) for layers, plain in versions)


def test_no_change_is_the_same_version() -> None:
    layers = Layers({1: 1})
    assert layers.changed({}) is layers


def test_the_layers_of_many_changes_are_few_and_each_is_twice_as_large() -> None:
    layers: Layers[int, int] = Layers(dict.fromkeys(range(10_000), 1))
    for key in range(10_000, 15_000):
        layers = layers.changed({key: 1})
        sizes = [len(layer) for layer in layers.dicts]
        assert all(older >= 2 * newer for newer, older in pairwise(sizes[1:]))
        assert len(sizes) <= 12
    assert layers.size == 15_000


def test_memory_follows_what_is_left() -> None:
    layers: Layers[int, int] = Layers(dict.fromkeys(range(1000), 1))
    for key in range(1000):
        layers = layers.changed({key: None})
        assert sum(map(len, layers.dicts)) <= 4 * layers.size
    assert layers.dicts == ()
    assert alike(layers.changed({3: 1}), {3: 1})


def test_a_layer_is_never_written_to_once_it_is_there() -> None:
    rng, layers = Random(3), Layers(dict.fromkeys(range(50), 0))
    seen = []
    for _ in range(500):
        layers = layers.changed({rng.randrange(60): rng.choice([None, 1, 2])})
        seen.append([(layer, dict(layer)) for layer in layers.dicts])
    assert all(layer == copy for version in seen for layer, copy in version)


def test_threads_may_change_one_version_each_in_its_way() -> None:
    start: Layers[int, int] = Layers(dict.fromkeys(range(1000), 0))

    def fork(number: int) -> dict[int, int]:
        layers = start
        for key in range(2000):
            layers = layers.changed({key: number, key + 1: None})
        return dict(layers.flat())

    with ThreadPoolExecutor(4) as threads:
        assert list(threads.map(fork, range(1, 9))) == [dict.fromkeys(range(2000), number) for number in range(1, 9)]
    assert start.flat() == dict.fromkeys(range(1000), 0)
