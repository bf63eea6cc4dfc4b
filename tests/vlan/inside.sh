# SPDX-License-Identifier: Apache-2.0
# Runs as the guest's first shell: makes switches and uplinks of all kinds, starts libvirtd and the
# domains of estate.py, reads them by vm-ingest and listens on the wires. Results go to /mnt.
export PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/tmp LIBVIRT_DEFAULT_URI=qemu:///system
exec >/mnt/log 2>&1 </dev/null
. /mnt/settings # HERE, VM_INGEST, MODULES, VERSION
power_off() { sync; echo o >/proc/sysrq-trigger; sleep 60; }
trap power_off EXIT
must() { "$@" || { echo "FAILED: $*"; echo "$*" >>/mnt/failed; }; }

mkdir -p /lib/modules /run/lock /run/libvirt /run/openvswitch /var/log/openvswitch
ln -sfn "$MODULES" "/lib/modules/$VERSION"
ln -sfn /proc/self/fd /dev/fd
hostname vlan-host
for module in 8021q bridge veth vxlan macvtap tun openvswitch bonding; do must modprobe $module; done
ip link set lo up

up() { for device in "$@"; do must ip link set "$device" up; done; }
add() { must ip link add "$@"; }
vlan() { add link "$1" name "$2" type vlan id "$3" ${4:+proto $4}; up "$2"; } # PARENT NAME ID
bridge_of() { # NAME [MEMBER...]
    local name=$1 member
    shift
    add "$name" type bridge
    for member in "$@"; do must ip link set "$member" master "$name"; done
    up "$name" "$@"
}

echo 1 >/proc/sys/net/ipv6/conf/default/disable_ipv6 # its frames are not the NICs'
for i in 0 1 2 3 4 5 6 7; do
    add eth$i type veth peer name wire$i
    up wire$i
done
up eth0 eth1 eth2 eth3 eth5 eth6 eth7
vlan eth0 eth0.100 100
bridge_of breth0-100 eth0.100
vlan eth0 storage 200
bridge_of br200 storage
vlan eth0 eth0.211 210
bridge_of breth0-211 eth0.211
bridge_of cloudbr0 eth0
vlan cloudbr0 cloudbr0.300 300
bridge_of br300 cloudbr0.300
add bond0 type bond mode active-backup
must ip link set eth4 master bond0
up bond0 eth4
vlan bond0 bond0.500 500
bridge_of br500 bond0.500
vlan eth1 eth1.600 600
vlan eth2 eth2.600 600
bridge_of br600 eth1.600 eth2.600
vlan eth1 eth1.610 610
vlan eth1 eth1.611 611
bridge_of br610 eth1.610 eth1.611
vlan eth2 eth2.10 10 802.1ad
vlan eth2.10 eth2.10.20 20
bridge_of br-qinq eth2.10.20
vlan eth2 eth2.700 700
bridge_of br-outer eth2.700
vlan br-outer br-outer.5 5
bridge_of br-nested br-outer.5
add brfilter type bridge vlan_filtering 1
must ip link set eth3 master brfilter
up brfilter
must bridge vlan add dev eth3 vid 310
must bridge vlan add dev eth3 vid 320
must bridge vlan add dev brfilter vid 320 self
vlan brfilter brfilter.320 320
bridge_of br320 brfilter.320
vlan eth1 eth1.820 820
add join0 type veth peer name join1
bridge_of br-joined eth1.820 join0
bridge_of br-inner join1
bridge_of breth1-810
bridge_of br-lone
must ip link set eth5 down
must ip link set eth5 name eth7.55
bridge_of br55 eth7.55
for vni in 2001 2003 2004; do
    add vxlan$vni type vxlan id $vni dstport 4789 dev eth0
    up vxlan$vni
done
bridge_of brvx-2001 vxlan2001
bridge_of brvx-2002 vxlan2003
vlan vxlan2004 vxlan2004.40 40
bridge_of br40 vxlan2004.40
vlan brvx-2001 brvx-2001.41 41
bridge_of br41 brvx-2001.41
vlan br-lone br-lone.42 42
bridge_of br42 br-lone.42
vlan br55 br55.43 43
bridge_of br43 br55.43
vlan eth1 eth1.100 100

export OVS_RUNDIR=/run/openvswitch OVS_LOGDIR=/tmp OVS_DBDIR=/tmp
must ovsdb-tool create /tmp/conf.db /usr/share/openvswitch/vswitch.ovsschema
must ovsdb-server /tmp/conf.db --remote=punix:/run/openvswitch/db.sock --pidfile --detach --no-chdir
must ovs-vsctl --no-wait init
must ovs-vswitchd unix:/run/openvswitch/db.sock --pidfile --detach --no-chdir
must ovs-vsctl add-br ovsbr0 -- add-br ovsfake60 ovsbr0 60 -- add-port ovsbr0 eth7

mount -t tmpfs etc /etc/libvirt
mkdir -p /etc/libvirt/qemu/networks
mount -t tmpfs lib /var/lib/libvirt
mkdir -p /var/lib/libvirt/dnsmasq /var/lib/libvirt/qemu
cat >/etc/libvirt/libvirtd.conf <<'END'
auth_unix_ro = "none"
auth_unix_rw = "none"
host_uuid = "6d3f4e11-1111-4222-8333-444455556667"
END
cat >/etc/libvirt/qemu.conf <<'END'
security_driver = "none"
user = "root"
group = "root"
dynamic_ownership = 0
remember_owner = 0
cgroup_controllers = [ ]
namespaces = [ ]
seccomp_sandbox = 0
stdio_handler = "file"
END
must libvirtd -d
for i in {1..150}; do virsh -q version && break; sleep 0.4; done
network() { # NAME XML: defined and started
    echo "<network><name>$1</name>$2</network>" >/tmp/network.xml
    must virsh -q net-define /tmp/network.xml
    must virsh -q net-start "$1"
}
ovs="<forward mode='bridge'/><bridge name='ovsbr0'/><virtualport type='openvswitch'/>"
network ovsnet "$ovs<portgroup name='vlan-50' default='yes'><vlan><tag id='50'/></vlan></portgroup>"
network ovsplain "$ovs"
network brnet "<forward mode='bridge'/><bridge name='breth0-100'/>"
network mvnet "<forward mode='bridge'><interface dev='eth1.100'/></forward>"
network opennet "<forward mode='open'/><bridge name='virbr9'/>
<ip address='192.168.190.1' netmask='255.255.255.0'/>"

for file in /mnt/*.xml; do must virsh -q define "$file"; done
for file in /mnt/on*.xml; do must virsh -q start "$(basename "$file" .xml)"; done

port_of() { # WORDS OF WHAT: the tap of the running domain's NIC
    local domain mac what
    while read -r domain mac what; do
        [ "$what" = "$1" ] && virsh -q domiflist "$domain" | awk -v mac="$mac" '$5 == mac {print $1}'
    done </mnt/ports
}
must ovs-vsctl set port "$(port_of 'Open vSwitch, tag set by hand')" tag=44
filtered=$(port_of 'bridge that filters VLANs')
must bridge vlan del dev "$filtered" vid 1
must bridge vlan add dev "$filtered" vid 310 pvid untagged
tap=$(port_of 'a tap of the caller')
must ip link set "$tap" master br600
up "$tap"

sleep 1
must /usr/bin/python3 "$HERE/wire.py" /mnt/wire.json $(virsh -q list --name)
"$VM_INGEST" discover --source libvirt:qemu:///system --out /mnt/inventory.json
echo $? >/mnt/status
for name in $(virsh -q list --all --name); do virsh -q dumpxml "$name"; done
ip -d link
bridge vlan show
ovs-vsctl show
cat /proc/net/vlan/config
touch /mnt/done
