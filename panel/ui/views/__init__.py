"""One module per page. Each has a function ``show`` that draws it."""
