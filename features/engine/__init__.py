"""The feature engine: events to features; importing it compiles nothing."""

from features.engine.build import build_features, build_reference, stream_features

__all__ = ["build_features", "build_reference", "stream_features"]
