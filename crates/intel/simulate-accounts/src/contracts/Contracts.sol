// SPDX-License-Identifier: MIT OR Apache-2.0
// Contracts of the simulated economy of accounts, with the methods and events of those that they stand for, and without their protections: the
// mixer checks no proof. contracts.json holds their code: solc 0.8.37, optimizer with 1 run, EVM version shanghai, no metadata.
// accounts/machine does the same in Rust; the tests against anvil compare the two.
pragma solidity ^0.8.30;

/// What Tether and other tokens have in common; what they return is ignored, since Tether returns nothing.
interface IToken {
    function balanceOf(address account) external view returns (uint256);
    function transfer(address to, uint256 value) external;
    function transferFrom(address from, address to, uint256 value) external;
}

/// A plain token.
contract Token {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Approval(address indexed owner, address indexed spender, uint256 value);

    function approve(address spender, uint256 value) public virtual {
        allowance[msg.sender][spender] = value;
        emit Approval(msg.sender, spender, value);
    }

    function transfer(address to, uint256 value) public virtual {
        move(msg.sender, to, value);
    }

    function transferFrom(address from, address to, uint256 value) public virtual {
        if (allowance[from][msg.sender] != type(uint256).max) allowance[from][msg.sender] -= value;
        move(from, to, value);
    }

    function move(address from, address to, uint256 value) internal virtual {
        balanceOf[from] -= value;
        balanceOf[to] += value;
        emit Transfer(from, to, value);
    }

    function create(address to, uint256 value) internal {
        balanceOf[to] += value;
        emit Transfer(address(0), to, value);
    }

    function destroy(address from, uint256 value) internal {
        balanceOf[from] -= value;
        emit Transfer(from, address(0), value);
    }
}

contract Gem is Token {
    constructor(address to, uint256 value) {
        create(to, value);
    }
}

/// A token that takes 1% of each transfer.
contract FeeToken is Token {
    address immutable collector;

    constructor(address to, uint256 value, address collector_) {
        collector = collector_;
        create(to, value);
    }

    function move(address from, address to, uint256 value) internal override {
        uint256 fee = value / 100;
        super.move(from, to, value - fee);
        super.move(from, collector, fee);
    }
}

/// A stablecoin with Tether's methods and events for its issuer and frozen accounts, and a bridge that may create and destroy.
contract Stable is Token {
    address immutable issuer;
    address immutable bridge;
    mapping(address => bool) public isBlackListed;
    event Issue(uint256 amount);
    event AddedBlackList(address user);
    event DestroyedBlackFunds(address user, uint256 balance);

    constructor(address issuer_, address bridge_) {
        issuer = issuer_;
        bridge = bridge_;
    }

    function move(address from, address to, uint256 value) internal override {
        require(!isBlackListed[from]);
        super.move(from, to, value);
    }

    /// Tether's writes no Transfer; here as in its newer tokens it does, so that books can be kept from logs.
    function issue(uint256 amount) external {
        require(msg.sender == issuer);
        create(issuer, amount);
        emit Issue(amount);
    }

    function addBlackList(address user) external {
        require(msg.sender == issuer);
        isBlackListed[user] = true;
        emit AddedBlackList(user);
    }

    function destroyBlackFunds(address user) external {
        require(msg.sender == issuer && isBlackListed[user]);
        uint256 balance = balanceOf[user];
        destroy(user, balance);
        emit DestroyedBlackFunds(user, balance);
    }

    function mint(address to, uint256 value) external {
        require(msg.sender == bridge);
        create(to, value);
    }

    function burn(address from, uint256 value) external {
        require(msg.sender == bridge);
        destroy(from, value);
    }
}

/// The issuer's wallet of several owners (Gnosis's MultiSigWallet): two of them have to confirm.
contract Multisig {
    struct Proposal {
        address destination;
        uint256 value;
        bytes data;
        uint256 confirmations;
    }
    Proposal[] proposals;
    mapping(address => bool) isOwner;
    event Submission(uint256 indexed transactionId);
    event Confirmation(address indexed sender, uint256 indexed transactionId);
    event Execution(uint256 indexed transactionId);

    constructor(address first, address second) {
        isOwner[first] = true;
        isOwner[second] = true;
    }

    function submitTransaction(address destination, uint256 value, bytes calldata data) external {
        require(isOwner[msg.sender]);
        proposals.push(Proposal(destination, value, data, 1));
        emit Submission(proposals.length - 1);
        emit Confirmation(msg.sender, proposals.length - 1);
    }

    function confirmTransaction(uint256 transactionId) external {
        require(isOwner[msg.sender]);
        Proposal storage proposal = proposals[transactionId];
        require(++proposal.confirmations == 2);
        emit Confirmation(msg.sender, transactionId);
        (bool done,) = proposal.destination.call{value: proposal.value}(proposal.data);
        require(done);
        emit Execution(transactionId);
    }
}

/// A wrapper with the methods and events of WETH9.
contract Wrapper is Token {
    event Deposit(address indexed account, uint256 value);
    event Withdrawal(address indexed account, uint256 value);

    receive() external payable {
        deposit();
    }

    function deposit() public payable {
        balanceOf[msg.sender] += msg.value;
        emit Deposit(msg.sender, msg.value);
    }

    function withdraw(uint256 value) external {
        balanceOf[msg.sender] -= value;
        (bool sent,) = msg.sender.call{value: value}("");
        require(sent);
        emit Withdrawal(msg.sender, value);
    }
}

interface IWrapper is IToken {
    function deposit() external payable;
    function withdraw(uint256 value) external;
}

/// A pool with the methods and events of Uniswap v2's, whose shares are a token.
contract Pair is Token {
    address immutable token0;
    address immutable token1;
    uint112 reserve0;
    uint112 reserve1;
    event Mint(address indexed sender, uint256 amount0, uint256 amount1);
    event Swap(address indexed sender, uint256 amount0In, uint256 amount1In, uint256 amount0Out, uint256 amount1Out, address indexed to);
    event Sync(uint112 reserve0, uint112 reserve1);

    constructor(address token0_, address token1_) {
        token0 = token0_;
        token1 = token1_;
    }

    function getReserves() external view returns (uint112, uint112, uint32) {
        return (reserve0, reserve1, 0);
    }

    /// The first and only provider's shares, of which the first thousand are nobody's.
    function mint(address to) external {
        require(reserve0 == 0 && reserve1 == 0);
        (uint256 balance0, uint256 balance1) = balances();
        create(address(0), 1000);
        create(to, root(balance0 * balance1) - 1000);
        sync(balance0, balance1);
        emit Mint(msg.sender, balance0, balance1);
    }

    function swap(uint256 out0, uint256 out1, address to, bytes calldata) external {
        if (out0 > 0) IToken(token0).transfer(to, out0);
        if (out1 > 0) IToken(token1).transfer(to, out1);
        (uint256 balance0, uint256 balance1) = balances();
        uint256 in0 = balance0 + out0 - reserve0;
        uint256 in1 = balance1 + out1 - reserve1;
        require((balance0 * 1000 - in0 * 3) * (balance1 * 1000 - in1 * 3) >= uint256(reserve0) * reserve1 * 1000000);
        sync(balance0, balance1);
        emit Swap(msg.sender, in0, in1, out0, out1, to);
    }

    function balances() private view returns (uint256, uint256) {
        return (IToken(token0).balanceOf(address(this)), IToken(token1).balanceOf(address(this)));
    }

    function sync(uint256 balance0, uint256 balance1) private {
        (reserve0, reserve1) = (uint112(balance0), uint112(balance1));
        emit Sync(reserve0, reserve1);
    }

    function root(uint256 n) private pure returns (uint256 z) {
        z = n;
        uint256 x = n / 2 + 1;
        while (x < z) {
            z = x;
            x = (n / x + x) / 2;
        }
    }
}

interface IPair {
    function getReserves() external view returns (uint112, uint112, uint32);
    function swap(uint256 out0, uint256 out1, address to, bytes calldata data) external;
}

/// A router with the methods of Uniswap v2's.
contract Router {
    IWrapper immutable wrapper;
    address immutable deployer;
    mapping(address => mapping(address => address)) pairs;

    constructor(address wrapper_) {
        wrapper = IWrapper(wrapper_);
        deployer = msg.sender;
    }

    receive() external payable {}

    function register(address token0, address token1, address pair) external {
        require(msg.sender == deployer);
        pairs[token0][token1] = pair;
        pairs[token1][token0] = pair;
    }

    function swapExactTokensForTokens(uint256 amount, uint256 least, address[] calldata path, address to, uint256) external {
        uint256[] memory amounts = quote(amount, least, path);
        IToken(path[0]).transferFrom(msg.sender, pairs[path[0]][path[1]], amount);
        hop(amounts, path, to);
    }

    function swapExactETHForTokens(uint256 least, address[] calldata path, address to, uint256) external payable {
        uint256[] memory amounts = quote(msg.value, least, path);
        wrapper.deposit{value: msg.value}();
        wrapper.transfer(pairs[path[0]][path[1]], msg.value);
        hop(amounts, path, to);
    }

    function swapExactTokensForETH(uint256 amount, uint256 least, address[] calldata path, address to, uint256) external {
        uint256[] memory amounts = quote(amount, least, path);
        IToken(path[0]).transferFrom(msg.sender, pairs[path[0]][path[1]], amount);
        hop(amounts, path, address(this));
        uint256 out = amounts[amounts.length - 1];
        wrapper.withdraw(out);
        (bool sent,) = to.call{value: out}("");
        require(sent);
    }

    function quote(uint256 amount, uint256 least, address[] calldata path) private view returns (uint256[] memory amounts) {
        amounts = new uint256[](path.length);
        amounts[0] = amount;
        for (uint256 i = 0; i + 1 < path.length; i++) {
            (uint256 before0, uint256 before1,) = IPair(pairs[path[i]][path[i + 1]]).getReserves();
            if (path[i] > path[i + 1]) (before0, before1) = (before1, before0);
            uint256 taken = amounts[i] * 997;
            amounts[i + 1] = taken * before1 / (before0 * 1000 + taken);
        }
        require(amounts[path.length - 1] >= least, "UniswapV2Router: INSUFFICIENT_OUTPUT_AMOUNT");
    }

    function hop(uint256[] memory amounts, address[] calldata path, address to) private {
        for (uint256 i = 0; i + 1 < path.length; i++) {
            address receiver = i + 2 < path.length ? pairs[path[i + 1]][path[i + 2]] : to;
            (uint256 out0, uint256 out1) = path[i] < path[i + 1] ? (uint256(0), amounts[i + 1]) : (amounts[i + 1], uint256(0));
            IPair(pairs[path[i]][path[i + 1]]).swap(out0, out1, receiver, "");
        }
    }
}

interface IBridged is IToken {
    function mint(address to, uint256 value) external;
    function burn(address from, uint256 value) external;
}

/// A bridge with the events of Nomad's: the token is locked on its own chain and created on the other. Home, replica and router are one contract.
contract Bridge {
    uint32 immutable domain;
    uint32 immutable remote;
    IBridged immutable token;
    bool immutable isHome;
    address immutable relayer;
    uint32 nonce;
    mapping(bytes32 => bool) processed;
    event Dispatch(bytes32 indexed messageHash, uint256 indexed leafIndex, uint64 indexed destinationAndNonce, bytes32 committedRoot, bytes message);
    event Send(address indexed token, address indexed from, uint32 indexed toDomain, bytes32 toId, uint256 amount, bool fastLiquidityEnabled);
    event Receive(uint64 indexed originAndNonce, address indexed token, address indexed recipient, address liquidityProvider, uint256 amount);
    event Process(bytes32 indexed messageHash, bool indexed success, bytes indexed returnData);

    constructor(uint32 domain_, uint32 remote_, address token_, bool isHome_, address relayer_) {
        (domain, remote, token, isHome, relayer) = (domain_, remote_, IBridged(token_), isHome_, relayer_);
    }

    function send(address, uint256 amount, uint32, bytes32 recipient, bool) external {
        if (isHome) token.transferFrom(msg.sender, address(this), amount);
        else token.burn(msg.sender, amount);
        bytes32 self = bytes32(uint256(uint160(address(this))));
        bytes memory message = abi.encodePacked(domain, self, nonce, remote, self, recipient, amount);
        emit Dispatch(keccak256(message), nonce, (uint64(remote) << 32) | nonce, bytes32(0), message);
        emit Send(address(token), msg.sender, remote, recipient, amount, false);
        nonce++;
    }

    function process(bytes calldata message) external {
        bytes32 hash = keccak256(message);
        require(msg.sender == relayer && !processed[hash]);
        processed[hash] = true;
        uint64 origin = (uint64(remote) << 32) | uint32(bytes4(message[36:40]));
        address recipient = address(uint160(uint256(bytes32(message[76:108]))));
        uint256 amount = uint256(bytes32(message[108:140]));
        if (isHome) token.transfer(recipient, amount);
        else token.mint(recipient, amount);
        emit Receive(origin, address(token), recipient, address(0), amount);
        emit Process(hash, true, "");
    }
}

/// A mixer of one denomination with the methods and events of Tornado Cash's. It checks no proof.
contract Mixer {
    uint256 immutable denomination;
    uint32 leaves;
    event Deposit(bytes32 indexed commitment, uint32 leafIndex, uint256 timestamp);
    event Withdrawal(address to, bytes32 nullifierHash, address indexed relayer, uint256 fee);

    constructor(uint256 denomination_) {
        denomination = denomination_;
    }

    function deposit(bytes32 commitment) external payable {
        require(msg.value == denomination);
        emit Deposit(commitment, leaves++, block.timestamp);
    }

    function withdraw(bytes calldata, bytes32, bytes32 nullifier, address payable to, address payable relayer, uint256 fee, uint256) external {
        (bool sent,) = to.call{value: denomination - fee}("");
        require(sent);
        if (fee > 0) {
            (sent,) = relayer.call{value: fee}("");
            require(sent);
        }
        emit Withdrawal(to, nullifier, relayer, fee);
    }
}

/// A deposit address of an exchange that sends everything on: coin at once, tokens when it is told to (BitGo's).
contract Forwarder {
    address immutable hot;
    event ForwarderDeposited(address from, uint256 value, bytes data);

    constructor(address hot_) {
        hot = hot_;
        if (address(this).balance > 0) forward();
    }

    receive() external payable {
        forward();
        emit ForwarderDeposited(msg.sender, msg.value, "");
    }

    function flushTokens(address token) external {
        uint256 balance = IToken(token).balanceOf(address(this));
        if (balance > 0) IToken(token).transfer(hot, balance);
    }

    function forward() private {
        (bool sent,) = hot.call{value: address(this).balance}("");
        require(sent);
    }
}

/// Creates an exchange's forwarders where they were announced before.
contract Factory {
    address immutable hot;
    event Created(address forwarder);

    constructor(address hot_) {
        hot = hot_;
    }

    function createForwarder(bytes32 salt) external {
        emit Created(address(new Forwarder{salt: salt}(hot)));
    }

    function flush(address token, address[] calldata forwarders) external {
        for (uint256 i = 0; i < forwarders.length; i++) Forwarder(payable(forwarders[i])).flushTokens(token);
    }
}

/// Pays many. A receiver that refuses fails alone, and what it refused goes back.
contract Payroll {
    function pay(address[] calldata to, uint256 each) external payable {
        uint256 left = msg.value;
        for (uint256 i = 0; i < to.length; i++) {
            (bool sent,) = to[i].call{value: each}("");
            if (sent) left -= each;
        }
        if (left > 0) {
            (bool back,) = msg.sender.call{value: left}("");
            require(back);
        }
    }
}

/// Refuses coin behind a payment of its own, which is undone with it.
contract Refuser {
    receive() external payable {
        (bool sent,) = tx.origin.call{value: msg.value}("");
        require(sent);
        revert();
    }
}

/// Sends nothing in the name of others, which anybody may, and writes events of a token that nobody moved.
contract Poisoner {
    event Transfer(address indexed from, address indexed to, uint256 value);

    function poison(address token, address[] calldata from, address[] calldata to) external {
        for (uint256 i = 0; i < from.length; i++) IToken(token).transferFrom(from[i], to[i], 0);
    }

    function pretend(address[] calldata from, address[] calldata to, uint256 value) external {
        for (uint256 i = 0; i < from.length; i++) emit Transfer(from[i], to[i], value);
    }
}
