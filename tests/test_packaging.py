"""What a user installs holds the compiled messages and the marker that says it is typed."""

import shutil
import subprocess
import sys
import tarfile
from pathlib import Path
from zipfile import ZipFile

import pytest

ROOT = Path(__file__).parents[1]
CATALOGS = sorted(
    path.relative_to(ROOT / "src") for path in (ROOT / "src").glob("licensing_core/locales/*/LC_MESSAGES/*.po")
)


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str]]:
    """The names in the wheel and in the sdist, built from a copy in which nothing is compiled yet."""
    tree = tmp_path_factory.mktemp("tree")
    for name in ("pyproject.toml", "hatch_build.py", "README.md", "LICENSE", "CHANGELOG.md"):
        shutil.copy(ROOT / name, tree)
    shutil.copytree(ROOT / "src", tree / "src", ignore=shutil.ignore_patterns("*.mo", "__pycache__"))
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-d", "dist"], cwd=tree, check=True, capture_output=True
    )
    (wheel,) = (tree / "dist").glob("*.whl")
    (sdist,) = (tree / "dist").glob("*.tar.gz")
    with ZipFile(wheel) as archive, tarfile.open(sdist) as ball:
        return set(archive.namelist()), {name.partition("/")[2] for name in ball.getnames()}


def test_the_marker_of_a_typed_package_is_in_both(built: tuple[set[str], set[str]]) -> None:
    wheel, sdist = built
    assert "licensing_core/py.typed" in wheel
    assert "src/licensing_core/py.typed" in sdist


def test_each_catalog_is_compiled_into_both(built: tuple[set[str], set[str]]) -> None:
    wheel, sdist = built
    compiled = {catalog.with_suffix(".mo").as_posix() for catalog in CATALOGS}
    assert compiled <= wheel
    assert {f"src/{name}" for name in compiled} <= sdist


def test_only_the_package_is_in_the_wheel(built: tuple[set[str], set[str]]) -> None:
    wheel, _ = built
    roots = {name.partition("/")[0] for name in wheel}
    assert {root for root in roots if not root.endswith(".dist-info")} == {"licensing_core"}


def test_the_licence_is_in_the_wheel(built: tuple[set[str], set[str]]) -> None:
    wheel, _ = built
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in wheel)
