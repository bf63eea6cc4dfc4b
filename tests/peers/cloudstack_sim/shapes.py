# SPDX-License-Identifier: Apache-2.0
"""Which fields the reply of each kind has, in order, for whom and since when.

A shape is a text of tokens:
  name          the row's own member; left out if the row has none
  name=JSON     the same with a default
  name<kind.attribute:idmember   taken from another table's row if the row has none
suffixes of a name:
  @   only a root admin sees it
  +   not in 4.20.x
  -   only in 4.20.x
Members computed from other tables come from COMPUTED.
"""
import json
import re

from . import limits

TOKEN = re.compile(r"([A-Za-z0-9]+)([@+-]*)(?:=(.*)|<(\w+)\.(\w+):(\w+))?$")

ZONE = "zoneid zonename<zone.name:zoneid"
POD = "podid podname<pod.name:podid"
CLUSTER = "clusterid clustername<cluster.name:clusterid"
DOMAIN = "domainid domain<domain.name:domainid domainpath"
HOST = "hostid hostname<host.name:hostid hostcontrolstate"


def _limit_fields(names):
    return " ".join(f"{name}limit {name}total {name}available" for name in names.split())


SHAPE_TEXTS = {
    "zone": """id name dns1@="192.0.2.53" internaldns1@="192.0.2.53" guestcidraddress@="10.1.1.0/24"
        networktype="Advanced" securitygroupsenabled=false gputotal+=0 gpuused+=0
        allocationstate="Enabled" zonetoken dhcpprovider="VirtualRouter" localstorageenabled=false tags=[]
        allowuserspecifyvrmtu=false routerprivateinterfacemaxmtu=1500 routerpublicinterfacemaxmtu=1500
        type="Core" isnsxenabled=false ismultiarch=false asnrange="" routedmodeenabled=true hasannotations=false""",
    "pod": "id name " + ZONE + """ gateway netmask ipranges=[] startip=[] endip=[] forsystemvms=[] vlanid=[]
        allocationstate="Enabled" hasannotations=false""",
    "cluster": "id name " + POD + " " + ZONE + """ hypervisortype clustertype="CloudManaged"
        allocationstate="Enabled" managedstate="Managed" cpuovercommitratio="1.0" memoryovercommitratio="1.0"
        resourcedetails={"memoryOvercommitRatio":"1.0","cpuOvercommitRatio":"1.0"} arch="x86_64"
        hasannotations=false""",
    "host": "id name state=\"Up\" type=\"Routing\" ipaddress " + ZONE + " " + POD + """ version hypervisor
        cpunumber cpuspeed cpuallocated cpuallocatedvalue cpuallocatedpercentage cpuallocatedwithoverprovisioning
        cpuused+ cpuwithoverprovisioning cpuloadaverage+ networkkbsread+ networkkbswrite+ memorytotal
        memorywithoverprovisioning memoryallocated=0 memoryallocatedpercentage memoryallocatedbytes memoryused+
        capabilities lastpinged="1970-01-21T06:59:30+0000" virtualmachineid+ managementserverid
        managementservername+ """ + CLUSTER + """ clustertype islocalstorageactive=false created hosttags
        istagarule events hostha={"haenable":false,"hastate":"Disabled"}
        outofbandmanagement={"powerstate":"Disabled","enabled":false} resourcestate="Enabled" hypervisorversion
        hahost details ueficapability encryptionsupported instanceconversionsupported arch
        hasannotations=false""",
    "storagepool": "id " + ZONE + " " + POD + " name ipaddress path created type " + CLUSTER + """
        capacitybytes+=1099511627776 disksizetotal=1099511627776 disksizeallocated=0 disksizeused=0
        capacityiops+=1000000 usediops+=500000 tags istagarule=false state="Up" scope="CLUSTER"
        overprovisionfactor="2.0" hypervisor suitableformigration provider="DefaultPrimary"
        storagecapabilities={"VOLUME_SNAPSHOT_QUIESCEVM":"false"} managed=false jobstatus details+={}
        hasannotations=false""",
    "physicalnetwork": 'id name broadcastdomainrange="ZONE" ' + ZONE + """ state="Enabled" vlan tags
        isolationmethods="VLAN" """,
    "traffictype": """id traffictype physicalnetworkid kvmnetworklabel vmwarenetworklabel xennetworklabel
        isolationmethods+="VLAN" """,
    "network": """id name displaytext broadcastdomaintype="Vlan" traffictype="Guest" gateway netmask cidr
        """ + ZONE + """ networkofferingid networkofferingname<networkoffering.name:networkofferingid
        networkofferingdisplaytext<networkoffering.displaytext:networkofferingid
        networkofferingconservemode<networkoffering.conservemode:networkofferingid
        networkofferingavailability<networkoffering.availability:networkofferingid
        issystem=false state related broadcasturi@ dns1="192.0.2.53" type vlan@ acltype="Account" projectid
        project<project.name:projectid subdomainaccess account """ + DOMAIN + """ service networkdomain
        physicalnetworkid restartrequired=false specifyvlan specifyipranges canusefordeploy=true
        ispersistent=false tags=[] details@={} displaynetwork@=true strechedl2subnet=false
        redundantrouter=false supportsvmautoscaling=false created receivedbytes=0 sentbytes=0
        egressdefaultpolicy publicmtu=1500 privatemtu=1500 keepmacaddressonpublicnic@+ hasannotations=false""",
    "vlaniprange": "id forvirtualnetwork=false zoneid vlan account " + DOMAIN + """ gateway netmask cidr startip
        endip networkid physicalnetworkid forsystemvms=false fornsx-=false""",
    "networkoffering": """id name displaytext created traffictype="Guest" isdefault=false specifyvlan=false
        conservemode=true specifyipranges=false availability="Optional" networkrate=200 state="Enabled"
        guestiptype serviceofferingid service=[] forvpc=false fornsx=false fortungsten=false networkmode
        ispersistent=false egressdefaultpolicy=false supportsstrechedl2subnet=false supportspublicaccess=false
        supportsinternallb=false internetprotocol="IPv4" specifyasnumber=false tags hasannotations=false""",
    "serviceoffering": """id name state="Active" displaytext cpunumber cpuspeed memory created
        storagetype="shared" provisioningtype="thin" offerha=false limitcpuuse=false isvolatile=false domainid
        domain<domain.name:domainid zoneid zone hosttags storagetags issystem=false defaultuse=false
        serviceofferingdetails iscustomized=false rootdisksize=0 dynamicscalingenabled=true
        diskofferingstrictness=false diskofferingid+ diskofferingname+ diskofferingdisplaytext+
        encryptroot=false gpudisplay+ hasannotations=false""",
    "diskoffering": """id domainid domain zoneid zone name state="Active" displaytext disksize=0 created
        iscustomized=false tags storagetype="shared" provisioningtype="thin" displayoffering=true
        disksizestrictness=false encrypt=false details hasannotations=false""",
    "template": """id name displaytext ispublic=true created isready=true passwordenabled=false format
        isfeatured=false crossZones=true ostypeid ostypename<ostype.name:ostypeid account="system"
        """ + ZONE + """ status="Processing" size physicalsize templatetype="USER" templatetag hypervisor
        domain<domain.name:domainid domainpath domainid isextractable=false checksum details={}
        downloaddetails=[] arch="x86_64" bits=0 sshkeyenabled=false isdynamicallyscalable=false
        directdownload=false deployasis=false forcks+=false childtemplates requireshvm=false url
        tags=[] hasannotations=false""",
    "ostype": """id oscategoryid oscategoryname name description isuserdefined=false fordisplay=true""",
    "guestosmapping": """id hypervisor hypervisorversion ostypeid osdisplayname osnameforhypervisor
        isuserdefined="false" """,
    "account": """id name accounttype roleid roletype rolename """ + DOMAIN + " " + _limit_fields(
        "vm ip volume snapshot backup+ backupstorage+ template") + " vmstopped vmrunning " + _limit_fields(
        "project network vpc cpu memory gpu+ primarystorage secondarystorage bucket+ objectstorage+") + """
        state="enabled" created user=[] isdefault=false groups=[] apikeyaccess="INHERIT" """,
    "domain": "id name level=0 parentdomainid parentdomainname<domain.name:parentdomainid haschild path "
        'state="Active" created ' + _limit_fields(
            "vm ip volume snapshot backup+ backupstorage+ template project network vpc cpu memory gpu+ "
            "primarystorage secondarystorage bucket+ objectstorage+") + " hasannotations=false",
    "project": "id name displaytext domainid domain<domain.name:domainid owner=[] projectaccountname "
        'state="Active" tags=[] ' + _limit_fields(
            "network vpc cpu memory gpu+ primarystorage secondarystorage bucket+ objectstorage+ vm ip volume "
            "snapshot backup+ backupstorage+ template") + " vmstopped vmrunning created",
    "volume": "id name " + ZONE + """ type deviceid virtualmachineid isoid isoname isodisplaytext templateid
        templatename templatedisplaytext vmname vmdisplayname vmstate vmtype="User" provisioningtype="thin" size
        created state="Ready" account projectid project<project.name:projectid """ + DOMAIN + """
        storagetype="shared" hypervisor
        diskofferingid diskofferingname<diskoffering.name:diskofferingid
        diskofferingdisplaytext<diskoffering.displaytext:diskofferingid storage<storagepool.name:storageid
        attached destroyed=false serviceofferingid serviceofferingname serviceofferingdisplaytext
        isextractable displayvolume=true path@ storageid@ chaininfo@ quiescevm=false
        supportsstoragesnapshot=false deleteprotection=false physicalsize virtualsize utilization
        """ + CLUSTER + " " + POD + " tags=[] hasannotations=false jobid jobstatus",
    "virtualmachine": "id name displayname account userid username projectid project<project.name:projectid "
        + DOMAIN + " created lastupdated state haenable=false " + ZONE + " " + HOST + """ templateid templatename
        templatetype templateformat templatedisplaytext passwordenabled=false isos+=[] isomaxcount+=1
        serviceofferingid serviceofferingname<serviceoffering.name:serviceofferingid diskofferingid
        diskofferingname<diskoffering.name:diskofferingid cpunumber cpuspeed memory cpuused networkkbsread
        networkkbswrite diskkbsread diskkbswrite memorykbs memoryintfreekbs memorytargetkbs diskioread
        diskiowrite guestosid rootdeviceid=0 rootdevicetype="ROOT" securitygroup=[] nic=[] hypervisor
        ipaddress instancename@ details={} affinitygroup=[] displayvm=true isdynamicallyscalable=false
        deleteprotection=false ostypeid osdisplayname<ostype.name:ostypeid bootmode boottype pooltype@
        receivedbytes=0 sentbytes=0 arch="x86_64" tags=[] hasannotations=false""",
    "nic": """id networkid networkname<network.name:networkid netmask gateway ipaddress isolationuri@
        broadcasturi@ traffictype="Guest" type isdefault macaddress secondaryip extradhcpoption=[] deviceid
        virtualmachineid enabled+=true""",
    "unmanagedinstance": "name " + CLUSTER + " hostid hostname<host.name:hostid " + """hypervisor+
        hypervisorversion+ powerstate cpunumber cpucorepersocket=1 cpuspeed=0 memory osid osdisplayname
        bootmode boottype disk=[] nic=[]""",
    "publicipaddress": None,
    "event": "id username type level description account " + DOMAIN + """ resourceid resourcetype resourcename
        created state parentid""",
    "tag": "key value resourcetype resourceid account " + DOMAIN,
    "resourcelimit": "account projectid project " + DOMAIN + " resourcetype resourcetypename max tag",
}


def _parse(text):
    fields = []
    for token in re.findall(r'[^\s"]*(?:"[^"]*"[^\s"]*)*', text):
        if not token:
            continue
        name, marks, default, kind, attribute, member = TOKEN.match(_marks_last(token)).groups()
        fields.append((name, marks, json.loads(default) if default else None, (kind, attribute, member)))
    return fields


def _marks_last(token):
    """'backup+limit' (made by _limit_fields) reads as 'backuplimit+'."""
    match = re.match(r"(\w+)\+(\w+)$", token)
    return f"{match[1]}{match[2]}+" if match else token


SHAPES = {kind: _parse(text) for kind, text in SHAPE_TEXTS.items() if text}


def _domain_path(estate, row):
    domain = estate["domain"].get(row.get("domainid"))
    if not domain:
        return None
    path = domain["path"]
    return path.removeprefix("ROOT").rstrip("/") + "/" if _prints_raw_path(estate, row["_kind"]) else path


def _prints_raw_path(estate, kind):
    return estate.is_old and kind in OLD_RAW_PATHS


# 4.20.x prints the path of these as the database has it: '/' and '/dom-a/'.
OLD_RAW_PATHS = {"virtualmachine", "volume", "network", "vlaniprange", "template", "resourcelimit"}
NEW_CAPABILITIES = {"SslTermination"}
OLD_CAPABILITY_VALUES = {"tcp, udp, tcp-proxy, ssl": "tcp, udp, tcp-proxy"}

def _network_services(estate, row):
    """The offering's services with what each can do (table servicecapability)."""
    offering = estate["networkoffering"].get(row.get("networkofferingid")) or {}
    capability = {each["name"]: _capabilities(estate, each["capability"])
                  for each in estate["servicecapability"]}
    return [{"name": service["name"], "provider": [{"name": p["name"]} for p in service.get("provider", [])],
             "capability": capability.get(service["name"], [])} for service in offering.get("service", [])]


def _capabilities(estate, capabilities):
    if not estate.is_old:
        return capabilities
    return [dict(each, value=OLD_CAPABILITY_VALUES.get(each.get("value"), each.get("value")))
            for each in capabilities if each["name"] not in NEW_CAPABILITIES]


COMPUTED = {
    ("network", "service"): _network_services,
    ("network", "supportsvmautoscaling"): lambda estate, row: any(
        service["name"] == "Lb" for service in _network_services(estate, row)),
    ("*", "domainpath"): _domain_path,
    ("domain", "haschild"): lambda estate, row: bool(estate["domain"].where(parentdomainid=row["id"])),
    ("network", "related"): lambda estate, row: row["id"],
    ("virtualmachine", "hostcontrolstate"):
        lambda estate, row: estate["host"].get(row["hostid"]).get("resourcestate", "Enabled")
        if row.get("hostid") else None,
}


def _computed(estate, kind, name, row):
    compute = COMPUTED.get((kind, name)) or COMPUTED.get(("*", name))
    if compute:
        return compute(estate, dict(row, _kind=kind))
    if kind in limits.OWNER_KINDS:
        return limits.reply_field(estate, kind, row, name)
    return None


def _is_shown(marks, sees_all, is_old):
    if "@" in marks and not sees_all:
        return False
    return not ("+" in marks and is_old) and not ("-" in marks and not is_old)


def _value(estate, kind, row, field):
    name, _, default, (link, attribute, member) = field
    if row.get(name) is not None:
        return row[name]
    if link:
        other = estate[link].get(row.get(member))
        return other.get(attribute, _default(link, attribute)) if other else None
    computed = _computed(estate, kind, name, row)
    return default if computed is None else computed


def _default(kind, attribute):
    return next((f[2] for f in SHAPES[kind] if f[0] == attribute), None)


def render(estate, kind, row, sees_all=True):
    """The row as the API shows it: a new dict; kinds without a shape as they are."""
    shape = SHAPES.get(kind)
    if not shape:
        return {k: v for k, v in row.items() if not k.startswith("_") and not (k == "id" and row.get("_no_id"))}
    shown = {}
    for field in shape:
        if not _is_shown(field[1], sees_all, estate.is_old):
            continue
        value = _value(estate, kind, row, field)
        if value is not None:
            shown[field[0]] = value
    if row.get("_no_id"):
        shown.pop("id", None)
    return shown


def value_of(estate, kind, row, name):
    """One field as a root admin sees it, for filters."""
    field = next((f for f in SHAPES.get(kind, []) if f[0] == name), None)
    return _value(estate, kind, row, field) if field else row.get(name)
