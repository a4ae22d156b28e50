"""The pages and what they share. Pages read state, call one service, draw; they never wait for AWS or Terraform."""
