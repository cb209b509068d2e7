"""``python -m benchmarks``: all that is measured, with defaults that end within minutes."""

from __future__ import annotations

from benchmarks import concurrency, queries

queries.main()
concurrency.main([])
