"""Runs against each other: values, curves, texts, data, and differences row by row. Each file has one part of it."""
