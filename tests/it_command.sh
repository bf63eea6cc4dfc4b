#!/bin/bash
# SPDX-License-Identifier: Apache-2.0
# The command as a person or a script meets it: usage, help, formats, completion, man pages.
. "$(dirname "$0")/functions.sh"
export HOME=$WORK XDG_CONFIG_HOME=$WORK/config XDG_CACHE_HOME=$WORK/cache
cd "$ROOT" || exit 1
DEMO=(--inventory appliance/demo/inventory.json --catalog appliance/demo/catalog.json --policy appliance/demo/policy)
commands=$("$VM_INGEST" help | sed -n '/^Commands:/,/^$/p' | sed -nE 's/^  ([a-z-]+( [a-z-]+)?)  .*/\1/p')

begin 'usage errors exit 2 and say what is wrong on stderr alone'
for words in '' 'no-such-command' 'plan --no-such-option' 'check' 'plan extra' 'plan -o xml' 'plan --progress=loud' \
    'completion tcsh' 'explain no-such-finding' 'networks --compat x --inventory appliance/demo/inventory.json'; do
    # shellcheck disable=SC2086
    run "$VM_INGEST" $words
    expect_status 2
    expect [ ! -s "$out" ]
    expect [ -s "$err" ]
done

begin 'an option that would be passed over is refused'
run "$VM_INGEST" plan "${DEMO[@]}" --out "$WORK/plan.json"
for words in 'dry-run --demo --inventory x' 'dry-run --demo --policy x' "report $WORK/plan.json --zone x" \
    "report $WORK/plan.json --catalog x" 'plan --inventory x --source y' \
    'networks --compat discover-networks -o csv' 'networks --compat discover-networks --catalog x'; do
    # shellcheck disable=SC2086
    run "$VM_INGEST" $words
    expect_status 2
    expect_match "$err" '(--inventory|--policy|--zone|--catalog|-o).*(exclude|cannot be used)'
done

begin 'what can be told at once is told before anything is read'
run "$VM_INGEST" dry-run --catalog appliance/demo/catalog.json --zone nope --source file:/no/such
expect_status 1
expect_match "$err" "zone 'nope' is not in the catalog"
run "$VM_INGEST" dry-run --demo --out-dir Makefile
expect_status 1
expect_match "$err" "^vm-ingest: folder 'Makefile': .*--out-dir"
run "$VM_INGEST" policy check /no/such
expect_status 2
expect_match "$err" "^vm-ingest: policy '/no/such': cannot be read: No such file"

begin 'a list of VMs comes from a file beside the policy'
mkdir "$WORK/site"
printf '# the first ones\r\nfw-01\r\nno-such-vm\r\n' >"$WORK/site/pilot.txt"
printf 'list pilot from "pilot.txt"\nwave list pilot -> pilot\nwindow fri 20:00 to mon 05:00 Europe/Berlin\n' \
    >"$WORK/site/policy"
run "$VM_INGEST" policy check "$WORK/site/policy"
expect_status 0
expect_match "$out" '3 rules, no error'
run "$VM_INGEST" plan --inventory appliance/demo/inventory.json --catalog appliance/demo/catalog.json \
    --policy "$WORK/site/policy" --out "$WORK/site/plan.json"
expect_status 3
expect_match "$WORK/site/plan.json" '"name":"fw-01".*"wave":"pilot"'
expect_match "$WORK/site/plan.json" "No VM that was read is called 'no-such-vm'"
expect_match "$WORK/site/plan.json" '"windows":\["fri 20:00 to mon 05:00 Europe/Berlin"\]'
expect_match "$WORK/site/plan.json" \
    "\"kind\":\"list\",\"name\":\"$WORK/site/pilot.txt\",\"sha256\":\"$(sha256sum "$WORK/site/pilot.txt" | cut -d' ' -f1)\""
rm "$WORK/site/pilot.txt"
sed -i 's/Berlin/Berlim/' "$WORK/site/policy"
run "$VM_INGEST" policy check "$WORK/site/policy"
expect_status 2
expect_match "$err" "site/policy', line 1, column 12: list 'pilot': file '$WORK/site/pilot.txt': cannot be read"
expect_match "$err" "line 3, column 8: 'Europe/Berlim' is no time zone of the tz database"

begin 'a part of a word is told what it may mean'
run "$VM_INGEST" explain pvlan
expect_status 2
expect_match "$err" "there are: .*network-pvlan-differs"
run "$VM_INGEST" policy
expect_status 2
expect_match "$err" "after 'policy' comes: check$"
run "$VM_INGEST" prepare
expect_status 2
expect_match "$err" "after 'prepare' comes: plan, apply, undo$"
run "$VM_INGEST" diff old.json
expect_status 2
expect_match "$err" 'an argument is missing: OLD NEW'
run env HOME="$WORK" "$VM_INGEST" networks undo
expect_status 2
expect_match "$err" 'give --profile NAME, or set CLOUDSTACK_ENDPOINT'

begin 'a reader that has enough is no error to tell, a full disk is told once'
for words in 'explain' 'explain -o json' 'plan' 'report' 'networks -o csv'; do
    demo=("${DEMO[@]}")
    [ "${words%% *}" = explain ] && demo=()
    [ "${words%% *}" = networks ] && demo=("${DEMO[@]:0:4}")
    # shellcheck disable=SC2086
    (sleep 0.3; exec "$VM_INGEST" $words "${demo[@]}") 2>"$err" | true
    expect [ ! -s "$err" ]
    # shellcheck disable=SC2086
    "$VM_INGEST" $words "${demo[@]}" 2>"$err" >/dev/full
    expect_same <(wc -l <"$err") <(echo 1)
    expect_match "$err" 'No space left on device'
done

begin 'an error that quotes a file cannot take over the terminal'
sed 's/"kind":"vsphere"/"kind":"\\u001b[31m\\u202ered"/' appliance/demo/inventory.json >"$WORK/odd.json"
run "$VM_INGEST" discover --inventory "$WORK/odd.json"
expect_status 1
expect_match "$err" '\?\[31mred'
expect_no_match "$err" $'\033'

begin 'every command has --help that names its options, on stdout'
[ -n "$commands" ] || bad 'help lists no command'
while read -r command; do
    # shellcheck disable=SC2086
    run "$VM_INGEST" $command --help
    expect_status 0
    expect_match "$out" "^usage: vm-ingest $command "
    expect_match "$out" '--quiet'
done <<<"$commands"

begin 'every command has a man page with exactly the options of its --help'
while read -r command; do
    page=appliance/man/vm-ingest-${command// /-}.1
    [ -e "$page" ] || { bad "no $page"; continue; }
    # shellcheck disable=SC2086
    "$VM_INGEST" $command --help | sed -n '/^Options:/,$p' | grep -oE -- '--[a-z-]+' | sort >"$WORK/help"
    grep -E '^\.It Fl' "$page" | grep -oE -- 'Fl -[a-z-]+' | sed 's/^Fl -/--/' | sort >"$WORK/man"
    expect_same "$WORK/help" "$WORK/man"
    summary=$(sed -n 's/^\.Nd //p' "$page")
    expect_match appliance/man/vm-ingest.1 "vm-ingest-${command// /-} 1"
    "$VM_INGEST" help | grep -qF "${summary:0:40}" || bad "$page: '$summary' is not what help says"
done <<<"$commands"

begin 'every key of a source stands in vm-ingest.conf(5)'
for key in $(grep -hoE '"[a-z_-]+=' discover/source_*.c | tr -d '"=' | sort -u); do
    grep -qE "^\.It Ic (.* )?$key( |$)" appliance/man/vm-ingest.conf.5 || bad "no '$key' in the page"
done

begin 'man pages are well formed'
requires mandoc
for page in appliance/man/*.[158]; do
    mandoc -Tlint -Wwarning "$page" >"$out" 2>&1 || bad "$(head -3 "$out")"
done

begin 'each format is what it says'
for format in table json yaml csv; do
    run "$VM_INGEST" plan "${DEMO[@]}" -o $format
    expect_status 3
    cp "$out" "$WORK/plan.$format"
    expect [ -s "$out" ]
done
expect /usr/bin/python3 -c 'import json, sys; json.load(open(sys.argv[1]))' "$WORK/plan.json"
expect /usr/bin/python3 -c 'import csv, sys
rows = list(csv.reader(open(sys.argv[1], newline="")))
assert len(rows) > 10 and len({len(row) for row in rows}) == 1' "$WORK/plan.csv"

begin '--no-headers leaves the first line out of every table and CSV'
for words in 'plan' 'networks' 'report'; do
    for format in csv table; do
        [ "$words $format" = 'report table' ] && continue
        run "$VM_INGEST" $words "${DEMO[@]:0:4}" -o $format
        tail -n +2 "$out" >"$WORK/want"
        run "$VM_INGEST" $words "${DEMO[@]:0:4}" -o $format --no-headers
        [ $format = table ] || expect_same "$WORK/want" "$out"
        expect [ "$(wc -l <"$WORK/want")" = "$(wc -l <"$out")" ]
    done
done

begin 'data goes to stdout alone, messages to stderr alone'
run "$VM_INGEST" plan "${DEMO[@]}" -o json
expect_match "$err" '^vm-ingest: '
expect_no_match "$out" '^vm-ingest: '
run "$VM_INGEST" plan "${DEMO[@]}" -o json --quiet
expect [ ! -s "$err" ]

begin '--out writes a file whole, and - is stdout'
run "$VM_INGEST" plan "${DEMO[@]}" -o json --out "$WORK/written.json"
expect_status 3
expect [ ! -s "$out" ]
expect_same "$WORK/written.json" <("$VM_INGEST" plan "${DEMO[@]}" --quiet --out - | sed "s/\"created_at\":\"[^\"]*\"/$(grep -o '"created_at":"[^"]*"' "$WORK/written.json" | head -1)/")
expect [ ! -e "$WORK/written.json.partial" ]

begin 'a file that cannot be written is named, and nothing is left behind'
run "$VM_INGEST" plan "${DEMO[@]}" --out "$WORK/no-such-folder/plan.json"
expect_status 1
expect_match "$err" 'no-such-folder/plan.json'
run "$VM_INGEST" plan "${DEMO[@]}" --out /dev/full
expect_status 1
expect_match "$err" '/dev/full.*No space'
run sh -c "'$VM_INGEST' explain > /dev/full"
expect_status 1
expect_match "$err" 'standard output.*No space'

begin 'check of some VMs tells of them what check of all tells'
"$VM_INGEST" plan "${DEMO[@]}" --out "$WORK/plan.json" 2>/dev/null || true
run "$VM_INGEST" check "$WORK/plan.json" "${DEMO[@]}"
sed 's/,$//' "$out" >"$WORK/whole"
for name in $(grep -oE '^\{"instance":.*"name":"[^"]*"' "$out" | sed -E 's/.*"name":"([^"]*)".*/\1/' | sort -u | head -12); do
    run "$VM_INGEST" check "$WORK/plan.json" "$name" "${DEMO[@]}"
    grep '^{"instance":' "$out" | sed 's/,$//' >"$WORK/part"
    expect [ -s "$WORK/part" ]
    expect [ -z "$(grep -vxFf "$WORK/whole" "$WORK/part")" ]
done
run "$VM_INGEST" check "$WORK/plan.json" '*' "${DEMO[@]}"
grep '^{"instance":' "$out" >"$WORK/part"
grep '^{"instance":' "$WORK/whole" | sed 's/$/,/;$s/,$//' >"$WORK/want"
expect_same "$WORK/want" "$WORK/part"
run "$VM_INGEST" check "$WORK/plan.json" no-such-vm "${DEMO[@]}"
expect_status 1
expect_match "$err" "'no-such-vm': the plan '.*plan.json' has no VM of this name"

begin 'no colour without a terminal, with NO_COLOR or with --no-color'
run "$VM_INGEST" report "${DEMO[@]}"
expect_no_match "$out" $'\033'
if command -v script >/dev/null; then
    script -qec "env TERM=xterm '$VM_INGEST' report ${DEMO[*]}" /dev/null >"$out" 2>&1 </dev/null
    expect_match "$out" $'\033\\['
    script -qec "env TERM=xterm NO_COLOR=1 '$VM_INGEST' report ${DEMO[*]}" /dev/null >"$out" 2>&1 </dev/null
    expect_no_match "$out" $'\033\\[[0-9;]*m'
fi

begin 'explain lists every finding and tells each'
run "$VM_INGEST" explain -o csv --no-headers
expect_status 0
findings=$(cut -d, -f1 "$out")
[ "$(wc -l <<<"$findings")" -ge 20 ] || bad "only $(wc -l <<<"$findings") findings"
while read -r finding; do
    run "$VM_INGEST" explain "$finding"
    expect_status 0
    expect_match "$out" "^$finding "
    expect_match "$out" '^Remedy:   .'
    expect_match "$out" '^Meaning:  .'
done <<<"$findings"

begin 'completion scripts load in their shells and offer commands and options'
"$VM_INGEST" completion bash >"$WORK/c.bash"
"$VM_INGEST" completion zsh >"$WORK/c.zsh"
"$VM_INGEST" completion fish >"$WORK/c.fish"
PATH=$BUILD:$PATH bash -c ". '$WORK/c.bash'; COMP_WORDS=(vm-ingest dry); COMP_CWORD=1; _vm_ingest; echo \"\${COMPREPLY[*]}\"
COMP_WORDS=(vm-ingest plan --inv); COMP_CWORD=2; _vm_ingest; echo \"\${COMPREPLY[*]}\"
COMP_WORDS=(vm-ingest plan -o y); COMP_CWORD=3; _vm_ingest; echo \"\${COMPREPLY[*]}\"" >"$out" 2>&1
printf '%s\n' dry-run --inventory yaml >"$WORK/want"
expect_same "$WORK/want" "$out"
if command -v zsh >/dev/null; then
    run zsh -fc "autoload -U compinit; compinit -u -d '$WORK/zcompdump'; source '$WORK/c.zsh'; whence -w _vm_ingest"
    expect_match "$out" '_vm_ingest: function'
fi
if command -v fish >/dev/null; then
    run fish -c "source '$WORK/c.fish'; complete -C 'vm-ingest dry'"
    expect_match "$out" '^dry-run'
fi

begin 'a config with an unknown key is refused with its place'
printf '[source a]\ntype = vsphere\nurll = x\n' >"$WORK/bad.conf"
run "$VM_INGEST" discover --config "$WORK/bad.conf"
expect_status 2
expect_match "$err" 'bad.conf.*source a.*urll'

begin 'a secret file that is not there is an error of the config'
printf '[source a]\ntype = vsphere\nurl = h\nusername = u\npassword-file = /no/such\n' >"$WORK/bad.conf"
run "$VM_INGEST" discover --config "$WORK/bad.conf"
expect_status 2
expect_match "$err" "source a.*secret file '/no/such': No such file"

begin 'no source, no target: the message says what to do'
run "$VM_INGEST" discover
expect_status 2
expect_match "$err" 'GOVC_URL'
run "$VM_INGEST" catalog
expect_status 2
expect_match "$err" 'CLOUDSTACK_ENDPOINT'

begin 'there is no option for a password'
for words in 'discover --password x' 'catalog --secret-key x'; do
    # shellcheck disable=SC2086
    run "$VM_INGEST" $words
    expect_status 2
done

begin 'installed files are in their places'
run make -s install DESTDIR="$WORK/root" B="${B:-build}"
expect_status 0
for file in bin/vm-ingest share/man/man1/vm-ingest-dry-run.1 share/man/man5/vm-ingest.conf.5 \
    share/bash-completion/completions/vm-ingest share/vm-ingest/plan.schema.json share/doc/vm-ingest/LICENSE libexec/vm-ingest-libvirt-worker; do
    expect [ -s "$WORK/root/usr/$file" ]
done
finish
