#!/usr/bin/env python3
"""pool.py serve PORT | bitcoin|monero|ethereum|other HOST PORT: lines of JSON-RPC between a miner and a pool, and of others."""
import json, socket, sys, time

SAID = {
    "bitcoin": [("mining.subscribe", ["lab-miner/1.0"]), ("mining.authorize", ["lab.worker", "x"]), ("mining.submit", ["lab.worker", "1", "00000000", "504e86ed", "b2957c02"])],
    "monero": [("login", {"login": "4" + "A" * 94, "pass": "x", "agent": "lab-miner/1.0"}), ("keepalived", {"id": "1"})],
    "ethereum": [("eth_submitLogin", ["0x" + "ab" * 20]), ("eth_getWork", []), ("eth_submitHashrate", ["0x500000", "0x01"])],
    "other": [("login", {"user": "ann", "token": "none"}), ("eth_blockNumber", []), ("eth_getBalance", ["0x" + "ab" * 20, "latest"]), ("textDocument/hover", {"line": 1})],
}
if sys.argv[1] == "serve":
    with socket.create_server(("", int(sys.argv[2]))) as server:
        one, _ = server.accept()
        for line in one.makefile("rb"):
            one.sendall(json.dumps({"id": json.loads(line)["id"], "jsonrpc": "2.0", "error": None, "result": True}).encode() + b"\n")
else:
    with socket.create_connection((sys.argv[2], int(sys.argv[3]))) as one:
        for number, (method, params) in enumerate(SAID[sys.argv[1]], 1):
            one.sendall(json.dumps({"id": number, "jsonrpc": "2.0", "method": method, "params": params}).encode() + b"\n")
            one.recv(4096)
            time.sleep(0.3)
