"""Access control: keys, users, sessions, scopes, territories, encryption, erasure, audit log."""
