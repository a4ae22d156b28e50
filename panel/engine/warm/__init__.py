"""The warm engine: a process that keeps Terraform and its provider ready, for everything that changes nothing.

A cold plan spends most of its time on starting: loading Terraform, checking and starting the provider's 700 MB,
reading its schema. A warm process has done all that and takes executions in the folder format of the cold runner
(`panel.engine.execution`), so that following, canceling and recovering them are the same. It may end at any moment,
and then the cold runner answers. See docs/adr/0008-warm-engine.md.
"""
