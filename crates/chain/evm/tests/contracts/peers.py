"""What ethereum-etl and cryo report of the scene of tests/it/local_node.rs, whose truth its contracts' balances are.

python peers.py ANVIL ETL_PYTHON CRYO_PYTHON plays the scene on a new anvil and prints, by transaction, the moves of coin and tokens that each program
lists. ETL_PYTHON has the package ethereum-etl (2.4.2), CRYO_PYTHON cryo-python (0.3.0) and polars.
"""

import csv, json, os, subprocess, sys, tempfile, urllib.request

here = os.path.dirname(os.path.abspath(__file__))
ETHER = 10**18

def rpc(url, method, *params):
    body = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": list(params)}).encode()
    request = urllib.request.Request(url, body, {"content-type": "application/json"})
    answer = json.load(urllib.request.urlopen(request))
    if "error" in answer:
        raise SystemExit(f"{method}: {answer['error']}")
    return answer["result"]


def selector(url, text):
    return rpc(url, "web3_sha3", "0x" + text.encode().hex())[:10]


def data(url, method, *words):
    return selector(url, method) + "".join(f"{int(w, 16) if isinstance(w, str) else w:064x}" for w in words)


def play(url):
    """Returns the names of transactions by hash, and the wrapper."""
    contracts = json.load(open(os.path.join(here, "contracts.json")))
    a, b, c, d = rpc(url, "eth_accounts")
    heir, names = "0x" + "e1" * 20, {}
    mine = lambda: rpc(url, "evm_mine")
    def send(name, sender, to, value, code="0x"):
        transaction = {"from": sender, "value": hex(value), "data": code, "gas": "0x1e8480"}
        if to:
            transaction["to"] = to
        names[rpc(url, "eth_sendTransaction", transaction)] = name
        return list(names)[-1]
    receipt = lambda sent: rpc(url, "eth_getTransactionReceipt", sent)
    def deploy(sender, name, *words):
        sent = send("deploy", sender, None, 0, "0x" + contracts[name] + "".join(f"{int(w, 16):064x}" for w in words))
        mine()
        return receipt(sent)["contractAddress"]
    token, wrapper = deploy(a, "FeeToken", a, d), deploy(a, "Wrapper")
    payer, factory, spoof = deploy(b, "Payer"), deploy(b, "Factory"), deploy(c, "Spoof")
    call = lambda method, *words: data(url, method, *words)
    send("plain", a, b, 3 * ETHER)
    send("fee on transfer", a, token, 0, call("transfer(address,uint256)", b, 1_000_050))
    send("approve", a, token, 0, call("approve(address,uint256)", c, 999))
    mine()
    send("third party", c, token, 0, call("transferFrom(address,address,uint256)", a, c, 999))
    send("nothing", b, token, 0, call("transfer(address,uint256)", a, 0))
    send("burn", b, token, 0, call("burn(uint256)", 50))
    send("too much", d, token, ETHER, call("burn(uint256)", 1_000 * ETHER))
    send("wrap", a, wrapper, 5 * ETHER, call("deposit()"))
    send("wrap by coin", b, wrapper, 2 * ETHER)
    send("move wrapped", a, wrapper, 0, call("transfer(address,uint256)", c, ETHER))
    send("unwrap", a, wrapper, 0, call("withdraw(uint256)", 2 * ETHER))
    mine()
    fresh = [f"0x{n:02x}{'77' * 19}" for n in range(1, 41)]
    send("batch", b, payer, ETHER, call("pay(address[],uint256)", 64, ETHER // 1_000, len(fresh), *fresh))
    send("turn", c, payer, 4 * ETHER, call("turn(address,uint256)", wrapper, 3 * ETHER))
    send("fail inside", c, payer, ETHER, call("failInside(address,uint256)", heir, ETHER))
    send("fail", c, payer, ETHER, call("payAndFail(address)", heir))
    send("make", b, factory, ETHER, call("make()"))
    mine()
    send("make and end", b, factory, ETHER, call("makeAndEnd(address)", heir))
    send("end for itself", b, factory, 2 * ETHER, call("makeAndEndForItself()"))
    send("behind the end", b, factory, 3 * ETHER, call("sendBehindTheEnd(address)", heir))
    send("spoof", c, spoof, 0, call("spoof(address,address,uint256)", a, d, 77 * ETHER))
    mine()
    return names, wrapper


ETL = """
import inspect, os, sys
from collections import namedtuple
Spec = namedtuple("ArgSpec", "args varargs keywords defaults")
inspect.getargspec = lambda f: (lambda s: Spec(s.args, s.varargs, s.varkw, s.defaults))(inspect.getfullargspec(f))
from ethereumetl.cli import cli
url, tip, out = sys.argv[1:]
run = lambda *args: cli.main(args=list(args), standalone_mode=False)
run("export_token_transfers", "-s", "0", "-e", tip, "-p", url, "-o", os.path.join(out, "tokens.csv"))
run("export_traces", "-s", "0", "-e", tip, "-p", url, "-o", os.path.join(out, "traces.csv"))
"""
CRYO = """
import sys, json, cryo, polars, glob
url, tip, out = sys.argv[1:]
cryo.freeze(["native_transfers", "erc20_transfers"], blocks=["0:%d" % (int(tip) + 1)], rpc=url, output_dir=out, no_verbose=True)
rows = []
for path in glob.glob(out + "/*transfers*.parquet"):
    kind = "coin" if "native" in path else "token"
    for row in polars.read_parquet(path).iter_rows(named=True):
        value = row["value_string"]
        rows.append([kind, "0x" + row["transaction_hash"].hex() if row["transaction_hash"] else None, str(value)])
json.dump(rows, open(out + "/rows.json", "w"))
"""


def main(anvil, etl, cryo):
    node = subprocess.Popen([anvil, "--port", "0", "--no-mining", "--hardfork", "prague", "--accounts", "4"], stdout=subprocess.PIPE, text=True)
    try:
        url = next("http://" + line.split()[-1] for line in node.stdout if line.startswith("Listening on "))
        names, wrapper = play(url)
        tip = str(int(rpc(url, "eth_blockNumber"), 16))
        out = tempfile.mkdtemp()
        listed = {}
        def note(program, kind, transaction, count=1):
            row = listed.setdefault(names.get(transaction, transaction), {})
            row[program, kind] = row.get((program, kind), 0) + count
        for python, script in ((etl, ETL), (cryo, CRYO)):
            done = subprocess.run([python, "-c", script, url, tip, out], capture_output=True, text=True)
            if done.returncode:
                raise SystemExit(done.stderr[-3000:])
        for row in csv.DictReader(open(out + "/tokens.csv")):
            note("etl", "token" + (" of nothing" if row["value"] == "0" else ""), row["transaction_hash"])
        order = {}
        for height in range(int(tip) + 1):
            block = rpc(url, "eth_getBlockByNumber", hex(height), False)
            order.update({(height, n): h for n, h in enumerate(block["transactions"])})
        for row in csv.DictReader(open(out + "/traces.csv")):
            if row["value"] not in ("", "0") and row["trace_type"] in ("call", "create", "suicide") and row["call_type"] not in ("delegatecall", "staticcall"):
                note("etl", "coin, status " + row["status"], order.get((int(row["block_number"]), int(row["transaction_index"]))))
        for kind, transaction, value in json.load(open(out + "/rows.json")):
            note("cryo", kind + (" of nothing" if value == "0" else ""), transaction)
        for name, row in listed.items():
            print(f"{name}: " + ", ".join(f"{program} {count} {kind}" for (program, kind), count in sorted(row.items())))
    finally:
        node.kill()


main(*sys.argv[1:])
