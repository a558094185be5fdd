"""Faces: how people and programs meet a lab. A face holds a `Lab` and records, and nothing below them."""
