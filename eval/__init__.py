"""Answers become figures that people can trust."""
