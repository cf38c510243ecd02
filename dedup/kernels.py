"""Kernels: loops that numba compiles, each with a twin of whole-array steps that yields equal bits.

The twins work where numba is switched off by its own switch, `NUMBA_DISABLE_JIT=1`: there Python
would run the loops themselves, a thousand times slower. Being written in another way, they also
test them.
"""

from collections.abc import Callable
from typing import Any

import numpy as np
from numba import config, njit
from numpy.typing import NDArray


def compiled(twin: Callable[..., Any]) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Let numba compile a function, or put its twin in its place where numba is switched off."""

    def choose(loops: Callable[..., Any]) -> Callable[..., Any]:
        return twin if config.DISABLE_JIT else njit(cache=True, nogil=True)(loops)  # type: ignore[attr-defined]

    return choose


def mix_all(values: NDArray[np.uint64]) -> NDArray[np.uint64]:
    """Return 64-bit values scrambled one to one (finaliser of SplitMix64, Steele et al. 2014)."""
    values = (values ^ (values >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    values = (values ^ (values >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return values ^ (values >> np.uint64(31))


mix: Callable[[Any], Any] = njit(cache=True, nogil=True)(mix_all)
"""The same for one value, to be called by kernels."""
