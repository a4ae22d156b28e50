"""Telling people what happened: words, channels (webhook, e-mail), and delivery out of the store's outbox.

What is worth telling, and to whom, is decided in :mod:`panel.lifecycle.telling`.
"""
