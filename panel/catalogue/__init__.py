"""environments.yaml: its schema, loading with line-numbered errors, edits that keep comments, and variables read from terraform/."""
