"""Briefs: what a rep should know before an action (reasons, open issues, questions, offers)."""
