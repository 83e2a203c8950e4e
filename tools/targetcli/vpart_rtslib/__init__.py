# SPDX-License-Identifier: Apache-2.0
"""The fabric vscsi for rtslib, and so for targetcli and targetctl.

Each start of Python imports this (vpart_rtslib.pth), so it does next to nothing: it
waits for rtslib's table of fabrics to be imported, and adds its own to it.
"""
import sys

# Debian has rtslib under both names, each a module with a table of its own.
_TABLES = ("rtslib_fb.fabric", "rtslib.fabric")


def _register(table):
    try:
        from .fabric import register
        register(table)
    except Exception as e:  # pylint: disable=broad-except
        import warnings
        try:
            warnings.warn(f"targetcli will not know the fabric vscsi: {e}")
        except Warning:
            pass            # who wants warnings to be errors does not want this one


def _find(name, path, target):
    """The specification that the other finders have, with us at the end of its loading."""
    from importlib.machinery import SourceFileLoader, SourcelessFileLoader
    for finder in sys.meta_path:
        spec = None if finder is Finder else finder.find_spec(name, path, target)
        if spec is None:
            continue
        loader = spec.loader
        if isinstance(loader, (SourceFileLoader, SourcelessFileLoader)):
            load = loader.exec_module

            def exec_module(module):
                load(module)
                _register(module)

            loader.exec_module = exec_module
        return spec
    return None


class Finder:
    """Asked first for every module; has an answer for rtslib's tables only."""

    @staticmethod
    def find_spec(name, path=None, target=None):
        """As importlib wants it; None: the other finders are asked."""
        if name not in _TABLES:
            return None
        try:
            return _find(name, path, target)
        except Exception:  # pylint: disable=broad-except
            return None     # they will say what is wrong


sys.meta_path.insert(0, Finder)
