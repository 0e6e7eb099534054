"""Nothing runs from a site file that `check` refuses."""

from configs import Site
from models import Registry
from pipeline.check import check_site
from pipeline.problem import Problem


class SiteRefused(Exception):  # noqa: N818 - it says what happened
    """A site file has errors; the text is one message an error."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("\nerror: ".join(str(problem) for problem in problems))
        self.problems = problems


def refuse_errors(site: Site, registry: Registry) -> None:
    """Raise SiteRefused when the site's meaning is wrong; warnings pass."""
    errors = tuple(p for p in check_site(site, registry) if p.level == "error")
    if errors:
        raise SiteRefused(errors)
