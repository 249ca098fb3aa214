"""What every page learns of policies that were taught while it was open."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from wam_demo.policies.registry import policy_specs

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response


def taught_policies() -> list[dict[str, str]]:
    """Name, label and sentence of every policy with a parent, JSON-ready."""
    specs = [spec for spec in policy_specs() if spec.parent is not None and spec.is_available()]
    return [{"name": spec.name, "label": spec.label, "sentence": spec.sentence} for spec in specs]


def routes() -> list[Any]:
    """The route ``/taught.json``."""
    from starlette.responses import JSONResponse
    from starlette.routing import Route

    def answer(request: Request) -> Response:
        return JSONResponse(taught_policies(), headers={"Cache-Control": "no-store"})

    return [Route("/taught.json", answer)]
