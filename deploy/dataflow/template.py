"""What Dataflow's template launcher runs: its arguments, put into our own command line.

The launcher passes the parameters of `metadata.json` and options of Beam, all as `--name=value`.
Ours become arguments of `florilegium build`; Beam's go on as they are, each in `--beam-option`.
"""

import argparse
import sys
from collections.abc import Sequence


def command(launched: Sequence[str]) -> list[str]:
    """Return the arguments of `florilegium` for those of the launcher.

    Without a step, it is the whole build: as only one job can be launched, that comes to the next
    step that is not done, or to the seal. SystemExit with code 2 if a parameter is missing.
    """
    parser = argparse.ArgumentParser(prog="template", allow_abbrev=False)
    parser.add_argument("--step")
    parser.add_argument("--recipe", default="european")
    parser.add_argument("--input", required=True)
    parser.add_argument("--out", required=True)
    ours, beam_options = parser.parse_known_args(launched)
    return [
        "build",
        ours.recipe,
        f"--input={ours.input}",
        f"--out={ours.out}",
        "--engine=dataflow",
        *([f"--step={ours.step}"] if ours.step else []),
        *(f"--beam-option={option}" for option in beam_options),
    ]


def main() -> None:
    """Launch one step of a build; exit with the codes of `florilegium`."""
    from florilegium.pipelines.cli import main as cli

    cli.main(command(sys.argv[1:]))


if __name__ == "__main__":
    main()
