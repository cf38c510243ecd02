"""Servers of Beam's that talk on the loopback interface only.

Beam binds the gRPC servers of its workers and job services to every address of the machine, with
no way to say otherwise, and whoever reaches one can run code there.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from unittest import mock

import grpc


@contextmanager
def loopback_only() -> Iterator[None]:
    """Make the gRPC servers that are started meanwhile listen on loopback instead of anywhere."""
    start = grpc.server

    def server(*args: Any, **options: Any) -> grpc.Server:  # noqa: ANN401
        made = start(*args, **options)
        bind = made.add_insecure_port
        made.add_insecure_port = lambda address: bind(address.replace("[::]:", "127.0.0.1:"))
        return made

    with mock.patch.object(grpc, "server", server):
        yield
