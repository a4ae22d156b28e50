"""Who acts, in which role, and what that role may do. Pure values; rendering and rules of environments are elsewhere."""
