"""Names: no two public classes share one, none comes from the project's first dialect."""

import ast
from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
CLIENT_ANSWERS = Path("kqml/client/answers.py")
PACKAGES = ("kqml", "features", "models", "serve", "experiments")
REFUSED = {"asked", "told", "judged", "owed", "wish", "wishes", "kept", "kept_reps", "lived", "sayings", "deed"}
REFUSED |= {"coin", "coins", "luck", "happenings", "happen", "crossroads", "places", "readings", "tamed", "stake"}
REFUSED |= {"climb", "tired", "eagerness", "healed", "dear", "shade"}
REFUSED |= {"found", "made", "saying", "dutysaying", "work_beside", "sealer", "say_status", "say_duties"}
REFUSED |= {"tried", "learnt", "ripening"}
"""Words that no practitioner of the field uses for what they stood for; `docs/glossary.md` has the words to use."""

VAGUE = {"one", "said"}
"""Names that do not say what a variable holds; refused in the service and its client."""


def trees() -> Iterator[tuple[Path, ast.Module]]:
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT), ast.parse(path.read_text(encoding="utf-8"))


def identifiers(tree: ast.Module) -> Iterator[str]:
    for node in ast.walk(tree):
        match node:
            case ast.Name(id=name) | ast.arg(arg=name) | ast.Attribute(attr=name):
                yield name
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                yield name
            case ast.keyword(arg=str(name)):
                yield name


def test_no_identifier_is_refused():
    refused = {
        f"{path}: {name}" for path, tree in trees() for name in identifiers(tree) if name.strip("_").lower() in REFUSED
    }
    assert refused == set()


def test_no_variable_of_the_service_or_its_client_has_a_vague_name():
    refused = {
        f"{path}: {node.id if isinstance(node, ast.Name) else node.arg}"
        for path, tree in trees()
        if path.is_relative_to("serve") or path.is_relative_to("kqml/client")
        for node in ast.walk(tree)
        if isinstance(node, ast.Name | ast.arg)
        and (node.id if isinstance(node, ast.Name) else node.arg).strip("_").lower() in VAGUE
    }
    assert refused == set()


def test_no_two_public_classes_share_a_name():
    """The answers that the client reads bear the names of the bodies of the API, on purpose."""
    places = defaultdict(list)
    for path, tree in trees():
        for node in tree.body if path != CLIENT_ANSWERS else ():
            if isinstance(node, ast.ClassDef) and not node.name.startswith("_"):
                places[node.name].append(str(path))
    assert {name: paths for name, paths in places.items() if len(paths) > 1} == {}
