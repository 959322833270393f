"""Public benchmarks, and Cited side by side with what a user would pick instead."""
