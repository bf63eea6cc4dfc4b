# SPDX-License-Identifier: Apache-2.0
"""A stand-in for a CloudStack management server, computed from an estate file.

Modules, from the wire inwards:

  server.py     HTTP(S), one thread a connection
  exchange.py   one call on the wire: reply, refusal, drop, pieces
  faults.py     faults by a script: which call goes wrong, and how
  calls.py      the log of calls
  wire.py       the reply as JSON or XML, its oddities included
  signing.py    who is calling: signature version 3, roles
  params.py     names, types and existence of parameters
  registry.py   the table of commands; listApis
  estate.py     the state: tables of rows, loaded from JSON
  shapes.py     which fields a reply has, for whom and in which release
  lists.py      list calls: scope, filters, paging
  hypervisor.py what the hosts have; listUnmanagedInstances
  importing.py  importUnmanagedInstance: its checks in their order
  converting.py importVm from a vCenter into a KVM cluster (from the contract, not recorded)
  records.py    the rows that an import leaves
  owners.py     for whom something is made, and what that one may use
  addresses.py  IPv4 addresses of networks
  fit.py        does an offering fit; does a pool fit a disk
  limits.py     resource counts and limits
  networks.py   createNetwork and its neighbours
  preparing.py  domains, accounts, projects, offerings and templates that are made
  instances.py  managed VMs after the import
  volumes.py    managed volumes after the import
  jobs.py       async jobs: rows, and who may ask for them
  scheduler.py  carries jobs out, in their time
  clock.py      the server's time
  paging.py     one call being answered; pages
  errors.py     refusals
  powersync.py  records follow what hosts report
  admin.py      settings, limits and states an operator changes
  control.py    /sim/...: what happens outside CloudStack (power, restart, faults)
  store.py      the state in a file, for a process that is killed and started again
  dump.py       /sim/state: who is managed how many times
"""
