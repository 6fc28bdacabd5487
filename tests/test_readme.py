"""What the README shows is true: its commands run, its Python runs, its links lead somewhere."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
COMMANDS = re.findall(r"^```sh\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)[0].splitlines()
CHECKS = "ruff check . && ruff format --check . && mypy && python -m pytest"


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("readme")
    shutil.copytree(ROOT / "sample_inputs", folder / "sample_inputs")
    return folder


@pytest.mark.real_model
def test_every_command_runs_in_the_order_of_the_page(place: Path) -> None:
    assert len(COMMANDS) > 8
    shell = f'set -eo pipefail; embedcli() {{ "{sys.executable}" -m embedcli "$@"; }}; '
    for command in COMMANDS:
        assert "embedcli " in command
        done = subprocess.run(
            ["bash", "-c", shell + command], cwd=place, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{command}\n{done.stderr}"
    assert np.load(place / "vectors.npy").shape[1] == 384
    assert (place / "states" / "nested" / "notes" / "deeper.md.npy").exists()
    for name in ("out.json", "out.parquet", "windows.npz"):
        assert (place / name).exists()


@pytest.mark.real_model
def test_the_python_runs() -> None:
    (block,) = re.findall(r"^```python\n(.*?)^```$", README, re.MULTILINE | re.DOTALL)
    code = f"{block}\nassert vectors.shape == (2, 384) and vectors.dtype == 'float32'"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_checks_are_one_command_everywhere() -> None:
    for name in ("README.md", "CONTRIBUTING.md", ".ci/run"):
        assert CHECKS in (ROOT / name).read_text(encoding="utf-8"), name


@pytest.mark.parametrize(
    "page",
    sorted(str(path.relative_to(ROOT)) for path in [*ROOT.glob("*.md"), *ROOT.glob("docs/*.md")]),
)
def test_links_lead_to_files(page: str) -> None:
    path = ROOT / page
    for target in re.findall(r"\]\(([^)#]+)\)", path.read_text(encoding="utf-8")):
        if not target.startswith("http"):
            assert (path.parent / target).exists(), f"{page}: {target}"


def test_the_format_table_names_every_format() -> None:
    from embedcli.outputs import FORMATS

    formats = README.split("## Formats")[1].split("## ")[0]
    pages = formats, (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
    for page in pages:
        for name in FORMATS:
            assert f"`{name}`" in page, name
    for entry in FORMATS.values():
        for suffix in entry.suffixes:
            assert f"`{suffix}`" in pages[1], suffix
