"""Errors lose what looks like a credential before the durable workflows keep them, and before anybody is told."""

from __future__ import annotations

from collections.abc import Callable
from typing import ParamSpec, TypeVar

from panel.errors import OperationError, PanelError
from panel.masking import Masker
from panel.settings import own_environment

P = ParamSpec("P")
R = TypeVar("R")

_MASKER = Masker.for_environment(own_environment())


def discreetly(act: Callable[P, R]) -> Callable[P, R]:
    """The same act, whose errors are masked: what a build or a provider printed may be in them."""

    def acted(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return act(*args, **kwargs)
        except PanelError as error:
            masked = mask_error(error)
            if masked is error:
                raise
            raise masked from None
        except Exception as error:
            if _MASKER.text(str(error)) == str(error):
                raise
            raise OperationError(
                f"Something nobody foresaw went wrong: {type(error).__name__}.",
                hint="See the worker's log for the details, then retry.",
                detail=_MASKER.text(str(error)),
            ) from None

    return acted


def mask_error(error: PanelError) -> PanelError:
    """The error without what looks like a credential: itself where there is nothing of that kind."""
    texts = (error.message, error.hint, error.detail)
    message, hint, detail = (_MASKER.text(text) for text in texts)
    return error if (message, hint, detail) == texts else type(error)(message, hint=hint, detail=detail)
