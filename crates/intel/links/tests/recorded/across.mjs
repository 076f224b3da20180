import { chains, deploy, at, word, record, write, token, artifact, factory, ethers } from './common.mjs';
const POOL = artifact('packages/across/artifacts/contracts/Ethereum_SpokePool.sol/Ethereum_SpokePool.json');
const sides = await chains();
for (const side of sides) {
  side.token = await deploy(side, token(), [6]);
  side.weth = await deploy(side, factory('MockWETH9'));
  const logic = await deploy(side, POOL, [await at(side.weth), 3600, 21600]);
  const init = logic.interface.encodeFunctionData('initialize', [0, side.owner.address]);
  const proxy = await deploy(side, factory('ERC1967Proxy'), [await at(logic), init]);
  side.pool = new ethers.Contract(await at(proxy), POOL.abi, side.owner);
  for (const who of [side.user, side.relayer]) {
    await (await side.token.mint(who.address, 10n ** 12n)).wait();
    await (await side.token.connect(who).approve(await at(side.pool), ethers.MaxUint256)).wait();
    await (await side.weth.connect(who).deposit({ value: 10n ** 19n })).wait();
    await (await side.weth.connect(who).approve(await at(side.pool), ethers.MaxUint256)).wait();
  }
}
const [a, b] = sides;
const user = a.user, relayer = b.relayer, someone = a.wallets[4].address;
const now = async (s) => (await s.provider.getBlock('latest')).timestamp;
const zero = ethers.ZeroHash;
const time = await now(a);
const deposit = async (name, from, to, input, output, amount, out, recipient, message = '0x', value = 0n) => {
  const t = await now(from);
  const call = from.pool.connect(from.user).getFunction('deposit')(word(from.user.address), word(recipient), word(await at(input)), word(await at(output)), amount, out, to.number, zero, t, time + 20000, 0, message, { value });
  const receipt = await record(from, name, call);
  const log = receipt.logs.map(l => { try { return from.pool.interface.parseLog(l) } catch { return null } }).find(l => l?.name === 'FundsDeposited').args;
  return { depositor: log.depositor, recipient: log.recipient, exclusiveRelayer: log.exclusiveRelayer, inputToken: log.inputToken, outputToken: log.outputToken, inputAmount: log.inputAmount, outputAmount: log.outputAmount, originChainId: from.number, depositId: log.depositId, fillDeadline: log.fillDeadline, exclusivityDeadline: log.exclusivityDeadline, message };
};
const fill = (name, on, data) => record(on, name, on.pool.connect(on.relayer).fillRelay(data, on.number, word(on.relayer.address)));
// A token, with a fee.
const one = await deposit('token', a, b, a.token, b.token, 5_000_000n, 4_990_000n, someone);
await fill('token', b, one);
// Coin, which the pool wraps and unwraps.
const two = await deposit('coin', a, b, a.weth, b.weth, 10n ** 18n, 999n * 10n ** 15n, someone, '0x', 10n ** 18n);
await fill('coin', b, two);
// The first form of the call; the event has 32 bytes all the same.
const old = record(a, 'older call', a.pool.connect(user).depositV3(user.address, someone, await at(a.token), await at(b.token), 700n, 690n, b.number, ethers.ZeroAddress, await now(a), time + 20000, 0, '0x'));
await old;
// What the depositor signs later: less, for somebody else.
const three = await deposit('speeded up', a, b, a.token, b.token, 9_000_000n, 8_900_000n, someone);
const other = a.wallets[5].address;
const types = { UpdateDepositDetails: [{ name: 'depositId', type: 'uint256' }, { name: 'originChainId', type: 'uint256' }, { name: 'updatedOutputAmount', type: 'uint256' }, { name: 'updatedRecipient', type: 'bytes32' }, { name: 'updatedMessage', type: 'bytes' }] };
const domain = { name: 'ACROSS-V2', version: '1.0.0', chainId: a.number };
const signature = await user.signTypedData(domain, types, { depositId: three.depositId, originChainId: a.number, updatedOutputAmount: 8_800_000n, updatedRecipient: word(other), updatedMessage: '0x' });
await record(b, 'speeded up', b.pool.connect(relayer).fillRelayWithUpdatedDeposit(three, b.number, word(relayer.address), 8_800_000n, word(other), '0x', signature));
// Nobody deposited this.
await fill('forged', b, { ...one, depositId: 77_777n });
// The relayer pays less than the deposit says.
const four = await deposit('contradicted', a, b, a.token, b.token, 3_000_000n, 2_900_000n, someone);
await fill('contradicted', b, { ...four, outputAmount: 1_900_000n });
// Waits.
await deposit('waiting', a, b, a.token, b.token, 1_000_000n, 990_000n, someone);
// And back.
const five = await deposit('back', b, a, b.token, a.token, 2_000_000n, 1_990_000n, someone);
await fill('back', a, five);
write('across', '@across-protocol/contracts 4.1.12, Ethereum_SpokePool behind ERC1967Proxy, on anvil 1.7.1', sides, await Promise.all(sides.map(async s => ({ across_pool: await at(s.pool), wrapper: await at(s.weth) }))));
process.exit(0);
