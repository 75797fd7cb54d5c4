#!/usr/bin/env python3
"""hand_over.py: sends to who connects to 4445 a length and what stands in for a program, as loaders of stages expect it."""
import socket, struct

with socket.create_server(("", 4445)) as server:
    one, _ = server.accept()
    body = b"MZ" + bytes(6000)
    one.sendall(struct.pack("<I", len(body)) + body)
    one.close()
