import { chains, deploy, at, word, record, write, token, factory, ethers } from './common.mjs';
const key = new ethers.SigningKey('0x' + '7'.repeat(64));
const guardian = ethers.computeAddress(key.publicKey);
const GOV = [1, word('0x' + '04'.padStart(40, '0'))];
const sides = await chains();
const [a, b] = sides;
a.wh = 2; b.wh = 30;
let count = 0;
const vaa = (chain, emitter, sequence, payload) => {
  const body = ethers.solidityPacked(['uint32', 'uint32', 'uint16', 'bytes32', 'uint64', 'uint8', 'bytes'], [1, ++count, chain, emitter, sequence, 1, payload]);
  const s = key.sign(ethers.keccak256(ethers.keccak256(body)));
  return ethers.concat([ethers.solidityPacked(['uint8', 'uint32', 'uint8', 'uint8', 'bytes32', 'bytes32', 'uint8'], [1, 0, 1, 0, s.r, s.s, s.yParity]), body]);
};
for (const side of sides) {
  const setup = await deploy(side, factory('Setup')), logic = await deploy(side, factory('Implementation'));
  const init = setup.interface.encodeFunctionData('setup', [await at(logic), [guardian], side.wh, ...GOV, side.number]);
  const core = await deploy(side, factory('Wormhole'), [await at(setup), init]);
  side.core = new ethers.Contract(await at(core), factory('Implementation').abi, side.owner);
  side.weth = await deploy(side, factory('MockWETH9'));
  const bridgeSetup = await deploy(side, factory('BridgeSetup')), bridgeLogic = await deploy(side, factory('BridgeImplementation'));
  const wrapped = await deploy(side, factory('TokenImplementation'));
  const bridgeInit = bridgeSetup.interface.encodeFunctionData('setup', [await at(bridgeLogic), side.wh, await at(side.core), ...GOV, await at(wrapped), await at(side.weth), 1, side.number]);
  const bridge = await deploy(side, factory('TokenBridge'), [await at(bridgeSetup), bridgeInit]);
  side.bridge = new ethers.Contract(await at(bridge), factory('BridgeImplementation').abi, side.owner);
  side.token = await deploy(side, token(), [18]);
  await (await side.token.mint(side.user.address, 10n ** 24n)).wait();
  await (await side.token.connect(side.user).approve(await at(side.bridge), ethers.MaxUint256)).wait();
}
for (const [side, other] of [[a, b], [b, a]]) {
  const register = ethers.solidityPacked(['bytes32', 'uint8', 'uint16', 'uint16', 'bytes32'], ['0x' + Buffer.from('TokenBridge').toString('hex').padStart(64, '0'), 1, 0, other.wh, word(await at(other.bridge))]);
  await (await side.bridge.registerChain(vaa(GOV[0], GOV[1], 1, register))).wait();
}
const attest = async (from, to, contract) => {
  const payload = ethers.solidityPacked(['uint8', 'bytes32', 'uint16', 'uint8', 'bytes32', 'bytes32'], [2, word(contract), from.wh, 18, ethers.encodeBytes32String('COIN'), ethers.encodeBytes32String('Coin')]);
  await (await to.bridge.createWrapped(vaa(from.wh, word(await at(from.bridge)), 1000 + count, payload))).wait();
  return to.bridge.wrappedAsset(from.wh, word(contract));
};
const tokenOnB = await attest(a, b, await at(a.token)), coinOnB = await attest(a, b, await at(a.weth));
const published = (side, receipt) => receipt.logs.filter(l => l.address === side.core.target).map(l => side.core.interface.parseLog(l)).find(l => l?.name === 'LogMessagePublished').args;
const send = async (name, from, call) => { const m = published(from, await record(from, name, call)); return vaa(from.wh, word(m.sender), m.sequence, m.payload); };
const redeem = (name, on, message, who = on.relayer, method = 'completeTransfer') => record(on, name, on.bridge.connect(who)[method](message));
const someone = a.wallets[4].address;
// A token with 18 decimals: the message has eight, and what they do not hold stays.
const one = await send('token', a, a.bridge.connect(a.user).transferTokens(await at(a.token), 5n * 10n ** 18n + 12345n, b.wh, word(someone), 0, 7));
await redeem('token', b, one);
// With a fee for whoever redeems it.
const two = await send('fee', a, a.bridge.connect(a.user).transferTokens(await at(a.token), 3n * 10n ** 18n, b.wh, word(someone), 10n ** 17n, 8));
await redeem('fee', b, two);
// Coin, which the bridge wraps.
const three = await send('coin', a, a.bridge.connect(a.user).wrapAndTransferETH(b.wh, word(b.user.address), 0, 9, { value: 10n ** 18n + 5n }));
await redeem('coin', b, three);
// And back, as coin.
const coin = new ethers.Contract(coinOnB, factory('TokenImplementation').abi, b.user);
await (await coin.approve(await at(b.bridge), ethers.MaxUint256)).wait();
const four = await send('coin back', b, b.bridge.connect(b.user).transferTokens(coinOnB, 10n ** 17n, a.wh, word(someone), 0, 10));
await redeem('coin back', a, four, a.relayer, 'completeTransferAndUnwrapETH');
// With data for a contract: whoever receives it redeems it.
const five = await send('payload', a, a.bridge.connect(a.user).transferTokensWithPayload(await at(a.token), 10n ** 18n, b.wh, word(b.wallets[5].address), 11, '0x1234'));
await redeem('payload', b, five, b.wallets[5], 'completeTransferWithPayload');
// Guardians sign what nobody sent (Wormhole, February 2022: the signatures were not checked).
const payload = ethers.solidityPacked(['uint8', 'uint256', 'bytes32', 'uint16', 'bytes32', 'uint16', 'uint256'], [1, 12_000_000_000_000n, word(await at(a.token)), a.wh, word(b.wallets[3].address), b.wh, 0]);
await redeem('forged', b, vaa(a.wh, word(await at(a.bridge)), 4_711, payload));
// And another amount than was sent.
const six = await send('contradicted', a, a.bridge.connect(a.user).transferTokens(await at(a.token), 10n ** 18n, b.wh, word(someone), 0, 12));
const said = ethers.solidityPacked(['uint8', 'uint256', 'bytes32', 'uint16', 'bytes32', 'uint16', 'uint256'], [1, 200_000_000n, word(await at(a.token)), a.wh, word(someone), b.wh, 0]);
const parsed = await a.core.parseVM(six);
await redeem('contradicted', b, vaa(a.wh, word(await at(a.bridge)), parsed.sequence, said));
write('wormhole', '@certusone/wormhole-sdk 0.10.18: Wormhole, Implementation, TokenBridge, BridgeImplementation, TokenImplementation, on anvil 1.7.1', sides, await Promise.all(sides.map(async s => ({ wormhole_core: await at(s.core), wormhole_bridge: await at(s.bridge), wrapper: await at(s.weth) }))));
process.exit(0);
