from registry_fixtures import company, empty_store, filled, store, two_versions

__all__ = ["company", "empty_store", "filled", "store", "two_versions"]
