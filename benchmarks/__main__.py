"""``python -m benchmarks``: measure embedcli and its peers on this machine, in one run."""

from __future__ import annotations

import argparse
import json
import platform
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

from benchmarks import cold, growth, machine, report, roofline, steady, whole
from benchmarks.corpora import CORPORA, CorpusMaker, statistics_of, token_counts
from benchmarks.peers import OURS, PEERS
from benchmarks.peers.sorted_batches import load_tokenizer
from benchmarks.processes import PeerFailedError, module_json
from benchmarks.settings import Settings

SIZES = {"whole": 8_000, "few": 10_000, "many": 200_000}
PARTS = ("steady", "cold", "whole", "growth", "profile")


def names(known: tuple[str, ...]) -> Callable[[str], tuple[str, ...]]:
    """A parser of comma-separated names."""

    def parse(text: str) -> tuple[str, ...]:
        given = tuple(text.split(","))
        for name in given:
            if name not in known:
                raise argparse.ArgumentTypeError(f"{name!r} is none of {', '.join(known)}")
        return given

    return parse


def pair(text: str) -> tuple[str, str]:
    """A parser of NAME=VALUE."""
    name, equals, value = text.partition("=")
    if not equals:
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def arguments() -> argparse.Namespace:
    """The options of this run."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    add = parser.add_argument
    add("--parts", type=names(PARTS), default=PARTS, help="of " + ",".join(PARTS))
    add("--peers", type=names(tuple(PEERS)), default=tuple(PEERS), help="of " + ",".join(PEERS))
    add("--corpora", type=names(tuple(CORPORA)), default=tuple(CORPORA), help="short,mixed,long")
    add(
        "--size",
        type=pair,
        action="append",
        default=[],
        metavar="NAME=LINES",
        help="of short, mixed, long, whole, few, many",
    )
    add("--rounds", type=int, default=5, help="counted rounds; medians are quoted")
    add("--threads", type=int, default=2, help="given to every peer")
    add("--model", help="a model folder; all-MiniLM-L6-v2 from its package unless given")
    add("--python", type=pair, action="append", default=[], metavar="PEER=INTERPRETER")
    add("--min-cosine", type=float, default=0.99999, help="below it vectors are not the same")
    add("--work", type=Path, default=Path(tempfile.gettempdir()) / "embedcli-benchmarks")
    add("--markdown", type=Path, metavar="FILE", help="write the report there as well")
    return parser.parse_args()


def settings_of(options: argparse.Namespace) -> Settings:
    """Options, with sizes and the model's folder filled in."""
    sizes = {name: lines for name, (_, lines) in CORPORA.items()} | SIZES
    sizes |= {name: int(lines) for name, lines in options.size}
    options.work.mkdir(parents=True, exist_ok=True)
    return Settings(
        model=machine.model_folder(options.model),
        work=options.work.resolve(),
        threads=options.threads,
        rounds=options.rounds,
        peers=options.peers,
        corpora=options.corpora,
        sizes=sizes,
        min_cosine=options.min_cosine,
        explicit_model=options.model is not None,
        pythons=dict(options.python),
    )


class Run:
    """One run: corpora on disk, and a report that grows part by part."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.tokenizer = load_tokenizer(settings.model)
        self.maker = CorpusMaker(self.tokenizer, machine.token_limit(settings.model))
        self.statistics: dict[str, dict[str, float]] = {}
        self.sections: list[str] = []
        self.results: list[steady.CorpusResult] = []

    def corpus(self, name: str, lines: int) -> tuple[Path, int]:
        """Write a corpus; its file and its tokens."""
        texts = self.maker.lines(name, lines)
        path = self.settings.work / f"{name}-{lines}.txt"
        path.write_text("\n".join(texts), encoding="utf-8")
        found = statistics_of(token_counts(self.tokenizer, texts))
        self.statistics[f"{name} ({lines:,} lines)"] = found
        return path, int(found["total"])

    def steady(self) -> None:
        """Every peer on every corpus."""
        flops = roofline.linear_flops(self.settings.model)
        for name in self.settings.corpora:
            path, tokens = self.corpus(name, self.settings.sizes[name])
            result = steady.measure(self.settings, name, path, tokens)
            self.results.append(result)
            self.sections.append(report.steady_section(result, flops, self.settings.min_cosine))

    def cold(self) -> None:
        """One sentence."""
        self.sections.append(report.cold_section(*cold.measure(self.settings)))

    def whole(self) -> None:
        """A file of lines."""
        lines = self.settings.sizes["whole"]
        path, _ = self.corpus("mixed", lines)
        found = whole.measure(self.settings, path)
        self.sections.append(report.whole_section(lines, *found))

    def growth(self) -> None:
        """Few lines against many."""
        sizes = self.settings.sizes
        made = {n: self.corpus("short", n) for n in (1, sizes["few"], sizes["many"])}
        files, tokens = ({n: made[n][i] for n in made} for i in (0, 1))
        self.sections.append(report.growth_section(*growth.measure(self.settings, files, tokens)))

    def profile(self) -> None:
        """Where embedcli's time goes."""
        python = self.settings.python(OURS)
        environment = machine.child_environment(1)
        for name in self.settings.corpora:
            path, _ = self.corpus(name, self.settings.sizes[name])
            job = json.dumps({"model": str(self.settings.model), "corpus": str(path)})
            try:
                found = module_json(python, "benchmarks.profile", [job], environment)
            except PeerFailedError as error:
                self.sections.append(f"### Where the time goes: {name}\n\n- left out: {error}")
                continue
            self.sections.append(report.profile_section(name, found))

    def report(self) -> str:
        """Machine, versions, corpora and every section."""
        settings = self.settings
        name = settings.model.name if settings.explicit_model else machine.DISTRIBUTION
        limit, flops = machine.token_limit(settings.model), roofline.linear_flops(settings.model)
        facts = [
            f"- Machine: {machine.processor()}; {settings.threads} threads for everything.",
            f"- Python {platform.python_version()}, {report.versions_line(self.results)}.",
            f"- Model: {name}, {flops / 1e6:.1f} MFLOP a token in linear layers.",
            f"- {machine.environment_note()}",
            f"- {settings.rounds} rounds, peers in turns; medians, and ratios within rounds.",
            f"- Corpora: docstrings of the standard library, seeded; cut at {limit} tokens.",
        ]
        corpora = report.corpora_table(self.statistics) if self.statistics else ""
        return "\n\n".join(["\n".join(facts), corpora, *self.sections]).strip() + "\n"


def main() -> None:
    """Measure part after part; print the report at the end, and keep it if asked."""
    options = arguments()
    run = Run(settings_of(options))
    for part in options.parts:
        steady.say(f"== {part}")
        getattr(run, part)()
    text = run.report()
    print(text)
    if options.markdown is not None:
        options.markdown.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
