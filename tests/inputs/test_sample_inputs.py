from __future__ import annotations

from pathlib import Path

SAMPLES = Path(__file__).parents[2] / "sample_inputs"


def test_every_sample_is_read(read) -> None:
    outcome = read(SAMPLES)
    assert outcome.errors == []
    assert outcome.tally.files == 7
    assert {document.group for document in outcome.documents} == {
        "languages.txt",
        "lines.txt",
        "long.txt",
        "nested/notes/deeper.md",
        "prose.txt",
        "records.jsonl",
        "table.csv",
    }


def test_the_samples_show_what_they_are_for(read) -> None:
    assert len(read(SAMPLES / "lines.txt", unit="line").documents) == 12
    assert len(read(SAMPLES / "languages.txt", unit="paragraph").documents) == 7
    assert len(read(SAMPLES / "long.txt").texts[0].split()) > 600
    assert read(SAMPLES / "table.csv", text_field="body").ids == ["b1", "b2", "b3", "b4"]
    assert sum(path.stat().st_size for path in SAMPLES.rglob("*") if path.is_file()) < 12_000
