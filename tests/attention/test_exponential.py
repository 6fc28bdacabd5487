"""The exponential is e^x in whichever base is quicker, decided by the processor alone."""

import subprocess
import sys

import numpy as np
import pytest
import torch
from numpy.lib import introspect

from embedcli.attention import exponential as module


@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-13), (np.float32, 1e-5)])
def test_per_unit_and_exponential_together_are_e_to_the_x(dtype, tolerance):
    x = np.linspace(-30, 30, 10_001, dtype=dtype)
    found = module.exponential(x * dtype(module.PER_UNIT))
    np.testing.assert_allclose(found, np.exp(x.astype(np.float64)), rtol=tolerance)


def test_base_2_is_taken_where_numpy_has_vector_code_for_it(monkeypatch):
    for target, expected in (("X86_V4", True), ("AVX512_SKX", True), ("baseline(SSE3)", False)):
        answer = {"exp2": {"ff": {"current": target}}}
        monkeypatch.setattr(introspect, "opt_func_info", lambda answer=answer, **_: answer)
        assert module._exp2_is_vector_code() is expected


def test_base_e_is_taken_where_numpy_does_not_say(monkeypatch):
    monkeypatch.setattr(introspect, "opt_func_info", lambda **_: {})
    assert module._exp2_is_vector_code() is False
    monkeypatch.delattr(introspect, "opt_func_info")
    assert module._exp2_is_vector_code() is False


@pytest.mark.parametrize("in_base_2", [True, False])
def test_attention_and_gelu_are_the_same_in_either_base(in_base_2):
    code = f"""
import numpy as np
from numpy.lib import introspect
target = "X86_V4" if {in_base_2} else "baseline"
introspect.opt_func_info = lambda **_: {{"exp2": {{"ff": {{"current": target}}}}}}
from embedcli.attention import Memory, exponential, gelu, self_attention, softmax
assert exponential.IN_BASE_2 is {in_base_2}
x = np.random.default_rng(0).normal(size=(9, 16))
expected = softmax(x @ x.T / 4) @ x
np.testing.assert_allclose(self_attention(x, x, x), expected, atol=1e-13)
y = x.copy()
gelu(y, Memory())
print(repr(float(np.abs(y).sum())))
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60
    )
    assert done.returncode == 0, done.stderr
    x = np.random.default_rng(0).normal(size=(9, 16))
    by_torch = torch.nn.functional.gelu(torch.from_numpy(x)).numpy()
    assert float(done.stdout) == pytest.approx(np.abs(by_torch).sum(), abs=2e-6)
