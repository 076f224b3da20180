// The trace graph: addresses and transactions that a person expands, arranges, annotates and saves in a case. Everything works by keyboard:
// Tab between nodes, Enter expands, arrows move, n writes a note, Delete takes a node away. Nothing is left out silently: movements between
// the same two nodes are summed, and what is not drawn stands as one node with its count and sum.

const SHOWN = 24; // nodes drawn a side at once

// Base units of coins with eight decimals as text, exactly.
function coins(units) {
  const part = String(units % 1e8).padStart(8, '0').replace(/0+$/, '');
  return String(Math.floor(units / 1e8)) + (part ? `.${part}` : '');
}

// An amount with its unit. `unknown` is how many parts of it are of unknown amount.
function money(sum, unknown, asset, least) {
  if (unknown && !sum) return 'amount unknown';
  return `${unknown || least ? 'at least ' : ''}${coins(sum)} ${asset}`;
}

// A number with its noun.
const number = (n, noun) => `${n} ${noun}${n === 1 ? '' : 's'}`;

// Groups movements by the node at their other end, summed, largest first. Each movement: {id, value, ...}; a value of null is unknown.
function groups(movements) {
  const all = new Map();
  for (const m of movements) {
    let group = all.get(m.id);
    if (!group) all.set(m.id, group = { ...m, value: undefined, sum: 0, unknown: 0, count: 0 });
    group.count += 1;
    if (m.value == null) group.unknown += 1; else group.sum += m.value;
    group.label = group.label || m.label;
  }
  return [...all.values()].sort((a, b) => b.sum - a.sum || b.unknown - a.unknown || (a.id < b.id ? -1 : 1));
}

// The two sides of a transaction: what paid into it, and whom it pays. Complete, whatever the count.
function sidesOfTx(tx) {
  const side = (list) => groups(list.map((s) => ({
    id: s.address || 'unknown address', kind: s.address ? 'address' : 'unknown', value: s.value, label: s.label || '', risk: s.risk,
  })));
  return { left: side(tx.inputs), right: side(tx.outputs), beyond: { left: null, right: null } };
}

// The two sides of an address: transactions that paid it, and those that spent it. The answer lists its first receipts only; what lies beyond
// is counted and summed from the totals.
function sidesOfAddress(report) {
  const listed = report.receipts;
  const left = groups(listed.map((r) => ({ id: r.txid, kind: r.height == null ? 'outside' : 'tx', value: r.value, label: '', risk: 'none' })));
  const spends = listed.filter((r) => r.spent_by);
  const right = groups(spends.map((r) => ({ id: r.spent_by, kind: 'tx', value: r.value, label: '', risk: 'none' })));
  const more = report.receipt_count - listed.length;
  const stored = listed.filter((r) => r.height != null);
  const sum = (list) => list.reduce((n, r) => n + (r.value || 0), 0);
  const unspent = sum(stored.filter((r) => !r.spent_by && r.replaced_at == null));
  const gone = sum(stored.filter((r) => r.replaced_at != null));
  const beyond = more > 0 ? {
    left: { count: more, sum: report.received - sum(stored), unknown: 0 },
    right: { count: null, sum: report.received - report.balance - gone - (sum(stored) - unspent - gone), unknown: 0 },
  } : { left: null, right: null };
  return { left, right, beyond };
}

// What is left of a side after the first `shown` groups: {count, sum, unknown}, or null.
function rest(list, shown, beyond) {
  const left = list.slice(shown);
  if (!left.length && !beyond) return null;
  const total = { count: left.length, sum: 0, unknown: 0, movements: 0 };
  for (const g of left) { total.sum += g.sum; total.unknown += g.unknown; total.movements += g.count; }
  if (beyond) { total.count += beyond.count || 0; total.movements += beyond.count || 0; total.sum += beyond.sum; total.open = beyond.count == null; }
  return total;
}

function restLabel(total, asset) {
  const count = total.open ? (total.count ? `${total.count} more and further ones` : 'further ones') : `${total.count} more`;
  return `${count}: ${money(total.sum, total.unknown, asset)}`;
}

if (typeof module !== 'undefined') module.exports = { SHOWN, coins, money, groups, sidesOfTx, sidesOfAddress, rest, restLabel };
else (() => {
  const root = document.getElementById('graph');
  const svg = document.getElementById('canvas');
  const message = document.getElementById('message');
  const NS = 'http://www.w3.org/2000/svg';
  const nodes = new Map(); // id -> {id, kind, label, risk, note, x, y, expanded}; kind 'more' stands for what its parent's side leaves out
  const edges = new Map(); // "a>b" -> {from, to, value, unknown, count, least}
  const show = (text) => { message.textContent = text; };
  const asset = root.dataset.asset;
  const on = root.dataset.chain ? `?chain=${encodeURIComponent(root.dataset.chain)}` : '';

  const api = async (path, options) => {
    const answer = await fetch(path, options);
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error || answer.statusText);
    return body;
  };

  // The height nearest to `y` at which a node covers no other.
  function free(x, y) {
    const taken = (height) => [...nodes.values()].some((n) => Math.abs(n.x - x) < 200 && Math.abs(n.y - height) < 52);
    for (let step = 0; step <= 2 * nodes.size; step += 1) {
      const height = y + (step % 2 ? 56 : -56) * Math.ceil(step / 2);
      if (!taken(height)) return height;
    }
    return y;
  }

  function add(id, kind, near, place, always) {
    if (nodes.has(id)) return nodes.get(id);
    if (nodes.size >= 500 && !always) { show('The graph has 500 nodes; remove some first.'); return null; }
    const x = near ? near.x + (place.side === 'left' ? -340 : 340) : 400;
    const y = free(x, near ? near.y + (place.index - (place.count - 1) / 2) * 56 : 260);
    const node = { id, kind, label: '', risk: '', note: '', x, y, expanded: false };
    nodes.set(id, node);
    return node;
  }

  // Sets the sum of all movements between two nodes. A transaction knows all of them; an address with many receipts only some.
  function link(from, to, group, whole) {
    const key = `${from}>${to}`;
    const known = edges.get(key);
    if (known && !known.least && !whole) return;
    edges.set(key, { from, to, value: group.sum, unknown: group.unknown, count: group.count, least: !whole });
  }

  async function sidesOf(node) {
    if (node.kind === 'tx') {
      const tx = await api(`/api/v1/tx/${node.id}${on}`);
      return { ...sidesOfTx(tx), whole: true };
    }
    const report = await api(`/api/v1/address/${encodeURIComponent(node.id)}${on}`);
    node.risk = report.risk;
    node.label = report.tags[0]?.label || report.entity?.tag?.label || node.label;
    return { ...sidesOfAddress(report), whole: report.receipts.length === report.receipt_count };
  }

  // Draws one side of a node from the group `from` on, and one node for the rest.
  function unfold(node, side, list, beyond, whole, from) {
    const toLink = (id, group, all) => side === 'left' ? link(id, node.id, group, all) : link(node.id, id, group, all);
    const shown = list.slice(from, from + SHOWN);
    const left = rest(list, from + SHOWN, beyond);
    const count = shown.length + (left ? 1 : 0);
    let drawn = 0;
    for (const [index, group] of shown.entries()) {
      const id = group.kind === 'unknown' ? `${node.id}:${side}:unknown` : group.id;
      const other = add(id, group.kind, node, { side, index, count });
      if (!other) break;
      other.label = group.kind === 'unknown' ? 'unknown address' : group.label || other.label;
      if (group.risk && (!other.risk || group.risk !== 'none')) other.risk = group.risk;
      toLink(id, group, whole);
      drawn += 1;
    }
    const id = `${node.id}:${side}:more`;
    nodes.delete(id);
    for (const key of [`${id}>${node.id}`, `${node.id}>${id}`]) edges.delete(key);
    const total = rest(list, from + drawn, beyond);
    if (!total) return;
    // Room is made even in a full graph: what is missing is always shown.
    const more = add(id, 'more', node, { side, index: count - 1, count }, true);
    Object.assign(more, { label: restLabel(total, asset), risk: 'none', parent: node.id, side, from: from + drawn });
    toLink(id, { sum: total.sum, unknown: total.unknown, count: total.movements }, true);
  }

  async function expand(node) {
    if (node.kind === 'more') {
      const parent = nodes.get(node.parent);
      if (!parent) return show('The node that this belongs to was removed.');
      const sides = await sidesOf(parent);
      if (node.from >= sides[node.side].length) return show('The rest is not listed here; ask the API for all receipts.');
      unfold(parent, node.side, sides[node.side], sides.beyond[node.side], sides.whole, node.from);
      draw();
      focus(parent.id);
      return show(`${number(nodes.size, 'node')} in all.`);
    }
    if (node.kind === 'unknown' || node.kind === 'outside') return show('Its block or address is not stored here, so there is nothing to expand.');
    show(`Expanding ${node.id} ...`);
    const before = nodes.size;
    const sides = await sidesOf(node);
    const left = [];
    for (const side of ['left', 'right']) {
      unfold(node, side, sides[side], sides.beyond[side], sides.whole, 0);
      const more = nodes.get(`${node.id}:${side}:more`);
      if (more) left.push(`${side === 'left' ? 'before' : 'after'}: ${more.label}`);
    }
    node.expanded = true;
    draw();
    focus(node.id);
    show(`${node.id}: ${number(nodes.size - before, 'new node')}, ${nodes.size} in all.${left.length ? ` Not drawn one by one, ${left.join('; ')}.` : ''}`);
  }

  const focus = (id) => svg.querySelector(`[data-id="${CSS.escape(id)}"]`)?.focus();

  function element(name, attributes, text) {
    const e = document.createElementNS(NS, name);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    if (text != null) e.textContent = text;
    return e;
  }

  // Graphs saved before sums were kept have a value only.
  const edgeText = (e) => e.value == null && !e.unknown ? 'amount unknown' : money(e.value || 0, e.unknown || 0, asset, e.least);

  function arrow() {
    const marker = element('marker', { id: 'arrow', viewBox: '0 0 8 8', refX: 8, refY: 4, markerWidth: 7, markerHeight: 7, orient: 'auto' });
    marker.append(element('path', { d: 'M0,0 L8,4 L0,8 z', class: 'head' }));
    const defs = element('defs', {});
    defs.append(marker);
    return defs;
  }

  // First line in a node, and what it is in words.
  const title = (n) => n.kind === 'more' ? n.label : n.kind === 'unknown' ? 'unknown address' : `${n.id.slice(0, 9)}...${n.id.slice(-6)}`;
  const words = { tx: 'transaction', address: 'address', outside: 'transaction of a block not stored', unknown: 'addresses not known', more: 'left out' };

  function draw() {
    svg.replaceChildren();
    const all = [...nodes.values()];
    const min = { x: Math.min(0, ...all.map((n) => n.x - 120)), y: Math.min(0, ...all.map((n) => n.y - 60)) };
    const max = { x: Math.max(800, ...all.map((n) => n.x + 120)), y: Math.max(520, ...all.map((n) => n.y + 60)) };
    svg.setAttribute('viewBox', `${min.x} ${min.y} ${max.x - min.x} ${max.y - min.y}`);
    svg.style.minWidth = `${Math.min(2400, (max.x - min.x))}px`;
    svg.style.minHeight = `${Math.min(1600, (max.y - min.y) * 0.8)}px`;
    svg.append(arrow());
    const labels = []; // places of amounts, none of which covers another or a node
    const covered = (x, y, width) => labels.some((l) => Math.abs(l.x - x) < (l.width + width) / 2 && Math.abs(l.y - y) < 14)
      || all.some((n) => Math.abs(n.x - x) < 90 + width / 2 && y > n.y - 22 && y < n.y + 32);
    for (const e of edges.values()) {
      const a = nodes.get(e.from), b = nodes.get(e.to);
      if (!a || !b) continue;
      const middle = (a.x + b.x) / 2;
      const out = a.x <= b.x ? 90 : -90; // from the side of a node that faces the other
      svg.append(element('path', { d: `M${a.x + out},${a.y} C${middle},${a.y} ${middle},${b.y} ${b.x - out},${b.y}`, class: 'edge', 'marker-end': 'url(#arrow)' }));
      // Beside the node that is further out, so that amounts of neighbours do not cover each other.
      const outer = Math.abs(a.y - b.y) < 1 ? (a.y + b.y) / 2 : a.expanded && !b.expanded ? b.y : b.expanded && !a.expanded ? a.y : (a.y + b.y) / 2;
      const text = edgeText(e), width = text.length * 6.8;
      const heights = [0, -14, 14, -28, 28, -42, 42].map((h) => outer - 4 + h);
      const y = heights.find((h) => !covered(middle, h, width)) ?? heights[0];
      labels.push({ x: middle, y, width });
      const label = element('text', { x: middle, y, class: 'value' }, text);
      label.append(element('title', {}, `${title(a)} to ${title(b)}`));
      svg.append(label);
    }
    for (const n of all) {
      const g = element('g', {
        tabindex: 0, role: 'button', 'data-id': n.id, class: `node ${n.kind} risk-${n.kind === 'address' ? n.risk || 'none' : 'plain'} ${n.expanded ? 'open' : ''}`, transform: `translate(${n.x},${n.y})`,
        'aria-label': `${title(n)} ${n.label} ${n.note}, ${words[n.kind]} ${n.kind === 'more' ? '' : n.id}${n.kind === 'address' ? `, risk ${n.risk || 'unknown'}` : ''}. Enter expands, arrows move, n notes, Delete removes.`,
      });
      g.append(element('rect', { x: -90, y: -20, width: 180, height: 40, rx: n.kind === 'tx' ? 2 : 18 }));
      const label = n.kind === 'address' || n.kind === 'tx' ? n.label : '';
      g.append(element('text', { y: label ? -3 : 4 }, title(n)));
      if (label) g.append(element('text', { y: 12, class: 'label' }, `${n.label}`.slice(0, 26)));
      if (n.note) g.append(element('text', { y: 34, class: 'note-text' }, n.note.slice(0, 60)));
      svg.append(g);
    }
    document.getElementById('count').textContent = `${number(nodes.size, 'node')}, ${number(edges.size, 'movement')}.`;
  }

  const of = (event) => nodes.get(event.target.closest?.('[data-id]')?.dataset.id);
  const fail = (e) => show(e.message);

  svg.addEventListener('keydown', (event) => {
    const node = of(event);
    if (!node) return;
    const moves = { ArrowLeft: [-20, 0], ArrowRight: [20, 0], ArrowUp: [0, -20], ArrowDown: [0, 20] };
    if (event.key === 'Enter' || event.key === ' ') expand(node).catch(fail);
    else if (moves[event.key]) { node.x += moves[event.key][0]; node.y += moves[event.key][1]; draw(); focus(node.id); }
    else if (event.key === 'n') note(node);
    else if (event.key === 'Delete' || event.key === 'Backspace') remove(node);
    else return;
    event.preventDefault();
  });

  function note(node) {
    const field = document.getElementById('note');
    field.value = node.note; field.dataset.node = node.id;
    document.getElementById('note-of').textContent = node.id;
    document.getElementById('note-form').hidden = false;
    field.focus();
  }

  document.getElementById('note-form').addEventListener('submit', (event) => {
    event.preventDefault();
    const field = document.getElementById('note');
    const node = nodes.get(field.dataset.node);
    event.target.hidden = true;
    if (node) { node.note = field.value; draw(); focus(node.id); show('Note added.'); }
  });

  function remove(node) {
    nodes.delete(node.id);
    for (const [key, e] of edges) if (e.from === node.id || e.to === node.id) edges.delete(key);
    draw(); show(`${node.id} removed.`);
    svg.querySelector('[data-id]')?.focus();
  }

  let dragged = null;
  const place = (event) => {
    const p = new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
    return [p.x, p.y];
  };
  svg.addEventListener('pointerdown', (event) => {
    const node = of(event);
    if (!node) return;
    const [x, y] = place(event);
    dragged = { node, dx: node.x - x, dy: node.y - y, moved: false };
  });
  svg.addEventListener('pointermove', (event) => {
    if (!dragged) return;
    const [x, y] = place(event);
    dragged.moved = true;
    dragged.node.x = x + dragged.dx; dragged.node.y = y + dragged.dy;
    svg.querySelector(`[data-id="${CSS.escape(dragged.node.id)}"]`)?.setAttribute('transform', `translate(${dragged.node.x},${dragged.node.y})`);
  });
  window.addEventListener('pointerup', () => { if (dragged?.moved) draw(); dragged = null; });
  svg.addEventListener('dblclick', (event) => { const node = of(event); if (node) expand(node).catch(fail); });

  document.getElementById('save').addEventListener('submit', async (event) => {
    event.preventDefault();
    const id = event.target.elements.case.value;
    const body = { nodes: [...nodes.values()], edges: [...edges.values()] };
    const step = { step: 'add', kind: 'graph', key: root.dataset.subject, title: event.target.elements.title.value, body };
    try {
      const made = await api(`/api/v1/desk/cases/${encodeURIComponent(id)}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(step) });
      show(`Saved in case ${id} as item ${made.item}.`);
    } catch (e) { fail(e); }
  });

  const saved = document.getElementById('saved').textContent.trim();
  if (saved) {
    const body = JSON.parse(saved);
    body.nodes.forEach((n) => nodes.set(n.id, n));
    body.edges.forEach((e) => edges.set(`${e.from}>${e.to}`, e));
    draw();
    show('The graph as it was saved.');
  } else {
    const subject = root.dataset.subject;
    const node = add(subject, /^[0-9a-f]{64}$/.test(subject) ? 'tx' : 'address');
    draw();
    expand(node).catch(fail);
  }
})();
