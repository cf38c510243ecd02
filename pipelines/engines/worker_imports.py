"""What a worker imports, so that a pool can have it ready before workers are asked for."""

from apache_beam.runners.worker import sdk_worker_main

from florilegium.pipelines.duplicates import deduplicate
from florilegium.pipelines.harvest import harvest
from florilegium.pipelines.publishing import publish
from florilegium.pipelines.verdicts import decide

__all__ = ["decide", "deduplicate", "harvest", "publish", "sdk_worker_main"]
