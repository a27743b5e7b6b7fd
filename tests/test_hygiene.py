"""Not in the repository: paths of one machine, addresses of registries, lock files, huge modules."""

import re
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
MOST_LINES = 500

# Put together from pieces, so that this file does not name them.
_FOLDERS = "|".join(("wo" + "rk", "fa" + "rm", "ro" + "ot", "ho" + r"me/\w+", "Us" + r"ers/\w+"))
_HOSTS = "|".join(("py" + r"pi\.org", "python" + "hosted", "npm" + r"js\.", r"deb\.deb" + "ian", "file:" + "///"))
FORBIDDEN = re.compile(rf"(?<![\w.])/({_FOLDERS})/|{_HOSTS}")


def files() -> list[Path]:
    """What is committed or would be; all files of the tree where it is no clone."""
    if (ROOT / ".git").exists() and shutil.which("git"):
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
        return [path for name in sorted(filter(None, listed.split("\0"))) if (path := ROOT / name).is_file()]
    hidden = {".venv", "__pycache__", "_build"}
    return [path for path in ROOT.rglob("*") if path.is_file() and not hidden.intersection(path.parts)]


def findings(path: Path) -> list[str]:
    """The lines of the text file *path* that name a machine path or a registry; none for other files."""
    data = path.read_bytes()
    if b"\0" in data:
        return []
    lines = data.decode("utf-8", "replace").splitlines()
    return [f"{path.name}:{number}: {line}" for number, line in enumerate(lines, 1) if FORBIDDEN.search(line)]


def test_no_file_names_a_machine_path_or_a_registry() -> None:
    assert [line for path in files() for line in findings(path)] == []


@pytest.mark.parametrize(
    "line",
    [
        "source = '/" + "work/main/src'",
        "cd /" + "root/.pyenv",
        "index = https://py" + "pi.org/simple",
        "wheels at files.python" + "hosted.org",
        "extra = file:" + "///opt/wheels",
    ],
)
def test_a_planted_one_is_found(tmp_path: Path, line: str) -> None:
    planted = tmp_path / "notes.md"
    planted.write_text(f"A page.\n{line}\n")
    assert findings(planted) == [f"notes.md:2: {line}"]


def test_no_lock_file_is_committed() -> None:
    assert [path.name for path in files() if path.name == "uv.lock"] == []


def test_no_module_of_the_library_is_longer_than_500_lines() -> None:
    lengths = {path: len(path.read_text("utf-8").splitlines()) for path in (ROOT / "src").rglob("*.py")}
    assert {path.name: length for path, length in lengths.items() if length > MOST_LINES} == {}
