/* SPDX-License-Identifier: Apache-2.0 */
/* The list of VMs: filter, sort, details. The state is the address behind '#', so that each view
   has a link. All texts are set as text, never as markup. */
"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const S = data.s, ROW = 34;
  const VERDICTS = [["not judged", "none"], ["ready", "ready"], ["ready after action", "action"],
    ["blocked", "blocked"], ["unknown", "unknown"]];
  const VERDICT_WORDS = ["none", "ready", "ready-after-action", "blocked", "unknown"];
  const SEVERITIES = ["none", "info", "warning", "action", "unknown", "blocker"];
  const POWERS = ["not known", "on", "off", "suspended"];
  const $ = (id) => document.getElementById(id);

  const el = (tag, options, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(options || {}))
      if (name === "onclick") node.onclick = value;
      else if (value !== null && value !== undefined) node.setAttribute(name, value);
    for (const child of children)
      if (child !== null && child !== undefined) node.append(child);
    return node;
  };
  /* Text 0 stands for what is not known, 1 for what is not there. */
  const fact = (i) => i === 0 ? "not known" : i === 1 ? "none" : S[i];
  const known = (i) => i > 1 ? S[i] : "";
  const bytes = (n) => {
    if (n < 0) return "not known";
    const units = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];
    let unit = 0;
    for (; n >= 1024 && unit < units.length - 1; unit++) n /= 1024;
    return (Number.isInteger(n) ? n : n.toFixed(1)) + " " + units[unit];
  };
  /* A text is one of S, or one of the templates with what stands in its gaps. */
  const pieces = data.t.map((i) => S[i].split(/\{[a-z0-9]+\}/));
  const render = (text) => Array.isArray(text)
    ? pieces[text[0]].map((piece, i) => piece + (i + 1 < text.length ? S[text[i + 1]] : "")).join("")
    : known(text);

  /* A choice is a list of names and values in turn. */
  const choiceOf = (choice, name) => {
    const at = choice.findIndex((part, i) => i % 2 === 0 && S[part] === name);
    return at < 0 ? "" : known(choice[at + 1]);
  };
  const vms = data.vms.map((v, index) => ({
    index, name: v[0], source: v[1], id: v[2], uuid: v[3], bios: v[4], path: v[5], datacenter: v[6],
    cluster: v[7], host: v[8], os: v[9], power: v[10], cpus: v[11], memory: v[12], disks: v[13],
    nics: v[14], verdict: v[15], owner: v[16], choice: v[17], findings: v[18], reasons: v[19],
    calls: v[20], facts: v[21], cloudstack: v[22], order: v[23], wave: choiceOf(v[17], "wave"),
    bytes: v[13] ? v[13].reduce((sum, d) => sum + Math.max(0, d[4]), 0) : -1,
    group: known(v[7]) || known(v[8]) || known(v[1]) || "(not known)",
  }));
  const findingId = (i) => S[data.f[i][0]];
  const worst = (vm) => vm.findings.filter((i) => data.f[i][1] > 1).map(findingId)
    .filter((id, i, all) => all.indexOf(id) === i);
  const vlans = (vm) => (vm.nics || []).map((nic) => known(nic[4]));

  const haystack = (vm) => vm.hay || (vm.hay = [known(vm.name), known(vm.path), vm.group,
    known(vm.host), known(vm.os), known(vm.id), known(vm.uuid), known(vm.owner), POWERS[vm.power],
    VERDICTS[vm.verdict][0], ...worst(vm), ...vlans(vm).map((v) => "vlan " + v),
    ...(vm.nics || []).flatMap((n) => [known(n[1]), known(n[3]), ...n[5].map((i) => S[i])]),
    ...(vm.disks || []).flatMap((d) => [known(d[2]), known(d[3])])].join("\n").toLowerCase());

  /* key: heading, text of the cell, value to sort by */
  const COLUMNS = [
    ["name", "Name", (vm) => fact(vm.name), (vm) => known(vm.name).toLowerCase()],
    ["verdict", "Verdict", (vm) => VERDICTS[vm.verdict][0], (vm) => [4, 3, 2, 0, 1][vm.verdict]],
    ["cluster", "Cluster or host", (vm) => vm.group, (vm) => vm.group],
    ["owner", "Owner", (vm) => fact(vm.owner), (vm) => known(vm.owner)],
    ["wave", "Wave", (vm) => vm.wave, (vm) => vm.order],
    ["power", "Power", (vm) => POWERS[vm.power], (vm) => vm.power],
    ["cpus", "CPUs", (vm) => vm.cpus < 0 ? "?" : String(vm.cpus), (vm) => vm.cpus, true],
    ["memory", "Memory", (vm) => bytes(vm.memory), (vm) => vm.memory, true],
    ["disk", "Disk", (vm) => bytes(vm.bytes), (vm) => vm.bytes, true],
    ["vlans", "VLANs", (vm) => vlans(vm).join(", "), (vm) => vlans(vm).join()],
    ["findings", "Findings", (vm) => worst(vm).join(", "), (vm) => -worst(vm).length],
  ];
  const widths = COLUMNS.map(([, title, text]) =>
    Math.max(title.length + 3, vms.reduce((most, vm) => Math.max(most, text(vm).length), 0)) + 2);

  /* --- state ---------------------------------------------------------------------------------- */
  const KEYS = ["q", "verdict", "cluster", "owner", "wave", "finding", "vlan", "sort", "vm"];
  let state = {}, shown = [];
  const readState = () => {
    const params = new URLSearchParams(location.hash.slice(1));
    state = Object.fromEntries(KEYS.map((key) => [key, params.get(key) || ""]));
  };
  const go = (change) => {
    const params = new URLSearchParams();
    for (const key of KEYS) {
      const value = key in change ? change[key] : state[key];
      if (value !== "") params.set(key, value);
    }
    history.replaceState(null, "", "#" + params);
    update();
  };

  const filter = () => {
    const words = state.q.toLowerCase().split(/\s+/).filter(Boolean);
    shown = vms.filter((vm) =>
      (!state.verdict || VERDICT_WORDS[vm.verdict] === state.verdict) &&
      (!state.cluster || vm.group === state.cluster) &&
      (!state.owner || known(vm.owner) === state.owner) &&
      (!state.wave || vm.wave === state.wave) &&
      (!state.finding || vm.findings.some((i) => findingId(i) === state.finding)) &&
      (!state.vlan || vlans(vm).includes(state.vlan)) &&
      words.every((word) => haystack(vm).includes(word)));
    const key = state.sort.replace(/^-/, ""), column = COLUMNS.find((c) => c[0] === key);
    if (!column) return;
    const sign = state.sort.startsWith("-") ? -1 : 1, value = column[3];
    shown.sort((a, b) => {
      const x = value(a), y = value(b);
      const order = typeof x === "string" ? x.localeCompare(y, "en", { numeric: true }) : x - y;
      return sign * order || a.index - b.index;
    });
  };

  /* --- rows, drawn only where one looks --------------------------------------------------------- */
  const list = $("list"), body = $("rows");
  const tag = (kind, text) => el("span", { class: "tag " + kind }, text);
  const cells = (vm, isPrint) => COLUMNS.map(([key, , text, , isNumber]) =>
    el("td", { class: isNumber ? "number" : null },
      key === "verdict" ? tag(VERDICTS[vm.verdict][1], text(vm))
        : key === "name" && !isPrint ? el("button", { type: "button" }, text(vm)) : text(vm)));
  const gap = (rows) => {
    const cell = el("td", { class: "gap", colspan: COLUMNS.length });
    cell.style.height = rows * ROW + "px";
    return el("tr", { "aria-hidden": "true" }, cell);
  };
  let drawn = "";
  const draw = (force) => {
    const height = list.clientHeight || 1000;
    const first = Math.max(0, Math.floor(list.scrollTop / ROW) - 10);
    const last = Math.min(shown.length, Math.ceil((list.scrollTop + height) / ROW) + 10);
    if (!force && drawn === first + "-" + last) return;
    drawn = first + "-" + last;
    const focused = document.activeElement && document.activeElement.closest
      && document.activeElement.closest("tr.row");
    const focusedIndex = focused ? focused.dataset.index : null;
    const rows = [];
    if (first) rows.push(gap(first));
    for (let i = first; i < last; i++) {
      const vm = shown[i];
      const row = el("tr", { class: "row" + (String(vm.index) === state.vm ? " chosen" : ""),
        "aria-rowindex": i + 2 }, ...cells(vm));
      row.dataset.index = vm.index;
      rows.push(row);
    }
    if (last < shown.length) rows.push(gap(shown.length - last));
    body.replaceChildren(...rows);
    if (focusedIndex !== null) {
      const again = body.querySelector(`tr[data-index="${focusedIndex}"] button`);
      if (again) again.focus({ preventScroll: true });
    }
  };
  const heading = () => {
    $("head").replaceChildren(...COLUMNS.map(([key, title, , , isNumber], i) => {
      const sorted = state.sort === key ? "ascending" : state.sort === "-" + key ? "descending" : null;
      const cell = el("th", { scope: "col", "aria-sort": sorted, class: isNumber ? "number" : null },
        el("button", { type: "button", onclick: () => go({ sort: sorted === "ascending" ? "-" + key : key }) },
          title + (sorted === "ascending" ? " \u25B2" : sorted === "descending" ? " \u25BC" : "")));
      cell.style.width = widths[i] + "ch";
      return cell;
    }));
    list.firstElementChild.style.minWidth = widths.reduce((a, b) => a + b, 0) + "ch";
  };

  /* --- details ---------------------------------------------------------------------------------- */
  const table = (titles, rows, numbers) => el("div", { class: "scroll" }, el("table", null,
    el("thead", null, el("tr", null, ...titles.map((t, i) =>
      el("th", { scope: "col", class: numbers && numbers.includes(i) ? "number" : null }, t)))),
    el("tbody", null, ...rows.map((row) => el("tr", null, ...row.map((text, i) =>
      el("td", { class: numbers && numbers.includes(i) ? "number" : null }, text)))))));
  const section = (title, ...content) => [el("h3", null, title), ...content];

  const findingBox = (i) => {
    const [id, severity, subject, text, evidence, remedy, stage, code, reply] = data.f[i];
    const word = SEVERITIES[severity];
    const server = [known(stage) && "at " + known(stage), code >= 0 ? "code " + code : ""].filter(Boolean);
    return el("div", { class: "finding " + word },
      el("p", null, tag(word, word), " ", el("code", null, S[id]),
        known(subject) ? el("span", { class: "muted" }, " \u00b7 " + known(subject)) : null),
      el("p", null, render(text)),
      render(evidence) ? el("p", { class: "muted" }, render(evidence)) : null,
      render(remedy) ? el("p", { class: "remedy" }, render(remedy)) : null,
      render(reply) || server.length ? el("p", null, el("span", { class: "muted" },
        "The server says" + (server.length ? " (" + server.join(", ") + ")" : "") + ": "),
        el("code", null, render(reply) || "no text")) : null);
  };
  const choiceRows = (vm) => {
    const reasons = new Map(vm.reasons.map((i) => [known(data.r[i][0]), data.r[i]]));
    const rows = [];
    const reasonCells = (r) => [r ? known(r[1]) : "", r ? known(r[2]) +
      (r[3].length ? "; also fits: " + r[3].map((i) => S[i]).join(", ") : "") : ""];
    for (let i = 0; i < vm.choice.length; i += 2) {
      const label = S[vm.choice[i]], r = reasons.get(label);
      reasons.delete(label);
      rows.push([el("code", null, label), el("code", null, fact(vm.choice[i + 1])), ...reasonCells(r)]);
    }
    for (const [label, r] of reasons) rows.push([el("code", null, label), "", ...reasonCells(r)]);
    return rows;
  };
  const callText = (call) => {
    let text = S[call[0]];
    for (let i = 1; i < call.length; i += 2) text += "\n  " + S[call[i]] + "=" + known(call[i + 1]);
    return text;
  };
  const identity = (vm) => {
    const dl = el("dl");
    const rows = [["Folder", fact(vm.path)], ["Source", known(vm.source) + ", " + fact(vm.id)],
      ["Instance UUID", fact(vm.uuid)], ["BIOS UUID", fact(vm.bios)],
      ["Seen by CloudStack", vm.cloudstack > 1 ? S[vm.cloudstack] : "no"],
      ["Datacenter", fact(vm.datacenter)], ["Cluster", fact(vm.cluster)], ["Host", fact(vm.host)],
      ["Guest OS", fact(vm.os)], ["Power", POWERS[vm.power]],
      ["Size", (vm.cpus < 0 ? "? CPUs" : vm.cpus + (vm.cpus === 1 ? " CPU, " : " CPUs, ")) + bytes(vm.memory) + " memory"],
      ["Owner", fact(vm.owner)], ["Digest of facts", fact(vm.facts)]];
    for (const [name, value] of rows) dl.append(el("dt", null, name), el("dd", null, value));
    return dl;
  };
  const details = (vm, isPrint) => [
    isPrint ? null : el("button", { type: "button", class: "close", "aria-label": "Close details",
      onclick: () => { go({ vm: "" }); list.focus(); } }, "\u2715"),
    el("h2", { id: isPrint ? null : "details-title", tabindex: isPrint ? null : "-1" }, fact(vm.name)),
    el("p", null, tag(VERDICTS[vm.verdict][1], VERDICTS[vm.verdict][0])),
    ...section("Findings", ...(vm.findings.length ? vm.findings.map(findingBox)
      : [el("p", { class: "muted" }, "None.")])),
    ...section("Identity", identity(vm)),
    ...section("NICs", vm.nics ? table(["NIC", "VLAN", "Port group", "MAC", "Adapter", "Addresses"],
      vm.nics.map((n) => [fact(n[0]), fact(n[4]), fact(n[3]), fact(n[1]), fact(n[2]), n[5].map((i) => S[i]).join(", ")]))
      : el("p", null, "not known")),
    ...section("Disks", vm.disks ? table(["Disk", "Size", "Datastore", "Path"],
      vm.disks.map((d) => [known(d[1]) || fact(d[0]), bytes(d[4]), fact(d[2]), el("code", null, fact(d[3]))]), [1])
      : el("p", null, "not known")),
    ...section("Choices", vm.choice.length || vm.reasons.length
      ? table(["Member", "Value", "Chosen", "Why"], choiceRows(vm)) : el("p", { class: "muted" }, "None made.")),
    ...section("API calls", ...(vm.calls.length ? vm.calls.map((call) => el("pre", null, callText(call)))
      : [el("p", { class: "muted" }, "None.")])),
  ].filter(Boolean);

  /* --- putting it together ---------------------------------------------------------------------- */
  const fill = (id, values, word) => {
    const select = $(id);
    select.append(el("option", { value: "" }, word));
    for (const value of [...new Set(values)].filter(Boolean).sort((a, b) => a.localeCompare(b, "en", { numeric: true })))
      select.append(el("option", { value }, value));
  };
  const update = (isFirst) => {
    const chosenBefore = state.vm;
    readState();
    filter();
    for (const key of ["q", "verdict", "cluster", "owner", "wave", "finding", "vlan"])
      if ($(key) !== document.activeElement || $(key).value !== state[key]) $(key).value = state[key];
    $("count").textContent = shown.length === vms.length ? `${vms.length} VMs`
      : `${shown.length} of ${vms.length} VMs`;
    $("empty").hidden = shown.length > 0;
    heading();
    list.firstElementChild.setAttribute("aria-rowcount", shown.length + 1);
    const vm = state.vm === "" ? null : vms[Number(state.vm)];
    $("split").classList.toggle("open", Boolean(vm));
    $("details").hidden = !vm;
    if (vm && (isFirst || chosenBefore !== state.vm)) {
      $("details").replaceChildren(...details(vm));
      $("details").scrollTop = 0;
    }
    draw(true);
    if (!vm || !isFirst) return;
    list.scrollTop = Math.max(0, (shown.indexOf(vm) - 5) * ROW);
    draw();
  };

  fill("verdict", [], "Any");
  VERDICTS.slice(1).forEach(([title], i) => $("verdict").append(el("option", { value: VERDICT_WORDS[i + 1] }, title)));
  fill("cluster", vms.map((vm) => vm.group), "Any");
  fill("owner", vms.map((vm) => known(vm.owner)), "Any");
  fill("wave", vms.map((vm) => vm.wave), "Any");
  fill("finding", data.f.map((f) => S[f[0]]), "Any");
  fill("vlan", vms.flatMap(vlans), "Any");

  let pending = 0;
  $("q").addEventListener("input", () => {
    clearTimeout(pending);
    pending = setTimeout(() => { list.scrollTop = 0; go({ q: $("q").value }); }, 40);
  });
  for (const key of ["verdict", "cluster", "owner", "wave", "finding", "vlan"])
    $(key).addEventListener("change", () => { list.scrollTop = 0; go({ [key]: $(key).value }); });
  $("reset").onclick = () => go(Object.fromEntries(KEYS.map((key) => [key, ""])));
  list.addEventListener("scroll", () => requestAnimationFrame(() => draw()), { passive: true });
  body.addEventListener("click", (event) => {
    const row = event.target.closest("tr.row");
    if (row) go({ vm: row.dataset.index });
  });
  const step = (by) => {
    const at = shown.findIndex((vm) => String(vm.index) === state.vm);
    const next = Math.min(shown.length - 1, Math.max(0, at < 0 ? 0 : at + by));
    if (!shown.length) return;
    const top = next * ROW, height = list.clientHeight - 3 * ROW;
    if (top < list.scrollTop) list.scrollTop = top;
    else if (top > list.scrollTop + height) list.scrollTop = top - height;
    go({ vm: String(shown[next].index) });
  };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const isTyping = /^(INPUT|SELECT|TEXTAREA)$/.test(event.target.tagName);
    if (event.key === "Escape" && state.vm !== "") { go({ vm: "" }); list.focus(); }
    else if (isTyping) return;
    else if (event.key === "/") { event.preventDefault(); $("q").focus(); }
    else if (event.key === "j" || (event.key === "ArrowDown" && list.contains(event.target))) { event.preventDefault(); step(1); }
    else if (event.key === "k" || (event.key === "ArrowUp" && list.contains(event.target))) { event.preventDefault(); step(-1); }
  });
  window.addEventListener("hashchange", () => {
    list.scrollTop = 0;
    update();
    if (!state.vm) $("vms").scrollIntoView();
  });
  window.addEventListener("resize", () => draw(true));

  /* On paper: all VMs that the filter shows, with their details as long as they are not too many. */
  const PRINT_DETAILS = 500;
  window.addEventListener("beforeprint", () => {
    const printed = $("printed");
    printed.replaceChildren(el("p", null, $("count").textContent),
      shown.length > PRINT_DETAILS ? el("p", null,
        `Details are printed for ${PRINT_DETAILS} VMs at most; filter the list to have them.`) : "");
    if (shown.length > PRINT_DETAILS)
      printed.append(el("table", null, el("thead", null, el("tr", null, ...COLUMNS.map((c) => el("th", null, c[1])))),
        el("tbody", null, ...shown.map((vm) => el("tr", null, ...cells(vm, true))))));
    else
      for (const vm of shown) printed.append(el("div", { class: "vm details" }, ...details(vm, true)));
  });
  window.addEventListener("afterprint", () => $("printed").replaceChildren());

  $("filters").hidden = false;
  $("list").hidden = false;
  update(true);
})();
