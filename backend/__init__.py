"""The state API of the TODO list: a Falcon WSGI application that keeps named lists of to-dos."""
