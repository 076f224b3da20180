"""What the explorer draws against what the API says of the ledger, to the base unit."""
import csv
import json
import random
import urllib.error
import urllib.parse
import urllib.request
from concurrent.futures import ThreadPoolExecutor

from kinds import until

IDLE = """() => { const s = document.querySelector('.x-status');
  return s !== null && !s.classList.contains('busy') && s.textContent !== '' && !s.textContent.endsWith('…') && document.querySelector('.x-stage')?.dataset.redraw !== undefined; }"""
# Every drawn payment, with the transactions that say its amounts.
DRAWN = """() => { const {app} = document.querySelector('[data-explorer]').mounted;
  return [...app.view.edges.values()].filter(e => e.link === 'payment').map(e => ({units: e.sum.units.toString(), unknown: e.sum.unknown, ids: e.movements.map(m => m.id),
    txs: [...e.movements.map(m => m.tx), ...[e.from, e.to].map(id => app.graph.facts.get(id)).filter(f => f.kind === 'transaction').map(f => f.ref)]})); }"""
# Of each drawn node that is asked for: what is drawn of a side, and what the node says that it leaves out. Amounts of edges and of rests come as digits.
SIDES = """(refs) => { const {app} = document.querySelector('[data-explorer]').mounted, wanted = new Set(refs), found = {};
  const total = list => [...list].reduce((sum, n) => sum + n, 0n).toString();
  for (const node of app.view.nodes.values()) if (wanted.has(node.ref)) found[node.ref] = Object.fromEntries(['in', 'out'].map(side => {
    const drawn = [...app.view.edges.values()].filter(e => e.link === 'payment' && (side === 'in' ? e.to : e.from) === node.id), rest = node.rest[side];
    return [side, {drawn: total(drawn.map(e => e.sum.units)), movements: drawn.reduce((n, e) => n + e.movements.length, 0), neighbours: drawn.length, unknown: drawn.reduce((n, e) => n + e.sum.unknown, 0),
      left: rest === null ? '0' : total([...rest.sums.values()].map(s => s.units)), unlisted: rest?.unlisted ? (rest.unlisted.sums ? total(rest.unlisted.sums.values()) : null) : '0',
      said: node.kind === 'transaction' ? 'a transaction' : 'an address'}];
  }));
  return found; }"""


def idle(page):
    until(lambda: page.evaluate(IDLE), "the explorer is at rest")


def asked(url, path):
    """An answer of an open server's API; none for what it does not have."""
    try:
        with urllib.request.urlopen(f"{url}/api/v1{path}", timeout=60) as answer:
            return json.load(answer)
    except urllib.error.HTTPError as e:
        # What was spent may have been made before the blocks of the store; the transaction that spends it says its amount.
        assert e.code == 404, (path, e.code, e.read()[:300])
        return {"outputs": [], "inputs": []}


def edges_are_the_ledgers(page, get):
    """Every drawn payment is the sum of outputs that the API states; `get` asks for several paths. Gives the number of edges."""
    edges, known = page.evaluate(DRAWN), {}
    assert edges
    transactions = sorted({of for edge in edges for of in edge["txs"]})
    for of, found in zip(transactions, get([f"/tx/{of}" for of in transactions])):
        known |= {f"{of}:{n}": o["value"] for n, o in enumerate(found["outputs"])}
        for side in found["inputs"]:
            known.setdefault(side["other"], side["value"])
    for edge in edges:
        # The explorer puts the side of an output before its id.
        amounts = [known[name.lstrip("+-")] for name in edge["ids"]]
        assert (edge["unknown"], int(edge["units"])) == (amounts.count(None), sum(a for a in amounts if a is not None)), (edge, amounts)
    return len(edges)


def random_nodes(page, url, truth, most=200, seed=7):
    """Puts so many random addresses and transactions of a simulated chain into the explorer and expands them all: every edge is what the API says, and what is drawn of a
    side with what is said to be left out is the API's total. Gives the number of edges and of sides that leave something out."""
    rows = lambda name: list(csv.DictReader(open(f"{truth}/{name}.csv", encoding="utf-8")))
    of_chance = random.Random(seed)
    everything = sorted({row["address"] for row in rows("addresses")} | {row["txid"] for row in rows("transactions")})
    with ThreadPoolExecutor(4) as pool:
        get = lambda paths: list(pool.map(lambda path: asked(url, path), paths))
        nodes = of_chance.sample(everything, most)
        page.goto(f"{url}/desk/graph")
        until(lambda: page.locator(".x-stage").count(), "the explorer stands")
        page.locator(".x-stage").focus()
        page.keyboard.press("Insert")
        page.locator("dialog[open] textarea").fill("\n".join(nodes))
        page.locator("dialog[open] button[type=submit]").click()
        until(lambda: len(page.evaluate(SIDES, nodes)) == most, f"{most} nodes are in the graph")
        idle(page)
        page.locator(".x-stage").focus()
        page.keyboard.press("e")
        idle(page)
        compared = edges_are_the_ledgers(page, get)
        sides = page.evaluate(SIDES, nodes)
        paths = [(ref, side) for ref in nodes for side in ("in", "out")]
        by = lambda ref: "transaction" if sides[ref]["in"]["said"] == "an address" else "address"
        totals = get([f"/graph/neighbours?{urllib.parse.urlencode({'subject': ref, 'direction': side, 'by': by(ref), 'limit': 1})}" for ref, side in paths])
    parts = 0
    for (ref, side), report in zip(paths, totals):
        shown, total = sides[ref][side], sum(int(s["amount"]) for s in report["total"])
        assert shown["unlisted"] is not None and report["complete"], (ref, side, shown)
        assert int(shown["drawn"]) + int(shown["left"]) + int(shown["unlisted"]) == total, (ref, side, shown, report["total"])
        parts += int(shown["left"]) + int(shown["unlisted"]) > 0
    assert parts > 0, "no side leaves anything out"
    return {"nodes": most, "edges": compared, "sides that leave something out": parts}
