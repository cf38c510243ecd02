"""The steps of a build that an engine runs, in their order."""

from typing import Literal, TypeAlias, get_args

Step: TypeAlias = Literal[
    "harvest", "rights", "deduplicate", "lines", "licences", "assess", "mix", "decide", "publish"
]
"""What comes after the last, seal, is done where the build is."""
STEPS: tuple[Step, ...] = get_args(Step)
Search: TypeAlias = Literal["lines", "licences"]
"""A step that looks at all pages of a host, if the recipe asks for it."""
