from registry_fixtures import company, empty_registry, two_versions

__all__ = ["company", "empty_registry", "two_versions"]
