"""Cold start: one sentence, from shell to answer, as whole processes."""

from __future__ import annotations

from benchmarks.alternate import alternate
from benchmarks.artifacts import ensure_with
from benchmarks.machine import ROOT, child_environment
from benchmarks.processes import PeerFailedError, Timing
from benchmarks.settings import Settings

SENTENCE = "The quick brown fox jumps over the lazy dog."
ROUNDS = 7
OURS = "embedcli embed"


def measure(settings: Settings) -> tuple[dict[str, list[Timing]], dict[str, str]]:
    """Timings of every command that works, and why the others do not."""
    scripts = ROOT / "benchmarks" / "scripts"
    models, model = settings.work / "models", str(settings.model)
    embedcli = settings.command()
    bare = "import numpy, tokenizers"
    commands = {
        OURS: [*embedcli, "embed", "-t", SENTENCE, "-f", "json", *settings.model_arguments()],
        "embedcli --help": [*embedcli, "--help"],
        f"python -c '{bare}'": [settings.python("embedcli"), "-c", bare],
    }
    onnxruntime = settings.python("onnxruntime")
    unready: dict[str, str] = {}
    name = "ONNX Runtime, bare script"
    try:
        environment = child_environment(settings.threads)
        ensure_with(onnxruntime, "onnx", settings.model, models, environment)
        script = str(scripts / "cold_onnxruntime.py")
        graph = str(models / "onnx" / "model.onnx")
        commands[name] = [onnxruntime, script, model, graph, str(settings.threads), SENTENCE]
    except PeerFailedError as error:
        unready[name] = str(error)
    script = str(scripts / "cold_sentence_transformers.py")
    commands["sentence-transformers, script"] = [
        settings.python("st-torch"), script, model, str(settings.threads), SENTENCE
    ]  # fmt: skip
    timings, failed = alternate(settings, commands, rounds=max(ROUNDS, settings.rounds), warm=True)
    return timings, unready | failed
