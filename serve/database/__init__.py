"""What the service remembers: one database, SQLite at home or PostgreSQL by its address."""
