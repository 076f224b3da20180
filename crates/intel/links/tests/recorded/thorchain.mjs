import { chains, deploy, at, record, write, token, compile, ethers, fs } from './common.mjs';
const source = fs.readFileSync('sources/thorchain/chain/ethereum/contracts/THORChain_Router.sol', 'utf8');
const ROUTER = compile('solc-0822', { roots: [], sources: { 'R.sol': { content: source } } }, ['THORChain_Router']).THORChain_Router;
const sides = await chains();
const [a, b] = sides;
for (const side of sides) {
  side.vault = side.wallets[3];
  side.router = await deploy(side, ROUTER);
  side.token = await deploy(side, token(), [6]);
  await (await side.token.mint(side.user.address, 10n ** 12n)).wait();
  await (await side.token.connect(side.user).approve(await at(side.router), ethers.MaxUint256)).wait();
  // The vault has tokens to pay with.
  await (await side.token.mint(side.vault.address, 10n ** 12n)).wait();
  await (await side.token.connect(side.vault).approve(await at(side.router), ethers.MaxUint256)).wait();
  await (await side.router.connect(side.vault).depositWithExpiry(side.vault.address, await at(side.token), 10n ** 11n, 'DONATE:ETH.USDC', ethers.MaxUint256)).wait();
}
const zero = ethers.ZeroAddress, someone = a.wallets[4].address;
const pay = (name, from, asset, amount, memo) => record(from, name, from.router.connect(from.user).depositWithExpiry(from.vault.address, asset, amount, memo, ethers.MaxUint256, { value: asset === zero ? amount : 0n }));
const out = (name, on, asset, amount, to, memo) => record(on, name, on.router.connect(on.vault).transferOut(to, asset, amount, memo, { value: asset === zero ? amount : 0n }));
const hash = (receipt) => receipt.hash.slice(2).toUpperCase();
// Coin of one chain for a token of the other.
const one = await pay('coin', a, zero, 10n ** 18n, `=:BSC.COIN-${(await at(b.token)).toUpperCase()}:${someone}:0/1/0`);
await out('coin', b, await at(b.token), 2_400_000_000n, someone, `OUT:${hash(one)}`);
// A token for the other chain's coin.
const two = await pay('token', a, await at(a.token), 5_000_000n, `SWAP:s:${someone}`);
await out('token', b, zero, 7n * 10n ** 15n, someone, `OUT:${hash(two)}`);
// Paid back.
const three = await pay('refunded', a, zero, 10n ** 17n, `=:s:${someone}:999999999999`);
await out('refunded', a, zero, 9n * 10n ** 16n, a.user.address, `REFUND:${hash(three)}`);
// To Bitcoin: the other side is on no account chain.
await pay('bitcoin', a, zero, 10n ** 18n, '=:BTC.BTC:bc1qxy2kgdygjrsqtzq2n0yrf2493p83kkfjhx0wlh:0');
// From Bitcoin.
await out('from bitcoin', b, zero, 10n ** 16n, someone, `OUT:${'A1'.repeat(32)}`);
// No swap.
await pay('liquidity', a, zero, 10n ** 17n, '+:ETH.ETH');
// Paid to somebody else than the memo says.
const four = await pay('contradicted', a, zero, 10n ** 17n, `=:s:${someone}`);
await out('contradicted', b, zero, 10n ** 16n, b.wallets[5].address, `OUT:${hash(four)}`);
write('thorchain', 'THORChain_Router.sol, version 5.0 (code-423n4/2024-06-thorchain), by solc 0.8.22, on anvil 1.7.1', sides, await Promise.all(sides.map(async s => ({ thorchain_router: await at(s.router) }))));
process.exit(0);
