"""A small company's bundle, published as the registry's watcher does."""

from pathlib import Path

from small_company import SmallCompany

from models.churn.bundle import load_bundle
from models.registry.served_pointer import ServedPointer, write_pointer


def publish(company: SmallCompany, number: int) -> Path:
    """The pointer to the company's bundle of that number."""
    bundle = company.bundles[number]
    pointer = bundle.parent / f"pointer-{number}.json"
    since = "2024-03-02T00:00:00+00:00"
    write_pointer(pointer, ServedPointer(str(number), bundle.name, "B", since, load_bundle(bundle).fingerprint))
    return pointer
