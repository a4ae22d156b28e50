"""The panel's one tree of errors. Every message says what happened, to what, why, and what to do next.

PanelError                      anything the panel reports to a person
├── ConfigurationError          settings or environments.yaml are wrong (exit code 2)
│   └── CatalogueError          environments.yaml: file, line, key, what was expected
├── NotFoundError               no such environment, run, release, service (exit code 2)
├── RefusedError                a rule says no (exit code 3)
│   ├── AccessDeniedError       the person's role may not do this
│   ├── ProtectedError          the environment is protected
│   ├── BusyError               another run of the same environment is under way
│   ├── StaleError              what was reviewed is not what is there any more
│   └── IllegalTransitionError  the run is not in a state that allows this
├── UnavailableError            something the panel needs is out of reach (exit code 1)
│   ├── EndpointError           AWS (or the embedded AWS) does not answer
│   ├── ProviderError           no Terraform provider, neither in a mirror nor in the registry
│   ├── WorkerError             no worker is alive
│   └── StorageError            the database or the disk refused
├── OperationError              an operation was tried and failed (exit code 1)
│   ├── TerraformError          Terraform ended with diagnostics
│   ├── AwsError                an AWS call was refused
│   ├── BuildError              an image or a site could not be built
│   ├── DeployError             a roll-out or a publication did not succeed
│   ├── InterruptedRunError     the process that did the work is gone, its outcome is not known
│   ├── SupersededError         another worker has taken the run over
│   └── CanceledRunError        somebody asked for the run to stop, and it did
└── TimeLimitError              the time limit of a stage passed (exit code 4)
"""

from __future__ import annotations


class PanelError(Exception):
    """Anything the panel reports to a person.

    Args:
        message: what happened, to what, and why, in one or two sentences.
        hint: what to do next, as an instruction.
        detail: technical detail to fold under the message (diagnostics, an answer's text). Never a secret.
    """

    exit_code = 1

    def __init__(self, message: str, *, hint: str = "", detail: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".strip()

    def __reduce__(self) -> tuple[object, ...]:
        # Durable workflows keep errors as pickles: without this the keyword arguments would be lost.
        return (_rebuild, (type(self), self.message, self.hint, self.detail))


def _rebuild(kind: type[PanelError], message: str, hint: str, detail: str) -> PanelError:
    return kind(message, hint=hint, detail=detail)


class ConfigurationError(PanelError):
    """Settings or environments.yaml are wrong."""

    exit_code = 2


class CatalogueError(ConfigurationError):
    """environments.yaml is wrong; the message names file, line, key and what was expected."""


class NotFoundError(PanelError):
    """No such environment, run, release or service."""

    exit_code = 2


class RefusedError(PanelError):
    """A rule says no."""

    exit_code = 3


class AccessDeniedError(RefusedError):
    """The person's role may not do this."""


class ProtectedError(RefusedError):
    """The environment is protected."""


class BusyError(RefusedError):
    """Another run of the same environment is under way."""


class StaleError(RefusedError):
    """What was reviewed is not what is there any more: nothing was applied."""


class IllegalTransitionError(RefusedError):
    """The run is not in a state that allows this."""


class UnavailableError(PanelError):
    """Something the panel needs is out of reach."""


class EndpointError(UnavailableError):
    """AWS, or the embedded AWS, does not answer."""


class ProviderError(UnavailableError):
    """No Terraform provider, neither in a mirror nor in the registry."""


class WorkerError(UnavailableError):
    """No worker is alive."""


class StorageError(UnavailableError):
    """The database or the disk refused."""


class OperationError(PanelError):
    """An operation was tried and failed."""


class TerraformError(OperationError):
    """Terraform ended with diagnostics; ``detail`` holds them with file and line."""


class AwsError(OperationError):
    """An AWS call was refused."""


class BuildError(OperationError):
    """An image or a site could not be built."""


class DeployError(OperationError):
    """A roll-out or a publication did not succeed."""


class InterruptedRunError(OperationError):
    """The process that did the work is gone and its outcome is not known."""


class SupersededError(OperationError):
    """Another worker has taken this run over: whatever this one still wants to write is refused."""


class CanceledRunError(OperationError):
    """Somebody asked for the run to stop, and it did."""


class TimeLimitError(PanelError):
    """The time limit of a stage passed."""

    exit_code = 4
