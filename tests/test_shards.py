"""Shards are put together from tables in the order of ids, whatever the tables are."""

import itertools

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from florilegium.manifests.schema import DOCUMENT_SCHEMA, to_table
from florilegium.manifests.shard_files import row_groups
from florilegium.pipelines.publishing.shard_plans import ShardPlan
from florilegium.pipelines.publishing.shards import write_shard
from florilegium.pipelines.recipe import Shards
from florilegium.pipelines.verdicts.decide import LostRecordsError


@given(
    st.lists(st.lists(st.integers(0, 9), min_size=1, max_size=6), min_size=1, max_size=6),
    st.integers(1, 30),
)
def test_row_groups_are_full_wherever_tables_begin(tables, most):
    made = [pa.table({"text_bytes": sizes}) for sizes in tables]
    groups = [group.column("text_bytes").to_pylist() for group in row_groups(made, most)]
    whole = [size for sizes in tables for size in sizes]
    assert [size for group in groups for size in group] == whole
    ends = list(itertools.accumulate(whole))
    first, number = 0, []
    for group in groups:
        number.append({end // most for end in ends[first : first + len(group)]})
        first += len(group)
    # One group for each multiple of `most` that is reached, and all of it.
    assert all(len(one) == 1 for one in number)
    assert len({min(one) for one in number}) == len(number)


def test_a_shard_that_did_not_get_its_documents_is_refused(document, tmp_path):
    table = to_table([document(1)], DOCUMENT_SCHEMA)
    plan = ShardPlan(lang="deu_Latn", index=0, of=1, first_leaf=0, documents=2, bytes=9)
    with pytest.raises(LostRecordsError, match="2 documents expected, 1 arrived"):
        write_shard(plan, [table], Shards(), tmp_path, tmp_path)
    assert list(tmp_path.rglob("*.parquet")) == []
