# ruff: noqa: N999  the dot is in the name that gunicorn's users look for
"""How gunicorn runs the state API in a task of 64 MB (128 MB at most): one worker, a few threads.

Environment: ``PORT`` (5000), ``BIND_HOST`` (every interface, as a container needs; a task that runs
as a plain local process gets 127.0.0.1), ``WEB_THREADS`` (8), ``LOG_LEVEL`` (info).
"""

import logging
import os

# What the log does not show need not be found out for every line (Python's logging HOWTO, "Optimization").
logging.logThreads = False
logging.logProcesses = False
logging.logMultiprocessing = False
logging._srcfile = None

bind = f"{os.environ.get('BIND_HOST', '0.0.0.0')}:{os.environ.get('PORT', '5000')}"  # noqa: S104  a container's only way to be reached
workers = 1
worker_class = "gthread"
threads = int(os.environ.get("WEB_THREADS", "8"))
# Longer than the load balancer's idle time (60 s), so that it never sends into a closed connection.
keepalive = 75
timeout = 30
# A stopped ECS task is killed after 30 s.
graceful_timeout = 25
# The heartbeat file belongs in memory: the root file system of a task may be read-only.
worker_tmp_dir = "/dev/shm" if os.access("/dev/shm", os.W_OK) else None  # noqa: S108  memory, not a shared scratch folder
# No management socket in a home directory that may not exist.
control_socket_disable = True
limit_request_line = 4094
limit_request_fields = 60

_level = os.environ.get("LOG_LEVEL", "info").upper()
logconfig_dict = {
    "version": 1,
    "disable_existing_loggers": False,
    "formatters": {"json": {"()": "backend.request_log.JsonFormatter"}},
    "handlers": {
        "stdout": {"class": "logging.StreamHandler", "formatter": "json", "stream": "ext://sys.stdout"}
    },
    "root": {"level": _level, "handlers": ["stdout"]},
    "loggers": {
        "gunicorn.error": {"level": _level, "handlers": ["stdout"], "propagate": False},
        # The application writes its own line per request.
        "gunicorn.access": {"level": "CRITICAL", "handlers": [], "propagate": False},
        "botocore": {"level": "WARNING"},
        "urllib3": {"level": "WARNING"},
    },
}
