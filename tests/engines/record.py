"""Renews the recordings of engine failures: ``python tests/engines/record.py ENGINE [PROGRAM]``.

Runs every script of ``failures/<engine>`` on a real engine under the supervisor and keeps what was seen in
``recordings/<engine>-<version>/<kind>.json``, without the machine's paths.  The tests read them without the engine.
"""

from __future__ import annotations

import json
import re
import sys
import tomllib
from pathlib import Path

from neuroalg_cli import assets, engine, finding
from neuroalg_cli.run_directory import RunDirectory
from neuroalg_cli.running import Limits, RunRequest, run

HERE = Path(__file__).parent
#: stands for the run directory in the recorded outputs
DIRECTORY = "{directory}"
_KEPT = 4000


def record(engine_name: str, program: str | None) -> None:
    """Records every kind of failure of an engine."""
    installation = finding.find(engine_name, program)
    chosen = engine.load(engine_name)
    folder = HERE / "recordings" / f"{engine_name}-{installation.version}"
    folder.mkdir(parents=True, exist_ok=True)
    kinds = tomllib.loads((HERE / "failures" / "kinds.toml").read_text(encoding="utf-8"))
    for kind, description in kinds.items():
        if engine_name not in description.get("engines", [engine_name]):
            continue
        script = HERE / "failures" / engine_name / f"{kind}{chosen.script_suffix}.txt"
        special = description.get("limits_of", {}).get(engine_name, description.get("limits", {}))
        limits = Limits(**{"wall_seconds": 120.0, **special})
        with RunDirectory.create(f"record-{kind}") as directory:
            name = f"script{chosen.script_suffix}"
            directory.write(name, script.read_text(encoding="utf-8"))
            folder_of_libraries = assets.folder(chosen.library_folder)
            for library in sorted(folder_of_libraries.glob(f"*{chosen.script_suffix}")):
                directory.copy_in(library)
            command = chosen.command(installation, name)
            done = run(RunRequest(command, directory.path, chosen.environment(installation.origin), limits))
            # what an engine leaves that failed need not be readable
            result = chosen.result(directory) if done.exit_code == 0 else None
            seen = {
                "engine": engine_name,
                "version": installation.version,
                "kind": kind,
                "limits": {"wall_seconds": 120.0, **special},
                "exit_code": done.exit_code,
                "signal": done.signal,
                "stopped_by": done.stopped_by,
                "wall_seconds": round(done.wall_seconds, 2),
                "cpu_seconds": round(done.cpu_seconds, 2),
                "peak_memory_bytes": done.peak_memory_bytes,
                "stdout": _shown(done.stdout.read_text(errors="replace"), directory.path),
                "stderr": _shown(done.stderr.read_text(errors="replace"), directory.path),
                "result": None if result is None else result.decode(),
            }
        (folder / f"{kind}.json").write_text(json.dumps(seen, indent=1) + "\n", encoding="utf-8")
        print(f"{kind:20} exit {done.exit_code} signal {done.signal} stopped by {done.stopped_by}")  # noqa: T201


def _shown(text: str, directory: Path) -> str:
    """Returns an output without the machine's paths, and without the middle if it is long."""
    text = text.replace(str(directory), DIRECTORY)
    text = re.sub(r"[^\s\"':(]*site-packages/", "SITE/", text)
    text = re.sub(r"[^\s\"':(]*/src/M2/", "SOURCE/", text)
    text = re.sub(r"[^\s\"':(]*/lib/python3(\.\d+)?/", "PYTHON/", text)
    text = re.sub(r"[^\s\"':(]*/(?=libpython)", "PYTHON/", text)
    text = re.sub(r"[^\s\"':(]*/bin/(?=python|M2|sage|msolve)", "BIN/", text)
    return text if len(text) <= 2 * _KEPT else f"{text[:_KEPT]}\n...\n{text[-_KEPT:]}"


if __name__ == "__main__":
    record(sys.argv[1], sys.argv[2] if len(sys.argv) > 2 else None)
