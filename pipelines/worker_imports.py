"""What a worker imports, so that a pool can have it ready before workers are asked for."""

from apache_beam.runners.worker import sdk_worker_main

from florilegium.pipelines import decide, deduplicate, harvest, publish

__all__ = ["decide", "deduplicate", "harvest", "publish", "sdk_worker_main"]
