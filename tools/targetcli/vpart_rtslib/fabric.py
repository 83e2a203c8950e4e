# SPDX-License-Identifier: Apache-2.0
"""The fabric vscsi as rtslib wants to be told of it.

The class is the one of 0001-rtslib-Add-the-vscsi-fabric.patch, word for word: a test compares.
"""
import re


def _fabric(table):
    """The class, made from the base and the names of rtslib's own module."""
    # pylint: disable=invalid-name
    os, glob = table.os, table.glob
    Target, RTSLibError = table.Target, table.RTSLibError
    target_names_excludes = table.target_names_excludes
    _BaseFabricModule = table._BaseFabricModule  # pylint: disable=protected-access

    class VscsiFabricModule(_BaseFabricModule):
        '''
        Virtual SCSI between partitions. A target bears the name of an adapter
        pair whose server is in this kernel, an ACL the name of its client: the
        TPG's attribute "initiator".
        '''
        def __init__(self):
            super(VscsiFabricModule, self).__init__('vscsi')
            # There is one TPG. Without 'tpgts' it would be enabled at each look.
            self.features = ("acls", "tpgts")
            self.kernel_module = "vscsi_target"

        @staticmethod
        def _is_usable(name):
            # Target() makes naa.5 of naa.6.
            return name not in target_names_excludes and not name.startswith("naa.6")

        def _names(self):
            if self.exists:
                for name in sorted(os.listdir(self.path)):
                    if os.path.isdir("%s/%s" % (self.path, name)) and self._is_usable(name):
                        yield name

        @property
        def targets(self):
            for name in self._names():
                yield Target(self, name, 'lookup')

        # A target outlives its pair, and is to be seen then, too.
        @property
        def wwns(self):
            names = set(self._names())
            for path in glob("/sys/bus/vpart/devices/*.server"):
                names.add(os.path.basename(path)[:-len(".server")])
            for name in sorted(names):
                if self._is_usable(name):
                    yield name

        # Upper and lower case differ.
        def to_normalized_wwn(self, wwn):
            name = str(wwn).strip()
            if name not in self.wwns:
                raise RTSLibError("'%s' is no adapter pair whose server is in this kernel"
                                  % name)
            return (name, 'free')

        # Names of targets have been looked at; what else comes here is an ACL's.
        def to_fabric_wwn(self, wwn):
            if wwn not in self.wwns and not re.match("0x[0-9a-f]{32}$", wwn):
                raise RTSLibError("'%s' is no client's name: it is 0x and 32 digits 0-9a-f, "
                                  "as in the file initiator of the TPG" % wwn)
            return wwn

    return VscsiFabricModule


def register(table):
    """Add the fabric to rtslib's module, unless it has one of this name itself."""
    if "vscsi" not in table.fabric_modules:
        table.fabric_modules["vscsi"] = _fabric(table)
