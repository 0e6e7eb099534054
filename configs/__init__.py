"""YAML and environment into one frozen Site. Checks the shape only; knows nothing else."""

from configs.camera import Camera, Gate, Rule, Sampling, Zone
from configs.case_rules import Caps, CaseRules
from configs.case_states import CaseStates, bundled_states, case_states
from configs.case_system import (
    DEFAULT_CODES,
    AlarmReceiver,
    CaseSystem,
    EgovaSystem,
    Open311System,
    WebhookSystem,
    signing_key,
)
from configs.codes import Code, CodeProfile, code_profile, code_profiles, matter_code
from configs.errors import ConfigError, ConfigWarning
from configs.holidays import Calendar, bundled_holidays, calendar
from configs.hosts import Allow, host_allowed, host_of
from configs.loading import load_site, parse_site
from configs.messages import suggestion
from configs.permit import Permit, Season
from configs.permit_file import PermitRow, read_permits
from configs.place import Place
from configs.schedule import Hours
from configs.schema import site_schema
from configs.site import Api, ModelRef, Site, SiteInfo
from configs.template import SITE_TEMPLATE
from configs.working_time import due_at

__all__ = [
    "DEFAULT_CODES",
    "SITE_TEMPLATE",
    "AlarmReceiver",
    "Allow",
    "Api",
    "Calendar",
    "Camera",
    "Caps",
    "CaseRules",
    "CaseStates",
    "CaseSystem",
    "Code",
    "CodeProfile",
    "ConfigError",
    "ConfigWarning",
    "EgovaSystem",
    "Gate",
    "Hours",
    "ModelRef",
    "Open311System",
    "Permit",
    "PermitRow",
    "Place",
    "Rule",
    "Sampling",
    "Season",
    "Site",
    "SiteInfo",
    "WebhookSystem",
    "Zone",
    "bundled_holidays",
    "bundled_states",
    "calendar",
    "case_states",
    "code_profile",
    "code_profiles",
    "due_at",
    "host_allowed",
    "host_of",
    "load_site",
    "matter_code",
    "parse_site",
    "read_permits",
    "signing_key",
    "site_schema",
    "suggestion",
]
