"""Rows of an output made again from their sources, and how far they are from what is stored."""

from __future__ import annotations

import hashlib
import io
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import groupby, islice
from typing import Any

import numpy as np

from embedcli.documents import Document
from embedcli.errors import InputError, OutputError
from embedcli.inputs import ReadOptions, Tally, escape, read_documents
from embedcli.model import EmbeddingModel
from embedcli.options import ModelOptions
from embedcli.outputs.comparison import distance
from embedcli.outputs.resuming.run_facts import deciding, differences
from embedcli.outputs.stored_rows import StoredRow, StoredRows

EXACT, ROUGH = 1e-5, 2e-2
"""Tolerances of a component: vectors computed in float32, and in less."""

_WINDOW = re.compile(r"(.*)#([0-9]{1,9})", re.DOTALL)
_LINE = re.compile(r".*(:[0-9]{1,18})", re.DOTALL)
_WITHOUT_FILE = ("-", "--text")
_READING = {"unit", "encoding", "text_field", "id_field"}
_ROWS_AT_ONCE = 8192
_NOT_OF_THE_MODEL = ("model", "format", "output_dtype", "embedcli", "shard")


@dataclass(slots=True)
class Findings:
    """What came of it.

    Attributes:
        checked: rows that were made again.
        cosine: the worst, and the id of its row.
        largest: the largest difference of a component, and the id of its row.
        changed: ids of rows whose text is another now.
        vanished: ids of rows whose text is not to be found.
        without_file: rows of stdin or of the command line, which nothing can be read again for.
    """

    checked: int = 0
    cosine: tuple[float, str] = (1.0, "")
    largest: tuple[float, str] = (0.0, "")
    changed: list[str] = field(default_factory=list)
    vanished: list[str] = field(default_factory=list)
    without_file: int = 0

    def agree(self, tolerance: float) -> bool:
        """Whether every row could be made again, and is within the tolerance."""
        return not (self.changed or self.vanished) and self.largest[0] <= tolerance


def model_options(facts: Mapping[str, Any], asked: ModelOptions) -> ModelOptions:
    """The options that made an output, over those that decide nothing about the vectors."""
    try:
        pooling = str(facts["pooling"])
        return replace(
            asked,
            revision=facts["revision"],
            dtype=facts["dtype"],
            engine=facts["engine"],
            # Several poolings side by side can only come from the model's own files.
            pooling="auto" if "+" in pooling else pooling,
            normalize=facts["normalized"],
            dim=facts["dim"],
            prompt=facts["prompt"],
            max_tokens=facts["max_tokens"],
            long=facts["long"],
            overlap=facts["overlap"],
        )
    except (KeyError, TypeError) as error:
        raise InputError(
            f"the provenance does not say how the vectors were made ({error}); embed again"
        ) from error


def refuse_other_model(rows: StoredRows, model: EmbeddingModel) -> None:
    """Refuses a comparison that would say nothing.

    Raises:
        OutputError: naming what differs.
    """
    then, now = deciding(rows.facts), deciding(model.facts())
    for name in _NOT_OF_THE_MODEL:
        then.pop(name, None)
    found = differences(then, now, of_both=True)
    if found:
        raise OutputError(
            f"{rows.path} was made by another model, {rows.facts.get('model')}: {'; '.join(found)}"
        )


def sampled(rows: StoredRows, size: int | None) -> Iterator[StoredRow]:
    """All rows, or ``size`` of them: always the same ones, drawn from the whole file."""
    if size is None or size >= rows.count:
        yield from rows
        return
    chosen = np.random.default_rng(0).choice(rows.count, size, replace=False)
    wanted = set(chosen.tolist())
    yield from (row for place, row in enumerate(rows) if place in wanted)


def verify(rows: Iterable[StoredRow], facts: Mapping[str, Any], model: EmbeddingModel) -> Findings:
    """Makes rows again and compares them.

    Args:
        rows: rows of one source side by side.
        facts: how they were made.
        model: what they are made again with.

    Raises:
        InputError: when the facts do not say how the sources were read.
    """
    findings, reading = Findings(), _reading(facts)
    for source, group in groupby(rows, key=lambda row: row.source):
        while wanted := list(islice(group, _ROWS_AT_ONCE)):
            if source in _WITHOUT_FILE:
                findings.without_file += len(wanted)
                continue
            present = []
            for row, document in _with_documents(source, reading, wanted):
                if document is None:
                    findings.vanished.append(row.id)
                elif _sha256(document) != row.sha256:
                    findings.changed.append(row.id)
                else:
                    present.append((row, document))
            _compare(present, facts, model, findings)
    return findings


def _reading(facts: Mapping[str, Any]) -> ReadOptions:
    reading = facts.get("reading")
    if not isinstance(reading, dict) or not reading.keys() <= _READING:
        raise InputError(
            "the provenance does not say how the sources were read; embed again to verify"
        )
    if not all(isinstance(value, str | None) for value in reading.values()):
        raise InputError("what the provenance says about reading is damaged; embed again to verify")
    return ReadOptions(**reading)


def _with_documents(
    source: str, reading: ReadOptions, wanted: Sequence[StoredRow]
) -> list[tuple[StoredRow, Document | None]]:
    """Each row with the document that it was made of, as its source has it now."""
    places: dict[str, list[tuple[int, int]]] = {}
    for place, row in enumerate(wanted):
        for rank, name in enumerate(_names(row.id)):
            places.setdefault(name, []).append((place, rank))
    best: dict[int, tuple[tuple[bool, int], Document]] = {}
    # A file of that name is meant, not stdin.
    path = f"./{source}" if source == "-" else source
    for document in read_documents(
        [path], reading, stdin=io.BytesIO(), tally=Tally(), on_error=lambda _: None
    ):
        for place, rank in places.get(document.id.removeprefix(escape(path)), ()):
            # Ids may come twice in a file of records: the one with the same text is meant.
            badness = (_sha256(document) != wanted[place].sha256, rank)
            if place not in best or badness < best[place][0]:
                best[place] = (badness, document)
    return [(row, best[n][1] if n in best else None) for n, row in enumerate(wanted)]


def _names(row_id: str) -> Iterator[str]:
    """What a row's document may be called without the name of its file, the likeliest first."""
    window = _WINDOW.fullmatch(row_id)
    names = [row_id, window[1]] if window else [row_id]
    yield from names
    for name in names:
        line = _LINE.fullmatch(name)
        if line:
            yield line[1]
    yield ""


def _sha256(document: Document) -> str:
    return hashlib.sha256(document.text.encode()).hexdigest()


def _compare(
    present: Sequence[tuple[StoredRow, Document]],
    facts: Mapping[str, Any],
    model: EmbeddingModel,
    findings: Findings,
) -> None:
    # The windows of a document have it in common, and it is made again once.
    documents = {id(document): document for _, document in present}
    numbered = [replace(document, id=str(key)) for key, document in documents.items()]
    made = {row.id: row for row in model.rows(numbered, on_error=lambda _: None)}
    for row, document in present:
        window = _WINDOW.fullmatch(row.id)
        again = made.get(str(id(document)))
        if again is None and window:
            again = made.get(f"{id(document)}#{window[2]}")
        if again is None:
            findings.vanished.append(row.id)
            continue
        found = distance(row.numbers, again.vector, facts)
        findings.checked += 1
        findings.cosine = min(findings.cosine, (found.cosine, row.id))
        findings.largest = max(findings.largest, (found.largest, row.id))
