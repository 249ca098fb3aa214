"""Addresses that messengers read: the page of a shared attempt with its preview, and the pictures."""

from __future__ import annotations

from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from wam_demo.config import ASSETS
from wam_demo.errors import WamDemoError
from wam_demo.ui.share.store import ShareStore

if TYPE_CHECKING:
    from starlette.requests import Request
    from starlette.responses import Response

SENTENCE = "Watch a robot policy imagine, attend and act. Disturb it, and see its dream and reality part."
PICTURE = ASSETS / "pictures" / "live.png"
"""Preview of the app as a whole."""
_META = """\
<meta property="og:type" content="website"><meta property="og:site_name" content="{site}">
<meta property="og:title" content="{title}"><meta property="og:description" content="{line}">
<meta property="og:image" content="{picture}"><meta name="twitter:card" content="summary_large_image">
<meta name="description" content="{line}">"""
_PAGE = """\
<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{title}</title>{meta}
<meta http-equiv="refresh" content="0; url={target}"></head>
<body><p>{line}</p><p><a href="{target}">Open it</a></p></body></html>"""


def meta(title: str, line: str, picture: str, site: str) -> str:
    """The elements of a page's head that make a link's preview.

    Args:
        title: In bold.
        line: Below it.
        picture: Address; most readers want the whole one.
        site: Name of the app.
    """
    values = {"title": title, "line": line, "picture": picture, "site": site}
    return _META.format(**{name: escape(value, quote=True) for name, value in values.items()})


def routes(store: ShareStore, site: str) -> list[Any]:
    """Routes of the web server: ``/share/NAME``, ``/share/NAME.jpg`` and ``/share/preview.png``."""
    from starlette.routing import Route

    def shared(answer: Callable[[Request, str], Response]) -> Callable[[Request], Response]:
        def respond(request: Request) -> Response:
            from starlette.responses import PlainTextResponse

            try:
                return answer(request, request.path_params["name"])
            except WamDemoError as error:
                return PlainTextResponse(str(error), 404)

        return respond

    def page(request: Request, name: str) -> Response:
        from starlette.responses import HTMLResponse

        share, base = store.find(name), base_address(request)
        title = f"{site}: can you break the robot's dream?"
        preview = f"{base}share/{name}.jpg" if share.picture else f"{base}share/preview.png"
        head = meta(title, share.line, preview, site)
        words = {"title": escape(title), "line": escape(share.line), "target": f"../#share={name}"}
        return HTMLResponse(_PAGE.format(meta=head, **words))

    def picture(request: Request, name: str) -> Response:
        from starlette.responses import Response

        return Response(store.find(name).picture, media_type="image/jpeg", headers={"Cache-Control": "max-age=86400"})

    def preview(request: Request) -> Response:
        from starlette.responses import FileResponse

        return FileResponse(PICTURE)

    return [
        Route("/share/preview.png", preview),
        Route("/share/{name}.jpg", shared(picture)),
        Route("/share/{name}", shared(page)),
    ]


def base_address(request: Request) -> str:
    """Address of the app as the visitor sees it, also behind a proxy; ends with a slash."""
    headers, url = request.headers, request.url
    scheme = headers.get("x-forwarded-proto", url.scheme).split(",")[0].strip()
    host = headers.get("x-forwarded-host", headers.get("host", url.netloc)).split(",")[0].strip()
    path = url.path.rsplit("/share/", 1)[0]
    return f"{scheme}://{host}{path}/"
