# SPDX-License-Identifier: Apache-2.0
"""What an import does in which release of CloudStack.

One row a behaviour, one column a release; a higher number is not a later code, so
nothing is ever compared with '>='. Columns are in the order of numbers. 4.22.0.1 is
4.22.0 with reservations that an offering without CPU or memory runs into.
"""

TABLE = """
release            4.18.2 4.19.0 4.19.1 4.19.2 4.19.3 4.20.0 4.20.1 4.20.2 4.20.3 4.21.0 4.22.0 4.22.0.1 4.22.1 4.23
order              A      B      B      B      B      B      B      B      C      B      B      N        C      C
kvm                -      Y      Y      Y      Y      Y      Y      Y      Y      Y      Y      Y        Y      Y
enabled_cluster    -      -      -      Y      Y      -      Y      Y      Y      Y      Y      Y        Y      Y
access_text        a      b      b      b      b      b      b      b      b      b      b      b        b      b
kvm_template       T      T      T      T      T      T      T      TL     TL     T      TL     TL       L      L
kvm_hostname       name   shown  shown  shown  shown  shown  shown  shown  shown  shown  shown  shown    shown  shown
hostname_text      a      b      b      b      b      b      b      b      b      b      b      b        b      b
limit_user_vm      Y      Y      Y      Y      Y      Y      Y      Y      R      Y      Y      R        R      R
limit_size         Y      Y      Y      Y      Y      -      -      -      R      -      -      R        R      R
limit_volume       Y      Y      Y      Y      Y      Y      Y      Y      R      Y      Y      R        R      R
limit_storage      -      -      -      -      -      Y      Y      Y      R      Y      Y      R        R      R
limit_host_tags    -      -      -      -      -      -      -      -      Y      -      -      Y        Y      Y
limit_storage_tags -      -      -      -      -      Y      Y      Y      Y      Y      Y      Y        Y      Y
limit_text         a      a      a      a      a      b      b      b      b      b      b      b        b      b
fit_text           a      b      b      b      b      b      c      c      c      c      c      c        c      c
custom_text        l      l      l      l      l      l      l      l      U      l      l      l        U      U
host_tags          S      SR     SR     SR     SR     L      L      L      L      L      L      L        L      L
later_name         i      i      i      i      i      i      i      d      d      i      d      d        d      d
one_disk_mapped    i      c      c      c      c      c      c      c      c      c      c      c        c      c
zero_data_disk     r      o      o      o      o      o      o      o      o      o      o      o        o      o
pool_search        e      p      c      c      c      c      c      c      c      c      cu     cu       cu     cu
pool_tags          -      -      -      Y      Y      -      Y      Y      Y      Y      Y      Y        Y      Y
tag_rules          -      Y      Y      Y      Y      Y      Y      Y      Y      Y      Y      Y        Y      Y
pvlan_no_uri       x      t      t      t      t      t      t      t      t      t      t      t        t      t
taken_name_text    a      b1     b      b      b      b      b      b      b      b      b      b        b      b
valid_mac          -      -      Y      Y      Y      Y      Y      Y      Y      Y      Y      Y        Y      Y
mac_text           a      a      b      b      b      b      c      c      c      c      c      c        c      c
forced_mac         D      N      N      N      N      N      N      N      N      N      N      N        N      N
shared_ip          C      CB     CB     CB     CB     CB     CB     F      F      CB     F      F        F      F
power_missing      x      x      u      u      u      u      u      u      u      u      u      u        u      u
kvm_vlan           -      none   none   none   none   none   none   read   read   none   read   read     read   read
lists_clustername  -      Y      Y      Y      Y      Y      Y      Y      Y      Y      Y      Y        Y      Y
lists_boot_vmware  -      -      -      -      Y      -      Y      Y      Y      Y      Y      Y        Y      Y
lists_boot_kvm     -      -      -      -      -      -      -      Y      Y      -      Y      Y        Y      Y
lists_hypervisor   -      -      -      -      -      -      -      -      -      -      -      -        Y      Y
convert_hosts      -      c      c      z      z      c      z      z      z      z      z      z        z      z
convert_direct     -      -      -      -      -      -      -      -      -      -      Y      Y        Y      Y
convert_vddk       -      -      -      -      -      -      -      -      -      -      -      -        Y      Y
unmanage_text      a      a      a      a      a      a      b      b      b      b      b      b        b      b
unmanage_stopped   x      x      x      x      x      x      x      x      x      x      p      p        p      p
before_421         Y      Y      Y      Y      Y      Y      Y      Y      Y      -      -      -        -      -
"""

# What the letters mean, where they are not Y (does it) and - (does not):
# order            of the checks, see importing.ORDERS
# kvm_template     none was given: T refused once the VM is found; L chosen, and not found by id later; TL T if the
#                  default template of VMware has a row, else L
# convert_hosts    the host that converts: of the same c(luster), or of the same z(one) with one that imports beside it
# unmanage_stopped a KVM domain that is off: x must be defined on a host, p is made persistent anew
# limit_*          Y checked, R reserved while the job runs
# custom_text      'cpu' or 'CPU' in the texts about custom offerings
# host_tags        S every tag of the offering, R a rule of the host decides, L only those that settings call strict
# later_name       the texts after the fit of the offering name the instance, or its display name
# pool_search      by name: the path ends with it, by p(ath) alone, c(ontains) path or name, u(uid of the pool too)
# forced_mac       D(eletes) the other NIC's record, N(ew) address for the new record
# shared_ip        C any address of the CIDR, CB only in Basic zones a free row, F a free row


def _read(text):
    head, *rows = [line.split() for line in text.split("\n") if line]
    columns = {name: {} for name in head[1:]}
    for behaviour, *values in rows:
        if len(values) != len(columns):
            raise ValueError(f"{behaviour}: {len(values)} values for {len(columns)} releases")
        for name, value in zip(columns, values):
            columns[name][behaviour] = {"Y": True, "-": False}.get(value, value)
    return columns


COLUMNS = _read(TABLE)
NAMES = tuple(COLUMNS)


class Release:
    """Behaviours as attributes: release.pool_search == 'cu'."""

    def __init__(self, name):
        self.name = name
        self.__dict__.update(COLUMNS[name])

    def __repr__(self):
        return f"Release({self.name})"


RELEASES = {name: Release(name) for name in NAMES}


def of_version(version):
    """The release of '4.20.3.0' or '4.23.0.0-SNAPSHOT'."""
    numbers = version.partition("-")[0].split(".")
    for count in (4, 3, 2):
        name = ".".join(numbers[:count])
        if name in RELEASES:
            return RELEASES[name]
    raise ValueError(f"no release {version}; known: {', '.join(NAMES)}")
