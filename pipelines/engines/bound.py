"""Ends a worker process when the command is gone that it works for.

Beam loads this in each worker that the embedded engine starts. A command that is killed cannot end
its workers, and Beam's go on until they have done all they were given.
"""

import os
import threading
import time

from florilegium.manifests.scratch import alive

DRIVER = "FLORILEGIUM_DRIVER"
"""Environment variable: the process that a worker works for."""
_SECONDS_BETWEEN_LOOKS = 0.5


def _end_with(driver: int) -> None:
    while alive(driver):
        time.sleep(_SECONDS_BETWEEN_LOOKS)
    os._exit(1)


if driver := os.environ.get(DRIVER):
    threading.Thread(target=_end_with, args=(int(driver),), daemon=True).start()
