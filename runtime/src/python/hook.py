# Compiled under the file name of importlib's own frozen source, so that CPython trims these frames from tracebacks as it trims importlib's.
import _imp
import _io
import marshal
import posix as _os
import sys
from _frozen_importlib import ModuleSpec, _call_with_frames_removed
from _frozen_importlib_external import SourceFileLoader, _path_isdir, _write_atomic


class StaticAwareLoader(SourceFileLoader):
    """Loads a module as `SourceFileLoader` does; a static one is shown to the compiler before its body runs."""

    def exec_module(self, module):
        name = module.__name__
        code, data = self.compiled(name, name)
        if code is None:
            raise ImportError(f"cannot load module {name!r} when get_code() returns None")
        if "__static__" in code.co_names or (PATTERNS and by_pattern(name)):
            if not _call_with_frames_removed(prepare, self, name, code, module.__dict__, data):
                self.__class__ = SourceFileLoader
        else:
            self.__class__ = SourceFileLoader
        _call_with_frames_removed(exec, code, module.__dict__)

    def compiled(self, fullname, name):
        """CPython's code of a module that is about to run under `name`, and the text if it was compiled."""
        shown = self.__dict__["_shown"] = [name, None]
        try:
            return SourceFileLoader.get_code(self, fullname), shown[1]
        finally:
            self.__dict__.pop("_shown", None)

    def source_to_code(self, data, path, *rest, **options):
        # Not when the code is asked for without a module that runs it. The compiler works while CPython does.
        shown = self.__dict__.get("_shown")
        if shown is not None and type(data) is bytes and (PATTERNS or b"__static__" in data):
            shown[1] = data
            _call_with_frames_removed(begin, shown[0], path, data)
        return SourceFileLoader.source_to_code(self, data, path, *rest, **options)


class MainLoader(StaticAwareLoader):
    """The loader of the module that `run -m` names: `runpy` asks it for the code and runs that as `__main__`."""

    def get_code(self, fullname):
        code, data = self.compiled(fullname, "__main__")
        if code is not None and ("__static__" in code.co_names or (PATTERNS and by_pattern(fullname))):
            _call_with_frames_removed(prepare, self, "__main__", code, sys.modules["__main__"].__dict__, data)
        return code


class Finder:
    """Asks the finders behind it, and exchanges the loader of a source file for one that knows static modules."""

    main = None

    @classmethod
    def find_spec(cls, name, path=None, target=None):
        for finder in sys.meta_path:
            if finder is cls:
                continue
            try:
                find_spec = finder.find_spec
            except AttributeError:
                continue
            spec = find_spec(name, path, target)
            if spec is not None:
                loader = spec.loader
                if type(loader) is SourceFileLoader:
                    main = cls.main
                    if main is not None and (name == main or name == main + ".__main__"):
                        loader.__class__ = MainLoader
                    else:
                        loader.__class__ = StaticAwareLoader
                        expect(name, loader.path)
                return spec
        return None

    @classmethod
    def invalidate_caches(cls):
        pass


class EmbeddedLoader:
    """Loads the packages that Keelback carries with it."""

    @staticmethod
    def create_module(spec):
        return None

    @classmethod
    def exec_module(cls, module):
        name = module.__name__
        _call_with_frames_removed(exec, cls.get_code(name), module.__dict__)

    @classmethod
    def get_code(cls, name):
        return _call_with_frames_removed(embedded_code, name)

    @staticmethod
    def get_source(name):
        return SOURCES[name][0]

    @staticmethod
    def is_package(name):
        return SOURCES[name][1]


def embedded_code(name):
    """The code of an embedded module, kept in the user's cache folder: compiling these modules takes longer than running them."""
    source, _, path = SOURCES[name]
    kept = cached_path(name, source)
    if kept is not None:
        try:
            with _io.open_code(kept) as file:
                return marshal.loads(file.read())
        except (OSError, EOFError, ValueError, TypeError):
            pass
    code = compile(source, path, "exec", 0, True)
    if kept is not None and not sys.dont_write_bytecode:
        try:
            make_folder(kept)
            _write_atomic(kept, marshal.dumps(code))
        except OSError:
            pass
    return code


def cached_path(name, source):
    """Where an embedded module's code is kept: named by the interpreter and by the source, so that nothing stale is ever read."""
    folder = sys.pycache_prefix or _os.environ.get(b"XDG_CACHE_HOME")
    if folder is None:
        home = _os.environ.get(b"HOME")
        if home is None:
            return None
        folder = home + b"/.cache"
    if isinstance(folder, bytes):
        folder = folder.decode("utf-8", "surrogateescape")
    key = _imp.source_hash(0x6B65656C6261636B, source.encode()).hex()
    tag = f"{sys.implementation.cache_tag}-{sys.flags.optimize}"
    return f"{folder}/keelback/{tag}/{name}-{key}.pyc"


def make_folder(path):
    """Makes the folder of a file, with all above it."""
    folder = path.rpartition("/")[0]
    missing = []
    while folder and not _path_isdir(folder):
        missing.append(folder)
        folder = folder.rpartition("/")[0]
    for folder in reversed(missing):
        try:
            _os.mkdir(folder)
        except FileExistsError:
            pass


class EmbeddedFinder:
    """Finds those packages when nothing else has found them."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        found = SOURCES.get(name)
        if found is None:
            return None
        return ModuleSpec(name, EmbeddedLoader, origin=found[2], is_package=found[1])


def install():
    if Finder not in sys.meta_path:
        sys.meta_path.insert(0, Finder)
    if EmbeddedFinder not in sys.meta_path:
        sys.meta_path.append(EmbeddedFinder)


def serve_packages_only():
    if Finder in sys.meta_path:
        sys.meta_path.remove(Finder)
