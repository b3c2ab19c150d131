from registry_fixtures import company, empty_registry, filled, registry, two_versions

__all__ = ["company", "empty_registry", "filled", "registry", "two_versions"]
