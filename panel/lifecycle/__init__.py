"""The workflows that string runs, deployments, health and cost into "create an environment", and what pages and terminals ask of them."""
