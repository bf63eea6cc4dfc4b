# vm-ingest: one Makefile for the whole tree; `make help` lists the targets.
#
# Knobs (make NAME=value):
#   B=build          where everything that is made goes
#   SAN=             sanitizers: SAN=address,undefined or SAN=thread (own folder under build/)
#   WERROR=1         0 for packagers: warnings do not fail the build
#   V=               1 shows every command
#   CC, CFLAGS, LDFLAGS, PREFIX, DESTDIR as usual; UNITDIR: where systemd's units go
SHELL    := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
MAKEFLAGS += --no-builtin-rules

B        ?= build$(if $(SAN),/san-$(subst $(comma),-,$(SAN)))
SAN      ?=
WERROR   ?= 1
PREFIX   ?= /usr
UNITDIR  ?= $(PREFIX)/lib/systemd/system
CC       := $(if $(filter default,$(origin CC)),gcc,$(CC))
CLANG    ?= clang
PYTHON   ?= /usr/bin/python3
VERSION  := 0.1.0
comma    := ,
JOBS     := $(shell nproc)
Q        := $(if $(V),,@)
say       = $(if $(V),,@printf '  %-7s %s\n' $(1) '$(2)';)

# --- Debian packages --------------------------------------------------------
PACKAGES_BUILD := gcc make pkg-config libc6-dev libglib2.0-dev libxml2-dev libcurl4-openssl-dev \
    libssl-dev libjson-c-dev libsqlite3-dev libvirt-dev gsoap libgsoap-dev zlib1g-dev libyaml-dev
PACKAGES_TEST  := clang clang-format libclang-rt-14-dev llvm pmccabe python3 python3-jsonschema \
    golang-go golang-github-vmware-govmomi-dev golang-github-google-uuid-dev \
    libvirt-daemon-system libvirt-daemon-driver-qemu libvirt-clients qemu-system-x86 qemu-utils \
    ovmf dnsmasq-base openssh-client openvswitch-switch openssl curl mandoc libxml2-utils iproute2 kmod time git zsh fish bash-completion \
    chromium lintian mmdebstrap systemd-container tzdata
PACKAGES_DEB   := debhelper python3
PACKAGES_IMAGE := cpio cryptsetup-bin dosfstools fdisk grub-common grub-efi-amd64-bin grub-pc-bin kmod mtools openssl \
    qemu-utils squashfs-tools uidmap zstd

# --- compiling ----------------------------------------------------------------
# Evaluated at first use and once: `make deps` may install pkg-config in the same run.
PKGS      := glib-2.0 libxml-2.0 libcurl openssl json-c sqlite3 libvirt gsoapssl zlib yaml-0.1 libcrypt
once       = $(eval $(1) := $(shell $(2)))$($(1))
PKG_CFLAGS = $(call once,PKG_CFLAGS,pkg-config --cflags $(PKGS))
PKG_LIBS   = $(call once,PKG_LIBS,pkg-config --libs $(PKGS))

WARN      := -Wall -Wextra -Wshadow -Wvla -Wundef -Wstrict-prototypes -Wmissing-prototypes \
    -Wwrite-strings -Wpointer-arith -Wformat=2 -Wswitch-enum $(if $(filter 1,$(WERROR)),-Werror)
HARDEN    := $(if $(SAN),,-D_FORTIFY_SOURCE=2) -fstack-protector-strong -fstack-clash-protection \
    -fcf-protection -fPIE
SANFLAGS  := $(if $(SAN),-fsanitize=$(SAN) -fno-omit-frame-pointer -fno-sanitize-recover=all)
CFLAGS    ?= -O2 -g
CPPFLAGS_ALL = -Iinclude -D_GNU_SOURCE -DVM_INGEST_VERSION='"$(VERSION)"' $(PKG_CFLAGS)
CFLAGS_ALL = -std=gnu17 $(CPPFLAGS_ALL) $(WARN) $(HARDEN) $(SANFLAGS) -pthread -MMD -MP $(CFLAGS)
LDFLAGS_ALL = -pie -Wl,-z,relro,-z,now -Wl,--as-needed $(SANFLAGS) -pthread $(LDFLAGS)
LIBS_ALL   = $(PKG_LIBS)

FOLDERS   := discover mapper ingest appliance
MAINS     := appliance/main.c appliance/libvirt_worker.c appliance/setup.c appliance/helper.c
srcs       = $(filter-out $(MAINS),$(wildcard $(1)/*.c))
objs       = $(patsubst %.c,$(B)/%.o,$(call srcs,$(1)))
ARCHIVES  := $(foreach f,appliance discover mapper ingest,$(B)/lib$(f).a)
GEN       := $(B)/gen
GEN_OBJS  := $(if $(wildcard discover/vim25.h),$(GEN)/soapC.o $(GEN)/soapClient.o)
TESTS     := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/test_*.c))
PROBES    := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/probe_*.c))
BENCHES   := $(patsubst tests/%.c,$(B)/tests/%,$(wildcard tests/bench_*.c))
FUZZERS   := $(patsubst tests/%.c,$(B)/fuzz/%,$(wildcard tests/fuzz_*.c))

##@ Main
WORKER    := $(B)/vm-ingest-libvirt-worker
IMAGE_PROGRAMS := $(B)/vm-ingest-setup $(B)/vm-ingest-helper
all: $(B)/vm-ingest $(WORKER) $(IMAGE_PROGRAMS) ## build build/vm-ingest
$(B)/vm-ingest: $(B)/appliance/main.o
$(B)/vm-ingest-setup: $(B)/appliance/setup.o
$(B)/vm-ingest-helper: $(B)/appliance/helper.o
$(B)/vm-ingest $(IMAGE_PROGRAMS): $(ARCHIVES)
	$(call say,LINK,$@)$(CC) $(LDFLAGS_ALL) -o $@ $(filter %.o,$^) -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(LIBS_ALL)
$(WORKER): $(B)/appliance/libvirt_worker.o $(B)/libdiscover.a
	$(call say,LINK,$@)$(CC) $(LDFLAGS_ALL) -o $@ $^ $(LIBS_ALL)

$(foreach f,$(FOLDERS),$(eval $(B)/lib$(f).a: $(call objs,$(f))))
$(B)/libdiscover.a: $(GEN_OBJS)
$(B)/lib%.a:
	$(call say,AR,$@)mkdir -p $(@D); rm -f $@; ar rcs $@ $^

# Files that .incbin takes in.
$(B)/appliance/assets.o $(B)/fuzz/appliance/assets.o: $(wildcard appliance/report/* appliance/demo/*)

$(B)/%.o: %.c | deps-build
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(CFLAGS_ALL) -DG_LOG_DOMAIN='"$(firstword $(subst /, ,$<))"' -c -o $@ $<

# gSOAP: the generated code is not ours; it is compiled with its own flags.
SOAP_FLAGS := -DWITH_OPENSSL -DWITH_GZIP -DWITH_IPV6 -DWITH_DOM -DWITH_COOKIES
$(GEN)/soapC.c $(GEN)/soapClient.c $(GEN)/soapH.h $(GEN)/soapStub.h &: discover/vim25.h | deps-build
	$(call say,GEN,$<)mkdir -p $(GEN); soapcpp2 -c -C -L -x -w -n -d $(GEN) -p soap $< > $(GEN)/log 2>&1 || { cat $(GEN)/log >&2; exit 1; }
$(GEN)/%.o: $(GEN)/%.c
	$(call say,CC,$<)$(CC) -std=gnu17 $(SOAP_FLAGS) -I$(GEN) $(PKG_CFLAGS) -w $(HARDEN) $(SANFLAGS) $(CFLAGS) -c -o $@ $<
$(foreach f,$(wildcard discover/vim_*.c discover/source_vsphere.c discover/source_govc*.c tests/*vim*.c),$(B)/$(f:.c=.o)): | $(GEN)/soapH.h
$(foreach f,$(wildcard discover/vim_*.c discover/source_vsphere.c discover/source_govc*.c tests/*vim*.c),$(B)/$(f:.c=.o)): CPPFLAGS_ALL += $(SOAP_FLAGS) -I$(GEN)

demo: deps-build ## install, build, and make a full dry run of the built-in demo estate
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@$(B)/vm-ingest dry-run --demo --out-dir $(B)/demo || [ $$? = 3 ]

UNITS     := $(notdir $(wildcard appliance/units/*.service))
install: all ## install into DESTDIR and PREFIX
	install -D -m 755 $(B)/vm-ingest $(DESTDIR)$(PREFIX)/bin/vm-ingest
	install -D -m 755 -t $(DESTDIR)$(PREFIX)/libexec $(WORKER) $(IMAGE_PROGRAMS)
	install -d $(foreach d,man/man1 man/man5 man/man8 bash-completion/completions zsh/vendor-completions fish/vendor_completions.d doc/vm-ingest vm-ingest,$(DESTDIR)$(PREFIX)/share/$(d))
	install -m 644 appliance/man/*.1 $(DESTDIR)$(PREFIX)/share/man/man1/
	install -m 644 appliance/man/*.5 $(DESTDIR)$(PREFIX)/share/man/man5/
	install -m 644 appliance/man/*.8 $(DESTDIR)$(PREFIX)/share/man/man8/
	install -m 644 appliance/schema/*.json $(DESTDIR)$(PREFIX)/share/vm-ingest/
	install -m 644 README.md LICENSE appliance/vm-ingest.conf.example $(DESTDIR)$(PREFIX)/share/doc/vm-ingest/
	install -d $(foreach d,sysusers tmpfiles,$(DESTDIR)$(PREFIX)/lib/$(d).d) $(UNITS:%=$(DESTDIR)$(UNITDIR)/%.d)
	install -m 644 $(wildcard $(foreach t,service socket timer,appliance/units/*.$(t))) $(DESTDIR)$(UNITDIR)/
	for unit in $(UNITS); do install -m 644 appliance/units/sandbox.conf $(DESTDIR)$(UNITDIR)/$$unit.d/10-sandbox.conf; done
	install -m 644 appliance/units/vm-ingest.sysusers $(DESTDIR)$(PREFIX)/lib/sysusers.d/vm-ingest.conf
	install -m 644 appliance/units/vm-ingest.tmpfiles $(DESTDIR)$(PREFIX)/lib/tmpfiles.d/vm-ingest.conf
	$(B)/vm-ingest completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/vm-ingest
	$(B)/vm-ingest completion zsh > $(DESTDIR)$(PREFIX)/share/zsh/vendor-completions/_vm-ingest
	$(B)/vm-ingest completion fish > $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d/vm-ingest.fish

deb: deps-deb ## build the Debian package into build/deb, with its SBOM; VERSION=N for one of another version
	@appliance/make-deb $(B)/deb $(VERSION)

image: deps-image ## build the appliance's qcow2 and OVA into build/image; KERNEL=amd64 for one with every driver
	@appliance/make-deb $(B)/deb $(VERSION) >/dev/null
	@appliance/image/build.sh $(B)/image $(VERSION) $(B)/deb/vm-ingest_$(VERSION)_amd64.deb

deps: ## install what the build and the tests need (Debian 12; as root)
	@tests/deps $(PACKAGES_BUILD) $(PACKAGES_DEB) $(PACKAGES_IMAGE) $(PACKAGES_TEST)
deps-build:
	@tests/deps $(PACKAGES_BUILD)
deps-deb:
	@tests/deps $(PACKAGES_BUILD) $(PACKAGES_DEB)
deps-image:
	@tests/deps $(PACKAGES_BUILD) $(PACKAGES_DEB) $(PACKAGES_IMAGE)

clean: ## delete build/
	rm -rf build

help: ## this list
	@awk -F ':.*## ' '/^##@ /{printf "\n%s\n", substr($$0, 5)} /^[a-z][a-z0-9-]*:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

##@ Tests
check: deps ## install, build and run all tests; last line: N passed, N failed, N skipped
	@$(MAKE) --no-print-directory lint
	@$(MAKE) --no-print-directory -j$(JOBS) check-programs
	@B=$(B) PYTHON=$(PYTHON) $(PYTHON) tests/run $(RUN_FLAGS) $(TESTS) $(wildcard tests/it_*.sh tests/it_*.py)
check-programs: all $(TESTS) $(PROBES) $(FUZZERS) peers
check-unit: $(TESTS) ## only the C unit tests
	@B=$(B) $(PYTHON) tests/run $(TESTS)
check-asan: ## the C unit tests under AddressSanitizer and UBSan
	@$(MAKE) --no-print-directory check-unit SAN=address,undefined
check-tsan: ## the C unit tests under ThreadSanitizer
	@G_SLICE=always-malloc $(MAKE) --no-print-directory check-unit SAN=thread
check-mutants: $(B)/tests/test_mutants ## change each row of the server's checks and each cell of the releases; print what notices it
	@MUTANTS=all $(B)/tests/test_mutants
check-deb: deps peers ## install, use, upgrade, remove and purge the Debian package in a fresh Debian; as root
	@B=$(B) $(PYTHON) tests/run tests/check-deb
check-vlan: deps ## VLANs of a KVM host in a QEMU guest with a kernel of its own; fetches that kernel
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@B=$(B) $(PYTHON) tests/run tests/check-vlan

torture: deps ## break an import at each call, each write and 1,000 random points, and resume it
	@$(MAKE) --no-print-directory -j$(JOBS) all
	@B=$(B) TORTURE_KILLS=1000 $(PYTHON) tests/run --timeout 7200 tests/it_import_torture.py

truth: all ## hold verdicts against a live server: SERVER=URL PREFIX=NAME, keys in the environment; see tests/README.md
	@B=$(B) $(PYTHON) tests/truth-server '$(SERVER)' --prefix '$(PREFIX)' $(if $(CLUSTER),--cluster '$(CLUSTER)') $(if $(ZONE),--zone '$(ZONE)') $(if $(CASES),--cases $(CASES)) $(if $(SEED),--seed $(SEED))

$(B)/tests/%.o: tests/%.c | deps-build
	$(call say,CC,$<)mkdir -p $(@D); $(CC) $(CFLAGS_ALL) -I. -c -o $@ $<
$(B)/tests/%: $(B)/tests/%.o $(ARCHIVES)
	$(call say,LINK,$@)$(CC) $(LDFLAGS_ALL) -o $@ $< -Wl,--start-group $(ARCHIVES) -Wl,--end-group $(LIBS_ALL)

# The Go programs that the tests talk to.
PEERS := $(addprefix $(B)/peers/,vcsim vsphere-replay govmomi-client govc-json)
peers: $(PEERS) ## build the peers of the tests: simulated vCenter and the like
$(PEERS) &: tests/peers/build $(wildcard tests/peers/*/*.go)
	$(call say,GO,$(notdir $(PEERS)))B=$(B) tests/peers/build $(notdir $(PEERS)) && touch $(PEERS)

bench: all peers $(BENCHES) ## measure: a table beside the peers, from one run; ROWS='words of titles'
	@B=$(B) $(PYTHON) tests/bench/bench $(ROWS)

# Fuzzers: the whole tree once more by clang, with coverage and sanitizers.
FUZZ_SAN  := -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
FUZZ_OBJS  = $(patsubst %.c,$(B)/fuzz/%.o,$(foreach f,$(FOLDERS),$(call srcs,$(f)))) $(patsubst $(GEN)/%,$(B)/fuzz/gen/%,$(GEN_OBJS))
fuzz: $(FUZZERS) ## build the fuzzers and run each for FUZZ_SECONDS (60)
	@B=$(B) tests/fuzz $${FUZZ_SECONDS:-60} $(FUZZERS)
$(B)/fuzz/gen/%.o: $(GEN)/%.c
	$(call say,CLANG,$<)mkdir -p $(@D); $(CLANG) -std=gnu17 $(SOAP_FLAGS) -I$(GEN) $(PKG_CFLAGS) -w -O1 -g $(FUZZ_SAN) -c -o $@ $<
$(B)/fuzz/%.o: %.c | deps-build
	$(call say,CLANG,$<)mkdir -p $(@D); $(CLANG) -std=gnu17 $(CPPFLAGS_ALL) $(if $(GEN_OBJS),$(SOAP_FLAGS) -I$(GEN)) -I. -w -O1 -g $(FUZZ_SAN) -fsanitize=fuzzer-no-link -DG_LOG_DOMAIN='"fuzz"' -MMD -MP -c -o $@ $<
$(B)/fuzz/libfuzzed.a: $(FUZZ_OBJS)
	$(call say,AR,$@)mkdir -p $(@D); rm -f $@; ar rcs $@ $^
$(B)/fuzz/fuzz_%: $(B)/fuzz/tests/fuzz_%.o $(B)/fuzz/libfuzzed.a
	$(call say,LINK,$@)$(CLANG) $(FUZZ_SAN) -fsanitize=fuzzer -Wl,--as-needed -pthread -o $@ $< $(B)/fuzz/libfuzzed.a $(LIBS_ALL)
$(B)/fuzz/discover/%.o: $(if $(GEN_OBJS),$(GEN)/soapH.h)

##@ Style
lint: layering style ## layering, style and format, each can fail
layering: all ## who may include and link whom
	@tests/lint/layering
style: ## format, banned functions, sizes, licence lines
	@tests/lint/style

.PHONY: all demo install deb image deps deps-build deps-deb deps-image clean help check check-programs check-unit check-asan check-tsan check-mutants check-deb check-vlan truth peers bench fuzz lint layering style
.SECONDARY:
-include $(shell find $(B) -path $(B)/deb -prune -o -name '*.d' -type f -print 2>/dev/null)
