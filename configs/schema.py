"""The JSON Schema of a site file, for editors.

After a change: python -c "from configs.schema import write_schema; write_schema()"
"""

import json
from pathlib import Path
from typing import Any

from configs.site import Site

SCHEMA_FILE = Path(__file__).parent / "site.schema.json"


def site_schema() -> dict[str, Any]:
    """Return the schema (draft 2020-12) of a site file. It knows the shape, not the meaning."""
    schema = Site.model_json_schema(by_alias=True, mode="validation")
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "streetwarden site file",
    }


def schema_text() -> str:
    """Return the schema as it is committed."""
    return json.dumps(site_schema(), indent=2, ensure_ascii=False) + "\n"


def write_schema(file: Path = SCHEMA_FILE) -> None:
    """Write the committed file anew."""
    file.write_text(schema_text(), encoding="utf-8")
