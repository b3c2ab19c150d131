from registry_fixtures import company, empty_store, store

__all__ = ["company", "empty_store", "store"]
