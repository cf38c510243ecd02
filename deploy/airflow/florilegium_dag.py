"""A corpus that Airflow builds every week: see what it takes, build, verify.

The tasks run `florilegium` as a command, wherever Airflow's workers run. Settings are environment
variables of the workers: FLORILEGIUM (the command), FLORILEGIUM_RECIPE, FLORILEGIUM_INPUT,
FLORILEGIUM_OUT and FLORILEGIUM_NAME, the name that the recipe gives to the corpus.
"""

import os
from datetime import datetime, timedelta

from airflow.providers.standard.operators.bash import BashOperator
from airflow.sdk import DAG
from airflow.sdk.exceptions import AirflowFailException

COMMAND = os.environ.get("FLORILEGIUM", "florilegium")
RECIPE = os.environ.get("FLORILEGIUM_RECIPE", "european")
INPUT = os.environ.get("FLORILEGIUM_INPUT", "/srv/warc")
OUT = os.environ.get("FLORILEGIUM_OUT", "/srv/corpora")
NAME = os.environ.get("FLORILEGIUM_NAME", RECIPE)

ARGUMENTS = '"$RECIPE" --input "$INPUT" --out "$OUT"'
SETTINGS = {"FLORILEGIUM": COMMAND, "RECIPE": RECIPE, "INPUT": INPUT, "OUT": OUT, "NAME": NAME}

# 3: nothing to do, so that what follows is skipped. 1, 75, 130 and 143 are tried again, and go on
# where the build was; 2 and 4, a wrong recipe and a failed gate, are not cured by that: 99 is the
# exit code that fails a task at once.
BUILD = f"""
"$FLORILEGIUM" build {ARGUMENTS} --log-format json || code=$?
case "${{code:-0}}" in 2|4) echo "exit code $code" ;; *) exit "${{code:-0}}" ;; esac
"""


def final(last: str) -> str:
    """Return the last line of a build, unless it says that another try would not help."""
    if last.startswith("exit code "):
        raise AirflowFailException(f"the build ended with {last}: see its log")
    return last


with DAG(
    dag_id="florilegium",
    schedule="0 2 * * 1",
    start_date=datetime(2026, 1, 1),
    catchup=False,
    max_active_runs=1,
    default_args={"retries": 5, "retry_delay": timedelta(minutes=5)},
    doc_md=__doc__,
) as dag:
    plan = BashOperator(
        task_id="plan",
        bash_command=f'"$FLORILEGIUM" plan {ARGUMENTS}',
        env=SETTINGS,
        append_env=True,
        skip_on_exit_code=3,
    )
    build = BashOperator(
        task_id="build",
        bash_command=BUILD,
        output_processor=final,
        env=SETTINGS,
        append_env=True,
        skip_on_exit_code=3,
    )
    verify = BashOperator(
        task_id="verify",
        bash_command='"$FLORILEGIUM" verify "$OUT/$NAME/latest"',
        env=SETTINGS,
        append_env=True,
        retries=0,
    )
    plan >> build >> verify
