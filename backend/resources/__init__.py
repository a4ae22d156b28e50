"""The nouns of the API, one resource class each; what they need comes in through the constructor."""
