"""Terraform runs: plan, guardrails, apply, their log and progress. Image deploys are in deploys, sequencing in lifecycle."""
