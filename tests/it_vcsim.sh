#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The simulated vCenter itself: what the tests of discovery rely on.
. "$(dirname "$0")/functions.sh"
requires curl openssl
VCSIM=$BUILD/peers/vcsim
[ -x "$VCSIM" ] || { echo "1..0 # skip build/peers/vcsim is not built (make peers)"; exit 0; }

start() { # start PROGRAM ARGS...: in the background; $url, $base, ca.pem
    : >"$WORK/said" # what the last one said must not be taken for this one's
    "$@" -write-ca "$WORK/ca.pem" >"$WORK/said" 2>"$WORK/said-err" &
    peer=$!
    cleanup_fn "kill $peer 2>/dev/null"
    wait_for 60 grep -q listening "$WORK/said" || { echo "Bail out! $1 does not start: $(cat "$WORK/said-err")"; exit 1; }
    url=$(sed -n 's/^listening on //p' "$WORK/said")
    base=${url%/sdk}
    : >"$WORK/jar"
}
stop() { kill "$peer"; wait "$peer" 2>/dev/null; }
web() { curl -sS --max-time 20 --cacert "$WORK/ca.pem" -b "$WORK/jar" -c "$WORK/jar" "$@"; }
envelope() {
    echo '<?xml version="1.0"?><e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/" xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance"><e:Body>'"$1"'</e:Body></e:Envelope>'
}
soap() { # soap BODY
    web --compressed -H 'SOAPAction: "urn:vim25/8.0.0.1"' -H 'Content-Type: text/xml' "$url" -d "$(envelope "$1")"
}
login() { soap "<Login xmlns='urn:vim25'><_this type='SessionManager'>SessionManager</_this><userName>admin@vsphere.local</userName><password>$1</password></Login>"; }
logout() { soap "<Logout xmlns='urn:vim25'><_this type='SessionManager'>SessionManager</_this></Logout>"; }
view_of() {
    soap "<CreateContainerView xmlns='urn:vim25'><_this type='ViewManager'>ViewManager</_this><container type='Folder'>group-d1</container><type>$1</type><recursive>true</recursive></CreateContainerView>" |
        sed -n 's/.*<returnval type="ContainerView">\([^<]*\)<.*/\1/p'
}
retrieve_body() { # retrieve_body TYPE PATH [OPTIONS]: $view must be made
    echo "<RetrievePropertiesEx xmlns='urn:vim25'><_this type='PropertyCollector'>propertyCollector</_this><specSet><propSet><type>$1</type><pathSet>$2</pathSet></propSet><objectSet><obj type='ContainerView'>$view</obj><skip>true</skip><selectSet xsi:type='TraversalSpec'><type>ContainerView</type><path>view</path><skip>false</skip></selectSet></objectSet></specSet><options>${3-}</options></RetrievePropertiesEx>"
}
retrieve() { soap "$(retrieve_body "$@")"; }
continue_with() { soap "<ContinueRetrievePropertiesEx xmlns='urn:vim25'><_this type='PropertyCollector'>propertyCollector</_this><token>$1</token></ContinueRetrievePropertiesEx>"; }
count() { grep -o "$1" "$out" | wc -l; }

start "$VCSIM" -estate "$ROOT/tests/estates/vsphere-small.json" -fingerprint

begin 'the printed fingerprint is that of the certificate'
expect_match "$WORK/said" "^fingerprint $(openssl x509 -in "$WORK/ca.pem" -noout -fingerprint -sha256 | sed 's/.*=//')\$"

begin 'a wrong password is InvalidLogin'
run login wrong
expect_match "$out" 'xsi:type="InvalidLogin"'

begin 'a call without a session is NotAuthenticated'
view=none
run retrieve VirtualMachine name
expect_match "$out" 'xsi:type="NotAuthenticated"'

begin 'a property path into a subtype is InvalidProperty'
run login pass
view=$(view_of Network)
run retrieve DistributedVirtualPortgroup config.defaultPortConfig.vlan
expect_match "$out" 'xsi:type="InvalidProperty"'

begin 'a property later than the declared API is InvalidProperty'
run web -H 'SOAPAction: "urn:vim25/6.7"' "$url" -d "$(envelope "$(retrieve_body DistributedVirtualPortgroup config.backingType)")"
expect_match "$out" 'xsi:type="InvalidProperty"'
run retrieve DistributedVirtualPortgroup config.backingType
expect_match "$out" '<val xsi:type="xsd:string">nsx</val>'

begin 'pages end where the client said and go on with the token'
view=$(view_of VirtualMachine)
run retrieve VirtualMachine name '<maxObjects>50</maxObjects>'
expect test "$(count '<objects>')" = 50
expect_match "$out" '<token>0</token>'
run continue_with 0
expect test "$(count '<objects>')" -gt 20
expect_no_match "$out" '<token>'
run continue_with 0
expect_match "$out" 'xsi:type="InvalidArgument"'

begin 'hidden VMs are absent, forbidden properties are missing'
run retrieve VirtualMachine config.uuid '<maxObjects>500</maxObjects>'
expect_match "$out" '<missingSet><path>config.uuid</path><fault><fault xsi:type="NoPermission">'
run retrieve VirtualMachine name '<maxObjects>500</maxObjects>'
expect_no_match "$out" '>(hidden|in-hidden-folder|vanishes)<'

begin 'ports tell their own VLAN'
run soap "<QueryDvsByUuid xmlns='urn:vim25'><_this type='DistributedVirtualSwitchManager'>DVSManager</_this><uuid>50 2b 7a 10 00 00 00 01-00 00 00 00 00 00 00 01</uuid></QueryDvsByUuid>"
switch=$(sed 's/.*>\(dvs-[0-9]*\)<.*/\1/' "$out" | tail -1)
run soap "<FetchDVPorts xmlns='urn:vim25'><_this type='VmwareDistributedVirtualSwitch'>$switch</_this><criteria><portKey>1001</portKey><portKey>1003</portKey></criteria></FetchDVPorts>"
expect test "$(count '<returnval>')" = 2
expect_match "$out" '<inherited>false</inherited><vlanId>12</vlanId>'
expect_match "$out" '<inherited>false</inherited><pvlanId>902</pvlanId>'

begin 'tags are told by both forms of the REST service'
run web -X POST -u admin@vsphere.local:wrong "$base/api/session" -w '%{http_code}'
expect_match "$out" '401$'
session=$(web -X POST -u admin@vsphere.local:pass "$base/api/session" | tr -d '"\n')
body='{"object_ids":[{"id":"vm-101","type":"VirtualMachine"},{"id":"vm-102","type":"VirtualMachine"}]}'
run web -H "vmware-api-session-id: $session" -H 'Content-Type: application/json' -d "$body" "$base/api/cis/tagging/tag-association?action=list-attached-tags-on-objects"
expect_match "$out" '^\[\{"object_id":\{"id":"vm-101","type":"VirtualMachine"\},"tag_ids":\["urn:vmomi:InventoryServiceTag:[^"]*","urn:[^"]*"\]\}\]$'
run web -H "vmware-api-session-id: $session" -H 'Content-Type: application/json' -d "$body" "$base/rest/com/vmware/cis/tagging/tag-association?~action=list-attached-tags-on-objects"
expect_match "$out" '^\{"value":\[\{"object_id":'
run web -X DELETE -H "vmware-api-session-id: $session" "$base/api/session"

begin 'counters tell the calls and the sessions that are left'
run web "$base/counters"
expect_match "$out" '"sessions_open": 1'
expect_match "$out" '"rest_sessions_open": 0'
run logout
run web "$base/counters"
expect_match "$out" '"sessions_open": 0'
expect_match "$out" '"QueryDvsByUuid": 1'

begin 'faults come when asked, as often as asked'
run login pass
view=$(view_of VirtualMachine)
run web -X POST "$base/fault?kind=html503&times=1"
run retrieve VirtualMachine name
expect_match "$out" '503 Service Unavailable'
run retrieve VirtualMachine name
expect_match "$out" '<objects>'
run web -X POST "$base/fault?kind=truncated&times=1"
run retrieve VirtualMachine name
expect_status 18
run web -X POST "$base/fault?kind=nonsense"
expect_match "$out" "fault 'nonsense' is not known"

begin 'a listing can be made to go on forever'
run web -X POST "$base/fault?kind=forever"
run retrieve VirtualMachine name '<maxObjects>10</maxObjects>'
expect_match "$out" '<token>again</token>'
run continue_with again
expect_match "$out" '^<.*<ContinueRetrievePropertiesExResponse .*<token>again</token>'
run web -X POST "$base/fault?kind=none"

begin 'a client that declares a later API is refused'
run web -H 'SOAPAction: "urn:vim25/9.9"' "$url" -d '<x/>'
expect_match "$out" 'Unsupported version URI'

begin 'an expired session is over'
run web -X POST "$base/fault?kind=expired&times=1"
run retrieve VirtualMachine name
expect_match "$out" 'xsi:type="NotAuthenticated"'
run retrieve VirtualMachine name
expect_match "$out" 'xsi:type="NotAuthenticated"'
stop

begin 'without a tagging service REST answers 404'
start "$VCSIM" -vms 20 -no-tags -record "$WORK/rec"
run web -X POST -u admin@vsphere.local:pass "$base/api/session" -o /dev/null -w '%{http_code}'
expect_match "$out" '^404$'

begin 'what was recorded is replayed'
run login pass
view=$(view_of VirtualMachine)
retrieve VirtualMachine name >"$WORK/live"
stop
start "$BUILD/peers/vsphere-replay" -dir "$WORK/rec"
retrieve VirtualMachine name >"$WORK/again"
expect_match "$WORK/live" 'vm-100019'
expect_same "$WORK/live" "$WORK/again"
run soap "<CurrentTime xmlns='urn:vim25'><_this type='ServiceInstance'>ServiceInstance</_this></CurrentTime>"
expect_match "$out" 'no recording of CurrentTime'
stop

begin 'an estate file with an unknown member is refused with its name'
echo '{"datacenters":[{"nam":"x"}]}' >"$WORK/bad.json"
run "$VCSIM" -estate "$WORK/bad.json"
expect_status 1
expect_match "$err" 'unknown field "nam"'

begin 'the Go client reads all VMs and logs out'
start "$VCSIM" -vms 230
run "$BUILD/peers/govmomi-client" -url "$url" -ca "$WORK/ca.pem" -page 100 -out "$WORK/facts"
expect_status 0
expect_match "$out" '^vms 230 cpu_s '
expect test "$(grep -c '^{"instance"' "$WORK/facts")" = 230
run web "$base/counters"
expect_match "$out" '"sessions_open": 0'
stop
finish
