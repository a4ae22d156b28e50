"""The only door to boto3: one session, retries, paging, and typed results per service."""
