"""From a site file to a Site: read, expand, check the shape, resolve paths."""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pydantic import ValidationError

from configs.camera import Camera
from configs.document import Document, join, parse_document, read_document
from configs.errors import ConfigError, ConfigWarning
from configs.hosts import ALLOW_VARIABLE, Allow, fixed_allow, host_of
from configs.messages import config_error
from configs.site import EvidenceSettings, ModelRef, Origin, Site
from configs.variables import expand

SECRETS = frozenset({"password", "token", "api_key", "secret", "client_secret"})


def load_site(path: Path, environ: Mapping[str, str] | None = None) -> Site:
    """Read a site file; raises ConfigError. `environ` is the process's environment by default.

    Checks the shape only: whether its words mean something together is pipeline.check's work.
    """
    file = Path(path).absolute()
    return _site(read_document(file), os.environ if environ is None else environ)


def parse_site(text: str, file: Path, environ: Mapping[str, str] | None = None) -> Site:
    """Read the text of a site file as if it stood in `file`; raises ConfigError."""
    return _site(parse_document(text, file.absolute()), os.environ if environ is None else environ)


def _site(document: Document, environ: Mapping[str, str]) -> Site:
    if not isinstance(document.data, dict):
        raise document.error("", "a site file is a mapping", "start from `streetwarden init FILE`")
    expanded = expand(document, environ)
    warnings = list(_literal_secrets(document.data, "", expanded))
    warnings += _take_out_credentials(document.data)
    try:
        site = Site.model_validate(document.data)
    except ValidationError as error:
        raise config_error(error, Site, document, expanded) from None
    faults = list(_crosscheck(site, document))
    if faults:
        faults[0].others = tuple(faults[1:])
        raise faults[0]
    allow, remarks = _allow_in_force(site, document, environ)
    return _resolved(site, document, allow, (*warnings, *remarks))


def _literal_secrets(value: object, key: str, expanded: frozenset[str]) -> Iterator[ConfigWarning]:
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from _literal_secrets(item, join(key, number), expanded)
    if not isinstance(value, dict):
        return
    for name, item in value.items():
        path = join(key, name)
        if name in SECRETS and isinstance(item, str) and item and path not in expanded:
            yield ConfigWarning(
                path,
                f"the {name} stands in the file",
                f'write {name}: "${{SOME_VARIABLE}}" and set that variable',
            )
        yield from _literal_secrets(item, path, expanded)


def _take_out_credentials(data: dict[str, Any]) -> Iterator[ConfigWarning]:
    """Move user and password of the cameras' and the store's URLs to where they belong."""
    cameras = data.get("cameras")
    holders = [
        (join("cameras", n), camera)
        for n, camera in enumerate(cameras if isinstance(cameras, list) else ())
    ]
    for key, holder in (*holders, ("store", data.get("store"))):
        if not isinstance(holder, dict):
            continue
        for name in ("url", "sub_url"):
            bare, user, password = _bare_url(holder.get(name))
            if user is None and password is None:
                continue
            holder[name] = bare
            holder.setdefault("username", user)
            if password:
                holder.setdefault("password", password)
            yield ConfigWarning(
                join(key, name),
                "the URL holds a user or a password",
                'write username: and password: "${SOME_VARIABLE}" instead',
            )


def _bare_url(url: object) -> tuple[str, str | None, str | None]:
    """Split `scheme://user:password@host` into the URL without them, the user, the password."""
    if not isinstance(url, str):
        return "", None, None
    try:
        parts = urlsplit(url)
        user, password = parts.username, parts.password
    except ValueError:
        return url, None, None
    if user is None and password is None:
        return url, None, None
    bare = parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()
    return bare, unquote(user) if user else None, unquote(password) if password else None


def _crosscheck(site: Site, document: Document) -> Iterator[ConfigError]:
    """Find what single values cannot show: names used twice, codes of another length."""
    yield from _unique("models", [model.name for model in site.models], document, "name")
    yield from _unique("cameras", [camera.id for camera in site.cameras], document, "id")
    for number, camera in enumerate(site.cameras):
        key = join("cameras", number)
        yield from _unique(join(key, "zones"), [zone.id for zone in camera.zones], document, "id")
        yield from _grids(site, camera, key, document)
        yield from _files(camera, key, document)


def _unique(key: str, names: list[str], document: Document, field: str) -> Iterator[ConfigError]:
    seen: dict[str, int] = {}
    for number, name in enumerate(names):
        first = seen.setdefault(name.lower(), number)
        if first != number:
            yield document.error(
                f"{key}[{number}].{field}",
                f"{name!r} is already the {field} of {key}[{first}]"
                + ("" if names[first] == name else " (capitals do not tell names apart)"),
                f"give each its own {field}",
            )


def _grids(site: Site, camera: Camera, key: str, document: Document) -> Iterator[ConfigError]:
    wanted = site.site.grid_length
    places = [(f"{key}.place.grid", camera.place)]
    places += [
        (f"{key}.zones[{n}].place.grid", zone.place)
        for n, zone in enumerate(camera.zones)
        if zone.place
    ]
    for path, place in places:
        if place.grid is not None and len(place.grid) != wanted:
            other = (
                f", or site.grid_length: {len(place.grid)}" if len(place.grid) in (14, 15) else ""
            )
            yield document.error(
                path,
                f"the grid code has {len(place.grid)} characters",
                f"write {wanted} characters, such as {'370203001001001'[:wanted]!r}{other}",
            )


def _files(camera: Camera, key: str, document: Document) -> Iterator[ConfigError]:
    folder = document.file.parent.resolve()
    for name, url in (("url", camera.url), ("sub_url", camera.sub_url)):
        if url is None or not _is_file(url):
            continue
        if not _local_path(url, folder).is_relative_to(folder):
            yield document.error(
                join(key, name),
                "the file lies outside the site file's folder",
                "put it into that folder and write file:clip.mp4",
            )


def _is_file(url: str) -> bool:
    return urlsplit(url).scheme == "file"


def _local_path(url: str, folder: Path) -> Path:
    return (folder / unquote(urlsplit(url).path)).resolve()


def _allow_in_force(
    site: Site, document: Document, environ: Mapping[str, str]
) -> tuple[Allow, list[ConfigWarning]]:
    """Work out the lists that hold: fixed from outside, or written here, or the hosts named."""
    try:
        fixed = fixed_allow(environ)
    except ValueError as error:
        raise ConfigError(
            document.file,
            "allow",
            f"the environment variable {ALLOW_VARIABLE} cannot be read: {error}",
            'set it to JSON such as {"camera_hosts": ["10.1.0.0/16"], "case_hosts": []}',
        ) from None
    urls = [url for camera in site.cameras for url in (camera.url, camera.sub_url) if url]
    named = {"camera_hosts": urls, "case_hosts": _case_urls(site)}
    force: dict[str, tuple[str, ...]] = {}
    warnings = []
    for name, own_urls in named.items():
        outside = getattr(fixed, name) if fixed else None
        written: tuple[str, ...] = getattr(site.allow, name)
        if outside is not None:
            force[name] = outside
            if written:
                warnings.append(
                    ConfigWarning(
                        f"allow.{name}",
                        f"{ALLOW_VARIABLE} fixes this list from outside",
                        "leave it out here",
                    )
                )
        else:
            hosts = dict.fromkeys(host for url in own_urls if (host := host_of(url)))
            force[name] = written or tuple(hosts)
    return Allow(**force), warnings


def _case_urls(site: Site) -> list[str]:
    urls = [end.url for end in (site.case_system, site.alarms) if end is not None]
    states_url = getattr(site.case_system, "states_url", None)
    return [*urls, *([states_url] if states_url else [])]


def _resolved(
    site: Site, document: Document, allow: Allow, warnings: tuple[ConfigWarning, ...]
) -> Site:
    folder = document.file.parent.resolve()
    data = site.data if "data" in site.model_fields_set else Path(f"{site.site.id}-data")
    return site.loaded_from(
        Origin(document.file, document.lines, warnings),
        data=(folder / data).resolve(),
        allow=allow,
        models=tuple(_resolved_model(model, folder) for model in site.models),
        evidence=_resolved_evidence(site.evidence, folder),
        cameras=tuple(_resolved_camera(camera, folder) for camera in site.cameras),
    )


def _resolved_model(model: ModelRef, folder: Path) -> ModelRef:
    if model.file is None:
        return model
    return model.model_copy(update={"file": (folder / model.file).resolve()})


def _resolved_evidence(settings: EvidenceSettings, folder: Path) -> EvidenceSettings:
    if settings.key is None:
        return settings
    return settings.model_copy(update={"key": (folder / settings.key).resolve()})


def _resolved_camera(camera: Camera, folder: Path) -> Camera:
    update = {}
    for name, url in (("url", camera.url), ("sub_url", camera.sub_url)):
        if url is not None and _is_file(url):
            update[name] = "file://" + quote(str(_local_path(url, folder)))
    return camera.model_copy(update=update) if update else camera
