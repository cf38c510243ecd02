"""What workers cost, in euros and watts. Assumed, not looked up: users have prices of their own."""

import math
import tomllib
from collections.abc import Mapping
from typing import Annotated, Any

import msgspec
from msgspec import Meta, Struct

from florilegium.manifests.location import locate
from florilegium.pipelines.forecast.costs import AT_WORK

Price = Annotated[float, Meta(ge=0)]
HOURS_A_MONTH = 730


class PricesError(ValueError):
    """A file of prices that cannot be read; the message says why."""


class Prices(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an engine costs; the keys of a file of prices."""

    vcpu_hour: Price
    """Euros for a vCPU for an hour."""
    memory_gb_hour: Price
    """Euros for a gigabyte of memory for an hour."""
    memory_gb_a_core: Price = 4.0
    """Gigabytes of memory that come, and are paid for, with a vCPU."""
    cores_paid: Annotated[float, Meta(ge=1)] = 1.0
    """vCPUs that are paid for by vCPU that works: Flink has a JVM beside every four."""
    shuffled_gb: Price = 0.0
    """Euros for a gigabyte moved by a service for shuffles."""
    storage_gb_month: Price = 0.02
    """Euros for keeping a gigabyte for a month."""
    watts_idle: Price = 0.74
    """Watts of a vCPU that has nothing to do."""
    watts_busy: Price = 3.5
    """Watts of a vCPU that works."""
    watts_memory_gb: Price = 0.392
    """Watts of a gigabyte of memory."""
    pue: Annotated[float, Meta(ge=1)] = 1.135
    """Power usage effectiveness: what the building takes by what its machines take."""

    @property
    def core_hour(self) -> float:
        """Euros for a vCPU and its memory for an hour."""
        return self.vcpu_hour + self.memory_gb_a_core * self.memory_gb_hour

    @property
    def core_watts(self) -> float:
        """Watts of a vCPU that works `AT_WORK` of the time, with its memory and cooling."""
        vcpu = self.watts_idle + AT_WORK * (self.watts_busy - self.watts_idle)
        return (vcpu + self.memory_gb_a_core * self.watts_memory_gb) * self.pue


PRICES: Mapping[str, Prices] = {
    "embedded": Prices(vcpu_hour=0.034, memory_gb_hour=0.004),
    "flink": Prices(vcpu_hour=0.034, memory_gb_hour=0.004, cores_paid=1.25),
    "dataflow": Prices(vcpu_hour=0.056, memory_gb_hour=0.003557, shuffled_gb=0.011),
}
"""By engine. A machine is a round 0.05 euros an hour with its memory. Dataflow is what programs in
public repositories reckon with for us-central1, in dollars, taken as euros one for one. Watts and
PUE are the averages that Cloud Carbon Footprint gives for AWS (Methodology, appendix I); where the
machines stand is not known, and those of other providers differ by a fifth."""


def prices_of(engine: str, file: str | None = None) -> Prices:
    """Return the prices of an engine, changed by a TOML file, local or in a store, if there is one.

    PricesError if the file cannot be read or has something else in it.
    """
    if file is None:
        return PRICES[engine]
    try:
        given = tomllib.loads(locate(file).read_bytes().decode())
        return _changed(PRICES[engine], given)
    except OSError as error:
        raise PricesError(f"{file}: {error.strerror or error}") from error
    except (ValueError, msgspec.ValidationError) as error:
        raise PricesError(f"{file}: {error}") from error


def _changed(prices: Prices, given: Mapping[str, Any]) -> Prices:
    """Return prices with others in place of some; ValueError if one is none."""
    if endless := [name for name, one in given.items() if isinstance(one, float)
                   and not math.isfinite(one)]:  # fmt: skip
        raise ValueError(f"`{endless[0]}` is no number")
    return msgspec.convert({**msgspec.structs.asdict(prices), **given}, Prices)
