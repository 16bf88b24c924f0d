"""The house's rules: imports run one way, and heavy libraries stay where they belong."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ALLOWED = {
    "events": {"events"},
    "models": {"events", "models"},
    "service": {"events", "models", "service"},
    "training": {"events", "models", "service", "training"},
}
HOMES = {"tensorflow": "training", "keras": "training", "fastapi": "service", "pythia8mc": "training"}


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imported(path: Path) -> set[str]:
    """Top-level names of everything that a module imports, at any depth."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found.add(node.module.partition(".")[0])
    return found


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_run_one_way(package: str) -> None:
    for path in modules(package):
        assert imported(path) & set(ALLOWED) <= ALLOWED[package], path


@pytest.mark.parametrize("library", HOMES)
def test_libraries_stay_in_their_home(library: str) -> None:
    users = {package for package in ALLOWED for path in modules(package) if library in imported(path)}
    assert users == {HOMES[library]}


def test_events_need_arrays_and_a_compiler_only() -> None:
    outside = set().union(*(imported(path) for path in modules("events"))) - sys.stdlib_module_names
    assert outside == {"events", "numba", "numpy", "pyarrow"}


@pytest.mark.parametrize("package", ALLOWED)
def test_modules_are_short(package: str) -> None:
    for path in modules(package):
        assert len(path.read_text(encoding="utf-8").splitlines()) <= 330, path


@pytest.mark.parametrize("package", [*ALLOWED, "service.app", "service.cli", "training.cli"])
def test_importing_does_not_load_tensorflow(package: str) -> None:
    code = f"import sys, {package}; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
