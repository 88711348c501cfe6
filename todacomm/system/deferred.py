"""Modules imported without some packages around them, which are executed with the first name taken from them."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType


def import_deferring(modules: Sequence[str], packages: Sequence[str]) -> None:
    """Import modules of a library of which nothing is imported yet, and put off the execution of some of its packages.

    A module below such a package is imported without it. Where that fails, as in a circle of imports, everything is
    imported plainly.

    Parameters
    ----------
    modules, packages : sequence of str
        Full names, all in one library.
    """
    library = modules[0].partition(".")[0]
    if library in sys.modules:
        return
    try:
        with _deferred(packages):
            list(map(import_module, modules))
    except (ImportError, AttributeError):
        for name in [name for name in sys.modules if name.partition(".")[0] == library]:
            del sys.modules[name]
        list(map(import_module, modules))


@contextmanager
def _deferred(packages: Sequence[str]) -> Iterator[None]:
    finder = _Finder(packages)
    sys.meta_path.insert(0, finder)
    try:
        yield
    finally:
        sys.meta_path.remove(finder)


class _Finder(MetaPathFinder):
    """Finds some packages as what they are, with a loader that waits."""

    def __init__(self, packages: Sequence[str]) -> None:
        self.packages = packages

    def find_spec(
        self, fullname: str, path: Sequence[str] | None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        spec = PathFinder.find_spec(fullname, path) if fullname in self.packages else None
        if spec and spec.loader:
            spec.loader = _Waiting(spec.loader)
        return spec


class _Waiting(Loader):
    """Makes a package that has a place for its modules and nothing else yet."""

    def __init__(self, loader: Loader) -> None:
        self.loader = loader

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        return _Package(spec.name)

    def exec_module(self, module: ModuleType) -> None:
        """Nothing yet."""


class _Package(ModuleType):
    """A package that is executed with the first name that is taken from it."""

    def __getattr__(self, name: str) -> object:
        spec = self.__spec__
        if spec is None or not isinstance(spec.loader, _Waiting) or (name[:2] == "__" and name != "__all__"):
            raise AttributeError(f"module {self.__name__!r} has no attribute {name!r}")
        waiting, self.__class__ = spec.loader, ModuleType  # type: ignore[assignment]
        spec.loader = self.__loader__ = waiting.loader
        waiting.loader.exec_module(self)
        return getattr(self, name)
