"""Passages become findable: SQLite for the truth and the words, Chroma for the vectors."""
