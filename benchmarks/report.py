"""Results as Markdown tables."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping, Sequence

from benchmarks import cold, whole
from benchmarks.peers import OURS, PEERS
from benchmarks.processes import Timing
from benchmarks.steady import CorpusResult


def table(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the first column reads left, the others right."""
    lines = [header, ["---"] + ["--:"] * (len(header) - 1), *rows]
    return "\n".join("| " + " | ".join(line) + " |" for line in lines)


def corpora_table(statistics_by_name: Mapping[str, Mapping[str, float]]) -> str:
    """Token statistics of each corpus."""
    names = ("n", "min", "median", "mean", "p90", "max", "total")
    rows = [
        [corpus, *(f"{found[name]:,g}" for name in names)]
        for corpus, found in statistics_by_name.items()
    ]
    return table(["corpus, in tokens", *names], rows)


def steady_section(result: CorpusResult, flops: int, min_cosine: float) -> str:
    """One corpus: speed, ratio, cosine, memory, share of the roofline."""
    ceiling = result.roofline() * 1e9 / flops
    rows = [
        _peer_row(result, name, ceiling, min_cosine)
        for name in sorted(result.peers, key=result.tokens_per_second, reverse=True)
    ]
    header = [
        "peer", "tokens/s", "embedcli is faster by", "min cosine", "batch", "peak MB",
        "share of roofline", "spread",
    ]  # fmt: skip
    notes = [f"- {PEERS[name].label}: left out, {why}" for name, why in result.missing.items()]
    rates = ", ".join(
        f"{name} {statistics.median(r[name] for r in result.gflops):.0f}"
        for name in result.gflops[0]
    )
    notes.append(f"- sgemm, GFLOPS: {rates}; the fastest allows {ceiling:,.0f} tokens/s.")
    head = f"### Steady state, {result.corpus} ({result.tokens:,} tokens)"
    return "\n\n".join([head, table(header, rows), "\n".join(notes)])


def _peer_row(result: CorpusResult, name: str, ceiling: float, min_cosine: float) -> list[str]:
    peer, speed = result.peers[name], result.tokens_per_second(name)
    lead = result.lead(name)
    shown = f"{speed:,.0f}"
    if peer.cosine is None:
        shown += " (vectors not checked)"
    elif peer.cosine < min_cosine:
        shown += f" (NOT the same vectors: below {min_cosine})"
    spread = (max(peer.seconds) - min(peer.seconds)) / statistics.median(peer.seconds)
    return [
        PEERS[name].label,
        shown,
        "-" if lead is None else f"{lead:.2f}",
        "-" if peer.cosine is None else f"{peer.cosine:.7f}",
        str(peer.batch_size or "own"),
        f"{peer.peak_mb:.0f}",
        f"{speed / ceiling:.0%}",
        f"{spread:.0%}",
    ]


def commands_section(
    title: str, ours: str, timings: Mapping[str, Sequence[Timing]], failed: Mapping[str, str]
) -> str:
    """Whole processes: median wall time, peak memory, ratio to ours within each round."""
    rows = []
    for name, found in timings.items():
        ratio = "-"
        if ours in timings:
            pairs = zip(found, timings[ours], strict=True)
            ratio = f"{statistics.median(t.seconds / o.seconds for t, o in pairs):.2f}"
        seconds = statistics.median(t.seconds for t in found)
        peak = max(t.peak_mb for t in found)
        rows.append([name, f"{seconds:.3f}", ratio, f"{peak:.0f}"])
    notes = "\n".join(f"- {name}: left out, {why}" for name, why in failed.items())
    head = ["command", "seconds", f"times `{ours}`", "peak MB"]
    return "\n\n".join(part for part in (f"### {title}", table(head, rows), notes) if part)


def cold_section(timings: Mapping[str, Sequence[Timing]], failed: Mapping[str, str]) -> str:
    """One sentence as a whole process."""
    title = "Cold start: one sentence, from shell to answer"
    return commands_section(title, cold.OURS, timings, failed)


def whole_section(
    lines: int,
    timings: Mapping[str, Sequence[Timing]],
    failed: Mapping[str, str],
    cosine: float | None,
) -> str:
    """Lines to an .npy as a whole process."""
    title = f"The whole job: {lines:,} mixed lines to an .npy, from shell to shell"
    text = commands_section(title, whole.OURS, timings, failed)
    return text if cosine is None else f"{text}\n\n- min cosine between the two: {cosine:.7f}"


def growth_section(found: Mapping[int, tuple[float, float]], failed: Mapping[str, str]) -> str:
    """Time for a token, few lines against many."""
    head = "### Growth: short lines through the command, start-up time taken off"
    if failed:
        return "\n\n".join([head, "\n".join(f"- {name}: {why}" for name, why in failed.items())])
    rows = [[f"{n:,} lines", f"{us:.2f}", f"{peak:.0f}"] for n, (us, peak) in found.items()]
    ratio = found[max(found)][0] / found[min(found)][0]
    body = table(["", "microseconds a token", "peak MB"], rows)
    return "\n\n".join([head, body, f"- many against few: {ratio:.3f}"])


def profile_section(corpus: str, lines: Sequence[tuple[str, str, str, float]]) -> str:
    """Share of the time by source line."""
    rows = [
        [place, caller, f"`{source.replace('|', chr(92) + '|')}`", f"{share:.1%}"]
        for place, caller, source, share in lines
    ]
    head = f"### Where the time goes: {corpus}, one thread"
    return "\n\n".join([head, table(["place", "called from", "line", "share"], rows)])


def versions_line(results: Iterable[CorpusResult]) -> str:
    """Every package version seen; a peer with an interpreter of its own may add a second one."""
    seen: dict[str, set[str]] = {}
    for result in results:
        for peer in result.peers.values():
            for package, version in peer.versions.items():
                seen.setdefault(package, set()).add(version)
    parts = [f"{package} {' and '.join(sorted(found))}" for package, found in sorted(seen.items())]
    return ", ".join(parts) or f"{OURS} only"
