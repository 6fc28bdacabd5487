"""Which facts decide the rows of a run, and where two runs differ in them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

_NOT_DECIDING = {
    "count", "tokens", "documents_truncated", "tokens_lost", "documents_failed",
    "quantization_ranges", "versions",
}  # fmt: skip


def deciding(facts: Mapping[str, Any]) -> dict[str, Any]:
    """The facts that rows depend on, flat and as JSON gives them back, and embedcli's version.

    A model's name is none of them where its weights are hashed: a folder may be moved.
    """
    kept = {name: fact for name, fact in facts.items() if name not in _NOT_DECIDING}
    if kept.get("weights_sha256"):
        kept.pop("model", None)
    version = (facts.get("versions") or {}).get("embedcli")
    if version is not None:
        kept["embedcli"] = version
    return dict(_flat(json.loads(json.dumps(kept)), ""))


def differences(
    then: Mapping[str, Any], now: Mapping[str, Any], *, of_both: bool = False
) -> list[str]:
    """A few words for each fact of two ``deciding`` sets that is not the same.

    Args:
        then: facts of the run before.
        now: facts of this one.
        of_both: leave out what only one of them knows.
    """
    names = [name for name in now if name in then] if of_both else list({**then, **now})
    return [
        f"{name} was {_shown(then, name)} and is {_shown(now, name)}"
        for name in names
        if then.get(name) != now.get(name)
    ]


def _flat(facts: Mapping[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    for name, fact in facts.items():
        if isinstance(fact, dict):
            yield from _flat(fact, f"{prefix}{name}.")
        else:
            yield f"{prefix}{name}", fact


def _shown(facts: Mapping[str, Any], name: str) -> str:
    return json.dumps(facts.get(name), ensure_ascii=False)
