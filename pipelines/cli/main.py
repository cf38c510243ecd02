"""The command line: what can be typed. What happens then is loaded when needed."""

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import click

from florilegium.pipelines.cli import audit as cli_audit
from florilegium.pipelines.cli import compare as cli_compare
from florilegium.pipelines.cli import crawl as cli_crawl
from florilegium.pipelines.cli import erase as cli_erase
from florilegium.pipelines.cli import export as cli_export
from florilegium.pipelines.cli import gates as cli_gates
from florilegium.pipelines.cli import plan as cli_plan
from florilegium.pipelines.cli import report as cli_report
from florilegium.pipelines.cli import research as cli_research
from florilegium.pipelines.cli import select as cli_select
from florilegium.pipelines.cli import status as cli_status
from florilegium.pipelines.cli import texts as cli_texts
from florilegium.pipelines.cli.options import KEY, OUTPUT, POSITIVE, RECIPE
from florilegium.pipelines.runs.stopping import Stopped, code_of, stoppable
from florilegium.pipelines.steps import STEPS, Step
from florilegium.pipelines.watch.logs import hear
from florilegium.pipelines.watch.options import watch_options

if TYPE_CHECKING:
    from florilegium.pipelines.watch.command import WatchChoice


class _Interruptible(click.Group):
    """Commands that say so when they are interrupted or told to end, wherever they are."""

    def invoke(self, ctx: click.Context) -> object:
        with stoppable():
            try:
                return super().invoke(ctx)
            except KeyboardInterrupt as interrupt:
                from florilegium.pipelines.commands import answers

                why = interrupt.why if isinstance(interrupt, Stopped) else "interrupted"
                sys.exit(answers.ended(code_of(interrupt), why))


@click.group(
    cls=_Interruptible,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
)
@click.version_option(package_name="florilegium")
def main() -> None:
    """Text corpora for European language models, built from WARC files, that can be defended.

    Exit codes: 0 done, 1 failed, 2 wrong usage or recipe, 3 nothing to do, 4 the release failed its
    gates and is staged, 5 another build is at work in the same place, 75 try again (for instance,
    when the disk is full, or a budget is used up), 130 interrupted from the keyboard, 143 told to
    end by SIGTERM.
    """
    hear("text")


@main.command()
@click.argument("recipe")
@click.argument("more_inputs", nargs=-1, metavar="[WARC]...")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="WARC",
    help="A WARC file, a folder of them, or a plan of `select`. May be given more than once, and "
    "left out if the recipe crawls.",
)
@click.option(
    "--out",
    default="corpora",
    show_default=True,
    help="Where corpora are kept: the release goes to OUT/NAME/BUILD.",
)
@click.option(
    "--engine",
    type=click.Choice(["embedded", "flink", "dataflow"]),
    default="embedded",
    show_default=True,
    help="Where the work is done: on this machine, on a Flink cluster, or on Google's Dataflow.",
)
@click.option(
    "--workers",
    type=click.IntRange(1, 512),
    help="Worker processes of the embedded engine. Default: one for every 16 MiB of input, at most "
    "one a core.",
)
@click.option(
    "--flink-master",
    metavar="HOST:PORT",
    default="127.0.0.1:8081",
    show_default=True,
    help="REST address of the Flink cluster.",
)
@click.option(
    "--flink-worker",
    metavar="HOST:PORT|COMMAND",
    default="127.0.0.1:50000",
    show_default=True,
    help="What starts workers on a TaskManager: a pool that listens there, or a command.",
)
@click.option(
    "--flink-job-server",
    metavar="JAR",
    type=click.Path(dir_okay=False, path_type=Path),
    envvar="FLORILEGIUM_FLINK_JOB_SERVER",
    help="Beam's job-server jar for this version of Flink. Default: the one in build/flink.",
)
@click.option(
    "--dataflow-project",
    metavar="PROJECT",
    envvar="GOOGLE_CLOUD_PROJECT",
    help="Project in which Dataflow's jobs run.",
)
@click.option(
    "--dataflow-region",
    metavar="REGION",
    envvar="CLOUDSDK_COMPUTE_REGION",
    help="Region in which they run, best that of the buckets, such as europe-west4.",
)
@click.option(
    "--dataflow-image",
    metavar="IMAGE",
    help="Container image of the workers, of this version: deploy/ says how to build it.",
)
@click.option(
    "--dataflow-workers",
    type=click.IntRange(1, 4000),
    default=50,
    show_default=True,
    help="Machines that Dataflow may use at the same time.",
)
@click.option(
    "--dataflow-staging",
    metavar="FOLDER",
    help="Where jobs are handed over, gs://. Default: in the work folder below OUT.",
)
@click.option(
    "--beam-option",
    "beam_options",
    multiple=True,
    metavar="--NAME=VALUE",
    help="Any other option of Beam's for Dataflow, such as "
    "--beam-option=--machine_type=e2-standard-4. May be given more than once.",
)
@click.option(
    "--against",
    metavar="RELEASE",
    multiple=True,
    help="An earlier release that stays as it is: copies of its documents are left out. May be "
    "given more than once.",
)
@click.option(
    "--parent",
    metavar="RELEASE",
    help="The release that this one goes on from, in place of the recipe's `parent`: `latest`, the "
    "name of a build, or where a release is. Copies of documents in it, and in all that it was "
    "built on, are left out.",
)
@click.option(
    "--step",
    type=click.Choice(STEPS),
    help="Run this step only, after those before it. The same command without --step then seals "
    "the release.",
)
@KEY
@click.option(
    "--all-reasons",
    is_flag=True,
    help="List every rule that each lost document fails, in audit/reasons/ (recipe: reasons).",
)
@click.option(
    "--dry-run",
    is_flag=True,
    help="Do nothing but say what would be done and what it takes: see `florilegium plan`.",
)
@click.option(
    "--prices",
    metavar="FILE",
    help="A TOML file with what workers cost, in euros and watts (docs/scale.md). Default: "
    "assumptions.",
)
@click.option(
    "--max-hours",
    metavar="HOURS",
    type=POSITIVE,
    help="Stop after so long, with exit code 75. What is done is kept, and the same command goes "
    "on, with the whole budget anew.",
)
@click.option(
    "--max-cost",
    metavar="EUROS",
    type=POSITIVE,
    help="Stop in the same way when the workers have cost so much by --prices: as many as the "
    "engine may use, from the start on.",
)
@OUTPUT
@watch_options
def build(
    recipe: str,
    more_inputs: tuple[str, ...],
    inputs: tuple[str, ...],
    out: str,
    engine: Literal["embedded", "flink", "dataflow"],
    workers: int | None,
    flink_master: str,
    flink_worker: str,
    flink_job_server: Path | None,
    dataflow_project: str | None,
    dataflow_region: str | None,
    dataflow_image: str | None,
    dataflow_workers: int,
    dataflow_staging: str | None,
    beam_options: tuple[str, ...],
    against: tuple[str, ...],
    parent: str | None,
    step: Step | None,
    key: Path | None,
    all_reasons: bool,
    dry_run: bool,
    prices: str | None,
    max_hours: float | None,
    max_cost: float | None,
    output: str,
    watch: "WatchChoice",
) -> None:
    """Build a release from WARC files by RECIPE: a shipped one by name, or a TOML file.

    A recipe with a table [crawl] fetches its seeds first, to OUT/NAME/crawl.
    Recipe, input and output may be local, in S3 (s3://BUCKET/KEY) or in Google Cloud Storage (gs://).
    An interrupted build goes on where it was when the same command is run again.
    """
    from florilegium.pipelines.commands import build as build_command
    from florilegium.pipelines.engines.choice import EngineChoice
    from florilegium.pipelines.runs.budget import Budget
    from florilegium.pipelines.watch.command import watched

    choice = EngineChoice(
        name=engine,
        workers=workers,
        flink_master=flink_master,
        flink_worker=flink_worker,
        flink_job_server=flink_job_server,
        dataflow_project=dataflow_project,
        dataflow_region=dataflow_region,
        dataflow_image=dataflow_image,
        dataflow_workers=dataflow_workers,
        dataflow_staging=dataflow_staging,
        beam_options=beam_options,
    )
    sys.exit(
        watched(
            watch,
            lambda told: build_command.build(
                recipe,
                (*inputs, *more_inputs),
                out,
                choice,
                step,
                dry_run,
                output,
                told,
                prices,
                against,
                all_reasons,
                key,
                parent,
                Budget(euros=max_cost, hours=max_hours),
            ),
        )
    )


@main.command()
@click.argument("page", required=False)
@click.option("--jsonl", is_flag=True, help="Read pages as JSON lines from standard input.")
@click.option(
    "--input",
    "inputs",
    multiple=True,
    metavar="WARC",
    help="Where to look for PAGE, if it is the address of a captured page.",
)
@RECIPE
@OUTPUT
def inspect(
    page: str | None, jsonl: bool, inputs: tuple[str, ...], recipe: str, output: str
) -> None:
    """Show all that a build would think of one page.

    PAGE is an HTML file, or an address captured in the WARC files named by --input. With --jsonl,
    pages are read from standard input, a line each: {"id", "url", "html_base64"} or {"id", "text"},
    and answered by a JSON line each.
    """
    from florilegium.pipelines.commands import small as commands

    sys.exit(commands.inspect(page, jsonl, inputs, recipe, output))


for command in (
    *cli_audit.COMMANDS,
    *cli_compare.COMMANDS,
    *cli_crawl.COMMANDS,
    *cli_erase.COMMANDS,
    *cli_export.COMMANDS,
    *cli_gates.COMMANDS,
    *cli_report.COMMANDS,
    *cli_research.COMMANDS,
    *cli_select.COMMANDS,
    *cli_status.COMMANDS,
    *cli_texts.COMMANDS,
):
    main.add_command(command)
main.add_command(cli_plan.like(build))

if __name__ == "__main__":
    main()
