import { chains, deploy, at, word, record, write, token, compile, artifact, ethers, fs } from './common.mjs';
const SDK = 'packages/lz-evm-sdk-v2/artifacts/contracts/';
const ENDPOINT = artifact(`${SDK}EndpointV2.sol/EndpointV2.json`), LIBRARY = artifact(`${SDK}messagelib/SimpleMessageLib.sol/SimpleMessageLib.json`);
const MINE = `// SPDX-License-Identifier: MIT
pragma solidity ^0.8.20;
import { OFT } from "@layerzerolabs/oft-evm/contracts/OFT.sol";
import { OFTAdapter } from "@layerzerolabs/oft-evm/contracts/OFTAdapter.sol";
import { Ownable } from "@openzeppelin/contracts/access/Ownable.sol";
contract Mine is OFT { constructor(address e, address o) OFT("Mine", "MINE", e, o) Ownable(o) {} function mint(address to, uint256 n) external onlyOwner { _mint(to, n); } }
contract Adapter is OFTAdapter { constructor(address t, address e, address o) OFTAdapter(t, e, o) Ownable(o) {} }
// A contract of anybody's that uses the endpoint and states what did not happen.
contract Liar {
  event OFTSent(bytes32 indexed guid, uint32 dstEid, address indexed fromAddress, uint256 amountSentLD, uint256 amountReceivedLD);
  event OFTReceived(bytes32 indexed guid, uint32 srcEid, address indexed toAddress, uint256 amountReceivedLD);
  function lie(bytes32 guid, uint32 eid, address who, uint256 n) external { emit OFTSent(guid, eid, who, n, n); emit OFTReceived(guid, eid, who, n); }
}`;
const roots = [['@', 'node_modules/@']];
const C = compile('solc-0822', { roots, sources: { 'M.sol': { content: MINE } } }, ['Mine', 'Adapter', 'Liar'], { evmVersion: 'paris' });
const sides = await chains();
const [a, b] = sides;
a.eid = 30101; b.eid = 30184;
for (const side of sides) {
  side.endpoint = await deploy(side, ENDPOINT, [side.eid, side.owner.address]);
  side.library = await deploy(side, LIBRARY, [await at(side.endpoint), side.owner.address]);
  await (await side.endpoint.registerLibrary(await at(side.library))).wait();
}
for (const [side, other] of [[a, b], [b, a]]) {
  await (await side.endpoint.setDefaultSendLibrary(other.eid, await at(side.library))).wait();
  await (await side.endpoint.setDefaultReceiveLibrary(other.eid, await at(side.library), 0)).wait();
  side.oft = await deploy(side, C.Mine, [await at(side.endpoint), side.owner.address]);
  await (await side.oft.mint(side.user.address, 10n ** 24n)).wait();
}
// An adapter of a token with 8 decimals on one chain; the token's own contract with 18 on the other.
a.token = await deploy(a, token(), [8]);
await (await a.token.mint(a.user.address, 10n ** 16n)).wait();
a.adapter = await deploy(a, C.Adapter, [await at(a.token), await at(a.endpoint), a.owner.address]);
await (await a.token.connect(a.user).approve(await at(a.adapter), ethers.MaxUint256)).wait();
b.mirror = await deploy(b, C.Mine, [await at(b.endpoint), b.owner.address]);
for (const [side, contract, other, peer] of [[a, a.oft, b, b.oft], [b, b.oft, a, a.oft], [a, a.adapter, b, b.mirror], [b, b.mirror, a, a.adapter]]) await (await contract.setPeer(other.eid, word(await at(peer)))).wait();
a.liar = await deploy(a, C.Liar); b.liar = await deploy(b, C.Liar);
const someone = a.wallets[4].address;
const send = async (name, from, to, contract, amount, recipient = someone) => {
  const param = [to.eid, word(recipient), amount, 0, '0x', '0x', '0x'];
  const fee = await contract.quoteSend(param, false);
  const receipt = await record(from, name, contract.connect(from.user).send(param, [fee[0], fee[1]], from.user.address, { value: fee[0] }));
  return from.endpoint.interface.parseLog(receipt.logs.find(l => l.topics[0] === ethers.id('PacketSent(bytes,bytes,address)'))).args[0];
};
const receive = async (name, on, packet) => {
  const bytes = ethers.getBytes(packet), part = (x, y) => ethers.hexlify(bytes.slice(x, y));
  await (await on.library.validatePacket(packet)).wait();
  const origin = [Number(part(9, 13)), part(13, 45), BigInt(part(1, 9))];
  return record(on, name, on.endpoint.connect(on.relayer).lzReceive(origin, ethers.dataSlice(part(49, 81), 12), part(81, 113), part(113, bytes.length), '0x'));
};
await receive('own token', b, await send('own token', a, b, a.oft, 5n * 10n ** 18n + 77n));
await receive('adapter', b, await send('adapter', a, b, a.adapter, 1_234_567_890n, b.user.address));
await receive('adapter back', a, await send('adapter back', b, a, b.mirror.connect(b.user), 10n ** 18n));
await (await b.library.validatePacket(await send('waiting', a, b, a.oft, 10n ** 18n))).wait(); // verified, not delivered
const packet = await send('contradicted', a, b, a.oft, 2n * 10n ** 18n);
// The verifiers pass on what was not sent: another amount in the same packet (the library of this test verifies anything).
const other = ethers.concat([ethers.dataSlice(packet, 0, 145), ethers.toBeHex(9_000_000n, 8)]);
await receive('contradicted', b, other);
// And a packet that nobody sent.
const header = ethers.solidityPacked(['uint64', 'uint32', 'bytes32', 'uint32', 'bytes32'], [4, a.eid, word(await at(a.oft)), b.eid, word(await at(b.oft))]);
await receive('forged', b, ethers.concat(['0x01', header, ethers.keccak256(header), word(someone), ethers.toBeHex(3_000_000n, 8)]));
await record(b, 'lie', b.liar.lie(ethers.keccak256(header), a.eid, someone, 3_000_000n));
write('layerzero', '@layerzerolabs/lz-evm-sdk-v2 (EndpointV2, SimpleMessageLib) and @layerzerolabs/oft-evm 4.0.1 (OFT, OFTAdapter, by solc 0.8.22), on anvil 1.7.1', sides, await Promise.all(sides.map(async s => ({ layer_zero_endpoint: await at(s.endpoint) }))));
process.exit(0);
