from registry_fixtures import company, database, empty_database, filled, two_versions

__all__ = ["company", "database", "empty_database", "filled", "two_versions"]
