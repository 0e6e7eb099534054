"""Which of a site's models are there, and what they know."""

from collections.abc import Mapping
from pathlib import Path

from configs import ModelRef, Site, suggestion
from models import VOCABULARY, ManifestError, ModelEntry, ModelError, Registry, UnknownModel, load
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
    try:
        if model.file is None:
            return _listed_classes(site, registry, model)
        return _file_classes(model, model.file)
    except UnknownModel:
        findings.error(f"{key}.name", f"unknown model {model.name!r}", _other_names(registry))
    except ModelError as error:
        findings.error(
            f"{key}.name" if model.file is None else f"{key}.file",
            str(error),
            "give a detector in ONNX format (`streetwarden models check FILE` tells more)",
        )
    return None


def _listed_classes(site: Site, registry: Registry, model: ModelRef) -> frozenset[str]:
    entry: ModelEntry = registry.find(model.name, site.file.parent)
    if not entry.file.is_file():
        raise ManifestError(f"the model's file {entry.file} is missing")
    maps = entry.maps
    return frozenset(name for own in entry.classes if (name := maps.get(own, own)) in VOCABULARY)


def _file_classes(model: ModelRef, file: Path) -> frozenset[str]:
    detector = load(file, layout=model.layout, classes=model.classes, threads=1)
    try:
        return frozenset(name for name in detector.classes if name in VOCABULARY)
    finally:
        detector.close()


def _other_names(registry: Registry) -> str:
    try:
        names = [entry.name for entry in registry.entries()]
    except ModelError as error:
        return f"mend the list of models: {error}"
    listed = f"write one of {', '.join(names)}" if names else "no model is bundled"
    return f"{listed}, or add file: with an ONNX file"
