"""Names and explanations of features, from the message catalogues."""

from features.definitions import Atom, CadenceTarget, Calendar, Combined, Feature, Measure, Peer
from kqml.events import KIND_OF_CODE
from kqml.messages import text


def named(feature: Feature, language: str) -> str:
    """Return the feature's name in `language` ("zh" or "en")."""
    return _measure(feature.measure, language)


def why(feature: Feature, language: str) -> str:
    """One sentence on why the feature is there."""
    return text(f"features.why.{feature.why}", language)


def _measure(measure: Measure, language: str) -> str:
    match measure:
        case Atom():
            return _atom(measure, language)
        case Combined(left, operation, right):
            parts = {"left": _measure(left, language), "right": _atom(right, language)}
            return text(f"features.operations.{operation}", language, **parts)
        case Peer(own, mean):
            return text(f"features.peers.{'mean' if mean else 'own'}", language, own=_measure(own, language))
        case CadenceTarget(own, targets, excess):
            way = "beyond" if excess else "over" if len(targets) > 1 else "of_tier"
            tiers = ", ".join(tier for tier, _ in targets)
            return text(f"features.targets.{way}", language, own=_atom(own, language), tiers=tiers)
        case Calendar(season):
            return text(f"features.seasons.{season}", language)


def _atom(atom: Atom, language: str) -> str:
    return text(
        f"features.aggregations.{atom.aggregation}",
        language,
        stream=_stream(atom.stream.name, language),
        value=text(f"features.values.{atom.value}", language) if atom.value else "",
        window=_window(atom, language),
        last=atom.last,
    )


def _stream(name: str, language: str) -> str:
    kind = KIND_OF_CODE.get(name)
    return kind.named(language) if kind else text(f"features.streams.{name}", language)


def _window(atom: Atom, language: str) -> str:
    if atom.months is not None:
        return text(f"features.windows.{'last_month' if atom.months else 'this_month'}", language)
    if atom.aggregation.fades:
        return text(f"features.windows.{'ago' if atom.lag else 'now'}", language, lag=atom.lag)
    if atom.days is None:
        return text("features.windows.lifetime", language)
    return text(f"features.windows.{'lagged' if atom.lag else 'days'}", language, days=atom.days, lag=atom.lag)
