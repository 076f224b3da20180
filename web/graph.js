// The trace graph: addresses and transactions that a person expands, arranges, annotates and saves in a case. Everything works by keyboard:
// Tab between nodes, Enter expands, arrows move, n writes a note, Delete takes a node away.
(() => {
  const root = document.getElementById('graph');
  const svg = document.getElementById('canvas');
  const said = document.getElementById('said');
  const NS = 'http://www.w3.org/2000/svg';
  const nodes = new Map(); // id -> {id, kind, label, risk, note, x, y, expanded}
  const edges = new Map(); // "a>b" -> {from, to, value}
  const say = (text) => { said.textContent = text; };
  const coins = (v) => v == null ? '' : (v / 1e8).toFixed(8).replace(/\.?0+$/, '');

  const api = async (path, options) => {
    const answer = await fetch(path, options);
    const body = await answer.json();
    if (!answer.ok) throw new Error(body.error || answer.statusText);
    return body;
  };

  function add(id, kind, near, place) {
    if (nodes.has(id)) return nodes.get(id);
    if (nodes.size >= 500) { say('The graph has 500 nodes; take some away first.'); return null; }
    const x = near ? near.x + (place.side === 'left' ? -220 : 220) : 400;
    const y = near ? near.y + (place.index - (place.count - 1) / 2) * 56 : 260;
    const node = { id, kind, label: '', risk: '', note: '', x, y, expanded: false };
    nodes.set(id, node);
    return node;
  }

  function link(from, to, value) { edges.set(`${from}>${to}`, { from, to, value }); }

  async function expand(node) {
    say(`Expanding ${node.id} ...`);
    const before = nodes.size;
    if (node.kind === 'tx') {
      const tx = await api(`/api/v1/tx/${node.id}`);
      const sides = [['left', tx.inputs], ['right', tx.outputs]];
      for (const [side, list] of sides) {
        const known = list.filter((s) => s.address).slice(0, 24);
        known.forEach((s, index) => {
          const other = add(s.address, 'address', node, { side, index, count: known.length });
          if (!other) return;
          other.label = s.label || other.label; other.risk = s.category || other.risk;
          side === 'left' ? link(s.address, node.id, s.value) : link(node.id, s.address, s.value);
        });
      }
    } else {
      const report = await api(`/api/v1/address/${node.id}`);
      node.risk = report.category;
      node.label = report.tags[0]?.label || (report.entity && report.entity.name) || node.label;
      const list = report.receipts.slice(0, 24);
      list.forEach((r, index) => {
        if (add(r.txid, 'tx', node, { side: 'left', index, count: list.length })) link(r.txid, node.id, r.value);
        if (r.spent_by && add(r.spent_by, 'tx', node, { side: 'right', index, count: list.length })) link(node.id, r.spent_by, r.value);
      });
    }
    node.expanded = true;
    draw();
    focus(node.id);
    say(`${node.id}: ${nodes.size - before} new nodes, ${nodes.size} in all.`);
  }

  const focus = (id) => svg.querySelector(`[data-id="${CSS.escape(id)}"]`)?.focus();

  function element(name, attributes, text) {
    const e = document.createElementNS(NS, name);
    for (const [k, v] of Object.entries(attributes)) e.setAttribute(k, v);
    if (text != null) e.textContent = text;
    return e;
  }

  function draw() {
    svg.replaceChildren();
    const all = [...nodes.values()];
    const min = { x: Math.min(0, ...all.map((n) => n.x - 120)), y: Math.min(0, ...all.map((n) => n.y - 60)) };
    const max = { x: Math.max(800, ...all.map((n) => n.x + 120)), y: Math.max(520, ...all.map((n) => n.y + 60)) };
    svg.setAttribute('viewBox', `${min.x} ${min.y} ${max.x - min.x} ${max.y - min.y}`);
    svg.style.minWidth = `${Math.min(2400, (max.x - min.x))}px`;
    for (const e of edges.values()) {
      const a = nodes.get(e.from), b = nodes.get(e.to);
      if (!a || !b) continue;
      const middle = (a.x + b.x) / 2;
      svg.append(element('path', { d: `M${a.x + 90},${a.y} C${middle},${a.y} ${middle},${b.y} ${b.x - 90},${b.y}`, class: 'edge' }));
      svg.append(element('text', { x: middle, y: (a.y + b.y) / 2 - 4, class: 'value' }, coins(e.value)));
    }
    for (const n of all) {
      const g = element('g', {
        tabindex: 0, role: 'button', 'data-id': n.id, class: `node ${n.kind} ${n.expanded ? 'open' : ''}`, transform: `translate(${n.x},${n.y})`,
        'aria-label': `${n.kind === 'tx' ? 'transaction' : 'address'} ${n.id} ${n.label} ${n.risk} ${n.note}. Enter expands, arrows move, n notes, Delete removes.`,
      });
      g.append(element('rect', { x: -90, y: -20, width: 180, height: 40, rx: n.kind === 'tx' ? 2 : 18 }));
      g.append(element('text', { y: n.label ? -3 : 4 }, `${n.id.slice(0, 9)}...${n.id.slice(-6)}`));
      if (n.label) g.append(element('text', { y: 12, class: 'label' }, `${n.label}`.slice(0, 26)));
      if (n.note) g.append(element('text', { y: 34, class: 'note-text' }, n.note.slice(0, 60)));
      svg.append(g);
    }
    document.getElementById('count').textContent = `${nodes.size} nodes, ${edges.size} movements`;
  }

  const of = (event) => nodes.get(event.target.closest?.('[data-id]')?.dataset.id);
  const fail = (e) => say(e.message);

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
    if (node) { node.note = field.value; draw(); focus(node.id); say('Noted.'); }
  });

  function remove(node) {
    nodes.delete(node.id);
    for (const [key, e] of edges) if (e.from === node.id || e.to === node.id) edges.delete(key);
    draw(); say(`${node.id} taken away.`);
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
      say(`Saved in case ${id} as item ${made.item}.`);
    } catch (e) { fail(e); }
  });

  const saved = document.getElementById('saved').textContent.trim();
  if (saved) {
    const body = JSON.parse(saved);
    body.nodes.forEach((n) => nodes.set(n.id, n));
    body.edges.forEach((e) => edges.set(`${e.from}>${e.to}`, e));
    draw();
    say('The graph as it was saved.');
  } else {
    const subject = root.dataset.subject;
    const node = add(subject, /^[0-9a-f]{64}$/.test(subject) ? 'tx' : 'address');
    draw();
    expand(node).catch(fail);
  }
})();
