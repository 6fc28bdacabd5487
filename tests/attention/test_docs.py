import doctest
import re
from pathlib import Path

import embedcli.attention

DOCS = Path(__file__).parents[2] / "docs"
FENCE = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def test_every_example_of_the_lesson_gives_what_it_says():
    blocks = FENCE.findall((DOCS / "attention.md").read_text(encoding="utf-8"))
    examples = doctest.DocTestParser().get_doctest("\n".join(blocks), {}, "lesson", None, 0)
    assert len(examples.examples) > 20
    report: list[str] = []
    doctest.DocTestRunner(verbose=False).run(examples, out=report.append)
    assert not report, "".join(report)


def test_the_lesson_names_every_public_name():
    lesson = (DOCS / "attention.md").read_text(encoding="utf-8")
    missing = [name for name in embedcli.attention.__all__ if f"`{name}" not in lesson]
    assert not missing


def test_public_names_are_sorted_and_there():
    names = embedcli.attention.__all__
    assert names == sorted(names)
    assert all(hasattr(embedcli.attention, name) for name in names)
