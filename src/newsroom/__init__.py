"""Newsroom: a scheduled pipeline from an institution's newsroom pages to a DuckDB file one can trust."""

__version__ = "0.1.0"
