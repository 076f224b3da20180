// Reads answers of the API and says what the graph would draw of them: `node graph_sums.cjs GRAPH_JS tx|address FILE`.
const fs = require('fs');
const [script, kind, file] = process.argv.slice(2);
const graph = require(script);
const answer = JSON.parse(fs.readFileSync(file));
const sides = kind === 'tx' ? graph.sidesOfTx(answer) : graph.sidesOfAddress(answer);
const describe = (list, beyond) => {
  const rest = graph.rest(list, graph.SHOWN, beyond);
  return { drawn: list.slice(0, graph.SHOWN), rest, label: rest && graph.restLabel(rest, 'BTC') };
};
console.log(JSON.stringify({ left: describe(sides.left, sides.beyond.left), right: describe(sides.right, sides.beyond.right) }));
