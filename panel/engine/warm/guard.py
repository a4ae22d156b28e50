"""A script: ends what a warm process leaves behind when it is killed, since providers do not notice that they are alone.

It is in the warm process's own group and reads a pipe that nobody writes to: the pipe ends when that process does.
"""

import os
import signal
import sys

if __name__ == "__main__":
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_IGN)
    while sys.stdin.buffer.read(1):
        pass
    sys.stderr.write("The warm process is gone; ending what it left behind.\n")
    os.killpg(os.getpgrp(), signal.SIGKILL)
