#!/usr/bin/env python3
"""echo.py PORT [HOST]: a protocol of nobody's on PORT: the server returns each message turned around."""
import random, socket, sys

port = int(sys.argv[1])
if len(sys.argv) < 3:
    with socket.create_server(("", port)) as server:
        one, _ = server.accept()
        while data := one.recv(4096): one.sendall(data[::-1])
else:
    draw = random.Random(53)
    with socket.create_connection((sys.argv[2], port)) as one:
        for _ in range(12):
            one.sendall(b"\xa7" + draw.randbytes(700))
            got = 0
            while got < 701: got += len(one.recv(4096))
