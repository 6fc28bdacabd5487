"""Figures that anybody can check: STS Spearman and nDCG@10, by the command's own pieces.

    python -m benchmarks.quality sts pairs.tsv            score<TAB>a<TAB>b, one pair a line
    python -m benchmarks.quality retrieval scifact/       a folder in BEIR's layout

MTEB reports 100 x these. For all-MiniLM-L6-v2 it gives STSBenchmark 82.03, SICK-R 77.58 and
SciFact 64.51 (nDCG@10).
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt

from embedcli import EmbeddingModel, ModelOptions, load_model

Vectors = npt.NDArray[np.float32]


def spearman(a: npt.ArrayLike, b: npt.ArrayLike) -> float:
    """Spearman's rank correlation; equal values share the mean of their ranks."""
    return float(np.corrcoef(_ranks(np.asarray(a)), _ranks(np.asarray(b)))[0, 1])


def _ranks(values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    _, place, count = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(count)
    return (last - (count - 1) / 2)[place]


def ndcg(ranked: list[str], relevance: dict[str, int], depth: int = 10) -> float:
    """Normalised discounted cumulative gain of one query (Järvelin & Kekäläinen 2002)."""
    gains = [relevance.get(document, 0) for document in ranked[:depth]]
    ideal = sorted(relevance.values(), reverse=True)[:depth]
    best = _discounted(ideal)
    return _discounted(gains) / best if best else 0.0


def _discounted(gains: list[int]) -> float:
    return sum(gain / np.log2(place + 2) for place, gain in enumerate(gains))


def sts(path: Path, model: EmbeddingModel) -> str:
    """Spearman between given scores and the cosines of pairs."""
    with path.open(encoding="utf-8", newline="") as lines:
        rows = list(csv.reader(lines, delimiter="\t", quoting=csv.QUOTE_NONE))
    a, b = (_unit(model.embed([row[column] for row in rows])) for column in (1, 2))
    score = spearman([float(row[0]) for row in rows], np.einsum("nd,nd->n", a, b))
    return f"{path.name}: {len(rows)} pairs, Spearman {score:.6f}"


def retrieval(folder: Path, model: EmbeddingModel, queries: EmbeddingModel) -> str:
    """Mean nDCG@10 over the test queries of a folder in BEIR's layout."""
    judged: dict[str, dict[str, int]] = defaultdict(dict)
    with (folder / "qrels" / "test.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t"):
            judged[row["query-id"]][row["corpus-id"]] = int(row["score"])
    corpus = dict(_records(folder / "corpus.jsonl"))
    asked = {key: text for key, text in _records(folder / "queries.jsonl") if key in judged}
    documents = _unit(model.embed(list(corpus.values())))
    names = np.array(list(corpus))
    found = _unit(queries.embed(list(asked.values()))) @ documents.T
    scores = [
        ndcg(names[np.argsort(-row, kind="stable")[:10]].tolist(), judged[key])
        for key, row in zip(asked, found, strict=True)
    ]
    return (
        f"{folder.name}: {len(corpus)} documents, {len(asked)} queries, "
        f"nDCG@10 {np.mean(scores):.5f}"
    )


def _records(path: Path) -> Iterator[tuple[str, str]]:
    with path.open(encoding="utf-8") as lines:
        for line in lines:
            record = json.loads(line)
            yield record["_id"], f"{record.get('title', '')} {record['text']}".strip()


def _unit(vectors: Vectors) -> Vectors:
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def main() -> None:
    """Entry point."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("task", choices=("sts", "retrieval"))
    parser.add_argument("path", type=Path)
    parser.add_argument("-m", "--model", default="sentence-transformers/all-MiniLM-L6-v2")
    parser.add_argument("--query-prompt", default="", help="put before queries")
    parser.add_argument("--document-prompt", default="", help="put before documents and pairs")
    asked = parser.parse_args()
    model = load_model(asked.model, ModelOptions(prompt=asked.document_prompt))
    if asked.task == "sts":
        print(sts(asked.path, model))
    else:
        queries = load_model(asked.model, ModelOptions(prompt=asked.query_prompt))
        print(retrieval(asked.path, model, queries))


if __name__ == "__main__":
    main()
