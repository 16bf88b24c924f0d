import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
ENCODE = """
from events.darkmachines_writer_kernel import write_lines
from events.files import read_events, write_events
write_events(sys.argv[2], read_events(sys.argv[1]))
print(sum(write_lines.stats.cache_hits.values()), len(write_lines.signatures))
"""
LINE = b"7;ttbar;1;112288;1.74766;b,331927,147558,-1.44969,-1.76399;\n"


def encode(folder: Path, **environment: str) -> str:
    """Writes an event in a new process; how often machine code was found, and how much of it there is."""
    source, target = folder / "in.csv", folder / "out.csv"
    source.write_bytes(LINE)
    process = subprocess.run(
        [sys.executable, "-W", "error", "-c", f"import sys{ENCODE}", source, target],
        capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, **environment},
    )  # fmt: skip
    assert target.read_bytes() == LINE
    return process.stdout.strip()


def test_machine_code_is_kept_for_the_next_process(tmp_path: Path) -> None:
    kept = {"NUMBA_CACHE_DIR": str(tmp_path / "kept")}
    assert encode(tmp_path, **kept) == "0 1"
    assert encode(tmp_path, **kept) == "1 1"


def test_machine_code_is_made_anew_where_nothing_can_be_kept(tmp_path: Path) -> None:
    # The only place left is one for notebooks, which a module has no use for.
    nowhere = {"NUMBA_CACHE_LOCATOR_CLASSES": "IPythonCacheLocator"}
    assert encode(tmp_path, **nowhere) == "0 1"


def test_the_compiler_is_loaded_when_it_is_needed_only() -> None:
    code = "import sys, events.files, events.formats, service.cli; sys.exit('numba' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False, cwd=ROOT).returncode == 0
