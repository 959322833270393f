"""A file becomes one Document: one text, with sections and footnotes as exact spans of it."""
