"""YAML and environment into one frozen Site. Checks the shape only; knows nothing else."""

from configs.camera import Camera, Rule, Sampling, Zone
from configs.errors import ConfigError, ConfigWarning
from configs.hosts import Allow, host_allowed, host_of
from configs.loading import load_site, parse_site
from configs.messages import suggestion
from configs.place import Place
from configs.schedule import Hours
from configs.site import Api, CaseSystem, ModelRef, Site, SiteInfo

__all__ = [
    "Allow",
    "Api",
    "Camera",
    "CaseSystem",
    "ConfigError",
    "ConfigWarning",
    "Hours",
    "ModelRef",
    "Place",
    "Rule",
    "Sampling",
    "Site",
    "SiteInfo",
    "Zone",
    "host_allowed",
    "host_of",
    "load_site",
    "parse_site",
    "suggestion",
]
