"""Is it working, what is broken, whom to call: probes, and their combination to one verdict.

Nothing here mends anything, and nothing here stores anything.
"""
