"""Which of a site's models are there, and what they know."""

from collections.abc import Mapping

from configs import ModelRef, Site, suggestion
from models import (
    VOCABULARY,
    ModelEntry,
    ModelError,
    Registry,
    UnknownModel,
    Verdict,
    check_model,
)
from pipeline.problem import Findings


def check_models(
    site: Site, registry: Registry, findings: Findings
) -> Mapping[str, frozenset[str] | None]:
    """Check the site's models, and the names by which cameras choose them.

    Returns, by model name, the vocabulary names that the model can find; None where that could
    not be found out (which is then among the findings).
    """
    known = {
        model.name: _classes(site, registry, model, f"models[{number}]", findings)
        for number, model in enumerate(site.models)
    }
    for number, camera in enumerate(site.cameras):
        for place, name in enumerate(camera.models or ()):
            if name not in known:
                findings.error(
                    f"cameras[{number}].models[{place}]",
                    f"unknown model {name!r}",
                    f"{suggestion(name, known)} (the names under models:)",
                )
    return known


def _classes(
    site: Site, registry: Registry, model: ModelRef, key: str, findings: Findings
) -> frozenset[str] | None:
    part = f"{key}.name" if model.file is None else f"{key}.file"
    try:
        entry = _open(site, registry, model)
    except UnknownModel:
        findings.error(part, f"unknown model {model.name!r}", _other_names(registry, model.name))
        return None
    except ModelError as error:
        findings.error(
            part,
            str(error),
            "give a detector in ONNX format (`streetwarden models check FILE` tells more)",
        )
        return None
    if model.file is not None:
        _check_sight(model, entry, part, findings)
    return frozenset(
        name for own in entry.classes if (name := entry.maps.get(own, own)) in VOCABULARY
    )


def _open(site: Site, registry: Registry, model: ModelRef) -> ModelEntry:
    """Find a model and load it once: a file may be missing, truncated or another one."""
    name = model.name if model.file is None else str(model.file)
    entry = registry.find(name, site.file.parent, layout=model.layout, classes=model.classes)
    if model.file is None:
        registry.open(entry, threads=1).close()
    return entry


def _check_sight(model: ModelRef, entry: ModelEntry, key: str, findings: Findings) -> None:
    """Warn of a file that loads and sees nothing; bundled models were tried when made."""
    result = check_model(
        entry.file, layout=entry.layout, classes=model.classes or entry.classes, conf=model.conf
    )
    if result.verdict is not Verdict.ACCEPTED:
        findings.warn(
            key,
            f"the self-check does not pass: {'; '.join(result.reasons)}",
            "try it on a picture of your own: "
            "`streetwarden models check FILE --picture P --expect CLASS`",
        )


def _other_names(registry: Registry, name: str) -> str:
    names = [entry.name for entry in registry.entries()]
    if not names:
        return "add file: with an ONNX file of your own (no model is bundled or in the data folder)"
    return f"{suggestion(name, names)} (or add file: with an ONNX file of your own)"
