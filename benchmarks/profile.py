"""Where the time goes: ``python -m benchmarks.profile JOB`` samples embedcli while it encodes.

The main thread notes, every millisecond, which line of embedcli runs and who called it. NumPy lets
other threads run while it computes, so one line of the engine is one operation of the model.
One thread computes, so that waiting does not count as work.
"""

from __future__ import annotations

import json
import linecache
import sys
import threading
import time
from collections import Counter
from pathlib import Path
from types import FrameType

INTERVAL = 0.001
LINES_SHOWN = 25


Place = tuple[str, int, str]
"""File, line, function."""


def measure(model: str, texts: list[str]) -> list[tuple[str, str, str, float]]:
    """(place, called from, source line, share of the time) of the busiest lines."""
    import embedcli

    package = str(Path(embedcli.__file__).parent)
    loaded = embedcli.load_model(model, embedcli.ModelOptions(engine="numpy", threads=1))
    loaded.embed(texts[::4])
    worker = threading.Thread(target=loaded.embed, args=(texts,))
    samples: Counter[tuple[Place, ...]] = Counter()
    worker.start()
    while worker.is_alive():
        # The only way to see what another thread runs.
        frame = sys._current_frames().get(worker.ident or 0)  # noqa: SLF001
        places = _innermost(frame, package)
        if places:
            samples[places] += 1
        time.sleep(INTERVAL)
    total = samples.total()
    return [
        (
            _shown(places[0], package),
            _shown(places[-1], package),
            linecache.getline(*places[0][:2]).strip(),
            count / total,
        )
        for places, count in samples.most_common(LINES_SHOWN)
    ]


def _shown(place: Place, package: str) -> str:
    file, line, function = place
    return f"{Path(file).relative_to(package)}:{line} {function}"


def _innermost(frame: FrameType | None, package: str) -> tuple[Place, ...]:
    """Where the innermost frame of embedcli is, and the frame that called it."""
    places: list[Place] = []
    while frame is not None and len(places) < 2:
        if frame.f_code.co_filename.startswith(package):
            places.append((frame.f_code.co_filename, frame.f_lineno, frame.f_code.co_name))
        frame = frame.f_back
    return tuple(places)


if __name__ == "__main__":
    job = json.loads(sys.argv[1])
    lines = Path(job["corpus"]).read_text(encoding="utf-8").split("\n")
    print(json.dumps(measure(job["model"], lines)))
