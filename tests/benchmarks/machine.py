"""What the figures were measured on."""

import datetime as dt
import os
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

from service.runtime import usable_cores

_LIBRARIES = ("numpy", "numba", "onnxruntime", "pyarrow", "fastapi", "uvicorn", "uvloop")
_VECTORS = ("avx2", "avx512f", "amx_tile", "asimd")


def description() -> dict[str, str]:
    """The machine, the libraries and the commit."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "date": dt.datetime.now(dt.UTC).date().isoformat(),
        "processor": _cpuinfo("model name"),
        "vectors": ", ".join(flag for flag in _VECTORS if flag in _cpuinfo("flags").split()),
        "cores": str(usable_cores()),
        "memory": f"{memory / 2**30:.0f} GiB",
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        **{name: version(name) for name in _LIBRARIES},
        "commit": _commit(),
    }


def _cpuinfo(field: str) -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="ascii").splitlines()
    return next((line.partition(":")[2].strip() for line in lines if line.startswith(field)), "unknown")


def _commit() -> str:
    command = ["git", "describe", "--always", "--dirty"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip() or "unknown"
