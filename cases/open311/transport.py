"""HTTP to one host."""


class AddressRefused(ValueError):  # noqa: N818  # what it is about, as its siblings are
    """The address of the case system is not one that may be called."""
