# SPDX-License-Identifier: Apache-2.0
"""From saved files to a plan and to reports; whole commands, reading their inputs included."""
import re
import shutil
import subprocess

from benchlib import Result, Unavailable, row


def saved_inventory(bench):
    """The inventory of a simulated vCenter of --vms VMs, made once in a run."""
    path = bench.scratch / f"inventory-{bench.options.vms}.json"
    if path not in bench.made:
        bench.need(bench.peers / "vcsim", "make peers")
        with bench.peer(bench.peers / "vcsim", "-vms", bench.options.vms) as server:
            bench.measure([bench.program, "discover", "--out", path], env=server.govc(), ok=(0, 6))
        bench.made.add(path)
    return path


# Exit codes of a dry run: 3 some VM is blocked, 6 a source was read with gaps.
DONE = (0, 3, 6)


@row("plan and reports from saved files")
def plan_and_report(bench):
    """Inventory and catalog to a plan, the plan to HTML and CSV; the best of the runs."""
    plan, html = bench.scratch / "plan.json", bench.scratch / "report.html"
    inventory = saved_inventory(bench)
    catalog = bench.need(bench.root / "appliance/demo/catalog.json", "the demo's catalog")
    n = bench.options.vms
    used = bench.best([bench.measure([bench.program, "plan", "--inventory", inventory, "--catalog", catalog, "--out", plan], ok=DONE)
                       for _ in range(bench.options.runs)])
    yield Result(f"plan of {n} VMs, files read, CPU", used.cpu_s, "s")
    yield Result("  peak memory", used.rss_mib, "MiB")
    reading, html_used = [bench.best([bench.measure([bench.program, "report", plan, "-o", form, "--out", file], ok=DONE)
                                      for _ in range(bench.options.runs)])
                          for form, file in (("table", "/dev/null"), ("html", html))]
    yield Result(f"HTML of {n} VMs, CPU", html_used.cpu_s, "s")
    yield Result("  reading the plan aside", html_used.cpu_s - reading.cpu_s, "s", goal="below 1 for 10,000")
    yield Result("  peak memory", html_used.rss_mib, "MiB")
    yield Result("  size", html.stat().st_size / 1e6, "MB", goal="at most 25 for 10,000")


# Put into a copy of the page: the time until it is drawn, then from a key or a choice to the new count.
PROBE = """<script>
window.addEventListener("load", () => setTimeout(async () => {
  const opened = performance.now(), count = document.getElementById("count");
  const changed = (act) => new Promise((done) => {
    const begin = performance.now();
    new MutationObserver((_, watch) => {
      watch.disconnect();
      document.body.offsetHeight;
      done(performance.now() - begin);
    }).observe(count, { childList: true, characterData: true, subtree: true });
    act();
  });
  const verdict = document.getElementById("verdict"), q = document.getElementById("q");
  const chosen = await changed(() => { verdict.value = "blocked"; verdict.dispatchEvent(new Event("change")); });
  const typed = await changed(() => { q.value = "web-000"; q.dispatchEvent(new Event("input")); });
  document.title = `MEASURED ${opened} ${chosen} ${typed}`;
}, 0));
</script></body>"""


@row("the page in a browser")
def page_in_browser(bench):
    """10,000 VMs opened and filtered in headless Chromium; the best of the runs."""
    if not shutil.which("chromium"):
        raise Unavailable("chromium is not there: make deps")
    plan, page = bench.scratch / "page.json", bench.scratch / "page.html"
    with open(plan, "w", encoding="utf-8") as file:
        subprocess.run([bench.root / "tests/make-plan", "10000"], stdout=file, check=True)
    bench.measure([bench.program, "report", plan, "-o", "html", "--out", page], ok=DONE)
    text = page.read_text(encoding="utf-8")
    text = re.sub(r'<meta http-equiv="Content-Security-Policy"[^>]*>', "", text, count=1)
    page.write_text(text.replace("</body>", PROBE), encoding="utf-8")
    times = []
    for _ in range(bench.options.runs):
        seen = subprocess.run(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
             "--disable-background-networking", "--disable-component-update", "--disable-sync",
             f"--user-data-dir={bench.scratch / 'browser'}", "--timeout=20000", "--virtual-time-budget=20000",
             "--dump-dom", f"file://{page}"], capture_output=True, text=True, check=True)
        found = re.search(r"<title>MEASURED ([\d.]+) ([\d.]+) ([\d.]+)</title>", seen.stdout)
        if not found:
            raise Unavailable("the page did not measure itself")
        times.append([float(each) for each in found.groups()])
    best = [min(column) for column in zip(*times)]
    yield Result("10,000 VMs opened", best[0] / 1000, "s", goal="below 2")
    yield Result("  a filter chosen", best[1], "ms", goal="below 100")
    yield Result("  a word typed", best[2], "ms", goal="below 100")
