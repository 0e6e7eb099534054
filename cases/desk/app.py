"""The desk's routes: GeoReport v2 below /open311/v2, media, and the page."""

import hmac
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from fastapi import FastAPI, Request
from fastapi.responses import FileResponse, JSONResponse, Response
from starlette.exceptions import HTTPException
from starlette.formparsers import MultiPartException

from cases.desk import forms
from cases.desk.guard import Guard, problem
from cases.desk.register import Register
from cases.desk.requests import ServiceRequest, as_json, update_json
from cases.desk.services import Service, known_services, unknown_service

BASE: Final = "/open311/v2"

_PAGE: Final = Path(__file__).parent / "page"
_PAGE_FILES: Final = {
    "/": ("index.html", "text/html; charset=utf-8"),
    "/page.css": ("page.css", "text/css; charset=utf-8"),
    "/page.js": ("page.js", "text/javascript; charset=utf-8"),
    "/icon.svg": ("icon.svg", "image/svg+xml"),
}
_MAX_FILES: Final = 10
_MAX_FIELDS: Final = 100
_MEDIA_POLICY: Final = "default-src 'none'; sandbox"


def create_app(
    register: Register,
    *,
    api_key: str | None,
    max_body: int,
    hosts: Collection[str] | None,
    attributes: Sequence[Mapping[str, Any]] = (),
) -> FastAPI:
    """Wire the desk; every service asks for `attributes`.

    Raises `ConfigError` where a bundled code table cannot be read.
    """
    app = FastAPI(docs_url=None, redoc_url=None, openapi_url=None)
    _add_errors(app)
    services = known_services()
    _add_discovery(app, services, attributes)
    _add_requests(app, register, services, api_key, _required(attributes))
    _add_updates(app, register, api_key)
    _add_pages(app, register)
    app.add_middleware(Guard, max_body=max_body, hosts=hosts)
    return app


def _add_errors(app: FastAPI) -> None:
    @app.exception_handler(HTTPException)
    async def refused(_request: Request, error: HTTPException) -> Response:
        return problem(error.status_code, str(error.detail))

    @app.exception_handler(forms.BadRequest)
    async def bad(_request: Request, error: forms.BadRequest) -> Response:
        return problem(400, str(error))


def _add_discovery(
    app: FastAPI, services: Mapping[str, Service], attributes: Sequence[Mapping[str, Any]]
) -> None:
    @app.get(f"{BASE}/discovery.json")
    async def discovery(request: Request) -> Response:
        endpoint = {
            "specification": "http://wiki.open311.org/GeoReport_v2",
            "url": f"{_base_url(request)}{BASE}",
            "type": "test",
            "formats": ["application/json"],
        }
        return JSONResponse({"contact": "", "key_service": "", "endpoints": [endpoint]})

    @app.get(f"{BASE}/services.json")
    async def listed() -> Response:
        return JSONResponse(
            [service.as_json() | {"metadata": bool(attributes)} for service in services.values()]
        )

    @app.get(f"{BASE}/services/{{code}}.json")
    async def definition(code: str) -> Response:
        if code not in services:
            raise HTTPException(404, "service_code was not found")
        return JSONResponse({"service_code": code, "attributes": list(attributes)})


def _add_requests(
    app: FastAPI,
    register: Register,
    services: Mapping[str, Service],
    api_key: str | None,
    required: Collection[str],
) -> None:
    def shown(found: ServiceRequest, request: Request) -> dict[str, Any]:
        code = found.new.service_code
        service = services.get(code) or unknown_service(code)
        names, updates = (service.name_zh, service.name_en), register.updates_of(found.request_id)
        return as_json(found, names, _base_url(request), updates)

    @app.post(f"{BASE}/requests.json")
    async def take(request: Request) -> Response:
        try:
            async with request.form(max_files=_MAX_FILES, max_fields=_MAX_FIELDS) as form:
                _check_key(api_key, form.get("api_key"))
                new, files = forms.new_request(form, required), await forms.uploads(form)
        except MultiPartException as error:
            return problem(400, error.message)
        try:
            kept = register.add(new, files)
        except OSError as error:
            return problem(507, f"the request cannot be kept: {error.strerror}")
        answer = {"service_request_id": kept.request_id, "service_notice": None, "account_id": None}
        return JSONResponse([answer], status_code=201)

    @app.get(f"{BASE}/requests.json")
    async def listed(request: Request) -> Response:
        tag = f'W/"{register.revision}"'
        headers = {"etag": tag, "cache-control": "no-cache"}
        if request.headers.get("if-none-match") == tag:
            return Response(status_code=304, headers=headers)
        found = register.listed(forms.question(request.query_params))
        return JSONResponse([shown(each, request) for each in found], headers=headers)

    @app.get(f"{BASE}/requests/{{request_id}}.json")
    async def one(request: Request, request_id: str) -> Response:
        found = register.get(request_id)
        if found is None:
            raise HTTPException(404, "service_request_id was not found")
        return JSONResponse([shown(found, request)])


def _add_updates(app: FastAPI, register: Register, api_key: str | None) -> None:
    """Add the extension that FixMyStreet speaks: clips and words about a request that is there."""

    @app.post(f"{BASE}/servicerequestupdates.json")
    async def take(request: Request) -> Response:
        try:
            async with request.form(max_files=_MAX_FILES, max_fields=_MAX_FIELDS) as form:
                _check_key(api_key, form.get("api_key"))
                new, files = forms.new_update(form), await forms.uploads(form)
        except MultiPartException as error:
            return problem(400, error.message)
        try:
            kept = register.add_update(new, files)
        except KeyError:
            return problem(404, "service_request_id was not found")
        except OSError as error:
            return problem(507, f"the update cannot be kept: {error.strerror}")
        return JSONResponse([{"update_id": kept.number, "account_id": None}], status_code=201)

    @app.get(f"{BASE}/servicerequestupdates.json")
    async def listed(request: Request) -> Response:
        found = register.updates(forms.question(request.query_params))
        return JSONResponse([update_json(update) for update in found])


def _add_pages(app: FastAPI, register: Register) -> None:
    @app.get("/media/{request_id}/{name}")
    async def media(request_id: str, name: str) -> Response:
        item = register.media(request_id, name)
        if item is None:
            raise HTTPException(404, "there is no such file")
        headers = {
            "cache-control": "private, max-age=86400, immutable",
            "content-security-policy": _MEDIA_POLICY,
        }
        if item.path is not None:
            return FileResponse(item.path, media_type=item.content_type, headers=headers)
        return Response(item.read(), media_type=item.content_type, headers=headers)

    async def page(request: Request) -> Response:
        name, content_type = _PAGE_FILES[request.url.path]
        return FileResponse(
            _PAGE / name, media_type=content_type, headers={"cache-control": "no-cache"}
        )

    for path in _PAGE_FILES:
        app.add_api_route(path, page, methods=["GET"], response_model=None)


def _required(attributes: Sequence[Mapping[str, Any]]) -> frozenset[str]:
    return frozenset(str(each["code"]) for each in attributes if each.get("required"))


def _check_key(expected: str | None, given: object) -> None:
    if expected is None:
        return
    text = given if isinstance(given, str) else ""
    if not hmac.compare_digest(text.encode(), expected.encode()):
        raise HTTPException(403, "api_key was not provided, or is wrong")


def _base_url(request: Request) -> str:
    return str(request.base_url).rstrip("/")
