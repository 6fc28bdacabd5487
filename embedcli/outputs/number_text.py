"""Numbers as text: the fewest digits that read back as the same float, and fast."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

# Decimals with the first count of digits are all told apart by the type; with the second
# count, every number of the type has a decimal of its own.
_DIGITS = {2: (3, 5), 4: (6, 9)}
_POWERS = 10.0 ** np.arange(23)


def shortest(numbers: npt.NDArray[np.floating[Any]]) -> npt.NDArray[np.float64]:
    """(n,) float16 or float32 -> (n,) float64 nearest to each number's shortest decimal.

    Each number is rounded to 9, 8, 7 and 6 digits in turn, all numbers at once, and the last
    rounding that reads back as the number wins. Up to 1e22 powers of ten are exact in
    float64, so the quotient is the double nearest to the decimal. A negative zero becomes zero.
    """
    fewest, most = _DIGITS[numbers.dtype.itemsize]
    wide = numbers.astype(np.float64) + 0.0
    with np.errstate(divide="ignore"):
        exponents = np.floor(np.log10(np.abs(wide)))
    regular = (exponents > most - len(_POWERS)) & (exponents < fewest)
    places = np.where(regular, fewest - 1 - exponents, 0).astype(np.intp)
    result = wide.copy()
    for extra in range(most - fewest, -1, -1):
        powers = _POWERS[places + extra]
        rounded = np.rint(wide * powers) / powers
        np.copyto(result, rounded, where=rounded.astype(numbers.dtype) == numbers)
    for place in np.flatnonzero(~regular & (wide != 0)):
        result[place] = float(str(numbers[place]))
    return result


def joined(vector: npt.NDArray[Any], separator: str) -> str:
    """(D,) -> its numbers with ``separator`` between them; whole numbers without a point."""
    if vector.dtype.kind != "f":
        return separator.join(map(str, vector.tolist()))
    return _template(len(vector), separator) % tuple(shortest(vector).tolist())


def nested(array: npt.NDArray[Any]) -> str:
    """(D,) -> ``[0.1, 0.2]``; (T, D) -> ``[[...], [...]]``."""
    if array.ndim == 1:
        return f"[{joined(array, ', ')}]"
    return f"[{', '.join(map(nested, array))}]"


@lru_cache(maxsize=8)
def _template(count: int, separator: str) -> str:
    """Nine digits show a shortest decimal whole, and are twice as fast to print as a repr."""
    return separator.join(["%.9g"] * count)
