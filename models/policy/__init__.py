"""What every account gets in a week: judged, ranked, allocated, logged, replayed."""
