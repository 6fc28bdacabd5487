"""The house stands: imports point down, siblings stay apart, heavy packages stay in their place.

A layer may import the layers below it, never one above it or beside it. A package is one layer;
inside it, modules import each other without cycles.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

LAYERS = (
    # what is started
    {"__main__"},
    {"cli"},
    # what a program calls, and jobs that are made of models
    {"__init__", "verification", "estimation"},
    {"model"},
    # the path: documents -> tokens -> batches -> states -> vectors -> rows
    {"document_tokenizer"},
    {"engines", "pipeline", "untrained", "usage"},
    {"stretches"},
    {"families", "options", "sharding", "steps", "tokenization"},
    {"batching", "pooling", "recall"},
    # the parts, which know nothing of one another
    {
        "attention",
        "checkpoints",
        "inputs",
        "outputs",
        "pieces",
        "prompt_advice",
        "threads",
        "workers",
    },
    # the records and words that everybody knows
    {"documents"},
    {"errors", "model_name"},
)

CONFINED = {
    "torch": {"engines/torch_engine.py"},
    "typer": {"cli/"},
    "rich": {"cli/"},
    "transformers": {"engines/torch_engine.py", "checkpoints/auto_tokenizer.py"},
    "pyarrow": {"inputs/parquet.py", "outputs/formats/parquet_file.py"},
    "huggingface_hub": {"checkpoints/"},
}
LAZY = ("torch", "transformers", "pyarrow", "huggingface_hub", "rich", "asyncio", "multiprocessing",
        "concurrent", "http", "email", "urllib.request")  # fmt: skip

EMBED = """
    from embedcli.cli.app import app
    app(['embed', '-t', 'x', '-o', 'v.npy'], standalone_mode=False)
"""
ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "embedcli"
FILES = sorted(PACKAGE.rglob("*.py"))
NAMES = [str(path.relative_to(PACKAGE)) for path in FILES]


def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def imports(path: Path) -> Iterator[tuple[str, bool]]:
    """Full names of what a file imports, and whether that happens when it is loaded."""
    yield from _imports(tree(path), at_load=True)


def _imports(node: ast.AST, *, at_load: bool) -> Iterator[tuple[str, bool]]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.Import):
            yield from ((alias.name, at_load) for alias in child.names)
        elif isinstance(child, ast.ImportFrom):
            assert child.level == 0, "imports are absolute"
            yield from ((f"{child.module}.{alias.name}", at_load) for alias in child.names)
        elif isinstance(child, ast.If) and "TYPE_CHECKING" in ast.unparse(child.test):
            yield from _imports(child, at_load=False)
        else:
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from _imports(child, at_load=at_load and not inside)


def part(path: Path) -> str:
    """The layer's member that a file belongs to: a package, or a module at the top."""
    first = path.relative_to(PACKAGE).parts[0]
    return first.removesuffix(".py")


def imported_parts(path: Path) -> Iterator[str]:
    for name, _ in imports(path):
        if name.split(".")[0] == "embedcli":
            member = name.split(".")[1]
            known = (PACKAGE / member).is_dir() or (PACKAGE / f"{member}.py").is_file()
            yield member if known else "__init__"


def test_every_module_has_a_layer() -> None:
    members = [member for layer in LAYERS for member in layer]
    assert len(members) == len(set(members))
    assert {part(path) for path in FILES} <= set(members)


@pytest.mark.parametrize("name", NAMES)
def test_imports_point_down(name: str) -> None:
    path = PACKAGE / name
    depth = {member: number for number, layer in enumerate(LAYERS) for member in layer}
    home = part(path)
    for member in imported_parts(path):
        if member == home or (member == "__init__" and home != "__init__"):
            continue  # embedcli/__init__.py gives the version, and loads the rest when asked
        assert depth[member] > depth[home], f"{name} imports {member}, which is not below it"


def test_there_are_no_cycles() -> None:
    modules = {_module(path): path for path in FILES}
    graph = {
        module: {_loaded(name, modules) for name, at_load in imports(path) if at_load}
        - {module, ""}
        for module, path in modules.items()
    }
    done: set[str] = set()

    def visit(module: str, trail: tuple[str, ...]) -> None:
        assert module not in trail, " -> ".join((*trail, module))
        if module not in done:
            for found in sorted(graph[module]):
                visit(found, (*trail, module))
            done.add(module)

    for module in graph:
        visit(module, ())


def _loaded(name: str, modules: Mapping[str, Path]) -> str:
    """The module of ours that an import is about: itself a module, or a name in one."""
    return next((found for found in (name, name.rpartition(".")[0]) if found in modules), "")


def _module(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


@pytest.mark.parametrize("package", CONFINED)
def test_heavy_packages_stay_in_their_place(package: str) -> None:
    users = {
        name
        for name, path in zip(NAMES, FILES, strict=True)
        for imported, _ in imports(path)
        if imported.split(".")[0] == package
    }
    assert users, f"nobody uses {package}"
    strangers = {user for user in users if not user.startswith(tuple(CONFINED[package]))}
    assert not strangers


@pytest.mark.parametrize("name", NAMES)
def test_slow_packages_are_imported_where_they_are_used(name: str) -> None:
    for imported, at_load in imports(PACKAGE / name):
        assert not (at_load and imported.startswith(LAZY)), f"{name} imports {imported} when loaded"


@pytest.mark.parametrize(
    ("code", "banned"),
    [
        ("import embedcli", ("numpy", "torch", "transformers", "typer")),
        ("from embedcli.cli.app import app; app(['--help'], standalone_mode=False)",
         ("numpy", "torch", "transformers", "pyarrow", "tokenizers")),
        ("from embedcli.cli.app import app; app(['embed', '--help'], standalone_mode=False)",
         ("numpy", "torch", "transformers", "pyarrow", "tokenizers")),
        ("from embedcli import load_model; load_model().embed(['a sentence'])",
         ("torch", "transformers", "pyarrow", "huggingface_hub", "typer", "rich", "asyncio")),
        (EMBED,
         ("torch", "transformers", "pyarrow", "huggingface_hub", "rich.table", "asyncio")),
    ],
)  # fmt: skip
def test_nothing_heavy_is_loaded_before_it_is_needed(
    code: str, banned: tuple[str, ...], tmp_path: Path
) -> None:
    check = f"import sys; print(*sorted(set({banned!r}) & set(sys.modules)), file=sys.stderr)"
    script = f"try:\n    {code.strip()}\nexcept SystemExit: pass\n{check}"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, cwd=tmp_path, check=True
    )
    assert done.stderr.splitlines()[-1] == ""


@pytest.mark.parametrize("name", NAMES)
def test_files_are_short_and_well_named(name: str) -> None:
    path = PACKAGE / name
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 300
    assert not {"utils", "util", "common", "helpers", "misc"} & set(
        Path(name).with_suffix("").parts
    )


@pytest.mark.parametrize("name", NAMES)
def test_functions_are_short(name: str) -> None:
    for node in ast.walk(tree(PACKAGE / name)):
        if isinstance(node, ast.FunctionDef):
            lines = _lines_of_code(node)
            assert lines <= 30, f"{name}: {node.name} has {lines} lines of code"


def _lines_of_code(function: ast.FunctionDef) -> int:
    """Lines with code in the body: no docstring, comments or signature.

    A call that only hands named values on, one a line, counts as one line.
    """
    body = function.body[1:] if ast.get_docstring(function) else function.body
    lines: set[int] = set()
    for statement in body:
        for node in ast.walk(statement):
            if hasattr(node, "lineno"):
                lines.add(node.lineno)
    for node in (found for statement in body for found in ast.walk(statement)):
        if isinstance(node, ast.Call) and node.keywords:
            lines -= {keyword.lineno for keyword in node.keywords} - {node.lineno}
    return len(lines)


def test_the_version_stands_in_one_place() -> None:
    import tomllib

    from embedcli import __version__

    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    assert "version" in project["project"]["dynamic"]
    assert project["tool"]["hatch"]["version"]["path"] == "embedcli/__init__.py"
    assert f"## {__version__}" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
