"""The benchmarks: `python -m experiments.bench NAME`, one module a name.

A module has `describe(parser)`, which adds its own options, `run(args)`, which returns one JSON-able mapping that
starts with its `parameters`, and `render(result)`, the lines for a person.
"""

NAMES = (
    "features",
    "churn",
    "score",
    "importing",
    "world",
    "groups",
    "allocation",
    "ope",
    "effects",
    "duties",
    "policy",
    "claims",
    "plan",
    "serve",
    "next_actions",
)
