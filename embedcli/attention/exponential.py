"""The exponential function in the base that this processor is quickest at.

e^x is 2^(x log2 e), and the factor costs nothing where x is multiplied by something anyway, such as
the scale of the scores. NumPy's exp2 takes half the time of its exp where it has vector code for
AVX-512, and many times as long where it has none.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.lib import introspect


def _exp2_is_vector_code() -> bool:
    # The processor decides, not a stopwatch: a run that is resumed must compute the same bits.
    if not hasattr(introspect, "opt_func_info"):
        return False  # before NumPy 2.1
    found = introspect.opt_func_info(func_name="^exp2$", signature="float32")
    targets = [kind["current"] for kinds in found.values() for kind in kinds.values()]
    return bool(targets) and not any(target.startswith("baseline") for target in targets)


IN_BASE_2 = _exp2_is_vector_code()

exponential: np.ufunc = np.exp2 if IN_BASE_2 else np.exp
"""``exponential(PER_UNIT * x)`` is e^x."""

PER_UNIT = math.log2(math.e) if IN_BASE_2 else 1.0
"""What x is multiplied by beforehand: log2 e, or 1 where e is the quicker base."""
