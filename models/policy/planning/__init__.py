"""The plan of a week: assessment, ranking, decision, record."""
