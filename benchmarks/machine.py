"""The machine that a figure was measured on, and where figures are kept. Names no host."""

import json
import os
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
_FEATURES = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "avx512_fp16", "amx_bf16", "amx_int8")
_PACKAGES = ("av", "numpy", "opencv-python-headless", "onnxruntime", "onnxruntime-gpu", "openvino")


def machine() -> dict[str, Any]:
    """Describe processor, cores, memory, and the versions of what does the work."""
    facts: dict[str, str] = {}
    for line in Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines():
        name, _, value = line.partition(":")
        facts.setdefault(name.strip(), value.strip())
    flags = set(facts.get("flags", "").split())
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "processor": facts.get("model name", platform.machine()),
        "cores": len(os.sched_getaffinity(0)),
        "features": [name for name in _FEATURES if name in flags],
        "memory_gib": round(memory / 2**30, 1),
        "python": platform.python_version(),
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
    }


def keep(name: str, result: dict[str, Any], folder: Path = RESULTS) -> Path:
    """Write a result with its machine into folder/NAME.json."""
    folder.mkdir(parents=True, exist_ok=True)
    file = folder / f"{name}.json"
    record = {"machine": machine(), "result": result}
    file.write_text(json.dumps(record, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    return file


def _version(package: str) -> str | None:
    try:
        return version(package)
    except PackageNotFoundError:
        return None
