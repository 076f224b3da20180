// SPDX-License-Identifier: MIT OR Apache-2.0
// Contracts of the tests against a real node. contracts.json holds their code: solc 0.8.37, optimizer with 1 run, EVM version shanghai, no metadata.
pragma solidity ^0.8.30;

/// A token that takes 1% of each transfer: two logs, the receiver's and the collector's.
contract FeeToken {
    mapping(address => uint256) public balanceOf;
    mapping(address => mapping(address => uint256)) public allowance;
    address immutable collector;
    event Transfer(address indexed from, address indexed to, uint256 value);

    constructor(address to, address collector_) {
        collector = collector_;
        balanceOf[to] = 1e30;
        emit Transfer(address(0), to, 1e30);
    }

    function transfer(address to, uint256 value) external returns (bool) {
        return move(msg.sender, to, value);
    }

    function approve(address spender, uint256 value) external returns (bool) {
        allowance[msg.sender][spender] = value;
        return true;
    }

    function transferFrom(address from, address to, uint256 value) external returns (bool) {
        allowance[from][msg.sender] -= value;
        return move(from, to, value);
    }

    function burn(uint256 value) external {
        balanceOf[msg.sender] -= value;
        emit Transfer(msg.sender, address(0), value);
    }

    function move(address from, address to, uint256 value) private returns (bool) {
        uint256 fee = value / 100;
        balanceOf[from] -= value;
        balanceOf[to] += value - fee;
        balanceOf[collector] += fee;
        emit Transfer(from, to, value - fee);
        emit Transfer(from, collector, fee);
        return true;
    }
}

/// A wrapper with the functions and events of WETH9.
contract Wrapper {
    mapping(address => uint256) public balanceOf;
    event Transfer(address indexed from, address indexed to, uint256 value);
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

    function transfer(address to, uint256 value) external returns (bool) {
        balanceOf[msg.sender] -= value;
        balanceOf[to] += value;
        emit Transfer(msg.sender, to, value);
        return true;
    }
}

interface IWrapper {
    function deposit() external payable;
    function withdraw(uint256 value) external;
}

/// Pays many in one transaction; wraps and unwraps for itself; calls that fail inside.
contract Payer {
    receive() external payable {}

    function pay(address[] calldata to, uint256 value) external payable {
        for (uint256 i = 0; i < to.length; i++) {
            (bool sent,) = to[i].call{value: value}("");
            require(sent);
        }
    }

    function turn(address wrapper, uint256 value) external payable {
        IWrapper(wrapper).deposit{value: value}();
        IWrapper(wrapper).withdraw(value);
    }

    function payAndFail(address to) external payable {
        (bool sent,) = to.call{value: msg.value}("");
        require(sent);
        revert("no");
    }

    /// The inner call pays and fails; the outer goes on, so that its coin stays here.
    function failInside(address to, uint256 value) external payable {
        try this.payAndFail{value: value}(to) {} catch {}
    }
}

/// A contract that ends.
contract Mortal {
    constructor() payable {}
    receive() external payable {}

    function end(address heir) external {
        selfdestruct(payable(heir));
    }
}

/// Creates contracts that end in the same transaction: with an heir, for themselves, and with coin sent to them behind their end.
contract Factory {
    event Made(address mortal);

    receive() external payable {}

    function make() external payable {
        emit Made(address(new Mortal{value: msg.value}()));
    }

    function makeAndEnd(address heir) external payable {
        new Mortal{value: msg.value}().end(heir);
    }

    function makeAndEndForItself() external payable {
        Mortal mortal = new Mortal{value: msg.value}();
        mortal.end(address(mortal));
    }

    function sendBehindTheEnd(address heir) external payable {
        Mortal mortal = new Mortal{salt: bytes32(uint256(1))}();
        mortal.end(heir);
        (bool sent,) = address(mortal).call{value: msg.value}("");
        require(sent);
    }
}

/// Writes events of things that did not happen.
contract Spoof {
    event Transfer(address indexed from, address indexed to, uint256 value);
    event Deposit(address indexed account, uint256 value);
    event Withdrawal(address indexed account, uint256 value);

    function spoof(address from, address to, uint256 value) external {
        emit Transfer(from, to, value);
        emit Transfer(from, to, 0);
        emit Deposit(to, value);
        emit Withdrawal(from, value);
    }
}
