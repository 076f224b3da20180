// Two chains of anvil, contracts deployed on both, and what a node says of the transactions that matter.
import { spawn } from 'child_process';
import { createRequire } from 'module';
import fs from 'fs';
import * as ethers from 'ethers';
const require = createRequire(import.meta.url);
export { ethers, fs };

const ANVIL = process.env.ANVIL ?? 'anvil';

async function chain(number, port) {
  const child = spawn(ANVIL, ['--port', `${port}`, '--chain-id', `${number}`, '--hardfork', 'prague', '--timestamp', '1750000000', '--code-size-limit', '60000'], { stdio: 'ignore' });
  const provider = new ethers.JsonRpcProvider(`http://127.0.0.1:${port}`, undefined, { batchMaxCount: 1, polling: true, pollingInterval: 20, cacheTimeout: -1 });
  for (let i = 0; i < 100; i++) { try { await provider.send('eth_chainId', []); break; } catch { await new Promise(r => setTimeout(r, 50)); } }
  const wallets = [];
  for (let i = 0; i < 6; i++) wallets.push(await provider.getSigner(i));
  return { number, provider, child, wallets, owner: wallets[0], user: wallets[1], relayer: wallets[2], records: [] };
}

export async function chains() { return [await chain(31337, 18545), await chain(31338, 18546)]; }

export async function deploy(side, { abi, bytecode }, args = [], overrides = {}) {
  const contract = await new ethers.ContractFactory(abi, bytecode, side.owner).deploy(...args, overrides);
  await contract.waitForDeployment();
  return contract;
}

export const at = async (contract) => (await contract.getAddress());
export const word = (address) => ethers.zeroPadValue(address, 32);

// Sends a transaction that matters and writes down its block.
export async function record(side, name, sending) {
  const receipt = await (await sending).wait();
  const height = ethers.toQuantity(receipt.blockNumber);
  const block = await side.provider.send('eth_getBlockByNumber', [height, true]);
  const receipts = await side.provider.send('eth_getBlockReceipts', [height]);
  const traces = await side.provider.send('debug_traceBlockByNumber', [height, { tracer: 'callTracer', tracerConfig: { withLog: true } }]);
  const slim = (frame) => { delete frame.input; delete frame.output; (frame.calls ?? []).forEach(slim); };
  traces.forEach(t => slim(t.result));
  side.records.push({ name, block, receipts, traces });
  return receipt;
}

export function write(name, made, sides, contracts) {
  const out = { made, sides: sides.map((side, i) => ({ contracts: contracts[i], blocks: side.records })) };
  fs.writeFileSync(`${name}.json`, JSON.stringify(out) + '\n');
  console.log(name, fs.statSync(`${name}.json`).size, sides.map(s => s.records.map(r => r.name)));
  sides.forEach(s => { s.provider.destroy(); s.child.kill(); });
}

export function compile(version, files, wanted, settings = {}) {
  const solc = require(version);
  const find = (path) => {
    for (const [from, to] of files.roots) if (path.startsWith(from)) { const p = to + path.slice(from.length); if (fs.existsSync(p)) return { contents: fs.readFileSync(p, 'utf8') }; }
    return { error: `no ${path}` };
  };
  const input = { language: 'Solidity', sources: files.sources, settings: { optimizer: { enabled: true, runs: 200 }, outputSelection: { '*': { '*': ['abi', 'evm.bytecode'] } }, ...settings } };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: find }));
  const errors = (output.errors ?? []).filter(e => e.severity === 'error');
  if (errors.length) throw new Error(errors.map(e => e.formattedMessage).slice(0, 5).join('\n'));
  const found = {};
  for (const contracts of Object.values(output.contracts)) for (const [name, c] of Object.entries(contracts)) if (wanted.includes(name)) found[name] = { abi: c.abi, bytecode: '0x' + c.evm.bytecode.object, links: c.evm.bytecode.linkReferences };
  return found;
}

const TOKEN = `// SPDX-License-Identifier: MIT
pragma solidity >=0.7.6;
contract Token {
  mapping(address => uint256) public balanceOf; mapping(address => mapping(address => uint256)) public allowance; uint256 public totalSupply;
  string public name = "Coin"; string public symbol = "COIN"; uint8 public decimals;
  event Transfer(address indexed from, address indexed to, uint256 value); event Approval(address indexed owner, address indexed spender, uint256 value);
  constructor(uint8 d) { decimals = d; }
  function mint(address to, uint256 n) public returns (bool) { balanceOf[to] += n; totalSupply += n; emit Transfer(address(0), to, n); return true; }
  function burn(uint256 n) public { require(balanceOf[msg.sender] >= n); balanceOf[msg.sender] -= n; totalSupply -= n; emit Transfer(msg.sender, address(0), n); }
  function approve(address s, uint256 n) public returns (bool) { allowance[msg.sender][s] = n; emit Approval(msg.sender, s, n); return true; }
  function transfer(address to, uint256 n) public returns (bool) { return move(msg.sender, to, n); }
  function transferFrom(address from, address to, uint256 n) public returns (bool) { require(allowance[from][msg.sender] >= n, "allowance"); allowance[from][msg.sender] -= n; return move(from, to, n); }
  function move(address from, address to, uint256 n) private returns (bool) { require(balanceOf[from] >= n, "balance"); balanceOf[from] -= n; balanceOf[to] += n; emit Transfer(from, to, n); return true; }
}`;
export const token = () => compile('solc-0822', { roots: [], sources: { 'Token.sol': { content: TOKEN } } }, ['Token']).Token;

export const artifact = (path) => { const a = JSON.parse(fs.readFileSync(path)); return { abi: a.abi, bytecode: a.bytecode.object ?? a.bytecode }; };
const WORMHOLE = 'packages/wormhole-sdk/lib/cjs/ethers-contracts/factories/';
export const factory = (name, root = WORMHOLE) => {
  const text = fs.readFileSync(`${root}${name}__factory.js`, 'utf8');
  const abi = text.match(/_abi = (\[[\s\S]*?\n\]);/)[1];
  return { abi: new Function(`return ${abi}`)(), bytecode: text.match(/bytecode = "(0x[0-9a-f]*)"/)[1] };
};
