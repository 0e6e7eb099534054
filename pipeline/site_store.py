"""Where a site's store is: a file in its data folder, or the database that the site file names."""

from cases import Store
from configs import Site

STORE_FILE = "store.sqlite3"


def open_store(site: Site, *, create: bool = True) -> Store:
    """Open a site's store; raises the branches of `cases.StoreError`.

    With `create=False` one that does not exist is StoreMissing.
    """
    site_id, database = site.site.id, site.store
    if database is None:
        return Store.open(site.data / STORE_FILE, site_id=site_id, create=create)
    return Store.open(
        database.url,
        username=database.username,
        password=database.password.get_secret_value() if database.password else None,
        site_id=site_id,
        create=create,
    )
