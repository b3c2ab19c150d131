"""A command is a function of its own options that returns an answer; the options of all commands are added here."""

import inspect
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields, is_dataclass
from enum import StrEnum
from functools import wraps
from time import time_ns
from typing import Annotated, Any, Generic, TypeVar, get_origin, get_type_hints

import typer

from kqml.messages import text
from kqml.settings import Settings, read_settings
from serve.cli.layout import Block, Line
from serve.cli.output import print_answer, warn


class Language(StrEnum):
    """The languages that sentences come in."""

    ZH = "zh"
    EN = "en"


JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object.")]
LanguageOption = Annotated[
    Language | None, typer.Option("--language", help="Language of the output. Default: the setting KQML_LANGUAGE.")
]


@dataclass(frozen=True)
class CommandContext:
    """The context of a command: the settings, the language of its sentences, the present instant, whether it prints
    JSON."""

    settings: Settings
    language: str
    now: int
    as_json: bool = False


Result = TypeVar("Result")
Result_co = TypeVar("Result_co", covariant=True)


@dataclass(frozen=True)
class Answer(Generic[Result_co]):
    """What a command answers: the object of `--json` (a typed dict or a dataclass), the blocks that a person sees, the
    exit code (1 where the answer is no), sentences for standard error, what follows once the answer is printed.

    A command declares `Answer[type of the result]`, from which `docs/schemas` is generated.
    """

    result: Result_co
    blocks: Iterable[Block]
    exit_code: int = 0
    notices: Sequence[str] = ()
    afterwards: Callable[[], None] | None = None


def sentence(key: str, language: str, result: Result, **more: object) -> Answer[Result]:
    """Return an answer whose text is the sentence `key`, filled in from the result."""
    values = result if isinstance(result, Mapping) else vars(result)
    return Answer(result, [Line(text(key, language, **{**values, **more}))])


def create_context(language: Language | None = None, as_json: bool = False) -> CommandContext:
    """Return the context of a command that starts now."""
    settings = read_settings()
    return CommandContext(settings, language.value if language else settings.language, time_ns() // 1_000, as_json)


def run_here(function: Callable[..., Answer[Any]], /, *arguments: Any, **options: Any) -> None:
    """Run a command from within another one, with the settings as they are now, and print what it shows."""
    names = list(inspect.signature(function).parameters)
    if "context" in names:
        options["context"] = create_context()
        names.remove("context")
    names = [name for name in names if name not in _option_groups(function)]
    options |= dict(zip(names, arguments, strict=False))
    _finish(function(**_gather_groups(function, options)), as_json=False)


def with_shared_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return the function as Typer runs it: with `--json` where it returns an Answer, which is then printed, with
    `--language` where it takes a context and has no such option of its own.

    A parameter whose type is a dataclass is a group of options, one for each field, that several commands share.
    """
    signature = inspect.signature(function)
    own = {name: parameter for name, parameter in signature.parameters.items() if name != "context"}
    takes_context = len(own) < len(signature.parameters)
    speaks = takes_context and "language" not in own
    if get_origin(signature.return_annotation) is not Answer:
        return function

    @wraps(function)
    def command(**options: Any) -> None:
        as_json = options.pop("as_json")
        if takes_context:
            options["context"] = create_context(options.pop("language") if speaks else None, as_json)
        _finish(function(**_gather_groups(function, options)), as_json)

    added = [_option("language", LanguageOption, None)] if speaks else []
    parameters = [option for parameter in own.values() for option in _options_of(parameter)]
    parameters += [*added, _option("as_json", JsonOption, False)]
    keywords = [parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY) for parameter in parameters]
    command.__signature__ = inspect.Signature(keywords)  # type: ignore[attr-defined]
    command.__annotations__ = {}
    return command


def _option_groups(function: Callable[..., Any]) -> dict[str, Any]:
    """The parameters that are groups of options, with their dataclasses."""
    annotations = {name: parameter.annotation for name, parameter in inspect.signature(function).parameters.items()}
    return {name: shape for name, shape in annotations.items() if name != "context" and is_dataclass(shape)}


def _options_of(parameter: inspect.Parameter) -> list[inspect.Parameter]:
    if not is_dataclass(parameter.annotation):
        return [parameter]
    shapes = get_type_hints(parameter.annotation, include_extras=True)
    return [_option(field.name, shapes[field.name], field.default) for field in fields(parameter.annotation)]


def _gather_groups(function: Callable[..., Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """The arguments of the function: options of its groups gathered into their dataclasses."""
    gathered = dict(options)
    for name, shape in _option_groups(function).items():
        given = {field.name: gathered.pop(field.name) for field in fields(shape) if field.name in gathered}
        gathered[name] = shape(**given)
    return gathered


def _finish(answer: Answer[Any], as_json: bool) -> None:
    for notice in answer.notices:
        warn(notice)
    print_answer(answer.result, answer.blocks, as_json)
    if answer.exit_code:
        raise SystemExit(answer.exit_code)
    if answer.afterwards is not None:
        answer.afterwards()


def _option(name: str, annotation: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=annotation)
