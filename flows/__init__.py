"""Prefect decorators, retries, schedules and artifacts around the use cases of `pipeline`; nothing else."""
