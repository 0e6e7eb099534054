"""From a site file to the parts that run: cameras to open, models to load, rules to apply."""

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from urllib.parse import urlsplit
from urllib.request import url2pathname

from configs import Camera, ConfigError, Hours, ModelRef, Permit, Site, read_permits
from configs import Rule as RuleConfig
from configs import Zone as ZoneConfig
from detectors import (
    CONTEXT_KINDS,
    KINDS,
    WHOLE_PICTURE,
    Rule,
    Schedule,
    Watch,
    Window,
    Zone,
)
from models import (
    VOCABULARY,
    Choice,
    Detector,
    ModelEntry,
    NotAModel,
    Registry,
    beside_cameras,
    load,
    read_choices,
)
from pipeline.sight import LoadedModel, Sight
from pipeline.watch_time import WatchTime
from streams import CameraSpec, Source

log = logging.getLogger(__name__)

COVER_CONF = 0.03
"""Whatever looks like a vehicle from here on is covered in what leaves the box; rules ask for
more themselves. Of 733 lower halves on the annotated street pictures 4 stay mostly open, 5 where
things are covered from 0.05 on."""


def registry_of(site: Site) -> Registry:
    """Return the models that a site may name: the bundled ones and its own."""
    return Registry(site.data / "models")


def find_camera(site: Site, camera_id: str) -> Camera:
    """Find a camera; ConfigError names those there are."""
    try:
        return site.camera(camera_id)
    except KeyError:
        known = ", ".join(camera.id for camera in site.cameras)
        raise ConfigError(
            site.file, "cameras", f"no camera {camera_id!r}", f"write one of: {known}"
        ) from None


def load_sight(
    site: Site, cameras: Sequence[Camera], watches: Sequence[Watch], *, alone: bool
) -> Sight:
    """Load every model that one of the cameras uses.

    `alone` says that nothing else wants the processors: then the network's threads may wait
    actively. Beside decoding cameras that slows both down. What tuning found is for these: alone,
    as in replay, a model always runs the same way, so that the same bytes come out.
    """
    registry = registry_of(site)
    used = {model.name: model for camera in cameras for model in site.models_of(camera)}
    choices = {} if alone else choices_of(site)
    loaded = [_load(site, registry, model, choices, spin=alone) for model in used.values()]
    names = {camera.id: [model.name for model in site.models_of(camera)] for camera in cameras}
    return Sight(loaded, names, min([COVER_CONF, *(watch.min_conf for watch in watches)]))


def model_entry(site: Site, registry: Registry, model: ModelRef) -> ModelEntry:
    """Find what a site's model reference stands for."""
    name = str(model.file) if model.file else model.name
    return registry.find(name, site.file.parent, layout=model.layout, classes=model.classes)


def choices_of(site: Site) -> Mapping[str, Choice]:
    """Return what tuning found for this box, by SHA-256 of the model; raises ManifestError."""
    choices, unused = read_choices(site.data)
    if unused:
        _advise(site, unused)
    return choices


def _advise(site: Site, reason: str) -> None:
    log.warning("%s; run: streetwarden models tune --site %s", reason, site.file)


def _load(
    site: Site,
    registry: Registry,
    model: ModelRef,
    choices: Mapping[str, Choice],
    *,
    spin: bool,
) -> LoadedModel:
    entry = model_entry(site, registry, model)
    tuned, usual = choices.get(entry.sha256), None if spin else beside_cameras()
    if choices and tuned is None:
        _advise(site, f"model {model.name!r} has not been tuned")
    try:
        detector = _open(registry, model, entry, tuned or usual, spin=spin)
    except NotAModel as error:
        if tuned is None:
            raise
        _advise(site, f"model {model.name!r} does not run as tuned, and runs untuned ({error})")
        detector = _open(registry, model, entry, usual, spin=spin)
    return LoadedModel(model.name, detector, entry, VOCABULARY.adopt(detector.classes, entry.maps))


def _open(
    registry: Registry, model: ModelRef, entry: ModelEntry, choice: Choice | None, *, spin: bool
) -> Detector:
    if model.file is None:
        return registry.open(entry, conf=model.conf, spin=spin, choice=choice)
    return load(
        entry.file,
        conf=model.conf,
        layout=model.layout,
        classes=model.classes,
        spin=spin,
        choice=choice,
    )


def longest_px(sight: Sight, camera: Camera) -> int:
    """Longest side in pixels of the pictures that a camera's models want."""
    return max(max(entry.input_size) for entry in sight.models_of(camera.id))


def models_to_tune(site: Site | None, names: Sequence[str] | None) -> list[ModelEntry]:
    """Find the models to tune: those named, else a site's own, else the bundled street model.

    Raises UnknownModel, ManifestError, NotAModel, NoDetector.
    """
    registry = Registry(None) if site is None else registry_of(site)
    if names:
        return [registry.find(name, Path.cwd()) for name in names]
    if site is None:
        return [registry.find("street", Path.cwd())]
    return [model_entry(site, registry, model) for model in site.models]


def camera_spec(site: Site, camera: Camera, longest: int) -> CameraSpec:
    """Say what ingest needs of a camera."""
    return CameraSpec(
        camera_id=camera.id,
        source=_source(site, camera, camera.url),
        sub_source=_source(site, camera, camera.sub_url) if camera.sub_url else None,
        interval_s=site.interval_s(camera),
        longest_px=longest,
        priority=camera.priority,
    )


def _source(site: Site, camera: Camera, url: str) -> Source:
    if urlsplit(url).scheme == "file":
        path = site.file.parent / url2pathname(urlsplit(url).path)
        return Source(path.resolve().as_uri())
    password = camera.password.get_secret_value() if camera.password else None
    return Source(url, username=camera.username, password=password)


def watch_of(site: Site, camera: Camera) -> Watch:
    """Build the rules of a camera.

    Raises ModelError when one of its models is not there, ConfigError for a bad permit file.
    """
    excuses = CONTEXT_KINDS.union(*(spec.context_kinds for spec in KINDS.values()))
    context = tuple(_zone(camera, zone) for zone in camera.zones if zone.kind in excuses)
    rules = [_rule(site, camera, rule, context) for rule in camera.rules]
    return Watch(
        site.site.id,
        camera.id,
        rules,
        VOCABULARY.names,
        site.site.timezone,
        site.interval_s(camera),
    )


def watch_time_of(site: Site, camera: Camera) -> WatchTime:
    """Build what counts how long each rule of a camera could see, within the rule's hours."""
    rules: dict[str, Schedule] = {}
    for rule in camera.rules:
        name = ":".join((rule.kind, ",".join(rule.zones)))
        while name in rules:
            name += "'"
        hours = None if rule.hours is None else tuple(_window(hours) for hours in rule.hours)
        rules[name] = Schedule(site.site.timezone, hours=hours)
    return WatchTime(rules, site.interval_s(camera))


def conf_of(site: Site, camera: Camera, rule: RuleConfig) -> float | None:
    """Score from which a rule takes things up.

    The rule's word, else the site's of its model, else what a listed model was shipped with for
    rules of this kind, or at all; None for a bare file, whose kind's default then stands.
    """
    if rule.conf is not None:
        return rule.conf
    registry = registry_of(site)
    said = [_said(site, registry, model, rule.kind) for model in site.models_of(camera)]
    return max((conf for conf in said if conf is not None), default=None)


def _said(site: Site, registry: Registry, model: ModelRef, kind: str) -> float | None:
    if model.conf is not None or model.file:
        return model.conf
    entry = model_entry(site, registry, model)
    return entry.kind_conf.get(kind, entry.threshold)


def zone_of(camera: Camera, zone_id: str) -> Zone:
    """Find a zone as rules see it; the whole picture for an empty id."""
    return _zone(camera, camera.zone(zone_id)) if zone_id else WHOLE_PICTURE


def _zone(camera: Camera, zone: ZoneConfig) -> Zone:
    return Zone(
        zone.id,
        zone.kind,
        tuple(zone.polygon),
        zone.limit_s,
        tuple(_window(hours) for hours in zone.open),
        camera.sees_load if zone.sees_load is None else zone.sees_load,
        zone.rail or 0.0,
    )


def _window(hours: Hours) -> Window:
    return Window(hours.days, hours.start, hours.end)


def permit_file(site: Site, rule: RuleConfig) -> Path | None:
    """Return the file of a rule's permits: relative to the site file."""
    return None if rule.permits is None else site.file.parent / rule.permits


def _permits(site: Site, camera: Camera, rule: RuleConfig) -> tuple[Window, ...]:
    """Gather what a rule's entries and its permit file allow at this camera."""
    file = permit_file(site, rule)
    rows = () if file is None else read_permits(file)
    filed = [row.permit for row in rows if row.camera in {"", camera.id}]
    return tuple(window_of(permit) for permit in (*rule.allow, *filed))


def window_of(permit: Permit) -> Window:
    """Turn a permit into the window of times and zones in which it holds."""
    season = permit.season
    return Window(
        permit.days,
        permit.start,
        permit.end,
        permit.first_day,
        permit.last_day,
        None if season is None else (season.start, season.end),
        frozenset(permit.zones),
    )


def _rule(
    site: Site,
    camera: Camera,
    rule: RuleConfig,
    context: tuple[Zone, ...],
) -> Rule:
    classes = {name for written in rule.classes or () for name in VOCABULARY.expand(written)}
    return Rule(
        kind=rule.kind,
        zones=tuple(_zone(camera, camera.zone(zone_id)) for zone_id in rule.zones),
        dwell_s=rule.dwell_s,
        classes=frozenset(classes),
        conf=conf_of(site, camera, rule),
        allow=_permits(site, camera, rule),
        hours=None if rule.hours is None else tuple(_window(hours) for hours in rule.hours),
        again_after_s=rule.again_after_s,
        n=rule.n,
        share=rule.share,
        context=context,
    )
