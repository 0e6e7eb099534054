"""Errors of this package, by what the caller can do.

ModelError(ValueError)
├── UnknownModel      no model of that name: correct the name
├── ManifestError     a manifest is unreadable, or a file is not the one it names: restore it
├── NotAModel         the file is no ONNX model that we load: give another file
├── NoDetector        it is ONNX, but no layout reads its outputs: name layout and classes
└── InferenceFailed   a loaded model failed on a picture: report it, try another backend
PictureError(ValueError)   a file is no picture that we read: give another picture
"""


class ModelError(ValueError):
    """Something is wrong with a model. The message says which file and what to do."""


class UnknownModel(ModelError):  # noqa: N818  # the tree's branches are named for what is wrong
    """No manifest names this model."""


class ManifestError(ModelError):
    """A manifest cannot be read, or a file does not have the hash that it records."""


class NotAModel(ModelError):  # noqa: N818  # same
    """The file is missing, no ONNX, truncated, too large, or keeps its weights elsewhere."""


class NoDetector(ModelError):  # noqa: N818  # same
    """The model loads, but it is no detector of a layout that we know."""


class InferenceFailed(ModelError):  # noqa: N818  # same
    """The backend refused or failed to run a model that had loaded."""


class PictureError(ValueError):
    """The file is no JPEG, PNG or BMP picture that can be decoded whole."""
