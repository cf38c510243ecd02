"""The command that compares two recipes. It returns the exit code of the program."""

from collections.abc import Iterable, Iterator, Sequence

from rich.console import Console
from rich.table import Table
from rich.text import Text

from florilegium.manifests import erasures
from florilegium.manifests.location import Location, locate
from florilegium.manifests.manifest import Manifest
from florilegium.pipelines import build as builds
from florilegium.pipelines.commands.answers import (
    DONE,
    LOCKED,
    USAGE,
    console_for,
    ended,
    print_json,
    printable,
    stopped,
)
from florilegium.pipelines.commands.display import Display
from florilegium.pipelines.compare.compare import compare
from florilegium.pipelines.compare.pair import Pair, pair
from florilegium.pipelines.compare.tables import told
from florilegium.pipelines.engines.choice import EngineChoice, choose
from florilegium.pipelines.harvest.inputs import find_files
from florilegium.pipelines.lock import LockedError
from florilegium.pipelines.planning import Plan
from florilegium.pipelines.recipe import changed
from florilegium.pipelines.recipe import load as load_recipe
from florilegium.pipelines.runs.stopping import code_of, interruptible


def compare_recipes(
    recipes: tuple[str, str],
    inputs: Iterable[str],
    out: str,
    settings: Sequence[str],
    settings_of_b: Sequence[str],
    workers: int | None,
    examples: int,
    most: int,
    output: str,
) -> int:
    """Build both recipes, as far as that is not done, and say what each keeps."""
    try:
        a = changed(load_recipe(recipes[0]), settings)
        b = changed(load_recipe(recipes[1]), [*settings, *settings_of_b])
        both = pair(a, b, find_files(inputs), locate(out))
    except ValueError as error:
        return ended(USAGE, str(error))
    except (OSError, ModuleNotFoundError) as error:
        return stopped(error)
    console = console_for(output)
    for line in (_shared(both), *_erased(both, locate(out))):
        console.print(Text(line), soft_wrap=True)
    choice = EngineChoice(workers=workers)
    try:
        with interruptible():
            manifests = [
                _built(_named("A", both.a, settings), both.a, choice, console),
                _built(_named("B", both.b, [*settings, *settings_of_b]), both.b, choice, console),
            ]
            made = compare(
                (both.a.release, manifests[0]), (both.b.release, manifests[1]), both.apart, examples
            )
    except LockedError as error:
        return ended(LOCKED, str(error))
    except KeyboardInterrupt as interrupt:
        return ended(code_of(interrupt), "interrupted; run the same command again to go on")
    except Exception as error:
        return stopped(error)
    if output == "json":
        print_json(made)
        return DONE
    for part in told(made, most):
        console.print(part, soft_wrap=not isinstance(part, Table))
    return DONE


def _shared(both: Pair) -> str:
    if not both.apart:
        return "both recipes are built from the same parts"
    return (
        f"each recipe has parts of its own: the recipes differ in {', '.join(both.apart)}, "
        "which harvest reads"
    )


def _erased(both: Pair, out: Location) -> Iterator[str]:
    """Yield what is to be said of corpora from which something was erased: here it is again."""
    for name in dict.fromkeys(plan.recipe.name for plan in (both.a, both.b)):
        if (out / name / erasures.NAME).is_file():
            yield (
                f"what was erased from {out / name} is not left out here: remove "
                f"{both.a.home} when you are done, or erase it there too"
            )


def _named(name: str, plan: Plan, settings: Sequence[str]) -> str:
    changes = f" with {', '.join(settings)}" if settings else ""
    return printable(f"{name}  {plan.recipe.name} {plan.build_id}{changes}")


def _built(said: str, plan: Plan, choice: EngineChoice, console: Console) -> Manifest:
    """Return the release of a recipe, which is built if it is not there."""
    if (there := plan.released()) is not None:
        builds.tidy(plan)
        console.print(Text(f"{said}: built before"), soft_wrap=True)
        return there
    console.print(Text(said), soft_wrap=True)
    return builds.build(plan, choose(choice, plan), Display(console))
