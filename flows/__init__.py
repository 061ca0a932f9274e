"""The only place that says "prefect": flows, their tasks, and the server they report to.

Importing this package costs nothing; `flows.runs` imports Prefect (two seconds), `flows.server` does not, so that the server can
start while Prefect is still being imported.
"""
