import { chains, deploy, at, word, record, write, token, compile, ethers, fs } from './common.mjs';
const roots = [['lib/openzeppelin-contracts/', 'packages/openzeppelin-3.4.2/'], ['lib/memview-sol/', 'sources/memview-sol/'], ['src/', 'sources/evm-cctp-contracts/src/']];
const names = ['MessageTransmitter', 'TokenMessenger', 'TokenMinter', 'v2/MessageTransmitterV2', 'v2/TokenMessengerV2', 'v2/TokenMinterV2', 'proxy/AdminUpgradableProxy', 'messages/v2/AddressUtilsExternal', 'messages/Message'];
const sources = Object.fromEntries(names.map(n => [`src/${n}.sol`, { content: fs.readFileSync(`sources/evm-cctp-contracts/src/${n}.sol`, 'utf8') }]));
const C = compile('solc-076', { roots, sources }, names.map(n => n.split('/').at(-1)), { remappings: ['@openzeppelin/=lib/openzeppelin-contracts/', '@memview-sol/=lib/memview-sol/'] });
const key = new ethers.SigningKey('0x' + '7'.repeat(64));
const attester = ethers.computeAddress(key.publicKey);
const attest = (message) => { const s = key.sign(ethers.keccak256(message)); return ethers.concat([s.r, s.s, ethers.toBeHex(s.v)]); };
const sides = await chains();
const [a, b] = sides;
a.domain = 0; b.domain = 6;
const linked = async (side, c) => {
  let code = c.bytecode;
  for (const [file, libs] of Object.entries(c.links ?? {})) for (const [name, places] of Object.entries(libs)) {
    side.libs ??= {}; side.libs[name] ??= await at(await deploy(side, C[name]));
    for (const p of places) code = code.slice(0, 2 + p.start * 2) + side.libs[name].slice(2).toLowerCase() + code.slice(2 + (p.start + p.length) * 2);
  }
  return { abi: c.abi, bytecode: code };
};
const proxied = async (side, c, args, init) => {
  const logic = await deploy(side, await linked(side, c), args);
  const proxy = await deploy(side, C.AdminUpgradableProxy, [await at(logic), side.wallets[5].address, logic.interface.encodeFunctionData('initialize', init)]);
  return new ethers.Contract(await at(proxy), c.abi, side.owner);
};
for (const side of sides) {
  const owner = side.owner.address;
  side.token = await deploy(side, token(), [6]);
  side.transmitter = await deploy(side, await linked(side, C.MessageTransmitter), [side.domain, attester, 8192, 0]);
  side.messenger = await deploy(side, await linked(side, C.TokenMessenger), [await at(side.transmitter), 0]);
  side.minter = await deploy(side, C.TokenMinter, [owner]);
  side.transmitter2 = await proxied(side, C.MessageTransmitterV2, [side.domain, 1], [owner, owner, owner, owner, [attester], 1, 8192]);
  side.minter2 = await deploy(side, C.TokenMinterV2, [owner]);
  side.fees = side.wallets[3].address;
  side.messenger2 = await proxied(side, C.TokenMessengerV2, [await at(side.transmitter2), 1], [[owner, owner, side.fees, owner, await at(side.minter2), owner], 0, [], []]);
  for (const [minter, messenger] of [[side.minter, side.messenger], [side.minter2, side.messenger2]]) {
    await (await minter.addLocalTokenMessenger(await at(messenger))).wait();
    await (await minter.setMaxBurnAmountPerMessage(await at(side.token), 10n ** 12n)).wait();
    await (await side.token.connect(side.user).approve(await at(messenger), ethers.MaxUint256)).wait();
  }
  await (await side.messenger.addLocalMinter(await at(side.minter))).wait();
  await (await side.token.mint(side.user.address, 10n ** 12n)).wait();
}
for (const [side, other] of [[a, b], [b, a]]) {
  await (await side.messenger.addRemoteTokenMessenger(other.domain, word(await at(other.messenger)))).wait();
  await (await side.messenger2.addRemoteTokenMessenger(other.domain, word(await at(other.messenger2)))).wait();
  for (const minter of [side.minter, side.minter2]) await (await minter.linkTokenPair(await at(side.token), other.domain, word(await at(other.token)))).wait();
}
const someone = a.wallets[4].address;
const messageOf = (transmitter, receipt) => transmitter.interface.parseLog(receipt.logs.find(l => l.topics[0] === ethers.id('MessageSent(bytes)'))).args[0];
const send = async (name, from, to, amount, recipient = word(someone)) => messageOf(from.transmitter, await record(from, name, from.messenger.connect(from.user).depositForBurn(amount, to.domain ?? to, recipient, await at(from.token))));
const receive = (name, on, message) => record(on, name, on.transmitter.connect(on.relayer).receiveMessage(message, attest(message)));
// Version 1.
await receive('one', b, await send('one', a, b, 5_000_000n));
await receive('one back', a, await send('one back', b, a, 1_500_000n));
await send('one waiting', a, b, 2_000_000n);
const bytes = (message) => ethers.getBytes(message);
const edited = (message, place, part) => { const all = bytes(message); all.set(ethers.getBytes(part), place); return ethers.hexlify(all); };
// The attester signs what nobody sent, and another amount than was burnt.
const real = await send('one contradicted', a, b, 3_000_000n);
await receive('one contradicted', b, edited(real, 116 + 68, ethers.toBeHex(4_000_000n, 32)));
await receive('one forged', b, edited(real, 12, ethers.toBeHex(999, 8)));
// Version 2: the nonce and what was done are written behind the source.
let nonce = 0;
const send2 = async (name, from, to, amount, fee = 0n, hook = null) => {
  const burnt = from.messenger2.connect(from.user);
  const args = [amount, to.domain, word(someone), await at(from.token), ethers.ZeroHash, fee, fee ? 1000 : 2000];
  return messageOf(from.transmitter2, await record(from, name, hook ? burnt.depositForBurnWithHook(...args, hook) : burnt.depositForBurn(...args)));
};
const finished = (message, fee = 0n) => {
  let all = edited(message, 12, ethers.keccak256(ethers.toBeHex(++nonce, 32)));
  all = edited(all, 144, ethers.toBeHex(fee ? 1000 : 2000, 4));
  return fee ? edited(edited(all, 148 + 164, ethers.toBeHex(fee, 32)), 148 + 196, ethers.toBeHex(10n ** 9n, 32)) : all;
};
const receive2 = (name, on, message) => record(on, name, on.transmitter2.connect(on.relayer).receiveMessage(message, attest(message)));
await receive2('two', b, finished(await send2('two', a, b, 6_000_000n)));
await receive2('two fast', b, finished(await send2('two fast', a, b, 7_000_000n, 1_000n), 700n));
await receive2('two hook', b, finished(await send2('two hook', a, b, 8_000_000n, 0n, '0xabcdef')));
// The same twice: first to first, second to second, and a third that waits.
const alike = [];
for (const name of ['two alike 1', 'two alike 2', 'two alike 3']) alike.push(await send2(name, a, b, 9_000_000n));
await receive2('two alike 1', b, finished(alike[0]));
await receive2('two alike 2', b, finished(alike[1]));
// Nobody burnt this.
await receive2('two forged', b, finished(edited(alike[2], 148 + 68, ethers.toBeHex(9_999_999n, 32))));
write('cctp', 'circlefin/evm-cctp-contracts 4061786, by solc 0.7.6, on anvil 1.7.1', sides, await Promise.all(sides.map(async s => ({ cctp_messenger: await at(s.messenger), cctp_transmitter: await at(s.transmitter), cctp_messenger_v2: await at(s.messenger2), cctp_transmitter_v2: await at(s.transmitter2) }))));
process.exit(0);
