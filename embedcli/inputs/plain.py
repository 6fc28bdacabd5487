"""Plain text -> documents: a file, a line, or a paragraph each."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator

from embedcli.errors import InputError
from embedcli.inputs.options import Unit
from embedcli.inputs.origin import Item, Origin
from embedcli.inputs.streams import TextStream


def plain_documents(text: TextStream, unit: Unit) -> Iterator[Item]:
    """Gives the documents of a text file or pipe.

    Raises:
        InputError: for a text that is a whole document and cannot be one.
    """
    if unit == "file":
        yield text.origin.document(text.read())
    else:
        yield from split_documents(text.lines(), text.origin, unit)


def split_documents(
    lines: Iterable[str | InputError], origin: Origin, unit: Unit
) -> Iterator[Item]:
    """Gives a document for each line that is not blank, or for each block of such lines."""
    split: Callable[[Iterable[str | InputError], Origin], Iterator[Item]]
    split = _each_line if unit == "line" else _each_paragraph
    return split(lines, origin)


def _each_line(lines: Iterable[str | InputError], origin: Origin) -> Iterator[Item]:
    for number, line in enumerate(lines, 1):
        if isinstance(line, InputError):
            yield line
        elif not line.isspace():
            yield origin.document(_without_end(line), number)


def _each_paragraph(lines: Iterable[str | InputError], origin: Origin) -> Iterator[Item]:
    block: list[str] = []
    start, broken = 1, None
    for number, line in enumerate(lines, 1):
        if isinstance(line, str) and line.isspace():
            yield from _paragraph(block, start, broken, origin)
            block, broken = [], None
            continue
        start = start if block or broken else number
        if isinstance(line, InputError):
            broken = broken or line
        else:
            block.append(line)
    yield from _paragraph(block, start, broken, origin)


def _paragraph(
    block: list[str], start: int, broken: InputError | None, origin: Origin
) -> Iterator[Item]:
    if broken:
        # The message names the bad line; what is left out is the paragraph.
        broken.id = f"{origin.name}:{start}"
        yield broken
    elif block:
        yield origin.document(_without_end("".join(block)), start)


def _without_end(line: str) -> str:
    return line[:-2] if line.endswith("\r\n") else line.removesuffix("\n")
